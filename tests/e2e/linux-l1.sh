#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3043
# Debian's QEMU runs a protected Linux in L1: devices, reboot, and a dump of it while it works; $1 is the number of CPUs.
. ./tap.sh

console=$OUT/linux.log

running()
{
	local n=0

	until grep -q "^guest: $1" "$console" 2>/dev/null; do
		if [ $n -ge 200 ] || ! kill -0 "$qemu" 2>/dev/null; then
			tail -n 20 "$console"
			return 1
		fi
		sleep 1
		n=$((n + 1))
	done
}

said()
{
	tail -n 20 "$console"
	echo "expected: guest: $1"
	grep -q "^guest: $1" "$console"
}

dumped()
{
	local n=0

	printf '%s\n' '{"execute": "qmp_capabilities"}' \
		"{\"execute\": \"dump-guest-memory\", \"arguments\": {\"paging\": false, \"protocol\": \"file:$OUT/linux.dump\"}}" >&4
	until grep -q '"DUMP_COMPLETED".*"status": "completed"' "$OUT/linux.qmp"; do
		[ $n -lt 60 ] || { cat "$OUT/linux.qmp"; return 1; }
		sleep 1
		n=$((n + 1))
	done
}

mkfifo qmp
mkdir -p tftp
dd if=/dev/urandom of=tftp/file bs=1M count=2 2>/dev/null
truncate -s 16M disk
timeout 300 qemu-system-s390x -accel kvm -m 256M -smp "$1" -display none -nodefaults -kernel linux.img \
	-machine s390-ccw-virtio,confidential-guest-support=pv0 -object s390-pv-guest,id=pv0 \
	-chardev "file,id=console,path=$console" -device sclpconsole,chardev=console \
	-drive if=none,id=disk,file=disk,format=raw,cache=unsafe -device virtio-blk-ccw,drive=disk,iommu_platform=on \
	-netdev "user,id=net,tftp=$PWD/tftp" -device virtio-net-ccw,netdev=net,iommu_platform=on \
	-qmp stdio <>qmp >"$OUT/linux.qmp" 2>&1 &
qemu=$!
exec 4<>qmp
t "boots" running "start=1 cpus=$1"
t "dump_while_it_works" dumped
wait $qemu
status=$?
t "powers_off" [ "$status" = 0 ]
t "forks_sleeps_and_uses_all_cpus" said "forks=200 slept=yes cpus=$1 sum=same"
t "network" said "network=$(md5sum <tftp/file | cut -d' ' -f1)"
t "reboots" said "start=2 cpus=$1"
t "disk_after_reboot" said "again=$(dd if=disk bs=1M skip=1 count=8 2>/dev/null | md5sum | cut -d' ' -f1)"
finish
