# SPDX-License-Identifier: MIT
# What the README and docs/links.md show is what the programs print, and scripts/tour plays it.
# WRITE=1: makes them show it.
# sanitizers: no, it is about what programs print
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "README" "python3 is not installed"; finish; }
export B		# for scripts/gallery
[ -x "$B/gallery" ] || make -s -C "$root" B="$B" "$B/gallery"
unset SOURCE_DATE_EPOCH
mkdir empty && cd empty || exit 1
write=${WRITE:+--write}
# Most terminals are UTF-8.
t "the README's tour" env LC_ALL=C.UTF-8 python3 "$root/tests/cli/readme.py" $write "$root/README.md"

cd "$tmp" && mkdir links || exit 1
t "the volume of docs/links.md" "$root/scripts/gallery" "$root/images" links links
links_document() { (cd links && python3 "$root/tests/cli/readme.py" $write "$root/docs/links.md"); }
t "docs/links.md" links_document

# A second reader, in the place of the first
t "docs/links.md once more in the same directory" links_document

# The commands for root, as they stand there; the tree may even be removed afterwards.
bind_mounts() {
	mkdir bind bin && printf '#!/bin/sh\nexec "$@"\n' >bin/sudo && chmod 755 bin/sudo || return 1
	sed -n '/^mkdir.*bound/,/^sudo umount/p' "$root/docs/links.md" >bind/run && grep -q '^sudo mount' bind/run || return 1
	echo 'rm -rf crossing && test -s bound/file' >>bind/run
	(cd bind && PATH=$tmp/bin:$B:$PATH unshare -m sh -e run)
}
if is_root && have unshare && unshare -m true 2>/dev/null; then
	t "the bind mount of docs/links.md" bind_mounts
else
	skip "the bind mount of docs/links.md" "needs root and a mount namespace"
fi

# Whoever makes it, it is the same volume.
others_make_it() {
	mkdir other && chmod 777 other && chmod 711 "$tmp" || return 1
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		env TMPDIR="$tmp/other" "$root/scripts/gallery" "$root/images" other links &&
		cmp other/links.img links/fresh.img
}
"$root/scripts/gallery" "$root/images" fresh links >/dev/null && mv fresh/links.img links/fresh.img
if is_root && have setpriv && setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$root/images/links.recipe"; then
	t "another user makes the same volume" others_make_it
else
	skip "another user makes the same volume" "needs root, setpriv and a directory others can read"
fi

# ---- scripts/tour -------------------------------------------------------------------------
mkdir play
t "the tour, elsewhere than at a terminal, and at one" env TMPDIR="$tmp/play" \
	python3 "$root/tests/cli/tour.py" "$root/scripts/tour" "$root/docs/links.md"
t "the tour leaves nothing behind" same "$(ls -A play)" ""
t "an exercise that is not there" exits 2 "$root/scripts/tour" 999
t "no number" exits 2 "$root/scripts/tour" one
finish
