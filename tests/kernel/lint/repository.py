# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of lint that read this repository."""
import os
import re

from source import TOP, output, read

# In pieces, so that this file passes.
SIGNOFF = "Signed-" "off-by:|Co-authored-" "by:"
PLACE = r'(^|[[:space:]"=(])/(home|root)/|https?://[a-z0-9.-]*debian\.(org|net)'


def first_lines():
    """Pairs of name and first line of each tracked file that is a text."""
    for name in output("git", "ls-files", where=TOP).split("\n"):
        path = f"{TOP}/{name}"
        if name and os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                yield name, file.readline(64).decode("utf-8", "replace")


def shellcheck(_):
    """All tracked files with a bash or sh interpreter line, and the files they source."""
    files = [name for name, line in first_lines() if name.endswith(".sh") or re.match(r"#!.*\b(ba|da)?sh\b", line) and
             not name.endswith((".patch", ".md", ".rst"))]
    if len(files) <= 3:
        print(f"only {len(files)} scripts found")
        return False
    status = []
    # SC1091: a sourced file is checked by its own name. SC2187: ash is checked as dash.
    print(output("shellcheck", "-e", "SC1091,SC2187", "-f", "gcc", *files, where=TOP, status=status))
    return status == [0]


def python(_):
    files = [name for name, line in first_lines() if name.endswith(".py") or re.match("#!.*python3", line)]
    code = "import sys\nfor name in sys.argv[1:]:\n    compile(open(name, 'rb').read(), name, 'exec')"
    status = []
    print(output("python3", "-W", "error", "-W", "ignore::ResourceWarning", "-c", code, *files, where=TOP, status=status))
    long = [f"{name}:{number}: {len(line)} columns" for name in files
            for number, line in enumerate(read(f"{TOP}/{name}").splitlines(), 1) if len(line) > 132]
    print("\n".join(long))
    return status == [0] and len(files) > 20 and not long


def wording(_):
    found = output("git", "grep", "-nIE", PLACE, "--", ".", where=TOP)
    found += output("git", "grep", "-nIE", f"^({SIGNOFF})", "--", "bases", where=TOP)
    place = PLACE.replace("[[:space:]", r"[\s")
    history = output("git", "log", "--format=%h %s%n%b", where=TOP)
    found += "".join(line + "\n" for line in history.splitlines() if re.search(f"{SIGNOFF}|{place}", line))
    print(found)
    return not found


def spelling(_):
    files = output("git", "ls-files", "*.md", "*.rst", "*.patch", "Documentation", "MAINTAINERS", where=TOP).split()
    status = []
    print(output("codespell", "-q", "3", "-L", "sie,nd,te,ser,als,parm,parms,filp,damon,leve", *files, where=TOP, status=status))
    return status == [0]
