# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Owns: how the tests of command lines run one, judge it and print KTAP; sourced.
# Never: knows a program. Works in a directory of its own, which goes at the end.
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
cd "$DIR" || exit
n=0 bad=0

# t NAME COMMAND...: one test, passed when the command succeeds
t()
{
	local name=$1

	shift
	n=$((n + 1))
	if "$@" >log 2>&1; then
		echo "ok $n - $name"
	else
		bad=$((bad + 1))
		echo "not ok $n - $name"
		sed 's/^/# /' log
	fi
}

# refused STATUS PATTERN COMMAND...: exit status and message are as expected
refused()
{
	local want=$1 pattern=$2 rc=0

	shift 2
	"$@" >out 2>&1 || rc=$?
	cat out
	[ "$rc" = "$want" ] && grep -Eq -- "$pattern" out
}

# flip FILE OFFSET: a copy "flipped" with another byte at OFFSET, whatever it was
flip()
{
	local byte

	cp "$1" flipped
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	byte=$(printf '%03o' $((byte ^ 0xa5)))
	# shellcheck disable=SC2059
	printf "\\$byte" | dd of=flipped bs=1 seek="$2" conv=notrunc status=none
	! cmp -s "$1" flipped
}

finish()
{
	echo "1..$n"
	[ "$bad" = 0 ]
}
