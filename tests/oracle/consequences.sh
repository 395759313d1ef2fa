#!/bin/sh
# SPDX-License-Identifier: MIT
# What commands say of symlinks that lead elsewhere, and of names that share content, against full
# reports before and after: our own listing followed by other rules, and a kernel mount.
# OPS  commands, one by one (default 200; FULL=1: 1,000), and as many in scripts;  SEED  the first
in_memory=1	# hundreds of commits, each made durable
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "all" "no python3 here"; finish; }
ops=${OPS:-200} seed=${SEED:-1} mount=
[ -z "${FULL:-}" ] || ops=1000
if can_mount; then
	mkdir mnt
	mount="--mount $tmp/mnt" mounts=$tmp/mnt
else
	skip "where the kernel goes" "$why"
fi

# judge SEED LINES
judge() {
	rm -rf tree host
	# shellcheck disable=SC2086
	python3 "$root/tests/oracle/consequences.py" --ops "$ops" --seed "$1" --lines "$2" $mount --tmp "$tmp" >said
	result=$?
	sed 's/^/figure: /' said
	[ $result -ne 0 ] || figures="$figures
figure: $(cat said)"
	return $result
}

figures=
t "commands, one by one" judge "$seed" 1
t "scripts of commands" judge $((seed + 1)) 8
echo "$figures" | grep figure
finish
