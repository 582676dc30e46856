#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3043
# Linux guests under QEMU with KVM, inside L1.
. ./tap.sh

LIMIT=240
status='' vm=''

# start NAME MODE CPUS [ARGUMENT...]: the guest's console goes to $OUT/NAME.log, QMP reads what is written to 4.
start()
{
	local mode=$2 cpus=$3

	vm=$1
	shift 3
	rm -f qmp
	mkfifo qmp
	[ -e disk ] || truncate -s 16M disk
	timeout $LIMIT qemu-system-s390x -accel kvm -m 192M -smp "$cpus" -display none -nodefaults -kernel Image -initrd guest.cpio \
		-append "console=ttysclp0 mode=$mode" -chardev "file,id=console,path=$OUT/$vm.log,append=on" \
		-device sclpconsole,chardev=console \
		-drive if=none,id=disk,file=disk,format=raw,cache=unsafe -device virtio-blk-ccw,drive=disk \
		-netdev "user,id=net,tftp=$PWD/tftp" -device virtio-net-ccw,netdev=net \
		-qmp stdio "$@" <>qmp >>"$OUT/$vm.qmp" 2>&1 &
	qemu=$!
	exec 4>qmp
	qmp qmp_capabilities
}

# qmp COMMAND [ARGUMENTS]
qmp()
{
	printf '{"execute": "%s", "arguments": {%s}}\n' "$1" "${2:-}" >&4
}

# finished: waits for the guest to power itself off
finished()
{
	wait "$qemu"
	status=$?
	exec 4>&-
}

powered_off()
{
	cat "$OUT/$vm.qmp"
	echo "QEMU ended with $status"
	[ "$status" = 0 ]
}

# appears SECONDS PATTERN FILE
appears()
{
	local n=0

	until grep -Eq -e "$2" "$3" 2>/dev/null; do
		[ $n -lt "$1" ] && kill -0 "$qemu" 2>/dev/null || return 1
		sleep 1
		n=$((n + 1))
	done
}

said()
{
	cat "$OUT/$vm.log"
	echo "expected: guest: $1"
	grep -q "^guest: $1" "$OUT/$vm.log"
}

sum_of_disk()
{
	dd if=disk bs=1M skip=1 count=8 2>/dev/null | md5sum | cut -d' ' -f1
}

loads()
{
	rm -f disk
	start "$1" loads "$2"
	finished
	t "$1.powers_off" powered_off
	t "$1.boots" said "start=1 cpus=$2"
	t "$1.forks_sleeps_and_uses_all_cpus" said "forks=200 slept=yes cpus=$2 sum=same"
	t "$1.disk" said "disk=$(sum_of_disk)"
	t "$1.network" said "network=$(md5sum <tftp/file | cut -d' ' -f1)"
	t "$1.reboots" said "start=2 cpus=$2"
	t "$1.disk_after_reboot" said "again=$(sum_of_disk)"
}

# migrate: to a file and out, and how often the dirty log was read
migrate()
{
	local n=0

	rounds=0
	appears 120 'round=4 ' "$OUT/$vm.log" || return
	qmp migrate-set-parameters '"downtime-limit": 2000'
	qmp migrate '"uri": "exec:cat >state"'
	until grep -q '"status": "completed"' "$OUT/$vm.qmp" || [ $n -ge 60 ]; do
		sleep 1
		qmp query-migrate
		n=$((n + 1))
	done
	rounds=$(sed -n 's/.*"status": "completed".*"dirty-sync-count": \([0-9]*\).*/\1/p' "$OUT/$vm.qmp" | tail -n 1)
	qmp quit
}

migrated()
{
	cat "$OUT/$vm.qmp"
	echo "the dirty log was read ${rounds:-0} times"
	[ "${rounds:-0}" -ge 3 ]
}

# Dirty logging while the guest writes: each write that it loses is a page whose last round is missing.
migration()
{
	start "$1" memory "$2"
	migrate
	finished
	t "$1.to_a_file" migrated
	start "$1" memory "$2" -incoming "exec:cat state"
	finished
	t "$1.powers_off" powered_off
	t "$1.every_write_is_there" said "round=60 lost=0"
	rm -f state
}

# The guest's memory goes to L1's swap and back.
swap()
{
	local pages group=/sys/fs/cgroup/vm device

	device=/dev/$(grep -lx swap /sys/block/*/serial | cut -d/ -f4)
	mkswap "$device" >/dev/null
	t "$1.swap" swapon "$device"
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $group
	echo 48M >$group/memory.max
	echo 0 >$group/cgroup.procs
	start "$1" memory "$2"
	echo 0 >/sys/fs/cgroup/cgroup.procs
	finished
	pages=$(awk '$1 == "workingset_refault_anon" { print $2 }' $group/memory.stat)
	t "$1.powers_off" powered_off
	t "$1.every_write_is_there" said "round=60 lost=0"
	echo "# pages that came back: $pages"
	t "$1.pages_came_back" [ "$pages" -ge 500 ]
}

mkdir -p tftp
dd if=/dev/urandom of=tftp/file bs=1M count=2 2>/dev/null
loads "linux_with_$1_cpus" "$1"
migration "migration_with_$1_cpus" "$1"
swap "swap_with_$1_cpus" "$1"
finish
