/* SPDX-License-Identifier: MIT */
/*
 * All symbolic links of a volume that lead nowhere, and what may have been meant.
 *
 *	err = e2_dangling_begin(fs, &how, &list);
 *	while ((r = e2_dangling_next(list, &b)) > 0) ...
 *	e2_dangling_end(list);
 *
 * In the order of the directories, by their names.  Memory is bounded: links are gathered some
 * thousand at a time, and only for the first of them is anything looked for elsewhere.
 */
#ifndef E2_TREE_DANGLING_H
#define E2_TREE_DANGLING_H

#include "tree/fate.h"

struct e2_dangling_how {
	e2_ino root;		/* 0: the volume's */
	bool search;		/* for what may have been meant */
	int (*poll)(void *context);	/* asked now and then: not 0 ends it; may be NULL */
	void *context;
};

struct e2_dangling {
	const char *path;	/* of the link, bytes, NUL-ended */
	const char *text;	/* where it should lead */
	size_t path_len, text_len;
	e2_ino ino;
	enum e2_fate_kind kind;
	const char *reason;	/* in words, escaped: "/no does not exist" */
	const char *where;	/* as fate.where; "" */
	const char *circle;	/* LOOP: as fate.circle */
	size_t circle_links;	/* 0: it is as long as that of an earlier link, and the same */
	uint32_t loop;		/* which of the circles, from 1; 0: none */
	bool on_loop;		/* the link is part of it, and does not only lead there */
	const char *perhaps;	/* the path of a thing with the name that is missing; "" */
};

struct e2_dangling_sum {
	uint64_t links;		/* symlinks by name, those that lead somewhere among them */
	uint64_t broken;
	uint64_t unread;	/* inodes, or directories, that could not be read in full */
	uint64_t deep;		/* names whose paths nobody can type: left out */
	uint64_t unsearched;	/* nothing was looked for elsewhere */
};

/*
 * A sentence on what a list does not have, gap 0 and gap 1, is added to s.
 * Returns the error that it amounts to; 0 when there is nothing to say.
 */
int e2_dangling_gap(const struct e2_dangling_sum *sum, unsigned gap, struct e2_str *s);
enum { E2_DANGLING_GAPS = 2 };

struct e2_dangling_list;
int e2_dangling_begin(struct e2_fs *fs, const struct e2_dangling_how *how,
		    struct e2_dangling_list **list);
/* 1; 0 at the end; E2_ERR_NOMEM, or what poll says.  *b is valid until the next call. */
int e2_dangling_next(struct e2_dangling_list *list, struct e2_dangling *b);
void e2_dangling_sum(const struct e2_dangling_list *list, struct e2_dangling_sum *sum);
void e2_dangling_end(struct e2_dangling_list *list);

#endif
