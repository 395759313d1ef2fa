/* SPDX-License-Identifier: MIT */
/*
 * An image as a program opens it: the bytes, the locks, and where its log belongs.
 */
#ifndef E2_IO_IMAGE_H
#define E2_IO_IMAGE_H

#include "io/io.h"

struct e2_image;

enum e2_image_flags {
	E2_IMAGE_WRITE = 1,	/* to change it: takes the lock WRITER for as long as it is open */
};

/*
 * Opens what spec names (see e2_io_open_image) through env.
 *
 * For writing: E2_ERR_BUSY when it is mounted, loop-attached or locked, with who has it;
 * E2_ERR_ROFS for a compressed image; E2_ERR_INVAL for a slice that does not begin at a
 * multiple of 512 bytes.  Read-only: opens nothing for writing and takes no lock.
 */
int e2_image_open(struct e2_env *env, const char *spec, unsigned flags, struct e2_image **image);

/* Releases everything, the locks too; a failure of close is reported.  NULL is fine. */
int e2_image_close(struct e2_image *image);

/* The bytes of the volume; borrowed, ends with the image. */
struct e2_io *e2_image_io(const struct e2_image *image);

struct e2_env *e2_image_env(const struct e2_image *image);

/* Where the volume begins in the file. */
uint64_t e2_image_offset(const struct e2_image *image);

/*
 * Adds the path of its log: beside the resolved path of the image, with ".e2log" after its
 * name (".OFFSET.e2log" for a slice).  E2_ERR_UNSUPPORTED for a device, whose directory does
 * not survive a power cut, and for a compressed file.
 */
int e2_image_log_path(const struct e2_image *image, struct e2_str *path);

/* The lock COMMIT; E2_ERR_BUSY after wait_ms.  Of a compressed image: succeeds. */
int e2_image_lock(struct e2_image *image, enum e2_lock_mode mode, unsigned wait_ms);

int e2_image_stamp(struct e2_image *image, struct e2_stamp *stamp);
int e2_image_touch(struct e2_image *image);

/* 1 and why, when the image is mounted or attached to a loop device; else 0 or an error. */
int e2_image_in_use(struct e2_image *image, struct e2_str *why);

/* Whether a file that was opened by path may be taken for the image's log: see
 * e2_env_ops.trusted. */
int e2_image_trusts(struct e2_image *image, const char *path, struct e2_io *file);

#endif
