#!/bin/sh
# SPDX-License-Identifier: MIT
# What a compiler does not check: layers, silence of the library, sizes, licences,
# headers that compile alone, man pages.  Prints each violation; exits 1 on any.
cd "$(dirname "$0")/../.." || exit 1
bad=0
said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
sources=$(find lib mkfs fsck debugfs docs tests -name '*.[ch]' -o -name '*.def' | sort)
complain() { echo "$1"; bad=1; }

# shellcheck disable=SC2086
awk -f tests/lint/layers.awk $sources || bad=1

# The library never prints and never exits.
grep -nE '\b(printf|puts|putchar|perror|fprintf|exit|abort)[[:space:]]*\(' lib/*/*.c &&
	complain "lib/ prints or exits"
# Unbounded copies, stack of unknown size, casts of image bytes to structs.
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|strncpy)[[:space:]]*\(' $sources &&
	complain "unbounded or confusing string functions"
grep -nE '\b(le|be)(16|32|64)toh|htole' $sources && complain "byte order outside base/endian.h"

for f in $sources; do
	lines=$(wc -l <"$f")
	[ "$lines" -le 800 ] || complain "$f: $lines lines; a file is one idea of at most 800"
done
# Whoever copies a file has its licence: in its first lines, or, of what has no comments, in LICENSE.
for f in $(git ls-files Makefile .ci bench debugfs docs fsck images lib mkfs scripts tests); do
	case $f in *.md | *.[1-8] | *.in | *.recipe | *.lines | */corpus/* | *.supp) continue ;; esac
	head -3 "$f" | grep -q 'SPDX-License-Identifier: MIT' || complain "$f: no SPDX line"
done
# A function fits a screen; 80 lines need a reason, more are refused.
# shellcheck disable=SC2086
awk 'FNR == 1 { start = 0 }
	/^{/ { start = FNR }
	/^}/ { if (start && FNR - start - 1 > 80) { printf "%s:%d: a function of %d lines\n", FILENAME, start, FNR - start - 1; bad = 1 } start = 0 }
	END { exit bad }' $(echo "$sources" | tr ' ' '\n' | grep '\.c$') || bad=1
# 100 columns, a tab being 8.
# shellcheck disable=SC2086
for f in $(echo "$sources" | tr ' ' '\n' | grep '\.[ch]$'); do
	expand "$f" | awk -v f="$f" 'length($0) > 100 { printf "%s:%d: %d columns\n", f, FNR, length($0); bad = 1 } END { exit bad }' || bad=1
done
git grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -- ':!tests/lint' ':!tests/fuzz/corpus' && complain "left-over markers"
# The repository speaks of the program, not of how it came about or where.
git grep -nE '(issue|pull request) #?[0-9]|/(work|root)/|/home/[a-z]*/(src|extant)' -- '*.c' '*.h' '*.def' '*.md' \
	'*.[1-8]' '*.sh' '*.py' scripts bench Makefile ':!tests/lint' ':!tests/unit' ':!tests/oracle/paths.py' &&
	complain "words about the making of it"

for h in lib/*.h lib/*/*.h; do
	echo "#include \"${h#lib/}\"" | ${CC:-gcc} -std=c11 -Ilib -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror \
		-fsyntax-only -x c - >"$said" 2>&1 || { complain "$h does not compile alone"; head -5 "$said"; }
done

if command -v mandoc >/dev/null 2>&1; then
	for m in docs/*.[1-8]; do
		[ -e "$m" ] || continue
		mandoc -Tlint -W warning "$m" || complain "$m: mandoc is not content"
	done
fi
exit $bad
