/* SPDX-License-Identifier: MIT */
/* Reads recipes: one line, one step. */
#include "recipe.h"

#include "e2test.h"
#include "tree/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 16 };

struct reader {
	const char *path;
	unsigned line;
	struct recipe *r;
	char *word[WORDS];
	int words;
	bool comparing;			/* nothing is written, only compared */
	bool differs;
	recipe_fn *done;
	void *context;
};

static void bad(const struct reader *rd, const char *why)
{
	cr_fatal("%s:%u: %s: %s", rd->path, rd->line, rd->word[0], why);
}

static const char *word(const struct reader *rd, int i)
{
	if (i >= rd->words)
		bad(rd, "too few words");
	return rd->word[i];
}

/* ---- places -------------------------------------------------------------- */

/* INO:LBLK, INO:ind (its single indirect block), INO:dind, INO:acl, b:BLOCK. */
static e2_blk place(const struct reader *rd, const char *text)
{
	struct e2_inode in;
	char *end;
	unsigned long n;

	if (strncmp(text, "b:", 2) == 0)
		return strtoull(text + 2, NULL, 0);
	n = strtoul(text, &end, 0);
	if (*end++ != ':')
		bad(rd, "not a place");
	in = img_inode_get(&rd->r->img, (e2_ino)n);
	if (strcmp(end, "acl") == 0)
		return in.file_acl;
	if (strcmp(end, "ind") == 0)
		return in.block[E2_DIRECT];
	if (strcmp(end, "dind") == 0)
		return in.block[E2_DIRECT + 1];
	n = strtoul(end, NULL, 0);
	if (n >= E2_DIRECT || in.block[n] == 0)
		bad(rd, "no such block of the file");
	return in.block[n];
}

/* A number, or @PLACE, the block there. */
static uint64_t number(const struct reader *rd, const char *text)
{
	return *text == '@' ? place(rd, text + 1) : strtoull(text, NULL, 0);
}

/* ---- edits --------------------------------------------------------------- */

static void put(struct reader *rd, uint64_t at, const void *bytes, size_t len)
{
	uint8_t is[E2_SUPER_BYTES];

	if (!rd->comparing) {
		cr_assert_eq(e2_io_write(rd->r->img.io, at, len, bytes), 0);
		return;
	}
	cr_assert_eq(e2_io_read(rd->r->img.io, at, len, is), 0);
	rd->differs = rd->differs || memcmp(is, bytes, len) != 0;
}

static void put_block(struct reader *rd, e2_blk blk, uint32_t offset, const void *bytes, size_t len)
{
	put(rd, blk * rd->r->img.g.block_size + offset, bytes, len);
}

static void set_field(const struct reader *rd, const char *structure, uint8_t *raw,
		      const char *spec, const char *value)
{
	const struct e2_struct *s = e2_struct_find(structure);
	const struct e2_field *f;
	char block[24];
	unsigned index;

	if (*value == '@' && strchr(value, ':') != NULL) {
		snprintf(block, sizeof(block), "%" PRIu64, number(rd, value));
		value = block;
	}
	if (s == NULL || e2_field_find(s, spec, &f, &index) != 0 ||
	    e2_field_parse(f, raw, index, value) != 0)
		bad(rd, s == NULL ? "no such structure" : e2_err_detail());
}

static void edit_struct(struct reader *rd, e2_blk blk, uint32_t offset, const char *structure,
			const char *spec, const char *value)
{
	uint8_t raw[E2_SUPER_BYTES];
	const struct e2_struct *s = e2_struct_find(structure);
	size_t len = s != NULL ? s->size : 0;

	if (len == 0 || len > sizeof(raw))
		bad(rd, "no such structure");
	img_read(&rd->r->img, blk, offset, raw, len);
	set_field(rd, structure, raw, spec, value);
	put_block(rd, blk, offset, raw, len);
}

static void edit_bytes(struct reader *rd, e2_blk blk, uint32_t offset, const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2, offset++) {
		char pair[3] = { hex[0], hex[1], 0 };
		uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

		put_block(rd, blk, offset, &byte, 1);
	}
}

static void step_super(struct reader *rd)
{
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_io *io = rd->r->img.io;

	cr_assert_eq(e2_io_read(io, E2_SUPER_OFFSET, sizeof(raw), raw), 0);
	set_field(rd, "super", raw, word(rd, 1), word(rd, 2));
	put(rd, E2_SUPER_OFFSET, raw, sizeof(raw));
}

static void step_copy(struct reader *rd)
{
	e2_blk blk = e2_group_first_block(&rd->r->img.g, (e2_grp)number(rd, word(rd, 1)));

	edit_struct(rd, blk, 0, "super", word(rd, 2), word(rd, 3));
}

static void step_group(struct reader *rd)
{
	uint32_t offset;
	e2_blk blk;

	e2_group_locate(&rd->r->img.g, (e2_grp)number(rd, word(rd, 1)), &blk, &offset);
	edit_struct(rd, blk, offset, "group", word(rd, 2), word(rd, 3));
}

static void locate_inode(const struct reader *rd, e2_blk *blk, uint32_t *offset)
{
	const struct e2_geometry *g = &rd->r->img.g;
	e2_ino ino = (e2_ino)number(rd, word(rd, 1));
	uint64_t at = (uint64_t)((ino - 1) % g->inodes_per_group) * g->inode_size;

	*blk = img_group(&rd->r->img, e2_inode_group(g, ino)).inode_table + at / g->block_size;
	*offset = (uint32_t)(at % g->block_size);
}

static void step_inode(struct reader *rd)
{
	uint8_t raw[E2_INODE_BYTES_MAX];
	uint32_t offset;
	e2_blk blk;
	size_t len = rd->r->img.g.inode_size < sizeof(raw) ? E2_INODE_BYTES : sizeof(raw);

	locate_inode(rd, &blk, &offset);
	img_read(&rd->r->img, blk, offset, raw, len);
	set_field(rd, "inode", raw, word(rd, 2), word(rd, 3));
	put_block(rd, blk, offset, raw, len);
}

static void step_body(struct reader *rd)
{
	uint32_t offset;
	e2_blk blk;

	locate_inode(rd, &blk, &offset);
	edit_bytes(rd, blk, offset + (uint32_t)number(rd, word(rd, 2)), word(rd, 3));
}

/* Finds an entry by its name. */
static void locate_entry(const struct reader *rd, e2_blk *blk, uint32_t *offset)
{
	struct e2_inode in = img_inode_get(&rd->r->img, (e2_ino)number(rd, word(rd, 1)));
	uint32_t size = rd->r->img.g.block_size;
	uint8_t *block = malloc(size);
	const char *name = word(rd, 2);
	struct e2_entry e;

	cr_assert_not_null(block);
	for (uint32_t b = 0; b < in.size / size; b++) {
		img_read(&rd->r->img, in.block[b], 0, block, size);
		for (uint32_t at = 0; e2_entry_at(&rd->r->img.g, block, at, &e) > 0;
		     at += e.rec_len) {
			if (e.name_len == strlen(name) && memcmp(e.name, name, e.name_len) == 0) {
				*blk = in.block[b];
				*offset = at;
				free(block);
				return;
			}
		}
	}
	free(block);
	bad(rd, "no such entry");
}

static void step_entry(struct reader *rd)
{
	uint32_t offset;
	e2_blk blk;

	locate_entry(rd, &blk, &offset);
	edit_struct(rd, blk, offset, "dirent", word(rd, 3), word(rd, 4));
}

static void step_name(struct reader *rd)
{
	uint32_t offset;
	e2_blk blk;

	locate_entry(rd, &blk, &offset);
	edit_bytes(rd, blk, offset + E2_DIRENT_BYTES, word(rd, 3));
}

static void step_struct(struct reader *rd)
{
	edit_struct(rd, place(rd, word(rd, 1)), (uint32_t)number(rd, word(rd, 2)), word(rd, 3),
		    word(rd, 4), word(rd, 5));
}

static void step_bytes(struct reader *rd)
{
	edit_bytes(rd, place(rd, word(rd, 1)), (uint32_t)number(rd, word(rd, 2)), word(rd, 3));
}

static void step_pointer(struct reader *rd)
{
	uint8_t raw[4];

	e2_put32(raw, (uint32_t)number(rd, word(rd, 3)));
	put_block(rd, place(rd, word(rd, 1)), 4 * (uint32_t)number(rd, word(rd, 2)), raw, 4);
}

static void step_mark(struct reader *rd)
{
	uint64_t n = number(rd, word(rd, 2));
	bool used = number(rd, word(rd, 3)) != 0;

	if (strcmp(word(rd, 1), "block") == 0)
		img_mark_block(&rd->r->img, n, used);
	else if (strcmp(word(rd, 1), "inode") == 0)
		img_mark_inode(&rd->r->img, (e2_ino)n, used);
	else
		bad(rd, "not block or inode");
}

/* ---- the volume ------------------------------------------------------------- */

static bool feature(struct img_options *o, const char *name)
{
	const struct e2_feature_row *row = e2_feature_find(*name == '-' ? name + 1 : name);
	uint32_t *words[] = { &o->compat, &o->incompat, &o->ro_compat };

	if (row == NULL)
		return false;
	if (*name == '-')
		*words[row->word] &= ~row->bit;
	else
		*words[row->word] |= row->bit;
	return true;
}

static void step_base(struct reader *rd)
{
	struct recipe_base base = {
		.options = {
			.blocks = 512, .blocks_per_group = 256, .inodes_per_group = 64,
			.compat = E2_FEATURE_ext_attr | E2_FEATURE_dir_index,
			.incompat = E2_FEATURE_filetype, .ro_compat = E2_FEATURE_sparse_super,
		},
	};
	struct img_options *o = &base.options;

	for (int i = 1; i < rd->words; i++) {
		char *value = strchr(rd->word[i], '=');
		uint32_t n = value != NULL ? (uint32_t)strtoul(value + 1, NULL, 0) : 0;

		if (value != NULL)
			*value = '\0';
		if (value == NULL && strcmp(rd->word[i], "revision_0") == 0)
			o->revision_0 = true;
		else if (value == NULL && feature(o, rd->word[i]))
			base.resize_inode = (o->compat & E2_FEATURE_resize_inode) != 0;
		else if (value != NULL && strcmp(rd->word[i], "block_size") == 0)
			o->block_size = n;
		else if (value != NULL && strcmp(rd->word[i], "blocks") == 0)
			o->blocks = n;
		else if (value != NULL && strcmp(rd->word[i], "blocks_per_group") == 0)
			o->blocks_per_group = n;
		else if (value != NULL && strcmp(rd->word[i], "inode_size") == 0)
			o->inode_size = n;
		else if (value != NULL && strcmp(rd->word[i], "reserved_gdt_blocks") == 0)
			o->reserved_gdt_blocks = n;
		else
			bad(rd, "no such option or feature");
	}
	if (rd->r->begun) {
		img_free(&rd->r->img);
		e2_io_close(rd->r->sound);
	}
	recipe_make_base(&rd->r->img, &base);
	rd->r->sound = img_copy(&rd->r->img);
	rd->r->begun = true;
}

static void step_cut(struct reader *rd)
{
	rd->r->size = number(rd, word(rd, 1)) * rd->r->img.g.block_size;
}

static void step_unreadable(struct reader *rd)
{
	struct ram *ram = &rd->r->damaged;

	cr_assert_lt(ram->unreadable_count, (unsigned)RAM_UNREADABLE);
	ram->unreadable[ram->unreadable_count++] = (uint32_t)number(rd, word(rd, 1));
}

static void step_now(struct reader *rd)
{
	rd->r->now = (int64_t)number(rd, word(rd, 1));
}

static void step_reattach(struct reader *rd)
{
	rd->r->reattach = true;
}

/* ---- what is to come of it -------------------------------------------------- */

static void name_problems(const struct reader *rd, bool *of)
{
	static const char *const ids[] = {
#define P(id, num, code, severity, policy, fix, object, field, text, will) [E2_PROBLEM_##id] = #id,
#include "check/problem.def"
#undef P
	};

	for (int i = 1; i < rd->words; i++) {
		int id = 0;

		while (id < E2_PROBLEMS && strcmp(ids[id], rd->word[i]) != 0)
			id++;
		if (id == E2_PROBLEMS)
			bad(rd, "no such problem");
		of[id] = true;
	}
}

static void step_expect(struct reader *rd)
{
	name_problems(rd, rd->r->expected);
}

static void step_almost(struct reader *rd)
{
	name_problems(rd, rd->r->almost);
}

static void step_left(struct reader *rd)
{
	name_problems(rd, rd->r->left);
}

static void step_lost(struct reader *rd)
{
	rd->r->lost = (unsigned)number(rd, word(rd, 1));
}

static void step_renamed(struct reader *rd)
{
	rd->r->renamed = (unsigned)number(rd, word(rd, 1));
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	cr_assert_not_null(copy);
	return copy;
}

static void step_keeps(struct reader *rd)
{
	struct recipe *r = rd->r;

	for (int i = 1; i < rd->words; i++) {
		cr_assert_lt(r->keep_count, (unsigned)RECIPE_LINES);
		r->keeps[r->keep_count++] = copy_of(rd->word[i]);
	}
}

/* Kept as text; places in it are those of the sound volume. */
static void step_after(struct reader *rd)
{
	struct recipe *r = rd->r;
	struct e2_io *damaged = r->img.io;
	char text[512] = "";

	cr_assert_lt(r->after_count, (unsigned)RECIPE_LINES);
	r->img.io = r->sound;
	for (int i = 1; i < rd->words; i++) {
		size_t at = strlen(text);

		if (*rd->word[i] == '@')
			snprintf(text + at, sizeof(text) - at, "%" PRIu64 " ",
				 number(rd, rd->word[i]));
		else
			snprintf(text + at, sizeof(text) - at, "%s ", rd->word[i]);
	}
	r->img.io = damaged;
	r->after_line[r->after_count] = rd->line;
	r->after[r->after_count++] = copy_of(text);
}

static void step_fails(struct reader *rd)
{
	for (int err = -1; err > -64; err--)
		if (strcmp(e2_err_name(err), word(rd, 1)) == 0)
			rd->r->fails = err;
	if (rd->r->fails == 0)
		bad(rd, "no such error");
}

static const struct {
	const char *name;
	void (*run)(struct reader *rd);
	bool damages;
	bool can_follow;	/* may stand behind "after" */
} steps[] = {
	{ "base", step_base, true, false }, { "super", step_super, true, true },
	{ "copy", step_copy, true, true }, { "group", step_group, true, true },
	{ "inode", step_inode, true, true }, { "body", step_body, true, true },
	{ "entry", step_entry, true, true }, { "name", step_name, true, true },
	{ "struct", step_struct, true, true }, { "bytes", step_bytes, true, true },
	{ "pointer", step_pointer, true, true }, { "mark", step_mark, true, false },
	{ "cut", step_cut, true, false }, { "unreadable", step_unreadable, true, false },
	{ "now", step_now, true, false }, { "reattach", step_reattach, false, false },
	{ "expect", step_expect, false, false },
	{ "almost", step_almost, false, false }, { "left", step_left, false, false },
	{ "lost", step_lost, false, false }, { "renamed", step_renamed, false, false },
	{ "keeps", step_keeps, false, false }, { "after", step_after, false, false },
	{ "fails", step_fails, false, false },
};

/* ---- the frame ------------------------------------------------------------ */

static void take_bytes(struct recipe *r)
{
	struct ram *ram = &r->damaged;

	if (r->size == 0)
		r->size = r->img.io->size;
	ram->size = r->size;
	ram->block_size = r->img.g.block_size;
	ram->bytes = malloc(r->size + 1);
	cr_assert_not_null(ram->bytes);
	cr_assert_eq(e2_io_read(r->img.io, 0, r->size, ram->bytes), 0);
}

static void end_recipe(struct reader *rd)
{
	struct recipe *r = rd->r;

	if (!r->begun)
		return;
	take_bytes(r);
	rd->done(rd->context, r);
	free(r->damaged.bytes);
	img_free(&r->img);
	e2_io_close(r->sound);
	for (unsigned i = 0; i < r->keep_count; i++)
		free(r->keeps[i]);
	for (unsigned i = 0; i < r->after_count; i++)
		free(r->after[i]);
	memset(r, 0, sizeof(*r));
}

static void begin_recipe(struct reader *rd)
{
	end_recipe(rd);
	rd->r->line = rd->line;
	for (int i = 1; i < rd->words; i++) {
		size_t at = strlen(rd->r->name);

		snprintf(rd->r->name + at, sizeof(rd->r->name) - at, "%s%s", i > 1 ? " " : "",
			 rd->word[i]);
	}
	rd->words = 1;
	step_base(rd);
}

static void split(struct reader *rd, char *line)
{
	char *save = NULL;

	rd->words = 0;
	for (char *w = strtok_r(line, " \t\n", &save); w != NULL && *w != '#' && rd->words < WORDS;
	     w = strtok_r(NULL, " \t\n", &save))
		rd->word[rd->words++] = w;
}

static void run_line(struct reader *rd, char *line)
{
	split(rd, line);
	if (rd->words == 0)
		return;
	if (strcmp(rd->word[0], "recipe") == 0) {
		begin_recipe(rd);
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].name, rd->word[0]) != 0)
			continue;
		if (rd->comparing && !steps[i].can_follow)
			bad(rd, "may not stand behind after");
		steps[i].run(rd);
		rd->r->steps += steps[i].damages;
		return;
	}
	bad(rd, "no such step");
}

unsigned recipe_after(const char *path, struct recipe *r, struct ram *repaired)
{
	struct reader rd = { .path = path, .r = r, .comparing = true };
	struct e2_io *damaged = r->img.io;
	unsigned i;

	r->img.io = ram_open(repaired, false);
	for (i = 0; i < r->after_count && !rd.differs; i++) {
		char line[512];

		rd.line = r->after_line[i];
		snprintf(line, sizeof(line), "%s", r->after[i]);
		run_line(&rd, line);
	}
	e2_io_close(r->img.io);
	r->img.io = damaged;
	return rd.differs ? rd.line : 0;
}

void recipe_read(const char *path, recipe_fn *done, void *context)
{
	struct recipe r = { .line = 0 };
	struct reader rd = { .path = path, .r = &r, .done = done, .context = context };
	FILE *in = fopen(path, "r");
	char line[512];

	cr_assert_not_null(in, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), in) != NULL) {
		rd.line++;
		run_line(&rd, line);
	}
	end_recipe(&rd);
	fclose(in);
}
