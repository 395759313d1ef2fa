#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same random operations on a kernel mount and through the shell: mirror.py IMAGE MOUNTED [OPTIONS]

IMAGE    an image that the shell changes
MOUNTED  a directory where the kernel has mounted a copy of it, writable
Prints what differs and exits 1, or one line of figures and exits 0.

Every operation goes to the kernel first.  A batch in which the kernel refused nothing is one script,
which takes effect as a whole; any other runs with --keep-going, and the same lines have to fail.  After
each batch both trees must be equal: types, modes, owners, counts, sizes, blocks, devices, texts, contents,
attributes, and which of mtime and ctime the batch has changed.  e2fsck must find nothing.
On a nearly full volume either side may run out of space first (a directory's blocks differ): then what
the other did is taken back.
"""
import argparse, ctypes, errno, fcntl, hashlib, os, random, re, stat, struct, subprocess, sys, time

REALTIME_COARSE = 5             # of clock_gettime(2)

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
KEEP_SIZE, PUNCH = 1, 2

def exchange(a, b):
    if libc.renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE):
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))

def punch(path, offset, length):
    fd = os.open(path, os.O_RDWR)
    try:
        if libc.fallocate(fd, KEEP_SIZE | PUNCH, ctypes.c_long(offset), ctypes.c_long(length)):
            e = ctypes.get_errno()
            raise OSError(e, os.strerror(e))
    finally:
        os.close(fd)

def data_blocks(path):
    """Bytes that a file's data blocks have, without its pointer blocks."""
    fd, total, at, last = os.open(path, os.O_RDONLY), 0, 0, False
    while not last:
        buf = bytearray(struct.pack('=QQLLLL', at, (1 << 63) - 1 - at, 0, 0, 500, 0) + bytes(56 * 500))
        fcntl.ioctl(fd, 0xc020660b, buf)                # FS_IOC_FIEMAP
        count = struct.unpack_from('=L', buf, 20)[0]
        last = count == 0
        for i in range(count):
            logical, _, length = struct.unpack_from('=QQQ', buf, 32 + 56 * i)
            total += length
            at = logical + length
            last = bool(struct.unpack_from('=L', buf, 32 + 56 * i + 40)[0] & 1)
    os.close(fd)
    return total

def write_segments(fd, segments, size, base):
    for offset, data in segments:
        while data:
            n = os.pwrite(fd, data, base + offset)
            offset, data = offset + n, data[n:]
    if os.fstat(fd).st_size < base + size:
        os.ftruncate(fd, base + size)

def last_is_hole(path, size):
    """Whether the last byte of a file lies in a hole."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return size > 0 and os.lseek(fd, size - 1, os.SEEK_DATA) >= size
    except OSError:
        return True
    finally:
        os.close(fd)

def program(*words):
    r = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if r.returncode:
        raise OSError(next((e for e in errno.errorcode if os.strerror(e) in r.stderr), errno.EIO), r.stderr)

class Mirror:
    def __init__(self, args):
        self.a, self.rnd = args, random.Random(args.seed)
        self.root = os.path.realpath(args.mounted)
        self.host = os.path.join(args.tmp, 'host')
        os.makedirs(self.host, exist_ok=True)
        self.serial, self.lines, self.punched, self.refused = 0, [], set(), {}
        self.figures = dict(operations=0, refused=0, batches=0, whole=0, full=0)

    # ---- what is there -----------------------------------------------------------

    def survey(self):
        self.dirs, self.files, self.others = ['/'], [], []
        for top, dirs, files in os.walk(self.root):
            dirs.sort()
            files.sort()
            at = top[len(self.root):] + '/'
            for name in list(dirs):
                (self.others if os.path.islink(top + '/' + name) else self.dirs).append(at + name)
            for name in files:
                kind = os.lstat(top + '/' + name).st_mode
                (self.files if stat.S_ISREG(kind) else self.others).append(at + name)

    def new(self):
        self.serial += 1
        name = '%s%d' % (self.rnd.choice(['n', 'name-', 'a-rather-long-name-for-a-file-' * 3]), self.serial)
        return os.path.join(self.rnd.choice(self.dirs), name)

    def any(self, *kinds):
        pool = [p for k in kinds for p in k]
        return self.rnd.choice(pool) if pool and self.rnd.random() > .03 else '/no/such-%d' % self.serial

    def content(self):
        r, big = self.rnd, self.a.big
        shape = r.random()
        size = 0 if shape < .1 else r.randrange(1, 5000) if shape < .6 else r.randrange(1, 60000) \
            if shape < .85 else r.randrange(1, big)
        segments = []
        if r.random() < .25:                            # with holes
            for _ in range(r.randrange(0, 4)):
                at = r.randrange(0, size + 1) & ~4095
                segments.append((at, r.randbytes(min(r.choice([1, 3, 9]) * 4096, size - at))))
            segments = [s for s in segments if s[1]]
        elif size:
            segments = [(0, r.randbytes(size))]
        self.serial += 1
        path = '%s/h%d' % (self.host, self.serial)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        os.fchmod(fd, r.choice([0o644, 0o755, 0o600]))
        write_segments(fd, segments, size, 0)
        os.close(fd)
        return path, self.segments(path), size

    @staticmethod
    def segments(path):
        """The pieces that the host keeps as data, as the shell will find them."""
        found, fd = [], os.open(path, os.O_RDONLY)
        size, at = os.fstat(fd).st_size, 0
        while at < size:
            try:
                start = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(fd, start, os.SEEK_HOLE)
            found.append((start, os.pread(fd, at - start, start)))
        os.close(fd)
        return found

    # ---- operations: (line for the shell, what the kernel does, how to take it back) ----

    def op_put(self):
        host, segments, size = self.content()
        p = self.new()
        k = self.root + p
        def do():
            fd = os.open(k, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.fchmod(fd, stat.S_IMODE(os.stat(host).st_mode))
                write_segments(fd, segments, size, 0)
                os.fsync(fd)
            except OSError:
                os.unlink(k)
                raise
            finally:
                os.close(fd)
        self.files.append(p)
        return 'put -T %s %s' % (host, p), do, 'rm ' + p, lambda: os.unlink(k)

    def op_replace(self):
        host, segments, size = self.content()
        p = self.any(self.files)
        k = os.path.realpath(self.root + p)             # of a symlink what it leads to is replaced
        old = os.stat(k) if os.path.exists(k) else None
        atomic = self.rnd.random() < .5
        def do():
            os.stat(k)
            fd = os.open(k + '.new' if atomic else k, os.O_RDWR | (os.O_CREAT | os.O_EXCL if atomic else os.O_TRUNC), 0o600)
            try:
                if atomic:
                    os.fchmod(fd, stat.S_IMODE(os.stat(host).st_mode))
                write_segments(fd, segments, size, 0)
                os.fsync(fd)
                if atomic:
                    try:
                        os.rename(k + '.new', k)
                    except OSError:
                        os.unlink(k + '.new')
                        raise
            finally:
                os.close(fd)
        if self.a.full or not old:
            return None
        return 'put -T %s %s %s' % ('--atomic' if atomic else '--inplace', host, p), do, None, None

    def op_append(self):
        host, segments, size = self.content()
        p = self.any(self.files)
        k = self.root + p
        was = os.stat(k).st_size if os.path.exists(k) else 0
        back = [was]                    # where the end lay in a hole it shall do so again
        if was and last_is_hole(k, was):
            back = [was - was % os.statvfs(k).f_bsize, was]
        def shorten():
            for to in back:
                os.truncate(k, to)
        def do():
            os.stat(k)
            fd = os.open(k, os.O_RDWR)
            try:
                write_segments(fd, segments, size, was)
                os.fsync(fd)
            except OSError:
                shorten()
                raise
            finally:
                os.close(fd)
        if size == 0 or not os.path.exists(k):
            return None
        return 'put -T --append %s %s' % (host, p), do, '; '.join('truncate -s %d %s' % (to, p) for to in back), shorten

    def op_truncate(self):
        p = self.any(self.files)
        k = self.root + p
        old = os.stat(k).st_size if os.path.exists(k) else 0
        size = self.rnd.choice([0, old // 2, old + 1, old + 100000, self.rnd.randrange(0, 70 << 20), max(old - 1, 0)])
        if not os.path.exists(k):
            return None
        return 'truncate -s %d %s' % (size, p), lambda: os.truncate(k, size), None, None

    def op_punch(self):
        p = self.any(self.files)
        k = self.root + p
        size = os.stat(k).st_size if os.path.exists(k) else 0
        if not size or self.a.full:
            return None
        at = self.rnd.randrange(0, size)
        n = self.rnd.randrange(1, size - at + 1)
        def do():
            punch(k, at, n)
            self.punched.add(os.stat(k).st_ino)
        return 'punch %s %d %d' % (p, at, n), do, None, None

    def op_mkdir(self):
        p = self.new()
        self.dirs.append(p)
        return 'mkdir ' + p, lambda: os.mkdir(self.root + p), 'rmdir ' + p, lambda: os.rmdir(self.root + p)

    def op_rmdir(self):
        p = self.any(self.dirs)
        if p in ('/', '/lost+found'):
            return None
        return 'rmdir ' + p, lambda: os.rmdir(self.root + p), None, None

    def op_rm(self):
        p = self.any(self.files, self.others)
        return 'rm ' + p, lambda: os.unlink(self.root + p), None, None

    def op_rmtree(self):
        p = self.any(self.dirs)
        if p in ('/', '/lost+found') or self.rnd.random() < .7:
            return None
        def do():
            if not stat.S_ISDIR(os.lstat(self.root + p).st_mode):   # what was exchanged for a directory
                return os.unlink(self.root + p)
            for top, dirs, files in os.walk(self.root + p, topdown=False):
                for f in files:
                    os.unlink(top + '/' + f)
                for d in dirs:
                    (os.unlink if os.path.islink(top + '/' + d) else os.rmdir)(top + '/' + d)
            os.rmdir(self.root + p)
        return 'rm -r ' + p, do, None, None

    def op_link(self):
        p, q = self.any(self.files, self.others), self.new() if self.rnd.random() < .9 else self.any(self.files)
        self.files.append(q)
        return 'ln -T %s %s' % (p, q), lambda: os.link(self.root + p, self.root + q, follow_symlinks=False), \
            'rm ' + q, lambda: os.unlink(self.root + q)

    def op_symlink(self):
        p, text = self.new(), 't' * self.rnd.choice([1, 20, 58, 59, 60, 61, 200, 900])
        self.others.append(p)
        return 'ln -s -T %s %s' % (text, p), lambda: os.symlink(text, self.root + p), \
            'rm ' + p, lambda: os.unlink(self.root + p)

    def op_move(self):
        p = self.any(self.files, self.others, self.dirs)
        q = self.new() if self.rnd.random() < .7 else self.any(self.files, self.others)
        if p in ('/', '/lost+found') or self.a.full and os.path.lexists(self.root + q):
            return None
        if os.path.lexists(self.root + p) and not stat.S_ISDIR(os.lstat(self.root + p).st_mode):
            self.files.append(q)
        return 'mv -f -T %s %s' % (p, q), lambda: os.rename(self.root + p, self.root + q), \
            'mv -T %s %s' % (q, p), lambda: os.rename(self.root + q, self.root + p)

    def op_exchange(self):
        p, q = self.any(self.files, self.dirs), self.any(self.files, self.others, self.dirs)
        if '/lost+found' in (p, q) or '/' in (p, q):
            return None
        return 'mv --exchange %s %s' % (p, q), lambda: exchange(self.root + p, self.root + q), None, None

    def op_link_tree(self):
        """
        cp -al: a tree of hard links.  (cp -a fills holes of files that are not sparse by their block count,
        and leaves a directory the set-group-ID bit that it got from its parent.)
        """
        p, q = self.any(self.files, self.others, self.dirs), self.new()
        k, into = self.root + p, self.root + os.path.dirname(q)
        if self.a.full or p in ('/', '/lost+found') or not os.path.isdir(into) or \
                os.stat(into).st_mode & stat.S_ISGID or \
                (os.path.realpath(into) + '/').startswith(os.path.realpath(k) + '/'):
            return None
        def do():
            try:
                program('cp', '-al', '-T', k, self.root + q)
            except OSError as e:
                if os.path.lexists(self.root + q):      # and we would have made nothing
                    self.fail('cp -al %s %s of the kernel side stopped half-way: %s' % (p, q, e))
                raise
        if os.path.isdir(k) and not os.path.islink(k) and sum(len(f) for _, _, f in os.walk(k)) > 40:
            return None
        return 'cp -al -T %s %s' % (p, q), do, None, None

    def op_switch(self):
        """ln -sfn: a symlink made beside it and renamed over."""
        p, text = self.any(self.others, self.files), self.rnd.choice(['v2', 't' * 59, 't' * 60, '/' + 't' * 200])
        k = self.root + p
        def do():
            os.lstat(k)
            os.symlink(text, k + '.new')
            os.rename(k + '.new', k)
        if self.a.full or not os.path.lexists(k) or os.path.isdir(k) and not os.path.islink(k):
            return None
        return 'ln -sfn -T %s %s' % (text, p), do, None, None

    def op_relative(self):
        p, q = self.any(self.files, self.dirs), self.new()
        text = os.path.relpath(p, os.path.dirname(q))
        at = self.root + os.path.dirname(q).rstrip('/')
        if not os.path.lexists(self.root + p) or os.path.realpath(at) != at or \
                os.path.realpath(self.root + p) != self.root + p.rstrip('/'):
            return None
        self.others.append(q)
        return 'ln -s -r -T %s %s' % (p, q), lambda: os.symlink(text, self.root + q), \
            'rm ' + q, lambda: os.unlink(self.root + q)

    def op_mknod(self):
        p = self.new()
        kind, major, minor = self.rnd.choice([('c', 1, 3), ('b', 259, 70000), ('p', 0, 0), ('c', 4095, 1048575)])
        bits = {'c': stat.S_IFCHR, 'b': stat.S_IFBLK, 'p': stat.S_IFIFO}[kind]
        self.others.append(p)
        return 'mknod %s %s' % (p, kind if kind == 'p' else '%s %d %d' % (kind, major, minor)), \
            lambda: os.mknod(self.root + p, bits | 0o644, os.makedev(major, minor)), \
            'rm ' + p, lambda: os.unlink(self.root + p)

    def op_chmod(self):
        p, mode = self.any(self.files, self.dirs), self.rnd.choice([0o600, 0o4755, 0o2770, 0o1777, 0])
        if p == '/':
            return None
        return 'chmod %o %s' % (mode, p), lambda: os.chmod(self.root + p, mode), None, None

    def op_chown(self):
        p, u, g = self.any(self.files, self.dirs), self.rnd.randrange(0, 100000), self.rnd.randrange(0, 100000)
        return 'chown %d:%d %s' % (u, g, p), lambda: os.chown(self.root + p, u, g), None, None

    def op_touch(self):
        p, t = self.any(self.files, self.dirs), self.rnd.randrange(-1 << 31, 1 << 33 if self.a.inode_size > 128 else 1 << 31)
        if os.path.islink(self.root + p) or not os.path.exists(self.root + p):
            return None                                 # the shell would make it
        return 'touch -d @%d %s' % (t, p), lambda: os.utime(self.root + p, (t, t)), None, None

    def op_setxattr(self):
        p, name = self.any(self.files, self.dirs), 'user.' + self.rnd.choice(['a', 'b', 'color', 'x' * 50])
        value = self.rnd.choice(['v', 'w' * 30, 'z' * self.rnd.randrange(0, 500)])
        def before():
            try:
                return os.getxattr(self.root + p, name, follow_symlinks=False)
            except OSError:
                return None
        was = before()
        def back():
            os.removexattr(self.root + p, name) if was is None else os.setxattr(self.root + p, name, was)
        return 'setxattr %s %s "%s"' % (p, name, value), \
            lambda: os.setxattr(self.root + p, name, value.encode(), follow_symlinks=False), \
            'rmxattr %s %s' % (p, name) if was is None else 'setxattr %s %s "%s"' % (p, name, was.decode()), back

    def op_rmxattr(self):
        p, name = self.any(self.files, self.dirs), 'user.' + self.rnd.choice(['a', 'b', 'color', 'x' * 50])
        return 'rmxattr %s %s' % (p, name), \
            lambda: os.removexattr(self.root + p, name, follow_symlinks=False), None, None

    def pick(self):
        ops = [self.op_put] * 5 + [self.op_append] * 3 + [self.op_truncate] * 3 + [self.op_punch] * 2 + \
            [self.op_replace, self.op_rm, self.op_rm, self.op_rm, self.op_rmdir, self.op_rmtree, self.op_mkdir,
             self.op_mkdir, self.op_link, self.op_link, self.op_symlink, self.op_symlink, self.op_move,
             self.op_move, self.op_move, self.op_exchange, self.op_mknod, self.op_chmod, self.op_chown,
             self.op_touch, self.op_setxattr, self.op_setxattr, self.op_rmxattr,
             self.op_switch, self.op_relative]
        if self.a.ops > 1000:           # many system calls, of which some may have been done when one fails
            ops.append(self.op_link_tree)
        while True:
            op = self.rnd.choice(ops)()
            if op and op[0] and all(self.inside(w) for w in op[0].split() if w.startswith('/')):
                return op

    def inside(self, path):
        """Whether the kernel finds the path in this volume, whose root ends no ".." for it."""
        found = os.path.realpath(self.root + path)
        return found == self.root or found.startswith(self.root + '/')

    # ---- running and comparing ------------------------------------------------------

    def fail(self, text):
        print('%s (seed %d, %d operations)' % (text, self.a.seed, self.figures['operations']))
        sys.exit(1)

    def shell(self, lines, *options):
        script = self.a.tmp + '/script'
        with open(script, 'w') as f:
            f.write(''.join(l + '\n' for l in lines))
        r = subprocess.run(['extant-debugfs', '-w', *options, '-f', script, self.a.image], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace')
        failed = {int(m): l for l in r.stderr.split('\n') for m in re.findall(r'script:(\d+): ', l)[:1]
                  if not re.search(r'other names? of|symlinks? (now )?leads? |nothing was moved, ', l)}
        if r.returncode not in (0, 1) or (r.returncode == 0) != (not failed):
            self.fail('the shell exits with %d:\n%s' % (r.returncode, r.stderr[-2000:]))
        return failed

    def moment(self):
        """A moment that times before and after differ from, as the inodes store them."""
        if self.a.full:
            return 0                                    # times are not compared
        # The kernel stamps inodes by its clock of ticks, which lags when the machine is busy, or finer.
        last = self.stored(time.time())
        while self.tick() <= last:
            time.sleep(.002)
        return self.tick() - 1e-6

    def tick(self):
        return self.stored(time.clock_gettime(REALTIME_COARSE))

    def stored(self, seconds):
        return int(seconds) if self.a.inode_size == 128 else seconds

    def batch(self, count):
        self.survey()
        began = self.moment()
        ops, refused = [], {}
        self.refused = refused
        polite = not self.a.full and self.figures['batches'] % 2 == 0
        while len(ops) < count:
            op = self.pick()
            try:
                op[1]()
            except OSError as e:
                if polite:
                    continue
                refused[len(ops) + 1] = e.errno
            ops.append(op)
        self.figures['operations'] += count
        self.figures['refused'] += len(refused)
        self.figures['batches'] += 1
        lines = self.lines = [op[0] for op in ops]
        if not refused and not self.a.full:
            self.figures['whole'] += 1
            failed = self.shell(lines)
        else:
            failed = self.shell(lines, '--keep-going')
        back = []
        for n in sorted(set(failed) ^ set(refused)):
            full = refused.get(n) == errno.ENOSPC or 'space' in failed.get(n, '') or 'free' in failed.get(n, '')
            if not self.a.full or not full:
                self.fail('line %d, "%s": the kernel says %s, we say %s' %
                          (n, lines[n - 1], errno.errorcode.get(refused.get(n), 'yes'), failed.get(n, 'yes')))
            if n not in failed and ops[n - 1][2]:
                back.append(ops[n - 1][2])
            elif n in failed and ops[n - 1][3]:
                try:
                    ops[n - 1][3]()
                except OSError:
                    self.fail('line %d: cannot be taken back' % n)
            self.figures['full'] += 1
        if back:
            self.shell(back[::-1])
        for f in os.listdir(self.host):
            os.unlink(self.host + '/' + f)
        if not self.a.full or self.figures['batches'] % 10 == 0:
            self.compare(began)

    def describe(self, path, began):
        st = os.lstat(path)
        kind = stat.S_IFMT(st.st_mode)
        d = dict(mode='%o' % st.st_mode, owner=(st.st_uid, st.st_gid), links=st.st_nlink)
        if kind != stat.S_IFDIR:
            d['size'], d['sectors'] = st.st_size, st.st_blocks
        if kind == stat.S_IFREG:
            d['data'] = data_blocks(path)
            with open(path, 'rb') as f:
                d['content'] = hashlib.sha1(f.read()).hexdigest() if st.st_size < 4 << 20 else self.sparse_digest(f)
        elif kind == stat.S_IFLNK:
            d['text'] = os.readlink(path)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            d['device'] = st.st_rdev
        d['attributes'] = {n: os.getxattr(path, n, follow_symlinks=False)
                           for n in os.listxattr(path, follow_symlinks=False)}
        if not self.a.full:                             # taking back changes times
            d['changed'] = (began <= st.st_mtime < began + 1e6, st.st_ctime >= began)
            if abs(st.st_mtime - began) > 86400:       # was set on purpose
                d['mtime'] = int(st.st_mtime)
        return d

    @staticmethod
    def sparse_digest(f):
        h, at, size = hashlib.sha1(), 0, os.fstat(f.fileno()).st_size
        while at < size:
            try:
                at = os.lseek(f.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            at &= ~65535
            data = os.pread(f.fileno(), 65536, at)
            if data.strip(b'\0'):
                h.update(b'%d:' % at + data)
            at += 65536
        return h.hexdigest() + ':%d' % size

    def history(self, path):
        """The lines of the last batch that name an inode of this path, or a directory it was in."""
        names = {os.path.basename(path)}
        lines = []
        for n, line in reversed(list(enumerate(self.lines, 1))):
            words = {os.path.basename(w) for w in line.split()}
            if len(self.lines) <= 10 or words & names or any(os.path.dirname(w) == path for w in line.split()):
                lines.append('  %d: %s%s' % (n, line, ' (refused)' if n in self.refused else ''))
                if line.split()[0] in ('ln', 'mv'):
                    names |= words
        return '\n'.join(lines[::-1])

    def tree(self, root, began):
        found = {}
        for top, dirs, files in os.walk(root):
            for name in dirs + files:
                p = top + '/' + name
                found[p[len(root):]] = self.describe(p, began)
        found['/'] = self.describe(root, began)
        return found

    def compare(self, began):
        subprocess.run(['sync', '-f', self.root], check=True)
        r = subprocess.run(['e2fsck', '-fn', self.a.image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            self.fail('e2fsck -fn exits with %d:\n%s' % (r.returncode, r.stdout[-2000:]))
        ours = self.a.tmp + '/ours'
        os.makedirs(ours, exist_ok=True)
        subprocess.run(['mount', '-t', 'ext2', '-o', 'loop,ro', self.a.image, ours], check=True)
        try:
            a, b = self.tree(self.root, began), self.tree(ours, began)
        finally:
            subprocess.run(['unmount', ours], check=True)
        differ = []
        for p in sorted(set(a) | set(b)):
            if p in a and 'sectors' in b.get(p, {}) and os.lstat(self.root + p).st_ino in self.punched:
                a[p]['sectors'] = b[p]['sectors']       # we free a pointer block that points to nothing
            if a.get(p) != b.get(p):
                diff = 'is only here' if p not in a else 'is only there' if p not in b else \
                    {k: (a[p].get(k), b[p].get(k)) for k in set(a[p]) | set(b[p]) if a[p].get(k) != b[p].get(k)}
                differ.append('%s: kernel and we differ: %s' % (p, diff))
                first = p if len(differ) == 1 else first
        if differ:
            self.fail('\n'.join(differ[:20]) + '\n' + self.history(first))

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('image')
    ap.add_argument('mounted')
    ap.add_argument('--tmp', default='.')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--ops', type=int, default=1000)
    ap.add_argument('--batch', type=int, default=100)
    ap.add_argument('--inode-size', type=int, default=256)
    ap.add_argument('--big', type=int, default=600000, help='bytes of the largest content')
    ap.add_argument('--full', action='store_true', help='the volume is nearly full')
    a = ap.parse_args()
    if a.full:
        a.batch = 1                                     # nothing may build on what is taken back
    m = Mirror(a)
    while m.figures['operations'] < a.ops:
        m.batch(a.batch)
    print(', '.join('%d %s' % (v, k) for k, v in m.figures.items()))

if __name__ == '__main__':
    main()
