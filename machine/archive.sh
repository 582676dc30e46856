# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What machine/fetch and machine/repin share: the rows of machine/pins, the archives, one file by its path, signed indexes.

PINS=$TOP/machine/pins
# shellcheck disable=SC2034 # the files; both programs use it
DL=$CACHE/dl
APT_HELPER=/usr/lib/apt/apt-helper
KEYRING=${PVDUMP_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
# Where the output of apt goes, for who wants to know more.
LOG=/dev/null
if mkdir -p "$LOGS" 2>/dev/null && { : >>"$LOGS/fetch.log"; } 2>/dev/null; then
	LOG=$LOGS/fetch.log
fi

# The columns of machine/pins, by name; NAMES in the order of the rows.
NAMES=()
# shellcheck disable=SC2034 # not all of them are used by both
declare -A suite=() package=() version=() substitute=() path=() size=() sha256=()
read_pins()
{
	local n s p v u f z h

	# shellcheck disable=SC2034
	while read -r n s p v u f z h; do
		case $n in '' | \#*) continue ;; esac
		NAMES+=("$n")
		suite[$n]=$s package[$n]=$p version[$n]=$v substitute[$n]=$u
		path[$n]=$f size[$n]=$z sha256[$n]=$h
	done <"$PINS"
}

sum_of()
{
	sha256sum <"$1" | cut -d' ' -f1
}

# mb BYTES: as megabytes with one decimal.
mb()
{
	printf '%d.%d' $(($1 / 1000000)) $(($1 / 100000 % 10))
}

# --- places ------------------------------------------------------------------------------------

# What apt's sources name, as lines "URI SUITE COMPONENT [ORIGIN]". apt knows the origins only after it has read all of
# its indexes, which takes seconds: it is asked for them where there is a choice.
apt_sources()
{
	local all

	all=$(apt-get -o Dir::State::lists=/nonexistent -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' | awk '!seen[$0]++')
	if [ "$(awk '{ print $1 }' <<<"$all" | sort -u | wc -l)" -gt 2 ]; then
		apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)'
	fi
	printf '%s\n' "$all"
}

# The archives as lines "main|security|user URI". Third parties name their suites like Debian's: where apt has lists
# and so knows the origin, it must be Debian.
archives()
{
	local kind uri main='' security=''

	while read -r kind uri; do
		uri=${uri%/}
		printf '%s %s\n' "$kind" "$uri"
		case $kind in main) main=${main:-$uri} ;; *) security=$uri ;; esac
	done < <(apt_sources 2>>"$LOG" | awk '
		$4 != "" && $4 != "Debian" { foreign[$1] = 1 }
		$3 != "main" || foreign[$1] || $1 ~ /^cdrom:/ { next }
		$2 !~ /^(bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)([-\/].*)?$/ { next }
		{ kind = $2 ~ /-security|\/updates/ ? "security" : "main" }
		!seen[kind $1]++ { print kind, $1 }')
	# An apt that names no security archive has it beside the other one.
	[ -z "$main" ] || [ -n "$security" ] || printf 'security %s-security\n' "$main"
	for uri in ${PVDUMP_MIRRORS:-}; do
		printf 'user %s\n' "${uri%/}"
	done
}

# The path of a file in the other archive: a point release moves it from security's pool to main's.
other_path()
{
	case $1 in
	pool/updates/*) printf 'pool/%s\n' "${1#pool/updates/}" ;;
	*) printf 'pool/updates/%s\n' "${1#pool/}" ;;
	esac
}

# places PATH: where the file may be, first choice first, as lines "own|other URI". Folders cost nothing, so they are
# looked into first. "own" is where the file should be: who answers that it is gone has said something.
places()
{
	local wanted=$1 kind=main k uri there other

	other=$(other_path "$wanted")
	case $wanted in pool/updates/*) kind=security ;; esac
	{
		while read -r k uri; do
			case $uri in
			/* | file:/* | copy:/*)
				for there in "$wanted" "$other" "${wanted##*/}"; do
					printf '0 own %s/%s\n' "$uri" "$there"
				done
				;;
			*)
				case $k in
				"$kind") printf '1 own %s/%s\n' "$uri" "$wanted" ;;
				user) printf '3 own %s/%s\n4 other %s/%s\n' "$uri" "$wanted" "$uri" "$other" ;;
				*) printf '2 other %s/%s\n' "$uri" "$other" ;;
				esac
				;;
			esac
		done <<<"$ARCHIVES"
	} | grep -v ' /pool/' | sort -s -n -k1,1 | cut -d' ' -f2-
}

# get_uri URI FILE SHA256 SIZE: the file, if the URI has it. Else one line with the reason; its first word is gone, wrong
# (something else is there), dead (no answer) or failed.
get_uri()
{
	local uri=$1 file=$2 sum=$3 bytes=$4 why got log=$2.log

	case $uri in
	/* | file:/* | copy:/*)
		uri=/${uri#*:}
		while [ "${uri#//}" != "$uri" ]; do uri=${uri#/}; done
		[ -f "$uri" ] || { echo "gone not there"; return 1; }
		why=$(cp "$uri" "$file" 2>&1) || { echo "failed ${why##*: }"; return 1; }
		[ "$(sum_of "$file")" != "$sum" ] || return 0
		mv "$file" "$file.FAILED"
		;;
	*)
		# apt's proxies, credentials and time limits count; it goes on where a connection broke.
		if "$APT_HELPER" "${APT_OPTIONS[@]}" download-file "$uri" "$file" "SHA256:$sum" \
			>"$log" 2>&1 </dev/null && [ "$(sum_of "$file")" = "$sum" ]; then
			return 0
		fi
		cat "$log" >>"$LOG"
		;;
	esac
	if [ -e "$file.FAILED" ]; then
		got=$(stat -c %s "$file.FAILED") why=$(sum_of "$file.FAILED")
		if [ "$got" -lt "$bytes" ]; then
			echo "failed truncated: $got of $bytes bytes"
		else
			echo "wrong wrong sha256: got $why, $got bytes"
		fi
		return 1
	fi
	why=$(sed -n 's/^E: Failed to fetch [^ ]* *//p' "$log" | sed 's/  */ /g; s/ *\[IP: .*//; q')
	[ -n "$why" ] || why=$(sed -n 's/^E: //p' "$log" | head -n 1)
	case $why in
	404* | 410*) echo "gone $why" ;;
	'Could not '* | 'Temporary failure'* | 'Unable to connect'* | 'Cannot initiate'* | 'Something wicked'* | \
		*'timed out'*) echo "dead $why" ;;
	*) echo "failed ${why:-apt-helper ended with an error}" ;;
	esac
	return 1
}

# get_path PATH FILE SHA256 SIZE DIRECTORY: from the first place that has it. What the others said is appended to
# FILE.why. A host that does not answer is asked only once: DIRECTORY, which all downloads of a run share, keeps that.
get_path()
{
	local own uri why host dead

	while read -r own uri; do
		host=${uri%/pool/*} host=${host#*://}
		case $uri in *://*) host=${host%%/*} ;; esac
		dead=$5/dead.${host//\//_}
		if [ -s "$dead" ]; then
			why=$(cat "$dead")
		elif why=$(get_uri "$uri" "$2" "$3" "$4"); then
			return 0
		fi
		rm -f "$2" "$2.FAILED"
		case $why in dead*) [ -s "$dead" ] || printf '%s\n' "$why" >"$dead" ;; esac
		# For people the archive is enough: FILE.why is about this one file.
		printf '%s %s %s\n' "$own" "${uri%/pool/*}" "$why" >>"$2.why"
	done < <(places "$1")
	return 1
}

# --- signed indexes ------------------------------------------------------------------------------

# A private apt world: one suite of one archive, own lists, an empty package status, the system's proxies and credentials.
# Valid-Until is not checked: an old index is good enough, as it only names what the archive once signed.
apt_world()
{
	local root=$1 uri=$2 dist=$3

	[ -e "$KEYRING" ] || need_pkgs debian-archive-keyring
	mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
	: >"$root/status"
	printf 'deb [arch=s390x signed-by=%s] %s %s main\ndeb-src [signed-by=%s] %s %s main\n' \
		"$KEYRING" "$uri" "$dist" "$KEYRING" "$uri" "$dist" >"$root/sources.list"
	{
		apt-config dump | grep -E '^(Acquire::(ftp|http|https|Retries|ForceIPv)|Dir::Etc::netrc)' || true
		cat <<-X
		Dir::State "$root/state";
		Dir::State::status "$root/status";
		Dir::Cache "$root/cache";
		Dir::Etc::sourcelist "$root/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::main "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "s390x";
		APT::Architectures { "s390x"; };
		APT::Sandbox::User "root";
		Acquire::AllowInsecureRepositories "false";
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::PDiffs "false";
		X
	} >"$root/apt.conf"
	# apt-get update ends with 0 also when it reached nothing.
	APT_CONFIG=$root/apt.conf apt-get -q update >"$root/log" 2>&1 </dev/null || true
	cat "$root/log" >>"$LOG"
	[ -n "$(find "$root/state/lists" -maxdepth 1 -type f -size +0 -name '*_Sources*' -print -quit)" ] ||
		[ -n "$(find "$root/state/lists" -maxdepth 1 -type f -size +0 -name '*_Packages*' -print -quit)" ]
}

# index_of NAME DIRECTORY: an apt world with the suite of the row, in "root". Each suite is looked up once.
index_of()
{
	local kind=main k uri

	root=$2/apt.${suite[$1]}
	case ${suite[$1]} in *-security) kind=security ;; esac
	if [ ! -e "$root" ]; then
		while read -r k uri; do
			case $k in "$kind" | user) ;; *) continue ;; esac
			case $uri in /*) uri=file:$uri ;; esac
			rm -rf "$root"
			if apt_world "$root" "$uri" "${suite[$1]}"; then
				touch "$root/usable"
				return 0
			fi
		done <<<"$ARCHIVES"
		mkdir -p "$root"
	fi
	[ -e "$root/usable" ]
}

in_world()
{
	local root=$1
	shift
	APT_CONFIG=$root/apt.conf "$@" 2>>"$LOG" </dev/null
}

# successors ROOT NAME PREFIX: lines "VERSION PACKAGE" of what the suite has of a row's package, newest first.
successors()
{
	local root=$1 prefix=$3 pkg=${package[$2]} re p

	case $pkg in
	src:*)
		in_world "$root" apt-cache showsrc --only-source "${pkg#src:}" |
			awk -v n="${pkg#src:}" '/^Package:/ { p = $2 } /^Version:/ && p == n { print $2, "src:" n }'
		;;
	*)
		# A kernel's package name holds its version, so the name is a pattern too.
		re=${pkg//[.+]/\\&}
		case $pkg in
		linux-*-s390x)
			re=${pkg#linux-}
			re="linux-${re%%-*}-${prefix//./\\.}[0-9.+a-z-]*-s390x"
			;;
		esac
		in_world "$root" apt-cache --names-only search "^$re\$" | cut -d' ' -f1 | while read -r p; do
			in_world "$root" apt-cache show "$p" | awk -v p="$p" '/^Version:/ { print $2, p }'
		done
		;;
	esac | awk -v pre="$prefix" '$2 !~ /-dbg$/ && index($1, pre) == 1' | sort -u | sort -r -V -k1,1
}

# signed_row ROOT NAME VERSION PACKAGE: "PATH SIZE SHA256" which the signed index has for the row's kind of file.
signed_row()
{
	local root=$1 pkg=$4 command end repo

	command=(apt-get -q --print-uris download "$pkg=$3") end='.deb'
	case $pkg in
	src:*)
		command=(apt-get -q --print-uris source --only-source "${pkg#src:}=$3")
		case ${path[$2]} in
		*.dsc) end='.dsc' ;;
		*.debian.tar.*) end='.debian.tar.[a-z0-9]+' ;;
		*) end='.orig.tar.[a-z0-9]+' ;;
		esac
		;;
	esac
	repo=$(in_world "$root" apt-get indextargets --format '$(REPO_URI)' | head -n 1)
	# Lines 'URI' FILE SIZE SHA256:<sum>; some characters of a URI are escaped.
	in_world "$root" "${command[@]}" | awk -v end="${end//./[.]}\$" -v repo="$repo" -v q="'" '
		$1 ~ "^" q && $2 ~ end && $4 ~ /^SHA256:/ && !found {
			uri = substr($1, 2, length($1) - 2)
			gsub(/%2[bB]/, "+", uri)
			gsub(/%7[eE]/, "~", uri)
			gsub(/%3[aA]/, ":", uri)
			if (index(uri, repo) != 1)
				next
			print substr(uri, length(repo) + 1), $3, substr($4, 8)
			found = 1
		}'
}

# --- set up --------------------------------------------------------------------------------------

APT_OPTIONS=(-o APT::Sandbox::User=root -o Acquire::Languages=none)
ARCHIVES=
# Before anything is looked for outside of the cache.
find_archives()
{
	local retries=

	if [ ! -x "$APT_HELPER" ]; then
		say "this is not a Debian system: no $APT_HELPER"
		return
	fi
	eval "$(apt-config shell retries Acquire::Retries)"
	APT_OPTIONS+=(-o "Acquire::Retries=${retries:-2}")
	ARCHIVES=$(archives)
	[ -n "$ARCHIVES" ] || say "this machine's apt names no archive of Debian's"
}
