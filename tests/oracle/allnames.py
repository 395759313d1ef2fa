# SPDX-License-Identifier: MIT
# Every name of every inode, by the shell and by find(1) on a mount.
#   allnames.py make DIR NAMES SEED    a tree of so many names, odd ones among them
#   allnames.py judge MOUNT IMAGE SEED
import base64
import json
import os
import random
import re
import stat
import subprocess
import sys

ODD = [b"new\nline", b"\n", b'"', b"'", b"sp  ace", b" ", b"<12>", b"%12", b"\\x41", b"\\", b"-l", b"a;b",
       b"a|b", b"#", b"tab\t", b"\x1b[31m", b"\xff\xfe", "日本".encode(), "\u202e".encode(), b"*", b"{}", b"\x7f",
       b"x" * 255, b"\xc3" * 255]


def make(top, count, seed):
    rng = random.Random(seed)
    top = os.fsencode(top)
    os.makedirs(top)
    dirs, inodes, made = [top], [], 0

    def name():
        n = rng.choice(ODD) if rng.random() < .05 else b"n"
        return (n + b"%d" % rng.randrange(10 ** 7))[-255:]

    while made < count:
        d = dirs[-1] if rng.random() < .5 else rng.choice(dirs)
        path, kind = os.path.join(d, name()), rng.random()
        if len(path) > 3000 or os.path.lexists(path):
            continue
        made += 1
        if kind < .004 or len(dirs) < 20:
            os.mkdir(path)
            dirs.append(path)
        elif kind < .55 and inodes:
            os.link(rng.choice(inodes[-50:]), path, follow_symlinks=False)
        else:
            if kind < .65:
                os.symlink(b"somewhere", path)
            elif kind < .66:
                os.mkfifo(path)
            else:
                os.mknod(path, stat.S_IFREG | 0o644)
            inodes.append(path)
    for i, odd in enumerate(ODD):
        path = os.path.join(top, odd)
        if not os.path.lexists(path):
            os.mknod(path, stat.S_IFREG | 0o644)
        os.link(path, os.path.join(top, b"another %d" % i))


def shell(image, *words):
    return subprocess.run(["extant-debugfs", *words[:1], image, *words[1:]] if words[0][:2] == "--" else
                          ["extant-debugfs", image, *words], capture_output=True, check=False)


def name_of(record, key):
    return base64.b64decode(record[key + "_b64"]) if key + "_b64" in record else record[key].encode()


def names_of(record):
    return {base64.b64decode(n["b64"]) if isinstance(n, dict) else n.encode() for n in record["names"]}


def judge(top, image, seed):
    found = subprocess.run(["find", ".", "-printf", "%i %y %n %p\\0"], cwd=top, capture_output=True, check=True)
    truth, links = {}, {}
    for row in found.stdout.split(b"\0")[:-1]:
        ino, kind, n, path = row.split(b" ", 3)
        truth.setdefault(int(ino), set()).add(path[1:] or b"/")
        if kind != b"d":
            links[int(ino)] = int(n)
    bad = 0

    def same(what, got, want):
        nonlocal bad
        wrong = [i for i in set(got) | set(want) if got.get(i) != want.get(i)]
        bad += len(wrong)
        for i in wrong[:3]:
            print("%s: <%d>: %r, by find %r" % (what, i, got.get(i), want.get(i)))

    def pairs(rows):
        got = {}
        for ino, path in rows:
            got.setdefault(ino, set()).add(path)
        return got

    rows = shell(image, "names", "-0").stdout.split(b"\0")[:-1]
    same("names -0", pairs((int(r.split()[0]), r.lstrip().split(b"  ", 1)[1]) for r in rows), truth)
    rows = [json.loads(x) for x in shell(image, "--json", "names").stdout.splitlines()]
    same("names --json", pairs((r["ino"], name_of(r, "path")) for r in rows), truth)
    several = {i: v for i, v in truth.items() if links.get(i, 1) > 1}
    rows = [json.loads(x) for x in shell(image, "--json", "links", "-v").stdout.splitlines()]
    rows = [r for r in rows if r["format"] == "extant-links/1"]
    same("links --json", {r["ino"]: names_of(r) for r in rows}, several)
    same("counts", {r["ino"]: (r["names_found"], r["links_count"]) for r in rows},
         {i: (links[i], links[i]) for i in several})
    # what a screen shows can be typed between double quotes, and leads back
    rng, lines = random.Random(seed), shell(image, "names").stdout.split(b"\n")[:-1]
    odd = [x for x in lines if re.search(rb"[^\w/ ]|\S \S", x.lstrip())]
    asked = [x.lstrip().split(b"  ", 1) for x in rng.sample(odd, min(300, len(odd))) + rng.sample(lines, 300)]
    script = b"".join(b'where "' + path + b'"\n' for _, path in asked)
    got = subprocess.run(["extant-debugfs", "--json", "-f", "-", image], input=script, capture_output=True, check=False)
    rows = [json.loads(x) for x in got.stdout.splitlines()]
    same("where", pairs((r["ino"], name_of(r, "path")) for r in rows),
         {int(ino): truth[int(ino)] for ino, _ in asked})
    some = rng.sample(sorted(truth), 200)
    got = shell(image, "where", "-0", *("%%%d" % i for i in some)).stdout.split(b"\0")[:-1]
    if sorted(got) != sorted(p for i in some for p in truth[i]):
        bad += 1
        print("where -0: %d names, by find %d" % (len(got), sum(len(truth[i]) for i in some)))
    before = os.times()
    shell(image, "links", "-v")
    after = os.times()
    print("figure: allnames: %d names of %d inodes, %d inodes with several, %d differences; all of these in %.2f s" % (
        sum(map(len, truth.values())), len(truth), len(several), bad,
        after[2] - before[2] + after[3] - before[3]))
    return bad != 0 or not several


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(judge(sys.argv[2], sys.argv[3], int(sys.argv[4])))
