/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOT = 2, DIRECT = 12, SUPER = 1024, FORMAT = 0170000, DIRECTORY = 0040000,
       REGULAR = 0100000, LINK = 0120000, BIG = 4096 /* names at most */ };

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *p, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = mix(hash, word);
	}
	for (; len > 0; p++, len--)
		hash = mix(hash, *p);
	return hash;
}

static void *grow(void *at, size_t count, size_t item)
{
	if ((count & (count - 1)) != 0)	/* grows at powers of two */
		return at;
	at = realloc(at, (count != 0 ? 2 * count : 1) * item);
	if (at == NULL)
		abort();
	return at;
}

static const uint8_t *block_at(const struct reader *r, uint32_t blk)
{
	if (blk < r->first || blk >= r->blocks ||
	    ((uint64_t)blk + 1) * r->block_size > r->size)
		return NULL;
	return r->image + (uint64_t)blk * r->block_size;
}

uint64_t reader_inode_at(const struct reader *r, uint32_t ino)
{
	uint32_t group = (ino - 1) / r->inodes_per_group;
	uint32_t index = (ino - 1) % r->inodes_per_group;
	uint64_t at;

	if (ino == 0 || ino > r->inodes)
		return 0;
	at = (uint64_t)r->desc_block * r->block_size + 32 * (uint64_t)group;
	if (at + 32 > r->size)
		return 0;
	at = (uint64_t)get32(r->image + at + 8) * r->block_size + (uint64_t)index * r->inode_size;
	return at + r->inode_size <= r->size ? at : 0;
}

/* ---- one inode ------------------------------------------------------------- */

struct file {
	struct reader *r;
	uint32_t ino;
	const uint8_t *raw;
	uint64_t size, hash, content, budget;
	bool owns;			/* its blocks are to be listed */
	void (*data)(struct file *f, uint64_t lblk, const uint8_t *block);
	void *context;
};

static void list_block(struct file *f, uint32_t blk)
{
	struct reader *r = f->r;

	if (!f->owns)
		return;
	r->blocks_of = grow(r->blocks_of, r->block_count, sizeof(*r->blocks_of));
	r->blocks_of[r->block_count++] = (struct reader_block){ blk, f->ino };
}

static void follow(struct file *f, uint32_t blk, unsigned level, uint64_t lblk)
{
	uint64_t pointers = f->r->block_size / 4, reach = 1;
	const uint8_t *block = blk != 0 ? block_at(f->r, blk) : NULL;

	if (block == NULL || f->budget == 0)
		return;
	f->budget--;
	list_block(f, blk);
	if (level == 0) {
		f->data(f, lblk, block);
		return;
	}
	for (unsigned i = 1; i < level; i++)
		reach *= pointers;
	for (uint64_t i = 0; i < pointers; i++)
		follow(f, get32(block + 4 * i), level - 1, lblk + i * reach);
}

static void follow_all(struct file *f)
{
	uint64_t pointers = f->r->block_size / 4, lblk = DIRECT;
	uint64_t reach = pointers;

	f->budget = 2 * (uint64_t)f->r->blocks;
	for (unsigned i = 0; i < DIRECT; i++)
		follow(f, get32(f->raw + 40 + 4 * i), 0, i);
	for (unsigned level = 1; level <= 3; level++, lblk += reach, reach *= pointers)
		follow(f, get32(f->raw + 40 + 4 * (DIRECT + level - 1)), level, lblk);
}

static void hash_data(struct file *f, uint64_t lblk, const uint8_t *block)
{
	uint32_t size = f->r->block_size;
	uint64_t at = lblk * size;
	size_t len = at >= f->size ? 0 : f->size - at < size ? (size_t)(f->size - at) : size;
	uint64_t sum = 0, word;

	for (size_t i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, block + i, sizeof(word));
		sum |= word;
	}
	for (size_t i = len & ~(size_t)7; i < len; i++)
		sum |= block[i];
	if (sum != 0)	/* order does not matter: a hole may have become zeros */
		f->hash += mix_bytes(mix(1, lblk), block, len);
	while (sum != 0 && block[len - 1] == 0)
		len--;
	if (sum != 0)
		f->content += mix_bytes(mix(1, lblk), block, len);
}

static bool has_pointers(const uint8_t *raw)
{
	uint32_t mode = get16(raw) & FORMAT, own = get32(raw + 104) != 0;
	uint32_t size = get32(raw + 4);

	if (mode == LINK)
		return size >= 60 || (size == 0 && !own);
	return mode == REGULAR || mode == DIRECTORY;
}

static uint64_t hash_about(const struct reader *r, const uint8_t *raw)
{
	uint64_t hash = mix(get16(raw), get16(raw + 2));
	const uint8_t *attributes = get32(raw + 104) != 0 ? block_at(r, get32(raw + 104)) : NULL;

	hash = mix(mix(hash, get16(raw + 24)), get32(raw + 16));
	hash = mix_bytes(hash, raw + 120, 4);		/* high halves of the owners */
	if (attributes != NULL)
		hash = mix_bytes(hash, attributes + 32, r->block_size - 32);
	if (r->inode_size > 160)
		hash = mix_bytes(hash, raw + 160, r->inode_size - 160);
	return hash;
}

static void describe(struct reader *r, struct reader_name *name, bool owns)
{
	uint64_t at = reader_inode_at(r, name->ino);
	const uint8_t *raw = r->image + at;
	struct file f = { .r = r, .ino = name->ino, .raw = raw, .owns = owns, .data = hash_data };

	name->mode = (uint16_t)get16(raw);
	f.size = get32(raw + 4);
	if ((name->mode & FORMAT) == REGULAR)
		f.size |= (uint64_t)get32(raw + 108) << 32;
	name->size = f.size;
	f.hash = mix(name->mode & FORMAT, f.size);
	if (has_pointers(raw))
		follow_all(&f);
	else if ((name->mode & FORMAT) == LINK)
		f.hash = mix_bytes(f.hash, raw + 40, f.size < 60 ? f.size : 60);
	else
		f.hash = mix_bytes(f.hash, raw + 40, 8);
	if (get32(raw + 104) != 0)
		list_block(&f, get32(raw + 104));
	/* A directory's bytes may change with what it names. */
	name->bytes = (name->mode & FORMAT) == DIRECTORY ? 0 : f.hash;
	name->content = f.content;
	name->about = hash_about(r, raw);
}

/* ---- the tree --------------------------------------------------------------- */

static bool seen(const struct reader *r, uint32_t ino)
{
	for (size_t i = 0; i < r->name_count; i++)
		if (r->names[i].ino == ino)
			return true;
	return false;
}

static void add_name(struct reader *r, const char *dir, const uint8_t *name, uint32_t len,
		     uint32_t ino)
{
	struct reader_name *n;
	bool again = seen(r, ino);
	size_t room = strlen(dir) + len + 2;

	if (reader_inode_at(r, ino) == 0 || r->name_count == BIG)
		return;
	r->names = grow(r->names, r->name_count, sizeof(*r->names));
	n = &r->names[r->name_count++];
	*n = (struct reader_name){ .ino = ino, .path = malloc(room) };
	if (n->path == NULL)
		abort();
	snprintf(n->path, room, "%s/%.*s", strcmp(dir, "/") == 0 ? "" : dir, (int)len,
		 (const char *)name);
	describe(r, n, !again);
}

static void read_entries(struct file *f, uint64_t lblk, const uint8_t *block)
{
	uint32_t size = f->r->block_size;

	if ((lblk + 1) * size > f->size)
		return;
	for (uint32_t at = 0; at + 8 <= size;) {
		const uint8_t *e = block + at;
		uint32_t rec_len = get16(e + 4), len = e[6];

		if (rec_len < 8 + len || rec_len % 4 != 0 || at + rec_len > size)
			return;
		if (get32(e) != 0 && len != 0 && !(e[8] == '.' && len == 1) &&
		    !(e[8] == '.' && len == 2 && e[9] == '.'))
			add_name(f->r, f->context, e + 8, len, get32(e));
		at += rec_len;
	}
}

static void read_directory(struct reader *r, size_t i)
{
	char *path = strdup(r->names[i].path);
	struct file f = { .r = r, .ino = r->names[i].ino, .size = r->names[i].size,
			  .data = read_entries, .context = path };

	if (path == NULL)
		abort();
	f.raw = r->image + reader_inode_at(r, f.ino);
	follow_all(&f);
	free(path);
}

static bool first_of(const struct reader *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->names[k].ino == r->names[i].ino)
			return false;
	return true;
}

static bool read_super(struct reader *r)
{
	const uint8_t *s = r->image + SUPER;

	if (r->size < 2 * SUPER || get16(s + 56) != 0xef53 || get32(s + 24) > 6)
		return false;
	r->block_size = 1024u << get32(s + 24);
	r->inodes = get32(s);
	r->blocks = get32(s + 4);
	r->first = get32(s + 20);
	r->per_group = get32(s + 32);
	r->inodes_per_group = get32(s + 40);
	r->inode_size = get32(s + 76) != 0 ? get16(s + 88) : 128;
	r->desc_block = r->first + 1;
	r->groups = r->blocks > r->first && r->per_group != 0 ?
		    (r->blocks - r->first - 1) / r->per_group + 1 : 0;
	return r->per_group != 0 && r->inodes_per_group != 0 && r->inode_size >= 128 &&
	       r->inode_size <= r->block_size && r->first <= 1;
}

bool reader_open(struct reader *r, const uint8_t *image, uint64_t size)
{
	*r = (struct reader){ .image = image, .size = size };
	if (!read_super(r))
		return false;
	add_name(r, "/", (const uint8_t *)"", 0, ROOT);
	if (r->name_count == 0)
		return false;
	for (size_t i = 0; i < r->name_count; i++)
		if ((r->names[i].mode & FORMAT) == DIRECTORY && first_of(r, i))
			read_directory(r, i);
	return true;
}

void reader_close(struct reader *r)
{
	for (size_t i = 0; i < r->name_count; i++)
		free(r->names[i].path);
	free(r->names);
	free(r->blocks_of);
	*r = (struct reader){ .image = NULL };
}

const struct reader_name *reader_find(const struct reader *r, const char *path)
{
	for (size_t i = 0; i < r->name_count; i++)
		if (strcmp(r->names[i].path, path) == 0)
			return &r->names[i];
	return NULL;
}

bool reader_touches(const struct reader *r, uint32_t ino, uint64_t offset, uint64_t len)
{
	uint64_t at = reader_inode_at(r, ino);

	if (at < offset + len && offset < at + r->inode_size)
		return true;
	for (size_t i = 0; i < r->block_count; i++) {
		at = (uint64_t)r->blocks_of[i].blk * r->block_size;
		if (r->blocks_of[i].ino == ino && at < offset + len && offset < at + r->block_size)
			return true;
	}
	return false;
}

bool reader_uses(const struct reader *r, uint32_t blk)
{
	uint32_t group = blk < r->first ? 0 : (blk - r->first) / r->per_group;
	const uint8_t *desc = r->image + (uint64_t)r->desc_block * r->block_size + 32 * group;
	uint64_t table = get32(desc + 8);
	uint64_t blocks = (uint64_t)r->inodes_per_group * r->inode_size / r->block_size;

	if (blk < table + blocks && blk >= r->first + group * r->per_group)
		return true;
	for (size_t i = 0; i < r->block_count; i++)
		if (r->blocks_of[i].blk == blk)
			return true;
	return blk < r->first;
}
