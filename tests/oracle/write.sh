# SPDX-License-Identifier: MIT
# Volumes after random writes, cuts and holes: e2fsck finds nothing, and the kernel reads what
# the host's own files say after the same operations.
. "$(dirname "$0")/../lib.sh"
have mke2fs && have e2fsck || { skip "all" "e2fsprogs is not installed"; finish; }
CC=${CC:-cc}
$CC -std=c11 -D_GNU_SOURCE -I"$root/lib" "$root/tests/oracle/filewrite.c" "$B/libextant.a" \
	-o filewrite -lz -luuid -lpthread >cc.out 2>&1 || { fail "filewrite compiles"; cat cc.out; finish; }
mount_why=
can_mount || mount_why=$why

sound() { e2fsck -fn "$1"; }

equal() {	# IMAGE HOST-DIRECTORY
	mount_image "$1" mnt || return 1
	diff -r -x lost+found mnt "$2"; r=$?
	unmount mnt
	return $r
}

seed=1
# Options, size, operations: a nearly full volume, several groups, old and large forms.
while read -r options size ops; do
	name="mke2fs $(echo "$options" | tr , ' ') $size, seed $seed"
	rm -rf a.img host && mkdir host
	# shellcheck disable=SC2046
	mke2fs -q -F -t ext2 $(echo "$options" | tr , ' ') a.img "$size" >mke2fs.out 2>&1 ||
		{ fail "$name"; cat mke2fs.out; continue; }
	t "$name: operations" ./filewrite a.img host $seed "$ops"
	t "$name: e2fsck -fn" sound a.img
	if [ -n "$mount_why" ]; then skip "$name: mount" "$mount_why"; else
		t "$name: the kernel reads the same" equal a.img host
	fi
	seed=$((seed + 1))
done <<'ROWS'
-b,1024 8M 400
-b,1024,-I,128 1200 400
-b,1024,-g,1024 6M 400
-b,1024,-r,0,-O,none 4M 300
-b,1024,-O,^sparse_super,-O,^resize_inode 6M 300
-b,1024,-O,^resize_inode,-O,meta_bg,-g,512 6M 300
-b,2048,-g,2048 12M 400
-b,4096 500 400
-b,4096,-I,128,-g,1024 16M 400
-b,4096 64M 600
ROWS
finish
