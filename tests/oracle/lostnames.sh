# SPDX-License-Identifier: MIT
# Files of three names each that lose all of them, on volumes with and without a past: how many
# extant-fsck gives an old name back, and whether its report says which.
#
#	sh tests/oracle/lostnames.sh [ROUNDS [SEED]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have e2fsck && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
lost="$root/tests/oracle/lostnames.py"
rounds=${1:-1} seed=${2:-1}

repair() {
	extant-debugfs -w -f q.lines a.img && ! extant-fsck -n a.img >out 2>&1 || return 1
	extant-fsck -y --reattach --json a.img >report
	[ $? -eq 1 ] && e2fsck -fn a.img && mounted a.img ro python3 "$lost" judge "$tmp/mnt" "$tmp/q" report
}

for round in $(seq "$rounds"); do
	for kind in fresh aged; do
		for options in "-b 1024" "-b 4096 -O ^dir_index" "-b 1024 -O ^filetype"; do
			# shellcheck disable=SC2086
			mke2fs -q -F -t ext2 $options a.img 16M >/dev/null 2>&1
			mounted a.img rw python3 "$lost" plan "$tmp/mnt" $kind "$seed" "$tmp/q" || fail "files are made"
			t "$kind, $options, seed $seed: names come back, and are told" repair
			grep -h figure .out
			seed=$((seed + 1))
		done
	done
done
finish
