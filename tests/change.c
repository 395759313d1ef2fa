/* SPDX-License-Identifier: MIT */
#include "change.h"

#include "check/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1700000000 };

void change_open_img(struct change *c, struct img *img)
{
	struct e2_open_options o = { .flags = E2_OPEN_WRITE };
	struct e2_time now = { .sec = NOW };

	img_sync(img);
	cr_assert(e2_open(img_copy(img), &o, &c->fs) == 0, "%s", e2_err_detail());
	e2_fs_set_clock(c->fs, &now);
	cr_assert(e2_txn_begin(c->fs, false, &c->txn) == 0, "%s", e2_err_detail());
}

void change_open(struct change *c, const struct img_options *options)
{
	struct img img;

	img_new(&img, options);
	change_open_img(c, &img);
	img_free(&img);
}

void change_close(struct change *c)
{
	e2_txn_abort(c->txn);
	e2_close(c->fs);
}

void change_sound(struct change *c)
{
	struct e2_check_options o = { .no_read_ahead = true };
	struct e2_str text = E2_STR_INIT;
	struct e2_report *report;

	cr_assert(e2_txn_commit(c->txn) == 0, "%s", e2_err_detail());
	cr_assert(e2_check(c->fs, &o, &report) == 0, "%s", e2_err_detail());
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		e2_finding_object(report, f, &text);
		e2_str_add(&text, " ");
		e2_finding_field(report, f, &text);
		e2_str_add(&text, ": ");
		e2_finding_text(report, f, &text);
		e2_str_add(&text, "\n");
	}
	cr_assert(e2_report_errors(report) == 0, "%s", e2_str_text(&text));
	e2_str_free(&text);
	e2_report_free(report);
	cr_assert(e2_txn_begin(c->fs, false, &c->txn) == 0, "%s", e2_err_detail());
}

uint64_t change_digest(struct change *c)
{
	const struct e2_geometry *g = e2_geometry(c->fs);
	uint8_t *block = malloc(g->block_size);
	uint64_t hash = 0xcbf29ce484222325u;

	for (e2_blk blk = 0; blk < g->blocks; blk++) {
		cr_assert(e2_cache_read(e2_fs_cache(c->fs), blk, 1, block) == 0);
		for (uint32_t i = 0; i < g->block_size; i += 8)
			hash = (hash ^ e2_get64(block + i)) * 0x100000001b3u ^ hash >> 29;
	}
	free(block);
	return hash;
}

int change_try_make(struct change *c, e2_ino dir, const char *name, uint32_t mode, e2_ino *ino)
{
	struct e2_new what = { .mode = mode, .target = "target", .target_len = 6 };

	return e2_create(c->txn, dir, name, strlen(name), &what, ino);
}

e2_ino change_make(struct change *c, e2_ino dir, const char *name, uint32_t mode)
{
	e2_ino ino = 0;
	int r = change_try_make(c, dir, name, mode, &ino);

	cr_assert(r == 0, "%s: %s: %s", name, e2_strerror(r), e2_err_detail());
	return ino;
}

e2_ino change_mkdir(struct change *c, e2_ino dir, const char *name)
{
	return change_make(c, dir, name, E2_S_IFDIR | 0755);
}

e2_ino change_find(struct change *c, e2_ino dir, const char *name)
{
	e2_ino ino;
	int r = e2_dir_lookup(c->fs, dir, name, strlen(name), &ino);

	cr_assert(r == 0 || r == E2_ERR_NOENT, "%s: %s", name, e2_err_detail());
	return r == 0 ? ino : 0;
}

struct e2_inode change_inode(struct change *c, e2_ino ino)
{
	struct e2_inode in;

	cr_assert(e2_inode_get(c->fs, ino, &in) == 0, "%s", e2_err_detail());
	return in;
}

void change_put(struct change *c, e2_ino ino, const struct e2_inode *in)
{
	cr_assert(e2_inode_put(c->txn, ino, in) == 0, "%s", e2_err_detail());
}
