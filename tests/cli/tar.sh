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
listed() { rsync -aiHAXn --delete --exclude /lost+found "$@"; }	# what differs
unpacked() { rm -rf out; mkdir out; "$@" || return 1; listed tree/ out/; }

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
t "the image is not replaced" spares a.img d a.img tar -f a.img /
t "a private archive and a symlink to it stay that" sh -c 'umask 022; : >kept.tar; chmod 600 kept.tar; ln -s kept.tar soft.tar
	extant-debugfs a.img tar -f soft.tar / && test -L soft.tar && cmp kept.tar a.tar && [ $(stat -c %a kept.tar) = 600 ]'
rm -rf mixed; mkdir -p mixed/d; head -c 3000000 /dev/urandom >noise
extant-mkfs -q -b 1024 -d mixed w.img 4M
d -w -R 'put --text x /d/first' -R 'put noise /d/second' -R 'entry /d first inode 4000000' w.img
cp w.img twice.img	# a third file claims the blocks of the second: more data than the image has
d -w -R 'put --text x /d/third' -R 'set /d/third size 3000000' twice.img
for i in 12 13; do
	d -w -R "set /d/third block[$i] $(d -R "print /d/second block[$i]" w.img | grep -o '[0-9]*$' | tail -1)" twice.img
done
cp a.tar good.tar
t "what was told before does not hide a failure" fails_with 'more data than the image holds' d twice.img tar -f good.tar /d
t "... the file is as it was" sh -c 'cmp a.tar good.tar && ! ls good.tar.*'
t "a warning alone is no reason to write none" sh -c '! extant-debugfs w.img tar -f warned.tar /d 2>err && tar xOf warned.tar d/second | cmp - noise'
rm -f noise w.img twice.img warned.tar good.tar
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

# ---- put --tar ---------------------------------------------------------------------------

if ! ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13'; then
	skip "put --tar" "libarchive is not installed"
	finish
fi
fresh() { extant-mkfs -q -F -d empty b.img 16M; }
mkdir -p empty
d -w a.img rm /socket
d a.img tar -f a.tar /
again() {	# what comes of an archive in a fresh volume, as an archive
	fresh; d -w b.img put --tar "$1" / && d b.img tar -f b.tar / && e2fsck -fn b.img >e2fsck.log 2>&1
}
t "put --tar of what tar has written" again a.tar
t "... is the same again" sh -c 'tar tvf a.tar | tr -s " " | sort >1; tar tvf b.tar | tr -s " " | sort >2; diff 1 2'
t "... holes too" same "$(wc -c <b.tar)" "$(wc -c <a.tar)"
t "... compressed" sh -c 'gzip -k a.tar; extant-mkfs -q -F -d empty b.img 16M; extant-debugfs -w b.img put --tar a.tar.gz /
	extant-debugfs b.img tar / | cmp - b.tar'
t "... from a pipe, twice the same" sh -c 'extant-mkfs -q -F -d empty c.img 16M; extant-debugfs -w c.img put --tar - <a.tar &&
	extant-debugfs c.img tar / | cmp - b.tar'
t "... a second time, every name is there" fails_with 'put: a.tar/.*: is there already' d -w b.img put --tar a.tar /
t "... but with --atomic" d -w b.img put --tar --atomic a.tar /
t "NAME must be there" fails_with 'no such name' d -w b.img put --tar a.tar /nosuch
t "... and a directory" fails_with 'not a directory' d -w b.img put --tar a.tar /file
t "an archive that is cut short" sh -c 'head -c 30000 a.tar.gz >cut.gz; cksum <b.img >1
	! extant-debugfs -w b.img put --tar --atomic cut.gz / 2>err; cksum <b.img | cmp - 1 && grep "cut.gz: entry" err'
t "no archive" fails_with 'Unrecognized archive format' d -w b.img put --tar tree/file /
t "... an image is none, though it begins with zeros" fails_with 'b.img: is no archive' d -w b.img put --tar b.img /
t "an archive of nothing is one" sh -c 'head -c 10240 /dev/zero >zero.tar; extant-debugfs -w b.img put --tar zero.tar /'
t "no such file" fails_with 'nosuch: no such file' d -w b.img put --tar nosuch /
(cd tree && find file dir hole fifo | cpio -o -H newc --quiet >../a.cpio 2>/dev/null)
if [ -s a.cpio ]; then
	fresh
	t "cpio" d -w b.img put --tar a.cpio /
	t "... whose data comes with the last name" sh -c 'extant-debugfs b.img cat /file | cmp - tree/file && extant-debugfs b.img cat /dir/again | cmp - tree/file'
	t "... and zeros are holes" same "$(d b.img stat /hole | grep -c 'blocks *0 ')" 1
else
	skip "cpio" "cpio is not installed"
fi
cat >hostile.py <<'PY'
import io, sys, tarfile
def archive(name, *entries):
    with tarfile.open(name, 'w', format=tarfile.PAX_FORMAT) as t:
        for path, kind, more in entries:
            e = tarfile.TarInfo(path)
            e.type = kind
            if kind in (tarfile.LNKTYPE, tarfile.SYMTYPE): e.linkname = more
            elif kind == tarfile.DIRTYPE: e.mode = 0o755
            data = more if kind == tarfile.REGTYPE else b''
            e.size = len(data)
            t.addfile(e, io.BytesIO(data))
F, L, S, D = tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE
ok = ('ok', F, b'x')
archive('up.tar', ok, ('../etc/passwd', F, b'x'))
archive('mid.tar', ok, ('a/../../b', F, b'x'))
archive('abs.tar', ok, ('/etc/passwd', F, b'x'))
archive('sym.tar', ok, ('s', S, '/'), ('s/evil', F, b'x'))
archive('file.tar', ok, ('ok/evil', F, b'x'))
archive('twice.tar', ok, ('ok', F, b'y'))
archive('dirfile.tar', ('d/x', F, b'y'), ('d', F, b'y'))
archive('link.tar', ok, ('l', L, 'nosuch'))
archive('linkup.tar', ok, ('l', L, '../../etc/passwd'))
archive('linkdir.tar', ok, ('d', D, None), ('l', L, 'd'))
archive('name.tar', ok, ('n' * 256, F, b'y'))
archive('order.tar', ('d/x', F, b'y'), ('d', D, None), ('./e/', D, None), ('d', D, None), ('e//y', F, b'z'))
header = bytearray(tarfile.TarInfo('huge').tobuf(tarfile.USTAR_FORMAT))
header[124:136] = b'77777777777\0'
header[148:156] = b' ' * 8
header[148:155] = b'%06o\0' % sum(header)
open('huge.tar', 'wb').write(header + b'x' * 10240)
PY
if have python3; then
	python3 hostile.py
	fresh; cksum <b.img >sum
	for bad in 'up:2 "../etc/passwd": leads out of the volume' 'mid:2 "a/../../b": leads out' 'abs:2 "/etc/passwd": leads out' \
		'sym:3 "s/evil": leads through the symlink "s"' 'file:2 "ok/evil": leads through "ok", which is no dir' \
		'twice:2 "ok": entry 1 has that name' 'dirfile:2 "d": other entries use it' \
		'link:2 "l": a hard link to "nosuch", which is not there' 'linkup:2 "l": leads out' \
		'linkdir:3 "l": a hard link to "d", which is a dir' 'name:2 "nnn*...": a name of 256' 'huge:1 "huge": '; do
		t "an archive is refused: ${bad%%:*}" fails_with "put: ${bad%%:*}.tar: entry ${bad#*:}" d -w b.img put --tar "${bad%%:*}.tar" /
		t "... and nothing has changed" sh -c 'cksum <b.img | cmp - sum'
	done
	t "directories may come late and twice" d -w b.img put --tar order.tar /
	t "... with all in them" same "$(d b.img cat /d/x /e/y)" yz
else
	skip "hostile archives" "python3 is not installed"
fi
t "mkfs -d of an archive" sh -c 'extant-mkfs -q -F -d a.tar b.img 16M && e2fsck -fn b.img && extant-debugfs b.img tar -f b.tar /
	tar tvf a.tar | tr -s " " | sort >1; tar tvf b.tar | tr -s " " | sort >2; diff 1 2'
t "... compressed, from a pipe" sh -c 'gzip -c a.tar | extant-mkfs -q -F --reproducible -d - c.img 16M &&
	extant-mkfs -q -F --reproducible -d a.tar d.img 16M && cmp c.img d.img'
t "... of a size that fits" sh -c 'rm -f c.img; extant-mkfs -q -d a.tar c.img && e2fsck -fn c.img'
t "... that is hostile" fails_with 'extant-mkfs: up.tar: entry 2 "../etc/passwd": leads out of the volume; refused' extant-mkfs -q -d up.tar new.img 1M
t "... leaves no image" test ! -e new.img
t "--exclude is for directories" fails_with 'a.tar: an archive' extant-mkfs -q --exclude x -d a.tar new.img
t "more than fits" sh -c 'head -c 20M /dev/urandom >big; tar cf big.tar big; rm big; cksum <b.img >1
	! extant-debugfs -w b.img put --tar big.tar / 2>err; cksum <b.img | cmp - 1 && grep "big.tar: entry 1 \"big\"" err'
rm -f big.tar

t "put --tar -T: one thing gets a name" sh -c 'mkdir -p one/in && echo x >one/in/f && tar -cf one.tar -C one in && extant-mkfs -q o.img 1M &&
	extant-debugfs -w o.img put --tar -T one.tar /name && [ "$(extant-debugfs o.img cat /name/f)" = x ]'
t "... of several none does" fails_with 'has 2 things at its top' sh -c 'echo y >one/g; tar -cf two.tar -C one in g; extant-debugfs -w o.img put --tar -T two.tar /other'
t "... and nothing is made" fails_with 'has no "other"' extant-debugfs o.img ls /other
finish
