/* SPDX-License-Identifier: MIT */
/* chmod, chown, touch: what an inode says of itself. */
#include "consequence.h"
#include "mode.h"
#include "moment.h"
#include "spot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- one inode, or all below it --------------------------------------------- */

/* Makes of an inode what it is to be; leaves attr->mask 0 to leave it alone. */
typedef int attr_fn(void *context, const struct e2_inode *in, struct e2_attr *attr);

static int set_one(struct shell *sh, e2_ino ino, const struct e2_inode *in, attr_fn *decide,
		   void *context)
{
	struct e2_attr attr = { 0 };
	int err = decide(context, in, &attr);

	return err || !attr.mask ? err : e2_setattr(sh->txn, ino, &attr);
}

/* The inodes of a tree, found before any is changed: walking and changing exclude each other. */
struct inodes {
	e2_ino *ino;
	size_t count, room;
};

static int collect(struct shell *sh, e2_ino start, bool symlinks, struct inodes *list)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	e2_ino *more;
	int r = e2_walk_begin(sh->fs, start, 0, &walk);

	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		if (e.status) {
			r = e.status;
			break;
		}
		if (e.again || (!symlinks && e2_is_symlink(&e.inode)))
			continue;
		more = e2_grow(list->ino, &list->room, list->count + 1, sizeof(*more));
		if (!more) {
			r = E2_ERR_NOMEM;
			break;
		}
		list->ino = more;
		list->ino[list->count++] = e.ino;
	}
	e2_walk_end(walk);
	return r;
}

static int set_tree(struct shell *sh, e2_ino start, bool symlinks, attr_fn *decide, void *context)
{
	struct inodes list = { 0 };
	int err = collect(sh, start, symlinks, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		struct e2_inode in;

		err = e2_fs_stopped(sh->fs);
		if (!err)
			err = e2_inode_get(sh->fs, list.ino[i], &in);
		if (!err)
			err = set_one(sh, list.ino[i], &in, decide, context);
	}
	free(list.ino);
	return err;
}

/* All that are named; the first failure ends it, and says of what. */
static int set_all(struct shell *sh, const struct args *args, bool symlinks, attr_fn *decide,
		   void *context)
{
	bool recursive = args_has(args, "-R"), verbose = args_has(args, "-v");
	int err = 0;

	for (size_t i = 0; i < args->count && !err; i++) {
		const struct arg *a = &args->arg[i];
		struct spot s = { .ino = a->ino, .path = a->path };

		if (strcmp(a->operand->name, "FILE") != 0)
			continue;
		err = e2_inode_get(sh->fs, a->ino, &s.in);
		if (!err && recursive && e2_is_dir(&s.in))
			err = set_tree(sh, a->ino, symlinks, decide, context);
		else if (!err)
			err = set_one(sh, a->ino, &s.in, decide, context);
		if (err)
			return spot_fail(&s, err);
		if (verbose)
			spot_told(sh, "changed", &s, NULL);
	}
	return err;
}

/* ---- chmod ------------------------------------------------------------------- */

static int decide_mode(void *context, const struct e2_inode *in, struct e2_attr *attr)
{
	uint32_t mode;
	int err = mode_change(context, in->mode, e2_is_dir(in), &mode);

	if (!err)
		*attr = (struct e2_attr){ .mask = E2_SET_MODE, .mode = mode & 07777 };
	return err;
}

int cmd_chmod(struct shell *sh, const struct args *args)
{
	struct e2_str mode = E2_STR_INIT;
	int err;

	e2_str_add(&mode, args_get(args, "MODE")->text);
	err = e2_str_status(&mode);
	if (!err)
		err = set_all(sh, args, false, decide_mode, mode.text);
	e2_str_free(&mode);
	return err;
}

/* ---- chown ------------------------------------------------------------------- */

static int decide_owner(void *context, const struct e2_inode *in, struct e2_attr *attr)
{
	(void)in;
	*attr = *(const struct e2_attr *)context;
	return 0;
}

/* "1000", or with --names what the volume's own files know. */
static int parse_id(struct shell *sh, const char *text, size_t len, bool group, uint32_t *id)
{
	struct e2_str word = E2_STR_INIT, shown = E2_STR_INIT;
	uint64_t n;
	int err;

	e2_str_add_bytes(&word, text, len);
	e2_str_add_name(&shown, text, len);
	err = e2_str_status(&word);
	if (!err && text[0] >= '0' && text[0] <= '9') {
		err = e2_parse_u64(word.text, 0, UINT32_MAX - 1, &n);
		*id = (uint32_t)n;
	} else if (!err && !sh->show_names) {
		err = shell_advise(sh, e2_fail(E2_ERR_INVAL, "\"%s\": owners are numbers",
					       e2_str_text(&shown)),
				   PROGRAM " --names, for the names in the volume's own /etc/%s",
				   group ? "group" : "passwd");
	} else if (!err && !owner_find(sh, word.text, group, id)) {
		err = e2_fail(E2_ERR_NOENT, "\"%s\": not in the volume's own /etc/%s",
			      e2_str_text(&shown), group ? "group" : "passwd");
	}
	e2_str_free(&word);
	e2_str_free(&shown);
	return err;
}

/* "1000", "1000:100", ":100"; with nothing behind the colon the group stays. */
static int parse_owner(struct shell *sh, const char *text, struct e2_attr *attr)
{
	size_t user = strcspn(text, ":");
	const char *group = text[user] ? text + user + 1 : text + user;
	int err = 0;

	if (user) {
		attr->mask |= E2_SET_UID;
		err = parse_id(sh, text, user, false, &attr->uid);
	}
	if (!err && *group) {
		attr->mask |= E2_SET_GID;
		err = parse_id(sh, group, strlen(group), true, &attr->gid);
	}
	if (!err && !attr->mask)
		err = e2_fail(E2_ERR_INVAL, "an owner is USER, USER:GROUP or :GROUP");
	return err;
}

int cmd_chown(struct shell *sh, const struct args *args)
{
	struct e2_attr attr = { 0 };
	int err = parse_owner(sh, args_get(args, "OWNER")->text, &attr);

	return err ? err : set_all(sh, args, true, decide_owner, &attr);
}

/* ---- touch ------------------------------------------------------------------- */

enum { NEW_FILE = 0666 & ~MODE_UMASK };

static int create_file(struct shell *sh, struct spot *s)
{
	struct e2_new what = { .mode = E2_S_IFREG | NEW_FILE };
	int err = spot_must_be_free(s, false);

	if (!err)
		err = e2_create(sh->txn, s->dir, s->name.text, s->name.len, &what, &s->ino);
	return err;
}

/* The times that are wanted: -r's, -d's, or the clock's. */
static int decide_times(struct shell *sh, const struct args *args, struct e2_attr *attr)
{
	const struct arg *date = args_value(args, "-d"), *reference = args_value(args, "-r");
	bool both = args_has(args, "-a") == args_has(args, "-m");
	struct e2_time now = e2_fs_now(sh->fs);
	int err = 0;

	attr->mask = (args_has(args, "-a") || both ? E2_SET_ATIME : 0) |
		(args_has(args, "-m") || both ? E2_SET_MTIME : 0);
	attr->atime = attr->mtime = now;
	if (date) {
		err = moment_parse(date->text, now, &attr->atime);
		attr->mtime = attr->atime;
	} else if (reference) {
		struct spot s;

		err = spot_of(sh, reference, !args_has(args, "-h"), &s);
		if (!err)
			err = spot_must_be(&s);
		if (!err) {
			(void)e2_inode_time(&s.in, E2_ATIME, &attr->atime);	/* all have one */
			(void)e2_inode_time(&s.in, E2_MTIME, &attr->mtime);
		}
		spot_free(&s);
	}
	return err;
}

/* What is asked for is done or refused; the clock's time may be clamped, as at every change. */
static int must_hold(struct shell *sh, const struct spot *s, const struct e2_attr *attr)
{
	const struct e2_time *t = attr->mask & E2_SET_MTIME ? &attr->mtime : &attr->atime;
	uint32_t size = e2_geometry(sh->fs)->inode_size;
	struct e2_str text = E2_STR_INIT;
	int64_t min, max;
	int err;

	e2_inode_time_range(&s->in, &min, &max);
	if (attr->mask & E2_SET_ATIME && (attr->atime.sec < min || attr->atime.sec > max))
		t = &attr->atime;
	if (t->sec >= min && t->sec <= max)
		return 0;
	e2_str_add_time(&text, t->sec, -1, E2_TIME_UTC);
	e2_str_add(&text, " is not within ");
	e2_str_add_time(&text, min, -1, E2_TIME_UTC);
	e2_str_add(&text, " to ");
	e2_str_add_time(&text, max, -1, E2_TIME_UTC);
	e2_str_addf(&text, ", as an inode of %" PRIu32 " bytes holds it", size);
	if (size > E2_INODE_BYTES && !e2_inode_has_nsec(&s->in))
		e2_str_addf(&text, " with extra_isize %u", s->in.extra_isize);
	err = e2_str_status(&text);
	if (!err)
		err = e2_fail(E2_ERR_RANGE, "%s", e2_str_text(&text));
	e2_str_free(&text);
	return err;
}

static int touch_one(struct shell *sh, const struct args *args, const struct arg *a,
		     const struct e2_attr *attr)
{
	bool given = args_value(args, "-d") || args_value(args, "-r");
	struct spot s = { 0 };
	bool fresh = false;
	int err;

	err = spot_of(sh, a, !args_has(args, "-h"), &s);
	if (!err && !s.ino && args_has(args, "-c")) {
		spot_free(&s);
		return 0;
	}
	if (!err && !s.ino) {
		fresh = true;
		consequence_watch(sh);
		err = create_file(sh, &s);
		if (!err && given)
			err = e2_inode_get(sh->fs, s.ino, &s.in);
	}
	if (!err && given)
		err = must_hold(sh, &s, attr);
	if (!err && (!fresh || given))
		err = e2_setattr(sh->txn, s.ino, attr);
	if (err && s.ino)
		err = spot_fail(&s, err);
	if (!err && args_has(args, "-v"))
		spot_told(sh, fresh ? "made" : "changed", &s, NULL);
	spot_free(&s);
	return err;
}

int cmd_touch(struct shell *sh, const struct args *args)
{
	struct e2_attr attr = { 0 };
	int err = decide_times(sh, args, &attr);

	for (size_t i = 0; i < args->count && !err; i++)
		err = touch_one(sh, args, &args->arg[i], &attr);
	return err;
}
