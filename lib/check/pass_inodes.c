/* SPDX-License-Identifier: MIT */
/*
 * Every inode, in the order of the tables: its fields, its pointers, its
 * attributes; what later passes need of it goes to ck->inodes and ck->dirs.
 */
#include "check/state.h"

#include "base/endian.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 18 };

/* ---- inodes kept for the format's own use -------------------------------- */

static bool any_pointer(const struct e2_inode *in)
{
	for (int i = 0; i < E2_POINTERS; i++)
		if (in->block[i] != 0)
			return true;
	return false;
}

/* The list of bad blocks: an inode of no type, with pointers and nothing else. */
static int check_bad_blocks(struct ck *ck, const struct e2_inode *in)
{
	struct ck_extent extent = { .blocks = 0 };

	if (in->mode != 0 || (in->uid & 0xffff) != 0 || (in->gid & 0xffff) != 0 ||
	    in->links_count != 0 || in->file_acl != 0)
		FOUND(ck->found, RESERVED_USED, .ino = E2_INO_BAD_BLOCKS,
		      .why = "list of bad blocks");
	if (!any_pointer(in))
		return 0;
	ck->inodes[E2_INO_BAD_BLOCKS].type = CK_BAD_TYPE;
	return ck_claim_file(ck, E2_INO_BAD_BLOCKS, in, false, &extent);
}

/* An inode of a feature that this volume lacks. */
static int check_idle(struct ck *ck, e2_ino ino, const struct e2_inode *in, const char *whose)
{
	if (in->links_count != 0 || in->blocks != 0 || in->block[0] != 0)
		FOUND(ck->found, RESERVED_USED, .ino = ino, .why = whose);
	return 0;
}

/* One that may hold a file of its own, without a name. */
static int check_spare(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	struct ck_extent extent = { .blocks = 0 };
	int r = 0;

	if (in->mode != 0 && ino != E2_INO_BOOT_LOADER &&
	    ((ino != E2_INO_JOURNAL && ino != E2_INO_RESIZE) || !e2_is_reg(in)))
		FOUND(ck->found, RESERVED_MODE, .ino = ino, .have = in->mode);
	if (e2_is_reg(in) && any_pointer(in)) {
		ck->inodes[ino].type = E2_FT_REG;
		r = ck_claim_file(ck, ino, in, false, &extent);
	}
	if (r == 0 && in->file_acl != 0 && e2_block_valid(ck->g, in->file_acl)) {
		ck->inodes[ino].type = E2_FT_REG;
		r = ck_xattr_block(ck, ino, in, &extent);
	}
	ck_inode_extent(ck, ino, in, &extent, ck->found);
	return r;
}

static int check_reserved(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	bool kept;

	if (in->dtime != 0 && in->dtime <= ck->g->inodes)
		FOUND(ck->found, INODE_TIME_LOW, .ino = ino, .have = in->dtime);
	ck_inode_flags(ck, ino, in, ck->found);
	switch (ino) {
	case E2_INO_USER_QUOTA:
	case E2_INO_GROUP_QUOTA:
		return check_idle(ck, ino, in, "inode of quota");
	case E2_INO_JOURNAL:
		if (!e2_has_has_journal(ck->super))
			return check_idle(ck, ino, in, "inode of the journal");
		break;
	default:
		break;
	}
	if (ino == E2_INO_BAD_BLOCKS)
		return check_bad_blocks(ck, in);
	/* The resize inode's pointers have a pass of their own. */
	kept = e2_has_resize_inode(ck->super) && ck->g->reserved_gdt_blocks != 0;
	if (ino == E2_INO_RESIZE && (kept || in->block[E2_DIRECT + 1] != 0))
		return 0;
	return check_spare(ck, ino, in);
}

/* ---- inodes in general ---------------------------------------------------- */

static void count_totals(struct ck *ck, enum e2_file_type type, const struct ck_extent *extent)
{
	struct e2_check_totals *t = &ck->totals;

	switch (type) {
	case E2_FT_REG: t->files++; break;
	case E2_FT_DIR: t->dirs++; break;
	case E2_FT_LNK: t->symlinks++; break;
	default: t->others++; break;
	}
	t->fragmented += extent->pieces > 1;
}

static int follow(struct ck *ck, e2_ino ino, const struct e2_inode *in, struct ck_extent *extent)
{
	bool directory = e2_is_dir(in);
	struct ck_dir dir = {
		.ino = ino, .first = ck->block_count, .size = e2_inode_size(in),
		.indexed = (in->flags & E2_FL_INDEX) != 0 && e2_has_dir_index(ck->super),
	};
	int r = ck_has_pointers(ck, in) ? ck_claim_file(ck, ino, in, directory, extent) : 0;

	if (r != 0 || !directory)
		return r;
	dir.count = (uint32_t)(ck->block_count - dir.first);
	return ck_add_dir(ck, &dir);
}

static int check_inode(struct ck *ck, e2_ino ino, const struct e2_inode *in, const uint8_t *raw)
{
	enum e2_file_type type = e2_inode_file_type(in->mode);
	struct ck_inode *state = &ck->inodes[ino];
	struct ck_extent extent = { .blocks = 0 };
	int r;

	state->type = (type != E2_FT_UNKNOWN ? (unsigned)type : CK_BAD_TYPE) & 15;
	state->links = in->links_count;
	if (ck_is_noise(ck, ino, in)) {
		state->type = CK_BAD_TYPE;
		FOUND(ck->found, INODE_NOISE, .ino = ino, .mode = in->mode);
		return 0;
	}
	ck_inode_fields(ck, ino, in, ck->found);
	ck_xattr_body(ck, ino, raw, ck->found);
	r = follow(ck, ino, in, &extent);
	if (r == 0 && in->file_acl != 0)
		r = ck_xattr_block(ck, ino, in, &extent);
	if (r != 0)
		return r;
	ck_inode_extent(ck, ino, in, &extent, ck->found);
	if (type == E2_FT_REG && e2_inode_size(in) > INT32_MAX &&
	    !ck_size_high_is_noise(ck, in, &extent))
		ck->large_files++;
	count_totals(ck, type, &extent);
	return type == E2_FT_LNK ? ck_symlink(ck, ino, in, ck->found) : 0;
}

static int scan_inode(struct ck *ck, e2_ino ino, const uint8_t *raw)
{
	struct e2_inode in;

	/* Most inodes of most volumes are free and all zeros: a look at mode, links and dtime. */
	if (e2_get16(raw) == 0 && e2_get16(raw + 26) == 0 && !ck_is_reserved(ck, ino) &&
	    ino != E2_INO_ROOT)
		return 0;
	e2_inode_decode(&in, raw, ck->g->inode_size);
	if (ck_is_reserved(ck, ino))
		return check_reserved(ck, ino, &in);
	/* The root is in use whatever its link count. */
	if (in.links_count == 0 && (ino != E2_INO_ROOT || in.mode == 0)) {
		if (ck->inodes[ino].flags & CK_ORPHAN)
			return check_inode(ck, ino, &in, raw);
		if (in.mode != 0 && in.dtime == 0)
			FOUND(ck->found, INODE_DTIME_ZERO, .ino = ino);
		if (in.dtime != 0 && in.dtime < ck->g->inodes)
			FOUND(ck->found, INODE_TIME_LOW, .ino = ino, .have = in.dtime);
		return 0;
	}
	if (ino == E2_INO_ROOT && !e2_is_dir(&in))
		FOUND(ck->found, ROOT_TYPE, .ino = ino, .have = in.mode);
	return check_inode(ck, ino, &in, raw);
}

static int scan_group(struct ck *ck, e2_grp group, uint8_t *buf)
{
	const struct e2_geometry *g = ck->g;
	uint32_t per_block = g->block_size / g->inode_size;
	uint32_t step = CHUNK_BYTES / g->block_size;
	e2_ino ino = group * g->inodes_per_group + 1, end = ino + g->inodes_per_group;
	int r = 0;

	if (ck->groups[group].inode_table == 0)
		return 0;
	for (uint32_t done = 0; done < g->inode_table_blocks && r == 0; done += step) {
		uint32_t left = g->inode_table_blocks - done;
		uint32_t count = left < step ? left : step;
		uint32_t inodes = count * per_block;

		if (ck_read(ck, ck->groups[group].inode_table + done, count, buf,
			    "inode table") != 0)
			ck->groups[group].table_damaged = true;
		for (uint32_t i = 0; i < inodes && ino < end && r == 0; i++, ino++)
			r = scan_inode(ck, ino, buf + (size_t)i * g->inode_size);
	}
	return r;
}

int pass_inodes(struct ck *ck)
{
	uint8_t *buf = malloc(CHUNK_BYTES);
	int r;

	if (buf == NULL)
		return e2_fail(E2_ERR_NOMEM, "inode tables");
	r = ck_progress(ck, 1, 0, ck->g->groups);
	for (e2_grp group = 0; group < ck->g->groups && r == 0; group++) {
		r = scan_group(ck, group, buf);
		if (r == 0)
			r = ck_progress(ck, 1, group + 1, ck->g->groups);
	}
	free(buf);
	if (r == 0)
		r = ck_xattr_refcounts(ck);
	if (r == 0 && ck->large_files != 0 && !e2_has_large_file(ck->super))
		FOUND(ck->found, SUPER_NEEDS, .field = "large_file",
		      .why = "files of 2 GiB and more are here");
	return r;
}
