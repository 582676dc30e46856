# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/fixes.md: which patch of which series mends which defect of a released kernel, and which test shows it."""
import os
import re

from base import Base, all_bases, read
from common import TOP

TEXT = """# Fixes for released kernels

<!-- made by "bases/series readme" -->

The defects that released kernels have in this interface, and the patch of each series that fixes it. `docs/oracle-table.md` has
the kernels on which they show. A patch is in `bases/<base>/` under its number; `make series BASE=<base>` makes the mails,
`make apply KSRC=<tree> BASE=<base>` puts them on a tree. A defect without a test was found by reading.
"""
# What no test of the oracle shows.
UNTESTED = {
    "D21": "The storage donated for a guest whose last MiB is partial lacks that MiB",
    "N1": "A vCPU thread may import a page after the dump has begun",
    "N2": "Asynchronous teardown destroys all secure CPUs and then refuses",
    "N3": "A page is exported while faults are disabled, which may sleep",
    "N4": "A page that is aged after it was written is lost from the dirty log (no dump; the kernel's own dirty_log_test shows it)",
}
KEPT = """
## What stays

| Defect | Why |
|---|---|
| D12 | Reserved fields are not checked: programs that do not clear them work today |
| D13 | A dump is not refused for lack of an installed call: the Ultravisor refuses, and rc says so |
| D14 | The name of a sysfs file is an ABI |
| D17 | Other calls during a dump are the Ultravisor's to refuse |
| D19 | The first KVM_S390_PV_COMMAND gives user space the control of CPU states: programs may depend on it |
| D24 | -EINVAL means several things: another errno would be another ABI |
| N1 on 6.1 and 6.12 | There is no lock for imports. A vCPU whose dump was taken has left KVM_RUN, and so imports nothing |
| D11, in part | A vCPU may be dumped after the end of the dump; the Ultravisor refuses that. A lock would have to be a new one |
| D4, in part | A vCPU command in read-only memory gets -EFAULT after the data was stored: it may be repeated |
| N2, in part | If the Ultravisor refuses to destroy the configuration at once, its vCPUs are gone, as with KVM_PV_DISABLE |
| D23, in part | INIT, which is short, cannot be killed while the Ultravisor is busy |
"""


def titles():
    rows = re.findall(r"^\| (D[0-9]+) \| (.*?) \|", read(TOP + "/docs/oracle-table.md"), re.M)
    return {**dict(rows), **UNTESTED}


def tests():
    found = {}
    for line in read(TOP + "/tests/oracle/defects").splitlines():
        if line and not line.startswith("#"):
            defect, test = line.split()
            found.setdefault(defect, []).append(f"`{test}`")
    return found


def order(defect):
    return defect[0], int(defect[1:])


def fixes():
    bases = [Base(name) for name in reversed(all_bases()) if Base(name).in_base]
    patches = {}
    for base in bases:
        for hook in base.hooks():
            for defect in hook.values("X-Defect"):
                patches.setdefault(defect, {}).setdefault(base.name, []).append(hook.number)
    bases = [base for base in bases if any(base.name in row for row in patches.values())]
    shown, what = tests(), titles()
    lines = [TEXT, "| Defect | What is wrong | Shown by | " + " | ".join(f"`{base.name}`" for base in bases) + " |",
             "|---" * (3 + len(bases)) + "|"]
    for defect in sorted(patches, key=order):
        cells = [", ".join(patches[defect].get(base.name, [])) or "-" for base in bases]
        lines.append(f"| {defect} | {what[defect]} | {' '.join(shown.get(defect, ['-']))} | {' | '.join(cells)} |")
    lines += ["", *(f"`{base.name}` is for {base.tag}." for base in bases)]
    with open(os.path.join(TOP, "docs/fixes.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n" + KEPT)
