#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""free.py BEFORE AFTER: whether two images of ext2 differ only in blocks that are free in BEFORE."""
import struct, sys

before, after = (open(p, 'rb').read() for p in sys.argv[1:3])
u32 = lambda at: struct.unpack_from('<I', before, at)[0]
blocks, first, log, per_group = u32(1024 + 4), u32(1024 + 20), u32(1024 + 24), u32(1024 + 32)
size = 1024 << log
bad = len(before) != len(after)
for n in range(blocks):
    if before[n * size:(n + 1) * size] == after[n * size:(n + 1) * size]:
        continue
    group, bit = divmod(n - first, per_group)
    bitmap = u32((first + 1) * size + 32 * group) * size
    if n < first or before[bitmap + bit // 8] >> bit % 8 & 1:
        at = next(i for i in range(size) if before[n * size + i] != after[n * size + i])
        print('block %d differs at byte %d and is in use' % (n, at))
        bad = True
sys.exit(bad)
