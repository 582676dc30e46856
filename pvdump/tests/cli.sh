#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tests of the command lines of pvdump info and check-vmcore on synthetic dumps.
# Usage: cli.sh BINDIR MKSYNTH
set -eu

BIN=$1
MKSYNTH=$2
. "$(dirname "$0")/../../tests/tap.sh"
mkdir "$T/dir" && cd "$T/dir"

head -c 32 /dev/urandom >cck
head -c 32 /dev/urandom >wrong
head -c 1048576 /dev/zero >mem
head -c 1048576 /dev/urandom >>mem
head -c 2097152 /dev/zero >>mem
"$MKSYNTH" cck mem 2 0x100000 a.dump

t "info" rc_says 0 'encrypted +252' "$BIN/pvdump" info a.dump
t "info: vCPUs" rc_says 0 'version 1 length 1568' "$BIN/pvdump" info a.dump
t "info: no file" rc_says 1 'No such file' "$BIN/pvdump" info none
t "info: directory" rc_says 1 'not a regular file' "$BIN/pvdump" info .
t "info: no argument" rc_says 2 'exactly one FILE' "$BIN/pvdump" info
t "info: unknown option" rc_says 2 'unknown option' "$BIN/pvdump" info --what a.dump
for len in 0 63 1000 20000 4000000; do
	head -c $len a.dump >cut.dump
	t "info: file cut to $len bytes" rc_says 1 '^pvdump: cut.dump: ' "$BIN/pvdump" info cut.dump
done
t "take on this machine is refused" rc_says 1 'not built for s390x' "$BIN/pvdump" take --mem 1M
t "take: its help is on every machine" rc_says 0 '^Usage: pvdump take ' "$BIN/pvdump" take --help
t "take: its help names all options" rc_says 0 '--mem-backing HOW' "$BIN/pvdump" take -h
t "version" rc_says 0 '^pvdump [0-9]+\.[0-9]+(-g[0-9a-f]+)?(-dirty)?$' "$BIN/pvdump" --version
t "usage points to the help of the verb" rc_says 2 'hint: pvdump info --help$' "$BIN/pvdump" info --what
t "full output: info" rc_says 1 'standard output: write: No space' bash -c '"$0" info a.dump >/dev/full' "$BIN/pvdump"
t "full output: help of take" rc_says 1 'standard output: write: No space' bash -c '"$0" take --help >/dev/full' "$BIN/pvdump"
t "full output: check-vmcore" rc_says 1 'standard output: write: No space' \
	bash -c '"$0" --sections a.dump >/dev/full' "$BIN/check-vmcore"
t "unknown verb" rc_says 2 'unknown verb' "$BIN/pvdump" make
t "sections" rc_says 0 'sections present' "$BIN/check-vmcore" --sections a.dump
t "authenticate" rc_says 0 'authenticated: completion data and 2 CPUs' \
	"$BIN/check-vmcore" --authenticate a.dump --cck cck
t "wrong CCK" rc_says 1 'tag mismatch' "$BIN/check-vmcore" --authenticate a.dump --cck wrong
t "short CCK" rc_says 1 'exactly 32' "$BIN/check-vmcore" --authenticate a.dump --cck "$T/out"
flip a.dump $((0x69c + 200))
t "modified CPU data" rc_says 1 'vCPU 0: PV data: tag mismatch' "$BIN/check-vmcore" --authenticate flipped --cck cck
printf 'xxxxFIND-MExxxx' >marked
t "marker found" rc_says 1 "marker 'FIND-ME' at offset 0x4" "$BIN/check-vmcore" --marker FIND-ME --absent marked
t "marker absent" rc_says 0 'marker absent' "$BIN/check-vmcore" --marker FIND-YOU --absent marked
{ head -c 4194300 /dev/zero; printf FIND-ME; head -c 100 /dev/zero; } >edge
t "marker across a read" rc_says 1 'at offset 0x3ffffc' "$BIN/check-vmcore" --marker FIND-ME --absent edge
t "nothing to check" rc_says 2 'nothing to check' "$BIN/check-vmcore"
t "vmcore needs its options" rc_says 2 'needs --mem' "$BIN/check-vmcore" a.dump
head -c 1048576 mem >zero
t "vmcore that is no core" rc_says 1 'not a 64-bit s390x ELF core' \
	"$BIN/check-vmcore" --mem 4M --vcpus 2 --component zero@0 mem
t "an encrypted dump is not its plaintext" rc_says 1 'page 0x100000' \
	"$BIN/check-vmcore" --mem 4M --vcpus 2 --component zero@1M --ignore 0-1M --ignore 2M-4M a.dump
finish
