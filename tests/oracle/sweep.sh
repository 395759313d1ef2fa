#!/bin/sh
# SPDX-License-Identifier: MIT
# What repairs make of a sample of the sweep's mutants, judged by e2fsck.
#
#	EVERY=200  one mutant of so many
. "$(dirname "$0")/../lib.sh"

have e2fsck || { skip "the sweep" "no e2fsck"; finish; }
make -s -C "$root" B="$B" "$B/tests/oracle/sweeptool" >make.out 2>&1 ||
	{ cat make.out; fail "sweeptool builds"; finish; }
for volume in 0 1 2; do
	mkdir $volume
	t "volume $volume: mutants are made" "$B/tests/oracle/sweeptool" dump $volume \
		"${EVERY:-199}" $volume
	judged=0
	for image in $volume/*.fixed; do
		[ -e "$image" ] || continue
		judged=$((judged + 1))
		t "volume $volume, mutant ${image#*/}: e2fsck finds nothing" e2fsck -fn "$image"
		rm -f "$image"
	done
	echo "figure: sweep: volume $volume: $judged repaired mutants judged by e2fsck"
done
finish
