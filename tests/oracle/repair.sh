#!/bin/sh
# SPDX-License-Identifier: MIT
# Images damaged at random, by a fixed seed, repaired by extant-fsck -y: e2fsck finds nothing
# afterwards, and a second repair changes nothing.
#
#	FIRST=7 LAST=20  seeds
. "$(dirname "$0")/../lib.sh"

have e2fsck && have python3 || { skip "repairs" "no e2fsck or python3"; finish; }
mkdir -p tree/a/b tree/many
seq 1 2000 >tree/a/numbers
seq 1 90000 >tree/big
for i in $(seq 1 120); do echo "$i" >"tree/many/a-name-with-some-length-$i"; done
ln -s a/numbers tree/fast
ln tree/a/numbers tree/a/b/hard
cat >damage.py <<'END'
import random, sys
image, seed = sys.argv[1], int(sys.argv[2])
data = bytearray(open(image, "rb").read())
r = random.Random(seed)
size = 1024 << int.from_bytes(data[1048:1052], "little")
used = [b for b in range(len(data) // size) if any(data[b * size:(b + 1) * size])]
for _ in range(r.randint(1, 6)):
    at = r.choice(used[:len(used) // 3] if r.random() < .7 else used) * size
    how = r.randrange(4)
    if how == 0:
        data[at + r.randrange(size)] ^= 1 << r.randrange(8)
    elif how == 1:
        word = at + 4 * r.randrange(size // 4)
        data[word:word + 4] = r.randrange(1 << r.choice((8, 16, 32))).to_bytes(4, "little")
    elif how == 2:
        data[at:at + size] = bytes(size)
    else:
        data[at:at + 64] = r.randbytes(64)
if data[1024:2048] == bytes(1024) and r.random() < .5:
    data[1080:1082] = b"\x53\xef"
open(image, "wb").write(data)
END

judge() {	# BASE SEED
	cp "$1" x.img && python3 damage.py x.img "$2" || return 1
	timeout 100 extant-fsck -fy x.img >out 2>&1; got=$?
	if [ $got -eq 8 ] && grep -q -i 'feature' out; then return 0; fi
	[ $got -lt 4 ] || { echo "exit $got"; tail -5 out; return 1; }
	e2fsck -fn x.img >judged 2>&1 || { cat judged; return 1; }
	cp x.img y.img && extant-fsck -fy y.img >out 2>&1 && cmp x.img y.img
}

t "a base of 1 KiB blocks" extant-mkfs -q -b 1024 -d tree --reproducible a.img 3M
t "a base of 4 KiB blocks" extant-mkfs -q -b 4096 -I 128 -d tree --reproducible b.img 4M
for base in a b; do
	for seed in $(seq "${FIRST:-7}" "${LAST:-20}"); do
		t "$base, seed $seed" judge $base.img "$seed"
	done
done
finish
