#!/bin/sh
# SPDX-License-Identifier: MIT
# Trees of hard links, switched symlinks, names across volumes: cp -al, ln, mv, rm as people use them.
. "$(dirname "$0")/../lib.sh"
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

x() { extant-debugfs -w a.img "$@"; }
see() { extant-debugfs a.img "$@"; }
sum() { cat ./*.img | sha256sum; }
prints() { want=$1; shift; got=$("$@" 2>&1); same "$got" "$want"; }
# Nothing is said but of symlinks that lead elsewhere now, which is another test's.
silent() { got=$("$@" 2>&1) || { echo "exit $?: $got"; return 1; }; same "$(echo "$got" | grep -v -E 'symlinks? (now )?leads? ')" ""; }
clean() { extant-fsck -nf "${1:-a.img}" && { ! have e2fsck || e2fsck -fn "${1:-a.img}"; }; }
links() { see stat -c '%i %h' "$@"; }

# refused STATUS TEXT COMMAND...: fails with that status and says TEXT; the images keep their bytes.
refused() {
	want=$1 text=$2; shift 2
	before=$(sum)
	"$@" >"$tmp/.rf" 2>&1; got=$?
	cat "$tmp/.rf"
	[ $got -eq "$want" ] && grep -q -e "$text" "$tmp/.rf" || { echo "exit $got; wanted $want and: $text"; return 1; }
	[ "$(sum)" = "$before" ] || { echo "an image has changed"; return 1; }
}

mkdir -p tree/opt/app-1.0 tree/opt/app-2.0 tree/srv tree/srv/deep
echo one >tree/opt/app-1.0/run; echo two >tree/opt/app-2.0/run
ln -s app-1.0 tree/opt/current
echo shared >tree/a; ln tree/a tree/b; ln -s ../a tree/srv/rel; ln tree/srv/rel tree/srv/rel2; mkfifo tree/srv/pipe
extant-mkfs -q -d tree a.img 2M && extant-mkfs -q b.img 2M || { fail "images"; finish; }

# ---- switching a version -----------------------------------------------------------------
t "ln -sfn replaces the symlink" silent x ln -sfn app-2.0 /opt/current
t "... so that it leads elsewhere" prints two see cat /opt/current/run
t "... and is one entry of its directory" prints 3 sh -c 'extant-debugfs a.img ls /opt | wc -l'
t "ln -sf without -n makes one inside, and says so" \
	says 'ln: made in /opt/app-2.0, where /opt/current leads; -n would have replaced current$' x ln -sf app-1.0 /opt/current
t "... which it has" says '^/opt/app-2.0/app-1.0$' see find /opt -name app-1.0 -type l
t "... of a name that is no symlink nothing is said" silent x ln -sf ../a /srv/deep
t "without -f what is there stays" refused 1 'ln: /opt/current <[0-9]*>: exists already, a symlink' x ln -sT app-2.0 /opt/current
t "... and -f is shown" refused 1 'try: ln -f' x ln -sT app-2.0 /opt/current
t "of a directory it is not" fails_with 'exists already, a directory' x ln -sT app-2.0 /opt/app-1.0
t "... nor with -f replaced" refused 1 '-f replaces none' x ln -sfT app-2.0 /opt/app-1.0

# ---- what would destroy its own source -----------------------------------------------------
extant-debugfs -w -R "mkdir /own /own/x /own/y /own/to; put --text one /own/x/f; put --text two /own/y/f; ln -s f /own/x/lk" a.img 2>notes || fail "own"
for words in "ln -sf /own/x/f /own/x" "ln -sf f /own/x/f" "ln -sfn own/x/f /own/x/f" "ln -sf lk /own/x/f" "ln -srf /own/x/f /own/x/f" \
	"ln -sf lk /own/x/lk" "ln -f /own/x/lk /own/x/f" "ln -f /own/x/f /own/x/f"; do
	t "$words" refused 1 'are the same file' x $words
done
t "cp -P of a symlink onto what it leads to" refused 1 'would lead to itself' x cp -P /own/x/lk /own/x/f
t "... cp -lf" refused 1 'would lead to itself' x cp -lf /own/x/lk /own/x/f
t "... cp -a" refused 1 'would lead to itself' x cp -aT /own/x/lk /own/x/f
for words in "mv /own/x/f /own/y/f /own/to" "cp /own/x/f /own/y/f /own/to" "ln -f /own/x/f /own/y/f /own/to" "ln -sf /own/x/f /own/y/f /own/to"; do
	t "$words" refused 1 'an argument before has this name too' x $words
done
mkdir p q; echo 1 >p/n; echo 2 >q/n
t "put of two files of one name" refused 1 'an argument before has this name too' x put --atomic p/n q/n /own/to
t "the second name of a file may become a symlink to the first" sh -c 'extant-debugfs -w a.img ln /own/x/f /own/x/g &&
	extant-debugfs -w a.img ln -sf g /own/x/f && [ "$(extant-debugfs a.img cat /own/x/f)" = one ]'

# ---- put through a symlink ------------------------------------------------------------------
printf 'new\n' >hf
extant-debugfs -w -R "mkdir /th; put --text old /th/f; ln -s f /th/lk; mknod /th/p p" a.img 2>notes || fail "through"
for o in --atomic --inplace; do
	t "put $o onto a symlink changes the file behind it" sh -c "extant-debugfs -w a.img put $o hf /th/lk; extant-debugfs -w a.img put $o --text new$o /th/lk
		[ \"\$(extant-debugfs a.img readlink /th/lk)\" = f ] && [ \"\$(extant-debugfs a.img cat /th/f)\" = new$o ]"
done
t "without them the file behind it is named" refused 1 '/th/f <[0-9]*>: exists already, a regular file' x put hf /th/lk
x ln -s gone /th/dang 2>notes
t "... to nothing: the file is made, and that is said" says '/th/gone is new: the symlink /th/dang led there, and to nothing' x put --atomic hf /th/dang
t "... and the symlink stays" prints new see cat /th/dang
t "of a fifo no way is advised" sh -c 'extant-debugfs -w a.img put --text x /th/p 2>&1 | grep -q "exists already, a fifo" &&
	! extant-debugfs -w a.img put --text x /th/p 2>&1 | grep -q try:'

# ---- relative texts ----------------------------------------------------------------------
t "ln -sr" says '^made /srv/r1 <[0-9]*> -> \.\./a$' x ln -srv /a /srv/r1
t "... to a name that is not there" says ' -> \.\./no/such$' x ln -srv /no/such /srv/r2
t "... and its \"..\" and \".\"" says ' -> \.\./such$' x ln -srv /no/.././such/ /srv/r3
t "... below a symlink that leads somewhere" says ' -> \.\./opt/app-2.0/no/such$' x ln -srv /opt/current/no/such /srv/r4
t "... to the directory it is in" says ' -> \.$' x ln -srv /srv /srv/r5
t "... to the root" says ' -> \.\./\.\.$' x ln -srv / /srv/deep/r6
t "... over a link that is on the way to its target" says ' -> app-2.0/run$' x ln -srfTv /opt/current/run /opt/current
t "... below a file" fails_with 'not a directory' x ln -sr /a/b /srv/r7
t "-r without -s" exits 2 x ln -r /a /c

# ---- names of symlinks -------------------------------------------------------------------
t "ln of a symlink is a name of the symlink" sh -c 'extant-debugfs -w a.img ln /srv/rel /srv/rel3 &&
	[ "$(extant-debugfs a.img stat -c "%i %h %F" /srv/rel)" = "$(extant-debugfs a.img stat -c "%i %h %F" /srv/rel3)" ]'
t "... with -L of its file" sh -c 'extant-debugfs -w a.img ln -L /srv/rel /c &&
	[ "$(extant-debugfs a.img stat -c "%i" /c)" = "$(extant-debugfs a.img stat -c "%i" /a)" ]'
t "--expect-symlink of a symlink" says 'made /srv/rel4 <[0-9]*>; a name of /srv/rel' x ln -v --expect-symlink /srv/rel /srv/rel4
t "... which has four names" prints 4 see stat -c %h /srv/rel
t "... of a file" refused 1 'ln: /a <[0-9]*>: a regular file, not a symlink' x ln --expect-symlink /a /d
t "... with -s or -L" sh -c 'extant-debugfs -w a.img ln -L --expect-symlink /srv/rel /d; [ $? -eq 2 ] || exit 1
	extant-debugfs -w a.img ln -s --expect-symlink /srv/rel /d; [ $? -eq 2 ]'
t "a name of a fifo" silent x ln /srv/pipe /pipe2

# ---- directories ---------------------------------------------------------------------------
t "a directory gets no second name" refused 1 'a directory has one name only' x ln /srv /srv2
t "... but what can be done is told" refused 1 'try: ln -s, or cp -rl' x ln /srv /srv2

# ---- trees of links ------------------------------------------------------------------------
{ x mkdir /home; x cp -a /opt /srv /home; x ln /a /home/a; } 2>notes
t "cp -al" silent x cp -al /home /snap
t "files are shared" same "$(links /snap/a)" "$(links /home/a)"
t "... and symlinks, and all else" same "$(links /snap/srv/rel /snap/srv/pipe)" "$(links /home/srv/rel /home/srv/pipe)"
t "directories are its own" sh -c '[ "$(extant-debugfs a.img stat -c %i /snap/srv)" != "$(extant-debugfs a.img stat -c %i /home/srv)" ]'
t "... with mode and times of the first" same "$(see stat -c '%a %u %Y' /snap/srv)" "$(see stat -c '%a %u %Y' /home/srv)"
t "cp -rl" silent x cp -rl /home /snap2
t "... shares files too" same "$(links /snap2/opt/app-1.0/run)" "$(links /home/opt/app-1.0/run)"
t "cp -al of several, into a directory" silent sh -c 'extant-debugfs -w a.img mkdir /many && extant-debugfs -w a.img cp -al /a /srv /many'
t "cp -al into itself" refused 1 'lies in the directory /home itself' x cp -al /home /home/snap
t "cp -al over what is there" refused 1 'exists already' x cp -al /a /b
t "a fresh save of one leaves the other" sh -c 'extant-debugfs -w a.img put --atomic --text new /snap/a &&
	[ "$(extant-debugfs a.img cat /home/a)" = shared ]'
t "rm -r of one leaves the other" sh -c 'extant-debugfs -w a.img rm -r /snap && [ "$(extant-debugfs a.img cat /home/a)" = shared ]'
t "e2fsck accepts all that" clean

cp a.img other.img
t "a file of the host before :/ is another volume" refused 1 'ln: other.img:/...: other.img is another volume' \
	extant-debugfs -w a.img ln /home/a other.img:/x
t "... and what helps is said" refused 1 'try: extant cp' extant-debugfs -w a.img ln /home/a other.img:/x
t "... what is none is a path" refused 1 'has no "none.img:"' extant-debugfs -w a.img ln /home/a none.img:/x
rm other.img

# ---- 65,000 names --------------------------------------------------------------------------
full() { n=$1; shift; for f in "$@"; do x set "$f" links_count "$n" || return 1; done; }
x mkdir /max; x put --text content /max/f; x chown 7:8 /max/f; x chmod 4711 /max/f
x setxattr /max/f user.tag value; x ln -s to /max/l 2>notes; x touch -d @1000000000 /max/f; x ln /max/f /max/g
full 64999 /max/f; full 65000 /max/l
cp a.img full.img
t "ln at 65,000 names" refused 1 'ln: /max/l <[0-9]*>: has 65,000 names, the most ext2 allows' x ln /max/l /m
t "... says what else there is" refused 1 'try: cp, ' x ln /max/l /m
cp full.img a.img
t "cp -al copies what has 65,000 names, and says so" \
	says 'cp: 2 names lead to copies, and are no links: <[0-9]*> has 65,000 names, the most ext2 allows' x cp -al /max /max2
cp full.img more.img && extant-debugfs -w more.img set /max/l links_count 65535
t "... a count that lies above is said as it is" says '<[0-9]*> has 65,535 names, and the most is 65000' \
	extant-debugfs -w more.img cp -al /max/l /max3
t "... one name was still possible" prints 65000 see stat -c %h /max/f
t "... the copy has the content" prints content see cat /max2/g
t "... and all else of the file" same "$(see stat -c '%a %u %g %s %Y %h' /max2/g)" "4711 7 8 7 1000000000 1"
t "... attributes too" says '"value"\|value' see getxattr /max2/g user.tag
t "... the symlink as well" prints to see readlink /max2/l
cp full.img a.img; full 65000 /max/f
t "both names of it become names of one copy" says '3 names lead to copies' x cp -rl /max /max3
t "..." sh -c '[ "$(extant-debugfs a.img stat -c "%i %h" /max3/f)" = "$(extant-debugfs a.img stat -c "%i %h" /max3/g)" ]'
t "... with the attributes, without -a too" prints "4711 2" see stat -c '%a %h' /max3/g
t "a single one" says 'cp: 1 name leads to a copy, and is no link' x cp -l /max/f /single

# ---- two names of one file, saved ------------------------------------------------------------
x put --text old /edit1; x ln /edit1 /edit2
t "put --atomic of one name leaves the other" same "$(x put --atomic --text fresh /edit2 2>/dev/null; see cat /edit1 /edit2; see stat -c ' %h' /edit1 /edit2)" \
	"$(printf 'oldfresh 1\n 1')"
x ln -f /edit1 /edit2
t "put --inplace changes both" same "$(x put --inplace --text fresh /edit2 2>/dev/null; see cat /edit1 /edit2; see stat -c ' %h' /edit1 /edit2)" \
	"$(printf 'freshfresh 2\n 2')"
x ln -s srv /way
t "mv -T to a symlink with a slash is no way to its directory" refused 1 'not a directory' x mv -T /max /way/

# ---- two volumes -----------------------------------------------------------------------------
cp full.img a.img; ln -s a.img same.img
t "ln from volume to volume" refused 1 'ln: b.img:/y: not in the volume of a.img:/a; a hard link is' extant ln a.img:/a b.img:/y
t "... says what there is instead" refused 1 'try: extant cp a.img:/a b.img:/y$' extant ln a.img:/a b.img:/y
t "mv from volume to volume" refused 1 'mv: b.img:/y: not in the volume of a.img:/a; a name moves' extant mv a.img:/a b.img:/y
t "cp -l from volume to volume" refused 1 'cp -l: b.img:/y: not in the volume' extant cp -l a.img:/a b.img:/y
t "mv to the host" refused 1 'mv: y: not in an image, and a.img:/a is; a name moves' extant mv a.img:/a y
t "ln from the host, and to it" sh -c 'extant ln tree/a a.img:/y; [ $? -eq 1 ] || exit 1; extant ln a.img:/a y; [ $? -eq 1 ] && [ ! -e y ]'
t "an image by another name is the same" says 'made /y ' extant ln -v a.img:/a same.img:/y
t "rm in two images" exits 2 extant rm a.img:/a b.img:/a

# ---- what rm says --------------------------------------------------------------------------------
x put --text 12345 /alone
t "rm -v of one of several names" says '^removed /y; <[0-9]*> keeps ' x rm -v /y
x ln /alone /alone2; x ln /alone /alone3; x ln /alone /alone4
t "rm -v as a record has all names" says '"removed", "path": "/alone2".*"names": \["/alone", "/alone3", "/alone4"\]' \
	extant-debugfs --json -w a.img rm -v /alone2
x rm /alone3 /alone4
t "... of a last name it has none" sh -c 'extant-debugfs --json -w -R "touch /zz" -R "rm -v /zz" a.img >rm.out && grep "/zz" rm.out && ! grep names rm.out'
t "rm -v of the last" says '^removed /alone; its last name: <[0-9]*> and 1 block given back$' x rm -v /alone
t "rm -v of a fast symlink has no block to give" says '^removed /opt/current; its last name: <[0-9]*> given back$' x rm -v /opt/current
t "rm -rv" says '^removed /opt; 6 inodes and 5 blocks given back$' x rm -rv /opt

# ---- a tree that meets files with further names ------------------------------------------------
mkdir -p met/d met/out more two
for i in 1 2 3 4 5; do echo $i >met/d/f$i; ln met/d/f$i met/out/o$i; echo new >more/f$i; done
ln met/d/f1 met/d/g1; echo new >two/f1; echo new >two/g1; mkfifo two/f5
extant-mkfs -q -d met met.img 2M
meets() {	# WANTED COMMAND...: what is said of content
	want=$1; shift
	cp met.img t.img
	extant-debugfs -w t.img "$@" 2>said || return 1
	same "$(sed -n 's/^.*put: \(.*other name\)/\1/p' said)" "$want"
}
one=$(extant-debugfs met.img stat -c %i /d/f1)
t "put -r --atomic: of a file all whose names in the tree are new" meets "1 other name of <$one> keeps the old content: /out/o1
1 other name of <$((one + 4))> keeps the old content: /out/o5" put -aT --atomic two /d
t "put -r --inplace" meets "2 other names of <$one> have the new content too: /d/g1 /out/o1
1 other name of <$((one + 1))> has the new content too: /out/o2
other names of 3 more files have the new content too" put -rT --inplace more /d
t "put -r --atomic of many" meets "2 other names of <$one> keep the old content: /d/g1 /out/o1
1 other name of <$((one + 1))> keeps the old content: /out/o2
other names of 3 more files keep the old content" put -rT --atomic more /d
tar -cf more.tar -C more .
ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13' || skip "put --tar --atomic" "libarchive is not installed"
! ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13' || t "put --tar --atomic" meets "2 other names of <$one> keep the old content: /d/g1 /out/o1
1 other name of <$((one + 1))> keeps the old content: /out/o2
other names of 3 more files keep the old content" put --tar --atomic more.tar /d
t "in JSON of all" same "$(cp met.img t.img; extant-debugfs -w --json t.img put -rT --atomic more /d | grep -c '"content": "old"')" 5
finish
