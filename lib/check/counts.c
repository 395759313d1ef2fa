/* SPDX-License-Identifier: MIT */
/*
 * A record a count, sorted by what is counted and where it begins, so that a question costs
 * two searches however many there are.
 */
#include "check/counts.h"

#include "base/search.h"

#include <stdlib.h>
#include <string.h>

struct record {
	uint64_t kind;		/* problem and group */
	const char *field;	/* "" for none */
	uint64_t first, limit;	/* limit: the last of a run; 0: no run */
	uint64_t reach;		/* the largest limit up to here of the same kind and field */
};

struct ck_counts {
	size_t count;
	struct record at[];
};

bool ck_is_count(const struct e2_finding *f)
{
	switch (f->id) {
	case E2_PROBLEM_BLOCK_COUNT:
	case E2_PROBLEM_LINK_COUNT:
	case E2_PROBLEM_LINK_COUNT_DIR:
	case E2_PROBLEM_XATTR_REFCOUNT:
	case E2_PROBLEM_SUPER_COPY:
	case E2_PROBLEM_DESC_COPY:
	case E2_PROBLEM_SUPER_STATE:
		return true;
	default:
		return e2_problem(f->id)->number >> 12 == 5;
	}
}

static struct record record_of(const struct e2_finding *f)
{
	return (struct record){
		.kind = (uint64_t)f->id << 32 | f->group,
		.field = f->field != NULL ? f->field : "",
		.first = f->blk != 0 ? f->blk : f->ino, .limit = f->limit,
	};
}

static int compare_kind(const struct record *a, const struct record *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->field, b->field);
}

static int compare(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int r = compare_kind(a, b);

	return r != 0 ? r : (a->first > b->first) - (a->first < b->first);
}

int ck_counts_new(const struct e2_findings *findings, struct ck_counts **counts)
{
	struct ck_counts *c = calloc(1, sizeof(*c) + findings->count * sizeof(c->at[0]));

	if (c == NULL)
		return e2_fail(E2_ERR_NOMEM, "counts that are wrong");
	for (size_t i = 0; i < findings->count; i++)
		if (ck_is_count(&findings->at[i]))
			c->at[c->count++] = record_of(&findings->at[i]);
	if (c->count > 1)
		qsort(c->at, c->count, sizeof(c->at[0]), compare);
	for (size_t i = 0; i < c->count; i++) {
		struct record *r = &c->at[i];

		r->reach = r->limit;
		if (i > 0 && compare_kind(r, r - 1) == 0 && r[-1].reach > r->reach)
			r->reach = r[-1].reach;
	}
	*counts = c;
	return 0;
}

void ck_counts_free(struct ck_counts *counts)
{
	free(counts);
}

/* How many records are not greater than one of the kind of r that begins at first. */
static size_t up_to(const struct ck_counts *c, const struct record *r, uint64_t first)
{
	struct record at = *r;
	size_t low;

	at.first = first;
	E2_SEARCH(low, c->count, i, compare(&c->at[i], &at) <= 0);
	return low;
}

bool ck_counts_have(const struct ck_counts *c, const struct e2_finding *f)
{
	struct record r = record_of(f);
	size_t n = up_to(c, &r, r.first);

	if (n > 0 && compare(&c->at[n - 1], &r) == 0)
		return true;
	if (r.limit == 0)
		return false;
	n = up_to(c, &r, r.limit);
	return n > 0 && compare_kind(&c->at[n - 1], &r) == 0 && c->at[n - 1].reach >= r.first;
}
