/* SPDX-License-Identifier: MIT */
/* Inodes as they are stored: clri, copy_inode, kill_file, mi. */
#include "structs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmd_clri(struct shell *sh, const struct args *args)
{
	return e2_raw_clear_inode(sh->txn, args_get(args, "INODE")->ino);
}

int cmd_copy_inode(struct shell *sh, const struct args *args)
{
	return e2_raw_copy_inode(sh->txn, args_get(args, "FROM")->ino, args_get(args, "TO")->ino);
}

int cmd_kill_file(struct shell *sh, const struct args *args)
{
	return e2_raw_kill(sh->txn, args_get(args, "FILE")->ino);
}

/* ---- mi ----------------------------------------------------------------------------- */

/* What it asks for, in the order of debugfs. */
static const char *const asked[] = {
	"mode", "uid", "gid", "size", "ctime", "mtime", "atime", "dtime", "links_count",
	"blocks_hi", "blocks", "flags", "generation", "file_acl", "faddr",
	"block[0]", "block[1]", "block[2]", "block[3]", "block[4]", "block[5]", "block[6]",
	"block[7]", "block[8]", "block[9]", "block[10]", "block[11]", "block[12]", "block[13]",
	"block[14]",
};

static int set_one(const struct image_struct *is, const char *name, const char *value)
{
	const struct e2_field *f;
	unsigned index;
	int err = e2_field_find(is->s, name, &f, &index);

	if (!err && !e2_field_exists(f, is->raw, &is->when))
		err = e2_fail(E2_ERR_NOENT, "%s: this inode has no room for it", name);
	return err ? err : e2_field_parse(f, is->raw, index, value);
}

static int set_word(const struct image_struct *is, const char *word)
{
	char *name = strdup(word), *value = name ? strchr(name, '=') : NULL;
	int err;

	if (!name)
		return e2_fail(E2_ERR_NOMEM, "no memory for a word");
	if (value) {
		*value = '\0';
		err = set_one(is, name, value + 1);
	} else {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, word, strlen(word));
		err = e2_fail(E2_ERR_INVAL, "%s: not FIELD=VALUE", e2_str_text(&s));
		e2_str_free(&s);
	}
	free(name);
	return err;
}

/* One field, shown with its value; an empty line keeps it.  false at the end of the input. */
static bool ask(struct shell *sh, const struct image_struct *is, const char *name, int *err)
{
	struct e2_str now = E2_STR_INIT;
	const struct e2_field *f;
	char *line = NULL;
	size_t room = 0;
	unsigned index;
	ssize_t len;

	*err = e2_field_find(is->s, name, &f, &index);
	if (*err)
		return false;
	e2_field_format(f, is->raw, index, &now);
	if (isatty(STDIN_FILENO)) {
		out_add(&sh->out, "%24s  [%s] ", name, e2_str_text(&now));
		out_flush(&sh->out);
	}
	e2_str_free(&now);
	len = getline(&line, &room, stdin);
	if (len > 0 && line[len - 1] == '\n')
		line[len - 1] = '\0';
	if (len > 0 && *line)
		*err = e2_field_parse(f, is->raw, index, line);
	free(line);
	return len >= 0 && !*err;
}

static int ask_all(struct shell *sh, const struct image_struct *is)
{
	int err = 0;

	if (sh->script && !strcmp(sh->script, "stdin"))
		return e2_fail(E2_ERR_INVAL, "standard input is the script: give FIELD=VALUE");
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		if (!ask(sh, is, asked[i], &err))
			break;
	return err;
}

int cmd_mi(struct shell *sh, const struct args *args)
{
	struct object o = { .kind = OBJECT_INODE, .ino = args_get(args, "INODE")->ino };
	struct image_struct is;
	int err = read_struct(sh, &o, &is);

	if (err)
		return err;
	for (size_t i = 1; i < args->count && !err; i++)
		err = set_word(&is, args->arg[i].text);
	if (!err && args->count == 1)
		err = ask_all(sh, &is);
	if (!err)
		err = e2_raw_write(sh->txn, is.at, is.when.bytes, is.raw);
	free(is.raw);
	e2_dirs_forget(sh->txn);
	return err;
}
