#!/bin/sh
# SPDX-License-Identifier: MIT
# Several programs at one image: one writer, who is named to all others; readers who see the
# state before a commit or the one after it; the kernel's mounts; changes by strangers.
# sanitizers: no, it is about processes and their locks
in_memory=1	# hundreds of commits, each made durable
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/one tree/two tree/keep
echo first >tree/a
echo second >tree/b
for i in 1 2 3 4 5 6 7 8 9; do seq $i 500 >tree/keep/f$i; done
echo moves >tree/one/m
extant-mkfs -q -b 1024 -d tree base.img 4M || { fail "an image to work on"; finish; }

# ---- one writer ---------------------------------------------------------------------

# refused N COMMAND...: N runs are refused, each at once and naming the holder.
refused() {
	count=$1; shift
	for _ in $(seq "$count"); do
		if timeout 120 "$@" >said 2>&1; then echo "not refused: $*"; return 1; fi
		grep -q "a.img: locked by process $holder ($holder_name); try again when it ends" said ||
			{ cat said; return 1; }
	done
}
holder_name=extant-debugfs

cp base.img a.img; was=$(digest a.img)
t "a session that may write" hold a.img 'mkdir /new'
t "120 sessions beside it are refused" refused 120 extant-debugfs -w a.img mkdir /x
t "40 scripts too" refused 40 sh -c 'echo "mkdir /x" | extant-debugfs -w a.img'
t "40 of mkfs too, even by force" refused 40 extant-mkfs -q -F a.img 4M
t "a slice of the file too" refused 2 extant-debugfs -w a.img@1024 ls
ln -s a.img link.img; ln a.img second.img
t "another name leads to the same lock" fails_with "link.img: locked by process $holder" d -w link.img mkdir /x
t "... a hard link too" fails_with "second.img: locked by process $holder" d -w second.img mkdir /x
rm link.img second.img
t "a dry run only reads" exits 0 d --dry-run a.img mkdir /x
t "readers are not concerned" says '^keep$' d a.img ls /
t "none of them changed a byte" same "$(digest a.img)" "$was"
t "the session ends well" let_go
t "... and did its work" says '^new$' d a.img ls /
t "then another may write" exits 0 d -w a.img rmdir /new

t "a session that is killed" hold a.img 'mkdir /new'
kill -9 $holder; exec 3>&-; wait $holder 2>/dev/null
t "... leaves no lock" exits 0 d -w a.img mkdir /after
t "... and nothing else" same "$(ls)" "$(printf '%s\n' a.img base.img holder.out in said tree)"

# mkfs reads its tree from a pipe, and so is in the middle until all has come.
if have tar; then
	cp base.img a.img
	tar -cf tree.tar -C tree .
	rm -f in; mkfifo in
	extant-mkfs -q -F -d - a.img 4M <in 2>mkfs.err &
	holder=$!
	exec 3>in
	# Its lock is looked up, not tried: who tried would now and then have it when mkfs asks for it.
	t "mkfs takes the lock" soon sh -c "grep -qs OFDLCK /proc/$holder/fdinfo/*"
	holder_name=extant-mkfs
	t "mkfs keeps writers out" refused 20 extant-debugfs -w a.img mkdir /x
	t "... another mkfs too" refused 5 extant-mkfs -q -F a.img 4M
	cat tree.tar >&3
	t "... until its end" let_go
	t "... and does its work" same "$(cat mkfs.err; d a.img ls /)" "$(d base.img ls /)"
	t "then another may write" exits 0 d -w a.img mkdir /x
else
	skip "mkfs keeps writers out" "no tar here"
fi
# closed: nothing of the program holds a handle.  Its input stays open, and silent.
closed() { ! grep -qs pos: /proc/$holder/fdinfo/*; }
ends_by_signal() {	# STATUS
	kill -TERM $holder; soon closed || kill -KILL $holder
	wait $holder; got=$?
	exec 3>&-
	cat said; [ $got -eq "$1" ]
}
cp base.img a.img; was=$(digest a.img)
rm -f in; mkfifo in
extant-mkfs -q -F -d - a.img 4M <in 2>said &
holder=$!
exec 3>in
t "mkfs that waits for its input" soon sh -c "grep -qs OFDLCK /proc/$holder/fdinfo/*"
t "... ends by a signal" ends_by_signal 1
t "... and says so" same "$(cat said)" "extant-mkfs: interrupted; a.img unchanged"
extant-debugfs -w a.img put - /new <in 2>said &
holder=$!
exec 3>in
t "put - that has read some" sh -c 'head -c 200000 /dev/zero >&3'	# more than a pipe holds
t "... and waits for more, ends by a signal" ends_by_signal 1
t "... and says so" grep -q interrupted said
t "neither changed a byte" same "$(digest a.img)" "$was"

if have strace; then
	for why in ENOLCK EINVAL EOPNOTSUPP; do
		t "a file system without locks is no obstacle ($why)" env \
			ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" strace -o trace \
			-e inject=fcntl:error=$why extant-debugfs -w a.img mkdir /$why
		t "... to readers either" env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" \
			strace -o trace -e inject=fcntl:error=$why extant-debugfs a.img stat /$why
	done
else
	skip "a file system without locks is no obstacle" "no strace here"
fi

# Writers that begin at once: each does its work or is refused, whoever it was.
race() {
	cp base.img a.img
	for round in $(seq 12); do
		pids=
		for i in 1 2 3 4 5; do
			{ d -w a.img mkdir /r$round.$i 2>said.$i && echo r$round.$i >>done.list; } &
			pids="$pids $!"
		done
		wait $pids
		cat said.? >>said.all
	done
	d a.img ls / | grep '^r' | sort >is.list
	sort done.list | diff - is.list || return 1
	[ "$(wc -l <said.all)" -eq $((60 - $(wc -l <done.list))) ] || return 1
	# a holder that has ended meanwhile has no name any more
	! grep -v -e 'a.img: locked by process [0-9]*\( (extant-debugfs)\)\{0,1\}; try again when it ends' \
		-e 'a.img: locked by another program; try again when it ends' said.all
}
rm -f said.* done.list
t "60 racing writers: each works or is refused" race
t "... and the volume is healthy" says ': consistent' extant-fsck -n a.img

# ---- readers during commits --------------------------------------------------------

# The writer exchanges /a and /b, moves /one/m to /two and back, and replaces what /keep/f1 holds,
# again and again; in each script several commands.
seq 1 20000 >long
cat >there <<'END'
mv /a /tmp-a
mv /b /a
mv /tmp-a /b
mv /one/m /two/m
put --inplace long /keep/f1
END
sed 's,/one/m /two/m,/two/m /one/m,; s,long,tree/keep/f1,' there >back
cp base.img a.img
writes() {
	while [ ! -e stop ]; do
		d -w -f there a.img && d -w -f back a.img || { echo writer failed; return 1; }
		echo >>commits
	done
} >writer.out 2>&1
rm -f stop; : >commits
writes &
writer=$!

bad() { echo "$1:"; cat seen; return 1; }
sees() {	# one state or the other, in each of so many runs, and until there were commits enough
	runs=0
	until [ $runs -ge "$1" ] && [ "$(wc -l <commits)" -ge 20 ] || [ $runs -eq 2000 ]; do
		runs=$((runs + 1))
		d a.img cat /a /b >seen 2>&1 || bad "cat" || return 1
		case $(tr '\n' ' ' <seen) in 'first second ' | 'second first ') ;; *) bad "cat /a /b"; return 1 ;; esac
		d a.img ls / >seen 2>&1
		[ "$(tr '\n' ' ' <seen)" = 'a b keep lost+found one two ' ] || bad "ls /" || return 1
		d a.img find / -name m >seen 2>&1
		case $(cat seen) in /one/m | /two/m) ;; *) bad "find"; return 1 ;; esac
		d a.img cat /keep/f1 >seen 2>&1
		cmp -s seen long || cmp -s seen tree/keep/f1 || bad "cat /keep/f1" || return 1
		extant-fsck -n -f a.img >seen 2>&1 && grep -q ': consistent' seen || bad "fsck" || return 1
		rm -rf got
		d a.img get -r / got >seen 2>&1 || bad "get -r" || return 1
		cmp -s got/keep/f1 long && cp tree/keep/f1 got/keep/f1
		diff -r got/keep tree/keep >seen 2>&1 || bad "get -r" || return 1
		(cd got && find . -name m) >seen
		[ "$(wc -l <seen)" -eq 1 ] || bad "get -r" || return 1
		case $(cat got/a got/b | tr '\n' ' ') in
		'first second ' | 'second first ') ;;
		*) bad "get -r of a and b"; return 1 ;;
		esac
	done
}
t "reading commands see before or after, 6 in each of 20 runs" sees 20

# One session that stays open sees each commit whole, too.
session() {
	for _ in $(seq 150); do echo "cat /a /b"; echo "find / -name m"; done >reads
	d a.img <reads >seen 2>seen.err || { cat seen.err; return 1; }
	[ ! -s seen.err ] || { cat seen.err; return 1; }
	paste - - - <seen | sort -u >states
	[ "$(cut -f 1,2 states | sort -u | grep -cvE '^(first.second|second.first)$')" -eq 0 ] &&
		[ "$(cut -f 3 states | grep -cvE '^/(one|two)/m$')" -eq 0 ] || { cat states; return 1; }
}
t "300 commands of one session too" session
touch stop
wait $writer
t "the writer never failed" same "$(cat writer.out)" ""
echo "figure: $(($(wc -l <commits) * 2)) commits beside $((runs * 6 + 300)) reading commands"
t "there were commits enough" [ "$(wc -l <commits)" -ge 20 ]
t "and the volume is healthy" says ': consistent' extant-fsck -n -f a.img

# ---- changes by strangers ------------------------------------------------------------

# Until the clock of the kernel's stamps has gone on since the file was written.
later() { soon sh -c "touch now; find now -newer $1 | grep -q ."; }
# stranger OFFSET COMMAND: a byte of the image is changed between reading and commit.
stranger() {
	cp base.img a.img
	hold a.img "$2" && later a.img || return 1
	printf '\377' | dd of=a.img bs=1 seek="$1" conv=notrunc 2>/dev/null
	cp a.img after.img
	let_go && { echo "committed"; return 1; }
	cat holder.out
	grep -q 'changed.*by somebody else' holder.out && cmp a.img after.img && [ ! -e a.img.e2log ]
}
root_block=$(d base.img blocks / | grep -o '[0-9]*$' | head -1)
table_block=$(d --json base.img stat / 2>/dev/null | grep -o '"block":[0-9]*' | head -1 | grep -o '[0-9]*$')
t "a directory changed by a stranger ends the commit" stranger $((root_block * 1024 + 1000)) 'mkdir /x'
t "a superblock changed by a stranger too" stranger $((1024 + 136)) 'mkdir /x'
t "data that no command looked at too" stranger 4194303 'mkdir /x'
after_stranger() {	# the session goes on with what is there afterwards
	cp base.img a.img
	hold a.img 'ls /' && later a.img || return 1
	d -w base2.img mkdir /theirs && cat base2.img >a.img	# not by its lock
	echo 'mkdir /ours' >&3
	let_go && d a.img ls / >seen && grep -q theirs seen && grep -q ours seen &&
		extant-fsck -n -f a.img
}
cp base.img base2.img
t "a session that has begun nothing goes on" after_stranger

# ---- the kernel's users ---------------------------------------------------------------

if can_mount && have losetup; then
	cp base.img a.img; was=$(digest a.img)
	loop=$(losetup -f --show a.img)
	t "a loop device keeps writers out" fails_with "a.img: is attached to $loop; not opened for writing" d -w a.img mkdir /x
	t "... with a way out" fails_with "  try: losetup -d $loop" d -w a.img mkdir /x
	t "readers are not concerned" says '^keep$' d a.img ls /
	mkdir -p mnt; mount -t ext2 -o ro "$loop" mnt; mounts="$tmp/mnt $mounts"
	t "a mount keeps writers out" fails_with "a.img: is attached to $loop and mounted on $tmp/mnt; not opened for writing" d -w a.img mkdir /x
	t "... with a way out" fails_with "  try: umount $tmp/mnt" d -w a.img mkdir /x
	t "the device itself too" fails_with "$loop: is mounted on $tmp/mnt; not opened for writing" d -w "$loop" mkdir /x
	t "none of them changed a byte" same "$(digest a.img)" "$was"
	umount mnt	# a name space beside us may have a copy of the mount for a while
	t "a device needs a place for its log" soon fails_with '--log' d -w "$loop" mkdir /x
	t "... and takes one" exits 0 d -w --log "$tmp/dev.log" "$loop" mkdir /x
	unmount "$loop"
	t "then it may be written" exits 0 d -w a.img rmdir /x
else
	skip "mounted and loop-attached images" "${why:-no losetup here}"
fi
finish
