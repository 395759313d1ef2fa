#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-mkfs -d from outside: several sources, grafts, what is mounted in them, and what is refused.
. "$(dirname "$0")/../lib.sh"
mkfs="extant-mkfs -q"

mkdir -p base/etc base/lib 'mods/k' over/etc 'co:lon'
echo motd >base/etc/motd; echo rc >over/etc/rc; echo mod >mods/k/m; echo c >'co:lon/c'
ln base/etc/motd mods/motd && ln -s motd base/etc/link && ln base/etc/link mods/link
chmod 700 base/etc; chmod 711 over/etc; chmod 750 mods

made() { rm -f a.img; $mkfs "$@" a.img; }

# refused TEXT TRY OPTION...: exactly this message and, if there is any, this advice; no image.
refused() {
	text=$1 try=$2; shift 2
	rm -f a.img
	extant-mkfs "$@" a.img >said 2>&1; got=$?
	cat said
	[ $got -eq 1 ] && [ ! -e a.img ] && same "$(cat said)" "extant-mkfs: $text${try:+
  try: $try}"
}

colon="'\\:' for a colon in a name, in quotes: -d 'a\\:b'"

# ---- several sources ------------------------------------------------------------------------

t "two sources and a graft" made -d base -d over -d mods:/lib/modules/6.1
t "... directories merge, the last says what they are" same "$(d a.img ls -ld /etc /lib /lib/modules /lib/modules/6.1 | awk 'NF > 5 { print $1 }')" \
	"drwx--x--x
drwxr-xr-x
drwxr-xr-x
drwxr-x---"
t "... with all that was in them" same "$(d a.img find / -type f)" "/etc/motd
/etc/rc
/lib/modules/6.1/k/m
/lib/modules/6.1/motd"
t "... names of one file" same "$(d a.img stat -c %h /etc/motd)" 2
t "... and of one symlink, in two sources" same "$(d a.img stat -c %i /etc/link)" "$(d a.img stat -c %i /lib/modules/6.1/link)"
t "... consistent" extant-fsck -n a.img
t "each source has a line" says '^  from mods   1 file, 2 directories, 0 symlinks, at /lib/modules/6.1$' \
	extant-mkfs -n -d base -d over -d mods:/lib/modules/6.1 --size=1M b.img
t "... and what was made" says '^  made        1 directory that none of them has, root.s and 0755$' \
	extant-mkfs -n -d base -d over -d mods:/lib/modules/6.1 --size=1M b.img
t "a graft alone" made -d mods:/a/b
t "... below directories of root's" same "$(d a.img stat -c '%A %u:%g %n' /a /a/b)" "drwxr-xr-x 0:0 /a
drwxr-x--- $(id -u):$(id -g) /a/b"
t "the order of making and being does not matter" made -d mods:/etc/x -d base
t "... the directory is as its source says" same "$(d a.img stat -c %a /etc)" 700
t "a colon in a name is escaped" made -d 'co\:lon:/a\:b'
t "... in both" same "$(d a.img cat '/a:b/c')" c
t "--exclude is of each source" made --exclude etc/rc --exclude k -d base -d over -d mods:/etc/m
t "..." same "$(d a.img find / -type f)" "/etc/m/motd
/etc/motd"
made -d base 2>/dev/null && rm -f b.img
t "files that have names elsewhere are counted" says '^  outside     2 files have names outside the tree; the counts stored are of the names inside$' \
	extant-mkfs -d base b.img

# ---- refusals ------------------------------------------------------------------------------------

echo other >over/etc/motd
t "the same file twice" refused "base/etc/motd (a file) and over/etc/motd (a file): both would be /etc/motd; only directories merge; a.img not made" "" -d base -d over
echo >a.img
t "... also where something is, which stays" sh -c '! extant-mkfs -F -d base -d over a.img 2>said; grep -q "a.img unchanged" said && ! grep -q try: said && [ "$(wc -c <a.img)" = 1 ]'
t "... but not what is excluded" made -d base -d over --exclude etc/motd
rm over/etc/motd && ln -s usr/lib base/lib64
t "a way through a symlink" refused "base/lib64 (a symlink) would be /lib64, where mods needs a directory; a.img not made" "-d mods:/usr/lib/m/6" -d base -d mods:/lib64/m/6
rm base/lib64
long=usr/$(printf '%0200d' 0)/$(printf '%0100d' 1)
ln -s $long base/lib64
t "... whose long text is advised whole" sh -c "! extant-mkfs -F -d base -d mods:/lib64/m/6 a.img 2>said; grep -q 'try: -d mods:/$long/m/6\$' said"
rm base/lib64
t "a way through a file" refused "base/etc/motd (a file) would be /etc/motd, where mods needs a directory; a.img not made" "" -d mods:/etc/motd/x -d base
t "a path that is not absolute" refused '-d base:x: what follows the colon must be an absolute path of the volume' "$colon" -d base:x
t "two colons" refused '-d base:/x:/y: has two colons' "$colon" -d base:/x:/y
t "no path" refused '-d base:: what follows the colon must be an absolute path of the volume' "$colon" -d base:
t "no source" refused '-d :/x: a directory is needed' "" -d :/x
t ".." refused '-d base:/x/../y: ".." in the path of the volume' "" -d base:/x/../y
t "a source that is not there" refused 'none: no such file or directory; a.img not made' "" -d base -d none:/x
tar -cf a.tar base
t "an archive at a place" refused 'a.tar: an archive, which fills a volume alone, from its root; a.img not made' "to unpack it into a directory, and -d with that" -d a.tar:/x
t "an archive beside a directory" refused 'a.tar: an archive, which fills a volume alone, from its root; a.img not made' "to unpack it into a directory, and -d with that" -d base -d a.tar
t "-x with an archive" refused 'a.tar: an archive; --exclude, --skip-unreadable and -x are for directories; a.img not made' "" -x -d a.tar
mkdir mods/new && printf x >"mods/new/$(printf 'new\nline')" && mkdir -p base/new && ln -s x "base/new/$(printf 'new\nline')"
t "names are escaped" refused 'base/new/new\x0aline (a symlink) and mods/new/new\x0aline (a file): both would be /new/new\x0aline; only directories merge; a.img not made' "" -d base -d mods
rm -r mods/new base/new

# ---- mounts ------------------------------------------------------------------------------------------

mkdir -p src/other src/same src/deep/er; echo under >src/other/under; echo f >src/file; echo bound >bound
chmod 2751 src/other; chmod 640 src/file
cat >mounts.sh <<'SH'
mount -t tmpfs -o mode=700 none src/other && touch src/other/a && ln src/other/a src/other/b &&
mount -t tmpfs none src/deep/er && touch src/deep/er/a && ln src/deep/er/a src/deep/er/b
mount --bind mods src/same && mount --bind bound src/file || exit
stat -c %i src/other/a src/deep/er/a | uniq -d >alike
extant-mkfs -d src in.img >entered && extant-mkfs -x -d src out.img >left && extant-mkfs -x -d src -d src/same:/same graft.img
SH
if is_root && unshare -m --propagation private mount -t tmpfs none src/other 2>/dev/null; then
	t "trees with mounts in them" unshare -m --propagation private sh mounts.sh
	t "mount points entered are said" says '^  mounts      4 mount points entered: src/file src/other and 2 more  (-x leaves them empty)$' cat entered
	t "... and entered" same "$(d in.img find / -type f | tr '\n' ' ')" "/deep/er/a /deep/er/b /file /other/a /other/b /same/k/m /same/motd "
	t "... files of the same number on two file systems are two" same "$(d in.img stat -c '%i %h' /other/a /deep/er/a | sort -u | wc -l) $(d in.img stat -c %h /other/a)" "2 2"
	[ -s alike ] || skip "... of the same number" "this kernel numbers files of all tmpfs together"
	t "-x: what is left empty is said" says '^  mounts      4 mount points left empty: src/file src/other and 2 more$' cat left
	t "-x: nothing of another file system, or of the same by a bind mount" same "$(d out.img find / | tr '\n' ' ')" \
		"/ /deep /deep/er /file /lost+found /other /same "
	t "-x: what lies below is what it was" same "$(d out.img stat -c '%a %s' /other /file | tr '\n' ' ')" "2751 1024 640 0 "
	t "-x: a source that is named is read" same "$(d graft.img find /same -type f | tr '\n' ' ')" "/same/k/m /same/motd "
	for image in in out graft; do t "$image: consistent" extant-fsck -n $image.img; done
	chmod 777 .
	t "-x without root" sh -c 'cat >user.sh <<-SH
		mount -t tmpfs -o mode=755 none src/other && touch src/other/a
		setpriv --reuid=65534 --regid=65534 --clear-groups extant-mkfs -q -x --skip-unreadable -d src user.img
	SH
	unshare -m --propagation private sh user.sh; [ "$(extant-debugfs user.img stat -c %a /other)" = 755 ] &&
		[ "$(extant-debugfs user.img find /other)" = /other ]'
else
	skip "mounts" "needs root, and mounts in a name space of its own"
fi
t "-x without any mount says nothing of them" sh -c '! extant-mkfs -n -x -d base --size=1M b.img | grep mount'
finish
