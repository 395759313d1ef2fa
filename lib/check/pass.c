/* SPDX-License-Identifier: MIT */
/* Runs the passes in the order of their table. */
#include "check/fast.h"
#include "check/report.h"
#include "check/state.h"

struct pass {
	int (*run)(struct ck *ck);
	unsigned phase;
	int needs;		/* index of the pass it builds on; -1: none */
	const char *summary;
};

#define PASS(name, phase, needs, summary) PASS_##name,
enum pass_id { PASS_none = -1,
#include "check/pass.def"
	PASSES };
#undef PASS

static const struct pass passes[] = {
#define PASS(name, phase, needs, summary) { pass_##name, phase, PASS_##needs, summary },
#include "check/pass.def"
#undef PASS
};

static int run(struct ck *ck, int id)
{
	const struct pass *p = &passes[id];
	const struct e2_check_options *o = ck->options;

	if (p->needs >= id)
		return e2_fail(E2_ERR_INVAL, "pass %d needs a later one", id);
	if (o != NULL && o->pass != NULL)
		o->pass(o->context, p->phase, p->summary);
	return p->run(ck);
}

/* Passes from here on have nothing to do where a quick look finds a sound volume. */
static int look(struct ck *ck, int id)
{
	if (id != PASS_inodes || (ck->options != NULL && ck->options->thorough))
		return 0;
	return ck_fast(ck);
}

int ck_run(struct ck *ck)
{
	unsigned nomem = e2_err_nomem();
	int r = ck_begin(ck), sound = 0;

	for (int id = 0; id < PASSES && r == 0 && sound == 0; id++) {
		sound = look(ck, id);
		r = sound < 0 ? sound : 0;
		if (sound == 0)
			r = run(ck, id);
	}
	/* A block that there was no memory to read is neither sound nor damaged. */
	if (r == 0 && (ck->found->failed || e2_err_nomem() != nomem))
		r = e2_fail(E2_ERR_NOMEM, "findings of the check");
	if (r == 0)
		e2_findings_sort(ck->found);
	return r;
}

int e2_check_run(struct e2_report *report, struct ck *ck)
{
	int r = ck_run(ck);

	if (r == 0)
		report->totals = ck->totals;
	ck_end(ck);
	return r;
}

int e2_check(struct e2_fs *fs, const struct e2_check_options *options, struct e2_report **report)
{
	struct e2_report *made;
	int r = e2_report_new(&made);

	if (r != 0)
		return r;
	made->fs = fs;
	struct ck ck = { .fs = fs, .options = options, .found = &made->found };
	r = e2_check_run(made, &ck);
	if (r != 0) {
		e2_report_free(made);
		return r;
	}
	*report = made;
	return 0;
}
