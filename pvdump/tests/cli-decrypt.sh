#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of the command lines of "pvdump decrypt" and of the map, on synthetic dumps.
# Usage: cli-decrypt.sh SANITIZED-BINDIR MKSYNTH BINDIR
set -eu

BIN=$1
MKSYNTH=$2
FAST=$3/pvdump
. "$(dirname "$0")/../../tests/tap.sh"
mkdir "$T/dir" && cd "$T/dir"
PVDUMP=$BIN/pvdump

# The plaintext behind the head of a vmcore.
memory_is()
{
	cmp <(tail -c "$(stat -c %s "$2")" "$1") "$2"
}

no_file()
{
	[ -z "$(find . -name 'new*' -print)" ]
}

# stops STATUS PATTERN ARGUMENT...: as refused, and no trace of the output is left
stops()
{
	rm -f new*
	rc_says "$1" "$2" "$PVDUMP" decrypt "${@:3}" -o new.core && no_file
}

too_large()
{
	local rc=0

	(ulimit -f 2048; trap '' XFSZ; exec "$PVDUMP" decrypt a.dump -k cck -o new.core) >out 2>&1 || rc=$?
	cat out
	[ "$rc" = 1 ] && grep -q 'File too large' out && no_file
}

# A file system of 1 MiB, in a mount name space of its own.
private()
{
	unshare --map-root-user --mount "$@"
}

full_disk()
{
	# shellcheck disable=SC2016
	private sh -c 'mount -t tmpfs -o size=1M none full && cd full &&
		"$0" decrypt ../a.dump -k ../cck -o new.core; echo "status $?"; ls' "$PVDUMP" >out 2>&1
	cat out
	grep -q 'write at .*No space left' out && grep -q 'hint: free space' out && [ "$(tail -n 1 out)" = "status 1" ]
}

# Until it writes; the dump is large enough for that to take a while.
interrupted()
{
	local pid rc=0 left=500

	rm -f new*
	"$FAST" decrypt large.dump -k cck -j 1 -o new.core >out 2>&1 &
	pid=$!
	until [ -n "$(find . -name 'new*' -size +100k)" ] || [ $left = 0 ]; do
		left=$((left - 1))
		sleep 0.01
	done
	kill "-$1" "$pid"
	wait "$pid" || rc=$?
	cat out
	[ "$rc" = 1 ] && grep -q 'stopped by signal' out && no_file
}

# The memory that it needs does not depend on the dump: 3 GiB of it with 64 MiB. Holes stay holes.
bounded()
{
	local kib

	truncate -s 3G hugemem
	printf hello | dd of=hugemem bs=1 seek=3000000000 conv=notrunc status=none
	"$MKSYNTH" cck hugemem 2 0 huge.dump
	"${GNUTIME[@]}" "$FAST" decrypt huge.dump -k cck -o huge.core || return 1
	kib=$(tail -n 1 rss)
	echo "resident: $kib KiB; on disk: $(stat -c '%b blocks' huge.core)"
	[ "$kib" -lt 65536 ] && [ "$(stat -c %b huge.core)" -lt 2048 ] && memory_is huge.core hugemem
}

without_memory()
{
	(ulimit -v $((256 * 1024)); "$FAST" decrypt large.dump -k cck -j 2 -o large.core) &&
		memory_is large.core largemem
}

replaced()
{
	printf old >new.core
	"$PVDUMP" decrypt a.dump -k cck -o new.core && memory_is new.core mem && [ "$(stat -c %a new.core)" = 600 ]
}

same()
{
	"$PVDUMP" decrypt a.dump -k cck "$@" -o other.core && cmp a.core other.core
}

progress()
{
	script -qec "'$FAST' decrypt large.dump -k cck -j 1 -o large.core" /dev/null >out && tr '\r' '\n' <out &&
		[ "$(tr '\r' '\n' <out | grep -c 'memory: .*MiB/s')" -ge 1 ] && rm -f large.core
}

screen()
{
	"$PVDUMP" info --map "$1" >out && cat out && [ "$(wc -l <out)" -le 23 ] && [ "$(wc -L <out)" -le 79 ]
}

on_terminal()
{
	LC_ALL=C.UTF-8 script -qec "'$PVDUMP' info --map a.dump" /dev/null | grep -q '█' &&
		LC_ALL=C script -qec "'$PVDUMP' info --map a.dump" /dev/null | grep -q '###'
}

# A state that is not defined is shown, and named.
map_invalid()
{
	cp a.dump bad.dump
	poke bad.dump "$((META + 16 * 700 + 15))" '\003'
	rc_says 1 'for address 0x2bc000' "$PVDUMP" info --map bad.dump && grep -q '!' out
}

poke()
{
	# shellcheck disable=SC2059
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

escaped()
{
	cp a.dump esc.dump
	poke esc.dump $((STR + 25)) '\033]0;x\007'
	"$PVDUMP" info esc.dump >out
	cat -v out
	! grep -q "$(printf '\033')" out && grep -Fq '\x1b]0;x\x07' out
}

svg()
{
	"$PVDUMP" info --svg map.svg a.dump && head -c 4 map.svg | grep -q '<svg' && tail -n 1 map.svg | grep -q '</svg>' &&
		grep -q '4 shared' map.svg && [ "$(grep -c '<rect' map.svg)" -gt 8 ] &&
		python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' map.svg
}

to_full()
{
	local rc=0

	"$PVDUMP" "$@" >/dev/full 2>out || rc=$?
	cat out
	[ "$rc" = 1 ] && grep -q 'No space left' out
}

head -c 32 /dev/urandom >cck
head -c 32 /dev/urandom >wrong
head -c 32 /dev/urandom >wrong2
head -c 31 cck >short
head -c 1048576 /dev/zero >mem
head -c 1048576 /dev/urandom >>mem
head -c 2097152 /dev/zero >>mem
"$MKSYNTH" cck mem 2 0x100000 a.dump
"$MKSYNTH" --parts 5 cck mem 2 0x100000 parts.dump
head -c 268435456 /dev/urandom >largemem
"$MKSYNTH" cck largemem 1 0 large.dump
GNUTIME=("$(command -v python3)" -c '
import resource, subprocess, sys
rc = subprocess.call(sys.argv[1:])
open("rss", "w").write("%d\n" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(rc)')
META=$((0x$("$PVDUMP" info a.dump | sed -n 's/.*pv_mem_meta *offset 0x\([0-9a-f]*\).*/\1/p')))
STR=$((0x$("$PVDUMP" info a.dump | sed -n 's/.*shstrtab *offset 0x\([0-9a-f]*\).*/\1/p')))

t "decrypt" rc_says 0 'authentic with key cck: completion data and 2 vCPUs' "$PVDUMP" decrypt a.dump -k cck -o a.core
t "the memory is right" memory_is a.core mem
t "only the owner may read it" [ "$(stat -c %a a.core)" = 600 ]
t "zero pages are holes" [ "$(stat -c %b a.core)" -lt 2600 ]
t "a program that is not ours reads it" "$BIN/check-vmcore" --mem 4M --vcpus 2 --psw 0x180000000:0x100000 \
	--component mem@0 a.core
t "one thread" same -j 1
t "64 threads" same --jobs 64
t "an existing output is replaced" replaced
t "five memory parts" rc_says 0 'authentic' "$PVDUMP" decrypt parts.dump -k cck -o p.core
t "their memory is right" memory_is p.core mem
t "they are five in the vmcore" [ "$(readelf -lW p.core | grep -c LOAD)" = 5 ]
t "the second key fits" rc_says 0 'authentic with key cck' "$PVDUMP" decrypt a.dump -k wrong -k cck -o b.core
t "the same vmcore" cmp a.core b.core
t "no key fits: all are named" stops 1 'no key fits \(tried wrong, wrong2\)' a.dump -k wrong -k wrong2
t "short key" stops 1 'short: file has 31 bytes: exactly 32' a.dump -k cck -k short
t "no key file" stops 1 'none: open: No such file' a.dump -k none
rm -f new*
t "check" rc_says 0 'authentic with key cck' "$PVDUMP" decrypt a.dump -k cck --check
t "check wrote nothing" no_file
t "check with a wrong key" rc_says 1 'tag mismatch' "$PVDUMP" decrypt a.dump -k wrong --check
flip a.dump $((0x69c + 200))
t "modified vCPU" stops 1 'vCPU 0: PV data at offset 0x69c: tag mismatch' flipped -k cck
flip a.dump $((0x69c + 5356 + 200))
t "modified second vCPU" stops 1 'vCPU 1: PV data at offset 0x1b88: tag mismatch' flipped -k cck
t "check of it" rc_says 1 'vCPU 1: PV data' "$PVDUMP" decrypt flipped -k cck --check
cp a.dump bad.dump
poke bad.dump "$((META + 16 * 700 + 15))" '\003'
t "undefined page state" stops 1 'undefined, the first at offset 0x[0-9a-f]* for address 0x2bc000' bad.dump -k cck
for len in 0 1000 20000 4000000; do
	head -c $len a.dump >cut.dump
	t "dump cut to $len bytes" stops 1 '^pvdump: cut.dump: ' cut.dump -k cck
done
t "output is the dump" rc_says 1 'same file' "$PVDUMP" decrypt a.dump -k cck -o ./a.dump
ln a.dump link
t "output is a link to the dump" rc_says 1 'same file' "$PVDUMP" decrypt a.dump -k cck -o link
t "output is the key" rc_says 1 'same file' "$PVDUMP" decrypt a.dump -k cck -o cck
t "the dump is still there" "$PVDUMP" decrypt a.dump -k cck --check
t "no directory" rc_says 1 'No such file' "$PVDUMP" decrypt a.dump -k cck -o no/where
t "file too large" too_large
mkdir full
if private true 2>/dev/null; then
	t "full disk" full_disk
else
	n=$((n + 1))
	echo "ok $n - full disk # SKIP no mount name spaces here"
fi
t "interrupt" interrupted INT
t "termination" interrupted TERM
t "a dump of 3 GiB with 64 MiB of memory" bounded
t "256 MiB of address space are enough" without_memory
t "one line of progress on a terminal" progress
t "no option" rc_says 2 'FILE' "$PVDUMP" decrypt
t "no key" rc_says 2 '-k CCK is needed' "$PVDUMP" decrypt a.dump -o new
t "no output" rc_says 2 'either -o VMCORE or --check' "$PVDUMP" decrypt a.dump -k cck
t "output and check" rc_says 2 'either -o VMCORE or --check' "$PVDUMP" decrypt a.dump -k cck -o new --check
t "no thread" rc_says 2 'from 1 to 64' "$PVDUMP" decrypt a.dump -k cck -o new -j 0
t "unknown option" rc_says 2 'unknown option' "$PVDUMP" decrypt a.dump --what
t "help" rc_says 0 'Usage: pvdump decrypt' "$PVDUMP" decrypt --help
t "decrypt to a full stdout" to_full decrypt a.dump -k cck --check
t "info to a full stdout" to_full info a.dump
t "map to a full stdout" to_full info --map a.dump
t "map fits a screen" screen a.dump
t "map of 3 GiB fits, too" screen huge.dump
t "map on a terminal" on_terminal
t "map shows undefined states" map_invalid
t "map as a picture" svg
t "picture over the dump" rc_says 1 'same file' "$PVDUMP" info --svg a.dump a.dump
t "section names cannot reach the terminal" escaped
finish
