/* SPDX-License-Identifier: MIT */
/*
 * Repairs of directory entries.
 *
 * An entry that leads to the wrong inode gets back the one it must have meant, where that is
 * beyond doubt.  Else it goes, and its bytes stay as unused space.
 */
#include "check/fix_dirs.h"

#include <stdio.h>
#include <string.h>

/* ---- finding an entry ------------------------------------------------------------ */

int fix_slot_get(struct fix *fx, e2_ino dir, e2_lblk lblk, uint32_t offset, struct fix_slot *slot)
{
	uint32_t at = 0;
	bool found = false;
	struct e2_entry e;
	int n = e2_inode_get(fx->fs, dir, &slot->in);

	slot->dir = dir;
	if (n != 0)
		return n;
	if (!e2_is_dir(&slot->in) || lblk >= e2_dir_blocks(fx->fs, &slot->in))
		return 0;
	n = e2_dir_edit(fx->txn, dir, &slot->in, lblk, &slot->buf);
	if (n != 0)
		return n;
	for (; (n = e2_entry_at(fx->ck->g, slot->buf->data, at, &e)) > 0; at += e.rec_len) {
		if (at != offset)
			continue;
		e.lblk = lblk;
		slot->e = e;
		found = true;
	}
	if (n == 0 && found)
		return 1;
	if (n < 0)
		e2_err_clear();
	fix_slot_end(fx, slot);
	return 0;
}

void fix_slot_end(struct fix *fx, struct fix_slot *slot)
{
	e2_txn_put(fx->txn, slot->buf);
	slot->buf = NULL;
}

int fix_slot_of(struct fix *fx, const struct e2_finding *f, struct fix_slot *slot)
{
	bool type = f->id == E2_PROBLEM_ENTRY_TYPE || f->id == E2_PROBLEM_ENTRY_TYPE_NONE ||
		    f->id == E2_PROBLEM_ENTRY_TYPE_SET;
	int n = fix_slot_get(fx, f->dir, f->lblk, f->index, slot);

	if (n <= 0)
		return n;
	if (slot->e.ino == (type ? f->want : f->have) && slot->e.name_len == f->name_len &&
	    (f->name_len == 0 || memcmp(slot->e.name, f->name, f->name_len) == 0))
		return 1;
	fix_slot_end(fx, slot);
	return 0;
}

int fix_slot_naming(struct fix *fx, e2_ino dir, e2_ino ino, struct fix_slot *slot)
{
	struct e2_dir *it;
	struct e2_entry e;
	int n = e2_dir_begin(fx->fs, dir, &it);

	if (n != 0)
		return n == E2_ERR_NOMEM || n == E2_ERR_IO ? n : 0;
	while ((n = e2_dir_next(it, &e)) != 0) {
		if (n == E2_ERR_NOMEM)
			break;
		if (n > 0 && e.ino == ino && (e.lblk != 0 || e.offset >= 24))
			break;
	}
	e2_dir_end(it);
	return n > 0 ? fix_slot_get(fx, dir, e.lblk, e.offset, slot) : n;
}

e2_ino fix_parent(const struct fix *fx, e2_ino dir)
{
	e2_ino parent = fx->ck->inodes[dir].parent;

	return dir != E2_INO_ROOT && parent != 0 ? parent : E2_INO_ROOT;
}

/* ---- names ------------------------------------------------------------------------- */

void fix_entry_path(struct fix *fx, e2_ino dir, const uint8_t *name, uint32_t len,
		    struct e2_str *path)
{
	char number[32];

	if (!e2_report_path_raw(fx->report, dir, 0, path)) {
		snprintf(number, sizeof(number), "<%u>", dir);
		e2_str_add(path, number);
	}
	if (len == 0)
		return;
	if (path->len == 0 || e2_str_text(path)[path->len - 1] != '/')
		e2_str_add(path, "/");
	e2_str_add_bytes(path, name, len);
}

int fix_lose_name(struct fix *fx, const struct e2_finding *f, e2_ino dir, const uint8_t *name,
		  uint32_t len, const char *why)
{
	struct e2_str path = E2_STR_INIT;
	int err;

	fix_entry_path(fx, dir, name, len, &path);
	err = fix_lose(fx, f, &(struct e2_loss){ .kind = E2_LOSS_NAME, .why = why,
						 .path = e2_str_text(&path) });
	e2_str_free(&path);
	return err;
}

int fix_name_free(struct fix *fx, e2_ino dir, const struct e2_inode *in, const uint8_t *name,
		  uint32_t len)
{
	struct e2_slot slot;
	int n;

	if (e2_name_problem(name, len) != NULL)
		return 0;
	n = e2_dir_find(fx->fs, dir, in, name, len, &slot);
	if (n == E2_ERR_NOENT)
		e2_err_clear();
	return n == E2_ERR_NOENT ? 1 : n;
}

int fix_free_name(struct fix *fx, e2_ino dir, const struct e2_inode *in, const uint8_t *like,
		  uint32_t like_len, uint8_t *name, uint32_t *len)
{
	char end[16] = "";
	int n = 0;

	for (uint64_t i = 0; n == 0; i++) {
		uint32_t end_len, kept = like_len;

		/* Many names of one directory may be changed in a row. */
		if (i != 0)
			snprintf(end, sizeof(end), "~%llu",
				 (unsigned long long)(i == 1 ? 0 : ++fx->ck->renamed));
		end_len = (uint32_t)strlen(end);
		if (kept > E2_NAME_MAX - end_len)
			kept = E2_NAME_MAX - end_len;
		memcpy(name, like, kept);
		memcpy(name + kept, end, end_len);
		*len = kept + end_len;
		n = fix_name_free(fx, dir, in, name, *len);
	}
	return n < 0 ? n : 0;
}

int fix_put_name(struct fix *fx, e2_ino dir, const uint8_t *name, uint32_t len, e2_ino ino,
		 uint8_t type)
{
	struct e2_inode in;
	int err = e2_inode_get(fx->fs, dir, &in);

	if (err == 0)
		err = e2_dir_insert(fx->txn, dir, &in, name, len, ino, type);
	return err != 0 ? err : e2_inode_put(fx->txn, dir, &in);
}

/* What the transaction remembers of the block. */
static int tell_room(struct fix *fx, struct fix_slot *s)
{
	uint32_t room;
	int n = e2_block_room(fx->ck->g, s->buf->data, &room);

	if (n == 0)
		e2_dir_memo_room(fx->txn, s->dir, s->e.lblk, room);
	return n;
}

/* Takes the entry away, and ends the slot. */
static int remove_slot(struct fix *fx, struct fix_slot *s)
{
	int err;

	e2_dir_memo_remove(fx->txn, s->dir, s->e.name, s->e.name_len, s->e.lblk);
	err = e2_block_remove(fx->ck->g, s->buf->data, s->e.offset);
	if (err == 0)
		err = tell_room(fx, s);
	fix_slot_end(fx, s);
	return err;
}

static void will_be(struct e2_finding *f, const char *what, const uint8_t *name, uint32_t len)
{
	struct e2_str text = E2_STR_INIT;

	e2_str_add_name(&text, name, len);
	fix_will(f, "%swill be \"%s\"", what, e2_str_text(&text));
	e2_str_free(&text);
}

/* Gives the entry another name, and ends the slot. */
static int rename_slot(struct fix *fx, struct fix_slot *s, const uint8_t *name, uint32_t len)
{
	e2_ino ino = s->e.ino;
	uint8_t type = s->e.file_type;
	int err;

	if (e2_entry_bytes(len) > s->e.rec_len) {
		err = remove_slot(fx, s);
		return err != 0 ? err : fix_put_name(fx, s->dir, name, len, ino, type);
	}
	e2_dir_memo_remove(fx->txn, s->dir, s->e.name, s->e.name_len, s->e.lblk);
	s->e.name = name;
	s->e.name_len = (uint16_t)len;
	e2_entry_write(fx->ck->g, s->buf->data, &s->e);
	e2_dir_memo_add(fx->txn, s->dir, name, len, s->e.lblk);
	err = tell_room(fx, s);
	fix_slot_end(fx, s);
	return err;
}

/* ---- where an entry leads ------------------------------------------------------------- */

int fix_slot_lead_to(struct fix *fx, struct fix_slot *s, e2_ino ino)
{
	struct ck_inode *target = &fx->ck->inodes[ino];
	uint8_t type = target->type != CK_BAD_TYPE ? target->type : s->e.file_type;
	int err = e2_block_retarget(fx->ck->g, s->buf->data, s->e.offset, ino, type);

	fix_slot_end(fx, s);
	target->counted++;
	if (target->type == E2_FT_DIR)
		target->parent = s->dir;
	return err;
}

/* Gives an entry that leads to the wrong inode the right one, or takes it away, and why says what
 * that costs; ends the slot. */
static int mend_slot(struct fix *fx, struct e2_finding *f, struct fix_slot *s, const char *why)
{
	unsigned type = s->e.file_type <= E2_FT_LNK ? s->e.file_type : E2_FT_UNKNOWN;
	e2_ino ino;
	int err = ck_unnamed(fx->ck, s->dir, type, s->e.ino, &ino);

	if (err == 0 && ino != 0) {
		fix_will(f, "will be %u, which %s", ino, fx->ck->inodes[ino].counted == 0 ||
			 fx->ck->inodes[ino].type == E2_FT_DIR ?
			 "nothing names" : "has a name too few");
		return fix_slot_lead_to(fx, s, ino);
	}
	if (err == 0)
		err = fix_lose_name(fx, f, s->dir, s->e.name, s->e.name_len, why);
	if (err != 0) {
		fix_slot_end(fx, s);
		return err;
	}
	return remove_slot(fx, s);
}

/* A file that is none of those that the superblock hides: ext2 has none. */
static int unhide(struct fix *fx, struct e2_finding *f)
{
	e2_ino ino = (e2_ino)f->have;
	struct e2_super super;
	uint32_t *fields[] = { &super.usr_quota_inum, &super.grp_quota_inum,
			       &super.prj_quota_inum, &super.orphan_file_inum };
	bool found = false;
	int err = e2_super_get(fx->fs, &super);

	if (err != 0)
		return err;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (*fields[i] != ino)
			continue;
		*fields[i] = 0;
		found = true;
	}
	if (!found)
		return 0;
	fix_will(f, "the superblock will call it hidden no more");
	err = e2_super_put(fx->txn, &super);
	return err != 0 ? err : 1;
}

int fix_entry_target(struct fix *fx, struct e2_finding *f)
{
	struct fix_slot s;
	int n;

	if (f->id == E2_PROBLEM_ENTRY_RESERVED && !ck_is_reserved(fx->ck, (e2_ino)f->have))
		return unhide(fx, f);
	n = fix_slot_of(fx, f, &s);
	if (n <= 0)
		return n;
	if (s.e.lblk == 0 && s.e.offset <= 12) {	/* ".." */
		e2_ino up = fix_parent(fx, s.dir);

		n = e2_block_retarget(fx->ck->g, s.buf->data, s.e.offset, up, E2_FT_DIR);
		fix_slot_end(fx, &s);
		fix_will(f, "will be %u", up);
	} else {
		n = mend_slot(fx, f, &s, "it leads to no file");
	}
	return n < 0 ? n : 1;
}

int fix_entry_dir_twice(struct fix *fx, struct e2_finding *f)
{
	static const char kept[] = "the directory keeps its other name";
	struct ck_inode *target = ck_inode(fx->ck, (e2_ino)f->have);
	struct fix_slot s, first;
	int n = fix_slot_of(fx, f, &s);

	if (n <= 0)
		return n;
	if (target == NULL || target->dotdot != s.dir || target->parent == s.dir ||
	    target->parent == 0) {
		n = mend_slot(fx, f, &s, kept);
		return n < 0 ? n : 1;
	}
	/* ".." means this one: it is the other that is wrong. */
	fix_slot_end(fx, &s);
	n = fix_slot_naming(fx, target->parent, (e2_ino)f->have, &first);
	if (n <= 0)
		return n;
	n = mend_slot(fx, f, &first, kept);
	if (n < 0)
		return n;
	if (f->will != NULL)
		fix_will(f, "this one is right, by its \"..\"; the other name will lead to an "
			 "inode that nothing names");
	else
		fix_will(f, "this one is right, by its \"..\"; the other name will go");
	target->parent = f->dir;
	return 1;
}

int fix_entry_type(struct fix *fx, struct e2_finding *f)
{
	struct fix_slot s;
	const struct ck_inode *target;
	uint8_t type;
	int n = fix_slot_of(fx, f, &s);

	if (n <= 0)
		return n;
	target = ck_inode(fx->ck, s.e.ino);
	type = target != NULL && target->type != CK_BAD_TYPE ? target->type : E2_FT_UNKNOWN;
	if (s.e.lblk == 0 && s.e.offset <= 12)
		type = E2_FT_DIR;
	n = e2_block_retarget(fx->ck->g, s.buf->data, s.e.offset, s.e.ino, type);
	fix_slot_end(fx, &s);
	if (fx->ck->g->filetype)
		fix_will(f, "will be %u", type);
	return n < 0 ? n : 1;
}

/* ---- what an entry is called ------------------------------------------------------------ */

/*
 * What a name must have been: without what follows its end, where its length is wrong; with
 * dots for bytes that no name can have.
 */
static uint32_t mended_name(const struct fix_slot *s, uint8_t *name)
{
	uint32_t room = s->e.rec_len - E2_DIRENT_BYTES, len = s->e.name_len, end = 0;
	bool cut = true;

	if (room > E2_NAME_MAX)
		room = E2_NAME_MAX;
	if (len == 0)
		len = room;
	while (end < len && s->e.name[end] != 0)
		end++;
	for (uint32_t i = end; i < len && i <= (end | 3); i++)
		cut = cut && s->e.name[i] == 0;
	if (s->e.name_len == 0 || (cut && end != 0))
		len = end;
	for (uint32_t i = 0; i < len; i++)
		name[i] = s->e.name[i] == 0 || s->e.name[i] == '/' ? '.' : s->e.name[i];
	return len;
}

/* A "." or ".." among the names goes, if it leads where it should. */
static bool is_needless(const struct fix *fx, const struct fix_slot *s)
{
	const struct ck_inode *target = ck_inode(fx->ck, s->e.ino);

	if (s->e.name_len == 0 || s->e.name_len > 2 || memcmp(s->e.name, "..", s->e.name_len) != 0)
		return false;
	return target == NULL || s->e.ino == s->dir || s->e.ino == fix_parent(fx, s->dir);
}

int fix_entry_name(struct fix *fx, struct e2_finding *f)
{
	uint8_t like[E2_NAME_MAX + 1], name[E2_NAME_MAX];
	uint32_t len, like_len;
	struct fix_slot s;
	int n = fix_slot_of(fx, f, &s);

	if (n <= 0)
		return n;
	if (is_needless(fx, &s)) {
		fix_will(f, "will go");
		n = remove_slot(fx, &s);
		return n < 0 ? n : 1;
	}
	like_len = mended_name(&s, like);
	if (like_len == 0)
		like_len = (uint32_t)snprintf((char *)like, sizeof(like), "#%u", s.e.ino);
	n = fix_free_name(fx, s.dir, &s.in, like, like_len, name, &len);
	if (n == 0) {
		will_be(f, "", name, len);
		n = rename_slot(fx, &s, name, len);
	} else {
		fix_slot_end(fx, &s);
	}
	return n < 0 ? n : 1;
}

int fix_entry_twice(struct fix *fx, struct e2_finding *f)
{
	uint8_t name[E2_NAME_MAX];
	const struct ck_inode *target;
	struct fix_slot s;
	uint32_t len;
	int n = fix_slot_of(fx, f, &s);

	if (n <= 0)
		return n;
	target = ck_inode(fx->ck, s.e.ino);
	if (f->have == f->want && target != NULL &&
	    (target->type == E2_FT_DIR || target->links < target->counted)) {
		fix_will(f, "the second will go");
		n = remove_slot(fx, &s);
		return n < 0 ? n : 1;
	}
	n = fix_free_name(fx, s.dir, &s.in, s.e.name, s.e.name_len, name, &len);
	if (n == 0) {
		will_be(f, "the second ", name, len);
		n = rename_slot(fx, &s, name, len);
	} else {
		fix_slot_end(fx, &s);
	}
	return n < 0 ? n : 1;
}
