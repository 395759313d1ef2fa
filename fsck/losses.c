/* SPDX-License-Identifier: MIT */
/* What a repair costs: the report's losses put in order, merged, summed up, and as text. */
#include "fsck.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 3 };	/* more files than these are more than --careful gives away */

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* So that parts of one file lie together, in the order of their bytes. */
static int by_place(const void *left, const void *right)
{
	const struct e2_loss *a = left, *b = right;
	int r = order(a->kind, b->kind);

	if (r == 0)
		r = order(a->ino, b->ino);
	if (r == 0)
		r = order(a->offset, b->offset);
	return r != 0 ? r : order_text(a->path, b->path);
}

static int severity(enum e2_loss_kind kind)
{
	static const int of[] = {
		[E2_LOSS_FILE] = 0, [E2_LOSS_BYTES] = 1, [E2_LOSS_NAME] = 2, [E2_LOSS_XATTR] = 3,
		[E2_LOSS_DOUBT] = 4, [E2_LOSS_NEW_NAME] = 5,
	};

	return of[kind];
}

/* Worst first. */
static int by_severity(const void *left, const void *right)
{
	const struct e2_loss *a = left, *b = right;
	int r = order((uint64_t)severity(a->kind), (uint64_t)severity(b->kind));

	if (r == 0 && a->kind == E2_LOSS_FILE)
		r = order(b->bytes, a->bytes);
	if (r == 0)
		r = order_text(a->path, b->path);
	if (r == 0)
		r = order(a->ino, b->ino);
	return r != 0 ? r : order(a->offset, b->offset);
}

static bool is_range(const struct e2_loss *l)
{
	return l->kind == E2_LOSS_BYTES || l->kind == E2_LOSS_DOUBT;
}

/* Ranges that touch become one; what is told twice is told once. */
static void merge(struct fsck_losses *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct e2_loss *last = kept != 0 ? &l->at[kept - 1] : NULL, *now = &l->at[i];
		bool same = last != NULL && last->kind == now->kind && last->ino == now->ino &&
			    now->ino != 0;

		if (same && is_range(now) && now->offset <= last->offset + last->bytes) {
			uint64_t end = now->offset + now->bytes;

			if (end > last->offset + last->bytes)
				last->bytes = end - last->offset;
		} else if (!same || is_range(now) || order_text(last->path, now->path) != 0) {
			l->at[kept++] = *now;
		}
	}
	l->count = kept;
}

static void sum(struct fsck_losses *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct e2_loss *now = &l->at[i];
		bool first = i == 0 || l->at[i - 1].kind != now->kind ||
			     l->at[i - 1].ino != now->ino;
		bool dir = e2_inode_file_type(now->mode) == E2_FT_DIR;

		switch (now->kind) {
		case E2_LOSS_FILE:
			l->dirs += dir;
			l->files += !dir;
			l->file_bytes += dir ? 0 : now->bytes;
			break;
		case E2_LOSS_BYTES:
			l->bytes += now->bytes;
			l->bytes_files += first;
			break;
		case E2_LOSS_DOUBT:
			l->doubt_bytes += now->bytes;
			l->doubt_files += first;
			break;
		case E2_LOSS_NAME: l->names++; break;
		case E2_LOSS_XATTR: l->xattr_files += first; break;
		case E2_LOSS_NEW_NAME:
			l->new_dirs += dir;
			l->new_files += !dir;
			break;
		}
	}
}

static int by_ino(const void *left, const void *right)
{
	const e2_ino *a = left, *b = right;

	return order(*a, *b);
}

/* The inodes that lose some of what they hold. */
static void note_damaged(struct fsck_losses *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].kind != E2_LOSS_NEW_NAME && l->at[i].kind != E2_LOSS_NAME)
			l->damaged[l->damaged_count++] = l->at[i].ino;
	qsort(l->damaged, l->damaged_count, sizeof(*l->damaged), by_ino);
}

bool fsck_losses_collect(const struct e2_report *report, struct fsck_losses *losses)
{
	*losses = (struct fsck_losses){ .count = e2_report_losses(report) };
	if (losses->count == 0)
		return true;
	losses->at = malloc(losses->count * sizeof(*losses->at));
	losses->damaged = malloc(losses->count * sizeof(*losses->damaged));
	if (losses->at == NULL || losses->damaged == NULL) {
		fsck_losses_free(losses);
		(void)e2_fail(E2_ERR_NOMEM, "list of losses");
		return false;
	}
	for (size_t i = 0; i < losses->count; i++)
		losses->at[i] = *e2_report_loss(report, i);
	qsort(losses->at, losses->count, sizeof(*losses->at), by_place);
	merge(losses);
	sum(losses);
	note_damaged(losses);
	qsort(losses->at, losses->count, sizeof(*losses->at), by_severity);
	return true;
}

void fsck_losses_free(struct fsck_losses *losses)
{
	free(losses->at);
	free(losses->damaged);
}

bool fsck_losses_any(const struct fsck_losses *l)
{
	return l->files + l->dirs + l->bytes_files + l->names + l->xattr_files != 0;
}

bool fsck_losses_many(const struct fsck_losses *l)
{
	return l->dirs != 0 ||
	       l->files + l->bytes_files + l->names + l->xattr_files + l->doubt_files > FEW;
}

/* ---- texts ------------------------------------------------------------------------- */

static void add_counted(struct e2_str *s, uint64_t n, const char *one, const char *many)
{
	e2_str_add_count(s, n);
	e2_str_addf(s, " %s", n == 1 ? one : many);
}

static void add_comma(struct e2_str *s, size_t begun)
{
	if (s->len != begun)
		e2_str_add(s, ", ");
}

void fsck_losses_add_sum(const struct fsck_losses *l, struct e2_str *out)
{
	size_t begun = out->len;

	if (l->files != 0) {
		add_counted(out, l->files, "file", "files");
		if (l->file_bytes != 0) {
			e2_str_add(out, " of ");
			e2_str_add_size(out, l->file_bytes);
		}
	}
	if (l->dirs != 0) {
		add_comma(out, begun);
		add_counted(out, l->dirs, "directory", "directories");
	}
	if (l->bytes_files != 0) {
		add_comma(out, begun);
		e2_str_addf(out, "%" PRIu64 " byte%s of ", l->bytes, l->bytes == 1 ? "" : "s");
		add_counted(out, l->bytes_files, "file", "files");
	}
	if (l->names != 0) {
		add_comma(out, begun);
		add_counted(out, l->names, "name", "names");
	}
	if (l->xattr_files != 0) {
		add_comma(out, begun);
		e2_str_add(out, "attributes of ");
		add_counted(out, l->xattr_files, "file", "files");
	}
}

static void add_object(const struct e2_loss *l, struct e2_str *s)
{
	if (l->path != NULL)
		e2_str_add_name(s, l->path, strlen(l->path));
	if (l->ino != 0)
		e2_str_addf(s, "%s<%" PRIu32 ">", l->path != NULL ? " " : "", l->ino);
}

static void add_range(const struct e2_loss *l, struct e2_str *s)
{
	uint64_t last = l->offset + (l->bytes != 0 ? l->bytes - 1 : 0);

	if (l->bytes == 1)
		e2_str_addf(s, "byte %" PRIu64, l->offset);
	else
		e2_str_addf(s, "bytes %" PRIu64 "-%" PRIu64, l->offset, last);
	if (l->size != 0)
		e2_str_addf(s, " of %" PRIu64, l->size);
}

static void add_why(const struct e2_loss *l, struct e2_str *s)
{
	if (l->why != NULL)
		e2_str_addf(s, ": %s", l->why);
}

static const char *type_name(const struct e2_loss *l)
{
	static const char *const names[] = {
		[E2_FT_UNKNOWN] = "file", [E2_FT_REG] = "regular file",
		[E2_FT_DIR] = "directory", [E2_FT_CHR] = "character device",
		[E2_FT_BLK] = "block device", [E2_FT_FIFO] = "fifo", [E2_FT_SOCK] = "socket",
		[E2_FT_LNK] = "symlink",
	};

	return names[e2_inode_file_type(l->mode)];
}

/* Whether all of an inode is still there. */
static bool is_complete(const struct fsck_losses *l, e2_ino ino)
{
	return bsearch(&ino, l->damaged, l->damaged_count, sizeof(ino), by_ino) == NULL;
}

static void add_new_name(const struct fsck_losses *all, const struct e2_loss *l, struct e2_str *s)
{
	e2_str_add(s, "new name   ");
	add_object(l, s);
	e2_str_add(s, "   ");
	if (e2_inode_file_type(l->mode) != E2_FT_REG)
		e2_str_add(s, type_name(l));
	else
		e2_str_addf(s, "%" PRIu64 " byte%s", l->size, l->size == 1 ? "" : "s");
	e2_str_add(s, is_complete(all, l->ino) ? ", complete" : ", not complete");
	if (l->was != NULL) {
		e2_str_add(s, "; was ");
		e2_str_add_name(s, l->was, strlen(l->was));
	}
	add_why(l, s);
}

void fsck_losses_add_one(const struct fsck_losses *losses, struct e2_report *report, size_t i,
			 struct e2_str *out)
{
	const struct e2_loss *l = &losses->at[i];

	(void)report;
	e2_str_add(out, "  ");
	if (l->kind == E2_LOSS_NEW_NAME) {
		add_new_name(losses, l, out);
		return;
	}
	add_object(l, out);
	e2_str_add(out, "   ");
	switch (l->kind) {
	case E2_LOSS_FILE:
		e2_str_add(out, type_name(l));
		if (l->bytes != 0)
			e2_str_addf(out, ", %" PRIu64 " byte%s", l->bytes,
				    l->bytes == 1 ? "" : "s");
		break;
	case E2_LOSS_BYTES:
		add_range(l, out);
		e2_str_add(out, l->bytes == 1 ? " reads as zero" : " read as zeros");
		break;
	case E2_LOSS_DOUBT:
		add_range(l, out);
		e2_str_add(out, " may be another file's");
		break;
	case E2_LOSS_NAME: e2_str_add(out, "the name"); break;
	case E2_LOSS_XATTR: e2_str_add(out, "extended attributes"); break;
	case E2_LOSS_NEW_NAME: break;
	}
	add_why(l, out);
}
