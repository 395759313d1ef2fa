#!/bin/sh
# SPDX-License-Identifier: MIT
# Symlinks that lead nowhere, and those that depend on where a directory stands: what links, resolve,
# extant-fsck and extant-mkfs say of them.
. "$(dirname "$0")/../lib.sh"
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

mkdir -p tree/docs tree/opt/app-1.0/bin tree/opt/lib
echo 'Hello, world' >tree/test
touch tree/opt/such tree/docs/plain
ln -s loop2 tree/docs/loop1
ln -s loop1 tree/docs/loop2
ln -s /no/such tree/docs/rotten
ln -s plain/x tree/docs/through
ln -s "$(printf 'a\nb')" "$(printf 'tree/docs/n\nl')"
ln -s ../docs/loop1 tree/opt/stray
ln tree/docs/loop1 tree/docs/loop3
ln -s app-1.0 tree/opt/app
ln -s ../../lib tree/opt/app-1.0/bin/lib
ln -s /opt/app/bin tree/opt/app-1.0/self
ln -s /test tree/opt/app-1.0/test
ln -s /lost+found tree/docs/found
printf x >tree/c0
i=1
while [ $i -le 42 ]; do ln -s c$((i - 1)) tree/c$i; i=$((i + 1)); done

broken='/c41           -> c40            leads through more than 40 symlinks
/c42           -> c41            leads through more than 40 symlinks
/docs/loop1    -> loop2          loop: loop1 -> loop2 -> loop1
/docs/loop2    -> loop1          the same loop
/docs/loop3    -> loop2          into the same loop
/docs/n\x0al   -> a\x0ab         /docs/a\x0ab does not exist
/docs/rotten   -> /no/such       /no does not exist; perhaps /opt/such
/docs/through  -> plain/x        /docs/plain is not a directory
/opt/stray     -> ../docs/loop1  into the same loop'

# ---- mkfs --dangling: before anything is written -------------------------------------------------
t "keep says nothing" same "$(extant-mkfs -q -d tree a.img 1M 2>&1)" ""
t "warn names them" says 'docs/rotten -> /no/such: /no does not exist' extant-mkfs --dangling=warn -d tree w.img 1M
extant-mkfs --dangling=warn -d tree w2.img 1M >/dev/null 2>warned
t "all of them" same "$(sed -n 's/^extant-mkfs: \([^ ]*\) -> .*/\1/p' warned | tr '\n' ' ')" \
	"$(d --json a.img links --broken | sed 's/.*"path": "\([^"]*\)".*/\1/;s/\\n/\\x0a/' | tr '\n' ' ')"
t "and how many" grep -q '9 symlinks lead nowhere$' warned
t "the bytes are those of keep" cmp a.img w2.img
t "error makes nothing" fails_with '9 symlinks lead nowhere; e.img not made' extant-mkfs -q --dangling=error -d tree e.img 1M
t "and names them, quiet or not" grep -q 'loop: loop1 -> loop2 -> loop1' .fw
t "no file is left" test ! -e e.img
cp a.img old.img
t "an old image stays" fails_with 'old.img unchanged' extant-mkfs -F --dangling=error -d tree old.img 1M
t "byte by byte" cmp a.img old.img
mkdir sound && ln -s /lost+found sound/l
t "error without any" exits 0 extant-mkfs -q --dangling=error -d sound s.img 1M
t "another word is refused" fails_with 'must be keep, warn or error' extant-mkfs --dangling=maybe -d tree x.img 1M

# ---- links --broken ---------------------------------------------------------------------------------
t "links --broken" same "$(d a.img links --broken)" "$broken"
t "as records" same "$(d --json a.img links --broken | grep -c '"format": "extant-broken_link/1"')" 9
t "with the circle" says '"loop": 1, "on_loop": true, "circle": \["/docs/loop2", "/docs/loop1"\]' \
	d --json -R 'links --broken' a.img
t "with the name as it is" says '"path": "/docs/n\\nl"' d --json a.img links --broken
t "below another root" same "$(d -R 'chroot /opt' -R 'links --broken' a.img | cut -d' ' -f1 | tr '\n' ' ')" \
	"/app-1.0/self /app-1.0/test /stray "
t "links marks hard-linked symlinks" says '2 names   /docs/loop1  /docs/loop3   (a symlink, -> loop2)' d a.img links
t "--multi says the same" same "$(d a.img links --multi)" "$(d a.img links)"
t "two questions at once are refused" exits 2 d a.img links --broken --leaving /opt
t "ls says why" says 'through -> plain/x  (not a directory)' d a.img ls -l /docs
t "ls counts the link itself" says 'c41 -> c40  (chain)' d a.img ls -l /
t "and so does stat" says '"fate": "chain"' d --json a.img stat /c41

# ---- links --leaving --------------------------------------------------------------------------------
number() { d -R "stat -c %i $1" a.img; }
t "links --leaving" same "$(d a.img links --leaving /opt/app)" \
	"3 symlinks break when /opt/app-1.0 <$(number /opt/app-1.0)> is moved:
  /opt/app              -> app-1.0       into it, to /opt/app-1.0 <$(number /opt/app-1.0)>
  /opt/app-1.0/bin/lib  -> ../../lib     out of it by \"..\", to /opt/lib <$(number /opt/lib)>
  /opt/app-1.0/self     -> /opt/app/bin  back into it by its name by /opt/app, to /opt/app-1.0/bin <$(number /opt/app-1.0/bin)>
1 symlink below it leads elsewhere and stays so:
  /opt/app-1.0/test  -> /test  out of it, from the root, to /test <$(number /test)>"
below() { d a.img links --leaving "$1" | sed -n '1s/ <.*//p'; }
t "what is inside moves along" same "$(below /opt)" "1 symlink breaks when /opt"
t "the root does not move" fails_with 'cannot be moved' d a.img links --leaving /
t "links --help is its help" same "$(d a.img links --help)" "$(d a.img help links)"
t "a file is no directory" fails_with '/test <[0-9]*> is not a directory' d a.img links --leaving /test

# ---- resolve --limit ------------------------------------------------------------------------------------
t "40 are followed" exits 0 d a.img resolve /c40
t "41 are not" fails_with 'leads through more than 40 symlinks' d a.img resolve /c41
t "unless they may" same "$(d a.img resolve --limit 42 /c42)" "/c0 <$(number /c0)>"
t "or fewer" fails_with 'more than 3 symlinks' d a.img resolve --limit 3 /c4
t "a circle is one at any limit" fails_with 'circle: loop1 -> loop2 -> loop1' d a.img resolve --limit 1 /opt/stray
t "the limit is shown" says 'hop 2 of 50' d a.img resolve -v --limit 50 /c2
t "none is refused" exits 2 d a.img resolve --limit 0 /c2

# ---- extant-fsck --report-links -----------------------------------------------------------------------------
t "information only" says '^a.img: 9 of [0-9]* symlinks lead nowhere:$' extant-fsck --report-links a.img
t "and which, in columns" same "$(extant-fsck --report-links a.img | sed -n 's/^  //p')" "$broken"
t "the same when checked" says '9 of [0-9]* symlinks' extant-fsck -fn --report-links a.img
t "as records" same "$(extant-fsck -fn --json --report-links a.img | grep -c '"type": "broken-link"')" 9
t "as documented" sh -c "extant-fsck -fn --json --report-links a.img |
	python3 '$root/tests/cli/fsck_json.py' '$root/docs/fsck-json.md' broken-link"
t "quiet says nothing" same "$(extant-fsck -q --report-links a.img)" ""
t "a sound tree" says 's.img: no symlink leads nowhere, of 1$' extant-fsck --report-links s.img
cp a.img bad.img && d -w bad.img set /test links_count 9
t "the exit status of a damaged one stays" exits 4 extant-fsck -fn --report-links bad.img

# ---- a great circle: each link is walked a few times, and no more -------------------------------------------
i=1
while [ $i -le 300 ]; do echo "ln -s r$((i % 300 + 1)) /r$i"; i=$((i + 1)); done >script
extant-mkfs -q -N 500 r.img 1M && d -w -f script r.img 2>/dev/null
t "a circle of 300 is one" same "$(d --json r.img links --broken | grep -c '"loop": 1, "on_loop": true')" 300
t "and cat says so" fails_with 'go in a circle: r1 -> r2 .* 292 more -> r1' d r.img cat /r1

# ---- what cannot be looked at is said -----------------------------------------------------------------------
# Names below 17 directories of 250 bytes have paths of more than 4095; every list leaves them out.
long=$(printf '%0250d' 0)
i=0
{
	while [ $i -lt 17 ]; do echo "mkdir $long"; echo "cd $long"; i=$((i + 1)); done
	echo 'ln -s /nowhere x'
} >script
cp s.img deep.img && d -w -f script deep.img >/dev/null 2>&1
gap='1 name whose path has more than 4095 bytes is left out'
t "links --broken says what it left out" fails_with "$gap" d deep.img links --broken
t "links --leaving too" fails_with "$gap" d deep.img links --leaving /lost+found
t "fsck --report-links, with exit status 0" exits 0 extant-fsck -fn --report-links deep.img
t "it says so too" says "^deep.img: $gap\$" extant-fsck -fn --report-links deep.img
t "and in its records" says '"type": "links", "symlinks": 1, "broken": 0, "unread": 0, "deep": 1,' \
	extant-fsck -fn --json --report-links deep.img
cp a.img unread.img && d -w unread.img set /opt/lib 'block[0]' 99999999
gap='1 directory or inode could not be read in full'
t "an unreadable directory is said" fails_with "$gap" d unread.img links --broken
t "by --leaving as well" fails_with "$gap" d unread.img links --leaving /docs
t "and by fsck" says "^unread.img: $gap\$" extant-fsck --report-links unread.img
members() { sed -n 's/^{"format": "[^"]*", //p' | sed 's/"type": "[^"]*", //;s/^{*//'; }
t "both programs' records are alike" same "$(d --json a.img links --broken | members)" \
	"$(extant-fsck -fn --json --report-links a.img | grep '"type": "broken-link"' | members)"
finish
