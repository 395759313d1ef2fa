# SPDX-License-Identifier: MIT
# Source trees: taken apart into grafts, with mounts in them, with names outside; and which names are
# names of one inode, through image, archive and directory again.
#
#	GRAFTS MOUNTS OUTSIDE PAIRS  how many (40 15 300 10000); LINKS SUBDIRS of one file and directory (1000 100)
. "$(dirname "$0")/../lib.sh"
have e2fsck && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
[ -z "${FULL:-}" ] || : ${GRAFTS:=1000} ${MOUNTS:=300} ${OUTSIDE:=1000} ${PAIRS:=60000} ${LINKS:=65000} ${SUBDIRS:=64998}
oracle() { python3 "$root/tests/oracle/sources.py" "$@"; }
links() { python3 "$root/tests/oracle/linktree.py" "$@"; }

# passes NAME COMMAND...: as t, in an empty directory, and its figures are shown.
passes() {
	what=$1; shift
	mkdir work && cd work || exit 1
	t "$what" "$@"
	grep '^figure: ' "$tmp/.out"
	cd .. && rm -rf work
}
can_unshare() {
	is_root || { why="needs root to mount"; return 1; }
	unshare -m --propagation private mount -t tmpfs none /mnt 2>/dev/null || { why="no mounts in a name space here"; return 1; }
}

passes "grafts are as the tree put together" oracle grafts "${GRAFTS:-40}"
passes "counts are those of the names inside" oracle outside "${OUTSIDE:-300}"
passes "many pairs" oracle pairs "${PAIRS:-10000}"
if can_unshare; then
	# A copy of a mount of a test beside us would keep its image in use.
	passes "-x leaves mount points empty" unshare -m --propagation private \
		sh -c 'umount -a -t ext2 2>/dev/null; exec python3 "$0" mounts "$1"' "$root/tests/oracle/sources.py" "${MOUNTS:-15}"
else
	skip "-x leaves mount points empty" "$why"
fi

# ---- the tree of all links ---------------------------------------------------------------------

into_image() {	# SOURCE IMAGE: and what comes out of it is LIST
	extant-mkfs -q -b $bs -d "$1" "$2" && e2fsck -fn "$2" && extant-fsck -n "$2"
}
comes_out() {	# IMAGE LIST
	rm -rf out && mkdir out && extant-debugfs "$1" get -a / out &&
		links list out --exact >out.list && diff "$2" out.list
}
mounted() {	# IMAGE LIST
	mount_image "$1" "$tmp/mnt" ro && links list "$tmp/mnt" --exact >out.list
	unmount "$tmp/mnt"
	diff "$2" out.list
}
for bs in 1024 4096; do
	rm -rf tree outside ./*.img ./*.tar
	links make tree outside $bs "${LINKS:-1000}" "${SUBDIRS:-100}" $bs || fail "a tree of links"
	links list tree >all.list && links list tree --without s >tar.list
	t "$bs: a directory into an image" into_image tree a.img
	t "$bs: ... and out again" comes_out a.img all.list
	if can_mount; then t "$bs: ... as the kernel sees it" mounted a.img all.list; else
		skip "$bs: as the kernel sees it" "$why"; fi
	# An archive holds no sockets, which tar says.
	t "$bs: the image as an archive" sh -c '! extant-debugfs a.img tar -f a.tar / 2>said; ! grep -v "a socket, left out" said'
	t "$bs: the archive into an image" into_image a.tar b.img
	t "$bs: ... and out again, all but sockets" comes_out b.img tar.list
	tar -cf g.tar -C tree . 2>/dev/null	# GNU tar keeps names of one file and of one symlink, not of one device
	mkdir by-tar && tar -xf g.tar -C by-tar && links list by-tar >by-tar.list && rm -rf by-tar
	t "$bs: what GNU tar wrote" into_image g.tar c.img
	t "$bs: ... is what it unpacks" comes_out c.img by-tar.list
	if have cpio; then
		(cd tree && find . -print0 | cpio -0 -o -H newc --quiet) >a.cpio
		t "$bs: an archive that holds sockets" into_image a.cpio d.img
		t "$bs: ... all names" comes_out d.img all.list
	else
		skip "$bs: sockets in an archive" "cpio is not installed"
	fi
done
ln tree/many/0 tree/many/more
[ "${LINKS:-1000}" -lt 65000 ] || t "more names than ext2 allows" fails_with 'many/[^ ]*: has 65001 names' extant-mkfs -d tree no.img
finish
