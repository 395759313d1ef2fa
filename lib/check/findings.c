/* SPDX-License-Identifier: MIT */
/* The list of findings: added in any order, sorted once. */
#include "check/findings.h"

#include "base/grow.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct e2_findings *list)
{
	struct e2_finding *at = e2_grow(list->at, &list->cap, list->count + 1, sizeof(*at));

	if (at == NULL)
		return false;
	list->at = at;
	return true;
}

void e2_findings_add(struct e2_findings *list, const struct e2_finding *f)
{
	char *name = NULL;

	if (list->found[f->id]++ >= E2_FINDINGS_KEPT)
		return;
	if (f->name != NULL) {
		name = malloc((size_t)f->name_len + 1);
		if (name == NULL) {
			list->failed = true;
			return;
		}
		memcpy(name, f->name, f->name_len);
		name[f->name_len] = '\0';
	}
	if (!grow(list)) {
		free(name);
		list->failed = true;
		return;
	}
	list->at[list->count] = *f;
	list->at[list->count].will = NULL;
	list->at[list->count++].name = name;
}

void e2_findings_move(struct e2_findings *list, struct e2_findings *from, size_t i)
{
	if (from->at[i].fixed && list->found[from->at[i].id] >= E2_FINDINGS_KEPT) {
		list->found[from->at[i].id]++;
		list->fixed++;
		return;
	}
	if (list->count == list->cap && !grow(list)) {
		list->failed = true;
		return;
	}
	list->found[from->at[i].id]++;
	list->at[list->count++] = from->at[i];
	from->at[i].name = NULL;
	from->at[i].will = NULL;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int order_names(const struct e2_finding *a, const struct e2_finding *b)
{
	uint32_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int r = len != 0 ? memcmp(a->name, b->name, len) : 0;

	return r != 0 ? r : order(a->name_len, b->name_len);
}

int e2_findings_compare(const struct e2_finding *a, const struct e2_finding *b)
{
	const uint64_t keys[][2] = {
		{ e2_problem(a->id)->number, e2_problem(b->id)->number },
		{ a->ino, b->ino }, { a->dir, b->dir }, { a->group, b->group },
		{ a->lblk, b->lblk }, { a->blk, b->blk }, { a->index, b->index },
		{ a->other, b->other }, { a->have, b->have }, { a->want, b->want },
		{ a->limit, b->limit },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && r == 0; i++)
		r = order(keys[i][0], keys[i][1]);
	if (r == 0)
		r = order_names(a, b);
	if (r == 0)
		r = order_text(a->field, b->field);
	return r != 0 ? r : order_text(a->why, b->why);
}

static int compare(const void *left, const void *right)
{
	return e2_findings_compare(left, right);
}

void e2_findings_sort(struct e2_findings *list)
{
	if (list->count > 1)
		qsort(list->at, list->count, sizeof(*list->at), compare);
}

static bool is_before(const struct e2_finding *f, enum e2_problem_id id, e2_ino ino)
{
	uint16_t at = e2_problem(f->id)->number, number = e2_problem(id)->number;

	return at < number || (at == number && f->ino < ino);
}

const struct e2_finding *e2_findings_about(const struct e2_findings *list, enum e2_problem_id id,
					   e2_ino ino)
{
	size_t low;

	E2_SEARCH(low, list->count, i, is_before(&list->at[i], id, ino));
	return low < list->count && list->at[low].id == id && list->at[low].ino == ino ?
		&list->at[low] : NULL;
}

/* The list owns the names of what it keeps; a finding shows them read-only. */
static void free_texts(struct e2_finding *f)
{
	union { const char *shown; char *owned; } name = { f->name };

	free(name.owned);
	free(f->will);
}

void e2_findings_filter(struct e2_findings *list,
			bool (*keep)(void *context, const struct e2_finding *f), void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (keep(context, &list->at[i])) {
			list->at[kept++] = list->at[i];
			continue;
		}
		list->found[list->at[i].id]--;
		free_texts(&list->at[i]);
	}
	list->count = kept;
}

void e2_findings_clear(struct e2_findings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_texts(&list->at[i]);
	free(list->at);
	memset(list, 0, sizeof(*list));
}
