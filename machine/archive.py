# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of machine/pins, Debian's archives as this machine's apt names them, and their signed indexes."""
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../lib"))
from common import CACHE, LOGS, TOP, say, shell  # pylint: disable=wrong-import-position

PINS = os.path.join(TOP, "machine/pins")
DL = os.path.join(CACHE, "dl")
APT_HELPER = "/usr/lib/apt/apt-helper"
KEYRING = os.environ.get("PVDUMP_KEYRING") or "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = re.compile(r"(bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)([-/].*)?$")
DEAD = re.compile("Could not |Temporary failure|Unable to connect|Cannot initiate|Something wicked|.*timed out")
# Why a place does not have a file. KIND: gone, wrong (something else is there), dead (no answer) or failed.
Why = collections.namedtuple("Why", "own archive kind text")


class Pin(collections.namedtuple("Pin", "name suite package version substitute path size sha256")):
    """A row of machine/pins."""

    @property
    def file(self):
        return os.path.basename(self.path)

    @property
    def group(self):
        """Files of one suite and version belong together."""
        return self.suite, self.version


def read_pins():
    with open(PINS, encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {row[0]: Pin(*row[:6], int(row[6]), row[7]) for row in rows}


def sum_of(path):
    return subprocess.run(["sha256sum", path], stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout.split()[0]


def megabytes(size):
    return f"{size // 100000 / 10:.1f}"


def folder_of(uri):
    """The path of a URI that needs no network, else nothing."""
    found = re.match("(?:file:|copy:)?/+", uri)
    return "/" + uri[found.end():] if found else ""


def _log():
    """Where the output of apt goes, for who wants to know more."""
    try:
        os.makedirs(LOGS, exist_ok=True)
        return open(os.path.join(LOGS, "fetch.log"), "ab")
    except OSError:
        return open(os.devnull, "ab")


LOG = _log()


def output_of(*command, config=None):
    """Its standard output; errors go to the log."""
    env = {**os.environ, "APT_CONFIG": config} if config else None
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=LOG, env=env, check=False,
                          encoding="utf-8", errors="replace").stdout


def other_path(path):
    """The path of a file in the other archive: a point release moves it from security's pool to main's."""
    if path.startswith("pool/updates/"):
        return "pool/" + path.removeprefix("pool/updates/")
    return "pool/updates/" + path.removeprefix("pool/")


def _apt_sources():
    """Rows URI, suite, component, and origin where known.

    apt knows the origins only after it has read all of its indexes, which takes seconds: it is asked where there is a
    choice.
    """
    targets = "apt-get", "indextargets", "--format"
    plain = output_of("apt-get", "-o", "Dir::State::lists=/nonexistent", "-o", "Dir::Cache::pkgcache=", "-o",
                      "Dir::Cache::srcpkgcache=", *targets[1:2], "--no-release-info", "--format",
                      "$(REPO_URI) $(RELEASE) $(COMPONENT)").splitlines()
    origins = []
    if len({line.split()[0] for line in plain if line}) > 2:
        origins = output_of(*targets, "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)").splitlines()
    return [(line.split() + [""] * 3)[:4] for line in origins + plain if line.strip()]


def _archives():
    """Pairs of main|security|user and URI.

    Third parties name their suites like Debian's: where apt has lists and so knows the origin, it must be Debian.
    """
    found, foreign = {}, set()
    for uri, suite, component, origin in _apt_sources():
        if origin not in ("", "Debian"):
            foreign.add(uri)
        if component == "main" and uri not in foreign and not uri.startswith("cdrom:") and DEBIAN.match(suite):
            kind = "security" if "-security" in suite or "/updates" in suite else "main"
            found[kind, uri.rstrip("/")] = True
    main = [uri for kind, uri in found if kind == "main"]
    # An apt that names no security archive has it beside the other one.
    if main and not any(kind == "security" for kind, _ in found):
        found["security", main[0] + "-security"] = True
    return list(found) + [("user", uri.rstrip("/")) for uri in os.environ.get("PVDUMP_MIRRORS", "").split()]


class Archives:
    """All places where files may be, and the downloads that run."""

    def __init__(self):
        self.lock = threading.Lock()
        self.children, self.dead, self.stopped = set(), {}, False
        self.options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]
        self.places_ = []
        if not os.access(APT_HELPER, os.X_OK):
            say(f"this is not a Debian system: no {APT_HELPER}")
            return
        retries = re.search(r"retries='(\d+)'", output_of("apt-config", "shell", "retries", "Acquire::Retries"))
        self.options += ["-o", f"Acquire::Retries={retries[1] if retries else 2}"]
        self.places_ = _archives()
        if not self.places_:
            say("this machine's apt names no archive of Debian's")

    def places(self, path):
        """Pairs of own|other and URI, first choice first.

        Folders cost nothing, so they are looked into first. "own" is where the file should be: who answers there that
        it is gone has said something.
        """
        kind, other, found = "security" if path.startswith("pool/updates/") else "main", other_path(path), []
        for where, uri in self.places_:
            if folder_of(uri):
                found += [(0, "own", f"{uri}/{name}") for name in (path, other, os.path.basename(path))]
            elif where == kind:
                found.append((1, "own", f"{uri}/{path}"))
            elif where == "user":
                found += [(3, "own", f"{uri}/{path}"), (4, "other", f"{uri}/{other}")]
            else:
                found.append((2, "other", f"{uri}/{other}"))
        return [row[1:] for row in sorted(found, key=lambda row: row[0])]

    def start(self, command, **options):
        """A process group that stop() ends; None when it has."""
        with self.lock:
            if self.stopped:
                return None
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
            self.children.add(child)
            return child

    def end(self, child):
        try:
            os.killpg(child.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        child.wait()
        with self.lock:
            self.children.discard(child)

    def stop(self):
        """No download goes on, and none begins."""
        with self.lock:
            self.stopped = True
            children = list(self.children)
        for child in children:
            self.end(child)

    def _ask(self, uri, file, sha256):
        """apt's proxies, credentials and time limits count; it goes on where a connection broke."""
        child = self.start([APT_HELPER, *self.options, "download-file", uri, file, "SHA256:" + sha256],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
        if not child:
            return "E: stopped"
        output = child.communicate()[0]
        self.end(child)
        LOG.write(output.encode())
        LOG.flush()
        return output

    def get_uri(self, uri, file, sha256, size):
        """The file, if the URI has it: None. Else kind and text of the reason."""
        folder, output = folder_of(uri), ""
        if folder:
            if not os.path.isfile(folder):
                return "gone", "not there"
            try:
                shutil.copyfile(folder, file)
            except OSError as err:
                return "failed", err.strerror
        else:
            output = self._ask(uri, file, sha256)
        for got in file, file + ".FAILED":
            if os.path.exists(got) and not self.stopped:
                found = sum_of(got)
                if found == sha256:
                    return None
                if got != file or folder:
                    return self._other_content(os.path.getsize(got), size, found)
        failed = re.search(r"^E: Failed to fetch \S+ *(.*)", output, re.M)
        error = failed[1] if failed else (re.findall("^E: (.*)", output, re.M) or [""])[0]
        text = re.sub(r" *\[IP: .*", "", re.sub(" +", " ", error)) or "apt-helper ended with an error"
        if re.match("40[4]|410", text):
            return "gone", text
        return ("dead" if DEAD.match(text) else "failed"), text

    @staticmethod
    def _other_content(got, size, found):
        if got < size:
            return "failed", f"truncated: {got} of {size} bytes"
        return "wrong", f"wrong sha256: got {found}, {got} bytes"

    def get_path(self, path, file, sha256, size):
        """From the first place that has it; a host that does not answer is asked only once. True, and what the others said."""
        said = []
        for own, uri in self.places(path):
            archive = uri.split("/pool/")[0]
            host = re.sub(r"^(\w+://[^/]*).*", r"\1", archive)
            why = self.dead.get(host) or self.get_uri(uri, file, sha256, size)
            if not why:
                return True, said
            for left in file, file + ".FAILED":
                if os.path.exists(left):
                    os.unlink(left)
            if why[0] == "dead":
                self.dead[host] = why
            said.append(Why(own, archive, *why))
        return False, said


class Index:
    """The signed index of one suite: a private apt world with own lists, and the system's proxies and credentials.

    Valid-Until is not checked: an old index is good enough, as it only names what the archive once signed.
    """

    def __init__(self, archives, suite, directory):
        self.config = self.repository = None
        kind = "security" if suite.endswith("-security") else "main"
        for where, uri in archives.places_:
            if where in (kind, "user") and self._update(os.path.join(directory, "apt." + suite), uri, suite):
                return
        self.config = None

    def _update(self, root, uri, suite):
        if not os.path.exists(KEYRING):
            shell("need_pkgs", "debian-archive-keyring")
        shutil.rmtree(root, ignore_errors=True)
        for directory in "state/lists/partial", "cache/archives/partial":
            os.makedirs(os.path.join(root, directory))
        uri = "file:" + uri if uri.startswith("/") else uri
        kept = re.findall(r"^(?:Acquire::(?:ftp|http|https|Retries|ForceIPv)|Dir::Etc::netrc).*", output_of("apt-config", "dump"),
                          re.M)
        self.config = os.path.join(root, "apt.conf")
        for name, text in (("status", ""),
                           ("sources.list", f"deb [arch=s390x signed-by={KEYRING}] {uri} {suite} main\n"
                                            f"deb-src [signed-by={KEYRING}] {uri} {suite} main\n"),
                           ("apt.conf", "\n".join(kept) + WORLD.replace("ROOT", root))):
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(text)
        # apt-get update ends with 0 also when it reached nothing.
        LOG.write(output_of("apt-get", "-q", "update", config=self.config).encode())
        LOG.flush()
        lists = os.path.join(root, "state/lists")
        return any(re.search("_Sources|_Packages", name) and os.path.getsize(os.path.join(lists, name))
                   for name in os.listdir(lists))

    def _ask(self, *command):
        return output_of(*command, config=self.config)

    def successors(self, pin, prefix=None):
        """Pairs of version and package that the suite has for a row, newest first."""
        prefix = prefix or pin.substitute
        if pin.package.startswith("src:"):
            name = pin.package[4:]
            text = self._ask("apt-cache", "showsrc", "--only-source", name)
            found = {(version, pin.package) for package, version in
                     re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: (\S+)", text, re.M) if package == name}
        else:
            # A kernel's package name holds its version, so the name is a pattern too.
            kernel = re.match(r"linux-(\w+)-.*-s390x$", pin.package)
            pattern = (f"linux-{kernel[1]}-{re.escape(prefix)}[0-9.+a-z-]*-s390x" if kernel else re.escape(pin.package))
            names = self._ask("apt-cache", "--names-only", "search", f"^{pattern}$".replace(r"\-", "-"))
            found = {(version, name) for name in (line.split(" ")[0] for line in names.splitlines())
                     for version in re.findall(r"^Version: (\S+)", self._ask("apt-cache", "show", name), re.M)}
        lines = "".join(f"{version} {package}\n" for version, package in sorted(found)
                        if version.startswith(prefix) and not package.endswith("-dbg"))
        order = subprocess.run(["sort", "-r", "-V", "-k1,1"], input=lines, stdout=subprocess.PIPE, check=True, encoding="utf-8")
        return [tuple(line.split()) for line in order.stdout.splitlines()]

    def signed_row(self, pin, version, package):
        """Path, size and sha256 which the index has for the row's kind of file, or None."""
        if package.startswith("src:"):
            command = ["source", "--only-source", f"{package[4:]}={version}"]
            kinds = (r"\.dsc$", r"\.debian\.tar\.[a-z0-9]+$", r"\.orig\.tar\.[a-z0-9]+$")
            end = next((kind for kind in kinds if re.search(kind, pin.path)), kinds[2])
        else:
            command, end = ["download", f"{package}={version}"], r"\.deb$"
        return next((row for file, *row in self._uris(*command) if re.search(end, file)), None)

    def _uris(self, *command):
        """What apt-get would download: file, path in the archive, size, sha256."""
        repository = self._ask("apt-get", "indextargets", "--format", "$(REPO_URI)").split("\n")[0]
        # Lines 'URI' FILE SIZE SHA256:<sum>; some characters of a URI are escaped.
        for uri, file, size, sha256 in re.findall(r"^'(\S+)' (\S+) (\d+) SHA256:(\w+)",
                                                  self._ask("apt-get", "-q", "-y", "-o", "Acquire::ForceHash=sha256",
                                                            "--no-install-recommends", "--print-uris", *command), re.M):
            uri = urllib.parse.unquote(uri)
            if uri.startswith(repository):
                yield file, uri.removeprefix(repository), int(size), sha256

    def dependencies(self, package):
        """The package and all that it depends on, of this suite alone."""
        for file, path, size, sha256 in self._uris("install", package):
            name, version, _ = file.split("_")
            yield Pin("", "", name, urllib.parse.unquote(version), "", path, size, sha256)


WORLD = """
Dir::State "ROOT/state";
Dir::State::status "ROOT/status";
Dir::Cache "ROOT/cache";
Dir::Etc::sourcelist "ROOT/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "s390x";
APT::Architectures { "s390x"; };
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::PDiffs "false";
"""
