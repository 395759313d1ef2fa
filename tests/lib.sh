# SPDX-License-Identifier: MIT
# What the shell tests share.  Source it first:
#
#	. "$(dirname "$0")/../lib.sh"
#	t "a label of 17 bytes is refused" fails_with 'label' extant-mkfs -L 12345678901234567 a.img 1M
#	...
#	finish
#
# B      the build directory (default: build), absolute afterwards; its programs are first in PATH
# tmp    a directory of this test's own, the current one, removed at the end; in memory, where that has
#        room, for a test that has set in_memory before it sources this
# finish prints "N passed, N failed, N skipped" and sets the exit status.
set -u
LC_ALL=C
TZ=UTC
PYTHONHASHSEED=0	# the same order of a set in every run
export LC_ALL TZ PYTHONHASHSEED
umask 022
root=$(cd "$(dirname "$0")/../.." && pwd)
B=${B:-build}
case $B in /*) ;; *) B=$root/$B ;; esac
PATH=$B:$PATH:/sbin:/usr/sbin:$root/tests
ASAN_OPTIONS=${ASAN_OPTIONS:-exitcode=99}
LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$root/tests/leaks.supp:print_suppressions=0}
export PATH ASAN_OPTIONS LSAN_OPTIONS
passed=0 failed=0 skipped=0
if [ "${in_memory:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 1000000 ]; then
	TMPDIR=/dev/shm
	export TMPDIR
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/extant-test.XXXXXX") || exit 1
mounts=
trap 'cleanup' EXIT
trap 'exit 1' INT TERM

cleanup() {
	cd "$tmp" || exit	# out of what is to be unmounted
	for m in $mounts; do umount "$m" 2>/dev/null; done
	cd / && rm -rf "$tmp"
}
cd "$tmp" || exit 1

pass() { passed=$((passed + 1)); [ -z "${VERBOSE:-}" ] || echo "ok: $1"; }
fail() { failed=$((failed + 1)); echo "FAILED: ${0##*/}: $1"; }
skip() { skipped=$((skipped + 1)); echo "skipped: ${0##*/}: $1: $2"; }	# name, reason

# t NAME COMMAND...: passes when the command exits 0; its output is shown only on failure.
t() {
	name=$1; shift
	if "$@" >"$tmp/.out" 2>&1; then pass "$name"; else
		fail "$name (exit $?)"; sed 's/^/    /' "$tmp/.out" | head -20
	fi
}

# exits CODE COMMAND...: the command must exit with exactly this code.
exits() {
	want=$1; shift
	"$@"; got=$?
	[ $got -eq "$want" ] || { echo "exit $got, not $want: $*"; return 1; }
}

# fails_with TEXT COMMAND...: exits not 0 (and no crash or sanitizer report), saying TEXT (a grep pattern).
fails_with() {
	text=$1; shift
	"$@" >"$tmp/.fw" 2>&1; got=$?
	cat "$tmp/.fw"
	[ $got -ne 0 ] && [ $got -lt 99 ] && grep -q -e "$text" "$tmp/.fw" ||
		{ echo "exit $got; wanted a failure that says: $text"; return 1; }
}

# says TEXT COMMAND...: exits 0 and its output matches TEXT (a grep pattern).
says() {
	text=$1; shift
	"$@" >"$tmp/.fw" 2>&1; got=$?
	cat "$tmp/.fw"
	[ $got -eq 0 ] && grep -q -e "$text" "$tmp/.fw" || { echo "exit $got; wanted 0 and: $text"; return 1; }
}

# ends CODE TEXT COMMAND...: exits with CODE, and both outputs together hold the TEXT as it stands; they
# are in the file said.  Nobody answers its questions.
ends() {
	want=$1 text=$2; shift 2
	"$@" >said 2>&1 </dev/null; got=$?
	[ "$got" -eq "$want" ] || { echo "exit $got, not $want"; cat said; return 1; }
	grep -q -F -e "$text" said || { echo "missing: $text"; cat said; return 1; }
}

# spares IMAGE COMMAND...: the command must refuse to write to the image, which keeps its bytes.
spares() {
	spared=$1; shift
	cp "$spared" "$tmp/.spared"
	fails_with 'is the image itself' "$@" && cmp "$spared" "$tmp/.spared"
}

d() { extant-debugfs "$@"; }
digest() { sha256sum <"$1"; }
same() { [ "$1" = "$2" ] || { echo "got:    $1"; echo "wanted: $2"; return 1; }; }
have() { command -v "$1" >/dev/null 2>&1; }
sanitized() { grep -q __asan_init "$B/extant-debugfs"; }	# slower: a test may then do less
is_root() { [ "$(id -u)" -eq 0 ]; }

# can_mount: whether this machine lets us loop-mount; the reason in $why when not.
can_mount() {
	is_root || { why="needs root to mount"; return 1; }
	[ -e /dev/loop-control ] || { why="no loop devices here"; return 1; }
	grep -qw ext2 /proc/filesystems || modprobe ext2 2>/dev/null || modprobe ext4 2>/dev/null ||
		{ why="the kernel has no ext2"; return 1; }
}

# mount_image IMAGE DIR [OPTIONS], and afterwards tests/unmount DIR
mount_image() {
	mkdir -p "$2" && mount -t ext2 -o "loop,${3:-ro}" "$1" "$2" || return 1
	case " $mounts " in *" $2 "*) ;; *) mounts="$2 $mounts" ;; esac
}

# mounted IMAGE OPTIONS COMMAND...: the command while the image is mounted at $tmp/mnt.
mounted() {
	image=$1 options=$2; shift 2
	mount_image "$image" "$tmp/mnt" "$options" || return 1
	"$@"; got=$?
	unmount "$tmp/mnt" || return 1
	return $got
}

# hold IMAGE COMMAND...: a session that has the image open for writing until let_go, and has run the
# commands; $holder is its process, and what it says stands in holder.out.
hold() {
	image=$1; shift
	rm -f in held; mkfifo in
	extant-debugfs -w "$image" <in >holder.out 2>&1 &
	holder=$!
	exec 3>in
	for line in "$@" '!: >held'; do echo "$line" >&3; done
	soon test -e held
	got=$?
	rm -f held
	return $got
}

# soon COMMAND...: waits until the command succeeds; fails when it does not for a minute or two.
soon() {
	tries=6000
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "it does not come: $*"; return 1; }
		sleep 0.01
	done
}
let_go() {	# the exit status of the session
	exec 3>&-
	wait $holder
}

finish() {
	echo "${0##*/}: $passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
	exit
}
