# SPDX-License-Identifier: MIT
# Scripts are all or nothing: generated ones with one line that fails, and long ones taken
# back by undo.  SEED and COUNT choose others.
in_memory=1	# many an fsync
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "generated scripts" "python3 is not installed"; finish; }
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH
sanitized && COUNT=${COUNT:-60}
SEED=${SEED:-1} COUNT=${COUNT:-200}

# one SEED: fails with the message it should have, and the image keeps its bytes.
one() {
	case $(($1 % 3)) in 0) set -- "$1" base.img ;; 1) set -- "$1" small.img ;; *) set -- "$1" used.img ;; esac
	cp "$2" s.img
	python3 "$root/tests/cli/scripts.py" fail "$1" >s.cmds 2>want || return 1
	IFS='	' read -r line command reason <want
	extant-debugfs -w -f s.cmds s.img >out 2>err; got=$?
	[ $got -eq 1 ] || [ $got -eq 2 ] || { echo "exit $got"; cat err; return 1; }
	cmp "$2" s.img || { echo "the image has changed"; return 1; }
	[ ! -e s.img.e2log ] || { echo "a log is left"; return 1; }
	[ "$command" = - ] && where="s.cmds:$line: " || where="s.cmds:$line: $command: "
	grep "^extant-debugfs: s.img: $where" err | grep -q -e "$reason" ||
		{ echo "wanted: $where $reason"; cat err; return 1; }
}

extant-mkfs -q -b 1024 base.img 4M >/dev/null && extant-mkfs -q -b 4096 -I 128 small.img 8M >/dev/null &&
	cp base.img used.img && python3 "$root/tests/cli/scripts.py" good 4711 60 >u.cmds || exit 1
sed 's,/\([a-z]\),/u-\1,g' u.cmds >u2.cmds
good=0 seed=$SEED
extant-debugfs -w --keep-going -f u2.cmds used.img >/dev/null 2>&1
while [ "$seed" -lt $((SEED + COUNT)) ]; do
	if one "$seed" >why 2>&1; then good=$((good + 1)); else fail "seed $seed"; sed 's/^/    /' why | cut -c1-200 | head; fi
	seed=$((seed + 1))
done
echo "figure: $good of $COUNT scripts with a failing line: status, message and image as they should be (seeds $SEED to $((seed - 1)))"
t "all of them" same "$good" "$COUNT"

# What is free may hold anything; everything else is as before.
same_but_free() { python3 "$root/tests/cli/free.py" "$1" "$2"; }
undone() {	# SEED IMAGE
	seed=$1 from=$2
	cp $from.img undo.img
	python3 "$root/tests/cli/scripts.py" good "$seed" 100 >g.cmds
	t "seed $seed, $from: 100 commands" sh -c 'extant-debugfs -w -f g.cmds undo.img >/dev/null'
	have e2fsck && t "seed $seed, $from: e2fsck accepts them" e2fsck -fn undo.img
	cp $from.img undo.img
	{ cat g.cmds; echo "undo 100"; } >h.cmds
	t "seed $seed, $from: undo 100 in the script" sh -c 'extant-debugfs -w -f h.cmds undo.img >/dev/null'
	t "seed $seed, $from: writes nothing" cmp $from.img undo.img
	i=0; cp g.cmds h.cmds
	while [ $i -lt 100 ]; do echo undo >>h.cmds; i=$((i + 1)); done
	t "seed $seed, $from: 100 commits and 100 undos" sh -c 'extant-debugfs -w --keep-going -f h.cmds undo.img >/dev/null'
	t "seed $seed, $from: as before but for free blocks" same_but_free $from.img undo.img
	{ cat g.cmds; echo "undo 100"; } >h.cmds
	t "seed $seed, $from: 100 commits and undo 100" sh -c 'extant-debugfs -w --keep-going -f h.cmds undo.img >/dev/null'
	t "seed $seed, $from: as before but for free blocks" same_but_free $from.img undo.img
	have e2fsck && t "seed $seed, $from: e2fsck accepts it" e2fsck -fn undo.img
}
undone "$SEED" base
undone $((SEED + 1)) small
undone $((SEED + 2)) used
finish
