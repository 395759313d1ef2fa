/* SPDX-License-Identifier: MIT */
/* How much was taken out of a volume, to the host (extract.h) or into an archive (tar_out.h). */
#ifndef E2_HOST_COPIED_H
#define E2_HOST_COPIED_H

#include <stdint.h>

struct e2_copied {
	uint64_t files, dirs, symlinks;
	uint64_t others;	/* devices, fifos, sockets */
	uint64_t links;		/* further names of what was copied */
	uint64_t bytes;		/* of files; holes not counted */
	uint64_t left_out;	/* things that are not there, or not complete */
};

#endif
