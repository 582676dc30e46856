#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tests of the seimage command line: images made, shown, verified, and every refusal.
# Usage: cli.sh BINDIR
set -eu

BIN=$1
HERE=$(cd "$(dirname "$0")" && pwd)
KEYS=$HERE/../../machine/keys
. "$HERE/../../tests/tap.sh"
mkdir "$T/dir" && cd "$T/dir"

create()
{
	"$BIN/seimage" create -k "$KEYS/host-key.crt" "$@"
}

head -c 32 /dev/urandom >cck
head -c 32 /dev/urandom >hdr.key
head -c 64 /dev/urandom >image.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out cust.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem 2>/dev/null
openssl pkey -in p256.pem -pubout -out p256.pub
openssl x509 -in "$KEYS/host-key.crt" -outform DER -out host.der
openssl pkey -in "$KEYS/host-key.pem" -pubout -out host.pub
openssl pkey -in "$KEYS/host-key.pem" -pubout -outform DER -out host.pub.der
"$BIN/mkcomponent" --seed 7 --size 256K --marker OPEN-TEXT -o comp
"$BIN/mkcomponent" --seed 7 --size 256K --marker OPEN-TEXT -o comp2
echo -n "root=/dev/ram0" >parm
: >empty

t "mkcomponent is reproducible" cmp comp comp2
t "create with three components" create --kernel comp --parmline parm --ramdisk comp2@0x200000 \
	--cck cck --enable-dump --hdr-key hdr.key -o a.img
t "verify accepts it" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" a.img
t "verify with the header key" "$BIN/seimage" verify --hdr-key hdr.key a.img
t "info names the dump flag" rc_says 0 'dump +enabled' "$BIN/seimage" info a.img
t "info decrypts with the host key" rc_says 0 'psw address +0x0000000000016000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" a.img
t "info hides keys" rc_says 0 'cck +hidden' "$BIN/seimage" info --hdr-key hdr.key a.img
t "info shows keys on request" rc_says 0 "cck +$(od -An -tx1 -v cck | tr -d ' \n')" \
	"$BIN/seimage" info --hdr-key hdr.key --show-secrets a.img
t "info refuses another host's key" rc_says 1 'no key slot' \
	"$BIN/seimage" info --host-key "$KEYS/backup-key.pem" a.img
t "no plaintext in the image" bash -c '! grep -q OPEN-TEXT a.img'
t "extract-hdr writes the bare header" "$BIN/seimage" extract-hdr -o a.hdr a.img
t "info reads a bare header" rc_says 0 'header size +640' "$BIN/seimage" info a.hdr
t "disassembled boot code starts at 0x11000" rc_says 0 '00 08 00 01 80 01 10 00' od -An -tx1 -N 8 a.img

repro=(--component "comp@0x20000,0x0001020304050607" --cck cck --hdr-key hdr.key --image-key image.key
	--x-iv 000102030405060708090a0b --x-cust-key cust.pem)
t "reproducible: first" create "${repro[@]}" -o r1.img
t "reproducible: second" create "${repro[@]}" -o r2.img
t "reproducible: equal" cmp r1.img r2.img
for doc in host.der host.pub host.pub.der; do
	t "host key document as $doc" "$BIN/seimage" create -k $doc "${repro[@]}" -o r3.img
	t "host key document as $doc: same image" cmp r1.img r3.img
done

many=()
for _ in $(seq 94); do many+=(-k host.der); done
t "95 key slots" create "${many[@]}" --component comp -o slots.img
t "95 key slots: verify" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" slots.img
t "96 key slots are refused" rc_says 2 'more than 95' create "${many[@]}" -k host.der --component comp -o x
t "own slot is found behind another's" "$BIN/seimage" create -k "$KEYS/backup-key.crt" \
	-k "$KEYS/host-key.crt" --component comp -o two.img
t "own slot: info" rc_says 0 'opened with slot +1' "$BIN/seimage" info --host-key "$KEYS/host-key.pem" two.img
t "no component encryption" create --no-component-encryption --component comp -o plain.img
t "no component encryption: plaintext is there" grep -q OPEN-TEXT plain.img
t "no component encryption: verify" "$BIN/seimage" verify plain.img
t "all flags" create --enable-pckmo-hmac --enable-backup-keys --disable-pckmo --enable-cck-update \
	--enable-cck-extension-secret --enable-dump --component comp -o flags.img
t "all flags: pcf" rc_says 0 'pcf\) +0x0000000020000012' "$BIN/seimage" info flags.img
t "all flags: scf" rc_says 0 'scf\) +0x6000000000000000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" flags.img
t "x-pcf and x-scf" create --x-pcf 0x1234 --x-scf 0x8000000000000000 --component comp -o x.img
t "x-pcf: info" rc_says 0 'unknown bits +0x' "$BIN/seimage" info x.img
t "psw" create --psw 180000000:10000 --component comp -o psw.img
t "psw: info" rc_says 0 'psw address +0x0000000000010000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" psw.img
# The layouts of other builders (s390-tools): older ones without metadata block and with a full page as
# IPIB, newer ones with the IPIB behind the last component.
cp a.img old.img
head -c 28 /dev/zero | dd of=old.img bs=1 seek=$((0xc000)) conv=notrunc status=none
printf '\x00\x00\x10\x00' | dd of=old.img bs=1 seek=$((0x13000)) conv=notrunc status=none
printf '\x00' | dd of=old.img bs=1 seek=$((0x1306f)) conv=notrunc status=none
t "layout of genprotimg: verify" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" old.img
t "layout of genprotimg: no metadata block" rc_says 0 'metadata block +no' "$BIN/seimage" info old.img
size=$(stat -c %s a.img)
cp a.img new.img
dd if=a.img of=new.img bs=1 skip=$((0x13000)) count=$((136 + 3 * 24)) seek="$size" conv=notrunc status=none
head -c 4096 /dev/zero | dd of=new.img bs=1 seek=$((0x13000)) conv=notrunc status=none
printf '%b' "$(printf '%016x' "$size" | sed 's/../\\x&/g')" |
	dd of=new.img bs=1 seek=$((0xc014)) conv=notrunc status=none
t "layout of pvimg: verify" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" new.img
t "layout of pvimg: IPIB behind the components" rc_says 0 "IPIB offset +0x$(printf %x "$size")" \
	"$BIN/seimage" info new.img

head -c 131072 /dev/zero >linux
printf S390EP | dd of=linux bs=1 seek=$((0x10008)) conv=notrunc status=none
head -c 897 /dev/zero | tr '\\0' x >long
t "linux: second boot stage" create --linux --kernel linux --parmline parm --cck cck -o l.img
t "linux: it is the last component and gets the PSW" rc_says 0 'psw address +0x0000000000037000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" l.img
t "linux: verify" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" l.img
t "linux: no kernel image" rc_says 1 'no S390EP' create --linux --kernel comp -o x
t "linux: too small" rc_says 1 'too small' create --linux --kernel parm -o x
t "linux: command line too long" rc_says 1 'has room for 0x380' create --linux --kernel linux --parmline long -o x
t "linux: without kernel" rc_says 2 'needs --kernel' create --linux --component comp -o x
t "empty component is one zero page" create --component empty -o e.img
t "empty component: size" rc_says 0 'component pages +1$' "$BIN/seimage" info e.img

flip a.img $((0x16000 + 5000))
t "verify finds a flipped component byte" rc_says 1 'page list digest +MISMATCH' "$BIN/seimage" verify flipped
flip a.img $((0x13000 + 0x88 + 7))
t "verify finds a changed tweak prefix" rc_says 1 'tweak list digest +MISMATCH' "$BIN/seimage" verify flipped
flip a.img $((0x14000 + 0x37))
t "verify finds a changed page count" rc_says 1 'nep\) +MISMATCH' "$BIN/seimage" verify flipped
t "verify finds a changed header" rc_says 1 'header tag +MISMATCH' "$BIN/seimage" verify --hdr-key hdr.key flipped
for len in 0 7 49152 49170 77823 81920 82000 90000 90112 400000; do
	head -c $len a.img >cut.img
	t "image cut to $len bytes is refused" rc_says 1 '^seimage: cut.img: ' "$BIN/seimage" verify cut.img
done

t "no output" rc_says 2 'no output' create --component comp
t "no key" rc_says 2 'no host key' "$BIN/seimage" create --component comp -o x
t "no component" rc_says 2 'no component' create -o x
t "unknown option" rc_says 2 'unknown option' create --enable-nothing -o x
t "dump without CCK" rc_says 2 'needs --cck' create --enable-dump --component comp -o x
t "short CCK" rc_says 1 'exactly 32' create --cck parm --component comp -o x
t "P-256 host key" rc_says 1 'secp521r1 expected' "$BIN/seimage" create -k p256.pub --component comp -o x
t "private key as document" rc_says 1 'neither an X.509' "$BIN/seimage" create -k cust.pem --component comp -o x
t "unaligned address" rc_says 1 'not page aligned' create --component comp@0x20001 -o x
t "address in the boot code" rc_says 1 'boot code' create --component comp@0x1000 -o x
t "overlapping components" rc_says 1 'is below' create --component comp@0x20000 --component comp2@0x21000 -o x
t "prefix not rising" rc_says 1 'tweak prefix' create --component comp@0x20000,5 --component comp2@0x80000,5 -o x
t "missing component" rc_says 1 'No such file' create --component nothing -o x
t "directory as component" rc_says 1 'not a regular file' create --component . -o x
t "missing output directory" rc_says 1 'No such file' create --component comp -o no/x
t "output is a device" rc_says 1 'not a regular file' create --component comp -o /dev/full
t "not an image" rc_says 1 'not found' "$BIN/seimage" info comp
t "file size limit" rc_says 1 'File too large' bash -c "ulimit -f 8; exec '$BIN/seimage' create -k '$KEYS/host-key.crt' --component comp -o limit.img"
t "file size limit leaves nothing" bash -c '[ ! -e limit.img ] && [ ! -e limit.img.partial ]'
t "refusals leave no file" bash -c '[ ! -e x ] && [ ! -e x.partial ]'

# Output that goes nowhere is a failure of every verb.
full()
{
	rc_says 1 'standard output: write: No space' bash -c '"$@" >/dev/full' - "$@"
}
t "full output: create" full "$BIN/seimage" create -k host.der --component comp -o f.img
t "full output: header" full "$BIN/seimage" header -k host.der --component comp -o f.hdr
t "full output: info" full "$BIN/seimage" info a.img
t "full output: verify" full "$BIN/seimage" verify a.img
t "full output: help" full "$BIN/seimage" --help
t "full output: help of a verb" full "$BIN/seimage" create --help
t "full output: mkcomponent" full "$BIN/mkcomponent" --help
t "closed output that nothing is written to" bash -c '"$0" extract-hdr -o closed.hdr a.img >&-' "$BIN/seimage"

# Two at once: both files are whole, whoever is the last.
at_once()
{
	local _ a b
	for _ in 1 2 3; do
		create --component comp -o z >/dev/null &
		a=$!
		create --kernel comp --ramdisk comp2 -o z >/dev/null &
		b=$!
		wait $a && wait $b && "$BIN/seimage" verify z || return 1
	done
	ls z*
	[ "$(echo z*)" = z ]
}
t "two at once leave a valid image" at_once
others_partial()
{
	mkfifo q.partial
	timeout 20 "$BIN/seimage" create -k host.der --component comp -o q && [ -p q.partial ] && [ -f q ]
}
t "another one's .partial is left alone" others_partial
# interrupted SIGNAL: while an image is written; a shell has its background commands ignore SIGINT
interrupted()
{
	local pid _
	truncate -s 3G huge
	env --default-signal="$1" "$BIN/seimage" create -k host.der --component huge -o int.img &
	pid=$!
	for _ in $(seq 200); do
		[ ! -s int.img.partial ] || break
		sleep 0.05
	done
	ls -l int.img.partial
	kill -"$1" $pid
	! wait $pid && [ -z "$(ls int.img* 2>/dev/null)" ]
}
t "^C leaves nothing" interrupted INT
t "a hang-up leaves nothing" interrupted HUP

same()
{
	local sum
	sum=$(sha256sum <"$1")
	shift
	rc_says 1 'same file' "${@:2}" || return 1
	[ "$(sha256sum <"$1")" = "$sum" ]
}
cp a.img own.img
ln own.img hard.img
ln -s own.img soft.img
cp cck own.cck
ln -s own.cck soft.cck
cp host.der own.der
t "extract-hdr: output is the input" same own.img own.img "$BIN/seimage" extract-hdr -o own.img own.img
t "extract-hdr: output is a hard link to the input" same own.img own.img "$BIN/seimage" extract-hdr -o hard.img own.img
t "extract-hdr: output is a link to the input" same own.img own.img "$BIN/seimage" extract-hdr -o soft.img own.img
t "extract-hdr: input is a link to the output" same own.img own.img "$BIN/seimage" extract-hdr -o own.img soft.img
t "create: output is a component" same own.img own.img create -o own.img --kernel own.img@0x20000
t "create: output is a key" same own.cck own.cck create -o soft.cck --cck own.cck --component comp
t "create: output is a host key document" same own.der own.der \
	"$BIN/seimage" create -o ./own.der -k own.der --component comp
t "header: pages are a component" same own.img own.img \
	"$BIN/seimage" header -k host.der -o x --pages own.img --component own.img
t "header: pages are the header" rc_says 1 'same file' \
	"$BIN/seimage" header -k host.der -o x --pages ./x --component comp

# A file whose name begins like the message about it.
head -c 100000 /dev/zero >S
head -c 100000 /dev/zero >'SE header'
cp cut.img I
t "message names the file S" rc_says 1 '^seimage: S: SE header: not found' "$BIN/seimage" info S
t "message names the file 'SE header'" rc_says 1 '^seimage: SE header: SE header: not found' "$BIN/seimage" info 'SE header'
head -c 90000 a.img >c
t "message names the file c" rc_says 1 '^seimage: c: component 0: ends at' "$BIN/seimage" info c

t "psw: address above 64 bits" rc_says 2 'at most 64 bits' create --psw 180000000:10000000000000000 --component comp -o x
t "psw: mask above 64 bits" rc_says 2 'at most 64 bits' create --psw 10000000180000000:0 --component comp -o x
t "psw: negative" rc_says 2 'at most 64 bits' create --psw 180000000:-1 --component comp -o x
t "psw: blanks" rc_says 2 'at most 64 bits' create --psw ' 180000000: 10000' --component comp -o x
t "psw: no address" rc_says 2 'at most 64 bits' create --psw 180000000: --component comp -o x
t "psw: address above 31 bits" rc_says 2 'above 0x7fffffff' create --psw 80000000:80000000 --component comp -o x
t "psw: address above 24 bits" rc_says 2 'above 0xffffff' create --psw 0:1000000 --component comp -o x
t "psw: no addressing mode" rc_says 2 'no addressing mode' create --psw 100000000:0 --component comp -o x
t "psw: all that fits" create --psw 0x180000000:0xffffffffffffffff --component comp -o p.img
t "psw: info of it" rc_says 0 'psw address +0xffffffffffffffff' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" p.img

cp comp k@v1
cp comp k@v1,2
t "a name with @" create --kernel k@v1 -o at.img
t "a name with @ and a comma" create --kernel k@v1,2 -o at.img
t "a name with @ and an address" create --kernel k@v1@0x20000,7 -o at.img
t "a name with @ and an address: info" rc_says 0 'address 0x000000020000 .* prefix 0x0000000000000007' "$BIN/seimage" info at.img
t "a misspelt address" rc_says 1 'hint: FILE@ADDR' create --kernel comp@2000g -o x

truncate -s 256M sparse
"$BIN/mkcomponent" --seed 3 --size 4K -o page
dd if=page of=sparse bs=4096 seek=30000 conv=notrunc status=none
t "sparse component" create --no-component-encryption --component sparse -o sparse.img
few_blocks()
{
	stat -c '%s bytes, %b blocks' "$1"
	[ "$(stat -c %b "$1")" -lt 1000 ]
}
t "sparse component: sparse image" few_blocks sparse.img
t "sparse component: its bytes" cmp -i 0:90112 sparse sparse.img
t "sparse component: verify" "$BIN/seimage" verify --host-key "$KEYS/host-key.pem" sparse.img
on_terminal()
{
	script -qec "$(printf '%q ' "$@")" /dev/null >screen </dev/null
	tr '\r' '\n' <screen
	grep -Eq 'components: [0-9]+ of 256 MiB, [0-9]+%, [0-9]+ MiB/s(, [0-9].* left)?' screen
}
t "progress on a terminal: create" on_terminal "$BIN/seimage" create -k host.der \
	--no-component-encryption --component sparse -o s.img
t "progress on a terminal: verify" on_terminal "$BIN/seimage" verify s.img
rm -f huge s.img sparse.img sparse

t "version" rc_says 0 '^seimage [0-9]+\.[0-9]+(-g[0-9a-f]+)?(-dirty)?$' "$BIN/seimage" --version
t "usage of no verb points to the help" rc_says 2 'hint: seimage --help' "$BIN/seimage" make
for verb in create info verify header extract-hdr; do
	t "usage of $verb points to its help" rc_says 2 "hint: seimage $verb --help\$" "$BIN/seimage" "$verb" --what
	t "help of $verb" rc_says 0 "^Usage: seimage $verb " "$BIN/seimage" "$verb" --help
done
one_width()
{
	local verb
	for verb in '' create info verify header extract-hdr; do
		# shellcheck disable=SC2086
		"$BIN/seimage" $verb --help | awk 'length > 100 { print; bad = 1 } END { exit bad }' || return 1
	done
}
t "no line of help has more than 100 columns" one_width

# Headers alone
header()
{
	"$BIN/seimage" header -k host.der "$@"
}
hdr=(--cck cck --hdr-key hdr.key --image-key image.key --x-iv 000102030405060708090a0b --x-cust-key cust.pem)
t "header at 0, in the clear" header --component comp@0,7 --psw 180000000:1000 --no-component-encryption \
	"${hdr[@]}" -o clear.hdr --pages clear.pages
t "header at 0: pages in the clear" cmp comp clear.pages
t "header at 0: PSW" rc_says 0 'psw address +0x0000000000001000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" clear.hdr
t "header at 0: pages" rc_says 0 'encrypted pages +64' "$BIN/seimage" info clear.hdr
t "header at 0: components are not encrypted" rc_says 0 'image-encryption +disabled' "$BIN/seimage" info clear.hdr
# digests, worked out by other programs
digests()
{
	perl -e 'print pack("Q>", $_ * 4096) for 0 .. 63' | sha512sum >ald
	perl -e 'print pack("Q>Q>", 7, $_ * 4096) for 0 .. 63' | sha512sum >tld
	"$BIN/seimage" info clear.hdr >i
	cat i
	grep -q "page list digest  *$(sha512sum <comp | cut -d' ' -f1)" i &&
		grep -q "address list digest  *$(cut -d' ' -f1 ald)" i &&
		grep -q "tweak list digest  *$(cut -d' ' -f1 tld)" i
}
t "header at 0: digests" digests
t "header of two components" header --component comp@1M,1 --component comp2@16M,2 "${hdr[@]}" -o two.hdr --pages two.pages
t "header of two: the pages of an image" create --component comp@1M,1 --component comp2@16M,2 "${hdr[@]}" -o two.img
t "header of two: the same pages" bash -c 'dd if=two.img bs=1M skip=1 count=1 status=none | head -c 262144 >p
	dd if=two.img bs=1M skip=16 status=none >>p; cmp p two.pages'
# without the default PSW both headers would differ, as both start at the first component
extracted()
{
	"$BIN/seimage" extract-hdr -o two.img.hdr two.img && cmp two.img.hdr two.hdr
}
t "header of two: the same header" extracted
t "header: default address is 0" header --component comp -o d.hdr
t "header: default PSW" rc_says 0 'psw address +0x0000000000000000' \
	"$BIN/seimage" info --host-key "$KEYS/host-key.pem" d.hdr
# The chip takes a header for its key, unpacks the pages at 0 and finds that they fit.
{ printf '\x30\x50\x02\x01\x01\x04\x42'; "$BIN/header_chip" --key; printf '\xa0\x07\x06\x05\x2b\x81\x04\x00\x23'; } |
	openssl ec -inform DER -pubout -out chip.pub 2>/dev/null
for kind in image-encryption no-component-encryption; do
	option=--enable-$kind
	[ $kind = image-encryption ] || option=--$kind
	t "header on the chip: $kind" "$BIN/seimage" header -k chip.pub --component comp@0,0x42 $option \
		-o chip.hdr --pages chip.pages
	t "header on the chip: $kind: verified" rc_says 0 'verify: rc 0x0001' "$BIN/header_chip" chip.hdr chip.pages 0x42
	t "header on the chip: $kind: another prefix" rc_says 1 'verify: rc 0x0102 rrc 0x001c' \
		"$BIN/header_chip" chip.hdr chip.pages 0x43
	flip chip.pages 5000
	t "header on the chip: $kind: another page" rc_says 1 'verify: rc 0x0102 rrc 0x001b' \
		"$BIN/header_chip" chip.hdr flipped 0x42
done
t "header on the chip: not its key" rc_says 1 'header: rc 0x0108 rrc 0x0005' "$BIN/header_chip" clear.hdr clear.pages 7
t "header: not for Linux" rc_says 2 'belongs to create' header --kernel linux --linux -o x
t "create: no --pages" rc_says 2 'belongs to header' create --component comp --pages y -o x
t "header: refusals leave no file" bash -c '[ -z "$(ls x* y* 2>/dev/null | grep -v x.img)" ]'
finish
