/* SPDX-License-Identifier: MIT */
/* One object of the host becomes one name of the volume. */
#include "host/import_parts.h"

#include "tree/xattr_write.h"

/* ---- a new inode ------------------------------------------------------------------ */

void e2_import_times(const struct e2_object *o, struct e2_inode *in)
{
	e2_inode_set_time(in, E2_ATIME, (struct e2_time){ o->atime, (int32_t)o->atime_nsec });
	e2_inode_set_time(in, E2_MTIME, (struct e2_time){ o->mtime, (int32_t)o->mtime_nsec });
}

/* What the host's object has besides content, over what the directory let inherit. */
static int give_attrs(struct e2_importer *x, const struct e2_thing *t, e2_ino ino,
		      struct e2_inode *in)
{
	const struct e2_object *o = t->object;
	unsigned flags = x->how->flags;
	int err = 0;

	if (flags & (E2_IMPORT_OWNERS | E2_IMPORT_XATTRS))
		in->mode = (uint16_t)o->mode;
	if (flags & E2_IMPORT_OWNERS) {
		in->uid = o->uid;
		in->gid = o->gid;
	}
	if ((flags & E2_IMPORT_TIMES) && !o->made)
		e2_import_times(o, in);
	if (flags & E2_IMPORT_XATTRS)
		err = e2_xattr_replace_all(x->txn, ino, in, t->xattrs, t->xattr_count);
	return err;
}

static void count(struct e2_import_counts *n, uint32_t mode)
{
	switch (mode & E2_S_IFMT) {
	case E2_S_IFREG:
		n->files++;
		break;
	case E2_S_IFDIR:
		n->dirs++;
		break;
	case E2_S_IFLNK:
		n->symlinks++;
		break;
	default:
		n->others++;
	}
}

/* Missing space is known before the first byte is written. */
static int check_space(struct e2_importer *x, const struct e2_thing *t)
{
	if (t->feed == NULL || t->shown == NULL || (x->how->flags & E2_IMPORT_SPARSE))
		return 0;
	return e2_import_space(x, t->shown, e2_feed_blocks(e2_geometry(x->fs), t->feed), 0);
}

static int fill(struct e2_importer *x, const struct e2_thing *t, e2_ino ino)
{
	unsigned more = x->how->flags & (E2_IMPORT_OWNERS | E2_IMPORT_TIMES | E2_IMPORT_XATTRS);
	struct e2_inode in;
	int err;

	if (more == 0 && (t->feed == NULL || t->feed->size == 0))
		return 0;
	err = e2_inode_get(x->fs, ino, &in);
	if (err == 0 && t->feed != NULL)
		err = e2_feed_write(x, t->feed, ino, &in, 0);
	if (err == 0)
		err = give_attrs(x, t, ino, &in);
	return err != 0 ? err : e2_inode_put(x->txn, ino, &in);
}

int e2_import_attrs(struct e2_importer *x, const struct e2_thing *t, e2_ino ino)
{
	struct e2_inode in;
	int err = e2_inode_get(x->fs, ino, &in);

	if (err == 0)
		err = give_attrs(x, t, ino, &in);
	if (err != 0)
		return err;
	e2_inode_touch(x->txn, &in, false);
	return e2_inode_put(x->txn, ino, &in);
}

static int make(struct e2_importer *x, e2_ino dir, const void *name, size_t len,
		const struct e2_thing *t, e2_ino *ino)
{
	const struct e2_object *o = t->object;
	struct e2_new what = {
		.mode = o->mode, .target = t->text, .target_len = t->text_len,
	};
	uint32_t type = o->mode & E2_S_IFMT;
	int err;

	if (x->how->flags & E2_IMPORT_OWNERS) {
		what.uid = o->uid;
		what.gid = o->gid;
	}
	if (type == E2_S_IFBLK || type == E2_S_IFCHR) {
		what.major = o->rdev_major;
		what.minor = o->rdev_minor;
	}
	err = e2_create(x->txn, dir, name, len, &what, ino);
	if (err == 0)
		err = check_space(x, t);
	if (err == 0)
		err = fill(x, t, *ino);
	if (err == 0)
		count(&x->counts, o->mode);
	return err;
}

/* ---- a name that is there --------------------------------------------------------- */

static int fail_there(const void *name, size_t len, int err, const char *why)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, name, len);
	err = e2_fail(err, "\"%s\" %s", e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

static int rewrite(struct e2_importer *x, const struct e2_thing *t, e2_ino ino,
		   struct e2_inode *in)
{
	bool append = x->how->exists == E2_IMPORT_APPEND;
	int err = 0;

	if (in->flags & (uint32_t)(append ? E2_FL_IMMUTABLE : E2_FL_IMMUTABLE | E2_FL_APPEND))
		return e2_fail(E2_ERR_PERM, "inode %u is immutable or append-only", ino);
	if (!append)
		err = e2_truncate(x->txn, ino, in, 0);
	if (err == 0)
		err = check_space(x, t);
	if (err == 0)
		err = e2_feed_write(x, t->feed, ino, in, e2_inode_size(in));
	if (err == 0)
		err = e2_xattr_drop_capability(x->txn, ino, in);
	if (err != 0)
		return err;
	e2_inode_touch(x->txn, in, true);
	if ((x->how->flags & E2_IMPORT_TIMES) && !append)
		e2_import_times(t->object, in);
	count(&x->counts, E2_S_IFREG);
	return e2_inode_put(x->txn, ino, in);
}

int e2_import_meets(struct e2_importer *x, e2_ino dir, const void *name, size_t len, e2_ino ino,
		    bool kept)
{
	struct e2_import_met met = { dir, name, len, ino, 0, kept };
	struct e2_inode in;
	int err = x->how->meets ? e2_inode_get(x->fs, ino, &in) : 0;

	if (err != 0 || x->how->meets == NULL || e2_is_dir(&in) || in.links_count < 2)
		return err;
	met.links = in.links_count;
	return x->how->meets(x->how->context, &met);
}

static int meet(struct e2_importer *x, e2_ino dir, const void *name, size_t len,
		const struct e2_thing *t, e2_ino *ino, bool *fresh)
{
	bool is_dir = (t->object->mode & E2_S_IFMT) == E2_S_IFDIR;
	enum e2_import_exists exists = x->how->exists;
	struct e2_inode in;
	int err;

	err = e2_dir_lookup(x->fs, dir, name, len, ino);
	if (err == 0)
		err = e2_inode_get(x->fs, *ino, &in);
	if (err != 0)
		return err;
	*fresh = false;
	if (is_dir)
		return e2_is_dir(&in) ? 0 : fail_there(name, len, E2_ERR_NOTDIR,
						       "is there and no directory");
	if (e2_is_dir(&in))
		return fail_there(name, len, E2_ERR_ISDIR, "is a directory");
	if (exists == E2_IMPORT_APPEND && t->feed == NULL)
		return fail_there(name, len, E2_ERR_INVAL, "can be added to by regular files only");
	if (exists != E2_IMPORT_ATOMIC && t->feed != NULL && !e2_is_reg(&in))
		return fail_there(name, len, E2_ERR_INVAL, "is no regular file");
	err = e2_import_meets(x, dir, name, len, *ino,
			      exists == E2_IMPORT_ATOMIC || t->feed == NULL);
	if (err != 0)
		return err;
	if (exists != E2_IMPORT_ATOMIC && t->feed != NULL)
		return rewrite(x, t, *ino, &in);
	err = e2_unlink(x->txn, dir, name, len);
	if (err != 0)
		return err;
	*fresh = true;
	return make(x, dir, name, len, t, ino);
}

int e2_import_thing(struct e2_importer *x, e2_ino dir, const void *name, size_t len,
		    const struct e2_thing *t, e2_ino *ino, bool *fresh)
{
	int err;

	*fresh = true;
	err = make(x, dir, name, len, t, ino);
	if (err != E2_ERR_EXIST || (x->how->exists == E2_IMPORT_REFUSE &&
				    (t->object->mode & E2_S_IFMT) != E2_S_IFDIR))
		return err;
	e2_err_clear();
	return meet(x, dir, name, len, t, ino, fresh);
}

int e2_import_made(struct e2_importer *x, e2_ino ino)
{
	if (x->how->made == NULL || !x->how->made(x->how->context, ino))
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "interrupted");
}
