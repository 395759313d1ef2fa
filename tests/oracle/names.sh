# SPDX-License-Identifier: MIT
# The same operations on names by the kernel and by the library: equal errors, trees, counts,
# sizes (of directories too), flags, and times; e2fsck finds nothing, the kernel finds every
# name of an index that both have changed.
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have e2fsck && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
CC=${CC:-cc}
$CC -std=c11 -D_GNU_SOURCE -I"$root/lib" "$root/tests/oracle/changetool.c" "$B/libextant.a" \
	-o changetool -lz -luuid -lpthread >cc.out 2>&1 || { fail "changetool compiles"; cat cc.out; finish; }
cp "$root/tests/oracle/names.py" .

# by_kernel KIND SEED COUNT IMAGE APART: writes ops, IMAGE.errors and IMAGE.clock, a line each.
by_kernel() {
	mount_image "$4" "$tmp/mnt" rw,noatime,user_xattr,acl || return 1
	python3 names.py perform "$1" "$2" "$3" "$tmp/mnt" "$4" "$5"
	got=$?
	unmount "$tmp/mnt"
	return $got
}
by_library() { ./changetool "$1" 1000000000 <ops >"$1.errors"; }

# show IMAGE: what a mount of it holds.
show() {
	mount_image "$1" "$tmp/mnt" ro || return 1
	python3 names.py show "$tmp/mnt" "$1.clock" >"$1.tree"
	got=$?
	unmount "$tmp/mnt"
	return $got
}

equal() {		# LABEL KIND SEED COUNT [1: operations of different times]
	cp k.img x.img
	by_kernel "$2" "$3" "$4" k.img "${5:-0}" || { fail "$1: the kernel's part"; return; }
	t "$1: the library's part" by_library x.img
	t "$1: equal errors" python3 names.py compare ops k.img.errors x.img.errors
	sed 's/.*/library/' k.img.clock >x.img.clock
	[ -n "${5:-}" ] || { : >k.img.clock; : >x.img.clock; }
	show k.img && show x.img || fail "$1: showing"
	t "$1: equal trees" diff k.img.tree x.img.tree
	t "$1: e2fsck finds nothing" e2fsck -fn x.img
	t "$1: extant-fsck finds nothing" extant-fsck -n x.img
	echo "figure: names: $1: $(wc -l <ops) operations, $(grep -c -v '^0' k.img.errors) refused, $(wc -l <k.img.tree) names at the end"
}

seed=1
for options in "-b 1024 -I 128" "-b 1024 -I 256" "-b 4096 -I 128" "-b 4096 -I 256 -O ^dir_index"; do
	# shellcheck disable=SC2086
	mke2fs -q -t ext2 $options -N 4000 k.img 32M >/dev/null 2>&1
	equal "random $options" random $seed 2500
	seed=$((seed + 1))
done
mke2fs -q -t ext2 -b 1024 -N 2000 k.img 16M >/dev/null 2>&1
equal "times" random 99 250 1

# Large directories: the kernel makes them, both change them, and the kernel goes on with
# what the library has left, and the library with that.
for options in "-b 1024" "-b 4096" "-b 1024 -O ^dir_index"; do
	# shellcheck disable=SC2086
	mke2fs -q -t ext2 $options -N 40000 k.img 64M >/dev/null 2>&1
	by_kernel large 5 12000 k.img 0 || fail "large $options: made by the kernel"
	equal "large, $options" large 6 12000
	mv x.img k.img
	equal "large again, $options" large 7 12000
done
finish
