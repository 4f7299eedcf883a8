"""How much memory this process and its children may still take, how much it has taken, and a limit.

The machine's numbers are wrong inside a container: they are the host's, and who goes by them is
killed. Control groups (version 2, and 1 as far as its memory controller) say what is allowed.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import psutil

STATUS = Path("/proc/self/status")
GROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


class Growth:
    """How much memory of its own this process has taken since it was made: what other processes
    share, such as a model that is mapped, is not counted.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._at_first = self._own()

    @property
    def bytes(self) -> int:
        """Count them; none for a process that has shrunk."""
        return max(self._own() - self._at_first, 0)

    def _own(self) -> int:
        memory = self._process.memory_info()
        taken: int = memory.rss - getattr(memory, "shared", 0)
        return taken


def allow_more(bytes_: int) -> None:
    """Let this process take so many bytes more than it has at this moment; past them it is given
    none, until this is called again. Only Linux counts what is a process's own.
    """
    if (taken := _data_bytes()) is not None:
        _limit_data(taken + bytes_)


def allow_all() -> None:
    """Let this process take what the machine has."""
    _limit_data(resource.RLIM_INFINITY)


def _data_bytes() -> int | None:
    """Count the bytes that Linux counts for the limit: also those that were asked for and never
    touched.
    """
    try:
        status = STATUS.read_text("ascii", "replace")
    except OSError:
        return None
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "VmData":
            return int(value.removesuffix("kB")) << 10
    return None


def _limit_data(most: int) -> None:
    """Set the limit, as far as whoever started this process lets it go up again."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        most = hard if most == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def available_bytes(groups: Path = GROUPS, own: Path = OWN) -> int:
    """Count the bytes that can be taken without swapping, or being killed for it."""
    machine: int = psutil.virtual_memory().available
    return max(min([machine, *_left(groups, own)]), 0)


def _left(groups: Path, own: Path) -> Iterator[int]:
    """Say what each group that this process is in leaves; nothing for one without a limit."""
    for folder, limit, used, reclaimable in _groups(groups, own):
        try:
            allowed = int((folder / limit).read_text("ascii"))
            taken = int((folder / used).read_text("ascii"))
            yield allowed - taken + _reclaimable(folder / "memory.stat", reclaimable)
        except (OSError, ValueError):  # not there, not ours to read, or "max"
            continue


def _groups(groups: Path, own: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Find the groups' folders, from this process's own up, and what their files are called."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = groups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = groups / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # Seen from inside a container, its own group may be the root whatever the path says.
        inner = root / path.lstrip("/")
        for folder in dict.fromkeys([inner, *inner.parents]):
            if folder == root or root in folder.parents:
                yield (folder, *names)


def _reclaimable(stat: Path, name: str) -> int:
    """Read how much of what is taken are copies of files that can be dropped at once."""
    for line in stat.read_text("ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
