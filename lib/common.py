# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs in Python share with lib/common.sh: paths, messages, packages, stages, the directory of the build."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.abspath(os.environ.get("PVDUMP_BUILD") or os.path.join(TOP, "build"))
CACHE = os.environ.get("PVDUMP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/root"), ".cache"), "kvm-pv-dump")
LOGS = os.path.join(BUILD, "log")
CROSS = os.environ.get("CROSS") or "s390x-linux-gnu-"
PROG = os.environ.get("PROG") or os.path.basename(sys.argv[0])
os.environ["LC_ALL"] = "C"
# One compiler cache for every clone: paths below build/ count as relative. Two options of kbuild that name the tree's
# place do not count: what they do is the same in every place.
os.environ.setdefault("CCACHE_DIR", os.path.join(CACHE, "ccache"))
os.environ.update(CCACHE_BASEDIR=BUILD, CCACHE_NOHASHDIR="1", CCACHE_IGNOREOPTIONS="-fmacro-prefix-map=* -Wa,-I*")
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


def _duration(seconds):
    return f"{seconds // 60}m{seconds % 60:02}s" if seconds >= 60 else f"{seconds}s"


def _last_line(path):
    with open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - 1000))
        lines = re.split(rb"[\r\n]+", log.read().rstrip())
    return "".join(c for c in lines[-1].decode("utf-8", "replace") if c.isprintable())


def _child(log, function, arguments):
    """The forked half of stage()."""
    os.setpgid(0, 0)
    for fd, path, flags in (0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_APPEND):
        os.dup2(os.open(path, flags), fd)
    os.dup2(1, 2)
    status = 1
    try:
        status = int(function(*arguments) or 0)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _wait_with_progress(pid, name, expect, log):
    """One line that is updated on a terminal, else one a minute."""
    terminal, start, shown = sys.stderr.isatty(), time.monotonic(), 0
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        now = int(time.monotonic() - start)
        if done:
            return os.waitstatus_to_exitcode(status), now
        if now - shown >= (1 if terminal else 60):
            shown = now
            line = f"{PROG}: {name}: {_duration(now)} (about {expect} in all)  {_last_line(log)}"
            if terminal:
                print("\r\033[K" + line[:shutil.get_terminal_size().columns - 1], end="", file=sys.stderr, flush=True)
            else:
                print(line[:150], file=sys.stderr, flush=True)
        time.sleep(0.05)


def stage(name, expect, function, *arguments, rerun=None):
    """A long step in a process of its own, with its log and its progress, and on failure the end of the log.

    The function's value is a status, or None. A list of words in its place is a command. Returns the status.
    """
    log = os.path.join(LOGS, name + ".log")
    make_dir(LOGS)
    if isinstance(function, list):
        rerun = rerun or " ".join(function)
        function, arguments = lambda *words: subprocess.run(words, check=False).returncode, function
    terminal = sys.stderr.isatty()
    if not terminal:
        say(f"{name}: about {expect}  [log: {short(log)}]")
    open(log, "wb").close()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _child(log, function, arguments)

    def end(number, _):
        for kill in signal.SIGTERM, signal.SIGKILL:
            try:
                os.killpg(pid, kill)
                time.sleep(0.2)
            except ProcessLookupError:
                break
        sys.exit(128 + number)
    saved = {number: signal.signal(number, end) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    status, seconds = _wait_with_progress(pid, name, expect, log)
    for number, handler in saved.items():
        signal.signal(number, handler)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if not status:
        say(f"{name}: done in {_duration(seconds)}")
        return 0
    with open(log, encoding="utf-8", errors="replace") as text:
        print(f"--- last lines of {short(log)}", "".join(text.readlines()[-30:]), sep="\n", end="", file=sys.stderr)
    say(f"{name}: failed: exit status {status}")
    print(f"hint: rerun with: {rerun or sys.argv[0]}", file=sys.stderr)
    return status


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
