/* SPDX-License-Identifier: MIT */
/* Compression of a stream, by libarchive, which is loaded for it. */
#ifndef E2_HOST_COMPRESS_H
#define E2_HOST_COMPRESS_H

#include <stddef.h>

enum e2_compression { E2_PLAIN, E2_GZIP, E2_XZ, E2_ZSTD };

/*
 * A stream that is compressed on its way; the same bytes in give the same bytes out.
 * write takes what comes out; its failure is returned by put or end.
 */
struct e2_compressor;
int e2_compress_begin(enum e2_compression how, int (*write)(void *, const void *, size_t),
		      void *context, struct e2_compressor **c);
int e2_compress_put(struct e2_compressor *c, const void *data, size_t len);
/* Writes what is left unless err, which is returned then; releases c (NULL is fine). */
int e2_compress_end(struct e2_compressor *c, int err);

#endif
