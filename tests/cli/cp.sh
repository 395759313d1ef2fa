#!/bin/sh
# SPDX-License-Identifier: MIT
# extant cp, ls, rm ...: files in images by IMAGE:PATH.
. "$(dirname "$0")/../lib.sh"

mkdir -p tree/docs/sub out; echo hello >tree/hello; ln tree/hello tree/docs/again; ln -s ../hello tree/docs/link
seq 1 5000 >tree/docs/sub/seq; touch -d @1000000000 tree/hello
extant-mkfs -q -d tree a.img 2M; extant-mkfs -q b.img 2M
x() { extant "$@"; }

t "out into a directory" sh -c 'extant cp a.img:/hello out && cmp out/hello tree/hello'
t "out under a name" sh -c 'extant cp a.img:/hello out/h2 && cmp out/h2 tree/hello'
t "... again, over it" x cp a.img:/docs/sub/seq out/h2
t "... not with -n" fails_with 'exists already' x cp -n a.img:/hello out/h2
t "... to standard output" same "$(x cp a.img:/hello -)" hello
t "a path without a slash is from the root" same "$(x cp a.img:hello -)" hello
t "several" sh -c 'rm -rf out/*; extant cp a.img:/hello a.img:/docs/again out && ls out/hello out/again'
t "several need a directory" fails_with 'not a directory' x cp a.img:/hello a.img:/docs/again out/hello
t "a directory needs -r" fails_with 'directory' x cp a.img:/docs out
t "... with -r" sh -c 'extant cp -r a.img:/docs out && cmp out/docs/sub/seq tree/docs/sub/seq'
t "... under a name" sh -c 'extant cp -r a.img:/docs out/new && cmp out/new/sub/seq tree/docs/sub/seq'
t "-a keeps times" sh -c 'extant cp -a a.img:/hello out/timed && [ $(stat -c %Y out/timed) = 1000000000 ]'
t "in" sh -c 'extant cp tree/docs/sub/seq a.img:/new && extant cat a.img:/new | cmp - tree/docs/sub/seq'
t "... over it" sh -c 'extant cp tree/hello a.img:/new && extant cat a.img:/new | cmp - tree/hello'
t "... not with -n" fails_with 'exists' x cp -n tree/hello a.img:/new
t "... into a directory" sh -c 'extant cp tree/hello tree/docs/sub/seq a.img:/docs/ && extant cat a.img:/docs/seq | cmp - tree/docs/sub/seq'
t "... a tree" sh -c 'extant cp -r tree/docs a.img:/tree && extant cat a.img:/tree/sub/seq | cmp - tree/docs/sub/seq'
t "... from standard input" sh -c 'echo typed | extant cp - a.img:/typed; extant cat a.img:/typed | grep -qx typed'
t "within an image" sh -c 'extant cp a.img:/hello a.img:/copy && extant cat a.img:/copy | cmp - tree/hello'
if ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13'; then
	t "from image to image" sh -c 'extant cp a.img:/hello a.img:/docs b.img:/ && extant cat b.img:/docs/sub/seq | cmp - tree/docs/sub/seq'
	t "... under a new name" sh -c 'extant cp a.img:/hello b.img:/named && [ "$(extant cat b.img:/named)" = hello ]'
	t "... over it, through a symlink" sh -c 'extant ln -s named b.img:/to && extant cp a.img:/docs/sub/seq b.img:/to && extant cat b.img:/named | cmp - tree/docs/sub/seq'
	t "... a directory" sh -c 'extant cp a.img:/docs b.img:/new && extant cat b.img:/new/sub/seq | cmp - tree/docs/sub/seq && extant ls -d b.img:/new/link'
	t "... which is there: into it" sh -c 'extant cp a.img:/docs b.img:/new && extant cat b.img:/new/docs/sub/seq | cmp - tree/docs/sub/seq'
	t "... or with -T upon it" sh -c 'extant cp -T a.img:/docs/sub b.img:/new && extant cat b.img:/new/seq b.img:/new/sub/seq >/dev/null'
	t "... the whole of an image" sh -c 'extant cp a.img:/ b.img:/all && extant cat b.img:/all/docs/sub/seq | cmp - tree/docs/sub/seq'
	cp b.img before.img
	t "... with -n not over what is there" fails_with 'is there already' x cp -n a.img:/hello b.img:/named
	t "... no file to a name with a slash" fails_with 'not a directory' x cp a.img:/hello b.img:/slash/
	t "... no directory over a file" fails_with 'no directory' x cp a.img:/docs b.img:/named
	t "... several to no directory" fails_with '/none: not a directory' x cp a.img:/hello a.img:/docs b.img:/none
	t "... changes nothing" cmp b.img before.img
	t "... one that is missing" fails_with '/ has no "nosuch"' x cp a.img:/docs/sub/seq a.img:/nosuch b.img:/
	t "... copies nothing of the others" cmp b.img before.img
	t "... a damaged one" fails_with 'some of its data cannot be read' sh -c 'cp a.img bad.img; extant-debugfs -w bad.img set /docs/sub/seq block[0] 99999999 &&
		extant cp bad.img:/hello bad.img:/docs/sub/seq b.img:/'
	t "... copies nothing either" cmp b.img before.img
	t "... a failure of the second is one" fails_with 'is there already' x cp -n a.img:/docs/sub/seq a.img:/hello b.img:/
	t "... and copies nothing" cmp b.img before.img
	t "... leaves no temporary file" sh -c 'mkdir spool; TMPDIR=$PWD/spool extant cp a.img:/hello b.img:/ && [ -z "$(ls -A spool)" ]'
	t "... without a place for one" fails_with 'temporary file' env TMPDIR=/nosuch extant cp a.img:/hello b.img:/
else
	skip "from image to image" "libarchive is not installed"
fi
t "nothing in an image" fails_with 'nothing here is in an image' x cp tree/hello out
t "./IMAGE:PATH is named, and the rule" fails_with './a.img:/hello: nothing here is in an image: what begins with ./ is a file' x cp ./a.img:/hello out
t "an image that is not there" fails_with 'nosuch.img:/a: nothing here is in an image: .* no such file' x ls nosuch.img:/a
t "... is wrong usage" exits 2 x cp tree/hello out
t "sources of two kinds" fails_with 'the sources must be' x cp a.img:/hello tree/hello out
echo literal >a.img:x
t "a file of that very name wins" sh -c 'extant cp a.img:x b.img:/literal && extant cat b.img:/literal | grep -qx literal'
t "./a.img:y is a file" sh -c 'extant cp a.img:/hello ./a.img:y && cmp ./a.img:y tree/hello'
t "a new name with a colon is a file" sh -c 'extant cp a.img:/hello new:name && cmp new:name tree/hello'
{ head -c 1048576 /dev/zero; cat a.img; } >disk
t "part of a disk" same "$(x cat disk@1M:/hello)" hello
t "ls" same "$(x ls a.img:/docs/sub | tr -d ' ')" seq
t "ls -l" says 'seq$' x ls -l a.img:/docs/sub
t "mkdir, mv, ln, rm, rmdir" sh -c 'extant mkdir -m 700 a.img:/d && extant mv a.img:/copy a.img:/d/moved &&
	extant ln -s ../hello a.img:/d/link && [ "$(extant cat a.img:/d/link)" = hello ] &&
	extant rm a.img:/d/moved a.img:/d/link && extant rmdir a.img:/d && ! extant ls a.img:/d 2>/dev/null'
t "out of an image over it" spares a.img x cp a.img:/hello a.img
t "... a tree" spares a.img x cp -r a.img:/docs a.img
t "two images" fails_with 'two images' x rm a.img:/new b.img:/hello
t "an operand of the host beside one of an image" fails_with '/hello: not in an image' x rm a.img:/new /hello
t "... is wrong usage" exits 2 x rm a.img:/new /hello
for words in "mv a.img:/new /moved" "mv /new a.img:/moved" "ln a.img:/new /moved" "ln -s text a.img:/moved /moved" \
	"mkdir a.img:/moved /moved" "rmdir a.img:/empty /empty" "rm nosuch.img:/new a.img:/new" "mkdir -m 700 a.img:/moved 755"; do
	t "... $words" fails_with 'not in an image' x $words
done
t "... changes nothing" sh -c 'extant ls a.img:/new a.img:/hello && ! extant ls a.img:/moved'
t "a value behind options together" says '0700' sh -c 'extant mkdir -vm 700 a.img:/mode && extant stat a.img:/mode; extant rmdir a.img:/mode'
t "the text of a symlink is no operand" sh -c 'extant ln -s /nosuch text a.img:/docs && extant rm a.img:/docs/nosuch a.img:/docs/text'
t "... if it begins with a dash" sh -c 'extant ln -s -- -x a.img:/dash && extant rm a.img:/dash'
t "head -n" same "$(x head -n 1 a.img:/docs/sub/seq)" 1
t "cp: -m before another option" says '0600' sh -c 'extant cp -m 600 -v tree/hello a.img:/m1 && extant stat a.img:/m1'
t "... behind others" says '0640' sh -c 'extant cp -vm 640 tree/hello a.img:/m2 && extant stat a.img:/m2'
t "... without a value" fails_with 'a value is missing' x cp tree/hello a.img:/m3 -m
t "... -n among others" fails_with 'exists' x cp -vn tree/hello a.img:/m1
t "cp -l -f within an image" sh -c 'extant cp -lf a.img:/hello a.img:/m1 && extant cat a.img:/m1 | cmp - tree/hello'
t "-- ends the options" sh -c 'echo dash >-f; extant cp -- -f a.img:/dash && extant cat a.img:/dash | grep -qx dash'
for words in "--bogus a.img:/hello b.img:/" "-m 600 a.img:/hello b.img:/" \
	"--bogus tree/hello a.img:/no" "--append tree/hello a.img:/hello" \
	"--bogus a.img:/hello a.img:/no" "-m 600 a.img:/hello a.img:/no" \
	"--bogus a.img:/hello out/no" "-m 600 a.img:/hello out/no"; do
	t "cp $words" fails_with 'no option of a copy from here to there' x cp $words
done
t "... is wrong usage, and copies nothing" sh -c 'extant cp --bogus a.img:/docs/sub/seq b.img:/; [ $? -eq 2 ] && ! extant ls b.img:/seq &&
	! extant ls a.img:/no && [ ! -e out/no ]'
t "no image" fails_with 'nothing here is in an image' x ls /tmp
t "an image that is not there" fails_with 'nosuch.img:/hello: what stands before the colon is no such file' x cp a.img:/hello nosuch.img:/hello
t "... and no directory is made of its name" test ! -e nosuch.img:
t "... but with ./ it is a path" sh -c 'mkdir here: && extant cp a.img:/hello ./here:/hello && [ -e here:/hello ]'
t "a command before its image" fails_with 'try: extant a.img links' x links a.img
t "an exit status is passed on" exits 1 x cat a.img:/nosuch
t "an image called cp is ./cp" sh -c 'cp a.img cp; extant ./cp cat /hello | grep -qx hello'
t "the volumes are sound" sh -c 'e2fsck -fn a.img && e2fsck -fn b.img'

finish
