/* SPDX-License-Identifier: MIT */
/* find: names below directories that meet every condition. */
#include "shell.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct conditions {
	const struct arg *name, *type, *size, *links, *inum;
	bool zero;
};

/* The letter find(1) has for a type. */
static char type_letter(uint32_t mode)
{
	static const char letters[] = "?pc?d?b?f?l?s???";

	return letters[(mode & E2_S_IFMT) >> 12];
}

static bool name_matches(const char *pattern, const struct e2_walk_entry *e)
{
	char name[E2_NAME_MAX + 1];

	if (e->name_len > E2_NAME_MAX)
		return false;
	memcpy(name, e->name, e->name_len);
	name[e->name_len] = '\0';
	return fnmatch(pattern, name, 0) == 0;
}

static bool meets(const struct conditions *c, const struct e2_walk_entry *e)
{
	bool known = e->inode.mode != 0;

	if (c->inum && e->ino != c->inum->number)
		return false;
	if (c->name && !name_matches(c->name->text, e))
		return false;
	if (c->type && !(known && strchr(c->type->text, type_letter(e->inode.mode))))
		return false;
	if (c->size && !(known && count_matches(c->size, e2_inode_size(&e->inode))))
		return false;
	return !c->links || (known && count_matches(c->links, e->inode.links_count));
}

static void show(struct shell *sh, const struct e2_str *path, const struct e2_walk_entry *e,
		 bool zero)
{
	struct out *o = &sh->out;

	if (o->mode != OUT_TEXT) {
		out_record(o, "find");
		out_name(o, "path", path->text, path->len);
		out_u64(o, "ino", e->ino);
		out_string(o, "type", file_type_words(e->inode.mode));
		out_octal(o, "mode", e->inode.mode & 07777);
		out_u64(o, "links", e->inode.links_count);
		out_u64(o, "size", e2_inode_size(&e->inode));
		out_record_end(o);
	} else if (zero) {
		out_raw(o, path->text, path->len);
		out_raw(o, "", 1);
	} else {
		out_add_name(o, path->text, path->len);
		out_line(o);
	}
}

static int warn_entry(struct shell *sh, const struct e2_str *path, int status)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, path->text, path->len);
	err = e2_fail(status, "%s: %s", e2_str_text(&s),
		      *e2_err_detail() ? e2_err_detail() : e2_strerror(status));
	e2_str_free(&s);
	shell_warn(sh, err);
	return err == E2_ERR_NOMEM ? err : 0;
}

static int find_below(struct shell *sh, e2_ino start, const char *prefix,
		      const struct conditions *c)
{
	struct e2_str path = E2_STR_INIT;
	size_t len = strlen(prefix);
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(sh->fs, start, E2_WALK_POST, &walk);

	if (r)
		return r;
	while (len && prefix[len - 1] == '/')
		len--;
	while ((r = e2_walk_next(walk, &e)) > 0 && !out_failed(&sh->out)) {
		e2_str_truncate(&path, 0);
		e2_str_add_bytes(&path, prefix, len);
		e2_str_add_bytes(&path, e.path, e.path_len);
		if (path.len == 0)
			e2_str_add(&path, "/");
		r = e2_str_status(&path);
		if (!r && e.status)
			r = warn_entry(sh, &path, e.status);
		if (r)
			break;
		if (!e.after && meets(c, &e))
			show(sh, &path, &e, c->zero);
	}
	e2_walk_end(walk);
	e2_str_free(&path);
	return r < 0 ? r : 0;
}

/* A start that is no directory is a name like any other. */
static int find_one(struct shell *sh, const struct arg *a, const struct conditions *c)
{
	const char *slash = strrchr(a->text, '/'), *name = slash ? slash + 1 : a->text;
	struct e2_walk_entry e = {
		.ino = a->ino, .name = (const uint8_t *)name, .name_len = strlen(name),
	};
	struct e2_str path = E2_STR_INIT;
	int err = e2_inode_get(sh->fs, a->ino, &e.inode);

	if (err)
		return err;
	if (e2_is_dir(&e.inode))
		return find_below(sh, a->ino, a->text, c);
	e2_str_add(&path, a->text);
	if (meets(c, &e))
		show(sh, &path, &e, c->zero);
	e2_str_free(&path);
	return 0;
}

int cmd_find(struct shell *sh, const struct args *args)
{
	struct conditions c = {
		.name = args_value(args, "-name"), .type = args_value(args, "-type"),
		.size = args_value(args, "-size"), .links = args_value(args, "-links"),
		.inum = args_value(args, "-inum"), .zero = args_has(args, "-0"),
	};
	int err = 0;

	if (c.type && (!*c.type->text || strspn(c.type->text, "fdlbcps") != strlen(c.type->text)))
		return e2_fail(E2_ERR_INVAL, "-type: the letters are f d l b c p s");
	if (args->count == 0)
		return find_below(sh, sh->cwd, e2_str_text(&sh->cwd_path), &c);
	for (size_t i = 0; i < args->count && !err; i++)
		err = find_one(sh, &args->arg[i], &c);
	return err;
}
