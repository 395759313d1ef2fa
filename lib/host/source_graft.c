/* SPDX-License-Identifier: MIT */
/*
 * Where several trees go: the directories of the volume at which they are grafted, and those on
 * the way there.
 */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the user writes ---------------------------------------------------------------- */

static int refuse(const char *text, const char *why)
{
	struct e2_str shown = E2_STR_INIT;
	int err;

	e2_str_add_name(&shown, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s: %s", e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

/* The bytes up to `end`, "\:" as ":". */
static char *unescape(const char *text, const char *end)
{
	char *copy = malloc((size_t)(end - text) + 1), *to = copy;

	if (copy == NULL) {
		(void)e2_fail(E2_ERR_NOMEM, "the path of a tree");
		return NULL;
	}
	while (text < end) {
		text += text[0] == '\\' && text + 1 < end && text[1] == ':';
		*to++ = *text++;
	}
	*to = '\0';
	return copy;
}

/* The first colon that is not escaped, or the end. */
static const char *find_colon(const char *text)
{
	while (*text != '\0' && *text != ':')
		text += text[0] == '\\' && text[1] == ':' ? 2 : 1;
	return text;
}

static int check_at(const char *text, const char *at)
{
	size_t len;

	if (at[0] != '/') {
		int err = refuse(text, "what follows the colon must be an absolute path of the "
				 "volume");

		e2_advise("'\\:' for a colon in a name, in quotes: -d 'a\\:b'");
		return err;
	}
	for (at += strspn(at, "/"); *at != '\0'; at += len, at += strspn(at, "/")) {
		len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return refuse(text, "\"..\" in the path of the volume");
		if (len > E2_NAME_MAX)
			return refuse(text, "a name of more than 255 bytes");
	}
	return 0;
}

int e2_source_graft_parse(const char *text, struct e2_source_graft *graft)
{
	const char *colon = find_colon(text), *end;
	int err = 0;

	*graft = (struct e2_source_graft){ .path = NULL };
	if (colon == text)
		return refuse(text, "a directory is needed");
	graft->path = unescape(text, colon);
	if (graft->path == NULL)
		return E2_ERR_NOMEM;
	if (*colon == '\0')
		return 0;
	end = find_colon(colon + 1);
	if (*end != '\0') {
		err = refuse(text, "has two colons");
		e2_advise("'\\:' for a colon in a name, in quotes: -d 'a\\:b'");
	}
	if (err == 0) {
		graft->at = unescape(colon + 1, end);
		err = graft->at == NULL ? E2_ERR_NOMEM : check_at(text, graft->at);
	}
	if (err != 0)
		e2_source_graft_free(graft);
	return err;
}

void e2_source_graft_free(struct e2_source_graft *graft)
{
	free(graft->path);
	free(graft->at);
	*graft = (struct e2_source_graft){ .path = NULL };
}

/* ---- the nodes ------------------------------------------------------------------------------ */

static int add_node(struct e2_host_walk *w, uint32_t up, const char *name, size_t len,
		    uint32_t *node)
{
	struct e2_host_node *nodes;

	for (size_t i = 1; i < w->nodes_len; i++) {
		const struct e2_host_node *n = &w->nodes[i];

		if (n->up == up && n->len == len && memcmp(n->name, name, len) == 0) {
			*node = (uint32_t)i;
			return 0;
		}
	}
	nodes = e2_grow(w->nodes, &w->nodes_cap, w->nodes_len + 1, sizeof(*nodes));
	if (nodes == NULL)
		return E2_ERR_NOMEM;
	w->nodes = nodes;
	*node = (uint32_t)w->nodes_len++;
	nodes[*node] = (struct e2_host_node){ name, len, up, E2_OBJ_NONE };
	return 0;
}

int e2_host_plant(struct e2_host_walk *w, const struct e2_source_graft *grafts, size_t count)
{
	int err = add_node(w, 0, "", 0, &w->node[0]);

	for (size_t i = 0; i < count; i++) {
		const char *at = grafts[i].at != NULL ? grafts[i].at : "";
		uint32_t node = 0;
		size_t len;

		for (at += strspn(at, "/"); *at != '\0' && err == 0;
		     at += len, at += strspn(at, "/")) {
			len = strcspn(at, "/");
			if (len != 1 || at[0] != '.')
				err = add_node(w, node, at, len, &node);
		}
		w->node[i] = node;
	}
	return err;
}

/* The node that a directory of the volume is. */
static uint32_t node_of(const struct e2_host_walk *w, e2_obj dir)
{
	for (size_t i = 0; i < w->nodes_len; i++) {
		if (w->nodes[i].obj == dir)
			return (uint32_t)i;
	}
	return E2_NODE_NONE;
}

int e2_host_list_grafts(struct e2_host_walk *w, e2_obj dir)
{
	uint32_t node = node_of(w, dir);
	int err = 0;

	for (size_t i = 1; i < w->nodes_len && node != E2_NODE_NONE && err == 0; i++) {
		if (w->nodes[i].up == node)
			err = e2_host_list_name(w, w->nodes[i].name, w->nodes[i].len,
						E2_LAYER_GRAFT);
	}
	return err;
}

uint32_t e2_host_find_node(const struct e2_host_walk *w, e2_obj dir, const char *name, size_t len)
{
	uint32_t node = node_of(w, dir);

	for (size_t i = 1; i < w->nodes_len && node != E2_NODE_NONE; i++) {
		const struct e2_host_node *n = &w->nodes[i];

		if (n->up == node && n->len == len && memcmp(n->name, name, len) == 0)
			return (uint32_t)i;
	}
	return E2_NODE_NONE;
}
