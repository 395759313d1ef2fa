# SPDX-License-Identifier: MIT
# Trees into images, judged by e2fsck, by the kernel and by our own extraction.
# FULL=1 takes the large trees too.
. "$(dirname "$0")/../lib.sh"
have e2fsck || { skip "all" "e2fsprogs is not installed"; finish; }
have rsync && have python3 || { skip "all" "rsync or python3 is not installed"; finish; }
make_tree() { python3 "$root/tests/oracle/maketree.py" "$@"; }

# What rsync would change to make B like A: nothing, when they are the same.  Holes are compared by
# allocated blocks of files over 1 MiB.
compare() {	# A B
	rsync -naHAXi --delete --modify-window=$window --exclude=/lost+found "$1/" "$2/" >diff.out 2>&1 || {
		cat diff.out; return 1; }
	if [ -s diff.out ]; then head -20 diff.out; return 1; fi
}
holes() {	# A B BLOCK_SIZE: no file of B takes 1 MiB more than in A
	(cd "$1" && find . -type f -size +1000k -printf '%b %p\n' | LC_ALL=C sort -k2) >a.holes
	(cd "$2" && find . -type f -size +1000k -printf '%b %p\n' | LC_ALL=C sort -k2) >b.holes
	# A block holds at least as much as a piece of data in a page of the source.
	paste a.holes b.holes | awk -v k=$(($3 / 4096)) '$3 > $1 * (k > 1 ? k : 1) + 4096 { print; bad = 1 } END { exit bad }'
}

# whole NAME TREE OPTIONS...: one tree through everything
whole() {
	what=$1 tree=$2; shift 2
	bs=$(echo "$*" | sed -n 's/.*-b \([0-9]*\).*/\1/p')
	case "$*" in *'-I 128'*) window=0 ;; *) window=-1 ;; esac	# a small inode holds whole seconds
	rm -rf a.img out
	t "$what: mkfs" extant-mkfs -q "$@" -d "$tree" a.img || return
	[ -e a.img ] || return
	t "$what: e2fsck" e2fsck -fn a.img
	t "$what: extant-fsck" extant-fsck -n a.img
	mkdir out
	if is_root; then
		t "$what: get -a" extant-debugfs a.img get -a / out
		t "$what: get -a is the same" compare "$tree" out
		t "$what: get -a keeps holes" holes "$tree" out ${bs:-4096}
	else
		t "$what: get -a" extant-debugfs a.img get -a / out	# owners are whoever runs this
	fi
	rm -rf out
	[ "${bs:-4096}" -le 4096 ] || return 0
	if can_mount; then
		t "$what: the kernel mounts it" mount_image a.img "$tmp/mnt" ro
		t "$what: the kernel sees the same" compare "$tree" "$tmp/mnt"
		unmount "$tmp/mnt" && mount_image a.img "$tmp/mnt" rw && touch "$tmp/mnt/written" &&
			rm "$tmp/mnt/written" && unmount "$tmp/mnt"
		t "$what: e2fsck after a mount" e2fsck -fn a.img
	else
		skip "$what: kernel mount" "$why"
	fi
}

make_tree xattrs xattrs 2>/dev/null
make_tree depth depth 60 long
for bs in 1024 2048 4096 65536; do
	make_tree boundaries edges-$bs $bs
	whole "boundaries $bs" edges-$bs -b $bs
	rm -rf edges-$bs
	make_tree nasty nasty $bs
	whole "nasty $bs" nasty -b $bs
	rm -rf nasty
	whole "xattrs $bs" xattrs -b $bs
done
whole "xattrs 128-byte inodes" xattrs -b 4096 -I 128
whole "depth" depth
make_tree links links 3000
whole "links" links -b 1024
make_tree names names 20000
whole "names" names -b 1024
whole "names 4096" names -b 4096 -I 128
if [ -n "${FULL:-}" ]; then
	rm -rf names links depth
	make_tree names names 100000; whole "100,000 names" names -b 1024; whole "100,000 names 64k" names -b 65536; rm -rf names
	make_tree links links 65000; whole "65,000 links" links; rm -rf links
	make_tree depth depth 500; whole "500 deep" depth
	for d in /usr/share /usr/include /etc /usr/lib; do whole "$d" $d; done
fi
finish
