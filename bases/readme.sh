# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2153,SC2154 # BASE, TREE and base_* are set by load_base
# Writes bases/README.md: which commit of which series changes what.

readme_text()
{
	cat <<-'X'
	# Bases: what the series are made for, and how

	<!-- made by "bases/series readme" -->

	A base is a released kernel. `linux-5.10` gets the whole feature; the others have it and get the kselftest.
	`BASE` pins the release, `PATHS` says where it has files that are elsewhere in mainline, `COVER` is the cover
	letter, and each `NNNN-*.patch` (a hook) is one commit: its message, the hunks on files that exist, and
	`X-Overlay:` lines with the new files, which are at the top of this repository under their kernel paths.

	    make series                        # commits, patches and .mbx in build/series/
	    bases/series edit 0009             # open a commit in build/series/linux-5.10/tree ...
	    bases/series import                # ... and write what was edited back to hooks and overlay
	    make apply KSRC=~/src/linux        # put the series on a kernel tree (PARTS="code docs tests", DRYRUN=1)

	`build.sh`, `edit.sh`, `apply.sh` and `readme.sh` are these verbs, `tree.sh` reads a base, `merge-additions` merges lists to
	which both sides only add. More: `docs/adding-a-base.md`.
	X
}

# rows: the table's, from "hook part" lines in the file and a log with numbers on standard input.
rows()
{
	awk -v hooks="$1" '
		function row(   i, dir, list) {
			if (subject == "")
				return
			getline hook <hooks
			split(hook, h, " ")
			for (i = 1; i <= dirs; i++) {
				dir = order[i]
				list = list (i == 1 ? "" : "<br>") (count[dir] > 6 ? "`" dir "` (" count[dir] " files)" : names[dir])
			}
			printf "| %s | %s | %s | %s | +%d -%d |\n", h[1], subject, h[2], list, added, removed
			split("", count)
			split("", names)
			added = removed = dirs = 0
		}
		/^@/ { row(); subject = substr($0, 2); next }
		NF == 3 {
			added += $1
			removed += $2
			dir = $3
			sub(/[^\/]*$/, "", dir)
			if (!(dir in count))
				order[++dirs] = dir
			names[dir] = names[dir] (count[dir]++ ? "<br>" : "") "`" $3 "`"
		}
		END { row() }'
}

series_readme()
{
	local hook hooks

	sender
	lock_series
	make_series
	hooks=$(mktemp)
	hook_patches | while read -r hook; do
		printf '%s %s\n' "$(basename "$hook" | cut -d- -f1)" "$(hook_part "$hook")"
	done >"$hooks"
	{
		readme_text
		printf '\n## The series of %s, for %s\n\n' "$BASE" "$base_tag"
		hook=$(grep -l '^diff --git a/include/uapi/' "$BASE_DIR"/[0-9]*.patch)
		printf 'Where is the uapi? In %s, "%s", and nowhere else.\n\n' "$(basename "$hook" | cut -d- -f1)" "$(patch_header Subject "$hook")"
		printf '| hook | commit | part | files | lines |\n|---|---|---|---|---|\n'
		git_tree log --reverse --no-renames --numstat --format='@%s' base..series | rows "$hooks"
	} >"$TOP/bases/README.md"
	rm -f "$hooks"
}
