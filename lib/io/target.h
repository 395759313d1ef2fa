/* SPDX-License-Identifier: MIT */
/*
 * The file that mkfs fills: at every moment its final name stands for the old
 * content or for the complete new one.
 *
 *	e2_target_open(env, "a.img", flags, &t);
 *	e2_io_write(e2_target_io(t), ...);
 *	e2_target_commit(t)  or  e2_target_abort(t);
 *
 * A new name: an unnamed file, linked at commit (a named temporary beside it
 * where the file system has no unnamed files).  An existing regular file with
 * one link: a temporary beside the resolved name, renamed over it; owner, mode
 * and ACL are the old file's, which is locked meanwhile.  Devices, slices,
 * files with several names or in a directory that cannot be written: in place,
 * which e2_target_in_place() says beforehand.
 */
#ifndef E2_IO_TARGET_H
#define E2_IO_TARGET_H

#include "io/io.h"

struct e2_target;

/* Opens the target; nothing of an old file is changed yet.
 * E2_ERR_BUSY when it is mounted, loop-attached or locked. */
int e2_target_open(struct e2_env *env, const char *spec, struct e2_target **target);

/* The bytes to write.  A file of our own making has size 0 and grows with
 * e2_io_resize; an in-place target has its fixed size. */
struct e2_io *e2_target_io(struct e2_target *target);

/* What is there, read-only, for recognising its content; NULL when nothing is. */
struct e2_io *e2_target_old(struct e2_target *target);

/* NULL, or why the target is written in place ("is a device", "has 3 names", ...). */
const char *e2_target_in_place(const struct e2_target *target);

/* Identifies a host file as the target or its temporary, so that a source walk
 * can skip it: true when dev and ino are theirs. */
bool e2_target_is(const struct e2_target *target, uint64_t dev, uint64_t ino);

/*
 * Makes everything durable, then gives it the name.  Releases the target.  On an
 * error the old file is unchanged and no temporary is left, but for two cases: a
 * target in place holds what was written; and when only the very last step fails, to
 * make a replaced name durable, the name stands for the new content, complete.
 * E2_ERR_EXIST, E2_ERR_CHANGED when the name came to lead to another file meanwhile.
 */
int e2_target_commit(struct e2_target *target);

/* Leaves the old file as it was (in-place writes excepted) and no temporary. */
void e2_target_abort(struct e2_target *target);

#endif
