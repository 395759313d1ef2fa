/* SPDX-License-Identifier: MIT */
/* Entries get back an inode that has lost its name. */
#include "check/fix_dirs.h"

#include "base/endian.h"

#include <string.h>

/* Whether the inode still lacks the name, and the name is none of another entry. */
static int is_wanted(struct fix *fx, const struct e2_finding *f, const struct fix_slot *s)
{
	e2_ino ino = 0;
	int n;

	if (f->id == E2_PROBLEM_ENTRY_COVERED)
		ino = ck_lacks_name(fx->ck, f->other) ? f->other : 0;
	else if ((n = ck_unnamed(fx->ck, f->dir, s->e.file_type, (e2_ino)f->have, &ino)) != 0)
		return n;
	if (ino != f->other)
		return 0;
	if (f->id == E2_PROBLEM_ENTRY_OTHER)
		return 1;
	return fix_name_free(fx, s->dir, &s->in, (const uint8_t *)f->name, f->name_len);
}

int fix_entry_gone(struct fix *fx, struct e2_finding *f)
{
	struct fix_slot s;
	int n = fix_slot_of(fx, f, &s);

	if (n <= 0)
		return n;
	n = is_wanted(fx, f, &s);
	if (n <= 0) {
		fix_slot_end(fx, &s);
		return n;
	}
	e2_dir_memo_drop(fx->txn, s.dir);
	n = fix_slot_lead_to(fx, &s, f->other);
	return n < 0 ? n : 1;
}

int fix_entry_other(struct fix *fx, struct e2_finding *f)
{
	struct ck_inode *had = ck_inode(fx->ck, (e2_ino)f->have);
	struct fix_slot s;
	int n;

	if (had == NULL || had->counted <= had->links)
		return 0;
	n = fix_slot_of(fx, f, &s);
	if (n <= 0)
		return n;
	n = is_wanted(fx, f, &s);
	if (n <= 0) {
		fix_slot_end(fx, &s);
		return n;
	}
	had->counted--;
	n = fix_slot_lead_to(fx, &s, f->other);
	return n < 0 ? n : 1;
}

/* The record whose unused end holds a byte. */
static bool find_cover(const struct fix *fx, const uint8_t *data, uint32_t offset,
		       struct e2_entry *over)
{
	struct e2_entry e;
	bool found = false;
	int n;

	for (uint32_t at = 0; (n = e2_entry_at(fx->ck->g, data, at, &e)) > 0; at += e.rec_len) {
		uint32_t used = e.ino != 0 ? e2_entry_bytes(e.name_len) : 12;

		if (offset < at + used || offset >= at + e.rec_len)
			continue;
		*over = e;
		found = true;
	}
	if (n < 0)
		e2_err_clear();
	return n == 0 && found;
}

/* 1 when the bytes at a place are still the entry of a finding. */
static bool is_still(const struct e2_finding *f, const uint8_t *at)
{
	struct e2_dirent d;

	e2_dirent_decode(&d, at);
	return d.inode == f->other && d.name_len == f->name_len &&
	       memcmp(at + E2_DIRENT_BYTES, f->name, f->name_len) == 0;
}

static int uncover(struct fix *fx, struct e2_finding *f, struct fix_slot *s)
{
	struct ck_inode *target = &fx->ck->inodes[f->other];
	struct e2_entry over = { .ino = 0 };
	struct e2_dirent d, covered;
	int n;

	if (!find_cover(fx, s->buf->data, f->index, &over) ||
	    !is_still(f, s->buf->data + f->index))
		return 0;
	n = is_wanted(fx, f, s);
	if (n <= 0)
		return n;
	e2_dirent_decode(&d, s->buf->data + over.offset);
	d.rec_len = (uint16_t)(f->index - over.offset);
	e2_dirent_encode(&d, s->buf->data + over.offset);
	e2_dirent_decode(&covered, s->buf->data + f->index);
	covered.rec_len = (uint16_t)(over.offset + over.rec_len - f->index);
	e2_dirent_encode(&covered, s->buf->data + f->index);
	target->counted++;
	if (target->type == E2_FT_DIR)
		target->parent = f->dir;
	return 1;
}

int fix_entry_covered(struct fix *fx, struct e2_finding *f)
{
	struct fix_slot s = { .dir = f->dir };
	int n = e2_inode_get(fx->fs, f->dir, &s.in);

	if (n != 0)
		return n;
	if (!e2_is_dir(&s.in) || f->lblk >= e2_dir_blocks(fx->fs, &s.in))
		return 0;
	e2_dir_memo_drop(fx->txn, s.dir);
	n = e2_dir_edit(fx->txn, s.dir, &s.in, f->lblk, &s.buf);
	if (n != 0)
		return n;
	n = uncover(fx, f, &s);
	fix_slot_end(fx, &s);
	return n;
}
