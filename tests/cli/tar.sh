#!/bin/sh
# SPDX-License-Identifier: MIT
# Archives: what tar writes is judged by GNU tar, bsdtar and rsync.
. "$(dirname "$0")/../lib.sh"

tree() {	# all that an archive can hold, and what it cannot
	long=$(printf '%0200d' 0)
	mkdir -p "tree/$long/$long" tree/dir tree/empty
	seq 1 20000 >tree/file
	ln tree/file tree/dir/again
	ln -s ../file tree/dir/link
	ln tree/dir/link tree/link2
	ln -s "$long" tree/slow
	mkfifo tree/fifo && ln tree/fifo tree/fifo2
	truncate -s 3000000 tree/hole
	truncate -s 2000000 tree/sparse && echo end >>tree/sparse && truncate -s 5000000 tree/sparse
	printf x | dd of=tree/sparse bs=1 seek=700000 conv=notrunc status=none
	echo deep >"tree/$long/$long/file"
	for name in "$(printf 'bad\377')" 'ünï' "$(printf 'new\nline')" 'back\slash' -dash 'a b'; do
		echo "$name" >"tree/$name"
	done
	chmod 4751 tree/dir/again && chmod 1777 tree/empty
	touch -h -d @1000000000.123456789 tree/file tree/link2 tree/fifo
	touch -d @-100 tree/hole; touch -d @4000000000.5 tree/sparse
	setfattr -n user.text -v value tree/file 2>/dev/null
	setfattr -n 'user.a b' -v '' tree/empty 2>/dev/null
	setfacl -m u:1000:r,g:7:rw tree/file 2>/dev/null
	setfacl -d -m u:1000:rwx tree/dir 2>/dev/null
	is_root || return 0
	chown 12345:3000000 tree/file && mknod tree/null c 1 3 && ln tree/null tree/null2
	mknod tree/disk b 259 300000
}
tree
extant-mkfs -q -d tree a.img 16M
d() { extant-debugfs "$@"; }
listed() { rsync -aiHAXn --delete "$@"; }	# what differs
unpacked() { rm -rf out; mkdir out; "$@" || return 1; rm -rf out/lost+found; listed tree/ out/; }

# ---- tar ------------------------------------------------------------------------------

t "an archive in a file" same "$(d a.img tar -f a.tar / 2>&1)" ""
t "... is the same on standard output" sh -c 'extant-debugfs a.img tar -c / | cmp - a.tar'
t "... with -cf" sh -c 'extant-debugfs a.img tar -cf b.tar / && cmp a.tar b.tar'
t "... in another locale" sh -c 'LC_ALL=C.UTF-8 extant-debugfs a.img tar / | cmp - a.tar'
t "-v counts" says 'wrote 1. files, 6 directories, 2 symlinks, 3 devices' d a.img tar -vf b.tar /
t "--json counts" says '"format": "extant-tar/1".*"directories": 6.*"left_out": 0' d --json a.img tar -f b.tar /
t "without anything to write the file stays" sh -c '! extant-debugfs a.img tar -f a.tar /nosuch; cmp a.tar b.tar'
t "a full disk leaves no half archive" sh -c 'ulimit -f 20; trap "" XFSZ
	! extant-debugfs a.img tar -f new.tar / && ! extant-debugfs a.img tar -f a.tar / ; ! ls new.tar* a.tar.* && cmp a.tar b.tar'
t "holes are not written" test "$(wc -c <a.tar)" -lt 400000
if is_root && have rsync; then
	t "GNU tar restores all" same "$(unpacked tar --xattrs --acls -xpf a.tar -C out 2>&1 | grep -v 'time stamp')" ""
	t "... holes too" test "$(du -k out/sparse | cut -f1)" -lt 100
	if have bsdtar; then	# it does not set the time of "./" itself
		t "bsdtar restores all" same "$(unpacked bsdtar -xpf a.tar -C out 2>&1 | grep -v '\./$')" ""
	else
		skip "bsdtar restores all" "bsdtar is not installed"
	fi
else
	skip "GNU tar restores all" "needs root and rsync"
fi
t "one file, by number" same "$(d a.img tar "<$(d --tsv a.img stat /file | sed -n 2p | cut -f2)>" | tar tf -)" "inode-$(d --tsv a.img stat /file | sed -n 2p | cut -f2)"
t "a directory has its name" says '^dir/link' sh -c 'extant-debugfs a.img tar /dir | tar tf -'
t "a file and its other name" says 'link to file' sh -c 'extant-debugfs a.img tar /file /dir/again | tar tvf -'
t "two compressions are none" fails_with 'exclude each other' d a.img tar -z -J /
if ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13'; then
	t "gzip" sh -c 'extant-debugfs a.img tar -zf a.tgz / && zcat a.tgz | cmp - a.tar'
	t "... twice the same bytes" sh -c 'extant-debugfs a.img tar -z / | cmp - a.tgz'
else
	skip "gzip" "libarchive is not installed"
fi
d -w a.img mknod /socket s
t "a socket is told and left out" says '/socket: a socket, left out' d a.img tar -f b.tar /
if [ -e /dev/full ]; then
	t "a full host" fails_with 'no space left' d a.img tar -f /dev/full /
	t "... on standard output" fails_with 'no space left' sh -c 'extant-debugfs a.img tar / >/dev/full'
fi

finish
