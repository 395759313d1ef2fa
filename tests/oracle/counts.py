# SPDX-License-Identifier: MIT
# Link counts explained, beside those of a mount; and counts that are damaged.
#   counts.py make DIR COUNT SEED        directories, and files of several names among them
#   counts.py judge MOUNT IMAGE          the parts of every count, on the screen and as records
#   counts.py hurt IMAGE COUNT SEED OUT [removed]   counts of some inodes, to 0 if removed
#   counts.py told OUT IMAGE             what extant-fsck -n says of them
import json
import os
import pickle
import random
import re
import struct
import subprocess
import sys

from reading import quote
from symlinks import Image


def make(top, count, seed):
    rng = random.Random(seed)
    os.makedirs(top)
    dirs, files = [top], []
    for i in range(count):
        # few have many, many have few or none
        where = rng.choice(dirs[-30:]) if rng.random() < .5 else dirs[int(rng.random() ** 3 * len(dirs))]
        path = os.path.join(where if len(where) < 3000 else top, rng.choice(["d%d", "a name %d", "ü%d"]) % i)
        os.mkdir(path)
        dirs.append(path)
        if i % 3 == 0:
            name = os.path.join(rng.choice(dirs), "f%d" % i)
            if files and rng.random() < .6:
                os.link(rng.choice(files), name)
            else:
                open(name, "w").close()
                files.append(name)


def shell(image, *words):
    return subprocess.run(["extant-debugfs", *words, image], capture_output=True, check=True).stdout


def all_of(top):
    yield "/", os.lstat(top)
    for d, subs, names in os.walk(top):
        for name in subs + names:
            path = os.path.join(d, name)
            yield path[len(top):], os.lstat(path)


def parts_of_screen(text):
    """The stored count, whether it is called wrong, and the sum of the parts, of one screen."""
    stored = int(re.search(r"^  links (\d+)", text, re.M).group(1))
    body = text[text.index("  links "):text.index("\n  size ")]
    found = sum(int(n) for n in re.findall(
        r'(\d+) (?:name|names) in its parent|(\d+) "\." in itself|(\d+) "\.\." in its ', body)
        for n in n if n)
    root = re.search(r'(\d+) "\.\." in itself: the root', body)
    files = re.search(r"(\d+) names:", body)
    found += int(root.group(1)) if root else 0
    found += int(files.group(1)) if files else 1 if "its only name is" in body else 0
    return stored, "wrong" in body, found


def judge(top, image):
    paths = list(all_of(top))
    with open("explain.lines", "w") as f:
        f.write("".join("stat --explain %s\n" % quote(p) for p, _ in paths))
    rows = [json.loads(x) for x in shell(image, "--json", "-f", "explain.lines").splitlines()]
    rows = [r for r in rows if r["format"] == "extant-link-count/1"]
    screens = shell(image, "-f", "explain.lines").decode(errors="replace")
    screens = re.split(r"(?m)^(?=\S.* <\d+> )", screens)[1:]
    bad = abs(len(rows) - len(paths)) + abs(len(screens) - len(paths))
    for (path, st), row, screen in zip(paths, rows, screens):
        parts = row["names"] + row["dot"] + row["dotdots"]
        stored, wrong, found = parts_of_screen(screen)
        if not (row["ino"] == st.st_ino and row["links"] == row["found"] == parts == st.st_nlink == stored == found
                and not wrong):
            bad += 1
            if bad < 5:
                print("%r: %d on the mount\n%s\n%s" % (path, st.st_nlink, row, screen))
    dirs = sum(r["dot"] for r in rows)
    print("figure: counts: %d directories and %d names of files: parts that do not add up to the "
          "kernel's count: %d" % (dirs, len(rows) - dirs, bad))
    return bad != 0 or dirs < 2


def hurt(path, count, seed, out, removed):
    """Not both at once: what a removed directory holds is counted when it is back."""
    image, rng = Image(path), random.Random(seed)
    some = []
    for ino in range(11, image.inodes + 1):
        mode, links = struct.unpack_from("<H24xH", image.data, image.at(ino))
        if mode and links:
            some.append((ino, links))
    truth = {}
    for ino, links in rng.sample(some, min(count, len(some))):
        new = rng.choice([1, links + 1, links - 1, links ^ (1 << rng.randrange(16)), rng.randrange(65536)])
        if removed:
            new = 0
        if new != links and (new or removed):
            struct.pack_into("<H", image.data, image.at(ino) + 26, new)
            truth[ino] = (new, links)
    image.save()
    with open(out, "wb") as f:
        pickle.dump(truth, f)


def told(out, image):
    with open(out, "rb") as f:
        truth = pickle.load(f)
    got = subprocess.run(["extant-fsck", "-nf", "--json", image], capture_output=True, check=False).stdout
    codes = ("link-count", "inode-alive")   # a count of 0 is that of a removed inode
    rows = {r["ino"]: r for r in map(json.loads, got.splitlines())
            if r["type"] == "finding" and r["code"] in codes}
    text = subprocess.run(["extant-fsck", "-nfv", image], capture_output=True, check=False).stdout.decode()
    blocks = {int(m.group(1)): m.group(0) for m in re.finditer(
        r"^(?:link-count|inode-alive) +.*<(\d+)> +links_count\n.*\n.*$", text, re.M)}
    bad = len(set(rows) ^ set(truth))
    for ino, (new, links) in truth.items():
        r, block = rows.get(ino), blocks.get(ino, "")
        ok = r and (r["found"], r["want"]) == (new, links) and r["paths"] and \
            re.search(r"is %d, .*\b%d\b" % (new, links), block) and re.match(r"[a-z-]+ +/", block)
        bad += not ok
        if not ok and bad < 5:
            print("<%d>: %d, should be %d: %s\n%s" % (ino, new, links, r, block))
    print("figure: counts: %d counts damaged, %d not told with path and both numbers" % (len(truth), bad))
    return bad != 0 or not truth


if __name__ == "__main__":
    do = sys.argv[1]
    if do == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif do == "judge":
        sys.exit(judge(sys.argv[2], sys.argv[3]))
    elif do == "hurt":
        hurt(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6:] == ["removed"])
    else:
        sys.exit(told(sys.argv[2], sys.argv[3]))
