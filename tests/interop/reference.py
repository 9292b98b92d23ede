"""The reference tools (Debian's package nacl-tools), unpacked and never installed."""

import fcntl
import os
import pathlib
import subprocess

TOOLS = ("curvecpserver", "curvecpclient", "curvecpmessage", "curvecpmakekey", "curvecpprintkey")


class Unavailable(Exception):
    """The package could not be fetched or unpacked."""


def is_complete(directory):
    return all((directory / tool).is_file() for tool in TOOLS)


def run(arguments, directory):
    done = subprocess.run(arguments, cwd=directory, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(arguments)}: {done.stderr.strip() or done.returncode}")


def download(directory):
    """On a machine whose package lists were never fetched, fetches them first."""
    try:
        run(["apt-get", "download", "nacl-tools"], directory)
    except Unavailable:
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        run([*as_root, "apt-get", "-q", "update"], directory)
        run(["apt-get", "download", "nacl-tools"], directory)


def unpack(directory):
    """Returns the folder of the reference's programs, fetching it into `directory` at first. Tests
    that run at the same time wait for each other here."""
    directory = pathlib.Path(directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return unpack_alone(directory)


def unpack_alone(directory):
    programs = directory / "nacl-tools" / "usr" / "bin"
    if is_complete(programs):
        return programs
    try:
        download(directory)
        packages = sorted(directory.glob("nacl-tools_*.deb"))
        if not packages:
            raise Unavailable("apt-get left no nacl-tools_*.deb behind")
        run(["dpkg", "-x", packages[-1].name, "nacl-tools"], directory)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from error
    if not is_complete(programs):
        raise Unavailable(f"{packages[-1].name} lacks a tool")
    return programs
