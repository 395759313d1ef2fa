#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command that changes a volume, with each of its writes failing: faults.py IMAGE TMP

One line of standard input, one change: words of extant-debugfs -w, or "-f FILE" for a script; "host: "
before it when it writes files of the host, which then may fail too.  Each is run with the n-th write,
sync, truncation or renaming failing with EIO or ENOSPC, once and from then on, for every n there is.
Then the exit status must not be 0, and once the next writer has been there the image must be as after
the change, or as before it but for blocks that were free.
FULL=1 runs all four kinds of failure for each n, else they take turns.
"""
import itertools, os, shlex, shutil, struct, subprocess, sys

CALLS = 'write,pwrite64,pwritev,fsync,fdatasync,ftruncate,linkat,renameat,renameat2,copy_file_range'
KINDS = [('EIO', ''), ('ENOSPC', '+'), ('ENOSPC', ''), ('EIO', '+')]
base, tmp = sys.argv[1:3]
full = bool(os.environ.get('FULL'))
img, log = tmp + '/faults.img', tmp + '/faults.trace'

def read(path):
    with open(path, 'rb') as f:
        return f.read()

def free_blocks(image):
    """Numbers of the blocks that are free by the bitmaps, and the size of one."""
    sb = image[1024:2048]
    blocks, first, log_size, per_group = (struct.unpack_from('<I', sb, at)[0] for at in (4, 20, 24, 32))
    size, free = 1024 << log_size, set()
    for group in range((blocks - first + per_group - 1) // per_group):
        desc = (first + 1) * size + 32 * group
        bitmap = struct.unpack_from('<I', image, desc)[0] * size
        for i in range(min(per_group, blocks - first - group * per_group)):
            if not image[bitmap + i // 8] >> i % 8 & 1:
                free.add(first + group * per_group + i)
    return free, size

def fresh():
    for name in os.listdir(tmp):
        if name.startswith('faults.img') or name == 'out':
            path = os.path.join(tmp, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    os.mkdir(tmp + '/out')
    shutil.copyfile(base, img)

def shell(words, *trace):
    options, words = (words[:2] + [img], []) if words[0] == '-f' else ([img], words)
    return subprocess.run([*trace, 'extant-debugfs', '-w', *options, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp)

before = read(base)
free, size = free_blocks(before)

def same_but_for_free(now):
    if len(now) != len(before):
        return False
    return all(at // size in free for at in range(0, len(before), size)
               if now[at:at + size] != before[at:at + size])

runs, bad = 0, []
kinds = itertools.cycle(KINDS)
for line in sys.stdin.read().splitlines():
    words = shlex.split(line.removeprefix('host: '))
    fresh()
    done = shell(words)
    after = read(img)
    if done.returncode != 0 or after == before:
        bad.append('%s: exits with %d without a fault: %s' % (line, done.returncode, done.stderr.decode()[-300:]))
        continue
    for n in itertools.count(1):
        fired = False
        for error, on in KINDS if full else [next(kinds)]:
            fresh()
            r = shell(words, 'strace', '-f', '-qq', '-o', log, '-e', 'trace=' + CALLS,
                      '-e', 'inject=%s:error=%s:when=%d%s' % (CALLS, error, n, on))
            if '(INJECTED)' not in read(log).decode(errors='replace'):
                continue
            fired = True
            runs += 1
            where = '%s: %s at call %d%s' % (line, error, n, on)
            if r.returncode == 0:
                bad.append('%s: exits with 0' % where)
            elif r.returncode not in (1, 8):
                bad.append('%s: exits with %d' % (where, r.returncode))
            elif not r.stderr and ' write(2' not in read(log).decode(errors='replace'):
                bad.append('%s: says nothing' % where)
            again = subprocess.run(['extant-debugfs', '-w', img, 'pwd'], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            now = read(img)
            if again.returncode != 0:
                bad.append('%s: afterwards %s' % (where, again.stderr.decode()[-200:]))
            elif now != after and not same_but_for_free(now):
                bad.append('%s: neither before nor after' % where)
        if not fired:
            break
print('\n'.join(bad[:20]))
print('figure: %d failures of the host, %d of them not as they should be' % (runs, len(bad)))
sys.exit(bool(bad) or not runs)
