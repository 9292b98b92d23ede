"""The Debian package that `./run package` has made, unpacked into a test's temporary directory."""

import functools
import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/system"))
from suite import Case  # noqa: E402  (it lives with the system tests)

PROGRAMS = ("curvecpclient", "curvecpctl", "curvecpmakekey", "curvecpmessage", "curvecpprintkey",
            "curvecpserver")
DOCUMENTS = "usr/share/doc/curvecp"
UNIT = "lib/systemd/system/curvecpserver@.service"


@functools.cache
def package():
    found = [deb for deb in (ROOT / "build/package").glob("*.deb") if "-dbgsym" not in deb.name]
    if len(found) != 1:
        raise AssertionError(f"`./run package` has not left one package: {found}")
    return found[0]


def output_of(*command, **how):
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True,
                          **how).stdout


@functools.cache
def fields():
    """The fields of its control file."""
    lines = output_of("dpkg-deb", "--field", package()).splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith(" "))


@functools.cache
def members():
    """What it installs: tar's entry for each path."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package()],
                          stdout=subprocess.PIPE) as deb:
        with tarfile.open(fileobj=deb.stdout, mode="r|") as archive:
            return {member.name.removeprefix("./"): member for member in archive}


class PackageCase(Case):
    def setUp(self):
        super().setUp()
        self.root = self.temporary / "root"
        subprocess.run(["dpkg-deb", "--extract", package(), self.root], check=True, timeout=60)

    def text(self, path):
        return (self.root / path).read_text()
