# SPDX-License-Identifier: MIT
# Paths through nested links, resolved by the shell and by stat(2) under chroot.
#   paths.py tangle DIR SEED             directories and links that lead through each other
#   paths.py trees DIR COUNT SEED        small trees of odd owners, modes and access lists
#   paths.py ask DIR PATHS COUNT SEED OUT   OUT.lines for the shell, OUT.answers of the kernel
#   paths.py compare OUT                 OUT.answers against OUT.got
import json
import os
import pickle
import random
import subprocess
import sys

from reading import quote, stat_as

CHAIN = 45
IDS = [0, 1000, 1001, 1002, 70000]
PEOPLE = [(1000, 1000, []), (1001, 1001, [1000]), (1002, 70000, [1001, 1002]), (1000, 1001, []),
          (70000, 5, []), (0, 1000, [])]


def tangle(top, seed):
    rng = random.Random(seed)
    os.chroot(top)
    os.chdir("/")
    dirs, things, links = ["/"], [], []

    def text_to(path, link):
        """A text for the link that leads to path, straight or not."""
        at = os.path.dirname(link)
        text = path if rng.random() < .45 else os.path.relpath(path, at)
        if rng.random() < .15:
            text += "/"
        if rng.random() < .1:
            text = text.replace("/", "//")
        if rng.random() < .1:
            text = "./" + text if text[0] != "/" else "/./" + text[1:]
        return text

    def new(name, where=None):
        return os.path.join(where or rng.choice(dirs), name)

    for i in range(60):
        deep = rng.choice(dirs[-5:]) if rng.random() < .6 else rng.choice(dirs)
        dirs.append(os.path.join(deep, "d%d" % i))
        os.mkdir(dirs[-1])
    for i in range(80):
        things.append(new("f%d" % i))
        if i % 20 == 19:
            os.mkfifo(things[-1])
        else:
            open(things[-1], "w").close()
    for i in range(260):
        link, kind = new("s%d" % i), rng.random()
        if kind < .2 or not links:
            to = rng.choice(things)
        elif kind < .45:
            to = rng.choice(dirs)
        elif kind < .75:
            to = rng.choice(links)
        elif kind < .9:     # through a link, perhaps to a directory
            to = os.path.join(rng.choice(links), rng.choice(["..", "d1", "s3", "f2", ".", "../d0"]))
        else:
            to = new("gone")
        os.symlink(text_to(to, link), link)
        links.append(link)
    for kind in ("absolute", "relative", "mixed", "dirs"):
        os.mkdir("/" + kind)
        os.symlink("/d0" if kind == "dirs" else things[0], "/%s/1" % kind)
        for i in range(2, CHAIN):
            absolute = kind == "absolute" or kind == "mixed" and rng.random() < .5
            text = ("/%s/" % kind if absolute else "") + str(i - 1)
            os.symlink(text + ("/" if kind == "dirs" and i % 3 == 0 else ""), "/%s/%d" % (kind, i))
    for n in (2, 3, 7, 41):     # circles, of links and through directories
        for i in range(n):
            os.symlink("round%d.%d" % (n, (i + 1) % n), "/round%d.%d" % (n, i))
            os.symlink("/down%d.%d/d1" % (n, (i + 1) % n), "/down%d.%d" % (n, i))
    os.symlink(".", "/dot")
    os.symlink("/", "/root")
    os.symlink("..", "/up")
    os.symlink("x" * 256, "/longname")
    os.symlink("./" * 450 + "d0", "/longtext")
    os.symlink("/longtext/" + "../" * 300, "/longer")


def walk_names(top):
    """The directories, and the names in each."""
    there = {}
    for d, subs, files in sorted(os.walk(top)):
        there["/" + os.path.relpath(d, top) if d != top else "/"] = sorted(subs + files)
    return there


def some_path(rng, there, every):
    dirs = every
    at = rng.choice(dirs)
    path = at if rng.random() < .9 else rng.choice(["/dot/", "/root/", "/up/"]) + at
    for _ in range(rng.choice([1, 1, 2, 3, 5, 9])):
        kind = rng.random()
        if kind < .5 and there.get(at):
            step = rng.choice(there[at])
        elif kind < .65:
            step = ".."
        elif kind < .7:
            step = "."
        elif kind < .9:
            step = rng.choice(there[rng.choice(dirs)] or ["none"])
        elif kind < .98:
            step = rng.choice(["none", "", "%s/%d" % (rng.choice(["absolute", "relative", "mixed", "dirs"]),
                                                      rng.randrange(36, CHAIN))])
        else:
            step = rng.choice(["z" * 255, "z" * 256, "./" * 1800, "../" * 1400])
        path += "/" + step
        at = os.path.normpath(path) if len(path) < 500 else "/"
    if rng.random() < .15:
        path += rng.choice(["/", "/.", "//", "/.."])
    return path


def set_acl(rng, path):
    entries = []
    for _ in range(rng.randrange(1, 4)):
        entries.append("%s:%d:%s" % (rng.choice("ug"), rng.choice(IDS[1:]), rng.choice(["x", "rwx", "r", "-", "rx"])))
    for word in ("g::", "o::", "m::"):
        if rng.random() < .4:
            entries.append(word + rng.choice(["x", "rwx", "r", "-"]))
    return ",".join(entries)


def trees(top, count, seed):
    rng = random.Random(seed)
    os.chdir(top)
    lists = {}
    for n in range(count):
        t = "t%d" % n
        dirs, names = [t], []
        os.mkdir(t)
        for i in range(rng.randrange(2, 6)):
            dirs.append(os.path.join(rng.choice(dirs[-2:]), "d%d" % i))
            os.mkdir(dirs[-1])
        for i in range(rng.randrange(2, 5)):
            names.append(os.path.join(rng.choice(dirs), "f%d" % i))
            open(names[-1], "w").close()
        for i in range(rng.randrange(2, 6)):
            link, to = os.path.join(rng.choice(dirs), "s%d" % i), rng.choice(dirs + names)
            to = "/" + to if rng.random() < .4 else os.path.relpath(to, os.path.dirname(link))
            os.symlink(to, link)
            names.append(link)
        for path in dirs + [p for p in names if not os.path.islink(p)]:
            if rng.random() < .7:
                mode = rng.choice([0o755, 0o711, 0o700, 0o750, 0o710, rng.randrange(0o10000)])
                os.chown(path, rng.choice(IDS), rng.choice(IDS))
                os.chmod(path, mode)
            if rng.random() < .3 and path in dirs:
                lists.setdefault(set_acl(rng, path), []).append(path)
    for acl, paths in lists.items():
        subprocess.run(["setfacl", "-m", acl] + paths, check=True)


def ask(top, count, per_tree, seed, out):
    rng = random.Random(seed)
    there = walk_names(top)
    dirs = sorted(d for d in there if not d.startswith("/t") or not d[2:3].isdigit())
    lines, answers = [], []

    def add(options, paths, got):
        for p, a in zip(paths, got):
            lines.append("resolve %s%s" % (options, quote(p)))
            answers.append(a)

    paths = ["/%s/%d%s" % (k, n, end) for k in ("absolute", "relative", "mixed", "dirs")
             for n in (39, 40, 41) for end in ("", "/", "/..")] if "/dirs" in there else []
    while len(paths) < count:
        p = some_path(rng, there, dirs)
        if len(p) < 4200:
            paths.append(p)
    paths = paths[:count]
    add("", paths, stat_as(top, paths, None))
    some = paths[:count // 5]
    add("-P ", some, stat_as(top, some, None, False))
    roots = sorted({d.split("/")[1] for d in there if d[1:2] == "t" and d[2:3].isdigit()})
    inside = {t: [] for t in roots}
    for d, names in there.items():
        t = d.split("/")[1]
        if t in inside:
            inside[t] += [os.path.join(d, n) for n in names] + [d]
    for who in PEOPLE if roots else []:
        paths = []
        for t in roots:
            for _ in range(per_tree):
                p = rng.choice(inside[t])
                if rng.random() < .3:
                    p += rng.choice(["/..", "/.", "/", "/../" + os.path.basename(p), "/none"])
                paths.append(p)
        word = ",".join(map(str, [who[1]] + who[2]))
        add("--as %d:%s " % (who[0], word), paths, stat_as(top, paths, who))
    with open(out + ".lines", "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(out + ".answers", "wb") as f:
        pickle.dump(answers, f)


def compare(out):
    with open(out + ".answers", "rb") as f:
        answers = pickle.load(f)
    lines = open(out + ".lines").read().splitlines()
    got = [json.loads(x) for x in open(out + ".got", encoding="utf-8")]
    got = [r["error"] or r["ino"] for r in got if r["format"] == "extant-resolve/1"]
    bad = abs(len(got) - len(answers))
    words = {}
    for line, g, a in zip(lines, got, answers):
        words[a if isinstance(a, str) else "found"] = words.get(a if isinstance(a, str) else "found", 0) + 1
        if g != a:
            bad += 1
            if bad < 12:
                print("%s: shell %s, kernel %s" % (line[:300], g, a))
    print("figure: paths: %d questions (%s), %d answered otherwise than by stat(2)" % (
        len(answers), ", ".join("%s %d" % x for x in sorted(words.items())), bad))
    return bad != 0 or not answers


if __name__ == "__main__":
    do = sys.argv[1]
    if do == "tangle":
        tangle(sys.argv[2], int(sys.argv[3]))
    elif do == "trees":
        trees(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif do == "ask":
        ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
    else:
        sys.exit(compare(sys.argv[2]))
