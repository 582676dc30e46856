# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the series on a kernel tree of the user's: commits on a git tree, edits on a plain one.

A hunk goes where it fits exactly; where it does not, the file is merged three-way with the release that the series was
made for. All of it is tried on copies first.
"""
import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile

from base import announces, fix_base, read
from build import BASES, Series
from common import die, need, say, short, usage_die

PARTS = "code", "docs", "tests"
STRANGER = ["-c", "user.name=KVM PV dump series", "-c", "user.email=series@invalid"]


def git(where, *arguments, data=None, check=True):
    """Standard output, or with check=False, the status."""
    stdin = {"input": data} if data is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(["git", "-C", where, *arguments], stdout=subprocess.PIPE, check=False,
                          stderr=None if check else subprocess.DEVNULL, **stdin)
    if not check:
        return done.returncode
    if done.returncode:
        die(where, "git " + " ".join(arguments[:2]), f"exit status {done.returncode}")
    return done.stdout


def lines(data):
    return data.decode("utf-8", "surrogateescape").splitlines()


class Patch:
    """A patch of the exported series."""

    def __init__(self, path, hook):
        self.path, self.name, self.part = path, os.path.basename(path), hook.part
        self.files, self.new, self.added = [], [], {}
        hunk = False
        for line in read(path).splitlines():
            found = re.match("diff --git a/.* b/(.*)", line)
            if found:
                self.files.append(found[1])
                hunk = False
            elif line.startswith("new file mode ") and self.files and not hunk:
                self.new.append(self.files[-1])
            elif line.startswith("@@ "):
                hunk = True
            elif hunk and re.match(r"\+[ \t]*[^ \t}{]", line) and self.files[-1] not in self.new:
                self.added.setdefault(self.files[-1], []).append(line[1:])


class Apply:
    def __init__(self, base, given):
        self.base, self.given = base, given
        self.series = self.am = self.work = None
        self.missing, self.conflicts = [], []
        self.notes = {"offsets": [], "merged": [], "united": []}
        self.tree = self._target()

    # --- what tree is it ------------------------------------------------------------------------------

    def _target(self):
        """The top of the user's tree; self.am is where git keeps the state of an am, if it is git's."""
        given = self.given
        if not os.path.isdir(given):
            die(given, "no such tree", "it is not a directory")
        tree = os.path.realpath(given)
        if not os.path.exists(tree + "/Kconfig") or not os.path.exists(tree + "/arch/s390/kvm/kvm-s390.c"):
            die(given, "not a kernel tree", "it has no arch/s390/kvm/kvm-s390.c")
        top = subprocess.run(["git", "-C", tree, "rev-parse", "--show-toplevel"], stdout=subprocess.PIPE, check=False,
                             stderr=subprocess.DEVNULL, encoding="utf-8").stdout.strip()
        if top == tree:
            self.am = os.path.join(tree, lines(git(tree, "rev-parse", "--git-path", "rebase-apply"))[0])
            if os.path.exists(self.am):
                if not os.path.exists(self.am + "/kvm-pv-dump"):
                    die(given, "busy", "a git am or rebase is under way", f"git -C {given} am --abort")
            elif git(tree, "diff", "--quiet", "HEAD", "--", check=False):
                die(given, "uncommitted changes", "the series becomes commits", "commit them, or stash them")
        if not os.access(tree, os.W_OK):
            die(given, "not writable", "permission denied")
        return tree

    def check_feature(self):
        """Kernels that announce dumps have them from elsewhere, or from this series."""
        if self.base.in_base:
            if not announces(self.tree):
                die(self.given, "not for this kernel",
                    f"bases/{self.base.name} fixes the KVM_PV_DUMP of a release, and this kernel lacks it",
                    f"make apply KSRC={self.given} BASE=linux-5.10")
        elif announces(self.tree) and not os.path.exists(self.tree + "/arch/s390/kvm/pv_dump.c"):
            other = fix_base(self.tree)
            die(self.given, "nothing to do", "this kernel has KVM_PV_DUMP already",
                other and f"for its fixes and the kselftest: make apply KSRC={self.given} BASE={other}")

    # --- which patches ----------------------------------------------------------------------------------

    def select(self):
        """The patches that PARTS names, with copies of all that the series touches.

        The copies are of this tree, in try, of the base, and of the tip of the series.
        """
        parts = os.environ.get("PARTS", "").split() or PARTS
        for part in parts:
            if part not in PARTS:
                usage_die(f"unknown part '{part}' in PARTS, there is: {' '.join(PARTS)}")
        out = self.series.out
        names = sorted(name for name in os.listdir(out) if re.match(r"0.*\.patch$", name) and not name.startswith("0000-"))
        patches = [Patch(os.path.join(out, name), hook) for name, hook in zip(names, self.base.hooks(), strict=True)]
        self._copy_files(sorted({file for patch in patches for file in patch.files}))
        selected = [patch for patch in patches if patch.part in parts]
        if not selected:
            usage_die(f"the series of {self.base.name} has nothing of PARTS={' '.join(parts)}")
        return selected

    def _archive(self, tree, revision, files, where):
        os.makedirs(where)
        there = [path for path in git(tree, "ls-tree", "-r", "-z", "--name-only", revision, "--", *files).split(b"\0") if path]
        if there:
            archive = git(tree, "archive", revision, "--", *(os.fsdecode(path) for path in there))
            subprocess.run(["tar", "-x", "-C", where], input=archive, check=True)

    def _copy_files(self, files):
        for revision, name in ("base", "base"), ("series", "tip"):
            self._archive(self.series.tree, revision, files, f"{self.work}/{name}")
        if self.am:
            self._archive(self.tree, "HEAD", files, self.work + "/try")
            return
        os.mkdir(self.work + "/try")
        for file in files:
            if os.path.exists(f"{self.tree}/{file}"):
                os.makedirs(os.path.dirname(f"{self.work}/try/{file}"), exist_ok=True)
                shutil.copy2(f"{self.tree}/{file}", f"{self.work}/try/{file}")

    def _known(self, where, file):
        path = f"{self.work}/{where}/{file}"
        return set(read(path).splitlines()) if os.path.exists(path) else set()

    def _applied(self, patch):
        """How many of the lines that are the patch's own this tree has, of how many.

        A patch which only adds files is known by them.
        """
        have = want = 0
        for file, added in patch.added.items():
            base, tip, there = (self._known(where, file) for where in ("base", "tip", "try"))
            mine = [line for line in added if line not in base and line in tip]
            want += len(mine)
            have += sum(line in there for line in mine)
        if want:
            return have, want
        return sum(os.path.exists(f"{self.work}/try/{file}") for file in patch.new), len(patch.new)

    def check_applied(self, selected):
        """What is missing goes to self.missing; a tree which has a part of a patch is not touched."""
        there, partly = [], []
        for patch in selected:
            have, want = self._applied(patch)
            # A fix is a few lines, of which a later one has some by chance: a merge tells.
            if not have or (self.base.in_base and have < want):
                self.missing.append(patch)
            elif have == want:
                there.append(patch.name.split("-")[0])
            else:
                partly.append(f"{patch.name} ({have} of its {want} lines)")
        if partly:
            die(self.given, "half applied", f"there: {' '.join(there) or 'nothing'}; a part of: {', '.join(partly)}, "
                f"missing: {len(self.missing)} patches",
                f"complete those by hand from {short(self.series.out)}/, or start from a clean tree")
        if not self.missing:
            die(self.given, "nothing to do", f"the series is applied already ({len(there)} of {len(selected)} patches)")
        if there:
            say(f"this tree has {len(there)} of {len(selected)} patches already: {' '.join(there)}")
        for file in sorted({file for patch in self.missing for file in patch.new}):
            if os.path.exists(f"{self.tree}/{file}"):
                die(self.given, f"{file} is in the way", "the series adds this file, and the tree has one without the rest",
                    "move it away")
        added = {file for patch in selected for file in patch.new}
        for file in sorted({file for patch in self.missing for file in patch.files} - added):
            if not os.path.exists(f"{self.work}/try/{file}"):
                die(self.given, f"no {file}", "the series changes this file, and the tree has none",
                    "PARTS=code leaves documents and tests out")

    # --- merging ------------------------------------------------------------------------------------------

    def _give_blobs(self, where):
        """The objects that a three-way merge needs: the files as each patch found them."""
        log = lines(git(self.series.tree, "log", "--format=", "--raw", "--no-abbrev", "--no-renames", "base..series"))
        blobs = sorted({row.split()[2] for row in log if row and set(row.split()[2]) != {"0"}})
        pack = git(self.series.tree, "pack-objects", "-q", "--stdout", data="".join(b + "\n" for b in blobs).encode())
        git(where, "unpack-objects", "-q", data=pack)

    def _am(self, where, *arguments):
        """The merges of git am, in the copy and in the tree: its status, merged files, and those with both additions.

        A renamed file is not looked for, so that both see the same.
        """
        config = {"core.attributesFile": self.work + "/attributes", "merge.renames": "false", "core.autocrlf": "false",
                  "merge.additions.driver": BASES + "/merge-additions %O %A %B %P", "advice.mergeConflict": "false"}
        options = [word for item in config.items() for word in ("-c", "=".join(item))]
        if where != self.tree or git(where, "config", "user.email", check=False):
            options = STRANGER + options
        lists = [f"{self.work}/{name}" for name in ("merged", "united")]
        for path, text in (self.work + "/attributes", "* merge=additions\n"), *((path, "") for path in lists):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(self.work + "/log", "wb") as log:
            status = subprocess.run(["git", "-C", where, *options, "am", "-q", "--3way", "--no-gpg-sign", *arguments], stdout=log,
                                    stdin=subprocess.DEVNULL, stderr=log, check=False,
                                    env={**os.environ, "MERGED_LIST": lists[0], "UNITED_LIST": lists[1]}).returncode
        return status, *(set(read(path).splitlines()) for path in lists)

    def _fail_am(self, what, why):
        print(read(self.work + "/log"), end="", file=sys.stderr)
        die(self.tree, what, why)

    def _rehearse_one(self, where, patch):
        """What is in conflict is kept with its markers, so that the rest can be judged as well."""
        check = subprocess.run(["git", "-C", where, "apply", "--cached", "--check", "--verbose", patch.path],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
        self.notes["offsets"] += [f"{patch.name}: {line}" for line in lines(check) if "offset" in line]
        status, merged, united = self._am(where, patch.path)
        unmerged = lines(git(where, "diff", "--name-only", "--diff-filter=U")) if status else []
        if status:
            if not unmerged:
                self._fail_am(patch.name, "git am failed")
            self.conflicts.append((patch.name, unmerged))
            git(where, "add", "-f", "-A")
            git(where, *STRANGER, "am", "-q", "--continue")
        self.notes["merged"] += [f"  {patch.name}: {file}" for file in sorted(merged - united - set(unmerged))]
        self.notes["united"] += [f"  {patch.name}: {file}" for file in sorted(united)]

    def rehearse(self):
        where = self.work + "/try"
        git(where, "init", "-q")
        git(where, "add", "-f", "-A")
        git(where, *STRANGER, "commit", "-q", "--allow-empty", "--no-verify", "-m", "this tree")
        self._give_blobs(where)
        for patch in self.missing:
            self._rehearse_one(where, patch)
        for name, text in (("offsets", "this is not the tree that the series was made for; it fits with offsets:"),
                           ("merged", f"merged three-way with {self.base.tag}, please look at:"),
                           ("united", "both this tree and the series only add at the same place; both additions are kept "
                                      "(numbers of sections may need a look):")):
            if self.notes[name]:
                say(text)
                print("\n".join(self.notes[name]), file=sys.stderr)
        for name, files in self.conflicts:
            say(f"conflict: {name}: {' '.join(files)}")
        hands = f", {len(self.conflicts)} need a hand" if self.conflicts else ""
        say(f"{len(self.missing) - len(self.conflicts)} of {len(self.missing)} patches fit{hands}")

    # --- the tree itself --------------------------------------------------------------------------------------

    def _next_step(self):
        if self.base.in_base:
            say(f"next: make selftest KSRC={self.tree} ARGS='--in-tree {self.base.name}'")
        else:
            say(f"next: make demo KSRC={self.tree}; make host KSRC={self.tree}")

    def _run_am(self, *arguments):
        if not self._am(self.tree, *arguments)[0]:
            return
        unmerged = lines(git(self.tree, "diff", "--name-only", "--diff-filter=U"))
        if unmerged:
            # How to go on is the last line.
            open(self.am + "/kvm-pv-dump", "w", encoding="utf-8").close()
            number, last = (read(f"{self.am}/{name}").strip() for name in ("next", "last"))
            die(self.tree, "conflict", f"{' '.join(unmerged)} (patch {number} of {last})",
                f"resolve, git -C {self.tree} add, then again: make apply KSRC={self.tree}; "
                f"or give up: git -C {self.tree} am --abort")
        git(self.tree, "am", "--abort", check=False)
        self._fail_am("git am", "failed though the patches fit; the branch is as it was")

    def _branch(self):
        return lines(git(self.tree, "rev-parse", "--abbrev-ref", "HEAD"))[0]

    def go_on(self):
        """After a conflict."""
        if os.environ.get("DRYRUN"):
            die(self.given, "busy", "the series is being applied", f"make apply KSRC={self.given}")
        for file in lines(git(self.tree, "diff", "--name-only", "--diff-filter=U")):
            die(self.tree, "conflict", f"{file} is not resolved",
                f"resolve it, git -C {self.tree} add {file}, then again: make apply KSRC={self.tree}")
        self._run_am("--continue")
        say(f"the series is on {self._branch()} of {self.tree}")
        self._next_step()

    def to_git(self):
        self._give_blobs(self.tree)
        self._run_am(*(patch.path for patch in self.missing))
        say(f"{len(self.missing)} commits on {self._branch()} of {self.tree}")
        self._next_step()

    def to_files(self):
        """All new files are written beside the old ones before the first of these is replaced."""
        where = self.work + "/try"
        root = lines(git(where, "rev-list", "--max-parents=0", "HEAD"))[0]
        changed = lines(git(where, "diff", "--name-only", "--no-renames", root, "HEAD"))
        for file in changed:
            try:
                os.makedirs(os.path.dirname(f"{self.tree}/{file}"), exist_ok=True)
                shutil.copy2(f"{where}/{file}", f"{self.tree}/{file}.pv-dump-new")
            except OSError as err:
                for new in changed:
                    if os.path.exists(f"{self.tree}/{new}.pv-dump-new"):
                        os.unlink(f"{self.tree}/{new}.pv-dump-new")
                die(self.tree, "cannot write", f"{file}: {err.strerror}; nothing was changed")
        for file in changed:
            os.replace(f"{self.tree}/{file}.pv-dump-new", f"{self.tree}/{file}")
        if self.conflicts:
            files = sorted({file for _, files in self.conflicts for file in files})
            die(self.tree, "conflict", f"all patches are in, with conflict markers in: {' '.join(files)}",
                "resolve them: grep -n '^<<<<<<<' in these files")
        say(f"{len(self.missing)} patches applied to {self.tree}")
        self._next_step()


def apply(base, given):
    need("git:git")
    job = Apply(base, given)
    job.work = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, job.work, ignore_errors=True)
    if job.am and os.path.exists(job.am):
        job.go_on()
        return
    job.check_feature()
    job.series = Series(base)
    job.series.take_lock()
    job.series.make()
    job.check_applied(job.select())
    job.rehearse()
    if os.environ.get("DRYRUN"):
        say("nothing was changed (DRYRUN)")
        if job.conflicts:
            sys.exit(1)
    elif job.am:
        job.to_git()
    else:
        job.to_files()
