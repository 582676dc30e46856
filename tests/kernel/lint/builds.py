# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of lint that compile, analyse or render the tip and compare it with the base."""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess

from source import CROSS, JOBS, LOGS, SRC, WORK, log, normalised, output, skip

COCCI_TREE = WORK + "/cocci"
# One more file has a fault that one rule knows: without its report the others prove nothing.
CONTROL, CONTROL_RULE = "arch/s390/lint_control.c", "scripts/coccinelle/free/ifnullfree.cocci"
# What the driver and spatch print about a rule that they could not do; "exit status" is ours.
COCCI_FAILED = re.compile("^(exit status|coccicheck failed|Skipping coccinelle SmPL|EXN|Fatal error|.*: parse error).*", re.M)


class BuildError(Exception):
    pass


def kmake(*arguments):
    status = []
    said = output("make", "-C", SRC, "-s", "-j" + JOBS, "ARCH=s390", "CROSS_COMPILE=" + CROSS, f"O={WORK}/obj", *arguments,
                  status=status)
    if status != [0]:
        raise BuildError(said)
    return said


def touched_objects(source):
    """The objects whose sources the series changes; boot code is built like a module directory."""
    for file in source.touched:
        if re.search(r"^arch/s390/boot/.*\.c$|_test(_.*)?\.c$|^tools/|\.h$", file) or not file.endswith(".c"):
            continue
        if os.path.exists(f"{SRC}/{file}"):
            yield file[:-2] + ".o"


def compile_one(source, where, kunit="n"):
    """A configuration with KVM and, where it exists, the KUnit suite; all touched objects: gcc's reports, and sparse's."""
    log("../config", "CONFIG_VIRTUALIZATION=y\nCONFIG_KVM=y\nCONFIG_MARCH_Z13=y\nCONFIG_KUNIT=y\n"
                     f"CONFIG_KVM_S390_PV_DUMP_KUNIT_TEST={kunit}\n")
    objects = list(touched_objects(source))
    kmake(f"KCONFIG_ALLCONFIG={WORK}/config", "allnoconfig")
    kmake("prepare")
    for name in *objects, "arch/s390/boot/uv.o":
        if os.path.exists(f"{WORK}/obj/{name}"):
            os.unlink(f"{WORK}/obj/{name}")
    said = kmake("W=1", "C=2", *objects)
    if any(file.startswith("arch/s390/boot/") for file in source.touched):
        said += kmake("W=1", "C=2", "M=arch/s390/boot", "uv.o")
    reports = [line for line in normalised(log(where + ".cc", said)).splitlines() if re.search("(warning|error): ", line)]
    # gcc marks its own warnings; every other "file: text" line is sparse.
    return {"gcc": [line for line in reports if "[-W" in line or ": error:" in line],
            "sparse": [line for line in reports if "[-W" not in line], "text": said}


def compile_all(source):
    """Once for the warnings and sparse checks together."""
    if not source.compiled:
        source.checkout(source.root)
        base = compile_one(source, "base")
        source.checkout(source.tip)
        source.compiled = {"base": base, "tip": compile_one(source, "tip"), "kunit": compile_one(source, "kunit", "y")}
    return source.compiled


def compare(source, kind):
    try:
        reports = compile_all(source)
    except BuildError as error:
        print(error)
        return False
    if kind == "sparse" and re.search("sparse.*(not supported|unrecognized|Segmentation)", reports["base"]["text"]):
        skip(f"sparse {output('sparse', '--version').strip()} cannot read {source.base}")
    return all([source.report_new(reports["base"][kind], reports[tip][kind]) for tip in ("tip", "kunit")])


def warnings(source):
    return compare(source, "gcc")


def sparse(source):
    return compare(source, "sparse")


# --- coccinelle -----------------------------------------------------------------------------------

def cocci_tree(source):
    """The files that the series touches and the headers beside them as a tree of their own, at what is checked out."""
    shutil.rmtree(COCCI_TREE, ignore_errors=True)
    for file in source.touched:
        if file.startswith("tools/") or not file.endswith((".c", ".h")):
            continue
        to = os.path.dirname(f"{COCCI_TREE}/{file}")
        os.makedirs(to, exist_ok=True)
        beside = glob.glob(os.path.dirname(f"{SRC}/{file}") + "/*.h") if file.endswith(".c") else []
        for path in beside + [f"{SRC}/{file}"]:
            if os.path.exists(path):
                shutil.copy(path, to)
    os.makedirs(os.path.dirname(f"{COCCI_TREE}/{CONTROL}"), exist_ok=True)
    with open(f"{COCCI_TREE}/{CONTROL}", "w", encoding="utf-8") as file:
        file.write("void lint_control(void *p)\n{\n\tif (p)\n\t\tkfree(p);\n}\n")


def one_rule(rule):
    """The kernel's own driver with one rule: what it printed.

    By default it asks git which files are worth it, which knows none of these.
    """
    status = []
    said = output("./scripts/coccicheck", where=SRC, status=status, COCCI=rule, MODE="report", J="1", V="0", srctree=".",
                  KBUILD_EXTMOD=COCCI_TREE, srcroot=COCCI_TREE, SPFLAGS="--use-coccigrep",
                  LINUXINCLUDE="-I./arch/s390/include -I./include -I./arch/s390/include/uapi -I./include/uapi")
    return said + (f"exit status {status[0]}\n" if status[0] else "")


class Cocci:
    """Rules on that tree: their reports, those that did not run and why (the driver says so in words only), who reported."""

    def __init__(self, source, where, rules):
        cocci_tree(source)
        with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
            said = dict(zip(rules, pool.map(one_rule, rules)))
        self.unrun = {rule: COCCI_FAILED.search(text)[0] for rule, text in said.items() if COCCI_FAILED.search(text)}
        self.said = [rule for rule, text in said.items() if COCCI_TREE + "/" in text]
        text = log("cocci." + where, "".join(f"## {rule}\n{text}" for rule, text in said.items()))
        lines = re.findall("^(?:arch|include)/.*", text.replace(COCCI_TREE + "/", ""), re.M)
        reports = normalised("\n".join(lines)).splitlines()
        self.control = any(line.startswith(CONTROL + ":") and "NULL check" in line for line in reports)
        self.reports = [line for line in reports if not line.startswith(CONTROL + ":")]


def coccicheck(source):
    source.checkout(source.tip)
    rules = sorted(glob.glob("scripts/coccinelle/**/*.cocci", root_dir=SRC, recursive=True))
    # Rules which are OCaml programs need a compiler that Debian's package does not bring.
    scripted = output("grep", "-l", "script:ocaml", *rules, where=SRC).split()
    for rule in scripted:
        source.note(f"not run, a rule in OCaml: {rule}")
    rules = [rule for rule in rules if rule not in scripted]
    if len(rules) <= 30:
        print(f"only {len(rules)} rules found")
        return False
    tip = Cocci(source, "tip", rules)
    reports, unrun = [], {}
    # Only rules that reported something, or went wrong, have to be compared with the base.
    if tip.reports or tip.unrun or not tip.control:
        source.checkout(source.root)
        base = Cocci(source, "base", sorted({*tip.unrun, *tip.said, CONTROL_RULE}))
        source.checkout(source.tip)
        if CONTROL_RULE in base.unrun:
            skip(f"{output('spatch', '--version').splitlines()[0]} cannot do {CONTROL_RULE} of {source.base}")
        reports, unrun = base.reports, base.unrun
    if not tip.control:
        print(f"{CONTROL_RULE} does not report the fault in {CONTROL}")
        return False
    for rule in sorted(set(tip.unrun) & set(unrun)):
        source.note(f"not run, on the base neither: {rule}: {unrun[rule]}")
    failed = sorted(set(tip.unrun) - set(unrun))
    for rule in failed:
        print(f"fails on the tip only: {rule}")
    return source.report_new(reports, tip.reports) and not failed


# --- documents ---------------------------------------------------------------------------------------

def render(where):
    """Warnings of rendering KVM's directory at what is checked out, or None when it cannot be done."""
    shutil.rmtree(WORK + "/obj-doc", ignore_errors=True)
    status = []
    said = output("make", "-C", SRC, f"O={WORK}/obj-doc", "PYTHON=python3", "SPHINXDIRS=virt/kvm", "htmldocs", status=status)
    log("sphinx." + where, said)
    return None if status[0] else re.findall("^.*(?:WARNING|ERROR|SEVERE):? .*", normalised(said), re.M)


def sphinx(source):
    source.checkout(source.root)
    base = render("base")
    if base is None:
        skip(f"{output('sphinx-build', '--version').strip()} cannot render the documents of {source.base}")
    source.checkout(source.tip)
    tip = render("tip")
    if tip is None:
        print(subprocess.run(["tail", f"{LOGS}/sphinx.tip"], stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout)
        return False
    page = "s390-pv-dump" if any(file.endswith("/s390-pv-dump.rst") for file in source.added) else "api"
    if not glob.glob(f"{WORK}/obj-doc/**/{page}.html", recursive=True):
        print(f"{page}.rst was not rendered")
        return False
    return source.report_new(base, tip)
