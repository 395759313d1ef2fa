#!/bin/sh
# SPDX-License-Identifier: MIT
# Who only reads writes nothing: judged by the system calls of every reading command and by the
# files afterwards, also while a change that was not completed waits in a log.
# sanitizers: no, it is about system calls
. "$(dirname "$0")/../lib.sh"

if ! have strace || ! strace -o /dev/null true 2>/dev/null; then
	skip "what reading commands write" "strace cannot be used"
	finish
fi
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0	# which does not work under strace

mkdir -p tree/docs tree/deep/er
echo 'Hello, world' >tree/test
ln tree/test tree/docs/copy
ln -s ../test tree/docs/rel
seq 1 30000 >tree/long
mkdir v
if is_root; then extant-mkfs -q -b 1024 -d tree v/base.img 4M
else extant-mkfs -q -b 1024 --root-owner 0:0 -d tree v/base.img 4M; fi
d -w v/base.img setxattr /test user.colour blue || { fail "an image to read"; finish; }

# ---- pending changes ------------------------------------------------------------------

# A writer is killed at each of its fsyncs; where a log is left, v/pN.img is the image with it.
pending=0
for n in 1 2 3 4 5 6 7 8; do
	cp v/base.img v/p$n.img
	strace -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=$n \
		extant-debugfs -w v/p$n.img mkdir -p /new/one 2>killed.err
	if [ -e v/p$n.img.e2log ] && d v/p$n.img ls / 2>/dev/null | grep -q '^new$'; then
		pending=$((pending + 1))
	else
		rm -f v/p$n.img v/p$n.img.e2log
	fi
done
t "killed writers leave changes to be completed" [ $pending -ge 3 ]

# ---- what is watched --------------------------------------------------------------------

opens='?open,?openat,?openat2,?creat'
changes='?truncate,?ftruncate,?fallocate,?unlink,?unlinkat,?rename,?renameat,?renameat2,?link,?linkat,?symlink,?symlinkat,?mkdir,?mkdirat,?rmdir,?mknod,?mknodat,?chmod,?fchmod,?fchmodat,?chown,?fchown,?fchownat,?lchown,?utime,?utimes,?utimensat,?futimesat,?setxattr,?fsetxattr,?lsetxattr,?removexattr,?fremovexattr,?lremovexattr,?pwrite64,?pwritev,?pwritev2,?copy_file_range,?fsync,?fdatasync,?mount'
watched() { strace -f -qq -o trace -e trace="$opens,$changes" "$@"; }

# writes_nothing COMMAND...: 0 or 1, opens nothing for writing, changes nothing.
writes_nothing() {
	watched "$@" >out 2>&1 </dev/null
	got=$?
	runs=$((runs + 1))
	if [ $got -gt 1 ]; then cat out; echo "exit $got: $*"; return 1; fi
	if grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE|creat\(' trace ||
	   grep -vE '^[0-9]+ +(open|openat|openat2)\(|^[0-9]+ \+\+\+|^[0-9]+ ---|resumed>' trace; then
		echo "of: $*"
		return 1
	fi
}
runs=0

# Every name and time of what is in v.
state() {
	ls -a v
	stat -c '%n %i %h %s %x %y %z' v/* && stat -c '%y %z' v
}

# Each line is a command of the shell.
cat >commands <<'END'
info
ls
ls -lai /docs
ls -lR /
ls -LR0 /docs
stat / /test
stat -r /test
stat --explain /long
stat -L /docs/rel
cat /test
cat /long
readlink /docs/rel
print sb
print <2>
print <2> mode
print ^0
blocks /long
blocks --tree -v /long
blocks /long 3
hex sb
hex -v <2>
xattrs /test
getxattr /test user.colour
find /
find / -name copy
where /test
where -0 <2>
resolve -v /docs/rel
resolve -P /docs/rel
ncheck 2
bmap /long 20
pwd
help
help ls
quit
END

# ---- each command -------------------------------------------------------------------------

all_commands() {	# of one image
	bad=0
	while read -r line; do
		writes_nothing extant-debugfs -R "$line" "$1" || bad=1
		case $line in help* | quit) continue ;; esac
		writes_nothing extant-debugfs --json -R "$line" "$1" || bad=1
	done <commands
	writes_nothing extant-debugfs -f commands "$1" || bad=1
	writes_nothing extant-debugfs --dry-run "$1" mkdir /dry || bad=1
	writes_nothing extant-debugfs --dry-run "$1" rm -r /docs || bad=1
	writes_nothing extant-debugfs "$1" mkdir /refused || bad=1
	writes_nothing extant-fsck "$1" || bad=1
	writes_nothing extant-fsck -n "$1" || bad=1
	writes_nothing extant-fsck -n -f -v "$1" || bad=1
	writes_nothing extant-fsck -n -f --json "$1" || bad=1
	writes_nothing extant-fsck -f -E fragcheck,discard "$1" || bad=1
	writes_nothing extant-fsck --explain list || bad=1
	writes_nothing extant-mkfs -n "$1" 4M || bad=1
	return $bad
}

# With --no-recover and a log it must be refused, with the same care.
refuses() {
	watched extant-debugfs --no-recover "$1" ls >out 2>&1
	[ $? -eq 8 ] && grep -q 'e2log' out && ! grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC' trace
}

# Getting files writes to the host, and nowhere near the image.
gets() {
	rm -rf got
	watched extant-debugfs "$1" get -r / got >out 2>&1 || { cat out; return 1; }
	! grep 'v/' trace | grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC' &&
		cmp got/long tree/long && { [ "$1" = v/base.img ] || [ -d got/new/one ]; }
}

sha256sum v/* >before.bytes
touch -a -d '2001-02-03 04:05:06' v/*	# so that any reading would renew them
for i in v/base.img v/p?.img; do
	what="a healthy image"
	[ ! -e $i.e2log ] || what="a change that waits (${i#v/})"
	state >before
	t "$what: no command writes" all_commands $i
	t "$what: getting files does not either" gets $i
	[ ! -e $i.e2log ] || t "$what: nor does refusing it" refuses $i
	state >after
	t "$what: names and times are as they were, of access too" diff before after
	t "$what: it is consistent" says ': consistent' extant-fsck -n -f $i
	[ ! -e $i.e2log ] ||
		t "$what: what is read is the whole change" says '^one$' d $i ls /new
done
sha256sum v/* >after.bytes
t "no byte has changed" diff before.bytes after.bytes
echo "figure: $runs runs over $(grep -c . commands) commands of the shell and 2 other programs"

# ---- who may not write anyway ----------------------------------------------------------------

if is_root && have setpriv; then
	chmod 755 . v; chmod 644 v/*
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	i=$(ls v/p?.img | head -1)
	t "who may only read an image reads it" says '^test$' as_nobody extant-debugfs v/base.img ls
	t "... in the middle of a change too" says '^one$' as_nobody extant-debugfs $i ls /new
	t "... and checks it" says ': consistent' as_nobody extant-fsck -n -f $i
	t "... and is told when he wants to write" fails_with 'ermission denied' \
		as_nobody extant-debugfs -w v/base.img mkdir /x
fi

# ---- a new volume in the place of one with a change that waits ------------------------------------

i=$(ls v/p?.img | tail -1)
cp $i new.img; cp $i.e2log new.img.e2log
t "mkfs replaces an image whose change waits" exits 0 extant-mkfs -q -F new.img 4M
t "... and its log goes with it" [ ! -e new.img.e2log ]
t "... so that the new volume can be used" exits 0 d -w new.img mkdir /x
cp $i.e2log gone.img.e2log
t "a log whose image is gone does not harm a new one" exits 0 extant-mkfs -q gone.img 4M
t "... either" exits 0 d -w gone.img mkdir /x
echo mine >kept.img.e2log
t "a file that is no log" exits 0 extant-mkfs -q kept.img 4M
t "... is nobody's to remove" same "$(cat kept.img.e2log)" mine

# ---- and then it is completed ------------------------------------------------------------------

for i in v/p?.img; do
	t "opening ${i#v/} for writing completes the change" exits 0 d -w $i pwd
	t "... and the log is gone" [ ! -e $i.e2log ]
	t "... the change is there" says '^one$' d $i ls /new
	t "... and the volume is healthy" says ': consistent' extant-fsck -n -f $i
done
finish
