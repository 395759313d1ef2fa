#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command that changes a volume while the disk fails or fills: the exit status says so, and
# the image is as it was, or as it was to become.
# sanitizers: no, it is about system calls
in_memory=1	# thousands of images
. "$(dirname "$0")/../lib.sh"

if ! have python3 || ! have strace || ! strace -o /dev/null true 2>/dev/null; then
	skip "failing writes" "strace or python3 cannot be used"
	finish
fi
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

mkdir -p tree/docs tree/deep/er tree/empty
echo 'Hello, world' >tree/test
ln tree/test tree/docs/copy
ln -s ../test tree/docs/rel
seq 1 9000 >tree/long
cp tree/long tree/deep/er/same
seq 1 700 >more
printf 'mkdir /s1\nput -T more /s1/more\nrm -r /deep\n' >script
printf 'mkdir /u1\nrm /long\nundo\nput -T more /u2\n' >undone
mkdir layer; echo layered >layer/x; ln layer/x layer/y; tar -cf layer.tar layer
cp tree/long gone
printf '#!/bin/sh\nexec cp more "$1"\n' >editor; chmod +x editor
EDITOR=$tmp/editor
export EDITOR; unset VISUAL
{ extant-mkfs -q -b 1024 -d tree a.img 1M && extant-debugfs -w a.img put -T gone /gone &&
	gone=$(extant-debugfs a.img stat -c %i /gone) && extant-debugfs -w a.img rm /gone &&
	extant-mkfs -q -b 1024 -d layer other.img 1M; } || { fail "an image to change"; finish; }

cat >changes <<END
mkdir -p /new/one
rmdir /empty
rm /long
rm -r /deep /docs
mv /test /deep/er/test
mv --exchange /test /long
ln /test /deep/hard
ln -s /test /soft
ln -sr /long /docs/relative
cp -r /docs /deep
cp -al /docs /linked
cp -rl /docs /deep
ln -sfn ../long /docs/rel
ln -f /long /docs/copy
dedupe /
unshare /
put -T more /more
put -T --atomic more /test
put -T --inplace more /long
put -T --append more /test
put -T --text short /text
put --tar layer.tar /docs
edit /test
edit --atomic /test
undel <$gone> /found
truncate -s 100 /long
truncate -s 300K /test
punch /long 2048 20480
mknod /null c 1 3
chmod -R 600 /docs
chown 1000:1000 /test
touch -d @1000000000 /test
setxattr /test user.colour blue
set /test links_count 7
write more /written
raw unlink /docs/copy
raw link /long /again
entry / test file_type directory
expand_dir /docs
clri /test
copy_inode /test /long
kill_file /test
freei /test
freeb 100+4
setb 900+9
zap --offset 128 --length 64 ^0/bb
break link-count
-f script
extant: cp more IMAGE:/more
extant: cp other.img:/y IMAGE:/empty
steps: undone
host: get -r /docs /long out
host: get -T /long out/long
host: tar -f out/tar /docs
host: undel --to out/found <$gone>
host: extant: cp IMAGE:/long out/long
END
# A run of them all takes minutes: one in twelve, others each time SEED says so.
python3 "$root/tests/cli/faults.py" a.img "$tmp" <changes >out.txt 2>&1
rc=$?
cat out.txt
t "a failed write is never a success, and never half a change" [ $rc -eq 0 ]
finish
