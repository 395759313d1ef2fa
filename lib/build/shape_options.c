/* SPDX-License-Identifier: MIT */
/*
 * Options of a new volume: each is proven or refused with its valid range, and
 * what is not given gets the default of Debian 12's mke2fs for ext2.
 */
#include "build/shape_priv.h"

#include "base/checked.h"
#include "base/units.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- usage types --------------------------------------------------------- */

/* What a usage type sets; 0 leaves what an earlier one set. */
struct usage {
	const char *name;
	uint32_t block_size, inode_size;
	uint64_t bytes_per_inode;
};

static const struct usage usages[] = {
	{ .name = "floppy", .block_size = 1024, .bytes_per_inode = 8192 },
	{ .name = "small", .block_size = 1024, .bytes_per_inode = 4096 },
	{ .name = "default" },
	{ .name = "big", .bytes_per_inode = 32768 },
	{ .name = "huge", .bytes_per_inode = 65536 },
	{ .name = "news", .bytes_per_inode = 4096 },
	{ .name = "largefile", .block_size = 4096, .bytes_per_inode = 1048576 },
	{ .name = "largefile4", .block_size = 4096, .bytes_per_inode = 4194304 },
	{ .name = "hurd", .block_size = 4096, .inode_size = 128 },
};
enum { USAGES = sizeof(usages) / sizeof(usages[0]) };

/* The usage type of a volume for which none is named. */
static const char *usage_by_size(uint64_t bytes)
{
	const uint64_t mib = 1 << 20, tib = mib << 20;

	if (bytes < 3 * mib)
		return "floppy";
	if (bytes < 512 * mib)
		return "small";
	if (bytes < 4 * tib)
		return "default";
	return bytes < 16 * tib ? "big" : "huge";
}

static int unknown_usage(const char *name, size_t len)
{
	struct e2_str known = E2_STR_INIT, shown = E2_STR_INIT;
	int err;

	for (size_t i = 0; i < USAGES; i++)
		e2_str_addf(&known, "%s%s", i ? " " : "", usages[i].name);
	e2_str_add_name(&shown, name, len);
	err = e2_fail(E2_ERR_INVAL, "-T %s: unknown usage type; there are %s",
		      e2_str_text(&shown), e2_str_text(&known));
	e2_str_free(&known);
	e2_str_free(&shown);
	return err;
}

static int apply_usage(struct usage *to, const char *name, size_t len)
{
	for (size_t i = 0; i < USAGES; i++) {
		const struct usage *u = &usages[i];

		if (strlen(u->name) != len || memcmp(u->name, name, len) != 0)
			continue;
		if (u->block_size)
			to->block_size = u->block_size;
		if (u->inode_size)
			to->inode_size = u->inode_size;
		if (u->bytes_per_inode)
			to->bytes_per_inode = u->bytes_per_inode;
		return 0;
	}
	return unknown_usage(name, len);
}

/* Later types win over earlier ones, field by field. */
static int apply_usages(struct usage *to, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		int err = len ? apply_usage(to, list, len) : 0;

		if (err)
			return err;
		list += len + (list[len] == ',');
	}
	return 0;
}

/* ---- creators and behaviour ----------------------------------------------- */

static int parse_os(const char *text, uint32_t *os)
{
	static const struct { const char *name; uint32_t os; } names[] = {
		{ "linux", E2_OS_LINUX }, { "hurd", E2_OS_HURD }, { "gnu", E2_OS_HURD },
		{ "masix", E2_OS_MASIX }, { "freebsd", E2_OS_FREEBSD }, { "lites", E2_OS_LITES },
	};
	uint64_t number;

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*os = names[i].os;
			return 0;
		}
	}
	if (text && e2_parse_u64(text, 0, UINT32_MAX, &number))
		return e2_fail(E2_ERR_INVAL, "-o %s: creator must be linux, hurd, masix, freebsd, "
			       "lites or a number", text);
	*os = text ? (uint32_t)number : E2_OS_LINUX;
	return 0;
}

static int parse_errors(const char *text, uint32_t *errors)
{
	if (!text || strcmp(text, "continue") == 0)
		*errors = E2_ERRORS_CONTINUE;
	else if (strcmp(text, "remount-ro") == 0)
		*errors = E2_ERRORS_RO;
	else if (strcmp(text, "panic") == 0)
		*errors = E2_ERRORS_PANIC;
	else
		return e2_fail(E2_ERR_INVAL, "-e %s: must be continue, remount-ro or panic", text);
	return 0;
}

/* ---- features ------------------------------------------------------------- */

/* Those that a new volume can have. */
static const uint32_t supported[E2_FEATURE_WORDS] = {
	[E2_COMPAT] = E2_FEATURE_ext_attr | E2_FEATURE_resize_inode | E2_FEATURE_dir_index |
		      E2_FEATURE_sparse_super2,
	[E2_INCOMPAT] = E2_FEATURE_filetype | E2_FEATURE_meta_bg,
	[E2_RO_COMPAT] = E2_FEATURE_sparse_super | E2_FEATURE_large_file,
};

static void add_supported(struct e2_str *to)
{
	for (unsigned word = 0; word < E2_FEATURE_WORDS; word++) {
		e2_str_add(to, word ? " " : "");
		e2_str_add_features(to, (enum e2_feature_word)word, supported[word]);
	}
}

static int refuse_feature(const char *list, const char *name, const struct e2_feature_row *row)
{
	struct e2_str known = E2_STR_INIT, shown = E2_STR_INIT;
	int err;

	add_supported(&known);
	e2_str_add_name(&shown, name, strlen(name));
	if (!row)
		err = e2_fail(E2_ERR_INVAL, "-O %s: unknown feature \"%s\"; there are %s", list,
			      e2_str_text(&shown), e2_str_text(&known));
	else if (row->word == E2_COMPAT && row->bit == E2_FEATURE_has_journal)
		err = e2_fail(E2_ERR_INVAL, "-O %s: has_journal makes ext3, which cannot be made "
			      "yet; ext2 has %s", list, e2_str_text(&known));
	else
		err = e2_fail(E2_ERR_INVAL, "-O %s: %s is not a feature of new ext2 volumes, which "
			      "have %s", list, row->name, e2_str_text(&known));
	e2_str_free(&known);
	e2_str_free(&shown);
	return err;
}

static int set_feature(struct e2_wish *w, const char *list, const char *name, bool on)
{
	const struct e2_feature_row *row = e2_feature_find(name);
	uint32_t *words[] = { &w->compat, &w->incompat, &w->ro_compat };

	if (row && (supported[row->word] & row->bit) != 0) {
		if (on)
			*words[row->word] |= row->bit;
		else
			*words[row->word] &= ~row->bit;
		return 0;
	}
	/* Taking away what is not there is harmless, as long as it is a feature. */
	return row && !on ? 0 : refuse_feature(list, name, row);
}

/* "filetype,^dir_index,none": left to right; "none" takes away all so far. */
static int edit_features(struct e2_wish *w, const char *list)
{
	char name[64];

	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ", ");
		bool off = *p == '^' || *p == '-', sign = off || *p == '+';
		const char *word = p + sign;
		size_t word_len = len - (len ? sign : 0);

		if (len == 0 || word_len == 0 || word_len >= sizeof(name))
			return refuse_feature(list, len ? p : "", NULL);
		for (size_t i = 0; i < word_len; i++)
			name[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 32) : word[i];
		name[word_len] = '\0';
		if (strcmp(name, "none") == 0 && !off) {
			w->compat = w->incompat = w->ro_compat = 0;
		} else {
			int err = set_feature(w, list, name, !off);

			if (err)
				return err;
		}
		p += len;
		if (*p && !*++p)
			return refuse_feature(list, "", NULL);
	}
	return 0;
}

/* Combinations that contradict each other or that no reader understands. */
static int check_features(const struct e2_wish *w)
{
	bool resize = w->compat & E2_FEATURE_resize_inode;

	if (w->revision == 0 && (w->compat | w->incompat | w->ro_compat) != 0)
		return e2_fail(E2_ERR_INVAL, "-r 0: revision 0 has no features; leave out -O");
	if (w->os == E2_OS_HURD && (w->incompat & E2_FEATURE_filetype))
		return e2_fail(E2_ERR_INVAL, "-O filetype: the Hurd does not know this feature; "
			       "leave out -o hurd or filetype");
	if (resize && (w->incompat & E2_FEATURE_meta_bg))
		return e2_fail(E2_ERR_INVAL, "-O meta_bg: resize_inode and meta_bg exclude each "
			       "other; add ^resize_inode");
	if (resize && !(w->ro_compat & E2_FEATURE_sparse_super))
		return e2_fail(E2_ERR_INVAL, "-O ^sparse_super: resize_inode needs sparse_super; "
			       "add ^resize_inode");
	return 0;
}

uint32_t e2_wish_growth(const struct e2_wish *w, uint64_t grown, uint32_t blocks_per_group,
			uint32_t desc_blocks)
{
	uint64_t groups = e2_div_up(grown - (w->block_size == 1024), blocks_per_group);
	uint64_t blocks = e2_div_up(groups, w->block_size / E2_GROUP_BYTES);
	uint32_t most = w->block_size / 4;	/* pointers in a block of the resize inode */

	if (blocks <= desc_blocks)
		return 0;
	return blocks - desc_blocks > most ? most : (uint32_t)(blocks - desc_blocks);
}

/*
 * -E resize: too little to need another descriptor block counts as not given.
 * Reckoned with the groups that a bitmap could describe, which are larger than
 * real ones with blocks of 8 KiB and more.
 */
static int wish_resize(const struct e2_shape_options *o, uint64_t blocks, struct e2_wish *w)
{
	uint64_t resize = o->resize_blocks;
	uint32_t group = o->blocks_per_group ? o->blocks_per_group : 8 * w->block_size;

	if (resize == 0)
		return 0;
	if (resize <= blocks || resize > UINT32_MAX)
		return e2_fail(E2_ERR_INVAL, "-E resize=%llu: must be more than the %llu blocks of "
			       "the volume, and at most %u", (unsigned long long)resize,
			       (unsigned long long)blocks, UINT32_MAX);

	uint64_t groups = e2_div_up(blocks - (w->block_size == 1024), group);
	uint64_t descs = e2_div_up(groups, w->block_size / E2_GROUP_BYTES);

	w->growth = e2_wish_growth(w, resize, group, (uint32_t)descs);
	if (w->growth && w->revision == 0)
		return e2_fail(E2_ERR_INVAL, "-E resize: revision 0 has no blocks for growth");
	if (w->growth)
		w->compat |= E2_FEATURE_resize_inode;
	return 0;
}

static int wish_features(const struct e2_shape_options *o, uint64_t blocks, struct e2_wish *w)
{
	if (w->revision != 0) {
		w->compat = E2_FEATURE_ext_attr | E2_FEATURE_resize_inode | E2_FEATURE_dir_index;
		w->incompat = w->os == E2_OS_HURD ? 0 : E2_FEATURE_filetype;
		w->ro_compat = E2_FEATURE_sparse_super | E2_FEATURE_large_file;
	}
	int err = o->features ? edit_features(w, o->features) : 0;

	if (!err)
		err = wish_resize(o, blocks, w);
	return err ? err : check_features(w);
}

/* ---- numbers -------------------------------------------------------------- */

static bool valid_block_size(uint32_t size)
{
	return e2_is_power_of_2(size) && size >= E2_BLOCK_SIZE_MIN && size <= E2_BLOCK_SIZE_MAX;
}

static int wish_sizes(const struct e2_shape_options *o, const struct usage *u, struct e2_wish *w)
{
	w->block_size = o->block_size ? o->block_size : u->block_size;
	if (!valid_block_size(w->block_size))
		return e2_fail(E2_ERR_INVAL, "-b %u: block size must be 1024, 2048, 4096 ... 65536",
			       w->block_size);

	w->inode_size = o->inode_size ? o->inode_size : u->inode_size;
	if (w->revision == 0 && !o->inode_size)
		w->inode_size = 128;
	if (w->revision == 0 && w->inode_size != 128)
		return e2_fail(E2_ERR_INVAL, "-I %u: inodes of revision 0 have 128 bytes",
			       w->inode_size);
	if (!e2_is_power_of_2(w->inode_size) || w->inode_size < 128 ||
	    w->inode_size > w->block_size)
		return e2_fail(E2_ERR_INVAL, "-I %u: inode size must be a power of 2 from 128 to "
			       "the block size, %u", w->inode_size, w->block_size);
	if (w->inode_size > UINT16_MAX)
		return e2_fail(E2_ERR_INVAL, "-I %u: inode size must be at most 32768, the "
			       "superblock has 16 bits for it", w->inode_size);

	uint32_t most = w->block_size * 8;

	w->blocks_per_group = o->blocks_per_group ? o->blocks_per_group : most;
	if (w->blocks_per_group % 8 != 0 || w->blocks_per_group < E2_GROUP_BLOCKS_MIN ||
	    w->blocks_per_group > most)
		return e2_fail(E2_ERR_INVAL, "-g %u: blocks per group must be a multiple of 8 from "
			       "%u to %u", w->blocks_per_group, (unsigned)E2_GROUP_BLOCKS_MIN,
			       most);
	if (w->blocks_per_group > E2_GROUP_BLOCKS_MAX)
		w->blocks_per_group = E2_GROUP_BLOCKS_MAX;
	return 0;
}

static int wish_counts(const struct e2_shape_options *o, const struct usage *u, struct e2_wish *w)
{
	const uint64_t least = E2_BLOCK_SIZE_MIN, most = (uint64_t)E2_BLOCK_SIZE_MAX << 10;

	w->bytes_per_inode = o->bytes_per_inode;
	if (!w->bytes_per_inode)
		w->bytes_per_inode = u->bytes_per_inode > w->block_size ? u->bytes_per_inode
									: w->block_size;
	if (w->bytes_per_inode < least || w->bytes_per_inode > most)
		return e2_fail(E2_ERR_INVAL, "-i %llu: bytes per inode must be %llu to %llu",
			       (unsigned long long)w->bytes_per_inode, (unsigned long long)least,
			       (unsigned long long)most);
	w->inodes = o->inodes;
	if (w->inodes > UINT32_MAX)
		return e2_fail(E2_ERR_INVAL, "-N %llu: number of inodes must be 11 to %u",
			       (unsigned long long)w->inodes, UINT32_MAX);

	w->reserved_percent = o->reserved_percent < 0 ? 5 : o->reserved_percent;
	if (isnan(w->reserved_percent) || w->reserved_percent > 50)
		return e2_fail(E2_ERR_INVAL, "-m %g: reserved blocks must be 0 to 50 percent",
			       w->reserved_percent);
	w->backup_count = o->backup_count == UINT32_MAX ? 2 : o->backup_count;
	if (w->backup_count > 2)
		return e2_fail(E2_ERR_INVAL, "-E num_backup_sb=%u: must be 0, 1 or 2",
			       w->backup_count);
	if (o->stride > UINT16_MAX)
		return e2_fail(E2_ERR_INVAL, "-E stride=%u: must be 0 to %u", o->stride,
			       (unsigned)UINT16_MAX);
	return 0;
}

static int check_text(const char *letter, const char *what, const char *text, size_t most)
{
	if (text && strlen(text) > most)
		return e2_fail(E2_ERR_INVAL, "%s: %s has %zu bytes, %zu fit", letter, what,
			       strlen(text), most);
	return 0;
}

static int find_usage(const struct e2_shape_options *o, uint32_t os, uint64_t bytes,
		      struct usage *u)
{
	*u = (struct usage){ .block_size = 4096, .inode_size = 256, .bytes_per_inode = 16384 };
	int err = apply_usages(u, o->usage ? o->usage : usage_by_size(bytes));

	return err || os != E2_OS_HURD ? err : apply_usages(u, "hurd");
}

int e2_wish_make(const struct e2_shape_options *o, uint64_t bytes, struct e2_wish *w)
{
	struct usage u;
	int err;

	*w = (struct e2_wish){ .revision = o->revision == UINT32_MAX ? 1 : o->revision };
	if (w->revision > 1)
		return e2_fail(E2_ERR_INVAL, "-r %u: revision must be 0 or 1", w->revision);
	if ((err = parse_os(o->creator_os, &w->os)) != 0 ||
	    (err = parse_errors(o->errors, &w->errors)) != 0 ||
	    (err = find_usage(o, w->os, bytes, &u)) != 0 ||
	    (err = wish_sizes(o, &u, w)) != 0 ||
	    (err = wish_counts(o, &u, w)) != 0 ||
	    (err = check_text("-L", "label", o->label,
			      sizeof(((struct e2_super *)0)->volume_name))) ||
	    (err = check_text("-M", "directory", o->last_mounted,
			      sizeof(((struct e2_super *)0)->last_mounted))))
		return err;
	return wish_features(o, bytes / w->block_size, w);
}

int e2_shape_block_size(const struct e2_shape_options *options, uint64_t bytes, uint32_t *size)
{
	struct e2_wish w;
	int err = e2_wish_make(options, bytes, &w);

	if (!err)
		*size = w.block_size;
	return err;
}
