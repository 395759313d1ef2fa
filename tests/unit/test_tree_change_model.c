/* SPDX-License-Identifier: MIT */
/*
 * A tree changed at random, held against a model in memory: every result is the model's, every
 * refusal leaves the volume as it was, and the checker finds nothing.
 */
#include "change.h"
#include "e2test.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 400, NAMES = 40, DIRS_ENTRIES = 60 };

struct node {			/* an inode */
	e2_ino ino;		/* 0: none */
	uint32_t type;
	unsigned links;		/* names; of directories 1 */
	unsigned parent;	/* of a directory: index of a node */
};

struct entry {
	unsigned dir, node;	/* node 0: none */
	char name[8];
};

struct model {
	struct change c;
	struct node nodes[NODES];	/* 1 is the root */
	struct entry entries[NODES];
	uint64_t seed;
	unsigned refused;
};

static unsigned pick(struct model *m, unsigned n)
{
	return (unsigned)(random_next(&m->seed) % n);
}

static struct entry *find(struct model *m, unsigned dir, const char *name)
{
	for (unsigned i = 0; i < NODES; i++)
		if (m->entries[i].node && m->entries[i].dir == dir &&
		    strcmp(m->entries[i].name, name) == 0)
			return &m->entries[i];
	return NULL;
}

static unsigned count_in(struct model *m, unsigned dir)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NODES; i++)
		n += m->entries[i].node && m->entries[i].dir == dir;
	return n;
}

static struct entry *add(struct model *m, unsigned dir, const char *name, unsigned node)
{
	for (unsigned i = 0; i < NODES; i++) {
		if (m->entries[i].node)
			continue;
		m->entries[i] = (struct entry){ dir, node, "" };
		memcpy(m->entries[i].name, name, sizeof(m->entries[i].name));
		return &m->entries[i];
	}
	cr_fatal("the model is full");
	return NULL;
}

static bool is_dir(const struct model *m, unsigned node)
{
	return m->nodes[node].type == E2_S_IFDIR;
}

static unsigned random_dir(struct model *m)
{
	for (;;) {
		unsigned i = 1 + pick(m, NODES - 1);

		if (pick(m, 4) == 0)
			return 1;
		if (m->nodes[i].ino && is_dir(m, i))
			return i;
	}
}

static void random_name(struct model *m, char name[8])
{
	snprintf(name, 8, "n%u", pick(m, NAMES));
}

/* Whether a is b or above it. */
static bool above(const struct model *m, unsigned a, unsigned b)
{
	while (a != b && b != 1)
		b = m->nodes[b].parent;
	return a == b;
}

static void drop_node(struct model *m, unsigned node)
{
	if (is_dir(m, node) || --m->nodes[node].links == 0)
		m->nodes[node].ino = 0;
}

/* ---- operations ---------------------------------------------------------------- */

static int do_create(struct model *m, bool *done)
{
	static const uint16_t types[] = { E2_S_IFREG, E2_S_IFREG, E2_S_IFREG, E2_S_IFDIR,
					  E2_S_IFDIR, E2_S_IFLNK, E2_S_IFIFO };
	struct e2_new what = { .mode = types[pick(m, 7)] | 0644u };
	unsigned dir = random_dir(m), node = 2;
	static const char text[200] = "a text";
	char name[8];
	e2_ino ino;

	random_name(m, name);
	what.target = text;
	what.target_len = 5;
	for (node = 2; node < NODES && m->nodes[node].ino; node++)
		;
	if (node == NODES)
		return 0;
	int r = e2_create(m->c.txn, m->nodes[dir].ino, name, strlen(name), &what, &ino);
	if (find(m, dir, name)) {
		cr_assert_eq(r, E2_ERR_EXIST);
		return r;
	}
	if (r == E2_ERR_NOSPC)
		return r;
	cr_assert_eq(r, 0, "%s", e2_err_detail());
	*done = true;
	m->nodes[node] = (struct node){ ino, what.mode & E2_S_IFMT, 1, dir };
	add(m, dir, name, node);
	return 0;
}

static int do_link(struct model *m, bool *done)
{
	unsigned dir = random_dir(m), node = 1 + pick(m, NODES - 1);
	char name[8];

	random_name(m, name);
	if (!m->nodes[node].ino || count_in(m, dir) > DIRS_ENTRIES)
		return 0;
	int r = e2_link(m->c.txn, m->nodes[dir].ino, name, strlen(name), m->nodes[node].ino);
	if (find(m, dir, name))
		cr_assert_eq(r, E2_ERR_EXIST);
	else if (is_dir(m, node))
		cr_assert_eq(r, E2_ERR_PERM);
	else if (r != E2_ERR_NOSPC)
		cr_assert_eq(r, 0, "%s", e2_err_detail());
	if (r == 0) {
		m->nodes[node].links++;
		add(m, dir, name, node);
		*done = true;
	}
	return r;
}

static int do_remove(struct model *m, bool *done)
{
	unsigned dir = random_dir(m), way = pick(m, 8);
	uint64_t removed;
	char name[8];
	int r, wanted = 0;

	random_name(m, name);
	struct entry *e = find(m, dir, name);
	bool directory = e && is_dir(m, e->node);
	bool empty = e && (!directory || count_in(m, e->node) == 0);
	if (way < 4) {
		r = e2_unlink(m->c.txn, m->nodes[dir].ino, name, strlen(name));
		wanted = !e ? E2_ERR_NOENT : directory ? E2_ERR_ISDIR : 0;
	} else if (way < 7) {
		r = e2_rmdir(m->c.txn, m->nodes[dir].ino, name, strlen(name));
		wanted = !e ? E2_ERR_NOENT : !directory ? E2_ERR_NOTDIR :
			 empty ? 0 : E2_ERR_NOTEMPTY;
	} else {
		r = e2_remove_tree(m->c.txn, m->nodes[dir].ino, name, strlen(name), &removed);
		wanted = e ? 0 : E2_ERR_NOENT;
	}
	cr_assert_eq(r, wanted, "%s: %s", name, e2_err_detail());
	if (r != 0)
		return r;
	*done = true;
	unsigned top = e->node;
	for (unsigned i = 0; i < NODES && directory; i++) {	/* all below it */
		struct entry *in = &m->entries[i];

		if (in->node && above(m, top, in->dir) && !is_dir(m, in->node)) {
			drop_node(m, in->node);
			in->node = 0;
		}
	}
	for (unsigned i = 0; i < NODES && directory; i++)
		if (m->entries[i].node && above(m, top, m->entries[i].dir))
			m->entries[i].dir = UINT32_MAX;
	for (unsigned i = 0; i < NODES && directory; i++) {
		if (m->entries[i].node && m->entries[i].dir == UINT32_MAX) {
			drop_node(m, m->entries[i].node);
			m->entries[i].node = 0;
		}
	}
	drop_node(m, top);
	e->node = 0;
	return 0;
}

static int expected_rename(struct model *m, unsigned from, const struct entry *e, unsigned to,
			   const struct entry *t, unsigned flags)
{
	bool exchange = flags & E2_RENAME_EXCHANGE;

	if (!e)
		return E2_ERR_NOENT;
	if (t && flags & E2_RENAME_NOREPLACE)
		return E2_ERR_EXIST;
	if (!t && exchange)
		return E2_ERR_NOENT;
	if (from != to && is_dir(m, e->node) && above(m, e->node, to))
		return E2_ERR_INVAL;
	if (from != to && t && is_dir(m, t->node) && above(m, t->node, from))
		return exchange ? E2_ERR_INVAL : E2_ERR_NOTEMPTY;
	if (!t || exchange || t->node == e->node)
		return 0;
	if (is_dir(m, e->node) && !is_dir(m, t->node))
		return E2_ERR_NOTDIR;
	if (!is_dir(m, e->node) && is_dir(m, t->node))
		return E2_ERR_ISDIR;
	return is_dir(m, t->node) && count_in(m, t->node) ? E2_ERR_NOTEMPTY : 0;
}

static int do_rename(struct model *m, bool *done)
{
	unsigned from = random_dir(m), to = pick(m, 3) ? random_dir(m) : from;
	unsigned flags = pick(m, 4);
	char name[8], new_name[8];
	struct entry *e, *t;

	flags = flags == 3 ? 0 : flags;
	random_name(m, name);
	random_name(m, new_name);
	e = find(m, from, name);
	t = find(m, to, new_name);
	int r = e2_rename(m->c.txn, m->nodes[from].ino, name, strlen(name), m->nodes[to].ino,
			  new_name, strlen(new_name), flags);
	if (r == E2_ERR_NOSPC && e && !t)
		return r;
	cr_assert_eq(r, expected_rename(m, from, e, to, t, flags), "%s: %s", e2_strerror(r),
		     e2_err_detail());
	if (r != 0 || (t && t->node == e->node))
		return r;
	*done = true;
	if (flags & E2_RENAME_EXCHANGE) {
		unsigned node = e->node;

		e->node = t->node;
		t->node = node;
		if (is_dir(m, e->node))
			m->nodes[e->node].parent = from;
	} else {
		if (t)
			drop_node(m, t->node);
		else
			t = add(m, to, new_name, 1);
		t->node = e->node;
		e->node = 0;
	}
	if (is_dir(m, t->node))
		m->nodes[t->node].parent = to;
	return 0;
}

/* ---- judging ------------------------------------------------------------------------ */

static void compare(struct model *m)
{
	for (unsigned i = 1; i < NODES; i++) {
		const struct node *n = &m->nodes[i];
		unsigned subdirs = 0, names = 0, entries = 0;
		struct e2_inode in;
		struct e2_dir *dir;
		struct e2_entry e;

		if (!n->ino)
			continue;
		in = change_inode(&m->c, n->ino);
		cr_assert_eq(in.mode & E2_S_IFMT, n->type);
		for (unsigned k = 0; k < NODES; k++) {
			const struct entry *x = &m->entries[k];

			names += x->node == i;
			if (!x->node || x->dir != i)
				continue;
			subdirs += is_dir(m, x->node);
			entries++;
			cr_assert_eq(change_find(&m->c, n->ino, x->name), m->nodes[x->node].ino);
		}
		cr_assert_eq(in.links_count, is_dir(m, i) ? 2 + subdirs : names);
		if (!is_dir(m, i))
			continue;
		cr_assert_eq(change_find(&m->c, n->ino, ".."), m->nodes[n->parent].ino);
		cr_assert_eq(e2_dir_begin(m->c.fs, n->ino, &dir), 0);
		while (e2_dir_next(dir, &e) > 0)
			entries--;
		e2_dir_end(dir);
		cr_assert_eq(entries, (unsigned)-2);
	}
}

static void step(struct model *m)
{
	uint64_t before = pick(m, 20) == 0 ? change_digest(&m->c) : 0;
	bool done = false;
	unsigned way = pick(m, 10), mark;
	int r;

	r = way < 4 ? do_create(m, &done) : way < 5 ? do_link(m, &done) :
	    way < 7 ? do_remove(m, &done) : do_rename(m, &done);
	cr_assert(r <= 0);
	m->refused += r < 0;
	if (before && !done)
		cr_assert_eq(change_digest(&m->c), before);
	if (pick(m, 50) == 0) {		/* what is taken back leaves no trace */
		struct node nodes[NODES];
		struct entry entries[NODES];

		memcpy(nodes, m->nodes, sizeof(nodes));
		memcpy(entries, m->entries, sizeof(entries));
		before = change_digest(&m->c);
		cr_assert_eq(e2_txn_mark(m->c.txn, &mark), 0);
		for (int i = 0; i < 5; i++)
			(void)(pick(m, 2) ? do_create(m, &done) : do_rename(m, &done));
		e2_txn_rewind(m->c.txn, mark);
		cr_assert_eq(change_digest(&m->c), before);
		memcpy(m->nodes, nodes, sizeof(nodes));
		memcpy(m->entries, entries, sizeof(entries));
	}
}

static void run(const struct img_options *o, uint64_t seed, unsigned rounds, unsigned steps)
{
	struct model *m = calloc(1, sizeof(*m));

	m->seed = seed;
	change_open(&m->c, o);
	m->nodes[1] = (struct node){ E2_INO_ROOT, E2_S_IFDIR, 1, 1 };
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < steps; i++)
			step(m);
		change_sound(&m->c);
		compare(m);
	}
	cr_assert_gt(m->refused, rounds);
	change_close(&m->c);
	free(m);
}

E2_TEST(tree_change_model, roomy)
{
	static const uint32_t sizes[] = { 1024, 4096 }, inodes[] = { 128, 256 };

	for (unsigned i = 0; i < 4; i++) {
		struct img_options o = {
			.block_size = sizes[i % 2], .blocks = 2048, .inode_size = inodes[i / 2],
			.inodes_per_group = 512, .incompat = E2_FEATURE_filetype,
			.compat = E2_FEATURE_dir_index | E2_FEATURE_ext_attr,
		};

		run(&o, i + 1, 8, 400);
	}
}

E2_TEST(tree_change_model, other_formats)
{
	struct img_options o = { .blocks = 2048, .inodes_per_group = 512, .revision_0 = true };

	run(&o, 11, 5, 400);
	o = (struct img_options){ .blocks = 256, .block_size = 65536, .inodes_per_group = 512,
				  .incompat = E2_FEATURE_filetype };
	run(&o, 12, 3, 200);
	o = (struct img_options){ .blocks = 2048, .blocks_per_group = 256, .inodes_per_group = 64,
				  .ro_compat = E2_FEATURE_sparse_super };
	run(&o, 13, 5, 400);
}

/* Blocks run out, and inodes. */
E2_TEST(tree_change_model, nearly_full)
{
	struct img_options o = { .blocks = 80, .inodes_per_group = 256,
				 .incompat = E2_FEATURE_filetype };

	run(&o, 21, 8, 400);
	o.inodes_per_group = 32;
	o.blocks = 256;
	run(&o, 22, 8, 400);
	o.block_size = 4096;
	o.blocks = 40;
	o.inodes_per_group = 256;
	run(&o, 23, 8, 400);
}
