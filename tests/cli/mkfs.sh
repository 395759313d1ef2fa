#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-mkfs from outside: options, refusals, what happens to old images.
#
#	KILLS=n  how often to kill it at some moment (20)
. "$(dirname "$0")/../lib.sh"
mkfs=extant-mkfs

sha() { sha256sum <"$1"; }
size() { stat -c %s "$1"; }

# holds FILE TEXT...: each TEXT is a line of FILE, or a part of one.
holds() {
	file=$1; shift
	for text; do
		grep -q -F -e "$text" "$file" || { echo "missing: $text"; cat "$file"; return 1; }
	done
}

# prints TEXT... -- COMMAND: exits 0, and standard output holds each TEXT.
prints() {
	: >wanted
	while [ "$1" != -- ]; do printf '%s\n' "$1" >>wanted; shift; done
	shift
	"$@" >printed || return 1
	while IFS= read -r text; do holds printed "$text" || return 1; done <wanted
}

# unchanged IMAGE COMMAND...: fails with 1, and the image keeps its bytes; nothing is left beside it.
unchanged() {
	image=$1; shift
	before=$(sha "$image"); beside=$(ls -A "$(dirname "$image")")
	"$@" >said 2>&1; got=$?
	cat said
	[ $got -eq 1 ] || { echo "exit $got, not 1"; return 1; }
	same "$(sha "$image")" "$before" && same "$(ls -A "$(dirname "$image")")" "$beside"
}

# not_made IMAGE COMMAND...: fails with 1, and there is no image.
not_made() {
	image=$1; shift
	"$@" >said 2>&1; got=$?
	cat said
	[ $got -eq 1 ] && [ ! -e "$image" ]
}

# refused TEXT OPTION...: one line of exactly this text, exit status 1, no image.
refused() {
	text=$1; shift
	rm -f no.img
	$mkfs "$@" >said 2>&1; got=$?
	cat said
	[ $got -eq 1 ] && [ ! -e no.img ] && same "$(cat said)" "extant-mkfs: $text"
}

# starts TEXT OPTION...: as refused, but the text may go on.
starts() {
	text=$1; shift
	rm -f no.img
	$mkfs "$@" >said 2>&1; got=$?
	cat said
	[ $got -eq 1 ] && [ ! -e no.img ] || { echo "exit $got"; return 1; }
	case $(cat said) in "extant-mkfs: $text"*) ;; *) echo "wanted: $text"; return 1 ;; esac
}

field() { dumpe2fs -h "$1" 2>/dev/null | sed -n "s/^$2: *//p"; }
clean() { e2fsck -fn "$1"; }

mkdir -p tree/etc tree/d
echo one >tree/etc/one
ln tree/etc/one tree/d/two
ln tree/etc/one tree/d/three
ln -s etc/one tree/link
truncate -s 10M tree/sparse && echo end >>tree/sparse
mkfifo tree/fifo

# ---- what it says ------------------------------------------------------------------

t "the summary of an empty volume" prints "a.img: ext2, 64 MiB, 65536 blocks of 1 KiB, 16384 inodes" \
	"  space       13 KiB content, 5.3 MiB tables and reserve for growth, 58.7 MiB free" -- \
	$mkfs a.img 64M
t "the summary of a tree" prints "b.img: ext2 \"demo\", 4 MiB, 4096 blocks of 1 KiB, 1024 inodes" \
	"  from tree   2 files, 3 directories, 1 symlink, 1 fifo or socket" \
	"  kept        3 names of 1 inode (hard links), 1 sparse file: 10.0 MiB in 4 bytes" -- \
	$mkfs -L demo -d tree b.img 4M
t "-q says nothing" same "$($mkfs -q -F a.img 1M 2>&1)" ""
t "-V" says "^extant-mkfs [0-9]" $mkfs -V
t "-h lists what --help lists" same "$($mkfs -h)" "$($mkfs --help)"
t "no columns beyond 79 in --help" same "$({ $mkfs --help; extant-fsck --help
	extant-debugfs --help; extant --help; } | awk 'length > 79')" ""
t "a name with control characters is escaped" prints 'x\x1b[31m.img: ext2' -- \
	$mkfs "$(printf 'x\033[31m.img')" 1M
t "standard output that cannot be written is an error" exits 1 sh -c "$mkfs -F a.img 1M >/dev/full"
t "... which is said, and that the image is there" sh -c "$mkfs -F a.img 1M 2>&1 >/dev/full | grep -q 'standard output: .*; a.img made'"

# ---- options that are refused, with their valid range ---------------------------------

t "-b" refused "-b 3000: block size must be 1024, 2048, 4096 ... 65536" -b 3000 no.img 1M
t "-b text" refused "-b x: block size must be 1024, 2048, 4096 ... 65536" -b x no.img 1M
t "-b 0" refused "-b 0: block size must be 1024, 2048, 4096 ... 65536" -b 0 no.img 1M
t "-I" refused "-I 100: inode size must be a power of 2 from 128 to the block size, 1024" -I 100 no.img 1M
t "-I 0" starts "-I 0: inode size must be a power of 2" -I 0 no.img 1M
t "-i" refused "-i 1023: bytes per inode must be 1024 to 67108864" -i 1023 no.img 1M
t "-i 0" refused "-i 0: bytes per inode must be 1024 to 67108864" -i 0 no.img 1M
t "-N" refused "-N 0: number of inodes must be 11 to 4294967295" -N 0 no.img 1M
t "-N too many" starts "-N 1000000: number of inodes must be 11 to 4095 for 1024 blocks" -N 1000000 no.img 1M
t "-g" refused "-g 100: blocks per group must be a multiple of 8 from 256 to 8192" -g 100 no.img 1M
t "-g 0" starts "-g 0: blocks per group must be a multiple of 8 from 256" -g 0 no.img 1M
t "-m" refused "-m 51: reserved blocks must be 0 to 50 percent" -m 51 no.img 1M
t "-m text" refused "-m 5%: reserved blocks must be 0 to 50 percent" -m 5% no.img 1M
t "-L" refused "-L: label has 17 bytes, 16 fit" -L 12345678901234567 no.img 1M
t "-U" refused "-U x: must be a UUID, random, time or clear" -U x no.img 1M
t "-U clear, reproducibly" starts "-U clear: a reproducible volume" -U clear --reproducible no.img 1M
t "-r" refused "-r 2: revision must be 0 or 1" -r 2 no.img 1M
t "-r 0 -O" refused "-r 0: revision 0 has no features; leave out -O" -r 0 -O filetype no.img 1M
t "-t" refused "-t ext4: cannot be made yet; ext2 can" -t ext4 no.img 1M
t "-t unknown" refused "-t vfat: type must be ext2" -t vfat no.img 1M
t "-T" starts "-T x: unknown usage type; there are floppy small default" -T x no.img 1M
t "-o" starts "-o x: creator must be linux" -o x no.img 1M
t "-e" refused "-e x: must be continue, remount-ro or panic" -e x no.img 1M
t "-O unknown" starts '-O x: unknown feature "x"; there are ext_attr' -O x no.img 1M
t "-O ext4's" starts "-O extent: extent is not a feature of new ext2 volumes" -O extent no.img 1M
t "-O ext3's" starts "-O has_journal: has_journal makes ext3" -O has_journal no.img 1M
t "-O meta_bg" refused "-O meta_bg: resize_inode and meta_bg exclude each other; add ^resize_inode" -O meta_bg no.img 1M
t "-E unknown" starts "-E x: unknown; there are offset" -E x=1 no.img 1M
t "-E without its value" refused "-E stride: needs a value, stride=..." -E stride no.img 1M
t "-E with a value too much" refused "-E test_fs: takes no value" -E test_fs=1 no.img 1M
t "-E stride" refused "-E stride=65536: must be 0 to 65535" -E stride=65536 no.img 1M
t "-E num_backup_sb" refused "-E num_backup_sb=3: must be 0 to 2" -E num_backup_sb=3 no.img 1M
t "-E hash_seed" refused "-E hash_seed=x: must be a UUID or random" -E hash_seed=x no.img 1M
t "-E root_owner" refused "-E root_owner=5: must be UID:GID" -E root_owner=5 no.img 1M
t "-E empty" starts "-E : unknown; there are" -E "" no.img 1M
t "-E resize" starts "-E resize=100: must be more than the 1024 blocks of the volume" -E resize=100 no.img 1M
for letter in c j D S; do
	t "-$letter gives its reason" starts "-$letter: " -$letter no.img 1M
done
for letter in l C G J z; do
	t "-$letter gives its reason" starts "-$letter: " -$letter x no.img 1M
done
t "an unknown letter" refused "-Q: unknown option; --help lists the options" -Q no.img 1M
t "an unknown name" refused "--nonsense: unknown option; --help lists the options" --nonsense no.img 1M
t "a missing argument" refused "-b: needs an argument; --help lists the options" no.img 1M -b
t "no image" refused "no image named; --help shows the usage"
t "too many arguments" refused "unexpected argument x: IMAGE and SIZE are all" no.img 1M x
t "a size that is none" starts "SIZE 10Q: must be a size such as" no.img 10Q
t "size 0" starts "SIZE 0: must be a size such as" no.img 0
t "two sizes" refused "SIZE 1M: given twice" --size=1M no.img 1M
t "a size and --minimal" starts "--minimal 1M: " --minimal no.img 1M
t "auto with nonsense" starts "--size auto-5: must be" --size auto-5 -d tree no.img
t "no size and no tree" refused "no.img: how large? give a size, or a tree with -d; no.img not made" no.img
t "too large" starts "too large: 4294967296 blocks of 4096 bytes; a volume has at most" no.img 16T
t "too small" starts "too small: 20 blocks of 1024 bytes" no.img 20K
SOURCE_DATE_EPOCH=x; export SOURCE_DATE_EPOCH
t "SOURCE_DATE_EPOCH that is no number" refused "SOURCE_DATE_EPOCH x: must be seconds since 1970" no.img 1M
unset SOURCE_DATE_EPOCH
t "-E resize with a revision 0" refused "-E resize: revision 0 has no blocks for growth; no.img not made" -r 0 -E resize=10000000 no.img 1M
rm -f no.img

# ---- options that show in the volume ---------------------------------------------------

if have dumpe2fs && have e2fsck; then
	uuid=12345678-1234-5678-9abc-def012345678
	$mkfs -q -F -b 2048 -I 512 -N 3000 -g 8192 -m 2.5 -L name -U $uuid -M /mnt/x -e panic -o freebsd \
		-O ^dir_index -E stride=4,stripe_width=8,hash_seed=$uuid,root_owner=7:9,test_fs o.img 40M
	t "a volume with many options is clean" clean o.img
	t "block size" same "$(field o.img 'Block size')" 2048
	t "inode size" same "$(field o.img 'Inode size' | tr -d '\t ')" 512
	t "inodes" same "$(field o.img 'Inode count')" 3000
	t "blocks per group" same "$(field o.img 'Blocks per group')" 8192
	t "reserve" same "$(field o.img 'Reserved block count')" 512
	t "label" same "$(field o.img 'Filesystem volume name')" name
	t "uuid" same "$(field o.img 'Filesystem UUID')" $uuid
	t "last mounted" same "$(field o.img 'Last mounted on')" /mnt/x
	t "errors" same "$(field o.img 'Errors behavior')" Panic
	t "creator" same "$(field o.img 'Filesystem OS type')" FreeBSD
	t "hash seed" same "$(field o.img 'Directory Hash Seed')" $uuid
	t "stride" same "$(field o.img 'RAID stride')" 4
	t "stripe width" same "$(field o.img 'RAID stripe width')" 8
	t "features" same "$(field o.img 'Filesystem features')" \
		"ext_attr resize_inode filetype sparse_super large_file"
	t "root owner" says "User: *7 *Group: *9" debugfs -R 'stat <2>' o.img
	$mkfs -q -F -U clear o.img 1M
	t "-U clear" same "$(field o.img 'Filesystem UUID')" "<none>"
	$mkfs -q -F -r 0 o.img 1M
	t "-r 0" same "$(field o.img 'Filesystem revision #')" "0 (original)"
	t "-r 0 is clean" clean o.img
	$mkfs -q -F -E revision=0,discard,nodiscard,lazy_itable_init=0,no_copy_xattrs o.img 1M
	t "-E revision=0" same "$(field o.img 'Filesystem revision #')" "0 (original)"
	$mkfs -q -F -E resize=1G o.img 10M
	t "-E resize with a unit" same "$(field o.img 'Reserved GDT blocks')" 3
	a=$($mkfs -q -F o.img 1M; field o.img 'Filesystem UUID')
	b=$($mkfs -q -F o.img 1M; field o.img 'Filesystem UUID')
	t "UUIDs are random" test "$a" != "$b"
else
	skip "options that show in the volume" "no e2fsprogs"
fi

# ---- sizes --------------------------------------------------------------------------------

sized() {	# BYTES OPTION...: the image has this many bytes
	want=$1; shift
	rm -f s.img
	$mkfs -q "$@" && same "$(size s.img)" "$want"
}
t "KiB" sized 2048000 s.img 2000
t "blocks with -b" sized 8192000 -b 4096 s.img 2000
t "sectors" sized 2048000 s.img 4000s
t "fractions" sized 1572864 s.img 1.5M
t "--size" sized 1048576 --size 1M s.img
t "a size that ends within a block is kept" sized 1049088 s.img 2049s
t "by content" sized 1048576 -d tree s.img
t "by content and 10 MiB" sized 11534336 --size auto+10M -d tree s.img
t "an existing size is kept" sh -c "truncate -s 3M e.img && $mkfs -q -d tree e.img && [ \$(stat -c %s e.img) = 3145728 ]"
t "a size replaces an existing one" sh -c "$mkfs -q -F e.img 5M && [ \$(stat -c %s e.img) = 5242880 ]"
t "--size auto replaces an existing one" sh -c "$mkfs -q -F --size auto -d tree e.img && [ \$(stat -c %s e.img) = 1048576 ]"
t "an empty file is as good as none" sh -c ": >z.img && $mkfs -q -d tree z.img && [ \$(stat -c %s z.img) = 1048576 ]"
smallest() {
	rm -f s.img
	$mkfs --minimal -d tree "$@" s.img >said || return 1
	k=$(($(size s.img) / 1024))
	have e2fsck && { e2fsck -fn s.img || return 1; }
	[ $k -lt 300 ] || { cat said; return 1; }
}
t "--minimal is small" smallest
dd if=/dev/zero bs=1k count=900 2>/dev/null | tr '\0' x >tree/big
t "a tree that does not fit" starts "no.img: tree needs " -d tree no.img 500K
t "... and what would" holds said "  try: without the size, or "
truncate -s 500K f.img
t "a tree that does not fit what is there" unchanged f.img $mkfs -d tree f.img
t "... and what would do" holds said "; f.img unchanged" "  try: --size auto, or "
rm tree/big

# ---- -n ---------------------------------------------------------------------------------------

t "-n makes nothing" sh -c "$mkfs -n -v no.img 20M >said && [ ! -e no.img ]"
t "-n says what would be" holds said "no.img: would be ext2, 20 MiB, 20480 blocks of 1 KiB" "GROUP"
before=$(sha a.img)
t "-n -F" $mkfs -n -F a.img 5M
t "-n changes nothing" same "$(sha a.img)" "$before"
t "-n refuses too" unchanged a.img $mkfs -n a.img 5M

# ---- what is there already -----------------------------------------------------------------------

$mkfs -q -F -L old a.img 2M
t "an ext2 volume is not replaced" unchanged a.img $mkfs a.img
t "... and is described" holds said 'extant-mkfs: a.img: contains ext2 "old", 2 MiB, last written ' \
	"; not replaced" "  try: -F"
t "-F replaces it" $mkfs -q -F -L new a.img
mark() {	# OFFSET BYTES (printf): an image with that mark
	rm -f m.img; truncate -s 1M m.img
	printf "$2" | dd of=m.img bs=1 seek="$1" conv=notrunc 2>/dev/null
}
known() { mark "$1" "$2"; unchanged m.img $mkfs m.img && holds said "contains $3; not replaced"; }
t "XFS" known 0 XFSB "an XFS file system"
t "Btrfs" known 65600 _BHRfS_M "a Btrfs file system"
t "NTFS" known 3 'NTFS    ' "an NTFS file system"
t "FAT32" known 82 'FAT32   ' "a FAT file system"
t "SquashFS" known 0 hsqs "a SquashFS file system"
t "ISO 9660" known 32769 CD001 "an ISO 9660 file system"
t "swap" known 4086 SWAPSPACE2 "a swap area"
t "GPT" known 512 'EFI PART' "a GPT partition table"
t "gzip" known 0 '\037\213' "compressed data (gzip)"
mark 510 '\125\252'; printf '\203' | dd of=m.img bs=1 seek=450 conv=notrunc 2>/dev/null
printf '\001' | dd of=m.img bs=1 seek=458 conv=notrunc 2>/dev/null
t "a partition table" unchanged m.img $mkfs m.img
t "... is named" holds said "contains a partition table"
mark 510 '\125\252'
t "a boot sector alone is nothing" $mkfs -q m.img
t "one sector is no place for a volume" starts "too small: 512 bytes; the metadata alone need" no.img 1s

# ---- where the image lies -----------------------------------------------------------------------------

$mkfs -q -F t.img 1M; ln -s t.img l.img; chmod 640 t.img
is_root && chown 12:34 t.img
who=$(stat -c '%u:%g %a' t.img)
t "through a symlink" $mkfs -q -F l.img 2M
t "the symlink stays one" test -L l.img
t "owner and mode stay" same "$(stat -c '%u:%g %a' t.img)" "$who"
t "the file behind it is new" same "$(size t.img)" 2097152
t "a new image obeys the umask" sh -c "umask 027; $mkfs -q u.img 1M; [ \$(stat -c %a u.img) = 640 ]"
ln t.img t2.img
inode=$(stat -c %i t.img)
t "a file with two names" $mkfs -F t.img 1M
$mkfs -F t.img 1M 2>said >/dev/null
t "... is written in place, which is said" holds said "extant-mkfs: t.img: has 2 names; written in place"
t "... and keeps both" same "$(stat -c '%i %h' t2.img)" "$inode 2"
t "... and cannot grow" unchanged t.img $mkfs -F t.img 3M
t "... which is said" holds said "has 2 names and cannot grow"
t "... and not to the image where there is no standard error" unchanged t.img \
	sh -c "$mkfs -F t.img 3M 2>&-"
echo old >old.img; mkdir -p some
t "a tiny old file: what to try is said" unchanged old.img $mkfs -F -d some old.img
t "... namely another size" holds said "  try: --size auto, or "
truncate -s 4M disk.img
t "a part of a file" $mkfs -q disk.img@1MiB+2MiB
t "... as -E offset" unchanged disk.img $mkfs -E offset=1048576 disk.img 1M
t "... is found again" holds said "contains ext2, 2 MiB"
t "... and the rest is untouched" sh -c "cmp -n 1048576 disk.img /dev/zero && cmp -i 3145728:0 -n 1048576 disk.img /dev/zero"
t "a directory is no image" starts "tree: is a directory" tree 1M
for option in -x --dedupe --dangling=warn "--exclude x" --skip-unreadable; do
	t "$option without a tree" fails_with 'says how a tree is taken in, and there is no -d' $mkfs $option none.img 1M
done
t "... makes nothing" test ! -e none.img
t "a fifo is no image" fails_with "extant-mkfs: tree/fifo: " timeout 120 $mkfs tree/fifo 1M
t "no such directory" starts "no/no.img: no such file or directory" no/no.img 1M
t "an image inside its own tree is left out" sh -c "$mkfs -q -d tree tree/self.img && $mkfs -q -F -d tree tree/self.img 2M &&
	! debugfs -R 'ls /' tree/self.img 2>/dev/null | grep -q self"
rm -f tree/self.img
if is_root && [ -e /dev/loop-control ] && loop=$(losetup -f --show a.img 2>/dev/null); then
	t "an attached image is refused" unchanged a.img $mkfs -F a.img 1M
	t "... naming the device" holds said "is attached to $loop" "; not opened for writing"
	unmount "$loop"
else
	skip "an attached image is refused" "no loop devices here"
fi

# ---- trees that cannot be read, or change ----------------------------------------------------------------

t "no such tree" starts "missing: no such file or directory; no.img not made" -d missing no.img
t "a tree that is a file" starts "a.img: " -d a.img no.img
t "--exclude" sh -c "$mkfs -q -F --exclude etc --exclude /d/two -d tree x.img 1M && debugfs -R 'ls -p /' x.img 2>/dev/null | grep -q '/d/' &&
	! debugfs -R 'ls -p /' x.img 2>/dev/null | grep -q etc && ! debugfs -R 'ls -p /d' x.img 2>/dev/null | grep -q two"
t "--exclude nothing" starts "--exclude : " --exclude / -d tree no.img

# as_user COMMAND...: as somebody who is not root.
if is_root; then
	chmod 755 "$tmp"; mkdir -p "$tmp/bin" && cp "$(command -v $mkfs)" "$tmp/bin/" && chmod -R a+rx "$tmp/bin"
	as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$tmp/bin:$PATH" "$@"; }
else
	as_user() { "$@"; }
fi
if as_user $mkfs -V >/dev/null 2>&1; then
	mkdir out; chmod 777 out; echo secret >tree/etc/shadow; chmod 0 tree/etc/shadow
	as_user $mkfs -q out/a.img 1M
	t "an unreadable file" unchanged out/a.img as_user $mkfs -F -d tree out/a.img
	t "... is named, with a way out" holds said "extant-mkfs: tree/etc/shadow: permission denied; out/a.img unchanged" \
		"  try: --exclude etc/shadow"
	t "... which works" as_user $mkfs -q -F --exclude etc/shadow -d tree out/a.img
	t "--skip-unreadable" as_user $mkfs -F --skip-unreadable -d tree out/a.img
	as_user $mkfs -F --skip-unreadable -d tree out/a.img >said 2>&1
	t "... says what it left out" holds said "tree/etc/shadow" "left out    1 unreadable object"
	rm -f tree/etc/shadow
	mkdir fixed; as_user cp out/a.img fixed/ 2>/dev/null || cp out/a.img fixed/; chmod 666 fixed/a.img; chmod 555 fixed
	as_user $mkfs -F fixed/a.img 1M >said 2>&1
	t "in a directory that cannot be written: in place" holds said "written in place"
	chmod 755 fixed
else
	skip "an unreadable file" "cannot run as another user"
fi

mkdir grow; dd if=/dev/zero bs=1M count=64 2>/dev/null | tr '\0' g >grow/a; echo log >grow/z
( while [ -e grow/z ]; do echo more >>grow/z; done ) & appender=$!
grows() {	# as often as a busy machine needs until it does
	for _ in $(seq 500); do
		$mkfs -q -F g.img 1M
		: >grow/z
		unchanged g.img $mkfs -F -d grow g.img 80M && return
		[ $got -eq 0 ] || return 1
	done
}
t "a file that grows while it is read" grows
kill $appender; wait $appender 2>/dev/null
echo log >grow/z
t "... is named" holds said "extant-mkfs: grow/z: " "g.img unchanged"

# ---- a full disk, signals, kill -9 --------------------------------------------------------------------------

small="$tmp/small"; mkdir small
if is_root && mount -t tmpfs -o size=3m none "$small" 2>/dev/null; then
	mounts="$small $mounts"
	mkdir noise; dd if=/dev/urandom of=noise/data bs=1M count=5 2>/dev/null
	$mkfs -q small/a.img 1M
	t "a full disk" unchanged small/a.img $mkfs -F -d noise small/a.img
	t "... is reported" holds said "small/a.img unchanged"
	t "a full disk, a new image" not_made small/b.img $mkfs -d noise small/b.img
	t "... leaves nothing" same "$(ls -A small)" a.img
else
	skip "a full disk" "needs root to mount a tmpfs"
fi

# interrupts SIGNAL: it comes at some moment; as long as the image was not complete, it is the old one.
interrupts() {
	for round in 1 2 3 4 5 6 7 8 9; do	# as many as a busy machine needs until one comes in time
		for delay in 0.005 0.01 0.015 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.15 0.2 0.3 0.5 1 2 4; do
			$mkfs -q -F i.img 1M; old=$(sha i.img)
			timeout --preserve-status -s "$1" $delay $mkfs -F -d grow i.img 80M >said 2>&1; got=$?
			[ $got -ne 1 ] || break 2
			[ $got -ne 0 ] || break		# it was too fast
		done
	done
	cat said
	[ $got -eq 1 ] && same "$(sha i.img)" "$old" && same "$(cat said)" "extant-mkfs: interrupted; i.img unchanged"
}
t "SIGINT" interrupts INT
t "SIGTERM" interrupts TERM

kills() {
	mkdir k; SOURCE_DATE_EPOCH=1700000000; export SOURCE_DATE_EPOCH
	$mkfs -q -F -d grow k/a.img 80M; new=$(sha k/a.img)
	$mkfs -q -F k/a.img 1M; old=$(sha k/a.img); cp k/a.img k.old
	n=0 was_new=0 beside=0
	while [ $n -lt "${KILLS:-20}" ]; do
		n=$((n + 1))
		$mkfs -q -F -d grow k/a.img 80M & pid=$!
		sleep "0.$(printf %03d $((n * 97 % 250)))"
		kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
		case $(sha k/a.img) in
		"$old") ;;
		"$new") was_new=$((was_new + 1)); cp k.old k/a.img ;;
		*) echo "after kill $n: neither the old image nor the new one"; return 1 ;;
		esac
		beside=$((beside + $(ls -A k | grep -vc '^a.img$')))
		find k -type f ! -name a.img -delete	# where the host has no files without a name
	done
	echo "figure: $n kills, $was_new after the image was complete, $beside files left beside it"
	unset SOURCE_DATE_EPOCH
}
t "kill -9 at many moments" kills
grep '^figure' .out

# ---- the same bytes --------------------------------------------------------------------------------------------

mkdir t1 t2
for f in a b c d; do echo $f >t1/$f; done
ln t1/a t1/e
for f in d c b a; do echo $f >t2/$f; done
ln t2/a t2/e
touch -d '2020-02-02 02:02:02' t1/* t1 t2/* t2
reproducible() {	# OPTION...: twice, with everything else different
	rm -f 1.img 2.img
	"$@" $mkfs -q --reproducible -d t1 1.img &&
		(umask 077; TZ=Asia/Tokyo; LC_ALL=C.UTF-8; export TZ LC_ALL; cd t2 && sleep 1 && cat a >/dev/null &&
			"$@" $mkfs -q --reproducible -d . ../2.img) &&
		same "$(sha 1.img)" "$(sha 2.img)"
}
t "--reproducible" reproducible env
t "SOURCE_DATE_EPOCH" reproducible env SOURCE_DATE_EPOCH=1500000000
if have dumpe2fs; then
	t "... is the time of making" says "Fri Jul 14 02:40:00 2017" dumpe2fs -h 1.img
	t "... and gives a UUID" same "$(field 1.img 'Filesystem UUID')" "$(field 2.img 'Filesystem UUID')"
fi
t "an empty reproducible volume" sh -c "$mkfs -q --reproducible 3.img 1M && $mkfs -q --reproducible 4.img 1M && cmp 3.img 4.img"

# ---- the manual ----------------------------------------------------------------------------------------------------

if have mandoc; then
	mandoc -T ascii "$root/docs/extant-mkfs.8" | sed 's/.\x08//g' >manual
	documented() {
		$mkfs --help | sed -n 's/^  \(-.\), \(--[a-z-]*\).*/\1\n\2/p; s/^      \(--[a-z-]*\).*/\1/p' >options
		[ "$(wc -l <options)" -gt 40 ] || return 1
		while read -r option; do
			grep -q -e "^ *\(-., \)*$option\([[ ,=]\|\$\)" manual || { echo "not in the manual: $option"; return 1; }
		done <options
	}
	t "every option is in the manual" documented
	t "the manual has no faults" sh -c "[ -z \"\$(mandoc -Tlint -W warning '$root/docs/extant-mkfs.8' 2>&1 | grep -v 'mandoc.db')\" ]"
else
	skip "every option is in the manual" "no mandoc"
fi
finish
