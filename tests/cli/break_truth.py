# SPDX-License-Identifier: MIT
# break_truth.py DIR: each truth file names exactly the bytes that "cmp -l" (NAME.diff) found.
import glob
import json
import sys

wrong = 0
count = 0
for path in sorted(glob.glob(sys.argv[1] + "/*.diff")):
    was, now = {}, {}
    for line in open(path):
        at, old, new = line.split()
        was[int(at) - 1], now[int(at) - 1] = int(old, 8), int(new, 8)
    told_was, told_now, cases = {}, {}, set()
    for line in open(path[:-5]):
        record = json.loads(line)
        cases.add((record["case"], record["code"] if not record["besides"] else None))
        assert record["format"] == "extant-break/1"
        old, new = bytes.fromhex(record["was"]), bytes.fromhex(record["is"])
        assert len(old) == len(new) == record["length"]
        for i, (a, b) in enumerate(zip(old, new)):
            told_was.setdefault(record["offset"] + i, a)
            told_now[record["offset"] + i] = b
    changed = {at for at in told_now if told_now[at] != told_was[at]}
    if (changed != set(was) or any(told_was[at] != was[at] for at in was)
            or any(told_now[at] != now[at] for at in now) or not cases):
        print(path, "tells other bytes:", sorted(changed ^ set(was))[:8])
        wrong += 1
    count += 1
print(count, "truth files")
sys.exit(1 if wrong or not count else 0)
