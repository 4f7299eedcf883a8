"""How much a run holds: what it takes in, and what it claims ahead of that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.settings import RunSettings
from pipeline.stores.protocols import Backlog

IDENTIFY_BATCH = 32
AHEAD_SECONDS, MOST_AHEAD = 5.0, 2 * IDENTIFY_BATCH
HELD_SECONDS = 20.0
FEWEST, CALLS_OF = 128, 4


@dataclass(frozen=True)
class Load:
    """What a run holds at this moment: documents before their last stage, claimed ones that wait
    for room, what PostgreSQL does not have yet, the memory that the machine has left and that the
    coordinator has `grown` by, in bytes. `pace` is how many documents it gets through in a second,
    or could if it had them; `at_once` how many its actors can take up, `pace_at_first` and
    `at_first` the same of the first stage, and `unread` how many documents are not past that.
    `held_bytes` is what the sources of the unprocessed ones have, `next_bytes` what that of the
    next one has which waits for room.
    """

    unprocessed: int
    backlog: Backlog
    free_memory: int
    waiting: int = 0
    pace: float = 0.0
    grown: int = 0
    at_once: int = 1
    at_first: int = 1
    unread: int = 0
    pace_at_first: float = 0.0
    held_bytes: int = 0
    next_bytes: int = 0


def window(load: Load, run: RunSettings) -> int:
    """Say how many documents may be on their way: as many as a person wants, else what keeps all
    actors at work, since a call of many small ones holds some for each slot.
    """
    return run.window or max(FEWEST, CALLS_OF * load.at_once)


def room(load: Load, run: RunSettings) -> int:
    """Count the documents that the flow may take in now: what the window has left; none while the
    queue is long, what only Redis holds takes over half of its memory, or memory is short.

    A run that holds nothing waits for nothing: what is short then is not short because of it.
    """
    return 0 if shortage(load, run) else max(window(load, run) - load.unprocessed, 0)


def fits(load: Load, run: RunSettings) -> bool:
    """Say whether the next document fits into the window of bytes. One that is larger than all of
    it goes alone; and none overtakes it, since it would never be its turn.
    """
    return not load.unprocessed or load.held_bytes + load.next_bytes <= run.window_bytes


def to_claim(load: Load, run: RunSettings) -> int:
    """Count the documents to claim now: what the window holds, and what it will take in within the
    next seconds; but no more than the run gets through within some more. Where that is less than
    its actors take up at once, or not known, it is those, and of what is not read yet what the
    first stage does: other runs may have the rest. None for less than a batch, since a claim is a
    transaction.
    """
    ahead = window(load, run) + min(math.ceil(load.pace * AHEAD_SECONDS), MOST_AHEAD)
    soon = math.ceil(load.pace * HELD_SECONDS)
    most = min(ahead, max(soon, load.at_once))
    fresh = min(most, max(soon, load.at_first, math.ceil(load.pace_at_first * HELD_SECONDS)))
    wanted = min(most - load.unprocessed, fresh - load.unread) - load.waiting
    batch = max(min(IDENTIFY_BATCH, fresh // 2), 1)
    return 0 if shortage(load, run) or wanted < batch else wanted


def shortage(load: Load, run: RunSettings) -> str:
    """Say why nothing is taken in at the moment; empty where something may be.

    What is counted of bytes holds only while the queue has entries: with none, all is persisted.
    """
    backlog = load.backlog
    if backlog.entries > run.queue_pause:
        return f"{backlog.entries:,} results wait for PostgreSQL (run.queue_pause)"
    if backlog.entries and 0 < backlog.limit < backlog.bytes * 2:
        return "results that PostgreSQL does not have yet take over half of the memory of Redis"
    if load.free_memory < run.memory_floor_bytes and load.unprocessed > 0:
        return f"only {load.free_memory >> 20} MB of memory are free (run.memory_floor_bytes)"
    if load.grown > run.growth_bytes and load.unprocessed > 0:
        return f"the coordinator has grown by {load.grown >> 20} MB (run.growth_bytes)"
    # What keeps all actors busy is no shortage.
    if load.next_bytes and not fits(load, run) and load.unprocessed < load.at_once:
        held = f"documents of {load.held_bytes >> 20:,} MB are on their way"
        return f"{held}, and the next has {load.next_bytes >> 20:,} MB (run.window_bytes)"
    return ""
