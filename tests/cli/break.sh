#!/bin/sh
# SPDX-License-Identifier: MIT
# Damage on purpose: every case of break is found under its code, by e2fsck too, is the same
# for the same seed, can be repaired and taken back, and is what its truth file says.  And the
# raw commands change the bytes that those of debugfs change.
in_memory=1	# hundreds of commits
. "$(dirname "$0")/../lib.sh"
SOURCE_DATE_EPOCH=1700000000
E2FSPROGS_FAKE_TIME=1700000000
export SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME
less=$([ -n "${FULL:-}" ] && ! sanitized || echo yes)	# FULL=1: every case on every volume
quarter=$(sanitized && echo yes)

# One of everything; what the volume has no room or feature for is left out.
fill() {
	long=$(printf '%0100d' 0)
	seq 1 1200 >five; seq 1 20000 >hundred
	{
		echo 'mkdir /dir'; echo 'mkdir /dir/sub'; echo 'mkdir /dir/sub/deep'; echo 'mkdir /index'
		for f in /file /dir/file2; do echo "put five $f"; done
		for f in /big /dir/big2; do echo "put hundred $f"; done
		echo 'ln /file /hard'; echo 'ln /file /dir/hard2'
		echo 'ln -s /dir/file2 /fast'; echo "ln -s $long /slow"
		echo 'mknod /fifo p'; echo 'mknod /sock s'; echo 'mknod /chr c 5 1'; echo 'mknod /blk b 8 1'
		echo 'put --text hello /dir/hello'
		for f in /dir/hello /file /big; do echo "setxattr $f user.tag value"; done
		echo "setxattr /dir/file2 user.large $long$long"; echo 'cp -a /dir/file2 /dir/copy'
		for i in $(seq 1 60); do
			echo "put --text n /dir/sub/a-name-that-is-somewhat-long-$i"
			echo "ln /dir/hello /index/another-name-that-is-somewhat-long-$i"
		done
	} >fill.cmds
	d -w -f fill.cmds "$1"
}

make_bases() {
	mke2fs -q -F -t ext2 -b 1024 -I 256 -g 1024 -N 512 -L a -U 00000000-0000-4000-8000-000000000001 \
		-E hash_seed=00000000-0000-4000-8000-000000000002 a.img 3500K 2>/dev/null &&
	mke2fs -q -F -t ext2 -b 1024 -I 128 -g 1024 -N 512 -O ^filetype,^resize_inode -L b \
		-U 00000000-0000-4000-8000-000000000003 \
		-E hash_seed=00000000-0000-4000-8000-000000000004 b.img 3500K 2>/dev/null &&
	extant-mkfs -q -b 4096 -L c c.img 4M && fill a.img && fill b.img && fill c.img &&
	for i in a b c; do exits 0 extant-fsck -fn $i.img && exits 0 e2fsck -fn $i.img || return 1; done
}

# one BASE SEED CASE CODE NUMBER: damages a copy and asks everybody.  Each case is asked about
# on the first volume that has room for it; under sanitizers one of four is taken back.
one() {
	[ -z "$less" ] || ! grep -qx "$3" done || return 0
	cp "$1.img" t.img
	if ! d -w t.img break "$3" --seed "$2" --truth "truth/$1$2-$3" >out 2>&1; then
		grep -q 'it needs' out || { echo "$1 $3: $(cat out)"; return 1; }
		return 0
	fi
	echo "$3" >>done
	cmp -l "$1.img" t.img >"truth/$1$2-$3.diff"
	extant-fsck -fn --json t.img >out 2>&1
	grep -q "\"code\": \"$4\", \"number\": $5," out || { echo "$1 $3: fsck finds no $4"; cat out; }
	e2fsck -fn t.img >out 2>&1 && echo "$1 $2 $3" >>unseen
	if [ "$1" = a ] && { [ -z "$quarter" ] || [ $(($5 % 4)) -eq 0 ]; }; then
		rm -f u
		cp a.img again.img && d -w -z u again.img break "$3" --seed "$2" >out 2>&1
		cmp t.img again.img || echo "$3: the same seed, other bytes"
		extant-fsck -q --rollback u again.img >out 2>&1; cmp a.img again.img >>out 2>&1 ||
			{ echo "$3: not rolled back"; cat out; }
		printf 'break %s --seed 5\nundo\n' "$3" >line
		cp a.img again.img && d -w --keep-going -f line again.img >out 2>&1
		cmp a.img again.img >>out 2>&1 || { echo "$3: not taken back"; cat out; }
	fi
	extant-fsck -fy t.img >out 2>&1; [ $? -eq 1 ] || { echo "$1 $3: not repaired"; cat out; }
	extant-fsck -fn t.img >out 2>&1 || { echo "$1 $3: not sound after the repair"; cat out; }
}

all() {
	mkdir -p truth; : >done; : >unseen
	for run in "$@"; do
		while read -r case code number; do
			one "${run% *}" "${run#* }" "$case" "$code" "$number"
		done <cases
	done >wrong
	[ ! -s wrong ] || { cat wrong; return 1; }
}

no_case_is_left_out() {
	sort -u done >did; cut -d' ' -f1 cases | sort >wanted
	same "$(cat did)" "$(cat wanted)"
}

# At least 98 of 100.
e2fsck_agrees() {
	n=$(wc -l <done) bad=$(wc -l <unseen)
	echo "$bad of $n cases are sound to e2fsck:"; cat unseen
	[ "$((bad * 100))" -le "$((n * 2))" ]
}

refuses() {
	extant-mkfs -q -F empty.img 1M
	cp empty.img e.img
	fails_with 'it needs a symbolic link' d -w e.img break symlink-size &&
		fails_with 'no such case' d -w e.img break nonsense &&
		fails_with 'opened read-only' d e.img break link-count && cmp empty.img e.img
}

random() {
	for i in 1 2; do cp a.img r$i.img; d -w r$i.img break random --seed 9 --count 12 >out || return 1; done
	cp a.img r3.img && d -w r3.img break random --seed 10 --count 12 >out || return 1
	cmp r1.img r2.img && ! cmp -s r1.img a.img && ! cmp -s r1.img r3.img
}

# With --dry-run, and when undone, nothing is written.
undone() {
	cp a.img t.img
	d --dry-run t.img break block-range >out && cmp a.img t.img && grep -q 'block\[1\]' out &&
		printf 'break block-range\nundo\n' | d -w t.img >out && cmp a.img t.img
}

# like COMMAND THEIRS: ours and debugfs's change the same bytes, but for the time of the write.
like() {
	cp a.img x.img; cp a.img y.img
	d -w -R "$1" x.img || return 1
	debugfs -w -R "$2" y.img >/dev/null 2>&1
	! cmp -s a.img x.img || { echo "$1: changes nothing"; return 1; }
	for f in x y; do	# the counts of the superblock and the time of its last write
		dd if=/dev/zero of=$f.img bs=1 seek=$((1024 + 0x30)) count=4 conv=notrunc 2>/dev/null
		dd if=/dev/zero of=$f.img bs=1 seek=$((1024 + 0x274)) count=1 conv=notrunc 2>/dev/null
	done
	cmp -l x.img y.img >diff || { echo "$1: differs"; head -5 diff; return 1; }
}

as_debugfs() {
	like 'clri /file' 'clri /file' && like 'freei 13 2' 'freei <13> 2' &&
	like 'seti 200 3' 'seti <200> 3' && like 'freeb 100 2' 'freeb 100 2' &&
	like 'setb 3000 3' 'setb 3000 3' && like 'raw unlink /file' 'unlink /file' &&
	like 'raw link /file /zz' 'ln /file /zz' && like 'kill_file /file' 'kill_file /file' &&
	like 'copy_inode /file 200' 'copy_inode /file <200>' &&
	like 'expand_dir /dir' 'expand_dir /dir' && like 'zap -p 7 -o 3 -l 9 800' 'zap_block -p 7 -o 3 -l 9 800' &&
	like 'zap -b 17 -f /big 1' 'zap_block -b 17 -f /big 1' &&
	like 'zap_block -f /big 0' 'zap_block -f /big 0'
}

# Several spellings of one change.
same_bytes() {
	cp a.img x.img; cp a.img y.img
	d -w -R 'entry / file inode 99' -R 'mi /big links_count=7 uid=5' -R 'unmark /big' \
		-R 'mark 3000+2' -R 'poke /fast 0 ffff' x.img || return 1
	ino=$(d -R 'stat /big' y.img | sed -n '1s/.*<\(.*\)>.*/\1/p')
	at=$(d --json -R 'find / -name fast' y.img | sed -n 's/.*"ino": \([0-9]*\).*/\1/p')
	d -w -R 'raw entry / file inode 99' -R "set <$ino> links_count 7" -R "set <$ino> uid 5" \
		-R "freei $ino" -R 'setb 3000 2' -R "mi $at mode=0177777" y.img && cmp x.img y.img
}

wrong_use() {
	cp a.img t.img
	fails_with 'bitmaps know 1 to' d -w t.img freeb 99999 &&
		fails_with 'not pairs' d -w t.img poke /file 0 xyz &&
		fails_with 'exclude each other' d -w t.img zap -p 1 -b 2 800 &&
		fails_with 'there are 1024' d -w t.img zap -o 1024 800 &&
		fails_with 'no such name' d -w t.img entry / nothing inode 5 &&
		fails_with 'no structure' d -w t.img field 800 nothing a 1 &&
		fails_with 'unknown command' d -w t.img raw nothing && cmp a.img t.img
}

have mke2fs && have e2fsck && have debugfs || { skip "all" "e2fsprogs is missing"; finish; }
t "volumes with one of everything" make_bases
d --tsv a.img break list | sed 1d | cut -f1-3 | tr '\t' ' ' >cases
t "found, repaired, taken back, and the same for the same seed" all 'a 1' 'b 2' 'c 3'
t "each case was possible somewhere" no_case_is_left_out
t "e2fsck calls them bad" e2fsck_agrees
t "the truth is what has changed" python3 "$root/tests/cli/break_truth.py" truth
t "what is not there cannot be damaged" refuses
cp a.img own.img
t "the truth does not replace the image" spares own.img d -w own.img break super-value --truth own.img
t "random damage" random
t "a dry run, and undo" undone
t "raw commands do what those of debugfs do" as_debugfs
t "raw commands in other words" same_bytes
t "raw commands used wrongly" wrong_use
finish
