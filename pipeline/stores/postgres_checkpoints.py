"""Checkpoints in PostgreSQL: what stages read when a fast copy is gone, and write without Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine

from pipeline.stores.payloads import checkpoint_of, read_results
from pipeline.stores.postgres import alone
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey, Persisted
from pipeline.stores.publisher import Publisher


class PostgresCheckpoints:
    """The truth. Connects when it is first asked, which in accelerated mode is never.

    `publisher_of` gives a project's publisher, None for a project that was deleted.
    """

    def __init__(
        self, engine: Engine, publisher_of: Callable[[str], Publisher | None], blobs: Blobs
    ) -> None:
        self._engine = engine
        self._publisher_of = publisher_of
        self._blobs = blobs

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints in one question. Raises TemporaryError."""
        if not wanted:
            return {}
        with alone(self._engine) as connection:
            rows = read_results(connection, wanted)
        found = [checkpoint_of(row, self._blobs) for row in rows]
        return {checkpoint.key: checkpoint for checkpoint in found}

    def put(self, project: str, checkpoints: Sequence[Checkpoint]) -> Persisted:
        """Write checkpoints in one transaction, and publish what they complete."""
        publisher = self._publisher_of(project)
        if publisher is None:
            return Persisted(gone=tuple(sorted({x.content for x in checkpoints})))
        return publisher.persist(checkpoints)
