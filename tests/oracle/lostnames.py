# SPDX-License-Identifier: MIT
# Files that lose all their names at once, and what a repair knows of them.
#   lostnames.py plan MOUNT KIND SEED OUT    files of three names; OUT.lines take the names away,
#                                            OUT.truth has them
#   lostnames.py judge MOUNT OUT REPORT      the names after the repair, and the report's
import json
import os
import pickle
import random
import sys

from reading import quote
from allnames import name_of, names_of

FILES = 100


def fill(top, rng, kind):
    """Directories, some with a past: names made and removed, longer than a block, indexed."""
    dirs = [top]
    for i in range(12):
        dirs.append(os.path.join(rng.choice(dirs), "d%d" % i))
        os.mkdir(dirs[-1])
    if kind == "fresh":
        return dirs
    for n in range(600):
        path = os.path.join(rng.choice(dirs), "old%d" % n + "x" * rng.randrange(30))
        open(path, "w").close()
        if rng.random() < .6:
            os.unlink(path)
    return dirs


def plan(top, kind, seed, out):
    rng = random.Random(seed)
    dirs, truth = fill(top, rng, kind), {}
    for n in range(FILES):
        names = []
        for k in range(3):
            path = os.path.join(rng.choice(dirs), "f%d.%d" % (n, k) + rng.choice(["", " odd", "é" * 20]))
            if names:
                os.link(names[0], path)
            else:
                with open(path, "wb") as f:
                    f.write(b"%d" % n * rng.randrange(3000))
            names.append(path)
        st = os.stat(names[0])
        truth[st.st_ino] = {os.fsencode(p[len(top):]) for p in names}
    lines = ["raw unlink " + quote(os.fsdecode(p)) for names in truth.values() for p in names]
    rng.shuffle(lines)
    with open(out + ".lines", "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(out + ".truth", "wb") as f:
        pickle.dump(truth, f)


def judge(top, out, report):
    with open(out + ".truth", "rb") as f:
        truth = pickle.load(f)
    now = {}
    for d, _, names in os.walk(os.fsencode(top)):
        for name in names:
            path = os.path.join(d, name)
            now.setdefault(os.lstat(path).st_ino, set()).add(path[len(top):])
    back = sum(bool(now.get(ino, set()) & names) for ino, names in truth.items())
    all_back = sum(now.get(ino, set()) == names for ino, names in truth.items())
    bad = sum(not now.get(ino, set()) <= names for ino, names in truth.items())
    told, returned = {}, {}
    for r in (json.loads(x) for x in open(report, encoding="utf-8")):
        if r["type"] == "finding" and r["repaired"] and r["code"] == "entry-covered":
            dirs = names_of({"names": r["paths"]})
            told.setdefault(r["other"], set()).add(min(dirs).rstrip(b"/") + b"/" + name_of(r, "name"))
        elif r["type"] == "finding" and r["repaired"] and r["code"] in ("no-name", "inode-lost"):
            told.setdefault(r["ino"], set()).update(now.get(r["ino"], set()))
        elif r["type"] == "returned":
            returned[r["ino"]] = names_of(r), names_of({"names": r["gone"]})
    for ino, names in truth.items():
        if told.get(ino) != now.get(ino) or not now.get(ino, set()) <= names:
            print("<%d>: was %r, is %r, told %r" % (ino, names, now.get(ino), told.get(ino)))
    # What is gone is known from the bytes that are left: an old file of the same number had names too.
    listed = sum(returned.get(ino, ((), ()))[0] == now.get(ino) for ino in truth)
    gone = sum(len(returned[ino][1] & (names - now[ino])) for ino, names in truth.items() if ino in returned)
    strange = sum(len(returned[ino][1] - names) for ino, names in truth.items() if ino in returned)
    print("figure: lostnames: %d returned with the right names; of %d names that are gone %d listed, %d others" % (
        listed, sum(len(names - now.get(ino, set())) for ino, names in truth.items()), gone, strange))
    wrong = sum(told.get(ino) != now.get(ino) for ino in truth)
    print("figure: lostnames: %d files of three names: %d back under an old name, %d under all three, "
          "%d under a wrong one; %d not told rightly" % (len(truth), back, all_back, bad, wrong))
    return back < .95 * len(truth) or bad != 0 or wrong != 0 or listed != len(truth)


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        plan(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    else:
        sys.exit(judge(sys.argv[2], sys.argv[3], sys.argv[4]))
