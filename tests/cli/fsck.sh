#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-fsck from outside: what it says, exit codes, refusals; no byte ever changes.
. "$(dirname "$0")/../lib.sh"
fsck=extant-fsck


# poke FILE OFFSET OCTAL...: writes bytes.
poke() {
	file=$1 at=$2; shift 2
	for byte; do
		printf "\\$byte" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none || return 1
		at=$((at + 1))
	done
}

mkdir -p tree/dir
echo text >tree/dir/file
ln tree/dir/file tree/again
ln -s again tree/link
extant-mkfs -q -b 1024 -U 01234567-89ab-cdef-0123-456789abcdef -d tree sound.img 20M || exit 1
cp sound.img bad.img
poke bad.img 1036 1 0 0 0		# free_blocks_count: a note
cp sound.img magic.img
poke magic.img 1080 0 0
head -c 100000 /dev/zero >none.img
cp sound.img feature.img
poke feature.img 1120 102		# incompat 0x42: extent
poke feature.img $((8193 * 1024 + 96)) 102
# The first inode table begins behind descriptors, their reserve, and two bitmaps.
table=$(od -An -tu4 -j2056 -N4 sound.img)
cp sound.img root.img
poke root.img $((table * 1024 + 256 + 28)) 11	# blocks of inode 2
sha256sum ./*.img >sums

t "a clean volume is believed" ends 0 "(not checked; -f checks)" $fsck sound.img
t "-n checks" ends 0 "sound.img: consistent, " $fsck -n sound.img
t "-f checks" ends 0 "sound.img: consistent, " $fsck -f sound.img
t "-v counts" ends 0 "1 files, 3 directories, 1 symlinks" $fsck -nv sound.img
t "-q is silent" test -z "$($fsck -nq root.img)"
t "-t tells time" ends 0 "MiB at most" $fsck -nt sound.img
t "a note is no problem" ends 0 "bad.img: 1 note" $fsck -n bad.img
t "a problem is exit 4" ends 4 "root.img: 1 problem" $fsck -n root.img
t "... and is told as the manual shows" ends 4 "block-count   / <2>                   blocks" \
	$fsck -n root.img
t "... with what is right" ends 4 "    will be 2" $fsck -n root.img
t "nothing is said to have changed" ends 4 "Nothing was changed (-n)." $fsck -n root.img
t "a damaged superblock is found out" ends 4 "super-value   superblock              magic" \
	$fsck -n magic.img
t "... without -n too" ends 4 "will be 61267" $fsck magic.img
t "... or the one that is named" ends 0 "consistent" $fsck -b 8193 -B 1024 sound.img
t "a part of a file" ends 0 "consistent" $fsck -n "sound.img@0+20M"
gzip -k sound.img
t "a compressed file" ends 0 "consistent" $fsck -n sound.img.gz
t "no volume" ends 8 "nothing was changed" $fsck -n none.img
t "no file" ends 8 "nothing.img" $fsck -n nothing.img
t "unknown features are named" ends 8 "extent" $fsck -n feature.img
t "several images" ends 12 "consistent" $fsck -n sound.img none.img root.img
t "-n and -l exclude each other" ends 16 "-n changes nothing" $fsck -n -l list sound.img
t "-l alone" ends 16 "no terminal to ask at" $fsck -l list root.img
t "-n and -y exclude each other" ends 16 "only one of" $fsck -n -y sound.img
t "-y and -p exclude each other" ends 16 "only one of" $fsck -p -y sound.img
t "unknown options" ends 16 "try: extant-fsck --help" $fsck --nonsense sound.img
t "... are named as they were given" ends 16 "extant-fsck: -Z: no such option" $fsck -nZ sound.img
t "... long ones too" ends 16 "extant-fsck: --nonsense: no such option" $fsck -n --nonsense
t "a missing value" ends 16 "extant-fsck: -b: needs a value" $fsck -b
t "a directory" ends 8 "extant-fsck: $tmp/tree: is a directory, not an image" $fsck -n "$tmp/tree"
t "no name" ends 8 'extant-fsck: "": the name of the image is empty' $fsck -n ""
newline=$(printf 'new\nline.img')
cp sound.img "$newline"
t "a name is printed on one line" ends 0 'new\x0aline.img: consistent' $fsck -n "$newline"
t "... also when it is believed" ends 0 'new\x0aline.img: clean' $fsck "$newline"
t "... and when it is missing" ends 8 'extant-fsck: x\x0ay: no such file' $fsck "$(printf 'x\ny')"
rm "$newline"
t "no image" ends 16 "no image given" $fsck -n
t "an impossible block size" ends 16 "1024, 2048, 4096" $fsck -b 8193 -B 3000 sound.img
t "-B needs -b" ends 16 "only with -b" $fsck -B 1024 sound.img
t "an unknown extended option" ends 16 "no such extended option" $fsck -E nonsense sound.img
t "a known extended option" ends 0 "consistent" $fsck -n -E nodiscard,fragcheck sound.img
t "-V" ends 0 "extant-fsck " $fsck -V
t "--help" ends 0 "--json" $fsck --help
full() { $fsck -n sound.img >/dev/full; }
full_of_help() { $fsck "$1" >/dev/full; }
if [ -c /dev/full ]; then
	t "a full disk is noticed" ends 8 "standard output: no space left" full
	t "... by --help" ends 8 "standard output: no space left" full_of_help --help
	t "... by -V" ends 8 "standard output: no space left" full_of_help -V
	full_clean() { $fsck sound.img >/dev/full; }
	t "... by a clean volume" ends 8 "standard output: no space left" full_clean
fi

json() {
	$fsck -n --json root.img >out.json
	[ "$(wc -l <out.json)" -eq 3 ] && grep -q '"code": *"block-count"' out.json &&
		grep -q '"type": *"summary"' out.json && grep -q '"status": *4' out.json
}
t "JSON: a plan, a line a finding, and a summary" json
if command -v python3 >/dev/null 2>&1; then
	t "JSON is JSON" python3 -c 'import json, sys; [json.loads(l) for l in open("out.json")]'
fi

protocol() {
	$fsck -n -C 3 sound.img 3>ours >/dev/null &&
		e2fsck -fn -C 3 sound.img 3>theirs >/dev/null 2>&1 && diff theirs ours
}
if command -v e2fsck >/dev/null 2>&1; then
	t "progress lines are e2fsck's" protocol
fi

# Progress goes to a pipe that is full long before the end: the signal comes in the middle.
interrupted() {
	mkfifo pipe
	timeout 60 $fsck -n -C 3 many.img 3>pipe >/dev/null 2>said & pid=$!	# it passes the signal on
	exec 4<pipe
	read -r _ <&4
	kill -"$1" $pid
	wait $pid; got=$?	# nobody reads on: it cannot come to its end first
	exec 4<&-
	rm pipe
	[ $got -eq 32 ] && grep -q "cancelled; nothing was changed" said
}
extant-mkfs -q -b 1024 -g 256 -N 20000 many.img 1G
t "SIGTERM ends it" interrupted TERM

t "no byte of any image changed" sha256sum --quiet -c sums
finish
