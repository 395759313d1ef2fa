#!/bin/sh
# SPDX-License-Identifier: MIT
# Hard links and symlinks as people change them, one command at a time, against the kernel: what ls -li
# shows, random ln, rm and mv, mv and ln of every pair of paths, trees of links, 65,000 names, two names of
# one file saved both ways, and commands that are killed at each of their writes.
#
#	sh tests/oracle/linkops.sh [OPERATIONS [SEED]]		(FULL=1: 10,000 operations, 5,000 names)
in_memory=1	# hundreds of commits, each made durable
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have e2fsck && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
ops=${1:-150} seed=${2:-1} names=1500
[ -z "${FULL:-}" ] || { ops=10000 names=5000; }
linkops="$root/tests/oracle/linkops.py"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec 3>&1

# figure COMMAND...: its last line is a figure when it succeeds.
figure() {
	"$@" >figure.out 2>&1; result=$?
	cat figure.out
	[ $result -eq 0 ] && echo "figure: $(tail -1 figure.out)" >&3
	return $result
}

mkdir -p "$tmp/mnt" tree/src
t "a tree" python3 "$linkops" make "$tmp/tree/src" --count $names --seed "$seed"
t "a volume of it" extant-mkfs -q -b 1024 -d tree list.img 32M
mount_image list.img "$tmp/mnt" ro
t "ls -liR is what find prints" figure python3 "$linkops" list list.img "$tmp/mnt"
unmount "$tmp/mnt"
t "trees of links as by cp" figure python3 "$linkops" trees list.img "$tmp/mnt"
rm -rf tree list.img*

random() {	# MKFS-OPTIONS SIZE SEED
	# shellcheck disable=SC2086
	extant-mkfs -q -F $1 ops.img "$2" && cp ops.img k.img && mount_image k.img "$tmp/mnt" rw || return 1
	figure python3 "$linkops" ops ops.img "$tmp/mnt" --count "$ops" --seed "$3"; rc=$?
	unmount "$tmp/mnt"
	return $rc
}
t "single operations, blocks of 1 KiB" random "-b 1024" 2M "$seed"
t "single operations, blocks of 4 KiB" random "-b 4096 -I 128" 4M $((seed + 1))

mkdir pairs cuts
t "pairs of paths" figure python3 "$linkops" pairs pairs.img pairs
if have strace && strace -o /dev/null true 2>/dev/null; then
	t "killed at each write" figure python3 "$linkops" cuts cuts.img cuts
else
	skip "killed at each write" "strace cannot be used"
fi

# ---- two names of one file ------------------------------------------------------------------
mkdir two; echo old >two/a; ln two/a two/b; echo new >two.new
extant-mkfs -q -d two two.img 1M; rm -rf two
save() {	# --atomic or --inplace: here, and by the kernel as editors do
	cp two.img ours.img; cp two.img k.img
	extant-debugfs -w ours.img put -T "$1" two.new /b || return 1
	mount_image k.img "$tmp/mnt" rw || return 1
	if [ "$1" = --atomic ]; then cp two.new "$tmp/mnt/.b" && mv "$tmp/mnt/.b" "$tmp/mnt/b"; else cat two.new >"$tmp/mnt/b"; fi
	(cd "$tmp/mnt" && cat a b && stat -c '%n %h' a b) >theirs
	unmount "$tmp/mnt"
	mount_image ours.img "$tmp/mnt" ro && (cd "$tmp/mnt" && cat a b && stat -c '%n %h' a b) >ours
	unmount "$tmp/mnt"
	cat ours theirs
	cmp ours theirs && e2fsck -fn ours.img
}
t "a file saved by renaming over it" save --atomic
t "... the other name has the old content" same "$(tr '\n' ' ' <ours)" "old new a 1 b 1 "
t "a file saved in place" save --inplace
t "... both names have the new content" same "$(tr '\n' ' ' <ours)" "new new a 2 b 2 "

# ---- 65,000 names ------------------------------------------------------------------------------
mkdir -p many/src
t "a file of 64,998 names" python3 "$root/tests/oracle/maketree.py" links many/src 64998
extant-mkfs -q -d many many.img 32M; rm -rf many
kernel_links() {	# how many further names the kernel makes before EMLINK
	cp many.img k.img; mount_image k.img "$tmp/mnt" rw || return 1
	n=0; while [ $n -lt 9 ] && ln "$(find "$tmp/mnt/src" -type f -print -quit)" "$tmp/mnt/more$n"; do n=$((n + 1)); done
	unmount "$tmp/mnt"
	same $n 2
}
t "the kernel makes two names more" kernel_links
first=$(extant-debugfs many.img find /src -type f | head -1)
t "so do we" sh -c 'extant-debugfs -w many.img ln "$0" /more0 && extant-debugfs -w many.img ln "$0" /more1 &&
	! extant-debugfs -w many.img ln "$0" /more2' "$first"
t "all of them linked once more" says '64,998 names lead to copies' extant-debugfs -w many.img cp -al /src /again
t "... are names of one copy" same "$(extant-debugfs many.img stat -c %h "/again/${first##*/}")" 64998
t "... and e2fsck finds nothing" e2fsck -fn many.img
finish
