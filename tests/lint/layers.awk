# SPDX-License-Identifier: MIT
# Who may include whom: a layer itself and the layers its row names, nothing else.
BEGIN {
	may["base"]  = "base"
	may["io"]    = "base io"
	may["disk"]  = "base disk"
	may["cache"] = "base io cache"
	may["vol"]   = "base io disk cache vol"
	may["node"]  = "base disk cache vol node"
	may["tree"]  = "base disk cache vol node tree"
	may["host"]  = "base disk vol node tree host"
	may["build"] = "base io disk cache vol node tree host build"
	may["check"] = "base disk cache vol node tree check"
}
/^#[ \t]*include[ \t]*"/ {
	match($0, /"[^"]+"/)
	file = substr($0, RSTART + 1, RLENGTH - 2)
	n = split(FILENAME, at, "/")
	if (at[1] == "lib" && n > 2) {
		to = file
		sub(/\/.*/, "", to)
		if (!(at[2] in may)) {
			printf "%s: %s is no layer\n", FILENAME, at[2]; bad = 1
		} else if (index(" " may[at[2]] " ", " " to " ") == 0) {
			printf "%s:%d: %s may not include %s\n", FILENAME, FNR, at[2], file; bad = 1
		}
	} else if (at[1] ~ /^(mkfs|fsck|debugfs|mount)$/ && file != "e2.h" && file ~ /\//) {
		printf "%s:%d: a program includes e2.h and its own directory, not %s\n", FILENAME, FNR, file; bad = 1
	}
}
END { exit bad }
