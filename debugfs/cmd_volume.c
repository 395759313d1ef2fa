/* SPDX-License-Identifier: MIT */
/* open, close, params and set_current_time: which image the session is about, and how. */
#include "volume.h"

#include "interrupt.h"
#include "moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- open and close --------------------------------------------------------------- */

/* A change that is not committed belongs to the image that would go away. */
static int check_leaving(struct shell *sh)
{
	if (!sh->txn)
		return 0;
	return shell_advise(sh, e2_fail(E2_ERR_BUSY, "changes are not committed yet"),
			    sh->change.group ? "commit, or rollback" : "at the end of the script");
}

int cmd_close(struct shell *sh, const struct args *args)
{
	int err = shell_must_be_open(sh);

	(void)args;
	if (!err)
		err = check_leaving(sh);
	if (err)
		return err;
	err = shell_close(sh);
	free(sh->image_text);
	sh->image_text = NULL;
	sh->image = NULL;
	sh->writable = false;
	sh->change.lines = 0;	/* undo went with it */
	return err;
}

/* A path that stays good when relative ones begin elsewhere. */
static char *settled_path(const struct shell *sh, const char *path)
{
	char *there = sh->local.moved && *path != '/' ? getcwd(NULL, 0) : NULL, *whole;
	size_t len;

	if (!there)
		return strdup(path);
	len = strlen(there) + strlen(path) + 2;
	whole = malloc(len);
	if (whole)
		(void)snprintf(whole, len, "%s/%s", there, path);	/* it fits */
	free(there);
	return whole;
}

static int read_options(const struct args *args, struct e2_open_options *how)
{
	const struct arg *size = args_value(args, "-b"), *super = args_value(args, "-s");

	how->threads = E2_THREADS_AUTO;
	how->flags = (args_has(args, "-w") ? E2_OPEN_WRITE : 0) |
		(args_has(args, "-c") ? E2_OPEN_ANY_FEATURE | E2_OPEN_SHORT : 0);
	if (size && (!e2_is_power_of_2(size->number) || size->number < E2_BLOCK_SIZE_MIN ||
		     size->number > E2_BLOCK_SIZE_MAX))
		return e2_fail(E2_ERR_INVAL, "-b %s: block size must be 1024, 2048, 4096 ... 65536",
			       size->text);
	if (super && !size)
		return e2_fail(E2_ERR_INVAL, "-s needs the block size too: -b SIZE");
	how->block_size = size ? (uint32_t)size->number : 0;
	how->superblock = super ? super->number : 0;
	return 0;
}

int cmd_open(struct shell *sh, const struct args *args)
{
	struct e2_open_options how = { 0 };
	int err = read_options(args, &how);
	char *image;

	if (!err && sh->restricted)
		err = e2_fail(E2_ERR_INVAL, "--restricted: no other image is opened");
	if (!err && sh->fs)
		err = shell_advise(sh, e2_fail(E2_ERR_BUSY, "an image is open"), "close");
	if (!err && sh->dry)
		how.flags &= ~(unsigned)E2_OPEN_WRITE;
	if (err)
		return err;
	image = settled_path(sh, args_get(args, "IMAGE")->text);
	if (!image)
		return e2_fail(E2_ERR_NOMEM, "no memory for a path");
	out_flush(&sh->out);
	if (volume_open(image, &how, &sh->fs)) {
		sh->fs = NULL;
		sh->failed = true;
		sh->complaints++;
		free(image);
		return 0;		/* it has been told */
	}
	sh->image = sh->image_text = image;
	sh->how = how;
	e2_fs_set_stop(sh->fs, interrupt_asked);
	sh->writable = (how.flags & E2_OPEN_WRITE) && !sh->dry;
	sh->keeps_undo = !sh->whole;
	if (sh->has_clock)
		e2_fs_set_clock(sh->fs, &sh->clock);
	if (sh->writable)
		interrupt_install();
	return 0;
}

/* ---- params ------------------------------------------------------------------------- */

static void param(struct out *o, const char *name, const char *value)
{
	if (o->mode == OUT_TEXT) {
		out_add(o, "%-18s", name);
		out_add_name(o, value, strlen(value));
		out_line(o);
		return;
	}
	out_record(o, "param");
	out_string(o, "name", name);
	out_name(o, "value", value, strlen(value));
	out_record_end(o);
}

static void show_volume(struct shell *sh)
{
	struct out *o = &sh->out;
	struct e2_str s = E2_STR_INIT;

	param(o, "opened", sh->dry ? "to try changes, none is written" : sh->writable ?
	      "for writing" : "read-only");
	if (sh->how.flags & E2_OPEN_ANY_FEATURE)
		param(o, "trusted", "no feature is refused, nor an image cut short (-c)");
	e2_str_addf(&s, "%u", e2_geometry(sh->fs)->block_size);
	param(o, "block size", e2_str_text(&s));
	if (sh->how.superblock) {
		e2_str_truncate(&s, 0);
		e2_str_addf(&s, "block %llu", (unsigned long long)sh->how.superblock);
		param(o, "superblock", e2_str_text(&s));
	}
	if (sh->root) {
		e2_str_truncate(&s, 0);
		e2_str_addf(&s, "<%u>", sh->root);
		param(o, "root", e2_str_text(&s));
	}
	param(o, "directory", e2_str_text(&sh->cwd_path));
	if (sh->txn) {
		e2_str_truncate(&s, 0);
		e2_str_addf(&s, "%llu", (unsigned long long)sh->change.done);
		param(o, "changes pending", e2_str_text(&s));
	}
	e2_str_free(&s);
}

int cmd_params(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;

	(void)args;
	param(o, "image", sh->image ? sh->image : "none is open");
	if (sh->fs)
		show_volume(sh);
	if (sh->how.undo_path && sh->fs)
		param(o, "undo file", sh->how.undo_path);
	if (sh->has_clock) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_time(&s, sh->clock.sec, sh->clock.nsec, sh->time_flags);
		param(o, "clock", e2_str_text(&s));
		e2_str_free(&s);
	}
	if (sh->restricted)
		param(o, "restricted", "nothing else of the host is touched");
	return 0;
}

/* ---- set_current_time ----------------------------------------------------------------- */

/* debugfs's 20261122101530 as other commands take it. */
static bool is_packed(const char *text)
{
	return strlen(text) == 14 && strspn(text, "0123456789") == 14;
}

int cmd_set_current_time(struct shell *sh, const struct args *args)
{
	const char *text = args_get(args, "TIME")->text;
	struct e2_time now = { 0 }, at;
	char spaced[32];
	int err;

	if (is_packed(text)) {
		(void)snprintf(spaced, sizeof(spaced), "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", text,
			       text + 4, text + 6, text + 8, text + 10, text + 12);
		text = spaced;
	}
	sh->has_clock = strcmp(text, "now") != 0;
	err = sh->has_clock ? moment_parse(text, now, &at) : 0;
	if (err) {
		sh->has_clock = false;
		return err;
	}
	if (sh->has_clock)
		sh->clock = at;
	if (sh->fs)
		e2_fs_set_clock(sh->fs, sh->has_clock ? &sh->clock : NULL);
	return 0;
}
