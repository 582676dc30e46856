# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Owns: reading bases/<base>: its pins, path map, and hook patches.
# Never: writes anything.

# load_base BASE: the values of bases/BASE/BASE in the globals base_*.
# shellcheck disable=SC2034 # they are for the scripts that source this
load_base()
{
	local key value

	BASE=$1 BASE_DIR=$TOP/bases/$1
	[ -e "$BASE_DIR/BASE" ] || usage_die "unknown base '$1', there is: $(cd "$TOP/bases" && echo *)"
	while IFS='=' read -r key value; do
		case $key in
		version) base_version=$value ;;
		tag) base_tag=$value ;;
		pin) base_pin=$value ;;
		sha256) base_sha256=$value ;;
		files) base_files=$value ;;
		date) base_date=$value ;;
		'' | '#'*) ;;
		*) die "bases/$1/BASE" "unknown key" "$key" ;;
		esac
	done <"$BASE_DIR/BASE"
}

# hook_patches: the steps of the series, in order.
hook_patches()
{
	find "$BASE_DIR" -maxdepth 1 -name '[0-9][0-9][0-9][0-9]-*.patch' | sort
}

# A hook patch is header lines, an empty line, the message, "---", hunks.
patch_header()
{
	sed '/^$/,$d' "$2" | sed -n "s/^$1: //p"
}

patch_message()
{
	patch_header Subject "$1"
	awk '!body { if ($0 == "") body = 1; else next } $0 == "---" { exit } { print }' "$1"
}

patch_hunks()
{
	sed -n '/^diff --git /,$p' "$1"
}

# base_path PATH: where this base has the overlay file PATH.
base_path()
{
	local to

	to=$(awk -v p="$1" '!/^#/ && $1 == p { print $2 }' "$BASE_DIR/PATHS")
	printf '%s\n' "${to:-$1}"
}

# overlay_files PATCH: the overlay files that a step adds; a pattern stands for all that match.
overlay_files()
{
	local pattern

	patch_header X-Overlay "$1" | while read -r pattern; do
		(cd "$TOP" && compgen -G "$pattern" | sort) ||
			die "$(basename "$1")" "X-Overlay: $pattern" "no such file in this repository"
	done
}

# has_feature TREE: does that kernel tree have the feature already?
has_feature()
{
	local f

	for f in include/uapi/linux/kvm.h arch/s390/include/uapi/asm/kvm.h; do
		if [ -e "$1/$f" ] && grep -q 'KVM_CAP_S390_PROTECTED_DUMP\|KVM_PV_DUMP' "$1/$f"; then
			return 0
		fi
	done
	[ -e "$1/arch/s390/kvm/pv_dump.c" ]
}
