"""Landlock: a process gives up the file system, but for folders it names, for good.

Linux 5.13 and later, for every account. What is not granted is refused to the whole process: all
writing, reading, listing, executing; from later versions on truncating, TCP, devices' own commands,
signals to others and abstract sockets. What files are called, and their sizes, can still be asked.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 5, 1 << 8, 1 << 14
# How many rights over files each version knows, the first one first. The last step is the rights
# over devices' own commands.
FILE_RIGHTS = (13, 14, 15, 15, 16)
TCP_FROM, TCP = 4, 0b11  # to bind and to connect
SCOPES_FROM, SCOPES = 6, 0b11  # abstract sockets, and signals

READ_TREE = READ_FILE | READ_DIR
# No folders, links or devices: what is written into a folder is files, side by side.
WRITE_FLAT = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REMOVE_FILE | MAKE_REG
OF_FILES = READ_FILE | WRITE_FILE | TRUNCATE


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Give up all files but these and what lies below; return False where the system has none of
    this. Paths that are not there are passed over.

    In a folder of `writable` files may be made, and nothing else. For the thread that calls it and
    those it starts from then on: to be called before there are others.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = _call(libc, CREATE_RULESET, None, 0, VERSION_FLAG)
    if version < 1:
        return False
    handled = (1 << FILE_RIGHTS[min(version, len(FILE_RIGHTS)) - 1]) - 1
    ruleset = _ruleset(libc, version, handled)
    try:
        for path in readable:
            _grant(libc, ruleset, path, READ_TREE & handled)
        for path in writable:
            _grant(libc, ruleset, path, WRITE_FLAT & handled)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _checked(_call(libc, RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def _ruleset(libc: ctypes.CDLL, version: int, handled: int) -> int:
    """Open a set of rules that grants nothing. Some kernels say a version and lack its scopes."""
    tcp = TCP if version >= TCP_FROM else 0
    scopes = SCOPES if version >= SCOPES_FROM else 0
    for given in (scopes, 0):
        asked = struct.pack("=QQQ", handled, tcp, given)
        ruleset = _call(libc, CREATE_RULESET, asked, len(asked), 0)
        if ruleset >= 0 or ctypes.get_errno() != errno.EINVAL:
            break
    return _checked(ruleset)


def _grant(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """Allow so much at a path and below."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= OF_FILES
        _checked(_call(libc, ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0))
    finally:
        os.close(place)


def _call(libc: ctypes.CDLL, number: int, *arguments: int | bytes | None) -> int:
    """Call the kernel; each number takes a whole register."""
    whole = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    return int(libc.syscall(ctypes.c_long(number), *whole))


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return answer
