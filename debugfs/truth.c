/* SPDX-License-Identifier: MIT */
#include "truth.h"

#include "host_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *path, int errnum)
{
	struct e2_str name = E2_STR_INIT;
	int err;

	e2_str_add_name(&name, path, strlen(path));
	err = e2_fail_errno(errnum, "%s", e2_str_text(&name));
	e2_str_free(&name);
	return err;
}

/* The same file whatever directory is current later; the caller frees it.  NULL: errno says. */
static char *absolute(const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL, *whole = NULL;
	struct e2_str s = E2_STR_INIT;

	if (path[0] == '/')
		return strdup(path);
	if (here) {
		e2_str_addf(&s, "%s/%s", here, path);
		whole = e2_str_status(&s) ? NULL : strdup(e2_str_text(&s));
	}
	e2_str_free(&s);
	free(here);
	return whole;
}

/* Whether it can be written as things are. */
static int check(const char *path)
{
	char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;
	int err = 0;

	if (!slash) {
		err = e2_fail(E2_ERR_NOMEM, "no memory for a path");
	} else if (access(path, F_OK) == 0) {
		err = access(path, W_OK) ? fail(path, errno) : 0;
	} else {
		slash[slash == dir] = '\0';
		err = access(dir, W_OK | X_OK) ? fail(path, errno) : 0;
	}
	free(dir);
	return err;
}

int truth_keep(struct shell *sh, const char *path, struct e2_str *text)
{
	struct truths *t = &sh->truths;
	char *whole = absolute(path);
	struct truth_file *more = NULL;
	int err = whole ? check(whole) : fail(path, errno);

	if (!err)
		more = e2_grow(t->at, &t->cap, t->count + 1, sizeof(*more));
	if (!err && !more)
		err = E2_ERR_NOMEM;
	if (err) {
		free(whole);
		return err;
	}
	t->at = more;
	t->at[t->count++] = (struct truth_file){ whole, *text, sh->change.done };
	*text = (struct e2_str)E2_STR_INIT;
	return 0;
}

static void drop(struct truth_file *f)
{
	free(f->path);
	e2_str_free(&f->text);
}

void truth_forget(struct shell *sh)
{
	struct truths *t = &sh->truths;

	while (t->count && t->at[t->count - 1].done >= sh->change.done)
		drop(&t->at[--t->count]);
}

static int write_one(const struct shell *sh, const struct truth_file *t)
{
	struct host_file file;
	int err = host_file_begin(sh, &file, t->path);

	if (err)
		return err;
	err = host_file_write(&file, t->text.text, t->text.len);
	return host_file_end(&file, err);
}

int truth_settle(struct shell *sh, bool committed)
{
	struct truths *t = &sh->truths;
	int first = 0;

	for (size_t i = 0; i < t->count; i++) {
		int err = committed ? write_one(sh, &t->at[i]) : 0;

		first = first ? first : err;
		drop(&t->at[i]);
	}
	free(t->at);
	*t = (struct truths){ .count = 0 };
	return first;
}
