# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The checks of tests/kernel/lint/run, one function each: prints what is wrong, returns 0, 1, or 4 (skip).

# What a series without sign-offs, made by a script, cannot satisfy; nothing else is ignored.
IGNORE=MISSING_SIGN_OFF,FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID

# Files every KVM architecture shares: their maintainers are KVM's own.
GENERIC='^(include/uapi/linux/kvm\.h|Documentation/virt/kvm/(api|index|locking)\.rst|tools/testing/selftests/kvm/(Makefile|\.gitignore|config)|MAINTAINERS)$'

tool_versions()
{
	echo "gcc: $("${CROSS}gcc" --version 2>/dev/null | head -n 1)"
	echo "sparse: $(sparse --version 2>/dev/null || echo none)"
	echo "coccinelle: $(spatch --version 2>/dev/null | head -n 1)"
	echo "sphinx: $(sphinx-build --version 2>/dev/null)"
	echo "shellcheck: $(shellcheck --version | awk '/^version:/ { print $2 }')"
}

# A private work tree of the series' repository, to build base and tip in turn with the same paths.
# shellcheck disable=SC2153 # TREE is set by run
prepare_source()
{
	TIP=$(git -C "$TREE" rev-parse HEAD)
	PATCHES=("$SERIES"/0*.patch)
	[ -e "${PATCHES[0]}" ] || die "$SERIES" "no patches" "the series was not exported" "make series"
	ROOT=$(git -C "$TREE" rev-list --max-parents=0 HEAD | tail -n 1)
	mapfile -t TOUCHED < <(git -C "$TREE" diff --name-only "$ROOT" "$TIP")
	mapfile -t ADDED < <(git -C "$TREE" diff --name-only --diff-filter=A "$ROOT" "$TIP")
	[ ${#TOUCHED[@]} -gt 0 ] || die "$TREE" "empty series" "tip and base are equal"
	if [ ! -e "$SRC/.git" ] || ! git -C "$SRC" rev-parse HEAD >/dev/null 2>&1; then
		rm -rf "$SRC"
		git -C "$TREE" worktree prune
		git -C "$TREE" worktree add -q --force --detach "$SRC" "$ROOT" >&2
	fi
	# Left behind by a run that was killed.
	rm -f "$(git -C "$SRC" rev-parse --absolute-git-dir)/index.lock"
	rm -rf "$WORK/logs"
	mkdir -p "$WORK/logs"
}

at_base()
{
	git -C "$SRC" checkout -q --force --detach "$ROOT"
}

at_tip()
{
	git -C "$SRC" checkout -q --force --detach "$TIP"
}

# Reports without what moves: the prefix of the tree and line numbers.
normalise()
{
	sed -E -e "s|$SRC/||g" -e 's/:[0-9]+(:[0-9]+(-[0-9]+)?)?:/:/' -e 's/\b[Ll]ines? [0-9]+/line N/g'
}

# note TEXT: said about a check whatever its result.
note()
{
	printf '%s\n' "$*" >>"$NOTES"
}

# new_lines BASE TIP: reports of the tip that the base does not make. Headers are included by the
# new files too, hence any number of a known line is fine unless it is about a touched file.
new_lines()
{
	awk -v touched="${TOUCHED[*]}" '
		BEGIN { n = split(touched, t, " "); for (i = 1; i <= n; i++) mine[t[i]] = 1 }
		# Not NR == FNR: with an empty base that is true for the lines of the tip.
		FILENAME == ARGV[1] { base[$0]++; next }
		{
			file = $0
			sub(/:.*/, "", file)
			if (!($0 in base) || (file in mine && ++seen[$0] > base[$0]))
				print
		}' "$1" "$2"
}

# report_new BASE TIP: prints them, fails when there are any.
report_new()
{
	new_lines "$1" "$2" >"$WORK/logs/new"
	cat "$WORK/logs/new"
	[ ! -s "$WORK/logs/new" ]
}

# --- the series as patches -------------------------------------------------------------------

check_series_checkpatch()
{
	local p rc=0

	for p in "${PATCHES[@]}"; do
		case $p in *0000-cover-letter*) continue ;; esac
		(cd "$TREE" && perl scripts/checkpatch.pl --strict --terse --no-summary \
			--ignore "$IGNORE" "$p") || rc=1
	done
	return $rc
}

# b4 of a newer Debian; the Python modules that it needs are this system's.
b4()
{
	PATH=/usr/bin:/bin HOME=$WORK/b4.home XDG_CONFIG_HOME='' XDG_CACHE_HOME='' XDG_DATA_HOME='' \
		PYTHONPATH=$WORK/b4.deb/usr/lib/python3/dist-packages /usr/bin/python3 "$WORK/b4.deb/usr/bin/b4" "$@" 2>&1
}

check_series_b4()
{
	local deb dir=$WORK/b4.build
	local tree=$dir/series/$BASE/tree

	deb=$("$TOP/machine/fetch" --or-skip b4) || { echo "b4 is not to be had"; return 4; }
	(need_pkgs python3-git python3-dkim python3-dnspython python3-requests python3-patatt git-filter-repo) ||
		{ echo "the Python modules of b4 are not to be had"; return 4; }
	rm -rf "$dir" "$WORK/b4.deb" "$WORK/b4.home"
	dpkg-deb -x "$deb" "$WORK/b4.deb" || return 1
	# checkpatch knows the top of a kernel tree by its directories.
	borrow_tree "$dir" '/scripts/*.*' /LICENSES/ /COPYING /CREDITS /Kbuild /MAINTAINERS /README /Makefile /Documentation/Makefile /{drivers,fs,init,ipc,kernel,lib}/Makefile || return 1
	env GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0='A Sender' GIT_CONFIG_KEY_1=user.email \
		GIT_CONFIG_VALUE_1=sender@example.org PVDUMP_BUILD="$dir" SIGNOFF=1 "$TOP/bases/series" build "$BASE" || return 1
	(
		cd "$tree" && git config user.name 'A Sender' && git config user.email sender@example.org &&
			git config b4.prep-cover-strategy branch-description && b4 prep -e base && b4 prep --check
	) >"$WORK/logs/b4"
	cat "$WORK/logs/b4"
	# One of the patches is the cover letter.
	grep -q "^Success: $((${#PATCHES[@]} - 1)), Warning: 0, Error: 0" "$WORK/logs/b4"
}

# cited_commits PATCH...: "id subject" of each commit that the messages name; no subject where none is quoted.
cited_commits()
{
	perl -0777 -ne '
		s/^diff --git .*//ms;
		while (/\b([0-9a-f]{12,40})\b(?:\s+\("(.*?)"\))?/gs) {
			my ($id, $subject) = (substr($1, 0, 12), $2 // "");
			$subject =~ s/\s+/ /g;
			print "$id $subject\n" if $id =~ /[a-f]/ || $subject ne "";
		}' "$@" | sort -u
}

check_series_commit_ids()
{
	local id subject rc=0

	while read -r id subject; do
		if [ -z "$subject" ]; then
			echo "commit $id is cited without its subject"
		elif ! grep -qF "| $id $subject " "$TOP/docs/upstream-map.md"; then
			echo "docs/upstream-map.md has no row \"$id $subject\""
		else
			continue
		fi
		rc=1
	done < <(cited_commits "${PATCHES[@]}")
	return $rc
}

check_series_whitespace()
{
	git -C "$TREE" diff --check "$ROOT" "$TIP"
}

maintainers()
{
	(cd "$TREE" && perl scripts/get_maintainer.pl --no-git --no-git-fallback "$@" 2>&1)
}

# who_must_see FILE...: whom a patch of these files has to reach. A file that all architectures share, and a handler of
# exceptions, are reviewed by KVM/s390 because of the patch they come in. What only changes the latter is for the
# architecture's list; nobody is named for MAINTAINERS itself.
who_must_see()
{
	local f who=''

	for f in "$@"; do
		case $f in
		MAINTAINERS) ;;
		arch/s390/mm/*) who=${who:-linux-s390@vger.kernel.org} ;;
		*) who='for s390 (KVM/s390)' ;;
		esac
	done
	printf '%s\n' "$who"
}

check_series_maintainers()
{
	local f p who files rc=0

	for f in "${TOUCHED[@]}"; do
		if [[ $f =~ $GENERIC ]]; then
			continue
		fi
		maintainers -f "$f" | grep -qF 'for s390 (KVM/s390)' || {
			echo "$f: no maintainer of KVM for s390"
			rc=1
		}
	done
	for p in "${PATCHES[@]}"; do
		case $p in *0000-cover-letter*) continue ;; esac
		mapfile -t files < <(sed -n 's|^diff --git a/.* b/||p' "$p")
		[ ${#files[@]} -gt 0 ] || { echo "$(basename "$p"): changes no file"; rc=1; }
		who=$(who_must_see "${files[@]}")
		[ -z "$who" ] || maintainers "$p" | grep -qF "$who" || {
			echo "$(basename "$p"): does not reach $who"
			rc=1
		}
	done
	return $rc
}

# --- the tip compiled and analysed, against the base -------------------------------------------

kmake()
{
	make -C "$SRC" -s -j"$JOBS" ARCH=s390 CROSS_COMPILE="$CROSS" O="$WORK/obj" "$@"
}

# The objects whose sources the series changes; boot code is built like a module directory.
touched_objects()
{
	local f

	for f in "${TOUCHED[@]}"; do
		case $f in
		arch/s390/boot/*.c | *_test.c | *_test_*.c | tools/* | *.h) ;;
		*.c) echo "${f%.c}.o" ;;
		esac
	done
}

# compile WHERE: a configuration with KVM and, where it exists, the KUnit suite; all touched objects.
compile()
{
	local where=$1 objs=() o

	cat >"$WORK/config" <<-X
	CONFIG_VIRTUALIZATION=y
	CONFIG_KVM=y
	CONFIG_MARCH_Z13=y
	CONFIG_KUNIT=y
	CONFIG_KVM_S390_PV_DUMP_KUNIT_TEST=${KUNIT:-n}
	X
	while read -r o; do
		if [ -e "$SRC/${o%.o}.c" ]; then
			objs+=("$o")
			rm -f "$WORK/obj/$o"
		fi
	done < <(touched_objects)
	: >"$WORK/logs/$where.cc"
	kmake KCONFIG_ALLCONFIG="$WORK/config" allnoconfig || return 1
	kmake prepare || return 1
	kmake W=1 C=2 "${objs[@]}" 2>"$WORK/logs/$where.cc" || return 1
	rm -f "$WORK/obj/arch/s390/boot/uv.o"
	kmake W=1 C=2 M=arch/s390/boot uv.o 2>>"$WORK/logs/$where.cc" || return 1
	normalise <"$WORK/logs/$where.cc" >"$WORK/logs/$where.norm"
	# gcc marks its own lines; every other "file: text" line on standard error is sparse.
	grep -E '(warning|error): .*\[-W|: error:' "$WORK/logs/$where.norm" >"$WORK/logs/$where.gcc" || true
	grep -E '(warning|error): ' "$WORK/logs/$where.norm" | grep -v '\[-W' \
		>"$WORK/logs/$where.sparse" || true
}

# Once for the warnings and sparse checks together.
compile_all()
{
	[ ! -e "$WORK/logs/compiled" ] || return 0
	at_base && compile base && at_tip && compile tip && KUNIT=y compile kunit || return 1
	: >"$WORK/logs/compiled"
}

check_kernel_warnings()
{
	if ! compile_all; then
		cat "$WORK"/logs/*.cc
		return 1
	fi
	report_new "$WORK/logs/base.gcc" "$WORK/logs/tip.gcc" &&
		report_new "$WORK/logs/base.gcc" "$WORK/logs/kunit.gcc"
}

check_kernel_sparse()
{
	compile_all || return 1
	if grep -q 'sparse.*\(not supported\|unrecognized\|Segmentation\)' "$WORK/logs/base.cc"; then
		echo "sparse $(sparse --version) cannot read $BASE"
		return 4
	fi
	report_new "$WORK/logs/base.sparse" "$WORK/logs/tip.sparse" &&
		report_new "$WORK/logs/base.sparse" "$WORK/logs/kunit.sparse"
}

# The files that the series touches and the headers beside them as a tree of their own, at what is checked out. One
# more file has a fault that one rule knows: without its report the others prove nothing.
CONTROL=arch/s390/lint_control.c
CONTROL_RULE=scripts/coccinelle/free/ifnullfree.cocci
# What the driver and spatch print about a rule that they could not do; "exit status" is ours.
COCCI_FAILED='^(exit status|coccicheck failed|Skipping coccinelle SmPL|EXN|Fatal error|.*: parse error)'
cocci_tree()
{
	local f to

	rm -rf "$WORK/cocci"
	for f in "${TOUCHED[@]}"; do
		to=$WORK/cocci/$(dirname "$f")
		case $f in
		tools/*) continue ;;
		*.c) mkdir -p "$to" && find "$SRC/$(dirname "$f")" -maxdepth 1 -name '*.h' -exec cp -t "$to" {} + ;;
		*.h) mkdir -p "$to" ;;
		*) continue ;;
		esac
		[ ! -e "$SRC/$f" ] || cp "$SRC/$f" "$to"
	done
	printf 'void lint_control(void *p)\n{\n\tif (p)\n\t\tkfree(p);\n}\n' >"$WORK/cocci/$CONTROL"
}

# cocci WHERE RULE...: the kernel's own driver on that tree. Reports in logs/cocci.WHERE, the rules that did not run in
# logs/cocci.WHERE.unrun: the driver says so in words only, and spatch survives what it cannot do with a file. By
# default it asks git which files are worth it, which knows none of these.
cocci()
{
	local logs=$WORK/logs/cocci.$1.rules out=$WORK/logs/cocci.$1
	shift

	cocci_tree
	rm -rf "$logs"
	mkdir -p "$logs"
	# shellcheck disable=SC2016 # it is for the inner shell
	(cd "$SRC" && printf '%s\n' "$@" | env MODE=report J=1 V=0 srctree=. KBUILD_EXTMOD="$WORK/cocci" LOGS="$logs" \
		LINUXINCLUDE="-I./arch/s390/include -I./include -I./arch/s390/include/uapi -I./include/uapi" \
		SPFLAGS=--use-coccigrep xargs -P "$JOBS" -I{} bash -c 'log=$LOGS/${1//\//:}
			COCCI=$1 ./scripts/coccicheck >"$log" 2>&1 || echo "exit status $?" >>"$log"' _ {}) || return 1
	(cd "$logs" && grep -lE "$COCCI_FAILED" -- * | tr : / | sort) >"$out.unrun"
	(cd "$logs" && grep -lF "$WORK/cocci/" -- * | tr : /) >"$out.said"
	cat "$logs"/* | sed "s|$WORK/cocci/||" | grep -E '^(arch|include)/' | normalise >"$out.all" || true
	grep -v "^$CONTROL:" "$out.all" >"$out" || true
}

control_was_seen()
{
	grep -q "^$CONTROL:.*NULL check" "$WORK/logs/cocci.$1.all"
}

check_kernel_coccicheck()
{
	local rules scripted logs=$WORK/logs rule

	at_tip
	# Rules which are OCaml programs need a compiler that Debian's package does not bring.
	mapfile -t rules < <(cd "$SRC" && grep -L 'script:ocaml' -r scripts/coccinelle --include='*.cocci' | sort)
	mapfile -t scripted < <(cd "$SRC" && grep -l 'script:ocaml' -r scripts/coccinelle --include='*.cocci' | sort)
	for rule in "${scripted[@]}"; do
		note "not run, a rule in OCaml: $rule"
	done
	[ ${#rules[@]} -gt 30 ] || { echo "only ${#rules[@]} rules found"; return 1; }
	cocci tip "${rules[@]}" || { echo "the rules were not run"; return 1; }
	: >"$logs/cocci.base"
	: >"$logs/cocci.base.unrun"
	# Only rules that reported something, or went wrong, have to be compared with the base.
	if [ -s "$logs/cocci.tip" ] || [ -s "$logs/cocci.tip.unrun" ] || ! control_was_seen tip; then
		mapfile -t rules < <({ cat "$logs/cocci.tip.unrun" "$logs/cocci.tip.said"; echo "$CONTROL_RULE"; } | sort -u)
		at_base
		cocci base "${rules[@]}"
		at_tip
		if grep -qxF "$CONTROL_RULE" "$logs/cocci.base.unrun"; then
			echo "$(spatch --version | head -n 1) cannot do $CONTROL_RULE of $BASE"
			return 4
		fi
	fi
	control_was_seen tip || { echo "$CONTROL_RULE does not report the fault in $CONTROL"; return 1; }
	while read -r rule; do
		note "not run, on the base neither: $rule: $(grep -m 1 -E "$COCCI_FAILED" "$logs/cocci.base.rules/${rule//\//:}")"
	done < <(comm -12 "$logs/cocci.base.unrun" "$logs/cocci.tip.unrun")
	comm -13 "$logs/cocci.base.unrun" "$logs/cocci.tip.unrun" | sed 's/^/fails on the tip only: /' >"$logs/cocci.failed"
	cat "$logs/cocci.failed"
	report_new "$logs/cocci.base" "$logs/cocci.tip" && [ ! -s "$logs/cocci.failed" ]
}

check_kernel_doc()
{
	local f files=()

	for f in "${ADDED[@]}"; do
		case $f in
		tools/*) ;;
		*.c | *.h) files+=("$f") ;;
		esac
	done
	[ ${#files[@]} -gt 0 ] || { echo "the series adds no C file"; return 1; }
	# Private files too: whoever reads them has nothing else. Silence is the only pass.
	(cd "$TREE" && perl scripts/kernel-doc -none "${files[@]}" 2>&1) >"$WORK/logs/kdoc"
	cat "$WORK/logs/kdoc"
	[ ! -s "$WORK/logs/kdoc" ]
}

# --- documents ---------------------------------------------------------------------------------

# sphinx WHERE: warnings of rendering KVM's directory at what is checked out.
sphinx()
{
	rm -rf "$WORK/obj-doc"
	make -C "$SRC" O="$WORK/obj-doc" PYTHON=python3 SPHINXDIRS=virt/kvm htmldocs >"$WORK/logs/sphinx.$1" 2>&1 || return 1
	normalise <"$WORK/logs/sphinx.$1" | grep -E '(WARNING|ERROR|SEVERE):? ' >"$WORK/logs/sphinx.$1.norm" || true
}

check_docs_sphinx()
{
	at_base || return 1
	if ! sphinx base; then
		echo "$(sphinx-build --version) cannot render the documents of $BASE"
		return 4
	fi
	if ! { at_tip && sphinx tip; }; then
		tail "$WORK/logs/sphinx.tip"
		return 1
	fi
	report_new "$WORK/logs/sphinx.base.norm" "$WORK/logs/sphinx.tip.norm" || return 1
	find "$WORK/obj-doc" -name 's390-pv-dump.html' | grep -q . ||
		{ echo "s390-pv-dump.rst was not rendered"; return 1; }
}

check_docs_abi()
{
	local out

	out=$({ perl "$TREE/scripts/get_abi.pl" validate --dir "$TREE/Documentation/ABI/testing" 2>&1 || true; } |
		sed -n '/sysfs-firmware-uv/p')
	[ -z "$out" ] || { echo "$out"; return 1; }
	(cd "$TREE" && perl scripts/get_abi.pl search --dir Documentation/ABI/testing dump_finalize_len 2>/dev/null) |
		grep -q uv/query/dump_finalize_len || { echo "get_abi.pl does not find dump_finalize_len"; return 1; }
}

# --- everything else of this repository ----------------------------------------------------------

# All tracked files with a bash or sh interpreter line, and the files they source.
shell_files()
{
	local f

	git -C "$TOP" ls-files | while read -r f; do
		case $f in
		*.sh) echo "$f" ;;
		*.patch | *.md | *.rst) ;;
		*)
			[ ! -f "$TOP/$f" ] || [ -L "$TOP/$f" ] ||
				! head -c 64 "$TOP/$f" | tr -d '\0' | head -n 1 | grep -qE '^#!.*\b(ba|da)?sh\b' || echo "$f"
			;;
		esac
	done
}

check_scripts_shellcheck()
{
	local files

	mapfile -t files < <(shell_files)
	[ ${#files[@]} -gt 3 ] || { echo "only ${#files[@]} scripts found"; return 1; }
	# SC1091: a sourced file is checked by its own name. SC2187: ash is checked as dash.
	(cd "$TOP" && shellcheck -e SC1091,SC2187 -f gcc "${files[@]}")
}

check_scripts_python()
{
	(cd "$TOP" && git ls-files | xargs -d '\n' awk 'FNR == 1 && (/^#!.*python3/ || FILENAME ~ /\.py$/) { print FILENAME }
		{ nextfile }' | xargs -d '\n' python3 -W error -c 'if True:
		import sys
		for name in sys.argv[1:]:
			compile(open(name, "rb").read(), name, "exec")
		sys.exit(len(sys.argv) < 4 and "only %d programs found" % (len(sys.argv) - 1))')
}

# checkpatch comes with the base; --no-tree, as these are not kernel files.
check_user_checkpatch()
{
	local files checkpatch=$TREE/scripts/checkpatch.pl

	[ -e "$checkpatch" ] || { echo "no tree of the series: run make series"; return 4; }
	mapfile -t files < <(cd "$TOP" && git ls-files 'lib/*.[ch]' 'seimage/*.[ch]' 'softuv/*.[ch]' \
		'pvdump/*.[ch]' 'tests/*.[ch]' \
		'machine/*.[ch]' 'tools/testing/*.[ch]' | grep -v '^machine/qemu/')
	[ ${#files[@]} -gt 0 ] || { echo "no C files found"; return 1; }
	# checkpatch takes .checkpatch.conf from where it runs, and leaves a cache there.
	cp "$TOP/.checkpatch.conf" "$WORK/"
	(cd "$WORK" && perl "$checkpatch" --terse --no-summary --show-types -f "${files[@]/#/$TOP/}") | sed "s|$TOP/||"
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

check_repo_wording()
{
	local signoff='Signed-''off-by:|Co-authored-''by:'
	local place='(^|[[:space:]"=(])/(home|root)/|https?://[a-z0-9.-]*debian\.(org|net)'
	local rc=0

	if git -C "$TOP" grep -nIE "$place" -- .; then
		rc=1
	fi
	if git -C "$TOP" grep -nIE "^($signoff)" -- bases; then
		rc=1
	fi
	if git -C "$TOP" log --format='%h %s%n%b' | grep -nE "$signoff|$place"; then
		rc=1
	fi
	return $rc
}

check_repo_spelling()
{
	(cd "$TOP" && git ls-files '*.md' '*.rst' '*.patch' Documentation MAINTAINERS |
		xargs codespell -q 3 -L "sie,nd,te,ser,als,parm,parms,filp")
}
