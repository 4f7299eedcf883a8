"""One content on its way through the stages, and the word for why one is given up."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.calls import Task
from pipeline.documents import DocumentFailure, StageName, Value


class Blame(Value):
    """A content that is given up, with the reason."""

    content_id: str
    failure: DocumentFailure


@dataclass
class Item:
    """A content on its way. `apart` says that it shares no call, `alone` that it is a suspect, and
    `company` how many of these may share an actor, it among them; `displaced` counts the nodes that
    were lost while they worked on it.
    """

    task: Task
    apart: bool = False
    alone: bool = False
    company: int = 1
    blamed: int = 0
    lost_inputs: int = 0
    displaced: int = 0
    unreadable: list[StageName] = field(default_factory=list)
