"""What a flow holds: contents on their way, and those that are given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.calls import Task
from pipeline.documents import DocumentFailure, StageName, Value


class Blame(Value):
    """A content that is given up, with the reason."""

    content_id: str
    failure: DocumentFailure


@dataclass
class Item:
    """A content on its way, or a range of its pages. `apart` says that it shares no call, `alone`
    that it is a suspect, and `company` how many of these may share an actor, it among them.
    `displaced` counts the nodes that were lost while they worked on it. `call` is the number of the
    last call that it was in.
    """

    task: Task
    apart: bool = False
    alone: bool = False
    company: int = 1
    blamed: int = 0
    lost_inputs: int = 0
    displaced: int = 0
    unreadable: list[StageName] = field(default_factory=list)
    call: int = 0


def batch_of(ready: Iterable[Item], wanted: int, most: int) -> list[Item]:
    """Take the first items for one call: up to `wanted`, of no more than `most` bytes of sources
    but for the first; one that shares no call goes by itself.
    """
    batch: list[Item] = []
    held = 0
    for item in ready:
        by_itself = item.alone or item.apart
        held += item.task.identified.size
        if batch and (by_itself or held > most):
            break
        batch.append(item)
        if by_itself or len(batch) >= wanted:
            break
    return batch
