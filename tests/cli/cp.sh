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
	t "... a failure of the first is one" fails_with 'no "nosuch"' x cp a.img:/nosuch b.img:/
else
	skip "from image to image" "libarchive is not installed"
fi
t "nothing in an image" fails_with 'nothing here is in an image' x cp tree/hello out
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
t "two images" fails_with 'two images' x rm a.img:/new b.img:/hello
t "no image" fails_with 'nothing here is in an image' x ls /tmp
t "an exit status is passed on" exits 1 x cat a.img:/nosuch
t "an image called cp is ./cp" sh -c 'cp a.img cp; extant ./cp cat /hello | grep -qx hello'
t "the volumes are sound" sh -c 'e2fsck -fn a.img && e2fsck -fn b.img'

finish
