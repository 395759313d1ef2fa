/* SPDX-License-Identifier: MIT */
/* Repairs of what an inode is: type, and whether it is in use. */
#include "check/fix.h"

#include "base/endian.h"

/* Sets a type; permissions are kept where there are some. */
static uint16_t with_type(uint32_t mode, enum e2_file_type type)
{
	uint32_t perms = mode & 07777;

	if (perms == 0)
		perms = type == E2_FT_DIR ? 0700 : type == E2_FT_LNK ? 0777 : 0600;
	return (uint16_t)(ck_mode_of(type) | perms);
}

static int set_mode(struct fix *fx, struct e2_finding *f, struct e2_inode *in,
		    enum e2_file_type type, const char *why)
{
	int err;

	in->mode = with_type(in->mode, type);
	fix_will(f, "will be 0%o: %s", (unsigned)in->mode, why);
	err = e2_inode_put(fx->txn, f->ino, in);
	return err != 0 ? err : 1;
}

static int clear_told(struct fix *fx, const struct e2_finding *f, const struct e2_inode *in,
		      const char *why)
{
	const struct e2_loss loss = {
		.kind = E2_LOSS_FILE, .ino = f->ino, .mode = in->mode,
		.bytes = (uint64_t)in->blocks * 512, .size = in->size, .why = why,
	};
	int err = fix_inode_clear(fx, f->ino);

	if (err == 0)
		err = fix_lose(fx, f, &loss);
	return err != 0 ? err : 1;
}

/* More of its pointers lead to blocks than elsewhere: it can hold data. */
static bool may_hold_data(const struct ck *ck, const struct e2_inode *in)
{
	int good = 0;

	for (unsigned i = 0; i < E2_POINTERS; i++) {
		e2_blk blk = in->block[i];

		if (blk != 0)
			good += e2_block_valid(ck->g, blk) && !e2_bitset_test(ck->metadata, blk) ?
				1 : -1;
	}
	return good > 0;
}

int fix_inode_mode(struct fix *fx, struct e2_finding *f)
{
	const struct ck_inode *state = &fx->ck->inodes[f->ino];
	enum e2_file_type type;
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || f->ino == E2_INO_ROOT || in.mode != f->have)
		return err;
	type = ck_type_of(fx->ck, f->ino, &in, state->named);
	if (type == E2_FT_DIR)
		return set_mode(fx, f, &in, type, "its first block is that of a directory");
	if (type != E2_FT_UNKNOWN && type == state->named)
		return set_mode(fx, f, &in, type, "so say its names");
	if (type != E2_FT_UNKNOWN)
		return set_mode(fx, f, &in, type, "so looks what it holds");
	if (may_hold_data(fx->ck, &in) || (in.size == 0 && state->counted != 0))
		return set_mode(fx, f, &in, E2_FT_REG, "a regular file can hold what it does");
	fix_will(f, "will be cleared: nothing tells what it was");
	return clear_told(fx, f, &in, "no mode, and no data that can be used");
}

int fix_inode_type(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.mode != f->have)
		return err;
	in.mode = (uint16_t)f->want;
	err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

static bool holds_nothing(const struct e2_inode *in)
{
	for (size_t i = 0; i < E2_POINTERS; i++)
		if (in->block[i] != 0)
			return false;
	return in->mode == 0 && in->size == 0;
}

/* An inode that was overwritten by zeros: only its name tells that there was one. */
static int tell_emptied(struct fix *fx, struct e2_finding *f, enum e2_file_type type)
{
	const struct e2_loss loss = {
		.kind = E2_LOSS_FILE, .ino = f->ino, .mode = with_type(0, type),
		.why = "its inode is all zeros, what it held is not known; the name stays",
	};

	fix_will(f, "will be empty: what it held is not known");
	return fix_lose(fx, f, &loss);
}

int fix_inode_noise(struct fix *fx, struct e2_finding *f)
{
	e2_blk blk = ck_stray_dir(fx->ck, f->ino);
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || !ck_is_noise(fx->ck, f->ino, &in))
		return err;
	if (blk != 0)
		return fix_dir_again(fx, f, blk);
	fix_will(f, "will be cleared");
	err = clear_told(fx, f, &in, "its inode was noise");
	if (err <= 0 || fx->ck->inodes[f->ino].named != E2_FT_REG)
		return err;
	/* Its name stays, for a file of which nothing is known. */
	fix_will(f, "will be empty: what it held is not known");
	err = e2_inode_get(fx->fs, f->ino, &in);
	in.mode = with_type(0, E2_FT_REG);
	in.links_count = 1;
	if (err == 0)
		err = e2_inode_put(fx->txn, f->ino, &in);
	return err != 0 ? err : 1;
}

int fix_inode_alive(struct fix *fx, struct e2_finding *f)
{
	enum e2_file_type type;
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || in.links_count != 0)
		return err;
	if (f->blk != 0)
		return fix_dir_again(fx, f, f->blk);
	bool emptied = holds_nothing(&in);
	type = e2_inode_file_type(in.mode);
	if (type == E2_FT_UNKNOWN) {
		type = ck_type_of(fx->ck, f->ino, &in, fx->ck->inodes[f->ino].named);
		in.mode = with_type(in.mode, type);
	}
	in.links_count = type == E2_FT_DIR ? 2 : 1;
	in.dtime = 0;
	err = e2_inode_put(fx->txn, f->ino, &in);
	if (err == 0 && emptied)
		err = tell_emptied(fx, f, type);
	return err != 0 ? err : 1;
}

/* ---- the root ---------------------------------------------------------------------------- */

int fix_root_type(struct fix *fx, struct e2_finding *f)
{
	struct e2_inode in;
	bool directory;
	int err = e2_inode_get(fx->fs, f->ino, &in);

	if (err != 0 || e2_is_dir(&in))
		return err;
	directory = ck_block_is_dir(fx->ck, in.block[0], f->ino);
	for (int i = 0; i < E2_DIRECT && !directory; i++)
		directory = ck_block_is_entries(fx->ck, in.block[i]);
	if (directory) {
		if ((in.mode & 07777) == 0)
			in.mode = 0755;
		return set_mode(fx, f, &in, E2_FT_DIR, "its blocks are those of a directory");
	}
	fix_will(f, "will be a new root");
	if (!may_hold_data(fx->ck, &in)) {
		err = fix_inode_clear(fx, f->ino);
		return err != 0 ? err : 1;
	}
	return clear_told(fx, f, &in, "it was the root, and no directory");
}
