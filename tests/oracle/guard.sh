# SPDX-License-Identifier: MIT
# An image in the middle of a commit, as a power cut leaves it, is taken for good by nobody:
# e2fsck refuses it and leaves it alone, the kernel does not mount it.  Opening it completes
# the change, and what comes out is sound.
in_memory=1	# hundreds of commits, each made durable
. "$(dirname "$0")/../lib.sh"
have e2fsck || { skip "all" "e2fsprogs is not installed"; finish; }
make -s -C "$root" B="$B" "$B/tests/oracle/halfway" >make.out 2>&1 ||
	{ cat make.out; fail "halfway builds"; finish; }
mkdir states mnt
n=$("$B/tests/oracle/halfway" states "${COUNT:-4}") || { fail "states are made"; finish; }

refuses() {	# IMAGE COMMAND...: fails without success, and changes nothing
	image=$1; shift
	cp "$image" kept.img
	"$@" >refused.out 2>&1; code=$?
	cmp -s "$image" kept.img || { echo "$*: changed $image"; return 1; }
	[ $code -ge 8 ] || { echo "$*: exit $code"; cat refused.out; return 1; }
}

e2fsck_refuses() {
	for i in states/*.img; do
		refuses "$i" e2fsck -p "$i" || return 1
		refuses "$i" e2fsck -fy "$i" || return 1
	done
}

kernel_refuses() {
	for i in states/*.img; do
		if mount -o loop,ro -t "$1" "$i" mnt 2>/dev/null; then
			unmount mnt
			echo "the kernel mounts $i as $1"
			return 1
		fi
	done
}

without_log_refused() {
	for i in states/*-1.img states/revision_0*.img; do
		cp "$i" alone.img
		fails_with extant_commit extant-debugfs alone.img ls >lone.out ||
			{ cat lone.out; return 1; }
		fails_with extant_commit extant-debugfs -w -R "mkdir /x" alone.img >lone.out ||
			{ cat lone.out; return 1; }
		cmp "$i" alone.img || return 1
		fails_with extant_commit extant-fsck -n alone.img >lone.out ||
			{ cat lone.out; return 1; }
	done
}

# What a reader sees through the log is what opening for writing makes of it.
completed() {
	for i in states/*.img; do
		cp "$i" kept.img
		extant-fsck -n "$i" >seen.out 2>seen.err ||
			{ echo "$i: exit $?"; tail -n 20 seen.err; return 1; }
		grep -q "was not completed" seen.err || { cat seen.err; return 1; }
		cmp "$i" kept.img || return 1
		exits 8 extant-fsck -n --no-recover "$i" 2>/dev/null || return 1
		extant-debugfs -w -R pwd "$i" >/dev/null 2>&1 || return 1
		[ ! -e "$i.e2log" ] || { echo "$i: its log is still there"; return 1; }
		extant-fsck -n "$i" >after.out 2>after.err || return 1
		cmp seen.out after.out || return 1
		[ ! -s after.err ] || { cat after.err; return 1; }
		e2fsck -fn "$i" >/dev/null 2>&1 || { e2fsck -fn "$i"; return 1; }
	done
}

t "states are many" [ "$n" -ge 100 ]
t "e2fsck -p and -fy refuse and change nothing" e2fsck_refuses
if can_mount; then
	t "the kernel does not mount them" kernel_refuses ext2
	grep -qw ext4 /proc/filesystems && t "nor as ext4" kernel_refuses ext4
else
	skip "kernel mounts" "$why"
fi
t "without its log every program refuses, with the reason" without_log_refused
t "opening completes the change" completed
echo "figure: guard: $n half-applied images, all refused, all completed"
finish
