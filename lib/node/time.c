/* SPDX-License-Identifier: MIT */
/*
 * Times of an inode: 32 signed bits of seconds, and in larger inodes a second
 * word with 30 bits of nanoseconds over 2 more bits of seconds.
 * Layout: kernel, Documentation/filesystems/ext4/inodes.rst, "Inode Timestamps".
 */
#include "node/write.h"

#include <stddef.h>

enum {	/* extra_isize from which on an inode has a field: its end, past byte 128 */
	EXTRA_CTIME = 0x88 - 0x80, EXTRA_MTIME = 0x8c - 0x80, EXTRA_ATIME = 0x90 - 0x80,
	EXTRA_CRTIME = 0x94 - 0x80, EXTRA_CRTIME_EXTRA = 0x98 - 0x80,
	NSEC_MAX = 999999999,
};

bool e2_inode_has_nsec(const struct e2_inode *in)
{
	return in->extra_isize >= EXTRA_ATIME;
}

static struct e2_time time_of(uint32_t sec, uint32_t extra)
{
	uint32_t nsec = extra >> 2;

	return (struct e2_time){
		.sec = (int64_t)(sec ^ UINT32_C(0x80000000)) - INT64_C(0x80000000) +
		       ((int64_t)(extra & 3) << 32),
		.nsec = nsec > NSEC_MAX ? NSEC_MAX : (int32_t)nsec,
	};
}

bool e2_inode_time(const struct e2_inode *in, enum e2_time_which which, struct e2_time *t)
{
	uint32_t extra_isize = in->extra_isize;

	switch (which) {
	case E2_ATIME:
		*t = time_of(in->atime, extra_isize >= EXTRA_ATIME ? in->atime_extra : 0);
		return true;
	case E2_CTIME:
		*t = time_of(in->ctime, extra_isize >= EXTRA_CTIME ? in->ctime_extra : 0);
		return true;
	case E2_MTIME:
		*t = time_of(in->mtime, extra_isize >= EXTRA_MTIME ? in->mtime_extra : 0);
		return true;
	case E2_CRTIME:
		if (extra_isize < EXTRA_CRTIME)
			return false;
		*t = time_of(in->crtime, extra_isize >= EXTRA_CRTIME_EXTRA ? in->crtime_extra : 0);
		return true;
	case E2_DTIME:
		*t = time_of(in->dtime, 0);
		return true;
	}
	return false;
}

enum { SEC_MIN = INT32_MIN };

/* 32 bits with sign, 2 more with a field of extra bits. */
static int64_t sec_max(bool has_extra)
{
	return has_extra ? SEC_MIN + (INT64_C(1) << 34) - 1 : INT32_MAX;
}

void e2_inode_time_range(const struct e2_inode *in, int64_t *min, int64_t *max)
{
	*min = SEC_MIN;
	*max = sec_max(e2_inode_has_nsec(in));
}

/* The time nearest to t that fits, as the kernel clamps it. */
static void store(struct e2_time t, bool has_extra, uint32_t *sec, uint32_t *extra)
{
	const int64_t max = sec_max(has_extra);

	if (t.sec < SEC_MIN || t.sec > max)
		t = (struct e2_time){ .sec = t.sec < SEC_MIN ? SEC_MIN : max };
	*sec = (uint32_t)t.sec;
	if (has_extra)
		*extra = (uint32_t)((uint64_t)(t.sec - (int32_t)(uint32_t)t.sec) >> 32 & 3) |
			 (uint32_t)t.nsec << 2;
}

void e2_inode_set_time(struct e2_inode *in, enum e2_time_which which, struct e2_time t)
{
	uint32_t extra_isize = in->extra_isize;

	switch (which) {
	case E2_ATIME:
		store(t, extra_isize >= EXTRA_ATIME, &in->atime, &in->atime_extra);
		break;
	case E2_CTIME:
		store(t, extra_isize >= EXTRA_CTIME, &in->ctime, &in->ctime_extra);
		break;
	case E2_MTIME:
		store(t, extra_isize >= EXTRA_MTIME, &in->mtime, &in->mtime_extra);
		break;
	case E2_CRTIME:
		if (extra_isize >= EXTRA_CRTIME)
			store(t, extra_isize >= EXTRA_CRTIME_EXTRA, &in->crtime, &in->crtime_extra);
		break;
	case E2_DTIME:
		store(t, false, &in->dtime, NULL);
		break;
	}
}
