#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Judge kernels by what the same test programs saw on each: verdicts, transcripts, the table.
"""compare.py DIFFERENCES DEFECTS TABLE.md RESULTS REFERENCE KERNEL...

RESULTS/<kernel>/ holds a .tap of each program and the transcript of one boot; boots: one line per
test with a boot of its own ("<test> ok|fail|skip|panic"); content: one line per decrypted dump
("<dump> ok|fail"); bad-input: likewise, per wrong use of the test. Prints KTAP. Exit status 0: all as listed, 1: not.
"""
import difflib
import glob
import os
import re
import sys

DEFECTS = {}


def die(what, why):
    sys.exit("compare.py: %s: %s" % (what, why))


def defect_of(test):
    """What follows a colon tells boots of one test apart."""
    return DEFECTS.get(test.split(":")[0])


def read_defects(path):
    """Defect of each test that shows one."""
    for number, line in enumerate(open(path), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != 2 or not re.fullmatch(r"D[0-9]+", words[0]):
            die("%s:%d" % (path, number), "not '<defect> <test>'")
        if words[1] in DEFECTS:
            die("%s:%d" % (path, number), "%s has a defect already" % words[1])
        DEFECTS[words[1]] = words[0]


def read_taps(directory):
    """Verdict of each test of all programs."""
    paths = sorted(glob.glob(os.path.join(glob.escape(directory), "*.tap")))
    if not paths:
        die(directory, "no .tap")
    verdicts = {}
    for path in paths:
        found = read_tap(path)
        twice = set(found) & set(verdicts)
        if twice:
            die(path, "%s was run twice" % ", ".join(sorted(twice)))
        verdicts.update(found)
    return verdicts


def read_tap(path):
    """Verdict of each test of one program: ok, fail or skip."""
    verdicts = {}
    plan = None
    seen = 0
    for line in open(path, errors="replace"):
        match = re.match(r"1\.\.([0-9]+)", line)
        if match:
            plan = int(match.group(1))
        match = re.match(r"(not )?ok ([0-9]+) (?:- )?(.*)", line)
        if not match:
            continue
        seen += 1
        text = match.group(3).strip()
        skip = re.search(r"# SKIP (?:- )?([a-z0-9]+\.[a-z0-9_]+)", text)
        if skip:
            verdicts[skip.group(1)] = "skip"
        else:
            verdicts[text.split()[0]] = "fail" if match.group(1) else "ok"
    if plan is None:
        die(path, "no plan")
    if seen != plan:
        die(path, "plan of %d tests, %d results" % (plan, seen))
    return verdicts


def read_boots(path, verdicts):
    """Tests with a boot of their own; a panic is the way such a test fails."""
    for test, verdict in read_pairs(path):
        verdicts[test] = verdict


def read_pairs(path):
    """Name and verdict per line; an empty list when nothing was written."""
    if not os.path.exists(path):
        return []
    return [line.split() for line in open(path)]


def read_transcript(path):
    """Lines of each test, in order."""
    tests = {}
    for line in open(path, errors="replace"):
        test, _, text = line.rstrip("\n").partition(": ")
        tests.setdefault(test, []).append(text)
    return tests


class Difference:
    """One reviewed edit of the reference's transcript: kernels | defect | tests | which | line | becomes | reason."""

    def __init__(self, where, line):
        fields = line.split(" | ")
        if len(fields) != 7:
            die(where, "%d fields instead of 7" % len(fields))
        self.where = where
        self.kernels = fields[0].split()
        self.defect, tests, which, pattern, becomes, self.reason = fields[1:]
        if not re.fullmatch(r"D[0-9]+", self.defect) or not self.reason:
            die(where, "no defect or no reason")
        self.tests = None if tests == "*" else tests.split()
        self.which = None if which == "each" else self.numbers(which)
        self.line = re.compile(pattern)
        becomes = [] if becomes == "-" else becomes.split(" // ")
        self.ends = becomes[-1:] == ["end"]
        self.becomes = becomes[:-1] if self.ends else becomes
        if self.tests is None and self.which is not None:
            die(where, "a line of every test is edited each time")

    def numbers(self, which):
        found = set()
        for part in which.split(","):
            match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", part)
            if not match:
                die(self.where, "'%s' is not 'each' and no list of numbers" % which)
            found.update(range(int(match.group(1)), int(match.group(2) or match.group(1)) + 1))
        return found

    def concerns(self, test):
        return self.tests is None or test in self.tests

    def name(self):
        return "%s: %s" % (self.where, self.defect)


class Edits:
    """The reviewed edits for one kernel, and how often each was needed."""

    def __init__(self, differences, kernel):
        self.mine = [d for d in differences if kernel in d.kernels]
        self.used = {d: 0 for d in self.mine}
        self.idle = []

    def test(self, test, lines):
        """What this kernel's transcript of one test has to be, from the reference's."""
        mine = [d for d in self.mine if d.concerns(test)]
        seen = {d: 0 for d in mine}
        hits = {d: set() for d in mine}
        expected = []
        for text in lines:
            edit = None
            for entry in mine:
                match = entry.line.fullmatch(text)
                seen[entry] += match is not None
                if match and not edit and (entry.which is None or seen[entry] in entry.which):
                    edit, found = entry, match
            if not edit:
                expected.append(text)
                continue
            self.used[edit] += 1
            hits[edit].add(seen[edit])
            lines = [found.expand(line) for line in edit.becomes]
            if lines == [text] and not edit.ends:
                self.idle.append("%s: changes nothing in %s" % (edit.name(), test))
            expected += lines
            if edit.ends:
                break
        for entry in mine:
            if entry.tests is not None and (not hits[entry] or hits[entry] < (entry.which or set())):
                self.idle.append("%s: no such line in %s" % (entry.name(), test))
        return expected

    def all_idle(self, tests):
        for entry, times in self.used.items():
            if not times:
                self.idle.append("%s: never needed" % entry.name())
            for test in entry.tests or []:
                if test not in tests:
                    self.idle.append("%s: no transcript of %s" % (entry.name(), test))
        return self.idle


def read_differences(path):
    found = []
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if line.strip() and not line.startswith("#"):
            found.append(Difference("%s:%d" % (os.path.basename(path), number), line))
    return found


def read_table(path):
    """The table in docs: defect -> {kernel: state}."""
    kernels = None
    table = {}
    for line in open(path):
        if not line.startswith("|"):
            continue
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if kernels is None:
            kernels = cells[2:]
        elif re.fullmatch(r"D[0-9]+", cells[0]):
            table[cells[0]] = dict(zip(kernels, cells[2:]))
    if not table:
        die(path, "no table of defects")
    return table


def deviations(test, expected, seen):
    """Lines of one test that are not as expected: "-" is missing, "+" is too much."""
    if expected == seen:
        return []
    return ["%s %s: %s" % (line[0], test, line[2:])
            for line in difflib.ndiff(expected, seen) if line[0] in "-+"]


class Ktap:
    def __init__(self):
        self.lines = []
        self.failed = 0

    def result(self, good, name, details=()):
        self.lines += ["# " + detail for detail in details]
        self.lines.append("%s %d - %s" % ("ok" if good else "not ok", self.count() + 1, name))
        self.failed += not good

    def note(self, text):
        self.lines.append("# " + text)

    def count(self):
        return sum(not line.startswith("#") for line in self.lines)

    def print(self):
        print("KTAP version 1\n1..%d" % self.count())
        print("\n".join(self.lines))


def untested(verdicts, kernel, table):
    """Tests that were skipped in every boot, but those of a defect that is not tried on this kernel."""
    ran = {test.split(":")[0] for test, verdict in verdicts.items() if verdict != "skip"}
    return [test for test, verdict in sorted(verdicts.items())
            if verdict == "skip" and test not in ran and
            table.get(defect_of(test), {}).get(kernel) != "-"]


def state(verdicts, defect):
    """What one kernel's verdicts say about one defect."""
    mine = [v for test, v in verdicts.items() if defect_of(test) == defect and v != "skip"]
    if not mine:
        return "not tested"
    return "ok" if all(v == "ok" for v in mine) else "defect"


def judge_verdicts(ktap, kernel, verdicts, table, reference):
    failed = [t for t, v in sorted(verdicts.items()) if v in ("fail", "panic")]
    other = [t for t in failed if not defect_of(t)]
    ktap.result(not other, "%s: no test without a defect's number fails" % kernel, other)
    left = untested(verdicts, kernel, table)
    ktap.result(not left, "%s: no test is skipped in every boot" % kernel, left)
    if kernel == reference:
        gone = sorted(set(DEFECTS) - {test.split(":")[0] for test in verdicts})
        ktap.result(not gone, "%s: every test with a defect's number is there" % kernel, gone)
        own = [t for t in failed if table.get(defect_of(t), {}).get(kernel) != "defect"]
        ktap.result(not own, "%s: no test fails but for what the table names" % kernel, own)
    wrong = []
    for defect in sorted(table, key=lambda d: int(d[1:])):
        want = table[defect].get(kernel)
        if want in (None, "-", "either"):
            continue
        seen = state(verdicts, defect)
        if seen != want:
            wrong.append("%s: the table says %s, the tests say %s" % (defect, want, seen))
    unlisted = sorted({defect_of(t) for t in failed if defect_of(t)} - set(table))
    wrong += ["%s fails and is not in the table" % defect for defect in unlisted]
    ktap.result(not wrong, "%s: defects are as the table says" % kernel, wrong)


def judge_pairs(ktap, name, pairs):
    bad = [what for what, verdict in pairs if verdict != "ok"]
    ktap.result(pairs and not bad, name % len(pairs), bad)


def judge_transcript(ktap, kernel, reference, other, differences, panics):
    """A test that panicked left no transcript; its verdict is judged, not its lines."""
    edits = Edits(differences, kernel)
    unlisted = []
    for test in sorted((set(reference) | set(other)) - panics):
        expected = edits.test(test, reference.get(test, []))
        unlisted += deviations(test, expected, other.get(test, []))
    ktap.result(not unlisted, "%s: every difference is listed" % kernel, unlisted)
    idle = edits.all_idle(set(reference) - panics)
    ktap.result(not idle, "%s: every listed difference occurs" % kernel, idle)
    count = {}
    for entry, times in edits.used.items():
        count[entry.defect] = count.get(entry.defect, 0) + times
    ktap.note("%s: lines edited: %s" % (kernel, ", ".join(
        "%s %d" % (defect, count[defect]) for defect in sorted(count, key=lambda d: int(d[1:])))))


def print_table(kernels, verdicts, table):
    width = max(len(kernel) for kernel in kernels)
    print("# %-6s %s" % ("", " ".join("%-*s" % (max(width, 10), k) for k in kernels)))
    for defect in sorted(table, key=lambda d: int(d[1:])):
        cells = ["%-*s" % (max(width, 10), state(verdicts[k], defect)) for k in kernels]
        print("# %-6s %s" % (defect, " ".join(cells)))


def main(argv):
    if len(argv) < 6:
        sys.exit(__doc__)
    differences = read_differences(argv[1])
    read_defects(argv[2])
    table = read_table(argv[3])
    results, reference, kernels = argv[4], argv[5], argv[5:]
    verdicts = {}
    transcripts = {}
    for kernel in kernels:
        base = os.path.join(results, kernel)
        verdicts[kernel] = read_taps(base)
        read_boots(os.path.join(base, "boots"), verdicts[kernel])
        transcripts[kernel] = read_transcript(os.path.join(base, "transcript"))
    ktap = Ktap()
    for kernel in kernels:
        judge_verdicts(ktap, kernel, verdicts[kernel], table, reference)
        judge_pairs(ktap, kernel + ": %d dumps decrypt to the plaintext",
                    read_pairs(os.path.join(results, kernel, "content")))
        judge_pairs(ktap, kernel + ": %d kinds of wrong use are refused or skipped",
                    read_pairs(os.path.join(results, kernel, "bad-input")))
        if kernel != reference:
            judge_transcript(ktap, kernel, transcripts[reference], transcripts[kernel],
                             differences, {t for t, v in verdicts[kernel].items() if v == "panic"})
    ktap.print()
    print_table(kernels, verdicts, table)
    return 1 if ktap.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
