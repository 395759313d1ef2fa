#!/bin/sh
# SPDX-License-Identifier: MIT
# What e2fsck calls healthy, extant-fsck must too, without a note: volumes of mke2fs with
# every option that ext2 has, and of other sizes; and single faults both must find.
. "$(dirname "$0")/../lib.sh"
if ! command -v mke2fs >/dev/null || ! command -v e2fsck >/dev/null || ! command -v debugfs >/dev/null; then
	skip "healthy volumes" "e2fsprogs is not installed"
	finish
	exit
fi
mkdir -p tree/a/b
i=0
while [ $i -lt 300 ]; do echo $i >"tree/a/file$i"; i=$((i + 1)); done
head -c 400000 /dev/urandom >tree/big
ln tree/big tree/a/b/again
ln -s "$(head -c 200 /dev/zero | tr '\0' l)" tree/slow
ln -s fast tree/fast

# healthy NAME: exit 0, and not a single finding.
healthy() { extant-fsck -n a.img >out && grep -q ": consistent, " out && [ "$(wc -l <out)" -eq 1 ]; }

made=0
for size in 1500 8193 20000; do for block in 1024 2048 4096 65536; do
	for options in "" "-O ^resize_inode" "-O ^sparse_super" "-O ^filetype" "-O ^dir_index" \
		"-O ^ext_attr" "-O meta_bg,^resize_inode" "-O sparse_super2" "-O none" "-r 0" "-I 128" \
		"-I 1024" "-g 1024" "-m 0" "-E stride=4,stripe_width=16" "-j" "-E resize=4G" "-d tree"; do
		rm -f a.img
		# shellcheck disable=SC2086
		mke2fs -q -t ext2 -F -b $block $options a.img ${size}k >/dev/null 2>&1 || continue
		e2fsck -fn a.img >/dev/null 2>&1 || continue
		made=$((made + 1))
		t "mke2fs -b $block $options of $size KiB" healthy
	done
done; done
echo "figure: $made healthy volumes of mke2fs"

# both COMMAND: after this command of debugfs both find something, and nothing changes.
both() {
	cp whole.img a.img && debugfs -w -R "$1" a.img >/dev/null 2>&1 || return 1
	before=$(sha256sum <a.img)
	e2fsck -fn a.img >/dev/null 2>&1
	case $? in 4 | 12) ;; *) echo "e2fsck finds nothing"; return 1 ;; esac
	exits 4 extant-fsck -n a.img && [ "$before" = "$(sha256sum <a.img)" ]
}
mke2fs -q -t ext2 -F -b 1024 -d tree whole.img 20M >/dev/null 2>&1
for command in "sif /big links_count 7" "sif /big blocks 4" "sif /big block[2] 99999999" \
	"sif /big block[3] 5" "sif /big size 10" "sif /big mode 0" "sif /a size 1000" "sif /fast size 9" \
	"sif /a/file3 dtime @1700000000" "unlink /big" "clri /a/file7" "freeb 300" "setb 15000" \
	"set_bg 0 free_blocks_count 3" \
	"sif <2> links_count 9" "kill_file /a/b" "sif /a flags 0x1000"; do
	t "found by both: $command" both "$command"
done
finish
