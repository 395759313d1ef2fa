/* SPDX-License-Identifier: MIT */
/* What a strict dedupe compares besides the content, as bytes. */
#include "tree/dedupe_priv.h"

#include "base/endian.h"
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct attribute { size_t name, value, end; };

static int add_attribute(const struct e2_xattr *x, struct e2_str *text, struct attribute **v,
			 size_t *count, size_t *cap)
{
	struct attribute *more = e2_grow(*v, cap, *count + 1, sizeof(*more));

	if (!more)
		return E2_ERR_NOMEM;
	*v = more;
	more[*count].name = text->len;
	e2_str_add_bytes(text, e2_str_text(&x->name), x->name.len + 1);
	more[*count].value = text->len;
	e2_str_add_bytes(text, x->value, x->value_len);
	more[(*count)++].end = text->len;
	return e2_str_status(text);
}

static void add_number(struct e2_str *label, uint64_t n)
{
	uint8_t bytes[8];

	e2_put32(bytes, (uint32_t)n);
	e2_put32(bytes + 4, (uint32_t)(n >> 32));
	e2_str_add_bytes(label, bytes, sizeof(bytes));
}

/* In the order of their names: where an attribute is stored says nothing. */
static void add_sorted(struct e2_str *label, const struct e2_str *text, struct attribute *v,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {	/* few: a volume has a block for them */
		size_t least = i;
		struct attribute a;

		for (size_t k = i + 1; k < count; k++)
			if (strcmp(text->text + v[k].name, text->text + v[least].name) < 0)
				least = k;
		a = v[least];
		v[least] = v[i];
		add_number(label, a.value - a.name);
		add_number(label, a.end - a.value);
		e2_str_add_bytes(label, text->text + a.name, a.end - a.name);
	}
}

static int add_attributes(struct e2_fs *fs, e2_ino ino, struct e2_str *label)
{
	struct e2_str text = E2_STR_INIT;
	struct attribute *v = NULL;
	const struct e2_xattr *x;
	size_t count = 0, cap = 0;
	struct e2_xattrs *it;
	int r = e2_xattrs_begin(fs, ino, &it);

	if (r)
		return r;
	while ((r = e2_xattrs_next(it, &x)) > 0) {
		r = add_attribute(x, &text, &v, &count, &cap);
		if (r)
			break;
	}
	e2_xattrs_end(it);
	if (!r)
		add_sorted(label, &text, v, count);
	free(v);
	e2_str_free(&text);
	return r;
}

int e2_dedupe_label(struct e2_fs *fs, e2_ino ino, struct e2_str *label)
{
	struct e2_inode in;
	struct e2_time t = { 0, 0 };
	int r = e2_inode_get(fs, ino, &in);

	if (r)
		return r;
	(void)e2_inode_time(&in, E2_MTIME, &t);		/* all have it */
	e2_str_truncate(label, 0);
	add_number(label, in.mode);
	add_number(label, (uint64_t)in.uid << 32 | in.gid);
	add_number(label, (uint64_t)t.sec);
	add_number(label, (uint64_t)t.nsec);
	add_number(label, in.flags);
	r = add_attributes(fs, ino, label);
	return r ? r : e2_str_status(label);
}

enum { MODE = 0, OWNER = 8, SEC = 16, NSEC = 24, FLAGS = 32, LEAST = 40 };

static struct e2_same_meta get_meta(const uint8_t *label)
{
	return (struct e2_same_meta){
		.mode = e2_get32(label + MODE), .gid = e2_get32(label + OWNER),
		.uid = e2_get32(label + OWNER + 4), .mtime = (int64_t)e2_get64(label + SEC),
		.mtime_nsec = e2_get32(label + NSEC),
	};
}

void e2_dedupe_lose(struct e2_same_lost *lost, const struct e2_str *was, const struct e2_str *now,
		    uint64_t names)
{
	static const uint8_t nothing[LEAST] = { 0 };
	const uint8_t *a = was->len < LEAST ? nothing : (const uint8_t *)was->text;
	const uint8_t *b = now->len < LEAST ? nothing : (const uint8_t *)now->text;
	const struct e2_same_meta x = get_meta(a), y = get_meta(b);
	bool other = was->len != now->len || was->len < LEAST ||
		     memcmp(a + FLAGS, b + FLAGS, was->len - FLAGS) != 0;

	e2_same_lose(lost, &x, &y, other, names);
}

int e2_dedupe_leave(const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts, e2_ino ino,
		    enum e2_dedupe_why why)
{
	++*(why == E2_DEDUPE_FIXED ? &counts->fixed : &counts->damaged);
	return how->left ? how->left(how->context, ino, why) : 0;
}

bool e2_dedupe_is_damage(int err)
{
	return err == E2_ERR_CORRUPT || err == E2_ERR_IO || err == E2_ERR_FBIG;
}
