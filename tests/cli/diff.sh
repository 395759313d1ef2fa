#!/bin/sh
# SPDX-License-Identifier: MIT
# diff: two volumes by what they mean, block for block, and what is said of damaged ones.
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/docs tree/etc tree/d/only
echo hello >tree/test; ln tree/test tree/testHard; ln tree/test tree/docs/copy
ln -s test tree/sl
seq 1 9000 >tree/seq
mkfifo tree/fifo
echo x >tree/etc/motd
echo 1 >tree/d/only/x
find tree -exec touch -h -d @1700000000 {} +
SOURCE_DATE_EPOCH=1795165964
export SOURCE_DATE_EPOCH
extant-mkfs -q -b 1024 -I 256 -d tree a.img 8M
extant-mkfs -q -b 4096 -I 128 -d tree other.img 16M
cp a.img b.img; cp a.img c.img
cat >script <<'END'
rm -r /d
mkdir /newdir
chmod 600 /seq
setxattr /seq user.x 1
truncate -s 100 /etc/motd
touch -d @1000000000 /etc/motd
-rm /sl
ln -s other /sl
touch -h -r /seq /sl
rm /docs/copy
cp -a /test /docs/copy
touch -r /seq /docs
rm /fifo
mkdir /fifo
touch -r /seq /
END
extant-debugfs -w -f script b.img 2>err.txt || cat err.txt
what() { extant-debugfs --tsv "$@" | sed '1,3d' | cut -f1-3 | tr '\t' ' '; }

t "a volume and itself" says '^no differences; ' d a.img diff c.img
t "... with content" says '^no differences; .* of content' d a.img diff --content c.img
t "... and by blocks" says '^no differences; 8192 blocks' d a.img diff --blocks c.img
t "another shape of volume is none" says '^no differences' d a.img diff other.img
t "... nor with content" says '^no differences' d a.img diff --content other.img
t "... but has other blocks" fails_with 'only volumes of one shape' d a.img diff --blocks other.img
t "differences exit 1" exits 1 d a.img diff b.img
t "... and stop no script" same "$(d -R 'diff b.img' -R pwd a.img | tail -1)" /
t "... which exits 1 too" exits 1 d -R 'diff b.img' -R pwd a.img
t "the answer comes first" same "$(d a.img diff b.img | head -1)" \
	"9 differences: 3 only in a.img, 1 only in b.img, 5 changed"
t "all of them" same "$(what a.img diff b.img | sort)" "/d first name
/d/only first name
/d/only/x first name
/docs/copy both links
/etc/motd both mtime
/etc/motd both size
/fifo both type
/newdir second name
/seq both mode
/seq both xattr
/sl both target"
t "below a path" same "$(what a.img diff b.img /etc)" "/etc/motd both size
/etc/motd both mtime"
t "a path that one has not" fails_with 'no "d"' d a.img diff b.img /d
t "the other way round" same "$(d b.img diff a.img | head -1 | cut -d' ' -f1,2)" "9 differences:"
t "... names that are one file in the second only are one" same "$(what b.img diff a.img | grep copy)" "/docs/copy both links"
extant-mkfs -q one.img 2M
extant-debugfs -w -R 'mkdir /gone /stays' -R 'mknod /gone/node b 8 1' -R 'ln /gone/node /stays/node' -R 'touch -d @9 / /stays' one.img
cp one.img two.img
extant-debugfs -w -R 'rm -r /gone' -R 'touch -d @9 /' two.img
t "a device that is one with what only the first has" same "$(what one.img diff two.img)" "/gone first name
/gone/node first name
/stays/node both links"
cp a.img c.img
extant-debugfs -w -R 'punch /seq 20000 1' -R 'touch -r /test /seq' c.img
t "content of the same size and time is not looked at" says '^no differences' d a.img diff c.img
t "... but with --content" fails_with '/seq <.*content from byte 20000 on' d a.img diff --content c.img
t "... and block for block" fails_with 'data of /seq <.*file block 19' d a.img diff --blocks c.img
t "what rsync leaves alone" fails_with "links_count 3 -> 2" d a.img diff --meta b.img /test
t "what is no volume" fails_with 'diff: .*script' d a.img diff script
t "extant diff" exits 1 extant diff a.img b.img
t "... with options anywhere" same "$(extant diff a.img --json b.img --content /etc | wc -l)" 3
cp a.img bad.img
extant-debugfs -w -R 'set /docs block[0] 99999999' -R 'set /sl size 5000' bad.img
t "damage is told" fails_with 'cannot be read in whole' d a.img diff bad.img
t "... on either side" fails_with 'cannot be read in whole' d bad.img diff a.img
finish
