/* SPDX-License-Identifier: MIT */
/* Where all symlinks lead: the inode tables say which there are, a tour finds their names. */
#include "tree/survey.h"

#include "base/mix.h"
#include "disk/access.h"
#include "tree/dir.h"
#include "tree/survey_priv.h"

#include <stdlib.h>
#include <string.h>

struct maker {
	struct e2_fs *fs;
	const struct e2_survey_how *how;
	struct e2_survey *survey;
	uint64_t steps;			/* that were taken */
	struct e2_str text;
};

static int poll_caller(const struct e2_survey_how *how)
{
	return how->poll ? how->poll(how->context) : 0;
}

static int fail_many(void)
{
	return e2_fail(E2_ERR_RANGE, "there are too many symlinks, or they lead too far");
}

/* Which inodes are symlinks, by the mode in their tables; *any: one is. */
static int find_symlinks(struct e2_fs *fs, const struct e2_survey_how *how,
			 struct e2_bitset *found, bool *any)
{
	struct e2_scan *scan;
	const uint8_t *raw;
	e2_ino ino;
	int r = e2_scan_begin(fs, E2_SCAN_USED_ONLY | E2_SCAN_RAW, &scan);

	if (r)
		return r;
	while ((r = e2_scan_next(scan, &ino, NULL, &raw)) > 0) {
		if ((e2_inode_peek_mode(raw) & E2_S_IFMT) == E2_S_IFLNK) {
			e2_bitset_set(found, ino);
			*any = true;
		}
		if (ino % 65536 == 0 && (r = poll_caller(how)) != 0)
			break;
	}
	e2_scan_end(scan);
	return r;
}

static int take_step(void *context, const struct e2_step *step)
{
	struct maker *m = context;

	(void)step;
	if (++m->steps > m->how->steps)
		return fail_many();
	return m->steps % 65536 == 0 ? poll_caller(m->how) : 0;
}

/* What following a symlink by its name comes to: so that it counts as one of those on the way. */
static int resolve(struct maker *m, e2_ino dir, struct e2_slice name, e2_ino *to)
{
	const struct e2_resolve how = { .cwd = dir, .step = take_step, .context = m };
	const char *bytes = e2_str_text(&m->survey->tour.arena) + name.at;
	char path[E2_NAME_MAX + 1];
	int err;

	*to = E2_SURVEY_NONE;
	if (e2_name_problem((const uint8_t *)bytes, name.len))
		return 0;
	memcpy(path, bytes, name.len);
	path[name.len] = '\0';
	err = e2_resolve(m->fs, &how, path, to);
	if (!err || err == E2_ERR_RANGE || err == E2_ERR_NOMEM || err == E2_ERR_CANCELLED)
		return err;
	e2_err_clear();
	*to = 0;
	return 0;
}

static int follow(struct maker *m, const struct e2_keyed *name, struct survey_end *end)
{
	e2_ino dir = m->survey->tour.dirs[e2_tour_name_dir(name)].ino;
	struct e2_inode in;
	int err = e2_inode_get(m->fs, e2_tour_name_ino(name), &in);

	end->to = E2_SURVEY_NONE;
	e2_str_truncate(&m->text, 0);
	if (!err)
		err = e2_symlink_read(m->fs, &in, &m->text);
	if (err) {
		e2_err_clear();
		return err == E2_ERR_NOMEM ? err : 0;
	}
	end->text = (uint32_t)e2_mix_bytes(m->survey->seed, e2_str_text(&m->text),
					   m->text.len);
	return resolve(m, dir, e2_tour_name_bytes(name), &end->to);
}

static int follow_all(struct maker *m)
{
	struct e2_survey *s = m->survey;
	size_t count = s->tour.name_count;
	struct e2_txn *memory = NULL;
	int err = count > m->how->links || count >= E2_SURVEY_NONE ? fail_many() : 0;

	if (err)
		return err;
	s->ends = calloc(count + 1, sizeof(*s->ends));
	if (!s->ends)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu symlinks", count);
	memory = e2_dir_remember(m->fs);
	for (size_t i = 0; i < count && !err; i++)
		err = follow(m, &s->tour.names[i], &s->ends[i]);
	e2_txn_abort(memory);
	return err;
}

int e2_survey_make(struct e2_fs *fs, const struct e2_survey_how *how, struct e2_survey **survey)
{
	const struct e2_names_how names = { .poll = how->poll, .context = how->context };
	struct maker m = { .fs = fs, .how = how, .text = E2_STR_INIT };
	struct e2_bitset *symlinks = NULL;
	bool any = false;
	int err;

	m.survey = calloc(1, sizeof(*m.survey));
	err = m.survey ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to look at symlinks");
	if (!err)
		m.survey->seed = how->before ? how->before->seed : e2_mix_seed(m.survey);
	if (!err)
		err = e2_bitset_new((uint64_t)e2_geometry(fs)->inodes + 1, &symlinks);
	if (!err)
		err = find_symlinks(fs, how, symlinks, &any);
	if (!err && any)
		err = e2_tour_make(fs, symlinks, &names, &m.survey->tour);
	if (!err && any)
		err = follow_all(&m);
	e2_bitset_free(symlinks);
	e2_str_free(&m.text);
	if (err)
		e2_survey_free(m.survey);
	else
		*survey = m.survey;
	return err;
}

void e2_survey_free(struct e2_survey *s)
{
	if (!s)
		return;
	e2_tour_end(&s->tour);
	free(s->ends);
	free(s);
}

size_t e2_survey_count(const struct e2_survey *s)
{
	return s->tour.name_count;
}

struct e2_survey_link e2_survey_link(const struct e2_survey *s, uint32_t link)
{
	const struct e2_keyed *name = &s->tour.names[link];

	return (struct e2_survey_link){
		.ino = e2_tour_name_ino(name), .dir = s->tour.dirs[e2_tour_name_dir(name)].ino,
		.to = s->ends[link].to,
	};
}

int e2_survey_path(const struct e2_survey *s, uint32_t link, struct e2_str *path)
{
	const struct e2_keyed *name = &s->tour.names[link];
	int err = e2_tour_add_dir(&s->tour, e2_tour_name_dir(name), path);

	if (!err)
		e2_tour_add_name(&s->tour, e2_tour_name_bytes(name), path);
	return err ? err : e2_str_status(path);
}
