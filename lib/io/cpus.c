/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <sched.h>

unsigned e2_host_cpus(void)
{
	cpu_set_t set;
	int n;

	/* Where there are more than the set holds, there are enough. */
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}
