# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The programs of the kselftest and of tests/inject, for tests that run them in the emulated host: sourced.

# selftest_programs: the names of all of them.
selftest_programs()
{
	make -s -C "$TOP/tests/kernel/selftest" "BUILD=$BUILD" list
}

# selftest_files [PROGRAM...]: options of machine/run that bring them (default: all) and run-all, one per line.
selftest_files()
{
	local program

	# shellcheck disable=SC2046 # a list of names
	[ $# -gt 0 ] || set -- $(selftest_programs)
	for program in "$@"; do
		printf '%s\n' --file "$BUILD/s390x/$program"
	done
	printf '%s\n' --file "$TOP/tests/kernel/selftest/run-all"
}

# run_selftests OPTION...: the command that runs all of them in the host: $OUT/taps/<program>.tap, and $OUT/kselftest.
run_selftests()
{
	# shellcheck disable=SC2016
	printf './run-all $OUT/taps %s-- %s; cat $OUT/taps/*.tap >$OUT/kselftest\n' \
		"$(selftest_programs | tr '\n' ' ')" "$*"
}
