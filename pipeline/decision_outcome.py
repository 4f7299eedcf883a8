"""Says what came of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.counting import counted
from pipeline.registry.decisions import Decision, DecisionKind
from pipeline.registry.explaining import several, shown
from pipeline.stores.graph_rows import EntityRow


@dataclass(frozen=True)
class Outcome:
    """What came of a decision: the entities in which the names of each of its groups are now. If it
    was not `applied` the registry will get to it. `said` is the decision as a plain value.
    """

    decision: Decision
    said: Mapping[str, Any]
    applied: bool
    groups: tuple[tuple[EntityRow, ...], ...]
    text: str

    def __repr__(self) -> str:
        return self.text

    def card(self) -> dict[str, Any]:
        """Give it as a plain value."""
        return {
            **self.said,
            "applied": self.applied,
            "entities": [[row._asdict() for row in group] for group in self.groups],
            "text": self.text,
        }


def called(entity: EntityRow) -> str:
    """Write an entity by its name and the beginning of its id."""
    return f"{shown(entity.name)} ({entity.id[:8]})"


def listed(rows: Iterable[EntityRow]) -> str:
    """List entities, each once."""
    each = list({row.id: row for row in rows}.values())
    texts = [called(row) for row in each[:6]]
    return " and ".join(texts) + (f" and {len(each) - 6:,} more" if len(each) > 6 else "")


def sentence(
    made: Decision,
    card: Mapping[str, Any],
    before: Sequence[EntityRow],
    groups: Sequence[Sequence[EntityRow]],
    sources: Sequence[str],
    *,
    applied: bool,
) -> str:
    """Say what a decision does, and what came of it if it was applied."""
    every = [row for group in groups for row in group]
    if made.kind is DecisionKind.NEVER:
        return f"{listed(before)} are never one, whatever their names look like"
    if made.kind is DecisionKind.MERGE:
        size = f"{counted(every[0].mentions, 'mention')} in " if every else ""
        size += counted(every[0].documents, "document") if every else ""
        said, now = f"{listed(before)} are one now", f"{listed(every)}, {size}"
    elif made.by_document:
        said = f"in {several(sources)} {shown(before[0].name)} is another now"
        now = f"{listed(groups[-1])}; elsewhere it is {listed(groups[0])}"
    else:
        leaving = several(card["names"][0])
        said, now = f"{leaving} left {called(before[0])}", f"now there is {listed(every)}"
    return f"{said}: {now}" if applied and every else said
