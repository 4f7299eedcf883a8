"""All stores in this process's memory, for notebooks and for trying things: nothing is kept.

They keep the same promises as the ones in Redis and in a folder; one test suite runs on both.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.scratch import disk_asked
from pipeline.stores import keys
from pipeline.stores.folder_blobs import blob_missing, checked_hash
from pipeline.stores.protocols import (
    Backlog,
    CacheUse,
    Checkpoint,
    CheckpointKey,
    Entry,
    Vector,
)


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

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints; what is not there is not in the answer."""
        found = {key: self.state.checkpoints.get(keys.checkpoint(*key)) for key in wanted}
        return {key: checkpoint for key, checkpoint in found.items() if checkpoint}

    def put(
        self, project: str, checkpoints: Sequence[Checkpoint], *, lacking: bool = False
    ) -> Sequence[Checkpoint | None]:
        """Write checkpoints unless they are there, and queue them unless they are persisted."""
        with self.state.changed:
            return [self._put(project, checkpoint, lacking) for checkpoint in checkpoints]

    def _put(self, project: str, checkpoint: Checkpoint, lacking: bool) -> Checkpoint:
        key, state = _key(checkpoint), self.state
        stays = state.checkpoints.setdefault(key, checkpoint)
        if lacking:
            state.persisted.discard(key)
        if key not in state.persisted:
            state.entries_made += 1
            entry = Entry(id=f"{state.entries_made}-0", project=project, **checkpoint.key._asdict())
            state.queue[entry.id] = entry
            state.changed.notify_all()
        return stays

    def warm(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Copy checkpoints that PostgreSQL has, where there is none."""
        with self.state.changed:
            for checkpoint in checkpoints:
                if _key(checkpoint) not in self.state.checkpoints:
                    self.state.checkpoints[_key(checkpoint)] = checkpoint
                    self.state.persisted.add(_key(checkpoint))

    def adopt(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Put other checkpoints in the place of those that are there."""
        with self.state.changed:
            for checkpoint in checkpoints:
                self.state.checkpoints[_key(checkpoint)] = checkpoint
                self.state.persisted.add(_key(checkpoint))

    def discard(self, unwanted: Sequence[CheckpointKey]) -> None:
        """Remove checkpoints of contents that are gone."""
        with self.state.changed:
            for key in unwanted:
                self.state.checkpoints.pop(keys.checkpoint(*key), None)
                self.state.persisted.discard(keys.checkpoint(*key))


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

    def done(self, entries: Sequence[Entry], gone: Sequence[Entry] = ()) -> None:
        """Acknowledge: remember that the checkpoints are persisted, drop the entries."""
        with self._state.changed:
            for entry in gone:
                self._drop(entry)
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

    def leave(self) -> None:
        """Do nothing: a consumer is no more than its name here."""

    def backlog(self) -> Backlog:
        """Say how much is not acknowledged."""
        state = self._state
        lone = [x for key, x in state.checkpoints.items() if key not in state.persisted]
        numbers = [int(entry.partition("-")[0]) for entry in state.queue]
        return Backlog(
            entries=len(numbers),
            bytes=sum(len(x.payload) for x in lone),
            first=(min(numbers, default=0), 0),
            last=(max(numbers, default=0), 0),
        )


class MemoryVectors:
    """The embedding cache in memory."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Vector] = {}
        self._use = CacheUse()

    @property
    def serves(self) -> bool:
        """Say whether what is put is kept: always."""
        return True

    @property
    def use(self) -> CacheUse:
        """Say how often it was asked and had the answer, since it was made."""
        return self._use

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash; each is a copy."""
        found = {
            text: self._vectors[model, text].copy()
            for text in text_hashes
            if (model, text) in self._vectors
        }
        asked = self._use.asked + len(set(text_hashes))
        self._use = CacheUse(asked=asked, found=self._use.found + len(found))
        return found

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash."""
        for text, vector in vectors.items():
            self._vectors[model, text] = np.array(vector, np.float32)


class NoVectors:
    """The embedding cache of database mode: there is none."""

    serves = False
    use = CacheUse()

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Find nothing."""
        return {}

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Keep nothing."""


class MemoryBlobs:
    """The object store in memory."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def establish(self) -> None:
        """Do nothing: the place is there as long as this is."""

    def put_file(self, path: Path, sha256: str) -> None:
        """Store a file's bytes under their hash."""
        self._objects.setdefault(checked_hash(sha256), path.read_bytes())

    def fetch(self, sha256: str, target: Path) -> None:
        """Copy an object into a file."""
        if checked_hash(sha256) not in self._objects:
            raise blob_missing(sha256)
        with disk_asked():
            target.write_bytes(self._objects[sha256])

    def names(self) -> list[str]:
        """Name the objects that are there."""
        return list(self._objects)

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        for sha256 in sha256s:
            self._objects.pop(checked_hash(sha256), None)


def _key(of: Checkpoint | Entry) -> str:
    return keys.checkpoint(of.content, of.stage, of.fingerprint, of.part)
