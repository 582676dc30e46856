# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Owns: what the scripts share that boot a kernel to run our tests on a protected guest in it.
# Never: boots anything, or builds a kernel.

# need_l1_tools [KERNEL...]: the machine, the files of the kernels, and the programs that make guest images.
need_l1_tools()
{
	need_files boot "$@"
	need "${CROSS}gcc:gcc-s390x-linux-gnu" make:make gcc:gcc
	need_pkgs libc6-dev libc6-dev-s390x-cross nettle-dev libgmp-dev libgnutls28-dev
	"$TOP/scripts/machine" >&2
	STAGE_RERUN="make -C seimage" stage tools 20s make -C "$TOP/seimage" BUILD="$BUILD" all || exit 1
}

# need_l1_program DIRECTORY: the static s390x program of tests/DIRECTORY.
need_l1_program()
{
	STAGE_RERUN="make -C tests/$1" stage "$1-build" 5s make -C "$TOP/tests/$1" BUILD="$BUILD" all || exit 1
}

# make_image DIRECTORY KIB: DIRECTORY/guest.img, a guest of one component whose owner permits dumps.
make_image()
{
	mkdir -p "$1"
	head -c $(($2 * 1024)) /dev/zero | tr '\0' 'x' >"$1/component"
	head -c 32 /dev/zero >"$1/cck"
	"$BUILD/bin/seimage" create -k "$TOP/machine/keys/host-key.crt" --cck "$1/cck" --enable-dump \
		--kernel "$1/component" -o "$1/guest.img" >&2
}

# known_reports KIND: the regular expressions of that kind in the reviewed list tests/debug/known, as one alternative;
# matches nothing when there are none.
known_reports()
{
	local re

	re=$(sed -n "s/^$1 //p" "$TOP/tests/debug/known" | paste -sd '|' -)
	printf '%s' "${re:-^\$.}"
}
