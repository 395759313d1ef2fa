/* SPDX-License-Identifier: MIT */
/* features: what the volume has, and turning on and off what it can have without rebuilding it. */
#include "shell.h"

#include <string.h>

/* ---- what there is -------------------------------------------------------------- */

static uint32_t *word_of(struct e2_super *s, enum e2_feature_word word)
{
	return word == E2_COMPAT ? &s->feature_compat : word == E2_INCOMPAT ?
		&s->feature_incompat : &s->feature_ro_compat;
}

static const char *support_words(enum e2_feature_support support)
{
	return support == E2_SUPPORT_WRITE ? "" : support == E2_SUPPORT_READ ? "only read here" :
		"unknown here";
}

static void show(struct out *o, const struct e2_feature_row *f, bool on)
{
	const char *support = support_words(f->support);

	if (o->mode != OUT_TEXT) {
		out_record(o, "feature");
		out_string(o, "name", f->name);
		out_string(o, "word", e2_feature_word_name(f->word));
		out_u64(o, "bit", f->bit);
		out_bool(o, "on", on);
		out_bool(o, "written", f->support == E2_SUPPORT_WRITE);
		out_string(o, "meaning", f->doc);
		out_record_end(o);
	} else if (on) {
		out_add(o, "%-16s %-10s  %s%s%s", f->name, e2_feature_word_name(f->word), f->doc,
			*support ? "; " : "", support);
		out_line(o);
	}
}

static void show_unknown(struct out *o, enum e2_feature_word word, uint32_t bits)
{
	struct e2_str s = E2_STR_INIT;

	if (!bits || o->mode != OUT_TEXT)
		return;
	e2_str_add_features(&s, word, bits);
	out_add(o, "%-16s %-10s  unknown", e2_str_text(&s), e2_feature_word_name(word));
	out_line(o);
	e2_str_free(&s);
}

static int show_all(struct shell *sh)
{
	const struct e2_feature_row *f;
	uint32_t known[E2_FEATURE_WORDS] = { 0 };
	struct e2_super s;
	int err = e2_super_get(sh->fs, &s);

	if (err)
		return err;
	for (size_t i = 0; (f = e2_feature_at(i)) != NULL; i++) {
		known[f->word] |= f->bit;
		show(&sh->out, f, s.rev_level && (*word_of(&s, f->word) & f->bit));
	}
	for (enum e2_feature_word w = 0; w < E2_FEATURE_WORDS; w++)
		show_unknown(&sh->out, w, *word_of(&s, w) & ~known[w]);
	return 0;
}

/* ---- what may change ----------------------------------------------------------------- */

/* The first inode that needs a feature; 0: none does.  Negative when not all can be read. */
static int find_user(struct shell *sh, const struct e2_feature_row *f, e2_ino *user)
{
	uint32_t bit = f->bit;
	struct e2_inode in;
	struct e2_scan *scan;
	e2_ino ino;
	int r = e2_scan_begin(sh->fs, E2_SCAN_USED_ONLY, &scan);

	*user = 0;
	if (r)
		return r;
	while (!*user && (r = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		struct e2_xattrs *it;
		const struct e2_xattr *x;

		if (!in.links_count)
			continue;
		if (f->word == E2_RO_COMPAT && bit == E2_FEATURE_large_file)
			*user = e2_is_reg(&in) && e2_inode_size(&in) > INT32_MAX ? ino : 0;
		else if (bit == E2_FEATURE_dir_index)
			*user = e2_is_dir(&in) && (in.flags & E2_FL_INDEX) ? ino : 0;
		else if (!e2_xattrs_begin(sh->fs, ino, &it)) {
			*user = e2_xattrs_next(it, &x) != 0 ? ino : 0;
			e2_xattrs_end(it);
		}
	}
	if (r >= 0 && e2_scan_bad_groups(scan))
		r = e2_fail(E2_ERR_CORRUPT, "not all inodes can be read");
	e2_scan_end(scan);
	return r < 0 ? r : 0;
}

static int refuse(const struct e2_feature_row *f, bool on, const char *why)
{
	return e2_fail(E2_ERR_FEATURE, "%s%s: %s", on ? "" : "^", f->name, why);
}

/* Turning off what an inode needs. */
static int check_users(struct shell *sh, const struct e2_feature_row *f)
{
	struct e2_str s = E2_STR_INIT;
	e2_ino user;
	int err = find_user(sh, f, &user);

	if (!err && user) {
		e2_str_addf(&s, "<%u> needs it", user);
		err = refuse(f, false, e2_str_text(&s));
	}
	e2_str_free(&s);
	return err;
}

static bool is(const struct e2_feature_row *f, enum e2_feature_word word, uint32_t bit)
{
	return f->word == word && f->bit == bit;
}

/* Whether the volume as it lies there can have the feature, or be without. */
static int check(struct shell *sh, const struct e2_super *s, const struct e2_feature_row *f,
		 bool on)
{
	if (s->rev_level == 0 && on)
		return refuse(f, on, "the volume is of revision 0, which has no features");
	if (f->support == E2_SUPPORT_NONE)
		return refuse(f, on, "this program does not know how such volumes are laid out");
	if (is(f, E2_COMPAT, E2_FEATURE_has_journal))
		return refuse(f, on, on ? "no journal would be made, and this program keeps none" :
			      "the journal may hold what is not in its place yet");
	if (is(f, E2_INCOMPAT, E2_FEATURE_filetype))
		return refuse(f, on, on ? "entries of directories say no file types" :
			      "entries of directories say file types, which would become lengths");
	if (is(f, E2_INCOMPAT, E2_FEATURE_meta_bg))
		return refuse(f, on, "group descriptors would have to move");
	if ((is(f, E2_RO_COMPAT, E2_FEATURE_sparse_super) ||
	     is(f, E2_COMPAT, E2_FEATURE_sparse_super2)) && e2_geometry(sh->fs)->groups > 1)
		return refuse(f, on, "copies of the superblock would have to move");
	if (is(f, E2_COMPAT, E2_FEATURE_resize_inode))
		return refuse(f, on, on ? "no blocks are reserved for more group descriptors" :
			      "blocks are reserved, and <7> maps them");
	if (!on && (is(f, E2_RO_COMPAT, E2_FEATURE_large_file) ||
		    is(f, E2_COMPAT, E2_FEATURE_dir_index) ||
		    is(f, E2_COMPAT, E2_FEATURE_ext_attr)))
		return check_users(sh, f);
	return 0;
}

static int change(struct shell *sh, struct e2_super *s, const char *text)
{
	bool on = *text != '^' && *text != '-';
	const char *name = text + (!on || *text == '+');
	const struct e2_feature_row *f = e2_feature_find(name), *other;
	struct e2_nearest near;
	int err;

	if (!f) {
		e2_nearest_begin(&near, name);
		for (size_t i = 0; (other = e2_feature_at(i)) != NULL; i++)
			e2_nearest_offer(&near, other->name);
		err = near.best ? e2_fail(E2_ERR_NOENT, "no such feature; nearest is %s",
					  near.best) : e2_fail(E2_ERR_NOENT, "no such feature");
		return e2_io_fail(err, name, e2_err_detail());
	}
	if (on == ((*word_of(s, f->word) & f->bit) != 0))
		return 0;
	err = check(sh, s, f, on);
	if (err)
		return shell_advise(sh, err, "set sb.feature_%s, which asks nothing",
				    e2_feature_word_name(f->word));
	*word_of(s, f->word) ^= f->bit;
	return 0;
}

int cmd_features(struct shell *sh, const struct args *args)
{
	struct e2_super s;
	int err = shell_must_be_open(sh);

	if (!err && args->count == 0)
		return show_all(sh);
	if (!err)
		err = change_ready(sh);
	if (!err)
		err = e2_super_get(sh->fs, &s);
	for (size_t i = 0; i < args->count && !err; i++)
		err = change(sh, &s, args->arg[i].text);
	if (!err)
		err = e2_super_put(sh->txn, &s);
	sh->changed = !err;
	return err;
}

int cmd_dirty(struct shell *sh, const struct args *args)
{
	struct e2_super s;
	int err = e2_super_get(sh->fs, &s);

	if (err)
		return err;
	if (args_has(args, "-clean"))
		s.state |= E2_STATE_CLEAN;
	else
		s.state &= (uint16_t)~(unsigned)E2_STATE_CLEAN;
	return e2_super_put(sh->txn, &s);
}
