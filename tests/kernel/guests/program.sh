#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# One KVM selftest inside L1: program.sh SECONDS NAME [ARGUMENT...]; its output and its status go to $OUT.
#
# dirty_log_test of 5.10 to 6.12 looks at a page while its guest may be about to write it: KVM notes the page at the
# fault, and the store is repeated after that. If the vCPU does not run in between, as on a busy host or one with a
# single CPU, the page still has the value of an earlier iteration. Later releases let the vCPU stop first. This alone
# is tried again; a page that is missing from the log is not.

limit=$1 name=$2 tries=3
shift 2
while
	timeout "$limit" "./$name" "$@" >"$OUT/$name.log" 2>&1
	rc=$?
	tries=$((tries - 1))
	[ "$name" = dirty_log_test ] && [ $rc != 0 ] && [ $tries -gt 0 ] &&
		grep -Eq '^ *Set page [0-9]+ value [0-9]+ incorrect' "$OUT/$name.log"
do
	cp "$OUT/$name.log" "$OUT/$name.race-$tries.log"
done
echo "$rc" >"$OUT/$name.rc"
