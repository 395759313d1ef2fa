#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sits at a terminal of its own and types.

terminal.py STEPS COMMAND...

STEPS is a file of lines:
  type TEXT    types it; \\t \\x03 \\r as in Python
  see TEXT     waits until the terminal shows it, behind what the last "see" has found
  never TEXT   what was shown since the last "type" does not hold it
  narrow N     no line shown since then has more than N columns
  less N       fewer than N characters were shown since then
  size C R     gives the window another size
  wait         waits for the program to end with status 0
Escape sequences are no part of what is shown.  Fails at the first step that is not so, and prints
the end of what was shown.

What is typed behind a "see" comes when that has been shown, and the program may have shown more: to
know that it has done with a key, see what only that key makes it show.
"""
import codecs, fcntl, os, pty, re, select, signal, struct, sys, termios, time

ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x07|\x0f')
PATIENCE = 60       # seconds
seen = b''          # all of it
found = typed = 0   # in its text: behind the last "see", at the last "type"


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


def begin(command):
    """The program, in a window that has its size before it looks."""
    pid, fd = pty.fork()
    if pid == 0:
        resize(0, 80, 24)
        os.execvp(command[0], command)
    return pid, fd


def text():
    return ESCAPES.sub(b'', seen).decode('utf8', 'replace').replace('\r\n', '\n')


def read(seconds):
    """Whether something came."""
    global seen
    if not select.select([fd], [], [], max(0, seconds))[0]:
        return False
    try:
        piece = os.read(fd, 65536)
    except OSError:     # the other side is closed
        piece = b''
    seen += piece
    return bool(piece)


def status(step):
    """The exit status of the program, which is read to its end."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not read(0.1):
            ended, code = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(code)
            time.sleep(0.01)
    fail(step, 'it does not end')


def fail(step, why):
    print('it shows:', repr(text()[-700:]))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    sys.exit('%s: %s' % (step, why))


steps = open(sys.argv[1], encoding='utf8').read().splitlines()
pid, fd = begin(sys.argv[2:])
for step in steps:
    word, _, rest = step.partition(' ')
    rest = codecs.decode(rest.encode('latin-1', 'backslashreplace'), 'unicode_escape')
    if word == 'type':
        typed = len(text())
        os.write(fd, rest.encode('utf8'))
    elif word == 'see':
        end = time.monotonic() + PATIENCE
        while rest not in text()[found:]:
            if time.monotonic() > end or not read(end - time.monotonic()):
                fail(step, 'it does not come')
        found = text().index(rest, found) + len(rest)
    elif word == 'never':
        if rest in text()[typed:]:
            fail(step, 'it is there')
    elif word == 'narrow':
        lines = text()[typed:].replace('\r', '\n').split('\n')
        wide = [line for line in lines if len(line) > int(rest)]
        if wide:
            fail(step, repr(wide[0]))
    elif word == 'less':
        if len(text()) - typed >= int(rest):
            fail(step, '%d characters' % (len(text()) - typed))
    elif word == 'size':
        resize(fd, *map(int, rest.split()))
    elif word == 'wait':
        code = status(step)
        if code != 0:
            fail(step, 'status %d' % code)
    elif word and not word.startswith('#'):
        fail(step, 'no such step')
