# SPDX-License-Identifier: GPL-2.0-or-later
"""A program and the shared libraries that its loader needs, found in unpacked packages."""
import os
import re
import subprocess


def needed(path):
    """The names in the dynamic section, and of the loader."""
    text = subprocess.run(["readelf", "-d", "-l", "-W", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                          encoding="utf-8", errors="replace").stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text) + re.findall(r"program interpreter: .*/(.*)\]", text)


def closure(trees, name):
    """Files of the unpacked TREES: tree to paths. The program is in a directory "bin", what it needs anywhere.

    Raises LookupError with the name that no tree has.
    """
    there = {}
    for tree in trees:
        for directory, _, files in os.walk(tree):
            for file in files:
                if ".so" in file or (file == name and os.path.basename(directory) == "bin"):
                    there.setdefault(file, (tree, os.path.join(directory, file)))
    found, todo, seen = {}, [name], {name}
    while todo:
        file = todo.pop()
        if file not in there:
            raise LookupError(file)
        tree, path = there[file]
        found.setdefault(tree, []).append(path)
        new = set(needed(path)) - seen
        seen |= new
        todo += sorted(new)
    return found
