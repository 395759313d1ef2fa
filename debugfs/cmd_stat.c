/* SPDX-License-Identifier: MIT */
/* stat: an inode on one screen. */
#include "stat.h"

#include "structs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 30, PIECES_SHOWN = 3 };

/* ---- gathering ----------------------------------------------------------- */

static int count_entries(struct sight *s)
{
	struct e2_dir *dir;
	struct e2_entry e;
	int r = e2_dir_begin(s->sh->fs, s->ino, &dir);

	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) != 0) {
		if (r < 0) {
			shell_warn_of(s->sh, s->arg, r);
			if (r != E2_ERR_CORRUPT)
				break;
		} else if (!(e.name_len <= 2 && !memcmp(e.name, "..", e.name_len))) {
			s->entries++;
		}
	}
	e2_dir_end(dir);
	return 0;
}

/* Why following a path fails, in a word. */
static const char *fate_word(struct shell *sh, const char *path)
{
	struct e2_fate fate = E2_FATE_INIT;
	struct e2_resolve how = { .root = sh->root, .fate = &fate };
	e2_ino ino;
	int err = e2_resolve(sh->fs, &how, path, &ino);
	const char *word = err ? e2_fate_word(fate.kind) : NULL;

	e2_fate_free(&fate);
	return word;
}

/* Where a symlink leads: by its path, or by its text where that says it all. */
static int follow_text(struct sight *s)
{
	struct object o = { .kind = OBJECT_PATH, .path = e2_str_text(&s->path) };
	int err;

	if (o.path[0] != '/')
		o.path = s->text.text;
	if (o.path[0] != '/')
		return 0;	/* not known from where */
	err = shell_lookup(s->sh, &o, true, &s->target_ino, &s->target);
	if (err && err != E2_ERR_NOMEM)
		s->fate = fate_word(s->sh, o.path);
	e2_err_clear();
	return err == E2_ERR_NOMEM ? err : 0;
}

static int see(struct sight *s)
{
	int err = e2_inode_get(s->sh->fs, s->ino, &s->in);

	if (!err)
		err = pieces_read(s->sh->fs, &s->in, &s->pieces);
	if (!err && e2_is_dir(&s->in))
		err = count_entries(s);
	if (!err && e2_is_symlink(&s->in)) {
		err = e2_symlink_read(s->sh->fs, &s->in, &s->text);
		if (!err)
			err = follow_text(s);
		else if (err != E2_ERR_NOMEM) {
			shell_warn_of(s->sh, s->arg, err);
			e2_str_truncate(&s->text, 0);
			err = 0;
		}
	}
	return err;
}

static void sight_free(struct sight *s)
{
	pieces_free(&s->pieces);
	e2_str_free(&s->path);
	e2_str_free(&s->text);
	e2_str_free(&s->target);
}

/* ---- the screen ---------------------------------------------------------- */

static void add_nature(struct sight *s)
{
	struct out *o = &s->sh->out;
	uint32_t major, minor;
	char mark[32];

	out_add(o, "%s", file_type_words(s->in.mode));
	switch (s->in.mode & E2_S_IFMT) {
	case E2_S_IFREG:
		out_add(o, ", ");
		add_plural(&o->text, e2_inode_size(&s->in), "byte", "bytes");
		break;
	case E2_S_IFDIR:
		out_add(o, ", ");
		add_plural(&o->text, s->entries, "entry", "entries");
		break;
	case E2_S_IFLNK:
		out_add(o, " to \"");
		out_add_name(o, e2_str_text(&s->text), s->text.len);
		out_add(o, "\"");
		if (s->fate) {
			(void)snprintf(mark, sizeof(mark), "  (%s)", s->fate);
			out_add_styled(o, STYLE_RED, mark);
		} else if (s->target.len) {
			out_add(o, ", which is ");
			out_add_name(o, s->target.text, s->target.len);
			out_add(o, " <%u>", s->target_ino);
		}
		break;
	case E2_S_IFCHR:
	case E2_S_IFBLK:
		e2_inode_device(&s->in, &major, &minor);
		out_add(o, " %u:%u", major, minor);
		break;
	default:
		break;
	}
}

void sight_head(struct sight *s)
{
	struct out *o = &s->sh->out;
	size_t mark = out_mark(o);

	if (s->path.len) {
		out_add_name(o, s->path.text, s->path.len);
		out_add(o, " ");
	}
	out_add(o, "<%u>  ", s->ino);
	out_pad(o, mark, COLUMN);
	add_nature(s);
	out_fold(o, mark, COLUMN, out_terminal_width(o));
	out_line(o);
	out_line(o);
}

/* One or two labelled values on a line. */
static void left(struct out *o, const char *label, size_t *mark)
{
	*mark = out_mark(o);
	out_add(o, "  %-9s ", label);
}

static void right(struct out *o, const char *label, size_t mark)
{
	out_add(o, "  ");
	out_pad(o, mark, COLUMN);
	out_add(o, "%-10s ", label);
}

static void show_modes(struct sight *s)
{
	struct out *o = &s->sh->out;
	size_t mark;

	left(o, "mode", &mark);
	out_add(o, "%04o ", s->in.mode & 07777);
	add_mode(&o->text, s->in.mode);
	right(o, "links", mark);
	out_add(o, "%u", s->in.links_count);
	out_line(o);
	left(o, "owner", &mark);
	add_owner(s->sh, &o->text, false, s->in.uid);
	right(o, "group", mark);
	add_owner(s->sh, &o->text, true, s->in.gid);
	out_line(o);
	if (e2_is_reg(&s->in) && !s->in.flags)
		return;
	left(o, "size", &mark);
	out_add(o, "%" PRIu64, e2_inode_size(&s->in));
	if (s->in.flags) {
		right(o, "flags", mark);
		add_field(&o->text, "inode", "flags", s->in.flags);
	}
	out_line(o);
}

static void show_times(struct sight *s)
{
	static const struct {
		enum e2_time_which which;
		const char *label, *field;
	} times[] = {
		{ E2_MTIME, "modified", "mtime" }, { E2_CTIME, "changed", "ctime, the inode" },
		{ E2_ATIME, "read", "atime" }, { E2_CRTIME, "made", "crtime" },
		{ E2_DTIME, "deleted", "dtime" },
	};
	struct out *o = &s->sh->out;
	bool nsec = e2_inode_has_nsec(&s->in);

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct e2_time t;
		size_t mark;

		if (!e2_inode_time(&s->in, times[i].which, &t) ||
		    (times[i].which == E2_DTIME && s->in.dtime == 0))
			continue;
		left(o, times[i].label, &mark);
		e2_str_add_time(&o->text, t.sec, nsec && times[i].which != E2_DTIME ? t.nsec : -1,
				s->sh->time_flags);
		out_add(o, "   %s", times[i].field);
		out_line(o);
	}
}

static void show_blocks(struct sight *s)
{
	struct out *o = &s->sh->out;
	const struct pieces *p = &s->pieces;
	uint64_t all = p->data + p->pointers + (s->in.file_acl != 0), shown = 0;
	bool fast = e2_is_symlink(&s->in) && e2_symlink_is_fast(s->sh->fs, &s->in);
	struct e2_walk_block b;
	size_t mark, i = 0;

	left(o, "blocks", &mark);
	out_add(o, "%" PRIu64 " (", all);
	add_plural(&o->text, s->in.blocks, "sector", "sectors");
	out_add(o, ")");
	if (p->together || p->bad || fast) {
		out_add(o, "  ");
		out_pad(o, mark, COLUMN);
	}
	while (shown < PIECES_SHOWN && pieces_next(p, &i, &b)) {
		out_add(o, shown++ ? ", " : "");
		add_range(&o->text, b.lblk, b.count);
		out_add(o, ": ");
		add_range(&o->text, b.blk, b.count);
	}
	if (p->together > shown)
		out_add(o, " and %" PRIu64 " more", p->together - shown);
	if (p->bad) {
		out_add(o, shown ? ", " : "");
		add_plural(&o->text, p->bad, "bad pointer", "bad pointers");
	}
	if (fast)
		out_add(o, "the text is in the inode");
	out_line(o);
}

static bool is_text(const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] == 0x7f)
			return false;
	return len > 0 && len <= 60;
}

static void show_attributes(struct sight *s)
{
	struct out *o = &s->sh->out;
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	size_t mark;
	int r = e2_xattrs_begin(s->sh->fs, s->ino, &it);

	if (r) {
		shell_warn_of(s->sh, s->arg, r);
		return;
	}
	while ((r = e2_xattrs_next(it, &x)) != 0) {
		if (r < 0) {
			shell_warn_of(s->sh, s->arg, r);
			if (r != E2_ERR_CORRUPT)
				break;
			continue;
		}
		left(o, "attribute", &mark);
		out_add_name(o, e2_str_text(&x->name), x->name.len);
		if (is_text(x->value, x->value_len)) {
			out_add(o, "  \"");
			out_add_name(o, x->value, x->value_len);
			out_add(o, "\"");
		} else {
			out_add(o, "  ");
			add_plural(&o->text, x->value_len, "byte", "bytes");
		}
		out_line(o);
	}
	e2_xattrs_end(it);
	if (s->in.file_acl) {
		left(o, "", &mark);
		out_add(o, "attributes in block %u", s->in.file_acl);
		out_line(o);
	}
}

static int show_place(struct sight *s)
{
	const struct e2_geometry *g = e2_geometry(s->sh->fs);
	struct out *o = &s->sh->out;
	uint32_t offset;
	size_t mark;
	e2_blk blk;
	int err = e2_inode_locate(s->sh->fs, s->ino, &blk, &offset);

	if (err)
		return err;
	left(o, "inode at", &mark);
	out_add(o, "group %u, entry %u of its table: block %" PRIu64 " + %u = byte 0x%" PRIx64,
		e2_inode_group(g, s->ino), (s->ino - 1) % g->inodes_per_group, blk, offset,
		blk * g->block_size + offset);
	out_line(o);
	return 0;
}

static void record_time(struct out *o, const struct e2_inode *in, enum e2_time_which which,
			const char *key, const char *nsec_key)
{
	struct e2_time t = { 0, 0 };

	(void)e2_inode_time(in, which, &t);	/* an inode without it: 0 */
	out_i64(o, key, t.sec);
	out_i64(o, nsec_key, t.nsec);
}

static void record(struct sight *s)
{
	struct out *o = &s->sh->out;
	uint32_t major = 0, minor = 0;
	uint32_t type = s->in.mode & E2_S_IFMT;

	if (type == E2_S_IFCHR || type == E2_S_IFBLK)
		e2_inode_device(&s->in, &major, &minor);
	out_record(o, "stat");
	out_name(o, "path", e2_str_text(&s->path), s->path.len);
	out_u64(o, "ino", s->ino);
	out_string(o, "type", file_type_words(s->in.mode));
	out_octal(o, "mode", s->in.mode & 07777);
	out_u64(o, "links", s->in.links_count);
	out_u64(o, "uid", s->in.uid);
	out_u64(o, "gid", s->in.gid);
	out_u64(o, "size", e2_inode_size(&s->in));
	out_u64(o, "entries", s->entries);
	out_u64(o, "major", major);
	out_u64(o, "minor", minor);
	out_name(o, "target", e2_str_text(&s->text), s->text.len);
	out_string(o, "fate", s->fate ? s->fate : "");
	out_u64(o, "flags", s->in.flags);
	out_u64(o, "generation", s->in.generation);
	record_time(o, &s->in, E2_MTIME, "mtime", "mtime_nsec");
	record_time(o, &s->in, E2_CTIME, "ctime", "ctime_nsec");
	record_time(o, &s->in, E2_ATIME, "atime", "atime_nsec");
	record_time(o, &s->in, E2_CRTIME, "crtime", "crtime_nsec");
	out_u64(o, "dtime", s->in.dtime);
	out_u64(o, "sectors", s->in.blocks);
	out_u64(o, "data_blocks", s->pieces.data);
	out_u64(o, "pointer_blocks", s->pieces.pointers);
	out_u64(o, "pieces", s->pieces.together);
	out_u64(o, "bad_pointers", s->pieces.bad);
	out_u64(o, "attribute_block", s->in.file_acl);
	out_record_end(o);
}

/* ---- the command --------------------------------------------------------- */

static int show_raw(struct sight *s)
{
	struct e2_when_context when = e2_when(s->sh->fs);
	uint8_t *raw = calloc(1, when.bytes);
	int err = raw ? e2_inode_raw(s->sh->fs, s->ino, raw) : e2_fail(E2_ERR_NOMEM, "no memory");

	if (!err && s->sh->out.mode == OUT_TEXT)
		sight_head(s);
	if (!err)
		print_struct(&s->sh->out, e2_struct_find("inode"), raw, &when);
	free(raw);
	return err;
}

static int show(struct sight *s, bool explain)
{
	enum { VALUES = 12 };	/* the column they stand in */
	struct out *o = &s->sh->out;
	size_t mark;
	int err;

	if (o->mode != OUT_TEXT) {
		record(s);
		return explain ? sight_record_links(s) : 0;
	}
	sight_head(s);
	if (explain)
		return sight_explain(s);
	mark = out_mark(o);
	show_modes(s);
	show_times(s);
	out_line(o);
	show_blocks(s);
	show_attributes(s);
	err = show_place(s);
	out_fold(o, mark, VALUES, out_terminal_width(o));
	if (!err && s->pieces.bad)
		err = e2_fail(s->pieces.status, "%" PRIu64 " of its pointers lead nowhere; "
			      "blocks --tree shows them", s->pieces.bad);
	return err;
}

/* The one name an inode was asked by, or with --explain its first. */
static int find_name(struct sight *s, bool explain)
{
	struct e2_names *names;
	int err = 0;

	e2_str_add_bytes(&s->path, e2_str_text(&s->arg->path), s->arg->path.len);
	if (explain) {
		err = shell_names(s->sh, &names);
		if (!err && !s->path.len && e2_names_count(names, s->ino))
			err = e2_names_path(names, s->ino, 0, &s->path);
	}
	return err ? err : e2_str_status(&s->path);
}

static int show_formatted(struct shell *sh, const struct args *args, const char *format)
{
	int err = stat_format_check(format);

	for (size_t i = 0; i < args->count && !err && !out_failed(&sh->out); i++) {
		int one = stat_format(sh, &args->arg[i], format);

		if (one)
			shell_warn_of(sh, &args->arg[i], one);
	}
	return err;
}

int cmd_stat(struct shell *sh, const struct args *args)
{
	const struct arg *format = args_value(args, "-c");
	bool explain = args_has(args, "--explain");

	if (format && sh->out.mode == OUT_TEXT)
		return show_formatted(sh, args, format->text);
	for (size_t i = 0; i < args->count && !out_failed(&sh->out); i++) {
		struct sight s = {
			.sh = sh, .arg = &args->arg[i], .ino = args->arg[i].ino,
			.path = E2_STR_INIT, .text = E2_STR_INIT, .target = E2_STR_INIT,
		};
		int err = find_name(&s, explain);

		if (i && sh->out.mode == OUT_TEXT)
			out_line(&sh->out);
		if (!err)
			err = see(&s);
		if (!err)
			err = args_has(args, "-r") ? show_raw(&s) : show(&s, explain);
		if (err)
			shell_warn_of(sh, s.arg, err);
		sight_free(&s);
	}
	return 0;
}
