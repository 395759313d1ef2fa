/* SPDX-License-Identifier: MIT */
/*
 * Volumes that build/ makes, judged by what node/ and tree/ read: an opinion of its own,
 * since neither shares code with the plan.  Whatever is wrong fails the test.
 */
#ifndef E2_TESTS_VOLUME_H
#define E2_TESTS_VOLUME_H

#include "build/plan.h"
#include "tree/tree.h"

/* mke2fs's defaults and a fixed identity. */
struct e2_shape_options volume_options(void);

struct volume {
	struct e2_source *source;
	struct e2_plan *plan;
	struct e2_fs *fs;		/* opened from memory */
};

/* Shape, plan and emission into memory; bytes 0: the smallest volume.  The source is taken
 * over.  fresh false: over bytes that are all ones. */
void volume_make(struct volume *v, struct e2_source *owned, const struct e2_shape_options *options,
		 uint64_t bytes, bool fresh);
void volume_free(struct volume *v);

/* Every block has one owner, and bitmaps, descriptors and counters say just that. */
void volume_check(struct e2_fs *fs);

/* Every object, name, attribute and byte of data of the source is there. */
void volume_compare(struct volume *v);

#endif
