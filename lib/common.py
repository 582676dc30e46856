# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs in Python share with lib/common.sh: paths, messages, packages, the directory of the build."""
import os
import re
import shutil
import signal
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.abspath(os.environ.get("PVDUMP_BUILD") or os.path.join(TOP, "build"))
CACHE = os.environ.get("PVDUMP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"), ".cache"), "kvm-pv-dump")
LOGS = os.path.join(BUILD, "log")
CROSS = os.environ.get("CROSS") or "s390x-linux-gnu-"
PROG = os.environ.get("PROG") or os.path.basename(sys.argv[0])
os.environ["LC_ALL"] = "C"
# As for any filter: who reads no more ends it.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
# A program does the same from make and without.
for _name in "MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES":
    os.environ.pop(_name, None)


def say(text):
    """Progress and notices; standard output stays free for results."""
    print(f"{PROG}: {text}", file=sys.stderr, flush=True)


def die(obj, what, why, hint=None):
    """The one shape of an error; ends with 1."""
    say(f"{obj}: {what}: {why}")
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    sys.exit(1)


def usage_die(text):
    """The caller asked for something that does not exist; ends with 2."""
    say(f"usage: {text}")
    sys.exit(2)


def skip(why):
    """This machine cannot do it; ends with 4."""
    say(f"skipped: {why}")
    sys.exit(4)


def short(path):
    """A path for people: from the top of the repository, if it is below."""
    return path.removeprefix(TOP + "/")


def make_dir(*paths):
    """Makes directories, or says why it cannot."""
    for path in paths:
        why = "Permission denied"
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as err:
            # A file in the way is what keeps a directory from being made there.
            why = "Not a directory" if isinstance(err, FileExistsError) else err.strerror
        if not (os.path.isdir(path) and os.access(path, os.W_OK)):
            die(path, "cannot write", why, "PVDUMP_BUILD and PVDUMP_CACHE name other directories")


def shell(function, *arguments):
    """A function of lib/common.sh, which ends this program when it fails."""
    status = subprocess.run(["bash", "-euc", '. "$0"; "$@"', os.path.join(TOP, "lib/common.sh"), function, *arguments],
                            env={**os.environ, "PROG": PROG}, stdin=subprocess.DEVNULL, check=False).returncode
    if status:
        sys.exit(status if status > 0 else 1)


def need(*pairs):
    """Programs "TOOL:PACKAGE" that must be on the path: all that are missing are installed at once."""
    missing = [pair for pair in pairs if not shutil.which(pair.split(":")[0])]
    if missing:
        shell("need", *missing)


def need_files(*words):
    """Before the first long step: what these verbs and kernels need (machine/needs) is there, or this program ends."""
    shell("need_files", *words)


def _check_paths():
    for path in TOP, BUILD:
        if re.search(r"[\s,:]", path):
            die(path, "cannot work here", "kbuild and QEMU take no path with a space, ',' or ':'",
                "clone elsewhere, or set PVDUMP_BUILD")
    # A build directory elsewhere is marked when it is made, or taken while empty: nothing in it is anybody else's.
    if os.environ.get("PVDUMP_BUILD"):
        os.environ["PVDUMP_BUILD"] = BUILD
        if not os.path.isdir(BUILD) or not os.listdir(BUILD):
            make_dir(BUILD)
            open(os.path.join(BUILD, ".kvm-pv-dump-build"), "w", encoding="ascii").close()


_check_paths()
