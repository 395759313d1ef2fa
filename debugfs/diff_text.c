/* SPDX-License-Identifier: MIT */
#include "diff_text.h"

#include <inttypes.h>
#include <string.h>

enum { VALUE_BYTES = 40 };	/* of an attribute's value that are shown */

/* ---- values ------------------------------------------------------------------------ */

static void add_target(struct e2_str *s, struct e2_fs *fs, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;

	if (e2_symlink_read(fs, in, &text))
		e2_err_clear();
	e2_str_add(s, "\"");
	e2_str_add_name(s, e2_str_text(&text), text.len);
	e2_str_add(s, "\"");
	e2_str_free(&text);
}

static void add_device(struct e2_str *s, const struct e2_inode *in)
{
	uint32_t major, minor;

	e2_inode_device(in, &major, &minor);
	e2_str_addf(s, "%" PRIu32 ":%" PRIu32, major, minor);
}

void add_diff_thing(struct e2_str *s, struct e2_fs *fs, const struct e2_inode *in)
{
	uint32_t type = in->mode & E2_S_IFMT;

	e2_str_add(s, file_type_words(in->mode));
	if (type == E2_S_IFREG) {
		e2_str_add(s, ", ");
		add_plural(s, e2_inode_size(in), "byte", "bytes");
	} else if (type == E2_S_IFLNK) {
		e2_str_add(s, " to ");
		add_target(s, fs, in);
	} else if (type == E2_S_IFCHR || type == E2_S_IFBLK) {
		e2_str_add(s, " ");
		add_device(s, in);
	}
}

static void add_time(struct e2_str *s, const struct e2_inode *in, enum e2_time_which which,
		     unsigned flags, bool nsec)
{
	struct e2_time t = { 0, 0 };

	if (e2_inode_time(in, which, &t))
		e2_str_add_time(s, t.sec, nsec ? t.nsec : -1, flags);
	else
		e2_str_add(s, "none");
}

/* What a difference is of, unless it has values of its own. */
static bool add_value(struct e2_str *s, enum e2_diff_what what, struct e2_fs *fs, e2_ino ino,
		      const struct e2_inode *in, unsigned flags)
{
	switch (what) {
	case E2_DIFF_TYPE: add_diff_thing(s, fs, in); break;
	case E2_DIFF_SIZE:
	case E2_DIFF_DIR_SIZE: e2_str_addf(s, "%" PRIu64, e2_inode_size(in)); break;
	case E2_DIFF_MTIME: add_time(s, in, E2_MTIME, flags, false); break;
	case E2_DIFF_MTIME_NSEC: add_time(s, in, E2_MTIME, flags, true); break;
	case E2_DIFF_ATIME: add_time(s, in, E2_ATIME, flags, true); break;
	case E2_DIFF_CTIME: add_time(s, in, E2_CTIME, flags, true); break;
	case E2_DIFF_CRTIME: add_time(s, in, E2_CRTIME, flags, true); break;
	case E2_DIFF_TEXT: add_target(s, fs, in); break;
	case E2_DIFF_DEVICE: add_device(s, in); break;
	case E2_DIFF_MODE: e2_str_addf(s, "%04o", (unsigned)in->mode & 07777); break;
	case E2_DIFF_UID: e2_str_addf(s, "%" PRIu32, in->uid); break;
	case E2_DIFF_GID: e2_str_addf(s, "%" PRIu32, in->gid); break;
	case E2_DIFF_INO: e2_str_addf(s, "%" PRIu32, ino); break;
	case E2_DIFF_LINK_COUNT: e2_str_addf(s, "%u", in->links_count); break;
	case E2_DIFF_SECTORS: e2_str_addf(s, "%" PRIu64, (uint64_t)in->blocks); break;
	case E2_DIFF_FLAGS: e2_str_addf(s, "0x%" PRIx32, in->flags); break;
	case E2_DIFF_GENERATION: e2_str_addf(s, "%" PRIu32, in->generation); break;
	default: return false;
	}
	return true;
}

/* ---- attributes -------------------------------------------------------------------- */

/* "user::rw-,user:5:r--,mask::r--" */
static void add_acl(struct e2_str *s, const uint8_t *acl, size_t len)
{
	enum { HEADER = 4, ENTRY = 8 };

	for (size_t at = HEADER; at + ENTRY <= len; at += ENTRY) {
		uint16_t tag = e2_get16(acl + at), perm = e2_get16(acl + at + 2);

		e2_str_add(s, at > HEADER ? "," : "");
		e2_str_add(s, tag <= 2 ? "user:" : tag <= 8 ? "group:" : tag == 16 ? "mask:" :
			   "other:");
		if (tag == 2 || tag == 8)
			e2_str_addf(s, "%" PRIu32, e2_get32(acl + at + 4));
		e2_str_addf(s, ":%c%c%c", perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-',
			    perm & 1 ? 'x' : '-');
	}
}

static void add_attribute(struct e2_str *s, const struct e2_xattr *x, bool acl)
{
	size_t len = x->value_len < VALUE_BYTES ? x->value_len : VALUE_BYTES;
	bool text = true;

	if (acl) {
		add_acl(s, x->value, x->value_len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		text &= x->value[i] >= ' ' && x->value[i] < 0x7f;
	e2_str_add(s, text ? "\"" : "0x");
	if (text)
		e2_str_add_name(s, x->value, len);
	for (size_t i = 0; i < len && !text; i++)
		e2_str_addf(s, "%02x", x->value[i]);
	e2_str_add(s, len < x->value_len ? "..." : "");
	e2_str_add(s, text ? "\"" : "");
}

struct telling {
	const struct diff_side *side;
	diff_value_fn *one;
	void *context;
	bool acl;		/* ACLs are told, or all others */
};

static int tell(const struct telling *t, enum e2_diff_what what, const char *attribute,
		const struct e2_str text[2], const bool there[2])
{
	struct diff_value v = { .what = what, .attribute = attribute };

	for (unsigned i = 0; i < 2; i++) {
		if (e2_str_status(&text[i]))
			return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
		v.text[i] = there[i] ? e2_str_text(&text[i]) : NULL;
	}
	return t->one(t->context, &v);
}

static int tell_attribute(void *context, const char *name, const struct e2_xattr *first,
			  const struct e2_xattr *second)
{
	static const char acl[] = "system.posix_acl_";
	const struct telling *t = context;
	bool is_acl = !strncmp(name, acl, sizeof(acl) - 1);
	struct e2_str text[2] = { E2_STR_INIT, E2_STR_INIT };
	const bool there[2] = { first != NULL, second != NULL };
	int r = 0;

	if (is_acl != t->acl)
		return 0;
	if (first)
		add_attribute(&text[0], first, is_acl);
	if (second)
		add_attribute(&text[1], second, is_acl);
	r = tell(t, is_acl ? E2_DIFF_ACL : E2_DIFF_XATTR, name, text, there);
	e2_str_free(&text[0]);
	e2_str_free(&text[1]);
	return r;
}

/* ---- all of a difference ------------------------------------------------------------ */

/* What has no value, but can be said: where content differs, what a name is linked to. */
static void add_words(struct e2_str *s, const struct e2_difference *d, enum e2_diff_what what,
		      unsigned side)
{
	if (what == E2_DIFF_CONTENT)
		e2_str_addf(s, "from byte %" PRIu64 " on", d->at);
	else if (what == E2_DIFF_LINKS && d->link_len[side])
		e2_str_add_name(s, d->link[side], d->link_len[side]);
}

static int tell_one(const struct telling *t, const struct e2_difference *d,
		    enum e2_diff_what what, unsigned flags)
{
	struct e2_str text[2] = { E2_STR_INIT, E2_STR_INIT };
	bool there[2];
	int r;

	for (unsigned i = 0; i < 2; i++) {
		if (!add_value(&text[i], what, t->side[i].fs, d->ino[i], &d->in[i], flags))
			add_words(&text[i], d, what, i);
		there[i] = text[i].len != 0;
	}
	r = tell(t, what, NULL, text, there);
	e2_str_free(&text[0]);
	e2_str_free(&text[1]);
	return r;
}

int diff_values(const struct diff_side side[2], unsigned time_flags,
		const struct e2_difference *d, diff_value_fn *one, void *context)
{
	struct e2_fs *const fs[2] = { side[0].fs, side[1].fs };
	struct telling t = { .side = side, .one = one, .context = context };
	int r = 0;

	for (enum e2_diff_what what = 0; what < E2_DIFF_WHATS && r == 0; what++) {
		if (!(d->what & 1u << what))
			continue;
		t.acl = what == E2_DIFF_ACL;
		if (t.acl || what == E2_DIFF_XATTR)
			r = e2_diff_xattrs(fs, d->ino, tell_attribute, &t);
		else
			r = tell_one(&t, d, what, time_flags);
	}
	return r;
}
