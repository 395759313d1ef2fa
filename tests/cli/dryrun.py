# SPDX-License-Identifier: MIT
"""Whether a dry run named everything that the real run changed.

    dryrun.py BEFORE AFTER RECORDS

BEFORE and AFTER are images, RECORDS what --dry-run --json printed.  The bytes that differ are
mapped to structures here, by a reading of the format that shares nothing with the library:
each must be named by object and field, and lie in the places that the records give.
"""
import json
import struct
import sys

SUPER = {0: ("inodes_count", 4), 4: ("blocks_count", 4), 12: ("free_blocks_count", 4),
         16: ("free_inodes_count", 4), 44: ("mtime", 4), 48: ("wtime", 4), 52: ("mnt_count", 2),
         54: ("max_mnt_count", 2), 58: ("state", 2), 60: ("errors", 2), 84: ("first_ino", 4),
         92: ("feature_compat", 4), 96: ("feature_incompat", 4), 100: ("feature_ro_compat", 4),
         120: ("volume_name", 16)}
GROUP = {0: ("block_bitmap", 4), 4: ("inode_bitmap", 4), 8: ("inode_table", 4),
         12: ("free_blocks_count", 2), 14: ("free_inodes_count", 2), 16: ("used_dirs_count", 2),
         18: ("flags", 2)}
INODE = {0: ("mode", 2), 2: ("uid", 2), 4: ("size", 4), 8: ("atime", 4), 12: ("ctime", 4),
         16: ("mtime", 4), 20: ("dtime", 4), 24: ("gid", 2), 26: ("links_count", 2),
         28: ("blocks", 4), 32: ("flags", 4), 36: ("version", 4), 100: ("generation", 4),
         104: ("file_acl", 4), 108: ("size", 4), 120: ("uid", 2), 122: ("gid", 2),
         128: ("extra_isize", 2), 132: ("ctime_extra", 4), 136: ("mtime_extra", 4),
         140: ("atime_extra", 4), 144: ("crtime", 4), 148: ("crtime_extra", 4)}
INODE.update({40 + 4 * i: ("block[%d]" % i, 4) for i in range(15)})


def u16(b, at):
    return struct.unpack_from("<H", b, at)[0]


def u32(b, at):
    return struct.unpack_from("<I", b, at)[0]


class Image:
    def __init__(self, path):
        self.b = b = open(path, "rb").read()
        self.bs = 1024 << u32(b, 1048)
        self.first = u32(b, 1044)
        self.bpg, self.ipg = u32(b, 1056), u32(b, 1064)
        self.blocks = u32(b, 1028)
        self.isize = u16(b, 1112) if u32(b, 1100) else 128
        self.groups = (self.blocks - self.first + self.bpg - 1) // self.bpg
        self.gd = (self.first + 1) * self.bs

    def desc(self, group, at):
        return u32(self.b, self.gd + 32 * group + at)

    def used(self, blk):
        group, bit = divmod(blk - self.first, self.bpg)
        return self.b[self.desc(group, 0) * self.bs + bit // 8] >> bit % 8 & 1

    def holds_text(self, at):
        """Whether the inode at a byte is a symlink whose text stands in block[]."""
        return u16(self.b, at) >> 12 == 10 and u32(self.b, at + 4) < 60

    def entries(self, blk):
        """Names in use of a block that reads as a directory's, or None."""
        base, at, found = blk * self.bs, 0, {}
        while at < self.bs:
            ino, length, name_len = u32(self.b, base + at), u16(self.b, base + at + 4), \
                self.b[base + at + 6]
            if length < 8 or length % 4 or at + length > self.bs or name_len + 8 > length:
                return None
            if ino:
                found[self.b[base + at + 8:base + at + 8 + name_len]] = ino
            at += length
        return found


def field_at(fields, offset):
    for at, (name, size) in fields.items():
        if at <= offset < at + size:
            return name
    return None


def main():
    old, new = Image(sys.argv[1]), Image(sys.argv[2])
    records = [r for r in map(json.loads, open(sys.argv[3])) if r["format"] == "extant-change/1"]
    fields = {(r["object"], r["field"]) for r in records if r["kind"] in ("field", "bits")}
    texts = {r["object"] for r in records if r["kind"] == "text"}
    entries = {r["name"] for r in records if r["kind"] == "entry"}
    places = bytearray(len(old.b))
    ranges = {}
    for r in records:
        for place in r["bytes"]:
            at, size = map(int, place.split("+"))
            places[at:at + size] = b"\1" * size
        if r["kind"] == "bits" and not r["field"].startswith("bits"):
            first, _, last = r["field"].partition("-")
            ranges.setdefault(r["object"], []).append((int(first), int(last or first)))
    wrong = []

    def need(obj, field):
        if (obj, field) not in fields:
            wrong.append("%s.%s" % (obj, field))

    def need_bits(obj, base, first, at):
        for bit in range(8):
            n = first + 8 * (at - base) + bit
            if (old.b[at] ^ new.b[at]) >> bit & 1 and \
                    not any(a <= n <= z for a, z in ranges.get(obj, [])):
                wrong.append("%s %d" % (obj, n))

    assert len(old.b) == len(new.b)
    changed = 0
    dirs = set()
    for blk in range(old.blocks):
        span = slice(blk * old.bs, (blk + 1) * old.bs)
        if old.b[span] == new.b[span]:
            continue
        changed += 1
        for at in range(span.start, span.stop):
            if old.b[at] == new.b[at]:
                continue
            if not places[at]:
                wrong.append("byte %d" % at)
            if 1024 <= at < 2048:
                need("sb", field_at(SUPER, at - 1024))
                continue
            if 0 <= at - old.gd < 32 * old.groups:
                group, offset = divmod(at - old.gd, 32)
                need("^%d" % group, field_at(GROUP, offset))
                continue
            for group in range(old.groups):
                bb, ib, it = (old.desc(group, x) * old.bs for x in (0, 4, 8))
                if bb <= at < bb + old.bs:
                    need_bits("^%d/bb" % group, bb, old.first + group * old.bpg, at)
                elif ib <= at < ib + old.bs:
                    need_bits("^%d/ib" % group, ib, 1 + group * old.ipg, at)
                elif it <= at < it + old.ipg * old.isize:
                    n, offset = divmod(at - it, old.isize)
                    name, obj = field_at(INODE, offset), "<%d>" % (1 + group * old.ipg + n)
                    if name and name.startswith("block[") and new.holds_text(at - offset):
                        if obj not in texts or (obj, name) in fields:
                            wrong.append("text of %s" % obj)
                    elif name:
                        need(obj, name)
                else:
                    continue
                break
            else:
                dirs.add(blk)
    for blk in dirs:
        was = old.entries(blk) if old.used(blk) else {}
        now = new.entries(blk)
        if was is None or now is None:
            continue
        for name in set(was) ^ set(now):
            if name.decode("utf-8", "surrogateescape") not in entries:
                wrong.append("name %r" % name)
    if wrong or not changed:
        print("not named:", ", ".join(sorted(set(wrong))[:10]) or "nothing changed at all")
        sys.exit(1)


main()
