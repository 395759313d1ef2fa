# SPDX-License-Identifier: MIT
# Everything that can be read, by the shell of an image and by the kernel of its mount: ls -liR,
# stat, where, find, du, and paths resolved as root and as others under chroot.
#
#	sh tests/oracle/reading.sh [IMAGES [SEED]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
reading="$root/tests/oracle/reading.py"
images=${1:-3} seed=${2:-1}

aged() {	# IMAGE SEED: a tree made by the kernel, parts of it removed
	mount_image "$1" "$tmp/mnt" rw,acl,user_xattr && python3 "$reading" make "$tmp/mnt" "$2"
	got=$?
	unmount "$tmp/mnt"
	return $got
}

ask() {		# IMAGE SEED
	mount_image "$1" "$tmp/mnt" ro || return 1
	python3 "$reading" ask "$tmp/mnt" "$2" "$tmp/q"
	got=$?
	unmount "$tmp/mnt"
	return $got
}

# The programs fail for paths that lead nowhere, which is what is asked.
answer() {
	extant-debugfs --json --keep-going -f q.json "$1" >q.json.got 2>q.err
	[ $? -le 1 ] && extant-debugfs --keep-going -f q.text "$1" >q.text.got 2>q.err
	[ $? -le 1 ] && python3 "$reading" compare q
}

i=0
while [ $i -lt "$images" ]; do
	n=$((seed + i))
	case $((i % 6)) in
	0) mke2fs -q -F -t ext2 -b 1024 -I 256 a.img 32M ;;
	1) mke2fs -q -F -t ext2 -b 4096 -I 128 a.img 64M ;;
	2) extant-mkfs -q -F -b 2048 a.img 48M ;;
	3) mke2fs -q -F -t ext2 -b 1024 -O ^filetype,^sparse_super,^resize_inode,^dir_index a.img 32M ;;
	4) extant-mkfs -q -F -b 4096 -g 1024 a.img 64M ;;
	5) mke2fs -q -F -t ext2 -b 2048 -N 1000 a.img 32M ;;
	esac >/dev/null 2>&1
	if aged a.img $n; then
		if [ $((i % 3)) -eq 2 ] && mount_image a.img "$tmp/mnt" ro; then	# built in one go
			rm -f b.img
			if [ $((i % 2)) -eq 0 ]; then extant-mkfs -q -d "$tmp/mnt" b.img 64M
			else mke2fs -q -t ext2 -d "$tmp/mnt" b.img 64M >/dev/null 2>&1; fi
			unmount "$tmp/mnt"
			[ -s b.img ] && mv b.img a.img
		fi
		ask a.img $n || fail "image $n: asking the kernel"
		t "image $n: the shell says what the kernel says" answer a.img
		grep -h figure .out
	else
		fail "image $n: made by the kernel"
	fi
	i=$((i + 1))
done
finish
