/* SPDX-License-Identifier: MIT */
/* An image as a whole that is to be read: by a checker, which may find no volume in it. */
#ifndef E2_CACHE_STILL_H
#define E2_CACHE_STILL_H

#include "io/image.h"

/*
 * Opens an image and holds it still until the io is closed: the lock COMMIT is shared, and a
 * pending change is read through.  Nothing is written.
 *
 * env       NULL: the host
 * log_path  NULL: beside the image
 * *pending  (may be NULL) whether a pending change is read through
 *
 * As e2_image_open and e2_redo_find; E2_ERR_BUSY when a commit does not end.
 */
int e2_still_open(struct e2_env *env, const char *spec, const char *log_path, struct e2_io **io,
		  bool *pending);

#endif
