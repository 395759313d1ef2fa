#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pairs of volumes that random operations have set apart, compared by extant-debugfs and by rsync.

diff.py PAIRS FIRST_SEED      in a directory where a.img, b.img and the mount points a, b can be

The operations are done by the kernel, on both volumes; then the names that `diff` lists, and in
what they differ, are those of `rsync -niaHAX --delete`; with --content those of `rsync -c`.  Names that
are one file in the second only, which rsync leaves alone, are listed too: that how names are parted
into inodes is told in full is held against lstat(2).
"""
import base64, json, os, random, re, shutil, socket, stat, subprocess, sys

NAMES = [b'a', b'b', b'c', b'd.e', b'd', b'two words', b'\xff\xfe', 'ünï'.encode(), b'new\nline', b'-x',
         b'z' * 200, b'#', b'b -> c', b'tab\there']
TIMES = [10**9, 10**9 + 1, 2 * 10**9, 1 << 31]

def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout

class Tree:
    """Random operations below a mount point; those that make no sense fail, and do nothing."""
    def __init__(self, top, rng):
        self.top, self.rng = os.fsencode(top), rng

    def all(self):
        found = [self.top]
        for directory, dirs, files in os.walk(self.top):
            found += [os.path.join(directory, n) for n in sorted(dirs) + sorted(files)]
        return [p for p in sorted(found) if not p.endswith(b'lost+found')]

    def some(self, test=lambda p: True):
        return self.rng.choice([p for p in self.all() if test(p)] or [self.top])

    def directory(self):
        return self.some(lambda p: os.path.isdir(p) and not os.path.islink(p))

    def new(self):
        return os.path.join(self.directory(), self.rng.choice(NAMES))

    def file(self):
        return self.some(lambda p: os.path.isfile(p) and not os.path.islink(p))

    def stamp(self, path):
        if self.rng.random() < .7:
            t = self.rng.choice(TIMES)
            os.utime(path, (t, t), follow_symlinks=False)

    def write(self):
        path = self.rng.choice([self.new, self.file])()
        if os.path.lexists(path) and not os.path.isfile(path):
            return
        with open(path, 'wb') as f:
            if self.rng.random() < .2:
                f.seek(self.rng.choice([1000, 300000, 5000000]))
            f.write(self.rng.choice([b'1', b'2', b'33', b'x' * 5000, b'y' * 5000]))
        self.stamp(path)

    def patch(self):
        path = self.file()
        if not os.path.isfile(path):
            return
        t = os.stat(path)
        with open(path, 'r+b') as f:
            f.seek(self.rng.randrange(max(1, t.st_size)))
            f.write(self.rng.choice([b'1', b'q']))
        if self.rng.random() < .5:
            os.utime(path, ns=(t.st_atime_ns, t.st_mtime_ns))

    def mkdir(self):
        path = self.new()
        os.mkdir(path)
        self.stamp(path)

    def symlink(self):
        path = self.new()
        os.symlink(self.rng.choice([b'a', b'b', b'/no/such', b'l' * 80, b'm' * 80]), path)
        self.stamp(path)

    def node(self):
        path = self.new()
        kind = self.rng.randrange(4)
        if kind == 0:
            os.mkfifo(path)
        elif kind == 1:
            socket.socket(socket.AF_UNIX).bind(os.fsdecode(path))
        else:
            os.mknod(path, [0o20644, 0o60600][kind - 2], os.makedev(self.rng.choice([1, 7, 300]), kind))
        self.stamp(path)

    def link(self):
        path = self.some(lambda p: not os.path.isdir(p) or os.path.islink(p))
        os.link(path, self.new(), follow_symlinks=False)

    def relink(self):
        """A name that is there becomes another name of something else."""
        path, name = (self.some(lambda p: not os.path.isdir(p) or os.path.islink(p)) for _ in range(2))
        if not os.path.isdir(name) or os.path.islink(name):
            os.link(path, name + b'.new', follow_symlinks=False)
            os.rename(name + b'.new', name)
            if os.path.lexists(name + b'.new'):     # they were one already
                os.remove(name + b'.new')

    def split(self):
        """One of several names becomes a file of its own, of the same content and times."""
        path = self.some(lambda p: not os.path.isdir(p) and os.lstat(p).st_nlink > 1)
        if path != self.top:
            run('cp', '-a', '--', path, path + b'.new')
            os.rename(path + b'.new', path)

    def remove(self):
        path = self.some()
        if path == self.top:
            return
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)

    def rename(self):
        os.rename(self.some(), self.new())

    def chmod(self):
        path = self.some(lambda p: not os.path.islink(p))
        os.chmod(path, self.rng.choice([0o644, 0o755, 0o600, 0o4755, 0o1777]))

    def chown(self):
        os.chown(self.some(), self.rng.choice([0, 1, 70000]), self.rng.choice([0, 1, 70000]),
                 follow_symlinks=False)

    def times(self):
        self.stamp(self.some())

    def xattr(self):
        path = self.some(lambda p: os.path.isfile(p) or os.path.isdir(p))
        name = self.rng.choice(['user.one', 'user.two', 'trusted.three'])
        if self.rng.random() < .3:
            os.removexattr(path, name)
        else:
            os.setxattr(path, name, self.rng.choice([b'', b'1', b'2', b'v' * 300]), follow_symlinks=False)

    def acl(self):
        path = self.some(lambda p: (os.path.isfile(p) or os.path.isdir(p)) and not os.path.islink(p))
        run('setfacl', *self.rng.choice([['-m', 'u:5:r'], ['-m', 'u:5:rwx'], ['-m', 'g:6:r,m::r'], ['-b'],
                                        ['-d', '-m', 'u:7:r'], ['-k']]), '--', path)

    def some_operations(self, count):
        weighted = [self.write] * 6 + [self.patch] * 2 + [self.mkdir] * 3 + [self.symlink, self.node] * 2 + \
            [self.link] * 4 + [self.relink, self.split, self.remove, self.rename, self.chmod, self.chown,
                                self.times, self.xattr, self.acl]
        for _ in range(count):
            try:
                self.rng.choice(weighted)()
            except (OSError, subprocess.CalledProcessError):
                pass
        for path in self.all():     # most directories are of a time that says nothing
            if os.path.isdir(path) and not os.path.islink(path) and self.rng.random() < .8:
                os.utime(path, (TIMES[0], TIMES[0]))

def mounted(image, point, options='ro'):
    os.makedirs(point, exist_ok=True)
    run('mount', '-t', 'ext2', '-o', 'loop,' + options, image, point)
    return point

KINDS = dict(zip('csTtpogax', ['', 'size', 'mtime', 'mtime', 'mode', 'owner', 'group', 'acl', 'xattr']))

def replaced():
    """Directories of the first that are something else in the second."""
    found = []
    for at, dirs, _ in os.walk(b'a'):
        for p in (os.path.join(at, n) for n in dirs):
            q = b'b' + p[1:]
            if not os.path.islink(p) and os.path.lexists(q) and (os.path.islink(q) or not os.path.isdir(q)):
                found.append(p[1:])
    return found

def by_rsync(content):
    """{name: what differs}, names with a slash before them."""
    done = subprocess.run(['rsync', '-niaHAX8', '--delete', '--out-format=%i %n', *(['-c'] if content else []),
                           'a/', 'b/'], capture_output=True)
    # As it removes nothing, it may find what is still in the way of a directory, and miss names below.
    if done.returncode and (done.returncode != 23 or not replaced() or
                            done.stderr.count(b'\n') != done.stderr.count(b'Not a directory') + 1):
        sys.exit('rsync: exit %d: %s' % (done.returncode, done.stderr.decode(errors='replace')))
    out = done.stdout
    found = {}
    for line in out.split(b'\n'):
        if not line:
            continue
        flags, name = line[:11].decode(), line[12:]
        name = re.sub(rb'\\#(\d{3})', lambda m: bytes([int(m[1], 8)]), name)
        name = b'/' + name.removeprefix(b'./').rstrip(b'/')
        if flags.startswith('*deleting'):
            found[name] = {'second'}
        elif '+' in flags:
            found.setdefault(name, {'first'})
        else:
            what = {KINDS[c] for c in flags[2:] if c not in '. '} - {''}
            what |= {'links'} if flags[0] == 'h' else set()
            if flags[2] == 'c':
                what.add({'f': 'content', 'L': 'target', 'D': 'device', 'S': 'type'}[flags[1]])
            found[name] = what
    return found

def by_diff(content):
    done = subprocess.run(['extant-debugfs', '--json', 'a.img', 'diff'] + ['--content'] * content + ['b.img'],
                          capture_output=True)
    if done.returncode > 1 or done.stderr:
        sys.exit('extant-debugfs: exit %d: %s' % (done.returncode, done.stderr.decode(errors='replace')))
    found, sums = {}, None
    for line in done.stdout.split(b'\n')[:-1]:
        o = json.loads(line)
        if o['format'] == 'extant-diff-summary/1':
            sums = o
            continue
        path = base64.b64decode(o['path_b64']) if 'path_b64' in o else o['path'].encode()
        found.setdefault(path, set()).add(o['in'] if o['what'] == 'name' else o['what'])
    if sums['only_first'] + sums['only_second'] + sums['changed'] != len(found):
        sys.exit('the sums are not those of what is listed')
    if done.returncode != bool(found):
        sys.exit('exit %d with %d differences' % (done.returncode, len(found)))
    return found

def inodes(names):
    """Of each side {inode: its names that both have, as what is the same but no directory}."""
    sides = {}, {}
    for name in names:
        st = [os.lstat(b + name) for b in (b'a', b'b')]
        if st[0].st_mode >> 12 == st[1].st_mode >> 12 != 4:
            for side in (0, 1):
                sides[side].setdefault(st[side].st_ino, {})[name] = st[1 - side].st_ino
    return sides

def all_names(top):
    return {os.path.join(d, n)[len(top):] for d, dirs, files in os.walk(top) for n in dirs + files}

def agree(ours, theirs, content, together):
    """Where we may say it otherwise: rsync calls another type a new file, or no difference between
    two kinds of special file or device; the group's part of an ACL is also the mode's; -c says of
    files of another size that their content differs; names that are one file in both are linked
    anew when that file has changed; what it links anew it does not compare by target or device;
    and it leaves names that are one file in the second only (together)."""
    if 'type' in ours:
        return True
    if 'links' in theirs:
        ours = ours - {'target', 'device'}
    if 'links' in theirs and len(theirs) > 1 or together and 'links' not in theirs:
        ours, theirs = ours - {'links'}, theirs - {'links'}
    if content and ours & {'size', 'content'}:
        ours, theirs = ours - {'content', 'size'}, theirs - {'content', 'size'}
    if 'mode' in ours:
        ours, theirs = ours - {'acl'}, theirs - {'acl'}
    return ours == theirs

def anew(name, ours, below):
    """Whether rsync makes another name of the same file anew, and links this one to it: it does for what is
    no regular file, and below a directory that it thinks is in the way."""
    st = os.lstat(b'a' + name)
    return any(what == {'first'} and (n.startswith(below) or not stat.S_ISREG(st.st_mode)) and
               os.path.samestat(st, os.lstat(b'a' + n)) for n, what in ours.items())

def compare(seed, content):
    ours, theirs = by_diff(content), by_rsync(content)
    bad, below = [], tuple(p + b'/' for p in replaced())
    sides = inodes(all_names(b'a') & all_names(b'b'))
    together = {n for names in sides[1].values() if len(set(names.values())) > 1 for n in names}
    for side in (0, 1):     # of names that are one here and several there all but the first of each are told
        for names in sides[side].values():
            least = len(set(names.values())) - 1
            if sum('links' in ours.get(n, '') for n in names) < least:
                bad.append('seed %d: %r are one file in one volume only, which is not told' % (seed, sorted(names)))
    for name in sorted(set(ours) | set(theirs)):
        if name.startswith(below) and ours.get(name) == {'first'} and name not in theirs:
            continue
        if theirs.get(name) == {'links'} and name not in ours and anew(name, ours, below):
            continue
        if name not in ours or not agree(ours[name], theirs.get(name, set()), content, name in together):
            if ours.get(name) == {'type'}:
                continue
            if content and ours.get(name) == {'content'} and os.lstat(b'a' + name).st_nlink > 1:
                continue    # rsync tells it of one of the names
            bad.append('seed %d: %r: diff says %s, rsync says %s' % (seed, name, ours.get(name), theirs.get(name)))
    return len(theirs), bad

def pair(seed):
    rng = random.Random(seed)
    size = rng.choice(['1024', '2048', '4096'])
    run('mke2fs', '-q', '-F', '-t', 'ext2', '-b', size, '-I', rng.choice(['128', '256']), '-N', '512', 'a.img', '12M')
    top = mounted('a.img', 'a', 'rw')
    try:
        Tree(top, rng).some_operations(rng.randrange(20, 120))
    finally:
        run('unmount', 'a')
    if rng.random() < .2:       # the same names somewhere else
        run('mke2fs', '-q', '-F', '-t', 'ext2', '-b', '1024', 'b.img', '16M')
        mounted('a.img', 'a'), mounted('b.img', 'b', 'rw')
        run('cp', '-a', 'a/.', 'b/')
        run('unmount', 'a', 'b')
    else:
        shutil.copy('a.img', 'b.img')
    for image, point, most in (('b.img', 'b', 30), ('a.img', 'a', 20)):
        mounted(image, point, 'rw')
        try:
            Tree(point, rng).some_operations(rng.randrange(most))
        finally:
            run('unmount', point)
    mounted('a.img', 'a'), mounted('b.img', 'b')
    try:
        results = [compare(seed, content) for content in (False, True)]
    finally:
        run('unmount', 'a', 'b')
    return sum(n for n, _ in results), [b for _, bad in results for b in bad]

total, wrong = 0, []
for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[1])):
    n, bad = pair(seed)
    total += n
    wrong += bad
print('\n'.join(wrong[:30] + ['%s pairs, %d differences, %d not agreed on' % (sys.argv[1], total, len(wrong))]))
sys.exit(bool(wrong) or total < 10 * int(sys.argv[1]))
