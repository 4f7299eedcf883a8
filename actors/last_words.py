"""Reads what a process of Ray wrote before it died, on whichever node that was."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from actors.deaths import LONGEST_TAIL, LastWords, was_chosen

LATE = ".late"
"""Is added to the name of a process's log, for where it writes its stacks when time is over."""
STANDARD_ERROR = 2
READ_BYTES = 4 * LONGEST_TAIL
NODES = "raylet*.out"
"""The logs of Ray's own processes for nodes, beside those of the others: one for each node of a
machine.
"""
READ_OF_NODES = 1 << 20
READ_SECONDS = 10.0


class Whereabouts(NamedTuple):
    """The node of a process, its id there, and its log: the file that standard error goes to, if
    known.
    """

    node: str
    pid: int
    log: str

    @property
    def late(self) -> str:
        """Name the file for its stacks; empty where the log is not known."""
        return self.log and self.log + LATE


def whereabouts() -> Whereabouts:
    """Say where this process of Ray is."""
    import ray

    log = ""
    with suppress(OSError):  # only Linux says so
        log = str(Path(f"/proc/self/fd/{STANDARD_ERROR}").readlink())
    return Whereabouts(ray.get_runtime_context().get_node_id(), os.getpid(), log)


async def last_words(of: Whereabouts | None) -> LastWords:
    """Read what a process left; nothing if its node is gone, or does not answer soon."""
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if of is None:
        return LastWords()
    if of.node == ray.get_runtime_context().get_node_id():
        return await asyncio.to_thread(read, of)
    there = NodeAffinitySchedulingStrategy(of.node, soft=False)
    reader: Any = ray.remote(read).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
    try:
        words: LastWords = await asyncio.wait_for(reader.remote(of), READ_SECONDS)
    except (RayError, TimeoutError):
        return LastWords()
    return words


def read(of: Whereabouts) -> LastWords:
    """Read the ends of a process's files on this node."""
    if not of.log:
        return LastWords()
    nodes = [_end_of(str(log), READ_OF_NODES) for log in Path(of.log).parent.glob(NODES)]
    chosen = any(was_chosen(of.pid, words) for words in nodes)
    return LastWords(_end_of(of.log), _end_of(of.late), chosen)


def _end_of(file: str, most: int = READ_BYTES) -> str:
    """Read the end of a file; nothing of one that is not there."""
    try:
        with Path(file).open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(log.tell() - most, 0))
            return log.read().decode("utf-8", "replace")
    except OSError:
        return ""
