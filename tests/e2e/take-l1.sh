#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# The tests of "pvdump take" on a host with KVM, inside L1: what it writes and how it fails. check-vmcore looks at
# the dumps outside.
. ./tap.sh

MEM=24M
OUTFILE=out.dump
PORT=/dev/virtio-ports/softuv.control

take()
{
	./pvdump take --mem $MEM "$@"
}

# refused PATTERN ARGS...: take fails with exit status 1, says PATTERN, and leaves neither file
refused()
{
	pattern=$1
	shift
	rm -f "$OUTFILE" "$OUTFILE.partial"
	take "$@" -o "$OUTFILE" >out.log 2>&1
	rc=$?
	cat out.log
	echo "exit status $rc"
	[ $rc = 1 ] && grep -Eq -e "$pattern" out.log && [ ! -e "$OUTFILE" ] && [ ! -e "$OUTFILE.partial" ]
}

# the host is as before: the next VM can be dumped
again()
{
	rm -f again.dump
	take --image good.img -o again.dump && ./pvdump info again.dump
}

control()
{
	echo "$1" >&3
	read -r reply <&3
	echo "$1 -> $reply"
	case $reply in
	ok*) ;;
	*) return 1 ;;
	esac
}

# ruled RULE PATTERN ARGS...: with a fault rule in force
ruled()
{
	rule=$1
	shift
	control "rule add $rule" || return 1
	refused "$@"
	rc=$?
	control "rule clear"
	return $rc
}

# interrupted SIGNAL: a large dump is stopped in the middle
interrupted()
{
	rm -f out.dump
	./pvdump take --image good.img --mem 600M -o out.dump 2>sig.log &
	pid=$!
	k=0
	until [ -s out.dump.partial ] || [ $k -ge 200 ]; do
		usleep 20000
		k=$((k + 1))
	done
	kill -"$1" $pid
	wait $pid
	rc=$?
	cat sig.log
	echo "exit status $rc"
	[ $rc = 1 ] && grep -q "stopped by signal" sig.log && [ ! -e out.dump ] && [ ! -e out.dump.partial ]
}

# An existing file is neither guest memory nor shortened.
backing_exists()
{
	echo precious >precious
	refused 'precious: create: File exists' --image good.img --mem-backing file=precious &&
		[ "$(cat precious)" = precious ]
}

# names PATTERN ARGS...: two outputs of one name, or one that is the image; nothing is written
names()
{
	sum=$(sha256sum <good.img)
	refused "$@" && [ "$(sha256sum <good.img)" = "$sum" ]
}

full_output()
{
	./pvdump take --image good.img --mem $MEM -o full.dump >/dev/full 2>out.log
	rc=$?
	cat out.log
	echo "exit status $rc"
	[ $rc = 1 ] && grep -q 'standard output: write: No space' out.log && ./pvdump info full.dump
}

others_partial()
{
	mkfifo p.dump.partial
	timeout 60 ./pvdump take --image good.img --mem $MEM -o p.dump && [ -p p.dump.partial ] && [ -f p.dump ]
}

# both at once write the same name
at_once()
{
	take --image good.img -o z.dump &
	pid=$!
	take --image good.img -o z.dump --vcpus 2 && wait $pid && ./pvdump info z.dump &&
		[ "$(ls -d z.dump*)" = z.dump ]
}

exec 2>&1
chmod +x pvdump
: >"$OUT/state.args"
mkdir -p full && mount -t tmpfs -o size=8M tmpfs full
t "take with 3 vCPUs" take --image good.img --vcpus 3 -o "$OUT/good.pvdump"
cp "$T/log" quiet.log
t "info of it" ./pvdump info "$OUT/good.pvdump"
t "decrypt is the owner's" sh -c './pvdump decrypt x -k y -o z 2>&1 | grep "hint: .*build/bin/pvdump"'
t "its help is here" sh -c './pvdump decrypt --help | grep "Usage: pvdump decrypt"'
t "repeat" take --image good.img --repeat 3 -o r.dump
t "repeat: third file" ./pvdump info r.dump.3
t "second dump" take --image good.img -o s.dump --second-dump s2.dump
t "storage state in pieces of 5 MiB" take --image good.img --piece-mib 5 -o "$OUT/pieces.pvdump"
t "memory from shared memory" take --image good.img --mem-backing shm -o shm.dump
t "memory from a file" take --image good.img --mem-backing file=backing -o file.dump
t "memory from a file: it is gone" [ ! -e backing ]
t "memory from a file that exists is refused" backing_exists
t "image for the backup key" take --image backup.img -o "$OUT/backup.pvdump"
t "image for the backup key without its flag" refused 'rrc 0x0005' --image unmarked.img
t "second dump would be the repeated one" names 'out.dump.2: create: ' --image good.img --repeat 2 --second-dump out.dump.2
t "second dump would be the repeated one by another name" names 'the same file as' --image good.img --repeat 2 --second-dump ./out.dump.2
t "second dump would be the first one" names 'out.dump: create: ' --image good.img --second-dump out.dump
ln -s good.img link.img
t "output would be the image" sh -c './pvdump take --mem 24M --image good.img -o link.img; [ $? = 1 ] && [ -L link.img ]'
t "full output" full_output
t "another one's .partial is left alone" others_partial
t "two at once" at_once
t "progress on a terminal" sh -c './pvdump take --mem 160M --image good.img -o big.dump 2>/dev/console'
t "--before-dump runs" take --image good.img --before-dump 'echo before >mark' -o b.dump
t "--before-dump ran" grep -q before mark
t "no progress lines without a terminal" [ "$(grep -c MiB quiet.log)" = 1 ]
rm -f ./*.dump ./*.dump.3 r.dump.2 p.dump.partial

OUTFILE=full/x
t "disk full" refused 'No space left' --image good.img
OUTFILE=gone/x
mkdir gone
t "output directory vanishes" refused 'No such file' --image good.img --before-dump 'rm -rf gone'
OUTFILE=out.dump
t "after a full disk" again
t "no permission: rc and hint" refused 'DUMP INIT.*rc 0x[0-9a-f]{4}' --image nodump.img
t "no permission: hint names the flag" refused 'hint:.*flag 34' --image nodump.img
t "flipped component byte" refused 'VERIFY.*rc 0x0102 rrc 0x001b \(page list' --image flipped.img
t "image for another host" refused 'SET_SEC_PARMS.*rc 0x0108 rrc 0x0005 \(image is not for this host' --image foreign.img
t "after refused images" again
t "truncated image" refused 'truncated' --image cut.img
t "no image" refused 'No such file' --image none.img
t "component outside of memory" refused 'does not fit' --image good.img --mem 4M
t "more vCPUs than the kernel allows" refused 'host allows at most' --image good.img --vcpus 4000
t "more vCPUs than the Ultravisor allows" refused 'Ultravisor allows at most 248' --image good.img --vcpus 249
t "as many vCPUs as the Ultravisor allows" take --image good.img --vcpus 248 -o many.dump
t "info of them" ./pvdump info many.dump
rm -f many.dump
t "failing --before-dump" refused 'ended with status' --image good.img --before-dump false
t "stop request before the dump" refused 'stopped by signal 15' --image good.img --before-dump 'kill -TERM $PPID'
t "SIGINT in the middle" interrupted INT
t "SIGTERM in the middle" interrupted TERM
t "after signals" again
if [ -e $PORT ] && exec 3<>$PORT; then
	t "rule: DUMP_CPU fails" ruled "cmd=dump-cpu nth=2 rc=0x0104" 'vCPU 1: KVM_PV_DUMP CPU' --image good.img --vcpus 2
	t "after DUMP_CPU failed" again
	t "rule: DUMP_CONF_STOR_STATE fails" ruled "cmd=dump-stor-state nth=7 rc=0x0107" 'CONFIG_STOR_STATE' --image good.img
	t "after DUMP_CONF_STOR_STATE failed" again
	t "rule: DUMP_COMPLETE fails" ruled "cmd=dump-complete rc=0x0108" 'COMPLETE.*rc 0x0108' --image good.img
	t "after DUMP_COMPLETE failed" again
	t "rule: UNPACK fails" ruled "cmd=unpack nth=9 rc=0x0107" 'UNPACK.*rc 0x0107' --image good.img
	t "after UNPACK failed" again
	t "dump with registers and a shared page set by test commands" take --image good.img \
		--vcpus 2 -o "$OUT/state.pvdump" --before-dump 'sh ./state.sh 0x603000'
	t "the shared page is reported" sh -c './pvdump info $OUT/state.pvdump | grep "shared  *1$"'
	exec 3>&-
else
	t_skip "fault rules" "no port $PORT: not the emulated machine"
fi
t "no 'partial' file is left" [ -z "$(find . -name '*.partial*')" ]
finish
