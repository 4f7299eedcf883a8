"""The seams between the flow and what keeps things, cut by who calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.documents import StageName, Value

Vector = NDArray[np.float32]
Position = tuple[int, int]


class Landed(StrEnum):
    """Where a checkpoint is after `put`."""

    REDIS = "redis"
    POSTGRES = "postgres"


class CheckpointKey(NamedTuple):
    """What a checkpoint is found by: a stage's output for one content, under its fingerprint."""

    content: str
    stage: StageName
    fingerprint: str
    part: str = ""


class Checkpoint(Value):
    """A stage's output for one content, under its fingerprint.

    `payload` is the codec's bytes (see `codec`). `seconds` is the stage's own time.
    """

    content: str
    stage: StageName
    fingerprint: str
    part: str = ""
    digest: str
    payload: bytes
    seconds: float = 0.0

    @property
    def key(self) -> CheckpointKey:
        """Say what it is found by."""
        return CheckpointKey(self.content, self.stage, self.fingerprint, self.part)


class Persisted(Value):
    """What became durable.

    `published` are contents and `completed` documents; `claimed` says which of these a run at
    work has, and which run. `refused` are contents that cannot be
    published, with the reason; their documents have failed. `winners` are the checkpoints that
    were there with another digest: they stay, and the caller's copies of the same key are wrong.
    `gone` are contents that no document points to any more. `dropped` counts facts whose words
    are not in the text. `fenced` says that the project has another configuration by now, so
    nothing was published.
    """

    published: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    claimed: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    members_admitted: int = 0
    winners: tuple[Checkpoint, ...] = ()
    gone: tuple[str, ...] = ()
    dropped: int = 0
    fenced: bool = False

    def joined(self, more: Persisted) -> Persisted:
        """Add what another call made durable."""
        return Persisted(
            published=(*self.published, *more.published),
            completed=(*self.completed, *more.completed),
            claimed=(*self.claimed, *more.claimed),
            refused=(*self.refused, *more.refused),
            members_admitted=self.members_admitted + more.members_admitted,
            winners=(*self.winners, *more.winners),
            gone=(*self.gone, *more.gone),
            dropped=self.dropped + more.dropped,
            fenced=self.fenced or more.fenced,
        )


class Entry(Value):
    """One entry of the write-behind queue: its id and the checkpoint's key parts."""

    id: str
    project: str
    content: str
    stage: StageName
    fingerprint: str
    part: str = ""

    @property
    def key(self) -> CheckpointKey:
        """Say which checkpoint it means."""
        return CheckpointKey(self.content, self.stage, self.fingerprint, self.part)


class Backlog(Value):
    """What PostgreSQL does not have yet: entries of the queue that are not acknowledged, and the
    bytes of checkpoints that only Redis holds. `limit` is the memory they may grow into, 0 for
    one without bounds. `first` and `last` are where the oldest and the newest entry stand; what
    comes later stands behind.
    """

    entries: int = 0
    bytes: int = 0
    limit: int = 0
    first: Position = (0, 0)
    last: Position = (0, 0)

    def has_left(self, mark: Position) -> bool:
        """Say whether nothing is queued any more that stood at `mark` or before."""
        return not self.entries or self.first > mark


class Checkpoints(Protocol):
    """The fast copies of checkpoints, with the queue of those PostgreSQL does not have yet.

    A checkpoint is written once: the first one stays.
    """

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints; what is not there is not in the answer."""
        ...

    def put(
        self, project: str, checkpoints: Sequence[Checkpoint], *, lacking: bool = False
    ) -> Sequence[Checkpoint | None]:
        """Write checkpoints unless they are there, and queue them; in one step.

        Answers for each with the one that stays, None where there is no room. What was persisted
        is not queued again, unless PostgreSQL is known to be `lacking` it.
        """
        ...

    def warm(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Copy checkpoints that PostgreSQL has, where there is none; they are not queued."""
        ...

    def adopt(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Put PostgreSQL's checkpoints in the place of copies that may differ from them."""
        ...

    def discard(self, unwanted: Sequence[CheckpointKey]) -> None:
        """Remove checkpoints of contents that are gone, or that nobody can use."""
        ...


class DurableCheckpoints(Protocol):
    """Checkpoints in PostgreSQL, the truth."""

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints; what is not there is not in the answer."""
        ...

    def reread(self, doubtful: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints that may be no good; what cannot be decoded is removed."""
        ...

    def put(self, project: str, checkpoints: Sequence[Checkpoint]) -> Persisted:
        """Write checkpoints, and publish each content whose chain they complete."""
        ...


class WriteBehind(Protocol):
    """What the persistence actor calls: the log of checkpoints PostgreSQL does not have yet."""

    def read(self, count: int, block_ms: int) -> Sequence[Entry]:
        """Take entries: this consumer's unacknowledged ones first, then new ones."""
        ...

    def load(self, entries: Sequence[Entry]) -> Mapping[str, Checkpoint | None]:
        """Read the entries' checkpoints, by entry id; None for one that is gone.

        Perhaps only of the first ones: see what is in the answer.
        """
        ...

    def done(self, entries: Sequence[Entry], gone: Sequence[Entry] = ()) -> None:
        """Acknowledge: give the checkpoints their expiry, drop the entries, in one step. Those of
        what was `gone` when it was loaded are dropped, and no key of theirs is touched.
        """
        ...

    def refuse(self, entry: Entry, reason: str) -> None:
        """Move an entry that PostgreSQL will never take to the dead letters."""
        ...

    def leave(self) -> None:
        """Say that this consumer reads no more. What it has not acknowledged stays taken."""
        ...

    def backlog(self) -> Backlog:
        """Say how much PostgreSQL does not have yet."""
        ...


class CacheUse(Value):
    """How often a cache was asked for something, and had it."""

    asked: int = 0
    found: int = 0

    def joined(self, more: CacheUse) -> CacheUse:
        """Add another use."""
        return CacheUse(asked=self.asked + more.asked, found=self.found + more.found)


class Vectors(Protocol):
    """The embedding cache: what is lost is computed again, so it never raises for being away."""

    @property
    def serves(self) -> bool:
        """Say whether what is put is kept at this moment."""
        ...

    @property
    def use(self) -> CacheUse:
        """Say how often it was asked and had the answer, since it was made."""
        ...

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash."""
        ...

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash."""
        ...


class Blobs(Protocol):
    """The object store: files by the SHA-256 of their bytes, kept until nothing names them."""

    def establish(self) -> None:
        """Make the place that objects are put into, where that is missing and can be made. For who
        finds out which store is the right one: a place that is gone later is not made again.
        """
        ...

    def put_file(self, path: Path, sha256: str) -> None:
        """Store a file's bytes under their hash; a second time is harmless."""
        ...

    def fetch(self, sha256: str, target: Path) -> None:
        """Copy an object into a file. Raises TemporaryError or PermanentError("blob_missing")."""
        ...

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        ...
