# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes bases/README.md: which commit of which series changes what."""
import os

from build import BASES, Series

TEXT = """# Bases: what the series are made for, and how

<!-- made by "bases/series readme" -->

A base is a released kernel. `linux-5.10` gets the whole feature; the others have it and get the
kselftest, and what mends it (`docs/fixes.md`).
`BASE` pins the release, `PATHS` says where it has files that are elsewhere in mainline, `COVER` is the cover
letter, and each `NNNN-*.patch` (a hook) is one commit: its message, the hunks on files that exist, and
`X-Overlay:` lines with the new files, which are at the top of this repository under their kernel paths.

    make series                        # commits, patches and .mbx in build/series/
    bases/series edit 0009             # open a commit in build/series/linux-5.10/tree ...
    bases/series import                # ... and write what was edited back to hooks and overlay
    make apply KSRC=~/src/linux        # put the series on a kernel tree (PARTS="code docs tests", DRYRUN=1)

`build.py`, `edit.py`, `apply.py`, `readme.py` and `fixes.py` are these verbs, `base.py` reads a base, `merge-additions` merges
lists to which both sides only add. More: `docs/adding-a-base.md`.
"""


def files_cell(names):
    """One line a file; a directory with many of them is one."""
    directories = {}
    for name in names:
        directories.setdefault(os.path.dirname(name) + "/", []).append(f"`{name}`")
    return "<br>".join(f"`{directory}` ({len(files)} files)" if len(files) > 6 else "<br>".join(files)
                       for directory, files in directories.items())


def table(series):
    log = series.git("log", "--reverse", "--no-renames", "--numstat", "--format=@%s", "base..series")
    for hook, commit in zip(series.base.hooks(), ("\n" + log).split("\n@")[1:], strict=True):
        subject, *rest = commit.splitlines()
        rows = [line.split("\t") for line in rest if line]
        added, removed = (sum(int(row[i]) for row in rows) for i in (0, 1))
        yield f"| {hook.number} | {subject} | {hook.part} | {files_cell(row[2] for row in rows)} | +{added} -{removed} |"


def readme(base):
    series = Series(base)
    series.take_lock()
    series.make()
    uapi = next(hook for hook in base.hooks() if "diff --git a/include/uapi/" in hook.hunks)
    lines = [TEXT, f"## The series of {base.name}, for {base.tag}", "",
             f'Where is the uapi? In {uapi.number}, "{uapi.subject}", and nowhere else.', "",
             "| hook | commit | part | files | lines |", "|---|---|---|---|---|", *table(series)]
    with open(BASES + "/README.md", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
