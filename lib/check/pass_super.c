/* SPDX-License-Identifier: MIT */
/* The superblock: what its geometry, proven when it was opened, does not say yet. */
#include "check/state.h"

#include "base/zero.h"
#include "vol/write.h"

#include <string.h>

/* Whether a repair has made the image long enough: its last block is written then. */
static bool is_grown(struct ck *ck)
{
	struct e2_txn *txn = e2_fs_txn(ck->fs);
	struct e2_range run = { 0 };

	return txn != NULL && e2_txn_changes(txn, ck->g->blocks - 1, &run) > 0;
}

static void check_limits(struct ck *ck)
{
	const struct e2_super *s = ck->super;
	uint64_t bytes = ck->g->blocks * ck->g->block_size;
	uint64_t image = e2_fs_io(ck->fs)->size;

	if (image < bytes && !is_grown(ck))
		FOUND(ck->found, IMAGE_SHORT, .have = image, .want = bytes);
	if (s->r_blocks_count > ck->g->blocks / 2)
		FOUND(ck->found, SUPER_RANGE, .field = "r_blocks_count",
		      .have = s->r_blocks_count, .limit = ck->g->blocks / 2);
	if (s->log_groups_per_flex > 31)
		FOUND(ck->found, SUPER_RANGE, .field = "log_groups_per_flex",
		      .have = s->log_groups_per_flex, .limit = 31);
	if (s->rev_level != 0 && s->desc_size != 0 && s->desc_size != E2_GROUP_BYTES &&
	    !e2_has_64bit(s))
		FOUND(ck->found, SUPER_RANGE, .field = "desc_size", .have = s->desc_size);
}

static void report_features(struct ck *ck, enum e2_feature_word word, uint32_t bits,
			    enum e2_problem_id id, const char *why)
{
	static const char *const fields[] = {
		[E2_COMPAT] = "feature_compat", [E2_INCOMPAT] = "feature_incompat",
		[E2_RO_COMPAT] = "feature_ro_compat",
	};
	struct e2_str names = E2_STR_INIT;

	if (bits == 0)
		return;
	e2_str_add_features(&names, word, bits);
	e2_findings_add(ck->found, &(struct e2_finding){
		.id = id, .field = fields[word], .why = why, .have = bits,
		.name = e2_str_text(&names), .name_len = (uint32_t)names.len,
	});
	e2_str_free(&names);
}

static void check_features(struct ck *ck)
{
	/* They change what a check would have to look at. */
	const uint32_t compat_strange = E2_FEATURE_lazy_bg | E2_FEATURE_exclude_inode |
					E2_FEATURE_snapshot_bitmap | E2_FEATURE_orphan_file;
	const uint32_t ro_strange = E2_FEATURE_btree_dir | E2_FEATURE_snapshot |
				    E2_FEATURE_bigalloc | E2_FEATURE_metadata_csum |
				    E2_FEATURE_replica | E2_FEATURE_orphan_present;
	const char *cannot = "this version cannot check what that means";
	const char *kept = "kept, and not checked";
	const struct e2_super *s = ck->super;
	uint32_t compat = s->feature_compat & ~e2_feature_mask(E2_COMPAT, E2_SUPPORT_READ);
	uint32_t ro = s->feature_ro_compat & ~e2_feature_mask(E2_RO_COMPAT, E2_SUPPORT_READ);
	uint32_t known;

	if (s->rev_level == 0)
		return;
	known = e2_feature_mask(E2_COMPAT, E2_SUPPORT_NONE) & ~compat_strange;
	report_features(ck, E2_COMPAT, compat & ~known, E2_PROBLEM_SUPER_FEATURE, cannot);
	report_features(ck, E2_COMPAT, compat & known, E2_PROBLEM_SUPER_FEATURE_KEPT, kept);
	known = e2_feature_mask(E2_RO_COMPAT, E2_SUPPORT_NONE) & ~ro_strange;
	report_features(ck, E2_RO_COMPAT, ro & ~known, E2_PROBLEM_SUPER_FEATURE, cannot);
	report_features(ck, E2_RO_COMPAT, ro & known, E2_PROBLEM_SUPER_FEATURE_KEPT, kept);
	if (s->creator_os == E2_OS_HURD && e2_has_filetype(s))
		FOUND(ck->found, SUPER_OS, .have = s->creator_os,
		      .why = "does not know the feature filetype");
}

static void check_journal(struct ck *ck)
{
	const struct e2_super *s = ck->super;
	const char *off = "there is no journal (feature has_journal is off)";

	if (e2_has_has_journal(s)) {
		if (s->journal_inum != E2_INO_JOURNAL)
			FOUND(ck->found, SUPER_JOURNAL, .field = "journal_inum",
			      .have = s->journal_inum, .want = E2_INO_JOURNAL,
			      .why = "the journal is inode 8");
		return;
	}
	if (s->journal_inum != 0)
		FOUND(ck->found, SUPER_JOURNAL, .field = "journal_inum", .have = s->journal_inum,
		      .why = off);
	if (!e2_all_zero(s->journal_uuid, sizeof(s->journal_uuid)))
		FOUND(ck->found, SUPER_JOURNAL, .field = "journal_uuid", .have = 1, .why = off);
}

static void check_times(struct ck *ck)
{
	enum { SLACK = 86400 };		/* clocks of different hosts, and time zones */
	const struct e2_super *s = ck->super;
	const struct { const char *field; uint32_t time; } times[] = {
		{ "mtime", s->mtime }, { "wtime", s->wtime }, { "lastcheck", s->lastcheck },
	};

	if (ck->options == NULL || ck->options->now == 0)
		return;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if ((int64_t)times[i].time > ck->options->now + SLACK)
			FOUND(ck->found, SUPER_FUTURE, .field = times[i].field,
			      .have = times[i].time);
}

/* Numbers that a copy must share with the primary, or a repair from it would ruin the volume. */
static void check_copy(struct ck *ck, e2_blk blk, const struct e2_super *copy)
{
	const struct e2_super *s = ck->super;
	const struct { const char *field; uint32_t have, want; } fields[] = {
		{ "blocks_count", copy->blocks_count, s->blocks_count },
		{ "inodes_count", copy->inodes_count, s->inodes_count },
		{ "first_data_block", copy->first_data_block, s->first_data_block },
		{ "log_block_size", copy->log_block_size, s->log_block_size },
		{ "blocks_per_group", copy->blocks_per_group, s->blocks_per_group },
		{ "inodes_per_group", copy->inodes_per_group, s->inodes_per_group },
		{ "inode_size", copy->inode_size, s->inode_size },
		{ "feature_incompat", copy->feature_incompat, s->feature_incompat },
		{ "reserved_gdt_blocks", copy->reserved_gdt_blocks, s->reserved_gdt_blocks },
	};

	if (copy->magic != E2_MAGIC) {
		FOUND(ck->found, SUPER_COPY_BAD, .blk = blk, .have = copy->magic);
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].have != fields[i].want)
			FOUND(ck->found, SUPER_COPY, .blk = blk, .field = fields[i].field,
			      .have = fields[i].have, .want = fields[i].want);
}

static void check_copies(struct ck *ck)
{
	enum { COPIES_MAX = 64 };	/* without sparse_super every group has one */
	unsigned seen = 0;

	for (e2_grp group = 1; group < ck->g->groups && seen < COPIES_MAX; group++) {
		e2_blk blk = e2_group_first_block(ck->g, group);
		const struct e2_buf *buf;
		struct e2_super copy;

		if (!e2_group_has_super(ck->g, group))
			continue;
		seen++;
		if (e2_buf_get(ck->fs, blk, &buf) != 0) {
			e2_err_clear();
			FOUND(ck->found, READ_ERROR, .blk = blk, .why = "copy of the superblock");
			continue;
		}
		e2_super_decode(&copy, buf->data);
		e2_buf_put(ck->fs, buf);
		check_copy(ck, blk, &copy);
	}
}

/* A reserved inode that is kept for something else is no quota file. */
static void check_quota(struct ck *ck)
{
	const struct { const char *field; e2_ino have, own; } files[] = {
		{ "usr_quota_inum", ck->super->usr_quota_inum, E2_INO_USER_QUOTA },
		{ "grp_quota_inum", ck->super->grp_quota_inum, E2_INO_GROUP_QUOTA },
		{ "prj_quota_inum", ck->super->prj_quota_inum, 0 },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].have != 0 && files[i].have != files[i].own &&
		    files[i].have < ck->g->first_ino)
			FOUND(ck->found, SUPER_QUOTA, .field = files[i].field,
			      .have = files[i].have);
}

int pass_super(struct ck *ck)
{
	const struct e2_super *s = ck->super;

	check_limits(ck);
	check_features(ck);
	check_journal(ck);
	check_quota(ck);
	check_times(ck);
	check_copies(ck);
	if (e2_all_zero(s->uuid, sizeof(s->uuid)))
		FOUND(ck->found, SUPER_UUID, .have = 0);
	if (s->state & E2_STATE_ERROR)
		FOUND(ck->found, SUPER_STATE, .have = s->state,
		      .why = "the kernel has seen errors");
	else if (!(s->state & E2_STATE_CLEAN))
		FOUND(ck->found, SUPER_STATE, .have = s->state,
		      .why = "it was not unmounted cleanly");
	return 0;
}
