/* SPDX-License-Identifier: MIT */
/*
 * The data of a file into an archive.
 *
 * Where it lies is found first, because a file with holes begins with a map of its data.
 */
#include "host/tar_out_parts.h"

#include "base/checked.h"
#include "base/grow.h"

#include <stdio.h>
#include <string.h>

/* ---- where it lies ----------------------------------------------------------------- */

static int add_piece(struct e2_tar *t, e2_lblk lblk, e2_blk blk, uint64_t count)
{
	struct e2_tar_piece *p = t->piece_count > 0 ? &t->pieces[t->piece_count - 1] : NULL;

	if (p && p->lblk + p->count == lblk && p->blk + p->count == blk &&
	    count <= UINT32_MAX - p->count) {
		p->count += (uint32_t)count;
		return 0;
	}
	p = e2_grow(t->pieces, &t->pieces_cap, t->piece_count + 1, sizeof(*p));
	if (!p)
		return E2_ERR_NOMEM;
	t->pieces = p;
	p[t->piece_count++] = (struct e2_tar_piece){ lblk, (uint32_t)blk, (uint32_t)count };
	return 0;
}

static int find_along_pointers(struct e2_tar *t, const struct e2_inode *in, e2_lblk blocks,
			       bool *damage)
{
	struct e2_blocks *walk;
	struct e2_walk_block b;
	int r = e2_blocks_begin(t->fs, in, &walk);

	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		*damage |= b.status != 0;
		if (b.status || b.level != 0 || b.lblk >= blocks)
			continue;
		r = add_piece(t, b.lblk, b.blk,
			      b.count < blocks - b.lblk ? b.count : blocks - b.lblk);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	return r;
}

static int find_by_map(struct e2_tar *t, const struct e2_inode *in, e2_lblk blocks, bool *damage)
{
	struct e2_run run;
	uint64_t skip, count;
	int r;

	for (e2_lblk lblk = 0; lblk < blocks; lblk += count) {
		count = 1;
		r = e2_map(t->fs, in, lblk, &run);
		if (r == E2_ERR_CORRUPT || r == E2_ERR_IO) {
			*damage = true;
			continue;
		}
		if (r)
			return r;
		skip = lblk - run.lblk;
		count = run.count - skip < blocks - lblk ? run.count - skip : blocks - lblk;
		r = run.blk ? add_piece(t, lblk, run.blk + skip, count) : 0;
		if (r)
			return r;
	}
	return 0;
}

/* Fills t->pieces; *data is their bytes within the file. */
static int find_data(struct e2_tar *t, const struct e2_inode *in, uint64_t size, uint64_t *data,
		     bool *damage)
{
	const struct e2_geometry *g = e2_geometry(t->fs);
	e2_lblk blocks = e2_div_up(size, g->block_size);
	int r;

	t->piece_count = 0;
	if (blocks <= (uint64_t)E2_DIRECT + g->pointers)
		r = find_by_map(t, in, blocks, damage);
	else
		r = find_along_pointers(t, in, blocks, damage);
	if (r)
		return r;
	*data = 0;
	for (size_t i = 0; i < t->piece_count; i++) {
		const struct e2_tar_piece *p = &t->pieces[i];
		uint64_t end = (p->lblk + p->count) * g->block_size;

		*data += (end < size ? end : size) - p->lblk * g->block_size;
	}
	return 0;
}

/* ---- the map of a file with holes ---------------------------------------------------- */

/* Numbers in decimal, a line each: how many pieces, then offset and length of each. */
static void add_map(struct e2_tar *t, uint64_t size, struct e2_str *map)
{
	static const uint8_t zeros[E2_TAR_BLOCK];
	uint32_t unit = e2_geometry(t->fs)->block_size;
	uint64_t start, end = 0, count = 1;
	size_t i, head;
	struct e2_str lines = E2_STR_INIT;

	for (i = 0; i < t->piece_count; i++) {		/* what lies together in the file is one */
		start = t->pieces[i].lblk * unit;
		for (; i + 1 < t->piece_count &&
		       t->pieces[i].lblk + t->pieces[i].count == t->pieces[i + 1].lblk; i++)
			;
		end = (t->pieces[i].lblk + t->pieces[i].count) * unit;
		end = end < size ? end : size;
		e2_str_addf(&lines, "%llu\n%llu\n", (unsigned long long)start,
			    (unsigned long long)(end - start));
		count++;
	}
	if (end < size)
		e2_str_addf(&lines, "%llu\n0\n", (unsigned long long)size);
	else
		count--;
	head = map->len;
	e2_str_addf(map, "%llu\n", (unsigned long long)count);
	e2_str_add_bytes(map, e2_str_text(&lines), lines.len);
	e2_str_add_bytes(map, zeros, e2_tar_padding(map->len - head));
	map->failed |= lines.failed;
	e2_str_free(&lines);
}

/* ---- the data -------------------------------------------------------------------------- */

/* Blocks that fit into the buffer; what cannot be read is zeros. */
static int read_blocks(struct e2_tar *t, e2_blk blk, uint64_t count, bool *damage)
{
	uint32_t unit = e2_geometry(t->fs)->block_size;
	uint8_t *to = t->buffer + t->held;
	int r = e2_ahead_read(&t->ahead, blk, count, to);

	for (uint64_t i = 0; r == E2_ERR_IO && i < count; i++) {
		uint8_t *one = to + i * unit;
		int err = e2_cache_read(e2_fs_cache(t->fs), blk + i, 1, one);

		if (err && err != E2_ERR_IO)
			return err;
		if (err)
			memset(one, 0, unit);
		*damage |= err != 0;
	}
	return r == E2_ERR_IO ? 0 : r;
}

static int put_piece(struct e2_tar *t, const struct e2_tar_piece *p, uint64_t size, bool *damage)
{
	uint32_t unit = e2_geometry(t->fs)->block_size;
	uint64_t left = size - p->lblk * unit, bytes;
	uint64_t blk = p->blk, count = p->count, n;
	int r;

	for (; count > 0; blk += n, count -= n, left -= bytes) {
		n = (E2_TAR_BUFFER - t->held) / unit;
		if (n == 0) {
			r = e2_tar_flush(t);
			if (r)
				return r;
			n = E2_TAR_BUFFER / unit;
		}
		n = n < count ? n : count;
		r = read_blocks(t, blk, n, damage);
		if (r)
			return r;
		bytes = n * unit < left ? n * unit : left;
		t->held += (size_t)bytes;
	}
	return 0;
}

int e2_tar_file(struct e2_tar *t, const struct e2_inode *in, struct e2_tar_entry *e)
{
	static const uint8_t zeros[E2_TAR_BLOCK];
	uint64_t size = e2_inode_size(in), data;
	struct e2_str map = E2_STR_INIT;
	bool damage = false;
	int r;

	if (size > INT64_MAX)
		return e2_fail(E2_ERR_FBIG, "the file has %llu bytes", (unsigned long long)size);
	if (size > 0 && !e2_inode_has_blocks(t->fs, in))
		return e2_fail(E2_ERR_UNSUPPORTED, "data is stored as extents or inline");
	r = find_data(t, in, size, &data, &damage);
	if (r)
		return r;
	if (data > t->bytes_left) {
		t->fatal = true;
		return e2_fail(E2_ERR_FBIG, "more data than the image holds: blocks belong to "
			       "several files");
	}
	t->bytes_left -= data;
	e->type = E2_TAR_FILE;
	e->sparse = data < size;
	e->real_size = size;
	if (e->sparse)
		add_map(t, size, &map);
	e->size = map.len + data;
	r = e2_str_status(&map);
	if (!r)
		r = e2_tar_head(t, e);
	if (!r)
		r = e2_tar_put(t, map.text, map.len);
	e2_str_free(&map);
	for (size_t i = 0; i < t->piece_count && !r; i++)
		r = put_piece(t, &t->pieces[i], size, &damage);
	if (!r)
		r = e2_tar_put(t, zeros, e2_tar_padding(data));
	if (r) {
		t->fatal = true;	/* the header has promised e->size bytes */
		return r;
	}
	t->stats.bytes += data;
	t->stats.files++;
	if (damage)
		e2_tar_warn(t, e2_fail(E2_ERR_CORRUPT, "some of its data cannot be read"));
	return 0;
}
