#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the console blocks of a document and compares, or with --write rewrites, what they show.

readme.py [--write] DOCUMENT    (in an empty directory)

All blocks run in one shell, in order.  Owners of long listings are not compared: they are whoever
runs this.
"""
import re, subprocess, sys

write = '--write' in sys.argv
path = [a for a in sys.argv[1:] if a != '--write'][0]
text = open(path).read()
MARK = '@@next@@'

def commands(block):
    return [line[2:] for line in block.split('\n') if line.startswith('$ ')]

def plain(shown):
    return re.sub(r'(?m)^( *\d+  [-a-zA-Z]{10} +\d+) +\d+ +\d+', r'\1 OWNER', shown)

blocks = re.findall(r'(?ms)^```console\n(.*?)^```$', text)
script = ''.join('%s 2>&1\nprintf "%s\\n"\n' % (c, MARK) for b in blocks for c in commands(b))
run = subprocess.run(['sh'], input=script, capture_output=True, text=True)
outputs = iter(run.stdout.split(MARK + '\n'))
made = [''.join('$ %s\n%s' % (c, next(outputs)) for c in commands(b)) for b in blocks]

if write:
    fresh = iter(made)
    open(path, 'w').write(re.sub(r'(?ms)^```console\n(.*?)^```$', lambda _: '```console\n%s```' % next(fresh), text))
    sys.exit(0)
bad = 0
for want, got in zip(blocks, made):
    if plain(want) != plain(got):
        bad = 1
        print('the document says:\n%s\nit is:\n%s' % (want, got))
if not blocks:
    bad = 1
    print('no console block in', path)
sys.exit(bad)
