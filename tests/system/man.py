"""The manual pages: they name the options, operands and variables that there are, and their
examples do what they show.

An example is a literal block that begins with a `$` line. It is run as it stands, by sh -e, in a
directory of its own; what is printed must be the lines without `$`. PORT is the port to use, and
handler.py is there for the page that wants it, which says so."""

import functools
import os
import re
import shutil
import subprocess
import unittest

from suite import HERE, PROGRAMS, Case, free_port, main

ROOT = HERE.parent.parent
PAGES = sorted((ROOT / "man").glob("*.[1-8]"))
PROGRAM_PAGES = [page for page in PAGES if page.suffix == ".1"]
HANDLER_EXAMPLE = ROOT / "examples/handler.py"
BODY = 5  # columns that mandoc indents text by


@functools.cache
def sections(page):
    """What a reader sees of a page: the lines of each section."""
    shown = subprocess.run(["mandoc", "-T", "utf8", page], check=True, timeout=20,
                           capture_output=True, text=True).stdout
    found, lines = {}, []
    for line in re.sub(".\b", "", shown).splitlines():
        if line and not line.startswith(" "):
            lines = found.setdefault(line, [])
        else:
            lines.append(line)
    return found


def tags(page, section):
    """What the list of a section explains."""
    return [match[1] for line in sections(page).get(section, ())
            if (match := re.match(rf" {{{BODY}}}(\S.*?)(?:  |$)", line))]


@functools.cache
def help_of(page):
    return subprocess.run([PROGRAMS / page.stem, "--help"], check=True, timeout=10,
                          capture_output=True, text=True).stdout


def option(text):
    """"-c KEYDIR" and "-h, --help", whatever the case of the value: names and value."""
    words = re.split(r"[,\s]+", text)
    return (tuple(sorted(word for word in words if word.startswith("-"))),
            " ".join(word.lower() for word in words if not word.startswith("-")))


def options_of(page):
    return [option(text) for text in re.findall(r"^  (-\S.*?)(?:  |$)", help_of(page), re.M)]


def names_in_synopsis(page):
    names = set()
    for dashes, word in re.findall(r"(?<![\w-])(--?)([A-Za-z][\w-]*)",
                                   "\n".join(sections(page)["SYNOPSIS"])):
        names.update({"--" + word} if dashes == "--" else {"-" + letter for letter in word})
    return names


def is_complete(command):
    """Whether the shell needs no further line to understand it."""
    return not command.endswith("\\") and subprocess.run(
        ["sh", "-n", "-c", command], capture_output=True, timeout=10).returncode == 0


class Example:
    """A literal block of a page: a script, and what it prints."""

    def __init__(self, lines):
        commands, printed = [], []
        for line in lines:
            if line.startswith("$ "):
                commands.append(line.removeprefix("$ "))
            elif is_complete(commands[-1]):
                printed.append(line)
            else:
                commands[-1] += "\n" + line
        self.script = "\n".join(commands) + "\n"
        self.printed = "".join(line + "\n" for line in printed)


def examples(page):
    blocks, inside = [], False
    for line in sections(page).get("EXAMPLES", ()):
        indent = len(line) - len(line.lstrip())
        if indent <= BODY:
            inside = False
        elif inside:
            blocks[-1].append(line[margin:])
        else:
            inside, margin = True, indent
            blocks.append([line[margin:]])
    return [Example(block) for block in blocks]


@unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
class Pages(Case):
    def test_every_program_has_a_page(self):
        programs = {path.name for path in PROGRAMS.glob("curvecp*") if os.access(path, os.X_OK)}
        self.assertEqual(programs, {page.stem for page in PROGRAM_PAGES})

    def test_every_page_is_installed(self):
        rules = (ROOT / "man/CMakeLists.txt").read_text()
        for page in PAGES:
            self.assertIn(page.name, rules)

    def test_pages_name_only_pages_that_there_are(self):
        for page in PAGES:
            for name, section in re.findall(r"^\.Xr (curvecp\S*) (\d)", page.read_text(), re.M):
                self.assertIn(f"{name}.{section}", [other.name for other in PAGES], page.name)

    def test_a_page_explains_exactly_the_options_that_there_are(self):
        for page in PROGRAM_PAGES:
            with self.subTest(page.name):
                explained = [option(tag) for tag in tags(page, "OPTIONS") if tag.startswith("-")]
                self.assertEqual(sorted(explained), sorted(options_of(page)))

    def test_a_synopsis_names_exactly_the_options_that_there_are(self):
        for page in PROGRAM_PAGES:
            with self.subTest(page.name):
                self.assertEqual(names_in_synopsis(page),
                                 {name for names, _ in options_of(page) for name in names})

    def test_a_page_explains_exactly_the_operands_that_there_are(self):
        for page in PROGRAM_PAGES:
            with self.subTest(page.name):
                usage = re.search(r"^Usage: \S+ \[OPTIONS\] (.*)", help_of(page), re.M)[1]
                operands = re.findall(r"\w+", usage.lower())
                explained = [tag.removesuffix(" ...") for tag in tags(page, "OPERANDS")]
                self.assertEqual(explained, operands)
                self.assertIn(" ".join(operands),
                              " ".join(re.findall(r"\w+", "\n".join(sections(page)["SYNOPSIS"]))))

    def test_a_handler_gets_exactly_the_variables_that_the_page_explains(self):
        page = ROOT / "man/curvecpserver.1"
        explained = {name for tag in tags(page, "ENVIRONMENT")
                     if re.fullmatch(r"[A-Z]+(, [A-Z]+)*", tag) for name in tag.split(", ")}
        keys = self.file("authorized", f"{self.client_keys[1]} name=alice")
        server = self.serve("curvecpmessage", "env", "-0", options=("--authorized-keys", keys))
        done = self.connect(server, "curvecpmessage", "-c", "--stdio",
                            options=("-c", str(self.client_keys[0])))
        self.assertEqual(done.returncode, 0, done.stderr)
        names = re.findall(r"(?:\A|\0)(CURVECP\w+|PROTO)=", done.stdout)
        self.assertEqual(explained, set(names))


@unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
class Examples(Case):
    def run_example(self, example, directory):
        directory.mkdir()
        if HANDLER_EXAMPLE.name in example.script:
            shutil.copy(HANDLER_EXAMPLE, directory)
        output = directory.with_suffix(".out")
        with output.open("wb") as out:
            done = subprocess.run(["sh", "-e", "-c", example.script], cwd=directory, timeout=60,
                                  env={**os.environ, "PORT": str(free_port())},
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        return done.returncode, output.read_text()

    def test_every_example_does_what_its_page_shows(self):
        for page in PAGES:
            self.assertNotEqual(examples(page), [], page.name)
            for number, example in enumerate(examples(page)):
                with self.subTest(page=page.name, script=example.script):
                    outcome = self.run_example(example, self.temporary / f"{page.name}-{number}")
                    self.assertEqual(outcome, (0, example.printed))


if __name__ == "__main__":
    main()
