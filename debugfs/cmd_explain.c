/* SPDX-License-Identifier: MIT */
/*
 * stat --explain: where link count, size and block count come from, counted
 * and not believed.  What is counted and what is stored stand side by side.
 */
#include "stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 4, BEFORE_MANY = 2, LABEL_COLUMNS = 14 };

/* "  links 1     " and the text after it; no label: a line that goes on. */
static void label(struct sight *s, const char *name, uint64_t value)
{
	struct out *o = &s->sh->out;
	size_t mark = out_mark(o);

	if (name)
		out_add(o, "  %s %" PRIu64 "  ", name, value);
	out_pad(o, mark, s->label_columns);
}

/* Wide enough for the longest label with its value. */
static size_t label_columns(const struct e2_inode *in)
{
	const struct { const char *name; uint64_t value; } labels[] = {
		{ "links", in->links_count }, { "size", e2_inode_size(in) },
		{ "blocks", in->blocks },
	};
	size_t most = LABEL_COLUMNS;

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		int n = snprintf(NULL, 0, "  %s %" PRIu64 "  ", labels[i].name, labels[i].value);

		if (n > 0 && (size_t)n > most)
			most = (size_t)n;
	}
	return most;
}

/* ---- names --------------------------------------------------------------- */

/* " /a /b /c", or " /a /b and 1,204 more". */
static int add_names(struct out *o, const struct e2_names *names, e2_ino ino)
{
	uint32_t count = e2_names_count(names, ino);
	uint32_t shown = count <= FEW ? count : BEFORE_MANY;
	int err = 0;

	for (uint32_t i = 0; i < shown && !err; i++) {
		struct e2_str path = E2_STR_INIT;

		err = e2_names_path(names, ino, i, &path);
		out_add(o, " ");
		out_add_name(o, e2_str_text(&path), path.len);
		e2_str_free(&path);
	}
	if (count > shown) {
		out_add(o, " and ");
		e2_str_add_count(&o->text, count - shown);
		out_add(o, " more");
	}
	return err;
}

static int explain_links(struct sight *s, const struct e2_names *names)
{
	struct out *o = &s->sh->out;
	uint32_t count = e2_names_count(names, s->ino);
	uint64_t blocks = s->pieces.data + s->pieces.pointers;
	int err;

	label(s, "links", s->in.links_count);
	if (count == 0) {
		if (s->ino < e2_geometry(s->sh->fs)->first_ino)
			out_add(o, "a reserved inode needs no name");
		else
			out_add(o, "nothing names it%s",
				s->in.links_count ? "; the count should be 0" : "");
		out_line(o);
		return 0;
	}
	if (count != s->in.links_count)
		out_add(o, "wrong: it should be %u; ", count);
	if (count == 1)
		out_add(o, "its only name is");
	else
		out_add(o, "%u names:", count);
	err = add_names(o, names, s->ino);
	if (err)
		return err;
	if (count == 1 && s->in.links_count == 1 && e2_is_reg(&s->in)) {
		out_add(o, "; removing it frees the inode");
		if (blocks) {
			out_add(o, " and ");
			add_plural(&o->text, blocks, "block", "blocks");
		}
	} else if (count > 1 && e2_is_reg(&s->in)) {
		out_line(o);
		label(s, NULL, 0);
		out_add(o, "all of them are the file; the last one removed frees it");
	}
	out_line(o);
	return 0;
}

/* ---- regular files ------------------------------------------------------- */

static const char *ordinal(uint64_t n)
{
	if (n % 100 >= 11 && n % 100 <= 13)
		return "th";
	return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

/* Whether n is spoken with a vowel first: 8, 11, 18, 80 to 89, 11,000 ... */
static bool takes_an(uint64_t n)
{
	while (n >= 1000)
		n /= 1000;
	return n == 8 || n == 11 || n == 18 || n / 10 == 8 || n / 100 == 8;
}

static void explain_size(struct sight *s)
{
	uint32_t block_size = e2_geometry(s->sh->fs)->block_size;
	uint64_t size = e2_inode_size(&s->in), full = size / block_size, rest = size % block_size;
	struct out *o = &s->sh->out;

	label(s, "size", size);
	if (size == 0)
		out_add(o, "no content, so no block is needed");
	else if (full)
		add_plural(&o->text, full, "full block", "full blocks");
	if (full && rest)
		out_add(o, " and ");
	if (rest) {
		add_plural(&o->text, rest, "byte", "bytes");
		if (full)
			out_add(o, " of %s %" PRIu64 "%s", takes_an(full + 1) ? "an" : "a",
				full + 1,
				ordinal(full + 1));
		else
			out_add(o, " of one block of %u", block_size);
	}
	if (size) {
		out_add(o, "; this number alone marks the end,");
		out_line(o);
		label(s, NULL, 0);
		out_add(o, "there is no end-of-file character on disk");
	}
	out_line(o);
}

static void explain_blocks(struct sight *s)
{
	const struct e2_geometry *g = e2_geometry(s->sh->fs);
	struct out *o = &s->sh->out;
	const struct pieces *p = &s->pieces;
	uint64_t attributes = s->in.file_acl != 0, all = p->data + p->pointers + attributes;
	uint64_t sectors = all * (g->block_size / 512), size = e2_inode_size(&s->in);
	uint64_t length = e2_div_up(size, g->block_size);

	label(s, "blocks", s->in.blocks);
	if (s->in.blocks != sectors)
		out_add(o, "wrong: it should be %" PRIu64 "; ", sectors);
	out_add(o, "in sectors of 512 bytes: ");
	add_plural(&o->text, all, "block", "blocks");
	if (p->pointers || attributes)
		out_add(o, ", %" PRIu64 " of data", p->data);
	if (p->pointers)
		out_add(o, "%s %" PRIu64 " of pointers", attributes ? "," : " and", p->pointers);
	if (attributes)
		out_add(o, " and 1 of attributes");
	out_line(o);
	if (p->data < length) {
		label(s, NULL, 0);
		out_add(o, "%" PRIu64 " of %" PRIu64 " file blocks are holes: they read as zeros "
			"and take no space", length - p->data, length);
		out_line(o);
	}
	if (p->bad) {
		label(s, NULL, 0);
		add_plural(&o->text, p->bad, "pointer leads", "pointers lead");
		out_add(o, " nowhere");
		out_line(o);
	}
}

/* ---- directories --------------------------------------------------------- */

struct subdirs {
	uint64_t count;
	struct e2_str few;	/* " /opt/a /opt/b" */
};

static int count_subdirs(struct sight *s, struct subdirs *subs, bool *dot)
{
	const char *base = s->path.len > 1 ? s->path.text : "";
	struct e2_dir *dir;
	struct e2_entry e;
	int r = e2_dir_begin(s->sh->fs, s->ino, &dir);

	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) != 0) {
		struct e2_inode in;

		if (r < 0 && r != E2_ERR_CORRUPT)
			break;
		if (r < 0)
			continue;	/* told when the entries were counted */
		if (e.name_len <= 2 && !memcmp(e.name, "..", e.name_len)) {
			*dot = *dot || (e.name_len == 1 && e.ino == s->ino);
			continue;
		}
		if (e.file_type != E2_FT_UNKNOWN && e.file_type != E2_FT_DIR)
			continue;
		if (e2_inode_get(s->sh->fs, e.ino, &in) || !e2_is_dir(&in))
			continue;
		if (subs->count++ < FEW) {
			e2_str_add(&subs->few, " ");
			e2_str_add_name(&subs->few, base, strlen(base));
			e2_str_add(&subs->few, "/");
			e2_str_add_name(&subs->few, e.name, e.name_len);
		}
	}
	e2_dir_end(dir);
	e2_err_clear();
	return 0;
}

/* What a link count consists of. */
struct parts {
	uint32_t names;		/* that directories have for it; the root needs none */
	bool dot;		/* "." in itself */
	struct subdirs subs;	/* whose ".." it is */
};

static int count_parts(struct sight *s, const struct e2_names *names, struct parts *parts)
{
	*parts = (struct parts){ .names = e2_names_count(names, s->ino),
				 .subs = { 0, E2_STR_INIT } };
	if (!e2_is_dir(&s->in))
		return 0;
	if (s->ino == E2_INO_ROOT)
		parts->names = 1;
	return count_subdirs(s, &parts->subs, &parts->dot);
}

static uint64_t sum_of(const struct parts *parts)
{
	return parts->names + parts->dot + parts->subs.count;
}

int sight_record_links(struct sight *s)
{
	struct out *o = &s->sh->out;
	struct e2_names *names;
	struct parts parts;
	int err = shell_names(s->sh, &names);

	if (!err)
		err = count_parts(s, names, &parts);
	if (err)
		return err;
	out_record(o, "link-count");
	out_u64(o, "ino", s->ino);
	out_u64(o, "links", s->in.links_count);
	out_u64(o, "found", sum_of(&parts));
	out_u64(o, "names", parts.names);
	out_u64(o, "dot", parts.dot);
	out_u64(o, "dotdots", parts.subs.count);
	out_record_end(o);
	e2_str_free(&parts.subs.few);
	return 0;
}

static int explain_dir_links(struct sight *s, const struct e2_names *names)
{
	struct out *o = &s->sh->out;
	struct parts parts;
	uint32_t named;
	uint64_t all;
	int err = count_parts(s, names, &parts);

	if (err)
		return err;
	all = sum_of(&parts);
	named = parts.names;
	label(s, "links", s->in.links_count);
	if (all != s->in.links_count) {
		out_add(o, "wrong: it should be %" PRIu64, all);
		out_line(o);
		label(s, NULL, 0);
	}
	if (s->ino == E2_INO_ROOT) {
		out_add(o, "1 \"..\" in itself: the root is its own parent");
	} else if (named == 0) {
		out_add(o, "nothing names it");
	} else {
		out_add(o, "%u %s in its parent:", named, named == 1 ? "name" : "names");
		err = add_names(o, names, s->ino);
	}
	out_line(o);
	label(s, NULL, 0);
	out_add(o, parts.dot ? "1 \".\" in itself" : "no \".\" in itself");
	out_line(o);
	if (parts.subs.count) {
		label(s, NULL, 0);
		out_add(o, "%" PRIu64 " \"..\" in its %s:%s", parts.subs.count,
			parts.subs.count == 1 ? "subdirectory" : "subdirectories",
			e2_str_text(&parts.subs.few));
		if (parts.subs.count > FEW)
			out_add(o, " and %" PRIu64 " more", parts.subs.count - FEW);
		out_line(o);
	}
	e2_str_free(&parts.subs.few);
	return err;
}

static int explain_dir(struct sight *s, const struct e2_names *names)
{
	uint64_t size = e2_inode_size(&s->in), blocks = size / e2_geometry(s->sh->fs)->block_size;
	struct out *o = &s->sh->out;
	int err = explain_dir_links(s, names);

	if (err)
		return err;
	label(s, "size", size);
	if (blocks == 1)
		out_add(o, "one block of entries; directories grow by whole blocks");
	else
		out_add(o, "%" PRIu64 " blocks of entries; directories grow by whole blocks",
			blocks);
	out_line(o);
	explain_blocks(s);
	return 0;
}

/* ---- symlinks, and the rest ---------------------------------------------- */

static void explain_symlink(struct sight *s)
{
	struct out *o = &s->sh->out;
	size_t mark;

	label(s, "size", e2_inode_size(&s->in));
	out_add(o, "the bytes of its text, \"");
	out_add_name(o, e2_str_text(&s->text), s->text.len);
	out_add(o, "\"");
	out_line(o);
	label(s, "blocks", s->in.blocks);
	if (e2_symlink_is_fast(s->sh->fs, &s->in))
		out_add(o, "up to %d bytes fit in the inode, where block pointers would be "
			"(a fast symlink)", E2_FAST_SYMLINK_MAX);
	else
		out_add(o, "more than %d bytes do not fit in the inode; block %u holds the text "
			"(a slow symlink)", E2_FAST_SYMLINK_MAX, s->in.block[0]);
	out_line(o);
	mark = out_mark(o);
	out_add(o, "  mode %04o", s->in.mode & 07777);
	out_pad(o, mark, s->label_columns);
	out_add(o, "never consulted");
	if (s->target.len) {
		out_add(o, "; access is decided by ");
		out_add_name(o, s->target.text, s->target.len);
	}
	out_line(o);
}

static int explain_all(struct sight *s)
{
	struct out *o = &s->sh->out;
	struct e2_names *names;
	int err = shell_names(s->sh, &names);

	if (err)
		return err;
	if (e2_is_dir(&s->in))
		return explain_dir(s, names);
	err = explain_links(s, names);
	if (err)
		return err;
	if (e2_is_symlink(&s->in)) {
		explain_symlink(s);
	} else if (e2_is_reg(&s->in)) {
		explain_size(s);
		explain_blocks(s);
		if (e2_inode_has_blocks(s->sh->fs, &s->in))
			sight_explain_pointers(s);
	} else if (s->in.mode) {
		label(s, "size", e2_inode_size(&s->in));
		out_add(o, "a %s has no content", file_type_words(s->in.mode));
		out_line(o);
	}
	return 0;
}

int sight_explain(struct sight *s)
{
	struct out *o = &s->sh->out;
	size_t mark = out_mark(o);
	int err;

	s->label_columns = label_columns(&s->in);
	err = explain_all(s);
	out_fold(o, mark, s->label_columns, out_terminal_width(o));
	return err;
}
