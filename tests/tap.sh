# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3043
# TAP for tests in shell, for bash and busybox: sourced; t NAME COMMAND..., and finish at the end.

T=$(mktemp -d "${TMPDIR:-/tmp}/tap.XXXXXX")
trap 'rm -rf "$T"' EXIT
tap_nr=0 tap_bad=0

# tap STATUS NAME [FILE]: one result. The end of FILE says why it is bad, its first line why it is a skip (status 4).
tap()
{
	[ "$tap_nr" -gt 0 ] || echo "TAP version 13"
	tap_nr=$((tap_nr + 1))
	case $1 in
	0) echo "ok $tap_nr $2" ;;
	4) echo "ok $tap_nr $2 # SKIP $(head -n 1 "$3")" ;;
	*)
		tap_bad=$((tap_bad + 1))
		echo "not ok $tap_nr $2"
		[ ! -s "${3:-}" ] || tail -n 25 "$3" | sed 's/^/# /'
		;;
	esac
}

# t NAME COMMAND...: passes when the command does. It runs in a subshell; its output is shown when it fails.
t()
{
	local name=$1 status=0

	shift
	("$@") >"$T/log" 2>&1 </dev/null || status=1
	tap "$status" "$name" "$T/log"
}

# t_skip NAME WHY: a test that cannot run here.
t_skip()
{
	echo "$2" >"$T/log"
	tap 4 "$1" "$T/log"
}

# rc STATUS COMMAND...: true when the command ends with STATUS; its output goes to $T/out and is printed.
rc()
{
	local want=$1 got=0

	shift
	"$@" >"$T/out" 2>&1 || got=$?
	cat "$T/out"
	echo "exit status $got, expected $want"
	[ "$got" -eq "$want" ]
}

# rc_says STATUS REGEX COMMAND...: and a line of its output matches.
rc_says()
{
	local want=$1 re=$2

	shift 2
	rc "$want" "$@" || return 1
	grep -Eq -e "$re" "$T/out" || { echo "no line matches: $re"; return 1; }
}

# flip FILE OFFSET: a copy "flipped" with another byte at OFFSET, whatever it was.
flip()
{
	local byte

	cp "$1" flipped
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	byte=$(printf '%03o' $((byte ^ 0xa5)))
	# shellcheck disable=SC2059
	printf "\\$byte" | dd of=flipped bs=1 seek="$2" conv=notrunc 2>/dev/null
	! cmp -s "$1" flipped
}

not()
{
	! "$@"
}

# finish: the plan, and the status to exit with.
finish()
{
	echo "1..$tap_nr"
	[ "$tap_bad" -eq 0 ]
}
