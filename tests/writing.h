/* SPDX-License-Identifier: MIT */
/* What tests of writing ask of a volume. */
#ifndef E2_TESTS_WRITING_H
#define E2_TESTS_WRITING_H

#include "image.h"
#include "vol/write.h"

/* A volume with so many empty files, inodes 11 on, named "f0", "f1", ... in the root. */
void writing_files(struct img *img, const struct img_options *options, unsigned files);
enum { WRITING_FIRST = 11 };

/* A copy of the image as it is, opened for writing. */
struct e2_fs *writing_open(struct img *img);

/* Errors that the checker finds fail the test; it looks at what is committed. */
void writing_sound(struct e2_fs *fs);

/* The bytes of the volume as a reader sees them, transaction included; the caller frees them. */
uint8_t *writing_bytes(struct e2_fs *fs, size_t *len);

/* Fails unless the volume's bytes are those; with ignore_free but for blocks free in it. */
void writing_same(struct e2_fs *fs, const uint8_t *bytes, bool ignore_free);

#endif
