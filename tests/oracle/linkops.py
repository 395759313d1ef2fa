#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names and links as people change them, a command at a time, beside the kernel: linkops.py WHAT [OPTIONS]

make DIR N      a tree of N objects with hard links of every type, for `list`
list IMAGE DIR  what ls -liR says is what lstat(2) says of each name, in text and as records
ops IMAGE DIR   random ln, rm, mv, mkdir ...; after each: the same success as the kernel's, e2fsck finds nothing,
                a command that failed has left every byte, the names in rm's message are those of find -inum, and
                both volumes have the same free blocks and inodes
pairs IMAGE DIR every pair of some forty paths to mv -T, mv --exchange and ln -T, here and as system calls
trees IMAGE DIR cp -al and -rl of its /src, by the shell and by cp on a mount
cuts IMAGE DIR  commands killed before each of their writes: what reads and what writes next find the tree of
                before or of after
DIR is a mount of a copy of IMAGE, for `list` of IMAGE itself; for `pairs` and `cuts` an empty directory.
"""
import argparse, base64, collections, errno, hashlib, json, os, random, re, shutil, stat, subprocess, sys
import mirror

ENV = dict(os.environ, TZ='UTC', LC_ALL='C')

def fail(text):
    print(text)
    sys.exit(1)

def shell(image, *words, write=True):
    return subprocess.run(['extant-debugfs', *(['-w'] if write else []), image, *words], env=ENV,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

def records(image, *words, write=False):
    r = subprocess.run(['extant-debugfs', '--json', *(['-w'] if write else []), image, *words], env=ENV,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return r, [json.loads(line) for line in r.stdout.splitlines()]

def name_of(record, key):
    return base64.b64decode(record[key + '_b64']) if key + '_b64' in record else record[key].encode()

def digest(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).digest()

def lpaths(top):
    """Every path below a mount, as the volume has it, with its status; bytes."""
    found = {b'/': os.lstat(top)}
    for at, dirs, files in os.walk(os.fsencode(top)):
        dirs.sort()
        for name in dirs + sorted(files):
            path = at + b'/' + name
            found[path[len(top):]] = os.lstat(path)
    return found

# ---- list ----------------------------------------------------------------------------------

ODD = [b' ', b'"', b"'", b'\n', b'\\', b'<12>', b'%12', b'-f', b'\xc3\xa4', b'\xff', b'\x1b[1m', b'a b', b'~', b'*']

def make(top, count, seed):
    rnd = random.Random(seed)
    dirs, all_names = [os.fsencode(top)], []
    for i in range(count):
        name = b'%s%d' % (rnd.choice(ODD) if rnd.random() < .1 else b'n' * rnd.choice([1, 1, 1, 9, 200]), i)
        path = rnd.choice(dirs[-40:]) + b'/' + name
        kind = rnd.random()
        if kind < .1:
            os.mkdir(path, rnd.choice([0o755, 0o700, 0o1777]))
            dirs.append(path)
            continue
        if kind < .35 and all_names:
            os.link(rnd.choice(all_names), path, follow_symlinks=False)
        elif kind < .55:
            os.symlink(b'x' * rnd.choice([1, 58, 59, 60, 61, 200]) if rnd.random() < .3 else
                       rnd.choice(all_names or [os.fsencode(top) + b'/x'])[len(top):], path)
        elif kind < .6:
            os.mknod(path, rnd.choice([stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]) | 0o640,
                     os.makedev(rnd.randrange(256), rnd.randrange(256)))
        else:
            with open(path, 'wb') as f:
                f.write(b'y' * rnd.randrange(0, 3000))
                os.fchmod(f.fileno(), rnd.choice([0o644, 0o4755, 0o600, 0]))
        if rnd.random() < .2:
            os.utime(path, (1, rnd.randrange(1 << 31)), follow_symlinks=False)
        all_names.append(path)
    return 0

PLAIN = re.compile(rb'[!-~]+')

def listing(image, top):
    want = {p: st for p, st in lpaths(top).items() if p != b'/'}
    r, rows = records(image, 'ls', '-R', '/')
    if r.returncode:
        fail(r.stderr.decode())
    got = {}
    for o in rows:
        path = name_of(o, 'dir').rstrip(b'/') + b'/' + name_of(o, 'name')
        got[path] = (o['ino'], int(o['mode'], 8), o['links'], o['uid'], o['gid'], o['size'], o['mtime'],
                     name_of(o, 'target') if o['type'] == 'symlink' else b'')
    for path, st in want.items():
        is_link = stat.S_ISLNK(st.st_mode)
        wanted = (st.st_ino, stat.S_IMODE(st.st_mode), st.st_nlink, st.st_uid, st.st_gid, st.st_size,
                  st.st_mtime_ns // 10**9, os.readlink(os.fsencode(top) + path) if is_link else b'')
        if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
            wanted = wanted[:5] + (got.get(path, [0] * 8)[5],) + wanted[6:]
        if got.get(path) != wanted:
            fail('%r: %r, the kernel says %r' % (path, got.get(path), wanted))
    if set(got) != set(want):
        fail('other names: %r' % list(set(got) ^ set(want))[:5])
    text = shell(image, 'ls', '-liR', '/', write=False).stdout
    # The columns, as find -printf '%i %M %n %U %G %s %TY-%Tm-%Td %TH:%TM %f -> %l' has them.
    lines = collections.Counter()
    for line in text.splitlines():
        m = re.match(rb' *(\d+)  (\S+) +(\d+) +(\d+) +(\d+) +(\d+)  (\S+ \S+)  (.*?)(?:  \((?:missing|loop)[^)]*\))?$', line)
        if m and PLAIN.fullmatch(m[8].split(b' -> ')[0]) and b'"' not in m[8] and b'\\' not in m[8]:
            lines[b'%s %s %s %s %s %s %s %s' % m.groups()] += 1
    r = subprocess.run(['find', top, '-mindepth', '1', '(', '-type', 'l', '-printf',
                        r'%i %M %n %U %G %s %TY-%Tm-%Td %TH:%TM %f -> %l\0', '-o', '!', '-type', 'b', '!', '-type', 'c',
                        '-printf', r'%i %M %n %U %G %s %TY-%Tm-%Td %TH:%TM %f\0', ')'], env=ENV, stdout=subprocess.PIPE)
    plain = 0
    for line in r.stdout.split(b'\0')[:-1]:
        name = line.split(b' ', 8)[8]
        if PLAIN.fullmatch(name.split(b' -> ')[0]) and b'"' not in name and b'\\' not in name and \
                all(32 <= c < 127 for c in name):
            plain += 1
            if not lines[line]:
                fail('find says %r, ls -liR nothing like it' % line)
            lines[line] -= 1
    print('%d names: ls -liR as the mount has them, %d of them byte for byte as find prints them' % (len(want), plain))

# ---- single operations --------------------------------------------------------------------------

WORDS = {       # what a refusal says, by the errno of the kernel
    errno.EEXIST: 'exists already|one name only',      # of two reasons either may be said
    errno.ENOENT: 'no such name|has no "|leads nowhere|not there|not a directory|255',
    errno.ENOTDIR: 'not a directory|no directory|no such name|has no "|255', errno.EISDIR: 'a directory|the directory itself',
    errno.EPERM: 'one name only', errno.EINVAL: 'lies below|lies in|is in it|itself', errno.ENOTEMPTY: 'not empty|is in it',
    errno.EBUSY: 'lies below|names the directory itself|root', errno.ELOOP: 'circle|symlinks',
    errno.ENAMETOOLONG: '255|no such name|has no "|not a directory', errno.EMLINK: '65,000',
}

OPTIONS = ('-T', '-v', '-s', '-sfT', '--exchange')

class Ops:
    def __init__(self, image, top, seed):
        self.image, self.top, self.rnd = image, top, random.Random(seed)
        self.serial = 0
        self.n = collections.Counter()

    def survey(self):
        self.known = lpaths(self.top)
        self.dirs = [p for p, st in sorted(self.known.items()) if stat.S_ISDIR(st.st_mode)]
        self.rest = [p for p, st in sorted(self.known.items()) if not stat.S_ISDIR(st.st_mode)]

    def fresh(self):
        self.serial += 1
        r = self.rnd
        name = r.choice(ODD) + b'%d' % self.serial if r.random() < .2 else b'n%d' % self.serial
        return r.choice(self.dirs).rstrip(b'/') + b'/' + name

    def some(self):
        r = self.rnd.random()
        if r < .05:
            return b'/no/such'
        if r < .08:
            return self.rnd.choice(self.rest or [b'/x']) + b'/below'
        pool = self.rest if r < .75 and self.rest else self.dirs
        return self.rnd.choice(pool)

    def pick(self):
        """A command's words, and what the kernel does for it."""
        r, k = self.rnd, lambda p: os.fsencode(self.top) + p
        what = r.choice(['ln'] * 4 + ['rm'] * 4 + ['mv'] * 5 + ['exchange', 'lns', 'lns', 'lnf', 'mkdir', 'rmdir', 'put'])
        a, b = self.some(), self.fresh() if r.random() < .7 else self.some()
        if what == 'ln':
            return ['ln', '-T', a, b], lambda: os.link(k(a), k(b), follow_symlinks=False)
        if what == 'rm':
            return ['rm', '-v', a], lambda: os.unlink(k(a))
        if what == 'mv':
            if a == b == b'/':      # the kernel sees one name of a mount twice
                return None
            return ['mv', '-T', a, b], lambda: os.rename(k(a), k(b))
        if what == 'exchange':
            b = self.some()
            if a == b == b'/':
                return None
            return ['mv', '--exchange', a, b], lambda: mirror.exchange(k(a), k(b))
        if what == 'lns':
            text = r.choice([b'short', os.path.relpath(a, os.path.dirname(b)), b'z' * 59, b'z' * 60, b'z' * 300])
            return ['ln', '-s', '-T', text, b], lambda: os.symlink(text, k(b))
        if what == 'lnf':       # one transaction here, a name made and renamed there
            text = r.choice([b'switched', b'z' * 70])
            def switch():
                if stat.S_ISDIR(os.lstat(k(b)).st_mode):
                    raise OSError(errno.EISDIR, '')
                os.symlink(text, k(b'/.tmp'))
                os.rename(k(b'/.tmp'), k(b))
            b = self.some()
            return (['ln', '-sfT', text, b], switch) if b in self.known else None
        if what == 'mkdir':
            return ['mkdir', b], lambda: os.mkdir(k(b))
        if what == 'rmdir':
            a = r.choice(self.dirs)
            return ['rmdir', a], lambda: os.rmdir(k(a))
        size = r.choice([0, 10, 1500, 20000])
        def put():
            fd = os.open(k(b), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            os.write(fd, b'p' * size)
            os.fsync(fd)
            os.close(fd)
        return (['put', '--text', 'p' * size, b], put) if b not in self.known else None

    def check_rm(self, words, result, ino):
        """What rm -v says against what is left of the inode on the mount."""
        left = {p for p in self.known if self.known[p].st_ino == ino and p != words[2]}
        record = [json.loads(l) for l in result.stdout.splitlines() if b'extant-done/1' in l][0]
        note = record['note']
        if not left:
            if not note.startswith('its last name'):
                fail('%r: "%s", but it was the last name' % (words, note))
            return
        if 'keeps %d name' % len(left) not in note:
            fail('%r: "%s", but %d are left' % (words, note, len(left)))
        self.n['names'] += len(left)
        names = record.get('names')
        if names is None:
            return
        said = {base64.b64decode(n['b64']) if isinstance(n, dict) else n.encode() for n in names}
        if said != left:
            fail('%r: names %r, find -inum says %r' % (words, sorted(said), sorted(left)))
        found = subprocess.run(['find', self.top, '-inum', str(ino), '-print0'], stdout=subprocess.PIPE).stdout
        if self.serial % 8 == 0 and {p[len(self.top):] for p in found.split(b'\0')[:-1]} != said:
            fail('%r: find -inum differs' % words)

    def one(self, check):
        picked = None
        while not picked:
            picked = self.pick()
        words, do = picked
        ino = self.known[words[2]].st_ino if words[0] == 'rm' and words[2] in self.known else 0
        error = 0
        try:
            do()
        except OSError as e:
            error = e.errno
        before = digest(self.image) if error else None
        options = [w for w in words[1:] if w in OPTIONS]
        if words[0] != 'put':                   # texts may begin with a dash
            words = words[:1] + options + ['--'] + words[1 + len(options):]
        r = subprocess.run(['extant-debugfs', '--json', '-w', self.image, *words], env=ENV, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = r.stderr.decode(errors='replace')
        if r.returncode == 0 and error == errno.ENOSPC and '-sfT' in words:
            return self.switched_without_room(words, do)
        if r.returncode not in (0, 1) or bool(r.returncode) != bool(error):
            fail('%r: exit %d where the kernel says %s\n%s' % (words, r.returncode, errno.errorcode.get(error, 'yes'), said))
        if error:
            self.n['refused'] += 1
            if digest(self.image) != before or os.path.exists(self.image + '.e2log'):
                fail('%r: failed, and the image has changed' % words)
            if error in WORDS and not re.search(WORDS[error], said):
                fail('%r: the kernel says %s, we say %s' % (words, errno.errorcode[error], said))
        elif words[0] == 'rm':
            self.check_rm(['rm', '-v', words[-1]], r, ino)
        if not error:
            self.survey()
        self.n['operations'] += 1
        if check:
            self.sound(words)

    def switched_without_room(self, words, do):
        """
        ln -sf on a full volume.  The kernel needs room for the new symlink beside the old one, which we
        replace in one transaction, so that what the old one gives back can be taken.  That is meant; then the
        symlink must be what was asked for, and the kernel gets there by removing the old one first.
        """
        target = os.fsencode(self.top) + words[-1]
        os.unlink(target)
        os.symlink(words[-2], target)
        said = shell(self.image, 'readlink', '--', words[-1], write=False).stdout.rstrip(b'\n')
        if said != words[-2]:
            fail('%r: succeeded, and leads to %r' % (words, said))
        self.survey()
        self.n['operations'] += 1
        self.n['switched'] += 1
        self.sound(words)

    def sound(self, words):
        check = subprocess.run(['e2fsck', '-fn', self.image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
        if check.returncode:
            fail('%r: e2fsck exits with %d\n%s' % (words, check.returncode, check.stdout.decode(errors='replace')))

    def free(self):
        st = os.statvfs(self.top)
        with open(self.image, 'rb') as f:
            f.seek(1024)
            sb = f.read(1024)
        ours = int.from_bytes(sb[12:16], 'little'), int.from_bytes(sb[16:20], 'little')
        return ours, (st.f_bfree, st.f_ffree)

    def compare(self):
        """Both trees: partition of names into inodes, types, counts, texts, sizes."""
        r, rows = records(self.image, 'ls', '-R', '/')
        ours, theirs = collections.defaultdict(set), collections.defaultdict(set)
        known = lpaths(self.top)
        for o in rows:
            path = name_of(o, 'dir').rstrip(b'/') + b'/' + name_of(o, 'name')
            ours[o['ino']].add(path)
            st = known.get(path)
            if not st or st.st_nlink != o['links'] or \
                    (o['type'] == 'symlink') != stat.S_ISLNK(st.st_mode) or \
                    (o['type'] == 'symlink' and os.readlink(os.fsencode(self.top) + path) != name_of(o, 'target')):
                fail('%r: %r, %r' % (path, o, st))
        for p, st in known.items():
            if p != b'/':
                theirs[st.st_ino].add(p)
        if {frozenset(s) for s in ours.values()} != {frozenset(s) for s in theirs.values()}:
            fail('names are of other inodes than on the mount')

def ops(a):
    o = Ops(a.image, a.dir, a.seed)
    o.survey()
    equal, every = 0, 1 if a.count <= 1000 else 10      # e2fsck takes as long as all the rest
    for i in range(a.count):
        o.one(i % every == 0 or i + 1 == a.count)
        ours, theirs = o.free()
        if ours != theirs:
            fail('after %d operations %d blocks and %d inodes are free, the kernel has %d and %d' % (i + 1, *ours, *theirs))
        equal += 1
    o.compare()
    print('%d operations one by one, %d refused as by the kernel, %d names said by rm, free counts equal %d times%s' %
          (o.n['operations'], o.n['refused'], o.n['names'], equal, ', %d symlinks replaced that the kernel had no '
           'room for' % o.n['switched'] if o.n['switched'] else ''))

# ---- pairs of paths ------------------------------------------------------------------------------

PATHS = ['f', 'g', 'fl', 's', 'sf', 'sd', 'lost', 'loop', 'e', 'e2', 'd', 'd/in', 'd/sub', 'd/sub/deep', 'new', 'd/new', 'e/new',
         'no/such', 'f/below', 'lost/below', 'loop/below', 'sd/new', 'sd/in', 'p', '.', '..', 'd/.', 'd/..', 'd/sub/..',
         '/', 'f/', 'new/', 'e/', 'sd/', 'sf/', 'd/sub/', 'n' * 255, 'n' * 256, 'd/sub/new']

def plant(top):
    os.makedirs(top + '/d/sub/deep')
    os.mkdir(top + '/e')
    os.mkdir(top + '/e2')
    for name in ('f', 'g', 'd/in'):
        with open(top + '/' + name, 'w') as f:
            f.write(name)
    os.link(top + '/f', top + '/fl')
    os.symlink('f', top + '/s')
    os.symlink('g', top + '/sf')
    os.symlink('d', top + '/sd')
    os.symlink('no/such', top + '/lost')
    os.symlink('loop', top + '/loop')
    os.mkfifo(top + '/p')

def kernel_says(root, do):
    """The errno of do(), on a fresh tree if the last one has changed it; 0."""
    try:
        do()
    except OSError as e:
        return e.errno
    shutil.rmtree(root + '/top')
    os.mkdir(root + '/top')
    plant(root + '/top')
    return 0

def pairs(a):
    """rename(2), renameat2(2), link(2) of every pair, in a directory of the host and in one of the image."""
    root, a.image = os.path.abspath(a.dir), os.path.abspath(a.image)
    os.mkdir(root + '/top')
    plant(root + '/top')
    subprocess.run(['extant-mkfs', '-q', '-F', '-d', root, a.image, '1M'], check=True, stdin=subprocess.DEVNULL)
    os.chdir(root + '/top')
    cases = []
    for x in PATHS:
        for y in PATHS:
            cases.append(('mv -T', x, y, lambda x=x, y=y: os.rename(x, y)))
            cases.append(('mv --exchange', x, y, lambda x=x, y=y: mirror.exchange(x, y)))
            cases.append(('ln -T', x, y, lambda x=x, y=y: os.link(x, y, follow_symlinks=False)))
    theirs = []
    for _, _, _, do in cases:
        theirs.append(kernel_says(root, do))
        os.chdir(root + '/top')
    with open(root + '/script', 'w') as f:
        f.write('cd /top\n' + ''.join('begin; %s %s %s\nrollback\n' % c[:3] for c in cases))
    before = digest(a.image)
    r = subprocess.run(['extant-debugfs', '-w', '--keep-going', '-f', root + '/script', a.image], env=ENV,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ours = {int(m[1]): m[2] for m in re.finditer(r'script:(\d+): (?!rollback)(.*)', r.stderr)
            if not re.search(r'other names? of <|symlinks? (now )?leads? |nothing was moved, ', m[2])}      # what it means elsewhere
    bad = []
    for i, (case, error) in enumerate(zip(cases, theirs)):
        said = ours.get(2 + 2 * i)
        if bool(said) != bool(error):
            bad.append('%s %.20s %.20s: the kernel says %s, we say %s' % (*case[:3], errno.errorcode.get(error, 'yes'), said))
    if digest(a.image) != before:
        bad.append('what was rolled back has changed the image')
    if bad:
        fail('%d differ\n' % len(bad) + '\n'.join(bad[:20]))
    print('%d pairs of paths to mv -T, mv --exchange, ln -T: %d refused, as by the kernel' % (len(cases), len(ours)))

# ---- trees of links -----------------------------------------------------------------------------------

def shape(known):
    """What must be equal of two trees that share inodes: the sets of names of one inode, and each one's status."""
    names = collections.defaultdict(set)
    for p, st in known.items():
        names[st.st_ino].add(p)
    return {frozenset(s) for s in names.values()}, \
        {p: (st.st_mode, st.st_nlink, st.st_uid, st.st_gid, None if stat.S_ISDIR(st.st_mode) else st.st_size,
             st.st_mtime_ns) for p, st in known.items()}

def mounted(image, top):
    subprocess.run(['mount', '-t', 'ext2', '-o', 'loop,ro', image, top], check=True)
    try:
        return lpaths(top)
    finally:
        subprocess.run(['unmount', top], check=True)

def trees(a):
    """cp -al and -rl of a tree, here and by cp on a mount of a copy; IMAGE has the tree /src."""
    kimg, top = a.image + '.kernel', os.path.abspath(a.dir)
    for option, theirs in (('-al', '-al'), ('-rl', '-rlP')):
        shutil.copyfile(a.image, kimg)
        subprocess.run(['mount', '-t', 'ext2', '-o', 'loop', kimg, top], check=True)
        subprocess.run(['cp', theirs, top + '/src', top + '/linked'], check=True)
        subprocess.run(['unmount', top], check=True)
        ours = a.image + '.ours'
        shutil.copyfile(a.image, ours)
        r = shell(ours, 'cp', option, '/src', '/linked')
        if r.returncode:
            fail('cp %s: exit %d: %s' % (option, r.returncode, r.stderr.decode(errors='replace')))
        check = subprocess.run(['e2fsck', '-fn', ours], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if check.returncode:
            fail(check.stdout.decode(errors='replace'))
        (our_names, our_rows), (their_names, their_rows) = shape(mounted(ours, top)), shape(mounted(kimg, top))
        if option == '-rl':                     # directories are of now
            for rows in (our_rows, their_rows):
                rows.update({p: row[:5] for p, row in rows.items() if stat.S_ISDIR(row[0])})
        if our_names != their_names:
            fail('cp %s: other names share an inode than after cp on a mount' % option)
        differ = [p for p in their_rows if our_rows.get(p) != their_rows[p] and p != b'/']
        if differ:
            fail('cp %s: %r: %r, cp on a mount: %r' % (option, differ[0], our_rows.get(differ[0]), their_rows[differ[0]]))
    print('cp -al and cp -rl of %d names as by cp on a mount: %d inodes with names in both trees' %
          (sum(p.startswith(b'/src') for p in our_rows), sum(any(p.startswith(b'/linked') for p in s) and
           any(p.startswith(b'/src') for p in s) for s in our_names)))

# ---- power cuts ------------------------------------------------------------------------------------

CALLS = 'write,pwrite64,pwritev,fsync,fdatasync,ftruncate,linkat,renameat,renameat2,unlink,unlinkat'
CUT = ['mv /new /app/run', 'mv /app/run /moved', 'mv /app /d/app', 'mv --exchange /app /d', 'ln -sfn app-2.0 /current',
       'ln -f /new /app/run', 'ln -f /app/run /one/more', 'put -T --atomic host /app/run', 'put -T --inplace host /app/run',
       'cp -al /app /copy', 'cp /new /app/run', 'rm /app/run', 'rm -r /app', 'cp -rl /full /d']

def cuts(a):
    """Each command of CUT, stopped before each of its calls."""
    env = dict(ENV, SOURCE_DATE_EPOCH='1700000000')
    work = os.path.abspath(a.dir)
    base, img = work + '/base.img', work + '/cut.img'
    os.makedirs(work + '/tree/app/lib')
    os.makedirs(work + '/tree/d')
    os.makedirs(work + '/tree/one')
    os.makedirs(work + '/tree/full')
    for path, text in (('app/run', 'old\n' * 900), ('new', 'new\n' * 700), ('app/lib/x', 'x'), ('full/f', 'full')):
        with open(work + '/tree/' + path, 'w') as f:
            f.write(text)
    with open(work + '/host', 'w') as f:
        f.write('host\n' * 1500)
    os.link(work + '/tree/app/run', work + '/tree/other')
    os.symlink('app-1.0', work + '/tree/current')
    def run(*words, **how):
        return subprocess.run(words, env=env, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **how)
    def tree():
        r = subprocess.run(['extant-debugfs', img, 'tar', '/'], env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if r.returncode:
            fail('tar of what is left: %s' % r.stderr[-300:])
        return hashlib.sha256(r.stdout).digest()
    def fresh():
        for name in os.listdir(work):
            if name.startswith('cut.img'):
                os.unlink(work + '/' + name)
        shutil.copyfile(base, img)
    run('extant-mkfs', '-q', '-b', '1024', '-d', 'tree', base, '1M', check=True)
    states, after = 0, 0
    for line in CUT:
        words = line.split()
        if 'full' in line:                      # the last of them
            run('extant-debugfs', '-w', base, 'set', '/full/f', 'links_count', '65000', check=True)
        fresh()
        old = tree()
        r = run('extant-debugfs', '-w', img, *words)
        new = tree()
        if r.returncode or new == old:
            fail('%s: exit %d: %s' % (line, r.returncode, r.stdout))
        for n in range(1, 1000):
            fresh()
            r = run('strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=' + CALLS, '-e',
                    'inject=%s:signal=KILL:when=%d' % (CALLS, n), 'extant-debugfs', '-w', img, *words)
            if r.returncode == 0:
                break
            states += 1
            seen = tree()                       # a reader, before anyone has written
            if seen not in (old, new):
                fail('%s: stopped before call %d: neither the tree of before nor that of after' % (line, n))
            after += seen == new
            r = run('extant-debugfs', '-w', img, 'ls', '/')
            if r.returncode or tree() != seen or os.path.exists(img + '.e2log'):
                fail('%s: stopped before call %d: the next writer finds another tree, or leaves the log' % (line, n))
            r = run('extant-fsck' if states % 2 else 'e2fsck', '-fn', img)
            if r.returncode and 'full' not in line:
                fail('%s: stopped before call %d: %s' % (line, n, r.stdout.decode(errors='replace')))
        if n < 4:
            fail('%s: has %d calls only: nothing was stopped' % (line, n - 1))
    print('%d commands stopped at each of their writes, %d states: %d as before, %d as after' %
          (len(CUT), states, states - after, after))

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('what', choices=['make', 'list', 'ops', 'pairs', 'trees', 'cuts'])
    ap.add_argument('image')
    ap.add_argument('dir', nargs='?')
    ap.add_argument('--count', type=int, default=300)
    ap.add_argument('--seed', type=int, default=1)
    a = ap.parse_args()
    if a.what == 'make':
        return make(a.image, a.count, a.seed)
    if a.what == 'list':
        return listing(a.image, a.dir)
    return {'ops': ops, 'pairs': pairs, 'trees': trees, 'cuts': cuts}[a.what](a)

if __name__ == '__main__':
    sys.exit(main())
