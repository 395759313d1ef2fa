#!/bin/sh
# SPDX-License-Identifier: MIT
# edit: what the editor leaves goes back, and nothing that was typed is lost.
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/dir edited
echo one >tree/file; ln tree/file tree/dir/other; chmod 640 tree/file; echo x >"tree/-a b\$c"
: >tree/signals
extant-mkfs -q -d tree a.img 1M
TMPDIR=$tmp/edited; export TMPDIR; unset VISUAL
with() { EDITOR=$1; export EDITOR; shift; d -w a.img edit "$@"; }
left() { ls -A edited; }

t "what is typed goes in" with 'echo two >>' /file
t "... by all names" same "$(d a.img cat /file /dir/other | tr '\n' ' ')" "one two one two "
t "... the mode stays" says '0640' d a.img stat /file
t "... nothing is left" same "$(left)" ""
cp a.img before.img
t "no change" with true /file
t "... changes nothing" cmp a.img before.img
t "... and says so with -v" says 'nothing has changed' with true -v /file
t "a command with arguments" with 'sed -i s/two/three/' /file
t "... has its effect" same "$(d a.img cat /file | tail -1)" three
t "VISUAL goes before EDITOR" same "$(VISUAL='cat' with false /file)" "one
three"
t "the copy is the user's alone" says 'drwx------ .*-rw-------' with 'f() { echo $(ls -ld "$(dirname "$1")" "$1"); }; f' /file
t "a name that a shell could take for something" with 'echo y >>' '/-a b$c'
t "... was edited" same "$(d a.img cat '/-a b$c' | tail -1)" y
t "by inode number" with 'echo z >>' "<$(d --tsv a.img stat /file | sed -n 2p | cut -f2)>"
t "--atomic: the other name keeps the old" sh -c 'EDITOR="echo new >" extant-debugfs -w a.img edit --atomic /file
	extant-debugfs a.img cat /dir/other | grep -q three && extant-debugfs a.img cat /file | grep -qx new'
t "... the mode stays" says '0640' d a.img stat /file
cp a.img before.img
t "an editor that fails" fails_with 'false: exit status 1' with false /file
t "... changes nothing" cmp a.img before.img
t "... and leaves nothing" same "$(left)" ""
t "... but what was typed" fails_with 'what was typed is in .*/edited/extant-.*/file' with 'f() { echo typed >"$1"; false; }; f' /file
t "... and it is there" same "$(cat edited/*/file; rm -rf edited/*)" typed
t "a text that does not fit" fails_with 'what was typed is in' with 'head -c 3M /dev/zero >' /file
t "... changes nothing" cmp a.img before.img
t "... and is not lost" same "$(cat edited/*/file | wc -c; rm -rf edited/*)" 3145728
t "a script that is taken back tells" fails_with 'what was typed is in' sh -c 'EDITOR="echo typed >"; export EDITOR
	printf "edit /file\nrm /nosuch\n" | extant-debugfs -w -f - a.img'
t "... and it is there" same "$(cat edited/*/file; rm -rf edited/*)" typed
t "... the image is as it was" cmp a.img before.img
t "an editor that is killed" fails_with 'signal 9.*; what was typed is in .*/edited/extant-[^/]*$' with 'f() { echo typed >"${1%/*}/.swp"; kill -9 $$; }; f' /file
t "... its file beside the copy is there" same "$(cat edited/*/.swp; rm -rf edited/*)" typed
t "a symlink in the place of the copy" fails_with 'what was typed is in .*/edited/extant-' with 'f() { echo typed >"$1"; mv "$1" "$1.real"; ln -s "$1.real" "$1"; }; f' /file
t "... what it means is there" same "$(cat edited/*/file.real; rm -rf edited/*)" typed
t "a copy saved under another name" fails_with 'what was typed is in .*/edited/extant-' with 'f() { echo typed >"$1.txt"; rm "$1"; }; f' /file
t "... is there" same "$(cat edited/*/file.txt; rm -rf edited/*)" typed
t "a fifo in the place of the copy" fails_with 'not a regular file any more; what was typed' with 'f() { mv "$1" "$1.1"; mkfifo "$1"; }; f' /file
rm -rf edited/*
t "a copy that was removed" fails_with 'the copy' with 'rm' /file
t "... leaves nothing" same "$(left)" ""
t "none of these" cmp a.img before.img
t "no change, and another file" says 'what the editor has left is in .*/edited/extant-[^/]*$' with 'f() { echo typed >"$1.txt"; }; f' /file
t "... which is there" same "$(cat edited/*/file.txt; rm -rf edited/*)" typed
t "a change, and another file" says 'what the editor has left is in .*/edited/extant-[^/]*$' with 'f() { echo other >"$1.txt"; echo changed >"$1"; }; f' /file
t "... the change is in the image" same "$(d a.img cat /file)" changed
t "... the other is there" same "$(cat edited/*/file.txt; rm -rf edited/*)" other
t "... and another change" with 'echo new >' /file
t "the editor has the signals a program expects" with 'f() { grep ^SigIgn /proc/self/status >"$1"; }; f' /signals
t "... none of them is ignored" same "$(($(d a.img cat /signals | sed 's/.*\t/0x/') & 0x85007))" 0
t "a directory" fails_with 'not a regular file' with true /dir
t "not with --restricted" fails_with 'restricted' sh -c 'EDITOR=true extant-debugfs -w --restricted a.img edit /file'
t "not without -w" fails_with 'opened read-only' d a.img edit /file
t "the volume is sound" e2fsck -fn a.img

# ---- through pipes ---------------------------------------------------------------------

t "put - takes what comes" sh -c 'seq 1 50000 | extant-debugfs -w a.img put - /seq; extant-debugfs a.img cat /seq | cmp - /dev/fd/3 3<<X
$(seq 1 50000)
X'
t "get to -" sh -c 'extant-debugfs a.img get /seq /file - >got; { seq 1 50000; echo new; } | cmp - got'
t "get of a tree to -" fails_with 'try: tar' d a.img get -r /dir -
t "put - --sparse" sh -c '{ head -c 500000 /dev/zero; echo end; head -c 100000 /dev/zero; } >z; extant-debugfs -w a.img put --sparse - /z <z
	extant-debugfs a.img cat /z | cmp - z'
t "... has holes" says 'blocks  *[1-3] ' d a.img stat /z
t "... get keeps them" sh -c 'extant-debugfs a.img get /z out 2>/dev/null || { mkdir -p out; extant-debugfs a.img get /z out; }; cmp out/z z && [ $(du -k out/z | cut -f1) -le 8 ]'
t "put --inplace --sparse" sh -c 'extant-debugfs -w a.img put --inplace --sparse z /seq; extant-debugfs a.img cat /seq | cmp - z'
t "put --append of - " sh -c 'echo more | extant-debugfs -w a.img put --append - /file; extant-debugfs a.img cat /file | tail -1 | grep -qx more'
t "put - needs a name" fails_with 'standard input needs a NAME' sh -c 'extant-debugfs -w a.img put - /dir <z'
t "put - of too much" fails_with 'needs .* blocks more than' sh -c 'head -c 3M /dev/urandom | extant-debugfs -w a.img put - /big'
t "the volume is sound still" e2fsck -fn a.img

finish
