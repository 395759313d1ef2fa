# SPDX-License-Identifier: MIT
# The test wrapper must turn a leak, undefined behaviour and a memory error into
# failures; needs the sanitizer build.
. "$(dirname "$0")/../lib.sh"

out=$(make -s -C "$root" CC=clang SAN=1 B="$B" "$B/tests/self/planted" 2>&1) || { echo "$out"; fail "builds"; }
for test in leak overflow use_after_free; do
	if "$B/tests/self/planted" --filter "planted/$test" >out 2>&1; then
		fail "a planted $test is reported"; cat out
	elif grep -q 'Tested: 1 .*Failing: 1' out; then
		pass "a planted $test is reported"
	else
		fail "a planted $test runs"; cat out
	fi
done
finish
