#!/bin/sh
# SPDX-License-Identifier: MIT
# Commands that read trees and files: tree, head, tail, grep, du, df, links, find, stat -c, resolve,
# ls --deleted, deleted, undel.  The kernel judges in tests/oracle/reading.sh.
. "$(dirname "$0")/../lib.sh"
mkdir -p tree/docs/deep tree/etc
seq 1 3000 >tree/etc/seq
printf 'a "q" \\ b\nfoo\tbar\nbar foo\n' >tree/etc/text
printf 'x\0foo\n' >tree/etc/binary
printf 'esc \033[31mfoo\n' >tree/etc/escape
truncate -s 5M tree/etc/hole; printf 'foo\n' >>tree/etc/hole
ln tree/etc/text tree/docs/copy
ln -s ../etc/text tree/docs/rel
ln -s /no/such tree/docs/rotten
ln -s loop tree/docs/loop
ln -s text/x tree/etc/through
chmod 700 tree/docs/deep; mkdir tree/docs/deep/er
extant-mkfs -q -b 1024 -d tree a.img 8M || { fail "an image"; finish; }

t "tree draws" same "$(d a.img tree /docs)" "/docs
|-- copy
|-- deep
|   \`-- er
|-- loop -> loop  (loop)
|-- rel -> ../etc/text
\`-- rotten -> /no/such  (missing)

2 directories, 4 other names"
t "tree -d -L" same "$(d a.img tree -d -L 1 /docs | sed -n 2p)" '`-- deep'
for o in "-n 3" "-n 0" "-n 4000" "-c 100" "-c 0"; do
	for c in head tail; do
		# shellcheck disable=SC2086
		t "$c $o" same "$(d a.img $c $o /etc/seq | cksum)" "$($c $o tree/etc/seq | cksum)"
	done
done
t "tail looks past holes" same "$(d a.img tail -n 1 /etc/hole | tail -c 4)" "foo"
# shellcheck disable=SC2016
grep_both() {
	for o in -n -c -v -i "-E -n" "-F -n" "-vn" "-ic"; do
		for p in foo 'fo*' 'b.*o' 'FOO' '"q"' '^$'; do
			echo "$o $p: $(d -R "grep $o '$p' /etc/text" a.img)"
		done
	done >ours
	for o in -n -c -v -i "-E -n" "-F -n" "-vn" "-ic"; do
		# shellcheck disable=SC2086
		for p in foo 'fo*' 'b.*o' 'FOO' '"q"' '^$'; do
			echo "$o $p: $(grep $o "$p" tree/etc/text)"
		done
	done >theirs
	diff ours theirs
}
t "grep finds what grep(1) finds" grep_both
t "grep -rl" same "$(d a.img grep -rl foo / | sort | tr '\n' ' ')" \
	"/docs/copy /etc/binary /etc/escape /etc/hole /etc/text "
t "grep says that what is no text matches" says '/etc/hole: matches, and is no text' d a.img grep -r foo /etc
t "grep shows no escape" same "$(d a.img grep foo /etc/escape)" 'esc \x1b[31mfoo'
t "a bad pattern is told" fails_with 'grep: \[: ' d a.img grep '[' /etc/text
t "find -xtype" same "$(d a.img find / -xtype l 2>/dev/null | tr '\n' ' ')" "/docs/rotten /etc/through "
for o in '-size 99999999999999999999' '-size 9999999999999999999G' '-mtime 99999999999999999999' \
	'-mtime 18446744073709551615' '-mmin -9999999999999999999' '-links 99999999999999999999' '-maxdepth 99999999999999999999'; do
	# shellcheck disable=SC2086
	t "find $o" fails_with 'does not fit' d a.img find / $o
done
t "find -not -regex" same "$(d -R 'find /docs -not -regex ".*/\\(copy\\|r.*\\|deep.*\\)"' a.img | tr '\n' ' ')" \
	"/docs /docs/loop "
t "find -perm and -maxdepth" same "$(d a.img find / -perm -700 -not -perm /077 -maxdepth 2)" "/docs/deep
/lost+found"
t "find refuses a type" fails_with 'letters are f d l' d a.img find / -type x
t "find -not needs a condition" fails_with 'no condition' d a.img find / -not
find_both() {	# EXPRESSION, as both write it
	eval "(cd tree && find . $1)" | sed 's/^\.//; s/^$/\//' | sort >theirs
	eval "d a.img find / $1 2>/dev/null" | grep -v '^/lost+found' | sort >ours
	diff ours theirs
}
for o in '-name copy -o -name rel' '! -type d' '\( -name "r*" -o -type f \) ! -name rel' '-type f -o -name rel -print' \
	'-type d -a ! \( -name deep -o ! -name docs \)' '! ! -type l' '-name copy -or -name rel -and -type l' \
	'-type f -print -o \( -name deep -o -type l ! \( -name rel \) \) -print' '-print -o -name x'; do
	t "find $o" find_both "$o"
done
for o in '( -name x' '-name x )' '-o -name x' '-name x -o' '! -name x !' '( )' '( -name x -o )' '-name x -o -a -name y'; do
	# shellcheck disable=SC2086
	t "find refuses $o" exits 1 d a.img find / $o
done
t "... and says why" fails_with '-o: no condition stands before it' d a.img find / -o -name x
t "brackets of the shell's own" same "$(d -R 'find / \( -name copy -o -name seq \) ! -name seq' a.img)" /docs/copy
t "stat -c" same "$(d -R 'stat -c "%a|%h|%s|%F|%5s|%-5s|%%" /etc/text' a.img)" "644|2|26|regular file|   26|26   |%"
t "stat -c refuses others" fails_with 'no directive' d -R 'stat -c %q /' a.img
t "links" same "$(d a.img links)" "<$(d -R 'stat -c %i /etc/text' a.img)>      2 names   /docs/copy  /etc/text"
t "links --broken" same "$(d a.img links --broken)" "/docs/loop    -> loop      loop: loop -> loop
/docs/rotten  -> /no/such  /no does not exist
/etc/through  -> text/x    /etc/text is not a directory"
t "du counts a file once" same "$(d a.img du -sb /docs /etc | cut -f1 | tr '\n' ' ')" "3121 5257826 "
t "df adds up" same "$(d a.img df | awk '{ print $2 + $3 <= $1, $5 }')" "1 a.img"
t "resolve shows the steps" same "$(d a.img resolve -v /docs/rel | sed -n '2p;4p' | cut -c1-42)" \
	"2  /docs  rel   <$(d -R 'stat -c %i /docs/rel' a.img)> symlink \"../etc/text\"
4  /      etc   <$(d -R 'stat -c %i /etc' a.img)> directory"
t "resolve --as is refused" fails_with '/docs/deep <[0-9]*>: 5:5 may not search it' d a.img resolve --as 5:5 /docs/deep/er
t "... and says so in records" says '"error": "EACCES"' d --json --keep-going -R '-resolve --as 5:5 /docs/deep/er' a.img
t "... of a name says whose it is not" fails_with "no such user in the volume's own /etc/passwd" d a.img resolve --as nobody-there:1 /docs
cp a.img circle.img; extant-debugfs -w -R "ln -s circle2 /circle1" -R "ln -s circle1 /circle2" circle.img 2>notes
t "resolve -v of a circle shows it once" says '^and 38 more steps, the same again$' sh -c 'extant-debugfs circle.img resolve -v /circle1 2>&1; :'
t "realpath is resolve" same "$(d a.img realpath /docs)" "$(d a.img resolve /docs)"
t "... but not to the owner" exits 0 d a.img resolve --as 0:0 /docs/deep/er
t "dirsearch" says '^rel <[0-9]*>  block 0 of the directory' d a.img dirsearch /docs rel
t "dirsearch of nothing" fails_with 'has no "nosuch"' d a.img dirsearch /docs nosuch
cp a.img r.img
d -w r.img rm /docs/rel
t "ls --deleted shows what was removed" says '^rel  (removed)' d r.img ls --deleted /docs
t "ls does not" same "$(d r.img ls /docs | grep -c rel)" 0
t "ls -t and -S sort" same "$(d a.img ls -S /etc | head -1) $(d a.img ls -Sr /etc | tail -1)" "hole hole"
t "ls -F marks" same "$(d a.img ls -F /docs | tr '\n' ' ')" "copy deep/ loop@ rel@ rotten@ "

# A file whose names and links are gone, as debugfs and old kernels leave it.
ino=$(d -R 'stat -c %i /etc/seq' a.img)
dead() { d -w -R "raw unlink /etc/seq" -R "set <$ino>.links_count 0" "$@"; }
cp a.img u.img; dead u.img
t "deleted lists it" says "^ *$ino .* intact   /etc/seq" d u.img deleted
t "undel brings it back" env SOURCE_DATE_EPOCH=1900000000 extant-debugfs -w u.img undel "<$ino>"
t "... its directory has changed" same "$(d u.img stat -c %Y /etc)" 1900000000
t "... its content" sh -c 'extant-debugfs u.img cat /etc/seq | cmp - tree/etc/seq'
t "... and the volume is sound" extant-fsck -fn u.img
cp a.img u.img; dead u.img
d -w -R "set <$ino>.dtime @1700000000" -R "freei <$ino>" u.img
first=$(d -R "blocks <$ino> 0" u.img)
d -w -R "freeb $first 15" u.img
cp u.img v.img; d -w -R "setb $((first + 2)) 2" v.img; cp v.img w.img
t "undel refuses what others have" fails_with "<$ino>: 2 of its .* belong to others now (bytes 2048-4095)" d -w v.img undel "<$ino>" /x
t "... and changes nothing" cmp v.img w.img
t "undel --to does not replace the image" spares v.img d -w v.img undel --partial --to v.img "<$ino>"
t "undel --partial --to" d -w v.img undel --partial --to out "<$ino>"
t "... copies the rest" same "$(cmp -l out tree/etc/seq | wc -l)" 2048
t "... for its user alone" same "$(stat -c %a out)" 600
t "... and replaces nothing" fails_with 'out: exists already' d -w v.img undel --partial --to out "<$ino>"
t "... nor leaves a part of it" sh -c 'ulimit -f 8; trap "" XFSZ
	! extant-debugfs -w v.img undel --partial --to part "$1" && ! ls part*' - "<$ino>"
# A file with blocks behind all pointers but the triple, removed by rm, and by debugfs.
seq 1 1000000 >big
cp a.img rm.img; d -w rm.img put big /big; cp rm.img theirs.img
big=$(d -R 'stat -c %i /big' rm.img)
d -w rm.img rm /big /etc/seq
t "rm leaves what can be brought back" says "^ *$big .* intact   /big" d rm.img deleted
t "... and is" d -w -R "undel <$big>" -R "undel <$ino> /seq" rm.img
t "... its content" sh -c 'extant-debugfs rm.img cat /big | cmp - big && extant-debugfs rm.img cat /seq | cmp - tree/etc/seq'
t "... and the volume is sound" extant-fsck -fn rm.img
if have debugfs; then
	debugfs -w -R 'rm /big' theirs.img 2>/dev/null
	t "what debugfs has removed" d -w -R "undel <$big> /again" theirs.img
	t "... its content" sh -c 'extant-debugfs theirs.img cat /again | cmp - big'
else
	skip "undel after debugfs" "e2fsprogs is not installed"
fi
# Directories whose paths nobody could type; what lies there is reached by number.
long=$(printf '%0250d' 0)
{ for i in $(seq 20); do echo "mkdir $long"; echo "cd $long"; done; echo 'mkdir aa bb'; echo 'touch file'; } >chain
extant-mkfs -q deep.img 2M
t "a deep tree is made" d -w -f chain deep.img
t "ls -R lists what has a path" same "$(d deep.img ls -R / 2>left | grep -c ':$')" 18
t "... and says what has not" grep -q ': 1 directory whose path has more than 4095 bytes is left out$' left
t "... and fails" fails_with 'is left out' d deep.img ls -R /
ino=$(d deep.img names -0 | tr '\0' '\n' | sed -n 's|^ *\([0-9]*\)  .*/bb$|\1|p')
t "cd by number goes there" same "$(d -R "cd <$ino>" -R pwd deep.img | wc -c)" $((20 * 251 + 4))
t "its path in the right order" same "$(d -R "cd <$ino>" -R pwd deep.img | sed "s|/$long||g")" /bb
t "find starts there by number" same "$(d deep.img find "<$ino>")" "<$ino>"
up=$(d -R "cd <$ino>" -R 'cd ..' -R 'stat -c %i .' deep.img)
t "ls -R below it" same "$(d deep.img ls -R "<$up>" | tr '\n' ' ')" "<$up>: aa bb file  <$up>/aa:  <$up>/bb: "
t "undel needs what is removed" fails_with 'is not removed' d -w a.img undel '<2>'
# Files whose data is one block through as many pointers as there can be.
bomb() {
	extant-mkfs -q -b 4096 bomb.img 4M && fill_block() {
		for i in $(seq 1024); do printf "\\$(printf %03o $(($2 - 512)))\\002\\000\\000"; done |
			dd of=bomb.img bs=4096 seek=$1 conv=notrunc 2>/dev/null
	}
	yes | head -c 4096 | dd of=bomb.img bs=4096 seek=516 conv=notrunc 2>/dev/null
	fill_block 513 516; fill_block 514 513; fill_block 515 514
	for f in 1 2 3; do
		echo "put --text x /$f"
		for i in 0 1 2 3 4 5 6 7 8 9 10 11; do echo "set /$f block[$i] 516"; done
		echo "set /$f block[12] 513"; echo "set /$f block[13] 514"; echo "set /$f block[14] 515"
		echo "set /$f size 2196000000000"
	done >bomb.cmds
	extant-debugfs -w -f bomb.cmds bomb.img
}
t "files of one block many times" bomb
t "... grep comes to an end" fails_with 'many times the bytes' extant-debugfs bomb.img grep -rc nothing /
finish
