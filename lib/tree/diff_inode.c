/* SPDX-License-Identifier: MIT */
/* In what two inodes differ. */
#include "tree/diff_priv.h"

#include "base/grow.h"

#include <string.h>

static bool is_device(const struct e2_inode *in)
{
	uint32_t type = in->mode & E2_S_IFMT;

	return type == E2_S_IFCHR || type == E2_S_IFBLK;
}

/* Whether inodes of the same bytes are the same: nothing of them lies elsewhere. */
static bool is_whole(const struct e2_diff *d, const struct e2_inode *in)
{
	if (in->file_acl || e2_is_dir(in))
		return false;
	if (e2_is_reg(in))
		return !(d->options.flags & E2_DIFF_WITH_CONTENT);
	return !e2_is_symlink(in) || e2_symlink_is_fast(d->fs[0], in);
}

static void compare_devices(const struct e2_inode in[2], uint32_t *what)
{
	uint32_t major[2], minor[2];

	for (unsigned side = 0; side < 2; side++)
		e2_inode_device(&in[side], &major[side], &minor[side]);
	if (major[0] != major[1] || minor[0] != minor[1])
		*what |= E2_DIFF_BIT(DEVICE);
}

/* 0, or E2_ERR_NOMEM: what else fails is damage. */
static int as_damage(int err, uint32_t *what)
{
	if (err && err != E2_ERR_NOMEM) {
		*what |= E2_DIFF_BIT(DAMAGE);
		return 0;
	}
	return err;
}

static int compare_texts(struct e2_diff *d, const struct e2_inode in[2], uint32_t *what)
{
	int r = 0;

	for (unsigned side = 0; side < 2 && r == 0; side++) {
		e2_str_truncate(&d->text[side], 0);
		r = e2_symlink_read(d->fs[side], &in[side], &d->text[side]);
	}
	if (r)
		return as_damage(r, what);
	if (d->text[0].len != d->text[1].len ||
	    memcmp(d->text[0].text, d->text[1].text, d->text[0].len) != 0)
		*what |= E2_DIFF_BIT(TEXT);
	return 0;
}

static bool times_differ(const struct e2_inode in[2], enum e2_time_which which, bool *nsec)
{
	struct e2_time t[2] = { { 0, 0 }, { 0, 0 } };

	for (unsigned side = 0; side < 2; side++)
		(void)e2_inode_time(&in[side], which, &t[side]);	/* without it: zeros */
	*nsec = t[0].sec == t[1].sec && t[0].nsec != t[1].nsec;
	return t[0].sec != t[1].sec;
}

static void compare_meta(const e2_ino ino[2], const struct e2_inode in[2], uint32_t *what)
{
	bool nsec;

#define DIFFERS(id, condition) (*what |= (condition) ? E2_DIFF_BIT(id) : 0)
	DIFFERS(MODE, (in[0].mode & 07777) != (in[1].mode & 07777));
	DIFFERS(INO, ino[0] != ino[1]);
	DIFFERS(LINK_COUNT, in[0].links_count != in[1].links_count);
	DIFFERS(DIR_SIZE, e2_is_dir(&in[0]) && e2_inode_size(&in[0]) != e2_inode_size(&in[1]));
	DIFFERS(SECTORS, in[0].blocks != in[1].blocks);
	DIFFERS(ATIME, times_differ(in, E2_ATIME, &nsec) || nsec);
	DIFFERS(CTIME, times_differ(in, E2_CTIME, &nsec) || nsec);
	DIFFERS(CRTIME, times_differ(in, E2_CRTIME, &nsec) || nsec);
	DIFFERS(FLAGS, in[0].flags != in[1].flags);
	DIFFERS(GENERATION, in[0].generation != in[1].generation);
}

static int compare_both(struct e2_diff *d, struct diff_item *item, const struct e2_inode in[2])
{
	bool meta = d->options.flags & E2_DIFF_WITH_META, nsec;
	uint32_t *what = &item->what;
	int r = 0;

	if ((in[0].mode & E2_S_IFMT) != (in[1].mode & E2_S_IFMT)) {
		*what |= E2_DIFF_BIT(TYPE);
		return 0;
	}
	DIFFERS(SIZE, e2_is_reg(&in[0]) && e2_inode_size(&in[0]) != e2_inode_size(&in[1]));
	DIFFERS(MTIME, times_differ(in, E2_MTIME, &nsec));
	DIFFERS(MTIME_NSEC, nsec && meta);
	DIFFERS(MODE, !e2_is_symlink(&in[0]) && (in[0].mode & 07777) != (in[1].mode & 07777));
	DIFFERS(UID, in[0].uid != in[1].uid);
	DIFFERS(GID, in[0].gid != in[1].gid);
	if (is_device(&in[0]))
		compare_devices(in, what);
	if (meta)
		compare_meta(item->ino, in, what);
	if (e2_is_symlink(&in[0]))
		r = compare_texts(d, in, what);
	if (r == 0)
		r = diff_attributes(d, item->ino, in, what);
	if (r == 0 && e2_is_reg(&in[0]) && (d->options.flags & E2_DIFF_WITH_CONTENT) &&
	    !(*what & E2_DIFF_BIT(SIZE)))
		r = diff_content(d, in, what, &item->at);
	return r;
}

/* A file with several names is compared once with another. */
static int compare_once(struct e2_diff *d, struct diff_item *item, const struct e2_inode in[2])
{
	uint64_t key = (uint64_t)item->ino[0] << 32 | item->ino[1], known;
	struct diff_memo *more;
	int r;

	if (e2_map_get(d->pairs, key, &known)) {
		item->what = d->memos[known].what;
		item->at = d->memos[known].at;
		return 0;
	}
	r = compare_both(d, item, in);
	if (r)
		return r;
	more = e2_grow(d->memos, &d->memo_cap, d->memo_count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	d->memos = more;
	d->memos[d->memo_count] = (struct diff_memo){ item->what, item->at };
	return e2_map_set(d->pairs, key, d->memo_count++);
}

int diff_inodes(struct e2_diff *d, struct diff_item *item)
{
	struct e2_inode in[2] = { { 0 }, { 0 } };
	uint32_t bytes[2];

	for (unsigned side = 0; side < 2; side++) {
		int r = item->ino[side] ? e2_inode_raw(d->fs[side], item->ino[side],
						       d->raw[side]) : 0;

		bytes[side] = e2_geometry(d->fs[side])->inode_size;
		if (r)
			return as_damage(r, &item->what);
		if (item->ino[side])
			e2_inode_decode(&in[side], d->raw[side], bytes[side]);
		if (item->ino[side] && e2_is_dir(&in[side]))
			item->dirs |= (uint8_t)(1u << side);
	}
	item->several = !e2_is_dir(&in[0]) && in[0].links_count > 1 && !e2_is_reg(&in[0]);
	if (!item->ino[0] || !item->ino[1])
		return 0;
	if (!e2_is_dir(&in[0]) && (in[0].mode & E2_S_IFMT) == (in[1].mode & E2_S_IFMT))
		item->several = in[0].links_count > 1 || in[1].links_count > 1;
	if (bytes[0] == bytes[1] && !memcmp(d->raw[0], d->raw[1], bytes[0]) &&
	    is_whole(d, &in[0]) && item->ino[0] == item->ino[1])	/* as most are */
		return 0;
	return item->several ? compare_once(d, item, in) : compare_both(d, item, in);
}
