# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2153,SC2154 # BASE, TREE and base_* are set by the caller
# Makes the commits of a series on the pristine release, and exports them.

# sender: whose name the series bears. The output must not depend on the user's git configuration.
sender()
{
	local line

	NAME="KVM PV dump series" EMAIL=series@invalid
	if [ -n "${SIGNOFF:-}" ]; then
		NAME=$(git config user.name || true) EMAIL=$(git config user.email || true)
		[ -n "${NAME:+$EMAIL}" ] ||
			die SIGNOFF "no identity" "git does not know your name and address" \
				'git config --global user.name "Your Name"; git config --global user.email you@example.org'
	fi
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null TZ=UTC
	export GIT_AUTHOR_NAME=$NAME GIT_AUTHOR_EMAIL=$EMAIL GIT_COMMITTER_NAME=$NAME GIT_COMMITTER_EMAIL=$EMAIL
	TRAILER_ARGS=()
	sender_file TRAILERS >/dev/null
	sender_file COVER_EXTRA >/dev/null
	while IFS= read -r line; do
		[[ $line =~ ^[A-Z][A-Za-z-]*:\ [^\ ] ]] || die "$TRAILERS" "not a trailer" "'$line' is not \"Key: value\""
		TRAILER_ARGS+=(--trailer "$line")
	done < <(sender_file TRAILERS)
	[ -z "${SIGNOFF:-}" ] || TRAILER_ARGS+=(--trailer "Signed-off-by: $NAME <$EMAIL>")
}

# sender_file SETTING: the lines of the file that it names, without the empty ones at its ends.
sender_file()
{
	local file=${!1:-}

	[ -n "$file" ] || return 0
	grep -qs '[^[:space:]]' "$file" ||
		die "$1=$file" "cannot use it" "there is no such file, or nothing in it"
	sed -e '/./,$!d' -e 's/[[:space:]]*$//' "$file" | awk 'NF { while (n > 0) { print ""; n-- } print; next } { n++ }'
}

git_tree()
{
	git -C "$TREE" "$@"
}

# at SECONDS: the date of a commit, counted from the base's.
at()
{
	export GIT_AUTHOR_DATE="@$((base_date + $1)) +0000" GIT_COMMITTER_DATE="@$((base_date + $1)) +0000"
}

# --- the pristine base -----------------------------------------------------------------------

unpack_base()
{
	local orig=$1 count top only=()

	rm -rf "$TREE"
	mkdir -p "$TREE"
	if [ -n "$base_unpack" ]; then
		top=$(tar -t -f "$orig" 2>/dev/null | head -n 1 | cut -d/ -f1)
		read -r -a only <<<"$base_unpack"
	fi
	tar -x -f "$orig" -C "$TREE" --strip-components=1 "${only[@]/#/$top/}"
	git_tree init -q -b base
	git_tree config core.autocrlf false
	git_tree config core.abbrev 12
	git_tree config gc.auto 0
	# The tarball's .gitignore hides files that are in the tarball.
	git_tree add -f .
	count=$(git_tree ls-files | wc -l)
	[ "$count" = "$(find "$TREE" -path "$TREE/.git" -prune -o ! -type d -print | wc -l)" ] ||
		die "$(basename "$orig")" "import" "git has $count files, the work tree another number"
	at 0
	git_tree commit -q -m "Linux ${base_version}"
}

# The base as commit branch base, from the pinned tarball; "pinned" says whether it is that one.
prepare_base()
{
	local orig sum

	need git:git xz:xz-utils
	need_files "$BASE"
	orig=$(fetch "$base_pin")
	sum=$(sha256sum "$orig" | cut -d' ' -f1)
	pinned=y
	if [ "$sum" != "$base_sha256" ]; then
		pinned=
		say "$(basename "$orig") is not the pinned $base_version: offsets are listed"
	fi
	if [ "$(cat "$TREE/.git/tarball" 2>/dev/null)" != "$sum" ]; then
		rm -f "$OUT/tip"
		STAGE_RERUN="bases/series build $BASE" stage "series-unpack-$BASE" 1m unpack_base "$orig" || exit 1
		echo "$sum" >"$TREE/.git/tarball"
	fi
	if [ -n "$pinned" ] && [ "$(git_tree ls-tree -r base | wc -l)" != "$base_files" ]; then
		die "$BASE" "base tree" "it has not the $base_files files of $base_tag"
	fi
	if git_tree cat-file blob base:include/uapi/linux/kvm.h | grep -q KVM_CAP_S390_PROTECTED_DUMP; then
		test_only || die "$BASE" "nothing to do" "this base already has the feature"
	elif test_only; then
		die "$BASE" "not enough" "bases/$BASE/BASE has feature=in-base, but the release lacks KVM_PV_DUMP"
	fi
}

# --- the commits: all in the object store, the work tree is touched once at the end ------------

# before_later FILE: takes back what later steps change in an overlay file, which the repository has as the last one leaves it.
before_later()
{
	local patch

	{ grep -l "^diff --git a/$1 b/" "$BASE_DIR"/[0-9]*.patch || true; } | sort -r | while read -r patch; do
		patch_hunks "$patch" >"$WORK/later"
		git_tree apply --cached -R --include="$1" "$WORK/later" ||
			die "$(basename "$patch")" "$1" "its hunk is not what the overlay has"
	done
}

add_overlay()
{
	local patch=$1 file mode to=() there

	overlay_files "$patch" >"$WORK/overlay"
	[ -s "$WORK/overlay" ] || return 0
	while read -r file; do
		to+=("$(base_path "$file")")
		mode=100644
		[ ! -x "$TOP/$file" ] || mode=100755
		echo "$mode"
	done <"$WORK/overlay" >"$WORK/modes"
	there=$(git_tree ls-files -- "${to[@]}")
	[ -z "$there" ] || die "$(basename "$patch")" "${there//$'\n'/ }" "the base or an earlier step has it already"
	(cd "$TOP" && git --git-dir="$TREE/.git" hash-object -w --no-filters --stdin-paths <"$WORK/overlay") >"$WORK/blobs"
	paste -d' ' "$WORK/modes" "$WORK/blobs" | paste - <(printf '%s\n' "${to[@]}") | git_tree update-index --add --index-info
	cat "$WORK/overlay" >>"$WORK/all-overlay"
	for file in "${to[@]}"; do
		before_later "$file"
	done
}

apply_hunks()
{
	local patch=$1 f

	patch_hunks "$patch" >"$WORK/hunks"
	[ -s "$WORK/hunks" ] || return 0
	if ! git_tree apply --cached --verbose --whitespace=error-all "$WORK/hunks" >"$WORK/apply" 2>&1; then
		cat "$WORK/apply" >&2
		die "$(basename "$patch")" "does not apply" "see the hunk above"
	fi
	# Overlay files change all the time; the release does not.
	awk '/^Checking patch / { f = $3; sub(/\.\.\.$/, "", f) } /offset/ { print f ": " $0 }' "$WORK/apply" |
		while IFS= read -r f; do
			! git_tree cat-file -e "base:${f%%: *}" 2>/dev/null || printf '%s\n' "$f"
		done >"$WORK/offset"
	if [ -s "$WORK/offset" ] && cat "$WORK/offset" >&2 && [ -n "$pinned" ]; then
		die "$(basename "$patch")" "not made for this base" "hunks apply with an offset" \
			"make the hunk again on the tree of the step before"
	fi
}

make_commits()
{
	local patch parent tree n=0

	parent=$(git_tree rev-parse base)
	export GIT_INDEX_FILE=$WORK/index
	git_tree read-tree "$parent"
	: >"$WORK/all-overlay"
	while read -r patch; do
		n=$((n + 1))
		add_overlay "$patch"
		apply_hunks "$patch"
		tree=$(git_tree write-tree)
		[ "$tree" != "$(git_tree rev-parse "$parent^{tree}")" ] ||
			die "$(basename "$patch")" "empty step" "it changes nothing"
		patch_message "$patch" >"$WORK/message"
		[ ${#TRAILER_ARGS[@]} -eq 0 ] ||
			git interpret-trailers --in-place --no-divider "${TRAILER_ARGS[@]}" "$WORK/message"
		at $((n * 60))
		parent=$(git_tree commit-tree "$tree" -p "$parent" -F "$WORK/message")
	done < <(hook_patches)
	unset GIT_INDEX_FILE
	[ "$n" -gt 0 ] || die "bases/$BASE" "no steps" "there is no NNNN-*.patch"
	TIP=$parent STEPS=$n
}

# A new kernel file that no step adds is a mistake, or work in progress.
report_strays()
{
	local new=(arch Documentation tools/testing)

	if test_only; then
		new=(tools/testing)
	fi
	(cd "$TOP" && git ls-files -- "${new[@]}" | sort -u) >"$WORK/have"
	sort -u "$WORK/all-overlay" | comm -23 "$WORK/have" - | while read -r f; do
		say "note: no step of $BASE adds $f"
	done
}

# --- the export ------------------------------------------------------------------------------

# The cover letter, which is the first mail of what send-email gets, and a note in the .mbx.
cover_text()
{
	sed -e '1,2d' -e "s|@TAG@|$base_tag|g" "$BASE_DIR/COVER"
	echo
	if [ -n "${COVER_EXTRA:-}" ]; then
		sender_file COVER_EXTRA
		echo
	fi
	git_tree log --reverse --format='  %s' "base..$TIP"
	echo
	git_tree diff --stat=76 --summary "base..$TIP"
	echo
	if [ -n "$base_commit" ]; then
		echo "base-commit: $base_commit"
	else
		echo "base: $base_tag (linux_$base_version.orig.tar.xz, sha256 $base_sha256)"
	fi
}

write_cover()
{
	printf 'From %040d Mon Sep 17 00:00:00 2001\n' 0
	printf 'From: %s <%s>\nDate: %s\n' "$NAME" "$EMAIL" "$(date -R -u -d "@$base_date")"
	printf 'Subject: [PATCH 00/%02d] %s\n' "$STEPS" "$(sed -n 1p "$BASE_DIR/COVER")"
	printf 'MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n'
	printf 'Content-Transfer-Encoding: 8bit\n\n'
	cat "$WORK/cover"
	printf -- '--\n'
}

export_series()
{
	local p

	rm -f "$OUT"/*.patch "$MBX"
	cover_text >"$WORK/cover"
	{
		printf 'Cover letter: %s\n\n' "$(sed -n 1p "$BASE_DIR/COVER")"
		# A line of dashes or a diff's first word would end the note, or begin the patch.
		sed -e 's/^---/ ---/' -e 's/^diff /  diff /' "$WORK/cover"
		echo
	} >"$WORK/note"
	write_cover >"$OUT/0000-cover-letter.patch"
	git_tree format-patch -q --no-signature --zero-commit --no-renames --stat=76 --numbered \
		-o "$OUT" "base..$TIP"
	# "git am" stops at a mail without a patch, so the cover letter travels below the first "---".
	{
		for p in "$OUT"/0*.patch; do
			case $p in
			*/0000-*) continue ;;
			*/0001-*) sed -e "0,/^---\$/{/^---\$/r $WORK/note" -e '}' "$p" ;;
			*) cat "$p" ;;
			esac
		done
	} >"$MBX.new"
	mv "$MBX.new" "$MBX"
}

# The .mbx on a pristine tree must give the tree of the tip.
verify_mbx()
{
	local am=$WORK/am want got

	git_tree worktree prune
	git_tree worktree add -q --no-checkout --detach "$am" base
	git -C "$am" read-tree HEAD
	at 0
	if ! git -C "$am" -c core.abbrev=12 am -q "$MBX" >"$WORK/am.log" 2>&1; then
		cat "$WORK/am.log" >&2
		die "$MBX" "git am" "the exported series does not apply"
	fi
	want=$(git_tree rev-parse "$TIP^{tree}") got=$(git -C "$am" rev-parse 'HEAD^{tree}')
	[ "$want" = "$got" ] || die "$MBX" "git am" "tree $got, expected $want"
	[ "$(git -C "$am" rev-list --count base..HEAD)" = "$STEPS" ] ||
		die "$MBX" "git am" "not $STEPS commits"
	git_tree worktree remove --force "$am"
}

# --- the verbs ---------------------------------------------------------------------------------

# Everything that the result depends on.
inputs()
{
	local patch

	sha256sum "$TOP/bases/tree.sh" "$TOP/bases/build.sh" "$BASE_DIR"/*
	hook_patches | while read -r patch; do
		overlay_files "$patch"
	done | (cd "$TOP" && xargs -r -d '\n' sha256sum)
	echo "$NAME $EMAIL ${TRAILER_ARGS[*]}"
	sender_file COVER_EXTRA
}

editing()
{
	[ -e "$TREE/.git/rebase-merge" ]
}

# edited: does the tree differ from what was built? Leftovers of an interrupted checkout do not count.
edited()
{
	editing || { [ -e "$OUT/tip" ] && [ ! -e "$OUT/switching" ] &&
		{ ! git_tree diff --quiet HEAD || [ "$(git_tree rev-parse HEAD)" != "$(cat "$OUT/tip")" ]; }; }
}

refuse_to_lose_edits()
{
	if edited; then
		die "${TREE#"$TOP"/}" "edited" "it has changes that are not in bases/$BASE and the overlay" \
			"bases/series import $BASE, or to forget them: bases/series edit --abort $BASE"
	fi
}

say_paths()
{
	say "for git am: ${MBX#"$TOP"/}"
	say "one by one: ${OUT#"$TOP"/}/*.patch (git send-email; 0000 is the cover letter)"
}

lock_series()
{
	mkdir -p "$OUT"
	exec 9>"$OUT/lock"
	flock 9
	# Left by a killed run: the lock above excludes any other.
	rm -rf "$OUT"/work.* "$TREE/.git/index.lock" "$TREE/.git/HEAD.lock" "$TREE/.git/refs/heads/series.lock"
}

make_series()
{
	local key

	key=$(inputs | sha256sum | cut -d' ' -f1)
	refuse_to_lose_edits
	if [ "$(cat "$OUT/stamp" 2>/dev/null)" = "$key" ] && [ -e "$MBX" ]; then
		touch "$MBX"
		say "$BASE: up to date"
		return
	fi
	WORK=$(mktemp -d "$OUT/work.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	rm -f "$OUT/stamp"
	prepare_base
	make_commits
	report_strays
	export_series
	verify_mbx
	# Only what differs from the last tip is written, so that a build of the tree is incremental.
	touch "$OUT/switching"
	git_tree checkout -q --force -B series "$TIP"
	echo "$TIP" >"$OUT/tip"
	rm -f "$OUT/switching"
	# The kernel's .gitignore keeps it out of commits.
	cp "$TOP/.b4-config" "$TREE"
	echo "$key" >"$OUT/stamp"
	say "$BASE: $STEPS commits on $base_tag, tree $(git_tree rev-parse --short=12 "$TIP^{tree}")"
}

series_build()
{
	if test_only; then
		say "$BASE: this release provides KVM_PV_DUMP itself: the series holds the kselftest only"
	fi
	sender
	lock_series
	make_series
	say_paths
}

series_export()
{
	[ ! -e "$1" ] || [ -z "$(ls -A "$1")" ] || die "$1" "not empty" "an export begins with an empty directory"
	series_build
	mkdir -p "$1"
	cp "$OUT"/*.patch "$MBX" "$TOP/.b4-config" "$1"
	say "exported to $1"
}
