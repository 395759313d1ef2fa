# SPDX-License-Identifier: MIT
# Images that e2fsprogs makes and the kernel ages read the same through us and
# through a kernel mount.
. "$(dirname "$0")/../lib.sh"
have mke2fs || { skip "all" "e2fsprogs is not installed"; finish; }
have rsync && have python3 || { skip "all" "rsync or python3 is not installed"; finish; }
is_root || { skip "all" "needs root to keep owners"; finish; }

same_tree() {
	rsync -naHAXi --delete --modify-window=-1 "$1/" "$2/" >diff.out 2>&1 || { cat diff.out; return 1; }
	if [ -s diff.out ]; then head -20 diff.out; return 1; fi
}

# ours NAME IMAGE TREE: what we take out of IMAGE is TREE; a check finds nothing.
ours() {
	rm -rf out; mkdir out
	t "$1: get -a" extant-debugfs "$2" get -a / out
	t "$1: the same tree" same_tree "$3" out
	t "$1: extant-fsck finds nothing" extant-fsck -n "$2"
	rm -rf out
}

# mounted NAME IMAGE
mounted() {
	mount_image "$2" "$tmp/mnt" ro,noatime || { fail "$1: mounts"; return; }
	ours "$1" "$2" "$tmp/mnt"
	unmount "$tmp/mnt"
}

python3 "$root/tests/oracle/maketree.py" nasty src 1024
python3 "$root/tests/oracle/maketree.py" xattrs src/x 2>/dev/null
python3 "$root/tests/oracle/maketree.py" names src/many 3000
rm -rf src/lost+found	# mke2fs -d fails on one
if can_mount; then
	for options in "-b 1024" "-b 2048" "-b 4096" "-b 1024 -I 128" "-b 1024 -r 0" "-b 4096 -I 1024" "-b 1024 -O none" \
		"-b 1024 -O ^sparse_super,^resize_inode" "-b 1024 -O sparse_super2" "-b 1024 -O meta_bg,^resize_inode" \
		"-b 1024 -O ^filetype" "-b 1024 -O ^dir_index,^ext_attr" "-b 1024 -g 1024" "-b 1024 -N 8000 -m 20" \
		"-b 4096 -g 2048 -O meta_bg,^resize_inode" "-b 1024 -E resize=1000000" "-T news"; do
		# shellcheck disable=SC2086
		mke2fs -q -t ext2 $options -d src theirs.img 64M >/dev/null 2>err ||
			mke2fs -q -F -t ext2 -N 20000 $options -d src theirs.img 64M >/dev/null 2>err ||
			{ skip "mke2fs $options" "it refuses: $(tail -1 err)"; rm -f theirs.img; continue; }
		mounted "mke2fs $options" theirs.img
		rm -f theirs.img
	done
	# Aged by the kernel: fragments, indexed directories, truncated and removed files.
	for bs in 1024 4096; do
		mke2fs -q -t ext2 -b $bs -N 20000 aged.img 96M
		mount_image aged.img "$tmp/mnt" rw
		cp -a src "$tmp/mnt/a"
		python3 - "$tmp/mnt" <<'PY'
import os, random, sys
d, rnd = sys.argv[1], random.Random(5)
files = ['%s/f%d' % (d, i) for i in range(300)]
for turn in range(6):
    for f in files:
        with open(f, 'ab') as out:
            out.write(rnd.randbytes(rnd.randrange(1, 9000)))
    for f in rnd.sample(files, 60):
        os.truncate(f, rnd.randrange(0, os.path.getsize(f)))
    for f in rnd.sample(files, 30):
        os.unlink(f)
os.mkdir(d + '/indexed')
for i in range(6000):
    os.close(os.open('%s/indexed/name-%d-%s' % (d, i, 'x' * rnd.randrange(0, 60)), os.O_CREAT))
for n in sorted(os.listdir(d + '/indexed'))[::3]:
    os.unlink('%s/indexed/%s' % (d, n))
PY
		unmount "$tmp/mnt"
		mounted "aged by the kernel, $bs" aged.img
		rm -f aged.img
	done
else
	skip "kernel mounts" "$why"
fi
# Larger blocks than this kernel's pages: their source is the judge.
rm -rf src/x src/owner-link-* src/symlink-59-again src/symlink-60-again src/fifo-again src/char-again
rm -f src/time-* src/socket src/fifo src/char src/block src/big-dev
for bs in 8192 16384 32768 65536; do
	mke2fs -q -F -t ext2 -b $bs -N 8000 -d src theirs.img 512M >/dev/null 2>&1 || { skip "mke2fs -b $bs" "it refuses"; continue; }
	rm -rf out; mkdir out
	t "mke2fs -b $bs: get -a" extant-debugfs theirs.img get -a / out
	rmdir out/lost+found
	t "mke2fs -b $bs: the same files" diff -r --no-dereference src out
	t "mke2fs -b $bs: extant-fsck finds nothing" extant-fsck -n theirs.img
	rm -rf out theirs.img
done
finish
