#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-fsck at a terminal: the list, one question that means no, answers one by one, signals.
. "$(dirname "$0")/../lib.sh"
fsck=extant-fsck

if ! have python3 || ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	skip "questions" "needs python3 and terminals of its own"
	finish
fi
# asks CODE ANSWERS TEXT: on a fresh copy of the damaged image; what is said holds TEXT.
asks() {
	cp bad.img a.img
	python3 "$root/tests/cli/fsck_ask.py" "$1" "$2" $fsck -f a.img >said 2>&1 ||
		{ cat said; return 1; }
	grep -q -F -e "$3" said || { echo "missing: $3"; cat said; return 1; }
}
as_it_was() { cmp a.img bad.img; }
left() {	# how many problems are left
	$fsck -n a.img >now
	case $1 in 0) grep -q ': consistent' now ;; *) grep -q ": $1 problem" now ;; esac || { cat now; return 1; }
}

extant-mkfs -q -b 1024 sound.img 4M || exit 1
cat >damage.py <<'END'
import struct
d = bytearray(open("sound.img", "rb").read())
struct.pack_into("<H", d, 2048 + 12, 1)                       # free blocks of group 0
table = struct.unpack_from("<I", d, 2048 + 8)[0] * 1024
size = struct.unpack_from("<H", d, 1024 + 88)[0]
struct.pack_into("<I", d, table + size + 28, 98)              # blocks of the root
struct.pack_into("<I", d, table + 10 * size + 28, 98)         # blocks of lost+found
open("bad.img", "wb").write(d)
END
python3 damage.py

t "the list comes first" asks 4 n "block-count   / <2>"
t "... then one question" asks 4 n "Repair these 3? [y]es, [n]o, [e]ach, [f]ields, [?]: n"
t "no changes nothing" as_it_was
t "yes repairs" asks 1 y "3 problems repaired, 0 left; checked again, nothing found"
t "... everything" left 0
for answer in RETURN x nonsense ^D; do
	t "\"$answer\" means no" asks 4 "$answer" "Nothing was changed."
	t "... and changes nothing" as_it_was
done
t "fields are listed" asks 4 f,n "<2>.blocks                  98 -> 2"
t "... without changing them" as_it_was
t "? explains" asks 4 '?,n' "list the fields that would change"
t "one by one: the finding again, and what would be done" asks 4 e,n,n,n "Set the count? [y]es, [n]o"
t "... nothing chosen, nothing changed" as_it_was
t "one of three" asks 5 e,y,n,n,y "1 problem repaired, 2 left"
t "... leaves two" left 2
t "all of a kind" asks 5 e,a,n,y "2 problems repaired, 1 left"
t "... leaves one" left 1
t "stopping in the middle" asks 5 e,y,q,y "1 problem repaired, 2 left"
t "... leaves two" left 2
t "chosen, but not written after all" asks 4 e,y,y,y,n "Nothing was changed."
t "... changes nothing" as_it_was
t "the end of input in the middle" asks 4 e,y,^D "Nothing was changed."
t "^C at the question" asks 32 ^C "cancelled; nothing was changed"
t "... changes nothing" as_it_was
t "^C at a later one" asks 32 e,y,^C "cancelled; nothing was changed"
t "... changes nothing" as_it_was
t "the terminal goes away" asks 99 ^Z "Repair these 3?"
t "... and nothing is changed" as_it_was
bar() {
	python3 "$root/tests/cli/fsck_ask.py" 0 "" $fsck -n -C 0 sound.img >said 2>&1 &&
		grep -q '^sound.img: *[0-9]* % |#*[.]*| .*%/s, [0-9]* s left' said &&
		! $fsck -n -C 0 sound.img 2>&1 | grep '%/s'
}
t "a bar tells rate and time left, on a terminal only" bar
cp sound.img bad.img
t "nothing to repair, nothing to ask" asks 0 "" "consistent, "
finish
