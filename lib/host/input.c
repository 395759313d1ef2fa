/* SPDX-License-Identifier: MIT */
#include "host/input.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { ASK_MS = 100 };

/* A signal need not wake the caller: who blocks signals learns of them by asking. */
ssize_t e2_input_read(int fd, void *buf, size_t len, int (*ask)(void *context), void *context)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };

	for (;;) {
		int ready = poll(&input, 1, ASK_MS);
		ssize_t n;

		if (ready <= 0) {
			if (ready < 0 && errno != EINTR)
				return -1;
			if (ask == NULL || ask(context) == 0)
				continue;
			errno = ECANCELED;
			return -1;
		}
		n = read(fd, buf, len);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
	}
}
