#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sits at a terminal of its own and types.

terminal.py STEPS COMMAND...

STEPS is a file of lines:
  type TEXT    types it; \\t \\x03 \\r as in Python; forgets what was seen
  see TEXT     waits until the terminal shows it (since the last "type")
  never TEXT   what was seen since then does not hold it
  narrow N     no line seen since then has more than N columns
  less N       fewer than N bytes were seen since then
  size C R     gives the window another size
  wait         waits for the program to end with status 0
Escape sequences are no part of what is seen.  Fails at the first step that is not so, and prints
what was seen.
"""
import codecs, fcntl, os, pty, re, select, signal, struct, sys, termios, time

steps = open(sys.argv[1], encoding='utf8').read().splitlines()
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x07|\x0f')
PATIENCE = 120      # seconds
seen = b''


def resize(columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


def text():
    return ESCAPES.sub(b'', seen).decode('utf8', 'replace').replace('\r\n', '\n')


def read(seconds):
    """Whether something came."""
    global seen
    if not select.select([fd], [], [], seconds)[0]:
        return False
    try:
        piece = os.read(fd, 65536)
    except OSError:     # the other side is closed
        piece = b''
    seen += piece
    return bool(piece)


def fail(step, why):
    print('it shows:', repr(text()[-700:]))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    sys.exit('%s: %s' % (step, why))


resize(80, 24)
for step in steps:
    word, _, rest = step.partition(' ')
    rest = codecs.decode(rest.encode('latin-1', 'backslashreplace'), 'unicode_escape')
    if word == 'type':
        seen = b''
        os.write(fd, rest.encode('utf8'))
    elif word == 'see':
        end = time.monotonic() + PATIENCE
        while rest not in text():
            if time.monotonic() > end or not read(max(0, end - time.monotonic())):
                fail(step, 'it does not come')
    elif word == 'never':
        if rest in text():
            fail(step, 'it is there')
    elif word == 'narrow':
        wide = [line for line in text().replace('\r', '\n').split('\n') if len(line) > int(rest)]
        if wide:
            fail(step, repr(wide[0]))
    elif word == 'less':
        if len(seen) >= int(rest):
            fail(step, '%d bytes' % len(seen))
    elif word == 'size':
        resize(*map(int, rest.split()))
    elif word == 'wait':
        while read(PATIENCE):
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code != 0:
            fail(step, 'status %d' % code)
    elif word and not word.startswith('#'):
        fail(step, 'no such step')
