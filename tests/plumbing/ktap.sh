# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Owns: KTAP output for tests in shell.
# Never: decides what a test is.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"
set +e
WORK=$(mktemp -d /tmp/plumbing.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
tests=0 failures=0
echo "TAP version 13"

# test NAME COMMAND...: passes when the command does. Its output is shown when it fails.
t()
{
	local name=$1
	shift
	tests=$((tests + 1))
	if ("$@") >"$WORK/.out" 2>&1 </dev/null; then
		echo "ok $tests $name"
	else
		failures=$((failures + 1))
		echo "not ok $tests $name"
		sed 's/^/# /' "$WORK/.out" | tail -n 15
	fi
}

# rc STATUS COMMAND...: true when the command ends with STATUS; its output goes to $WORK/out.
rc()
{
	local want=$1 got
	shift
	"$@" >"$WORK/out" 2>&1
	got=$?
	cat "$WORK/out"
	echo "exit status $got, expected $want"
	[ "$got" -eq "$want" ]
}

# rc_says STATUS PATTERN COMMAND...: and its output matches.
rc_says()
{
	local want=$1 re=$2
	shift 2
	rc "$want" "$@" || return 1
	grep -Eq -e "$re" "$WORK/out" || { echo "no line matches: $re"; return 1; }
}

finish()
{
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit $?
}
