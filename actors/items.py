"""What a flow holds: contents on their way, and those that are given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.calls import Call, Task
from pipeline.documents import DocumentFailure, StageName, Value
from pipeline.stage import Link


class Blame(Value):
    """A content that is given up, with the reason."""

    content_id: str
    failure: DocumentFailure


@dataclass
class Item:
    """A content on its way, or a range of its pages. `apart` says that it shares no call, `alone`
    that it is a suspect, and `company` how many of these may share an actor, it among them.
    `tried` are the actors of its stage that gave no answer, and `blamed_on` the nodes where it was
    alone with one that was lost, time after time. `displaced` counts the nodes that were lost while
    they worked on it. `call` is the number of the last call that it was in.
    """

    task: Task
    apart: bool = False
    alone: bool = False
    company: int = 1
    tried: set[int] = field(default_factory=set)
    blamed_on: list[str] = field(default_factory=list)
    lost_inputs: int = 0
    displaced: int = 0
    unreadable: list[StageName] = field(default_factory=list)
    call: int = 0

    def suspect(self, call: Call, node: str, together: int) -> None:
        """Take down that a call gave no answer on a node. It runs alone from now on; in a stage
        where `together` are at work at once, since they wait for a language model, which takes
        long, in halves of who was lost together until it is alone.
        """
        self.tried.add(call.actor)
        if call.suspect and call.company == 1:
            self.blamed_on.append(node)
        of = call.company if call.suspect else together
        self.alone, self.company = True, max(1, of // 2)

    def move_on(self, link: Link) -> None:
        """Go to the next stage, where it is as good as any other."""
        self.task = self.task.at(self.task.chain.extended(link), durable=self.task.durable)
        self.apart, self.alone, self.company = False, False, 1
        self.tried, self.blamed_on = set(), []


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
