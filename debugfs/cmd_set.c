/* SPDX-License-Identifier: MIT */
/* set: one field of a structure, by its name; raw, without what it means elsewhere. */
#include "structs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Puts "<12>.mode" in front of what failed, unless it says so itself. */
static int fail_of(const char *object, int err)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, object, strlen(object));
	e2_str_addf(&s, ": %s", *e2_err_detail() ? e2_err_detail() : e2_strerror(err));
	err = e2_fail(err, "%s", e2_str_text(&s));
	e2_str_free(&s);
	return err;
}

/* Sets a field in the structure's own bytes, in the transaction. */
static int write_field(struct shell *sh, const struct image_struct *is, const struct e2_field *f,
		       unsigned index, const char *text)
{
	uint32_t size = e2_geometry(sh->fs)->block_size;
	struct e2_wbuf *buf;
	int err = e2_txn_get(sh->txn, is->at / size, E2_FILL_READ, &buf);

	if (err)
		return err;
	err = e2_field_parse(f, buf->data + is->at % size, index, text);
	e2_txn_put(sh->txn, buf);
	return err;
}

/* A UUID may be "clear" or "random"; without a seed, for two volumes must not have the same. */
static int make_uuid(const struct e2_field *f, struct e2_str *value)
{
	uint8_t bytes[16] = { 0 };
	bool random = !strcmp(e2_str_text(value), "random");

	if (f->fmt != E2_FMT_uuid || (!random && strcmp(e2_str_text(value), "clear") != 0))
		return 0;
	if (random && getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return e2_fail(E2_ERR_IO, "no random numbers");
	if (random) {
		bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);	/* RFC 4122: of random bits */
		bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	}
	e2_str_truncate(value, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		e2_str_addf(value, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			    bytes[i]);
	return e2_str_status(value);
}

static int set_field(struct shell *sh, const struct object *o, const char *field,
		     struct e2_str *text)
{
	const char *value;
	const struct e2_field *f;
	struct image_struct is;
	unsigned index;
	int err = read_struct(sh, o, &is);

	if (err)
		return err;
	err = e2_field_find(is.s, field, &f, &index);
	if (!err && !e2_field_exists(f, is.raw, &is.when))
		err = e2_fail(E2_ERR_NOENT, "%s: this %s has no room for it", field, is.s->name);
	if (!err)
		err = make_uuid(f, text);
	value = e2_str_text(text);
	/* A bad value is found before the transaction knows the block. */
	if (!err)
		err = e2_field_parse(f, is.raw, index, value);
	if (!err)
		err = write_field(sh, &is, f, index, value);
	free(is.raw);
	return err;
}

/* The words of a value, as they stood on the line. */
static int join(const struct args *args, size_t from, struct e2_str *value)
{
	for (size_t i = from; i < args->count; i++) {
		e2_str_add(value, i > from ? " " : "");
		e2_str_add(value, args->arg[i].text);
	}
	return e2_str_status(value);
}

/* The field stands in args->arg[at], or in the object; its value behind it. */
static int set_words(struct shell *sh, const struct object *o, const char *name,
		     const struct args *args, size_t at)
{
	struct e2_str value = E2_STR_INIT;
	const char *field = o->field;
	int err;

	if (!field)
		field = args->arg[at++].text;
	if (at >= args->count)
		return e2_fail(E2_ERR_INVAL, "%s: no value is given", field);
	err = join(args, at, &value);
	if (!err)
		err = set_field(sh, o, field, &value);
	e2_str_free(&value);
	return err ? fail_of(name, err) : 0;
}

int cmd_set(struct shell *sh, const struct args *args)
{
	const struct arg *object = args_get(args, "OBJECT");

	return set_words(sh, &object->object, object->text, args, 1);
}

/* debugfs's set_inode_field PATH FIELD VALUE. */
int cmd_set_inode(struct shell *sh, const struct args *args)
{
	const struct arg *path = args_get(args, "PATH");
	struct object o = { .kind = OBJECT_INODE, .ino = path->ino };

	return set_words(sh, &o, path->text, args, 1);
}

/* debugfs's set_super_value FIELD VALUE. */
int cmd_set_super(struct shell *sh, const struct args *args)
{
	struct object o = { .kind = OBJECT_SUPER };

	return set_words(sh, &o, "sb", args, 0);
}

/* debugfs's set_block_group NUMBER FIELD VALUE. */
int cmd_set_group(struct shell *sh, const struct args *args)
{
	const struct arg *group = args_get(args, "GROUP");
	struct object o = { .kind = OBJECT_GROUP };

	if (group->number > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "no group has the number %s", group->text);
	o.group = (e2_grp)group->number;
	return set_words(sh, &o, group->text, args, 1);
}
