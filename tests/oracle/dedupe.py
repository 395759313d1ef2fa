#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trees with many files of the same content, and whether those were found.

make SEED DIR           fills DIR, which is empty
check HOW TREE DIR N    DIR is TREE after it was deduplicated: HOW is content, strict, or unshared; N is
                        what was said, "12 names: 6 inodes, ..."
many DIR COUNT          one content under more names than an inode may have
"""
import hashlib
import os
import random
import re
import stat
import sys


def paths(top):
    """All paths below, as bytes, in an order that does not depend on the file system."""
    for base, dirs, files in os.walk(os.fsencode(top)):
        dirs.sort()
        for name in sorted(files + dirs):
            path = os.path.join(base, name)
            if name != b'lost+found':
                yield os.path.relpath(path, os.fsencode(top))


def make(seed, top):
    r = random.Random(seed)
    sizes = [1, 59, 1000, 1023, 1024, 1025, 4096, 4097, 20000, 70000, 300000]
    contents = []
    for k in range(40):
        size = r.choice(sizes)
        base = bytearray(r.choice([b'\0', b'a', b'ab\n']) * size)[:size]
        if r.random() < 0.7:        # often the same but for a byte, first, last or somewhere
            base[r.choice([0, -1, r.randrange(size)])] = r.randrange(256)
        contents.append(bytes(base))
    dirs = [top]
    for i in range(r.randrange(3, 20)):
        path = os.path.join(r.choice(dirs), 'd%d' % i)
        os.mkdir(path)
        dirs.append(path)
    made = []
    odd = ['a b', 'new\nline', 'q"uote', '<12>', 'x' * 230, 'esc\x1b[31m', 'ünï']
    for i in range(r.randrange(50, 250)):
        name = r.choice(odd) if r.random() < 0.05 else 'f%d' % i
        path = os.path.join(r.choice(dirs), name)
        if os.path.lexists(path):
            continue
        kind = r.random()
        if made and kind < 0.15:
            os.link(r.choice(made), path)
            continue
        if kind < 0.18:
            os.symlink(r.choice(['f1', '/d1', 'nowhere']), path)
            continue
        data = b'' if kind < 0.22 else r.choice(contents)
        with open(path, 'wb') as f:
            if r.random() < 0.3:    # blocks of zeros as holes
                for at in range(0, len(data), 4096):
                    if data[at:at + 4096].strip(b'\0'):
                        f.seek(at)
                        f.write(data[at:at + 4096])
                f.truncate(len(data))
            else:
                f.write(data)
        os.chmod(path, r.choice([0o644, 0o644, 0o644, 0o600]))
        if os.geteuid() == 0:
            os.chown(path, r.choice([0, 0, 0, 1000]), r.choice([0, 0, 100]))
        for name in ('user.a', 'user.b'):
            if r.random() < 0.1:
                try:
                    os.setxattr(path, name, r.choice([b'1', b'2' * 300]))
                except OSError:
                    pass
        made.append(path)
    for path in made:
        when = 1700000000 + r.choice([0, 0, 0, 5])
        os.utime(path, (when, when))


def meta(path):
    st = os.lstat(path)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, int(st.st_mtime),
            tuple((n, os.getxattr(path, n, follow_symlinks=False)) for n in names))


def content(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).digest()


def partition(keys):
    """Which paths have the same key: a set of sets."""
    groups = {}
    for path, key in keys.items():
        groups.setdefault(key, set()).add(path)
    return set(frozenset(g) for g in groups.values())


def check(how, tree, top, said):
    tree, top = os.fsencode(tree), os.fsencode(top)
    want, got, metas = {}, {}, {}
    assert sorted(paths(tree)) == sorted(paths(top)), 'other names'
    for path in paths(tree):
        old, new = os.path.join(tree, path), os.path.join(top, path)
        st, now = os.lstat(old), os.lstat(new)
        assert stat.S_IFMT(st.st_mode) == stat.S_IFMT(now.st_mode), path
        if stat.S_ISLNK(st.st_mode):
            assert os.readlink(old) == os.readlink(new), path
        if not stat.S_ISREG(st.st_mode):
            continue
        key = content(old)
        assert key == content(new), b'other content: ' + path
        if how == 'unshared':
            want[path] = path
        elif st.st_size == 0:
            want[path] = st.st_ino
        else:
            want[path] = (key, meta(old) if how == 'strict' else None)
        if how != 'content':
            assert meta(old) == meta(new), (path, meta(old), meta(new))
        metas.setdefault(key, set()).add(meta(old))
        assert meta(new) in metas[key] or how == 'content', path
        got[path] = now.st_ino
    for path in got:        # what stays is one of those that were there
        assert meta(os.path.join(top, path)) in metas[content(os.path.join(top, path))], path
    assert partition(want) == partition(got), 'other inodes'
    numbers = [int(n.replace(',', '')) for n in re.match(r'([\d,]+) names?: ([\d,]+) inodes?',
                                                         said).groups()]
    assert numbers == [len(got), len(partition(got))], (said, len(got), len(partition(got)))
    print(len(got), len(partition(want)))


def many(top, count):
    """count names of one inode, and 30 files of the same content."""
    first = os.path.join(top, 'first')
    with open(first, 'w') as f:
        f.write('the same')
    os.mkdir(os.path.join(top, 'd'))
    for i in range(count - 1):
        os.link(first, os.path.join(top, 'd', '%d' % i))
    for i in range(30):
        with open(os.path.join(top, 'twin%d' % i), 'w') as f:
            f.write('the same')


if sys.argv[1] == 'make':
    make(int(sys.argv[2]), sys.argv[3])
elif sys.argv[1] == 'many':
    many(sys.argv[2], int(sys.argv[3]))
else:
    check(*sys.argv[2:6])
