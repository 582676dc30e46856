#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Owns: judging kernels by what the same test program saw on each: verdicts, transcripts, the table.
# Never: writes the reviewed files (differences, the table in docs); a person does that.
"""compare.py DIFFERENCES TABLE.md RESULTS REFERENCE KERNEL...

RESULTS/<kernel>/ holds tap and transcript of one boot; boots: one line per test with a
boot of its own ("<test> ok|fail|skip|panic"); content: one line per decrypted dump
("<dump> ok|fail"); bad-input: likewise, per wrong use of the test. Prints KTAP. Exit status 0: all as listed, 1: not.
"""
import difflib
import os
import re
import sys

DEFECT = re.compile(r"(?:^|[._])d([0-9]+)_")


def die(what, why):
    sys.exit("compare.py: %s: %s" % (what, why))


def defect_of(test):
    match = DEFECT.search(test)
    return "D" + match.group(1) if match else None


def read_tap(path):
    """Verdict of each test in one run: ok, fail or skip."""
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
    """One reviewed line: kernels | defect | test | side | pattern | reason."""

    def __init__(self, where, line):
        fields = line.split(" | ")
        if len(fields) != 6:
            die(where, "%d fields instead of 6" % len(fields))
        self.where = where
        self.kernels = fields[0].split()
        self.defect, self.test, self.side, pattern, self.reason = fields[1:]
        if self.side not in ("-", "+"):
            die(where, "the side is '-' (only the reference) or '+' (only the other kernel)")
        if not self.reason or not self.defect:
            die(where, "no defect or no reason")
        self.text = re.compile(pattern)
        self.test_re = re.compile(self.test)

    def matches(self, test, side, text):
        return (side == self.side and self.test_re.fullmatch(test) is not None and
                self.text.fullmatch(text) is not None)


def read_differences(path):
    found = []
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if line.strip() and not line.startswith("#"):
            found.append(Difference("%s:%d" % (path, number), line))
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


def diff(reference, other):
    """(test, side, text) of each line that only one of two transcripts has."""
    found = []
    for test in sorted(set(reference) | set(other)):
        lines = difflib.ndiff(reference.get(test, []), other.get(test, []))
        found += [(test, line[0], line[2:]) for line in lines if line[0] in "-+"]
    return found


class Ktap:
    def __init__(self):
        self.lines = []
        self.failed = 0

    def result(self, good, name, details=()):
        self.lines += ["# " + detail for detail in details]
        self.lines.append("%s %d - %s" % ("ok" if good else "not ok", self.count() + 1, name))
        self.failed += not good

    def count(self):
        return sum(not line.startswith("#") for line in self.lines)

    def print(self):
        print("KTAP version 1\n1..%d" % self.count())
        print("\n".join(self.lines))


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
    if kernel == reference:
        own = [t for t in failed if table.get(defect_of(t), {}).get(kernel) != "defect"]
        ktap.result(not own, "%s: no test fails but for what the table names" % kernel, own)
    wrong = []
    for defect in sorted(table, key=lambda d: int(d[1:])):
        want = table[defect].get(kernel)
        if want in (None, "-"):
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


def judge_transcript(ktap, kernel, reference, other, differences):
    mine = [d for d in differences if kernel in d.kernels]
    used = set()
    unlisted = []
    for test, side, text in diff(reference, other):
        for entry in mine:
            if entry.matches(test, side, text):
                used.add(entry)
                break
        else:
            unlisted.append("%s %s: %s" % (side, test, text))
    ktap.result(not unlisted, "%s: every difference is listed" % kernel, unlisted)
    idle = ["%s: %s %s %s %s" % (d.where, d.defect, d.test, d.side, d.text.pattern)
            for d in mine if d not in used]
    ktap.result(not idle, "%s: every listed difference occurs" % kernel, idle)


def print_table(kernels, verdicts, table):
    width = max(len(kernel) for kernel in kernels)
    print("# %-6s %s" % ("", " ".join("%-*s" % (max(width, 10), k) for k in kernels)))
    for defect in sorted(table, key=lambda d: int(d[1:])):
        cells = ["%-*s" % (max(width, 10), state(verdicts[k], defect)) for k in kernels]
        print("# %-6s %s" % (defect, " ".join(cells)))


def main(argv):
    if len(argv) < 5:
        sys.exit(__doc__)
    differences = read_differences(argv[1])
    table = read_table(argv[2])
    results, reference, kernels = argv[3], argv[4], argv[4:]
    verdicts = {}
    transcripts = {}
    for kernel in kernels:
        base = os.path.join(results, kernel)
        verdicts[kernel] = read_tap(os.path.join(base, "tap"))
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
                             differences)
    ktap.print()
    print_table(kernels, verdicts, table)
    return 1 if ktap.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
