#!/bin/sh
# SPDX-License-Identifier: MIT
# The shell at a terminal: completion, history, ^C, resize, UTF-8; and what belongs to a session
# without one: output to files and commands of the host, scripts, help, complete.
. "$(dirname "$0")/../lib.sh"
LC_ALL=C.UTF-8
XDG_STATE_HOME=$tmp/state
TERM=xterm
EDITRC=/dev/null
export LC_ALL XDG_STATE_HOME TERM EDITRC

mkdir -p tree/docs/sub tree/etc tree/many
echo 'a file' >'tree/docs/a b'
echo umlaut >tree/docs/üben
echo plan >tree/docs/plan.odt
echo plain >tree/docs/plain
echo twelve >'tree/docs/<12>'
echo bad >"tree/docs/$(printf 'bad\377')"
for name in "q'uote" 'd"ouble' 'back\slash' '-l' '#hash' '>x' '|x' '%12' '^5' 'sb' '41733' 'g:5' 'new line' \
	"$(printf 'new\nline')" "$(printf 'esc\033[31m')" "$(printf 'bidi\342\200\256x')" 'a;b' '!bang' '@0x10'; do
	echo "$name" >"tree/many/$name"
done
ln -s docs tree/link
seq 1 1200000 >tree/big
extant-mkfs -q -d tree a.img 32M || exit 1

# ---- without a terminal: where output goes ----------------------------------------------

t "> writes a file of the host" same "$(d -R 'cat /docs/plain > out' a.img; cat out)" plain
t ">> adds to it" same "$(d -R 'cat /docs/plan.odt >> out' a.img; cat out)" "plain
plan"
t "| goes to a command" same "$(d -R 'ls /docs | wc -l; pwd' a.img)" "7
/"
t "... whose failure counts" fails_with '| exit 3: exit status 3' d -R 'ls | exit 3' a.img
t "... and which may see enough" same "$(d -R 'cat /big | head -1' a.img)" 1
t "... and gets bytes as they are" same "$(d -R 'cat /big | cksum' a.img)" "$(cksum <tree/big)"
t "! runs a command" same "$(d -R '!echo a; echo b' a.img)" "a
b"
t "... whose failure counts" fails_with '!exit 4: exit status 4' d -R '!exit 4' a.img
t "... and does not read our script" same "$(printf '!cat\npwd\n' | d a.img)" /
echo old >keep
t "what a command that fails wrote replaces nothing" exits 1 d -R 'cat /docs/plain /nosuch > keep' a.img
t "... the file is as it was" same "$(cat keep; ls -A | grep extant-)" old
t "... nor is anything added" same "$(d -R 'cat /docs/plain /nosuch >> keep' a.img 2>/dev/null; cat keep)" old
t "... unless failing is allowed" same "$(d -R '-cat /docs/plain /nosuch > keep' a.img 2>/dev/null; cat keep)" plain
ln keep other
t "a file with two names keeps both" same "$(d -R 'cat /docs/plan.odt > keep' a.img; cat other)" plan
t "a full disk is told" fails_with '/dev/full: no space left' d -R 'cat /big > /dev/full' a.img
t "a directory that is not there too" fails_with 'nosuch/x: no such file' d -R 'ls > nosuch/x' a.img
t "--restricted" fails_with 'restricted' d --restricted -R 'ls > x' a.img
for c in '!ls' 'ls | cat' 'get /docs x' 'source x' 'open a.img' 'lcd /'; do
	t "--restricted: $c" fails_with 'restricted' d --restricted -R "$c" a.img
done
t "lcd is where paths of the host begin" same "$(d -R 'lcd tree' -R 'ls /docs > made' -R '!pwd' a.img; rm tree/made)" "$tmp/tree"

# ---- scripts, images, roots ---------------------------------------------------------------

printf 'mkdir /new\nsource inner\n' >outer
printf 'mkdir /new/a\n\nrm /nosuch\n' >inner
cp a.img b.img
t "a script within a script fails with its own line" fails_with 'inner:3: rm: /nosuch' d -w -R 'source outer' b.img
t "... and nothing of it stays" cmp a.img b.img
echo 'source loop' >loop
t "scripts do not nest forever" fails_with 'more than 16 scripts' d -R 'source loop' a.img
t "source changes" same "$(printf 'mkdir /s\nmkdir /s/t\n' >inner; d -w -R 'source inner' b.img && d b.img ls /s)" t
t "another image" same "$(d -R 'close; open b.img; ls /s' a.img)" t
t "... for writing" same "$(d -R close -R 'open -w b.img' -R 'mkdir /s/u' a.img && d b.img ls /s)" "t
u"
t "none" fails_with 'no image is open' d -R 'close; ls' a.img
t "no image goes away with changes" fails_with 'not committed' d -w -R 'mkdir /z; close' b.img
t "chroot" same "$(d -R 'chroot /docs; cd sub; cd ../..; pwd; ls -d /plain /../plan.odt; chroot; ls -d /docs' a.img)" "/
/plain
/../plan.odt
/docs"
t "features" says 'filetype *incompat' d a.img features
t "... that cannot be are refused" fails_with 'types, which would become lengths' d -w b.img features ^filetype
t "... with a reason" fails_with 'does not know how' d -w b.img features extent
t "... others change" same "$(d -w b.img features dir_prealloc && d b.img print sb.feature_compat | grep -c dir_prealloc)" 1
t "set_current_time" says '2026-01-02 03:04' d -w -R 'set_current_time 20260102030405; touch /s/t; ls -l /s' b.img

# ---- help, and what a line may go on with ----------------------------------------------------

t "help is one screen" same "$(d a.img help | awk 'length > 80 || NR > 23')" ""
t "... with every command" same "$(d a.img help | tr ' ' '\n' | sort -u | grep -cx -e break -e mkdir -e apropos)" 3
t "help of an object" says 'is an inode' d -R 'help <12>' a.img
t "help of a field" says 'Unmounted cleanly' d a.img help sb.state
t "unknown help" fails_with 'did you mean stat?' d a.img help stta
t "... of another shell's word" fails_with 'did you mean mv?' d a.img help rename
t "unknown options" fails_with 'did you mean --tree?' d a.img blocks --tre /
t "unknown fields" fails_with 'nearest is state' d a.img print sb.stat
t "apropos" says '^ln  ' d a.img apropos 'names for'
t "no prefixes in scripts" exits 2 d a.img rea /link
complete() { extant-debugfs a.img complete "$1"; }
t "commands" same "$(complete readl)" readlink
t "options, those of all commands too" same "$(complete 'blocks --' | tr '\n' ' ')" "--json --tree --tsv "
t "paths" same "$(complete 'cat /docs/pl')" "/docs/plain
/docs/plan.odt"
t "directories" same "$(complete 'ls /d')" /docs/
t "a link to one" same "$(complete 'ls /lin')" /link/
t "fields" same "$(complete 'print sb.free_b')" "sb.free_blocks_count
sb.free_blocks_count_hi"
t "fields behind an inode" same "$(complete 'print <12>.mtime')" "<12>.mtime
<12>.mtime_extra"
t "fields as a word" same "$(complete 'print /link mtime')" "mtime
mtime_extra"
t "values" same "$(complete 'set sb.state cl')" clean
t "inodes" same "$(complete 'stat <r')" "<resize>
<root>"
t "paths of the host" same "$(complete 'get /docs tre')" tree/
t "... behind >" same "$(complete 'ls > tre')" tree/
t "a quoted word" same "$(complete 'cat "/docs/a')" '"/docs/a b"'
t "names that are not there" same "$(complete 'cat /nosuch/x')" ""
all_names() {	# LINE COMMAND [BEFORE]: every name comes back from what is offered for it
	printf '%scomplete "%s"\n' "${3:-}" "$(printf %s "$1" | sed 's/"/\\"/g')" >script
	extant-debugfs -f script a.img >words
	while IFS= read -r w; do extant-debugfs -R "${3:-}$2$w" a.img || echo "failed: $w"; done <words >got
	sort got | cmp - names
}
cat tree/many/* | sort >names
t "what is inserted is read back as the name" all_names "cat /many/" "cat "
t "... in quotes" all_names 'cat "/many/' "cat "
t "... as a name in the current directory" all_names "cat " "cat " "chroot /many; "
t "... where other objects may stand" same "$(complete 'hex /many/' | wc -l)" "$(complete 'cat /many/' | wc -l)"

# ---- at a terminal ------------------------------------------------------------------------------

if ! have python3 || ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	skip "a terminal" "needs python3 and terminals of its own"
	finish
fi
# types NAME COMMAND...: the steps on standard input
types() {
	name=$1; shift
	cat >steps
	t "$name" python3 "$root/tests/cli/terminal.py" steps "$@"
}
types "the prompt shows image, directory and changes; ^D rolls back" extant-debugfs -w b.img <<'END'
see b.img:/> 
type cd /docs\r
see b.img:/docs> 
type begin\r
see b.img:/docs [no changes]> 
type mkdir one\r
see [1 change]> 
type mkdir two; mkdir three\r
see [3 changes]> 
type \x04
see begin has no commit: what came after it was rolled back
wait
END
t "... and did" same "$(d b.img ls /docs | grep -c -e one -e two)" 0
types "beginnings of names are names" extant-debugfs a.img <<'END'
see > 
type readl /link\r
see docs
see > 
type s\r
see "s" may be 
see > 
type quit\r
wait
END
types "but not of what damages on purpose; words of other shells name ours" extant-debugfs -w b.img <<'END'
see > 
type kill /link\r
see "kill" may be kill_file
see > 
type copy /plain /docs/plan.odt\r
see unknown command "copy"; did you mean cp?
see > 
type delete /plain\r
see unknown command "delete"; did you mean rm?
see > 
type quit\r
wait
END
types "what a rollback brings back is not new" extant-debugfs -w b.img <<'END'
see > 
type ln -s nowhere /rotten\r
see leads nowhere: /rotten
see > 
type begin; rm /rotten\r
see [1 change]> 
type rollback\r
see b.img:/> 
never nowhere
type quit\r
wait
END
# "exec": between two commands sh keeps ^C for itself until the second has ended.  A pipe's command
# ends at a ; outside of quotes, that of "!" at the end of the line.
types "^C gives up the command, not the session" extant-debugfs a.img <<'END'
see > 
type cat /big\r
see 1000
type \x03
see interrupted
see a.img:/> 
less 4000000
type cat /big | sh -c 'echo begun; exec sleep 100'\r
see \nbegun\n
type \x03
see ended by signal 2
see a.img:/> 
type !echo begun; exec sleep 100\r
see \nbegun\n
type \x03
see ended by signal 2
see a.img:/> 
type pwd\r
see \n/\n
type quit\r
wait
END
types "what is wider than the window is folded between words" extant-debugfs a.img <<'END'
see > 
size 50 24
type stat --explain /link\r
see (a\n              fast symlink)\n
see > 
narrow 50
type cat /docs/no/such\r
see /docs\n    has no "no"\n
see > 
narrow 50
type ls --nonsense\r
see usage: ls
see > 
narrow 50
type help ln\r
see exit status
see > 
narrow 50
type apropos indirect\r
see inode.block
see > 
narrow 50
size 60 24
type info\r
see the rest
see > 
narrow 60
type quit\r
wait
END
if ! extant-debugfs a.img complete "get /docs /" >/dev/null || [ -z "$(ls /usr/lib/*/libedit.so.[02]* /usr/lib/libedit.so.* 2>/dev/null)" ] ||
	! grep -q el_gets "$B/extant-debugfs"; then
	skip "editing lines" "no libedit here"
	finish
fi
types "TAB completes, then lists" extant-debugfs a.img <<'END'
see > 
type ls /d\t
see ocs/
type \r
see plan.odt
see > 
type cat /docs/p\t
see la
type \t
see plan.odt
see > cat /docs/pla
type n.\t\r
see plan\n
type cat /docs/a\t\r
see a file\n
type cat /docs/ü\t\r
see umlaut\n
type cat /docs/bad\t\r
see bad\n
type readl\t/link\r
see docs
type quit\r
wait
END
types "a narrow window has narrow lists, a wide one wide ones" extant-debugfs a.img <<'END'
see > 
size 40 24
type ls /many/\t
see back\\x5cslash
see > ls /many/
narrow 40
size 200 24
type \t
see bidi
see > ls /many/
type \x03
see ^C
see > 
type quit\r
wait
END
types "^C clears the line" extant-debugfs a.img <<'END'
see > 
type nonsense
see nonsense
type \x03
see ^C
see a.img:/> 
type pwd\r
see \n/\n
never nonsense
type quit\r
wait
END
types "lines of earlier sessions come back" extant-debugfs a.img <<'END'
see > 
type \x1b[A\x1b[A
see pwd
type \r
see \n/\n
see > 
type \x12readl
see readl
type \x03
see ^C
see > 
type quit\r
wait
END
t "the history is its owner's alone" same "$(stat -c %a state/extant/history)" 600
t "scripts leave no history" same "$(echo 'ls /docs/sub' | d a.img; grep -c sub state/extant/history)" 0
types "pasted lines run one after the other" extant-debugfs a.img <<'END'
see > 
type cd /docs\rpwd\rcat plain\rquit\r
see /docs\n
see plain\n
wait
END
rm -rf state; : >state	# a file where the directory of the history would be
types "no history is no failure" extant-debugfs a.img <<'END'
see > 
type pwd\r
see \n/\n
type quit\r
wait
END
finish
