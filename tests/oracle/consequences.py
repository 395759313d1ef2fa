#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What commands say that they meant elsewhere, against the difference of two full reports.

consequences.py [--ops N] [--seed N] [--lines N] [--mount DIR --every N] [--tmp DIR]

A tree full of symlinks is changed by random commands, --lines of them at a time (1: each alone).
Before and after, every symlink is followed here, in a listing of all names; what differs must be
what was said, no more and no less, and so must the names that share new content or keep the old.
Every so often all of it is held against "links --broken", against a dry run, and with --mount
against what a process finds that lives in a mount of the image.
"""
import argparse, json, os, random, re, subprocess, sys
import lookup

parser = argparse.ArgumentParser()
parser.add_argument('--ops', type=int, default=200)
parser.add_argument('--seed', type=int, default=1)
parser.add_argument('--lines', type=int, default=1)
parser.add_argument('--mount')
parser.add_argument('--every', type=int, default=10)
parser.add_argument('--tmp', default='.')
a = parser.parse_args()
rnd = random.Random(a.seed)
image = 'c.img'
state = None
figures = dict(commands=0, refused=0, broken=0, mended=0, elsewhere=0, new=0, content=0, mounts=0, dry=0)

def fail(text):
    print('%s (seed %d, after %d commands)' % (text, a.seed, figures['commands']))
    sys.exit(1)

# ---- the tree and the commands -----------------------------------------------------------

DIRS = ['', '/a', '/b', '/a/c', '/a/c/e', '/b/d', '/opt', '/opt/v1', '/opt/v2']
NAMES = ['f', 'g', 'h', 'x', 'bin', 'l1', 'l2', 'l3', 'cur', 'c', 'd', 'v1']

def place(there=0):
    """A path, that of something that is there as often as asked for."""
    if rnd.random() < there and state:
        return rnd.choice(state.paths)
    return rnd.choice(DIRS) + '/' + rnd.choice(NAMES)

def text(at):
    """What a symlink says: to something that is there or not, near or far, through others."""
    to = rnd.choice([place, lambda: place(1), lambda: place(1), lambda: rnd.choice(DIRS) or '/'])()
    if rnd.random() < .4:
        to += '/' + rnd.choice(NAMES)
    if rnd.random() < .5:
        to = os.path.relpath(to, os.path.dirname(at) or '/')
    return to + ('/' if rnd.random() < .1 else '')

def make_tree(top):
    os.mkdir(top)
    with open(top + '/host.txt', 'w') as f:
        f.write('a file\n')
    for d in DIRS:
        os.makedirs(top + d, exist_ok=True)
    for i in range(60):
        p = place()
        if os.path.lexists(top + p):
            continue
        if rnd.random() < .6:
            os.symlink(text(p), top + p)
        else:
            with open(top + p, 'w') as f:
                f.write(str(i))
    for before, at in [('/chain0', 'f')] + [('/chain%d' % i, 'chain%d' % (i - 1)) for i in range(1, 42)]:
        os.symlink(at, top + before)
    files = [d + '/' + n for d in DIRS for n in sorted(os.listdir(top + d)) if os.path.isfile(top + d + '/' + n)]
    for old in rnd.sample(files, min(8, len(files))):
        p = place()
        if not os.path.lexists(top + p):
            os.link(top + old, top + p, follow_symlinks=False)

def command():
    p, q = place(.7), place(.5)
    shared = rnd.choice(state.shared or [p])
    any_dir = rnd.choice(DIRS[1:])
    return rnd.choice([
        lambda: 'mv -T %s %s' % (p, q), lambda: 'mv -T %s %s' % (p, q), lambda: 'mv %s %s' % (p, q),
        lambda: 'mv -T %s %s' % (any_dir, place()), lambda: 'mv %s %s' % (p, any_dir),
        lambda: 'mv --exchange %s %s' % (p, q), lambda: 'mv --exchange %s %s' % (any_dir, q),
        lambda: 'rm %s' % p, lambda: 'rm %s %s' % (p, q), lambda: 'rm -rf %s' % p,
        lambda: 'rm -f /chain%d' % rnd.randrange(42), lambda: 'ln -sfnT chain%d /chain%d' %
            (rnd.randrange(42), rnd.randrange(42)),
        lambda: 'put --text t %s' % p, lambda: 'put --atomic --text t %s' % p,
        lambda: 'put --inplace --text t %s' % p, lambda: 'put --atomic host.txt %s' % p,
        lambda: 'put --inplace host.txt %s' % shared, lambda: 'put --atomic host.txt %s' % shared,
        lambda: 'cp /host.txt %s' % shared, lambda: 'mv -T %s %s' % (p, shared),
        lambda: 'put --append host.txt %s' % p, lambda: 'put -rT host %s' % p,
        lambda: 'ln -s %s %s' % (text(p), p), lambda: 'ln -sfn %s %s' % (text(p), p),
        lambda: 'ln -sfnT %s %s' % (text(p), p), lambda: 'ln %s %s' % (p, q),
        lambda: 'cp %s %s' % (p, q), lambda: 'cp -aT %s %s' % (p, q), lambda: 'cp -alT %s %s' % (p, q),
        lambda: 'mkdir -p %s' % any_dir, lambda: 'mkdir %s' % p, lambda: 'rmdir %s' % p,
        lambda: 'touch %s' % p, lambda: 'mknod %s p' % p, lambda: 'truncate -s 5 %s' % p,
    ])()

# ---- what is there -----------------------------------------------------------------------

class Volume:
    """All names, and where each symlink leads: by the rules of path_resolution(7)."""
    def __init__(self, records):
        self.dirs, self.target, self.names = {}, {}, {}
        inode = {'/': 2}
        for r in records:
            inode[r['dir'].rstrip('/') + '/' + r['name']] = r['ino']
        self.parent = {2: 2}
        for r in records:
            d, path = inode[r['dir']], r['dir'].rstrip('/') + '/' + r['name']
            self.dirs.setdefault(d, {})[r['name']] = r['ino']
            if r['type'] == 'directory':
                self.dirs.setdefault(r['ino'], {})
                self.parent[r['ino']] = d
            elif r['type'] == 'symbolic link' or r['type'] == 'symlink':
                self.target[r['ino']] = r['target']
            self.names.setdefault(r['ino'], []).append(path)
        self.dirs.setdefault(2, {})
        self.paths = [p for names in self.names.values() for p in names]
        self.shared = [p for i, names in self.names.items() for p in names
                       if len(names) > 1 and i not in self.target]
        self.links = {}                                 # path: where it stands, inode, text, what it leads to
        for r in records:
            if r['ino'] in self.target:
                path, d = r['dir'].rstrip('/') + '/' + r['name'], inode[r['dir']]
                self.links[path] = (d, r['name'], r['ino'], r['target'], self.follow(d, r['name']))

    def follow(self, at, path):
        """The inode, or 0."""
        stack, hops = [path], 0
        must_dir = False
        while stack:
            rest = stack.pop()
            if rest.startswith('/'):
                at, rest = 2, rest.lstrip('/')
            if not rest:
                continue
            name, slash, rest = rest.partition('/')
            if at not in self.dirs:
                return 0
            if slash and not rest.strip('/') and not any(s.strip('/') for s in stack):
                must_dir = True
            if rest.lstrip('/'):
                stack.append(rest.lstrip('/'))
            if name == '.':
                continue
            if name == '..':
                at = self.parent[at]
                continue
            ino = self.dirs[at].get(name)
            if ino is None:
                return 0
            if ino in self.target:
                hops += 1
                if hops > 40:
                    return 0
                stack.append(self.target[ino])
            else:
                at = ino
        return at if not must_dir or at in self.dirs else 0

def difference(before, after):
    """What leads elsewhere: a set of (kind, path, was, is, new)."""
    left = {p: l for p, l in before.links.items() if p not in after.links}
    found, old = set(), {p: before.links[p] for p in after.links if p in before.links}
    fresh = [p for p in after.links if p not in old]
    for same in (lambda l, m: l[:4] == m[:4]), (lambda l, m: l[2:4] == m[2:4]):
        for p in fresh:
            q = next((q for q, l in left.items() if p not in old and same(l, after.links[p])), None)
            if q is not None:
                old[p] = left.pop(q)
    for p, link in after.links.items():
        is_, new = link[4], p not in old
        was = 0 if new else old[p][4]
        if (is_ == 0 if new else is_ != was):
            found.add(('broken' if not is_ else 'elsewhere' if was else 'mended', p, was, is_, new))
    return found

# ---- what is said ------------------------------------------------------------------------

def run(*args):
    done = subprocess.run(['extant-debugfs', *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        fail('exit %d of %s: %s' % (done.returncode, args, done.stderr))
    return done

def lines(commands):
    return [w for c in commands for w in ('-R', c)]

def records(out, kind):
    return [r for r in map(json.loads, out.splitlines()) if r['format'] == 'extant-%s/1' % kind]

def check_content(commands, said, before, after):
    """Of one command: the names that share the inode that was written, or keep it."""
    want = []
    words = commands[0].split()
    target = words[-1]
    if words[0] in ('put', 'cp', 'mv') and '-rT' not in words and '-alT' not in words and \
            '--exchange' not in words:
        for path in {r['path'] for r in said} | {target}:
            inos = [i for i, names in before.names.items() if path in names]
            if inos and inos[0] not in before.dirs and (inos[0] not in before.target or words[0] != 'cp'):
                others = [n for n in after.names.get(inos[0], []) if n != path]
                was = [n for n in before.names[inos[0]] if n != path]
                if others and sorted(others) == sorted(was) and path in {r['path'] for r in said}:
                    want.append((path, inos[0], sorted(others)))
    got = [(r['path'], r['ino'], sorted(r['names'])) for r in said]
    if sorted(got) != sorted(want):
        fail('%s: of content it says %s, not %s' % (commands, got, want))
    for r in said:
        now = next(i for i, names in after.names.items() if r['path'] in names)
        if (now == r['ino']) != (r['content'] == 'new'):
            fail('%s: %s is wrong of %s' % (commands, r['content'], r['path']))
    # where an inode with several names got new content something is said
    if '--inplace' in words and len(before.names.get(next((i for i, n in before.names.items()
            if target in n and i not in before.dirs and i not in before.target), 0), [])) > 1 and not said:
        fail('%s: nothing is said of the other names' % commands)
    figures['content'] += len(said)

def check_dry(commands, done, want):
    """The numbers that a dry run has said."""
    counts = {'nowhere': 0, 'somewhere again': 0, 'to another file': 0}
    for n, where in re.findall(r'(\d+) (?:new )?symlinks? would lead (nowhere|somewhere again|to another file):',
                               done.stderr):
        counts[where] += int(n)
    kinds = [w[0] for w in want]
    if list(counts.values()) != [kinds.count('broken'), kinds.count('mended'), kinds.count('elsewhere')]:
        fail('%s: a dry run says %s of %s' % (commands, counts, sorted(want)))
    figures['dry'] += 1

def check_report(after):
    said = {r['path'] for r in records(run('--json', image, 'links', '--broken').stdout, 'broken_link')}
    want = {p for p, l in after.links.items() if not l[4]}
    if said != want:
        fail('links --broken differs in %s' % sorted(said ^ want))

def check_mount(after):
    subprocess.run(['mount', '-t', 'ext2', '-o', 'loop,ro', image, a.mount], check=True)
    into, out = os.pipe()
    if os.fork() == 0:
        os.chroot(a.mount)
        os.chdir('/')
        found = {}
        for top, dirs, files in os.walk('/'):
            for p in (os.path.join(top, n) for n in dirs + files):
                if os.path.islink(p):
                    try:
                        found[p] = lookup.stat(p).st_ino
                    except OSError:
                        found[p] = 0
        os.write(out, json.dumps(found).encode())
        os._exit(0)
    os.close(out)
    found = json.loads(open(into).read())
    os.wait()
    subprocess.run(['unmount', a.mount], check=True)
    mine = {p: l[4] for p, l in after.links.items()}
    if found != mine:
        fail('the kernel differs: %s' % sorted(set(found.items()) ^ set(mine.items())))
    figures['mounts'] += 1

def look():
    return Volume(records(run('--json', image, 'ls', '-R', '/').stdout, 'ls'))

def step(before):
    commands = [command() for _ in range(a.lines)]
    script = (['--keep-going'] if a.lines > 1 else []) + lines(commands)
    sample = figures['commands'] // a.lines % a.every == 0
    if sample:
        was = open(image, 'rb').read()
        dry = run('--dry-run', *script, image)
        if open(image, 'rb').read() != was:
            fail('%s: a dry run has changed the image' % commands)
    done = run('-w', '--json', *script, '-R', 'ls -R /', image)
    figures['commands'] += a.lines
    said = records(done.stdout, 'consequence')
    if a.lines == 1 and done.returncode:
        figures['refused'] += 1
        if said:
            fail('%s fails, and says what it meant' % commands)
        return before
    after = Volume(records(done.stdout, 'ls'))
    want = difference(before, after)
    got = {(r['kind'], r['path'], r['was'], r['is'], r['new']) for r in said}
    if got != want or len(got) != len(said):
        fail('%s: not said: %s; said and not so: %s' % (commands, sorted(want - got), sorted(got - want)))
    for kind, _, _, _, new in want:
        figures['new' if new else kind] += 1
    if a.lines == 1:
        check_content(commands, records(done.stdout, 'content'), before, after)
    if sample:
        check_report(after)
        if a.lines == 1:                # of several lines a dry run goes on after the same failures
            check_dry(commands, dry, want)
        if a.mount:
            check_mount(after)
    return after

os.chdir(a.tmp)
make_tree('tree')
make_tree('host')
with open('host.txt', 'w') as f:
    f.write('of the host\n')
subprocess.run(['extant-mkfs', '-q', '-F', '-d', 'tree', 'c.img', '16M'], check=True)
state = look()
while figures['commands'] < a.ops:
    state = step(state)
print(', '.join('%d %s' % (v, k) for k, v in figures.items()))
