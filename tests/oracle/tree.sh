# SPDX-License-Identifier: MIT
# Paths, indexed directories and attributes as the kernel sees them on a mount.
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
CC=${CC:-cc}
$CC -std=c11 -D_GNU_SOURCE -I"$root/lib" "$root/tests/oracle/treecheck.c" "$B/libextant.a" \
	-o treecheck -lz -luuid -lpthread >cc.out 2>&1 || { fail "treecheck compiles"; cat cc.out; finish; }

cat >make.py <<'PY'
import os, random, sys
rnd = random.Random(7)
os.chdir(sys.argv[1])
dirs, names = ['/'], []
for i in range(60):
    up = rnd.choice(dirs)
    dirs.append(os.path.join(up, 'd%d' % i))
    os.mkdir('.' + dirs[-1])
for i in range(60):
    names.append(os.path.join(rnd.choice(dirs), 'f%d' % i))
    open('.' + names[-1], 'w').close()
def link(text, at):
    os.symlink(text, '.' + at)
    names.append(at)
def maybe_slash(): return rnd.choice(['', '', '', '/', '//', '/.', '/..'])
for i in range(150):                            # relative and absolute, to all kinds, also nowhere
    at = os.path.join(rnd.choice(dirs), 'l%d' % i)
    to = rnd.choice(dirs + names + ['/no/such', '/d0/none'])
    if rnd.random() < .5:
        to = os.path.relpath(to, os.path.dirname(at))
    link(to + maybe_slash(), at)
link('/', '/root'); link('.', '/dot'); link('..', '/dotdot'); link('///', '/slashes'); link('loop', '/loop')
link('b', '/a'); link('a', '/b'); link('dot/dot/dot/../dot', '/dots')
for i in range(45):                             # chains around the 40 hops
    link('chain%d' % (i - 1) if i else 'd0', '/chain%d' % i)
    link('fchain%d' % (i - 1) if i else 'target', '/fchain%d' % i)
open('target', 'w').close()
names.append('/target')
link('x' * 255, '/longlink'); link('y' * 256, '/toolong')
open('x' * 255, 'w').close()
names.append('/' + 'x' * 255)
out = open(sys.argv[2], 'w')
def emit(cwd, path): out.write('%s\t%s\n' % (cwd, path))
parts = ['.', '..', 'no', 'root', 'dot', 'dots', 'loop', 'chain3', 'x' * 255, 'x' * 256] + \
        [os.path.basename(n) for n in dirs + names]
for n in dirs + names:
    for tail in ['', '/', '/.', '/..', '/no', '//']:
        emit('/', n + tail)
for i in range(3000):
    start = rnd.choice(dirs + names)
    path = start + ''.join(rnd.choice(['/', '//', '/./']) + rnd.choice(parts) for _ in range(rnd.randrange(0, 6)))
    cwd = rnd.choice(dirs)
    if rnd.random() < .4:
        path = os.path.relpath(path, cwd) if rnd.random() < .7 else path.lstrip('/')
    emit(cwd, path + rnd.choice(['', '', '/', '/.']))
for path in ['', '/', '//', '/.', '..', '../..', './', 'no', 'a/' * 2047, './' * 2047, './' * 2047 + 'd', '/' * 4095, '/' * 4096,
             '/d0/' + 'z' * 256, '/target/' + 'z' * 256, '/no/' + 'z' * 256]:
    emit('/', path)
os.mkdir('many')
for i in range(int(sys.argv[3])):
    os.close(os.open('many/name-%d-%s' % (i, '\u00e9' * (i % 30)), os.O_CREAT))
for i in range(0, int(sys.argv[3]), 5):
    os.unlink('many/name-%d-%s' % (i, '\u00e9' * (i % 30)))
for i in range(200):
    f = 'attr%d' % i
    open(f, 'w').close()
    for k in range(i % 7 + 1):
        os.setxattr(f, 'user.%s%d' % ('n' * (i % 50), k), random.randbytes(i % 41 + k))
PY
for options in "-b 1024 -N 120000" "-b 4096 -N 120000" "-b 1024 -I 128 -N 30000"; do
	count=100000
	case $options in *30000) count=20000 ;; esac
	# shellcheck disable=SC2086
	mke2fs -q -t ext2 $options k.img 128M >/dev/null 2>&1
	mount_image k.img "$tmp/mnt" rw,user_xattr || { fail "mount"; continue; }
	python3 make.py "$tmp/mnt" "$tmp/paths" "$count" || fail "$options: the tree"
	unmount "$tmp/mnt"
	mount_image k.img "$tmp/mnt" ro
	t "$options: paths resolve as for the kernel" ./treecheck paths k.img "$tmp/mnt" <"$tmp/paths"
	tail -1 "$tmp/.out" | sed "s/^/figure: paths: /"
	t "$options: every name through the index" ./treecheck names k.img "$tmp/mnt" /many
	t "$options: hashes of attributes" ./treecheck hashes k.img
	unmount "$tmp/mnt"
	rm -f k.img
done
finish
