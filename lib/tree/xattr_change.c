/* SPDX-License-Identifier: MIT */
/*
 * Changing the attributes of one inode, with the places the kernel's ext4 driver chooses: in
 * the inode where there is room, else in the block.
 *
 * Areas are small, so that they are written anew rather than edited.  A block that others
 * share is left to them.
 */
#include "tree/xattr_change.h"

#include "base/endian.h"
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

static uint32_t sectors(struct e2_fs *fs)
{
	return e2_geometry(fs)->block_size / 512;
}

/* ---- reading ------------------------------------------------------------------ */

int e2_xattr_any(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, bool *any)
{
	uint32_t size = e2_geometry(fs)->inode_size, offset, at;
	const struct e2_buf *buf;
	e2_blk blk;
	int r;

	*any = in->file_acl != 0;
	at = (uint32_t)E2_INODE_BYTES + in->extra_isize;
	if (*any || size <= E2_INODE_BYTES || at > size - E2_XATTR_IBODY_BYTES)
		return 0;
	r = e2_inode_locate(fs, ino, &blk, &offset);
	if (r == 0)
		r = e2_buf_get(fs, blk, &buf);
	if (r)
		return r;
	*any = e2_get32(buf->data + offset + at) == (uint32_t)E2_XATTR_MAGIC;
	e2_buf_put(fs, buf);
	return 0;
}

static int insert(struct e2_xattr_place *p, size_t at, const struct e2_xattr_item *x)
{
	struct e2_xattr_item *v = e2_grow(p->v, &p->cap, p->count + 1, sizeof(*v));

	if (v == NULL)
		return E2_ERR_NOMEM;
	p->v = v;
	memmove(v + at + 1, v + at, (p->count - at) * sizeof(*v));
	v[at] = *x;
	p->count++;
	p->bytes += e2_xattr_item_bytes(x);
	return 0;
}

/* Where an attribute stands among sorted ones, or would. */
static size_t rank(const struct e2_xattr_place *p, const struct e2_xattr_item *x)
{
	size_t i = p->count;

	while (i > 0 && e2_xattr_item_compare(&p->v[i - 1], x) >= 0)
		i--;
	return i;
}

int e2_xattr_place_add(struct e2_xattr_place *p, const struct e2_xattr_item *x)
{
	return insert(p, p->sorted ? rank(p, x) : p->count, x);
}

static int load_area(struct e2_xattr_place *p, struct e2_xattr_area *area)
{
	struct e2_xattr_item x;
	int r;

	while ((r = e2_xattr_area_next(area, &x)) > 0) {
		r = e2_xattr_place_add(p, &x);
		if (r)
			return r;
	}
	/* Values that share bytes take more than the area once they are apart. */
	if (r == 0 && p->bytes > p->room)
		r = e2_xattr_area_damaged(area, "values overlap each other, in all bytes",
					  p->bytes);
	return r;
}

/* Proves that a block may hold attributes. */
static int check_block(struct e2_fs *fs, e2_blk blk)
{
	enum e2_role role;
	e2_grp group;
	int r;

	if (!e2_block_valid(e2_geometry(fs), blk))
		return e2_fail(E2_ERR_CORRUPT, "attribute block %llu lies outside the volume",
			       (unsigned long long)blk);
	r = e2_block_role(fs, blk, &role, &group);
	if (r == 0 && role != E2_ROLE_NONE)
		r = e2_fail(E2_ERR_CORRUPT,
			    "attribute block %llu belongs to the volume's own structures",
			    (unsigned long long)blk);
	return r;
}

static int check_refs(e2_blk blk, uint32_t refs)
{
	if (refs != 0)
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "attribute block %llu: its count of users is 0",
		       (unsigned long long)blk);
}

static int load_block(struct e2_xattr_change *c)
{
	struct e2_fs *fs = e2_txn_fs(c->txn);
	const struct e2_geometry *g = e2_geometry(fs);
	e2_blk blk = c->in->file_acl;
	struct e2_xattr_area area;
	const struct e2_buf *buf;
	int r;

	if (blk == 0)
		return 0;
	r = check_block(fs, blk);
	if (r)
		return r;
	c->block = malloc(g->block_size);
	if (c->block == NULL)
		return e2_fail(E2_ERR_NOMEM, "inode %u: its attributes", c->ino);
	r = e2_buf_get(fs, blk, &buf);
	if (r)
		return r;
	memcpy(c->block, buf->data, g->block_size);
	e2_buf_put(fs, buf);
	r = e2_xattr_area_block(g, c->ino, blk, c->block, &area, &c->refs);
	if (r == 0)
		r = check_refs(blk, c->refs);
	return r != 0 ? r : load_area(&c->outside, &area);
}

int e2_xattr_change_afresh(struct e2_xattr_change *c, struct e2_txn *txn, e2_ino ino,
			   struct e2_inode *in)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));

	*c = (struct e2_xattr_change){ .txn = txn, .ino = ino, .in = in };
	c->outside.sorted = true;
	c->outside.room = e2_xattr_block_room(g->block_size);
	c->raw = malloc(g->inode_size);
	if (c->raw == NULL)
		return e2_fail(E2_ERR_NOMEM, "inode %u: its attributes", ino);
	if (g->inode_size > E2_INODE_BYTES && in->extra_isize % 4 == 0)
		c->inside.room = e2_xattr_inode_room(g->inode_size, in->extra_isize);
	return 0;
}

int e2_xattr_change_begin(struct e2_xattr_change *c, struct e2_txn *txn, e2_ino ino,
			  struct e2_inode *in)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_xattr_area area;
	int r;

	r = e2_xattr_change_afresh(c, txn, ino, in);
	if (r == 0)
		r = e2_inode_raw(fs, ino, c->raw);
	if (r == 0)
		r = e2_xattr_area_inode(e2_geometry(fs), ino, c->raw, &area);
	if (r == 0)
		r = load_area(&c->inside, &area);
	return r != 0 ? r : load_block(c);
}

void e2_xattr_change_end(struct e2_xattr_change *c)
{
	free(c->raw);
	free(c->block);
	free(c->inside.v);
	free(c->outside.v);
}

/* ---- changing ----------------------------------------------------------------- */

/* Its index, or count. */
static size_t find(const struct e2_xattr_place *p, unsigned index, const void *name, size_t len)
{
	size_t i = 0;

	while (i < p->count && (p->v[i].name_index != index || p->v[i].name_len != len ||
				memcmp(p->v[i].name, name, len) != 0))
		i++;
	return i;
}

static void take_out(struct e2_xattr_place *p, size_t at)
{
	p->bytes -= e2_xattr_item_bytes(&p->v[at]);
	p->count--;
	memmove(p->v + at, p->v + at + 1, (p->count - at) * sizeof(*p->v));
	p->changed = true;
}

const struct e2_xattr_item *e2_xattr_change_find(const struct e2_xattr_change *c, unsigned index,
						 const void *name, size_t len)
{
	size_t i = find(&c->inside, index, name, len), o = find(&c->outside, index, name, len);

	if (i < c->inside.count)
		return &c->inside.v[i];
	return o < c->outside.count ? &c->outside.v[o] : NULL;
}

bool e2_xattr_change_remove(struct e2_xattr_change *c, unsigned index, const void *name, size_t len)
{
	struct e2_xattr_place *places[] = { &c->inside, &c->outside };
	bool found = false;

	for (size_t p = 0; p < 2; p++) {
		size_t at = find(places[p], index, name, len);

		if (at == places[p]->count)
			continue;
		take_out(places[p], at);
		found = true;
	}
	return found;
}

static bool fits(const struct e2_xattr_place *p, size_t old, const struct e2_xattr_item *x)
{
	uint64_t freed = old < p->count ? e2_xattr_item_bytes(&p->v[old]) : 0;

	return p->bytes - freed + e2_xattr_item_bytes(x) <= p->room;
}

/* Puts an attribute where the one at old was, or adds it. */
static int put(struct e2_xattr_place *p, size_t old, const struct e2_xattr_item *x)
{
	p->changed = true;
	if (old < p->count) {
		p->bytes += e2_xattr_item_bytes(x) - e2_xattr_item_bytes(&p->v[old]);
		p->v[old] = *x;
		return 0;
	}
	return e2_xattr_place_add(p, x);
}

int e2_xattr_change_set(struct e2_xattr_change *c, const struct e2_xattr_item *x)
{
	struct e2_xattr_place *in = &c->inside, *out = &c->outside;
	size_t i = find(in, x->name_index, x->name, x->name_len);
	size_t o = find(out, x->name_index, x->name, x->name_len);
	const struct e2_xattr_item *old = i < in->count ? &in->v[i] :
					  o < out->count ? &out->v[o] : NULL;
	int r;

	if (old != NULL && old->value_len == x->value_len &&
	    (x->value_len == 0 || memcmp(old->value, x->value, x->value_len) == 0))
		return 0;
	if (fits(in, i, x)) {
		r = put(in, i, x);
		if (r == 0 && o < out->count)
			take_out(out, o);
		return r;
	}
	if (!fits(out, o, x))
		return e2_fail(E2_ERR_NOSPC,
			       "inode %u: the attribute needs %llu bytes; %llu are free in the "
			       "inode and %llu in its block", c->ino,
			       (unsigned long long)e2_xattr_item_bytes(x),
			       (unsigned long long)(in->room - in->bytes),
			       (unsigned long long)(out->room - out->bytes));
	r = put(out, o, x);
	if (r == 0 && i < in->count)
		take_out(in, i);
	return r;
}

/* ---- bringing back ------------------------------------------------------------ */

static void forget_block(struct e2_fs *fs, struct e2_inode *in)
{
	in->file_acl = 0;
	in->blocks -= in->blocks < sectors(fs) ? in->blocks : sectors(fs);
}

/* Gives back a share of a block: frees it with the last one. */
static int release(struct e2_txn *txn, e2_blk blk, uint32_t refs)
{
	struct e2_xattr_header header;
	struct e2_wbuf *buf;
	int r;

	if (refs == 1)
		return e2_free_blocks(txn, blk, 1);
	r = e2_txn_get(txn, blk, E2_FILL_READ, &buf);
	if (r)
		return r;
	e2_xattr_header_decode(&header, buf->data);
	header.refcount = refs - 1;
	e2_xattr_header_encode(&header, buf->data);
	e2_txn_put(txn, buf);
	return 0;
}

static int fill_block(struct e2_xattr_change *c, e2_blk blk)
{
	struct e2_xattr_pack pack;
	struct e2_wbuf *buf;
	int r = e2_txn_get(c->txn, blk, E2_FILL_ZERO, &buf);

	if (r)
		return r;
	e2_xattr_pack_block(&pack, buf->data, e2_geometry(e2_txn_fs(c->txn))->block_size);
	for (size_t i = 0; i < c->outside.count; i++)
		e2_xattr_pack_add(&pack, &c->outside.v[i]);
	e2_xattr_pack_block_end(&pack, 1);
	e2_txn_put(c->txn, buf);
	return 0;
}

static int take_block(struct e2_xattr_change *c)
{
	struct e2_fs *fs = e2_txn_fs(c->txn);
	struct e2_inode *in = c->in;
	uint64_t got;
	e2_blk blk;
	int r;

	if (c->refs == 0 && in->blocks > UINT32_MAX - sectors(fs))
		return e2_fail(E2_ERR_FBIG, "inode %u: it has %u sectors already", c->ino,
			       in->blocks);
	r = e2_alloc_blocks(c->txn, e2_inode_goal(e2_geometry(fs), c->ino), 1, &blk, &got);
	if (r == 0)
		r = fill_block(c, blk);
	if (r == 0 && c->refs != 0)
		r = release(c->txn, in->file_acl, c->refs);
	if (r)
		return r;
	if (c->refs == 0)
		in->blocks += sectors(fs);
	in->file_acl = (uint32_t)blk;
	return 0;
}

static int store_block(struct e2_xattr_change *c)
{
	struct e2_inode *in = c->in;
	int r;

	if (c->outside.count == 0 && c->refs == 0)
		return 0;
	if (c->outside.count != 0)
		return c->refs == 1 ? fill_block(c, in->file_acl) : take_block(c);
	r = release(c->txn, in->file_acl, c->refs);
	if (r)
		return r;
	forget_block(e2_txn_fs(c->txn), in);
	return 0;
}

static int store_inode(struct e2_xattr_change *c)
{
	struct e2_xattr_pack pack;
	struct e2_wbuf *buf;
	uint8_t *raw;
	int r;

	if (c->inside.room == 0)
		return 0;
	r = e2_inode_edit(c->txn, c->ino, &buf, &raw);
	if (r)
		return r;
	e2_xattr_pack_inode(&pack, raw, e2_geometry(e2_txn_fs(c->txn))->inode_size,
			    c->in->extra_isize);
	for (size_t i = 0; i < c->inside.count; i++)
		e2_xattr_pack_add(&pack, &c->inside.v[i]);
	e2_xattr_pack_inode_end(&pack);
	e2_txn_put(c->txn, buf);
	return 0;
}

static int add_feature(struct e2_txn *txn)
{
	struct e2_super super;
	int r = e2_super_get(e2_txn_fs(txn), &super);

	if (r || e2_has_ext_attr(&super))
		return r;
	return e2_super_add_feature(txn, E2_COMPAT, E2_FEATURE_ext_attr);
}

int e2_xattr_change_finish(struct e2_xattr_change *c)
{
	struct e2_inode before = *c->in;
	unsigned mark;
	int r;

	if (!c->inside.changed && !c->outside.changed)
		return 0;
	r = e2_txn_mark(c->txn, &mark);
	if (r)
		return r;
	if (c->outside.changed)
		r = store_block(c);
	if (r == 0 && c->inside.changed)
		r = store_inode(c);
	if (r == 0 && c->inside.count + c->outside.count > 0)
		r = add_feature(c->txn);
	r = e2_txn_end(c->txn, mark, r);
	if (r)
		*c->in = before;
	return r;
}

/* ---- the block alone ---------------------------------------------------------- */

/* The header of an attribute block, proven to be one. */
static int read_header(struct e2_fs *fs, e2_blk blk, struct e2_xattr_header *header)
{
	const struct e2_buf *buf;
	int r;

	r = check_block(fs, blk);
	if (r == 0)
		r = e2_buf_get(fs, blk, &buf);
	if (r)
		return r;
	e2_xattr_header_decode(header, buf->data);
	e2_buf_put(fs, buf);
	if (header->magic != (uint32_t)E2_XATTR_MAGIC || header->blocks != 1)
		return e2_fail(E2_ERR_CORRUPT, "block %llu holds no attributes",
			       (unsigned long long)blk);
	return check_refs(blk, header->refcount);
}

int e2_xattr_drop_block(struct e2_txn *txn, struct e2_inode *in)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_xattr_header header;
	int r;

	if (in->file_acl == 0)
		return 0;
	r = read_header(fs, in->file_acl, &header);
	if (r == 0)
		r = release(txn, in->file_acl, header.refcount);
	if (r)
		return r;
	forget_block(fs, in);
	return 0;
}

int e2_xattr_share_block(struct e2_txn *txn, e2_blk blk, struct e2_inode *in, bool *shared)
{
	struct e2_xattr_header header;
	struct e2_wbuf *buf;
	int r;

	*shared = false;
	r = read_header(e2_txn_fs(txn), blk, &header);
	if (r || header.refcount >= E2_XATTR_REFS_MAX)
		return r;
	r = e2_txn_get(txn, blk, E2_FILL_READ, &buf);
	if (r)
		return r;
	header.refcount++;
	e2_xattr_header_encode(&header, buf->data);
	e2_txn_put(txn, buf);
	in->file_acl = (uint32_t)blk;
	in->blocks += sectors(e2_txn_fs(txn));
	*shared = true;
	return 0;
}
