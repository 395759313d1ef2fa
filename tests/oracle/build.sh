# SPDX-License-Identifier: MIT
# Volumes byte for byte as mke2fs makes them; filled ones judged by e2fsck and resized by
# resize2fs.
. "$(dirname "$0")/../lib.sh"
have mke2fs && have e2fsck || { skip "all" "e2fsprogs is not installed"; finish; }
id=30313233-3435-4137-8139-616263646566
case $(mke2fs -V 2>&1) in *1.47.0*) exact=1 ;; *) exact= ;; esac

# Empty volumes: the same bytes.  mke2fs's clock is set; ours is SOURCE_DATE_EPOCH's.
same_bytes() {	# SIZE OPTIONS... ; extended options in $ext
	size=$1; shift
	rm -f a.img b.img
	E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F -t ext2 -U $id -E "hash_seed=$id${ext:+,$ext}" "$@" \
		a.img "$size" >/dev/null 2>&1 || { echo "mke2fs refuses"; return 1; }
	SOURCE_DATE_EPOCH=1700000000 extant-mkfs -q -U $id -E "hash_seed=$id${ext:+,$ext}" "$@" \
		b.img "$size" || return
	e2fsck -fn b.img || return
	[ -z "$exact" ] || cmp a.img b.img
}
ext=
for bs in 1024 2048 4096 8192 16384 32768 65536; do
	for size in 8M 40M 130M 700M; do
		t "empty, $bs, $size" same_bytes $size -b $bs
	done
done
for bs in 1024 4096; do
	for size in 10M 300M 1G; do
		t "$bs $size -I 128" same_bytes $size -b $bs -I 128
		t "$bs $size -I 1024" same_bytes $size -b $bs -I 1024
		t "$bs $size -r 0" same_bytes $size -b $bs -r 0
		t "$bs $size -N 5000" same_bytes $size -b $bs -N 5000
		t "$bs $size -g 4096" same_bytes $size -b $bs -g 4096
		t "$bs $size -m 20 -L -M" same_bytes $size -b $bs -m 20 -L label -M /mnt
		for f in ^sparse_super,^resize_inode ^resize_inode ^resize_inode,meta_bg ^filetype \
			sparse_super2,^sparse_super,^resize_inode ^dir_index ^ext_attr ^large_file none; do
			t "$bs $size -O $f" same_bytes $size -b $bs -O $f
		done
		for ext in stride=16 stride=700 stride=3000,stripe_width=6000; do
			t "$bs $size -E $ext" same_bytes $size -b $bs
		done
		ext=
	done
done

compare() {	# what rsync would change
	rsync -naHAXi --delete --modify-window=$window --exclude=/lost+found "$1/" "$2/" >diff.out 2>&1
	[ ! -s diff.out ] || { head -20 diff.out; return 1; }
}

# Filled volumes grow and shrink: the resize inode and its blocks are as the kernel wants them.
if have resize2fs && have python3; then
	python3 "$root/tests/oracle/maketree.py" links tree 50 2>/dev/null
	for i in 1 2 3; do mkdir tree/fill$i; cp -r /etc tree/fill$i/ 2>/dev/null; done
	for options in "-b 1024" "-b 2048" "-b 4096" "-b 1024 -I 128" "-b 1024 -N 30000" \
		"-b 1024 -O ^sparse_super,^resize_inode" "-b 4096 -O ^resize_inode,meta_bg"; do
		rm -f a.img
		case $options in *'-I 128'*) window=0 ;; *) window=-1 ;; esac	# whole seconds
		t "$options: mkfs" extant-mkfs -q $options -d tree a.img 60M || continue
		t "$options: e2fsck" e2fsck -fn a.img
		t "$options: grows to 300M" resize2fs a.img 300M
		t "$options: e2fsck, grown" e2fsck -fn a.img
		t "$options: shrinks as far as it can" resize2fs -M a.img
		t "$options: e2fsck, shrunk" e2fsck -fn a.img
		can_mount || continue
		mkdir -p mnt
		t "$options: mounts" mount_image a.img "$tmp/mnt" ro
		t "$options: is the same" compare tree mnt
		unmount mnt
	done
else
	skip "resize2fs" "resize2fs or python3 is not installed"
fi
finish
