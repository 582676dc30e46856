# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every script shares: paths, messages, tools and packages, stages, pinned files.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$(realpath -ms "${PVDUMP_BUILD:-$TOP/build}")
[ -z "${PVDUMP_BUILD:-}" ] || export PVDUMP_BUILD=$BUILD
CACHE=${PVDUMP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kvm-pv-dump}
LOGS=$BUILD/log
CROSS=${CROSS:-s390x-linux-gnu-}
PROG=${PROG:-$(basename "$0")}
JOBS=${JOBS:-$(nproc)}
# One compiler cache for every clone: paths below build/ count as relative. Two options of kbuild that name the
# tree's place do not count: what they do is the same in every place.
export CCACHE_DIR=${CCACHE_DIR:-$CACHE/ccache} CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1
export CCACHE_IGNOREOPTIONS='-fmacro-prefix-map=* -Wa,-I*'
export LC_ALL=C
# A script does the same from make and without: makefiles of the kernel look at the level, others at the options.
unset MAKELEVEL MAKEFLAGS MFLAGS MAKEOVERRIDES
PATH=$PATH:/usr/sbin:/sbin

# die OBJ WHAT WHY [HINT]: the one shape of an error; ends with 1.
die()
{
	printf '%s: %s: %s: %s\n' "$PROG" "$1" "$2" "$3" >&2
	if [ -n "${4:-}" ]; then
		printf 'hint: %s\n' "$4" >&2
	fi
	exit 1
}

# usage_die TEXT: the caller asked for something that does not exist; ends with 2.
usage_die()
{
	printf '%s: usage: %s\n' "$PROG" "$1" >&2
	exit 2
}

# skip WHY: this machine cannot do it; ends with 4.
skip()
{
	printf '%s: skipped: %s\n' "$PROG" "$1" >&2
	exit 4
}

for path in "$TOP" "$BUILD"; do
	[[ $path != *[[:space:],:]* ]] ||
		die "$path" "cannot work here" "kbuild and QEMU take no path with a space, ',' or ':'" "clone elsewhere, or set PVDUMP_BUILD"
done

# make_dir DIRECTORY...: makes them, or says why it cannot.
make_dir()
{
	local d why

	for d in "$@"; do
		why=$(mkdir -p "$d" 2>&1 && [ -w "$d" ]) || {
			why=${why##*: }
			die "$d" "cannot write" "${why:-permission denied}" "PVDUMP_BUILD and PVDUMP_CACHE name other directories"
		}
	done
}

# A build directory elsewhere is marked when it is made, or taken while empty: nothing in it is anybody else's.
BUILD_MARK=.kvm-pv-dump-build
if [ -n "${PVDUMP_BUILD:-}" ] && [ -z "$(ls -A "$BUILD" 2>/dev/null)" ]; then
	make_dir "$BUILD"
	: >"$BUILD/$BUILD_MARK"
fi

# say TEXT: progress and notices; standard output stays free for results.
say()
{
	printf '%s: %s\n' "$PROG" "$*" >&2
}

# Run a command as root: directly, or through the one sudo question.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		return 127
	fi
}

# Package lists older than a week (or none) make "apt-get install" fail with 404: refresh them, once.
apt_lists_fresh()
{
	[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -7 -print -quit 2>/dev/null)" ]
}

# install_pkgs PACKAGE...: installs them by name, or says which command would.
install_pkgs()
{
	local line="apt-get install --no-install-recommends $*"

	[ -z "${NO_INSTALL:-}" ] || die "$1" "missing package" "NO_INSTALL is set" "$line"
	command -v apt-get >/dev/null 2>&1 ||
		die "$1" "missing package" "this is not a Debian system" "install the equivalent of: $*"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		die "$1" "missing package" "not root, and there is no sudo" "as root: $line"
	fi
	mkdir -p "$LOGS"
	say "installing: $*  [log: ${LOGS#"$TOP"/}/install.log]"
	exec 8>"$LOGS/.install.lock"
	flock 8
	if ! apt_lists_fresh; then
		as_root apt-get -q update >>"$LOGS/install.log" 2>&1 </dev/null || true
	fi
	# A second try after an update: the mirror may have moved on since the lists were made.
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install \
		--no-install-recommends "$@" >>"$LOGS/install.log" 2>&1 </dev/null; then
		as_root apt-get -q update >>"$LOGS/install.log" 2>&1 </dev/null || true
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install \
			--no-install-recommends "$@" >>"$LOGS/install.log" 2>&1 </dev/null || {
			tail -n 10 "$LOGS/install.log" >&2
			die "$1" "cannot install" "apt-get failed" "as root: apt-get update && $line"
		}
	fi
	exec 8>&-
}

# missing_pkgs PACKAGE...: those which dpkg does not have.
missing_pkgs()
{
	local p

	for p in "$@"; do
		dpkg -s "$p" 2>/dev/null | grep -q '^Status: install ok installed' || printf '%s\n' "$p"
	done
}

# missing_tools TOOL:PACKAGE ...: the packages of programs that are not on the path.
missing_tools()
{
	local pair

	for pair in "$@"; do
		command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s\n' "${pair#*:}"
	done
}

# need_pkgs PACKAGE...: Debian packages (headers, libraries) that must be installed.
need_pkgs()
{
	local missing

	mapfile -t missing < <(missing_pkgs "$@")
	[ ${#missing[@]} -eq 0 ] || install_pkgs "${missing[@]}"
}

# need TOOL:PACKAGE ...: programs that must be on the path, all missing ones at once.
need()
{
	local missing

	mapfile -t missing < <(missing_tools "$@")
	[ ${#missing[@]} -eq 0 ] || install_pkgs "${missing[@]}"
}

# need_builds [PACKAGE...]: all that machine, kernel, series, tools and boots need, and more packages, in
# one go: sudo asks once, and early. Each script still names its own needs.
need_builds()
{
	local missing

	mapfile -t missing < <(
		missing_tools gcc:gcc make:make git:git patch:patch ninja:ninja-build meson:meson \
			ccache:ccache cpio:cpio pkg-config:pkg-config dpkg-source:dpkg-dev python3:python3 \
			flex:flex bison:bison bc:bc perl:perl xz:xz-utils modprobe:kmod readelf:binutils \
			pgrep:procps rsync:rsync qemu-s390x-static:qemu-user-static "${CROSS}gcc:gcc-s390x-linux-gnu"
		missing_pkgs libc6-dev libc6-dev-s390x-cross linux-libc-dev-s390x-cross libglib2.0-dev \
			libpixman-1-dev zlib1g-dev nettle-dev libgmp-dev libgnutls28-dev libelf-dev \
			libssl-dev libgcrypt20-dev debian-archive-keyring "$@"
	)
	[ ${#missing[@]} -eq 0 ] || install_pkgs "${missing[@]}"
}

# Minutes and seconds of a number of seconds.
duration()
{
	if [ "$1" -ge 60 ]; then
		printf '%dm%02ds' "$(($1 / 60))" "$(($1 % 60))"
	else
		printf '%ds' "$1"
	fi
}

# progress NAME EXPECTED_TIME LOG: how long a stage has been running and the last line of its log: one line that is
# updated on a terminal, else one a minute.
progress()
{
	local start=$SECONDS every=60 cols=0 line

	if [ -t 2 ]; then
		every=1
		cols=$(stty size 2>/dev/null <&2 | cut -d ' ' -f 2) || true
	fi
	while sleep "$every"; do
		line="$PROG: $1: $(duration $((SECONDS - start))) (about $2 in all)  $(tail -n 1 "$3" | tr -cd '[:print:]')"
		if [ "$every" -eq 1 ]; then
			printf '\r\033[K%.*s' $((${cols:-80} - 1)) "$line" >&2
		else
			printf '%.150s\n' "$line" >&2
		fi
	done
}

# stage NAME EXPECTED_TIME COMMAND...: a long step with its log and its progress, and on failure the end of the log
# and how to run the step again. Returns the command's status.
stage()
{
	local name=$1 expect=$2 log=$LOGS/$1.log start=$SECONDS rc=0 pid ticker kill_both
	shift 2

	make_dir "$LOGS"
	[ -t 2 ] || say "$name: about $expect  [log: ${log#"$TOP"/}]"
	# Process groups of their own, which an interrupt of ours ends as a whole.
	set -m
	{ "$@" || exit $?; } >"$log" 2>&1 </dev/null &
	pid=$!
	progress "$name" "$expect" "$log" </dev/null &
	ticker=$!
	set +m
	kill_both="kill -TERM -- -$pid; kill -KILL -- -$ticker"
	# shellcheck disable=SC2064
	trap "$kill_both; exit 129" HUP
	# shellcheck disable=SC2064
	trap "$kill_both; exit 130" INT
	# shellcheck disable=SC2064
	trap "$kill_both; exit 143" TERM
	wait "$pid" || rc=$?
	trap - HUP INT TERM
	kill -KILL -- "-$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	[ ! -t 2 ] || printf '\r\033[K' >&2
	if [ "$rc" -eq 0 ]; then
		say "$name: done in $(duration $((SECONDS - start)))"
	else
		printf -- '--- last lines of %s\n' "${log#"$TOP"/}" >&2
		tail -n 30 "$log" >&2
		printf '%s: %s: failed: exit status %s\nhint: rerun with: %s\n' \
			"$PROG" "$name" "$rc" "${STAGE_RERUN:-$*}" >&2
	fi
	return "$rc"
}

# fetch NAME...: paths of pinned files (rows of machine/pins), verified; downloads them if need be.
fetch()
{
	"$TOP/machine/fetch" "$@"
}

# need_files WORD...: before the first long step: the files that a verb and a kernel need (machine/needs) are there, or
# this ends, with 4 where only a kernel other than 5.10 is not to be had.
need_files()
{
	PROG=$PROG "$TOP/machine/fetch" --for "$@" || exit $?
}

# up_to_date STAMP INPUT...: true when STAMP exists and no input (files, or all files below a
# directory) is newer. An input that does not exist makes it false.
up_to_date()
{
	local stamp=$1 input
	shift

	[ -e "$stamp" ] || return 1
	for input in "$@"; do
		[ -e "$input" ] || return 1
		[ -z "$(find "$input" -type f -newer "$stamp" -print -quit)" ] || return 1
	done
	return 0
}

# missing_options CONFIG FRAGMENT: the lines of a fragment that a kernel's configuration does not have as they are;
# an option that is to be "n" may be unknown. Succeeds when there are none.
missing_options()
{
	awk -F= '
		FILENAME == ARGV[1] { if ($1 ~ /^CONFIG_/) have[$1] = $0; next }
		!/^CONFIG_/ { next }
		/=n$/ ? ($1 in have) : have[$1] != $0 { print; bad = 1 }
		END { exit bad }' "$1" "$2"
}
