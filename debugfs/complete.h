/* SPDX-License-Identifier: MIT */
/*
 * What a line that is being typed may go on with: commands, options, paths in the image and of
 * the host, inode aliases, fields and their words, attributes.
 *
 * One answer for TAB and for the command "complete".  What is inserted is read back by lex.h as
 * what was meant, whatever bytes a name has.
 */
#ifndef DEBUGFS_COMPLETE_H
#define DEBUGFS_COMPLETE_H

#include "shell.h"

struct candidate {
	char *text;		/* the whole word, bytes; owned */
	size_t shown;		/* its part that a list shows begins here */
	e2_ino ino;		/* of a path in the image; else 0 */
	bool name;		/* a name, of which no byte means anything else */
	bool more;		/* the word goes on behind it: a directory, an object with fields */
	bool unsure;		/* and whether it does is not known yet */
};

struct completion {
	size_t from;		/* byte of the line where the word begins */
	bool in_quotes;		/* the word is to be in double quotes, as it was begun */
	enum object_place place;/* of the word: what a name could be taken for there */
	struct candidate *item;	/* sorted */
	size_t count, room;
	uint64_t total;		/* more than count: of a great many only some are here */
	char *common;		/* what all begin with, bytes; NULL: there are none */
};

/*
 * Completes a line up to its end.  Whatever cannot be read is left out.  E2_ERR_NOMEM.
 * To be released with completion_free(), whatever it returns.
 */
int complete(struct shell *sh, const char *line, size_t len, struct completion *c);
void completion_free(struct completion *c);

/* What is put on the line, from c->from on: a candidate, and all that is common to them. */
void add_insertion(const struct shell *sh, const struct completion *c, size_t index,
		   struct e2_str *s);
void add_common(const struct shell *sh, const struct completion *c, struct e2_str *s);

/* ---- complete_paths.c, complete_words.c: what there is ------------------------ */

struct wanted {			/* a word that is looked for */
	struct shell *sh;
	struct completion *c;
	const char *text;	/* what there is of it, bytes */
	bool quoted;		/* it can only be a name */
	size_t kept;		/* bytes of candidates */
	int status;
};

/*
 * Offers a word that begins with the first `base` bytes of what was typed and goes on with
 * part; no effect unless it begins with all that was typed.  NULL; or the candidate, which
 * stays until the next offer.
 */
struct candidate *offer(struct wanted *w, size_t base, const char *part, size_t len);

void offer_paths(struct wanted *w);		/* in the image */
void offer_host_paths(struct wanted *w);
void offer_attributes(struct wanted *w, e2_ino ino);
void offer_commands(struct wanted *w, size_t base);
void offer_topics(struct wanted *w);
void offer_options(struct wanted *w, const struct spec *spec);
void offer_inodes(struct wanted *w);		/* <root> ... */
void offer_objects(struct wanted *w);		/* sb, and fields behind a dot */

/* The fields of what an object's text names; as a word, or behind base bytes of one. */
void offer_fields(struct wanted *w, size_t base, const struct e2_struct *s);
void offer_values(struct wanted *w, const struct e2_field *f);
/* The structure an object is, NULL if it is none. */
const struct e2_struct *struct_of(const struct object *o);

#endif
