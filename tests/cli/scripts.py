#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random commands for the shell, from a seed.

scripts.py fail SEED     a script that changes a lot and fails in one line; prints on standard
                               error that line's number, its command and what the reason must match
scripts.py good SEED COUNT     COUNT commands that all succeed on an empty volume

The generator knows the tree it has made, so it knows which commands succeed.
"""
import random, sys

what, seed = sys.argv[1], int(sys.argv[2])
rng = random.Random(seed)

class Tree:
    """Paths and what they are: d, f, l (a symlink that leads nowhere)."""
    def __init__(self):
        self.at = {'': 'd'}
        self.next = 0

    def fresh(self, where=None):
        self.next += 1
        parent = rng.choice(self.dirs()) if where is None else where
        return '%s/%s%d' % (parent, rng.choice(['a', 'file', 'x.conf', 'long-name-of-something']), self.next)

    def dirs(self): return [p for p, k in self.at.items() if k == 'd']
    def files(self): return [p for p, k in self.at.items() if k == 'f']
    def some(self): return [p for p in self.at if p]
    def empty(self, d): return not any(p.startswith(d + '/') for p in self.at)

    def drop(self, path):
        for p in [p for p in self.at if p == path or p.startswith(path + '/')]:
            del self.at[p]

    def move(self, old, new):
        for p in [p for p in self.at if p == old or p.startswith(old + '/')]:
            self.at[new + p[len(old):]] = self.at.pop(p)

def size(): return rng.choice([0, 1, 59, 1000, 1024, 5000, 13000, 70000])

def good(t):
    """One command that succeeds."""
    files, dirs, some = t.files(), t.dirs(), t.some()
    new = t.fresh()
    kinds = ['mkdir', 'touch', 'put', 'ln -s', 'mknod', 'mkdir -p']
    if files:
        kinds += ['ln', 'rm', 'truncate', 'append', 'inplace', 'atomic', 'punch', 'setxattr', 'cp', 'mv']
    if some:
        kinds += ['chmod', 'chown', 'touch -d', 'mv']
    if len(dirs) > 1:
        kinds += ['rmdir', 'rm -r', 'mv dir']
    kind = rng.choice(kinds)
    text = '"%s\\n"' % ('t' * rng.randrange(2000))
    if kind == 'mkdir': t.at[new] = 'd'; return 'mkdir ' + new
    if kind == 'mkdir -p': t.at[new] = 'd'; t.at[new + '/p'] = 'd'; return 'mkdir -p %s/p' % new
    if kind == 'touch': t.at[new] = 'f'; return 'touch ' + new
    if kind == 'put': t.at[new] = 'f'; return 'put --text %s %s' % (text, new)
    if kind == 'ln -s': t.at[new] = 'l'; return 'ln -s %s %s' % ('n' * rng.choice([1, 30, 59, 60, 900]), new)
    if kind == 'mknod': t.at[new] = 'p'; return 'mknod %s p' % new
    if kind == 'ln': t.at[new] = 'f'; return 'ln %s %s' % (rng.choice(files), new)
    if kind == 'cp': t.at[new] = 'f'; return 'cp %s %s' % (rng.choice(files), new)
    if kind == 'rm': f = rng.choice(files); t.drop(f); return 'rm ' + f
    if kind == 'truncate': return 'truncate -s %s%d %s' % (rng.choice(['', '+', '-']), size(), rng.choice(files))
    if kind == 'append': return 'put --append --text %s %s' % (text, rng.choice(files))
    if kind == 'inplace': return 'put --inplace --text %s %s' % (text, rng.choice(files))
    if kind == 'atomic': return 'put --atomic --text %s %s' % (text, rng.choice(files))
    if kind == 'punch': return 'punch %s %d %d' % (rng.choice(files), size(), size())
    if kind == 'setxattr': return 'setxattr %s user.a%d %s' % (rng.choice(files), rng.randrange(3), 'v' * rng.randrange(1, 60))
    if kind == 'chmod': return 'chmod %s %s' % (rng.choice(['600', 'u+x', 'go-rwx', 'a=rX']), rng.choice([p for p in some if t.at[p] != 'l'] or ['/']))
    if kind == 'chown': return 'chown -h %d:%d %s' % (rng.randrange(70000), rng.randrange(9), rng.choice(some))
    if kind == 'touch -d': return 'touch -h -d @%d %s' % (rng.randrange(2**31), rng.choice(some))
    if kind == 'mv':
        p = rng.choice([p for p in some if t.at[p] != 'd'] or [None])
        if p is None: return good(t)
        t.move(p, new)
        return 'mv -T %s %s' % (p, new)
    if kind == 'mv dir':
        d = rng.choice(dirs[1:]); to = [x for x in dirs if x != d and not x.startswith(d + '/')]
        new = t.fresh(rng.choice(to)); t.move(d, new)
        return 'mv %s %s' % (d, new)
    d = rng.choice(dirs[1:])
    if kind == 'rmdir' and t.empty(d): t.drop(d); return 'rmdir ' + d
    if kind == 'rm -r': t.drop(d); return 'rm -r ' + d
    return good(t)

def bad(t):
    """One command that fails: its text, the command, and what the reason must say."""
    full = [d for d in t.dirs() if d and not t.empty(d)]
    files = t.files()
    no = '/nosuch%d' % rng.randrange(1000)
    ways = [('rm ' + no, 'rm', 'no such name in /'), ('mkdir %s/a' % no, 'mkdir', 'has no'),
            ('rmdir ' + no, 'rmdir', 'no such name'), ('cat ' + no, 'cat', 'has no'), ('frob x', None, 'unknown command'),
            ('mkdir', 'mkdir', 'is missing'), ('chmod 9 /', 'chmod', 'not a mode'), ('mv %s /x' % no, 'mv', 'no such name'),
            ('ln %s /x' % no, 'ln', 'no such name'), ('put %s /x' % no, 'put', 'nosuch'), ('rm -r /', 'rm', 'the directory itself'),
            ("touch 'open", None, 'quote'), ('mkdir ' + 'n' * 256, 'mkdir', '255'), ('truncate -s 9000T /big', 'truncate', '.'),
            ('put --text x ' + no + '/y', 'put', 'has no'), ('getxattr / user.nosuch', 'getxattr', 'has no attribute'),
            ('mkdir /fine /lost+found', 'mkdir', 'exists already'), ('commit', 'commit', 'nothing was begun'),
            ('mkdir /once; rm ' + no, 'rm', 'no such name'), ('undo 1000', 'undo', '.')]
    if files:
        f = rng.choice(files)
        ways += [('mkdir ' + f, 'mkdir', 'exists already'), ('rmdir ' + f, 'rmdir', '.'), ('mkdir %s/x' % f, 'mkdir', 'not a directory'),
                 ('ln %s %s' % (f, f), 'ln', 'exists'), ('rmxattr %s user.none' % f, 'rmxattr', 'has no attribute')]
    if full:
        d = rng.choice(full)
        ways += [('rm ' + d, 'rm', 'a directory'), ('rmdir ' + d, 'rmdir', '.'), ('mv %s %s/below' % (d, d), 'mv', 'below'),
                 ('ln %s /x' % d, 'ln', 'one name only')]
    return rng.choice(ways)

tree = Tree()
if what == 'good':
    for _ in range(int(sys.argv[3])):
        print(good(tree))
else:
    before, after = rng.randrange(1, 60), rng.randrange(0, 10)
    lines = []
    for _ in range(before):
        lines.append(good(tree))
        if rng.random() < .15:
            lines.append(rng.choice(['# a comment', '', 'ls -l /', 'cd /', '-rm /nosuch/at/all']))
    text, command, reason = bad(tree)
    number = len(lines) + 1
    lines.append(text)
    for _ in range(after):
        lines.append('touch /after%d' % rng.randrange(10**6))
    print('\n'.join(lines))
    print('%d\t%s\t%s' % (number, command or '-', reason), file=sys.stderr)
