"""Run a command as another account, and let it outlive its caller. A program, started by path.

    python -I detach.py [--account UID:GID] [--log FILE] -- COMMAND …

With `--log` the command is started in a session of its own with its output in FILE, and its pid is
printed; without, it replaces this program. Standard library only, so that it starts at once; a
program of its own, since changing accounts between fork and exec of a process with threads is
unsafe.

PostgreSQL refuses to run as root. As root, the command therefore runs as an unprivileged account
that keeps one capability, to pass through folders (the home of root is closed to others, and
nothing here opens it). Where the kernel grants none, it goes on without.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _permitted() -> int:
    """Read this process's permitted capabilities as a bit set; 0 where there are none."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            line = next(line for line in status if line.startswith("CapPrm:"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1], 16)


def _traversal() -> int | None:
    """Choose the weakest capability at hand that passes through closed folders."""
    held = _permitted()
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if held & (1 << capability):
            return capability
    return None


def become(uid: int, gid: int) -> None:
    """Become an account for good, with the right to pass through folders where that is possible.

    Raises OSError if this process may not.
    """
    capability = _traversal()
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        bit = 1 << capability
        sets = (_Sets * 2)(_Sets(bit, bit, bit), _Sets(0, 0, 0))
        libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def detach(log: str) -> None:
    """Go on in a child with its own session and the log as its output; the parent prints its pid
    and ends.
    """
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    child = os.fork()
    if child:
        os.write(1, b"%d\n" % child)
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


def main(arguments: Sequence[str]) -> None:
    """Parse, detach, become the account, and turn into the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--account", help="UID:GID")
    parser.add_argument("--log")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if options.log:
        detach(options.log)
    os.umask(0o077)
    if options.account:
        uid, _, gid = options.account.partition(":")
        become(int(uid), int(gid))
    os.execv(options.command[0], options.command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
