# SPDX-License-Identifier: MIT
# why, hex and print of blocks: what they say of sound and of damaged volumes.  Every byte of many
# images: tests/oracle/why.sh.
. "$(dirname "$0")/../lib.sh"

mkdir -p root/docs
head -c 400000 /dev/zero | tr '\0' x >root/docs/big
printf 'Hello\n' >root/test; ln root/test root/docs/copy; ln root/test root/zlink
ln -s "$(printf '%080d' 0)" root/slow
SOURCE_DATE_EPOCH=1700000000 extant-mkfs -q -b 1024 -U 11111111-2222-3333-4444-555555555555 \
	-d root a.img 8M || exit 1
blk() { d --tsv a.img blocks "$1" "$2" | awk 'NR == 2 { print $2 }'; }
b0=$(blk /docs/big 0) b2=$(blk /docs/big 2) b300=$(blk /docs/big 300) t0=$(blk /test 0)
big=$(d --tsv a.img stat /docs/big | awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "ino") k = i } NR == 2 { print $k }')
hi=$((b300 * 1024))
s0=$(blk /slow 0) slow=$(d --tsv a.img names | awk -F '\t' '$2 == "/slow" { print $1 }')

# ---- sound ---------------------------------------------------------------------------
t "data says file, place and verdict" same "$(d a.img why "$b0" | sed 's/ *$//')" \
"$(printf '%-22s' "block $b0")group 0 + $((b0 - 1)), byte $(printf 0x%x $((b0 * 1024)))
  data of             /docs/big <$big>, file block 0, bytes 0-1023
  reached by          <$big> block[0] -> $b0
  bitmap              in use: block $(d a.img print ^0.block_bitmap), bit $((b0 - 1))
  consistent          one owner, marked in use"
t "all names" says 'names  *3: /[a-z]*/*[a-z]*  /.*  /' d a.img why "$t0"
t "the chain through two pointer blocks" says "block\\[13\\] -> [0-9]* \\[0\\] -> [0-9]* \\[32\\] -> $b300\$" d a.img why "$b300"
t "a pointer block" says 'pointers of  */docs/big .* single indirect block: file blocks 12-267' \
	d a.img why "$(d --tsv a.img blocks --tree /docs/big | awk -F '\t' '$5 == 1 { print $3; exit }')"
t "the superblock" says 'superblock  *the primary one, sb' d a.img why 1
t "a bitmap" says 'block bitmap of  *group 0, blocks 1-8191' d a.img why ^0/bb
t "an inode table" says "inode table of  *group 0, inodes <1>-<4>" d a.img why "$(d a.img print ^0.inode_table)"
t "the boot block" says 'no bitmap has a bit' d a.img why 0
t "a free block" says 'consistent  *free, and nothing points here' d a.img why 8000
t "many blocks: a line for those alike" says "^$b0-$((b0 + 11))  *data of /docs/big <$big>, file blocks 0-11\$" d a.img why 1-8191
t "icheck of several" same "$(d a.img icheck "$b0" "$t0" | grep -c '^block')" 2
t "a byte of the superblock" says 'field  *sb.magic, byte 1 of 2: 0xef53' d a.img why @1081
t "a field of an inode" says "field  *<$big>.block\\[13\\], byte 0 of 4" d a.img why "<$big>.block[13]"
t "a byte of data" says "byte 307202 of the file" d a.img why "@$((hi + 2))"
t "a record has the way as numbers" says "\"slots\": \\[13, 0, 32\\], \"chain\": \\[[0-9]*, [0-9]*, $b300\\]" d --json a.img why "$b300"
t "past the end" fails_with 'the volume ends at 8191' extant-debugfs a.img why 8192

# ---- descriptors and their copies -----------------------------------------------------
extant-mkfs -q -b 1024 -g 256 c.img 1M
t "a descriptor in the copy of its own group" says 'exclude_bitmap of \^1 copy in group 1' d c.img why @$((258 * 1024 + 52))
t "... as changes tells it" says '\^1 copy in group 1' d -w --dry-run c.img zap -l 1 -b 7 @$((258 * 1024 + 52))
if have mke2fs; then
	mke2fs -q -F -t ext2 -b 1024 -g 256 -N 640 -O meta_bg,^resize_inode g.img 10M >/dev/null 2>&1
	# of group 32; those of groups 32 to 39 begin in its first block, and again in group 33's
	t "the descriptors of a later group are no copy" same "$(d g.img why @$((8193 * 1024 + 33)) 8193 | grep -c copy)" 0
	t "... but those behind them are" says '\^33 copy in group 33' d g.img why @$((8449 * 1024 + 33))
fi

# ---- hex and print --------------------------------------------------------------------
t "hex of entries" says '2e 2e  *name  *"\.\."' d a.img hex "<2>:0"
t "hex of pointers" says '\[0\] ' d a.img hex "$(d --tsv a.img blocks --tree /docs/big | awk -F '\t' '$5 == 1 { print $3; exit }')"
t "hex of a bitmap" says 'blocks 1-[0-9]*: in use' d a.img hex ^0/bb
t "print of entries" says 'entry 0 "\." of <2>' d a.img print "<2>:0"
t "print of content" fails_with 'no fields' extant-debugfs a.img print "$b0"
cp a.img w.img
t "hex shows what a transaction has changed" says '0100600  # was a4 81' sh -c \
	'printf "begin\nset /test mode 0100600\nhex <13>\nhex <14>\nhex <15>\nhex <12>\nrollback\n" | extant-debugfs -w -f - w.img'

truncate -s 9G root/sparse; printf end >>root/sparse; od -v -An -tx8 -N 9000 /dev/zero | cat -n >root/many
i=0; while [ $i -lt 4 ]; do cat root/many root/many >root/more; cat root/more >>root/many; i=$((i + 1)); done
extant-mkfs -q -b 1024 -d root l.img 32M || exit 1
t "hex of a hole is one record" same "$(d --json l.img hex /sparse | grep -c 000000)" 1
t "... that says how often" says '"times": 603979776' d --json l.img hex /sparse
t "hex of the same as text" same "$(d l.img hex /sparse | wc -l)" 3
t "hex stops" same "$(d l.img hex /many 2>/dev/null | wc -c | awk '{ print $1 < 1000000 }')" 1
t "... and says where" says 'stopped before byte [0-9]*: -v' sh -c 'extant-debugfs --json l.img hex /many 2>&1 >/dev/null'
t "... but with -v it does not" same "$(d --json l.img hex -v /many | wc -l)" \
	"$((($(wc -c <root/many) + 15) / 16))"

# ---- damaged -----------------------------------------------------------------------------
t "a pointer is lost" d -w w.img set /docs/big 'block[2]' 99999999
t "... and the block says where it belongs" says "perhaps  *block\\[2\\] of /docs/big <$big>: it is 99999999, but the volume ends at 8191" d w.img why "$b2"
t "... and hex that it cannot be" says '99999999  (lies outside the volume)' d w.img hex "<$big>"
t "a second owner" d -w w.img set /test 'block[1]' "$b0"
t "... is told with the first" says 'inconsistent  *it has two owners' d w.img why "$b0"
t "... also by the index" same "$(d -f - w.img <<-E | grep -c 'two owners'
	why $t0
	why $b0
	why $b0
	E
	)" 2
t "a removed inode that has kept its pointers" sh -c "extant-debugfs -w w.img set '<$slow>' links_count 0 &&
	extant-debugfs -w w.img set '<$slow>' dtime @1700000000"
t "... had its block" says "of the removed inode <$slow>" d w.img why "$s0"
t "... also by the index" same "$(d -f - w.img <<-E | grep -c 'of the removed inode'
	why $t0
	why $s0
	E
	)" 1
finish
