#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What every byte of an ext2 image is, told by a reader of its own, against `why`.

    why.py IMAGE [OFFSETS [SEED]]

The layout of structures below is written from the kernel's documentation, the walk over
inodes is plain recursion: nothing of it comes from the library.  Roles of all blocks must
partition the volume and match the bitmaps; then for so many random bytes, chosen half from
the whole image and half from blocks in use, `why @OFFSET` must name the field that holds the
byte.  Prints what differs; exit status 1 when something does.
"""
import base64, json, os, random, struct, subprocess, sys

SUPER = """inodes_count 4 blocks_count 4 r_blocks_count 4 free_blocks_count 4 free_inodes_count 4
first_data_block 4 log_block_size 4 log_cluster_size 4 blocks_per_group 4 clusters_per_group 4
inodes_per_group 4 mtime 4 wtime 4 mnt_count 2 max_mnt_count 2 magic 2 state 2 errors 2
minor_rev_level 2 lastcheck 4 checkinterval 4 creator_os 4 rev_level 4 def_resuid 2 def_resgid 2
first_ino 4 inode_size 2 block_group_nr 2 feature_compat 4 feature_incompat 4 feature_ro_compat 4
uuid 16 volume_name 16 last_mounted 64 algorithm_usage_bitmap 4 prealloc_blocks 1
prealloc_dir_blocks 1 reserved_gdt_blocks 2 journal_uuid 16 journal_inum 4 journal_dev 4
last_orphan 4 hash_seed 4*4 def_hash_version 1 jnl_backup_type 1 desc_size 2 default_mount_opts 4
first_meta_bg 4 mkfs_time 4 jnl_blocks 4*17 blocks_count_hi 4 r_blocks_count_hi 4
free_blocks_count_hi 4 min_extra_isize 2 want_extra_isize 2 flags 4 raid_stride 2 mmp_interval 2
mmp_block 8 raid_stripe_width 4 log_groups_per_flex 1 checksum_type 1 encryption_level 1
reserved_pad 1 kbytes_written 8 snapshot_inum 4 snapshot_id 4 snapshot_r_blocks_count 8
snapshot_list 4 error_count 4 first_error_time 4 first_error_ino 4 first_error_block 8
first_error_func 32 first_error_line 4 last_error_time 4 last_error_ino 4 last_error_line 4
last_error_block 8 last_error_func 32 mount_opts 64 usr_quota_inum 4 grp_quota_inum 4
overhead_blocks 4 backup_bgs 4*2 encrypt_algos 4 encrypt_pw_salt 16 lpf_ino 4 prj_quota_inum 4
checksum_seed 4 wtime_hi 1 mtime_hi 1 mkfs_time_hi 1 lastcheck_hi 1 first_error_time_hi 1
last_error_time_hi 1 first_error_errcode 1 last_error_errcode 1 encoding 2 encoding_flags 2
orphan_file_inum 4 def_resuid_hi 2 def_resgid_hi 2 reserved 372 checksum 4"""
INODE = """mode 2 uid 2 size 4 atime 4 ctime 4 mtime 4 dtime 4 gid 2 links_count 2 blocks 4
flags 4 version 4 block 4*15 generation 4 file_acl 4 size 4 faddr 4 blocks_hi 2 file_acl_hi 2
uid 2 gid 2 checksum_lo 2 reserved2 2"""
EXTRA = """checksum_hi 2 ctime_extra 4 mtime_extra 4 atime_extra 4 crtime 4 crtime_extra 4
version_hi 4 projid 4"""
GROUP = """block_bitmap 4 inode_bitmap 4 inode_table 4 free_blocks_count 2 free_inodes_count 2
used_dirs_count 2 flags 2 exclude_bitmap 4 block_bitmap_csum 2 inode_bitmap_csum 2
itable_unused 2 checksum 2"""
DIRENT = "inode 4 rec_len 2 name_len 1 file_type 1"
XENTRY = "name_len 1 name_index 1 value_offs 2 value_inum 4 value_size 4 hash 4"
XHEADER = "magic 4 refcount 4 blocks 4 hash 4 checksum 4 reserved 12"
REV1 = {"first_ino", "inode_size", "block_group_nr", "feature_compat", "feature_incompat",
        "feature_ro_compat"}
SPLIT = {"size": 4, "uid": 2, "gid": 2}


def fields(text):
    """name, bytes from the structure's start, length, bytes of the field before it"""
    words, at, seen = text.split(), 0, set()
    for name, size in zip(words[::2], words[1::2]):
        size, _, times = size.partition("*")
        for i in range(int(times or 1)):
            label = f"{name}[{i}]" if times else name
            yield label, at, int(size), SPLIT[name] if name in seen else 0
            at += int(size)
        seen.add(name)


class Image:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.b = bytearray(f.read())
        b = self.b
        sb = self.sb = dict((n, int.from_bytes(b[1024 + a:1024 + a + s], "little"))
                            for n, a, s, _ in fields(SUPER))
        assert sb["magic"] == 0xef53
        self.bs = 1024 << sb["log_block_size"]
        self.blocks, self.first = sb["blocks_count"], sb["first_data_block"]
        self.rev = sb["rev_level"]
        self.isize = sb["inode_size"] if self.rev else 128
        self.first_ino = sb["first_ino"] if self.rev else 11
        self.groups = -(-(self.blocks - self.first) // sb["blocks_per_group"])
        self.incompat = sb["feature_incompat"] if self.rev else 0
        self.ro = sb["feature_ro_compat"] if self.rev else 0
        self.compat = sb["feature_compat"] if self.rev else 0
        assert not self.incompat & ~2, "an image this reader does not know"
        self.role, self.parts = {}, {}
        self.owner = {}
        self.layout()
        self.inodes()

    def u32(self, at):
        return struct.unpack_from("<I", self.b, at)[0]

    def u16(self, at):
        return struct.unpack_from("<H", self.b, at)[0]

    def put(self, at, length, structure, obj, label, skip=0):
        if length:
            self.parts.setdefault(at // self.bs, []).append((at, length, structure, obj, label, skip))

    def part(self, at):
        """What holds a byte; what was found first has it."""
        for first, length, structure, obj, label, skip in self.parts.get(at // self.bs, ()):
            if first <= at < first + length:
                if label and label[0] == "data":
                    label = ("data", label[1] + at - first)
                return structure, obj, label, skip + at - first
        return None

    def each(self):
        return (p for of_block in self.parts.values() for p in of_block)

    def struct(self, text, at, structure, obj, skip_names=()):
        for name, off, size, skip in fields(text):
            if name not in skip_names:
                self.put(at + off, size, structure, obj, name, skip)

    def claim(self, blk, role):
        assert blk not in self.role, f"block {blk}: {self.role.get(blk)} and {role}"
        self.role[blk] = role

    def has_super(self, g):
        if self.compat & 0x200:
            return g in (0, self.u32(1024 + 0x24c), self.u32(1024 + 0x250))
        if not self.ro & 1 or g < 2:
            return True
        for n in (3, 5, 7):
            k = n
            while k < g:
                k *= n
            if k == g:
                return True
        return False

    def group_first(self, g):
        return self.first + g * self.sb["blocks_per_group"]

    def layout(self):
        bs, per = self.bs, self.sb["inodes_per_group"]
        descs = -(-self.groups * 32 // bs)
        self.table = {}
        if self.first == 1:
            self.claim(0, "boot")
        self.put(0, 1024, None, None, "boot")
        for g in range(self.groups):
            start = self.group_first(g)
            if self.has_super(g):
                self.claim(start, "superblock")
                at = 1024 if g == 0 else start * bs
                name = f"sb:{g}" if g else "sb"
                self.struct(SUPER, at, "super", name, () if self.rev else REV1)
                for i in range(descs):
                    self.claim(start + 1 + i, "descriptors")
                for i in range(self.groups):
                    self.struct(GROUP, (start + 1) * bs + 32 * i, "group",
                                f"^{i}" + (f" copy in group {g}" if g else ""))
                for i in range(self.sb["reserved_gdt_blocks"] if self.compat & 0x10 else 0):
                    self.claim(start + 1 + descs + i, "growth")
            d = (self.first + 1) * bs + 32 * g
            bb, ib, it = (self.u32(d + 4 * i) for i in range(3))
            last = min(start + self.sb["blocks_per_group"], self.blocks)
            self.claim(bb, "block_bitmap")
            self.claim(ib, "inode_bitmap")
            for i in range(-(-per * self.isize // bs)):
                self.claim(it + i, "inode_table")
            for i in range(-(-(last - start) // 8)):
                self.put(bb * bs + i, 1, None, f"^{g}/bb", ("bits", start + 8 * i,
                                                          min(8, last - start - 8 * i)))
            for i in range(-(-per // 8)):
                self.put(ib * bs + i, 1, None, f"^{g}/ib", ("bits", g * per + 8 * i + 1,
                                                           min(8, per - 8 * i)))
            self.table[g] = (bb, ib, it)

    def inodes(self):
        per = self.sb["inodes_per_group"]
        for ino in range(1, self.groups * per + 1):
            g, i = divmod(ino - 1, per)
            at = self.table[g][2] * self.bs + i * self.isize
            self.inode(ino, at)

    def inode(self, ino, at):
        name = f"<{ino}>"
        size, sectors = self.u32(at + 4), self.u32(at + 28)
        if self.u32(at + 104):
            sectors -= self.bs // 512
        if self.u16(at) >> 12 == 10 and sectors == 0 and 1 <= size <= 59:
            self.put(at + 40, size, None, None, ("text",))
            self.put(at + 40 + size, 60 - size, None, None, "unused")
        self.struct(INODE, at, "inode", name)
        if self.isize > 128:
            self.put(at + 128, 2, "inode", name, "extra_isize")
            extra = self.u16(at + 128)
            for label, off, size, _ in fields(EXTRA):
                if 130 + off + size <= 128 + extra and 130 + off + size <= self.isize:
                    self.put(at + 130 + off, size, "inode", name, label)
            if 0 < extra <= self.isize - 136 and self.u32(at + 128 + extra) == 0xea020000:
                self.put(at + 128 + extra, 4, "xattr_ibody", name, "magic")
                first = at + 132 + extra
                self.xattrs(first, first, at + self.isize, name)
        mode, links, size = self.u16(at), self.u16(at + 26), self.u32(at + 4)
        reserved = ino < self.first_ino and ino != 2
        if not (reserved or (links and mode)):
            return
        acl, kind = self.u32(at + 104), mode >> 12
        if acl:
            if self.role.get(acl) != "attributes":
                self.claim(acl, "attributes")
                self.struct(XHEADER, acl * self.bs, "xattr_header", name)
                self.xattrs(acl * self.bs + 32, acl * self.bs, (acl + 1) * self.bs, name)
        if kind == 8:
            size |= self.u32(at + 108) << 32
        sectors = self.u32(at + 28) - (self.bs // 512 if acl else 0)
        if kind not in (0, 4, 8, 10) or (kind == 10 and sectors == 0):
            return
        flags = self.u32(at + 32)
        for i in range(15):
            self.tree(ino, kind, flags, size, self.u32(at + 40 + 4 * i), max(0, i - 11),
                      [i, 12, 12 + self.bs // 4, 12 + self.bs // 4 + (self.bs // 4) ** 2]
                      [max(0, i - 11)])

    def tree(self, ino, kind, flags, size, blk, level, lblk):
        if not blk:
            return
        if ino == 7:
            if self.role.get(blk) == "growth":
                pass
            else:
                self.claim(blk, ["growth", "single", "double", "triple"][level])
        elif level:
            self.claim(blk, ["", "single", "double", "triple"][level])
        else:
            self.claim(blk, {4: "directory", 10: "symlink"}.get(kind, "data") if ino != 1 else "bad")
        self.owner[blk] = (ino, lblk)
        at, bs = blk * self.bs, self.bs
        if level:
            for i in range(bs // 4):
                self.put(at + 4 * i, 4, None, f"<{ino}>", ("pointer", i))
                self.tree(ino, kind, flags, size, self.u32(at + 4 * i), level - 1,
                          lblk + i * (bs // 4) ** (level - 1))
        elif kind == 4:
            self.directory(ino, at, lblk, flags & 0x1000)
        elif ino not in (1, 7):
            end = max(0, min(bs, size - lblk * bs))
            self.put(at, end, None, None, ("text",) if kind == 10 else ("data", lblk * bs))
            self.put(at + end, bs - end, None, None, "slack")

    def directory(self, ino, at, lblk, indexed):
        end, off, n = at + self.bs, at, 0
        while off < end:
            rec, name_len = self.u16(off + 4), self.b[off + 6]
            if self.bs == 65536 and rec in (0, 65535):
                rec = 65536
            used = self.u32(off)
            name = bytes(self.b[off + 8:off + 8 + name_len]) if used else None
            self.struct(DIRENT, off, "dirent", (ino, n, name))
            if used:
                self.put(off + 8, name_len, None, (ino, n, name), "name")
            if indexed and lblk == 0 and n == 1:
                for i, (label, size) in enumerate((("reserved_zero", 4), ("hash_version", 1),
                        ("info_length", 1), ("indirect_levels", 1), ("unused_flags", 1))):
                    self.put(at + 24 + (0, 4, 5, 6, 7)[i], size, "dx_info", f"<{ino}>", label)
                self.index(ino, at + 32)
            elif indexed and lblk and not used and rec == self.bs and \
                    self.u16(off + 8) == (self.bs - 8) // 8:
                self.index(ino, off + 8)
            off, n = off + rec, n + 1

    def index(self, ino, at):
        self.put(at, 2, "dx_count", f"<{ino}>", "limit")
        self.put(at + 2, 2, "dx_count", f"<{ino}>", "count")
        for i in range(self.u16(at + 2)):
            if i:
                self.put(at + 8 * i, 4, "dx_entry", (ino, i, None), "hash")
            self.put(at + 8 * i + 4, 4, "dx_entry", (ino, i, None), "block")

    def xattrs(self, at, values, end, obj):
        n = 0
        while at + 4 <= end:
            if self.u32(at) == 0:
                self.put(at, 4, None, None, "end")
                return
            name_len, offs, inum, size = self.b[at], self.u16(at + 2), self.u32(at + 4), self.u32(at + 8)
            key = (obj, n, bytes(self.b[at + 16:at + 16 + name_len]))
            self.struct(XENTRY, at, "xattr_entry", key)
            self.put(at + 16, name_len, None, key, "name")
            if not inum:
                self.put(values + offs, size, None, key, "value")
            at, n = (at + 16 + name_len + 3) & ~3, n + 1


def byte_of(rnd, part):
    return part[0] + rnd.randrange(part[1])


def ask(image, lines):
    script = "".join(line + "\n" for line in lines)
    run = subprocess.run(["extant-debugfs", "--json", "-f", "-", image], input=script.encode(),
                         stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def check_roles(im, path):
    bad, seen, uses = 0, set(), []
    for r in ask(path, [f"why 0-{im.blocks - 1}"]):
        blk, want = r["block"], im.role.get(r["block"])
        uses.append(r["role"])
        assert blk not in seen
        seen.add(blk)
        if want is None:
            g = (blk - im.first) // im.sb["blocks_per_group"]
            bit = blk - im.group_first(g)
            used = im.b[im.table[g][0] * im.bs + bit // 8] >> bit % 8 & 1
            want = "lost" if used else "free"
            if r["in_use"] != bool(used):
                want = "another bit"
        elif r["in_use"] is False:
            want = f"marked free, a {want}"
        owner = im.owner.get(blk)
        got = (r["inos"][0], r["lblk"]) if r["inos"] and r["role"] != "attributes" else None
        if r["role"] != want or got != owner or (r["chain"] and r["chain"][-1] != blk) or \
                r["consistent"] != (want not in ("lost",)):
            bad += 1
            if bad < 10:
                print(f"{path}: block {blk}: {r['role']} {got}, not {want} {owner}: {r}")
    if len(seen) != im.blocks:
        print(f"{path}: {len(seen)} of {im.blocks} blocks")
        bad += 1
    return bad


def same(im, at, r):
    part = im.part(at)
    if part is None:
        return r["part"] in ("unused", "padding", "slack")
    structure, obj, label, skip = part
    if label in ("boot", "slack", "end", "unused"):
        return r["part"] == label
    if label == ("text",):
        return r["part"] == "text"
    if label[0] == "data":
        return r["part"] == "data" and r["first_item"] == label[1]
    if label[0] == "bits":
        return r["part"] == "bits" and (r["first_item"], r["items"]) == label[1:] and \
            r["object"] == obj
    if label[0] == "pointer":
        return r["part"] == "pointer" and r["field"] == f"[{label[1]}]" and \
            (r["object"] == obj) and r["offset_in_field"] == skip
    if isinstance(obj, tuple):
        name = r.get("name")
        if "name_b64" in r:
            name = base64.b64decode(r["name_b64"])
        elif name is not None:
            name = name.encode()
        owner = obj[0] if isinstance(obj[0], str) else f"<{obj[0]}>"
        object_of = r.get("object", owner)
        if r["entry"] != obj[1] or (obj[2] is not None and obj[2] != name) or \
                not object_of.endswith(owner):
            return False
        obj = r.get("object")
    return (r["structure"], r.get("object"), r["field"], r["offset_in_field"]) == \
        (structure, obj, label, skip) and \
        r["field_at"] <= at < r["field_at"] + r["field_bytes"]


def check_bytes(im, path, count, rnd):
    used = sorted(im.role)
    meta = [b for b in used if im.role[b] not in ("data", "inode_table", "growth")]
    live = [p for p in im.each() if p[2] == "inode" and im.u16(p[0] - p[0] % im.isize) or
            p[2] in ("xattr_entry", "xattr_header", "dirent", "dx_entry", "dx_info")]
    offsets = []
    for i in range(count):
        pick = i % 4
        if pick == 0:
            offsets.append(rnd.randrange(im.blocks * im.bs))
        elif pick == 1:
            offsets.append(rnd.choice(used) * im.bs + rnd.randrange(im.bs))
        elif pick == 2:
            offsets.append(rnd.choice(meta) * im.bs + rnd.randrange(im.bs))
        else:
            offsets.append(byte_of(rnd, rnd.choice(live)))
    bad = 0
    lines = ["why " + " ".join(f"@{o}" for o in offsets[i:i + 50])
             for i in range(0, len(offsets), 50)]
    answers = ask(path, lines)
    assert len(answers) == len(offsets)
    for at, r in zip(offsets, answers):
        if r["offset"] != at or not same(im, at, r):
            bad += 1
            if bad < 10:
                print(f"{path}: byte {at} is {im.part(at)}, not {r}")
    return bad


def check_flips(path, count, rnd, offsets):
    """A byte changed in a transaction: `changes`, which has its own way, tells the same field."""
    lines, at = [], rnd.sample(offsets, min(count, len(offsets)))
    for o in at:
        lines += ["begin", f"zap -l 1 -b {rnd.randrange(8)} @{o}", "changes", "rollback",
                  f"why @{o}"]
    run = subprocess.run(["extant-debugfs", "--json", "-w", "-f", "-", path], check=True,
                         input="".join(x + "\n" for x in lines).encode(), stdout=subprocess.PIPE)
    records, bad, told = [json.loads(x) for x in run.stdout.splitlines()], 0, []
    for r in records:
        if r["format"] == "extant-change/1":
            if r["kind"] != "field" or r["before"] != r["after"]:	# a time that is near
                told.append(r)
            continue
        o, told = r["offset"], [c for c in told if c["kind"] != "text"] or told
        change, told = told, []		# the text of a symlink is told beside the pointer
        where = [tuple(map(int, b.split("+"))) for c in change for b in c["bytes"]]
        ok = len(change) == 1 and any(a <= o < a + n for a, n in where)
        if ok and change[0]["kind"] == "field" and r["part"] == "field":
            ok = change[0]["field"].split(".")[-1] == r["field"]
        elif ok and change[0]["kind"] == "field":
            ok = r["part"] in ("name", "value", "padding", "unused", "text")
        if not ok:
            bad += 1
            if bad < 10:
                print(f"{path}: byte {o} changed: {change}, but it is {r}")
    return bad


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    im = Image(path)
    rnd = random.Random(seed)
    bad = check_roles(im, path) + check_bytes(im, path, count, rnd)
    known = [p for p in im.each() if p[2] in ("super", "group", "inode")]
    known = [byte_of(rnd, rnd.choice(known)) for _ in range(count)]
    bad += check_flips(path, count // 10, rnd, known)
    print(f"{os.path.basename(path)}: {im.blocks} blocks, {count} bytes, seed {seed}: {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
