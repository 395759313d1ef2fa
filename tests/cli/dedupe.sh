#!/bin/sh
# SPDX-License-Identifier: MIT
# dedupe, unshare and extant-mkfs --dedupe: what becomes one inode, what stays, and what is said.
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "dedupe" "no python3 here"; finish; }

SOURCE_DATE_EPOCH=1795165964
export SOURCE_DATE_EPOCH
dbg() { extant-debugfs "$@"; }
free_kib() { dbg --tsv "$1" df | awk 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { print $at["free"] }'; }
ino() { dbg "$1" stat -c %i "$2"; }
value() { dbg --json "$@" | python3 -c 'import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if r["format"] in ("extant-dedupe/1", "extant-unshare/1"): print(r["'"$key"'"])'; }

mkdir -p tree/a tree/b tree/out
seq 1 5000 >tree/a/one; cp tree/a/one tree/b/two; cp tree/a/one tree/b/three
(seq 1 4999; echo 500X) >tree/b/other		# the same size, the last byte differs
ln tree/b/two tree/b/again
truncate -s 100000 tree/a/hole; head -c 100000 /dev/zero >tree/b/zeros
: >tree/a/empty; : >tree/b/empty
printf 'x\n' >tree/a/x; printf 'x\n' >tree/b/x; printf 'x\n' >"tree/b/new
line"
ln -s ../a/one tree/b/link; ln tree/b/link tree/b/link2
mkfifo tree/b/fifo; ln tree/b/fifo tree/b/fifo2
find tree -exec touch -h -d @1700000000 {} +
extant-mkfs -q -b 1024 -d tree a.img 4M || { fail "an image"; finish; }
cp a.img before.img

# ---- dedupe ---------------------------------------------------------------------------
t "-n, on an image opened for reading" says '^12 names: 6 inodes, 151 KiB would be saved$' dbg a.img dedupe -n /
t "... and the empty ones are told of" says '^  2 inodes left: empty' dbg a.img dedupe -n /
t "... changes no byte" cmp a.img before.img
t "without -w dedupe is refused" fails_with 'opened read-only' dbg a.img dedupe /
dbg -w a.img dedupe -v / >said || fail "dedupe"
t "-v names each name that has moved" sh -c "grep -q '^/b/new.x0aline <[0-9]*>, was <[0-9]*>$' said && [ \$(grep -c 'was <' said) -eq 5 ]"
t "what is said is true to the block" same "$(($(free_kib a.img) - $(free_kib before.img)))" 151
t "e2fsck agrees" sh -c "! command -v e2fsck >/dev/null || e2fsck -fn a.img"
t "the inode with most names stays" same "$(ino a.img /a/one)" "$(ino before.img /b/two)"
t "of as many that with the lowest number" same "$(ino a.img /b/x)" "$(ino before.img /a/x)"
t "one byte makes a difference" [ "$(ino a.img /b/other)" != "$(ino a.img /b/two)" ]
t "holes are zeros" same "$(ino a.img /a/hole)" "$(ino a.img /b/zeros)"
t "no content has changed" sh -c "mkdir o; extant-debugfs a.img get -r /a /b o >/dev/null 2>\&1; diff -r --no-dereference -x fifo\\* -x out tree o"
t "nothing is left to do" says '^12 names: 6 inodes, 0 KiB saved$' dbg -w a.img dedupe /
t "--min 0 takes the empty ones" says '^12 names: 5 inodes, 0 KiB would be saved$' dbg a.img dedupe -n --min 0 /
t "--min" says '^12 names: 8 inodes, 149 KiB would be saved$' dbg before.img dedupe -n --min 3 /
t "--max-links" says '^12 names: 7 inodes, 126 KiB would be saved$' dbg before.img dedupe -n --max-links 3 /
t "... and what it leaves" says '^  1 inode left: no inode gets more than 3 names$' dbg before.img dedupe -n --max-links 3 /
mkdir zeros; head -c 2000000 /dev/zero >zeros/a; truncate -s 2000000 zeros/b; touch -r zeros/a zeros/b
extant-mkfs -q -b 1024 -d zeros zeros.img 4M || fail "holes"
t "of as many names that with fewer blocks stays" sh -c "extant-debugfs zeros.img dedupe -nv / | grep -q '^/a <13>, was <12>$' && extant-debugfs zeros.img dedupe -n / | grep -qx '2 names: 1 inode, 1,963 KiB would be saved'"
t "--max-links 0" exits 2 dbg before.img dedupe -n --max-links 0 /
t "more than ext2 allows" exits 2 dbg before.img dedupe -n --max-links 65001 /
t "a path that is not there" fails_with '/no: no such name in /' dbg -w a.img dedupe /a /no
t "a symlink has no content" fails_with '/b/link <[0-9]*>: symlink; only regular files' dbg -w a.img dedupe /b/link
t "a number is no name" fails_with 'a number is no name' dbg -w a.img dedupe "<$(ino a.img /a/x)>"
key=inodes
t "files by name, paths that overlap" same "$(value before.img dedupe -n /a/x /b/x /a/x /b /b)" 5
key=bytes_saved
t "JSON" same "$(value before.img dedupe -n /)" $((151 * 1024))

cp before.img s.img
dbg -w -R "chmod 600 /a/x" -R "put -T --text 'x
' /m; touch -d @1700000000 /m; setxattr /m user.a 1" -R "put -T --text 'x
' /n; touch -d @1700000000 /n; setxattr /n user.a 1; setxattr /n user.b 2; rmxattr /n user.b" \
	-R "put -T --text 'x
' /o; touch -d @1700000001 /o" s.img || fail "files that differ"
dbg -w s.img dedupe --strict / >said
t "--strict: mode, time, attributes" sh -c "grep -q '^15 names: 9 inodes' said"
t "... but the same attributes are the same" same "$(ino s.img /m)" "$(ino s.img /n)"

# ---- what is lost ---------------------------------------------------------------------
mkdir -p gone/eve gone/etc
for name in etc/passwd eve/x; do seq 1 900 >gone/$name; chmod 644 gone/$name; done
ln gone/eve/x gone/eve/y; cp gone/eve/x gone/etc/su; cp gone/eve/x gone/etc/same
chmod 666 gone/eve/x; chmod 4755 gone/etc/su; chmod 666 gone/etc/same
find gone -type f -exec touch -d @1700000000 {} +; touch -d @1600000000 gone/etc/same
extant-mkfs -q -b 1024 -d gone gone.img 2M || fail "files that lose something"
dbg -w -R "setxattr /etc/passwd user.a 1" gone.img
words='2 names HAVE another owner or mode than before, 1 LOSE set-user-id or set-group-id; 1 name HAVE1 other attributes; 1 name HAVE1 another mtime; --strict leaves such files apart$'
would=$(echo "$words" | sed 's/HAVE1*/would have/g; s/LOSE/would lose/')
did=$(echo "$words" | sed 's/HAVE1/has/g; s/HAVE/have/; s/LOSE/loses/')
t "-n says which names would lose what" says "^  $would" dbg gone.img dedupe -n /
key=other_owner; t "... and JSON" same "$(value gone.img dedupe -n /)" 2
key=lost_set_id; t "... of set-user-id" same "$(value gone.img dedupe -n /)" 1
key=other_attributes; t "... of attributes" same "$(value gone.img dedupe -n /)" 1
key=other_mtime; t "... of times" same "$(value gone.img dedupe -n /)" 1
t "... --strict loses nothing" same "$(dbg gone.img dedupe -n --strict /)" "5 names: 4 inodes, 0 KiB would be saved"
t "dedupe says it too" says "^  $did" dbg -w gone.img dedupe /
extant-mkfs -F -b 1024 --dedupe -d gone gone.img 2M >said
t "... and extant-mkfs" grep -q '^  merged      2 names have another owner or mode than before, 1 loses set-user-id or set-group-id; 1 name has another mtime; --dedupe=strict leaves such files apart$' said
t "... whose hard links are those of before" grep -q '^  kept        2 names of 1 inode (hard links, before --dedupe)$' said

# ---- what stays -----------------------------------------------------------------------
cp before.img s.img
t "an inode with names elsewhere is not given up" same "$(key=inodes value s.img dedupe -n /b/again /a/one)" 1
t "... the other one goes" sh -c "extant-debugfs -w s.img dedupe /b/again /b/three /a/one >said && grep -q '^3 names: 1 inode, 50 KiB saved' said"
t "... and its other name stays its own" same "$(ino s.img /a/one)" "$(ino s.img /b/two)"
cp before.img s.img
dbg -w s.img ln /a/one /out/one
t "of two with names elsewhere none goes" says '^  1 inode left: the same as another, but with names elsewhere' dbg s.img dedupe -n /a /b/again
cp before.img s.img
dbg -w s.img set /b/three flags +immutable
t "an immutable file stays" says '^  1 inode left: immutable' dbg s.img dedupe -n /
cp before.img s.img
dbg -w s.img set /b flags +append
t "what is in an append-only directory stays" sh -c "extant-debugfs -w s.img dedupe / >said && grep -q '^12 names: 8 inodes, 26 KiB saved' said"
t "... and takes the names of others" same "$(ino s.img /a/one)" "$(ino before.img /b/two)"
cp before.img s.img
dbg -w -R "set /b/three block[12] 99999999" -R "set /b/two links_count 1" s.img
partly() {	# TEXT COMMAND...: all but what TEXT names is done, and the exit status is 1
	text=$1; shift
	exits 1 "$@" >.partly 2>&1 && grep -qxe "$text" .partly
}
left_damaged="  2 inodes left: damaged, or with a count below the names; see extant-fsck: <$(ino s.img /b/two)> <$(ino s.img /b/three)>"
t "damage is left alone, and named" partly "$left_damaged" dbg s.img dedupe -n /
t "... and nothing but that" partly '12 names: 8 inodes, 101 KiB would be saved' dbg s.img dedupe -n /

t "... and the rest is done, in a script too" sh -c 'extant-debugfs -w -R "dedupe /" -R "mkdir /after" s.img; [ $? = 1 ] && extant-debugfs s.img ls -d /after'
key=damaged_inodes
t "... in JSON" same "$(value s.img dedupe -n /)" "[$(ino s.img /b/two), $(ino s.img /b/three)]"
cp before.img s.img
dbg -w -R "set /b/three block[0] $(dbg s.img blocks /a/one 0)" s.img
t "files that have a block in common are refused" fails_with 'a block that another file has too' dbg -w s.img dedupe /

# ---- unshare --------------------------------------------------------------------------
dbg a.img find / -type f -ls | sed 's/^ *[0-9]* *//' | awk '{ $2 = "" } 1' >listed
t "unshare -n" says '^16 names: 16 inodes instead of 8, 77 KiB more would be in use$' dbg a.img unshare -n /
t "unshare" says '^16 names: 16 inodes instead of 8, 77 KiB more in use$' dbg -w a.img unshare /
t "e2fsck agrees" sh -c "! command -v e2fsck >/dev/null || e2fsck -fn a.img"
t "no inode has two names" same "$(dbg a.img links)" ""
dbg a.img find / -type f -ls | sed 's/^ *[0-9]* *//' | awk '{ $2 = "" } 1' >relisted
t "modes, owners, sizes, times stay" cmp listed relisted
t "no content has changed" sh -c "mkdir p && extant-debugfs a.img get -r /a /b p >/dev/null 2>\&1; diff -r --no-dereference -x fifo\\* -x out tree p"
cp before.img s.img
dbg -w -R "setxattr /b/two user.a b" -R "set /b/two flags +nodump" -R "unshare /b/two" s.img >said || fail "unshare of one name"
t "a name whose others are elsewhere gets a copy" [ "$(ino s.img /b/two)" != "$(ino before.img /b/two)" ]
t "... with its attributes" says 'user.a' dbg s.img xattrs /b/two
t "... and flags" says nodump dbg s.img print /b/two flags
t "... which the volume has more" says '^1 name: 2 inodes instead of 1, 25 KiB more in use$' cat said
t "... and the others keep theirs" grep -q '^  1 inode keeps its names elsewhere$' said
key=inodes
t "... in JSON" same "$(value before.img unshare -n /b/two /a/x)" 3
cp before.img s.img
dbg -w -R "ln /a/one /b/one" -R "ln /a/x /b/x2" -R "ln /b/other /b/other2" -R "ln /a/hole /out/hole" -R "set /a/one links_count 1" \
	-R "set /a/x flags +immutable" -R "set /b/other block[12] 99999999" -R "set /out flags +append" s.img || fail "what cannot be taken apart"
t "what is immutable, damaged or in such a directory is left" \
	partly "  2 inodes left: immutable or append-only, or with a name in such a directory: <$(ino s.img /a/hole)> <$(ino s.img /a/x)>" dbg -w -R "unshare -v /" s.img
mv .partly left
t "... as are lying counts and bad pointers" grep -q '^  2 inodes left: damaged' left
t "... and the rest is done" sh -c "grep -c '>, was <' left | grep -qx 3 && grep -q '^20 names: 16 inodes instead of 13, 25 KiB more in use$' left"
t "... but names of those lead where they led" same "$(for i in a/one a/x b/other a/hole; do ino s.img /$i; done; ino s.img /b/other2)" \
	"$(for i in a/one a/x b/other a/hole; do ino before.img /$i; done; ino before.img /b/other)"

# ---- extant-mkfs ----------------------------------------------------------------------
extant-mkfs -b 1024 --dedupe -d tree d.img 4M >said || fail "extant-mkfs --dedupe"
t "--dedupe" grep -q '^  dedupe      12 names: 6 inodes, 151 KiB saved$' said
t "... true to the block" same "$(($(free_kib d.img) - $(free_kib before.img)))" 151
t "e2fsck agrees" sh -c "! command -v e2fsck >/dev/null || e2fsck -fn d.img"
t "-n says the same" sh -c "extant-mkfs -n -b 1024 --dedupe -d tree e.img 4M | grep -q '6 inodes, 151 KiB would be saved' && [ ! -e e.img ]"
t "no content has changed" sh -c "mkdir q && extant-debugfs d.img get -r /a /b q >/dev/null 2>\&1; diff -r --no-dereference -x fifo\\* -x out tree q"
t "a file with holes stays before one without" sh -c "extant-mkfs -F -b 1024 --dedupe -d zeros d.img 4M | grep -q '2 names: 1 inode, 1,963 KiB saved'"
chmod 600 tree/b/three; touch -d @1600000000 tree/b/x
t "--dedupe=strict" sh -c "extant-mkfs -F -b 1024 --dedupe=strict -d tree d.img 4M | grep -q '12 names: 8 inodes, 125 KiB saved'"
t "--dedupe=no" fails_with '^extant-mkfs: --dedupe no: must be strict' extant-mkfs -F --dedupe=no -d tree d.img 4M
if have tar; then
	tar cf tree.tar -C tree . && extant-mkfs -F -b 1024 --dedupe -d tree.tar d.img 4M >said
	t "an archive" grep -q '12 names: 6 inodes, 151 KiB saved' said
	t "... whose content is the same" sh -c "mkdir r && extant-debugfs d.img get -r /a /b r >/dev/null 2>\&1; diff -r --no-dereference -x fifo\\* -x out tree r"
fi
finish
