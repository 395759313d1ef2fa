# SPDX-License-Identifier: MIT
# Symbolic links of every length, and links whose size is damaged.
#   symlinks.py make DIR SCRIPT BS     links in DIR, and lines of the shell that make the same
#   symlinks.py judge MOUNT BS SEED    what a mount shows of them
#   symlinks.py limit OUT BS           what the shell said of lengths that do not fit
#   symlinks.py some MOUNT BS SEED     links of some lengths, with and without attributes
#   symlinks.py hurt IMAGE SEED        sizes of a quarter of the links hit at random
#   symlinks.py kept MOUNT BS SEED     how many of the texts a mount shows, and how many there were
import os
import random
import stat
import struct
import sys

LONGEST = 4095	# of symlink(2)
PATHS = (b"abcdefghijklmnopqrstuvwxyz/._-0123456789" * 7)[:256]
ANY = b"\1" + bytes(range(1, 256))
WORDS = "ä ö ü 日 本 語 ł € / x y z -1".split()


def text(n, seed):
    """The text of n bytes: paths, UTF-8 (which may be cut at its end) or any bytes."""
    rng = random.Random(seed * 100000 + n)
    kind = rng.randrange(4)
    if kind == 1:
        return "".join(rng.choices(WORDS, k=n)).encode()[:n]
    return rng.randbytes(n).translate(ANY if kind == 2 else PATHS)


def quote(raw):
    return '"' + "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\' else "\\x%02x" % c
                         for c in raw) + '"'


def make(top, script, bs, seed):
    os.makedirs(top)
    for n in range(1, min(bs, LONGEST) + 1):
        if n < bs:
            os.symlink(text(n, seed), os.path.join(top, "l%d" % n))
    with open(script, "w") as f:
        f.write("mkdir /shell\n")
        for n in range(0, bs + 2):
            f.write("ln -s %s /shell/l%d\n" % (quote(text(n, seed)), n))


def links_of(top):
    for d, _, names in os.walk(os.fsencode(top)):
        for name in names:
            yield os.path.join(d, name)


def judge(top, bs, seed):
    wrong = count = 0
    for where in sorted(os.listdir(top)):
        if where == "lost+found":
            continue
        most = min(bs - 1, LONGEST) if where == "tree" else bs - 1
        there = {int(n[1:]) for n in os.listdir(os.path.join(top, where))}
        if there != set(range(1, most + 1)):
            print("%s: lengths %r" % (where, there ^ set(range(1, most + 1))))
            wrong += 1
        for n in there:
            path = os.path.join(top, where, "l%d" % n)
            st = os.lstat(path)
            count += 1
            got = (os.readlink(os.fsencode(path)), st.st_size, st.st_blocks, stat.S_ISLNK(st.st_mode))
            if got != (text(n, seed), n, 0 if n < 60 else bs // 512, True):
                wrong += 1
                print("%s: %.200r" % (path, got))
    print("figure: symlinks: %d links on a volume of blocks of %d, %d wrong" % (count, bs, wrong))
    return wrong != 0 or count == 0


def limit(out, bs):
    """Each of 0, bs and bs + 1 was refused, and nothing else."""
    said = [x for x in open(out, encoding="utf-8", errors="replace").read().splitlines() if ": ln: " in x]
    ok = len(said) == 3 and all("/l%d:" % n in x for n, x in zip((0, bs, bs + 1), said))
    if not ok:
        print("\n".join(x[:200] for x in said))
    return not ok


class Image:
    """As much of the format as finds the inodes of an image."""

    def __init__(self, path):
        self.path = path
        self.data = bytearray(open(path, "rb").read())
        sb = self.data[1024:2048]
        self.bs = 1024 << struct.unpack_from("<I", sb, 24)[0]
        self.first = struct.unpack_from("<I", sb, 20)[0]
        self.per_group = struct.unpack_from("<I", sb, 40)[0]
        self.inodes = struct.unpack_from("<I", sb, 0)[0]
        self.isize = struct.unpack_from("<H", sb, 88)[0] if struct.unpack_from("<I", sb, 76)[0] else 128

    def at(self, ino):
        group, index = divmod(ino - 1, self.per_group)
        desc = (self.first + 1) * self.bs + 32 * group
        return struct.unpack_from("<I", self.data, desc + 8)[0] * self.bs + index * self.isize

    def symlinks(self):
        for ino in range(11, self.inodes + 1):
            at = self.at(ino)
            mode, links = struct.unpack_from("<H24xH", self.data, at)
            if stat.S_ISLNK(mode) and links:
                yield ino, at

    def save(self):
        open(self.path, "wb").write(self.data)


def lengths(bs, seed):
    rng = random.Random(seed)
    return sorted({1, 2, 57, 58, 59, 60, 61, 62, bs - 2, bs - 1} |
                  {rng.randrange(1, 60) for _ in range(40)} | {rng.randrange(60, bs) for _ in range(50)})


def some(top, bs, seed):
    rng = random.Random(seed)
    for n in lengths(bs, seed):
        path = os.path.join(top, "l%d" % n)
        os.symlink(text(n, seed), path)
        if rng.random() < .2:
            os.setxattr(path, "trusted.t", b"x" * rng.randrange(1, 300), follow_symlinks=False)


def hurt(path, seed):
    image, rng = Image(path), random.Random(seed)
    links = list(image.symlinks())
    one_kind = rng.randrange(8)
    for ino, at in rng.sample(links, len(links) // 4):
        size = struct.unpack_from("<I", image.data, at + 4)[0]
        kind = rng.randrange(4) if one_kind > 3 else one_kind
        if kind == 0:
            new = size ^ (1 << rng.randrange(32))
        elif kind == 1:
            new = rng.choice([0, 1, size - 1, size + 1, 59, 60, 61, image.bs - 1, image.bs, 4095,
                              size * 2, 0xffffffff, 0x80000000])
        elif kind == 2:
            new = rng.randrange(1, image.bs)
        else:
            new = rng.getrandbits(rng.choice([6, 8, 12, 16, 32]))
        struct.pack_into("<I", image.data, at + 4, new & 0xffffffff)
    image.save()


def kept(top, bs, seed):
    have = 0
    for n in lengths(bs, seed):
        try:
            good = os.readlink(os.fsencode(os.path.join(top, "l%d" % n))) == text(n, seed)
        except OSError:
            good = False
        have += good
        if not good and os.environ.get("VERBOSE"):
            print("l%d is lost" % n, file=sys.stderr)
    print("%d %d" % (have, len(lengths(bs, seed))))


if __name__ == "__main__":
    do = sys.argv[1]
    if do == "make":
        make(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    elif do == "judge":
        sys.exit(judge(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    elif do == "limit":
        sys.exit(limit(sys.argv[2], int(sys.argv[3])))
    elif do == "some":
        some(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif do == "hurt":
        hurt(sys.argv[2], int(sys.argv[3]))
    else:
        kept(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
