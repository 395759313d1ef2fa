/* SPDX-License-Identifier: MIT */
/*
 * Owners by the names the volume knows them by, from its own /etc/passwd and
 * /etc/group; the host's users have nothing to do with them.
 */
#include "shell.h"

#include <stdlib.h>
#include <string.h>

enum { OWNERS_BYTES_MAX = 4 << 20 };	/* of a file that is no longer believed */

struct names {			/* of users or of groups */
	char *text;		/* the file, cut into NUL-ended names */
	size_t size;
	struct e2_map *at;	/* id to the offset of its name in text */
};

struct owners {
	struct names users, groups;
};

/* Cuts "name:x:12:..." of each line; what is no such line is passed over. */
static int read_lines(struct names *n)
{
	char *line = n->text;

	while (*line) {
		char *end = line + strcspn(line, "\n");
		char *colon = memchr(line, ':', (size_t)(end - line));
		char *id = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1)) : NULL;
		bool last = *end == '\0';

		if (id && colon > line && id[1] >= '0' && id[1] <= '9') {
			char *rest;
			unsigned long number = strtoul(id + 1, &rest, 10);

			if ((*rest == ':' || *rest == '\n') && number <= UINT32_MAX) {
				uint64_t known;
				int err = 0;

				*colon = '\0';
				if (!e2_map_get(n->at, number, &known))
					err = e2_map_set(n->at, number, (uint64_t)(line - n->text));
				if (err)
					return err;
			}
		}
		if (last)
			break;
		line = end + 1;
	}
	return 0;
}

static int read_file(struct shell *sh, const char *path, struct names *n)
{
	struct e2_resolve how = { 0 };
	struct e2_inode in;
	e2_ino ino;
	size_t got = 0, size;
	int err = e2_resolve(sh->fs, &how, path, &ino);

	if (!err)
		err = e2_inode_get(sh->fs, ino, &in);
	if (err)
		return err;
	if (!e2_is_reg(&in) || e2_inode_size(&in) > OWNERS_BYTES_MAX)
		return E2_ERR_INVAL;
	size = (size_t)e2_inode_size(&in);
	n->text = calloc(1, size + 1);
	n->size = n->text ? size : 0;
	if (!n->text)
		return E2_ERR_NOMEM;
	err = e2_map_new(&n->at);
	if (!err)
		err = e2_read(sh->fs, &in, 0, size, n->text, &got);
	return err ? err : read_lines(n);
}

static void names_free(struct names *n)
{
	free(n->text);
	e2_map_free(n->at);
	*n = (struct names){ 0 };
}

/* A volume without such files has numbers. */
static const struct owners *owners(struct shell *sh)
{
	if (sh->owners)
		return sh->owners;
	sh->owners = calloc(1, sizeof(*sh->owners));
	if (!sh->owners)
		return NULL;
	if (read_file(sh, "/etc/passwd", &sh->owners->users))
		names_free(&sh->owners->users);
	if (read_file(sh, "/etc/group", &sh->owners->groups))
		names_free(&sh->owners->groups);
	e2_err_clear();
	return sh->owners;
}

void add_owner(struct shell *sh, struct e2_str *s, bool group, uint32_t id)
{
	const struct owners *o = sh->show_names ? owners(sh) : NULL;
	const struct names *n = o ? (group ? &o->groups : &o->users) : NULL;
	uint64_t at;

	if (n && n->at && e2_map_get(n->at, id, &at))
		e2_str_add_name(s, n->text + at, strlen(n->text + at));
	else
		e2_str_addf(s, "%u", id);
}

bool owner_find(struct shell *sh, const char *name, bool group, uint32_t *id)
{
	const struct owners *o = owners(sh);
	const struct names *n = o ? (group ? &o->groups : &o->users) : NULL;
	const char *line = n ? n->text : NULL, *end = line ? line + n->size : NULL;
	size_t len = strlen(name);

	while (line && line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		const char *stop = next ? next : end;

		/* the colon behind a name has become its end */
		if ((size_t)(stop - line) > len && !memcmp(line, name, len) && !line[len]) {
			const char *colon = memchr(line + len + 1, ':',
						   (size_t)(stop - line) - len - 1);

			if (colon) {
				*id = (uint32_t)strtoul(colon + 1, NULL, 10);
				return true;
			}
		}
		line = next ? next + 1 : end;
	}
	return false;
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	names_free(&o->users);
	names_free(&o->groups);
	free(o);
}
