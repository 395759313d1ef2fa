#!/bin/sh
# SPDX-License-Identifier: MIT
# Changing an image through the shell: every command that writes with every option, every
# error with what it says, and after each group e2fsck's opinion.
in_memory=1	# hundreds of commits
. "$(dirname "$0")/../lib.sh"
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

x() { extant-debugfs -w a.img "$@"; }
r() { extant-debugfs -w a.img -R "$1"; }
R() { extant-debugfs -w -R "$1" a.img; }
see() { extant-debugfs a.img "$@"; }
sum() { sha256sum <"${1:-a.img}"; }
fresh() {
	rm -f a.img
	extant-mkfs -q -U 5e1f0a2c-7d0b-4c43-9d5e-0b7f4a7f2f11 a.img "${1:-2M}" >/dev/null ||
		{ echo "no image"; exit 1; }
}
clean() { have e2fsck || return 0; e2fsck -fn "${1:-a.img}" && extant-fsck -n "${1:-a.img}"; }

# refused STATUS TEXT COMMAND...: fails with that status and says TEXT; the image keeps its bytes.
refused() {
	want=$1 text=$2; shift 2
	before=$(sum)
	"$@" >"$tmp/.rf" 2>&1; got=$?
	cat "$tmp/.rf"
	[ $got -eq "$want" ] || { echo "exit $got, not $want: $*"; return 1; }
	grep -q -e "$text" "$tmp/.rf" || { echo "wanted: $text"; return 1; }
	[ "$(sum)" = "$before" ] || { echo "the image has changed"; return 1; }
	[ ! -e a.img.e2log ] || { echo "a log is left"; return 1; }
}
refused_log() {	# the same, with a log that stays
	want=$1 text=$2; shift 2
	before=$(sum)
	"$@" >"$tmp/.rf" 2>&1; got=$?
	cat "$tmp/.rf"
	[ $got -eq "$want" ] && grep -q -e "$text" "$tmp/.rf" && [ "$(sum)" = "$before" ] && [ -e a.img.e2log ]
}
field() { see print "$1" "$2"; }
prints() { want=$1; shift; got=$("$@" 2>&1); same "$got" "$want"; }
silent() { got=$("$@" 2>&1) || { echo "exit $?: $got"; return 1; }; same "$got" ""; }
# only PATTERN COMMAND...: one line is all it says
only() {
	want=$1; shift
	got=$("$@" 2>&1) || { echo "exit $?: $got"; return 1; }
	[ "$(echo "$got" | wc -l)" -eq 1 ] && echo "$got" | grep -qx "extant-debugfs: [^:]*: $want" ||
		{ echo "got: $got"; return 1; }
}

# ---- who may write ---------------------------------------------------------------------
fresh
t "without -w nothing is written" refused 1 "a.img: mkdir: opened read-only" see mkdir /a
t "and how to write is told" refused 1 "try: extant-debugfs -w a.img" see mkdir /a
t "a missing image cannot be opened" exits 8 extant-debugfs -w nosuch.img mkdir /a
t "a compressed image cannot be written" sh -c 'gzip -kf a.img && extant-debugfs -w a.img.gz mkdir /a;
	[ $? -eq 8 ]'
t "reading through -w changes nothing" sh -c 's=$(sha256sum <a.img); extant-debugfs -w a.img ls / &&
	[ "$s" = "$(sha256sum <a.img)" ]'

# ---- mkdir -----------------------------------------------------------------------------
t "mkdir is silent" silent x mkdir /a
t "mkdir of several" silent x mkdir /b /b/c b/d
t "mkdir -v" prints "made /v <16>" x mkdir -v /v
t "mkdir -p" silent x mkdir -p /a /p/q/r /p/q/../s
t "mkdir -p made it all" prints "$(printf 'q\ns')" see ls /p
t "mkdir -m" silent x mkdir -m 1777 /tmp
t "the mode is that" prints 0041777 field /tmp mode
t "mkdir -m with letters" silent x mkdir -m u=rwx,g+s,o= /g
t "the mode is that too" prints 0042770 field /g mode
t "inside the group's directory the bit is inherited" silent x mkdir -p -m 750 /g/h
t "and kept" prints 0042750 field /g/h mode
t "mkdir /a/" silent x mkdir /slash/
t "mkdir as JSON" prints '{"format": "extant-done/1", "done": "made", "path": "/js", "ino": 25, "note": null}' \
	extant-debugfs -w --json a.img mkdir -v /js
t "EEXIST" refused 1 "mkdir: /a <12>: exists already, a directory" x mkdir /a
t "ENOENT" refused 1 'mkdir: /nosuch/a: / has no "nosuch"' x mkdir /nosuch/a
t "ENOTDIR" refused 1 '/f <[0-9]*> is not a directory' sh -c 'extant-debugfs -w -R "touch /f" -R "mkdir /f/a" a.img'
t "ENAMETOOLONG" refused 1 "mkdir: /$(printf '%0256d' 0): .*255" x mkdir "/$(printf '%0256d' 0)"
t "a bad mode is found before anything" refused 2 "89: not a mode" x mkdir -m 89 /q
t "all or nothing of several" refused 1 "/nosuch" x mkdir /one /two /nosuch/three
t "no name at all" refused 2 "NAME is missing" x mkdir
t "an inode is no name" refused 2 "an inode, where a name is needed" x mkdir %12
t "e2fsck accepts the directories" clean

# ---- touch -----------------------------------------------------------------------------
t "touch makes a file" silent x touch /t
t "of mode 0644" prints 0100644 field /t mode
t "at SOURCE_DATE_EPOCH" says "modified  2023-11-14 22:13:20.000000000" see stat /t
t "touch -d" silent x touch -d "2026-11-20 09:12:44.5 +0000" /t
t "sets both" prints "$(printf 'atime  2026-11-20 09:12:44 +0000\nmtime  2026-11-20 09:12:44 +0000')" \
	see print /t atime mtime
t "with its fraction" says "2026-11-20 09:12:44.500000000" see stat /t
t "touch -a -d" silent x touch -a -d @1 /t
t "leaves the other" says "modified  2026-11-20" see stat /t
t "touch -m -d" silent x touch -m -d @2 /t
t "leaves the first" says "read      1970-01-01 00:00:01" see stat /t
t "touch -r" silent x touch -r /t /u
t "copies both" says "modified  1970-01-01 00:00:02" see stat /u
inode=$(extant-debugfs a.img print sb inode_size)
case $inode in 128) last=2038-01-19\ 03:14:07 ;; *) last=2446-05-10\ 22:38:55 ;; esac
t "a time that no inode of $inode bytes holds" refused 1 "/t <[0-9]*>: 9999-12-31 00:00:00 +0000 is not within 1901-12-13 20:45:52 +0000 to $last +0000, as an inode of $inode bytes holds it$" \
	extant-debugfs -w a.img touch -d 9999-12-31 /t
t "... and no file is made with it" refused 1 "1900-01-01" extant-debugfs -w a.img touch -a -d 1900-01-01 /notmade
t "... nor for the last that fits" silent x touch -d "$last +0000" /t
t "touch -c makes nothing" silent x touch -c /never
t "really" fails_with 'has no "never"' see stat /never
t "touch follows a symlink" silent extant-debugfs -w -R "ln -s /t /link" -R "touch -d @7 /link" a.img
t "to its file" says "modified  1970-01-01 00:00:07" see stat /t
t "touch -h does not" silent x touch -h -d @9 /link
t "the link has the time" says "modified  1970-01-01 00:00:09" see stat /link
t "touch makes the file a symlink leads to" silent extant-debugfs -w -R "ln -s b/made /dang" -R "touch /dang" a.img
t "there" says "regular file" see stat /b/made
t "touch by inode number" silent x touch -d @3 %12
t "negative and late times" silent x touch -d @-5 /u
t "a bad time" refused 2 "touch: " x touch -d yesterdayish /u
t "touch /nosuch/" refused 1 "no such directory" x touch /fresh/
t "e2fsck accepts the times" clean

# ---- chmod, chown ------------------------------------------------------------------------
t "chmod" silent x chmod 4751 /t
t "is that" prints 0104751 field /t mode
t "chmod with letters" silent x chmod u-s,go=u,o-w /t
t "is that too" prints 0100775 field /t mode
t "chmod -R" silent x chmod -R u=rwX,go= /p
t "directories searchable" prints 0040700 field /p/s mode
t "chmod -h of a symlink" refused 1 "is a symlink" x chmod -h 700 /link
t "chmod -h of a file" silent x chmod -h 700 /t
t "chmod -v" says "changed /t <" x chmod -v 600 /t
t "chmod of two" silent x chmod 640 /t /u
t "chmod -x" silent extant-debugfs -w -R "chmod 755 /t" -R "chmod -x /t" -R "chmod -x,u+w /t" a.img
t "took the permission away" prints 0100644 field /t mode
t "a dash before what is no mode is an option" refused 2 "unknown option -y" x chmod -y /t
t "what print shows of a negative number, set takes" silent x set sb max_mnt_count -1
t "a bad mode" refused 2 "u+y: not a mode" x chmod u+y /t
t "one that is missing" refused 1 'has no "nosuch"' x chmod 600 /t /nosuch
t "chown" silent x chown 1000:100 /t
t "is that" prints "$(printf 'uid  1000\ngid  100')" see print /t uid gid
t "chown :GROUP" silent x chown :7 /t
t "chown USER" silent x chown 70000 /t
t "both" prints "$(printf 'uid  70000\ngid  7')" see print /t uid gid
t "chown -R" silent x chown -R 5:6 /p
t "all of it" prints 5 field /p/q/r uid
t "chown -h" silent x chown -h 8 /link
t "the link" prints 8 field /link uid
t "not the file" prints 70000 field /t uid
t "set-id bits go" sh -c 'extant-debugfs -w -R "chmod 6755 /u" -R "chown 3 /u" a.img &&
	[ "$(extant-debugfs a.img print /u mode)" = 0100755 ]'
t "a name needs --names" refused 1 "owners are numbers" x chown joe /t
t "and passwd" refused 1 "not in the volume's own /etc/passwd" extant-debugfs -w --names a.img chown joe /t
t "with both" sh -c 'extant-debugfs -w --names -R "mkdir /etc" \
	-R "put --text \"root:x:0:0::/:\njoe:x:1234:55::/:/bin/sh\n\" /etc/passwd" \
	-R "put --text \"users:x:55:\n\" /etc/group" -R "chown joe:users /t" a.img &&
	[ "$(extant-debugfs a.img print /t uid)" = 1234 ]'
t "nobody" refused 1 "an owner is" x chown : /t
t "too large" refused 1 "chown: .*4294967296" x chown 4294967296 /t
t "e2fsck accepts modes and owners" clean

if have python3; then
t "modes as chmod(1) has letters and chmod(2) numbers" python3 - <<'PY'
import os, random, subprocess, sys
os.umask(0o022)
seed = 4711
print('seed', seed)
rng = random.Random(seed)
cases, script = [], ['mkdir /m']
def clause():
    who = ''.join(rng.sample('ugoa', rng.randint(0, 3)))
    text = who
    for _ in range(rng.randint(1, 2)):
        text += rng.choice('+-=') + rng.choice([''.join(rng.sample('rwxXst', rng.randint(0, 4))), rng.choice('ugo')])
    return text
for i in range(400):
    mode = rng.randrange(0o10000)
    text = rng.choice([','.join(clause() for _ in range(rng.randint(1, 3))), oct(rng.randrange(0o10000))[2:]])
    directory = rng.random() < .4
    host = 'host%d' % i
    os.mkdir(host) if directory else open(host, 'w').close()
    os.chmod(host, mode)
    subprocess.run(['chmod', '--', text, host], check=True, stderr=subprocess.DEVNULL) \
        if text[0] != '-' else subprocess.run(['chmod', 'u+,' + text, host], check=True)
    if text[0] == '-':
        text = 'u+,' + text
    if text[0].isdigit():       # chmod(2), which keeps no set-id bits of directories
        os.chmod(host, int(text, 8))
    cases.append((mode, text, directory, os.stat(host).st_mode))
    script += [('mkdir' if directory else 'touch') + ' /m/%d' % i, 'chmod %05o /m/%d' % (mode, i),
               'chmod %s /m/%d' % (text, i)]
subprocess.run(['extant-mkfs', '-q', '-N', '1000', 'm.img', '4M'], check=True, stdout=subprocess.DEVNULL)
subprocess.run(['extant-debugfs', '-w', '-f', '-', 'm.img'], input='\n'.join(script), text=True, check=True)
ask = '\n'.join('print /m/%d mode' % i for i in range(len(cases)))
got = subprocess.run(['extant-debugfs', 'm.img'], input=ask, text=True, capture_output=True, check=True).stdout.split()
bad = 0
for (mode, text, directory, want), have in zip(cases, got):
    if int(have, 8) != want:
        bad += 1
        print('%s %05o, chmod %s: %s, coreutils has %o' % ('directory' if directory else 'file', mode, text, have, want))
sys.exit(bad or len(got) != len(cases))
PY
fi

# ---- rm, rmdir -----------------------------------------------------------------------------
fresh
extant-debugfs -w -R "mkdir -p /d/e/f" -R "touch /d/x /d/e/y /one" -R "ln /one /two" -R "ln /one /d/three" \
	-R "ln -s nowhere /sl" -R "mkdir /empty /e1 /e1/e2" a.img || fail "set-up"
t "rm -v of one of three names" says "^removed /two; <[0-9]*> keeps 2 names: /one /d/three$" x rm -v /two
t "rm of a symlink itself" silent x rm /sl
t "rm of a directory" refused 1 "rm: /d <[0-9]*>: a directory" x rm /d
t "says how" refused 1 "try: rm -r" x rm /d
t "rm of nothing" refused 1 "rm: /etc/motd: / has no \"etc\"" x rm /etc/motd
t "rm of a name that is not there" refused 1 "rm: /d/motd: no such name in /d" x rm /d/motd
t "rm -f of it" silent x rm -f /d/motd /nosuch/motd
t "rm of several is all or nothing" refused 1 "no such name" x rm /one /d/x /d/nosuch
t "rm /" refused 1 "names the directory itself" x rm -r /
t "rm ." refused 1 "names the directory itself" x rm -rf .
t "rm f/" refused 1 "not a directory" x rm /one/
t "rm -v of a last name" says '^removed /d/x; its last name: <[0-9]*> [a-z0-9 ]*given back$' x rm -v /d/x
t "rmdir" silent x rmdir /empty
t "rmdir -p" silent x rmdir -p e1/e2
t "both are gone" fails_with 'has no "e1"' see stat /e1
t "rmdir of one with something in it" refused 1 "rmdir: /d <[0-9]*>: " x rmdir /d
t "rmdir of a file" refused 1 "rmdir: /one <" x rmdir /one
t "rmdir ." refused 1 "names the directory" x rmdir .
t "rm -r" silent x rm -r /d
t "rm -rv" says "removed /q; 3 inodes and 2 blocks given back" extant-debugfs -w -R "mkdir -p /q/r" -R "touch /q/s" -R "rm -rv /q" a.img
t "e2fsck accepts what is left" clean

# ---- ln ---------------------------------------------------------------------------------------
fresh
extant-debugfs -w -R "mkdir -p /srv /docs/deep" -R "put --text one /test" -R "ln -s srv /tosrv" a.img || fail "set-up"
t "ln" silent x ln /test /docs/copy
t "has two" prints 2 field /test links_count
t "ln into a directory" silent x ln /test /srv
t "ln into one behind a symlink" silent x ln /docs/copy /tosrv
t "is there" says . see stat /srv/copy
t "ln with one word" silent extant-debugfs -w -R "cd /docs/deep" -R "ln /test" a.img
ino=$(see resolve /test | sed 's/.*<\(.*\)>/\1/')
t "ln of an inode number" silent x ln "%$ino" /bynumber
t "ln of an inode number into a directory" silent x ln "%$ino" /srv
t "has a name" says regular see stat "/srv/inode-$ino"
t "ln of a directory" refused 1 'ln: /srv <[0-9]*>: a directory has one name only, or ".." would have two answers' x ln /srv /srv2
t "says what to do" refused 1 "try: ln -s, or cp -rl to make a tree of hard links" x ln /srv /srv2
t "ln onto a name" refused 1 "/docs/copy <[0-9]*>: exists already" x ln /test /docs/copy
t "ln -f onto another file" silent extant-debugfs -w -R "touch /other" -R "ln -f /test /other" a.img
t "ln -f onto itself" refused 1 "exists already, a name of /test" x ln /test /docs/copy
t "... for which -f has nothing to do" only "ln: /docs/copy <[0-9]*>: exists already, a name of /test; nothing to do" x ln -f /test /docs/copy
t "ln of nothing" refused 1 "no such name in /" x ln /nosuch /x
t "ln -s" only "1 new symlink leads nowhere: /rotten" x ln -s /no/such /rotten
t "any text" prints /no/such see readlink /rotten
t "ln -s -f" only "1 symlink leads somewhere again: /rotten" x ln -sf ../test /rotten
t "another text" prints ../test see readlink /rotten
t "ln -s -v" says 'made /sv <[0-9]*> -> text' x ln -sv text /sv
t "ln -sf onto a directory" refused 1 "a directory" x ln -sfT x /docs
t "ln -s into a symlinked directory" only "1 new symlink leads nowhere: /srv/t" x ln -s /t /tosrv
t "went into it" prints /t see readlink /srv/t
t "ln -sfn replaces the link" only "1 symlink now leads to another file: /tosrv (was <[0-9]*>, is <[0-9]*>)" x ln -sfn docs /tosrv
t "by this" prints docs see readlink /tosrv
t "ln -sr" silent x ln -sr /docs/copy /srv/rel
t "is relative" prints ../docs/copy see readlink /srv/rel
t "ln -sr beside" silent x ln -sr /docs/copy /docs/rel
t "is short" prints copy see readlink /docs/rel
t "ln -sr to the root" silent x ln -sr / /docs/deep/root
t "is dots" prints ../.. see readlink /docs/deep/root
t "ln -sr to a directory above" silent x ln -sr /docs /docs/deep/up
t "is .." prints .. see readlink /docs/deep/up
t "ln -sr from a directory whose name begins alike" silent extant-debugfs -w -R "mkdir /doc" -R "ln -sr /docs/copy /doc/l" a.img
t "goes through the root" prints ../docs/copy see readlink /doc/l
t "-r alone" refused 2 "is for symlinks" x ln -r /test /x
t "ln -P of a symlink, as always" silent x ln /rotten /rotten2
t "two names of a symlink" prints 2 field /rotten links_count
t "ln -L follows" silent x ln -L /srv/rel /followed
t "to the file" says "regular file" see stat /followed
t "an empty text" refused 1 "ln: /empty" x ln -s "" /empty
t "a text too long" refused 1 "ln: /long" x ln -s "$(printf '%01024d' 0)" /long
t "of 59, 60 and 1023" only "1 new symlink leads nowhere: /long" x ln -s "$(printf '%01023d' 0)" /long
t "three into what is none" refused 1 "not a directory" x ln /test /srv/copy /docs/copy
t "symlink, as debugfs" only "1 new symlink leads nowhere: /byname" x symlink /byname target
t "is it" prints target see readlink /byname
t "e2fsck accepts the links" clean

# ---- mv ---------------------------------------------------------------------------------------
fresh
extant-debugfs -w -R "mkdir -p /a/b /c /full/x" -R "put --text one /f" -R "put --text two /g" -R "ln /f /f2" \
	-R "ln -s c /toc" a.img || fail "set-up"
t "mv" silent x mv /f /h
t "is there" prints one see cat /h
t "mv into a directory" silent x mv /h /c
t "mv through a symlink to one" silent x mv /g /toc
t "both are there" prints "$(printf 'g\nh')" see ls /c
t "mv -v" says "^moved /c/h <[0-9]*> to /h" x mv -v /c/h /h
t "mv of several" silent x mv /h /c/g /a
t "mv onto a file" silent x mv /a/h /a/g
t "the new one" prints one see cat /a/g
t "mv -n" silent extant-debugfs -w -R "put --text three /k" -R "mv -n /k /a/g" a.img
t "kept both" prints onethree see cat /a/g /k
t "mv of two names of one file" only "mv: /f2 and /a/g are the same file <[0-9]*>: nothing was moved, by the rule of rename(2)" x mv /f2 /a/g
t "both stay" prints 2 field /f2 links_count
t "mv of a directory" silent x mv /a/b /c
t "its .. leads there" says "/c <" see resolve /c/b/..
t "mv -T of a directory onto a symlink" refused 1 "no directory, and /c/b is one" x mv -T /c/b /toc
t "mv -T" silent x mv -T /k /toc
t "took the symlink's name" prints three see cat /toc
t "and back" silent x mv /toc /k
t "rmdir of a full one" refused 1 "rmdir: /c <[0-9]*>: a directory that is not empty" x rmdir /c
t "rmdir of a file" refused 1 "rmdir: /k <[0-9]*>: no directory" x rmdir /k
t "mv a directory onto a full one" refused 1 "not empty" x mv -T /c /full
t "mv a directory onto a file" refused 1 "no directory" x mv -T /c /k
t "mv a file onto a directory" refused 1 "a directory" x mv -T /k /c
t "mv below itself" refused 1 "lies below" x mv /a /a/z
t "mv /" refused 1 "names the directory itself" x mv / /x
t "mv of nothing" refused 1 "no such name in /" x mv /nosuch /x
t "mv into nothing" refused 1 'has no "nosuch"' x mv /k /nosuch/k
t "mv f new/" refused 1 "no such directory" x mv /k /new/
t "mv of several into a file" refused 1 "not a directory" x mv /a /c /k
t "mv --exchange" silent x mv --exchange /k /a/g
t "exchanged" prints onethree see cat /k /a/g
t "mv --exchange of a file and a directory" silent x mv --exchange /k /full
t "exchanged them" says "directory" see stat /k
t "mv --exchange with nothing" refused 1 "no such name" x mv --exchange /k /nosuch
t "mv --exchange of three" refused 2 "takes two names" x mv --exchange /a /b /c
t "e2fsck accepts the names" clean

# ---- truncate, punch, mknod ------------------------------------------------------------------
fresh
head -c 100000 /dev/urandom >data
t "put" silent x put data /
t "truncate" silent x truncate -s 50000 /data
t "the beginning stays" sh -c 'extant-debugfs a.img cat /data >out && head -c 50000 data | cmp - out'
t "truncate larger" silent x truncate -s 70K /data
t "zeros follow" sh -c '{ head -c 50000 data; head -c 21680 /dev/zero; } >want; extant-debugfs a.img cat /data | cmp - want'
t "truncate +" silent x truncate -s +1 /data
t "truncate -" silent x truncate -s -1681 /data
t "is 70000" prints 70000 field /data size
t "truncate makes" silent x truncate -s 1G /sparse
t "a hole" prints 0 field /sparse blocks
t "truncate -c" silent x truncate -c -s 1 /none
t "truncate without -s" refused 2 "SIZE is missing" x truncate /data
t "truncate of a directory" refused 1 "a directory" x truncate -s 0 /lost+found
t "truncate too far" refused 1 "truncate: /sparse" x truncate -s 100T /sparse
t "punch" silent x punch /data 1000 3000
t "are zeros" sh -c '{ head -c 1000 data; head -c 3000 /dev/zero; head -c 50000 data | tail -c 46000; } >want
	extant-debugfs a.img cat /data | head -c 50000 | cmp - want'
t "punch of nothing" refused 1 'has no "nosuch"' x punch /nosuch 0 1
t "mknod b" silent x mknod /sda b 8 0
t "mknod c" silent x mknod -m 600 /null c 1 3
t "mknod p" silent x mknod /fifo p
t "mknod s" silent x mknod /sock s
t "a large number" silent x mknod /big b 4095 1048575
t "types" prints "$(printf '0060644\n0020600\n0010644\n0140644')" sh -c 'for n in sda null fifo sock; do
	extant-debugfs a.img print /$n mode; done'
t "mknod of no type" refused 2 "the type is" x mknod /x y
t "mknod b without numbers" refused 2 "needs MAJOR and MINOR" x mknod /x b
t "mknod p with numbers" refused 2 "only devices have numbers" x mknod /x p 1 2
t "mknod beyond" refused 2 "device numbers" x mknod /x c 4096 0
t "mknod onto" refused 1 "exists already" x mknod /fifo p
t "e2fsck accepts files and devices" clean

# ---- put, cp ---------------------------------------------------------------------------------
fresh 4M
mkdir -p tree/sub && cp data tree/sub/data && ln tree/sub/data tree/link && ln -s sub/data tree/sl && chmod 751 tree/sub
t "put of a file" silent x put data /f
t "the same bytes" sh -c 'extant-debugfs a.img cat /f | cmp - data'
t "put into a directory" silent x put data /lost+found
t "put of a directory needs -r" refused 1 "tree" x put tree /
t "put -r" silent x put -r tree /
t "hard links stay" prints 2 field /tree/link links_count
t "symlinks too" prints sub/data see readlink /tree/sl
t "put -a" silent x put -a tree /tree2
t "put onto a name" refused 1 "/f <[0-9]*>: exists already" x put data /f
t "says how" refused 1 "try: put --atomic, --inplace or --append" x put data /f
t "put of what is not there" refused 1 "nosuch" x put nosuch /x
t "put --text" silent x put --text hello /hello
t "is the text" prints hello see cat /hello
t "put --append --text" silent R 'put --append --text " world\n" /hello'
t "is longer" prints "hello world" see cat /hello
t "put --inplace" silent x put --inplace --text bye /hello
t "is short" prints bye see cat /hello
ino=$(see resolve /hello | sed 's/.*<\(.*\)>/\1/')
x ln /hello /hello2
t "put --inplace tells of the other name" says "1 other name of <$ino> has the new content too" x put --inplace --text 'hi' /hello
t "keeps the inode" says "<$ino>" see resolve /hello
t "put --atomic tells of the other name" says "1 other name of <$ino> keeps the old content" x put --atomic --text 'ho' /hello
t "the other keeps it" prints hiho see cat /hello2 /hello
t "put --atomic of a file" silent x put --atomic data /hello
t "put --inplace of a file" silent x put --inplace data /hello
t "put --append of a file" silent x put --append data /hello
t "twice as long" prints 200000 field /hello size
t "put -m" silent x put -m 4711 --text x /mode
t "the mode" prints 0104711 field /mode mode
t "two ways" refused 2 "exclude each other" x put --atomic --inplace data /hello
t "put of nothing" refused 2 "HOSTFILE is missing" x put /x
t "put without space" refused 1 "put: " sh -c 'head -c 8M /dev/zero | tr "\0" x >big; extant-debugfs -w a.img put big /big'
t "write, as debugfs" silent x write data /w
t "cp" silent x cp /f /f2
t "the same" sh -c 'extant-debugfs a.img cat /f2 | cmp - data'
t "cp onto a file" silent x cp /hello2 /f2
t "its content" prints hi see cat /f2
t "cp into a directory" silent x cp /f2 /mode /tree
t "cp of a directory" refused 1 "cp: /tree <[0-9]*>: a directory" x cp /tree /t3
t "cp -r" silent x cp -r /tree/sub /t3
t "cp -a" silent x cp -a /tree2 /t4
t "keeps links" prints 2 field /t4/link links_count
t "cp -l" silent x cp -l /f /fl
t "another name" prints 2 field /f links_count
t "cp -l onto a name" refused 1 "exists already" x cp -l /f /f2
t "cp -lf" silent x cp -lf /f /f2
t "cp -rl" silent x cp -rl /tree2 /t5
t "a tree of links" prints 4 field /t5/link links_count
t "cp follows a symlink" silent x cp /tree/sl /followed
t "it is a file" says "regular file" see stat /followed
t "cp -P does not" only "1 new symlink leads nowhere: /copied" x cp -P /tree/sl /copied
t "it is a symlink" prints sub/data see readlink /copied
t "cp -n" silent x cp -n /mode /followed
t "cp onto itself" refused 1 "cp: /f" x cp /f /f
t "cp into itself" refused 1 "lies in the directory" x cp -r /tree /tree/sub/x
t "cp of nothing" refused 1 "no such name" x cp /nosuch /x
t "e2fsck accepts the copies" clean

# ---- attributes ----------------------------------------------------------------------------------
t "setxattr" silent x setxattr /f user.mime text/plain
t "getxattr" prints text/plain see getxattr /f user.mime
t "setxattr -x" silent x setxattr -x /f user.bin 00ff10
t "xattrs" prints "$(printf 'user.mime "text/plain"\nuser.bin 0x00ff10')" see xattrs /f
t "rmxattr" silent x rmxattr /f user.mime
t "is gone" fails_with 'has no attribute "user.mime"' see getxattr /f user.mime
t "rmxattr again" refused 1 'has no attribute "user.mime"' x rmxattr /f user.mime
t "rmxattr of several is all or nothing" refused 1 'has no attribute "user.none"' x rmxattr /f user.bin user.none
t "... and of those that are there" silent x rmxattr /f user.bin
t "a random UUID" silent x set sb uuid random
see print sb.uuid >first.uuid
t "... has its version" same "$(tr -d '"' <first.uuid | grep -c '[0-9a-f]\{8\}-[0-9a-f]\{4\}-4[0-9a-f]\{3\}-[89ab][0-9a-f]\{3\}-[0-9a-f]\{12\}')" 1
t "... and comes once" exits 1 sh -c 'extant-debugfs -w "$1" set sb uuid random; extant-debugfs "$1" print sb.uuid | cmp -s - first.uuid' sh a.img
t "no UUID" silent x ssv uuid clear
t "... is zero" same "$(see print sb.uuid | grep -c 00000000-0000-0000-0000-000000000000)" 1
t "symlink says where there is no place" refused 1 'symlink: /nosuch/x: / has no "nosuch"' x symlink /nosuch/x y
t "no such kind" refused 1 "setxattr: /f" x setxattr /f nosuch.a b
t "odd digits" refused 2 "hexadecimal" x setxattr -x /f user.a 0
t "e2fsck accepts attributes" clean

# ---- several in one ------------------------------------------------------------------------------
fresh
R2() { extant-debugfs -w "$@" a.img; }
t "several -R are one change" refused 1 '-R:3: rm: /nosuch: no such name in /; none of the 2 lines before it took effect' \
	R2 -R "mkdir /a" -R "mkdir /b" -R "rm /nosuch"
t "a line with ; is one change" refused 1 'rm: /nosuch' R2 -R "mkdir /a; rm /nosuch"
t "a failing command after - is not" silent sh -c 'extant-debugfs -w -R "mkdir /ok; -rm /nosuch" a.img 2>/dev/null'
t "the rest is done" says directory see stat /ok
t "and leaves nothing itself" silent sh -c 'extant-debugfs -w -R "-mkdir /h1 /nosuch/h2" -R "mkdir /ok2" a.img 2>/dev/null'
t "of its own" fails_with 'has no "h1"' see stat /h1
printf 'mkdir /s\ncat /nosuch\n' >s.cmds
t "a reading command that fails ends a script" refused 1 's.cmds:2: cat: .*; the line before it did not take effect' R2 -f s.cmds
printf 'mkdir /s\nsta\n' >s.cmds
t "an unknown command too" refused 2 's.cmds:2: unknown command "sta"' R2 -f s.cmds
printf "mkdir /s\nmkdir 'x\n" >s.cmds
t "a quote that is not closed too" refused 2 's.cmds:2: .*quote' R2 -f s.cmds
printf 'mkdir /s\nls -l /\nput --text x /s/x\nmkdir /s\ntouch /s/y\n' >s.cmds
t "--keep-going does the rest" fails_with "1 line failed and changed nothing; the others took effect" \
	R2 --keep-going -f s.cmds
t "namely" prints "$(printf 'x\ny')" see ls /s
printf 'mkdir /t\nbegin\ntouch /t/a\nrollback\ntouch /t/b\nbegin\ntouch /t/c\ncommit\ntouch /t/d\nundo\n' >s.cmds
t "begin, rollback, commit, undo in a script" silent R2 -f s.cmds
t "leave what they should" prints "$(printf 'b\nc')" see ls /t
printf 'begin\ntouch /t/e\n' >s.cmds
t "begin without commit" refused 1 "begin of line 1 has no commit: what came after it was rolled back" R2 -f s.cmds
t "commit without begin" refused 1 "nothing was begun" x commit
t "rollback without begin" refused 1 "nothing was begun" x rollback
t "undo of nothing" refused 1 "nothing has been changed yet" x undo
t "undo of more than there is" refused 1 "2 changes cannot be taken back: there are 1" R2 -R "touch /z" -R "undo 2"
t "... when all is taken back" refused 1 "nothing is left to take back" R2 -R "touch /z" -R undo -R undo
t "undo of two lines" silent R2 -R "touch /z" -R "touch /z2" -R "undo 2" -R "touch /z3"
t "z is not there" fails_with 'has no "z"' see stat /z
t "z3 is" says "regular" see stat /z3
t "more groups in a script than undo tells apart" silent sh -c '{ for i in $(seq 300); do
	printf "begin\ntouch /z3\ncommit\n"; done; } >s.cmds && extant-debugfs -w -f s.cmds a.img'
{ seq -f "touch -d @%g /z3" 256; echo begin; echo "mkdir /z4"; echo rollback; } >s.cmds
t "a group behind as many lines" silent R2 -f s.cmds
{ seq -f "touch -d @%g /z3" 300; echo begin; echo "mkdir /z4"; echo rollback; echo undo; } >s.cmds
t "lines that are not told apart stay so after a rollback" refused 1 "more than 256" R2 -f s.cmds
{ echo "touch -d @1 /z3"; echo begin; seq -f "touch -d @%g /z3" 300; echo rollback; echo undo; } >s.cmds
t "those of a group that was rolled back do not count" silent R2 -f s.cmds
printf 'touch /z4\nbegin\ncommit\nundo\n' >s.cmds
t "a group without a change is no step" silent R2 -f s.cmds
t "so that undo took the line before it" fails_with 'has no "z4"' see stat /z4
before=$(sum)
t "what changes nothing writes nothing" silent R2 -R "rm -f /nosuch" -R "mkdir -p /s" -R "touch -c /nosuch"
t "not a byte" same "$(sum)" "$before"
t "the script's current directory" silent R2 -R "cd /s" -R "mkdir q" -R "cd q" -R "touch w" -R "cd /" -R "rm -r /s/q"
t "a current directory that is removed" prints / R2 -R "mkdir /cwd" -R "cd /cwd" -R "rm -r /cwd" -R pwd
t "a current directory that moves" prints /moved R2 -R "mkdir /cwd" -R "cd /cwd" -R "mv /cwd /moved" -R pwd
t "readers see what is not yet committed" prints "hello" R2 -R "put --text hello /new" -R "cat /new"
t "where too" prints "$(printf '/new\n/new2')" R2 -R "ln /new /new2" -R "where /new"
t "e2fsck accepts it all" clean

# ---- --dry-run, -z -------------------------------------------------------------------------------
before=$(sum)
t "--dry-run without -w" sh -c 'extant-debugfs --dry-run a.img mkdir /dry >out && [ -s out ]'
t "--dry-run with -w" sh -c 'extant-debugfs -w --dry-run -R "mkdir /dry" -R "ls /dry" a.img >out && [ -s out ]'
t "a failure of a dry run" fails_with "exists already" extant-debugfs --dry-run a.img mkdir /s
t "nothing was written" same "$(sum)" "$before"
t "-z needs -w" refused 2 "needs -w" extant-debugfs -z undo a.img ls
t "-z" silent extant-debugfs -w -z undo.e2undo a.img mkdir /z4
t "made a file" test -s undo.e2undo
t "-z goes on with it" silent extant-debugfs -w -z undo.e2undo a.img rmdir /z4
t "-z of a file of something else" refused 8 . sh -c 'echo x >other; extant-debugfs -w -z other a.img mkdir /z5'

# ---- who else is there ---------------------------------------------------------------------------
if have python3; then
cat >hold.py <<'PY'
import subprocess, sys
holder = subprocess.Popen(['extant-debugfs', '-w', 'a.img'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
holder.stdin.write('pwd\n')
holder.stdin.flush()
holder.stdout.readline()
r = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(r.stdout + r.stderr.replace(str(holder.pid), 'PID'), end='')
holder.communicate('')
sys.exit(r.returncode)
PY
cat >term.py <<'PY'
import signal, subprocess, sys
p = subprocess.Popen(['extant-debugfs', '-w', 'a.img'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, text=True)
p.stdin.write('mkdir /t1\nmkdir /t2\npwd\n')
p.stdin.flush()
p.stdout.readline()
p.send_signal(getattr(signal, sys.argv[1]))
print(p.stderr.read(), end='')
sys.exit(p.wait())
PY
for s in SIGTERM SIGINT SIGHUP; do
	t "$s in a script changes nothing" refused 1 "stdin:4: interrupted; none of the 3 lines before it took effect" \
		python3 term.py $s
done
t "a second writer is refused" exits 8 python3 hold.py extant-debugfs -w a.img mkdir /x
t "and told by whom" prints "extant-debugfs: a.img: locked by process PID (extant-debugfs); try again when it ends" \
	python3 hold.py extant-debugfs -w a.img mkdir /x
t "a reader is not" says lost+found python3 hold.py extant-debugfs a.img ls /
fi
if can_mount; then
	mount_image a.img "$tmp/mnt" ro
	t "a mounted image is refused" refused 8 "is attached to /dev/loop[0-9]* and mounted on $tmp/mnt; not opened for writing" \
		x mkdir /x
	t "what helps is told" refused 8 "try: umount $tmp/mnt, or without -w" x mkdir /x
	t "reading it is not" says lost+found see ls /
	unmount "$tmp/mnt"
else
	skip "a mounted image" "$why"
fi

# ---- a change that was cut short -----------------------------------------------------------------
if have strace && strace -o /dev/null true 2>/dev/null; then
	cut() { strace -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=$1 \
		extant-debugfs -w a.img mkdir "/cut$1" >/dev/null 2>&1; test -e a.img.e2log; }
	t "killed after the commit point" cut 4
	before=$(sum)
	t "a reader says it and sees the change" sh -c 'extant-debugfs a.img stat /cut4 2>err | grep -q directory &&
		[ "$(cat err)" = "extant-debugfs: a.img: a change that was cut short is shown as completed; the image is as it was" ]'
	t "it is not completed by reading" same "$(sum)" "$before"
	t "--no-recover refuses" refused_log 8 "no-recover" extant-debugfs --no-recover a.img ls
	t "-w --no-recover too" refused_log 8 "no-recover" extant-debugfs -w --no-recover a.img ls
	t "--dry-run completes nothing" sh -c 'extant-debugfs -w --dry-run a.img mkdir /q >/dev/null 2>&1'
	t "not a byte" same "$(sum)" "$before"
	t "--discard-log needs -w" refused_log 2 "needs -w" extant-debugfs --discard-log a.img ls
	t "-w completes it and says so" says "a change that was cut short has been completed" x ls /
	t "once" prints "" sh -c 'extant-debugfs -w a.img ls / 2>&1 >/dev/null'
	t "it is there" says directory see stat /cut4
	t "the log is gone" test ! -e a.img.e2log
	t "e2fsck accepts it" clean
else
	skip "a change that was cut short" "strace cannot be used"
fi

# ---- at a terminal -----------------------------------------------------------------------------------
if have python3; then
cat >talk.py <<'PY'
import os, pty, select, signal, sys, time
PATIENCE = 60       # seconds without a prompt, and without an end
def talk(argv, lines):
    """Types a line at each prompt of a shell at its own terminal; its exit status and what it shows."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    out = b''
    def until(prompts):
        """Whether so many prompts were shown; False when it has closed the terminal."""
        nonlocal out
        end = time.monotonic() + PATIENCE
        while out.count(b'> ') < prompts:
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                os.kill(pid, signal.SIGKILL)
                sys.exit('it waits: %r' % out[-300:])
            try:
                data = os.read(fd, 65536)
            except OSError:     # the other side is closed
                data = b''
            if not data:
                return False
            out += data
        return True
    for n, line in enumerate(lines, 1):
        if not until(n):
            break
        os.write(fd, line.encode() if line in ('\x03', '\x04') else line.encode() + b'\n')
    until(float('inf'))
    end = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), out.decode(errors='replace')
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            sys.exit('it does not end: %r' % out[-300:])
        time.sleep(0.01)
if __name__ == '__main__':
    status, out = talk(['extant-debugfs', '-w', 'a.img'], sys.argv[1:])
    print(out)
    sys.exit(status)
PY
fresh
t "at a terminal each line commits" python3 talk.py 'mkdir /i' 'mkdir /i/j' quit
t "both are there" says directory see stat /i/j
before=$(sum)
t "begin without commit is said" says "rolled back" python3 talk.py begin 'mkdir /i/k' quit
t "and rolled back" same "$(sum)" "$before"
t "a failing line in a group is taken back alone" python3 talk.py begin 'mkdir /i/k' 'mkdir /i/l; mkdir /i' 'mkdir /i/m' commit quit
t "k and m" prints "$(printf 'j\nk\nm')" see ls /i
t "undo at a terminal" python3 talk.py 'touch /u1' 'touch /u2' undo 'touch /u3' 'undo 2' quit
t "takes back what it should" prints "$(printf 'i\nlost+found')" see ls /
t "undo beyond the session" says "has changed nothing yet" python3 talk.py undo quit
t "undo when all is taken back" says "nothing is left to take back" python3 talk.py "touch /u9" undo undo quit
# What each line of a terminal meant for symlinks, and for those that undo brings back.
meant() {
	fresh
	extant-debugfs -w -R "mkdir /m" -R "touch /m/t" -R "ln -s t /m/l" a.img || return 1
	python3 talk.py "$@" | tr -d '\r' | grep -oE '^(warning: )?[0-9]+ symlinks? .*' >.meant
	same "$(cat .meant)" "$meaning"
}
meaning="warning: 1 symlink now leads nowhere: /m/l  (undo takes it back)
1 symlink leads somewhere again: /m/l"
t "undo says what it meant" meant 'rm /m/t' undo quit
t "... and rollback" meant begin 'rm /m/t' rollback quit
meaning="warning: 1 symlink now leads nowhere: /m/l  (undo takes it back)
1 symlink leads somewhere again: /m/l
warning: 1 symlink now leads nowhere: /m/l"
t "... which nothing takes back" meant 'rm /m/t' 'touch /m/t' undo quit
meaning=
t "... of two lines that mean nothing together" meant begin 'mkdir /n' undo rollback quit
t "the end of input ends it" python3 talk.py 'touch /e' "$(printf '\004')"
t "with what was done" says regular see stat /e
t "an interrupt returns to the prompt" python3 talk.py "$(printf '\003')" 'touch /after' quit
t "which works" says regular see stat /after
t "e2fsck accepts the sessions" clean
fi

# ---- put follows symlinks of the host, and never takes a script for a file -----------------

x mkdir /follow
echo real >real.txt; ln -s real.txt soft.txt; ln -s nosuch dangling.txt
t "put follows a symlink" silent x put soft.txt /follow/one
t "... to its content" same "$(x cat /follow/one)" real
t "put -a takes it as it is" only "1 new symlink leads nowhere: /follow/two" x put -a soft.txt /follow/two
t "... " same "$(x readlink /follow/two)" real.txt
t "put of a symlink to nowhere" refused 1 "dangling.txt: no such file" x put dangling.txt /follow/three
echo 'put - /follow/four' >script
t "put - is no line of the script that is standard input" fails_with "standard input is the script" \
	sh -c 'extant-debugfs -w a.img <script'
finish
