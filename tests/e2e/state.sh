#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# Guest state that no instruction can make yet: every register of vCPU 1, by test commands of the machine.
set -eu

exec 4>"$OUT/state.args"

control()
{
	echo "$1" >&3
	read -r reply <&3
	echo "$1 -> $reply"
	case $reply in
	ok*) ;;
	*) exit 1 ;;
	esac
}

# rep BYTE COUNT: hex digits
rep()
{
	i=0
	while [ $i -lt "$2" ]; do
		printf '%02x' "$1"
		i=$((i + 1))
	done
}

# set NAME HEX
set_reg()
{
	control "reg set vm=$VM cpu=1 name=$1 value=0x$2"
}

# expect NAME HEX: as the core file names it
expect()
{
	echo "--reg 1:$1=$2" >&4
}

both()
{
	set_reg "$1" "$2"
	expect "$1" "$2"
}

control confs
VM=${reply##*vm=}
VM=${VM%% *}
n=0
while [ $n -lt 16 ]; do
	both gr$n "$(rep $((0x10 + n)) 8)"
	both ar$n "$(rep $((0x20 + n)) 4)"
	both cr$n "$(rep $((0x30 + n)) 8)"
	set_reg vr$n "$(rep $((0x40 + n)) 8)$(rep $((0x80 + n)) 8)"
	expect fpr$n "$(rep $((0x40 + n)) 8)"
	expect vrlow$n "$(rep $((0x80 + n)) 8)"
	set_reg vr$((n + 16)) "$(rep $((0x50 + n)) 8)$(rep $((0x90 + n)) 8)"
	expect vrhigh$n "$(rep $((0x50 + n)) 8)$(rep $((0x90 + n)) 8)"
	n=$((n + 1))
done
for n in 1 2 3; do
	both gs$n "$(rep $((0x70 + n)) 8)"
done
both psw 070500018000000000000000deadbee0
both prefix 00008000
both fpc 00880000
both todpr 00000042
both cputm 1111222233334444
both ckc 5555666677778888
control "emulating vm=$VM cpu=1 on"
# a page of the second component, as if the guest had shared it
control "share vm=$VM gaddr=$1"
