#!/bin/sh
# SPDX-License-Identifier: MIT
# extant-fsck repairs: what -y, -p, -n, plans, questions and signals do to an image and say of it.
in_memory=1	# hundreds of commits
. "$(dirname "$0")/../lib.sh"
fsck=extant-fsck

if ! have python3; then
	skip "repairs" "needs python3 to damage images"
	finish
fi
unchanged() { same "$(digest "$1")" "$2"; }

# damage FROM TO WHAT...: a copy with damage; see the script.
damage() { python3 damage.py "$@"; }

cat >damage.py <<'END'
import mmap, struct, subprocess, sys
source, to, *what = sys.argv[1:]
subprocess.run(["cp", source, to], check=True)              # holes stay: one of them is large
with open(to, "r+b") as f: d = mmap.mmap(f.fileno(), 0)
get = lambda at, form: struct.unpack_from("<" + form, d, at)[0]
def put(at, form, value): struct.pack_into("<" + form, d, at, value)
bs = 1024 << get(1024 + 24, "I")
size = get(1024 + 88, "H")
desc = (get(1024 + 20, "I") + 1) * bs
def inode(n): return get(desc + 8, "I") * bs + (n - 1) * size
for w in what:
    if w == "count": put(desc + 12, "H", 1)                # free blocks of group 0: safe
    elif w == "blocks": put(inode(2) + 28, "I", 98)        # i_blocks of the root: safe
    elif w == "zero": put(inode(12) + 112, "I", 7)         # i_faddr: needs a yes
    elif w == "state": put(1024 + 58, "H", 2)              # not clean, errors
    elif w == "note": put(1024 + 12, "I", 1)               # free blocks of the superblock
    elif w == "bits": d[get(desc, "I") * bs + 900] ^= 0xff # bitmap
    elif w == "table": d[inode(17):inode(21)] = bytes(4 * size)   # four inodes: lost
    elif w == "all":                                               # fields of every file
        for n in range(11, 400):
            if get(inode(n), "H") & 0xf000 == 0x8000:
                for at, form in (26, "H"), (28, "I"), (112, "I"), (20, "I"): put(inode(n) + at, form, 98)
                put(inode(n) + 128, "H", 3)
    elif w == "inode": d[inode(17):inode(18)] = bytes(size)
    else: sys.exit("damage: " + w)
END

mkdir -p tree/dir
echo text >tree/dir/file
ln tree/dir/file tree/again
seq 1 3000 >tree/long
extant-mkfs -q -b 1024 -d tree sound.img 8M || exit 1
damage sound.img two.img count blocks
damage sound.img mixed.img count blocks zero

# ---- -n -------------------------------------------------------------------------------

before=$(digest two.img)
t "-n lists what there is" ends 4 "two.img: 2 problems" $fsck -n two.img
t "... with what would be done" ends 4 "    will be " $fsck -n two.img
t "... and says what -y would cost" ends 4 \
	"Nothing was changed (-n). With -y: nothing would be lost." $fsck -n two.img
t "... without a terminal and an option, too" ends 4 \
	"Nothing was changed (no terminal to ask at). With -y: nothing would be lost." $fsck -f two.img
t "-n changes no byte" unchanged two.img "$before"

# ---- -y -------------------------------------------------------------------------------

cp two.img a.img
t "-y repairs" ends 1 "a.img: 2 problems repaired, 0 left; checked again, nothing found" $fsck -y a.img
t "... and says that nothing is lost" grep -qx "Nothing lost." said
t "... after the list" grep -q "^block-count   / <2>" said
before=$(digest a.img)
t "a second -y finds nothing" ends 0 "a.img: consistent, " $fsck -y a.img
t "... and changes no byte" unchanged a.img "$before"
t "... nor does -p" ends 0 "a.img: " $fsck -fp a.img
t "... nor that" unchanged a.img "$before"
if have e2fsck; then
	t "e2fsck agrees" exits 0 e2fsck -fn a.img
fi
cp two.img a.img
t "-q is silent" test -z "$($fsck -qy a.img)"
t "... and repairs" ends 0 "consistent" $fsck -n a.img
damage sound.img a.img note
t "a note alone is put right" ends 1 "a.img: 1 note repaired, 0 left" $fsck -y a.img
cp two.img a.img; cp sound.img b.img; cp two.img c.img
t "several images: the sum" ends 9 "c.img: 2 problems repaired" $fsck -y a.img b.img nothing.img c.img

full() { $fsck -y "$1" >/dev/full; }
if [ -c /dev/full ]; then
	cp two.img a.img
	before=$(digest a.img)
	t "what cannot be said is not done" ends 8 "standard output: no space left" full a.img
	t "... at all" unchanged a.img "$before"
fi

# ---- who says that it is clean ----------------------------------------------------------

cp two.img a.img
t "a volume is taken at its word" ends 0 "(not checked; -f checks)" $fsck a.img
t "... by -p" ends 0 "(not checked; -f checks)" $fsck -p a.img
t "... but not with -f" ends 1 "repaired" $fsck -fp a.img
damage sound.img a.img state count
t "one that does not say so is checked" ends 4 "free-count" $fsck a.img
t "... by -p" ends 1 "repaired" $fsck -p a.img
t "... and is clean then" ends 0 "(not checked; -f checks)" $fsck -p a.img

# ---- -p ---------------------------------------------------------------------------------

cp two.img a.img
t "-p repairs what is safe" ends 1 "a.img: 2 problems repaired, nothing lost" $fsck -f -p a.img
t "... tersely" test "$(wc -l <said)" -eq 2
cp mixed.img a.img
before=$(digest a.img)
t "-p repairs nothing when not all is safe" ends 4 \
	"a.img: not all of it is safe to repair without asking; nothing was changed" $fsck -fp a.img
t "... and says what" grep -q "must-be-zero: .*<12>" said
t "... but not what is safe" sh -c '! grep -q free-count said'
t "... at all" unchanged a.img "$before"
t "-a is -p" ends 4 "not all of it is safe" $fsck -fa a.img
t "-y does" ends 1 "3 problems repaired" $fsck -y a.img
for two in "-n -y" "-n -p" "-p -y" "-a -n"; do
	# shellcheck disable=SC2086
	t "$two exclude each other" ends 16 "only one of" $fsck $two a.img
done

# ---- what the image says of its superblock ----------------------------------------------

mkdir -p small/dir
for i in $(seq 1 120); do echo "$i" >"small/dir/f$i"; done
extant-mkfs -q -b 4096 -I 128 -N 768 -d small inodes.img 8M || exit 1
dd if=/dev/zero of=inodes.img bs=4096 seek=4 count=2 conv=notrunc status=none
t "a table that begins with zeros is repaired" ends 1 "repaired, 0 left" $fsck -y inodes.img
t "... and says nothing about the size of inodes" sh -c '! grep -q inode_size said'

# ---- undo -------------------------------------------------------------------------------

cp two.img a.img
t "-z keeps what was there" ends 1 "repaired" $fsck -y -z a.undo a.img
t "... and --rollback takes the repair back" ends 0 "taken back" $fsck --rollback a.undo a.img
t "... byte for byte" cmp a.img two.img

# ---- losses -----------------------------------------------------------------------------

mkdir many
for i in 1 2 3 4 5 6 7 8 9; do seq 1 $((i * 1000)) >many/f$i; done
extant-mkfs -q -b 1024 -I 256 -d many many.img 4M
damage many.img lost.img table
damage many.img lost1.img inode
cp lost.img a.img
t "-n says what would be lost" ends 4 "With -y: 4 files would be lost." $fsck -n a.img
t "... of which files" grep -q "^  /f[0-9] <17>   regular file: " said
t "--careful stops before that" ends 4 "would cost more than a few files (--careful); nothing was changed" \
	$fsck -y --careful a.img
t "... and changes nothing" cmp a.img lost.img
t "-p does, too" ends 4 "(4 files would be lost); nothing was changed" $fsck -fp a.img
t "... and changes nothing" cmp a.img lost.img
t "-y says it before it writes" ends 1 "The repair loses 4 files." $fsck -y a.img
t "... and at the end" grep -q "^Lost: 4 files. No name lost.\$" said
t "... file by file" test "$(tail -4 said | grep -c '^  /f')" -eq 4
t "... and the second run finds nothing" ends 0 "consistent" $fsck -y a.img
cp lost1.img a.img
t "--careful gives a few files away" ends 1 "Lost: 1 file. No name lost." $fsck -y --careful a.img

# ---- a mebibyte is enough ----------------------------------------------------------------

cat >deep.py <<'END'
import os
os.mkdir("deep")
os.chdir("deep")
for i in range(14):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
for i in range(60):
    open("%03d" % i + "f" * 240, "w").write("x")
END
python3 deep.py
extant-mkfs -q -b 1024 -I 256 -d deep deep.img 4M
damage deep.img a.img all
$fsck -n a.img >short; $fsck -nv a.img >long
t "a report has no more than a mebibyte" test "$(wc -c <short)" -le 1048576
t "... and says that there is more" grep -q "^and .* more (-v shows them)" short
t "... 50 of a kind at most" test "$(grep -c '^block-count' short)" -eq 50
t "... and how many more" grep -q "^    and 10 more like this" short
t "-v shows all" test "$(grep -c '^link-count' long)" -eq 60 -a "$(wc -c <long)" -gt 1048576
rm -rf deep

# ---- JSON -------------------------------------------------------------------------------

json() {	# CODE IMAGE TYPES OPTIONS
	code=$1 image=$2 types=$3; shift 3
	cp "$image" a.img
	exits "$code" $fsck --json "$@" a.img >out.json || return 1
	# shellcheck disable=SC2086
	python3 "$root/tests/cli/fsck_json.py" "$root/docs/fsck-json.md" $types <out.json
}
t "JSON of a sound volume is as documented" json 0 sound.img "plan summary" -n
t "... of problems" json 4 mixed.img "plan finding summary" -n
t "... of a repair" json 1 mixed.img "plan finding summary" -y
t "... says what is repaired" grep -q '"code": "free-count".*"repaired": true' out.json
t "... and what not" json 4 mixed.img "plan finding summary" -n
t "... by -n" sh -c '! grep -q "\"repaired\": true" out.json && grep -q "\"repairable\": true" out.json'
t "... of losses" json 1 lost.img "plan finding loss summary" -y
t "... each of them" test "$(grep -c '"type": "loss"' out.json)" -eq 4
t "... of files in pieces" json 0 many.img "plan summary" -n -E fragcheck

# ---- bad blocks ---------------------------------------------------------------------------

if have debugfs; then
	cp many.img a.img
	debugfs -R "blocks /f9" many.img 2>/dev/null | tr ' ' '\n' | grep . >used
	{ awk 'NR % 2' used; echo 3000; echo; echo 3001; } >list
	bad=$(($(wc -l <list) - 1))
	t "-l keeps bad blocks" ends 1 "$bad bad blocks listed, $bad of them new, 0 dropped" \
		$fsck -y -l list a.img
	e2s_list() { dumpe2fs -b a.img 2>/dev/null | sort -n >theirs; grep . list | sort -n | diff - theirs; }
	t "... as e2fsprogs reads them" e2s_list
	t "... and moves what was there" sh -c 'extant-debugfs a.img cat /f9 | cmp - many/f9'
	t "... consistently" exits 0 e2fsck -fn a.img
	before=$(digest a.img)
	t "the same list again" ends 0 "0 of them new" $fsck -y -l list a.img
	t "... changes nothing" unchanged a.img "$before"
	echo 3500 >list
	t "-L replaces the list" ends 1 "1 bad block listed, 1 of them new, $bad dropped" $fsck -y -L list a.img
	t "... as e2fsprogs reads it" e2s_list
	t "... consistently" exits 0 e2fsck -fn a.img
	before=$(digest a.img)
	for line in 0 4096 99999999999999999999 x -1 1.5 "3000x"; do
		printf '3000\n%s\n' "$line" >list
		t "\"$line\" is no block" ends 8 "list:2: \"$line\" is no" $fsck -y -l list a.img
	done
	echo 1 >list
	t "the superblock is not moved" ends 8 "block 1 holds the superblock of group 0" $fsck -y -l list a.img
	t "... and nothing is changed" unchanged a.img "$before"
fi

# ---- a change that was not completed ---------------------------------------------------------

if have strace && strace -o /dev/null true 2>/dev/null && [ -z "${ASAN_OPTIONS##*exitcode=99}" ]; then
	pending() {
		rm -f a.img.e2log
		cp two.img a.img
		strace -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=4 \
			$fsck -y a.img >/dev/null 2>&1
		[ -e a.img.e2log ]
	}
	write_fails() {
		cp two.img a.img
		# Leaks cannot be looked for under strace.
		ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 \
			ends 8 "nothing was changed" strace -o /dev/null -e trace=pwrite64,pwritev \
			-e inject=pwrite64,pwritev:error="$1":when=1+ $fsck -y a.img &&
			cmp a.img two.img && [ ! -e a.img.e2log ]
	}
	t "a full disk: nothing is changed" write_fails ENOSPC
	t "a disk that cannot be written: nothing is changed" write_fails EIO
	t "a killed repair leaves its log" pending
	before=$(digest a.img)$(digest a.img.e2log)
	t "... which -n reads through" ends 0 "this is the image with it" $fsck -n a.img
	t "... and changes neither" same "$(digest a.img)$(digest a.img.e2log)" "$before"
	t "... and -y --no-recover refuses" ends 8 "waits in" $fsck -y --no-recover a.img
	t "... and -y completes" ends 0 "a change that waited in its log was completed first" $fsck -y a.img
	t "... so that it is repaired" ends 0 "consistent" $fsck -n a.img
	t "... and the log is gone" [ ! -e a.img.e2log ]
	t "again" pending
	t "--discard-log gives it up, -y repairs what is there" ends 1 "repaired, 0 left" \
		$fsck -y --discard-log a.img
	t "... and the log is gone" [ ! -e a.img.e2log ]
	t "... for good" ends 0 "consistent" $fsck -y a.img
fi

# ---- plans ------------------------------------------------------------------------------

cp two.img a.img
before=$(digest a.img)
t "--plan writes a plan" ends 4 "a.e2plan: what changes 3 blocks of a.img; --apply does it" \
	$fsck --plan a.e2plan a.img
t "... and nothing else" unchanged a.img "$before"
t "... over no other file" ends 12 "a.e2plan: file exists" $fsck --plan a.e2plan a.img
cp -p a.img b.img; cp -p a.img c.img; cp -p a.img d.img; cp -p a.img e.img
t "--apply does what it says" ends 1 "b.img: the plan is done: 3 blocks changed" \
	$fsck --apply a.e2plan b.img
t "... which is the repair" ends 0 "b.img: consistent" $fsck -n b.img
t "... once" ends 8 "the image was modified since the plan was made; nothing was changed" \
	$fsck --apply a.e2plan b.img
again() { exits 1 $fsck --apply a.e2plan -z c.undo c.img && cmp c.img b.img; }
t "... the same bytes every time" again
t "... and -z goes with it" ends 0 "1 change taken back" $fsck --rollback c.undo c.img
t "... to what it was" cmp c.img two.img
printf x | dd of=d.img bs=1 seek=2060 conv=notrunc status=none
touch -r a.img d.img
before=$(digest d.img)
t "a block that is another" ends 8 "block 2 is not what it was when the plan was made" \
	$fsck --apply a.e2plan d.img
t "... is not written over" unchanged d.img "$before"
touch e.img
t "an image that was touched" ends 8 "was modified since" $fsck --apply a.e2plan e.img
head -c 4000000 a.img >f.img; touch -r a.img f.img
t "an image of another size" ends 8 "the image has 4000000 bytes, and had 8388608" \
	$fsck --apply a.e2plan f.img
size=$(stat -c %s a.e2plan)
damaged_plans() {
	for at in 0 8 12 24 57 70 90 1200 $((size - 2)); do
		cp a.e2plan bad.e2plan
		printf '\377' | dd of=bad.e2plan bs=1 seek="$at" conv=notrunc status=none
		ends 8 "is no plan of a repair, or is damaged" $fsck --apply bad.e2plan a.img || return 1
	done
	for len in 0 1 63 64 100 $((size - 1)); do
		head -c "$len" a.e2plan >bad.e2plan
		ends 8 "is no plan of a repair, or is damaged" $fsck --apply bad.e2plan a.img || return 1
	done
	cat a.e2plan a.e2plan >bad.e2plan
	ends 8 "is damaged" $fsck --apply bad.e2plan a.img
}
t "damaged plans are refused" damaged_plans
t "... and nothing is changed" cmp a.img two.img
rm -f no.e2plan
t "a sound volume needs no plan" ends 0 "nothing to repair" $fsck --plan no.e2plan sound.img
t "... and gets none" [ ! -e no.e2plan ]
t "--plan and -y exclude each other" ends 16 "--plan changes nothing" $fsck --plan x -y a.img
t "--apply stands alone" ends 16 "nothing else" $fsck --apply a.e2plan -y a.img

# ---- explanations -----------------------------------------------------------------------

all_explained() {
	$fsck --explain list >codes
	[ "$(wc -l <codes)" -ge 70 ] || return 1
	while read -r code; do
		$fsck --explain "$code" >text || return 1
		[ -n "$(sed -n 3p text)" ] || { echo "no paragraph: $code"; return 1; }
		! grep -n '[{}]' text || return 1
	done <codes
}
t "every code has its explanation" all_explained
t "--explain says what is safe" ends 0 "safe: -p repairs it" $fsck --explain link-count
t "--explain helps with the name" ends 16 "did you mean link-count?" $fsck --explain links-count
t "... or lists them" ends 16 "try: --explain list" $fsck --explain xyzzy

# ---- signals ----------------------------------------------------------------------------

extant-mkfs -q -b 1024 -g 256 -N 40000 base.img 600M
damage base.img many.img count
cat >signals.py <<'END'
import hashlib, os, signal, subprocess, sys, time
image, fsck = sys.argv[1:3]
def digest():
    with open(image, "rb") as f: return hashlib.sha256(f.read(1 << 22)).hexdigest()
before, slow, cancelled = digest(), 0, 0
for i in range(200):     # 12, or as many as a busy machine needs until one comes in time
    if i >= 12 and cancelled: break
    p = subprocess.Popen([fsck, "-y", image], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
    while p.poll() is None:      # until it takes care of signals
        with open("/proc/%d/status" % p.pid) as f:
            if int(f.read().split("SigBlk:")[1].split()[0], 16) & 1 << signal.SIGTERM - 1: break
        time.sleep(0.001)
    time.sleep(0.004 * (i % 50))
    begun = time.monotonic()
    p.send_signal([signal.SIGINT, signal.SIGTERM][i % 2])
    try: err = p.communicate(timeout=120)[1]
    except subprocess.TimeoutExpired: p.kill(); sys.exit("it does not end")
    slow = max(slow, time.monotonic() - begun)
    now = digest()
    if p.returncode == 32 and now == before: cancelled += 1; continue
    if p.returncode in (-2, -15) and now == before: continue   # before it could take care
    if p.returncode in (1, 33) and now != before:              # committed before the signal
        subprocess.run(["cp", "many.copy", image]); continue
    sys.exit("exit %d, changed %s: %s" % (p.returncode, now != before, err))
print("figure: %d of %d cancelled, at most %.0f ms" % (cancelled, i, slow * 1000))
sys.exit(cancelled < 1)
END
cp many.img many.copy
t "a signal before the commit changes nothing" python3 signals.py many.img "$(command -v $fsck)"
grep figure "$tmp/.out" || true

# ---- progress ---------------------------------------------------------------------------

monotone() {
	cp two.img a.img
	$fsck -y -C 3 a.img 3>lines >/dev/null
	[ -s lines ] && awk '{ now = $1 * 1e9 + $2; if (now < last || NF != 4) exit 1; last = now }' lines
}
t "progress never goes back" monotone

# ---- locks ------------------------------------------------------------------------------

cp two.img a.img
held() {
	hold a.img || return 1
	ends 8 "locked by process" $fsck -y a.img && ends 4 "2 problems" $fsck -n a.img; r=$?
	let_go && rm -f in holder.out
	return $r
}
t "a locked image is refused but for -n" held
t "... and is as it was" cmp a.img two.img

# ---- extended options -------------------------------------------------------------------

cp two.img a.img
seen() { dd if=a.img bs=1024 skip=7000 count=1 status=none | tr -d '\0' | wc -c; }
printf 'rubbish' | dd of=a.img bs=1024 seek=7000 conv=notrunc status=none
t "-E discard empties free blocks" ends 1 "of free blocks are holes now" $fsck -y -E discard a.img
t "... so that they read as zeros" same "$(seen)" 0
t "... and nothing else" ends 0 "consistent" $fsck -n a.img
t "-E fragcheck is quiet where nothing is scattered" ends 0 "consistent" $fsck -n -E fragcheck a.img
t "-E fixes_only forbids -D" ends 16 "forbids" $fsck -y -D -E fixes_only a.img
# ---- what a repair brought back, and what is gone ------------------------------------------------
mkdir -p names/d && printf 'hello\n' >names/a && ln names/a names/b && ln names/a names/d/c && echo other >names/z
extant-mkfs -q -d names nameless.img 1M
extant-debugfs -w -R 'raw unlink /a' -R 'raw unlink /b' -R 'raw unlink /d/c' nameless.img
cp nameless.img unclean.img && extant-debugfs -w -R 'set sb.state 0' unclean.img
back() {	# IMAGE [OPTION]
	cp "$1" a.img; extant-fsck -fy ${2:+"$2"} a.img | tail -n 1
}
back_json() {
	cp "$1" a.img; extant-fsck -fy --json ${2:+"$2"} a.img >said.json
	python3 "$root/tests/cli/fsck_json.py" "$root/docs/fsck-json.md" returned <said.json >bad &&
		sed -n 's/.*"type": "returned".*"reconnected": //p; s/.*"type": "summary".*\("names_back.*\), "lost".*/\1/p' said.json
}
t "all names given back" same "$(back nameless.img)" "3 names given back: /a, /b, /d/c"
t "... also with --reattach" same "$(back nameless.img --reattach)" "3 names given back: /a, /b, /d/c"
t "... as JSON" same "$(back_json nameless.img)" 'false, "names": ["/a", "/b", "/d/c"], "gone": []}
"names_back": 3, "names_gone": 0'
t "a volume with a past: a new name" same "$(back unclean.img)" \
	"Reconnected 1 file (6 bytes): /lost+found/a, was /a, /b, /d/c; 3 names gone"
t "... as JSON" same "$(back_json unclean.img)" 'true, "names": ["/lost+found/a"], "gone": ["/a", "/b", "/d/c"]}
"names_back": 0, "names_gone": 3'
t "... or one of the old ones" same "$(back unclean.img --reattach)" "1 name given back: /a; 2 names gone: /b, /d/c"
t "... as JSON" same "$(back_json unclean.img --reattach)" 'false, "names": ["/a"], "gone": ["/b", "/d/c"]}
"names_back": 1, "names_gone": 2'
# ---- what is repaired does not come back ------------------------------------------------------------
# A directory that only itself names: the name that goes is not what it lacks.
extant-mkfs -q -b 1024 self.img 1M
extant-debugfs -w self.img mkdir /d
self=$(extant-debugfs --tsv self.img resolve /d | awk -F '\t' 'NR == 2 { print $3 }')
printf 'raw link <%s> /d/x\nraw entry /d .. inode %s\nraw unlink /d\n' "$self" "$self" >script
extant-debugfs -w -f script self.img
t "a directory that only itself names comes back in one run" \
	ends 1 "/lost+found/x <$self>" "$fsck" -y self.img
t "... and a second run finds nothing" exits 0 "$fsck" -fn self.img
# In the second in which it was written a cut volume lacks nothing but zeros at its end.
cut_short() {
	for i in 1 2 3 4 5 6; do
		extant-mkfs -q -F cut.img 8M && truncate -s 6M cut.img && ends 1 "1 problem repaired, 0 left" "$fsck" -y cut.img &&
			same "$(wc -c <cut.img)" 8388608 && exits 0 "$fsck" -n cut.img || return 1
	done
}
t "an image that is cut short is made as long as it was" cut_short
finish
