# SPDX-License-Identifier: GPL-2.0-or-later
"""The trees of the bases, for what is built inside them: a copy of what the selftests need, with its headers."""
import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, directory) for directory in ("..", "../../bases")]
from base import Base, all_bases  # pylint: disable=wrong-import-position
from common import BUILD, CROSS, TOP, die  # pylint: disable=wrong-import-position

ALL = all_bases()
KVM = "tools/testing/selftests/kvm"
# What a tree must have for this: the same in every release.
PARTS = "Kbuild Kconfig Makefile arch/s390 include scripts tools".split()
MAKE = ["make", "ARCH=s390", "CROSS_COMPILE=" + CROSS, f"-j{os.environ.get('JOBS') or os.cpu_count()}"]


def run(*command, **env):
    subprocess.run(command, check=True, env={**os.environ, **env})


class Tree:
    """One base: the tree to build in, the series' tip or the user's; its own copy either way."""

    def __init__(self, name, work, ksrc=None):
        self.base, self.work, self.ksrc = Base(name), f"{work}/{name}", ksrc
        self.src, self.obj, self.install = (f"{self.work}/{part}" for part in ("src", "obj", "install"))
        self.arch = os.path.basename(os.path.dirname(self.base.base_path(KVM + "/s390x/pv_info_test.c")))
        self.missing = None

    def export(self):
        if not self.ksrc:
            # 5.10 is what the series is about; the others are on a mirror, or they are not.
            if self.base.in_base and subprocess.run([TOP + "/machine/fetch", self.base.pin], stdout=subprocess.DEVNULL,
                                                      check=False).returncode:
                self.missing = (f"no {self.base.tag} on the mirror: "
                                f"KSRC=<tree with the series> {sys.argv[0]} {self.base.name}")
                return
            subprocess.run([TOP + "/bases/series", "build", self.base.name], check=True, stdout=sys.stderr)
        for path in self.src, self.obj, self.install:
            shutil.rmtree(path, ignore_errors=True)
        os.makedirs(self.src)
        os.makedirs(self.obj)
        tree = f"{BUILD}/series/{self.base.name}/tree"
        command = ["tar", "-c", "-C", self.ksrc, *PARTS] if self.ksrc else ["git", "-C", tree, "archive", "series", *PARTS]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-x", "-C", self.src], stdin=archive.stdout, check=True)
        if not os.path.exists(f"{self.src}/{KVM}/{self.arch}/pv_info_test.c"):
            die(self.src, f"no {KVM}/{self.arch}/pv_info_test.c", "the series is not on that tree",
                f"make apply KSRC=<tree> BASE={self.base.name}")

    def programs(self):
        names = [os.path.basename(path)[:-2] for path in sorted(glob.glob(f"{self.src}/{KVM}/{self.arch}/pv_*_test.c"))]
        assert names
        return names

    def headers_install(self):
        run(*MAKE, "-C", self.src, "headers_install")
        assert os.path.exists(self.src + "/usr/include/linux/kvm.h")
