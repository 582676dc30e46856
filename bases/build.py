# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the commits of a series on the pristine release, and exports them."""
import atexit
import datetime
import email.utils
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from base import read
from common import BUILD, TOP, die, need, need_files, say, short, stage

BASES = os.path.join(TOP, "bases")


def lines_of_file(setting):
    """The lines of the file that a setting names, without the empty ones at its ends."""
    file = os.environ.get(setting)
    if not file:
        return []
    text = read(file) if os.path.isfile(file) else ""
    if not text.strip():
        die(f"{setting}={file}", "cannot use it", "there is no such file, or nothing in it")
    return [line.rstrip() for line in text.strip("\n").rstrip().split("\n")]


class Sender:
    """Whose name the series bears, and what he adds. The result must not depend on the user's git configuration."""

    def __init__(self, plain=False):
        self.name, self.email = "KVM PV dump series", "series@invalid"
        signoff = os.environ.get("SIGNOFF") and not plain
        if signoff:
            self.name, self.email = (subprocess.run(["git", "config", key], stdout=subprocess.PIPE, encoding="utf-8",
                                                    check=False).stdout.strip() for key in ("user.name", "user.email"))
            if not self.name or not self.email:
                die("SIGNOFF", "no identity", "git does not know your name and address",
                    'git config --global user.name "Your Name"; git config --global user.email you@example.org')
        self.trailers = [] if plain else lines_of_file("TRAILERS")
        self.cover = [] if plain else lines_of_file("COVER_EXTRA")
        for line in self.trailers:
            if not re.match("[A-Z][A-Za-z-]*: [^ ]", line):
                die(os.environ["TRAILERS"], "not a trailer", f"'{line}' is not \"Key: value\"")
        if signoff:
            self.trailers.append(f"Signed-off-by: {self.name} <{self.email}>")

    def environment(self):
        env = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
        env.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null", TZ="UTC")
        for role in "AUTHOR", "COMMITTER":
            env.update({f"GIT_{role}_NAME": self.name, f"GIT_{role}_EMAIL": self.email})
        return env


class Series:
    """The series of a base, built in build/series/."""

    def __init__(self, base, plain=False):
        self.base, self.sender = base, Sender(plain)
        self.out = os.path.join(BUILD, "series", base.name)
        self.tree, self.mbx = self.out + "/tree", self.out + ".mbx"
        self.env = self.sender.environment()
        self.work = self.tip = self.lock = None
        self.pinned, self.steps, self.overlay = True, 0, set()

    # --- helpers ---------------------------------------------------------------------------------

    def git(self, *arguments, check=True, stdin=None, where=None, **env):
        """Its standard output, or with check=False, its status."""
        done = subprocess.run(["git", "-C", where or self.tree, *arguments], input=stdin, stdout=subprocess.PIPE, check=False,
                              stdin=None if stdin is not None else subprocess.DEVNULL, env={**self.env, **env}, encoding="utf-8",
                              errors="surrogateescape")
        if not check:
            return done.returncode
        if done.returncode:
            die(short(where or self.tree), "git " + " ".join(arguments[:3]), f"exit status {done.returncode}")
        return done.stdout

    def at(self, seconds):
        """The date of a commit, counted from the base's."""
        for role in "AUTHOR", "COMMITTER":
            self.env[f"GIT_{role}_DATE"] = f"@{self.base.date + seconds} +0000"

    def file(self, name, text=None):
        """A file beside the tree: what is in it, or nothing; with TEXT, writes it."""
        path = os.path.join(self.out, name)
        if text is None:
            return read(path).strip() if os.path.exists(path) else ""
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return text

    def take_lock(self):
        os.makedirs(self.out, exist_ok=True)
        self.lock = open(self.out + "/lock", "w", encoding="utf-8")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        # Left by a killed run: the lock above excludes any other.
        for path in glob.glob(self.out + "/work.*"):
            shutil.rmtree(path)
        for name in "index.lock", "HEAD.lock", "refs/heads/series.lock":
            if os.path.exists(f"{self.tree}/.git/{name}"):
                os.unlink(f"{self.tree}/.git/{name}")

    def make_work(self):
        self.work = tempfile.mkdtemp(prefix="work.", dir=self.out)
        atexit.register(shutil.rmtree, self.work, ignore_errors=True)

    # --- the pristine base ------------------------------------------------------------------------

    def _unpack(self, tarball):
        shutil.rmtree(self.tree, ignore_errors=True)
        os.makedirs(self.tree)
        only = []
        if self.base.unpack:
            listing = subprocess.Popen(["tar", "-t", "-f", tarball], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       encoding="utf-8")
            top = listing.stdout.readline().split("/")[0]
            listing.kill()
            only = [f"{top}/{path}" for path in self.base.unpack.split()]
        subprocess.run(["tar", "-x", "-f", tarball, "-C", self.tree, "--strip-components=1", *only], check=True)
        self.git("init", "-q", "-b", "base")
        for key, value in ("core.autocrlf", "false"), ("core.abbrev", "12"), ("gc.auto", "0"):
            self.git("config", key, value)
        # The tarball's .gitignore hides files that are in the tarball.
        self.git("add", "-f", ".")
        count = len(self.git("ls-files", "-z").split("\0")) - 1
        found = sum(len(files) + sum(os.path.islink(os.path.join(path, d)) for d in dirs)
                    for path, dirs, files in os.walk(self.tree) if not (path + "/").startswith(self.tree + "/.git/"))
        if count != found:
            die(os.path.basename(tarball), "import", f"git has {count} files, the work tree {found}")
        self.at(0)
        self.git("commit", "-q", "-m", f"Linux {self.base.version}")

    def _prepare_base(self):
        """The base as branch base, from the pinned tarball."""
        base = self.base
        need("git:git", "xz:xz-utils")
        need_files(base.name)
        tarball = subprocess.run([TOP + "/machine/fetch", base.pin], stdout=subprocess.PIPE, check=True,
                                 encoding="utf-8").stdout.strip()
        digest = subprocess.run(["sha256sum", tarball], stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout.split()[0]
        self.pinned = digest == base.sha256
        if not self.pinned:
            say(f"{os.path.basename(tarball)} is not the pinned {base.version}: offsets are listed")
        if self.file("tree/.git/tarball") != digest:
            if os.path.exists(self.out + "/tip"):
                os.unlink(self.out + "/tip")
            if stage(f"series-unpack-{base.name}", "1m", self._unpack, tarball, rerun=f"bases/series build {base.name}"):
                sys.exit(1)
            self.file("tree/.git/tarball", digest)
        if self.pinned and self.git("ls-tree", "-r", "base").count("\n") != int(base.files):
            die(base.name, "base tree", f"it has not the {base.files} files of {base.tag}")
        has = "KVM_CAP_S390_PROTECTED_DUMP" in self.git("cat-file", "blob", "base:include/uapi/linux/kvm.h")
        if has and not base.in_base:
            die(base.name, "nothing to do", "this base already has the feature")
        if base.in_base and not has:
            die(base.name, "not enough", f"bases/{base.name}/BASE has feature=in-base, but the release lacks KVM_PV_DUMP")

    # --- the commits: all in the object store, the work tree is touched once at the end -----------------

    def _before_later(self, path, hooks, index):
        """Takes back what later steps change in an overlay file, which the repository has as the last one leaves it."""
        for hook in reversed(hooks):
            if hook.changes(path) and self.git("apply", "--cached", "-R", "--include=" + path, "-", stdin=hook.hunks, check=False,
                                               **index):
                die(hook.name, path, "its hunk is not what the overlay has")

    def _add_overlay(self, hook, hooks, index):
        files = hook.overlay()
        if not files:
            return
        to = [self.base.base_path(file) for file in files]
        there = self.git("ls-files", "--", *to, **index).split()
        if there:
            die(hook.name, " ".join(there), "the base or an earlier step has it already")
        blobs = self.git("--git-dir=" + self.tree + "/.git", "hash-object", "-w", "--no-filters", "--stdin-paths", where=TOP,
                         stdin="\n".join(files) + "\n").split()
        rows = (f"{'100755' if os.access(os.path.join(TOP, file), os.X_OK) else '100644'} {blob}\t{path}\n"
                for file, blob, path in zip(files, blobs, to, strict=True))
        self.git("update-index", "--add", "--index-info", stdin="".join(rows), **index)
        self.overlay.update(files)
        for path in to:
            self._before_later(path, hooks, index)

    def _apply_hunks(self, hook, index):
        if not hook.hunks:
            return
        done = subprocess.run(["git", "-C", self.tree, "apply", "--cached", "--verbose", "--whitespace=error-all", "-"],
                              input=hook.hunks, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**self.env, **index},
                              encoding="utf-8", errors="surrogateescape", check=False)
        if done.returncode:
            print(done.stdout, end="", file=sys.stderr)
            die(hook.name, "does not apply", "see the hunk above")
        file, moved = "", []
        for line in done.stdout.splitlines():
            if line.startswith("Checking patch "):
                file = line.split()[2].removesuffix("...")
            # Overlay files change all the time; the release does not.
            elif "offset" in line and not self.git("cat-file", "-e", f"base:{file}", check=False):
                moved.append(f"{file}: {line}")
        if moved:
            print("\n".join(moved), file=sys.stderr)
            if self.pinned:
                die(hook.name, "not made for this base", "hunks apply with an offset",
                    "make the hunk again on the tree of the step before")

    def _make_commits(self):
        hooks, index = self.base.hooks(), {"GIT_INDEX_FILE": self.work + "/index"}
        parent = self.git("rev-parse", "base").strip()
        before = self.git("rev-parse", "base^{tree}").strip()
        self.git("read-tree", parent, **index)
        self.git("update-ref", "-d", "refs/notes/commits")
        for number, hook in enumerate(hooks, 1):
            self._add_overlay(hook, hooks, index)
            self._apply_hunks(hook, index)
            tree = self.git("write-tree", **index).strip()
            if tree == before:
                die(hook.name, "empty step", "it changes nothing")
            message = hook.message
            if self.sender.trailers:
                options = [word for line in self.sender.trailers for word in ("--trailer", line)]
                message = self.git("interpret-trailers", "--no-divider", *options, stdin=message)
            self.at(number * 60)
            parent = self.git("commit-tree", tree, "-p", parent, "-F", "-", stdin=message).strip()
            # format-patch puts it below the "---", where it does not become part of the commit.
            if hook.values("X-Note"):
                self.git("notes", "add", "-F", "-", parent, stdin="\n".join(hook.values("X-Note")) + "\n")
            before = tree
        if not hooks:
            die(f"bases/{self.base.name}", "no steps", "there is no NNNN-*.patch")
        self.tip, self.steps = parent, len(hooks)

    def _report_strays(self):
        """A new kernel file that no step adds is a mistake, or work in progress."""
        where = ["tools/testing"] if self.base.in_base else ["arch", "Documentation", "tools/testing"]
        for path in sorted(set(self.git("ls-files", "--", *where, where=TOP).split()) - self.overlay):
            say(f"note: no step of {self.base.name} adds {path}")

    # --- the export -----------------------------------------------------------------------------------

    def _cover(self):
        """Subject and text of the cover letter: the first mail of what send-email gets, and a note in the .mbx."""
        base = self.base
        subject, _, text = read(base.dir + "/COVER").replace("@TAG@", base.tag).split("\n", 2)
        parts = [text.rstrip("\n")] + (["\n".join(self.sender.cover)] if self.sender.cover else [])
        parts.append(self.git("log", "--reverse", "--format=  %s", f"base..{self.tip}").rstrip("\n"))
        parts.append(self.git("diff", "--stat=76", "--summary", f"base..{self.tip}").rstrip("\n"))
        parts.append(f"base-commit: {base.commit}" if base.commit else
                     f"base: {base.tag} (linux_{base.version}.orig.tar.xz, sha256 {base.sha256})")
        return subject, "\n\n".join(parts) + "\n"

    def _export(self):
        for path in glob.glob(self.out + "/*.patch") + glob.glob(self.mbx):
            os.unlink(path)
        subject, cover = self._cover()
        date = email.utils.format_datetime(datetime.datetime.fromtimestamp(self.base.date, datetime.timezone.utc))
        self.file("0000-cover-letter.patch",
                  f"From {0:040} Mon Sep 17 00:00:00 2001\nFrom: {self.sender.name} <{self.sender.email}>\nDate: {date}\n"
                  f"Subject: [PATCH 00/{self.steps:02}] {subject}\nMIME-Version: 1.0\n"
                  f"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n{cover}-- ")
        self.git("format-patch", "-q", "--no-signature", "--zero-commit", "--no-renames", "--stat=76", "--numbered",
                 "--notes", "-o", self.out, f"base..{self.tip}")
        # "git am" stops at a mail without a patch, so the cover letter travels below the first "---", where a line of
        # dashes or a diff's first word would end it, or begin the patch.
        note = re.sub("^---", " ---", f"Cover letter: {subject}\n\n{cover}\n", flags=re.M)
        note = re.sub("^diff ", "  diff ", note, flags=re.M)
        mails = [read(path) for path in sorted(glob.glob(self.out + "/0*.patch"))[1:]]
        mails[0] = mails[0].replace("\n---\n", f"\n---\n{note}", 1)
        with open(self.mbx + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("".join(mails))
        os.replace(self.mbx + ".new", self.mbx)

    def _verify_mbx(self):
        """The .mbx on a pristine tree must give the tree of the tip."""
        am = self.work + "/am"
        self.git("worktree", "prune")
        self.git("worktree", "add", "-q", "--no-checkout", "--detach", am, "base")
        self.git("read-tree", "HEAD", where=am)
        self.at(0)
        if self.git("-c", "core.abbrev=12", "am", "-q", self.mbx, where=am, check=False):
            die(self.mbx, "git am", "the exported series does not apply")
        want, got = self.git("rev-parse", self.tip + "^{tree}"), self.git("rev-parse", "HEAD^{tree}", where=am)
        if want != got:
            die(self.mbx, "git am", f"tree {got.strip()}, expected {want.strip()}")
        if int(self.git("rev-list", "--count", "base..HEAD", where=am)) != self.steps:
            die(self.mbx, "git am", f"not {self.steps} commits")
        self.git("worktree", "remove", "--force", am)

    # --- up to date, edited -----------------------------------------------------------------------------

    def key(self):
        """A digest of everything that the result depends on."""
        files = [BASES + "/base.py", BASES + "/build.py", *sorted(glob.glob(self.base.dir + "/*"))]
        files += [os.path.join(TOP, file) for hook in self.base.hooks() for file in hook.overlay()]
        digest = hashlib.sha256()
        for path in files:
            digest.update(f"{path} {os.access(path, os.X_OK)}\n{read(path)}".encode("utf-8", "surrogateescape"))
        digest.update(repr((self.sender.name, self.sender.email, self.sender.trailers, self.sender.cover)).encode())
        return digest.hexdigest()

    def editing(self):
        return os.path.exists(self.tree + "/.git/rebase-merge")

    def edited(self):
        """The tree differs from what was built. Leftovers of an interrupted checkout do not count."""
        if self.editing():
            return True
        if not self.file("tip") or os.path.exists(self.out + "/switching"):
            return False
        return bool(self.git("diff", "--quiet", "HEAD", check=False)) or self.git("rev-parse", "HEAD").strip() != self.file("tip")

    def _checkout(self):
        """Only what differs from the last tip is written, so that a build of the tree is incremental."""
        self.file("switching", "")
        self.git("checkout", "-q", "--force", "-B", "series", self.tip)
        self.file("tip", self.tip)
        os.unlink(self.out + "/switching")
        # The kernel's .gitignore keeps it out of commits.
        shutil.copy(TOP + "/.b4-config", self.tree)

    def make(self):
        """Up to date, whatever was built before."""
        base, key = self.base, self.key()
        if self.edited():
            die(short(self.tree), "edited", f"it has changes that are not in bases/{base.name} and the overlay",
                f"bases/series import {base.name}, or to forget them: bases/series edit --abort {base.name}")
        if self.file("stamp") == key and os.path.exists(self.mbx):
            os.utime(self.mbx)
            say(f"{base.name}: up to date")
            return
        self.make_work()
        if os.path.exists(self.out + "/stamp"):
            os.unlink(self.out + "/stamp")
        self._prepare_base()
        self._make_commits()
        self._report_strays()
        self._export()
        self._verify_mbx()
        self._checkout()
        self.file("stamp", key)
        tree = self.git("rev-parse", "--short=12", self.tip + "^{tree}").strip()
        say(f"{base.name}: {self.steps} commits on {base.tag}, tree {tree}")


def build(base):
    if base.in_base:
        say(f"{base.name}: this release provides KVM_PV_DUMP itself: the series holds fixes for it, and the kselftest")
    series = Series(base)
    series.take_lock()
    series.make()
    say(f"for git am: {short(series.mbx)}")
    say(f"one by one: {short(series.out)}/*.patch (git send-email; 0000 is the cover letter)")
    return series


def export(base, directory):
    if os.path.exists(directory) and os.listdir(directory):
        die(directory, "not empty", "an export begins with an empty directory")
    series = build(base)
    os.makedirs(directory, exist_ok=True)
    for path in glob.glob(series.out + "/*.patch") + [series.mbx, TOP + "/.b4-config"]:
        shutil.copy(path, directory)
    say(f"exported to {directory}")


def borrow(base, directory, patterns):
    """DIRECTORY becomes a build directory of its own for the base, for tests.

    Its tree shares the objects of the built one; only what the series touches and what the patterns match is checked out.
    """
    series = Series(base, plain=True)
    to = os.path.join(directory, "series", base.name, "tree")
    touched = series.git("diff", "--name-only", "base", "series").split()
    os.makedirs(os.path.dirname(to))
    series.git("clone", "-q", "--shared", "--no-checkout", "--branch", "base", series.tree, to)
    series.git("sparse-checkout", "set", "--no-cone", *("/" + path for path in touched), *patterns, where=to)
    series.git("config", "core.abbrev", "12", where=to)
    series.git("checkout", "-q", "-B", "base", where=to)
    shutil.copy(series.tree + "/.git/tarball", to + "/.git/tarball")
