/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/order.h"

#include <stdlib.h>
#include <string.h>

struct row {
	int other;
	struct e2_slice name;
	char behind;
};

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* Whether a must not stand behind b; equal texts keep their order. */
static bool in_order(const char *arena, const struct row *rows, uint32_t a, uint32_t b)
{
	const struct e2_slice *x = &rows[a].name, *y = &rows[b].name;
	int r = memcmp(arena + x->at, arena + y->at, x->len < y->len ? x->len : y->len);

	return r < 0 || (r == 0 && (x->len < y->len || (x->len == y->len && a < b)));
}

/* Few different bytes, NUL among them, and lengths around 8: many are equal or begin alike. */
E2_TEST(base_order, texts_stand_by_their_bytes)
{
	enum { MOST = 700, LONGEST = 24 };
	static const char bytes[] = { 'a', 'b', '\0', '\xff' };
	uint64_t seed = 5;

	for (int round = 0; round < 300; round++) {
		size_t count = (size_t)(next_random(&seed) % MOST), fill = 0;
		size_t longest = 1 + (size_t)(next_random(&seed) % LONGEST);
		const char *common = round % 3 ? "entry-" : "";
		struct row *rows = calloc(MOST, sizeof(*rows));
		uint32_t order[MOST];
		char *arena = malloc(MOST * (LONGEST + 8));

		for (size_t i = 0; i < count; i++) {
			size_t len = (size_t)(next_random(&seed) % longest);

			rows[i].name.at = fill;
			rows[i].name.len = (uint32_t)(strlen(common) + len);
			memcpy(arena + fill, common, strlen(common));
			fill += strlen(common);
			for (size_t k = 0; k < len; k++)
				arena[fill++] = bytes[next_random(&seed) % 4];
		}
		cr_assert_eq(e2_order_texts(arena, &rows[0].name, sizeof(*rows), count, order), 0);
		for (size_t i = 1; i < count; i++)
			cr_assert(in_order(arena, rows, order[i - 1], order[i]), "round %d, %zu",
				  round, i);
		free(rows);
		free(arena);
	}
}

E2_TEST(base_order, numbers_stand_by_their_value)
{
	enum { MOST = 5000 };
	static struct { char before; uint32_t n; } rows[MOST];
	static uint32_t order[MOST];
	uint64_t seed = 9;

	for (int round = 0; round < 200; round++) {
		size_t count = (size_t)(next_random(&seed) % (round % 2 ? MOST : 5));
		unsigned shift = (unsigned)round % 31;

		for (size_t i = 0; i < count; i++)
			rows[i].n = round % 7 ? (uint32_t)next_random(&seed) >> shift : (uint32_t)i;
		cr_assert_eq(e2_order_numbers(&rows[0].n, sizeof(rows[0]), count, order), 0);
		for (size_t i = 1; i < count; i++) {
			uint32_t a = order[i - 1], b = order[i];

			cr_assert(rows[a].n < rows[b].n || (rows[a].n == rows[b].n && a < b),
				  "round %d, %zu", round, i);
		}
	}
}
