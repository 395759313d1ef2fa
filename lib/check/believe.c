/* SPDX-License-Identifier: MIT */
/*
 * Which superblock to believe (believe.h).
 *
 * A sound primary that the image bears out is believed at once.  Otherwise its copies are
 * looked for, where the primary puts them, where every usual geometry does, and at last
 * everywhere; the primary is mended with what they and the layout say; and one that cannot be
 * mended is replaced by the copy that explains the image best.
 */
#include "check/believe.h"
#include "check/look.h"

#include "base/endian.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool read_super(struct belief *b, uint64_t offset, struct e2_super *super)
{
	struct e2_io *io = b->io;
	uint8_t raw[E2_SUPER_BYTES];

	if (io->size < E2_SUPER_BYTES || offset > io->size - E2_SUPER_BYTES)
		return false;
	if (e2_io_read(io, offset, sizeof(raw), raw) != 0) {
		e2_err_clear();
		b->unreadable = true;
		return false;
	}
	e2_super_decode(super, raw);
	return true;
}

/* The geometry of a superblock by the features that we can work with. */
static bool shape_of(const struct e2_super *super, struct e2_geometry *g)
{
	struct e2_super s = *super;

	s.feature_incompat &= ~judge_strange(super, E2_INCOMPAT);
	s.feature_ro_compat &= ~judge_strange(super, E2_RO_COMPAT);
	if (e2_geometry_derive(&s, 0, g) == 0)
		return true;
	e2_err_clear();
	return false;
}

/* ---- copies -------------------------------------------------------------------------- */

/* Whether a superblock, by its own fields, is the copy that belongs at an offset. */
static bool is_copy_at(const struct e2_super *s, uint64_t offset)
{
	struct e2_geometry g;

	if (s->magic != E2_MAGIC || !shape_of(s, &g) || offset % g.block_size != 0)
		return false;

	e2_blk blk = offset / g.block_size;
	e2_grp group = e2_block_group(&g, blk);

	return group != 0 && group < g.groups && e2_group_first_block(&g, group) == blk &&
	       e2_group_has_super(&g, group) &&
	       (s->rev_level == 0 || s->block_group_nr == (group & UINT16_MAX));
}

/* Whether a copy has features that nobody knows, and the primary does not: it is damaged. */
static bool is_stranger(const struct belief *b, const struct e2_super *s)
{
	static const enum e2_feature_word words[] = { E2_INCOMPAT, E2_RO_COMPAT, E2_COMPAT };
	bool strange = false;

	if (!b->readable || b->primary.magic != E2_MAGIC)
		return false;
	for (unsigned i = 0; i < 3; i++)
		strange = strange ||
			  (judge_strange(s, words[i]) & ~judge_strange(&b->primary, words[i])) != 0;
	return strange;
}

static void add_copy(struct belief *b, uint64_t offset)
{
	struct e2_super s;

	if (b->copy_count == BELIEVE_COPIES || !read_super(b, offset, &s) ||
	    !is_copy_at(&s, offset) || is_stranger(b, &s))
		return;

	e2_blk blk = offset >> (10 + s.log_block_size);

	for (unsigned i = 0; i < b->copy_count; i++)
		if (b->copies[i].blk << b->copies[i].super.log_block_size ==
		    blk << s.log_block_size)
			return;
	b->copies[b->copy_count++] = (struct believe_copy){ blk, s };
}

/* The copies where a superblock puts them. */
static void add_copies_of(struct belief *b, const struct e2_super *super)
{
	struct e2_geometry g;
	unsigned seen = 0;

	if (!shape_of(super, &g))
		return;
	for (e2_grp group = 1; group < g.groups && seen < BELIEVE_COPIES; group++) {
		e2_blk blk = e2_group_first_block(&g, group);

		if (blk > b->io->size / g.block_size)
			return;
		if (!e2_group_has_super(&g, group))
			continue;
		seen++;
		add_copy(b, blk * g.block_size);
	}
}

/* The first copy that stands anywhere, and those that belong to it. */
static int scan(struct belief *b)
{
	enum { CHUNK = 1 << 18 };
	uint8_t *data = malloc(CHUNK);

	if (data == NULL)
		return e2_fail(E2_ERR_NOMEM, "no memory to look for a superblock");
	for (uint64_t at = 0; at < b->io->size && b->copy_count == 0; at += CHUNK) {
		size_t len = b->io->size - at < CHUNK ? (size_t)(b->io->size - at) : CHUNK;

		if (e2_io_read(b->io, at, len, data) != 0) {
			e2_err_clear();
			continue;
		}
		for (size_t i = 0; i + E2_SUPER_BYTES <= len && b->copy_count == 0; i += 1024)
			if (e2_get16(data + i + 56) == E2_MAGIC)
				add_copy(b, at + i);
	}
	free(data);
	return 0;
}

static int find_copies(struct belief *b)
{
	uint32_t block_size;
	e2_blk blk;
	int err = e2_find_backup(b->io, &blk, &block_size);

	if (err == 0)
		add_copy(b, blk * block_size);
	else if (err == E2_ERR_NOMEM)
		return err;
	e2_err_clear();
	if (b->copy_count == 0)
		err = scan(b);
	else
		err = 0;
	if (err == 0 && b->copy_count != 0) {
		struct e2_super found = b->copies[0].super;

		add_copies_of(b, &found);
	}
	return err;
}

static bool same_shape(const struct e2_super *a, const struct e2_super *b)
{
	return a->blocks_count == b->blocks_count && a->log_block_size == b->log_block_size &&
	       a->blocks_per_group == b->blocks_per_group &&
	       a->inodes_per_group == b->inodes_per_group && a->inode_size == b->inode_size &&
	       a->rev_level == b->rev_level && a->feature_incompat == b->feature_incompat &&
	       a->reserved_gdt_blocks == b->reserved_gdt_blocks;
}

static void choose_copy(struct belief *b)
{
	unsigned most = 0;

	for (unsigned i = 0; i < b->copy_count; i++) {
		unsigned with = 1;

		for (unsigned k = 0; k < b->copy_count; k++)
			with += same_shape(&b->copies[i].super, &b->copies[k].super);
		if (with > most) {
			most = with;
			b->best = i;
		}
	}
}

/* ---- features -------------------------------------------------------------------------- */

static int refuse_features(const struct e2_super *s)
{
	static const enum e2_feature_word words[] = { E2_INCOMPAT, E2_RO_COMPAT, E2_COMPAT };
	struct e2_str names = E2_STR_INIT;
	int err;

	for (unsigned i = 0; i < 3; i++) {
		uint32_t bits = judge_strange(s, words[i]);

		if (bits != 0) {
			e2_str_add(&names, names.len != 0 ? " " : "");
			e2_str_add_features(&names, words[i], bits);
		}
	}
	err = e2_fail(E2_ERR_FEATURE, "superblock: unknown feature %s", e2_str_text(&names));
	e2_str_free(&names);
	return err;
}

/* Bits of features that the believed superblock should not have. */
static int judge_features(struct belief *b)
{
	struct e2_super *s = &b->super;
	const struct e2_super *c = b->copy_count != 0 ? &b->copies[b->best].super : NULL;
	uint32_t incompat = judge_strange(s, E2_INCOMPAT);

	if (c != NULL && b->from == 0 && c->rev_level != 0) {
		/* Set on a mounted volume, and in the primary alone. */
		uint32_t ro_mount = E2_FEATURE_dir_nlink | E2_FEATURE_extra_isize |
				    E2_FEATURE_huge_file |
				    e2_feature_mask(E2_RO_COMPAT, E2_SUPPORT_WRITE);
		uint32_t keep = e2_feature_mask(E2_COMPAT, E2_SUPPORT_WRITE);

		s->feature_incompat &= ~(incompat & ~c->feature_incompat);
		s->feature_ro_compat &= ~(~ro_mount & ~c->feature_ro_compat);
		s->feature_compat &= ~(~keep & ~c->feature_compat);
	}
	s->feature_incompat &= ~(uint32_t)E2_FEATURE_extant_commit;
	/* What has no place is not there. */
	if (e2_has_has_journal(s) && s->journal_inum == 0 && s->journal_dev == 0)
		s->feature_compat &= ~(uint32_t)E2_FEATURE_has_journal;
	if (s->usr_quota_inum == 0 && s->grp_quota_inum == 0)
		s->feature_ro_compat &= ~(uint32_t)E2_FEATURE_quota;
	if ((s->feature_compat & E2_FEATURE_orphan_file) == 0)
		s->feature_ro_compat &= ~(uint32_t)E2_FEATURE_orphan_present;
	if (s->prj_quota_inum == 0)
		s->feature_ro_compat &= ~(uint32_t)E2_FEATURE_project;
	if (s->rev_level == 0)
		return 0;
	if (judge_strange(s, E2_INCOMPAT) != 0 || judge_strange(s, E2_RO_COMPAT) != 0 ||
	    judge_strange(s, E2_COMPAT) != 0)
		return refuse_features(s);
	return 0;
}

static bool is_os(const struct e2_super *s)
{
	enum { LAST_OS = 4 };

	return s->creator_os <= LAST_OS &&
	       (s->creator_os != E2_OS_HURD || !e2_has_filetype(s));
}

static bool is_seed(const struct e2_super *s)
{
	static const uint8_t none[16];

	return memcmp(s->hash_seed, none, sizeof(none)) != 0;
}

/*
 * Fields that say nothing about the layout, but which all copies agree on.  One copy alone is
 * no better a witness than the primary, unless that says what cannot be.
 */
static void judge_rest(struct belief *b)
{
	const struct e2_super *c = &b->copies[b->best].super;
	struct e2_super *s = &b->super;

	if (b->copy_count == 0 || b->from != 0 || c->rev_level == 0)
		return;
	for (unsigned i = 0; i < b->copy_count; i++)
		if (memcmp(b->copies[i].super.hash_seed, c->hash_seed, sizeof(c->hash_seed)) != 0 ||
		    b->copies[i].super.creator_os != c->creator_os)
			return;
	if (e2_has_dir_index(c) && (b->copy_count > 1 || !is_seed(s)))
		memcpy(s->hash_seed, c->hash_seed, sizeof(s->hash_seed));
	if (is_os(c) && (b->copy_count > 1 || !is_os(s)))
		s->creator_os = c->creator_os;
	if (s->feature_compat & E2_FEATURE_resize_inode)
		s->reserved_gdt_blocks = c->reserved_gdt_blocks;
}

/* ---- the choice ------------------------------------------------------------------------- */

static bool is_sound(const struct belief *b)
{
	const struct e2_super *p = &b->primary;
	struct e2_super derived = *p;
	struct e2_geometry g;

	return b->readable && p->magic == E2_MAGIC && judge_derive(&derived) &&
	       memcmp(&derived, p, sizeof(derived)) == 0 && shape_of(p, &g) &&
	       g.blocks <= b->io->size >> g.block_bits;
}

static int describe_primary(struct belief *b)
{
	struct e2_geometry g;
	int err;

	if (!b->readable)
		e2_str_add(&b->why, b->io->size < E2_SUPER_OFFSET + E2_SUPER_BYTES ?
			   "the image is too short for one" : "cannot be read");
	else if (e2_geometry_derive(&b->primary, 0, &g) != 0)
		e2_str_add(&b->why, e2_err_detail());
	else
		e2_str_add(&b->why, "it does not describe this image");
	e2_err_clear();
	err = e2_str_status(&b->why);
	return err != 0 ? e2_fail(E2_ERR_NOMEM, "what is wrong with the superblock") : 0;
}

static void take_copy(struct belief *b, unsigned i)
{
	b->super = b->copies[i].super;
	b->super.block_group_nr = 0;
	b->super.state |= E2_STATE_CLEAN;	/* nobody knows, and all is checked */
	b->from = b->copies[i].blk;
}

/* The primary mended, or the best copy when that says more. */
static int choose(struct belief *b)
{
	uint32_t mended_cost = JUDGE_IMPOSSIBLE, copy_cost = JUDGE_IMPOSSIBLE;
	struct e2_super mended, copy;
	int err = 0;

	if (b->readable)
		err = judge_mend(b, &b->primary, &mended, &mended_cost);
	if (err == 0 && b->copy_count != 0)
		err = judge_mend(b, &b->copies[b->best].super, &copy, &copy_cost);
	if (err != 0)
		return err;
	if (mended_cost == JUDGE_IMPOSSIBLE && copy_cost == JUDGE_IMPOSSIBLE) {
		struct e2_geometry g;

		if (b->readable && b->primary.magic == E2_MAGIC &&
		    (judge_strange(&b->primary, E2_INCOMPAT) &
		     ~(uint32_t)E2_FEATURE_extant_commit) != 0)
			return refuse_features(&b->primary);
		if (!b->readable)
			return e2_fail(b->unreadable ? E2_ERR_IO : E2_ERR_NOT_EXT2,
				       "no superblock, and none of its copies");
		if (b->unreadable)
			return e2_fail(E2_ERR_IO, "superblock: cannot be told from what can be "
				       "read");
		err = e2_geometry_derive(&b->primary, 0, &g);
		return err != 0 ? err : e2_fail(E2_ERR_CORRUPT, "superblock: the image is no "
						"volume like that, and there is no copy");
	}
	if (mended_cost != JUDGE_IMPOSSIBLE && mended_cost <= copy_cost) {
		b->super = mended;
		(void)judge_derive(&b->super);
		return 0;
	}
	take_copy(b, b->best);
	err = describe_primary(b);
	if (err == 0 && copy_cost != JUDGE_IMPOSSIBLE) {
		struct e2_super s = copy;

		(void)judge_derive(&s);
		s.block_group_nr = 0;
		s.state = b->super.state;
		b->super = s;
	}
	return err;
}

/* The copy that the caller names. */
static int force(struct belief *b)
{
	const struct e2_check_options *o = b->options;
	uint32_t first = o->block_size != 0 ? o->block_size : 1024;
	uint32_t last = o->block_size != 0 ? o->block_size : 65536;

	b->forced = true;
	for (uint32_t size = first; size <= last; size *= 2) {
		struct e2_super s;
		struct e2_geometry g;

		if (!read_super(b, o->superblock * size, &s) || s.magic != E2_MAGIC ||
		    !shape_of(&s, &g) || g.block_size != size)
			continue;
		b->copies[0] = (struct believe_copy){ o->superblock, s };
		b->copy_count = 1;
		take_copy(b, 0);
		e2_str_add(&b->why, "not asked");
		return 0;
	}
	return e2_fail(E2_ERR_NOT_EXT2, "no superblock at block %" PRIu64, o->superblock);
}

static int make_up(struct belief *b)
{
	uint32_t cost = JUDGE_IMPOSSIBLE;
	struct e2_super p;
	int err = 0;

	b->readable = read_super(b, E2_SUPER_OFFSET, &b->primary);
	p = b->primary;
	if (b->options != NULL && b->options->superblock != 0)
		return force(b);
	if (b->readable && judge_derive(&p))
		add_copies_of(b, &p);
	choose_copy(b);
	if (is_sound(b))
		err = judge_super(b, &b->primary, &cost);
	/* Other groups than the usual ones are no reason to doubt. */
	if (err == 0 && cost <= 3 && (b->copy_count != 0 || cost == 0)) {
		b->super = b->primary;
		return 0;
	}
	if (err == 0 && b->copy_count == 0)
		err = find_copies(b);
	choose_copy(b);
	return err != 0 ? err : choose(b);
}

/* Where the inode table of group 0 begins: as its descriptor says, or as mkfs lays out. */
static e2_blk first_table(const struct belief *b, const struct e2_geometry *g)
{
	e2_blk usual = e2_group_first_block(g, 0) + e2_group_head_blocks(g, 0) + 2;
	uint64_t at = e2_desc_block(g, 0, 0) * g->block_size;
	uint8_t raw[E2_GROUP_BYTES];
	struct e2_group d;

	if (at + sizeof(raw) > b->io->size || e2_io_read(b->io, at, sizeof(raw), raw) != 0) {
		e2_err_clear();
		return usual;
	}
	e2_group_decode(&d, raw);
	return d.inode_table >= usual && d.inode_table < g->blocks ? d.inode_table : usual;
}

/* Of an image that ends before its first inode table nothing can be saved. */
static int refuse_stump(const struct belief *b)
{
	struct e2_geometry g;
	e2_blk table;

	if (!shape_of(&b->super, &g))
		return 0;	/* opening says why */
	table = first_table(b, &g);
	if (b->io->size > table << g.block_bits)
		return 0;
	return e2_fail(E2_ERR_CORRUPT, "%s: has %" PRIu64 " bytes, but its first inode table "
		       "begins at %" PRIu64 ": no file is left", b->io->name, b->io->size,
		       table << g.block_bits);
}

int believe_super(void *context, struct e2_io *io, struct e2_super *super)
{
	struct belief *b = context;
	int err;

	e2_str_free(&b->why);
	*b = (struct belief){ .options = b->options, .io = io, .why = E2_STR_INIT };
	err = make_up(b);
	if (err == 0)
		err = judge_features(b);
	if (err == 0)
		err = refuse_stump(b);
	if (err != 0)
		return err;
	judge_rest(b);
	b->io = NULL;
	*super = b->super;
	return 0;
}

void believe_end(struct belief *b)
{
	e2_str_free(&b->why);
}

/* ---- what was found ------------------------------------------------------------------ */

static uint64_t number(const struct e2_field *f, const uint8_t *raw)
{
	switch (f->kind) {
	case E2_KIND_u8:
		return raw[f->at];
	case E2_KIND_u16:
		return e2_get16(raw + f->at);
	case E2_KIND_u64:
		return e2_get64(raw + f->at);
	default:
		return e2_get32(raw + f->at);
	}
}

static void found_bits(struct e2_findings *found, enum e2_feature_word word, const char *field,
		       uint32_t have, uint32_t want)
{
	static const char *const why_not = "the image is in the middle of a change, and its log is "
					   "not there";
	uint32_t gone = have & ~want, added = want & ~have;
	struct e2_str names = E2_STR_INIT;

	if (gone != 0) {
		e2_str_add_features(&names, word, gone);
		e2_findings_add(found, &(struct e2_finding){
			.id = E2_PROBLEM_SUPER_FEATURE, .field = field, .have = gone,
			.why = gone == E2_FEATURE_extant_commit && word == E2_INCOMPAT ? why_not :
			       "neither a copy nor the volume has that",
			.name = e2_str_text(&names), .name_len = (uint32_t)names.len,
		});
	}
	if (added != 0)
		FOUND(found, SUPER_VALUE, .field = field, .have = have, .want = want);
	e2_str_free(&names);
}

static void found_fields(const struct belief *b, struct e2_findings *found)
{
	const struct e2_struct *shape = e2_struct_find("super");
	uint8_t have[E2_SUPER_BYTES] = { 0 }, want[E2_SUPER_BYTES] = { 0 };

	e2_super_encode(&b->primary, have);
	e2_super_encode(&b->super, want);
	for (size_t i = 0; i < shape->count; i++) {
		const struct e2_field *f = &shape->fields[i];
		size_t end = i + 1 < shape->count ? shape->fields[i + 1].at : E2_SUPER_BYTES;

		if (f->alias || end <= f->at ||
		    memcmp(have + f->at, want + f->at, end - f->at) == 0)
			continue;
		if (f->at == 0x5c || f->at == 0x60 || f->at == 0x64)
			found_bits(found, f->at == 0x5c ? E2_COMPAT : f->at == 0x60 ? E2_INCOMPAT :
				   E2_RO_COMPAT, f->name, e2_get32(have + f->at),
				   e2_get32(want + f->at));
		else if (f->at == 0x4c && b->primary.rev_level == 0 &&
			 b->super.inode_size == E2_INODE_BYTES)
			FOUND(found, SUPER_REVISION, .have = 0, .want = 1);
		else if (f->at == 0x4c && b->primary.rev_level == 0)
			FOUND(found, SUPER_REVISION_SIZE, .have = 0, .want = b->super.inode_size);
		else
			FOUND(found, SUPER_VALUE, .field = f->name, .have = number(f, have),
			      .want = number(f, want));
	}
}

void believe_findings(const struct belief *b, struct e2_findings *found)
{
	if (b->from == 0) {
		found_fields(b, found);
		return;
	}
	if (b->forced)
		return;
	FOUND(found, SUPER_DAMAGED, .have = b->super.first_data_block, .blk = b->from,
	      .name = e2_str_text(&b->why), .name_len = (uint32_t)b->why.len);
}
