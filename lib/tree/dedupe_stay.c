/* SPDX-License-Identifier: MIT */
#include "tree/dedupe_stay.h"

#include "base/order.h"
#include "base/units.h"
#include "disk/consts.h"

#include <stdlib.h>

static int compare_stay(const void *pa, const void *pb)
{
	const struct e2_same *a = pa, *b = pb;
	int order = e2_compare_u64(b->stays, a->stays);

	if (order == 0)
		order = e2_compare_u64(b->names, a->names);
	if (order == 0)
		order = e2_compare_u64(a->data, b->data);
	return order != 0 ? order : e2_compare_u64(a->item, b->item);
}

size_t e2_same_choose(struct e2_same *v, size_t count, uint32_t max_links)
{
	size_t first = 0, last = count;

	qsort(v, count, sizeof(*v), compare_stay);
	while (first < last) {
		struct e2_same *to = &v[first++];

		to->into = to->item;
		for (; first < last; last--) {
			struct e2_same *from = &v[last - 1];

			if (from->stays || to->links > max_links ||
			    from->names > max_links - to->links)
				break;
			from->into = to->item;
			to->links += from->names;
		}
	}
	return first;
}

void e2_same_lose(struct e2_same_lost *lost, const struct e2_same_meta *was,
		  const struct e2_same_meta *now, bool other_attrs, uint64_t names)
{
	if (was->mode != now->mode || was->uid != now->uid || was->gid != now->gid)
		lost->owner += names;
	if (was->mode & ~now->mode & (E2_S_ISUID | E2_S_ISGID))
		lost->set_id += names;
	if (other_attrs)
		lost->attrs += names;
	if (was->mtime != now->mtime || was->mtime_nsec != now->mtime_nsec)
		lost->times += names;
}

static void add_part(struct e2_str *text, size_t begin, uint64_t names, bool planned,
		     const char *what)
{
	const char *have = planned ? "would have" : names == 1 ? "has" : "have";

	if (names == 0)
		return;
	if (text->len > begin)
		e2_str_add(text, "; ");
	e2_str_add_count(text, names);
	e2_str_addf(text, " %s %s %s", names == 1 ? "name" : "names", have, what);
}

void e2_same_tell(const struct e2_same_lost *lost, bool planned, const char *option,
		  struct e2_str *text)
{
	size_t begin = text->len;

	add_part(text, begin, lost->owner, planned, "another owner or mode than before");
	if (lost->set_id > 0) {
		e2_str_add(text, ", ");
		e2_str_add_count(text, lost->set_id);
		e2_str_addf(text, " %s set-user-id or set-group-id",
			    planned ? "would lose" : lost->set_id == 1 ? "loses" : "lose");
	}
	add_part(text, begin, lost->attrs, planned, "other attributes");
	add_part(text, begin, lost->times, planned, "another mtime");
	if (text->len > begin)
		e2_str_addf(text, "; %s leaves such files apart", option);
}
