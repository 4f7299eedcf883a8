"""Checkpoint stores asked for one checkpoint at a time, as tests like to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.documents import StageName
from pipeline.stores.protocols import Checkpoint, CheckpointKey, Checkpoints
from pipeline.stores.redis_link import RedisLink


@dataclass(frozen=True)
class One:
    """A store whose calls take and give single checkpoints."""

    store: Checkpoints

    def get(
        self, content: str, stage: StageName, fingerprint: str, part: str = ""
    ) -> Checkpoint | None:
        key = CheckpointKey(content, stage, fingerprint, part)
        return self.store.get([key]).get(key)

    def put(self, project: str, checkpoint: Checkpoint, *, lacking: bool = False) -> Checkpoint:
        [stays] = self.store.put(project, [checkpoint], lacking=lacking)
        assert stays is not None
        return stays

    def warm(self, checkpoint: Checkpoint) -> None:
        self.store.warm([checkpoint])

    def adopt(self, checkpoint: Checkpoint) -> None:
        self.store.adopt([checkpoint])

    def drop(self, contents: Iterable[str]) -> int:
        return self.store.drop(contents)  # type: ignore[attr-defined]


def link_to(url: str, **options: float) -> RedisLink:
    """Make a link as a process of casegraph has one."""
    return RedisLink(url, **options)
