/* SPDX-License-Identifier: MIT */
/*
 * Repairs of symbolic links: their text decides.  What is shorter than 60 bytes lies in the
 * inode, what is longer in a block (kernel: fs/ext2/symlink.c).
 */
#include "check/fix.h"
#include "check/owners.h"

#include "base/endian.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { INNER = E2_POINTERS * 4 };

struct text {
	uint8_t *bytes;		/* room of them, and a zero behind */
	uint32_t room;
	uint32_t len;		/* found */
	uint32_t doubtful;	/* of these: bytes that are not the ones that were there */
	bool cut;		/* there may have been more */
};

/* ---- reading ---------------------------------------------------------------------------- */

static void read_inner(const struct e2_inode *in, struct text *t)
{
	t->room = INNER;
	for (size_t i = 0; i < E2_POINTERS; i++)
		e2_put32(t->bytes + 4 * i, in->block[i]);
}

/* 1 read, 0 there is no block. */
static int read_block(struct fix *fx, const struct e2_inode *in, struct text *t)
{
	const struct e2_buf *buf;
	int err;

	if (in->block[0] == 0 || !e2_block_valid(fx->ck->g, in->block[0]) ||
	    e2_bitset_test(fx->ck->metadata, in->block[0]))
		return 0;
	err = e2_buf_get(fx->fs, in->block[0], &buf);
	if (err != 0)
		return err;
	t->room = fx->ck->g->block_size;
	memcpy(t->bytes, buf->data, t->room);
	e2_buf_put(fx->fs, buf);
	return 1;
}

static uint32_t count_zeros(const struct text *t, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++)
		n += t->bytes[i] == 0;
	return n;
}

/* Of how many characters a terminal could show, and of how many bytes nothing can be shown. */
static void count_characters(const uint8_t *bytes, uint32_t len, uint32_t *shown, uint32_t *odd)
{
	uint32_t character;
	size_t n;

	*shown = *odd = 0;
	for (uint32_t i = 0; i < len; i += (uint32_t)(n != 0 ? n : 1)) {
		n = e2_utf8_decode(bytes + i, len - i, &character);
		if (n == 0 || e2_char_is_control(character))
			*odd += 1;
		else
			*shown += 1;
	}
}

/* Whether bytes are surely a part of a path; of others nothing is said. */
static bool is_plausible(const uint8_t *bytes, uint32_t len)
{
	uint32_t shown, odd;

	count_characters(bytes, len, &shown, &odd);
	return odd == 0;
}

/* Whether bytes are hardly a part of a path, in whatever encoding. */
static bool is_junk(const uint8_t *bytes, uint32_t len)
{
	uint32_t shown, odd;

	count_characters(bytes, len, &shown, &odd);
	return odd * 2 >= shown && odd != 0;
}

/* Whether bytes of junk can have come where the text of that size ended: in the inode the word
 * that held the end was hit, and the words behind it are zeros. */
static bool may_be_hit(uint64_t size, uint32_t end, bool fast)
{
	return !fast || end <= (size / sizeof(uint32_t) + 1) * sizeof(uint32_t);
}

/* How long the text is, by its end and by the size; zeros within are replaced by dots. */
static void judge(struct text *t, uint64_t size, bool fast)
{
	uint32_t most = t->room - 1 < E2_PATH_MAX ? t->room - 1 : E2_PATH_MAX;
	bool possible = fast ? size > 0 && size < INNER : size >= INNER && size <= most;
	const uint8_t *nul = memchr(t->bytes, 0, t->room);
	uint32_t end = nul != NULL ? (uint32_t)(nul - t->bytes) : t->room, zeros;

	t->len = end <= most ? end : most;
	/* Junk behind what the size says: that is the text, and its end was hit. */
	if (possible && size < end && may_be_hit(size, end, fast) &&
	    is_plausible(t->bytes, (uint32_t)size) &&
	    is_junk(t->bytes + size, end - (uint32_t)size)) {
		t->len = (uint32_t)size;
		return;
	}
	/* A text that ends with a word of the inode, sooner than the size says: words were hit. */
	t->cut = fast && possible && end < size && end % sizeof(uint32_t) == 0;
	if (!possible || end == size || count_zeros(t, end, t->room) == t->room - end) {
		t->doubtful = t->len < end ? end - t->len : 0;
		return;
	}
	zeros = count_zeros(t, 0, (uint32_t)size);
	if (zeros > size / 2)
		return;
	t->len = (uint32_t)size;
	t->doubtful = zeros;
	for (uint32_t i = 0; i < t->len; i++)
		if (t->bytes[i] == 0)
			t->bytes[i] = '.';
}

/* ---- writing ---------------------------------------------------------------------------- */

static int put_inner(struct fix *fx, e2_ino ino, struct e2_inode *in, const struct text *t)
{
	uint8_t bytes[INNER] = { 0 };

	memcpy(bytes, t->bytes, t->len);
	for (size_t i = 0; i < E2_POINTERS; i++)
		in->block[i] = e2_get32(bytes + 4 * i);
	in->size = t->len;
	in->blocks = in->file_acl != 0 ? fx->ck->sectors : 0;
	return e2_inode_put(fx->txn, ino, in);
}

/* 1 written, 0 the block may be another's. */
static int put_block(struct fix *fx, e2_ino ino, struct e2_inode *in, const struct text *t)
{
	struct e2_wbuf *buf;
	int err;

	if (fx->ck->shared != NULL && e2_bitset_test(fx->ck->shared, in->block[0]))
		return 0;
	err = e2_txn_get(fx->txn, in->block[0], E2_FILL_ZERO, &buf);
	if (err != 0)
		return err;
	memcpy(buf->data, t->bytes, t->len);
	e2_txn_put(fx->txn, buf);
	in->size = t->len;
	err = e2_inode_put(fx->txn, ino, in);
	return err != 0 ? err : 1;
}

static int tell_doubt(struct fix *fx, struct e2_finding *f, const struct e2_inode *in,
		      const struct text *t)
{
	if (t->doubtful == 0 && !t->cut)
		return 0;
	return fix_lose(fx, f, &(struct e2_loss){
		.kind = E2_LOSS_DOUBT, .ino = f->ino, .mode = in->mode, .bytes = t->len,
		.size = t->len, .why = "the text of the link was damaged",
	});
}

static int put_text(struct fix *fx, struct e2_finding *f, struct e2_inode *in, struct text *t,
		    bool fast)
{
	int n = 1;

	if (t->len < INNER)
		n = put_inner(fx, f->ino, in, t);
	else if (!fast)
		n = put_block(fx, f->ino, in, t);
	if (n < 0 || (n == 0 && t->len >= INNER))
		return n;
	if (t->doubtful != 0)
		fix_will(f, "will be %u bytes, with '.' for what is lost", t->len);
	else if (f->id == E2_PROBLEM_SYMLINK_SIZE && f->have == t->len)
		fix_will(f, "will stay: what follows its %u bytes is no text", t->len);
	else if (t->len < INNER && !fast)
		fix_will(f, "will lie in the inode: it has %u bytes", t->len);
	else
		fix_will(f, "will be %u", t->len);
	n = tell_doubt(fx, f, in, t);
	return n != 0 ? n : 1;
}

/* ---- what has no text -------------------------------------------------------------------- */

/* Whether a block holds a text of that size. */
static bool holds_text(struct fix *fx, e2_blk blk, uint64_t size)
{
	return ck_block_text(fx->ck, blk) == size;
}

static int restore_or_clear(struct fix *fx, struct e2_finding *f, struct e2_inode *in)
{
	uint64_t size = e2_inode_size(in);
	e2_blk stray = size >= INNER ? fix_find_stray(fx, f->ino, holds_text, size) : 0;
	int err;

	if (stray != 0) {
		ck_take(fx->ck, stray);
		memset(in->block, 0, sizeof(in->block));
		in->block[0] = (uint32_t)stray;
		fix_will(f, "will be block %llu: %s, a text of its size",
			 (unsigned long long)stray, ck_whose_text(fx->ck, stray));
		err = e2_inode_put(fx->txn, f->ino, in);
		return err != 0 ? err : 1;
	}
	fix_will(f, "will be cleared: nothing is left of its text");
	err = fix_inode_clear(fx, f->ino);
	if (err == 0)
		err = fix_lose(fx, f, &(struct e2_loss){
			.kind = E2_LOSS_FILE, .ino = f->ino, .mode = in->mode, .size = size,
			.bytes = size, .why = "nothing is left of the link's text",
		});
	return err != 0 ? err : 1;
}

static int mend(struct fix *fx, struct e2_finding *f, struct text *t)
{
	struct e2_inode in;
	bool fast;
	int n = e2_inode_get(fx->fs, f->ino, &in);

	if (n != 0 || !e2_is_symlink(&in))
		return n;
	fast = ck_symlink_is_fast(fx->ck, &in);
	if (fast)
		read_inner(&in, t);
	n = fast ? 1 : read_block(fx, &in, t);
	if (n > 0)
		judge(t, e2_inode_size(&in), fast);
	if (n < 0 || (n > 0 && t->len != 0))
		return n < 0 ? n : put_text(fx, f, &in, t, fast);
	return restore_or_clear(fx, f, &in);
}

int fix_symlink_text(struct fix *fx, struct e2_finding *f)
{
	struct text t = { .bytes = calloc(1, fx->ck->g->block_size + 1) };
	int n;

	if (t.bytes == NULL)
		return e2_fail(E2_ERR_NOMEM, "text of a symbolic link");
	n = mend(fx, f, &t);
	free(t.bytes);
	return n;
}

int fix_symlink_size(struct fix *fx, struct e2_finding *f)
{
	return fix_symlink_text(fx, f);
}
