#!/bin/sh
# SPDX-License-Identifier: MIT
# What a dry run names, against the structures and fields that the real run changes, as a
# program that shares nothing with ours finds them; the clock goes on between the two.
# sanitizers: no, it is about places in an image, and changes.sh runs the same code
in_memory=1	# hundreds of commits
. "$(dirname "$0")/../lib.sh"

mkdir -p src/docs/deep src/many
echo hello >src/test
ln src/test src/second
ln src/test src/docs/copy
ln -s test src/link
ln -s ../test src/docs/rel
ln -s "$(printf '%0120d' 1)" src/docs/slow
seq 1 90000 | head -c 300000 >src/docs/big
for i in $(seq 100); do echo $i >"src/many/a-rather-long-name-$i"; done
seq 70000 90000 | head -c 50000 >new.bin

# names LABEL IMAGE COMMAND...: what the dry run says is what the real run changes.
names() {
	cp "$2" before.img
	cp "$2" work.img
	shift
	image=$1; shift
	extant-debugfs --dry-run --json work.img "$@" >said.json || return 1
	cmp before.img work.img || return 1
	extant-debugfs -w work.img "$@" || return 1
	python3 "$root/tests/cli/dryrun.py" before.img work.img said.json
}

# long_ago COMMAND...: no time in a volume is of the second of a dry run, or it
# would not name that time, which changes when the real run comes in the next second.
long_ago() { SOURCE_DATE_EPOCH=1000000000 "$@"; }

if ! have python3; then
	skip "what dry runs name" "no python3"
	finish
fi

for form in "-b 1024 -I 128" "-b 4096 -I 256"; do
	long_ago extant-mkfs -F $form -d src a.img 4M >/dev/null || fail "mkfs $form"
	while read -r line; do
		# Words are split at spaces: no command here needs more.
		t "$form: $line" names "$line" a.img $line
	done <<-END
		mkdir /new
		mkdir -p /p/q/r
		rmdir /docs/deep
		rm /test
		rm /docs/big
		rm -r /docs
		rm -r /many
		rm /link
		rm /docs/slow
		ln /test /docs/third
		ln -s /short /docs/s
		ln -s /$(printf '%0100d' 1) /docs/s
		mv /test /renamed
		mv /test /docs/moved
		mv /docs /many/docs
		mv -f /docs/big /test
		mv --exchange /test /docs/deep
		cp /docs/big /copy
		cp -r /docs /copied
		cp -a /docs /copied
		put $tmp/new.bin /new.bin
		put --inplace $tmp/new.bin /test
		put --append $tmp/new.bin /test
		put -r $tmp/src/many /docs
		chmod 0600 /test
		chmod -R u=rwX,go= /docs
		chown 70000:12 /test
		touch /test
		touch -d @1000000000 /test
		touch /made
		truncate -s 5 /docs/big
		truncate -s 0 /docs/big
		truncate -s 100M /test
		punch /docs/big 1000 200000
		mknod /null c 1 3
		mknod /pipe p
		setxattr /test user.a value
		setxattr /docs/big user.long $(printf '%0400d' 1)
		set sb.max_mnt_count 77
		set sb.volume_name other
		set ^0.free_blocks_count 12
		set %12.mode 0100600
		set /test links_count 9
		set /docs/big block[3] 7
		set_super_value errors panic
		set_block_group 0 used_dirs_count 3
		sif /test generation 5
	END
done

# All others, on one of them: trees of links, archives, what was removed, damage on purpose.
printf '#!/bin/sh\nexec cp new.bin "$1"\n' >editor; chmod +x editor
EDITOR=$tmp/editor
export EDITOR; unset VISUAL
(cd src && tar -cf ../src.tar many docs/big)
long_ago extant-mkfs -F -b 1024 -d src a.img 4M >/dev/null &&
	long_ago extant-debugfs -w a.img cp /docs/big /gone &&
	long_ago extant-debugfs -w a.img cp /docs/big /twin &&
	gone=$(extant-debugfs a.img stat -c %i /gone) && long_ago extant-debugfs -w a.img rm /gone || fail "a volume"
while read -r line; do
	t "$line" names "$line" a.img $line
done <<-END
	ln -sr /docs/big /many/relative
	ln -sfn ../second /docs/rel
	ln -f /docs/big /second
	cp -al /docs /linked
	cp -rl /docs /many
	dedupe /
	unshare /
	put --tar src.tar /docs/deep
	edit /docs/big
	edit --atomic /test
	undel <$gone> /found
	touch -h -d 2001-02-03 /link
	write new.bin /written
	raw unlink /docs/copy
	raw link /docs/big /again
	entry / test file_type directory
	expand_dir /docs
	clri /test
	copy_inode /test /docs/big
	kill_file /docs/big
	mi /test links_count=5 mode=0120777
	freei /test
	seti 200 3
	freeb 100+4
	setb 3000 9
	mark 3000+9
	unmark /docs/big
	zap --random /docs
	poke /test 0 ffff
	pointer 1000 251 12040
	field /test inode links_count 9
	dirty
	break link-count
	break block-range --seed 3
END
# A new symlink's text, and the numbers that its bytes would be as pointers.
t "text is no pointer" sh -c 'extant-debugfs --dry-run a.img ln -s /test /new >out && grep -q "text *\"/test\"" out && ! grep "block\[" out'

extant-mkfs -F -d src a.img 8M >/dev/null
printf 'set sb.log_block_size 2\nmkdir /a\nset sb.log_block_size 0\n' >geometry
cp a.img b.img
t "the geometry of a session stays" exits 0 extant-debugfs -w -f geometry b.img
t "and the volume is sound" exits 0 extant-fsck -fn b.img
t "a copy of the superblock" says '^77$' sh -c "extant-mkfs -F c.img 20M >/dev/null &&
	extant-debugfs -w c.img set sb:1.max_mnt_count 77 &&
	extant-debugfs c.img print sb:1.max_mnt_count"
t "a symlink that is moved is watched" says '1 symlink now leads nowhere: /docs/deep/rel$' \
	extant-debugfs -w a.img mv /docs/rel /docs/deep
t "what led nowhere before is not told" sh -c 'extant-debugfs -w a.img rm /second 2>&1 | (! grep .)'
finish
