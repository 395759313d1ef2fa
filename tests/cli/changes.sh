#!/bin/sh
# SPDX-License-Identifier: MIT
# What a change is said to change: --dry-run, changes, set, and what rm and mv say of other names.
in_memory=1	# hundreds of commits
. "$(dirname "$0")/../lib.sh"
SOURCE_DATE_EPOCH=1795000000
export SOURCE_DATE_EPOCH
mkdir -p src/docs src/etc
echo demo >src/test
ln src/test src/docs/copy
ln -s ../test src/docs/rel
ln -s /etc/motd src/docs/motd
echo hello >src/etc/motd
head -c 300000 /dev/zero | tr '\0' 'x' >src/docs/big
i=0; while [ $i -lt 60 ]; do i=$((i + 1)); echo $i >src/etc/conf-$i; done
extant-mkfs -q -b 1024 -d src base.img 8M || { fail "the base volume is made"; finish; }

db() { extant-debugfs -w "$@"; }

# The bytes that a dry run names, against those that the same commands then change.
cat >covers.py <<'PY'
import json, sys
named = bytearray(len(open(sys.argv[1], 'rb').read()))
records = 0
for line in open(sys.argv[3], encoding='utf-8', errors='surrogateescape'):
    r = json.loads(line)
    if r.get('type', 'change') != 'change' and r.get('format') is None:
        continue
    for place in r.get('bytes', []):
        at, length = map(int, place.split('+'))
        named[at:at + length] = b'\1' * length
    records += 1
before, after = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read()
changed = [i for at in range(0, len(before), 1024) if before[at:at + 1024] != after[at:at + 1024]
           for i in range(at, min(at + 1024, len(before))) if before[i] != after[i]]
missed = [i for i in changed if not named[i]]
print('%d records, %d bytes changed, %d of them not named: %s' %
      (records, len(changed), len(missed), missed[:8]))
sys.exit(bool(missed) or not records)
PY

# named COMMAND: the dry run writes nothing, and names every byte that the real run changes.
named() {
	cp base.img x.img
	extant-debugfs --dry-run --json -R "$1" x.img >dry.json 2>dry.err || { cat dry.err; return 1; }
	cmp base.img x.img || return 1
	db -R "$1" x.img >/dev/null 2>&1 || { echo "the real run fails"; return 1; }
	python3 covers.py base.img x.img dry.json
}

if have python3; then
	while read -r line; do t "a dry run names all of: $line" named "$line"; done <<'LINES'
mkdir /new
mkdir -p /a/b/c/d
rm /test
rm -r /etc
rm /docs/big
ln /test /etc/again
ln -s /docs/motd /etc/sym
ln -s /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa /etc/slow
mv /test /etc/motd
mv /docs /etc/docs
mv --exchange /docs /test
cp /docs/big /big2
cp -a /docs /docs2
put --text "hello" /hello
put --append --text "more" /test
put --atomic --text "other" /test
put --inplace --text "other" /test
put src/docs/big /again
truncate -s 1 /docs/big
truncate -s 3000000 /docs/big
punch /docs/big 3000 200000
chmod 4755 /test
chown 70000:70001 /test
touch -d @12345 /test
touch /fresh
mknod /null c 1 3
setxattr /test user.color blue
setxattr /test user.long "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
set sb.volume_name demo
set ^0.free_blocks_count 7
set <12>.links_count 9
LINES
else
	skip "a dry run names every byte" "python3 is not installed"
fi

pending() { printf 'begin\ntouch -d @12345 /test\nchanges\nrollback\nchanges\n' | db x.img; }
cp base.img x.img
t "changes names fields with both values" says '<[0-9]*>\.mtime  *.* -> 1970-01-01 03:25:45' pending
t "changes has nothing to say after a rollback" says 'no changes' pending
t "and the image is as before" cmp base.img x.img

# ---- set ----
t "a field of the superblock" db x.img set sb.volume_name demo
t "is there" says 'demo' extant-debugfs x.img print sb volume_name
t "a field of an inode, by path" db x.img set /test mtime @77
t "an element" db x.img set '%12.block[14]' 0
t "a flag is added" db x.img set /test flags +nodump
t "and shown" says 'nodump' extant-debugfs x.img print /test flags
t "a value too large is refused with the range" fails_with '65535' db x.img set /test mode 99999999
t "an unknown field is named" fails_with 'mtimes' db x.img set /test mtimes 1
t "an element too far" fails_with '15' db x.img set '%12.block[15]' 0
t "set needs -w" fails_with 'read-only' extant-debugfs x.img set /test mtime @1
t "as debugfs writes it: ssv" db x.img set_super_value mnt_count 3
t "as debugfs writes it: sif" db x.img set_inode_field /test uid 5
t "as debugfs writes it: set_bg" db x.img set_bg 0 free_inodes_count 1
cp x.img y.img
t "a script that sets wrongly changes nothing" fails_with 'the line before it did not take effect' \
	db -R 'set sb.volume_name other' -R 'set /test size none' x.img
t "not a byte" cmp x.img y.img

# ---- what it means elsewhere ----
cp base.img x.img
t "rm -v names the names that stay" says 'keeps .*name.*: /test' db x.img rm -v /docs/copy
t "rm -v of the last name" says 'its last name' db x.img rm -v /test
cp base.img x.img
t "mv says which symlinks lead nowhere" says 'warning: 1 symlink .*lead.* nowhere: /docs/motd' db x.img mv /etc/motd /etc/motd2
cp base.img x.img
t "so does raw unlink" says 'warning: 1 symlink .*lead.* nowhere: /docs/motd' db x.img raw unlink /etc/motd
cp base.img x.img
t "a script says it once, at its end" says '2 symlinks now lead nowhere' \
	db -R 'rm /test' -R 'rm /docs/copy' -R 'rm /etc/motd' x.img
have e2fsck && t "e2fsck finds nothing" e2fsck -fn x.img
finish
