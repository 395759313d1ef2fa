# SPDX-License-Identifier: MIT
# The same random attributes and ACLs set by us and by the kernel, each after the other on one
# image: a mount shows the same for both, and e2fsck finds nothing.
in_memory=1	# hundreds of commits, each made durable
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }

cat >ops.py <<'PY'
# ops.py SEED SCRIPT PICKLE: operations that cannot fail, for the shell and for "apply".
import pickle, random, struct, sys
rnd = random.Random(int(sys.argv[1]))
FILES = ['/f%d' % i for i in range(6)] + ['/d', '/d/f']
NAMES = ['user.a', 'user.comment', 'trusted.t', 'security.s', 'user.' + 'n' * 60]
def acl():
    entries = [(1, rnd.randrange(8), 0xffffffff)]
    named = sorted(rnd.sample(range(1000, 1010), rnd.randrange(3)))
    entries += [(2, rnd.randrange(8), i) for i in named]
    entries += [(4, rnd.randrange(8), 0xffffffff)]
    if named or rnd.random() < .3:
        entries += [(16, rnd.randrange(8), 0xffffffff)]
    entries += [(32, rnd.randrange(8), 0xffffffff)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in entries)
ops = []
for _ in range(150):
    path = rnd.choice(FILES)
    kind = rnd.random()
    if kind < .2:
        ops.append((path, 'system.posix_acl_access', acl()))
    elif kind < .25:
        ops.append(('/d', 'system.posix_acl_default', acl()))
    else:
        ops.append((path, rnd.choice(NAMES), bytes(rnd.randrange(256) for _ in range(rnd.choice([1, 5, 30, 100])))))
    if rnd.random() < .3:
        ops.append(ops[-1][:2] + (None,))
with open(sys.argv[2], 'w') as out:
    for path, name, value in ops:
        out.write('rmxattr %s %s\n' % (path, name) if value is None else
                  'setxattr -x %s %s %s\n' % (path, name, value.hex()))
pickle.dump(ops, open(sys.argv[3], 'wb'))
PY
cat >apply.py <<'PY'
import os, pickle, sys
for path, name, value in pickle.load(open(sys.argv[2], 'rb')):
    try:
        if value is None:
            os.removexattr(sys.argv[1] + path, name)
        else:
            os.setxattr(sys.argv[1] + path, name, value)
    except OSError as e:
        sys.exit('%s %s: %s' % (path, name, e))
PY
cat >list.py <<'PY'
import os, sys
for at, dirs, files in sorted(os.walk(sys.argv[1])):
    for name in sorted(files) + ['.']:
        path = os.path.join(at, name)
        print(os.path.relpath(path, sys.argv[1]), oct(os.lstat(path).st_mode))
        for attr in sorted(os.listxattr(path)):
            print('  ', attr, os.getxattr(path, attr).hex())
PY

kernel() { mount_image "$1" mnt rw && { python3 apply.py mnt "$2"; r=$?; unmount mnt; return $r; }; }
show() { mount_image "$1" mnt && { python3 list.py mnt; r=$?; unmount mnt; return $r; }; }
same() { show ours.img >ours.txt && show theirs.img >theirs.txt && diff ours.txt theirs.txt; }

while read -r options; do
	case="mke2fs $options"
	for i in 0 1 2 3 4 5; do echo "put --text x /f$i"; done >make.cmds
	printf 'mkdir /d\nput --text x /d/f\n' >>make.cmds
	rm -f ours.img theirs.img
	# shellcheck disable=SC2086
	mke2fs -q -F -t ext2 $options ours.img 4M >mke2fs.out 2>&1 || { fail "$case"; cat mke2fs.out; continue; }
	t "$case: files" extant-debugfs -w -f make.cmds ours.img
	cp ours.img theirs.img
	for seed in 1 2 3 4; do
		python3 ops.py $seed ops.cmds ops.pickle
		t "$case, seed $seed: we" extant-debugfs -w -f ops.cmds ours.img
		t "$case, seed $seed: the kernel" kernel theirs.img ops.pickle
		t "$case, seed $seed: the same" same
		t "$case, seed $seed: e2fsck -fn" e2fsck -fn ours.img
		# What either has written, the other changes next.
		mv ours.img other.img && mv theirs.img ours.img && mv other.img theirs.img
	done
done <<'ROWS'
-b 1024 -I 128
-b 1024 -I 256
-b 4096 -I 128
-b 4096 -I 256
ROWS
finish
