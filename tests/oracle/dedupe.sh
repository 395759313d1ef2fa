#!/bin/sh
# SPDX-License-Identifier: MIT
# dedupe, unshare and extant-mkfs --dedupe against sha256sum, hardlink(1), e2fsck and the kernel:
#
#	sh tests/oracle/dedupe.sh [TREES [SEED]]	default 4 trees from seed 1
in_memory=1	# holes and attributes are cheap there, and links many
trees=${1:-4} seed=${2:-1}
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "dedupe" "no python3 here"; finish; }
py="python3 $root/tests/oracle/dedupe.py"
mounted=; if can_mount; then mounted=1; else skip "as the kernel sees it" "$why"; fi
! sanitized || trees=1

free() { extant-debugfs --tsv "$1" df | awk 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { print $at["free"], $at["block_size"], $at["inodes_free"] }'; }

# looks HOW TREE IMAGE SAID: the image holds the tree, its files as they should be.
looks() {
	have e2fsck && { e2fsck -fn "$3" >e2fsck.out 2>&1 || { cat e2fsck.out; return 1; }; }
	if [ "$mounted" ]; then
		mount_image "$3" mnt || return 1
		$py check "$1" "$2" mnt "$4"; rc=$?
		unmount mnt
	else
		rm -rf got && mkdir got && extant-debugfs "$3" get -a / got >/dev/null || return 1
		$py check "$1" "$2" got "$4"; rc=$?
	fi
	return $rc
}

# saved BEFORE AFTER SAID SIGN: the free blocks and inodes of two images differ as was said.
saved() {
	set -- $(free "$1") $(free "$2") "$(echo "$3" | sed 's/^\([0-9,]*\) names*: \([0-9,]*\) inode.*, \([0-9,]*\) KiB.*/\3/; s/,//g')" "$4"
	same "$((($4 - $1) * $2 / 1024 * $8))" "$7"
}

# links DIR OPTIONS: how many inodes its files have once hardlink(1) was there
links() {
	dir=$1; shift
	hardlink -q "$@" "$dir" >/dev/null && find "$dir" -type f -printf '%i\n' | sort -u | wc -l
}
inodes() { sed -n 's/^.*names*: \([0-9,]*\) inode.*/\1/; s/,//g; 1p' "$1"; }

n=0 names=0 left=0
while [ $n -lt "$trees" ]; do
	at="seed $((seed + n))"
	case $((n % 3)) in 0) block=1024 ;; 1) block=2048 ;; *) block=4096 ;; esac
	rm -rf tree copy && mkdir tree && $py make $((seed + n)) tree || fail "$at: a tree"
	extant-mkfs -qF -b $block -N 2048 -d tree a.img 40M || fail "$at: an image"
	for how in content strict; do
		strict=; [ $how = content ] || strict=--strict
		cp a.img b.img
		extant-debugfs b.img dedupe -n $strict / >said || fail "$at: dedupe -n"
		t "$at: -n changes no byte" cmp a.img b.img
		extant-debugfs -w b.img dedupe $strict / >did || fail "$at: dedupe"
		t "$at: -n said the same" sh -c "sed 's/would be saved/saved/; s/would have/have/g; s/would lose/lose/' said >will; sed 's/ has / have /g; s/loses/lose/' did | cmp - will"
		t "$at: $how" looks $how tree b.img "$(head -1 did)"
		t "$at: $how: what is said is saved" saved a.img b.img "$(head -1 did)" 1
		names=$((names + $(sed 's/ .*//; s/,//g; q' did))) left=$((left + $(inodes did)))
		cp -a tree copy
		if have hardlink; then
			option=-c; [ $how = content ] || option=-X
			t "$at: $how: as many as hardlink leaves" same "$(inodes did)" "$(links copy $option)"
		fi
		rm -rf copy
		extant-mkfs -F -b $block -N 2048 --dedupe=$how -d tree c.img 40M >made || fail "$at: mkfs --dedupe"
		t "$at: mkfs $how" looks $how tree c.img "$(sed -n 's/^  dedupe *//p' made)"
		t "$at: mkfs $how: what is said is saved" saved a.img c.img "$(sed -n 's/^  dedupe *//p' made)" 1
		[ $how = content ] && continue
		cp b.img c.img
		extant-debugfs -w c.img unshare / >did || fail "$at: unshare"
		extant-debugfs --json c.img links >linked
		t "$at: nothing is shared any more" cmp linked /dev/null
		t "$at: unshare: what is said is used" saved b.img c.img "$(head -1 did)" -1
		extant-debugfs c.img find / -type f >all	# what is said counts symlinks too
		t "$at: unshare" looks unshared tree c.img "$(grep -c . all) names: $(grep -c . all) inodes"
	done
	n=$((n + 1))
done
echo "figure: $names names in $trees trees, twice each: $left inodes, as sha256sum and hardlink count them"

# ---- the time zones, where every link was followed ---------------------------------------
if [ -d /usr/share/zoneinfo ] && ! sanitized; then
	rm -rf tree && mkdir tree && cp -rL /usr/share/zoneinfo tree/zoneinfo
	find tree -type f -size +0 -exec sha256sum {} + | awk '{ print $1 }' | sort -u | wc -l >distinct
	extant-mkfs -qF -b 1024 -d tree a.img 32M && cp a.img b.img && extant-debugfs -w b.img dedupe / >did
	t "zoneinfo: an inode for each distinct file" same "$(inodes did)" "$(cat distinct)"
	t "zoneinfo: contents, inodes" looks content tree b.img "$(head -1 did)"
	t "zoneinfo: what is said is saved" saved a.img b.img "$(head -1 did)" 1
	echo "figure: zoneinfo: $(head -1 did)"
fi

# ---- more names than an inode may have ------------------------------------------------------
rm -rf tree && mkdir tree
if ! sanitized && $py many tree 64990 2>/dev/null; then
	extant-mkfs -qF -b 1024 -d tree a.img 16M && extant-debugfs -w a.img dedupe / >did || fail "dedupe of many"
	t "65,000 names and no more" same "$(head -1 did)" "65,020 names: 2 inodes, 29 KiB saved"
	t "... in the volume" same "$(extant-debugfs a.img stat -c %h /first)" 65000
	extant-mkfs -F -b 1024 --dedupe -d tree a.img 16M >did
	t "extant-mkfs too" grep -q '65,020 names: 2 inodes, 29 KiB saved' did
	t "e2fsck agrees" sh -c "! command -v e2fsck >/dev/null || e2fsck -fn a.img"
fi
finish
