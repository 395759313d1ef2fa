#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-fsck -D writes directories anew: compared with e2fsck -D, names and inodes as they were.
. "$(dirname "$0")/../lib.sh"
fsck=extant-fsck

if ! have e2fsck || ! have debugfs || ! have mke2fs; then
	skip "directories are optimised" "needs e2fsprogs"
	finish
fi


# What the names of every directory lead to; sizes of directories are not shown.
names() {
	for dir in / /lost+found /big /left /mid /mid/sub; do
		echo "$dir"
		debugfs -R "ls -p $dir" "$1" 2>/dev/null | grep -v '^/0/\|^$' | LC_ALL=C sort
	done
}
order() { debugfs -R "ls -p /big" "$1" 2>/dev/null | grep -v '^/0/\|^$' | cut -d/ -f6; }
blocks() { dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^Free blocks: *//p'; }
flags() { debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/.*Flags: //p'; }

mkdir -p tree/big tree/left tree/mid/sub
for i in $(seq 1 3000); do echo "big/file-with-a-name-of-some-length-$i"; done >files
for i in $(seq 1 600); do echo "left/$i"; done >>files
for i in $(seq 1 40); do echo "mid/$i"; done >>files
(cd tree && xargs touch <../files && ln big/file-with-a-name-of-some-length-5 mid/link)
{
	for i in $(seq 1 3000); do [ $((i % 4)) -eq 0 ] || echo "rm /big/file-with-a-name-of-some-length-$i"; done
	for i in $(seq 4 600); do echo "rm /left/$i"; done
	echo "rm /mid/7"
} | grep -v 'length-5$' >removals

for size in 1024 4096; do
	for index in dir_index ^dir_index; do
		what="$size bytes, $index"
		mke2fs -q -t ext2 -b $size -O $index -N 8000 -d tree a.img 16M >/dev/null 2>&1 &&
			debugfs -w -f removals a.img >/dev/null 2>&1 || exit 1
		cp a.img before.img
		cp a.img e2fsck.img
		e2fsck -fyD e2fsck.img >/dev/null 2>&1
		was=$(digest a.img)
		names a.img >names.before
		order a.img >order.before
		t "$what: -n says what it would save" ends 0 "of 6 directories 3 would be rewritten" \
			$fsck -n -D a.img
		t "... and changes nothing" same "$(digest a.img)" "$was"
		line=$(sed -n 's/.*rewritten, //p' said)
		t "... -y does it" ends 1 "of 6 directories 3 rewritten, $line" $fsck -y -D a.img
		t "... e2fsck agrees" ends 0 "" e2fsck -fn a.img
		names a.img >names.after
		t "... names and inodes are the same" cmp names.before names.after
		t "... in no more blocks than by e2fsck" \
			test "$(blocks a.img)" -ge "$(blocks e2fsck.img)"
		saved=$(($(blocks a.img) - $(blocks before.img)))
		t "... the saving is told" same "$line" "$saved blocks saved"
		case $index in
		dir_index) t "... the large one has an index" same "$(flags a.img /big)" 0x1000 ;;
		*) order a.img >order.after
		   t "... the order stays" cmp order.before order.after ;;
		esac
		t "... the small one has none" same "$(flags a.img /left)" 0x0
		was=$(digest a.img)
		t "... a second time" ends 0 "of 6 directories 0 rewritten, 0 blocks saved" \
			$fsck -y -D a.img
		t "... changes nothing" same "$(digest a.img)" "$was"
		cp before.img b.img
		t "... -p does it, too" ends 1 "rewritten, $line" $fsck -p -D b.img
		t "... the same way" same "$(names b.img)" "$(names a.img)"
	done
done

# ---- a full volume, problems, and what is said ----------------------------------------------

mke2fs -q -t ext2 -b 1024 -O dir_index -N 8000 -d tree full.img 16M >/dev/null 2>&1
free=$(blocks full.img)
extra=$((1 + 1 + (free - 268) / 257 + 1))
yes | dd of=fill bs=1024 count=$((free - extra)) iflag=fullblock status=none
yes | dd of=one bs=1024 count=1 iflag=fullblock status=none
debugfs -w -R "write fill fill" full.img >/dev/null 2>&1
n=0
while [ "$(blocks full.img)" -gt 0 ] && [ $n -lt 9 ]; do
	n=$((n + 1))
	debugfs -w -R "write one one$n" full.img >/dev/null 2>&1
done
names full.img >names.before
t "no block is free" same "$(blocks full.img)" 0
t "an index that finds no room is not made" ends 0 "2 left as they are" $fsck -y -D full.img
names full.img >names.after
t "... nothing else changes" cmp names.before names.after

cp before.img a.img
debugfs -w -R "sif /big links_count 9" a.img >/dev/null 2>&1
t "a repair comes first" ends 1 "1 problem repaired" $fsck -y -D a.img
t "... and both are written" ends 0 "rewritten, 0 blocks saved" $fsck -y -D a.img
cp before.img a.img
t "--json tells it" ends 0 '"dirs_rewritten": 3, "blocks_freed": 26, "blocks_taken": 0' $fsck -n --json -D a.img
t "... and not without -D" test -z "$($fsck -n --json a.img | grep dirs_rewritten)"
was=$(digest a.img)
t "so does a line, but not with -q" test -z "$($fsck -nqD a.img)"
t "without a terminal it needs -y or -p" ends 16 "there is no terminal" $fsck -D a.img
t "... and nothing is done" same "$(digest a.img)" "$was"
finish
