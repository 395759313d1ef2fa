/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <string.h>

static const struct {
	const char *name;
	e2_ino ino;
} reserved[] = {
	{ "badblocks", E2_INO_BAD_BLOCKS }, { "root", E2_INO_ROOT },
	{ "usrquota", E2_INO_USER_QUOTA }, { "grpquota", E2_INO_GROUP_QUOTA },
	{ "boot", E2_INO_BOOT_LOADER }, { "undelete", E2_INO_UNDELETE_DIR },
	{ "resize", E2_INO_RESIZE }, { "journal", E2_INO_JOURNAL },
};

const char *object_reserved_name(size_t index)
{
	enum { RESERVED = sizeof(reserved) / sizeof(*reserved) };

	return index < RESERVED ? reserved[index].name : index == RESERVED ? "lost+found" : NULL;
}

static const struct {
	const char *name;
	enum object_part part;
} parts[] = {
	{ "sb", PART_SUPER }, { "gd", PART_DESC }, { "bb", PART_BLOCK_BITMAP },
	{ "ib", PART_INODE_BITMAP }, { "it", PART_INODE_TABLE },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a number in C notation without octal; *at moves behind it. */
static bool take_number(const char **at, uint64_t *n)
{
	const char *p = *at;
	uint64_t base = 10, value = 0;
	bool any = false;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	for (;; p++) {
		uint64_t digit;

		if (is_digit(*p))
			digit = (uint64_t)(*p - '0');
		else if (base == 16 && *p >= 'a' && *p <= 'f')
			digit = (uint64_t)(*p - 'a' + 10);
		else if (base == 16 && *p >= 'A' && *p <= 'F')
			digit = (uint64_t)(*p - 'A' + 10);
		else
			break;
		if (!e2_mul64(value, base, &value) || !e2_add64(value, digit, &value))
			return false;
		any = true;
	}
	if (!any)
		return false;
	*at = p;
	*n = value;
	return true;
}

static int fail_rest(const char *text, const char *allowed)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s: %s", e2_str_text(&s), allowed);
	e2_str_free(&s);
	return err;
}

/* What may follow an inode: nothing, .FIELD, :BLOCK, :@BYTE. */
static int take_inode_rest(const char *text, const char *at, struct object *o)
{
	if (*at == '.' && at[1]) {
		o->field = at + 1;
		return 0;
	}
	if (*at == ':') {
		at++;
		o->has_byte = *at == '@';
		o->has_lblk = !o->has_byte;
		at += o->has_byte;
		if (!take_number(&at, o->has_byte ? &o->byte : &o->lblk))
			return fail_rest(text, "after \":\" comes a block of the file, or @ "
					 "and a byte");
	}
	if (*at)
		return fail_rest(text, "after an inode comes .FIELD, :BLOCK or :@BYTE");
	return 0;
}

static int set_ino(const char *text, uint64_t n, struct object *o)
{
	if (n == 0 || n > UINT32_MAX)
		return fail_rest(text, "inode numbers go from 1 to 4294967295");
	o->kind = OBJECT_INODE;
	o->ino = (e2_ino)n;
	return 0;
}

/* <12>, <root>, <lost+found>. */
static int parse_angle(const char *text, const char *end, struct object *o)
{
	const char *at = text + 1;
	size_t len = (size_t)(end - at);
	uint64_t n;
	int err;

	if (is_digit(*at) && take_number(&at, &n) && at == end) {
		err = set_ino(text, n, o);
		return err ? err : take_inode_rest(text, end + 1, o);
	}
	at = text + 1;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (len != strlen(reserved[i].name) || memcmp(at, reserved[i].name, len))
			continue;
		o->kind = OBJECT_INODE;
		o->ino = reserved[i].ino;
		return take_inode_rest(text, end + 1, o);
	}
	if (!strcmp(text, "<lost+found>")) {
		o->path = "/lost+found";
		return 0;
	}
	return fail_rest(text, "between < and > stands an inode number, root, lost+found, resize, "
			 "journal, badblocks, boot, undelete, usrquota or grpquota");
}

/* at stands behind "^" or "g:". */
static int parse_group(const char *text, const char *at, struct object *o)
{
	uint64_t n;

	if (!take_number(&at, &n) || n > UINT32_MAX)
		return fail_rest(text, "a group is ^ or g: and a number");
	o->kind = OBJECT_GROUP;
	o->group = (e2_grp)n;
	if (*at == '.' && at[1]) {
		o->field = at + 1;
		return 0;
	}
	for (size_t i = 0; *at == '/' && i < sizeof(parts) / sizeof(*parts); i++) {
		if (!strcmp(at + 1, parts[i].name)) {
			o->part = parts[i].part;
			return 0;
		}
	}
	if (*at)
		return fail_rest(text, "after a group comes .FIELD, /sb, /gd, /bb, /ib or /it");
	return 0;
}

static int parse_super(const char *text, struct object *o)
{
	const char *at = text + 2;
	uint64_t n = 0;

	if (*at == ':') {
		at++;
		if (!take_number(&at, &n) || n > UINT32_MAX)
			return fail_rest(text, "after \"sb:\" comes the number of a group");
	}
	o->kind = OBJECT_SUPER;
	o->group = (e2_grp)n;
	if (*at == '.' && at[1])
		o->field = at + 1;
	else if (*at)
		return fail_rest(text, "after \"sb\" comes .FIELD or :GROUP");
	return 0;
}

/* 41733, 41733+16, 41733-41748; at stands behind "b:". */
static int parse_blocks(const char *text, const char *at, struct object *o)
{
	uint64_t n = 1;

	o->kind = OBJECT_BLOCKS;
	if (!take_number(&at, &o->blk))
		return fail_rest(text, "not a block number");
	if (*at == '+') {
		at++;
		if (!take_number(&at, &n) || n == 0)
			return fail_rest(text, "after + comes how many blocks");
	} else if (*at == '-') {
		at++;
		if (!take_number(&at, &n) || n < o->blk)
			return fail_rest(text, "after - comes the last block");
		n = n - o->blk + 1;
	}
	if (*at || n == 0)
		return fail_rest(text, "a block is a number; NUMBER+COUNT and FIRST-LAST "
				 "are several");
	o->count = n;
	return 0;
}

/* Groups, blocks, superblocks and bytes; 1 when the text is none of them. */
static int parse_any(const char *text, struct object *o)
{
	if (text[0] == '^' && is_digit(text[1]))
		return parse_group(text, text + 1, o);
	if (text[0] == 'g' && text[1] == ':' && is_digit(text[2]))
		return parse_group(text, text + 2, o);
	if (text[0] == 'b' && text[1] == ':' && is_digit(text[2]))
		return parse_blocks(text, text + 2, o);
	if (is_digit(text[0]))
		return parse_blocks(text, text, o);
	if (text[0] == 's' && text[1] == 'b' && (!text[2] || text[2] == '.' || text[2] == ':'))
		return parse_super(text, o);
	if (text[0] == '@' && is_digit(text[1])) {
		const char *at = text + 1;

		o->kind = OBJECT_BYTE;
		if (!take_number(&at, &o->offset) || *at)
			return fail_rest(text, "after @ comes a byte of the image");
		return 0;
	}
	return 1;
}

int object_parse(const char *text, bool quoted, enum object_place place, struct object *o)
{
	const char *end, *at;
	uint64_t n;
	int r;

	*o = (struct object){ .kind = OBJECT_PATH, .path = text, .count = 1 };
	if (quoted)
		return 0;
	if (text[0] == '<' && (end = strchr(text, '>')) != NULL)
		return parse_angle(text, end, o);
	if (text[0] == '%' && is_digit(text[1])) {
		at = text + 1;
		if (!take_number(&at, &n))
			return fail_rest(text, "not an inode number");
		r = set_ino(text, n, o);
		return r ? r : take_inode_rest(text, at, o);
	}
	if (place == PLACE_INO && is_digit(text[0])) {
		at = text;
		if (!take_number(&at, &n) || *at)
			return fail_rest(text, "not an inode number");
		return set_ino(text, n, o);
	}
	r = place == PLACE_ANY ? parse_any(text, o) : 1;
	return r == 1 ? 0 : r;
}
