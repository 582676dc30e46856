# SPDX-License-Identifier: GPL-2.0-or-later
"""The way back: a commit is opened in the series' tree, and the tree's commits become hooks and overlay."""
import os
import re
import subprocess

from base import Hook, read
from build import Series
from common import TOP, die, say, short


def find_commit(series, words):
    """The commit whose hook has that number, or whose subject has these words."""
    hooks = [hook for hook in series.base.hooks() if hook.number == words]
    wanted = hooks[0].subject if hooks else words
    found = [line.split(" ", 1)[0] for line in series.git("log", "--format=%H %s", "base..series").splitlines()
             if wanted in line.split(" ", 1)[1]]
    if len(found) != 1:
        die(words, "which commit?", f"not the number of a hook in bases/{series.base.name}, nor words of just one subject",
            f"git -C {short(series.tree)} log --oneline base..series")
    return found[0]


def last_line(path):
    return (read(path).splitlines() or [""])[-1]


def rebase(series, *arguments, **env):
    """Its status; what it says is in edit.log."""
    with open(series.out + "/edit.log", "wb") as log:
        return subprocess.run(["git", "-C", series.tree, "-c", "core.editor=true", "-c", "rebase.updateRefs=false", "rebase",
                               *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**series.env, **env},
                              check=False).returncode


def edit(base, words):
    # The sender's trailers are not part of the source.
    series = Series(base, plain=True)
    series.take_lock()
    if words == "--abort":
        if series.editing():
            series.git("rebase", "--abort")
        series.git("checkout", "-q", "--force", "-B", "series", series.file("tip"))
        say(f"{base.name}: the tree is as bases/{base.name} and the overlay have it")
        return
    series.make()
    commit = find_commit(series, words)
    rebase(series, "-q", "-i", "--no-autosquash", commit + "^", GIT_SEQUENCE_EDITOR="sed -i '1s/^pick/edit/'")
    if not series.editing():
        die(words, "cannot open it", last_line(series.out + "/edit.log"))
    say(f"open in {short(series.tree)}: {series.git('log', '-1', '--format=%s').strip()}")
    say(f"edit there (for the message: git commit --amend), then: bases/series import {base.name}")
    say(f"to forget it: bases/series edit --abort {base.name}")


def unmerged(series):
    return series.git("diff", "--name-only", "--diff-filter=U").split()


def finish_edit(series):
    """What was edited joins its commit, and the commits after it follow."""
    if not series.editing():
        return
    again = f"then: bases/series import {series.base.name}"
    files = unmerged(series)
    if files and not series.git("grep", "-q", "-e", "^<<<<<<< ", "-e", "^>>>>>>> ", "--", *files, check=False):
        die(" ".join(files), "conflict", f"there are conflict markers in {short(series.tree)}", "resolve them, " + again)
    series.git("add", "-A")
    # Amend the commit that "edit" stopped at; after a conflict, --continue makes the commit.
    if os.path.exists(series.tree + "/.git/rebase-merge/amend") and series.git("diff", "--cached", "--quiet", check=False):
        series.git("commit", "-q", "--amend", "--no-edit", "--no-verify")
    if rebase(series, "--continue"):
        if not series.editing():
            die(series.tree, "git rebase", last_line(series.out + "/edit.log"))
        subject = series.git("log", "-1", "--format=%s", "REBASE_HEAD").strip()
        die(" ".join(unmerged(series)) or series.tree, "conflict", f'"{subject}" cannot be rebased automatically',
            f"resolve it in {short(series.tree)}, " + again)


class Import:
    """The commits of the tree, written back."""

    def __init__(self, series):
        self.series, self.base = series, series.base
        self.commits = series.git("rev-list", "--reverse", "base..HEAD").split()
        self.old = self.base.hooks()

    def _subject(self, commit):
        return self.series.git("log", "-1", "--format=%s", commit).strip()

    def _name(self, number, commit, previous):
        """The file of the hook with that subject; a new one is numbered after the previous."""
        subject = self._subject(commit)
        same = [hook.name for hook in self.old if hook.subject == subject]
        if same:
            return same[0]
        # As many commits as there were: this one has another subject.
        if len(self.commits) == len(self.old):
            return self.old[number].name
        slug = re.sub("-$", "", re.sub("[^A-Za-z0-9]+", "-", subject))[:48]
        return f"{int(previous[:4]) + 1:04}-{slug}.patch"

    def _header(self, commit, path):
        """The header lines of the hook, whose patterns stay if they still say the same."""
        hook = Hook(path) if os.path.exists(path) else None
        kept = [line for line in hook.header if not line.startswith(("Subject: ", "X-Overlay: "))] if hook else []
        added = self.series.git("diff-tree", "-r", "--no-commit-id", "--no-renames", "--diff-filter=A", "--name-only", commit)
        overlay = sorted(self.base.source_path(file) for file in added.splitlines())
        try:
            patterns = hook.values("X-Overlay") if hook and sorted(hook.overlay()) == overlay else overlay
        except SystemExit:
            patterns = overlay
        return ["Subject: " + self._subject(commit), *kept, *("X-Overlay: " + file for file in patterns)]

    def _hook(self, commit, path):
        """The hook in its one form."""
        body = self.series.git("log", "-1", "--format=%b", commit)
        body = re.sub("^Signed-off-by: .*\n?", "", body, flags=re.M).rstrip("\n")
        settings = [word for text in ("diff.algorithm=default", "diff.indentHeuristic=true", "diff.noprefix=false",
                                      "diff.mnemonicPrefix=false") for word in ("-c", text)]
        diff = self.series.git(*settings, "diff-tree", "-r", "--no-commit-id", "-p", "-U3", "--abbrev=12", "--no-renames",
                               "--no-ext-diff", "--no-textconv", "--no-color", "--diff-filter=a", commit)
        return "\n".join([*self._header(commit, path), "", *([body] if body else []), "---"]) + "\n" + diff

    def _overlay(self):
        """The overlay files that the commits add, as the last commit has them."""
        added = self.series.git("diff", "--no-renames", "--diff-filter=A", "--name-only", "base", "HEAD")
        for path in added.splitlines():
            self._write(os.path.join(TOP, self.base.source_path(path)), self.series.git("cat-file", "blob", "HEAD:" + path))

    @staticmethod
    def _write(path, text):
        if os.path.exists(path) and read(path) == text:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        say(f"wrote {short(path)}")

    def write(self):
        hooks, previous = {}, "0000"
        for number, commit in enumerate(self.commits):
            name = self._name(number, commit, previous)
            # The order of the names is the order of the commits.
            if name <= previous or name in hooks:
                die(f"bases/{self.base.name}", "import", "no number is left for a new commit between its neighbours",
                    "rename the hooks after it, build, and import again")
            hooks[name] = self._hook(commit, os.path.join(self.base.dir, name))
            previous = name
        self._overlay()
        for name, text in hooks.items():
            self._write(os.path.join(self.base.dir, name), text)
        for hook in self.old:
            if hook.name not in hooks:
                os.unlink(hook.path)
                say(f"removed {short(hook.path)}")


def import_(base):
    series = Series(base, plain=True)
    series.take_lock()
    if not series.edited():
        series.make()
    elif series.key() != series.file("stamp"):
        die(f"bases/{base.name}", "changed",
            f"it or the overlay was edited since {short(series.tree)} was made, which was edited too",
            "set one of the two aside (git stash), import, and bring it back")
    finish_edit(series)
    if series.git("diff", "--quiet", "HEAD", check=False):
        die(short(series.tree), "uncommitted changes", "it is not known to which commit they belong",
            f"git commit --amend, or bases/series edit --abort {base.name}")
    imported = series.git("rev-parse", "HEAD").strip()
    Import(series).write()
    series.file("tip", imported)
    series.make()
    if series.git("rev-parse", imported + "^{tree}") != series.git("rev-parse", "series^{tree}"):
        die(f"bases/{base.name}", "import", "what was written does not build the tree that was imported")
