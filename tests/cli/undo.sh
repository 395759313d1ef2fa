#!/bin/sh
# SPDX-License-Identifier: MIT
# Undo files and logs by the programs: taken back, refused, read through, given up.
. "$(dirname "$0")/../lib.sh"

fsck=extant-fsck

mkdir -p tree/one/two
echo first >tree/a
echo second >tree/b
seq 1 20000 >tree/long
extant-mkfs -q -b 1024 -d tree base.img 4M
cat >script <<'EOF'
mkdir /new
ln /a /new/a2
rm /long
mv /b /one/b
EOF

# ---- taken back -------------------------------------------------------------------------

takes_back() {
	cp base.img a.img; rm -f u w
	d -w -z u -f script a.img || return 1
	d -w -z u -R "put tree/long /again" a.img || return 1
	d -w -z u -R "rm -r /one" a.img || return 1
	cp a.img changed.img; cp u u.copy
	says "a.img: 3 changes taken back" $fsck --rollback u -z w a.img || return 1
	cmp base.img a.img || return 1
	says consistent $fsck -n a.img || return 1
	says "the undo file holds no change" $fsck --rollback u a.img || return 1
	# And what was taken back is taken back by the other file.
	says "a.img: 1 change taken back" $fsck --rollback w a.img || return 1
	cmp changed.img a.img || return 1
	# The old copy knows in which state the image is.
	says "a.img: 3 changes taken back" $fsck --rollback u.copy a.img || return 1
	cmp base.img a.img
}
t "an undo file takes all its changes back" takes_back

refuses_changed() {
	cp base.img a.img; rm -f u
	d -w -z u -f script a.img || return 1
	d -w -R "touch /a" a.img || return 1
	before=$(digest a.img)$(digest u)
	fails_with "u: does not fit a.img any more: block [0-9]* was changed since" \
		$fsck --rollback u a.img || return 1
	fails_with "does not fit" d -w -z u -R "touch /a" a.img || return 1
	same "$(digest a.img)$(digest u)" "$before"
}
t "an image that was changed otherwise is refused" refuses_changed

t "no undo file" fails_with "none: no such file" $fsck --rollback none base.img
t "a file of another kind" fails_with "script: exists and is no undo file" \
	$fsck --rollback script base.img
t "... nothing is written to it" same "$(head -1 script)" "mkdir /new"
for other in -n -f -y -p -D --json "-b 8193"; do
	# shellcheck disable=SC2086
	t "--rollback goes not with $other" exits 16 $fsck $other --rollback u base.img
done
t "--rollback is for one image" exits 16 $fsck --rollback u base.img base.img
t "two undo files that are one" exits 16 $fsck --rollback u -z u base.img

# ---- logs --------------------------------------------------------------------------------

# interrupted N: a.img as if the program had been killed at its N-th fsync.
interrupted() {
	cp base.img a.img; rm -f a.img.e2log
	strace -f -o /dev/null -e trace=fsync -e "inject=fsync:signal=KILL:when=$1" \
		extant-debugfs -w -R "rm -r /one" a.img >/dev/null 2>&1
	[ -e a.img.e2log ]
}
if have strace && strace -o /dev/null true 2>/dev/null && [ -z "${ASAN_OPTIONS##*exitcode=99}" ] &&
   interrupted 3; then
	waits() {
		interrupted 4 || return 1
		before=$(digest a.img)$(digest a.img.e2log)
		fails_with "waits in a.img.e2log\|waits in .*/a.img.e2log" $fsck -n --no-recover a.img || return 1
		fails_with "waits in a.img.e2log\|waits in .*/a.img.e2log" \
			d --no-recover a.img ls || return 1
		says "this is the image with it" $fsck -n a.img || return 1
		d a.img ls >ls.out || return 1
		! grep -q one ls.out || { cat ls.out; return 1; }
		same "$(digest a.img)$(digest a.img.e2log)" "$before" || return 1
		mv a.img.e2log elsewhere
		fails_with "extant_commit" d a.img ls || return 1
		fails_with "extant_commit" $fsck -n a.img || return 1
		says "this is the image with it" $fsck -n --log elsewhere a.img || return 1
		d -w --log elsewhere -R pwd a.img || return 1
		[ ! -e elsewhere ] || { echo "the log is still there"; return 1; }
		says consistent $fsck -n a.img
	}
	t "a change that waits is told, read through, completed" waits
	gives_up() {
		interrupted 2 || return 1	# before anything but the log was written
		$fsck --discard-log a.img || return 1
		[ ! -e a.img.e2log ] || return 1
		cmp a.img base.img || return 1
		$fsck --discard-log a.img	# there is nothing to give up
	}
	t "a change that waits can be given up" gives_up
	does_not_fit() {
		interrupted 2 || return 1
		mv a.img.e2log kept
		d -w -R "mkdir /other" a.img || return 1
		mv kept a.img.e2log
		before=$(digest a.img)
		for command in "d a.img ls" "d -w -R pwd a.img" "$fsck -n a.img"; do
			fails_with "block [0-9]* is neither as before .* --discard-log" $command ||
				return 1
		done
		same "$(digest a.img)" "$before" || return 1
		[ -e a.img.e2log ] || return 1
		$fsck --discard-log a.img
	}
	t "a log that does not fit is refused" does_not_fit
	not_trusted() {
		interrupted 2 || return 1
		ln a.img.e2log second-name
		fails_with "not to be trusted" d a.img ls || return 1
		rm -f second-name
		mv a.img.e2log real; ln -s real a.img.e2log
		fails_with "not to be trusted" d a.img ls || return 1
		fails_with "not to be trusted" d -w -R pwd a.img
	}
	t "a log with two names, or a symlink, is not trusted" not_trusted
else
	skip "logs of programs that were killed" "strace cannot be used"
fi
t "-n goes not with --discard-log" exits 16 $fsck -n --discard-log base.img
t "nor --no-recover" exits 16 $fsck --no-recover --discard-log base.img
notes_stay() {
	echo "remember the milk" >notes
	fails_with "notes: is in the place of the log, but is none" \
		d -w --log notes -R "touch /a" base.img || return 1
	same "$(cat notes)" "remember the milk"
}
t "a file that is no log is left alone" notes_stay
finish
