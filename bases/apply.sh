# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # base_* are set by load_base
# Puts the series on a kernel tree of the user's: commits on a git tree, edits on a plain one. A hunk goes where it fits
# exactly; where it does not, the file is merged three-way with the release that the series was made for. All of it is
# tried on copies first.

# The merges of git am, in the copy and in the tree; a renamed file is not looked for, so that both see the same.
merging_am()
{
	local dir=$1 id=()

	shift
	[ "$dir" = "$KSRC" ] && [ -n "$(git -C "$dir" config user.email || true)" ] ||
		id=(-c user.name="KVM PV dump series" -c user.email=series@invalid)
	echo '* merge=additions' >"$WORK/attributes"
	: >"$WORK/merged"
	: >"$WORK/united"
	MERGED_LIST=$WORK/merged UNITED_LIST=$WORK/united git -C "$dir" "${id[@]}" -c core.attributesFile="$WORK/attributes" \
		-c merge.additions.driver="$TOP/bases/merge-additions %O %A %B %P" -c merge.renames=false -c core.autocrlf=false \
		-c advice.mergeConflict=false am -q --3way --no-gpg-sign "$@" >"$WORK/log" 2>&1
}

# --- what tree is it ---------------------------------------------------------------------------

check_target()
{
	[ -d "$1" ] || die "$1" "no such tree" "it is not a directory"
	KSRC=$(cd "$1" && pwd -P)
	if [ ! -e "$KSRC/Kconfig" ] || [ ! -e "$KSRC/arch/s390/kvm/kvm-s390.c" ]; then
		die "$1" "not a kernel tree" "it has no arch/s390/kvm/kvm-s390.c"
	fi
	IS_GIT=
	[ "$(git -C "$KSRC" rev-parse --show-toplevel 2>/dev/null)" != "$KSRC" ] || IS_GIT=y
	if [ -n "$IS_GIT" ]; then
		AM=$(cd "$KSRC" && realpath "$(git rev-parse --git-path rebase-apply)")
		[ ! -e "$AM" ] || [ -e "$AM/kvm-pv-dump" ] ||
			die "$1" "busy" "a git am or rebase is under way" "git -C $1 am --abort"
		[ -e "$AM" ] || git -C "$KSRC" diff --quiet HEAD -- 2>/dev/null ||
			die "$1" "uncommitted changes" "the series becomes commits" "commit them, or stash them"
	fi
	[ -w "$KSRC" ] || die "$1" "not writable" "permission denied"
}

# Kernels that announce dumps have them from elsewhere, or from this series.
check_feature()
{
	local other

	if test_only; then
		announces "$KSRC" ||
			die "$1" "not for this kernel" "bases/$BASE holds the kselftest only, and this kernel lacks KVM_PV_DUMP" \
				"make apply KSRC=$1 BASE=linux-5.10"
	elif announces "$KSRC" && [ ! -e "$KSRC/arch/s390/kvm/pv_dump.c" ]; then
		other=$(test_base "$KSRC")
		die "$1" "nothing to do" "this kernel has KVM_PV_DUMP already" \
			"${other:+for the kselftest alone: make apply KSRC=$1 BASE=$other}"
	fi
}

# --- which patches -----------------------------------------------------------------------------

# The patches that PARTS names, in SELECTED.
select_parts()
{
	local part hook n=0 patches

	for part in ${PARTS:-}; do
		case $part in
		code | docs | tests) ;;
		*) usage_die "unknown part '$part' in PARTS, there is: code docs tests" ;;
		esac
	done
	SELECTED=()
	mapfile -t patches < <(find "$OUT" -maxdepth 1 -name '0*.patch' ! -name '0000-*' | sort)
	while read -r hook; do
		part=$(hook_part "$hook")
		[[ " ${PARTS:-$part} " != *" $part "* ]] || SELECTED+=("${patches[n]}")
		n=$((n + 1))
	done < <(hook_patches)
	[ ${#SELECTED[@]} -gt 0 ] || usage_die "the series of $BASE has nothing of PARTS=$PARTS"
}

files_of()
{
	sed -n 's|^diff --git a/.* b/||p' "$@" | sort -u
}

new_files_of()
{
	awk '/^diff --git / { f = $4 } /^new file mode / { print substr(f, 3) }' "$@" | sort -u
}

# Copies of what the series touches: of this tree, of the base, and of the tip of the series.
copy_files()
{
	local file rev

	mkdir -p "$WORK/try" "$WORK/base" "$WORK/tip"
	mapfile -t FILES < <(files_of "$OUT"/0*.patch)
	for rev in base:base tip:series; do
		git -C "$TREE" ls-tree -r --name-only "${rev#*:}" -- "${FILES[@]}" |
			xargs -d '\n' git -C "$TREE" archive "${rev#*:}" -- | tar -x -C "$WORK/${rev%:*}"
	done
	if [ -n "$IS_GIT" ]; then
		git -C "$KSRC" ls-tree -r -z --name-only HEAD -- "${FILES[@]}" >"$WORK/list"
		[ ! -s "$WORK/list" ] || xargs -0 git -C "$KSRC" archive HEAD -- <"$WORK/list" | tar -x -C "$WORK/try"
	else
		for file in "${FILES[@]}"; do
			[ ! -e "$KSRC/$file" ] || (cd "$KSRC" && cp -p --parents "$file" "$WORK/try")
		done
	fi
}

# applied PATCH: "have want": how many of the lines that are the patch's own this tree has. A patch which only
# adds files is known by them.
applied()
{
	awk -v work="$WORK" '
		function lines(where,   l) {
			split("", known)
			while ((getline l < (work "/" where "/" file)) > 0)
				known[l] = 1
			close(work "/" where "/" file)
		}
		function judge(   i, n, mine) {
			if (!added)
				return
			lines("base")
			for (i = 1; i <= added; i++)
				if (line[i] in known)
					line[i] = ""
			lines("tip")
			for (i = 1; i <= added; i++)
				if (line[i] != "" && line[i] in known)
					mine[++n] = line[i]
			lines("try")
			for (i = 1; i <= n; i++)
				have += mine[i] in known
			want += n
			added = 0
		}
		/^diff --git / { judge(); file = substr($4, 3); new = 0; hunk = 0; next }
		/^new file mode/ { new = 1; files++; there += system("test -e " work "/try/" file) == 0; next }
		/^@@ / { hunk = 1; next }
		hunk && !new && /^\+[ \t]*[^ \t}{]/ { line[++added] = substr($0, 2) }
		END { judge(); print want ? have + 0 " " want : there + 0 " " files + 0 }' "$1"
}

# What is missing goes to MISSING; a tree which has a part of a patch is not touched.
check_applied()
{
	local patch have want file there=() partly=() name

	MISSING=()
	for patch in "${SELECTED[@]}"; do
		read -r have want < <(applied "$patch")
		name=$(basename "$patch")
		if [ "$have" = 0 ]; then
			MISSING+=("$patch")
		elif [ "$have" = "$want" ]; then
			there+=("${name%%-*}")
		else
			partly+=("$name ($have of its $want lines)")
		fi
	done
	if [ ${#partly[@]} -gt 0 ]; then
		die "$1" "half applied" "there: ${there[*]:-nothing}; a part of: $(printf '%s, ' "${partly[@]}")missing: ${#MISSING[@]} patches" \
			"complete those by hand from ${OUT#"$TOP"/}/, or start from a clean tree"
	elif [ ${#MISSING[@]} -eq 0 ]; then
		die "$1" "nothing to do" "the series is applied already (${#there[@]} of ${#SELECTED[@]} patches)"
	elif [ ${#there[@]} -gt 0 ]; then
		say "this tree has ${#there[@]} of ${#SELECTED[@]} patches already: ${there[*]}"
	fi
	while read -r file; do
		[ ! -e "$KSRC/$file" ] || die "$1" "$file is in the way" "the series adds this file, and the tree has one without the rest" \
			"move it away"
	done < <(new_files_of "${MISSING[@]}")
	while read -r file; do
		[ -e "$WORK/try/$file" ] || die "$1" "no $file" "the series changes this file, and the tree has none" \
			"PARTS=code leaves documents and tests out"
	done < <(files_of "${MISSING[@]}" | comm -23 - <(new_files_of "${SELECTED[@]}"))
}

# --- the rehearsal -----------------------------------------------------------------------------

# The objects that a three-way merge needs: the files as each patch found them.
give_blobs()
{
	git -C "$TREE" log --format= --raw --no-abbrev --no-renames base..series |
		awk '$3 !~ /^0+$/ { print $3 }' | sort -u | git -C "$TREE" pack-objects -q --stdout | git -C "$1" unpack-objects -q
}

# Each patch on the copies; what is in conflict is kept with its markers, so that the rest can be judged as well.
rehearse()
{
	local try=$WORK/try patch name

	CONFLICTS=()
	git -C "$try" init -q
	git -C "$try" add -f -A
	git -C "$try" -c user.name=x -c user.email=x@invalid commit -q --allow-empty --no-verify -m "this tree"
	give_blobs "$try"
	for patch in "${MISSING[@]}"; do
		name=$(basename "$patch")
		git -C "$try" apply --cached --check --verbose "$patch" 2>&1 | grep offset | sed "s|^|$name: |" >>"$WORK/offsets" || true
		if ! merging_am "$try" "$patch"; then
			git -C "$try" diff --name-only --diff-filter=U >"$WORK/unmerged"
			[ -s "$WORK/unmerged" ] || { cat "$WORK/log" >&2; die "$KSRC" "$name" "git am failed"; }
			CONFLICTS+=("$name: $(paste -sd' ' "$WORK/unmerged")")
			cat "$WORK/unmerged" >>"$WORK/conflicts"
			git -C "$try" add -f -A
			git -C "$try" -c user.name=x -c user.email=x@invalid am -q --continue >>"$WORK/log" 2>&1
		fi
		comm -23 <(sort -u "$WORK/merged") <(sort -u "$WORK/united" "$WORK/unmerged") | sed "s|^|  $name: |" >>"$WORK/all-merged"
		sort -u "$WORK/united" | sed "s|^|  $name: |" >>"$WORK/all-united"
		: >"$WORK/unmerged"
	done
}

report()
{
	local c

	if [ -s "$WORK/offsets" ]; then
		say "this is not the tree that the series was made for; it fits with offsets:"
		cat "$WORK/offsets" >&2
	fi
	if [ -s "$WORK/all-merged" ]; then
		say "merged three-way with $base_tag, please look at:"
		cat "$WORK/all-merged" >&2
	fi
	if [ -s "$WORK/all-united" ]; then
		say "both this tree and the series only add at the same place; both additions are kept (numbers of sections may need a look):"
		cat "$WORK/all-united" >&2
	fi
	for c in ${CONFLICTS[@]+"${CONFLICTS[@]}"}; do
		say "conflict: $c"
	done
	say "$((${#MISSING[@]} - ${#CONFLICTS[@]})) of ${#MISSING[@]} patches fit${CONFLICTS[0]:+, ${#CONFLICTS[@]} need a hand}"
}

# --- the tree itself ---------------------------------------------------------------------------

next_step()
{
	if test_only; then
		say "next: make selftest KSRC=$KSRC ARGS='--in-tree $BASE'"
	else
		say "next: make demo KSRC=$KSRC; make host KSRC=$KSRC"
	fi
}

# A conflict: how to go on is the last line.
stopped_at_conflict()
{
	touch "$AM/kvm-pv-dump"
	die "$KSRC" "conflict" "$(git -C "$KSRC" diff --name-only --diff-filter=U | paste -sd' ') (patch $(cat "$AM/next") of $(cat "$AM/last"))" \
		"resolve, git -C $KSRC add, then again: make apply KSRC=$KSRC; or give up: git -C $KSRC am --abort"
}

run_am()
{
	if ! merging_am "$KSRC" "$@"; then
		[ -z "$(git -C "$KSRC" diff --name-only --diff-filter=U)" ] || stopped_at_conflict
		cat "$WORK/log" >&2
		git -C "$KSRC" am --abort >/dev/null 2>&1 || true
		die "$KSRC" "git am" "failed though the patches fit; the branch is as it was"
	fi
}

continue_git()
{
	local file

	while read -r file; do
		die "$KSRC" "conflict" "$file is not resolved" "resolve it, git -C $KSRC add $file, then again: make apply KSRC=$KSRC"
	done < <(git -C "$KSRC" diff --name-only --diff-filter=U)
	run_am --continue
	say "the series is on $(git -C "$KSRC" rev-parse --abbrev-ref HEAD) of $KSRC"
	next_step
}

apply_git()
{
	give_blobs "$KSRC"
	run_am "${MISSING[@]}"
	say "${#MISSING[@]} commits on $(git -C "$KSRC" rev-parse --abbrev-ref HEAD) of $KSRC"
	next_step
}

# All new files are written beside the old ones before the first of these is replaced.
apply_plain()
{
	local file

	git -C "$WORK/try" diff --name-only --no-renames "$(git -C "$WORK/try" rev-list --max-parents=0 HEAD)" HEAD >"$WORK/changed"
	while read -r file; do
		if ! { mkdir -p "$(dirname "$KSRC/$file")" && cp -p "$WORK/try/$file" "$KSRC/$file.pv-dump-new"; }; then
			(cd "$KSRC" && xargs -d '\n' -I '{}' rm -f '{}.pv-dump-new') <"$WORK/changed"
			die "$KSRC" "cannot write" "$file; nothing was changed"
		fi
	done <"$WORK/changed"
	while read -r file; do
		mv "$KSRC/$file.pv-dump-new" "$KSRC/$file"
	done <"$WORK/changed"
	if [ ${#CONFLICTS[@]} -gt 0 ]; then
		die "$KSRC" "conflict" "all patches are in, with conflict markers in: $(sort -u "$WORK/conflicts" | paste -sd' ')" \
			"resolve them: grep -n '^<<<<<<<' in these files"
	fi
	say "${#MISSING[@]} patches applied to $KSRC"
	next_step
}

series_apply()
{
	need git:git
	check_target "$1"
	WORK=$(mktemp -d)
	trap 'rm -rf "$WORK"' EXIT
	if [ -n "$IS_GIT" ] && [ -e "$AM" ]; then
		[ -z "${DRYRUN:-}" ] || die "$1" "busy" "the series is being applied" "make apply KSRC=$1"
		continue_git
		return
	fi
	check_feature "$1"
	(sender && lock_series && make_series) || exit
	select_parts
	touch "$WORK"/{offsets,all-merged,all-united,unmerged,conflicts}
	copy_files
	check_applied "$1"
	rehearse
	report
	if [ -n "${DRYRUN:-}" ]; then
		say "nothing was changed (DRYRUN)"
		[ ${#CONFLICTS[@]} -eq 0 ] || exit 1
	elif [ -n "$IS_GIT" ]; then
		apply_git
	else
		apply_plain
	fi
}
