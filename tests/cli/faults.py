#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command that changes a volume, with each of its writes failing: faults.py IMAGE TMP

One line of standard input, one change of the image:
WORDS          a command of extant-debugfs -w
-f FILE        a script, which takes effect as a whole
extant: WORDS  of the program extant; IMAGE stands for the image
steps: FILE    a script with --keep-going: any of its lines may come to nothing
host: LINE     one of these that changes nothing but files in out/, each of which is complete or not there

Each is run with the n-th write, sync, reservation, truncation or renaming failing with EIO or ENOSPC,
once and from then on, for every n there is.  Then the exit status must not be 0, and once the next writer
has been there the image must be as after the change, or as before it but for blocks that were free.

FULL=1 runs all four kinds of failure for each n; else of all of these one in SAMPLE (default 12),
beginning with SEED.
"""
import itertools, os, shlex, shutil, struct, subprocess, sys

CALLS = 'write,pwrite64,pwritev,fsync,fdatasync,fallocate,ftruncate,linkat,renameat,renameat2,rename,copy_file_range'
KINDS = [('EIO', ''), ('ENOSPC', '+'), ('ENOSPC', ''), ('EIO', '+')]
base, tmp = sys.argv[1:3]
full = bool(os.environ.get('FULL'))
sample = 1 if full else int(os.environ.get('SAMPLE', 12))
img, log, out = tmp + '/faults.img', tmp + '/faults.trace', tmp + '/out'

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

class State:
    """An image, and which of its blocks may hold anything."""
    def __init__(self, image):
        self.image, (self.free, self.size) = image, free_blocks(image)

    def is_like(self, now):
        return len(now) == len(self.image) and (now == self.image or all(
            at // self.size in self.free for at in range(0, len(now), self.size)
            if now[at:at + self.size] != self.image[at:at + self.size]))

def fresh():
    for name in os.listdir(tmp):
        if name.startswith('faults.img') or name == 'out':
            path = os.path.join(tmp, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    os.mkdir(out)
    shutil.copyfile(base, img)

def files():
    """What there is in out/, by path."""
    found = {}
    for at, _, names in os.walk(out):
        for name in names:
            path = os.path.join(at, name)
            found[path] = read(path) if not os.path.islink(path) else os.readlink(path)
    return found

class Line:
    def __init__(self, text):
        self.text = text
        self.host = text.startswith('host: ')
        text = text.removeprefix('host: ')
        self.steps = text.startswith('steps: ')
        if self.steps:
            self.words = ['extant-debugfs', '-w', '--keep-going', '-f', text.removeprefix('steps: '), img]
        elif text.startswith('extant: '):
            self.words = ['extant'] + [w.replace('IMAGE:', img + ':') for w in shlex.split(text)[1:]]
        else:
            words = shlex.split(text)
            script = words[0] == '-f'
            self.words = ['extant-debugfs', '-w', *(words[:2] if script else []), img, *([] if script else words)]

    def run(self, *trace):
        return subprocess.run([*trace, *self.words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=tmp)

    def plain(self):
        """Runs it without a fault: how many calls there are to fail."""
        fresh()
        done = self.run(*STRACE)
        self.complete, self.after = files(), read(img)
        if done.returncode != 0 or (self.after == before.image) != self.host or (self.host and not self.complete):
            bad.append('%s: exits with %d without a fault: %s' % (self.text, done.returncode,
                                                                  done.stderr.decode()[-300:]))
        return read(log).count(b'\n')

    def states(self):
        """The images that a run may leave: before and after; of steps those of any of its lines."""
        if not self.steps:
            return [State(self.after), before]
        lines, found = read(os.path.join(tmp, self.words[4])).splitlines(True), []
        for some in itertools.product([True, False], repeat=len(lines)):
            fresh()
            with open(tmp + '/some', 'wb') as f:
                f.writelines(line for line, taken in zip(lines, some) if taken)
            subprocess.run(['extant-debugfs', '-w', '--keep-going', '-f', 'some', img], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp)
            found.append(State(read(img)))
        return found

STRACE = 'strace', '-f', '-qq', '-o', log, '-e', 'trace=' + CALLS
before = State(read(base))
runs, bad = 0, []

def judge(where, line, r, states):
    if r.returncode == 0:
        bad.append('%s: exits with 0' % where)
    elif r.returncode not in (1, 8):
        bad.append('%s: exits with %d' % (where, r.returncode))
    elif not r.stderr and ' write(2' not in read(log).decode(errors='replace'):
        bad.append('%s: says nothing' % where)
    again = subprocess.run(['extant-debugfs', '-w', img, 'pwd'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    now = read(img)
    if again.returncode != 0:
        bad.append('%s: afterwards %s' % (where, again.stderr.decode()[-200:]))
    elif now != before.image if line.host else not any(s.is_like(now) for s in states):
        bad.append('%s: neither before nor after' % where)
    for path, content in files().items() if line.host else ():
        if line.complete.get(path) != content:
            bad.append('%s: %s is half a file' % (where, path))

turn = int(os.environ.get('SEED', 0))
for text in sys.stdin.read().splitlines():
    line, states = Line(text), None
    for n in range(1, line.plain() + 1):
        for error, on in KINDS if full else [KINDS[turn // sample % len(KINDS)]]:
            turn += 1
            if turn % sample:
                continue
            states = states or line.states()
            fresh()
            r = line.run(*STRACE, '-e', 'inject=%s:error=%s:when=%d%s' % (CALLS, error, n, on))
            if '(INJECTED)' in read(log).decode(errors='replace'):
                runs += 1
                judge('%s: %s at call %d%s' % (text, error, n, on), line, r, states)
print('\n'.join(bad[:20]))
print('figure: %d failures of the host, %d of them not as they should be' % (runs, len(bad)))
sys.exit(bool(bad) or not runs)
