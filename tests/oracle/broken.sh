# SPDX-License-Identifier: MIT
# Symlinks that lead nowhere: links --broken, fsck --report-links and mkfs --dangling beside stat(2)
# under chroot on the kernel's mount, with the first missing component and the circle by a resolver
# of the test's own; and what links --leaving says would break, beside what does when it is moved.
#
#	sh tests/oracle/broken.sh [TREES [SEED]]
. "$(dirname "$0")/../lib.sh"
can_mount || { skip "all" "$why"; finish; }
have python3 || { skip "all" "python3 is not installed"; finish; }
py="$root/tests/oracle/broken.py"
trees=${1:-5} seed=${2:-1}
deep=/zz1/zz2/zz3/zz4/zz5/zz6/zz7/zz8/zz9

both() {
	python3 "$py" truth "$tmp/mnt" >truth.before && python3 "$py" dir "$tmp/mnt" "$1" >dir
}
broken() {
	rm -rf tree && python3 "$py" make tree "$1" && rm -f a.img && extant-mkfs -q -d tree a.img 4M &&
	extant-mkfs -n --dangling=warn -d tree b.img 4M >/dev/null 2>warned &&
	mounted a.img ro both "$1" && extant-debugfs --json a.img links --broken >ours &&
	python3 "$py" judge truth.before ours
}
others() {
	extant-fsck --json --report-links -fn a.img >fsck &&
	python3 "$py" same ours fsck warned
}
leaving() {
	dir=$(cat dir; echo .) && dir=${dir%.}
	extant-debugfs --json a.img links --leaving "$dir" >ours || return 1
	extant-debugfs -w -R "mkdir -p $deep" a.img &&
	extant-debugfs -w a.img mv "$dir" $deep/moved 2>/dev/null &&
	mounted a.img ro python3 "$py" truth "$tmp/mnt" >truth.after &&
	python3 "$py" moved "$dir" $deep/moved truth.before truth.after ours
}

i=0
while [ $i -lt "$trees" ]; do
	n=$((seed + i))
	t "seed $n: what leads nowhere, and why" broken $n
	cat .out >>said
	t "seed $n: the same by fsck and mkfs" others
	t "seed $n: what breaks when a directory is moved" leaving
	cat .out >>said
	i=$((i + 1))
done
awk '$1 == "links" { l += $2; b += $4; o += $6; c += $8 } $1 == "moved" { m += $2 }
	END { printf "figure: %d links, %d broken, %d in or into circles, %d over 40; %d changed by a move\n",
		l, b, o, c, m }' said
finish
