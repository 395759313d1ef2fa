/* SPDX-License-Identifier: MIT */
/*
 * Repairs of blocks of directories.
 *
 * Records are linked anew around the entries that are kept, which stay where they are; only
 * names in the place of "." and ".." move.  What is not kept becomes unused space, and its
 * bytes stay, for who looks for lost names.
 */
#include "check/fix_dirs.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_MIN = 12, HEAD = 24 };

struct block {			/* of a directory, to be linked anew */
	struct fix *fx;
	const struct e2_finding *f;
	e2_ino dir;
	e2_lblk lblk;
	struct e2_inode in;
	struct e2_wbuf *buf;
	struct ck_kept *kept;	/* owned; room for one more than a block can hold */
	size_t count;
	bool indexed;		/* the root of an index */
};

static size_t most(const struct fix *fx)
{
	return fx->ck->g->block_size / RECORD_MIN + 1;
}

/* 1 with the block pinned, 0 when it is no block of a directory any more, or negative. */
static int begin(struct fix *fx, const struct e2_finding *f, e2_lblk lblk, struct block *b)
{
	int err = e2_inode_get(fx->fs, f->ino, &b->in);

	b->fx = fx;
	b->f = f;
	b->dir = f->ino;
	b->lblk = lblk;
	if (err != 0)
		return err;
	if (!e2_is_dir(&b->in))
		return 0;
	err = e2_dir_edit(fx->txn, b->dir, &b->in, lblk, &b->buf);
	if (err != 0)
		return err;
	b->kept = malloc((most(fx) + 1) * sizeof(*b->kept));
	if (b->kept == NULL) {
		e2_txn_put(fx->txn, b->buf);
		return e2_fail(E2_ERR_NOMEM, "entries of a directory block");
	}
	b->indexed = lblk == 0 && (b->in.flags & E2_FL_INDEX) &&
		     e2_has_dir_index(fx->ck->super) && ck_is_index_root(fx->ck->g, b->buf->data);
	return 1;
}

static void end(struct block *b)
{
	e2_txn_put(b->fx->txn, b->buf);
	b->buf = NULL;
	free(b->kept);
	b->kept = NULL;
}

/* ---- linking --------------------------------------------------------------------- */

static uint32_t offset_of(const struct ck_kept *k)
{
	return (uint32_t)k->at4 * 4;
}

static void set_record(struct block *b, uint32_t at, uint32_t rec_len, uint8_t name_len)
{
	struct e2_dirent d;

	e2_dirent_decode(&d, b->buf->data + at);
	d.rec_len = rec_len > UINT16_MAX ? UINT16_MAX : (uint16_t)rec_len;
	d.name_len = name_len;
	e2_dirent_encode(&d, b->buf->data + at);
}

/* Lets the records from the i-th kept on cover the rest of the block. */
static void link_records(struct block *b, size_t first)
{
	uint32_t size = b->fx->ck->g->block_size;

	for (size_t i = first; i < b->count; i++) {
		uint32_t at = offset_of(&b->kept[i]);
		uint32_t next = i + 1 < b->count ? offset_of(&b->kept[i + 1]) : size;

		set_record(b, at, next - at, b->kept[i].name_len);
	}
}

/* A block that is not the first. */
static void link_plain(struct block *b)
{
	uint32_t at = b->count != 0 ? offset_of(&b->kept[0]) : 0;

	if (b->count == 0) {
		e2_block_clear(b->fx->ck->g, b->buf->data);
		return;
	}
	if (at >= RECORD_MIN) {
		memset(b->buf->data, 0, E2_DIRENT_BYTES);
		set_record(b, 0, at, 0);
	} else if (at != 0) {	/* no record fits before it */
		memmove(b->buf->data, b->buf->data + at, e2_entry_bytes(b->kept[0].name_len));
		b->kept[0].at4 = 0;
	}
	link_records(b, 0);
}

/* What the second entry leads to, if that can be. */
static e2_ino dotdot_of(const struct block *b)
{
	const struct ck *ck = b->fx->ck;
	struct e2_dirent d;
	const struct ck_inode *parent;

	e2_dirent_decode(&d, b->buf->data + 12);
	parent = ck_inode(ck, d.inode);
	if (b->dir != E2_INO_ROOT && parent != NULL && parent->type == E2_FT_DIR &&
	    b->buf->data[12 + E2_DIRENT_BYTES] == '.' && !ck_is_reserved(ck, d.inode) &&
	    (d.inode != b->dir || fix_parent(b->fx, b->dir) == 0))
		return d.inode;
	return fix_parent(b->fx, b->dir);
}

struct moved {
	uint8_t name[E2_NAME_MAX];
	uint8_t len, type;
	e2_ino ino;
};

/* The first block: "." and "..", and what stood in their place is taken out. */
static size_t link_head(struct block *b, struct moved moved[2])
{
	const struct e2_geometry *g = b->fx->ck->g;
	uint32_t size = g->block_size, next;
	e2_ino up = dotdot_of(b);
	size_t n = 0;

	while (n < b->count && n < 2 && offset_of(&b->kept[n]) < HEAD) {
		uint8_t *at = b->buf->data + offset_of(&b->kept[n]);
		struct e2_dirent d;

		e2_dirent_decode(&d, at);
		moved[n].ino = d.inode;
		moved[n].type = d.file_type;
		moved[n].len = b->kept[n].name_len;
		memcpy(moved[n].name, at + E2_DIRENT_BYTES, moved[n].len);
		n++;
	}
	next = b->indexed || n == b->count ? size : offset_of(&b->kept[n]);
	e2_entry_write(g, b->buf->data, &(struct e2_entry){
		.ino = b->dir, .rec_len = 12, .file_type = E2_FT_DIR,
		.name = (const uint8_t *)".", .name_len = 1 });
	e2_entry_write(g, b->buf->data, &(struct e2_entry){
		.ino = up, .rec_len = next - 12, .file_type = E2_FT_DIR, .offset = 12,
		.name = (const uint8_t *)"..", .name_len = 2 });
	if (!b->indexed)
		link_records(b, n);
	return n;
}

/* Writes the block with what is kept, and ends it. */
static int relink(struct block *b)
{
	struct moved moved[2];
	struct fix *fx = b->fx;
	size_t count = 0;
	e2_ino dir = b->dir;
	int err = 0;

	if (b->lblk == 0)
		count = link_head(b, moved);
	else
		link_plain(b);
	end(b);
	e2_dir_memo_drop(fx->txn, dir);
	for (size_t i = 0; i < count && err == 0; i++)
		err = fix_put_name(fx, dir, moved[i].name, moved[i].len, moved[i].ino,
				   moved[i].type);
	return err != 0 ? err : 1;
}

/* ---- damaged blocks ------------------------------------------------------------------- */

static bool is_covered(const struct e2_geometry *g, const uint8_t *data)
{
	uint32_t at = 0;
	struct e2_entry e;
	int r;

	while ((r = e2_entry_at(g, data, at, &e)) > 0)
		at += e.rec_len;
	if (r < 0)
		e2_err_clear();
	return r == 0;
}

/* Tells what of a damaged block could not be kept. */
static int tell_damage(struct block *b, const struct e2_finding *f)
{
	const uint8_t *data = b->buf->data;
	struct e2_dirent d;
	bool kept = false;

	if (b->count == 0 && b->lblk != 0)
		return fix_lose_name(b->fx, f, b->dir, NULL, 0,
				     "its names in a damaged block, if there were any");
	if (f->index + RECORD_MIN > b->fx->ck->g->block_size)
		return 0;
	for (size_t i = 0; i < b->count; i++)
		kept |= offset_of(&b->kept[i]) == f->index;
	e2_dirent_decode(&d, data + f->index);
	if (kept || d.inode == 0 || (b->lblk == 0 && f->index < HEAD) || b->indexed)
		return 0;
	if (d.name_len <= b->fx->ck->g->block_size - f->index - E2_DIRENT_BYTES &&
	    e2_name_problem(data + f->index + E2_DIRENT_BYTES, d.name_len) == NULL)
		return fix_lose_name(b->fx, f, b->dir, data + f->index + E2_DIRENT_BYTES,
				     d.name_len, "its entry is damaged");
	return 0;
}

int fix_dir_damaged(struct fix *fx, struct e2_finding *f)
{
	const struct ck_damaged *d = ck_damaged_find(fx->ck, f->ino, f->lblk);
	struct block b = { .fx = fx };
	int n;

	if (d == NULL || !d->planned)
		return 0;
	n = begin(fx, f, f->lblk, &b);
	if (n <= 0)
		return n;
	if (b.buf->blk != d->blk || is_covered(fx->ck->g, b.buf->data)) {
		end(&b);
		return 0;
	}
	if (d->count != 0)
		memcpy(b.kept, fx->ck->kept + d->first, d->count * sizeof(*b.kept));
	b.count = d->count;
	n = tell_damage(&b, f);
	if (n != 0) {
		end(&b);
		return n;
	}
	if (b.count == 0 && b.lblk != 0)
		fix_will(f, "no entry is in block %llu: it will be an empty one",
			 (unsigned long long)d->blk);
	else
		fix_will(f, "its %zu entr%s will be linked again", b.count,
			 b.count == 1 ? "y" : "ies");
	return relink(&b);
}

/* ---- "." and ".." -------------------------------------------------------------------- */

/* Whether an entry in the place of "." or ".." is one to be kept elsewhere. */
static bool is_other(const struct block *b, const struct e2_entry *e)
{
	const struct ck_inode *target = ck_inode(b->fx->ck, e->ino);

	if (e->ino == 0 || e->ino == b->dir || target == NULL || e->name_len == 0 ||
	    ck_is_reserved(b->fx->ck, e->ino) || e->name[0] == '.')
		return false;
	return target->type != E2_FT_DIR || e->name_len > (e->offset == 0 ? 2u : 3u);
}

/* The entries of a block that is whole, and those that a first record of a wrong length hides. */
static int list_entries(struct block *b)
{
	struct e2_entry e;
	struct ck_damaged of = { .dir = b->dir, .lblk = (uint32_t)b->lblk,
				 .blk = (uint32_t)b->buf->blk, .indexed = b->indexed };

	if (e2_entry_at(b->fx->ck->g, b->buf->data, 0, &e) > 0 && e.rec_len != 12 &&
	    memcmp(b->buf->data + 12 + E2_DIRENT_BYTES, "..", 3) == 0)
		return ck_salvage(b->fx->ck, &of, b->buf->data, b->kept, &b->count);
	b->count = 0;
	for (uint32_t at = 0; e2_entry_at(b->fx->ck->g, b->buf->data, at, &e) > 0; at += e.rec_len)
		if (at >= HEAD ? e.ino != 0 : is_other(b, &e))
			b->kept[b->count++] = (struct ck_kept){ (uint16_t)(at / 4),
								(uint8_t)e.name_len };
	return 0;
}

static bool is_plain_dot(const uint8_t *at, const char *name, e2_ino ino)
{
	size_t len = strlen(name);
	struct e2_dirent d;

	e2_dirent_decode(&d, at);
	return d.name_len == len && memcmp(at + E2_DIRENT_BYTES, name, len + 1) == 0 &&
	       (ino != 0 ? d.inode == ino && d.rec_len == 12 : d.inode != 0);
}

static int fix_head(struct fix *fx, struct e2_finding *f)
{
	struct block b = { .fx = fx };
	int n = begin(fx, f, 0, &b);

	if (n <= 0)
		return n;
	if (!is_covered(fx->ck->g, b.buf->data) ||
	    (is_plain_dot(b.buf->data, ".", b.dir) && is_plain_dot(b.buf->data + 12, "..", 0))) {
		end(&b);
		return 0;
	}
	n = list_entries(&b);
	if (n != 0) {
		end(&b);
		return n;
	}
	if (b.count != 0 && offset_of(&b.kept[0]) < HEAD)
		fix_will(f, "will be made again; the name in its place is kept");
	else if (f->id != E2_PROBLEM_DIR_DOT_INODE)
		fix_will(f, "will be made again");
	return relink(&b);
}

int fix_dir_dot(struct fix *fx, struct e2_finding *f)
{
	return fix_head(fx, f);
}

int fix_dir_dotdot(struct fix *fx, struct e2_finding *f)
{
	return fix_head(fx, f);
}

/* ---- holes ------------------------------------------------------------------------------ */

enum { FEW = 8 };	/* blocks that a hole is filled with; a larger one is closed */

/* Gives a directory an empty block, the first with "." and "..". */
static int fill_hole(struct fix *fx, struct e2_finding *f, struct e2_inode *in, e2_lblk lblk)
{
	struct block b = { .fx = fx };
	struct e2_wbuf *buf;
	struct e2_run run;
	bool fresh;
	int err = e2_map_alloc(fx->txn, f->ino, in, lblk, 1, 0, &run, &fresh);

	if (err == 0)
		err = e2_inode_put(fx->txn, f->ino, in);
	if (err == 0)
		err = e2_txn_get(fx->txn, run.blk, E2_FILL_ZERO, &buf);
	if (err != 0)
		return err;
	e2_block_clear(fx->ck->g, buf->data);
	e2_txn_put(fx->txn, buf);
	if (lblk != 0)
		return 0;
	err = begin(fx, f, 0, &b);
	if (err > 0)
		err = relink(&b);
	return err < 0 ? err : 0;
}

/* Moves the blocks behind a hole to its place. */
static int close_hole(struct fix *fx, e2_ino ino, struct e2_inode *in, e2_lblk hole, e2_lblk from,
		      e2_lblk blocks)
{
	e2_lblk to = hole;
	int err = 0;

	while (from < blocks && err == 0) {
		struct e2_run run, at;
		const struct e2_buf *old;
		bool fresh;

		err = e2_map(fx->fs, in, from, &run);
		if (err != 0)
			break;
		if (run.blk == 0) {
			from += run.count;
			continue;
		}
		err = e2_map_alloc(fx->txn, ino, in, to, 1, 0, &at, &fresh);
		if (err == 0)
			err = e2_buf_get(fx->fs, run.blk, &old);
		if (err != 0)
			break;
		err = e2_txn_write(fx->txn, at.blk, 1, old->data);
		e2_buf_put(fx->fs, old);
		if (err == 0)
			err = e2_map_punch(fx->txn, ino, in, from, 1);
		from++;
		to++;
	}
	if (err == 0)
		e2_inode_set_size(in, (uint64_t)to << fx->ck->g->block_bits);
	return err != 0 ? err : e2_inode_put(fx->txn, ino, in);
}

int fix_dir_hole(struct fix *fx, struct e2_finding *f)
{
	uint64_t blocks;
	struct e2_inode in;
	struct e2_run run;
	e2_lblk end;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err == 0 && e2_is_dir(&in))
		err = e2_map(fx->fs, &in, f->lblk, &run);
	if (err != 0)
		return err;
	blocks = e2_dir_blocks(fx->fs, &in);
	if (!e2_is_dir(&in) || run.blk != 0 || f->lblk >= blocks)
		return 0;
	for (end = f->lblk + run.count; end < blocks; end = run.lblk + run.count) {
		err = e2_map(fx->fs, &in, end, &run);
		if (err != 0)
			return err;
		if (run.blk != 0)
			break;
	}
	e2_dir_memo_drop(fx->txn, f->ino);
	if (end >= blocks && f->lblk != 0) {
		e2_inode_set_size(&in, (uint64_t)f->lblk << fx->ck->g->block_bits);
		fix_will(f, "the directory will end there");
		err = e2_inode_put(fx->txn, f->ino, &in);
		return err != 0 ? err : 1;
	}
	if (f->lblk != 0 && end - f->lblk > FEW) {
		fix_will(f, "the blocks behind it will move there");
		err = close_hole(fx, f->ino, &in, f->lblk, end, blocks);
		return err != 0 ? err : 1;
	}
	fix_will(f, "will be an empty block");
	err = fill_hole(fx, f, &in, f->lblk);
	return err != 0 ? err : 1;
}

/* ---- unreadable blocks -------------------------------------------------------------- */

int fix_dir_unreadable(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0)
		return err;
	if (!e2_is_dir(&in) || f->lblk >= e2_dir_blocks(fx->fs, &in))
		return 0;
	err = fix_lose_name(fx, f, f->ino, NULL, 0, "its names in a block that cannot be read");
	if (err == 0)
		err = e2_map_punch(fx->txn, f->ino, &in, f->lblk, 1);
	if (err == 0)
		err = fill_hole(fx, f, &in, f->lblk);
	return err != 0 ? err : 1;
}
