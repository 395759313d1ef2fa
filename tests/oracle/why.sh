# SPDX-License-Identifier: MIT
# Roles that `why` gives to all blocks, and the fields it names for random bytes, against a reader
# of the format that shares nothing with us (why.py); and against what `changes` says of a byte
# flipped in a transaction.  Images of ours, of mke2fs, and aged by the kernel.
. "$(dirname "$0")/../lib.sh"
have mke2fs && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
oracle=$root/tests/oracle
BYTES=${BYTES:-400}

python3 "$oracle/maketree.py" nasty nasty 1024 >/dev/null 2>&1 || mkdir -p nasty
python3 "$oracle/maketree.py" xattrs attrs >/dev/null 2>&1 || mkdir -p attrs
mkdir -p tree/deep/er tree/many
cp -a nasty attrs tree/ 2>/dev/null
i=0; while [ $i -lt 700 ]; do : >"tree/many/a name of some length, number $i"; i=$((i + 1)); done
head -c 700000 /dev/zero | tr '\0' x >tree/deep/file
truncate -s 2M tree/sparse; printf end >>tree/sparse
ln -s "$(printf '%0100d' 0)" tree/slow; ln -s short tree/fast; ln tree/deep/file tree/hard

fits() {	# whether all of the tree went in
	"$@" >made.txt 2>&1 || { cat made.txt; return 1; }; }
make() {	# make NAME COMMAND...: the image is NAME.img
	name=$1; shift; rm -f "$name.img"
	fits "$@" || { fail "$name is made"; sed 's/^/    /' made.txt | head -5; return 1; }; }
judge() { t "$1: every block and byte" python3 "$oracle/why.py" "$1.img" "$BYTES" "${SEED:-7}"; }

for bs in 1024 2048 4096; do
	make "ours-$bs" extant-mkfs -q -b $bs -d tree "ours-$bs.img" 12M && judge "ours-$bs"
done
make ours-128 extant-mkfs -q -I 128 -b 1024 -d tree ours-128.img 12M && judge ours-128
make theirs-1k mke2fs -q -F -t ext2 -b 1024 -I 128 -d tree theirs-1k.img 12M && judge theirs-1k
make theirs-2k mke2fs -q -F -t ext2 -b 2048 -I 256 -O sparse_super2 theirs-2k.img 20M && judge theirs-2k
make theirs-4k mke2fs -q -F -t ext2 -b 4096 -I 256 -O ^resize_inode -d tree theirs-4k.img 12M && judge theirs-4k
make theirs-0 mke2fs -q -F -t ext2 -b 1024 -r 0 -O none theirs-0.img 12M && judge theirs-0
if make indexed mke2fs -q -F -t ext2 -b 1024 -d tree indexed.img 20M; then
	e2fsck -fyD indexed.img >/dev/null 2>&1
	t "the image with indexes has some" says index extant-debugfs indexed.img print /many flags
	judge indexed
fi
if can_mount; then
	make aged mke2fs -q -F -t ext2 -b 1024 -g 2048 aged.img 12M && mount_image aged.img mnt rw && {
		cp -a tree/. mnt/ 2>/dev/null
		rm -rf mnt/nasty mnt/many/*7; i=0
		while [ $i -lt 60 ]; do head -c $((i * 1500)) /dev/zero >>mnt/log.$((i % 3)); i=$((i + 1)); done
		rm -f mnt/log.1; unmount mnt
		judge aged
	}
else
	skip "an image aged by the kernel" "$why"
fi
finish
