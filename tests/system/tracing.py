"""A process that is stopped at one of its system calls: at a moment when it surely has its secrets
in hands, though it lives for a few milliseconds only."""

import contextlib
import ctypes
import os
import subprocess

TRACE_ME, SYSTEM_CALL, DETACH, SEIZE = 0, 24, 17, 0x4206
ALL_CHILDREN = 0x40000000  # __WALL

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid=0, data=0):
    if libc.ptrace(request, pid, None, data) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


@contextlib.contextmanager
def stopped_when(condition, command):
    """Runs a command up to the first system call at which the condition holds. Gives its process,
    which goes on with the signal that `go_on` is called with."""
    process = subprocess.Popen(command, preexec_fn=lambda: ptrace(TRACE_ME))
    try:
        while not condition():
            _, status = os.waitpid(process.pid, 0)
            assert os.WIFSTOPPED(status), "it ended before the condition held"
            ptrace(SYSTEM_CALL, process.pid)
        os.waitpid(process.pid, 0)
        yield process
    finally:
        if process.returncode is None:
            process.kill()


def go_on(process, number):
    """Returns the status that it ends with."""
    ptrace(DETACH, process.pid, number)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


def seize(pid):
    """From now on the parent of the process, which is no child of ours, gets its status only after
    release_status()."""
    ptrace(SEIZE, pid)


def release_status(pid):
    os.waitpid(pid, ALL_CHILDREN)
