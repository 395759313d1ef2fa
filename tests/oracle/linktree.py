#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A tree with every case of links in it, and which names of a tree are names of one inode.

linktree.py make DIR OUTSIDE BLOCK_SIZE NAMES SUBDIRS [SEED]   OUTSIDE: a directory beside it, for names
                                                               that the tree does not have
linktree.py list DIR [--exact] [--without KINDS]   a line for each inode: kind, mode, content, all names; with
                                         --exact counts must be those of the names; KINDS: letters of ls -l
"""
import hashlib, os, random, socket, stat, sys

def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)

def link(a, b):
    os.link(a, b, follow_symlinks=False)

def bind(path):
    s = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(os.path.dirname(path) or '.')      # the address of a socket is short
    s.bind(os.path.basename(path))
    os.chdir(here)
    s.close()

def make(d, outside, bs, names, subdirs, seed=1):
    root = os.getuid() == 0
    os.makedirs(outside, exist_ok=True)
    for sub in ('', '/d', '/d/deep', '/many', '/subdirs'):
        os.makedirs(d + sub)
    write(d + '/a', b'three names\n')
    link(d + '/a', d + '/b')
    link(d + '/a', d + '/d/c')
    os.symlink('a', d + '/soft')
    link(d + '/soft', d + '/d/soft too')
    os.mkfifo(d + '/fifo')
    link(d + '/fifo', d + '/d/fifo')
    bind(d + '/socket')
    link(d + '/socket', d + '/d/socket')
    if root:
        os.mknod(d + '/char', stat.S_IFCHR | 0o600, os.makedev(1, 3))
        link(d + '/char', d + '/d/char')
        os.mknod(d + '/block', stat.S_IFBLK | 0o660, os.makedev(259, 300000))
        link(d + '/block', d + '/d/block')
    for name, to in (('d/up', '../a'), ('d/deep/up', '../../d/c'), ('absolute', '/d/c'), ('dangling', 'no/such'),
                     ('two1', 'two2'), ('two2', 'two1'), ('self', 'self'), ('to-dir', 'd/'), ('dot', '.')):
        os.symlink(to, d + '/' + name)
    for length in (40, 41):
        os.makedirs('%s/chain%d' % (d, length))
        for i in range(length):
            os.symlink('%d' % (i + 1) if i + 1 < length else '../a', '%s/chain%d/%d' % (d, length, i))
    for n in (1, 58, 59, 60, 61, 200, bs - 1):
        if n > 4095:
            continue
        os.symlink('t' * n, '%s/target-%d' % (d, n))
        link('%s/target-%d' % (d, n), '%s/d/target-%d' % (d, n))
    for name in (b'new\nline', b'quo"te\'', b' space ', b'<12>', b'n' * 255, b'back\\slash', b'\xff\x01', b'esc\x1b[1m'):
        write(os.fsencode(d) + b'/d/' + name, name)
        link(os.fsencode(d) + b'/d/' + name, os.fsencode(d) + b'/d/deep/' + name)
    write(d + '/elsewhere', b'its other name is outside')
    link(d + '/elsewhere', outside + '/elsewhere')
    write(d + '/many/0', b'many names')
    for i in range(1, names):
        link(d + '/many/0', '%s/many/%d' % (d, i))
    for i in range(subdirs):
        os.mkdir('%s/subdirs/%d' % (d, i))
    scatter(d, random.Random(seed), root)
    for top, dirs, files in os.walk(d, topdown=False):
        for name in files + dirs:
            os.utime(os.path.join(top, name), (10**9, 10**9), follow_symlinks=False)
    os.utime(d, (10**9, 10**9))

def scatter(d, rnd, root):
    """Inodes of every kind with names in directories chosen at random."""
    dirs = [d + '/r']
    os.mkdir(dirs[0])
    for i in range(20):
        dirs.append(rnd.choice(dirs) + '/%d' % i)
        os.mkdir(dirs[-1])
    for i in range(200):
        first = '%s/i%d' % (rnd.choice(dirs), i)
        kind = rnd.choice('ffffllps' + 'cb' * root)
        if kind == 'f':
            write(first, rnd.randbytes(rnd.choice((0, 1, 900, 20000))))
        elif kind == 'l':
            os.symlink('x' * rnd.randrange(1, 130), first)
        elif kind == 'p':
            os.mkfifo(first)
        elif kind == 's':
            bind(first)
        else:
            os.mknod(first, (stat.S_IFCHR if kind == 'c' else stat.S_IFBLK) | 0o640,
                     os.makedev(rnd.randrange(1, 500), rnd.randrange(70000)))
        for k in range(rnd.choice((0, 0, 1, 2, 5))):
            link(first, '%s/i%d-%d' % (rnd.choice(dirs), i, k))

def show(d, exact, without):
    d = os.fsencode(d)
    groups, dirs = {}, []
    for top, subs, files in os.walk(d):
        if top == d and b'lost+found' in subs:
            subs.remove(b'lost+found')
        for name in subs + files:
            path = top + b'/' + name
            st = os.lstat(path)
            if stat.S_ISDIR(st.st_mode):
                dirs.append((path[len(d):], st.st_mode))
            elif stat.filemode(st.st_mode)[0] not in without:
                groups.setdefault((st.st_dev, st.st_ino), (st, []))[1].append(path[len(d):])
    lines = []
    for st, paths in groups.values():
        paths.sort()
        if exact and st.st_nlink != len(paths):
            sys.exit('%r: links %d, names %d' % (paths[:3], st.st_nlink, len(paths)))
        if stat.S_ISREG(st.st_mode):
            what = hashlib.sha256(open(d + paths[0], 'rb').read()).hexdigest()
        elif stat.S_ISLNK(st.st_mode):
            what = repr(os.readlink(d + paths[0]))
        else:
            what = '%d,%d' % (os.major(st.st_rdev), os.minor(st.st_rdev))
        lines.append('%s %s %r' % (stat.filemode(st.st_mode), what, paths))
    lines += ['%s %r' % (stat.filemode(mode), path) for path, mode in dirs]
    print('\n'.join(sorted(lines)))

if __name__ == '__main__':
    os.umask(0o022)
    if len(sys.argv) > 6 and sys.argv[1] == 'make':
        make(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    elif len(sys.argv) > 2 and sys.argv[1] == 'list':
        rest = sys.argv[3:]
        show(sys.argv[2], '--exact' in rest, rest[rest.index('--without') + 1] if '--without' in rest else '')
    else:
        sys.exit(__doc__)
