/* SPDX-License-Identifier: MIT */
/*
 * The quick look at inodes: of the fields only those that can be wrong, straight from the bytes
 * of the tables, which are read in large pieces.
 */
#include "check/fast.h"

#include "base/grow.h"
#include "disk/access.h"

#include <string.h>

/* Flags that mean something to the owner and nothing to the layout. */
enum {
	FLAGS_HARMLESS = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80 | 0x4000 | 0x8000 | 0x10000 |
			 0x20000,
	LINKS_USUAL = 65000,	/* more have rules of their own */
};

static enum e2_file_type type_of(uint32_t mode)
{
	static const uint8_t types[16] = {
		[E2_S_IFREG >> 12] = E2_FT_REG, [E2_S_IFDIR >> 12] = E2_FT_DIR,
		[E2_S_IFCHR >> 12] = E2_FT_CHR, [E2_S_IFBLK >> 12] = E2_FT_BLK,
		[E2_S_IFIFO >> 12] = E2_FT_FIFO, [E2_S_IFSOCK >> 12] = E2_FT_SOCK,
		[E2_S_IFLNK >> 12] = E2_FT_LNK,
	};

	return (enum e2_file_type)types[mode >> 12];
}

/* ---- inodes kept for the format's own use -------------------------------- */

/* Unused, or the resize inode, whose pointers have been looked at already. */
static int look_at_reserved(const struct fast *f, e2_ino ino, const uint8_t *raw)
{
	const struct e2_super *s = f->ck->super;
	bool resize = ino == E2_INO_RESIZE && e2_has_resize_inode(s) &&
		      f->g->reserved_gdt_blocks != 0;
	uint32_t any = 0;

	if (e2_inode_peek_dtime(raw) != 0 || e2_inode_peek_flags(raw) != 0 ||
	    e2_inode_peek_file_acl(raw) != 0 || e2_inode_peek_file_acl_hi(raw) != 0)
		return CK_NOT_SURE;
	if (resize)
		return 0;
	for (unsigned i = 0; i < E2_POINTERS; i++)
		any |= e2_inode_peek_block(raw, i);
	if (any != 0 || e2_inode_peek_mode(raw) != 0 || e2_inode_peek_links_count(raw) != 0 ||
	    e2_inode_peek_blocks(raw) != 0 || e2_inode_peek_size(raw) != 0 ||
	    e2_inode_peek_uid(raw) != 0 || e2_inode_peek_gid(raw) != 0)
		return CK_NOT_SURE;
	return 0;
}

/* ---- inodes in use ------------------------------------------------------- */

/* Attributes in the inode's own bytes: rules of the pass, where there are any. */
static int look_at_body(struct fast_worker *w, e2_ino ino, const uint8_t *raw)
{
	uint32_t room = w->fast->g->inode_size - E2_INODE_BYTES, extra;

	if (room == 0)
		return 0;
	extra = e2_inode_peek_extra_isize(raw);
	if (extra > room || extra % 4 != 0)
		return CK_NOT_SURE;
	if (extra == w->fast->usual_extra && room - extra >= 4 &&
	    e2_get32(raw + E2_INODE_BYTES + extra) != (uint32_t)E2_XATTR_MAGIC)
		return 0;
	ck_xattr_body(w->fast->ck, ino, raw, &w->found);
	return w->found.count != 0 || w->found.failed ? CK_NOT_SURE : 0;
}

static int add_acl(struct fast_worker *w, e2_ino ino, uint32_t blk)
{
	struct fast_acl *acls = e2_grow(w->acls, &w->acl_cap, w->acl_count + 1, sizeof(*acls));

	if (acls == NULL)
		return E2_ERR_NOMEM;
	w->acls = acls;
	acls[w->acl_count++] = (struct fast_acl){ blk, ino };
	return 0;
}

/* A directory: its blocks are the last ones in w->blocks, from `first` on. */
static int add_dir(struct fast_worker *w, e2_ino ino, size_t first, bool indexed)
{
	uint32_t count = (uint32_t)(w->block_count - first);
	struct fast_single *singles;
	struct fast_dir *dirs;

	if (count == 1 && !indexed) {
		singles = e2_grow(w->singles, &w->single_cap, w->single_count + 1,
				  sizeof(*singles));
		if (singles == NULL)
			return E2_ERR_NOMEM;
		w->singles = singles;
		w->block_count = first;
		singles[w->single_count++] = (struct fast_single){ w->blocks[first], ino };
		return 0;
	}
	dirs = e2_grow(w->dirs, &w->dir_cap, w->dir_count + 1, sizeof(*dirs));
	if (dirs == NULL)
		return E2_ERR_NOMEM;
	w->dirs = dirs;
	dirs[w->dir_count++] = (struct fast_dir){
		.ino = ino, .indexed = indexed, .first = first, .count = count,
	};
	return 0;
}

static int look_at_dir(struct fast_file *file, const uint8_t *raw)
{
	struct fast_worker *w = file->w;
	size_t first = w->block_count;
	uint64_t size = e2_inode_peek_size(raw);
	bool indexed = (e2_inode_peek_flags(raw) & E2_FL_INDEX) != 0;
	int r;

	file->directory = true;
	r = fast_follow(file, raw);
	if (r != 0)
		return r;
	if (indexed && !e2_has_dir_index(w->fast->ck->super))
		return CK_NOT_SURE;
	if (file->end == 0 || size > UINT32_MAX || size != file->end * w->fast->g->block_size ||
	    w->block_count - first != file->end)
		return CK_NOT_SURE;
	return add_dir(w, file->ino, first, indexed);
}

static int look_at_reg(struct fast_file *file, const uint8_t *raw)
{
	struct fast_worker *w = file->w;
	uint64_t size = e2_inode_peek_size(raw);
	int r = fast_follow(file, raw);

	if (r != 0)
		return r;
	if (size > w->fast->size_max ||
	    (file->end != 0 && size < (file->end - 1) * w->fast->g->block_size))
		return CK_NOT_SURE;
	w->large_files += size > INT32_MAX;
	return 0;
}

/* Text of a length ends with its first NUL. */
static int look_at_text(const uint8_t *text, uint64_t size, size_t room)
{
	const uint8_t *nul = memchr(text, 0, room);

	return nul != NULL && nul != text && (uint64_t)(nul - text) == size ? 0 : CK_NOT_SURE;
}

static int look_at_symlink(struct fast_file *file, const uint8_t *raw, uint32_t acl_sectors)
{
	struct fast_worker *w = file->w;
	const struct e2_geometry *g = w->fast->g;
	uint64_t size = e2_inode_peek_size(raw);
	int r;

	if (e2_inode_peek_blocks(raw) == acl_sectors)
		return look_at_text(e2_inode_at_block(raw), size, 4 * (size_t)E2_POINTERS);
	r = fast_follow(file, raw);
	if (r != 0)
		return r;
	if (file->end != 1 || size <= E2_FAST_SYMLINK_MAX)
		return CK_NOT_SURE;
	r = fast_read(w->fast, e2_inode_peek_block(raw, 0), 1, w->pointers[0]);
	return r != 0 ? r : look_at_text(w->pointers[0], size, g->block_size);
}

/* Devices have a number, in one of two forms; the others nothing. */
static int look_at_special(enum e2_file_type type, const uint8_t *raw)
{
	bool device = type == E2_FT_CHR || type == E2_FT_BLK;
	uint32_t any = 0;

	for (unsigned i = device ? 2 : 0; i < E2_POINTERS; i++)
		any |= e2_inode_peek_block(raw, i);
	if (device && e2_inode_peek_block(raw, 0) != 0)
		any |= e2_inode_peek_block(raw, 1) | e2_inode_peek_block(raw, 0) >> 16;
	any |= e2_inode_peek_flags(raw) & (E2_FL_IMMUTABLE | E2_FL_APPEND);
	return any != 0 || e2_inode_peek_size(raw) != 0 ? CK_NOT_SURE : 0;
}

static int look_by_type(struct fast_file *file, enum e2_file_type type, const uint8_t *raw,
			uint32_t acl_sectors)
{
	struct e2_check_totals *t = &file->w->totals;

	switch (type) {
	case E2_FT_REG:
		t->files++;
		return look_at_reg(file, raw);
	case E2_FT_DIR:
		t->dirs++;
		return look_at_dir(file, raw);
	case E2_FT_LNK:
		t->symlinks++;
		return look_at_symlink(file, raw, acl_sectors);
	case E2_FT_UNKNOWN:
		return CK_NOT_SURE;
	default:
		t->others++;
		return look_at_special(type, raw);
	}
}

static int look_at_inode(struct fast_worker *w, e2_ino ino, const uint8_t *raw)
{
	struct fast *f = w->fast;
	enum e2_file_type type = type_of(e2_inode_peek_mode(raw));
	uint32_t acl = e2_inode_peek_file_acl(raw), flags = e2_inode_peek_flags(raw);
	uint16_t links = e2_inode_peek_links_count(raw);
	struct fast_file file = { .w = w, .ino = ino };
	uint64_t blocks;
	int r;

	if (type == E2_FT_DIR)
		flags &= ~(uint32_t)E2_FL_INDEX;
	if (type == E2_FT_UNKNOWN || links > LINKS_USUAL ||
	    (flags & ~(uint32_t)FLAGS_HARMLESS) != 0 ||
	    (e2_inode_peek_dtime(raw) | e2_inode_peek_faddr(raw)) != 0 ||
	    (e2_inode_peek_blocks_hi(raw) | e2_inode_peek_file_acl_hi(raw)) != 0)
		return CK_NOT_SURE;
	r = look_by_type(&file, type, raw, acl != 0 ? f->ck->sectors : 0);
	if (r == 0)
		r = look_at_body(w, ino, raw);
	if (r == 0 && acl != 0)
		r = add_acl(w, ino, acl);
	if (r != 0)
		return r;
	blocks = (file.blocks + (acl != 0)) * f->ck->sectors;
	if (e2_inode_peek_blocks(raw) != blocks)
		return CK_NOT_SURE;
	w->totals.fragmented += file.pieces > 1;
	w->links += links;
	atomic_store_explicit(&f->marks[ino], (uint8_t)type, memory_order_relaxed);
	atomic_store_explicit(&f->left[ino], links, memory_order_relaxed);
	return 0;
}

/* ---- tables -------------------------------------------------------------- */

static int use_inode(struct fast_worker *w, e2_ino ino)
{
	struct fast_run *run = &w->inodes_run;
	bool good = true;

	if (run->count != 0 && run->first + run->count == ino) {
		run->count++;
		return 0;
	}
	if (run->count != 0)
		good = e2_claims_add(w->fast->inodes, run->first, run->count);
	*run = (struct fast_run){ ino, 1 };
	return good ? 0 : CK_NOT_SURE;
}

/* An inode without links is free; what was removed has the time of it. */
static int look_at_free(const struct fast *f, e2_ino ino, const uint8_t *raw)
{
	uint32_t dtime = e2_inode_peek_dtime(raw);

	if (ino == E2_INO_ROOT)
		return CK_NOT_SURE;
	return e2_inode_peek_mode(raw) == 0 || dtime > f->g->inodes ? 0 : CK_NOT_SURE;
}

static int look_at_piece(struct fast_worker *w, e2_ino ino, e2_ino end, const uint8_t *raw)
{
	const struct fast *f = w->fast;
	uint32_t size = f->g->inode_size;
	int r = 0;

	for (; ino < end && r == 0; ino++, raw += size) {
		if (ino < f->g->first_ino && ino != E2_INO_ROOT) {
			r = look_at_reserved(f, ino, raw);
		} else if (e2_inode_peek_links_count(raw) == 0) {
			r = look_at_free(f, ino, raw);
		} else {
			r = look_at_inode(w, ino, raw);
			if (r == 0)
				r = use_inode(w, ino);
		}
	}
	return r;
}

static int scan_piece(void *context, struct e2_par *par, unsigned worker, uint64_t unit)
{
	struct fast *f = context;
	struct fast_worker *w = &f->workers[worker];
	e2_grp group = (e2_grp)(unit / f->chunks);
	uint32_t at = (uint32_t)(unit % f->chunks) * f->chunk_blocks;
	uint32_t left = f->g->inode_table_blocks - at, per_block;
	uint32_t count = left < f->chunk_blocks ? left : f->chunk_blocks;
	uint64_t dirs = w->totals.dirs;
	e2_ino first, skip, inodes;
	int r = fast_read(f, f->ck->groups[group].inode_table + at, count, w->buf);

	if (r != 0)
		return r;
	w->par = par;
	per_block = f->g->block_size / f->g->inode_size;
	skip = at * per_block;
	inodes = f->g->inodes_per_group - skip;
	if (inodes > count * per_block)
		inodes = count * per_block;
	first = group * f->g->inodes_per_group + 1 + skip;
	r = look_at_piece(w, first, first + inodes, w->buf);
	if (r == 0)
		r = fast_claim_joined(w);
	if (r == 0 && w->inodes_run.count != 0 &&
	    !e2_claims_add(f->inodes, w->inodes_run.first, w->inodes_run.count))
		r = CK_NOT_SURE;
	w->inodes_run.count = 0;
	(void)atomic_fetch_add(&f->group_dirs[group], (uint32_t)(w->totals.dirs - dirs));
	return r;
}

int fast_scan(struct fast *f)
{
	const struct ck *ck = f->ck;
	uint64_t large = 0;
	int r;

	for (e2_grp group = 0; group < f->g->groups; group++)
		if (ck->groups[group].inode_table == 0 || ck->groups[group].table_damaged)
			return CK_NOT_SURE;
	/* The reserved ones are in use whatever they hold; the root is as a file is. */
	if (f->g->first_ino < E2_GOOD_OLD_FIRST_INO || f->g->first_ino > f->g->inodes)
		return CK_NOT_SURE;
	if (!e2_claims_add(f->inodes, 1, 1) ||
	    !e2_claims_add(f->inodes, E2_INO_ROOT + 1, f->g->first_ino - E2_INO_ROOT - 1))
		return CK_NOT_SURE;
	r = fast_par(f, (uint64_t)f->g->groups * f->chunks, scan_piece);
	if (r != 0)
		return r;
	for (unsigned i = 0; i < f->threads; i++)
		large += f->workers[i].large_files;
	if (large != 0 && !e2_has_large_file(ck->super))
		return CK_NOT_SURE;
	return (fast_mark(f, E2_INO_ROOT) & FAST_TYPE) == E2_FT_DIR ? 0 : CK_NOT_SURE;
}
