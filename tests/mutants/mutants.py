# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the list of mutants, and makes mutated files of a kernel tree."""

import pathlib
import re


class Mutant:
    """One entry of the list: in function @function of @path, the line @old becomes @new."""

    def __init__(self, number, path, function):
        self.number = number
        self.name = f"{number:03d} {pathlib.Path(path).name}:{function}"
        self.path, self.function = path, function
        self.old = self.new = self.equivalent = None

    def body(self, text):
        """Start and end of the function in the file, or of the whole file for "-"."""
        if self.function == "-":
            return 0, len(text)
        start = re.search(rf"^[a-z].*\b{re.escape(self.function)}\(", text, re.M)
        while start:
            # A prototype ends before the next brace at the beginning of a line.
            end = re.compile(r"^\}", re.M).search(text, start.end())
            brace = re.compile(r"^\{", re.M).search(text, start.end())
            semicolon = text.find(";", start.end())
            if brace and end and brace.start() < semicolon:
                return start.start(), end.end()
            start = re.compile(rf"^[a-z].*\b{re.escape(self.function)}\(", re.M).search(text, start.end())
        raise ValueError(f"{self.name}: no such function in {self.path}")

    def apply(self, text):
        """The mutated file. The old line has to be in the function exactly once."""
        start, end = self.body(text)
        lines = text[start:end].split("\n")
        found = [i for i, line in enumerate(lines) if line.strip() == self.old]
        if len(found) != 1:
            raise ValueError(f"{self.name}: {len(found)} lines are '{self.old}'")
        indent = re.match(r"\s*", lines[found[0]]).group()
        lines[found[0]] = indent + self.new if self.new else ""
        return text[:start] + "\n".join(lines) + text[end:]


def read(path):
    """The mutants of a list; see its head for the form."""
    mutants, where, current = [], None, None
    for nr, line in enumerate(pathlib.Path(path).read_text().split("\n"), 1):
        kind, rest = line[:1], line[1:].strip()
        if not line or kind == "#":
            continue
        if kind not in "-+=":
            where = line.split()
        elif kind == "-":
            current = Mutant(len(mutants) + 1, *where)
            current.old = rest
            mutants.append(current)
        elif kind == "+":
            current.new = rest
        elif kind == "=":
            current.equivalent = rest
        else:
            raise ValueError(f"{path}:{nr}: what is this?")
    return mutants
