# SPDX-License-Identifier: MIT
# Every name of every inode: names, where and links against find(1) on a mount, names with newlines,
# quotes, spaces, escapes, inode numbers and bytes that are no text among them.
#
#	sh tests/oracle/allnames.sh [NAMES [SEED]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
names="$root/tests/oracle/allnames.py"
count=${1:-12000} seed=${2:-1}

make() { python3 "$names" make "$1" "$count" "$seed"; }
by_kernel() {
	mount_image "$1" "$tmp/mnt" rw && make "$tmp/mnt/all"; got=$?
	unmount "$tmp/mnt"
	return $got
}
judge() { mounted "$1" ro python3 "$names" judge "$tmp/mnt" "$1" "$seed"; }

t "a tree of $count names" make tree
t "mkfs fills a volume with it" extant-mkfs -q -b 1024 -d tree ours.img
rm -rf tree
t "ours: every name" judge ours.img
grep -h figure .out
seed=$((seed + 1))
mke2fs -q -F -t ext2 -b 4096 -N $((count + 500)) theirs.img $((count / 250 + 32))M >/dev/null 2>&1
t "the kernel makes such a tree" by_kernel theirs.img
t "the kernel's: every name" judge theirs.img
grep -h figure .out
finish
