# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Reads bases/<base>: pins, path map and hook patches. Sourced; changes nothing.

# load_base BASE: the values of bases/BASE/BASE in the globals base_*.
# shellcheck disable=SC2034 # they are for the scripts that source this
load_base()
{
	local key value

	BASE=$1 BASE_DIR=$TOP/bases/$1 base_feature='' base_unpack='' base_commit=''
	[ -e "$BASE_DIR/BASE" ] || usage_die "unknown base '$1', there is: $(cd "$TOP/bases" && echo linux-*)"
	while IFS='=' read -r key value; do
		case $key in
		version) base_version=$value ;;
		tag) base_tag=$value ;;
		commit) base_commit=$value ;;
		pin) base_pin=$value ;;
		sha256) base_sha256=$value ;;
		files) base_files=$value ;;
		date) base_date=$value ;;
		feature) base_feature=$value ;;
		unpack) base_unpack=$value ;;
		'' | '#'*) ;;
		*) die "bases/$1/BASE" "unknown key" "$key" ;;
		esac
	done <"$BASE_DIR/BASE"
}

# test_only: does the base have the feature, so that its series holds the kselftest alone?
test_only()
{
	[ "$base_feature" = in-base ]
}

# need_feature_series: ends with 2 for a base which has no kernel code in its series.
need_feature_series()
{
	if test_only; then
		usage_die "the series of $BASE holds the kselftest only, for which there is tests/oracle/in-tree $BASE"
	fi
}

# test_base TREE: the base whose test-only series is meant for that tree: its own release, or else the
# last one before it. Nothing when TREE is older than all.
test_base()
{
	local release

	release=$(awk '$1 == "VERSION" { v = $3 } $1 == "PATCHLEVEL" { print v "." $3; exit }' "$1/Makefile")
	{
		grep -lx 'feature=in-base' "$TOP"/bases/*/BASE | sed 's|.*/linux-\(.*\)/BASE|\1 base|'
		echo "$release tree"
	} | sort -V | awk '$2 == "tree" { exit } { base = "linux-" $1 } END { print base }'
}

# hook_patches: the steps of the series, in order.
hook_patches()
{
	find "$BASE_DIR" -maxdepth 1 -name '[0-9][0-9][0-9][0-9]-*.patch' | sort
}

# A hook patch is header lines (Subject, X-Part, X-Overlay), an empty line, the body, "---", hunks.
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

# base_path PATH: where this base has the overlay file PATH; a row that ends with / is a directory.
base_path()
{
	local to

	to=$(awk -v p="$1" '
		/^#/ { next }
		$1 == p { file = $2 }
		$1 ~ /\/$/ && index(p, $1) == 1 { below = $2 substr(p, length($1) + 1) }
		END { print file != "" ? file : below }' "$BASE_DIR/PATHS")
	printf '%s\n' "${to:-$1}"
}

# hook_part PATCH: code, docs or tests: what a user may leave out of the series.
hook_part()
{
	local part

	part=$(patch_header X-Part "$1")
	printf '%s\n' "${part:-code}"
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

# announces TREE: does KVM in that tree announce dumps?
announces()
{
	grep -rqs --include='*.c' 'case KVM_CAP_S390_PROTECTED_DUMP' "$1/arch/s390/kvm"
}

# borrow_tree DIR PATTERN...: DIR becomes a build directory of its own for the base, for tests. Its tree shares the objects of
# the built one; only what the series touches and what the patterns match is checked out.
borrow_tree()
{
	local from=$BUILD/series/$BASE/tree to=$1/series/$BASE/tree touched

	shift
	mapfile -t touched < <(git -C "$from" diff --name-only base series)
	mkdir -p "$(dirname "$to")"
	git clone -q --shared --no-checkout --branch base "$from" "$to"
	git -C "$to" sparse-checkout set --no-cone "${touched[@]/#//}" "$@"
	git -C "$to" config core.abbrev 12
	git -C "$to" checkout -q -B base
	cp "$from/.git/tarball" "$to/.git/tarball"
}
