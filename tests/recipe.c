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

static void edit_struct(const struct reader *rd, e2_blk blk, uint32_t offset, const char *structure,
			const char *spec, const char *value)
{
	uint8_t raw[E2_SUPER_BYTES];
	const struct e2_struct *s = e2_struct_find(structure);
	size_t len = s != NULL ? s->size : 0;

	if (len == 0 || len > sizeof(raw))
		bad(rd, "no such structure");
	img_read(&rd->r->img, blk, offset, raw, len);
	set_field(rd, structure, raw, spec, value);
	img_write(&rd->r->img, blk, offset, raw, len);
}

static void edit_bytes(const struct reader *rd, e2_blk blk, uint32_t offset, const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2, offset++) {
		char pair[3] = { hex[0], hex[1], 0 };
		uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

		img_write(&rd->r->img, blk, offset, &byte, 1);
	}
}

static void step_super(struct reader *rd)
{
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_io *io = rd->r->img.io;

	cr_assert_eq(e2_io_read(io, E2_SUPER_OFFSET, sizeof(raw), raw), 0);
	set_field(rd, "super", raw, word(rd, 1), word(rd, 2));
	cr_assert_eq(e2_io_write(io, E2_SUPER_OFFSET, sizeof(raw), raw), 0);
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
	img_write(&rd->r->img, blk, offset, raw, len);
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
	img_write(&rd->r->img, place(rd, word(rd, 1)), 4 * (uint32_t)number(rd, word(rd, 2)), raw,
		  4);
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

/* ---- the frame ------------------------------------------------------------ */

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
	if (rd->r->begun)
		img_free(&rd->r->img);
	recipe_make_base(&rd->r->img, &base);
	rd->r->begun = true;
}

static void step_cut(struct reader *rd)
{
	rd->r->size = number(rd, word(rd, 1)) * rd->r->img.g.block_size;
}

static void step_unreadable(struct reader *rd)
{
	cr_assert_lt(rd->r->unreadable_count, 8u);
	rd->r->unreadable[rd->r->unreadable_count++] = (uint32_t)number(rd, word(rd, 1));
}

static void step_now(struct reader *rd)
{
	rd->r->now = (int64_t)number(rd, word(rd, 1));
}

static void step_expect(struct reader *rd)
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
		rd->r->expected[id] = true;
	}
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
} steps[] = {
	{ "base", step_base }, { "super", step_super }, { "copy", step_copy },
	{ "group", step_group }, { "inode", step_inode }, { "body", step_body },
	{ "entry", step_entry }, { "name", step_name }, { "struct", step_struct },
	{ "bytes", step_bytes }, { "pointer", step_pointer }, { "mark", step_mark },
	{ "cut", step_cut }, { "unreadable", step_unreadable }, { "now", step_now },
	{ "expect", step_expect }, { "fails", step_fails },
};

/* ---- an image with a few blocks that cannot be read ----------------------- */

struct faulty {
	struct e2_io io;
	struct e2_io *whole;
	uint32_t block_size;
	uint32_t bad[8];
	unsigned count;
};

static int faulty_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct faulty *f = (struct faulty *)(void *)io;

	for (unsigned i = 0; i < f->count; i++) {
		uint64_t at = (uint64_t)f->bad[i] * f->block_size;

		if (offset < at + f->block_size && at < offset + len)
			return e2_fail(E2_ERR_IO, "block %" PRIu32 ": on purpose", f->bad[i]);
	}
	return e2_io_read(f->whole, offset, len, buf);
}

static int faulty_close(struct e2_io *io)
{
	struct faulty *f = (struct faulty *)(void *)io;
	int r = e2_io_close(f->whole);

	free(f);
	return r;
}

static struct e2_io *finish(const struct recipe *r)
{
	static const struct e2_io_ops ops = { .read = faulty_read, .close = faulty_close };
	struct faulty *f = calloc(1, sizeof(*f));

	cr_assert_not_null(f);
	f->whole = r->img.io;
	f->io = (struct e2_io){ .ops = &ops, .name = "recipe", .size = r->size };
	f->block_size = r->img.g.block_size;
	f->count = r->unreadable_count;
	memcpy(f->bad, r->unreadable, sizeof(f->bad));
	return &f->io;
}

static void end_recipe(struct reader *rd)
{
	struct recipe *r = rd->r;

	if (!r->begun)
		return;
	if (r->size == 0)
		r->size = r->img.io->size;
	r->io = finish(r);
	rd->done(rd->context, r);
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

static void run_line(struct reader *rd, char *line)
{
	char *save = NULL;

	rd->words = 0;
	for (char *w = strtok_r(line, " \t\n", &save); w != NULL && *w != '#' && rd->words < WORDS;
	     w = strtok_r(NULL, " \t\n", &save))
		rd->word[rd->words++] = w;
	if (rd->words == 0)
		return;
	if (strcmp(rd->word[0], "recipe") == 0) {
		begin_recipe(rd);
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].name, rd->word[0]) == 0) {
			steps[i].run(rd);
			return;
		}
	}
	bad(rd, "no such step");
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
