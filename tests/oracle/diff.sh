#!/bin/sh
# SPDX-License-Identifier: MIT
# What `diff` lists of two volumes is what rsync would do to make the second like the first, both
# mounted by the kernel: tests/oracle/diff.py.
#
#	PAIRS=100 SEED=1 B=build sh tests/oracle/diff.sh
. "$(dirname "$0")/../lib.sh"
PAIRS=${PAIRS:-8} SEED=${SEED:-1}
can_mount || { skip "diff and rsync" "$why"; finish; }
for program in python3 mke2fs rsync setfacl; do
	have $program || { skip "diff and rsync" "no $program here"; finish; }
done
mounts="$tmp/a $tmp/b"
python3 "$root/tests/oracle/diff.py" "$PAIRS" "$SEED" >out.txt 2>&1
status=$?
tail -1 out.txt
t "diff and rsync agree on $PAIRS pairs, from seed $SEED" sh -c "cat out.txt; exit $status"
finish
