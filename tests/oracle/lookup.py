# SPDX-License-Identifier: MIT
"""stat(2) for those who want to know whether more than 40 symlinks lead somewhere.

The kernel begins a lookup anew when a mount or a rename anywhere disturbs it, and counts the links that
it had followed before again: now and then 39 links are too many.  A circle is one however often one asks.
"""
import errno
import os


def stat(path, follow=True):
    for _ in range(50):
        try:
            return os.stat(path, follow_symlinks=follow)
        except OSError as e:
            if e.errno != errno.ELOOP:
                raise
            error = e
    raise error
