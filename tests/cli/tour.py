#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plays scripts/tour through a pipe and at a terminal.

tour.py TOUR DOCUMENT

Through a pipe it tells the document, its console blocks as they stand there.  At a terminal it waits
for Enter before each block, runs what is typed instead, and ends at q and at the end of input.
"""
import os, pty, re, select, subprocess, sys, time

tour, document = sys.argv[1:]
text = open(document).read()
blocks = re.findall(r'(?ms)^```console\n(.*?)^```$', text)
exercises = re.findall(r'(?m)^## ([0-9]+)\. ', text)
ends = re.findall(r'(?m)^## [^0-9]', text[text.index('\n## 1. '):])
environment = dict(os.environ, TERM='dumb')

def fail(why, shown=''):
    sys.exit('%s\n%s' % (why, shown[-2000:]))

def without_owner(shown):	# as readme.py does
    return re.sub(r'(?m)^( *\d+  [-a-zA-Z]{10} +\d+) +\d+ +\d+', r'\1 OWNER', shown)

def piped(*args):
    run = subprocess.run([tour, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, env=environment)
    if run.returncode:
        fail('exit status %d' % run.returncode, run.stdout)
    return without_owner(run.stdout)

def at_terminal(typed, want, *args):
    """Types a line whenever a prompt is shown; typed(n) is the nth, None the end of input."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ['TERM'] = 'dumb'
        os.execv(tour, [tour, *args])
    shown, prompts, end = b'', 0, time.time() + 60
    while True:
        if not select.select([fd], [], [], max(0, end - time.time()))[0]:
            fail('it waits for ever', shown.decode(errors='replace'))
        try:
            got = os.read(fd, 65536)
        except OSError:
            got = b''
        if not got:
            break
        shown += got
        while len(re.findall(rb'\[Enter[^]\n]*\] ', shown)) > prompts:
            line = typed(prompts)
            os.write(fd, b'\4' if line is None else line.encode() + b'\n')
            prompts += 1
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    if status != want:
        fail('exit status %d, not %d' % (status, want), shown.decode(errors='replace'))
    return shown.decode().replace('\r\n', '\n'), prompts

# Each exercise can be begun with: it makes the copy of the volume that it changes.
for exercise in re.split(r'(?m)^## ', text)[1:]:
    uses = re.findall(r'(?m)^\$ .*\bmy\.img\b.*', exercise)
    if uses and uses[0] != '$ cp links.img my.img':
        fail('an exercise uses what another has made: ' + exercise.split('\n')[0])

# Typed as they stand, none of the commands can hurt.
for block in re.findall(r'(?ms)^```(?:sh|console)\n(.*?)^```$', text):
    if re.search(r'\brm -[a-zA-Z]*r|\bdd\b|\bmkfs\.', re.sub(r'extant\b.*', '', block)):
        fail('a command that destroys what it is not about:\n' + block)
    mounted = re.findall(r'(?m)^sudo mount --bind (\S+) (\S+)$', block)
    if 'mount' in block and re.findall(r'(?m)^sudo umount (\S+)$', block) != [at for _, at in mounted] or \
            any(re.match('[/~.]', name) or text.count(name + '/') + text.count(name + ' ') != block.count(name + '/')
                + block.count(name + ' ') for _, at in mounted for name in [at.split('/')[0]]):
        fail('a mount that stays, or in a tree used elsewhere too:\n' + block)

# Through a pipe
shown = piped()
at = 0
for block in blocks:
    at = shown.find(without_owner(block), at)
    if at < 0:
        fail('this block is not played as it stands:\n' + block, shown)
for mark in ('**', '```', ']('):
    if mark in shown:
        fail('a mark of the document is shown: ' + mark)
last = piped(exercises[-1])
first, last_title = re.findall(r'(?m)^## ([0-9]+\. .*)', text)[::len(exercises) - 1]
if first in last or not last.startswith(last_title):
    fail('it does not begin at the last exercise', last[:500])

# At a terminal: Enter until the end
shown, prompts = at_terminal(lambda n: '', 0)
if prompts != len(blocks) + len(ends):
    fail('%d prompts for %d blocks and %d pages' % (prompts, len(blocks), len(ends)), shown)
# A command of one's own, a wrong one, and q
shown, prompts = at_terminal(lambda n: ['', 'echo $((6 * 7)); ls', 'if then', 'exit 3 | cat', 'q'][n], 0)
if '\n42\nlinks.img\n' not in shown or prompts != 5:
    fail('what is typed is not run', shown)
# The end of input, and an exercise
shown, prompts = at_terminal(lambda n: None, 0, exercises[2])
if '\n%s. ' % exercises[2] not in '\n' + shown or first in shown or prompts != 1:
    fail('it does not begin where it was asked to', shown)
