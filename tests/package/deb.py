"""The package: what it says of itself, what is in it, and that it installs, works and goes away. It
is only ever installed into a root of the test's own."""

import os
import re
import subprocess
import sys
import unittest

from package import DOCUMENTS, PROGRAMS, ROOT, UNIT, PackageCase, fields, members, output_of, package
from suite import main

sys.path.insert(0, str(ROOT / "tests/interop"))
import reference  # noqa: E402  (it lives with the interoperability tests)

NOTICES = DOCUMENTS + "/linked"
DOCUMENTATION = ("ARCHITECTURE.md.gz", "CHANGELOG.md", "README.Debian", "README.md", "SECURITY.md",
                 "changelog.gz", "copyright", "examples/echo.conf", "examples/handler.py",
                 "examples/sshd-override.conf", "examples/sshd.conf")


def packages_for(purpose):
    return set(re.findall(rf"^{purpose} (.*)$", (ROOT / "packaging/dependencies").read_text(), re.M))


def source_of(name):
    """The source package of an installed package."""
    return output_of("dpkg-query", "--show", "--showformat", "${source:Package}", name)


def compressed(name):
    """Debian compresses documents above 4 KiB; either will do."""
    return name.removesuffix(".gz")


class Description(PackageCase):
    def test_it_takes_the_place_of_nacl_tools_and_does_not_pretend_to_be_it(self):
        self.assertEqual(fields()["Conflicts"], "nacl-tools")
        self.assertEqual(fields()["Replaces"], "nacl-tools")
        self.assertNotIn("Provides", fields())

    def test_its_version_is_that_of_the_programs_and_of_the_changelog(self):
        version = fields()["Version"]
        newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
        self.assertEqual(version, newest)
        for program in PROGRAMS:
            said = output_of(self.root / "usr/bin" / program, "--version")
            self.assertEqual(said, f"{program} {version}\n")

    def test_it_is_built_with_what_a_build_needs(self):
        control = (ROOT / "packaging/debian/control").read_text()
        needed = re.search(r"^Build-Depends:((?:.*,\n)*.*)$", control, re.M)[1]
        needed = {name.strip() for name in needed.split(",")}
        self.assertEqual(needed - {"debhelper-compat (= 13)"}, packages_for("build"))

    def test_it_needs_the_systems_basic_libraries_alone(self):
        needed = {name.split()[0] for name in fields()["Depends"].split(", ")}
        self.assertEqual(needed, {"libc6", "libgcc-s1", "libstdc++6"})

    def test_it_names_what_is_linked_into_it_and_has_their_notices(self):
        sources = set(re.findall(r"(\S+) \(= ", fields()["Built-Using"]))
        libraries = {name for name in packages_for("build") if name.endswith("-dev")}
        self.assertLess({source_of(name) for name in libraries}, sources)
        notices = {re.sub(r"\.txt(\.gz)?$", "", path.removeprefix(NOTICES + "/"))
                   for path in members() if path.startswith(NOTICES + "/")}
        self.assertEqual({source_of(name) for name in notices}, sources)


class Content(PackageCase):
    def test_it_has_these_files_and_no_others(self):
        pages = [f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
                 for page in (ROOT / "man").glob("*.[1-8]")]
        expected = {*pages, UNIT, "usr/share/lintian/overrides/curvecp",
                    *(f"usr/bin/{program}" for program in PROGRAMS),
                    *(f"{DOCUMENTS}/{name}" for name in DOCUMENTATION)}
        files = {path for path, member in members().items()
                 if not member.isdir() and not path.startswith(NOTICES)}
        self.assertEqual(set(map(compressed, files)), set(map(compressed, expected)))

    def test_all_belongs_to_root_and_only_programs_can_be_run(self):
        for path, member in members().items():
            runs = member.isdir() or path.startswith("usr/bin/") or path.endswith(".py")
            self.assertEqual((member.uname, member.gname, oct(member.mode)),
                             ("root", "root", "0o755" if runs else "0o644"), path)

    def test_nothing_is_done_at_installation(self):
        control = self.temporary / "control"
        subprocess.run(["dpkg-deb", "--control", package(), control], check=True, timeout=60)
        self.assertEqual(set(os.listdir(control)), {"control", "md5sums"})

    def test_programs_lie_anywhere_and_are_bound_before_they_run(self):
        for program in PROGRAMS:
            shown = output_of("readelf", "--wide", "--file-header", "--dynamic",
                              "--program-headers", self.root / "usr/bin" / program)
            self.assertRegex(shown, r"Type: +DYN", program)
            self.assertRegex(shown, r"FLAGS_1\).*\bNOW\b.*\bPIE\b", program)
            self.assertRegex(shown, r"GNU_STACK .* RW +0x", program)
            self.assertIn("GNU_RELRO", shown, program)

    def test_what_starts_for_each_connection_needs_no_library(self):
        for program in ("curvecpclient", "curvecpmessage"):
            shown = output_of("readelf", "--dynamic", self.root / "usr/bin" / program)
            self.assertNotIn("NEEDED", shown)

    def test_programs_do_not_tell_where_they_were_built(self):
        for program in PROGRAMS:
            self.assertNotIn(str(ROOT).encode(), (self.root / "usr/bin" / program).read_bytes())

    def test_pages_can_be_read(self):
        for page in sorted((self.root / "usr/share/man").glob("*/*.gz")):
            shown = output_of("mandoc", "-T", "utf8", page)
            self.assertRegex(re.sub(".\b", "", shown), rf"NAME\n +{page.name.split('.')[0]} ")


class Installed(PackageCase):
    def setUp(self):
        super().setUp()
        self.target = self.temporary / "target"
        self.database = self.target / "var/lib/dpkg"
        for folder in ("info", "updates", "triggers"):
            (self.database / folder).mkdir(parents=True)
        (self.database / "status").touch()

    def dpkg(self, *arguments):
        # The root is empty: there are no libraries in it.
        return subprocess.run(
            ["dpkg", f"--root={self.target}", f"--log={self.temporary}/dpkg.log",
             "--force-not-root,depends", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def install(self, deb):
        done = self.dpkg("--install", deb)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def states(self):
        shown = output_of("dpkg-query", f"--admindir={self.database}", "--show", "--showformat",
                          "${Package} ${db:Status-Status}\n")
        return dict(line.split() for line in shown.splitlines())

    def nacl_tools(self):
        folder = self.temporary / "reference"
        try:
            reference.unpack(folder)
        except reference.Unavailable as error:
            raise unittest.SkipTest(f"the reference's tools: {error}") from error
        return next(folder.glob("nacl-tools_*.deb"))

    def test_a_service_works_where_it_was_installed(self):
        self.install(package())
        programs = self.target / "usr/bin"
        keys = self.temporary / "keys"
        subprocess.run([programs / "curvecpmakekey", keys], check=True, timeout=10)
        key = output_of(programs / "curvecpprintkey", keys).strip()
        self.server_keys = (keys, key)
        handler = programs / "curvecpmessage"
        server = self.serve(handler, "cat", programs=programs)
        done = self.connect(server, handler, "-C", "--stdio", input="hello\n", programs=programs)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)

    def test_a_purge_leaves_nothing(self):
        self.install(package())
        done = self.dpkg("--purge", "curvecp")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.states(), {})
        self.assertEqual(os.listdir(self.target), ["var"])

    def test_nacl_tools_gives_way_to_it(self):
        self.install(self.nacl_tools())
        self.install(package())
        self.assertEqual(self.states(), {"curvecp": "installed"})

    def test_nacl_tools_is_not_installed_beside_it(self):
        self.install(package())
        done = self.dpkg("--install", self.nacl_tools())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("conflicting packages - not installing nacl-tools", done.stderr)
        self.assertEqual(self.states()["curvecp"], "installed")


if __name__ == "__main__":
    main()
