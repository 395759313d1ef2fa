/* SPDX-License-Identifier: MIT */
/* Bytes in memory whose n-th operation fails, and an environment whose scratch files they are. */
#ifndef E2_TESTS_FLAKY_H
#define E2_TESTS_FLAKY_H

#include "io/io.h"

struct flaky {				/* shared by all ios and the environment */
	uint64_t seen;			/* operations since flaky_fail */
	uint64_t failing;		/* the number of the one that fails; 0: none */
	bool for_ever;			/* and all that follow */
	unsigned open;			/* ios not yet closed */
	struct e2_env env;		/* only its scratch works */
};

void flaky_init(struct flaky *f);
void flaky_fail(struct flaky *f, uint64_t nth, bool for_ever);
struct e2_io *flaky_open(struct flaky *f, uint64_t size);

#endif
