#!/bin/sh
# SPDX-License-Identifier: MIT
# where and names: every name of an inode, nearest to the root first, whatever entries say of types.
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/docs tree/d2/deep tree/e
echo test >tree/test
ln tree/test tree/testHardLink
ln tree/test tree/docs/copy
ln tree/test tree/d2/deep/x
ln tree/test tree/d2/z
ln -s nowhere tree/link
ln tree/link tree/e/link2
i=0
while [ $i -lt 40 ]; do ln tree/test "tree/e/many$((i * 37 % 40))"; i=$((i + 1)); done
printf x >"tree/odd$(printf 'a\tb')"
extant-mkfs -q -b 1024 -N 128 -d tree a.img 2M
ino() { extant-debugfs --tsv a.img resolve -P "$1" | awk -F '\t' 'NR == 2 { print $3 }'; }
test=$(ino /test)

dbg() { extant-debugfs a.img "$@"; }
same() { dbg $3 >got 2>err; t "$1" test "$(head -5 got)" = "$2"; }
same "the names nearest to the root come first, then by their bytes" "/test
/testHardLink
/d2/z
/docs/copy
/e/many0" "where /test"
t "all of them" test "$(wc -l <got)" = 45
same "-v says what it is" "<$test>  45 names, link count 45, regular file
  /test
  /testHardLink
  /d2/z
  /docs/copy" "where -v /test"
same "of several with the inode" "/link <$(ino /link)>
/e/link2 <$(ino /link)>
/ <2>" "where /link <2>"
t "the root" test "$(dbg where /)" = /
t "an inode without a name fails" fails_with '<7>: has no name' dbg where '<7>'
t "-0 ends names with NUL" test "$(dbg where -0 /link | tr '\0' '|')" = "/link|/e/link2|"

# every name that find knows, by inode, in order
(cd tree && find . -mindepth 1 -printf '%P\n') | sort >want
extant-debugfs a.img names -0 | tr '\0' '\n' | sed -n 's/^ *[0-9]*  \///p' | grep -v '^$' | sort >got
echo lost+found >>want; sort -o want want
t "names shows what find shows" cmp want got
extant-debugfs --tsv a.img names | awk -F '\t' 'NR > 1 && $1 < last { exit 1 } { last = NR > 1 ? $1 : 0 }'
t "sorted by inode" test $? = 0
extant-debugfs --tsv a.img names | awk -F '\t' -v ino="$test" '$1 == ino { print $2 }' >one
dbg where /test >two
t "of one inode as where shows them" cmp one two
dbg names >out
t "names are escaped" grep -q 'odda.x09b' out
t "--all shows inodes without a name" test "$(dbg names --all | grep -c 'no name')" = 9
t "and the others, too" test "$(dbg names --all | grep -vc 'no name')" = "$(dbg names | wc -l)"

# a type that an entry gets wrong hides nothing: byte 7 of the entry of /d2 says file
cp a.img b.img
at=$(python3 - <<'PY'
b = open('b.img', 'rb').read()
print(b.index(b'\x02\x02d2') + 1)
PY
)
printf '\001' | dd of=b.img bs=1 seek="$at" conv=notrunc 2>/dev/null
t "a wrong type hides no names" test "$(extant-debugfs b.img where /test)" = "$(cat two)"
extant-mkfs -q -b 1024 -N 128 -O ^filetype -d tree c.img 2M
t "nor does none at all" test "$(extant-debugfs c.img where /test)" = "$(cat two)"

# ... even where the groups count as many directories as entries that are believed lead to
cp a.img b.img
extant-debugfs -w -R 'put --text x /d2/deep/only' -R 'entry /d2 deep file_type 1' -R 'set ^0 used_dirs_count 5' b.img
only=$(extant-debugfs --tsv b.img resolve -P /d2/deep/only | awk -F '\t' 'NR == 2 { print $3 }')
t "a count that agrees with a wrong type hides no name" test "$(extant-debugfs b.img where "<$only>")" = /d2/deep/only
t "... nor from ncheck" test "$(extant-debugfs b.img ncheck "<$only>")" = "/d2/deep/only"
t "... nor from names --all" test "$(extant-debugfs b.img names --all | grep -c "^ *$only  /d2/deep/only$")" = 1
for i in 1 2 3 4 5 6; do echo 'where /test'; done >script
t "... nor from the index of a session" test "$({ cat script; echo "where <$only>"; } | extant-debugfs b.img | tail -1)" = /d2/deep/only
t "... nor from why" test "$(extant-debugfs b.img why "$(extant-debugfs b.img print "<$only>.block[0]" | grep -o '[0-9]*$')" | grep -c '/d2/deep/only')" -gt 0

# questions of a session are answered the same, from the index and by searching
printf 'where /test\nwhere /link\nwhere /docs\nwhere <2>\nwhere /test\nwhere /link\n' >script
extant-debugfs -f script a.img >got
{ for i in 1 2; do cat two; printf '/link\n/e/link2\n'; [ $i = 2 ] || printf '/docs\n/\n'; done; } >want
t "the same from memory" cmp want got
printf 'where /link\nrm /e/link2\nwhere /link\nln /link /e/zz\nwhere /link\n' >script
extant-debugfs -w -f script b.img >got
printf '/link\n/e/link2\n/link\n/link\n/e/zz\n' >want
t "changes are seen" cmp want got

# a directory that cannot be read in full
cp a.img b.img
extant-debugfs -w b.img set '<'"$(ino /e)"'>.block[0]' 99999999
t "where tells of a directory that cannot be read" \
	fails_with "<$(ino /e)> cannot be read in full" extant-debugfs b.img where /test
extant-debugfs b.img where /test >got 2>err
t "with the names that can" test "$(wc -l <got)" = 5
finish
