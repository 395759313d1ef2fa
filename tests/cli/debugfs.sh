#!/bin/sh
# SPDX-License-Identifier: MIT
# The shell as its users meet it: options, exit status, what is printed, and that
# what it says of a volume is what find, stat, the kernel and debugfs say.
. "$(dirname "$0")/../lib.sh"

tree() {	# every kind of thing, and every name that is hard to print
	mkdir -p tree/docs tree/deep/er tree/many
	printf 'Hello, world\n' >tree/test
	ln tree/test tree/testHardLink
	ln tree/test tree/docs/copy
	ln -s test tree/testSoftLink
	ln -s ../test tree/docs/rel
	ln -s loop2 tree/docs/loop1
	ln -s loop1 tree/docs/loop2
	ln -s /no/such tree/docs/rotten
	ln -s /docs tree/deep/abs
	ln -s "$(printf '%080d' 0)" tree/docs/slow
	mkfifo tree/fifo
	seq 1 3000 >tree/seq
	seq 1 200000 >tree/long
	truncate -s 3000001 tree/sparse
	touch -d @-100 tree/old; touch -d @4000000000 tree/late
	for name in 'a b' 'q"uote' "q'uote" 'back\slash' '<12>' '%12' '-l' '#hash' \
		"$(printf 'new\nline')" "$(printf 'esc\033[31m')" "$(printf 'bad\377')" 'ünï' \
		"$(printf 'bidi\342\200\256x')" "$(printf 'c1\302\233m')"; do
		echo "$name" >"tree/many/$name"
	done
	ln -s "$(printf 'to\033]0;x\007')" tree/many/link
}
tree
if have mke2fs && can_mount; then
	mke2fs -q -F -t ext2 -b 1024 -I 256 -L demo a.img 16M && mount_image a.img "$tmp/mnt" rw &&
		cp -a tree/. "$tmp/mnt" && unmount "$tmp/mnt"
else
	extant-mkfs -q -b 1024 -L demo -d tree a.img 16M
fi
[ -s a.img ] || { fail "an image to look into"; finish; }

# ---- options and exit status ----------------------------------------------------

t "--help" says 'Usage: extant-debugfs' d --help
t "--version" says '^extant-debugfs [0-9]' d -V
t "no image is usage" exits 2 d
t "... but not for what only explains" says '^ls ' d help ls
t "... with -R too" says '^ls ' d -R 'help ls' -R 'apropos inode'
t "... and nothing else" exits 2 d -R 'help ls' -R ls
t "... through extant" says '^ls ' extant help ls
cp a.img help
t "... unless there is such a file" same "$(d help pwd)" /
rm help
t "an unknown option is usage" exits 2 d --nosuch a.img
t "an unknown letter is named" fails_with '-Z: no such option' d -Z a.img
t "a value too many is named" fails_with '--json=3: takes no value' d --json=3 a.img
t "an option behind IMAGE is understood" fails_with '"-R"; options stand before IMAGE' d a.img -R ls
t "no name of an image" fails_with '"": the name of the image is empty' d "" ls
t "a bad block size is refused with the range" fails_with '-b 3000: block size must be 1024' d -b 3000 a.img ls
t "-s alone is refused" fails_with 'needs the block size' d -s 8193 a.img ls
t "a missing image exits 8" exits 8 d nosuch.img ls
t "what is no volume exits 8" exits 8 d tree/seq ls
# They name files of other volumes, which is no wrong usage.
d --json a.img help | sed 's/.*"more":"//; s/"}$//; s/\\\\/\x01/g; s/\\n/\n/g; s/\\"/"/g' | tr '\001' '\\' |
	sed -n '/^\$ \(q\|quit\|close\|open\|chroot\)/d; s/^\$ //p' >examples
cp a.img examples.img
t "no example of help is wrong usage" same "$(d -w --dry-run --restricted --keep-going -f examples examples.img 2>&1 >/dev/null </dev/null |
	grep -B1 'usage:\|unknown command')" ""
t "... of many" test "$(wc -l <examples)" -gt 150
while IFS='|' read -r line hint; do
	t "who knows debugfs is told: $line" fails_with "$hint" d -w -R "$line" a.img
done <<'END'
logdump -a|logdump: an ext2 volume has no journal
dump_extents /test|  try: blocks -v FILE
htree /|  try: print %12:0
init_filesys x 1024|  try: extant-mkfs
ea_get -f out /test user.a|  try: ea_get FILE NAME > HOSTFILE
ncheck -c 12|  try: check
bmap /test 0 700|  try: blocks FILE LBLK
punch /test 2|bytes, not blocks
lsdel 100|  try: lsdel lists them all
filefrag -r /|  try: frag without FILE
block_dump -f /test 0|  try: hex %12:0
feature -dir_index|  try: features NAME, features ^NAME
set_inode_field -l|  try: help inode
ssv -l|  try: help super
END
t "... in a script too" fails_with 'in:1: logdump: an ext2 volume has no journal' sh -c 'echo logdump >in; extant-debugfs -f in a.img'
t "an unknown command exits 2" exits 2 d a.img sta
t "... and is understood" fails_with 'unknown command "sta"; did you mean stat?' d a.img sta
t "a failing command exits 1" exits 1 d a.img cat /nosuch
t "... also by -R" exits 1 d -R 'cat /nosuch' a.img
t "wrong usage shows the right one" fails_with 'usage: cat ' d a.img cat
t "-R may be repeated" same "$(d -R pwd -R 'cd docs' -R pwd a.img)" "/
/docs"
t "the first -R that fails ends it" same "$(d -R 'cat /nosuch' -R pwd a.img 2>/dev/null)" ""
t "--keep-going goes on" same "$(d --keep-going -R 'cat /nosuch' -R pwd a.img 2>/dev/null)" "/"
t "... and still exits 1" exits 1 d --keep-going -R 'cat /nosuch' -R pwd a.img
t "-R and a command exclude each other" exits 2 d -R pwd a.img ls
printf '# a comment\npwd\n\ncd docs; pwd\ncat /nosuch\npwd\n' >script
t "a script ends at its first failure" same "$(d -f script a.img 2>/dev/null)" "/
/docs"
t "... with its line" fails_with 'extant-debugfs: a.img: script:5: cat: /nosuch: / has no "nosuch"' d -f script a.img
t "... and exit status 1" exits 1 d -f script a.img
t "a script is read from standard input" same "$(echo 'cat /test' | d a.img)" "Hello, world"
t "... with the line of a failure" fails_with 'stdin:2: cat' sh -c 'printf "pwd\ncat x\n" | extant-debugfs a.img'
t "a leading - ignores failure" exits 0 d -R '-cat /nosuch' a.img
t "quit ends a script" same "$(printf 'quit\npwd\n' | d a.img)" ""
t "a missing script exits 2" exits 2 d -f nosuch a.img
t "a full disk is told" fails_with 'o space left' sh -c 'extant-debugfs a.img cat /long >/dev/full'
t "a closed pipe is no crash" same "$(d a.img cat /long 2>err | head -1; cat err)" "1"
t "extant IMAGE is the shell" same "$(extant a.img pwd)" "/"
t "extant debugfs too" same "$(extant debugfs a.img pwd)" "/"
t "extant without a program exits 2" exits 2 extant
t "extant with an unknown word exits 2" fails_with 'no program' extant mkfss
t "extant --help" says 'mkfs' extant --help
t "extant finds its programs through a symlink" same "$(ln -s "$B/extant" e && PATH=/usr/bin:/bin ./e a.img pwd)" "/"

# ---- what is printed ------------------------------------------------------------------

t "cat writes bytes as they are" sh -c 'extant-debugfs a.img cat /long | cmp - tree/long'
t "cat of a sparse file too" sh -c 'extant-debugfs a.img cat /sparse | cmp - tree/sparse'
t "cat follows symlinks" same "$(d a.img cat docs/rel /testSoftLink)" "Hello, world
Hello, world"
t "a name that is not there does not hide the others" same "$(d a.img cat /nosuch /test 2>/dev/null)" "Hello, world"
t "... and is told" fails_with 'cat: /nosuch: / has no "nosuch"' d a.img cat /test /nosuch /test
t "... and so is each of several" same "$(d a.img ls /no1 '<999999>' /no2 2>&1 | wc -l)" 3
t "... and ls does not list the current directory instead" same "$(d a.img ls /no1 /no2 2>/dev/null)" ""
t "a dangling symlink is explained" fails_with \
	'cat: /docs/rotten: a symlink to "/no/such", and / has no "no"' d a.img cat /docs/rotten
t "a circle is shown" fails_with \
	'symlinks go in a circle: loop1 -> loop2 -> loop1' d a.img cat /docs/loop1
t "ls marks them" says 'rotten -> /no/such  (missing)' d a.img ls -l /docs
t "ls marks circles" says 'loop1 -> loop2  (loop)' d a.img ls -l /docs
t "stat does not follow" says 'symlink to "test", which is /test' d a.img stat /testSoftLink
t "stat -L does" says 'regular file, 13 bytes' d a.img stat -L /testSoftLink
t "stat --explain counts names" says 'links 3 .*3 names: ' d a.img stat --explain /test
explain() { extant-debugfs a.img stat --explain "$@"; }
t "... and says what every pointer is for" same "$(explain /sparse | sed -n 's/^  block\[/[/p')" \
	"[12]        hole                    file blocks 12-267
[13]        hole                    file blocks 268-2929
[14]        unused                  needed above 64.3 MiB"
t "... of a file of no size too" same "$(explain /old | tail -1)" \
	"  block[12]..[14]  unused                  needed above 12 KiB, 268 KiB and 64.3 MiB"
t "... in columns two blanks apart" same "$(explain /long /seq / | grep -e '[0-9] file' -e '[0-9] a block')" ""
t "... in numbers that line up" same "$(explain /long | sed -n 's/^\(  [a-z]* [0-9]*  *\).*/\1/p' |
	awk 'NR < 4 { print length($0) }' | uniq | wc -l)" 1
t "... and asks no name of a reserved inode" says 'reserved inode needs no name' d a.img stat --explain '<7>'
t "blocks --tree keeps its columns apart" same "$(d a.img blocks --tree /sparse /long 2>/dev/null |
	grep -e '[0-9]-[0-9]* [0-9]')" ""
t "print aligns several fields" same "$(d a.img print /test mode links_count)" "mode         0100644
links_count  3"
t "help lists every group" says '^session' d a.img help
t "help NAME shows its usage" says '^ls \[-l\]' d a.img help ls
t "help takes a command of two words" says '^raw_unlink NAME' d a.img help raw unlink
t "help of a group lists its commands" says '^raw_unlink  *Take' d a.img help raw
d --tsv a.img help | sed '1d; s/\t.*//; s/^/help /' >helps
printf 'help %s\n' super group inode dirent objects fields lines keys look search change raw >>helps
echo 'apropos ""' >>helps
t "no help is wider than 79 columns" same "$(d -f helps a.img | awk 'length > 79')" ""
t "... and nothing of it is lost" same "$(d a.img help where | tr -s ' \n' '  ' | grep -c 'of a session on the answer comes from memory')" 1
t "a long usage is shortened where it was wrong" fails_with 'usage: find \[OPTION...\] \[PATH...\]' d a.img find -q
t "info" says 'ext2 "demo", 16 MiB' d a.img info
t "the header of a table is for terminals" same "$(d a.img ls -l / | grep -c MODIFIED)" 0
for name in '<12>' '%12' '-l' '#hash' 'a b' "q'uote" 'back\slash'; do
	t "./$name is a name" same "$(d a.img cat "./many/$name")" "$name"
done
t "names can be quoted" same "$(d -R 'cat "/many/a b" /many/q\"uote "/many/new\x0aline"' a.img)" 'a b
q"uote
new
line'

# Everything that is no file content: no control character but newline (and tab in TSV).
all_commands() {
	for c in info ls "ls -laiR /" "ls -d /many" "stat /many/link /test" "stat -r /test" \
		"stat --explain /many/link /docs /" "blocks --tree /long" "blocks -v /sparse" \
		"find /" "where /test <2>" "resolve -v /docs/rel" "print sb" "print ^0" "print /test" \
		"hex sb" "hex <12>" "hex ^0" "hex /test" "readlink /docs/rel /many/link" pwd help \
		"help ls"; do
		extant-debugfs "$@" -R "$c" a.img || { echo "exit $?: $c" >&2; return 1; }
	done
}
raw_controls() { LC_ALL=C tr -d '\n\t\040-\176\200-\377' <"$1" | od -c | head -3; }
unseen() {	# what moves a terminal though it is UTF-8
	LC_ALL=C grep -c -e "$(printf '\302\233')" -e "$(printf '\342\200\256')" "$1"; true; }
t "--json behind a command is --json before it" same "$(d a.img ls --json /)" "$(d --json a.img ls /)"
t "so is --tsv" same "$(d a.img ls /docs --tsv)" "$(d --tsv a.img ls /docs)"
t "and it holds for that command alone" same "$(d -R 'ls --json /docs; pwd' a.img | tail -n 1)" /
for mode in "" --tsv --json; do
	all_commands $mode >out.txt 2>err.txt
	t "every command works${mode:+ with $mode}" same "$?: $(cat err.txt)" "0: "
	t "no raw control character${mode:+ with $mode}" same "$(raw_controls out.txt)" "$(raw_controls /dev/null)"
	[ "$mode" = --json ] || t "no control character in UTF-8${mode:+ with $mode}" same "$(unseen out.txt)" 0
done
extant-debugfs -R 'cat "/no\x1bname"' a.img >out.txt 2>&1
t "messages escape names" same "$(raw_controls out.txt)" "$(raw_controls /dev/null)"
if have python3; then
	all_commands --json >out.json
	t "every line of JSON is an object with its format first" python3 - out.json <<-'P'
	import json, sys, collections
	types = {}
	for line in open(sys.argv[1], encoding="utf-8"):
	    o = json.loads(line)
	    first = next(iter(o))
	    assert first == "format" and o["format"].startswith("extant-") and o["format"].endswith("/1"), line
	    for k, v in o.items():
	        if v is None: continue
	        want = types.setdefault((o["format"], k), type(v))
	        assert type(v) is want, (k, v, want)
	P
	t "names that are no UTF-8 come back by base64" python3 - <<-'P'
	import base64, json, os, subprocess
	out = subprocess.run(["extant-debugfs", "--json", "a.img", "ls", "/many"], stdout=subprocess.PIPE, check=True).stdout
	got = set()
	for line in out.splitlines():
	    o = json.loads(line)
	    got.add(base64.b64decode(o["name_b64"]) if "name_b64" in o else o["name"].encode())
	want = set(os.listdir(b"tree/many"))
	assert got == want, (got ^ want)
	P
	t "TSV has as many values as names" python3 - <<-'P'
	import subprocess
	out = subprocess.run(["extant-debugfs", "--tsv", "a.img", "ls", "-R", "/"], stdout=subprocess.PIPE, check=True).stdout
	rows = [l.split(b"\t") for l in out.rstrip(b"\n").split(b"\n")]
	assert len(rows) > 30 and len({len(r) for r in rows}) == 1
	P
else
	skip "JSON is valid" "python3 is not installed"
fi

# ---- the same as others say ---------------------------------------------------------------

# Every name with inode, mode, links, owner, size, time and target, by our find and stat.
ours_by_tsv() {
	extant-debugfs --tsv a.img ls -R / | awk -F '\t' 'NR > 1 {
		dir = $1 == "/" ? "" : $1
		print $3, $5, $6, $7, $8, $4 == "directory" ? 0 : $9, $10, dir "/" $2, $14 }' | sort
}
theirs_by_find() {
	find "$1" -mindepth 1 -printf '%i %04m %n %U %G %s %Ts %y /%P\t%l\n' |
		awk -F '\t' '{ split($1, a, " "); path = $1; for (i = 1; i < 9; i++) sub(/^[^ ]* /, "", path)
			print a[1], a[2], a[3], a[4], a[5], a[8] == "d" ? 0 : a[6], a[7], path, $2 }' | sort
}
if have mke2fs && can_mount && mount_image a.img "$tmp/mnt" ro; then
	# names with newlines are compared by find -0 below
	ours_by_tsv | grep -v '\\x\|\\u' >ours
	LC_ALL=C theirs_by_find "$tmp/mnt" | LC_ALL=C grep -v "$(printf '[\001-\010\013-\037\177\200-\377\\\\]')" |
		grep -v '^line\|/many/new \|"' >theirs
	t "ls -R says what find says of the mount" sh -c "grep -v 'ünï' ours | diff - theirs"
	(cd "$tmp/mnt" && find . -print0) | sed -z 's|^\.$|/|; s|^\./|/|' | LC_ALL=C sort -z >theirs
	extant-debugfs a.img find / -0 | LC_ALL=C sort -z >ours
	t "find says what find says, any byte" cmp ours theirs
	t "find -links +1 -type f" same "$(d a.img find / -type f -links +1 | sort)" \
		"$(cd "$tmp/mnt" && find . -type f -links +1 | sed 's|^\.||' | sort)"
	t "find -size" same "$(d a.img find / -type f -size +10K | sort)" \
		"$(cd "$tmp/mnt" && find . -type f -size +10240c | sed 's|^\.||' | sort)"
	t "where says what find -samefile says" same "$(d a.img where /test | sort)" \
		"$(cd "$tmp/mnt" && find . -samefile test | sed 's|^\.||' | sort)"
	bad=0
	for p in / /docs/rel /docs/rel/ /docs/rotten /docs/loop1 /deep/abs /deep/abs/rel /test/x \
		/docs/../test /deep/er/../../test /deep/abs/../test //docs///copy /nosuch/.. /docs/. "" \
		/testSoftLink/ /docs/slow; do
		want=$(chroot "$tmp/mnt" /nothing 2>/dev/null; python3 - "$tmp/mnt" "$p" <<-'P' 2>/dev/null
		import os, sys
		os.chroot(sys.argv[1]); os.chdir("/")
		try: print(os.stat(sys.argv[2]).st_ino)
		except OSError as e: print("fails")
		P
		)
		got=$(d a.img resolve "$p" 2>/dev/null | sed 's/.*<\(.*\)>$/\1/')
		[ "${got:-fails}" = "$want" ] || { echo "resolve $p: $got, not $want"; bad=1; }
	done
	t "paths lead where the kernel goes" same $bad 0
	unmount "$tmp/mnt"
else
	skip "compare with a mount" "${why:-e2fsprogs is not installed}"
fi
if have debugfs; then
	theirs() { debugfs -R "$1" a.img 2>/dev/null; }
	bad=0
	for f in /seq /long /sparse; do
		want=$(theirs "blocks $f" | tr ' ' '\n' | grep -v '^$' | sort -n | uniq)
		got=$(d --tsv a.img blocks "$f" | awk -F '\t' 'NR > 1 { for (i = 0; i < $4; i++) print $3 + i }' | sort -n)
		[ "$want" = "$got" ] || { echo "blocks $f differ"; bad=1; }
		for n in 0 11 12 13 267 268 300 1000 5000; do
			want=$(theirs "bmap $f $n"); got=$(d a.img bmap "$f" $n)
			[ "${want:-0}" = "$(echo "$got" | sed s/hole/0/)" ] || { echo "bmap $f $n: $got, not $want"; bad=1; }
		done
	done
	t "blocks and bmap say what debugfs says" same $bad 0
	t "print says what debugfs says" same \
		"$(d a.img print /test generation links_count)" \
		"$(theirs 'stat /test' | sed -n 's/^Generation: \([0-9]*\).*/\1/p; s/.*Generation: \([0-9]*\).*/\1/p' |
			head -1 | sed 's|^|generation   |'; echo 'links_count  3')"
	t "ncheck knows the same names" same "$(d a.img ncheck 12 | sort)" \
		"$(theirs 'ncheck -c 12' | sed -n 's|^12	/*|/|p' | sort)"
else
	skip "compare with debugfs" "e2fsprogs is not installed"
fi

# ---- out of the volume --------------------------------------------------------------------

mkdir out
t "get -r copies all" exits 0 d a.img get -r /docs /test out
t "... the same" same "$(cat out/docs/copy out/test)" "Hello, world
Hello, world"
t "... symlinks as they are" same "$(readlink out/docs/rotten)" "/no/such"
t "get does not replace" exits 1 d a.img get /test out
t "get -f does" exits 0 d a.img get -f /test out
t "get of a directory needs -r" exits 1 d a.img get /docs out
t "... and says so" fails_with 'get: /docs <[0-9]*>: a directory; -r copies' d a.img get /docs out
mkdir out/seq
t "a directory in a file's place is told from one" fails_with 'get: /seq <[0-9]*>: a directory stands' d a.img get -f /seq out
rmdir out/seq
t "get follows a symlink that is named" same "$(d a.img get /testSoftLink out; cat out/testSoftLink)" "Hello, world"
t "dump names the file" same "$(d a.img dump /test out/new; cat out/new)" "Hello, world"
t "dump replaces" exits 0 d a.img dump /seq out/new
t "rdump" same "$(d a.img rdump /deep out; ls out/deep)" "abs
er"
# A fifo with two names is left out under both, and that is all that is said.
mkdir specials && mkfifo specials/one && ln specials/one specials/two && echo x >specials/file
extant-mkfs -q -d specials specials.img && mkdir specials.out
t "get -r leaves a fifo of two names out" same "$(d specials.img get -r / specials.out 2>&1 | grep -c 'get: ')" 2
t "... and takes the rest" same "$(ls specials.out)" "file
lost+found"

# ---- no output replaces the image ------------------------------------------------------

extant-mkfs -q -d tree/deep own.img 2M; ln own.img linked.img; mkdir own
d -w own.img put --text x /own.img
t "get over the image" spares own.img d own.img get -f /own.img .
t "... by another name of it" spares own.img d own.img get -f -T /own.img linked.img
t "... by a symlink to it" sh -c 'ln -s own.img soft.img && ! extant-debugfs own.img get -f -T /own.img soft.img && test -L soft.img'
t "... in a tree" sh -c 'ln own.img own/own.img; ! extant-debugfs own.img get -fr / "$1/own" 2>err &&
	grep "own.img: is the image itself" err && test own.img -ef own/own.img' - "$tmp"
t "... a directory" spares own.img d own.img get -rfT /er own.img
t "dump to the image" spares own.img d own.img dump /own.img own.img
t "output into the image" spares own.img d -R 'ls > own.img' own.img
t "... behind it" spares own.img d -R 'ls >> linked.img' own.img
t "... from another directory" spares own.img d -R "lcd own" -R 'ls > ../own.img' own.img
t "... in a script that changes it" spares own.img d -w -R 'mkdir /q' -R 'ls > own.img' own.img
t "another file is written" sh -c 'extant-debugfs -R "ls > fine" own.img && test -s fine'

finish
