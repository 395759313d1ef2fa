/* SPDX-License-Identifier: MIT */
/* What the command line of extant-mkfs says. */
#ifndef EXTANT_MKFS_OPTIONS_H
#define EXTANT_MKFS_OPTIONS_H

#include "e2.h"

/* Free space besides the content, where nothing is said. */
enum { DEFAULT_SLACK_PERCENT = 10 };

enum size_kind {
	SIZE_NONE,		/* the image's own, or auto */
	SIZE_GIVEN,		/* bytes */
	SIZE_AUTO,		/* by content, plus slack */
	SIZE_MINIMAL,
};

/* What is done about symlinks that lead nowhere. */
enum dangling { DANGLING_KEEP, DANGLING_WARN, DANGLING_ERROR };

enum uuid_kind { UUID_DEFAULT, UUID_RANDOM, UUID_TIME, UUID_GIVEN };

struct options {
	const char *image;
	struct e2_source_graft *sources;	/* -d, in their order; owned */
	size_t sources_len;
	const char *size_text;		/* parsed once the block size is known */
	enum size_kind size_kind;
	uint64_t size;			/* bytes, SIZE_GIVEN */
	uint32_t slack_percent;		/* SIZE_AUTO */
	uint64_t slack_bytes;
	struct e2_shape_options shape;
	enum uuid_kind uuid_kind;
	uint8_t uuid[16], hash_seed[16];
	bool has_hash_seed;
	uint64_t resize;		/* -E resize: blocks, or bytes */
	bool resize_bytes;
	uint64_t offset;		/* bytes into the image, -E offset */
	bool has_offset;
	bool root_owner;
	uint32_t root_uid, root_gid;
	const char **exclude;		/* NULL-terminated, owned */
	size_t excludes;
	bool dedupe, dedupe_strict;
	enum dangling dangling;
	bool one_file_system, skip_unreadable, no_xattrs, reproducible;
	bool force, dry_run, quiet, verbose;
	bool show_help, show_version;
};

/*
 * Reads the command line and SOURCE_DATE_EPOCH.  The detail of a failure starts with
 * the option, as the user gave it.  Texts point into argv.
 */
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);

/* -E: a list of names and values (extended.c). */
int options_extended(struct options *o, const char *list);

/* Adds the list of options to s. */
void options_help(struct e2_str *s);

#endif
