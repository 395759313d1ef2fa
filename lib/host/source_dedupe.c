/* SPDX-License-Identifier: MIT */
/*
 * Files of a tree that have the same content become one object with all their names.
 *
 * What was several objects is numbered anew, those that go behind those that stay: so that it
 * can still be said what they would have taken.
 */
#include "host/source_priv.h"

#include "base/alike.h"
#include "base/order.h"
#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_BYTES = 8 << 20 };

struct same {
	struct e2_source *s;
	const struct e2_source_dedupe *how;
	uint32_t *files;	/* those that are compared, by size; later: the number of each */
	size_t count;
	e2_obj *into;		/* of each object: what takes its names; later: its number */
	uint32_t gone;
};

/* ---- what is compared ------------------------------------------------------------------- */

/* What has to be the same besides the content. */
static int compare_meta(const struct e2_object *a, const struct e2_object *b)
{
	int order = e2_compare_u64(a->mode, b->mode);

	if (order == 0)
		order = e2_compare_u64(a->uid, b->uid);
	if (order == 0)
		order = e2_compare_u64(a->gid, b->gid);
	if (order == 0)
		order = e2_compare_u64((uint64_t)a->mtime, (uint64_t)b->mtime);
	if (order == 0)
		order = e2_compare_u64(a->mtime_nsec, b->mtime_nsec);
	return order != 0 ? order : e2_compare_u64(a->xattrs, b->xattrs);
}

static int compare_class(const struct same *c, e2_obj a, e2_obj b)
{
	const struct e2_object *x = &c->s->objects[a], *y = &c->s->objects[b];
	int order = e2_compare_u64(x->size, y->size);

	return order != 0 || !c->how->strict ? order : compare_meta(x, y);
}

static int compare_files(const void *pa, const void *pb, void *context)
{
	e2_obj a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int order = compare_class(context, a, b);

	return order != 0 ? order : e2_compare_u64(a, b);
}

/* Empty files have nothing to share, and often are many. */
static int list_files(struct same *c)
{
	struct e2_source *s = c->s;

	c->files = malloc(s->objects_len * sizeof(*c->files));
	if (c->files == NULL)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	for (e2_obj obj = 0; obj < s->objects_len; obj++) {
		const struct e2_object *o = &s->objects[obj];

		if ((o->mode & E2_S_IFMT) != E2_S_IFREG)
			continue;
		s->stats.dedupe_names += o->links;
		s->stats.dedupe_inodes++;
		if (o->size > 0)
			c->files[c->count++] = obj;
	}
	qsort_r(c->files, c->count, sizeof(*c->files), compare_files, c);
	return 0;
}

/* ---- content ------------------------------------------------------------------------------ */

static int next_data(void *context, uint32_t item, uint64_t at, uint64_t *start)
{
	const struct same *c = context;
	uint32_t count, low = 0;
	const struct e2_extent *e = e2_source_extents(c->s, item, &count);
	uint64_t size = c->s->objects[item].size;
	uint32_t high = count;

	*start = at;
	while (low < high) {		/* the first that ends behind it */
		uint32_t mid = low + (high - low) / 2;

		if (e[mid].end > at)
			high = mid;
		else
			low = mid + 1;
	}
	if (count > 0)
		*start = low == count ? size : e[low].start > at ? e[low].start : at;
	return 0;
}

static int read_content(void *context, uint32_t item, uint64_t at, size_t len, void *buf)
{
	const struct same *c = context;
	struct e2_source_file *file;
	int err = e2_source_open(c->s, item, &file), close_err;

	if (err != 0)
		return err;
	err = e2_source_read(file, at, len, buf);
	close_err = e2_source_close(file);
	return err != 0 ? err : close_err;
}

static int tell_progress(void *context)
{
	const struct same *c = context;

	if (c->how->progress == NULL ||
	    c->how->progress(c->how->context, c->s->objects_len) == 0)
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "comparing files");
}

/* ---- which stays ---------------------------------------------------------------------------- */

/* Without its holes. */
static uint64_t data_of(const struct e2_source *s, e2_obj obj)
{
	uint64_t bytes = 0;
	uint32_t count;
	const struct e2_extent *e = e2_source_extents(s, obj, &count);

	for (uint32_t i = 0; i < count; i++)
		bytes += e[i].end - e[i].start;
	return count > 0 ? bytes : s->objects[obj].size;
}

static struct e2_same_meta meta_of(const struct e2_object *o)
{
	return (struct e2_same_meta){ o->mode, o->uid, o->gid, o->mtime, o->mtime_nsec };
}

static void retire(struct same *c, const struct e2_same *same)
{
	const struct e2_object *was = &c->s->objects[same->item];
	struct e2_object *now = &c->s->objects[same->into];
	const struct e2_same_meta a = meta_of(was), b = meta_of(now);

	e2_same_lose(&c->s->stats.dedupe_lost, &a, &b, was->xattrs != now->xattrs, was->links);
	now->links += was->links;
	c->into[same->item] = same->into;
	c->gone++;
}

static int take_alike(void *context, const uint32_t *items, size_t count)
{
	struct same *c = context;
	struct e2_same *v = calloc(count, sizeof(*v));

	if (v == NULL)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	for (size_t i = 0; i < count; i++) {
		uint32_t links = c->s->objects[items[i]].links;

		v[i] = (struct e2_same){ .item = items[i], .names = links, .links = links,
					 .data = data_of(c->s, items[i]) };
	}
	(void)e2_same_choose(v, count, E2_LINK_MAX);
	for (size_t i = 0; i < count; i++)
		if (v[i].into != v[i].item)
			retire(c, &v[i]);
	free(v);
	return 0;
}

static int find_alike(struct same *c)
{
	const struct e2_alike_how how = {
		.data = next_data, .read = read_content, .found = take_alike,
		.poll = tell_progress, .context = c, .room = ROOM_BYTES,
	};
	struct e2_alike *alike = NULL;
	size_t next;
	int err = e2_alike_new(&how, &alike);

	for (size_t i = 0; i < c->count && err == 0; i = next) {
		next = i + 1;
		while (next < c->count && compare_class(c, c->files[i], c->files[next]) == 0)
			next++;
		if (next - i > 1)
			err = e2_alike_find(alike, c->files + i, next - i,
					    c->s->objects[c->files[i]].size);
	}
	e2_alike_free(alike);
	return err;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Moves the objects that go behind the others; into becomes the number of each, or of what has
 * taken its names. */
static void move_objects(struct same *c, struct e2_object *gone)
{
	struct e2_source *s = c->s;
	e2_obj next = 0;
	uint32_t kept = 0;

	for (e2_obj obj = 0; obj < s->objects_len; obj++) {
		if (c->into[obj] != obj) {
			gone[kept++] = s->objects[obj];
			continue;
		}
		if (s->spool != NULL)
			s->spool->at[next] = s->spool->at[obj];
		s->objects[next] = s->objects[obj];
		c->files[obj] = next++;
	}
	memcpy(&s->objects[next], gone, kept * sizeof(*gone));
	for (e2_obj obj = 0; obj < s->objects_len; obj++)
		c->into[obj] = c->files[c->into[obj]];
	s->objects_len = next;
	s->retired = kept;
}

static int number_anew(struct same *c)
{
	struct e2_source *s = c->s;
	struct e2_object *gone = malloc(c->gone * sizeof(*gone));

	if (gone == NULL)
		return e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	move_objects(c, gone);
	free(gone);
	for (size_t i = 0; i < s->objects_len + s->retired; i++)
		s->objects[i].dir = c->into[s->objects[i].dir];
	for (size_t i = 0; i < s->names_len; i++)
		s->names[i].object = c->into[s->names[i].object];
	for (size_t i = 0; i < s->trees_len; i++)
		s->trees[i].at = c->into[s->trees[i].at];
	for (size_t i = 0; i < s->layers_len; i++)
		s->layers[i].dir = c->into[s->layers[i].dir];
	for (size_t i = 0; i < s->mounts_len; i++)
		s->mounts[i].dir = c->into[s->mounts[i].dir];
	for (size_t i = 0; i < s->handles.depth; i++)
		s->handles.level[i].dir = c->into[s->handles.level[i].dir];
	return 0;
}

int e2_source_dedupe(struct e2_source *source, const struct e2_source_dedupe *how)
{
	struct same c = { .s = source, .how = how };
	int err = list_files(&c);

	c.into = malloc(source->objects_len * sizeof(*c.into));
	if (err == 0 && c.into == NULL)
		err = e2_fail(E2_ERR_NOMEM, "comparing files: out of memory");
	for (e2_obj obj = 0; obj < source->objects_len && err == 0; obj++)
		c.into[obj] = obj;
	if (err == 0)
		err = find_alike(&c);
	if (err == 0 && c.gone > 0)
		err = number_anew(&c);
	if (err == 0)
		source->stats.dedupe_inodes -= c.gone;
	free(c.files);
	free(c.into);
	return err;
}

uint32_t e2_source_retired(const struct e2_source *source)
{
	return source->retired;
}
