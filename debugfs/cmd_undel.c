/* SPDX-License-Identifier: MIT */
/*
 * undel: a removed file gets its inode, its blocks and a name back, or is copied to the host.
 *
 * Back in the volume goes only what is whole: every block it points to must be free, and is taken
 * again, or, of an inode that merely lost its names, be claimed by nobody else.
 */
#include "consequence.h"
#include "host_file.h"
#include "pieces.h"
#include "relic.h"
#include "spot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RANGES_SHOWN = 3, PIECE = 256 * 1024 };

/* ---- what is there ---------------------------------------------------------------- */

static int look(struct shell *sh, struct relic *r)
{
	uint64_t steps = 2 * e2_geometry(sh->fs)->blocks;
	struct e2_bitset *used = NULL;
	int err = e2_inode_used(sh->fs, r->ino, &r->held);

	if (!err)
		err = r->held ? relic_claimed_blocks(sh->fs, &used) :
			relic_used_blocks(sh->fs, &used);
	if (!err)
		err = relic_look(sh->fs, used, &steps, r);
	e2_bitset_free(used);
	return err;
}

static int check(struct shell *sh, const struct relic *r)
{
	struct e2_super super;
	int err = e2_super_get(sh->fs, &super);

	if (err)
		return err;
	if (r->in.links_count)
		return e2_fail(E2_ERR_INVAL, "<%u>: is not removed, it has %u %s", r->ino,
			       r->in.links_count, r->in.links_count == 1 ? "link" : "links");
	if (!relic_is(&r->in))
		return e2_fail(E2_ERR_NOENT, "<%u>: is an unused inode, no removed file", r->ino);
	if (e2_is_dir(&r->in))
		return e2_fail(E2_ERR_ISDIR, "<%u>: was a directory; files it had are undeleted "
			       "one by one", r->ino);
	if ((e2_is_reg(&r->in) || e2_is_symlink(&r->in)) && !relic_shows(sh->fs, &r->in))
		return e2_fail(E2_ERR_NODATA, "<%u>: nothing is left of its content", r->ino);
	if (r->held && super.last_orphan)
		return e2_fail(E2_ERR_BUSY, "<%u>: may be one of the orphans that the superblock "
			       "lists; extant-fsck settles them", r->ino);
	return 0;
}

/* "bytes 4096-7167", the first few of them, no further than the size. */
static void add_gaps(struct shell *sh, struct e2_str *s, const struct relic *r)
{
	uint64_t bs = e2_geometry(sh->fs)->block_size, size = e2_inode_size(&r->in);
	size_t shown = 0;

	e2_str_add(s, "bytes ");
	for (size_t i = 0; i < r->missing_count && shown < RANGES_SHOWN; i++) {
		uint64_t from = r->missing[i].first * bs, end = from + r->missing[i].count * bs;

		if (from >= size)
			continue;
		end = end < size ? end : size;
		e2_str_addf(s, "%s%" PRIu64 "-%" PRIu64, shown++ ? ", " : "", from, end - 1);
	}
	if (shown == 0)
		e2_str_add(s, "behind its end");
	if (r->missing_count > RANGES_SHOWN)
		e2_str_addf(s, " and %zu ranges more", r->missing_count - RANGES_SHOWN);
}

static int fail_lost(struct shell *sh, const struct relic *r)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	add_gaps(sh, &s, r);
	err = e2_fail(E2_ERR_BUSY, "<%u>: %" PRIu64 " of its %" PRIu64 " blocks %s to others now "
		      "(%s)", r->ino, r->lost, r->blocks, r->lost == 1 ? "belongs" : "belong",
		      e2_str_text(&s));
	e2_str_free(&s);
	return shell_advise(sh, err, "undel --partial --to FILE");
}

/* ---- to the host -------------------------------------------------------------------- */

static int write_all(int fd, const uint8_t *data, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);

		if (n < 0 && errno != EINTR)
			return e2_fail_errno(errno, "writing");
		if (n < 0)
			continue;
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* The blocks that are its own; the others stay holes. */
static int copy_blocks(struct shell *sh, const struct relic *r, int fd, uint8_t *data)
{
	uint64_t bs = e2_geometry(sh->fs)->block_size, size = e2_inode_size(&r->in), at = 0;
	uint64_t start, end;
	int err;

	while ((err = e2_data_next(sh->fs, &r->in, at, &start, &end)) > 0) {
		err = 0;
		for (at = start; at < end && !err; ) {
			uint64_t stop = end - at < PIECE ? end : at + PIECE;
			bool lost = false;
			size_t got;

			for (size_t i = 0; i < r->missing_count && !lost; i++) {
				uint64_t from = r->missing[i].first * bs;
				uint64_t to = from + r->missing[i].count * bs;

				if (at >= from && at < to) {
					lost = true;
					stop = to;
				} else if (from > at && from < stop) {
					stop = from;
				}
			}
			if (!lost) {
				err = e2_read(sh->fs, &r->in, at, (size_t)(stop - at), data, &got);
				if (!err)
					err = write_all(fd, data, got, at);
			}
			at = stop;
		}
		if (err || at >= size)
			break;
	}
	return err < 0 ? err : 0;
}

/* Its content into a file of the host. */
static int fill(struct shell *sh, const struct relic *r, struct host_file *f, uint8_t *data)
{
	struct e2_str text = E2_STR_INIT;
	int err;

	if (fchmod(f->fd, 0600))	/* what was removed is the user's alone */
		return e2_fail_errno(errno, "setting its mode");
	if (!e2_is_symlink(&r->in)) {
		err = copy_blocks(sh, r, f->fd, data);
		if (!err && ftruncate(f->fd, (off_t)e2_inode_size(&r->in)))
			err = e2_fail_errno(errno, "setting its length");
		return err;
	}
	err = e2_symlink_read(sh->fs, &r->in, &text);
	if (!err)
		err = host_file_write(f, text.text, text.len);
	e2_str_free(&text);
	return err;
}

static int fail_exists(const char *path)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, path, strlen(path));
	err = e2_fail(E2_ERR_EXIST, "%s: exists already", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

static int copy_out(struct shell *sh, const struct relic *r, const char *path)
{
	struct e2_str text = E2_STR_INIT;
	struct host_file file;
	struct stat st;
	uint8_t *data;
	int err = host_file_check(sh, path);

	if (!err && lstat(path, &st) == 0)
		err = fail_exists(path);
	if (err)
		return err;
	data = malloc(PIECE);
	err = data ? host_file_begin(sh, &file, path) :
		e2_fail(E2_ERR_NOMEM, "no memory for %d bytes", PIECE);
	if (!err) {
		err = fill(sh, r, &file, data);
		err = host_file_end(&file, err);
	}
	if (!err && r->lost) {
		e2_str_addf(&text, "<%u>: zeros stand for ", r->ino);
		add_gaps(sh, &text, r);
		shell_note(sh, e2_str_text(&text));
	}
	e2_str_free(&text);
	free(data);
	return err;
}

/* ---- back into the volume -------------------------------------------------------------- */

static int take_run(struct e2_txn *txn, e2_blk blk, uint64_t count)
{
	while (count) {
		uint64_t got;
		e2_blk first;
		int err = e2_alloc_blocks(txn, blk, count, &first, &got);

		if (err)
			return err;
		if (first != blk)
			return e2_fail(E2_ERR_BUSY, "block %" PRIu64 " is not free before the next "
				       "commit", blk);
		blk += got;
		count -= got;
	}
	return 0;
}

/* The inode number and the blocks, all read before the first is taken. */
static int take_all(struct shell *sh, struct relic *r)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct pieces p;
	int err = pieces_read(sh->fs, &r->in, &p);

	if (err)
		return err;
	if (!r->held)
		err = e2_take_inode(sh->txn, r->ino, false);
	for (size_t i = 0; i < p.count && !err && !r->held; i++)
		err = take_run(sh->txn, p.at[i].blk, p.at[i].count);
	if (!r->held && r->in.file_acl) {	/* others may have had a share of it */
		r->in.file_acl = 0;
		shell_note(sh, "its attributes in a block of their own are not restored");
	}
	if (!r->held)
		r->in.blocks = (uint32_t)((p.data + p.pointers) * (g->block_size / 512));
	pieces_free(&p);
	return err;
}

struct wanted_name { e2_ino ino; struct e2_str path; };

static int take_name(void *context, e2_ino dir, const char *path, const struct e2_entry *e)
{
	struct wanted_name *w = context;

	(void)dir;
	if (e->ino != w->ino || w->path.len)
		return 0;
	e2_str_addf(&w->path, "%s/", strcmp(path, "/") ? path : "");
	e2_str_add_bytes(&w->path, e->name, e->name_len);
	return e2_str_status(&w->path);
}

/* A directory that gets a name has been changed, as by any other command. */
static int touch_dir(struct shell *sh, e2_ino dir)
{
	struct e2_inode in;
	int err = e2_inode_get(sh->fs, dir, &in);

	if (err)
		return err;
	e2_inode_touch(sh->txn, &in, true);
	return e2_inode_put(sh->txn, dir, &in);
}

static int put_back(struct shell *sh, struct relic *r, const struct arg *name)
{
	struct wanted_name w = { .ino = r->ino, .path = E2_STR_INIT };
	struct spot spot = { 0 };
	int err = name ? 0 : relic_names(sh, take_name, &w);

	if (!err && !name && !w.path.len)
		err = shell_misused(sh, e2_fail(E2_ERR_NOENT, "<%u>: its name is not known; NAME "
						"is missing", r->ino));
	if (!err)
		err = spot_find(sh, name ? name->text : w.path.text, false, &spot);
	if (!err)
		err = spot_must_be_name(&spot);
	if (!err)
		err = spot_must_be_free(&spot, false);
	if (!err)
		err = take_all(sh, r);
	r->in.dtime = 0;
	r->in.links_count = 1;
	e2_inode_touch(sh->txn, &r->in, false);
	if (!err)
		err = e2_inode_put(sh->txn, r->ino, &r->in);
	if (!err)	/* e2_link() takes no inode without links */
		err = e2_raw_link(sh->txn, spot.dir, spot.name.text, spot.name.len, r->ino,
				  (uint8_t)e2_inode_file_type(r->in.mode));
	if (!err)
		err = touch_dir(sh, spot.dir);
	if (!err && name == NULL) {
		struct e2_str s = E2_STR_INIT;

		e2_str_addf(&s, "<%u> is ", r->ino);
		e2_str_add_name(&s, spot.path.text, spot.path.len);
		e2_str_add(&s, " again");
		shell_note(sh, e2_str_text(&s));
		e2_str_free(&s);
	}
	spot_free(&spot);
	e2_str_free(&w.path);
	return err;
}

int cmd_undel(struct shell *sh, const struct args *args)
{
	const struct arg *to = args_value(args, "--to");
	struct relic r = { .ino = args_get(args, "INO")->ino };
	bool partial = args_has(args, "--partial");
	int err = e2_inode_get(sh->fs, r.ino, &r.in);

	if (partial && !to)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "--partial needs --to"));
	if (!err)
		err = check(sh, &r);
	if (!err)
		err = look(sh, &r);
	if (!err && r.lost && !partial)
		err = fail_lost(sh, &r);
	if (!err && !to)
		consequence_watch(sh);
	if (!err)
		err = to ? copy_out(sh, &r, to->text) : put_back(sh, &r, args_get(args, "NAME"));
	relic_free(&r);
	return err;
}
