/* SPDX-License-Identifier: MIT */
/* get, rdump and dump: out of the volume to the host. */
#include "cat.h"
#include "copied.h"
#include "copy_name.h"
#include "host_file.h"
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct copy {
	struct shell *sh;
	uint64_t warnings;
	struct e2_extractor *x;
};

static void warn(void *context, const char *text)
{
	struct copy *c = context;

	c->warnings++;
	shell_warn(c->sh, e2_fail(E2_ERR_CORRUPT, "%s", text));
}

/* A failure that has been warned of is not told twice. */
static int told(struct copy *c, uint64_t before, int err)
{
	bool ends = err == E2_ERR_NOSPC || err == E2_ERR_NOMEM || err == E2_ERR_FBIG ||
		    err == E2_ERR_CANCELLED;

	return c->warnings > before && !ends ? 0 : err;
}

static void show_stats(struct shell *sh, const struct e2_copied *c, bool verbose)
{
	if (sh->out.mode != OUT_TEXT || c->left_out || verbose)
		copied_show(&sh->out, "get", "copied", "devices, fifos and sockets", c);
}

static bool is_dir(struct shell *sh, e2_ino ino)
{
	struct e2_inode in;

	return e2_inode_get(sh->fs, ino, &in) == 0 && e2_is_dir(&in);
}

static int copy_all(struct shell *sh, const struct args *args, struct e2_extract_options *how,
		    bool verbose)
{
	struct copy c = { .sh = sh };
	struct e2_copied stats;
	size_t last = args->count - 1;
	uint64_t before;
	int err, end;

	how->warn = warn;
	how->stop = interrupt_asked;
	how->context = &c;
	err = e2_extract_begin(sh->fs, args->arg[last].text, how, &c.x);
	if (err)
		return err;
	for (size_t i = 0; i < last && !err; i++) {
		struct e2_str name = E2_STR_INIT;

		before = c.warnings;
		err = copy_name(&args->arg[i], &name);
		if (!err)
			err = told(&c, before, e2_extract(c.x, args->arg[i].ino,
							  name.len ? e2_str_text(&name) : NULL));
		if (err == E2_ERR_ISDIR && is_dir(sh, args->arg[i].ino))
			(void)e2_fail(err, "a directory; -r copies it with all it holds");
		if (err && err != E2_ERR_NOSPC && err != E2_ERR_NOMEM && err != E2_ERR_FBIG &&
		    err != E2_ERR_CANCELLED) {
			shell_warn_of(sh, &args->arg[i], err);
			err = 0;
		}
		e2_str_free(&name);
	}
	before = c.warnings;
	end = told(&c, before, e2_extract_end(c.x, &stats));
	show_stats(sh, &stats, verbose);
	return err ? err : end;
}

/* Whether a path leads to what is written to and never replaced: a device, a fifo, our output. */
static bool is_stream(const char *path)
{
	struct stat st, link, ours;

	if (stat(path, &st) || S_ISDIR(st.st_mode))
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	return !lstat(path, &link) && S_ISLNK(link.st_mode) && !fstat(STDOUT_FILENO, &ours) &&
	       ours.st_dev == st.st_dev && ours.st_ino == st.st_ino;
}

static int to_stream(struct shell *sh, const struct arg *from, const char *path)
{
	int err = host_file_check(sh, path), fd;
	struct stat st, ours;
	struct out out;

	if (err)
		return err;
	if (!fstat(STDOUT_FILENO, &ours) && !stat(path, &st) && ours.st_dev == st.st_dev &&
	    ours.st_ino == st.st_ino)
		return cat_one(sh, from);
	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return e2_io_fail_errno(errno, path, "");
	out_flush(&sh->out);
	out = sh->out;
	out_open(&sh->out, fd, OUT_TEXT, COLOR_NEVER);
	err = cat_one(sh, from);
	out_close(&sh->out);
	if (!err && sh->out.error)
		err = e2_io_fail_errno(sh->out.error, path, "");
	sh->out = out;
	if (close(fd) && !err)
		err = e2_io_fail_errno(errno, path, "");
	return err;
}

/* One file or tree to a host path: its directory, which must exist, and the name in it. */
static int copy_as(struct shell *sh, const struct args *args, struct e2_extract_options *how,
		   bool verbose)
{
	const char *path = args->arg[args->count - 1].text, *slash = strrchr(path, '/');
	struct copy c = { .sh = sh };
	struct e2_copied stats;
	char *dir;
	int err, end;

	if (how->overwrite && is_stream(path))
		return to_stream(sh, &args->arg[0], path);
	dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	how->warn = warn;
	how->stop = interrupt_asked;
	how->context = &c;
	if (!dir)
		return e2_fail(E2_ERR_NOMEM, "no memory for a path");
	err = e2_extract_begin(sh->fs, dir, how, &c.x);
	if (!err) {
		err = e2_extract(c.x, args->arg[0].ino, slash ? slash + 1 : path);
		end = e2_extract_end(c.x, &stats);
		err = told(&c, 0, err ? err : end);
		show_stats(sh, &stats, verbose);
	}
	free(dir);
	return err;
}

/* get FILE... - */
static int to_output(struct shell *sh, const struct args *args,
		     const struct e2_extract_options *how)
{
	if (how->recursive)
		return shell_advise(sh, e2_fail(E2_ERR_INVAL, "a tree cannot go to standard "
						"output"), "tar PATH");
	for (size_t i = 0; i + 1 < args->count && !out_failed(&sh->out); i++) {
		int err = cat_one(sh, &args->arg[i]);

		if (err)
			shell_warn_of(sh, &args->arg[i], err);
	}
	return 0;
}

int cmd_get(struct shell *sh, const struct args *args)
{
	struct e2_extract_options how = {
		.recursive = args_has(args, "-r") || args_has(args, "-a"),
		.archive = args_has(args, "-a"), .overwrite = args_has(args, "-f"),
	};

	if (!strcmp(args->arg[args->count - 1].text, "-"))
		return to_output(sh, args, &how);
	if (args_has(args, "-T") && args->count != 2)
		return shell_misused(sh, e2_fail(E2_ERR_INVAL, "-T takes one FILE and one name"));
	if (args_has(args, "-T"))
		return copy_as(sh, args, &how, args_has(args, "-v"));
	return copy_all(sh, args, &how, args_has(args, "-v"));
}

int cmd_rdump(struct shell *sh, const struct args *args)
{
	struct e2_extract_options how = { .recursive = true };

	return copy_all(sh, args, &how, false);
}

int cmd_dump(struct shell *sh, const struct args *args)
{
	struct e2_extract_options how = { .archive = args_has(args, "-p"), .overwrite = true };

	return copy_as(sh, args, &how, false);
}
