#!/bin/sh
# SPDX-License-Identifier: MIT
# check: what extant-fsck -n finds, in all of a volume and about one thing, and with changes that
# are not written yet.
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/docs tree/etc
echo hello >tree/test; ln tree/test tree/docs/copy
ln -s test tree/link
seq 1 9000 >tree/docs/seq
SOURCE_DATE_EPOCH=1795165964
export SOURCE_DATE_EPOCH
extant-mkfs -q -b 1024 -I 256 -d tree a.img 8M
cp a.img bad.img
seq=$(extant-debugfs --tsv a.img stat /docs/seq | sed 1d | cut -f2)
cat >script <<END
set <$seq> block[2] 99999999
set /link size 3000
set /test links_count 9
set ^0 free_blocks_count 9999
END
extant-debugfs -w -f script bad.img
codes() { extant-debugfs --tsv "$@" 2>/dev/null | sed 1d | cut -f1 | tr '\n' ' '; }

t "a sound volume" says 'a.img: consistent, 16/' d a.img check
t "a damaged one fails" fails_with '4 problems found' d bad.img check
extant-fsck -n bad.img | sed '/^$/,$!d; /^Nothing was changed/d' >fsck.txt
d bad.img check 2>/dev/null | sed '/^$/,$!d' >check.txt; echo >>check.txt
t "... with the words of extant-fsck -n" diff fsck.txt check.txt
t "of a file" same "$(codes bad.img check /test)" "link-count "
t "of an inode" same "$(codes bad.img check "<$seq>")" "block-range "
t "of a directory itself" same "$(codes bad.img check /docs)" ""
t "... and of what is in it" same "$(codes bad.img check -r /docs)" "block-range link-count "
t "of a block that a pointer names" same "$(codes bad.img check 99999999)" "block-range "
t "of a block nothing is wrong with" says 'nothing wrong with 1' d bad.img check 1
t "of the superblock" says 'nothing wrong with sb' d bad.img check sb
t "of a group" same "$(codes bad.img check ^0)" "block-range symlink-size link-count free-count "
t "-r is for directories" exits 2 d bad.img check -r ^0
t "a field is not checked" fails_with 'whole inodes' d bad.img check "<$seq>.mode"
t "a change is seen before it is written" fails_with '1 problem found, with the changes that are pending; the line before it did not take effect' \
	d -w -R 'set /test links_count 7' -R check a.img
t "... and not written then" says 'consistent' d a.img check
t "... nor when it is only tried" fails_with '1 problem' d --dry-run -R 'set /test links_count 7' -R check a.img
t "a sound change passes" says 'consistent.*with the changes that are pending' d -w -R 'rm /test' -R check a.img
t "... and is written" fails_with 'no "test"' d a.img stat /test
finish
