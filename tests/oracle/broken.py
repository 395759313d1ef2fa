# SPDX-License-Identifier: MIT
"""Symlinks that lead nowhere: trees of them, the kernel's opinion, and what our programs say.

	broken.py make DIR SEED		a tree full of links
	broken.py truth MNT >FILE	what becomes of each link, by stat(2) within the tree, and by a
					resolver of its own the first missing component, the circle
	broken.py judge TRUTH OURS	OURS: links --broken --json
	broken.py same OURS FSCK MKFS	fsck --json --report-links; what mkfs --dangling=warn says
	broken.py dir MNT SEED		one of the directories
	broken.py moved DIR NEW BEFORE AFTER OURS	OURS: links --leaving DIR --json; DIR became NEW
"""
import base64
import errno
import json
import os
import random
import sys

import lookup

LIMIT = 40


def name(o, key):
    """A name of a record, as bytes."""
    if isinstance(o, dict) and key + '_b64' in o:
        return base64.b64decode(o[key + '_b64'])
    return o[key].encode()


def element(x):
    return base64.b64decode(x['b64']) if isinstance(x, dict) else x.encode()


# ---- a tree ------------------------------------------------------------------------------

def make(top, seed):
    r = random.Random(int(seed))
    dirs, files, links = [''], [], []
    words = ['a', 'b', 'c', 'd e', 'x\ny', 'q"', 'ü', 'lib', 'bin', 'l' * 40]

    def fresh(d):
        for n in range(1000):
            p = d + '/' + r.choice(words) + (str(n) if n else '')
            if not os.path.lexists(top + p):
                return p
    os.makedirs(top)
    for _ in range(r.randrange(4, 14)):
        d = fresh(r.choice(dirs))
        os.mkdir(top + d)
        dirs.append(d)
    for _ in range(r.randrange(3, 12)):
        f = fresh(r.choice(dirs))
        with open(top + f, 'w') as out:
            out.write(f)
        files.append(f)

    def target(d):
        parts = []
        base = r.choice(dirs + files + links * 2 + ['/nowhere', '/no/such', '/lost+found'])
        if r.random() < 0.4:
            text = base
        else:
            text = os.path.relpath(base or '/', d or '/')
        for _ in range(r.choice([0, 0, 0, 1, 1, 2, 3])):
            parts.append(r.choice(words + ['.', '..', '..'] +
                                  [os.path.basename(p) for p in dirs + links if p]))
        text = '/'.join([text] + parts)
        if r.random() < 0.1:
            text += '/'
        if r.random() < 0.05:
            text = text.replace('/', '//')
        return text or '/'
    for _ in range(r.randrange(10, 90)):
        d = r.choice(dirs)
        p = fresh(d)
        links.append(p)
        os.symlink(target(d), top + p)
    for _ in range(r.randrange(0, 4)):			# circles on purpose
        ring = [fresh(r.choice(dirs)) for _ in range(r.randrange(1, 7))]
        ring = [p for i, p in enumerate(ring) if p not in ring[:i]]
        for i, p in enumerate(ring):
            to = ring[(i + 1) % len(ring)]
            os.symlink(to if r.random() < 0.5 else
                       os.path.relpath(to, os.path.dirname(p)), top + p)
            links.append(p)
    if r.random() < 0.5:				# a chain about as long as the limit
        d = r.choice(dirs)
        last = r.choice(files)
        for i in range(r.randrange(38, 48)):
            p = '%s/chain%d' % (d, i)
            os.symlink(last if r.random() < 0.5 else os.path.relpath(last, d or '/'), top + p)
            last = p
            links.append(p)
    if r.random() < 0.2:				# a circle that the limit hides
        n = r.randrange(39, 130)
        for i in range(n):
            os.symlink('round%d' % ((i + 1) % n), '%s/round%d' % (top, i))
    for p in r.sample(links, min(len(links), 5)):	# second names of links
        q = fresh(r.choice(dirs))
        os.link(top + p, top + q, follow_symlinks=False)


# ---- the truth -----------------------------------------------------------------------------

class Fails(Exception):
    """Why a link leads nowhere: the errno, the place."""


class Circle(Exception):
    pass


class Links:
    """A resolver that knows no limit: links are solved once, each by its path."""

    def __init__(self):
        self.solved = {}
        self.stack = []

    def link(self, path):
        if path in self.stack:
            raise Circle(self.stack[self.stack.index(path):])
        if path not in self.solved:
            self.stack.append(path)
            try:
                self.solved[path] = ('is', self.walk(os.path.dirname(path), os.readlink(path)))
            except (Fails, Circle) as e:
                self.solved[path] = ('fails', e)
            self.stack.pop()
        kind, what = self.solved[path]
        if kind == 'fails':
            raise what
        return what

    def walk(self, here, text):
        if text.startswith(b'/'):
            here = b'/'
        parts = [p for p in text.split(b'/') if p]
        if text.endswith(b'/'):
            parts.append(b'.')
        for p in parts:
            if not os.path.isdir(here) or os.path.islink(here):
                raise Fails(errno.ENOTDIR, here)
            if p == b'.':
                continue
            if p == b'..':
                here = os.path.dirname(here)
                continue
            here = (here if here != b'/' else b'') + b'/' + p
            if not os.path.lexists(here):
                raise Fails(errno.ENOENT, here)
            if os.path.islink(here):
                here = self.link(here)
        return here


def all_links():
    for d, dirs, files in os.walk(b'/'):
        for n in dirs + files:
            p = os.path.join(d, n)
            if os.path.islink(p):
                yield p


def truth(mnt):
    out = []
    os.chroot(mnt)
    os.chdir('/')
    sys.setrecursionlimit(100000)
    solver = Links()
    for p in all_links():
        o = {'path': base64.b64encode(p).decode(), 'ino': os.lstat(p).st_ino, 'errno': 0, 'to': 0}
        try:
            o['to'] = lookup.stat(p).st_ino
        except OSError as e:
            o['errno'] = e.errno
        try:
            solver.link(p)
        except Fails as e:
            o['where'] = base64.b64encode(e.args[1]).decode()
        except Circle as e:
            o['circle'] = [base64.b64encode(q).decode() for q in e.args[0]]
        out.append(o)
    json.dump(out, sys.stdout)


def load_truth(path):
    with open(path) as f:
        rows = json.load(f)
    for o in rows:
        o['path'] = base64.b64decode(o['path'])
        if 'where' in o:
            o['where'] = base64.b64decode(o['where'])
        o['circle'] = [base64.b64decode(q) for q in o.get('circle', [])]
    return {o['path']: o for o in rows}


def load(path, form):
    rows = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            o = json.loads(line)
            if o['format'] == form and o.get('type', 'broken-link') == 'broken-link':
                rows.append(o)
    return {name(o, 'path'): o for o in rows}


# ---- judgement -------------------------------------------------------------------------------

def turned(circle):
    i = circle.index(min(circle))
    return circle[i:] + circle[:i]


def complain(bad, figure):
    print('\n'.join(bad[:20]))
    print(figure)
    sys.exit(bool(bad))


def judge_loop(p, t, o, circles, bad):
    circle = [element(x) for x in o['circle']]
    if not t['circle']:
        bad.append('%r: a circle where there is none' % p)
    elif circle and turned(circle) != turned(t['circle']):
        bad.append('%r: circle %r, not %r' % (p, circle, t['circle']))
    elif not circle and len(t['circle']) < LIMIT:
        bad.append('%r: a short circle is not told' % p)
    if o['on_loop'] != (p in t['circle']):
        bad.append('%r: on_loop' % p)
    if circle and o['on_loop'] and circle[0] != p:
        bad.append('%r: its circle begins elsewhere: %r' % (p, circle))
    key = tuple(turned(t['circle'])) if t['circle'] else None
    if circles.setdefault(o['loop'], key) != key:
        bad.append('%r: number %d is another circle' % (p, o['loop']))


def judge(truth_file, ours_file):
    truth_of, ours = load_truth(truth_file), load(ours_file, 'extant-broken_link/1')
    broken = {p for p, t in truth_of.items() if t['errno']}
    bad = ['%r: broken, and not listed' % p for p in broken - set(ours)]
    bad += ['%r: listed, and leads somewhere' % p for p in set(ours) - broken]
    kinds = {errno.ENOENT: ('missing',), errno.ENOTDIR: ('not a directory',),
             errno.ELOOP: ('loop', 'chain')}
    circles = {}
    for p in broken & set(ours):
        t, o = truth_of[p], ours[p]
        if o['kind'] not in kinds[t['errno']]:
            bad.append('%r: %s, but errno %d' % (p, o['kind'], t['errno']))
        elif o['kind'] == 'loop':
            judge_loop(p, t, o, circles, bad)
        elif o['kind'] == 'chain' and t['circle']:
            bad.append('%r: a chain, but it goes in a circle' % p)
        elif o['kind'] in ('missing', 'not a directory') and name(o, 'where') != t.get('where'):
            bad.append('%r: %r, not %r' % (p, name(o, 'where'), t.get('where')))
        hint = name(o, 'perhaps')
        last = name(o, 'target').rstrip(b'/').split(b'/')[-1]
        if hint and (hint == p or hint in broken or hint.split(b'/')[-1] != last):
            bad.append('%r: perhaps %r' % (p, hint))
    loops = sum(o['kind'] == 'loop' for o in ours.values())
    chains = sum(o['kind'] == 'chain' for o in ours.values())
    complain(bad, 'links %d broken %d loops %d chains %d' % (len(truth_of), len(broken), loops,
                                                             chains))


def same(ours_file, fsck_file, mkfs_file):
    ours = load(ours_file, 'extant-broken_link/1')
    fsck = load(fsck_file, 'extant-fsck/1')
    bad = ['fsck: %r' % p for p in set(ours) ^ set(fsck)]
    for p in set(ours) & set(fsck):
        for key in ('ino', 'kind', 'reason'):
            if ours[p][key] != fsck[p][key]:
                bad.append('fsck: %r: %s' % (p, key))
    with open(mkfs_file, encoding='utf-8') as f:
        lines = [s for s in f.read().split('\n') if ' -> ' in s]
    if len(lines) != min(len(ours), 100):
        bad.append('mkfs names %d, not %d' % (len(lines), len(ours)))
    complain(bad, 'named %d' % len(ours))


# ---- what breaks when a directory is moved -----------------------------------------------------

def pick_dir(mnt, seed):
    dirs = [d for d, _, _ in os.walk(mnt) if d != mnt and not d.endswith('lost+found')]
    sys.stdout.buffer.write(os.fsencode(random.Random(int(seed)).choice(sorted(dirs))[len(mnt):]))


def moved(old, new, before_file, after_file, ours_file):
    old, new = os.fsencode(old), os.fsencode(new)
    before, after = load_truth(before_file), load_truth(after_file)
    ours = load(ours_file, 'extant-leaving_link/1')
    changed = set()
    for p, t in before.items():
        q = new + p[len(old):] if p.startswith(old + b'/') else p
        if not t['errno'] and after[q]['to'] != t['to']:
            changed.add(p)
    breaks = {p for p, o in ours.items() if o['breaks']}
    bad = ['%r: led elsewhere, and was not told' % p for p in changed - breaks]
    bad += ['%r: told, and leads where it did' % p for p in breaks - changed]
    bad += ['%r: to %d, not %d' % (p, o['to_ino'], before[p]['to']) for p, o in ours.items()
            if o['to_ino'] != before[p]['to']]
    bad += ['%r: inside' % p for p, o in ours.items() if o['inside'] != p.startswith(old + b'/')]
    complain(bad, 'moved %d' % len(changed))


if __name__ == '__main__':
    {'make': make, 'truth': truth, 'judge': judge, 'same': same, 'dir': pick_dir,
     'moved': moved}[sys.argv[1]](*sys.argv[2:])
