# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of lint that read the series as patches."""
import os
import re
import shutil
import subprocess

from source import LOGS, TOP, WORK, log, output, read, skip

from common import shell

# What a series without sign-offs, made by a script, cannot satisfy, and the kernel's macros for attributes, which the
# selftests of a release do not have; nothing else is ignored.
IGNORE = "MISSING_SIGN_OFF,FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID,PREFER_DEFINED_ATTRIBUTE_MACRO"
# Files every KVM architecture shares: their maintainers are KVM's own.
GENERIC = re.compile(r"(include/uapi/linux/kvm\.h|Documentation/virt/kvm/(api|index|locking)\.rst|"
                     r"tools/testing/selftests/kvm/(Makefile(\.kvm)?|\.gitignore|config)|MAINTAINERS)$")
KVM_S390, S390_LIST = "for s390 (KVM/s390)", "linux-s390@vger.kernel.org"
# checkpatch knows the top of a kernel tree by its directories.
B4_FILES = ("/scripts/*.* /scripts/spdxexclude /LICENSES/ /COPYING /CREDITS /Kbuild /MAINTAINERS /README /Makefile "
            "/Documentation/Makefile /drivers/Makefile /fs/Makefile /include/asm-generic/Kbuild /init/Makefile "
            "/ipc/Makefile /kernel/Makefile /lib/Makefile").split()


def checkpatch(source):
    status = []
    for path in source.patches:
        # It asks python3 about licences, with a module that Debian's has.
        print(output("perl", "scripts/checkpatch.pl", "--strict", "--terse", "--no-summary", "--ignore", IGNORE, path,
                     where=source.tree, status=status, PATH="/usr/bin:/bin"), end="")
    return not any(status)


def b4(source):
    """b4 of a newer Debian; the Python modules that it needs are this system's."""
    deb = subprocess.run([TOP + "/machine/fetch", "--or-skip", "b4"], stdout=subprocess.PIPE, check=False, encoding="utf-8")
    if deb.returncode:
        skip("b4 is not to be had")
    try:
        shell("need_pkgs", *"python3-git python3-dkim python3-dnspython python3-requests python3-patatt git-filter-repo".split())
    except SystemExit:
        skip("the Python modules of b4 are not to be had")
    build, unpacked = WORK + "/b4.build", WORK + "/b4.deb"
    for path in build, unpacked, WORK + "/b4.home":
        shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", deb.stdout.strip(), unpacked], check=True)
    series = TOP + "/bases/series"
    subprocess.run([series, "borrow", build, source.base, *B4_FILES], check=True)
    identity = {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "A Sender",
                "GIT_CONFIG_KEY_1": "user.email", "GIT_CONFIG_VALUE_1": "sender@example.org"}
    subprocess.run([series, "build", source.base], check=True,
                   env={**os.environ, **identity, "PVDUMP_BUILD": build, "SIGNOFF": "1"})
    tree = f"{build}/series/{source.base}/tree"
    source.git("config", "b4.prep-cover-strategy", "branch-description", where=tree)
    env = {**identity, "PATH": "/usr/bin:/bin", "HOME": WORK + "/b4.home", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "",
           "XDG_DATA_HOME": "", "PYTHONPATH": unpacked + "/usr/lib/python3/dist-packages"}
    said = "".join(output("/usr/bin/python3", unpacked + "/usr/bin/b4", "prep", *words, where=tree, **env)
                   for words in (["-e", "base"], ["--check"]))
    print(log("b4", said))
    return f"Success: {len(source.patches)}, Warning: 0, Error: 0" in said


def cited_commits(texts):
    """Pairs of id and subject of each commit that the messages name; no subject where none is quoted."""
    found = set()
    for text in texts:
        message = re.split("^diff --git ", text, maxsplit=1, flags=re.M)[0]
        for commit, subject in re.findall(r'\b([0-9a-f]{12,40})\b(?:\s+\("((?:.|\n)*?)"\))?', message):
            if subject or re.search("[a-f]", commit):
                found.add((commit[:12], " ".join(subject.split())))
    return sorted(found)


def commit_ids(source):
    rows, good = read(TOP + "/docs/upstream-map.md"), True
    for commit, subject in cited_commits(map(read, source.with_cover)):
        if not subject:
            print(f"commit {commit} is cited without its subject")
        elif f"| {commit} {subject} " not in rows:
            print(f'docs/upstream-map.md has no row "{commit} {subject}"')
        else:
            continue
        good = False
    return good


def whitespace(source):
    status = []
    print(output("git", "-C", source.tree, "diff", "--check", source.root, source.tip, status=status))
    return status == [0]


def who_must_see(files):
    """Whom a patch of these files has to reach.

    A file that all architectures share, and a handler of exceptions, are reviewed by KVM/s390 because of the patch they
    come in. What only changes the latter is for the architecture's list, what only changes the former for KVM's own
    maintainers; nobody is named for MAINTAINERS itself.
    """
    if all(GENERIC.match(file) for file in files):
        return ""
    kinds = {S390_LIST if file.startswith("arch/s390/mm/") else KVM_S390 for file in files if file != "MAINTAINERS"}
    return KVM_S390 if KVM_S390 in kinds else "".join(kinds)


def maintainers(source):
    def of(*words):
        return output("perl", "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", *words, where=source.tree)
    bad = [f"{file}: no maintainer of KVM for s390" for file in source.touched
           if not GENERIC.match(file) and not file.startswith("arch/s390/mm/") and KVM_S390 not in of("-f", file)]
    for path in source.patches:
        name, files = os.path.basename(path), re.findall("^diff --git a/.* b/(.*)", read(path), re.M)
        who = who_must_see(files)
        if not files:
            bad.append(f"{name}: changes no file")
        if who and who not in of(path):
            bad.append(f"{name}: does not reach {who}")
    print("\n".join(bad))
    return not bad


def user_checkpatch(source):
    """checkpatch comes with the base; --no-tree, as these are not kernel files."""
    names = output("git", "ls-files", *(f"{d}/*.[ch]" for d in "lib seimage softuv pvdump tests machine tools/testing".split()),
                   where=TOP).split()
    files = [f"{TOP}/{name}" for name in names if not name.startswith("machine/qemu/")]
    if not files:
        print("no C files found")
        return False
    # checkpatch takes .checkpatch.conf from where it runs, and leaves a cache there.
    shutil.copy(TOP + "/.checkpatch.conf", WORK)
    status = []
    said = output("perl", source.tree + "/scripts/checkpatch.pl", "--terse", "--no-summary", "--show-types", "-f", *files,
                  where=WORK, status=status)
    print(said.replace(TOP + "/", ""))
    return status == [0]


def kernel_doc(source):
    """Private files too: whoever reads them has nothing else. Silence is the only pass."""
    files = [file for file in source.added if file.endswith((".c", ".h")) and not file.startswith("tools/")]
    if not files:
        skip("the series adds no C file")
    said = output("perl", "scripts/kernel-doc", "-none", *files, where=source.tree)
    print(log("kdoc", said), LOGS)
    return not said


def docs_abi(source):
    if "Documentation/ABI/testing/sysfs-firmware-uv" not in source.touched:
        skip("the series does not touch the description")
    said = [line for line in output("perl", source.tree + "/scripts/get_abi.pl", "validate", "--dir",
                                    source.tree + "/Documentation/ABI/testing").splitlines() if "sysfs-firmware-uv" in line]
    print("\n".join(said))
    found = output("perl", "scripts/get_abi.pl", "search", "--dir", "Documentation/ABI/testing", "dump_finalize_len",
                   where=source.tree, errors=False)
    if "uv/query/dump_finalize_len" not in found:
        print("get_abi.pl does not find dump_finalize_len")
        return False
    return not said
