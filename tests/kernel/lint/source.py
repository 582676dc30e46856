# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks of lint look at: the series as patches and as two trees, and how reports of both are compared."""
import collections
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, directory) for directory in ("../../../lib", "../..", "../../../bases")]
from common import BUILD, CROSS, TOP, die  # pylint: disable=wrong-import-position
from tap import skip  # pylint: disable=wrong-import-position

JOBS = os.environ.get("JOBS") or str(len(os.sched_getaffinity(0)))
WORK = os.path.join(BUILD, "lint")
SRC, LOGS = WORK + "/src", WORK + "/logs"


def output(*command, where=None, status=None, errors=True, **env):
    """What a command prints, errors too. With STATUS, a list, its exit status is appended to that."""
    done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, encoding="utf-8",
                          stderr=subprocess.STDOUT if errors else subprocess.DEVNULL, errors="replace", env={**os.environ, **env})
    if status is not None:
        status.append(done.returncode)
    return done.stdout


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def normalised(text):
    """Reports without what moves: the prefix of the tree and line numbers."""
    text = text.replace(SRC + "/", "")
    text = re.sub(r":[0-9]+(:[0-9]+(-[0-9]+)?)?:", ":", text)
    return re.sub(r"\b[Ll]ines? [0-9]+", "line N", text)


def new_lines(base, tip, touched):
    """Reports of the tip that the base does not make.

    Headers are included by the new files too, hence any number of a known line is fine unless it is about a touched file.
    """
    known, seen, new = collections.Counter(base), collections.Counter(), []
    for line in tip:
        seen[line] += 1
        if line not in known or (line.split(":")[0] in touched and seen[line] > known[line]):
            new.append(line)
    return new


class Source:
    """The series of a base, and a private work tree of its repository: base and tip in turn at the same paths."""

    def __init__(self, base):
        self.base, self.out = base, os.path.join(BUILD, "series", base)
        self.tree = self.out + "/tree"
        self.tip = self.git("rev-parse", "HEAD")
        patches = sorted(glob.glob(self.out + "/0*.patch"))
        if not patches:
            die(self.out, "no patches", "the series was not exported", "make series")
        self.patches = [path for path in patches if "0000-cover-letter" not in path]
        self.with_cover = patches
        self.root = self.git("rev-list", "--max-parents=0", "HEAD").split()[-1]
        self.touched = self.git("diff", "--name-only", self.root, self.tip).split()
        self.added = self.git("diff", "--name-only", "--diff-filter=A", self.root, self.tip).split()
        if not self.touched:
            die(self.tree, "empty series", "tip and base are equal")
        self.notes, self.compiled = [], False

    def git(self, *arguments, where=None):
        return subprocess.run(["git", "-C", where or self.tree, *arguments], stdout=subprocess.PIPE, check=True,
                              encoding="utf-8").stdout.strip()

    def prepare(self):
        """The work tree is kept from run to run, but may be another base's."""
        whose = subprocess.run(["git", "-C", SRC, "rev-parse", "--git-common-dir", "HEAD"], stdout=subprocess.PIPE, check=False,
                               stderr=subprocess.DEVNULL, encoding="utf-8")
        if whose.returncode or os.path.realpath(whose.stdout.splitlines()[0]) != os.path.realpath(self.tree + "/.git"):
            subprocess.run(["rm", "-rf", SRC], check=True)
            self.git("worktree", "prune")
            self.git("worktree", "add", "-q", "--force", "--detach", SRC, self.root)
        # Left behind by a run that was killed.
        lock = self.git("rev-parse", "--absolute-git-dir", where=SRC) + "/index.lock"
        if os.path.exists(lock):
            os.unlink(lock)
        subprocess.run(["rm", "-rf", LOGS], check=True)
        os.makedirs(LOGS)

    def checkout(self, commit):
        self.git("checkout", "-q", "--force", "--detach", commit, where=SRC)

    def note(self, text):
        """Said about a check whatever its result."""
        self.notes.append(text)

    def report_new(self, base, tip):
        """Prints what is new; true when nothing is."""
        new = new_lines(base, tip, self.touched)
        print("\n".join(new))
        return not new


def log(name, text):
    """Keeps it in build/lint/logs."""
    with open(f"{LOGS}/{name}", "w", encoding="utf-8") as file:
        file.write(text)
    return text


__all__ = ["BUILD", "CROSS", "HERE", "JOBS", "LOGS", "SRC", "TOP", "WORK", "Source", "log", "new_lines", "normalised", "output",
           "read", "skip"]
