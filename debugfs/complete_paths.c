/* SPDX-License-Identifier: MIT */
/* Completion of paths, in the image and of the host, and of what hangs on an inode. */
#include "complete.h"

#include "interrupt.h"
#include "redirect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOKED_AT = 256 };	/* entries whose inodes are read to see what they are */

/* The bytes before the last component, the slash with them. */
static size_t directory_part(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash ? (size_t)(slash + 1 - text) : 0;
}

/* ---- in the image ------------------------------------------------------------- */

static void offer_entry(struct wanted *w, size_t base, const struct e2_entry *e)
{
	struct candidate *item;

	if (!e->ino || (e->name_len <= 2 && !memcmp(e->name, "..", e->name_len)) ||
	    memchr(e->name, '\0', e->name_len))
		return;
	item = offer(w, base, (const char *)e->name, e->name_len);
	if (!item)
		return;
	item->name = true;
	item->ino = e->ino;
	item->more = e->file_type == E2_FT_DIR;
	item->unsure = e->file_type == E2_FT_UNKNOWN || e->file_type == E2_FT_LNK;
}

/* A directory's own inode says so, and that of what a symlink leads to. */
static void make_sure(struct wanted *w)
{
	struct completion *c = w->c;
	struct e2_inode in;

	for (size_t i = 0; i < c->count && i < LOOKED_AT; i++) {
		struct candidate *item = &c->item[i];
		e2_ino ino = item->ino;

		if (!item->unsure || e2_inode_get(w->sh->fs, ino, &in))
			continue;
		if (e2_is_symlink(&in) &&
		    (shell_resolve(w->sh, w->sh->cwd, &w->sh->cwd_path, item->text, true, &ino,
				   NULL) || e2_inode_get(w->sh->fs, ino, &in)))
			continue;
		item->more = e2_is_dir(&in);
	}
}

static void mark_directories(struct completion *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct candidate *item = &c->item[i];
		size_t len = strlen(item->text);
		char *text;

		if (!item->name || !item->more || (len && item->text[len - 1] == '/'))
			continue;
		text = realloc(item->text, len + 2);
		if (!text)
			continue;	/* a slash less */
		memcpy(text + len, "/", 2);
		item->text = text;
	}
	if (c->total == 1 && c->count == 1) {
		free(c->common);
		c->common = strdup(c->item[0].text);	/* NULL: nothing to insert */
	}
}

void offer_paths(struct wanted *w)
{
	struct shell *sh = w->sh;
	size_t base = directory_part(w->text), looked = 0;
	struct e2_dir *it;
	struct e2_entry e;
	char *dir;
	e2_ino ino = sh->cwd;
	int r = 0;

	if (!sh->fs)
		return;
	dir = strndup(w->text, base);
	if (!dir) {
		w->status = E2_ERR_NOMEM;
		return;
	}
	if (base)
		r = shell_resolve(sh, sh->cwd, &sh->cwd_path, dir, true, &ino, NULL);
	free(dir);
	if (r || e2_dir_begin(sh->fs, ino, &it))
		return;
	/* Behind damage there may be more names. */
	while ((r = e2_dir_next(it, &e)) > 0 || r == E2_ERR_CORRUPT) {
		if (r > 0)
			offer_entry(w, base, &e);
		if (++looked % 4096 == 0 && interrupt_asked())
			break;
	}
	e2_dir_end(it);
	make_sure(w);
	mark_directories(w->c);
}

void offer_attributes(struct wanted *w, e2_ino ino)
{
	const struct e2_xattr *x;
	struct e2_xattrs *it;
	int r;

	if (e2_xattrs_begin(w->sh->fs, ino, &it))
		return;
	while ((r = e2_xattrs_next(it, &x)) > 0 || r == E2_ERR_CORRUPT)
		if (r > 0)
			(void)offer(w, 0, e2_str_text(&x->name), x->name.len);
	e2_xattrs_end(it);
}

/* ---- of the host ------------------------------------------------------------------- */

static bool is_host_dir(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static void offer_host_dir(struct wanted *w, DIR *dir, size_t base)
{
	bool hidden = w->text[base] == '.';
	struct dirent *e;

	while ((e = readdir(dir)) != NULL && !interrupt_asked()) {
		struct candidate *item;

		if ((e->d_name[0] == '.' && !hidden) || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		item = offer(w, base, e->d_name, strlen(e->d_name));
		if (!item)
			continue;
		item->name = true;
		item->more = is_host_dir(dirfd(dir), e->d_name);
	}
}

void offer_host_paths(struct wanted *w)
{
	size_t base = directory_part(w->text);
	char *path = base ? strndup(w->text, base) : strdup(".");
	DIR *dir = NULL;

	if (w->sh->restricted) {
		free(path);
		return;
	}
	if (path && !host_enter(w->sh))
		dir = opendir(path);
	host_leave(w->sh);
	free(path);
	if (!dir)
		return;
	offer_host_dir(w, dir, base);
	(void)closedir(dir);	/* only read from */
	mark_directories(w->c);
}
