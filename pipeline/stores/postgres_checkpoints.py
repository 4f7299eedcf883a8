"""Checkpoints in PostgreSQL: what stages read when a fast copy is gone, and write without Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine

from pipeline.stores.lost_results import remove_rows
from pipeline.stores.payloads import LostResultsError, checkpoints_of, read_results
from pipeline.stores.postgres import alone, transaction
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey, Persisted
from pipeline.stores.publisher import Publisher


class PostgresCheckpoints:
    """The truth. Connects when it is first asked, which in accelerated mode is never.

    `publisher_of` gives a project's publisher.
    """

    def __init__(
        self, engine: Engine, publisher_of: Callable[[str], Publisher], blobs: Blobs
    ) -> None:
        self._engine = engine
        self._publisher_of = publisher_of
        self._blobs = blobs

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints in one question. Raises TemporaryError.

        One whose object is gone is not there, from then on for all who ask.
        """
        if not wanted:
            return {}
        with alone(self._engine) as connection:
            rows = read_results(connection, wanted)
        try:
            found = checkpoints_of(rows, self._blobs)
        except LostResultsError as error:
            self._remove_lost(error.lost)
            return self.get(wanted)
        return {checkpoint.key: checkpoint for checkpoint in found}

    def reread(self, doubtful: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints of which the caller found that one, or its copy, is no good. Raises
        TemporaryError.

        One that cannot be decoded is not there, from then on for all who ask.
        """
        if doubtful:
            self._remove_lost(doubtful)
        return self.get(doubtful)

    def _remove_lost(self, doubtful: Sequence[CheckpointKey]) -> None:
        with transaction(self._engine, "gone") as connection:
            remove_rows(connection, self._blobs, doubtful)

    def put(self, project: str, checkpoints: Sequence[Checkpoint]) -> Persisted:
        """Write checkpoints in one transaction, and publish what they complete."""
        return self._publisher_of(project).persist(checkpoints)
