#!/bin/sh
# SPDX-License-Identifier: MIT
# Directories with second names, also below themselves: a repair keeps the one that ".." agrees with, names
# both, and loses nothing else.
#
#	sh tests/oracle/twoparents.sh [VOLUMES [SEED]]		(FULL=1: 1,000)
in_memory=1
. "$(dirname "$0")/../lib.sh"
have python3 && have e2fsck || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
count=${1:-60} seed=${2:-1}
[ -z "${FULL:-}" ] || count=1000
python3 "$root/tests/oracle/twoparents.py" --count "$count" --seed "$seed" >out.txt 2>&1
rc=$?
[ $rc -ne 0 ] || echo "figure: $(tail -1 out.txt)"
t "the name that \"..\" agrees with stays" sh -c "cat out.txt; exit $rc"
finish
