"""What the parser's child takes away from itself before it touches a stranger's bytes.

Memory, CPU, size of written files, open files, core dumps; no network, no files but those that it
reads with and those of its own folder, no processes, no way to others of its account. Each holds
for every library in the process, and none needs the rights of an administrator; what the system
does not offer is left out, and `sandbox_probe` finds out what holds.
"""

from __future__ import annotations

import ctypes
import math
import mimetypes
import os
import resource
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pipeline
from pipeline.engines import landlock, syscall_filter
from pipeline.engines.parse_request import ChildLimits
from pipeline.engines.tesseract import find_tessdata

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, CLEAR_ALL = 47, 4
CAPABILITIES = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION = 0x20080522
OPEN_FILES = 64
# Where the system keeps libraries, and what every process may know of it.
SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache",
    "/etc/localtime", "/dev/urandom", "/dev/random",
)  # fmt: skip
# What is read of the folder that a Python is installed in; other things may lie there as well.
OF_A_PREFIX = ("lib", "lib64", "share")


def enter(limits: ChildLimits, readable: Path, writable: Path) -> None:
    """Take away from this process, for good, all but computing, reading what lies in `readable` and
    what it is made of, and files in `writable`.

    Must run before the first thread starts: a user namespace can only be entered alone.
    """
    leave_network()
    lower_limits(limits)
    # Tesseract writes what it has to say to the null device, and crashes where it cannot.
    landlock.restrict([*own_code(), readable], [writable, Path(os.devnull)])
    drop_capabilities()
    syscall_filter.refuse_calls()


def lower_limits(limits: ChildLimits) -> None:
    """Set what the process may use, for good."""
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    # The process that started this one has a limit of its own, which is no concern of ours.
    _lower(resource.RLIMIT_DATA, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    # Threads count as processes, so libraries must not start any; none that we use does. The
    # limit does not hold for root; what refuses new processes to root is the filter on calls.
    _lower(resource.RLIMIT_NPROC, 0)


def own_code() -> Iterator[Path]:
    """Name what the process reads to run: Python, the libraries, the OCR models, this package.

    Not the folder that the package stands in where it is a working copy, nor a whole virtual
    environment, which may be made in the folder that one works in: settings lie there.
    """
    package = Path(pipeline.__file__).parent
    closed = None if _holds_installed(package.parent) else package.parent
    yield from (Path(place) for place in SYSTEM)
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        yield from (Path(prefix) / name for name in OF_A_PREFIX)
    yield from (Path(entry) for entry in sys.path if entry and Path(entry) != closed)
    yield package
    for place in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep):
        if place:
            yield Path(place)
    models = find_tessdata()
    if models is not None:
        yield models
    yield from (Path(name) for name in mimetypes.knownfiles)  # read where it is there, or raised


def _holds_installed(folder: Path) -> bool:
    """Say whether a folder is one that pip installs into: libraries stand beside the package."""
    if folder.name in ("site-packages", "dist-packages"):
        return True
    return any(folder.glob("casegraph-*.dist-info"))  # any folder, by --target


def drop_capabilities() -> None:
    """Give up what an administrator may do, and what a new user namespace brought."""
    number = CAPABILITIES.get(os.uname().machine)
    if number is None or not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, CLEAR_ALL, 0, 0, 0)
    libc.syscall(ctypes.c_long(number), struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24))


def leave_network() -> bool:
    """Move into an empty network namespace; return False where the system refuses.

    Sockets that are files are no network: those stay, until the filter on calls refuses all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        return False
    user, group = os.getuid(), os.getgid()
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError:
        pass  # files are still opened as the same user; only its number shows as "nobody"
    return True


def allow_cpu(seconds: float) -> None:
    """Let this process use so many CPU seconds from now on; past them the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _lower(kind: int, value: int) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
