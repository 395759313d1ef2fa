#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Source trees of extant-mkfs against the same tree put together by hand: equal bytes.

sources.py grafts COUNT [SEED]   trees taken apart at random into sources and grafts; clashes planted
sources.py mounts COUNT [SEED]   trees with file systems and parts of the same one mounted in them
sources.py outside COUNT         files with names outside the tree
sources.py pairs COUNT           pairs of names; prints the processor time that filling takes

In the current directory, which must be empty; mounts wants a mount name space of its own.
"""
import os, random, resource, shutil, socket, stat, subprocess, sys

NAMES = [b'a', b'b', b'etc', b'lib', b'x y', b'new\nline', b'quo"te', b'co:lon', b'back\\slash', b'esc\x1b[31m',
         b'\xff\xfe', b'n' * 255, b'<12>', b'-rf', 'größe'.encode()]
OLD = 1_000_000_000         # all times lie before SOURCE_DATE_EPOCH, but those of inodes, which it sets

def mkfs(image, *args, **more):
    env = dict(os.environ, SOURCE_DATE_EPOCH='1500000000')
    return subprocess.run([b'extant-mkfs', *args, image], capture_output=True, env=env, **more)

def fail(what, *more):
    print(what, *more)
    sys.exit(1)

def equal(a, b, what):
    if subprocess.run(['cmp', '-s', a, b]).returncode:
        for i in a, b:
            out = subprocess.run(['extant-debugfs', i, 'ls', '-liR', '/'], capture_output=True).stdout
            open(os.fsdecode(i) + '.list', 'wb').write(out)
        subprocess.run(['diff', os.fsdecode(a) + '.list', os.fsdecode(b) + '.list'])
        fail(what, 'images differ')

# ---- a tree in memory: path (b'' is the root) -> object; objects have identity ----------------------

class Object:
    def __init__(self, rnd, kind):
        self.kind, self.mode = kind, rnd.choice([0o644, 0o755, 0o700, 0o4711, 0o1777])
        self.time, self.owner = OLD + rnd.randrange(10**6), rnd.choice([(0, 0), (7, 70000)])
        self.data = rnd.randbytes(rnd.choice([0, 1, 50, 5000])) if kind == 'f' else \
            b't' * rnd.choice([1, 59, 60, 61, 200]) if kind == 'l' else b''
        self.xattr = rnd.randbytes(20) if rnd.random() < .2 and kind in 'fd' else None
        self.at = None              # its first name on the host

def grow(rnd, size):
    tree, dirs, objects = {b'': Object(rnd, 'd')}, [b''], []
    for _ in range(size):
        up = rnd.choice(dirs)
        path = up + b'/' + rnd.choice(NAMES) + rnd.choice([b'', b'', b'%d' % rnd.randrange(9)])
        if path in tree or len(path.rsplit(b'/', 1)[1]) > 255:
            continue
        kind = rnd.choice('ddffffflps' + 'cb' * (os.getuid() == 0))
        if kind != 'd' and objects and rnd.random() < .35:
            tree[path] = rnd.choice(objects)
            continue
        tree[path] = Object(rnd, kind)
        if kind == 'd':
            dirs.append(path)
        else:
            objects.append(tree[path])
    return tree, dirs

def create(o, path):
    if o.kind == 'd':
        os.makedirs(path, exist_ok=True)
        return
    if o.at is not None:
        os.link(o.at, path, follow_symlinks=False)
        return
    o.at = os.path.abspath(path)
    if o.kind == 'f':
        with open(path, 'wb') as f:
            f.write(o.data)
    elif o.kind == 'l':
        os.symlink(o.data, path)
    elif o.kind == 'p':
        os.mkfifo(path)
    elif o.kind == 's':             # a socket's address is short
        s = socket.socket(socket.AF_UNIX)
        s.bind('.socket')
        s.close()
        os.rename('.socket', path)
    else:
        os.mknod(path, (stat.S_IFCHR if o.kind == 'c' else stat.S_IFBLK) | 0o600, os.makedev(1, 3))
    dress(o, path)

def dress(o, path):
    if os.getuid() == 0:
        os.chown(path, *o.owner, follow_symlinks=False)
    if o.kind != 'l':
        os.chmod(path, o.mode)
    if o.xattr:
        try:
            os.setxattr(path, b'user.x', o.xattr)
        except OSError:
            pass
    # Read last in the future: reading a link does not change it, and SOURCE_DATE_EPOCH sets it.
    os.utime(path, (4 * OLD, o.time), follow_symlinks=False)

def write(tree, root):
    """The tree in a directory; what is in a directory comes after it."""
    os.mkdir(root)
    for path in sorted(tree):
        os.makedirs(root + os.path.dirname(path), exist_ok=True)
        create(tree[path], root + path)
    for path in sorted(tree, reverse=True):
        if tree[path].kind == 'd':
            dress(tree[path], root + path)

def wipe():
    for name in os.listdir(b'.'):
        if os.path.isdir(name) and not os.path.islink(name):
            shutil.rmtree(name)
        else:
            os.unlink(name)

# ---- grafts ----------------------------------------------------------------------------------------

def escape(text):
    return text.replace(b':', b'\\:')

def inside(path, at):
    return at == b'' or path == at or path.startswith(at + b'/')

def split(rnd, tree, dirs):
    """Sources, each a place in the tree and what of the tree it has.  A directory may be in several;
    the last has it as it is, the others have something else to say of it."""
    places = [b''] + [rnd.choice(dirs) for _ in range(rnd.randrange(1, 5))]
    rnd.shuffle(places)
    parts = [{} for _ in places]
    for path, o in tree.items():
        fit = [i for i, at in enumerate(places) if inside(path, at)]
        if o.kind != 'd':
            parts[rnd.choice(fit)][path] = o
            continue
        has = [i for i in fit if places[i] == path or rnd.random() < .4]
        for i in has or [rnd.choice(fit)]:
            parts[i][path] = o
    for at, part in zip(places, parts):     # the way to what a source has
        for path in list(part):
            while path != at:
                path = path.rsplit(b'/', 1)[0]
                part.setdefault(path, tree[path])
    for i, part in enumerate(parts):
        for path, o in part.items():
            if o.kind == 'd' and any(path in p for p in parts[i + 1:]):
                part[path] = Object(rnd, 'd')
    return places, parts

def lay(rnd, places, parts):
    args = []
    for i, (at, part) in enumerate(zip(places, parts)):
        root = b'src%d' % i + rnd.choice([b'', b':', b'\\', b' "', b'\n'])
        write({path[len(at):]: o for path, o in part.items()}, root)
        arg = escape(root)
        if at or rnd.random() < .3:
            arg += (b'/' if root.endswith(b'\\') else b'') + b':' + \
                (escape(at) if rnd.random() < .7 else b'//.' + escape(at).replace(b'/', b'//') + b'/./')
            if not at:
                arg = arg.split(b':')[0] + b':/' if b':' not in root else escape(root) + b':/'
        args += [b'-d', arg]
    return args

def plant(rnd, places, parts):
    """Something that two sources have and that is no directory in both; where, and in which."""
    pairs = [(i, j, path) for i, part in enumerate(parts) for j, at in enumerate(places) if i != j
             for path in part if inside(path, at) and path != at and path not in parts[j] and path != places[i]
             and path.rsplit(b'/', 1)[0] in parts[j]]
    if not pairs:
        return None
    i, j, path = rnd.choice(sorted(pairs))
    parts[j][path] = Object(rnd, 'f' if parts[i][path].kind == 'd' else rnd.choice('fdl'))
    return i, j, path

def shown(path):
    out = b''
    for c in path.decode('utf-8', 'surrogateescape'):
        b = c.encode('utf-8', 'surrogateescape')
        out += b'\\x%02x' % b[0] if len(b) == 1 and (b[0] < 32 or b[0] >= 127 or b in b'"\\') else b
    return out

def grafts(count, seed):
    clashes = 0
    for n in range(count):
        rnd = random.Random(seed + n)
        tree, dirs = grow(rnd, rnd.choice([5, 40, 120]))
        places, parts = split(rnd, tree, dirs)
        args = lay(rnd, places, parts)
        write(tree, b'whole')
        a, b = mkfs(b'a.img', *args), mkfs(b'b.img', b'-d', b'whole')
        if a.returncode or b.returncode:
            fail('seed', seed + n, args, a.stderr, b.stderr)
        equal(b'a.img', b'b.img', 'seed %d' % (seed + n))
        wipe()
        for o in tree.values():
            o.at = None
        clash = plant(rnd, places, parts)
        if clash:
            clashes += 1
            for part in parts:
                for o in part.values():
                    o.at = None
            args = lay(rnd, places, parts)
            got = mkfs(b'a.img', *args)
            if got.returncode != 1 or os.path.exists('a.img'):
                fail('seed', seed + n, 'clash not refused', clash, args, got.stdout)
            tail = shown(clash[2].rsplit(b'/', 1)[1])[-200:]
            # Both by their paths, or one of them and the source whose graft lies there.
            named = {i for i in range(len(parts)) if b'src%d' % i in got.stderr}
            if got.stderr.count(tail) < 2 or b'...' not in got.stderr and (len(named) != 2 or clash[1] not in named):
                fail('seed', seed + n, 'clash not named', clash, got.stderr.decode(errors='replace'))
        wipe()
    print('figure: %d trees taken apart, equal bytes; %d clashes refused' % (count, clashes))

# ---- mounts ------------------------------------------------------------------------------------------

def run(*args):
    subprocess.run(args, check=True)

def mounts(count, seed):
    total = 0
    for n in range(count):
        rnd = random.Random(seed + n)
        tree, dirs = grow(rnd, 60)
        write(tree, b'src')
        other, _ = grow(rnd, 20)
        write(other, b'other')
        points = set()
        for path in rnd.sample(sorted(tree), min(len(tree), rnd.randrange(1, 6))):
            kind = tree[path].kind
            if path and kind in 'fdpscb' and not any(inside(path, p) or inside(p, path) for p in points):
                points.add(path)
        expected = dict(tree)
        for point in points:
            if tree[point].kind == 'f':
                expected[point] = Object(rnd, 'f')
                expected[point].__dict__.update(tree[point].__dict__, data=b'', at=None)
            elif tree[point].kind != 'd':
                expected[point] = Object(rnd, 'f')
                expected[point].__dict__.update(tree[point].__dict__, at=None)
            for path in tree:
                if path != point and inside(path, point):
                    del expected[path]
        for o in expected.values():
            o.at = None
        write(expected, b'expected')
        for point in points:
            here = b'src' + point
            if tree[point].kind == 'd' and rnd.random() < .4:
                run('mount', '-t', 'tmpfs', 'none', here)
                open(here + b'/on tmpfs', 'w').close()
                os.link(here + b'/on tmpfs', here + b'/twice')
            elif tree[point].kind == 'd':
                run('mount', '--bind', rnd.choice([b'other', b'src' + b'']) if rnd.random() < .8 else b'other', here)
            else:
                open(b'file', 'w').write('bound')
                run('mount', '--bind', b'file', here)
        got = mkfs(b'a.img', b'-x', b'-d', b'src')
        want = mkfs(b'b.img', b'-d', b'expected')
        entered = mkfs(b'c.img', b'-n', b'--size=64M', b'-d', b'src')
        for point in points:
            run('umount', '-R', b'src' + point)
        if got.returncode or want.returncode or entered.returncode:
            fail('seed', seed + n, got.stderr, want.stderr, entered.stderr)
        equal(b'a.img', b'b.img', 'seed %d: mounts %s' % (seed + n, sorted(points)))
        word = b'%d mount point' % len(points)
        if points and (word + b's'[:len(points) > 1] + b' left empty:') not in got.stdout:
            fail('seed', seed + n, got.stdout)
        if points and b' entered:' not in entered.stdout or not points and b'mount point' in entered.stdout:
            fail('seed', seed + n, entered.stdout)
        if len(points) <= 3 and not all(shown(b'src' + p) in got.stdout for p in points):
            fail('seed', seed + n, 'not all named', points, got.stdout)
        total += len(points)
        wipe()
    print('figure: %d trees with %d mount points, as those with empty ones' % (count, total))

# ---- names outside, and many pairs ---------------------------------------------------------------------

def outside(count):
    os.mkdir('src')
    os.mkdir('out')
    want = {}
    for i in range(count):
        name = 'src/%d' % i
        open(name, 'w').write(str(i))
        os.link(name, 'out/%d' % i)
        for k in range(i % 3):
            os.link(name, '%s-%d' % (name, k))
        want[name[4:]] = 1 + i % 3
    got = mkfs(b'a.img', b'-d', b'src')
    if got.returncode or b'%d files have names outside the tree' % count not in got.stdout:
        fail(got.stdout, got.stderr)
    out = subprocess.run(['extant-debugfs', 'a.img', 'stat', '-c', '%h %n', *('/' + n for n in want)],
                         capture_output=True, text=True).stdout
    lines = out.split('\n')[:-1]
    if len(lines) != count or any(l != '%d /%s' % (want[n], n) for l, n in zip(lines, want)):
        fail('counts', lines[:5])
    if subprocess.run(['e2fsck', '-fn', 'a.img'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        fail('e2fsck')
    print('figure: %d files with names outside, counts of the names inside' % count)

def pairs(count):
    os.makedirs('src/a')
    os.makedirs('src/b')
    for i in range(count):
        name = 'src/a/%06d' % i
        open(name, 'w').write(str(i))
        os.link(name, 'src/b/%06d' % i)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    got = mkfs(b'a.img', b'-d', b'src')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if b'%d names of %d inodes' % (2 * count, count) not in got.stdout:
        fail(got.stdout, got.stderr)
    print('figure: %d linked pairs in %.2f s of processor time' % (
        count, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))

if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('grafts', 'mounts', 'outside', 'pairs'):
        sys.exit(__doc__)
    os.umask(0o022)
    globals()[sys.argv[1]](int(sys.argv[2]), *([int(a) for a in sys.argv[3:]] or
                                               [1] * (sys.argv[1] in ('grafts', 'mounts'))))
