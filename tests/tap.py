# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP for tests in Python, in the format of tests/tap.sh: t(NAME, FUNCTION, ARGUMENT...), and sys.exit(finish()).

A test passes when its function returns anything but False. What it and its children print is shown when it fails.
It runs in this process, but environment and working directory are as before for the next one.
"""
import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lib"))

WORK = tempfile.mkdtemp(prefix="tap.")
OUTPUT = os.path.join(WORK, "log")
results = {"count": 0, "bad": 0, "skipped": 0}


class Skip(Exception):
    """Raised by skip()."""


def skip(why):
    """Ends a test that cannot run here."""
    raise Skip(why)


def tap(status, name, lines=()):
    """One result. The last LINES say why it is bad, the first one why it is a skip (status 4)."""
    if not results["count"]:
        print("TAP version 13")
    results["count"] += 1
    nr = results["count"]
    if status == 0:
        print(f"ok {nr} {name}", flush=True)
    elif status == 4:
        results["skipped"] += 1
        print(f"ok {nr} {name} # SKIP {(list(lines) + [''])[0]}", flush=True)
    else:
        results["bad"] += 1
        print(f"not ok {nr} {name}")
        for line in list(lines)[-25:]:
            print("# " + line)
        sys.stdout.flush()


def t(name, function, *arguments):
    """Passes when the function returns and that is not False."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    environment, cwd = dict(os.environ), os.getcwd()
    with open(OUTPUT, "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    status, why = 1, None
    try:
        if function(*arguments) is not False:
            status = 0
    except Skip as reason:
        status, why = 4, [str(reason)]
    except (Exception, SystemExit):  # the next test runs whatever this one did
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for target, fd in zip((1, 2), saved):
            os.dup2(fd, target)
            os.close(fd)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
    with open(OUTPUT, encoding="utf-8", errors="replace") as log:
        tap(status, name, why or log.read().splitlines())


def rc(status, command, **options):
    """The command ends with STATUS; what it printed, errors too, is printed and returned. Options of subprocess.run."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                         errors="replace", check=False, **options)
    # As a shell counts: what a signal ended.
    got = run.returncode if run.returncode >= 0 else 128 - run.returncode
    print(f"{run.stdout}exit status {got}, expected {status}")
    assert got == status, f"{command}"
    return run.stdout


def says(pattern, text):
    """A line of the text matches the regular expression; returns the match."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"no line matches: {pattern}"
    return match


def rc_says(command, status, pattern, **options):
    """The command ends with STATUS, and a line of its output matches; returns the output."""
    output = rc(status, command, **options)
    says(pattern, output)
    return output


def flip(path, offset, to="flipped"):
    """A copy with another byte at OFFSET, whatever it was."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[offset] ^= 0xa5
    with open(to, "wb") as file:
        file.write(data)


def finish():
    """Prints the plan; returns the status to exit with."""
    print(f"1..{results['count']}", flush=True)
    return 1 if results["bad"] else 0


atexit.register(shutil.rmtree, WORK, ignore_errors=True)
