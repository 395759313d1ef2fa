/* SPDX-License-Identifier: MIT */
/*
 * The names of one directory, to find those that stand twice.
 *
 * Names are copied to one buffer, and found by an open table of places in it; both
 * are used again for the next directory, whose generation makes old places free.
 */
#include "check/state.h"

#include "base/grow.h"
#include "base/mix.h"

#include <stdlib.h>
#include <string.h>

struct place {
	uint32_t generation;
	uint32_t hash;
	size_t at;		/* in text: length, then the bytes */
	e2_ino ino;
};

struct ck_names {
	struct place *table;
	size_t slots;		/* a power of two */
	size_t used;
	uint32_t generation;
	uint64_t seed;
	uint8_t *text;
	size_t len, cap;
};

int ck_names_new(struct ck_names **names)
{
	struct ck_names *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return e2_fail(E2_ERR_NOMEM, "names of a directory");
	n->seed = e2_mix_seed(n);
	n->slots = 1024;
	n->cap = 1 << 16;
	n->generation = 1;
	n->table = calloc(n->slots, sizeof(*n->table));
	n->text = malloc(n->cap);
	if (n->table == NULL || n->text == NULL) {
		ck_names_free(n);
		return e2_fail(E2_ERR_NOMEM, "names of a directory");
	}
	*names = n;
	return 0;
}

void ck_names_free(struct ck_names *names)
{
	if (names == NULL)
		return;
	free(names->table);
	free(names->text);
	free(names);
}

void ck_names_begin(struct ck_names *names)
{
	if (++names->generation == 0) {
		memset(names->table, 0, names->slots * sizeof(*names->table));
		names->generation = 1;
	}
	names->used = 0;
	names->len = 0;
}

static int grow_table(struct ck_names *n)
{
	size_t slots = n->slots * 2;
	struct place *table = calloc(slots, sizeof(*table));

	if (table == NULL)
		return e2_fail(E2_ERR_NOMEM, "names of a directory");
	for (size_t i = 0; i < n->slots; i++) {
		size_t slot = n->table[i].hash & (slots - 1);

		if (n->table[i].generation != n->generation)
			continue;
		while (table[slot].generation == n->generation)
			slot = (slot + 1) & (slots - 1);
		table[slot] = n->table[i];
	}
	free(n->table);
	n->table = table;
	n->slots = slots;
	return 0;
}

static int keep_text(struct ck_names *n, const uint8_t *name, uint32_t len)
{
	uint8_t *text = e2_grow(n->text, &n->cap, n->len + len + 1, 1);

	if (text == NULL)
		return E2_ERR_NOMEM;
	n->text = text;
	n->text[n->len] = (uint8_t)len;
	memcpy(n->text + n->len + 1, name, len);
	n->len += (size_t)len + 1;
	return 0;
}

int ck_names_add(struct ck_names *names, const uint8_t *name, uint32_t len, e2_ino ino,
		 e2_ino *earlier)
{
	uint32_t hash = (uint32_t)e2_mix_bytes(names->seed, name, len);
	struct place *p;
	size_t slot;
	int r;

	if (names->used >= names->slots / 2 && (r = grow_table(names)) != 0)
		return r;
	for (slot = hash & (names->slots - 1);; slot = (slot + 1) & (names->slots - 1)) {
		p = &names->table[slot];
		if (p->generation != names->generation)
			break;
		if (p->hash == hash && names->text[p->at] == len &&
		    memcmp(names->text + p->at + 1, name, len) == 0) {
			*earlier = p->ino;
			return 1;
		}
	}
	*p = (struct place){ names->generation, hash, names->len, ino };
	names->used++;
	return keep_text(names, name, len);
}
