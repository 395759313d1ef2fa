/* SPDX-License-Identifier: MIT */
/* The texts that name images: PATH, PATH@OFFSET[+LENGTH], PATH?offset=BYTES. */
#ifndef E2_IO_SPEC_H
#define E2_IO_SPEC_H

#include "io/io.h"

struct e2_spec {
	struct e2_str path;	/* to be freed, even after an error */
	bool is_slice;
	bool has_len;
	uint64_t offset;
	uint64_t len;
};

/*
 * Takes spec apart.  Where a file bears the whole text as its name, as exists()
 * says, it is that file.  E2_ERR_INVAL, E2_ERR_UNSUPPORTED for a partition.
 */
int e2_spec_parse(const char *spec, bool (*exists)(void *arg, const char *path), void *arg,
		  struct e2_spec *s);

/* The same with the files of env. */
int e2_spec_look(struct e2_env *env, const char *spec, struct e2_spec *s);

/* The slice of an opened path that the spec asks for; owned itself when it is none. */
int e2_spec_slice(const struct e2_spec *s, struct e2_io *owned, struct e2_io **io);

#endif
