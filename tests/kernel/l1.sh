# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests share that boot a kernel and run our programs on a protected guest in it: sourced.
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/common.sh"
. "$TOP/tests/tap.sh"
. "$TOP/tests/kernel/selftest/programs.sh"

# no_arguments USAGE ARGUMENT...: these tests are set by variables.
no_arguments()
{
	local usage=$1

	shift
	case ${1:-} in
	'') ;;
	-h | --help) echo "usage: $usage"; exit 0 ;;
	*) usage_die "$usage" ;;
	esac
}

# make_image DIRECTORY KIB: DIRECTORY/guest.img, a guest of one component whose owner permits dumps.
make_image()
{
	mkdir -p "$1"
	head -c $(($2 * 1024)) /dev/zero | tr '\0' 'x' >"$1/component"
	head -c 32 /dev/zero >"$1/cck"
	"$BUILD/bin/seimage" create -k "$TOP/machine/keys/host-key.crt" --cck "$1/cck" --enable-dump \
		--kernel "$1/component" -o "$1/guest.img" >&2
}

# boot KERNEL DIR OPTION... -- COMMAND: one boot; what it leaves is in DIR/out, the console in DIR/console.
boot()
{
	local kernel=$1 dir=$2

	shift 2
	rm -rf "${dir:?}/out"
	mkdir -p "$dir"
	"$TOP/machine/run" --base "$kernel" --log "$dir/console" --out "$dir/out" "$@" >"$dir/run" 2>&1 || {
		cat "$dir/run"
		return 1
	}
}

# l1_results FILE [PREFIX]: what the tests in L1 found, and their comments, as results here.
l1_results()
{
	local verdict name

	sed -n 's/^#/&/p' "$1"
	while read -r verdict name; do
		tap "$verdict" "${2:-}$name"
	done < <(sed -nE 's/^ok [0-9]+ (- )?/0 /p; s/^not ok [0-9]+ (- )?/1 /p' "$1")
}

# l1_ended FILE MESSAGES: the tests in L1 came to their plan, and machine/run had nothing to say.
l1_ended()
{
	cat "$2"
	[ ! -s "$2" ] && grep -Eq "^1\.\.[1-9]" "$1"
}

# swap_disk DIR [SIZE]: options for machine/run that give L1 an empty disk to swap to.
swap_disk()
{
	rm -f "$1/swap"
	truncate -s "${2:-64M}" "$1/swap"
	printf '%s\n' --qemu-arg -drive --qemu-arg "if=none,id=swap,format=raw,file=$1/swap" \
		--qemu-arg -device --qemu-arg virtio-blk-ccw,drive=swap,serial=swap
}

# known_reports KIND: the regular expressions of that kind in the reviewed list, as one; matches nothing without any.
known_reports()
{
	local re

	re=$(sed -n "s/^$1 //p" "$TOP/tests/kernel/debug/known" | paste -sd '|' -)
	printf '%s' "${re:-^\$.}"
}

# all_passed FILE: a test program's results are complete and none failed; says what was skipped.
all_passed()
{
	grep '^not ok' "$1"
	[ "$(grep -cE '^(not )?ok ' "$1")" = "$(sed -n 's/^1\.\.//p' "$1" | awk '{ n += $1 } END { print n }')" ] &&
		! grep -q '^not ok' "$1" && grep -q '^ok' "$1"
}

# kunit_cases: those that the suite registers.
kunit_cases()
{
	sed -n 's/^\tKUNIT_CASE[A-Z_]*(\([a-z0-9_]*\).*/\1/p' "$TOP/arch/s390/kvm/pv_dump_test.c"
}

# kunit_passed FILE: there are cases, and all of them passed.
kunit_passed()
{
	local case

	[ -n "$(kunit_cases)" ] || return 1
	for case in $(kunit_cases); do
		grep -Eq "^ +ok [0-9]+ -? ?$case\$" "$1" || { echo "not ok or missing: $case"; grep -A 8 "$case" "$1"; return 1; }
	done
}
