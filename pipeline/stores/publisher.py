"""Writes checkpoints to PostgreSQL and publishes contents: what the persistence actor calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.settings import ArchiveLimits
from pipeline.stage import STAGES, Plan
from pipeline.stores import chunk_vectors
from pipeline.stores.blame import blame_content
from pipeline.stores.copying import copy_rows, staged
from pipeline.stores.payloads import (
    VALUE_LIMIT,
    Payloads,
    RefusedContentError,
    checkpoint_of,
    store_payload,
)
from pipeline.stores.postgres import is_about_data, transaction, words_of
from pipeline.stores.protocols import Blobs, Checkpoint, Persisted, Vector
from pipeline.stores.publishing import (
    Publication,
    Published,
    known_checkpoints,
    lock_contents,
    publish,
)

__all__ = ["REFUSED", "Persisted", "Publisher"]

REFUSED = "refused_by_database"


@dataclass
class _Report:
    """A `Persisted` that grows with each transaction."""

    published: Published = field(default_factory=Published)
    winners: list[Checkpoint] = field(default_factory=list)
    fenced: bool = False

    def add(self, part: Published) -> None:
        """Take in what one transaction published."""
        total = self.published
        total.contents += part.contents
        total.documents += part.documents
        total.members_admitted += part.members_admitted
        total.refused |= part.refused
        total.removed += part.removed
        total.dropped += part.dropped

    def frozen(self) -> Persisted:
        """Give the whole report."""
        total = self.published
        return Persisted(
            published=tuple(total.contents),
            completed=tuple(total.documents),
            refused=tuple(sorted(total.refused.items())),
            members_admitted=total.members_admitted,
            winners=tuple(self.winners),
            gone=tuple(total.removed),
            dropped=total.dropped,
            fenced=self.fenced,
        )


_CONFIGURATION = text("""
SELECT configuration_digest FROM projects WHERE id = CAST(:project AS uuid) FOR SHARE
""")

_RESULT_COLUMNS = (
    "content_id", "stage", "fingerprint", "part", "digest", "payload", "payload_ref", "seconds",
)  # fmt: skip


class Publisher:
    """The way of one project's checkpoints into PostgreSQL. Safe to use in several processes."""

    def __init__(
        self,
        engine: Engine,
        project_id: str,
        plan: Plan,
        blobs: Blobs,
        archive: ArchiveLimits | None = None,
    ) -> None:
        self._engine = engine
        self._project = project_id
        self._plan = plan
        self._blobs = blobs
        self._archive = archive or ArchiveLimits()

    def persist(self, checkpoints: Sequence[Checkpoint]) -> Persisted:
        """Write checkpoints, and publish each content whose chain they complete.

        One transaction, unless PostgreSQL refuses a value: then the batch is halved until only
        the content that brought it is left out, and its documents fail. Writing again what is
        there changes nothing. Raises TemporaryError for what may go well next time.
        """
        report = _Report()
        self._persist(list(checkpoints), (), report)
        return report.frozen()

    def publish(self, contents: Sequence[str]) -> Persisted:
        """Publish contents whose checkpoints are all there already.

        One that cannot be is left out and its documents fail, as in `persist`.
        """
        report = _Report()
        self._persist([], sorted(set(contents)), report)
        return report.frozen()

    def missing_vectors(self, limit: int) -> Sequence[tuple[str, str]]:
        """Name published chunks without a vector, with their texts; none without pgvector."""
        with transaction(self._engine) as connection:
            return chunk_vectors.missing(connection, self._project, limit)

    def store_vectors(self, model: str, vectors: Mapping[str, Vector]) -> int:
        """Fill in the vectors of chunks and return how many; a chunk that is gone is passed."""
        with transaction(self._engine) as connection:
            return chunk_vectors.store(connection, model, vectors)

    def _persist(self, batch: list[Checkpoint], others: Sequence[str], report: _Report) -> None:
        """Write a batch and publish it and `others`, or the halves of both, or refuse the one
        content that they are.
        """
        if not batch and not others:
            return
        tried = _Report()
        try:
            with transaction(self._engine, "persist") as connection:
                part = self._write(connection, batch, others, tried)
        except RefusedContentError as error:
            self._refuse(error, report)
            rest = [x for x in batch if x.content != error.content]
            self._persist(rest, [x for x in others if x != error.content], report)
        except (DBAPIError, psycopg2.Error, ValueError) as error:
            if not is_about_data(error):
                raise
            self._halve(batch, others, error, report)
        else:
            report.add(part)
            report.winners += tried.winners
            report.fenced |= tried.fenced

    def _halve(
        self, batch: list[Checkpoint], others: Sequence[str], error: Exception, report: _Report
    ) -> None:
        """Find the content whose values PostgreSQL refuses."""
        contents = sorted({x.content for x in batch} | set(others))
        if len(contents) == 1:
            last = max((x.stage for x in batch), key=STAGES.index, default=STAGES[-1])
            message = f"PostgreSQL refused what {last} made of it: {words_of(error)}"
            self._refuse(RefusedContentError(contents[0], last, REFUSED, message), report)
            return
        first = set(contents[: len(contents) // 2])
        for half in (first, set(contents) - first):
            of_half = [x for x in batch if x.content in half]
            self._persist(of_half, [x for x in others if x in half], report)

    def _refuse(self, error: RefusedContentError, report: _Report) -> None:
        """Fail the documents that wait for a content, unless the project has another plan by
        now: then they wait for what that one makes of it.
        """
        with transaction(self._engine, "fail") as connection:
            digest = connection.scalar(_CONFIGURATION, {"project": self._project})
            if digest == self._plan.digest:
                blame_content(connection, error)
        report.published.refused[error.content] = error.message

    def _write(
        self,
        connection: Connection,
        batch: Sequence[Checkpoint],
        others: Sequence[str],
        report: _Report,
    ) -> Published:
        """Do the work of one transaction. Contents that are gone take their checkpoints along."""
        digest = connection.scalar(_CONFIGURATION, {"project": self._project})
        named = {x.content for x in batch} | set(others)
        contents = lock_contents(connection, sorted(named))
        live = [x for x in batch if x.content in contents]
        report.winners = self._write_results(connection, live)
        report.fenced = digest is not None and digest != self._plan.digest
        gone = sorted(named - contents.keys())
        if digest is None or report.fenced:
            return Published(removed=gone)
        known = known_checkpoints(connection, list(contents))
        chains = {id_: row.follow(self._plan, known[id_]) for id_, row in contents.items()}
        way = Publication(
            connection=connection,
            project=self._project,
            plan=self._plan,
            payloads=Payloads(self._blobs, live),
            archive=self._archive,
        )
        part = publish(way, contents, known, chains)
        part.removed = sorted({*part.removed, *gone})
        return part

    def _write_results(
        self, connection: Connection, batch: Sequence[Checkpoint]
    ) -> list[Checkpoint]:
        """Write checkpoints that are not there; return those that are, with another digest."""
        if not batch:
            return []
        rows = [self._result_row(checkpoint) for checkpoint in _sorted(batch)]
        if _appended(connection, rows):
            return []
        table = staged(connection, "stage_results", _RESULT_COLUMNS, rows)
        columns = ", ".join(_RESULT_COLUMNS)
        written = connection.exec_driver_sql(
            f"INSERT INTO stage_results ({columns}) SELECT {columns} FROM {table} "  # noqa: S608
            "ON CONFLICT DO NOTHING"
        )
        if written.rowcount == len(rows):
            return []
        stronger = connection.exec_driver_sql(
            "SELECT DISTINCT r.content_id::text, r.stage, r.fingerprint, r.part, r.digest,"  # noqa: S608
            f" r.payload, r.payload_ref, r.seconds FROM {table} s JOIN stage_results r"
            " USING (content_id, stage, fingerprint, part) WHERE r.digest <> s.digest"
        ).all()
        return [checkpoint_of(row, self._blobs) for row in stronger]

    def _result_row(self, checkpoint: Checkpoint) -> tuple[object, ...]:
        """Make the row of a checkpoint; a large payload goes to the object store."""
        large = len(checkpoint.payload) > VALUE_LIMIT
        return (
            checkpoint.content,
            checkpoint.stage.value,
            checkpoint.fingerprint,
            checkpoint.part,
            checkpoint.digest,
            None if large else checkpoint.payload,
            store_payload(self._blobs, checkpoint.payload) if large else None,
            checkpoint.seconds,
        )


def _appended(connection: Connection, rows: Sequence[Sequence[object]]) -> bool:
    """Copy rows of new checkpoints straight into their table; False, and nothing done, if one of
    them is there already, which is rare.
    """
    attempt = connection.begin_nested()
    try:
        copy_rows(connection, "stage_results", _RESULT_COLUMNS, rows)
    except psycopg2.errors.UniqueViolation:
        attempt.rollback()
        return False
    attempt.commit()
    return True


def _sorted(batch: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Put a batch in the order of keys; of two with one key the first stays."""
    keyed: dict[tuple[str, ...], Checkpoint] = {}
    for x in batch:
        keyed.setdefault((x.content, x.stage, x.fingerprint, x.part), x)
    return [keyed[key] for key in sorted(keyed)]
