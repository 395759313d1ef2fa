# SPDX-License-Identifier: MIT
# Where the parts of a volume lie: our arithmetic against dumpe2fs, for every kind of
# layout mke2fs makes; and backups found when the primary superblock is gone.
. "$(dirname "$0")/../lib.sh"
have mke2fs && have dumpe2fs || { skip "all" "e2fsprogs is not installed"; finish; }
make -s -C "$root" B="$B" "$B/tests/oracle/layout" >make.out 2>&1 || { cat make.out; fail "layout builds"; finish; }
layout=$B/tests/oracle/layout

# dumpe2fs's description of the groups, in the words of layout.
theirs() {
	dumpe2fs "$@" 2>/dev/null | awk '
	function part(name, text,	n) {
		match(text, / at [0-9]+(-[0-9]+)?/)
		n = substr(text, RSTART + 4, RLENGTH - 4)
		if (n !~ /-/) n = n "-" n
		line = line " " name "=" n
	}
	/^Group [0-9]+:/ {
		if (line != "") print line
		match($0, /[0-9]+-[0-9]+/)
		line = "group " ($2 + 0) " blocks=" substr($0, RSTART, RLENGTH)
	}
	line == "" { next }
	/superblock at/ { part("super", $0); sub(/.*superblock at [0-9]+/, "") }
	/[Gg]roup descriptors? at/ { part("desc", $0) }
	/Reserved GDT blocks at/ { part("reserved", $0) }
	/Block bitmap at/ { part("bb", $0) }
	/Inode bitmap at/ { part("ib", $0) }
	/Inode table at/ { part("it", $0) }
	END { if (line != "") print line }'
}

same_layout() {	# IMAGE: and again by each of the first backups
	theirs "$1" >theirs.out
	[ -s theirs.out ] || { echo "dumpe2fs says nothing"; return 1; }
	"$layout" "$1" >ours.out || return 1
	diff theirs.out ours.out || return 1
	for copy in $(sed -n '2,$s/.* super=\([0-9]*\)-.*/\1/p' theirs.out | head -3); do
		"$layout" "$1" "$copy" >ours.out || return 1
		diff theirs.out ours.out || return 1
	done
}

finds_backup() {	# IMAGE: with the first 64 KiB but for the boot sectors lost
	grep -q '^group [1-9].* super=' theirs.out || return 0
	dd if=/dev/zero of="$1" bs=1024 seek=1 count=1 conv=notrunc 2>/dev/null || return 1
	found=$("$layout" --backup "$1") || return 1
	grep -q "^group [1-9].* super=${found% *}-" theirs.out || { echo "no backup at $found"; return 1; }
	[ "${found#* }" = "$bs" ] || { echo "found $found, blocks have $bs bytes"; return 1; }
}

# shape SIZE OPTIONS...
shape() {
	size=$1; shift
	bs=$(echo "$*" | sed -n 's/.*-b \([0-9]*\).*/\1/p')
	rm -f a.img
	mke2fs -q -F -t ext2 "$@" a.img "$size" >mke2fs.out 2>&1 || { skip "$*" "mke2fs: $(tail -1 mke2fs.out)"; return; }
	t "$* $size: the layout" same_layout a.img
	t "$* $size: a backup is found" finds_backup a.img
}

for bs in 1024 2048 4096 8192 16384 32768 65536; do
	shape $((bs * 70000 / 1024)) -b $bs
	shape $((bs * 70000 / 1024)) -b $bs -O ^resize_inode,^sparse_super
	shape $((bs * 70000 / 1024)) -b $bs -O meta_bg,^resize_inode
done
shape 200M -b 1024 -g 256
shape 20M -b 1024 -g 256 -O meta_bg,^resize_inode
shape 100M -b 1024 -g 512 -O meta_bg,^resize_inode,^sparse_super
shape 200M -b 1024 -O sparse_super2
shape 200M -b 1024 -O sparse_super2 -E num_backup_sb=1
shape 200M -b 1024 -O sparse_super2 -E num_backup_sb=0
shape 200M -b 1024 -O sparse_super2,meta_bg,^resize_inode -g 1024
shape 200M -b 1024 -r 0
shape 200M -b 4096 -I 2048
shape 200M -b 1024 -I 128 -N 100000
shape 100M -b 4096 -E resize=100G
shape 15T -b 4096 -N 100000
shape 8193 -b 1024
shape 8500 -b 1024
shape 200 -b 1024
finish
