#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pair.py [-w] [-n PAIRS] NAME 'OURS' 'THEIRS': CPU time (or wall time) of two shell commands, in turn.

One warm-up of each, then PAIRS interleaved pairs; prints the median of theirs/ours with its range, and
both medians.  A command that fails ends the comparison and says so.
"""
import argparse, os, resource, statistics, subprocess, sys, time

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument('-w', action='store_true')
ap.add_argument('-n', type=int, default=int(os.environ.get('PAIRS', 7)))
ap.add_argument('name'); ap.add_argument('ours'); ap.add_argument('theirs')
a = ap.parse_args()

def once(command):
    start = time.perf_counter()
    child = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    _, status, use = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit('%-34s cannot be compared: exit %d of %s' % (a.name, os.waitstatus_to_exitcode(status), command))
    return time.perf_counter() - start if a.w else use.ru_utime + use.ru_stime

pairs = [(once(a.ours), once(a.theirs)) for _ in range(a.n + 1)][1:]
ratios = [t / max(o, 1e-4) for o, t in pairs]
print('%-34s %7.2f x (%.2f-%.2f)  %s %8.3f s against %8.3f s' % (
    a.name, statistics.median(ratios), min(ratios), max(ratios), 'wall' if a.w else 'cpu',
    statistics.median(o for o, _ in pairs), statistics.median(t for _, t in pairs)), flush=True)
