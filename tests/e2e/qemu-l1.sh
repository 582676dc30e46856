#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3043
# Debian's QEMU runs protected guests in L1 and dumps them; tests/e2e/qemu looks at the dumps outside.
. ./tap.sh

LIMIT=200
vm='' status='' asked=0

# start NAME IMAGE CPUS
start()
{
	vm=$1
	asked=0
	rm -f qmp
	mkfifo qmp
	: >"$OUT/$vm.qmp"
	timeout $LIMIT qemu-system-s390x -accel kvm -m 64M -smp "$3" -display none -nodefaults -kernel "$2" \
		-machine s390-ccw-virtio,confidential-guest-support=pv0 -object s390-pv-guest,id=pv0 \
		-qmp stdio <>qmp >>"$OUT/$vm.qmp" 2>&1 &
	qemu=$!
	exec 4<>qmp
	ask qmp_capabilities
}

# ask COMMAND [ARGUMENTS]: waits for the answer, which the log has then
ask()
{
	local n=0

	asked=$((asked + 1))
	printf '{"execute": "%s", "arguments": {%s}, "id": "q%s"}\n' "$1" "${2:-}" $asked >&4
	until grep -q "\"id\": \"q$asked\"" "$OUT/$vm.qmp"; do
		[ $n -lt 600 ] && kill -0 "$qemu" 2>/dev/null || return 1
		usleep 100000
		n=$((n + 1))
	done
	grep "\"id\": \"q$asked\"" "$OUT/$vm.qmp" | grep -q '"return"'
}

stop()
{
	printf '{"execute": "quit"}\n' >&4
	wait "$qemu"
	status=$?
	exec 4>&-
}

# counter: what the guest shows in its shared page goes to $count; 0 when it shows nothing
counter()
{
	rm -f page
	count=0
	ask pmemsave '"val": 1310720, "size": 4096, "filename": "page"' && grep -q '^shared with host' page || return 0
	count=$((0x$(dd if=page bs=8 skip=2 count=1 2>/dev/null | od -An -tx1 | tr -d ' ')))
}

# counts: the guest is protected, executes, and its host sees what it shared
counts()
{
	local n=0 first

	counter
	first=$count
	until [ "$count" -ne "$first" ]; do
		[ $n -lt 300 ] || return 1
		usleep 100000
		counter
		n=$((n + 1))
	done
}

# dump NAME [ARGUMENTS]
dump()
{
	ask dump-guest-memory "\"paging\": false, \"protocol\": \"file:$OUT/$1\"${2:-}"
}

dump_into()
{
	ask dump-guest-memory "\"paging\": false, \"protocol\": \"file:$1\""
}

failed_dump()
{
	! dump_into "$1" && grep "\"id\": \"q$asked\"" "$OUT/$vm.qmp" | grep '"error"'
}

# dump_ended COUNT: so many dumps of this VM are complete
dump_ended()
{
	local n=0

	until [ "$(grep -c '"DUMP_COMPLETED".*"status": "completed"' "$OUT/$vm.qmp")" -ge "$1" ]; do
		[ $n -lt 300 ] || return 1
		usleep 100000
		n=$((n + 1))
	done
}

ended_well()
{
	cat "$OUT/$vm.qmp"
	echo "QEMU ended with $status"
	[ "$status" = 0 ]
}

# now NAME COMMAND...: like t, but in this shell, as questions are numbered
now()
{
	local name=$1 rc=0

	shift
	"$@" >now.log 2>&1 || rc=1
	tap $rc "$name" now.log
}

running()
{
	start running guest.img "$1"
	now "protected_guest_executes" counts
	now "dump" dump running.dump
	now "guest_goes_on" counts
	now "second_dump" dump second.dump
	now "detached_dump" dump detached.dump ', "detach": true'
	now "detached_dump_ends" dump_ended 3
	now "system_reset" ask system_reset
	now "guest_executes_after_reset" counts
	now "dump_after_reset" dump reset.dump
	stop
	t "qemu_ends" ended_well
}

# A VM whose dump failed has to be reset: QEMU does not complete the dump.
full_disk()
{
	start full guest.img 1
	now "guest_to_be_dumped_to_a_full_disk" counts
	now "dump_to_a_full_disk_fails" failed_dump /dev/full
	now "reset_after_the_failed_dump" ask system_reset
	ask stop
	now "it_may_go_on" ask cont
	now "guest_executes_after_a_failed_dump" counts
	now "dump_after_a_failed_dump" dump full.dump
	stop
}

# QEMU 7.2 ends itself on a reset in the middle of a dump. To the kernel that is one that was killed.
killed()
{
	start killed guest.img 1
	now "guest_of_a_qemu_that_is_killed" counts
	now "dump_that_nobody_ends" dump lost.dump ', "detach": true'
	killall -9 qemu-system-s390x
	wait "$qemu" 2>/dev/null
	exec 4>&-
}

more_cpus()
{
	start cpus guest.img 4
	now "four_cpus" counts
	now "dump_of_four_cpus" dump cpus.dump
	dump quit.dump ', "detach": true' >/dev/null
	stop
	now "quit_during_a_dump" ended_well
}

refused()
{
	start refused nodump.img 1
	now "guest_without_permission" counts
	now "its_dump_has_nothing_of_it" dump refused.dump
	t "the_refusal_is_told" grep -q 'failed: header rc 5330 ' "$OUT/$vm.qmp"
	now "it_goes_on" counts
	stop
}

# One of these dumps finds the CPU in an instruction that QEMU emulates.
in_flight()
{
	local n

	start flight flight.img 1
	now "guest_that_asks_its_host" counts
	for n in 1 2 3 4 5 6; do
		now "dump_${n}_of_it" dump flight$n.dump
	done
	now "it_has_its_answers" counts
	stop
}

running 1
killed
more_cpus
full_disk
refused
in_flight
rm -f "$OUT/lost.dump" "$OUT/quit.dump"
finish
