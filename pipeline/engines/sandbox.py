"""What the parser's child takes away from itself before it touches a stranger's bytes.

Memory, CPU, size of written files, open files, core dumps; no new processes; no network where the
system lets an ordinary user leave it. Each of the limits holds for every library in the process.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
from pathlib import Path

from pipeline.engines.parse_request import ChildLimits

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_NO_NEW_PRIVS = 38
OPEN_FILES = 64


def enter(limits: ChildLimits) -> bool:
    """Set the limits of this process; return whether it is cut off from the network.

    Must run before the first thread starts: a user namespace can only be entered alone.
    """
    isolated = leave_network()
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    # The process that started this one has a limit of its own, which is no concern of ours.
    _lower(resource.RLIMIT_DATA, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    # Threads count as processes, so libraries must not start any; none that we use does. The
    # limit does not hold for root, who should not run this.
    _lower(resource.RLIMIT_NPROC, 0)
    return isolated


def leave_network() -> bool:
    """Move into an empty network namespace; return False where the system refuses."""
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
