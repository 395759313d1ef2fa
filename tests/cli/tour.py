#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plays scripts/tour through a pipe and at a terminal.

tour.py TOUR DOCUMENT

Through a pipe it tells the document, its console blocks as they stand there.  At a terminal it shows
the commands of a block and waits for Enter before it runs them, and whenever the screen is full; it runs
what is typed instead, and ends at q and at the end of input.  However it ends, nothing stays in TMPDIR.
"""
import fcntl, os, pty, re, select, signal, struct, subprocess, sys, termios, time

tour, document = sys.argv[1:]
text = open(document).read()
blocks = re.findall(r'(?ms)^```console\n(.*?)^```$', text)
exercises = re.findall(r'(?m)^## ([0-9]+)\. ', text)
ends = re.findall(r'(?m)^## [^0-9]', text[text.index('\n## 1. '):])
environment = dict(os.environ, TERM='dumb')

def fail(why, shown=''):
    sys.exit('%s\n%s' % (why, shown[-2000:]))

HANG_UP = object()

def without_owner(shown):	# as readme.py does
    return re.sub(r'(?m)^( *\d+  [-a-zA-Z]{10} +\d+) +\d+ +\d+', r'\1 OWNER', shown)

def piped(*args):
    run = subprocess.run([tour, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, env=environment)
    if run.returncode:
        fail('exit status %d' % run.returncode, run.stdout)
    return without_owner(run.stdout)

def left():
    return os.listdir(os.environ['TMPDIR'])

def at_terminal(typed, want, *args, rows=999, columns=80):
    """Types a line whenever a prompt is shown; typed(n) is the nth, None the end of input."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ['TERM'] = 'dumb'
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        os.execv(tour, [tour, *args])
    shown, prompts = b'', 0
    while True:
        if not select.select([fd], [], [], 120)[0]:
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
            if line == HANG_UP:
                os.close(fd)
                return None, os.waitpid(pid, 0)
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

# No prose is wider than a terminal.
prose = re.sub(r'(?ms)^```.*?^```$|^<!--.*?-->$|^\|.*?$', '', text)
for line in prose.split('\n'):
    if len(line) > 78:
        fail('prose of more than 78 columns: ' + line)

# At a terminal that has room: Enter until the end
shown, prompts = at_terminal(lambda n: '', 0, columns=200)
if prompts != len(blocks) + len(ends):
    fail('%d prompts for %d blocks and %d pages' % (prompts, len(blocks), len(ends)), shown)
# What is to be guessed is shown before the prompt, and what comes of it after.
at = 0
told = without_owner(shown)
for block in blocks:
    lines = [line[2:] for line in block.split('\n') if line.startswith('$ ')]
    asked = re.compile(re.escape(''.join('    %s\n' % line for line in lines)) + r'\[Enter[^]\n]*\] \n' +
                       re.escape(without_owner(block))).search(told, at)
    if not asked:
        fail('the prompt is not between these commands and what they print:\n' + block, told[at:at + 2000])
    at = asked.end()
# A small one: no more at a time than it has rows, no word broken
shown, prompts = at_terminal(lambda n: '', 0, rows=20, columns=50)
screens = re.split(r'\[Enter[^]\n]*\] ', shown)
for screen in screens:
    if sum(max(1, -(-len(line) // 50)) for line in screen.split('\n')[1:]) > 20:
        fail('more than the screen holds at a time', screen)
headings = set(re.findall(r'(?m)^##* (.*)', text))
for screen in screens[:-1]:
    if screen.rstrip('\n').split('\n')[-1] in headings:
        fail('a heading stands alone at the bottom', screen)
told = [line for line in shown.split('\n') if re.match(r'extant-debugfs: |  (links|size|blocks|mode) [0-9]', line)]
if len(told) < 20 or any(len(line) > 50 for line in told):
    fail('what programs say is broken within words: %s' % told)
for line in prose.replace('**', '').split('\n'):
    if line and line[0].isalpha() and not line[0].isdigit():
        for word in line.split():
            if len(word) < 50 and word not in shown:
                fail('a word is broken: ' + word, shown)
for line in re.sub(r'(?m)^(?:\$|    | *[0-9]|/|extant|\|).*$', '', shown).split('\n'):
    if re.match(r'(?:Expect|Why)', line) and len(line) > 50:
        fail('a line of prose is not wrapped: ' + line)

# Commands of one's own, a wrong one, where they run, help, and q
shown, prompts = at_terminal(lambda n: ['', 'echo $((6 * 7)); ls', 'if then', 'exit 3 | cat', 'mkdir in && cd in', 'pwd',
                                        'help', '', 'pwd', 'q'][n], 0)
if '\n42\nlinks.img\n' not in shown or prompts != 10:
    fail('what is typed is not run', shown)
where = re.findall(r'\] (?:pwd)?\n?(/.*)\n', shown)
if len(where) != 2 or where[0] != where[1] + '/in' or not re.search(r'\nq  +ends', shown):
    fail('cd or help at the prompt', shown)
# The end of input, and an exercise
shown, prompts = at_terminal(lambda n: None, 0, exercises[2])
if '\n%s. ' % exercises[2] not in '\n' + shown or first in shown or prompts != 1:
    fail('it does not begin where it was asked to', shown)

# However it ends
def stays(how):
    for _ in range(2400):
        if not left():
            return
        time.sleep(0.05)
    fail('it leaves something behind: %s: %s' % (how, left()))

stays('at the end')
at_terminal(lambda n: HANG_UP if n == 2 else '', 0)
stays('the terminal is closed')
run = subprocess.Popen([tour, '9'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
run.stdout.readline()
run.stdout.close()
run.wait()
stays('nobody reads')
for sign in signal.SIGHUP, signal.SIGTERM, signal.SIGINT:
    run = subprocess.Popen([tour], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    fcntl.fcntl(run.stdout, fcntl.F_SETPIPE_SZ, 4096)   # it cannot come to its end first
    run.stdout.readline()
    run.send_signal(sign)
    run.stdout.read()
    if run.wait() not in (128 + sign, -sign):
        fail('exit status %d at signal %d' % (run.returncode, sign))
    stays('signal %d' % sign)
run = subprocess.run([tour], stdout=open('/dev/full', 'w'), stderr=subprocess.PIPE, text=True, env=environment)
if run.returncode != 1 or run.stderr.count('cannot write') != 1:
    fail('a full output does not end it at once: %d' % run.returncode, run.stderr)
stays('a full output')
