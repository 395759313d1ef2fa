# SPDX-License-Identifier: MIT
# Why each link count is what it is: the parts that stat --explain gives add up to the kernel's
# count, for every directory and every name of a file; and damaged counts are told with path and
# both numbers, and mended.
#
#	sh tests/oracle/counts.sh [DIRECTORIES [SEED]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
counts="$root/tests/oracle/counts.py"
dirs=${1:-2500} seed=${2:-1}

judge() { mounted "$1" ro python3 "$counts" judge "$tmp/mnt" "$1"; }
hurt() {	# IMAGE COUNT [removed]
	python3 "$counts" hurt "$1" "$2" "$seed" truth ${3:-} && python3 "$counts" told truth "$1" || return 1
	extant-fsck -fy "$1" >out 2>&1
	[ $? -eq 1 ] || { cat out; return 1; }
	e2fsck -fn "$1"
}

t "a tree of $dirs directories" python3 "$counts" make tree "$dirs" "$seed"
t "mkfs fills a volume with it" extant-mkfs -q -b 1024 -d tree ours.img
mke2fs -q -t ext2 -b 4096 -I 128 -N $((dirs * 3 / 2 + 100)) -d tree theirs.img $((dirs / 200 + 16))M >out 2>&1 ||
	mke2fs -q -t ext2 -b 4096 -I 128 -N $((dirs * 3 / 2 + 100)) -d tree theirs.img $((dirs / 100 + 64))M >out 2>&1
rm -rf tree
for image in ours.img theirs.img; do
	t "$image: every part of every count" judge $image
	grep -h figure .out
	t "$image: damaged counts are told and mended" hurt $image 500
	grep -h figure .out
	t "$image: and those of 0" hurt $image 30 removed
	grep -h figure .out
	t "$image: the parts add up after the repair" judge $image
done
finish
