/* SPDX-License-Identifier: MIT */
/* What was made, in a few lines. */
#ifndef EXTANT_MKFS_SUMMARY_H
#define EXTANT_MKFS_SUMMARY_H

#include "options.h"

/* planned: nothing was written ("would be"). */
void summary_add(struct e2_str *s, const struct options *o, const struct e2_shape *shape,
		 const struct e2_plan *plan, const struct e2_source *source, bool planned);

/* The same size in words that a SIZE argument takes, rounded up: "97M". */
void summary_add_argument(struct e2_str *s, uint64_t bytes);

#endif
