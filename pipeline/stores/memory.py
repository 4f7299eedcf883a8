"""All stores in this process's memory, for notebooks and for trying things: nothing is kept.

They keep the same promises as the ones in Redis and in a folder; one test suite runs on both.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.documents import StageName
from pipeline.stores import keys
from pipeline.stores.folder_blobs import blob_missing, checked_hash
from pipeline.stores.protocols import Checkpoint, Entry, Landed, Vector


@dataclass
class MemoryState:
    """What `MemoryCheckpoints` and `MemoryWriteBehind` share: the part of Redis.

    `queue` is in order of arrival; `taken` says who has taken an entry and not acknowledged it;
    `persisted` are the keys that would carry an expiry.
    """

    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    persisted: set[str] = field(default_factory=set)
    queue: dict[str, Entry] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    refused: list[tuple[Entry, str, Checkpoint | None]] = field(default_factory=list)
    entries_made: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)


class MemoryCheckpoints:
    """Checkpoints in memory."""

    def __init__(self, state: MemoryState | None = None) -> None:
        self.state = state or MemoryState()

    def get(
        self, content: str, stage: StageName, fingerprint: str, part: str = ""
    ) -> Checkpoint | None:
        """Read a checkpoint; None if it is not there."""
        return self.state.checkpoints.get(keys.checkpoint(content, stage, fingerprint, part))

    def put(
        self, project: str, checkpoint: Checkpoint, *, lacking: bool = False
    ) -> tuple[Checkpoint, Landed]:
        """Write a checkpoint unless one is there, and queue it unless it is persisted."""
        key = _key(checkpoint)
        state = self.state
        with state.changed:
            stays = state.checkpoints.setdefault(key, checkpoint)
            if lacking:
                state.persisted.discard(key)
            if key not in state.persisted:
                state.entries_made += 1
                entry = Entry(
                    id=f"{state.entries_made}-0",
                    project=project,
                    content=checkpoint.content,
                    stage=checkpoint.stage,
                    fingerprint=checkpoint.fingerprint,
                    part=checkpoint.part,
                )
                state.queue[entry.id] = entry
                state.changed.notify_all()
            return stays, Landed.MEMORY

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Put another checkpoint in the place of the one that is there."""
        with self.state.changed:
            self.state.checkpoints[_key(checkpoint)] = checkpoint
            self.state.persisted.add(_key(checkpoint))


class MemoryWriteBehind:
    """The queue in memory. Its readers are threads of one process and die together, so nothing
    is ever taken over from another one.
    """

    def __init__(self, state: MemoryState, consumer: str = "memory") -> None:
        self._state = state
        self._consumer = consumer

    def read(self, count: int, block_ms: int) -> Sequence[Entry]:
        """Take entries: this consumer's unacknowledged ones first, then new ones."""
        state = self._state
        with state.changed:
            if own := self._held_by(self._consumer, count):
                return own
            state.changed.wait_for(lambda: self._held_by(None, 1), max(block_ms, 0) / 1000)
            fresh = self._held_by(None, count)
            state.taken |= {entry.id: self._consumer for entry in fresh}
            return fresh

    def _held_by(self, consumer: str | None, count: int) -> list[Entry]:
        state = self._state
        held = [entry for entry in state.queue.values() if state.taken.get(entry.id) == consumer]
        return held[:count]

    def load(self, entries: Sequence[Entry]) -> Mapping[str, Checkpoint | None]:
        """Read the entries' checkpoints, by entry id; None for one that is gone."""
        return {entry.id: self._state.checkpoints.get(_key(entry)) for entry in entries}

    def done(self, entries: Sequence[Entry]) -> None:
        """Acknowledge: remember that the checkpoints are persisted, drop the entries."""
        with self._state.changed:
            for entry in entries:
                if _key(entry) in self._state.checkpoints:
                    self._state.persisted.add(_key(entry))
                self._drop(entry)

    def refuse(self, entry: Entry, reason: str) -> None:
        """Move an entry that PostgreSQL will never take, and its value, to the dead letters."""
        with self._state.changed:
            key = _key(entry)
            unpersisted = key not in self._state.persisted
            value = self._state.checkpoints.pop(key, None) if unpersisted else None
            self._state.refused.append((entry, reason, value))
            self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        self._state.queue.pop(entry.id, None)
        self._state.taken.pop(entry.id, None)

    def depth(self) -> int:
        """Count the entries that are not acknowledged."""
        return len(self._state.queue)


class MemoryVectors:
    """The embedding cache in memory."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Vector] = {}

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash; each is a copy."""
        return {
            text: self._vectors[model, text].copy()
            for text in text_hashes
            if (model, text) in self._vectors
        }

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash."""
        for text, vector in vectors.items():
            self._vectors[model, text] = np.array(vector, np.float32)


class MemoryBlobs:
    """The object store in memory."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def put_file(self, path: Path, sha256: str) -> None:
        """Store a file's bytes under their hash."""
        self._objects.setdefault(checked_hash(sha256), path.read_bytes())

    def fetch(self, sha256: str, target: Path) -> None:
        """Copy an object into a file."""
        if checked_hash(sha256) not in self._objects:
            raise blob_missing(sha256)
        target.write_bytes(self._objects[sha256])

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        for sha256 in sha256s:
            self._objects.pop(checked_hash(sha256), None)


def _key(of: Checkpoint | Entry) -> str:
    return keys.checkpoint(of.content, of.stage, of.fingerprint, of.part)
