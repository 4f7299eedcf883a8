"""What a run would do, worked out before it: pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.documents import StageName
from pipeline.stage import STAGES, Plan

KnownResults = Mapping[tuple[StageName, str], str]


@dataclass(frozen=True)
class KnownContent:
    """A content that documents of the project point to, with what PostgreSQL has of it.

    `waiting`: a document is to be brought to it. `published` is the chain that readers see,
    `results` all checkpoints that are there.
    """

    sha256: str
    media_type: str
    waiting: bool
    published: KnownResults
    results: KnownResults


def stages_to_run(plan: Plan, content: KnownContent) -> Sequence[StageName]:
    """Name the stages that would run for a content, at most; none if it stays as it is."""
    published = plan.follow(content.sha256, content.media_type, content.published)
    if not content.waiting and published.gap is None:
        return ()
    there = plan.follow(content.sha256, content.media_type, content.results)
    return STAGES[len(there.links) :]


def stage_counts(plan: Plan, unread: int, contents: Iterable[KnownContent]) -> dict[StageName, int]:
    """Count by stage what would run; each of `unread` documents may need all five."""
    counts = dict.fromkeys(STAGES, unread)
    for content in contents:
        for stage in stages_to_run(plan, content):
            counts[stage] += 1
    return counts


@dataclass(frozen=True)
class Forecast:
    """What a run would find and do. Of files: `new`, `changed`, `unchanged`, `left_out`; of the
    project: `pending` from before, `failed` ones that stay so, and `not_found`.

    `stages` are upper bounds: copies of known bytes cost nothing, and members of containers are
    not known before they are read. `difference` says in which stages the settings are not those
    of the project; `needs_reconfigure` that a run would refuse them.
    """

    project: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    not_found: int = 0
    left_out: int = 0
    failed: int = 0
    pending: int = 0
    stages: Mapping[StageName, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    difference: str = ""
    needs_reconfigure: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the object that `run --dry-run --json` prints."""
        return {
            "project": self.project,
            "dry_run": True,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "not_found": self.not_found,
            "left_out": self.left_out,
            "failed": self.failed,
            "pending": self.pending,
            "stages": {stage.value: self.stages[stage] for stage in STAGES},
            "difference": self.difference,
            "needs_reconfigure": self.needs_reconfigure,
        }
