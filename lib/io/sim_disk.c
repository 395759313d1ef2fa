/* SPDX-License-Identifier: MIT */
/* What a simulated disk holds: files in memory, copied when they are changed. */
#include "io/sim_int.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(void)
{
	return e2_fail(E2_ERR_NOMEM, "no memory for the simulated disk");
}

static void put_blob(struct sim_blob *b)
{
	if (!b || --b->refs > 0)
		return;
	free(b->data);
	free(b);
}

/* A blob of the given size with the beginning of another's bytes, which may be NULL. */
static struct sim_blob *new_blob(uint64_t size, size_t cap, const struct sim_blob *from)
{
	struct sim_blob *b = calloc(1, sizeof(*b));
	uint64_t keep = from ? (from->size < size ? from->size : size) : 0;

	if (!b)
		return NULL;
	b->data = calloc(1, cap > 0 ? cap : 1);
	if (!b->data) {
		free(b);
		return NULL;
	}
	if (keep > 0)
		memcpy(b->data, from->data, (size_t)keep);
	b->refs = 1;
	b->size = size;
	b->cap = cap;
	return b;
}

/* Makes the file's bytes its own, with room for cap of them. */
static int own_blob(struct sim_disk *disk, size_t file, uint64_t cap)
{
	struct sim_blob *old = disk->file[file];
	struct sim_blob *b;

	if (old->refs == 1 && cap <= old->cap)
		return E2_OK;
	if (cap < old->size)	/* is shared, and about to shrink */
		cap = old->size;
	if (cap > SIZE_MAX)
		return no_memory();
	if (cap > old->cap && old->cap > 0 && cap < old->cap + old->cap / 2)
		cap = old->cap + old->cap / 2;
	b = new_blob(old->size, (size_t)cap, old);
	if (!b)
		return no_memory();
	b->changes = old->changes;
	put_blob(old);
	disk->file[file] = b;
	return E2_OK;
}

int sim_disk_add_file(struct sim_disk *disk, size_t *file)
{
	struct sim_blob **list = realloc(disk->file, (disk->files + 1) * sizeof(list[0]));
	struct sim_blob *b = new_blob(0, 0, NULL);

	if (list)
		disk->file = list;
	if (!list || !b) {
		put_blob(b);
		return no_memory();
	}
	list[disk->files] = b;
	*file = disk->files++;
	return E2_OK;
}

int sim_disk_write(struct sim_disk *disk, size_t file, uint64_t offset, uint64_t len,
		   const uint8_t *data)
{
	int r = own_blob(disk, file, disk->file[file]->size);

	if (r || len == 0)
		return r;
	disk->file[file]->changes++;
	if (data)
		memcpy(disk->file[file]->data + offset, data, (size_t)len);
	else
		memset(disk->file[file]->data + offset, 0, (size_t)len);
	return E2_OK;
}

int sim_disk_resize(struct sim_disk *disk, size_t file, uint64_t size)
{
	int r = own_blob(disk, file, size);
	struct sim_blob *b = disk->file[file];

	if (r)
		return r;
	if (size < b->size)
		memset(b->data + size, 0, (size_t)(b->size - size));
	b->size = size;
	b->changes++;
	return E2_OK;
}

/* The place of path among the names, or where it belongs. */
static size_t find_place(const struct sim_names *n, const char *path, bool *found)
{
	size_t low = 0, high = n->count;

	*found = false;
	while (low < high && !*found) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(n->name[mid].path, path);

		if (c == 0)
			low = mid;
		else if (c < 0)
			low = mid + 1;
		else
			high = mid;
		*found = c == 0;
	}
	return low;
}

bool sim_disk_find(const struct sim_disk *disk, const char *path, size_t *file)
{
	bool found;
	size_t i = find_place(&disk->names, path, &found);

	if (found)
		*file = disk->names.name[i].file;
	return found;
}

int sim_disk_link(struct sim_disk *disk, const char *path, size_t file)
{
	struct sim_names *n = &disk->names;
	bool found;
	size_t i = find_place(n, path, &found);
	char *copy;

	if (found) {
		n->name[i].file = file;
		return E2_OK;
	}
	if (n->count == n->cap) {
		struct sim_name *name = realloc(n->name, (n->cap + 16) * sizeof(*name));

		if (!name)
			return no_memory();
		n->name = name;
		n->cap += 16;
	}
	copy = strdup(path);
	if (!copy)
		return no_memory();
	memmove(n->name + i + 1, n->name + i, (n->count - i) * sizeof(n->name[0]));
	n->name[i] = (struct sim_name){ .path = copy, .file = file };
	n->count++;
	return E2_OK;
}

void sim_disk_unlink(struct sim_disk *disk, const char *path)
{
	struct sim_names *n = &disk->names;
	bool found;
	size_t i = find_place(n, path, &found);

	if (!found)
		return;
	free(n->name[i].path);
	n->count--;
	memmove(n->name + i, n->name + i + 1, (n->count - i) * sizeof(n->name[0]));
}

int sim_disk_copy(const struct sim_disk *from, struct sim_disk *to)
{
	int r = E2_OK;

	*to = (struct sim_disk){ .files = 0 };
	if (from->files > 0) {
		to->file = calloc(from->files, sizeof(to->file[0]));
		if (!to->file)
			return no_memory();
	}
	for (; to->files < from->files; to->files++) {
		to->file[to->files] = from->file[to->files];
		to->file[to->files]->refs++;
	}
	for (size_t i = 0; r == E2_OK && i < from->names.count; i++)
		r = sim_disk_link(to, from->names.name[i].path, from->names.name[i].file);
	if (r)
		sim_disk_free(to);
	return r;
}

void sim_disk_drop_files(struct sim_disk *disk, size_t kept)
{
	while (disk->files > kept)
		put_blob(disk->file[--disk->files]);
}

void sim_disk_free(struct sim_disk *disk)
{
	sim_disk_drop_files(disk, 0);
	for (size_t i = 0; i < disk->names.count; i++)
		free(disk->names.name[i].path);
	free(disk->file);
	free(disk->names.name);
	*disk = (struct sim_disk){ .files = 0 };
}

/* A name goes only while it leads to the file of the event. */
static void drop_name(struct sim_disk *disk, const char *path, size_t file)
{
	size_t is;

	if (sim_disk_find(disk, path, &is) && is == file)
		sim_disk_unlink(disk, path);
}

int sim_disk_apply(struct sim_disk *disk, const struct sim_event *e, uint64_t len)
{
	const struct sim_blob *b;
	size_t file;
	int r;

	switch (e->kind) {
	case SIM_WRITE:
	case SIM_ZERO:
		b = disk->file[e->file];
		if (e->offset >= b->size)
			return E2_OK;
		if (len > b->size - e->offset)
			len = b->size - e->offset;
		return sim_disk_write(disk, e->file, e->offset, len, e->data);
	case SIM_RESIZE:
		return sim_disk_resize(disk, e->file, e->offset);
	case SIM_NEW:
		return sim_disk_add_file(disk, &file);
	case SIM_LINK:
		return sim_disk_link(disk, e->path, e->file);
	case SIM_UNLINK:
		drop_name(disk, e->path, e->file);
		return E2_OK;
	case SIM_RENAME:
		r = sim_disk_link(disk, e->path, e->file);
		if (r == E2_OK)
			drop_name(disk, e->from, e->file);
		return r;
	case SIM_SYNC:
	case SIM_SYNC_DIR:
		break;
	}
	return E2_OK;
}
