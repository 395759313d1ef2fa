# SPDX-License-Identifier: MIT
# What a mounted volume says of itself, beside what the shell says of its image.
#   reading.py make DIR SEED       a tree with links of all kinds, modes, lists, removed names
#   reading.py ask DIR SEED OUT    questions to the shell (OUT.json, OUT.text) and the answers
#   reading.py compare OUT         OUT.answers against OUT.json.got and OUT.text.got
import errno
import json
import os
import pickle
import random
import re
import stat
import subprocess
import sys
import time

import lookup

NUMBERS = ["0", "1", "2", "+1", "-2", "3"]
FORMAT = "%a %A %b %B %f %F %g %h %i %o %s %t %T %u %W %X %Y %Z %x %y %z|%-9s|%09s|%.3Y|%.12X"


def make(top, seed):
    rng = random.Random(seed)
    os.chdir(top)
    dirs, files = ["."], []
    for i in range(40):
        d = os.path.join(rng.choice(dirs), "d%d" % i)
        os.mkdir(d)
        dirs.append(d)
    names = ["a b", 'q"uote', "back\\slash", "new\nline", "bad\udcff", "ünï", "x" * 255, "-l", "<12>"]
    for i in range(150):
        name = names[i] if i < len(names) else "f%d" % i
        path = os.path.join(rng.choice(dirs), name)
        with open(path, "wb") as f:
            kind = rng.randrange(6)
            if kind == 0:
                f.truncate(rng.randrange(1 << 22))
            elif kind == 1:
                f.seek(rng.randrange(1 << 20))
                f.write(b"end")
            elif kind > 2:
                f.write(rng.randbytes(rng.choice([1, 511, 512, 513, 1024, 4096, 5000, 70000])))
        files.append(path)
    for i in range(40):
        path = os.path.join(rng.choice(dirs), "h%d" % i)
        os.link(rng.choice(files), path)
        files.append(path)
    links = []
    for i in range(120):
        d = rng.choice(dirs)
        to = rng.choice(dirs + files + links + ["none", "./no/such", "/"])
        to = "/" + os.path.normpath(to) if rng.random() < 0.4 else os.path.relpath(to, d)
        if rng.random() < 0.1:
            to += rng.choice(["/", "/..", "/.", "//x", "x" * 70])
        path = os.path.join(d, "s%d" % i)
        os.symlink(to, path)
        links.append(path)
    os.mkdir("chain")
    os.symlink("../" + os.path.normpath(files[0]), "chain/1")
    for i in range(2, 42):
        os.symlink(str(i - 1), "chain/%d" % i)
    for a, b in ("12", "21", "33"):
        os.symlink("loop" + b, "loop" + a)
    os.link(links[0], "hardsymlink", follow_symlinks=False)
    os.mkfifo("fifo")
    os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod("block", stat.S_IFBLK | 0o640, os.makedev(259, 70000))
    for path in rng.sample(dirs[1:], 14) + rng.sample(files, 40):
        os.chmod(path, rng.choice([0, 0o700, 0o711, 0o750, 0o640, 0o4755, 0o2710, 0o1777, 0o77]))
        os.chown(path, rng.choice([0, 1000, 1001, 70000]), rng.choice([0, 1000, 4, 70000]))
    for path in rng.sample(dirs[1:], 6):
        acl = rng.choice(["u:1000:x,g::r,m::rwx", "u:1001:rwx,m::r", "g:4:x,g::-", "g:4:r,g:1000:x,o::x"])
        subprocess.run(["setfacl", "-m", acl, path], stderr=subprocess.DEVNULL, check=False)
    for path in rng.sample(files, 60):
        when = rng.randrange(-10 ** 8, 4 * 10 ** 9) * 10 ** 9 + rng.randrange(10 ** 9)
        os.utime(path, ns=(when, when + 10 ** 12))
    for days, path in enumerate(rng.sample(files, 4)):
        when = time.time() - (days + .5) * 86400
        os.utime(path, (when, when))
    for path in rng.sample(files, 30):
        if "/h" in path or "/f" in path:
            os.unlink(path)


def quote(path):
    """For the shell of extant; any byte can be typed within double quotes."""
    raw = os.fsencode(path)
    if not re.search(rb"[^\w./+=@:,-]", raw) and not raw.startswith(b"-"):
        return raw.decode()
    return '"' + "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\' else "\\x%02x" % c
                         for c in raw) + '"'


def name_of(record, key):
    if key + "_b64" in record:
        import base64
        return base64.b64decode(record[key + "_b64"])
    return os.fsencode(record[key])


def walk(top):
    todo = [(top, "/")]
    while todo:
        at, path = todo.pop()
        for e in sorted(os.scandir(at), key=lambda e: e.name):
            p = (path if path != "/" else "") + "/" + e.name
            st = e.stat(follow_symlinks=False)
            yield path, e.name, p, st
            if stat.S_ISDIR(st.st_mode):
                todo.append((e.path, p))


def expected_row(top, p, st):
    dev = stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode)
    return (st.st_ino, stat.S_IMODE(st.st_mode), st.st_nlink, st.st_uid, st.st_gid, st.st_size,
            st.st_mtime_ns, os.major(st.st_rdev) if dev else 0, os.minor(st.st_rdev) if dev else 0,
            os.fsencode(os.readlink(top + p)) if stat.S_ISLNK(st.st_mode) else b"")


def stat_as(top, paths, who, follow=True):
    """stat(2) of each path under chroot, as somebody: inode numbers or words for errors."""
    r, w = os.pipe()
    if os.fork() == 0:
        os.chroot(top)
        os.chdir("/")
        if who:
            os.setgroups(who[2])
            os.setgid(who[1])
            os.setuid(who[0])
        got = []
        for p in paths:
            try:
                got.append(lookup.stat(p, follow).st_ino)
            except OSError as e:
                got.append(errno.errorcode[e.errno])
        with os.fdopen(w, "wb") as f:
            pickle.dump(got, f)
        os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        got = pickle.load(f)
    os.wait()
    return got


def some_paths(rng, all_paths, count):
    links = [p for p, st in all_paths if stat.S_ISLNK(st.st_mode)]
    dirs = [p for p, st in all_paths if stat.S_ISDIR(st.st_mode)]
    every = [p for p, st in all_paths]
    out = ["/chain/40", "/chain/41", "/chain/40/", "/loop1", "/loop3/x", "/", "//", "/..", "/../..",
           "/" + "y" * 255, "/" + "y" * 256, "/none/" + "y" * 300, "/." * 2047, "/." * 2048,
           "/fifo/", "/fifo/.."]
    while len(out) < count:
        p = rng.choice(rng.choice([links, dirs, every]))
        for _ in range(rng.randrange(4)):
            p += rng.choice(["/", "/.", "/..", "/../..", "//", "/no", rng.choice(every),
                             "/" + os.path.basename(rng.choice(every)), "/" + "z" * 256])
        if len(os.fsencode(p)) < 4200:
            out.append(p)
    return out[:count]


def predicates(rng, every, pivot):
    some = os.path.basename(rng.choice(every))
    simple = re.sub(r"[^A-Za-z0-9]", "?", some)[:20]
    ref = rng.choice([p for p in every if re.fullmatch(r"[\w/]+", p)])
    rows = [["-name", simple], ["-name", "*" + some[-1:] if some[-1:].isalnum() else "*"],
            ["-iname", "F1*"], ["-path", "*/d*/*f*"], ["-ipath", "*/D1*"],
            ["-regex", r".*/[sf]1[0-9]*\(1\|2\)?"], ["-iregex", ".*/D.+"], ["-lname", "/*"],
            ["-lname", "*..*"], ["-type", "f,l"], ["-type", "b"], ["-empty"], ["-not", "-empty"],
            ["-newer", ref], ["-not", "-newer", ref], ["-samefile", ref], ["-maxdepth", "2"],
            ["-mindepth", "3", "-type", "d"], ["-inum", str(pivot)], ["-inum", "+40"],
            ["-type", "f", "-links", "+1"], ["-not", "-type", "f", "-not", "-type", "l"]]
    for letter in "fdlbcp":
        rows.append(["-type", letter])
    for size in ("0", "1", "-1k", "+1", "2", "+3k", "-2M", "1M", "513c", "-600c", "+100w", "+8b"):
        rows.append(["-size", size])
    for option in ("-links", "-uid", "-gid"):
        for n in NUMBERS + ["1000", "+1000"]:
            rows.append([option, n])
    for perm in ("644", "-644", "/111", "-4000", "/7000", "u=rw,go=r", "0", "-0", "/0", "-u+x"):
        rows.append(["-perm", perm])
    # find(1) and the shell ask by clocks minutes apart: no file is near the bounds, which are half a day
    # or hours away from what was made just before.
    for option in ("-mtime", "-atime", "-ctime"):
        for n in ("+0", "-1", "1", "-2", "+1", "+300", "-100000", "+2000000"):
            rows.append([option, n])
    for option in ("-mmin", "-cmin", "-amin"):
        for n in ("+300", "-300", "-100000", "+2000000"):
            rows.append([option, n])
    single = [row for row in rows if "-mindepth" not in row and "-maxdepth" not in row]
    return rows + [joined(rng, single, 3) for _ in range(80)]


def joined(rng, rows, depth):
    """Conditions and what joins them, as find(1) takes it."""
    row = []
    for i in range(rng.randrange(1, 4)):
        row += rng.choice(([], ["-a"], ["-o"], ["-or"], ["-and"])) if i else []
        row += ["!"] * (rng.randrange(3) == 0) + ["-not"] * (rng.randrange(5) == 0)
        if depth and rng.randrange(2):
            row += ["("] + joined(rng, rows, depth - 1) + [")"]
        else:
            row += rng.choice(rows) + ["-print0"] * (rng.randrange(20) == 0)
    return row


def ask(top, seed, out):
    rng = random.Random(seed)
    found = list(walk(top))
    answers = {"ls": {(os.fsencode(d), os.fsencode(n)): expected_row(top, p, st)
                      for d, n, p, st in found}}
    paths = [("/", os.lstat(top))] + [(p, st) for d, n, p, st in found]
    every = [p for p, st in paths]
    names = {}
    for p, st in paths:
        names.setdefault(st.st_ino, set()).add(os.fsencode(p))
    pivots = [i for i in names if len(names[i]) > 1] + rng.sample(sorted(names), min(60, len(names)))
    answers["where"] = {i: names[i] for i in pivots}
    lines = ["ls -liR /"] + ["where <%d>" % i for i in pivots]
    asked = some_paths(rng, paths, 500)
    # a script has no word without letters, and lines of the shell are bytes
    answers["resolve"] = stat_as(top, asked, None) + stat_as(top, asked[:150], None, False)
    lines += ["resolve " + quote(p) for p in asked]
    lines += ["resolve -P " + quote(p) for p in asked[:150]]
    for who in ((1000, 1000, []), (1001, 4, [70000]), (5, 5, [4, 1000])):
        answers["resolve"] += stat_as(top, asked[:300], who)
        word = ",".join(map(str, (who[1:2] + tuple(who[2]))))
        lines += ["resolve --as %d:%s %s" % (who[0], word, quote(p)) for p in asked[:300]]
    with open(out + ".json", "w") as f:
        f.write("\n".join(lines) + "\n")

    text, want = [], []

    def add(line, answer):
        text.append(line)
        text.append('stat -c "==%d" /' % len(want))
        want.append((line, answer))

    env = dict(os.environ, TZ="UTC", LC_ALL="C")
    got = subprocess.run(["stat", "-c", FORMAT] + ["./" + p[1:] for p in every], cwd=top, env=env,
                         capture_output=True)
    for p, line in zip(every, got.stdout.splitlines(keepends=True)):
        add('stat -c "%s" %s' % (FORMAT, quote(p)), line)
    for row in predicates(rng, every, pivots[0]):
        host = [top + v if v.startswith("/") and row[i - 1] in ("-newer", "-samefile") else
                v for i, v in enumerate(row)]
        got = subprocess.run(["find", "."] + host + ["-print0"], cwd=top, env=env, capture_output=True)
        add("find / " + " ".join('"%s"' % v.replace("\\", "\\\\") if not v.startswith("-") else v
                                 for v in row) + " -0",
            sorted({p[1:] or b"/" for p in got.stdout.split(b"\0")[:-1]}))	# find prints for each -print0
    # which name of a file counts depends on the order of readdir(3): -l counts all of them
    for options in ("-l", "-l -b", "-l -a --apparent-size", "-s", "-s -b", "-s -h", "-l -d 1",
                    "-l -a -h", "-l -d 2 -c"):
        got = subprocess.run("du -0 -k %s ." % options, shell=True, cwd=top, env=env, capture_output=True)
        if "-h" in options:
            got = subprocess.run("du -0 %s ." % options, shell=True, cwd=top, env=env, capture_output=True)
        add("du %s /" % options, sorted(got.stdout.split(b"\0")[:-1]))
    fs = os.statvfs(top)
    add("df", [n * fs.f_frsize // 1024 for n in (fs.f_blocks, fs.f_bfree, fs.f_bavail)])
    add("df -i", [fs.f_files, fs.f_ffree, fs.f_ffree])
    with open(out + ".text", "w") as f:
        f.write("\n".join(text) + "\n")
    answers["text"] = want
    with open(out + ".answers", "wb") as f:
        pickle.dump(answers, f)


def compare(out):
    with open(out + ".answers", "rb") as f:
        answers = pickle.load(f)
    bad = 0

    def differ(what, got, want):
        nonlocal bad
        bad += 1
        if bad < 12:
            print("%s:\n  shell  %.300r\n  kernel %.300r" % (what, got, want))

    ls, where, resolved = {}, {}, []
    for line in open(out + ".json.got", encoding="utf-8"):
        r = json.loads(line)
        if r["format"] == "extant-ls/1":
            ls[(name_of(r, "dir"), name_of(r, "name"))] = (
                r["ino"], int(r["mode"], 8), r["links"], r["uid"], r["gid"], int(r["size"]),
                r["mtime"] * 10 ** 9 + r["mtime_nsec"], r["major"], r["minor"], name_of(r, "target"))
        elif r["format"] == "extant-where/1":
            where.setdefault(r["ino"], set()).add(name_of(r, "path"))
        elif r["format"] == "extant-resolve/1":
            resolved.append(r["error"] or r["ino"])
    for key in set(ls) | set(answers["ls"]):
        if ls.get(key) != answers["ls"].get(key):
            differ("ls %r" % (key,), ls.get(key), answers["ls"].get(key))
    for ino, names in answers["where"].items():
        if where.get(ino) != names:
            differ("where <%d>" % ino, where.get(ino), names)
    questions = [q for q in open(out + ".json").read().splitlines() if q.startswith("resolve")]
    if len(resolved) != len(answers["resolve"]):
        differ("resolve", len(resolved), len(answers["resolve"]))
    for question, got, want in zip(questions, resolved, answers["resolve"]):
        if got != want:
            differ(question[:200], got, want)

    got = re.split(rb"==(\d+)\n", open(out + ".text.got", "rb").read())[0::2]
    if len(got) != len(answers["text"]) + 1:
        differ("text", len(got), len(answers["text"]) + 1)
    for (line, want), have in zip(answers["text"], got):
        if line.startswith("find"):
            have = sorted(have.split(b"\0")[:-1])
        elif line.startswith("du"):
            want = sorted(re.sub(rb"\t\.", b"\t/", w).replace(b"\t//", b"\t/") for w in want)
            have = sorted(have.splitlines())
            odd = re.compile(rb'[\\"]|[^\x20-\x7e\t]')	# the shell shows these escaped
            have, want = ([x for x in v if not odd.search(x)] for v in (have, want))
        elif line.startswith("df"):
            have = [int(x) for x in have.split()[:3]]
            want = [want[0], want[0] - want[1], want[2]]
        if have != want:
            if isinstance(want, list):
                differ(line, [x for x in have if x not in want], [x for x in want if x not in have])
            else:
                differ(line, have, want)
    print("figure: reading: %d names, %d inodes to names, %d paths resolved, %d other answers, "
          "%d different" % (len(answers["ls"]), len(answers["where"]), len(answers["resolve"]),
                            len(answers["text"]), bad))
    return bad != 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "ask":
        ask(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        sys.exit(compare(sys.argv[2]))
