# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads bases/<base>: pins, path map and hooks; changes nothing."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lib"))
from common import TOP, die, usage_die  # pylint: disable=wrong-import-position

KEYS = "version tag commit pin sha256 files date feature unpack".split()


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


class Hook:
    """One commit: header lines (Subject, X-Part, X-Overlay, X-Defect, X-Note), an empty line, the body, "---", hunks."""

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.number = self.name.split("-")[0]
        self.text = read(path)
        head, _, rest = self.text.partition("\n\n")
        self.header = head.split("\n")
        self.hunks = self.text[self.text.index("\ndiff --git ") + 1:] if "\ndiff --git " in self.text else ""
        body = re.split("^---$", "\n" + rest, maxsplit=1, flags=re.M)[0]
        self.subject = self.values("Subject")[0]
        self.message = f"{self.subject}\n{body}"
        # What a user may leave out of the series: code, docs or tests.
        self.part = (self.values("X-Part") or ["code"])[0]

    def values(self, key):
        return [line[len(key) + 2:] for line in self.header if line.startswith(key + ": ")]

    def overlay(self):
        """The overlay files that it adds; a pattern stands for all that match."""
        files = []
        for pattern in self.values("X-Overlay"):
            found = sorted(glob.glob(pattern, root_dir=TOP))
            if not found:
                die(self.name, f"X-Overlay: {pattern}", "no such file in this repository")
            files += found
        return files

    def changes(self, path):
        return f"diff --git a/{path} b/" in self.hunks


class Base:
    def __init__(self, name):
        self.name, self.dir = name, os.path.join(TOP, "bases", name)
        if not os.path.exists(self.dir + "/BASE"):
            usage_die(f"unknown base '{name}', there is: {' '.join(all_bases())}")
        values = dict.fromkeys(KEYS, "")
        for line in read(self.dir + "/BASE").splitlines():
            key, _, value = line.partition("=")
            if line and not line.startswith("#"):
                if key not in values:
                    die(f"bases/{name}/BASE", "unknown key", key)
                values[key] = value
        self.__dict__.update(values)
        self.date = int(self.date)
        # Where this base has files of the overlay; a row that ends with / is a directory.
        rows = [line.split() for line in read(self.dir + "/PATHS").splitlines() if line.strip() and not line.startswith("#")]
        self.paths = [(row[0], row[1]) for row in rows]

    @property
    def in_base(self):
        """The base has the feature: its series holds fixes for it, if there are any, and the kselftest."""
        return self.feature == "in-base"

    def hooks(self):
        return [Hook(path) for path in sorted(glob.glob(self.dir + "/[0-9][0-9][0-9][0-9]-*.patch"))]

    def base_path(self, path):
        return _mapped(path, self.paths)

    def source_path(self, path):
        """Where this repository has the file that the base has as PATH."""
        return _mapped(path, [(to, source) for source, to in self.paths])


def _mapped(path, rows):
    below = None
    for source, to in rows:
        if path == source:
            return to
        if source.endswith("/") and path.startswith(source):
            below = to + path.removeprefix(source)
    return below or path


def all_bases():
    return sorted(os.path.basename(path) for path in glob.glob(TOP + "/bases/linux-*"))


def version_of(text):
    return tuple(int(number) for number in re.findall("[0-9]+", text))


def fix_base(tree):
    """The base whose fixes are meant for that tree: its own release, or else the last one before it, or none."""
    words = dict(re.findall(r"^(VERSION|PATCHLEVEL) *= *(\d+)", read(tree + "/Makefile"), re.M))
    release = int(words["VERSION"]), int(words["PATCHLEVEL"])
    older = [name for name in all_bases() if Base(name).in_base and version_of(name) <= release]
    return max(older, key=version_of, default=None)


def announces(tree):
    """KVM in that tree announces dumps."""
    files = glob.glob(tree + "/arch/s390/kvm/**/*.c", recursive=True)
    return any("case KVM_CAP_S390_PROTECTED_DUMP" in read(path) for path in files)
