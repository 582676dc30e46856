# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2153 # BASE and TREE are set by the caller
# The way back: a commit is opened in the series' tree, and the tree's commits become hooks and overlay.

# The sender's trailers are not part of the source.
plain_series()
{
	unset SIGNOFF TRAILERS COVER_EXTRA
	sender
	lock_series
}

# find_commit WORDS: the commit whose hook has that number, or whose subject has these words.
find_commit()
{
	local hook subject found

	hook=$(hook_patches | grep "/$1-[^/]*$" || true)
	subject=${hook:+$(patch_header Subject "$hook")}
	found=$(git_tree log --format='%H %s' base..series | grep -F -e "${subject:-$1}" || true)
	[ "$(grep -c . <<<"$found")" = 1 ] ||
		die "$1" "which commit?" "not the number of a hook in bases/$BASE, nor words of just one subject" \
			"git -C ${TREE#"$TOP"/} log --oneline base..series"
	printf '%s\n' "${found%% *}"
}

series_edit()
{
	local commit

	plain_series
	if [ "$1" = --abort ]; then
		! editing || git_tree rebase --abort
		git_tree checkout -q --force -B series "$(cat "$OUT/tip")"
		say "$BASE: the tree is as bases/$BASE and the overlay have it"
		return
	fi
	make_series
	commit=$(find_commit "$1")
	GIT_SEQUENCE_EDITOR="sed -i '1s/^pick/edit/'" git_tree -c core.editor=true -c rebase.updateRefs=false \
		rebase -q -i --no-autosquash "$commit^" >/dev/null 2>"$OUT/edit.log" || true
	editing || die "$1" "cannot open it" "$(tail -n 1 "$OUT/edit.log")"
	say "open in ${TREE#"$TOP"/}: $(git_tree log -1 --format=%s)"
	say "edit there (for the message: git commit --amend), then: bases/series import $BASE"
	say "to forget it: bases/series edit --abort $BASE"
}

# What was edited joins its commit, and the commits after it follow.
finish_edit()
{
	local unmerged=()

	editing || return 0
	mapfile -t unmerged < <(git_tree diff --name-only --diff-filter=U)
	if [ ${#unmerged[@]} -gt 0 ] && git_tree grep -q -e '^<<<<<<< ' -e '^>>>>>>> ' -- "${unmerged[@]}"; then
		die "${unmerged[*]}" "conflict" "there are conflict markers in ${TREE#"$TOP"/}" \
			"resolve them, then: bases/series import $BASE"
	fi
	git_tree add -A
	# Amend the commit that "edit" stopped at; after a conflict, --continue makes the commit.
	[ ! -e "$TREE/.git/rebase-merge/amend" ] || git_tree diff --cached --quiet || git_tree commit -q --amend --no-edit --no-verify
	if ! git_tree -c core.editor=true rebase --continue >"$OUT/edit.log" 2>&1; then
		editing || die "$TREE" "git rebase" "$(tail -n 1 "$OUT/edit.log")"
		mapfile -t unmerged < <(git_tree diff --name-only --diff-filter=U)
		die "${unmerged[*]:-$TREE}" "conflict" "\"$(git_tree log -1 --format=%s REBASE_HEAD)\" cannot be rebased automatically" \
			"resolve it in ${TREE#"$TOP"/}, then: bases/series import $BASE"
	fi
}

# source_path PATH: where this repository has the file that the base has as PATH.
source_path()
{
	BASE_DIR=$WORK/inverse base_path "$1"
}

# header_of COMMIT HOOK: the header lines of the hook, whose patterns stay if they still say the same.
header_of()
{
	local f old=$WORK/old

	printf 'Subject: %s\n' "$(git_tree log -1 --format=%s "$1")"
	: >"$old"
	if [ -e "$2" ]; then
		sed '/^$/,$d' "$2" | grep -v '^Subject: \|^X-Overlay: ' || true
		overlay_files "$2" 2>/dev/null | sort >"$old" || true
	fi
	git_tree diff-tree -r --no-commit-id --no-renames --diff-filter=A --name-only "$1" | while read -r f; do
		source_path "$f"
	done | sort >"$WORK/added"
	if cmp -s "$WORK/added" "$old"; then
		grep '^X-Overlay: ' "$2" || true
	else
		sed 's/^/X-Overlay: /' "$WORK/added"
	fi
}

# hook_of COMMIT HOOK: the hook in its one form.
hook_of()
{
	header_of "$1" "$2"
	echo
	git_tree log -1 --format=%b "$1" | sed -e '/^Signed-off-by: /d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
	echo ---
	git_tree -c diff.algorithm=default -c diff.indentHeuristic=true -c diff.noprefix=false -c diff.mnemonicPrefix=false \
		diff-tree -r --no-commit-id -p -U3 --abbrev=12 --no-renames --no-ext-diff --no-textconv --no-color \
		--diff-filter=a "$1"
}

# hook_name COMMIT PREVIOUS: the file of the hook with that subject; a new one is numbered after the previous.
hook_name()
{
	local subject hook number

	subject=$(git_tree log -1 --format=%s "$1")
	for hook in "${UNUSED[@]}"; do
		[ "$(patch_header Subject "$hook")" != "$subject" ] || { printf '%s\n' "$hook"; return; }
	done
	# As many commits as there were: this one has another subject.
	if [ "$(git_tree rev-list --count "base..$IMPORTED")" = "$(hook_patches | wc -l)" ]; then
		hook_patches | sed -n "$3p"
		return
	fi
	number=$(basename "${2:-0000-}")
	printf '%s/%04d-%s.patch\n' "$BASE_DIR" $((10#${number%%-*} + 1)) \
		"$(sed -e 's/[^A-Za-z0-9]\+/-/g' -e 's/-$//' <<<"$subject" | cut -c1-48)"
}

# Write the overlay files that the commits add, as the last commit has them.
import_overlay()
{
	local path to

	git_tree diff --no-renames --diff-filter=A --name-only base "$IMPORTED" | while read -r path; do
		to=$TOP/$(source_path "$path")
		git_tree cat-file blob "$IMPORTED:$path" >"$WORK/file"
		cmp -s "$WORK/file" "$to" && continue
		mkdir -p "$(dirname "$to")"
		cp "$WORK/file" "$to"
		say "wrote ${to#"$TOP"/}"
	done
}

import_hooks()
{
	local commit hook previous='' n=0 h

	mapfile -t UNUSED < <(hook_patches)
	mkdir "$WORK/hooks"
	while read -r commit; do
		n=$((n + 1))
		hook=$(hook_name "$commit" "$previous" "$n")
		basename "$hook" >>"$WORK/names"
		hook_of "$commit" "$hook" >"$WORK/hooks/$(basename "$hook")"
		previous=$hook
	done < <(git_tree rev-list --reverse "base..$IMPORTED")
	# The order of the names is the order of the commits.
	sort -c -u "$WORK/names" 2>/dev/null ||
		die "bases/$BASE" "import" "no number is left for a new commit between its neighbours" "rename the hooks after it, build, and import again"
	import_overlay
	for h in "$WORK/hooks"/*; do
		hook=$BASE_DIR/$(basename "$h")
		cmp -s "$h" "$hook" || { cp "$h" "$hook" && say "wrote ${hook#"$TOP"/}"; }
	done
	for hook in "${UNUSED[@]}"; do
		[ -e "$WORK/hooks/$(basename "$hook")" ] || { rm "$hook" && say "removed ${hook#"$TOP"/}"; }
	done
}

series_import()
{
	plain_series
	if ! edited; then
		make_series
	elif [ "$(inputs | sha256sum | cut -d' ' -f1)" != "$(cat "$OUT/stamp" 2>/dev/null)" ]; then
		die "bases/$BASE" "changed" "it or the overlay was edited since ${TREE#"$TOP"/} was made, which was edited too" \
			"set one of the two aside (git stash), import, and bring it back"
	fi
	finish_edit
	git_tree diff --quiet HEAD ||
		die "${TREE#"$TOP"/}" "uncommitted changes" "it is not known to which commit they belong" \
			"git commit --amend, or bases/series edit --abort $BASE"
	IMPORTED=$(git_tree rev-parse HEAD)
	WORK=$(mktemp -d "$OUT/work.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	mkdir "$WORK/inverse"
	awk '/^#/ { next } { print $2 "\t" $1 }' "$BASE_DIR/PATHS" >"$WORK/inverse/PATHS"
	import_hooks
	echo "$IMPORTED" >"$OUT/tip"
	rm -rf "$WORK"
	make_series
	[ "$(git_tree rev-parse "$IMPORTED^{tree}")" = "$(git_tree rev-parse 'series^{tree}')" ] ||
		die "bases/$BASE" "import" "what was written does not build the tree that was imported"
}
