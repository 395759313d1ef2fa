/* SPDX-License-Identifier: MIT */
/* Symbolic links of a source that will lead nowhere in the volume made from it. */
#ifndef E2_HOST_SOURCE_LINKS_H
#define E2_HOST_SOURCE_LINKS_H

#include "host/source.h"

/* path: of the link in the volume; reason: in words.  Both are safe to print. */
typedef void e2_source_dangling_fn(void *context, const char *path, const char *text,
				   const char *reason);

/*
 * Follows every symlink as it will be: absolute ones from the root of the tree, and with the
 * lost+found that each volume gets.
 *
 * most   so many are told of, the first by the order of directories
 * poll   asked now and then: not 0 ends it; may be NULL
 * count  how many lead nowhere, by name
 *
 * E2_ERR_NOMEM, and what poll says.
 */
E2_NODISCARD int e2_source_dangling(const struct e2_source *source, uint64_t most,
				    e2_source_dangling_fn *tell, int (*poll)(void *context),
				    void *context, uint64_t *count);

#endif
