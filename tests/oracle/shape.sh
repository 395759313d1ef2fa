#!/bin/sh
# SPDX-License-Identifier: MIT
# The layout of new volumes against mke2fs: for the same options the same
# superblock, byte for byte, and the same places of every group's parts.
#
#	SHAPES=n  so many random combinations of options (120)
#	SEED=n    which ones (1)
#
# Differences that are meant, and the reason:
#   refused by us only    -I other than 128 with -r 0: mke2fs ignores -I
#                         -E resize above 2^32-1 blocks: ext2 has no more
#                         -r 0 with groups so small that mke2fs sets meta_bg in a volume
#                         that by its revision has no features
#                         a -N that leaves fewer inodes than the reserved ones, -S of mke2fs
#   refused by mke2fs only  too few inodes for lost+found by the usual ratio: we give 16
#                         meta_bg by small groups, where mke2fs reckons a whole set of
#                         descriptors into a last group with a backup
#   reserved_gdt_blocks   with -E resize, when the groups turn out too small for so many: mke2fs
#                         takes resize_inode away but leaves the number
. "$(dirname "$0")/../lib.sh"
have mke2fs && have dumpe2fs || { skip "shapes" "no e2fsprogs"; finish; }
uuid=11111111-2222-3333-4444-555555555555
seed=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
now=1700000000
most=$((1 << 28))		# bytes up to which mke2fs makes the whole volume
same=0 refused=0 meant=0
is_root && mkdir work && mount -t tmpfs -o size=500m none work 2>/dev/null && { mounts="$PWD/work"; cd work || exit 1; }

# A line a byte: its number from 0 and its value.
super() { dd if="$1" bs=1024 skip=1 count=1 2>/dev/null | od -An -v -tx1 -w1 | awk '{ print NR - 1, $1 }'; }
groups() {
	dumpe2fs "$1" 2>/dev/null | sed -n '/^Group 0/,$p' |
		grep -v -e 'Free ' -e 'free ' -e '^$' -e 'Run e2fsck now'
}

# What -S of mke2fs leaves otherwise: free counts, state, overhead, and large_file
# when the resize inode would need it.
superblock_only='^(12|13|14|15|16|17|18|19|58|100|584|585|586|587) '
reserved_gdt='^(206|207) '

# ours and theirs: make x.img and y.img with the options in "$@"; size in $kib.
theirs() {
	rm -f y.img
	if [ $((kib * 1024)) -gt $most ]; then set -- -S "$@"; fi
	E2FSPROGS_FAKE_TIME=$now timeout 30 mke2fs -q -F -t ext2 -U $uuid "$@" y.img ${kib}k >y.out 2>&1
}
ours() {
	rm -f x.img
	SOURCE_DATE_EPOCH=$now extant-mkfs -q -U $uuid "$@" x.img ${kib}k >x.out 2>&1
}

# expected NAME: whether a difference is one of those at the top.
is_meant() {
	case $1 in
	we) grep -q -e 'inodes of revision 0' -e 'at most 4294967295' -e '^extant-mkfs: -N .* gives ' x.out ||
		{ grep -q 'the metadata of group 0' x.out && case " $2 " in *" -r 0 "*) true ;; *) false ;; esac; } ;;
	they) grep -q -e 'Could not allocate inode' -e 'requested number of inodes' y.out ;;
	esac
}

# compare OPTION...
compare() {
	e="hash_seed=$seed" args=
	while [ $# -gt 0 ]; do
		if [ "$1" = -E ]; then e="$e,$2"; shift; else args="$args $1"; fi
		shift
	done
	what="$args -E $e, $kib KiB"
	# The tmpfs is small and some volumes have much in them.
	theirs $args -E $e; theirs_rc=$?
	if grep -q -e 'No space left' -e 'short write' y.out || [ $theirs_rc -eq 124 ]; then return; fi
	[ $theirs_rc -ne 0 ] || { super y.img >y.super; groups y.img >y.groups; }
	rm -f y.img
	ours $args -E $e; ours_rc=$?
	if [ $theirs_rc -ne 0 ] && [ $ours_rc -ne 0 ]; then refused=$((refused + 1)); return; fi
	if [ $theirs_rc -ne 0 ]; then
		if is_meant they; then meant=$((meant + 1)); else fail "only mke2fs refuses$what: $(tail -1 y.out)"; fi
		return
	fi
	if [ $ours_rc -ne 0 ]; then
		if is_meant we "$args"; then meant=$((meant + 1)); else fail "only we refuse$what: $(cat x.out)"; fi
		return
	fi
	super x.img >x.super; groups x.img >x.groups
	if [ $((kib * 1024)) -gt $most ]; then
		sed -i -E "/$superblock_only/d" x.super y.super
	fi
	case $e in *resize=*)
		if [ "$(grep -E "$reserved_gdt" x.super)" = "$(printf '206 00\n207 00')" ]; then
			sed -i -E "/$reserved_gdt/d" x.super y.super
		fi ;;
	esac
	if cmp -s x.super y.super && cmp -s x.groups y.groups; then same=$((same + 1)); return; fi
	fail "differs:$what"
	diff x.super y.super | head -5
	diff x.groups y.groups | head -5
}

# ---- a fixed matrix -------------------------------------------------------------------------

for bs in 1024 2048 4096 8192 16384 32768 65536; do
	for kib in 1024 8192 51200 200000 1048576 33554432 1073741824; do
		[ $bs -ge 4096 ] || [ $kib -lt 200000000 ] || continue
		compare -b $bs
	done
	kib=100000
	for o in "-i 8192" "-N 5000" "-m 12.5" "-I 128" "-I 1024" "-O ^resize_inode" "-O sparse_super2" "-O none" \
		"-O meta_bg,^resize_inode" "-O ^sparse_super,^resize_inode" "-g 4096" "-r 0" "-T largefile" "-T news"; do
		compare -b $bs $o
	done
done
for type in floppy small default big huge news largefile largefile4 hurd floppy,big; do
	kib=102400; compare -T $type; kib=700000; compare -T $type
done
for kib in 57 58 59 60 64 100 1000 3068 3072 8193 8194 8450 8500 8512 8513 8514 8515 8545 8546 16693 16694 524284 524288; do
	compare
done
# The smallest volume, and the smallest last group that stays, with one block less.
for edge in "58 -N 16" "59 -N 16" "25020 -O ^resize_inode" "25021 -O ^resize_inode" "2122 -g 1024" "2123 -g 1024" \
	"2124 -g 1024 -O meta_bg,^resize_inode,^sparse_super" "2125 -g 1024 -O meta_bg,^resize_inode,^sparse_super" \
	"33968 -b 2048" "33970 -b 2048"; do
	kib=${edge%% *}; compare ${edge#* }
done
kib=20480
for o in "-L label" "-M /mnt" "-e panic" "-e remount-ro" "-o hurd" "-o lites" "-o 9" "-E stride=8,stripe_width=16" \
	"-E test_fs" "-E resize=30000" "-E resize=10000000" "-O ^large_file" "-b 4096 -O ^large_file" "-g 256" "-g 304" "-N 1" \
	"-O sparse_super2 -E num_backup_sb=1" "-O sparse_super2 -E num_backup_sb=0" "-O ^filetype,^dir_index,^ext_attr" "-m 50" \
	"-m 0" "-m 33.3333" "-i 1024" "-b 4096 -i 1024" \
	"-m 51" "-I 64" "-g 100" "-r 0 -O filetype" "-O meta_bg" "-O ^sparse_super" "-E resize=5" "-i 1000" "-N 9999999" "-b 512"; do
	compare $o
done
fixed="$same same, $refused refused by both, $meant meant differences"

# ---- at random ----------------------------------------------------------------------------------

state=${SEED:-1}
rnd() { state=$(((state * 1103515245 + 12345) % 2147483648)); r=$((state / 65536 % $1)); }
pick() { rnd $#; shift "$r"; picked=$1; }

options() {
	o=
	rnd 10; if [ "$r" -lt 8 ]; then pick 1024 2048 4096 4096 8192 16384 32768 65536; o="-b $picked"; bs=$picked; else bs=1024; fi
	rnd 20
	if [ "$r" -lt 3 ]; then rnd 1000; kib=$((r + 57))
	elif [ "$r" -lt 12 ]; then rnd 32000; a=$r; rnd 7; kib=$((a * (r + 1) + 1000))
	elif [ "$r" -lt 18 ]; then rnd 32000; kib=$((r * 32 + 200000 + a % 100))
	else rnd 30000; kib=$((r * 1000 + 1000000 + a % 10)); fi
	rnd 4; [ "$r" -ne 0 ] || { pick 128 256 512 1024 2048 4096 64; o="$o -I $picked"; }
	rnd 5; [ "$r" -ne 0 ] || { pick 1024 2000 4096 8192 16384 65536 1048576 67108864 512; o="$o -i $picked"; }
	rnd 5; [ "$r" -ne 0 ] || { rnd 30000; pick 1 12 16 100 $r $((kib / 9 + 1)); o="$o -N $picked"; }
	rnd 5; [ "$r" -ne 0 ] || { pick 0 0.1 1 33.3333 50 49.999 51; o="$o -m $picked"; }
	rnd 6; [ "$r" -ne 0 ] || { rnd $((bs / 8)); pick 256 264 1024 8184 $((r * 64 + 256)); o="$o -g $picked"; }
	rnd 12; [ "$r" -ne 0 ] || o="$o -r 0"
	rnd 2; [ "$r" -ne 0 ] || {
		pick "^resize_inode" sparse_super2 "meta_bg,^resize_inode" none "^sparse_super,^resize_inode" "^large_file" \
			"sparse_super2,^resize_inode" "^sparse_super" meta_bg "none,meta_bg,filetype"; o="$o -O $picked"; }
	rnd 10; [ "$r" -ne 0 ] || { pick floppy small default big huge news largefile largefile4; o="$o -T $picked"; }
	rnd 10; [ "$r" -ne 0 ] || { rnd 900; o="$o -E resize=$((kib * 1024 / bs * (r + 1) + 1))"; }
	rnd 8; [ "$r" -ne 0 ] || { rnd 3; o="$o -E num_backup_sb=$r"; }
}

n=0 a=0
while [ $n -lt "${SHAPES:-120}" ]; do
	options
	compare $o
	n=$((n + 1))
done
[ $failed -eq 0 ] && pass "shapes as mke2fs's"
echo "figure: shapes: fixed: $fixed; with $n random ones (SEED=${SEED:-1}): $same same, $refused refused by both, $meant meant"
cd "$tmp" || exit 1
finish
