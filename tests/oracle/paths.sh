# SPDX-License-Identifier: MIT
# Paths through nested relative and absolute links, chains of 39 to 41 and circles, resolved by the
# shell and by stat(2) under chroot; and as somebody else, through trees of random owners, modes and
# access lists.
#
#	sh tests/oracle/paths.sh [PATHS [TREES [SEED]]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have python3 && have setfacl || { skip "all" "e2fsprogs, acl or python3 is not installed"; finish; }
paths="$root/tests/oracle/paths.py"
count=${1:-5000} trees=${2:-1000} seed=${3:-1}

answer() {
	extant-debugfs --json --keep-going -f q.lines a.img >q.got 2>q.err
	[ $? -le 1 ] && python3 "$paths" compare q
}
judge() {	# LABEL PATHS PER-TREE
	mounted a.img ro python3 "$paths" ask "$tmp/mnt" "$2" "$3" "$seed" "$tmp/q" || { fail "$1: asking the kernel"; return; }
	t "$1: the shell answers as the kernel does" answer
	grep -h figure .out
}

for options in "-b 1024" "-b 4096"; do
	# shellcheck disable=SC2086
	mke2fs -q -F -t ext2 $options a.img 16M >/dev/null 2>&1
	mounted a.img rw python3 "$paths" tangle "$tmp/mnt" "$seed" || fail "links are made"
	judge "blocks of ${options#-b }" $(((count + 1) / 2)) 0
	seed=$((seed + 1))
done

if [ "$(cat /proc/sys/fs/protected_symlinks 2>/dev/null)" = 1 ]; then
	skip "others than root" "the kernel protects symlinks in directories like /tmp here"
	finish
fi
mke2fs -q -F -t ext2 -b 1024 -N $((trees * 20 + 100)) a.img $((trees / 25 + 16))M >/dev/null 2>&1
mounted a.img rw,acl,user_xattr python3 "$paths" trees "$tmp/mnt" "$trees" "$seed" || fail "trees are made"
judge "as others, $trees trees" 0 2
finish
