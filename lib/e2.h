/* SPDX-License-Identifier: MIT */
/*
 * libextant: make, read and check ext2 volumes.
 *
 * Conventions, stated once for every function of the library.
 *   Result     0 on success, a negative enum e2_err on failure.  Functions that
 *              step through a sequence return 1 for an element, 0 at the end.
 *   Results    go out through the last parameters, written only on success.
 *   Ownership  X_open, X_begin, X_get, X_new give the caller one obligation, ended by
 *              exactly one X_close, X_end, X_put, X_free.  Ending NULL does nothing.
 *              A parameter named "owned" is taken over, even on failure.
 *   Units      e2_blk counts file-system blocks from the start of the volume,
 *              e2_lblk from the start of a file; a count of bytes is uint64_t
 *              or size_t and is called offset, size, len or *_bytes.
 *   Threads    reading functions may run in several threads at once.
 *   Quiet      the library never prints, never exits, and keeps no state
 *              outside its objects but the thread's last failure detail.
 */
#ifndef E2_H
#define E2_H

#include "base/bitset.h"
#include "base/checked.h"
#include "base/crc.h"
#include "base/err.h"
#include "base/grow.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mix.h"
#include "base/nearest.h"
#include "base/order.h"
#include "base/ranges.h"
#include "base/search.h"
#include "base/str.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/zero.h"
#include "build/plan.h"
#include "build/shape.h"
#include "cache/cache.h"
#include "cache/redo.h"
#include "cache/still.h"
#include "cache/txn.h"
#include "cache/undo.h"
#include "check/bad_blocks.h"
#include "check/break.h"
#include "check/optimize.h"
#include "check/check.h"
#include "check/repair.h"
#include "check/repair_plan.h"
#include "disk/consts.h"
#include "disk/features.h"
#include "disk/struct.h"
#include "host/compress.h"
#include "host/extract.h"
#include "host/import.h"
#include "host/own.h"
#include "host/source.h"
#include "host/source_links.h"
#include "host/tar_out.h"
#include "io/image.h"
#include "io/io.h"
#include "io/name.h"
#include "io/sim.h"
#include "io/target.h"
#include "node/node.h"
#include "node/write.h"
#include "tree/anatomy.h"
#include "tree/change.h"
#include "tree/changes.h"
#include "tree/copy.h"
#include "tree/diff.h"
#include "tree/damage.h"
#include "tree/dangling.h"
#include "tree/fate.h"
#include "tree/dedupe.h"
#include "tree/leaving.h"
#include "tree/survey.h"
#include "tree/tree.h"
#include "tree/use.h"
#include "tree/uses.h"
#include "tree/xattr_area.h"
#include "tree/xattr_write.h"
#include "vol/space.h"
#include "vol/vol.h"
#include "vol/write.h"

#define E2_VERSION "0.1.0"

#endif
