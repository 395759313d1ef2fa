# SPDX-License-Identifier: MIT
# For names.sh: performs random operations on a mount and writes them down, shows and compares.
import array, ctypes, errno, fcntl, os, random, stat, struct, sys, time

REALTIME_COARSE = 5             # of clock_gettime(2)
FLAGS = [0, 0, 0, 0x10, 0x20, 0x40, 0x80, 0x8, 0x1, 0x2, 0x10040, 0x20000, 0x8000]
KINDS = [stat.S_IFREG] * 6 + [stat.S_IFDIR] * 4 + [stat.S_IFLNK] * 2 + [stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR]

def acl(*entries):
    return struct.pack('<I', 2).hex() + ''.join(struct.pack('<HHI', t, p, i).hex() for t, p, i in entries)

NOBODY = 0xffffffff
ACLS = [acl((1, 7, NOBODY), (4, 5, NOBODY), (32, 0, NOBODY)),
        acl((1, 7, NOBODY), (2, 6, 1000), (4, 5, NOBODY), (16, 7, NOBODY), (32, 1, NOBODY)),
        acl((1, 6, NOBODY), (4, 5, NOBODY), (8, 3, 70000), (16, 4, NOBODY), (32, 0, NOBODY))]

# root is where the operations are performed as they are made: most of them should be possible.
def random_ops(seed, count, root):
    rnd = random.Random(seed)
    dirs = ['/']
    def name():
        n = rnd.random()
        if n < .02:
            return rnd.choice(['.', '..', 'x' * 255, 'y' * 256])
        if n < .1:
            return 'a rather longer name, to fill the block ' + str(rnd.randrange(12))
        return 'n%d' % rnd.randrange(14)
    def a_dir():
        return rnd.choice(dirs)
    def path():
        return os.path.join(a_dir(), 'n%d' % rnd.randrange(14))
    for n in range(count):
        if n % 20 == 0:
            dirs = ['/' + os.path.relpath(d, root) if d != root else '/' for d in sorted(d for d, _, _ in os.walk(root))]
            dirs = [d for d in dirs if len(d) < 900] + ['/none', '/n1', '/n2/n3']
        if n % 100 == 99:               # what protects is taken away again
            for d, _, names in sorted(os.walk(root)):
                for p in [d] + [os.path.join(d, x) for x in sorted(names)]:
                    if not os.path.islink(p) and (os.path.isfile(p) or os.path.isdir(p)) and get_flags(p) & 0x30:
                        yield 'flags', '/' + os.path.relpath(p, root), '0x0'
        op = rnd.random()
        if op < .42:
            kind = rnd.choice(KINDS)
            d, new = a_dir(), name()
            target = ''
            if kind == stat.S_IFLNK:
                target = rnd.choice(['t', 'x' * 59, 'x' * 60, 'x' * 900, 'x' * 1023, 'x' * 1024, 'x' * 4094])
            mode = rnd.choice([0o644, 0o755, 0o700, 0o2775, 0o4711, 0o1777])
            if kind == stat.S_IFDIR:    # what mkdir(2) takes
                mode &= 0o1777
            if kind == stat.S_IFLNK:
                mode = 0o777
            yield 'make', d, new, oct(kind | mode)[2:], target
        elif op < .52:
            yield 'link', a_dir(), name(), path()
        elif op < .62:
            yield 'unlink', a_dir(), name()
        elif op < .67:
            yield 'rmdir', a_dir(), name()
        elif op < .87:
            yield 'rename', a_dir(), name(), a_dir(), name(), rnd.choice([0, 0, 0, 1, 2, 3])
        elif op < .91:
            yield 'chmod', path(), oct(rnd.choice([0o600, 0o755, 0o4755, 0o2755, 0o1777]))[2:]
        elif op < .95:
            yield 'chown', path(), rnd.choice([0, 1000, 70000]), rnd.choice([0, 1000, 70001])
        elif op < .96:
            yield 'touch', path()
        elif op < .98:
            yield 'acl', a_dir(), rnd.choice(ACLS)
        else:
            yield 'flags', path(), hex(rnd.choice(FLAGS))

# Names come and go in two directories; all are of few inodes.
def large_ops(seed, count):
    rnd = random.Random(seed)
    def name(i):
        r = random.Random(i)
        return '%d-%s' % (i, 'abcdefgh' * r.randrange(30) if r.random() < .05 else 'x' * r.randrange(12))
    yield 'make', '/', '', oct(stat.S_IFLNK | 0o777)[2:], ''
    yield 'make', '/', 'one', oct(stat.S_IFDIR | 0o755)[2:], ''
    yield 'make', '/', 'two', oct(stat.S_IFDIR | 0o755)[2:], ''
    yield 'make', '/', 'file', oct(stat.S_IFREG | 0o644)[2:], ''
    for _ in range(count):
        d, i = rnd.choice(['/one', '/one', '/one', '/two']), rnd.randrange(9000)
        op = rnd.random()
        if op < .62:
            yield 'link', d, name(i), '/file'
        elif op < .65:
            yield 'make', d, name(i), oct(stat.S_IFDIR | 0o755)[2:], ''
        elif op < .85:
            yield 'unlink', d, name(i)
        elif op < .87:
            yield 'rmdir', d, name(i)
        else:
            yield ('rename', d, name(i), rnd.choice(['/one', '/two']), name(rnd.randrange(9000)),
                   rnd.choice([0, 0, 1, 2]))

libc = ctypes.CDLL(None, use_errno=True)

def get_flags(path):
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    a = array.array('l', [0])
    fcntl.ioctl(fd, 0x80086601, a)
    os.close(fd)
    return a[0]

def set_flags(path, flags):
    if not stat.S_ISREG(os.stat(path).st_mode) and not stat.S_ISDIR(os.stat(path).st_mode):
        raise OSError(errno.EOPNOTSUPP, '')
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, 0x40086602, array.array('l', [flags]))
    finally:
        os.close(fd)

def perform_one(root, f):
    at = lambda d, n: root + d.rstrip('/') + '/' + n
    op = f[0]
    if op == 'make':
        mode = int(f[3], 8)
        p = at(f[1], f[2])
        if stat.S_ISDIR(mode):
            os.mkdir(p, mode & 0o7777)
        elif stat.S_ISLNK(mode):
            os.symlink(f[4], p)
        else:
            os.mknod(p, mode, os.makedev(1, 3))
    elif op == 'link':
        os.link(root + f[3], at(f[1], f[2]), follow_symlinks=False)
    elif op == 'unlink':
        if libc.unlink(at(f[1], f[2]).encode()):
            raise OSError(ctypes.get_errno(), '')
    elif op == 'rmdir':
        os.rmdir(at(f[1], f[2]))
    elif op == 'rename':
        if libc.renameat2(-100, at(f[1], f[2]).encode(), -100, at(f[3], f[4]).encode(), int(f[5])):
            raise OSError(ctypes.get_errno(), '')
    elif op == 'chmod':
        os.chmod(root + f[1], int(f[2], 8))
    elif op == 'chown':
        os.lchown(root + f[1], int(f[2]), int(f[3]))
    elif op == 'touch':
        os.utime(root + f[1])
    elif op == 'acl':
        os.setxattr(root + f[1], 'system.posix_acl_default', bytes.fromhex(f[2]))
    elif op == 'flags':
        set_flags(root + f[1], int(f[2], 16))

# The kernel stamps inodes by its clock of ticks or by a finer one.
def coarse():
    return time.clock_gettime_ns(REALTIME_COARSE)

def perform(kind, seed, count, root, to, apart):
    os.umask(0)
    ops = random_ops(seed, count, root) if kind == 'random' else large_ops(seed, count)
    with open('ops', 'w') as o, open(to + '.errors', 'w') as e, open(to + '.clock', 'w') as c:
        for op in ops:
            f = [str(x) for x in op]
            start = coarse()
            try:
                perform_one(root, f + [''] * 8)
                e.write('0\n')
            except OSError as x:
                e.write('%d\n' % x.errno)
            o.write('\t'.join(f) + '\n')
            c.write('%d\n' % start)
            end = time.time_ns()
            while apart and coarse() <= end:
                time.sleep(.001)

# A time as the number of the operation that set it; -: before all of them.
def moments(clock):
    lines = open(clock).read().split('\n')[:-1]
    if not lines:
        return lambda ns: '.'
    if lines[0] == 'library':
        return lambda ns: '-' if not 0 <= ns // 10**9 - 10**9 < len(lines) else str(ns // 10**9 - 10**9)
    starts = [int(x) for x in lines]
    def number(ns):
        import bisect
        i = bisect.bisect_right(starts, ns) - 1
        return '-' if i < 0 else str(i)
    return number

def show(root, clock):
    number = moments(clock)
    seen = {}
    def one(path, rel):
        st = os.lstat(path)
        first = seen.setdefault(st.st_ino, rel)
        kind = stat.S_IFMT(st.st_mode)
        text = os.readlink(path) if stat.S_ISLNK(st.st_mode) else ''
        flags = ''
        if stat.S_ISDIR(st.st_mode) or stat.S_ISREG(st.st_mode):
            flags = hex(get_flags(path))
        lists = ''
        if not stat.S_ISLNK(st.st_mode):
            lists = ' '.join(os.getxattr(path, x).hex() for x in sorted(os.listxattr(path)) if 'acl' in x)
        print(repr(rel), oct(st.st_mode), st.st_nlink, st.st_uid, st.st_gid, st.st_size, st.st_blocks,
              flags, lists, first, text[:20], number(st.st_mtime_ns), number(st.st_ctime_ns),
              number(st.st_atime_ns))
        return kind == stat.S_IFDIR
    def walk(path, rel):
        for n in sorted(os.listdir(path)):
            if one(os.path.join(path, n), rel + '/' + n):
                walk(os.path.join(path, n), rel + '/' + n)
    one(root, '/')
    walk(root, '')

def compare(ops, kernel, library):
    bad = 0
    for n, (op, k, x) in enumerate(zip(open(ops), open(kernel), open(library))):
        want, got = int(k), int(x.split('\t')[0])
        if want == got:
            continue
        bad += 1
        if bad < 15:
            name = lambda e: errno.errorcode.get(e, str(e))
            print('line %d: %s: kernel %s, library %s: %s' % (n + 1, op[:200].rstrip(), name(want), name(got), x.rstrip()))
    sys.exit(bad != 0)

what, args = sys.argv[1], sys.argv[2:]
if what == 'perform':
    perform(args[0], int(args[1]), int(args[2]), args[3], args[4], int(args[5]))
elif what == 'show':
    show(args[0], args[1])
elif what == 'compare':
    compare(*args)
