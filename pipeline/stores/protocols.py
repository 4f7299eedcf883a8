"""The seams between the flow and what keeps things, cut by who calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.documents import StageName, Value

Vector = NDArray[np.float32]


class Landed(StrEnum):
    """Where a checkpoint is after `put`."""

    REDIS = "redis"
    POSTGRES = "postgres"
    MEMORY = "memory"


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


class Entry(Value):
    """One entry of the write-behind queue: its id and the checkpoint's key parts."""

    id: str
    project: str
    content: str
    stage: StageName
    fingerprint: str
    part: str = ""


class Checkpoints(Protocol):
    """What stage actors call. A checkpoint is written once: the first one stays."""

    def get(
        self, content: str, stage: StageName, fingerprint: str, part: str = ""
    ) -> Checkpoint | None:
        """Read a checkpoint; None if it is nowhere."""
        ...

    def put(
        self, project: str, checkpoint: Checkpoint, *, lacking: bool = False
    ) -> tuple[Checkpoint, Landed]:
        """Write a checkpoint unless one is there; return the one that stays and where it is.

        What was persisted is not queued again, unless PostgreSQL is known to be `lacking` it.
        """
        ...

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Put PostgreSQL's checkpoint in the place of a copy that differs from it."""
        ...


class WriteBehind(Protocol):
    """What the persistence actor calls: the log of checkpoints PostgreSQL does not have yet."""

    def read(self, count: int, block_ms: int) -> Sequence[Entry]:
        """Take entries: this consumer's unacknowledged ones first, then new ones."""
        ...

    def load(self, entries: Sequence[Entry]) -> Mapping[str, Checkpoint | None]:
        """Read the entries' checkpoints, by entry id; None for one that is gone."""
        ...

    def done(self, entries: Sequence[Entry]) -> None:
        """Acknowledge: give the checkpoints their expiry, drop the entries, in one step."""
        ...

    def refuse(self, entry: Entry, reason: str) -> None:
        """Move an entry that PostgreSQL will never take to the dead letters."""
        ...

    def depth(self) -> int:
        """Count the entries that are not acknowledged."""
        ...


class Vectors(Protocol):
    """The embedding cache: what is lost is computed again."""

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash."""
        ...

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash."""
        ...


class Blobs(Protocol):
    """The object store: files by the SHA-256 of their bytes, kept until nothing names them."""

    def put_file(self, path: Path, sha256: str) -> None:
        """Store a file's bytes under their hash; a second time is harmless."""
        ...

    def fetch(self, sha256: str, target: Path) -> None:
        """Copy an object into a file. Raises TemporaryError or PermanentError("blob_missing")."""
        ...

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        ...
