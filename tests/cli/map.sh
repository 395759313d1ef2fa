#!/bin/sh
# SPDX-License-Identifier: MIT
# Maps, pieces and gaps: every block is in one cell, and the numbers are those of the bitmaps, of
# e2freefrag and of filefrag on a mount; pictures are well-formed whatever a name holds.
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "maps" "no python3 here"; finish; }

evil=$(printf '<img src=x onerror=alert(1)>&\047"\033[31m\nx\342\200\256y\357\277\277')
mkdir -p tree/many
i=0
while [ $i -lt 120 ]; do seq 1 $((i * 37 % 4000)) >"tree/many/f$i"; i=$((i + 1)); done
seq 1 90000 >tree/long
printf x >"tree/$evil"
truncate -s 5000000 tree/sparse; printf x | dd of=tree/sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null
extant-mkfs -q -b 1024 -g 2048 -N 600 -m 0 -L '<&">' -d tree demo.img 5200K || fail "a volume"
i=0		# holes for what comes next
while [ $i -lt 120 ]; do echo "rm /many/f$i"; i=$((i + 2)); done >script
echo 'put -T tree/long /scattered' >>script
extant-debugfs -w -f script demo.img || fail "a volume with gaps"
cp demo.img "$evil.img" && cp demo.img bad.img
utf8() { LC_ALL=C.UTF-8 d "$@"; }
d --json demo.img map >map.json
d --json demo.img info >info.json
d --json demo.img frag -v >frag.json
export evil

check() { python3 - "$@" <<'END'
import json, os, re, subprocess, sys
def lines(name): return [json.loads(l) for l in open(name)]
info, = lines('info.json')
what = sys.argv[1]
def run(*args, **env):
	return subprocess.run(['extant-debugfs', *args], stdout=subprocess.PIPE, check=True,
		env=dict(os.environ, **env)).stdout.decode()
places = [k for k in info if k.endswith('_blocks') and k not in ('free_blocks', 'reserved_blocks')]
if what == 'sums':
	groups = lines('map.json')
	assert len(groups) == info['groups'], len(groups)
	for p in places:
		assert sum(g[p] for g in groups) == info[p], p
	assert sum(info[p] for p in places) == info['blocks']
	assert sum(g['blocks'] for g in groups) == info['blocks'] - 1	# the boot block is in none
elif what == 'cells':	# of all widths: cells hold the group, and none goes over the edge
	for width in 60, 80, 100, 133:
		out = run('demo.img', 'map', LC_ALL='C.UTF-8', COLUMNS=str(width)).splitlines()
		per_cell = int(re.search(r'each cell (\d+) block', out[0]).group(1))
		assert all(len(l) <= width for l in out), width
		rows = [l for l in out[1:] if l.lstrip()[0].isdigit()]
		assert len(rows) == info['groups'], rows
		for r, g in zip(rows, lines('map.json')):
			cells = re.match(r' *(\d+) +(\d+)  (.*?) +(\d+) %$', r)
			n = len(cells.group(3).rstrip())
			assert int(cells.group(2)) == g['first']
			assert (n - 1) * per_cell < g['blocks'] <= n * per_cell, (width, r)
			used = g['blocks'] - g['unused_blocks']
			assert abs(int(cells.group(4)) - used * 100 / g['blocks']) <= 1, r
		assert any('S' in r for r in rows) and any('\u2592' in r for r in rows)
		assert not any(c in l for l in out for c in '?=')
elif what == 'file':	# what is marked is what stat counts
	out = run('demo.img', 'map', '/scattered').splitlines()
	stat = json.loads(run('--json', 'demo.img', 'stat', '/scattered'))
	runs = [json.loads(l) for l in run('--json', 'demo.img', 'map', '/scattered').splitlines()]
	total = sum(int(l.split()[-1]) for l in out[1:-1])
	assert out[-1].startswith('# holds a block of /scattered <%d>: %d blocks, ' % (stat['ino'], total)), out[-1]
	assert total == sum(r['count'] for r in runs) == stat['sectors'] // 2, (total, stat)
	marked = [l for l in out[1:-1] if '#' in l]
	assert len(marked) == len(out) - 2
	assert all(ord(c) < 128 for l in out for c in l)
elif what == 'ascii':
	out = run('demo.img', 'map') + run('demo.img', 'frag') + run('demo.img', 'map', '^1')
	assert all(32 <= ord(c) < 127 or c == '\n' for c in out)
elif what == 'freefrag':
	total = [r for r in lines('frag.json') if r['format'] == 'extant-frag-total/1'][0]
	bins = {r['from']: r for r in lines('frag.json') if r['format'] == 'extant-gaps/1'}
	text = subprocess.run(['e2freefrag', 'demo.img'], stdout=subprocess.PIPE).stdout.decode()
	assert int(re.search(r'Free blocks: (\d+)', text).group(1)) == total['free_blocks'] == info['free_blocks']
	assert int(re.search(r'Num. free extent: (\d+)', text).group(1)) == total['gaps'] == info['gaps']
	assert int(re.search(r'Max. free extent: (\d+) KB', text).group(1)) == total['largest_gap']
	rows = re.findall(r'(\d+)([KM])\.\.\. .*: +(\d+) +(\d+) ', text)
	theirs = {int(n) * (1024 if u == 'M' else 1): (int(e), int(b)) for n, u, e, b in rows if int(e)}
	assert theirs == {k: (b['gaps'], b['blocks']) for k, b in bins.items()}, (theirs, bins)
elif what == 'filefrag':
	for name in ['scattered', 'long', 'sparse'] + ['many/f%d' % i for i in range(1, 120, 6)]:
		out = subprocess.run(['filefrag', '-v', 'mnt/' + name], stdout=subprocess.PIPE).stdout.decode()
		theirs = [tuple(map(int, m)) for m in
			re.findall(r'^ +\d+: +(\d+)\.\. +\d+: +(\d+)\.\. +\d+: +(\d+):', out, re.M)]
		ours = [json.loads(l) for l in run('--json', 'demo.img', 'frag', '-v', '/' + name).splitlines()]
		assert [(r['lblk'], r['blk'], r['count']) for r in ours[1:]] == theirs, name
		assert ours[0]['pieces'] == int(re.search(r'(\d+) extents? found', out).group(1)), name
elif what == 'free':
	groups = [json.loads(l) for l in run('--json', 'demo.img', 'free').splitlines()]
	assert sum(g['free_blocks'] for g in groups) == info['free_blocks']
	assert sum(g['free_inodes'] for g in groups) == info['free_inodes']
	assert max(g['largest_gap'] for g in groups) == info['largest_gap']
	out = run('demo.img', 'testb', '1', str(info['blocks'] - 1)).splitlines()
	free = [m for m in (re.match(r'blocks? (\d+)(?:-(\d+))?  free', l) for l in out) if m]
	size = lambda m: int(m.group(2) or m.group(1)) - int(m.group(1)) + 1
	assert sum(map(size, free)) == info['free_blocks'], out
	all_free = [b for m in free for b in range(int(m.group(1)), int(m.group(1)) + size(m))]
	out = run('demo.img', 'ffb', str(len(all_free))).splitlines()
	assert sum(size(re.match(r'(\d+)(?:-(\d+))?$', l)) for l in out) == len(all_free)
	# what is left of removed files is exactly in free blocks with other bytes than zero
	data = open('demo.img', 'rb').read()
	left = [b for b in all_free if any(data[b * 1024:b * 1024 + 1024])]
	out = [json.loads(l) for l in run('--json', 'demo.img', 'dump_unused', '-v').splitlines()]
	assert left and [r['blk'] for r in out] == left, (len(left), len(out))
	assert all(r['bytes'] == 1024 - data[r['blk'] * 1024:r['blk'] * 1024 + 1024].count(0) for r in out)
	assert run('demo.img', 'dump_unused').splitlines()[-1] == 'and %d more; -v lists them' % (len(left) - 100)
elif what == 'debugfs':	# what another program says of the same
	def theirs(line): return subprocess.run(['debugfs', '-R', line, 'demo.img'],
		stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
	for line in 'ffb 40 300', 'ffb 9 3000', 'ffb 5 5190':
		ours = []
		for l in run('demo.img', *line.split()).splitlines():
			first, last = (l.split('-') * 2)[:2]
			ours += range(int(first), int(last) + 1)
		assert ours == list(map(int, re.findall(r'\d+', theirs(line).split(':')[1]))), line
	for dir in '/', '/many':
		assert run('demo.img', 'ffi', dir).split() == re.findall(r'\d+', theirs('ffi %s' %
			run('demo.img', 'stat', dir).split('<')[1].split('>')[0])), dir
	for ino in 2, 11, 12, 100, 300, 599:
		m = re.match(r'.*<%d>  group (\d+), .* block (\d+) \+ (\d+) = ' % ino, run('demo.img', 'imap', str(ino)))
		group, blk, offset = re.findall(r'group (\d+).*block (\d+), offset 0x(\w+)',
			theirs('imap <%d>' % ino), re.S)[0]
		assert m.groups() == (group, blk, str(int(offset, 16))), ino
		assert ('in use' in run('demo.img', 'testi', str(ino))) == ('marked' in theirs('testi <%d>' % ino))
elif what == 'roll':
	roll = [r for r in lines('frag.json') if r['format'] == 'extant-frag/1']
	assert roll[0]['path'] == '/scattered' and roll[0]['pieces'] > roll[0]['ideal'] > 0
	assert [r['pieces'] for r in roll] == sorted((r['pieces'] for r in roll), reverse=True)
	assert '/long' not in [r['path'] for r in roll]
END
}

t "the uses of all groups are those of info, and of every block one" check sums
t "cells hold every block, at any width" check cells
t "the blocks of a file are marked, all of them" check file
t "without UTF-8 all is ASCII" check ascii
t "a group alone" says '^ *2049  ' d demo.img map ^1
t "several groups a line say so" says 'each line 2 groups, cell ' sh -c \
	'extant-mkfs -q -b 1024 -g 1024 many.img 50M && extant-debugfs many.img map'
t "a group that is not there" fails_with "groups are 0 to 2" d demo.img map ^3
t "a block is no file" fails_with 'a group or a file is needed' d demo.img map 41733
t "the scattered file leads the roll" check roll
if have e2freefrag; then t "gaps are those of e2freefrag" check freefrag
else skip "gaps" "no e2freefrag here"; fi
if have filefrag && can_mount && mount_image demo.img "$tmp/mnt"; then
	t "pieces are those of filefrag on a mount" check filefrag
	unmount mnt
else
	skip "pieces as filefrag has them" "${why:-no filefrag here}"
fi
t "chunks" says '^chunks .* are free, of 64 blocks' d demo.img freefrag -c 64K
t "a chunk of half a block" exits 2 d demo.img freefrag -c 1000

t "what is free, of all groups and of every block" check free
if have debugfs; then t "... and as debugfs has it" check debugfs
else skip "free ones as debugfs has them" "no debugfs here"; fi
t "a free block and testb -q" exits 1 d demo.img testb -q "$(d demo.img ffb)"
t "... and one in use" exits 0 d demo.img testb -q 1
t "more than are free" fails_with 'only .* of 99999 blocks are free' d demo.img ffb 99999

# ---- pictures ---------------------------------------------------------------------

svg_ok() {	# IMAGE FILE...: as a picture that is well-formed, and names nothing
	d "$1" map --svg out.svg ${2:+"$2"} || return 1
	python3 -c '
import os, sys, xml.etree.ElementTree as tree
data = open("out.svg", "rb").read()
tree.fromstring(data)
assert b"<img" not in data and b"<script" not in data and b"var(" not in data and b"style=" not in data
assert not any(c < 32 and c != 10 for c in data) and "\u202e" not in data.decode()
squares = data.count(b"z")
assert 100 < squares < 13000, squares' || return 1
	! have xmllint || xmllint --noout out.svg || return 1
	! have rsvg-convert || rsvg-convert out.svg -o out.png
}
t "a picture" svg_ok demo.img
t "... of a file" svg_ok demo.img /scattered
t "... with names that would be more than text" svg_ok "$evil.img" "/$evil"
t "... of one group" svg_ok demo.img ^0
t "... on standard output" says '^</svg>$' d demo.img map --svg - /long
t "... never over the image" fails_with 'is the image itself' d demo.img map --svg ./demo.img
t "... leaves nothing behind where it cannot be" fails_with 'o such file' d demo.img map --svg no/such.svg
t "... twice the same" same "$(d demo.img map --svg - | cksum)" "$(d demo.img map --svg - | cksum)"
mkdir -p other
t "... over the image" spares demo.img d demo.img map --svg demo.img
t "... from another directory" spares demo.img d -R "lcd other" -R "map --svg ../demo.img" demo.img
t "the image is as it was" cmp demo.img "$evil.img"

# ---- damage -----------------------------------------------------------------------

extant-debugfs -w bad.img set ^1 block_bitmap 99999999
t "a bitmap that is not there is told" fails_with '1 block bitmap could not be read' d bad.img map
t "... and its cells are not guessed" sh -c 'extant-debugfs bad.img map 2>/dev/null | grep -q "^ *1 .*?.*?$"'
t "... nor is the rest kept back" sh -c '[ "$(extant-debugfs bad.img map 2>/dev/null | grep -c " %$")" = 2 ]'
finish
