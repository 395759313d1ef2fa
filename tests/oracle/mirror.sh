#!/bin/sh
# SPDX-License-Identifier: MIT
# Random operations mirrored on a kernel mount, and all short sequences of operations.
# OPS  operations a configuration (default 600; FULL=1: 10,000);  SEED  the first seed
in_memory=1	# thousands of commits, each made durable
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have e2fsck && have python3 && have losetup || { skip "all" "e2fsprogs, util-linux or python3 is not installed"; finish; }
exec 3>&1
mounts="$tmp/ours $tmp/sequence"
ops=${OPS:-600} seed=${SEED:-1}
[ -z "${FULL:-}" ] || ops=10000

# mirror NAME MKFS-OPTIONS SIZE MIRROR-OPTIONS...
mirror() {
	what=$1 make=$2 size=$3; shift 3
	rm -rf k.img ours.img
	# shellcheck disable=SC2086
	extant-mkfs -q $make ours.img "$size" && cp ours.img k.img || return 1
	mount_image k.img k rw || return 1
	python3 "$root/tests/oracle/mirror.py" ours.img k --tmp . --ops "$ops" --seed "$seed" "$@" >mirror.out 2>&1
	result=$?
	unmount k
	cat mirror.out
	[ $result -eq 0 ] && echo "$what: $(cat mirror.out)" >&3
	return $result
}

for bs in 1024 4096; do
	for is in 128 256; do
		t "$bs-byte blocks, $is-byte inodes" mirror "$bs/$is" "-b $bs -I $is" 64M --inode-size $is
		seed=$((seed + 1))
		t "$bs-byte blocks, $is-byte inodes, nearly full" mirror "$bs/$is" "-b $bs -I $is" $((bs / 1024 * 3))M \
			--inode-size $is --full --ops $((ops / 4))
		seed=$((seed + 1))
	done
done
t "all sequences of up to two operations" python3 "$root/tests/oracle/sequences.py" --tmp .
finish
