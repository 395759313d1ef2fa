# SPDX-License-Identifier: MIT
# Symbolic links of every length from one byte to more than a block, made by the shell and by mkfs,
# as the kernel reads them; and how many texts a repair keeps when sizes are damaged, beside e2fsck.
#
#	sh tests/oracle/symlinks.sh [IMAGES [SEED]]	so many images with damaged sizes
in_memory=1	# thousands of commits, each made durable
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have mke2fs && have e2fsck && have python3 || { skip "all" "e2fsprogs or python3 is not installed"; finish; }
links="$root/tests/oracle/symlinks.py"
images=${1:-6} seed=${2:-1}

# The lines for no text, a whole block and a byte more fail, and the others do not.
by_shell() { extant-debugfs -w --keep-going -f script x.img >out 2>&1; python3 "$links" limit out "$1"; }

for bs in 1024 2048 4096; do
	rm -rf top && mkdir top && python3 "$links" make top/tree script $bs "$seed"
	t "$bs: mkfs takes links up to a block less one byte" extant-mkfs -q -F -b $bs -d top x.img 64M
	t "$bs: the shell makes them, and refuses what is longer" by_shell $bs
	t "$bs: e2fsck finds nothing" e2fsck -fn x.img
	t "$bs: extant-fsck finds nothing" extant-fsck -fn x.img
	t "$bs: the kernel reads every text" mounted x.img ro python3 "$links" judge "$tmp/mnt" $bs "$seed"
	grep -h figure .out
	[ $bs -lt 4096 ] || break
	for n in $bs $((bs + 1)); do
		name=$(printf "%0${n}d" 0)
		rm -rf top && mkdir top && ln -s "$name" top/long && rm -f y.img
		t "$bs: mkfs refuses $n bytes, naming the link" fails_with 'long' extant-mkfs -q -b $bs -d top y.img 8M
		t "$bs: and leaves nothing" test ! -e y.img
	done
done

# damaged SEED BS REPAIR...: adds what a repair keeps of the texts to the file of its program.
damaged() {
	n=$1 bs=$2; shift 2
	cp base.img d.img && python3 "$links" hurt d.img "$n" || return 1
	"$@" d.img >out 2>&1; got=$?
	[ $got -lt 4 ] || [ "$1" = e2fsck ] || { echo "exit $got: $*"; tail -5 out; return 1; }	# e2fsck aborts at times
	mounted d.img ro python3 "$links" kept "$tmp/mnt" "$bs" "$base" >>"kept.$1"
}
repaired() {
	damaged "$1" "$2" extant-fsck -fy || return 1
	e2fsck -fn d.img >out 2>&1 || { cat out; return 1; }
	damaged "$1" "$2" e2fsck -fy
}
share() { awk '{ have += $1; all += $2 } END { printf "%.2f %% of %d", 100 * have / all, all }' "kept.$1"; }

rm -f kept.*
i=0 base=0
while [ $i -lt "$images" ]; do
	if [ $((i % 8)) -eq 0 ]; then
		base=$((seed + i))
		case $((i / 8 % 4)) in
		0) bs=1024 isize=128 ;; 1) bs=4096 isize=256 ;; 2) bs=2048 isize=128 ;; 3) bs=1024 isize=256 ;;
		esac
		mke2fs -q -F -t ext2 -b $bs -I $isize base.img 4M >/dev/null 2>&1
		mounted base.img rw,user_xattr python3 "$links" some "$tmp/mnt" $bs $base || fail "links are made"
	fi
	t "damaged sizes, seed $((seed + i))" repaired $((seed + i)) $bs
	i=$((i + 1))
done
t "of 100 texts at least 99 are kept" awk '{ have += $1; all += $2 } END { exit have < .99 * all }' kept.extant-fsck
echo "figure: symlinks: $images images with damaged sizes: extant-fsck -y keeps $(share extant-fsck) texts, e2fsck -y $(share e2fsck)"
finish
