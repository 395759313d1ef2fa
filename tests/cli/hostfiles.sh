# SPDX-License-Identifier: MIT
# Files of the host that commands replace: the old one stays until the new one is complete; what is
# no file is written to; what tells of a damage is written when the damage is.
. "$(dirname "$0")/../lib.sh"

mkdir tree
echo short >tree/short
head -c 300000 /dev/zero | tr '\0' x >tree/long
ln tree/long tree/other
extant-mkfs -q -d tree v.img 4M || { fail "a volume is made"; finish; }

# Nothing but what is named is in the directory, and the old file is as it was.
keeps_old() {
	rm -rf out && mkdir out && echo old >out/long && ln out/long out/twin
	(cd out && ulimit -f 64 && "$@") >said 2>&1 && { echo "succeeded: $*"; return 1; }
	same "$(cat out/long)" old && same "$(ls -A out | tr '\n' ' ')" "long twin " || { cat said; return 1; }
}
t "dump that fails leaves the old file" keeps_old extant-debugfs ../v.img dump /long long
t "get -f that fails leaves the old file" keeps_old extant-debugfs ../v.img get -f /long .
t "extant cp that fails leaves the old file" keeps_old extant cp ../v.img:/long long

replaces() {
	rm -rf out && mkdir out && echo old >out/long && ln out/long out/twin && echo old >out/other
	(cd out && "$@") && cmp out/long tree/long && same "$(cat out/twin)" old &&
		same "$(ls -A out | tr '\n' ' ')" "long other twin "
}
t "dump replaces a file, not its other names" replaces extant-debugfs ../v.img dump /long long
t "get -f does" replaces extant-debugfs ../v.img get -f /long .
t "get -f of all names of a file" replaces extant-debugfs ../v.img get -f /long /other .
t "which are one file then" test out/long -ef out/other
again() { (cd out && extant-debugfs ../v.img get -f /long /other .) && same "$(ls -A out | wc -l)" 3 && test out/long -ef out/other; }
t "and once more" again

# What replaces a file is on the disk before it has the name; what is new waits for no disk.
calls_are() {	# WANTED COMMAND...
	want=$1; shift
	(cd out && strace -f -o ../calls -e trace=fsync,rename,renameat "$@" >/dev/null) &&
		same "$(sed -n 's/^[0-9]* *\([a-z]*\)(.*/\1/p' calls | tr '\n' ' ')" "$want"
}
if have strace && strace -o /dev/null true 2>/dev/null && ! sanitized; then
	rm -rf out && mkdir out
	for calls in "rename " "fsync rename "; do
		t "tar -f: $calls" calls_are "$calls" extant-debugfs ../v.img tar -f tar /long
		t "map --svg: $calls" calls_are "$calls" extant-debugfs ../v.img map --svg map
		t "a redirection: $calls" calls_are "$calls" extant-debugfs -R 'ls > list' ../v.img
	done
	t "dump: nothing to replace" calls_are "" extant-debugfs ../v.img dump /long long
	t "... a file to replace" calls_are "fsync renameat " extant-debugfs ../v.img dump /long long
	t "get -f" calls_are "fsync renameat " extant-debugfs ../v.img get -f /long .
else
	skip "what is durable when" "strace cannot be used"
fi

into_fifo() {
	rm -f fifo && mkfifo fifo || return 1
	timeout 60 cat fifo >got & reader=$!	# who writes elsewhere leaves it alone
	timeout 60 "$@" || { kill $reader; return 1; }
	wait $reader && cmp got tree/short && test -p fifo
}
t "dump writes into a fifo" into_fifo extant-debugfs v.img dump /short fifo
t "extant cp does" into_fifo extant cp v.img:/short fifo
into_null() { extant-debugfs v.img dump /short /dev/null && test -c /dev/null; }
t "a device stays one" into_null
to_output() { extant-debugfs v.img dump /short /dev/stdout >got && cmp got tree/short && test -L /dev/stdout; }
t "dump to /dev/stdout, which is a file here" to_output
refused() { rm -rf out && mkdir out && mkfifo out/short && fails_with 'stands in its place' \
	extant-debugfs v.img get -f /short out && test -p out/short; }
t "get -f puts no file in the place of a fifo" refused

no_truth() { rm -f truth; "$@" >said 2>&1; test ! -e truth || { cat said; return 1; }; }
printf 'begin\nbreak link-count --truth truth\nrollback\n' >rolled
printf 'break link-count --truth truth\nbreak nonsense\n' >failing
printf 'begin\nbreak link-count --truth truth\nundo\nset sb.label x\ncommit\n' >undone
t "no truth of a dry run" no_truth extant-debugfs -w --dry-run v.img break link-count --truth truth
t "none of what is rolled back" no_truth extant-debugfs -w -f rolled v.img
t "none of a script that fails" no_truth extant-debugfs -w -f failing v.img
t "none of a line that is undone" no_truth extant-debugfs -w -f undone v.img
t "a place that cannot be written is an error before anything is damaged" fails_with 'nowhere' \
	extant-debugfs -w v.img break link-count --truth nowhere/truth
t "so far nothing is" extant-fsck -nf v.img
cp v.img w.img
t "the truth of what is" extant-debugfs -w w.img break link-count --truth truth
t "is in the file" grep -q '"problem\|"case' truth

extant-debugfs -w v.img rm /short || fail "a file is removed"
ino=$(extant-debugfs v.img deleted | sed -n 's/^ *<*\([0-9][0-9]*\)>*.*/\1/p' | head -1)
t "undel --to needs no -w" extant-debugfs v.img undel --to back "<$ino>"
t "and brings the file" cmp back tree/short
t "undel alone does" fails_with 'read-only' extant-debugfs v.img undel "<$ino>" /short
finish
