#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every sequence of up to two of fourteen operations on a tiny volume, by the kernel and through the shell.

Each sequence begins with the same volume; afterwards e2fsck must find nothing in ours, and both trees
must be equal (mirror.py says in what).
"""
import argparse, itertools, os, shutil, subprocess, sys
import mirror

def run(*command, **how):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **how)

def kernel_ops(k, host):
    data = open(host, 'rb').read()
    def put():
        fd = os.open(k + '/n', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.fchmod(fd, 0o644)
        os.write(fd, data)
        os.close(fd)
    def append():
        fd = os.open(k + '/f', os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(fd, data)
        os.close(fd)
    def truncate():
        fd = os.open(k + '/f', os.O_WRONLY | os.O_CREAT, 0o644)
        os.ftruncate(fd, 300000)
        os.close(fd)
    return [
        ('put -T %s /n' % host, put),
        ('mkdir /m', lambda: os.mkdir(k + '/m')),
        ('rm /f', lambda: os.unlink(k + '/f')),
        ('rmdir /e', lambda: os.rmdir(k + '/e')),
        ('ln -T /f /d/l', lambda: os.link(k + '/f', k + '/d/l')),
        ('ln -s -T d/inside /t', lambda: os.symlink('d/inside', k + '/t')),
        ('mv -T /f /n', lambda: os.rename(k + '/f', k + '/n')),
        ('mv -T /d /e/d', lambda: os.rename(k + '/d', k + '/e/d')),
        ('mv --exchange /f /e', lambda: mirror.exchange(k + '/f', k + '/e')),
        ('truncate -s 300000 /f', truncate),
        ('put -T --append %s /f' % host, append),
        ('punch /f 500 9000', lambda: mirror.punch(k + '/f', 500, 9000)),
        ('rm -r /d', lambda: (os.lstat(k + '/d'), shutil.rmtree(k + '/d'))),
        ('setxattr /f user.a value', lambda: os.setxattr(k + '/f', 'user.a', b'value')),
    ]

def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--tmp', default='.')
    tmp = os.path.abspath(ap.parse_args().tmp)
    base, k, kimg, ours = (tmp + '/' + n for n in ('base.img', 'sequence', 'sequence.img', 'ours.img'))
    src, host = tmp + '/source', tmp + '/host.data'
    os.makedirs(src + '/d')
    os.makedirs(src + '/e')
    os.makedirs(k, exist_ok=True)
    for name, size in (('f', 14000), ('d/inside', 100)):
        with open(src + '/' + name, 'wb') as f:
            f.write(bytes(i % 251 for i in range(size)))
    os.link(src + '/f', src + '/h')
    os.symlink('f', src + '/s')
    with open(host, 'wb') as f:
        f.write(b'x' * 5000)
    run('extant-mkfs', '-q', '-b', '1024', '-N', '32', '-d', src, base, '256K')
    count, bad, refused = 0, 0, 0
    ops = range(14)
    for sequence in [(i,) for i in ops] + list(itertools.product(ops, ops)):
        shutil.copyfile(base, kimg)
        shutil.copyfile(base, ours)
        run('mount', '-t', 'ext2', '-o', 'loop', kimg, k)
        m = mirror.Mirror(argparse.Namespace(image=ours, mounted=k, tmp=tmp, seed=0, full=False, inode_size=256))
        began = m.moment()
        steps = [kernel_ops(k, host)[i] for i in sequence]
        m.figures['operations'] = count
        failed = set()
        for n, (line, do) in enumerate(steps):
            try:
                do()
            except OSError:
                failed.add(n + 1)
        says = m.shell([line for line, _ in steps], *(['--keep-going'] if failed else []))
        if set(says) != failed:
            print('%s: the kernel refuses lines %s, we %s' % ('; '.join(s[0] for s in steps), sorted(failed), says))
            bad += 1
        else:
            try:
                m.compare(began)
            except SystemExit:
                print('  after: ' + '; '.join(s[0] for s in steps))
                bad += 1
        run('unmount', k)
        count += 1
        refused += len(failed)
    print('%d sequences, %d refused operations, %d differ' % (count, refused, bad))
    sys.exit(bad != 0)

if __name__ == '__main__':
    main()
