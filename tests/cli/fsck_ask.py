#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command on a terminal of its own and answers its questions.

fsck_ask.py CODE ANSWERS COMMAND...

ANSWERS are separated by commas: a letter (and return), RETURN alone, ^D (end of input), ^C, or ^Z for the terminal
going away.  A question is a last line with "? [" in it that ends in ": ".  Prints what the command wrote; fails when the exit
status is not CODE, when it asks more than it is answered, or when an answer is left over.
"""
import os, pty, re, select, sys, time

want, answers, command = int(sys.argv[1]), sys.argv[2].split(','), sys.argv[3:]
answers = [a for a in answers if a]
PATIENCE = 60       # seconds
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
out, at = b'', 0
while True:
    if not select.select([fd], [], [], PATIENCE)[0]:
        os.kill(pid, 9)
        sys.exit('it waits: %r' % out[-200:])
    try:
        piece = os.read(fd, 65536)
    except OSError:     # the other side is closed
        piece = b''
    if not piece:
        break
    out += piece
    if re.search(rb'\? \[[^\n]*: $', out[at:]):
        at = len(out)
        if not answers:
            os.kill(pid, 9)
            sys.exit('it asks once more: %r' % out[-200:])
        answer = answers.pop(0)
        if answer == '^Z':
            os.close(fd)
            break
        os.write(fd, {'^D': b'\x04', '^C': b'\x03', 'RETURN': b'\n'}.get(answer, answer.encode() + b'\n'))
end = time.monotonic() + PATIENCE
while True:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
    if time.monotonic() > end:
        os.kill(pid, 9)
        sys.exit('it does not end: %r' % out[-200:])
    time.sleep(0.01)
code = os.waitstatus_to_exitcode(status)
print(out.decode('utf8', 'replace').replace('\r', ''))
if want != 99 and code != want or answers:
    sys.exit('exit %d, not %d; answers left: %s' % (code, want, answers))
