/* SPDX-License-Identifier: MIT */
/* What the files of emit share: the image as it is written, front to back. */
#ifndef E2_BUILD_EMIT_PRIV_H
#define E2_BUILD_EMIT_PRIV_H

#include "build/plan_priv.h"

/*
 * Bytes wait in one buffer as long as they follow each other; what does not follow, or does not
 * fit, sends them on their way.
 */
struct e2_emitter {
	struct e2_plan *plan;
	struct e2_io *io;
	const struct e2_emit_options *options;
	uint8_t *buf;
	size_t len;			/* bytes waiting */
	uint64_t offset;		/* where they go */
	uint64_t done, told, all;	/* bytes, for progress: so far, at the last call, at last */
	e2_grp next_group;		/* whose metadata come next */
	size_t hint;			/* of e2_space_run */
	size_t next_xattr;		/* attribute block that comes next */
	struct e2_inode_maker maker;
	struct e2_filemap map;		/* of the object that is written */
	uint8_t *descs;			/* all descriptor blocks */
	uint8_t *bitmaps;		/* a block bitmap and an inode bitmap */
	struct { uint32_t used, blocks, inodes; bool valid; } shown;	/* what bitmaps holds */
};

enum { E2_EMIT_BUFFER = 1 << 20, E2_EMIT_WHOLE = 1 << 18, E2_EMIT_STEP = 4 << 20 };

/* ---- the buffer (emit_buffer.c) ------------------------------------------------ */

int e2_emit_flush(struct e2_emitter *e);

/* Writes past the buffer, which must be empty. */
int e2_emit_write(struct e2_emitter *e, uint64_t offset, size_t len, const void *data);

/* Room for len bytes (at most E2_EMIT_WHOLE) of the image at offset; the caller fills all of it
 * before the next call. */
int e2_emit_room(struct e2_emitter *e, uint64_t offset, size_t len, uint8_t **room);

/* Makes a stretch of the image zero, which costs nothing when it is fresh. */
int e2_emit_zero(struct e2_emitter *e, uint64_t offset, uint64_t len);

/* ---- metadata (emit_group.c) ----------------------------------------------------- */

int e2_emit_group(struct e2_emitter *e, e2_grp group);
int e2_emit_begin_groups(struct e2_emitter *e);	/* descriptors */
int e2_emit_super(struct e2_emitter *e);	/* the primary, last */

/* ---- content (emit_content.c) -------------------------------------------------------- */

int e2_emit_content(struct e2_emitter *e);

#endif
