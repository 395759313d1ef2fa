# SPDX-License-Identifier: MIT
# What the README shows is what the programs print.
# sanitizers: no, it is about what programs print
. "$(dirname "$0")/../lib.sh"
have python3 || { skip "README" "python3 is not installed"; finish; }
mkdir empty && cd empty || exit 1
t "the README's tour" python3 "$root/tests/cli/readme.py" "$root/README.md"
finish
