#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever a command prints with --json and --tsv is a record of docs/debugfs-json.md: all commands,
# over a volume with every kind of thing, and over a damaged one.  records.lines lists what is run.
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "records" "no python3 here"; finish; }

mkdir -p tree/docs tree/deep/er tree/many tree/dev tree/big
printf 'Hello, world\n' >tree/test
ln tree/test tree/testHardLink
ln tree/test tree/docs/copy
ln -s test tree/testSoftLink
ln -s ../test tree/docs/rel
ln -s loop2 tree/docs/loop1
ln -s loop1 tree/docs/loop2
ln -s /no/such tree/docs/rotten
ln -s "$(printf '%080d' 0)" tree/docs/slow
mkfifo tree/fifo
seq 1 3000 >tree/seq
seq 1 200000 >tree/long
truncate -s 70000001 tree/sparse
printf x | dd of=tree/sparse bs=1 seek=40000000 conv=notrunc 2>/dev/null
touch -d @-100 tree/old; touch -d @4000000000 tree/late
i=0
while [ $i -lt 400 ]; do : >"tree/big/a name that takes some room $i"; i=$((i + 1)); done
for name in 'a b' 'q"uote' 'back\slash' '<12>' '-l' "$(printf 'new\nline')" "$(printf 'tab\there')" \
	"$(printf 'esc\033[31m')" "$(printf 'bad\377')" 'ünï' "$(printf 'bidi\342\200\256x')"; do
	echo "$name" >"tree/many/$name"
	mkdir "tree/many/$name.d" && ln -s "./$name" "tree/many/$name.d/$name"
done
ln -s "$(printf 'to\377\033]0;x\007')" tree/many/link
: >tree/xattrs
echo "of the host" >host.txt
echo pwd >cmds

SOURCE_DATE_EPOCH=1795165964	# the same twice
export SOURCE_DATE_EPOCH
extant-mkfs -q -b 1024 -I 256 -N 1024 -L "$(printf 'r\303\251\377')" -d tree a.img 8M
cat >script <<'END'
mknod /dev/loop7 b 7 7
mknod /dev/null c 1 3
mknod /dev/far b 260 70000
mknod /sock s
setxattr /test user.mime_type text/plain
setxattr -x /test user.bytes ff00fe
setxattr -x /docs system.posix_acl_default 0200000001000700ffffffff04000500ffffffff20000500ffffffff
setxattr /xattrs user.far "a value that has its place in a block, for it is longer than an inode has room for: 0123456789 0123456789 0123456789"
setxattr /xattrs "user.b\xffd" x
chown 4000000000:70000 /seq
rm /many/q\"uote
END
extant-debugfs -w -f script a.img || fail "the rich volume"
cp a.img b.img
cat >script <<'END'
set /seq block[2] 99999999
set /long block[12] 99999998
set /fifo mode 0
set /docs/rel size 3000
set /test links_count 9
set ^0 free_blocks_count 9999
END
extant-debugfs -w -f script b.img || fail "the damaged volume"
cp a.img other.img
extant-debugfs -w -R 'rm /test' other.img 2>err || fail "another volume"
LOST=$(extant-debugfs a.img blocks /seq 2)	# whose pointer is damaged
export LOST
t "every record is as documented" python3 "$root/tests/cli/records.py" "$root/docs/debugfs-json.md" \
	"$root/tests/cli/records.lines" "$root"/debugfs/*.c
finish
