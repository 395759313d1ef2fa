#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Directories with a second name: twoparents.py [--count N] [--seed S]

Each volume has a tree of directories, in which some get a second name, or a third: in another directory, in
the same one, below themselves, by extant-debugfs or by debugfs.  After extant-fsck -y each must have one name,
in the directory that its ".." named before, everything must be where it was, and both checkers find nothing.
"""
import argparse, json, os, random, shutil, subprocess, sys

def run(*words, status=(0,), **how):
    r = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
    if r.returncode not in status:
        print('%s: exit %d\n%s' % (' '.join(words), r.returncode, (r.stderr + r.stdout).decode(errors='replace')[-1500:]))
        sys.exit(1)
    return r.stdout

def listing(image):
    """Path -> (inode, type) of every name."""
    rows = [json.loads(l) for l in run('extant-debugfs', '--json', image, 'ls', '-R', '/').splitlines()]
    return {r['dir'].rstrip('/') + '/' + r['name']: (r['ino'], r['type']) for r in rows}

def plant(top, rnd):
    dirs = ['']
    for i in range(rnd.randrange(4, 30)):
        d = rnd.choice(dirs) + '/%s%d' % (rnd.choice('abz'), i)
        os.mkdir(top + d)
        dirs.append(d)
        if rnd.random() < .7:
            with open(top + d + '/file', 'w') as f:
                f.write(d)
    return dirs[1:]

def damage(image, rnd, dirs, known):
    """Second names; what was done, for a message."""
    done = []
    for d in rnd.sample(dirs, min(len(dirs), rnd.choice([1, 1, 1, 2, 5]))):
        parent = d.rsplit('/', 1)[0]
        for n in range(rnd.choice([1, 1, 2])):
            below = [p for p in dirs if p == d or p.startswith(d + '/')]
            into = rnd.choice([parent, rnd.choice(dirs + ['']), rnd.choice(below)])
            name = into + '/%s%d' % (rnd.choice(['0second', 'zsecond', 'm' * 200]), len(done))
            ino = known[d][0]
            if rnd.random() < .5 and shutil.which('debugfs'):
                run('debugfs', '-w', '-R', 'ln <%d> %s' % (ino, name), image)
            else:
                run('extant-debugfs', '-w', image, 'raw', 'link', '%%%d' % ino, name)
            done.append((d, name))
    return done

def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--count', type=int, default=60)
    ap.add_argument('--seed', type=int, default=1)
    a = ap.parse_args()
    names, bad, theirs, judged = 0, [], 0, 0
    for i in range(a.count):
        rnd = random.Random(a.seed * 100003 + i)
        shutil.rmtree('tree', ignore_errors=True)
        os.mkdir('tree')
        dirs = plant('tree', rnd)
        run('extant-mkfs', '-q', '-F', '-b', rnd.choice(['1024', '4096']), '-d', 'tree', 'two.img', '2M')
        known = listing('two.img')
        done = damage('two.img', rnd, dirs, known)
        names += len(done)
        shutil.copyfile('two.img', 'theirs.img')
        said = run('extant-fsck', '-y', 'two.img', status=(1,)).decode(errors='replace')
        # A second name beside the first agrees with ".." as well: either may stay.
        after = listing('two.img')
        left = {v[0] for v in known.values()}
        wrong = []
        for path, (ino, kind) in known.items():
            if after.get(path) == (ino, kind):
                continue
            moved = [d for d, n in done if path == d or path.startswith(d + '/')]
            if not any(n.rsplit('/', 1)[0] == d.rsplit('/', 1)[0] for d, n in done if d in moved):
                wrong.append(path)
        if len(after) != len(known) or {v[0] for v in after.values()} != left:
            wrong.append('%d names, %d before' % (len(after), len(known)))
        for d, n in done:
            ino = known[d][0]
            at = [p for p, v in after.items() if v[0] == ino]
            if len(at) != 1 or known.get(at[0].rsplit('/', 1)[0], (2,))[0] != known.get(d.rsplit('/', 1)[0], (2,))[0]:
                wrong.append('%s is %s' % (d, at))
        for d, n in done:
            if d not in said:
                wrong.append('the report does not name %s' % d)
        run('e2fsck', '-fn', 'two.img')
        run('extant-fsck', '-nf', 'two.img')
        if wrong:
            bad.append('seed %d, volume %d: %s after %s' % (a.seed, i, wrong[:4], done))
        subprocess.run(['e2fsck', '-fy', 'theirs.img'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            other = listing('theirs.img')
            theirs += sum(other.get(d) == known[d] for d, _ in done)
        except SystemExit:
            pass
    if bad:
        print('%d of %d volumes:' % (len(bad), a.count))
        print('\n'.join(bad[:8]))
        sys.exit(1)
    print('%d volumes with %d second names of directories: the one that ".." agrees with stays (by e2fsck %d do)' %
          (a.count, names, theirs))

if __name__ == '__main__':
    main()
