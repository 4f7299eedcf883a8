"""Writes checkpoints to PostgreSQL and publishes contents: what the persistence actor calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, text

from pipeline.stage import STAGES, Plan
from pipeline.stores import chunk_vectors, loose_objects
from pipeline.stores.blame import blame_content, refusal
from pipeline.stores.chunk_vectors import CachedVectors, has_vectors
from pipeline.stores.ledger_values import Publishing
from pipeline.stores.lost_results import remove_rows
from pipeline.stores.payloads import (
    LostResultsError,
    Payloads,
    RefusedContentError,
    TooMuchError,
    checkpoints_of,
    read_results,
)
from pipeline.stores.postgres import alone, is_about_data, transaction
from pipeline.stores.protocols import Blobs, Checkpoint, Persisted, Vector
from pipeline.stores.publishing import (
    Publication,
    Published,
    known_results,
    lock_contents,
    publish,
    stored_digests,
)
from pipeline.stores.result_rows import delete_results, superseded, write_results

__all__ = ["Persisted", "Publisher"]


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
        total.claimed += part.claimed
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
            claimed=tuple(total.claimed),
            refused=tuple(sorted(total.refused.items())),
            members_admitted=total.members_admitted,
            winners=tuple(self.winners),
            gone=tuple(total.removed),
            dropped=total.dropped,
            fenced=self.fenced,
        )


_CONFIGURATION = text("""
SELECT configuration_digest AS digest, publishing FROM projects
WHERE id = CAST(:project AS uuid) FOR SHARE
""")


class Publisher:
    """The way of one project's checkpoints into PostgreSQL. Safe to use in several processes.

    It publishes by what the last run of the project had set, by `publishing` where none has said
    so. Chunks are given the vectors of `cache_of` an embedding model as they are published. Without
    a `plan`, where another version made one that this one cannot read, results are written and not
    published. `outdated` says that the project was seen with another plan than this one.
    """

    def __init__(
        self,
        engine: Engine,
        project_id: str,
        plan: Plan | None,
        blobs: Blobs,
        publishing: Publishing,
        cache_of: Callable[[str], CachedVectors | None] | None = None,
    ) -> None:
        self._engine = engine
        self._project = project_id
        self._plan = plan
        self._blobs = blobs
        self._publishing = publishing
        self._cache_of = cache_of
        self._vectors = False
        self.outdated = False

    def persist(self, checkpoints: Sequence[Checkpoint]) -> Persisted:
        """Write checkpoints, and publish each content whose chain they complete.

        One transaction; two for halves where it is too much to hold at once. If PostgreSQL refuses
        a value, or anything else is wrong with what is written, it is halved until only the content
        that brought it is left out, and its documents fail. Writing again what is there changes
        nothing. Raises TemporaryError for what may go well next time.
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
        with alone(self._engine) as connection:
            if not self._has_vectors(connection):
                return ()
            return chunk_vectors.missing(connection, self._project, limit)

    def store_vectors(self, model: str, vectors: Mapping[str, Vector]) -> int:
        """Fill in the vectors of chunks and return how many; a chunk that is gone is passed."""
        with transaction(self._engine, "vectors") as connection:
            if not self._has_vectors(connection):
                return 0
            return chunk_vectors.store(connection, model, vectors)

    def _has_vectors(self, connection: Connection) -> bool:
        """Say whether chunks have a column for vectors. One that is there stays; one that is not
        may come with an extension.
        """
        self._vectors = self._vectors or has_vectors(connection)
        return self._vectors

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
        except LostResultsError as error:
            with transaction(self._engine, "gone") as connection:
                remove_rows(connection, self._blobs, error.lost)
            self._persist(batch, others, report)
        except TooMuchError:
            self._persist_halves(batch, others, report)
        except RefusedContentError as error:
            self._refuse(error, report)
            rest = [x for x in batch if x.content != error.content]
            self._persist(rest, [x for x in others if x != error.content], report)
        except Exception as error:
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
        """Find the content that cannot be published."""
        contents = sorted({x.content for x in batch} | set(others))
        if len(contents) == 1:
            last = max((x.stage for x in batch), key=STAGES.index, default=STAGES[-1])
            self._refuse(refusal(contents[0], last, error), report)
            return
        self._persist_halves(batch, others, report)

    def _persist_halves(
        self, batch: list[Checkpoint], others: Sequence[str], report: _Report
    ) -> None:
        """Write and publish one half of the contents after the other."""
        contents = sorted({x.content for x in batch} | set(others))
        first = set(contents[: len(contents) // 2])
        for half in (first, set(contents) - first):
            of_half = [x for x in batch if x.content in half]
            self._persist(of_half, [x for x in others if x in half], report)

    def _refuse(self, error: RefusedContentError, report: _Report) -> None:
        """Fail the documents that wait for a content, unless the project has another plan by
        now: then they wait for what that one makes of it.
        """
        with transaction(self._engine, "fail") as connection:
            project = connection.execute(_CONFIGURATION, {"project": self._project}).one_or_none()
            if self._plan and project and project.digest == self._plan.digest:
                blame_content(connection, error)
        report.published.refused[error.content] = error.message

    def _write(
        self,
        connection: Connection,
        batch: Sequence[Checkpoint],
        others: Sequence[str],
        report: _Report,
    ) -> Published:
        """Do the work of one transaction. Contents that are gone take their checkpoints along, and
        so does the whole of a result its parts, and what is published all parts of its content.
        """
        project = connection.execute(_CONFIGURATION, {"project": self._project}).one_or_none()
        named = {x.content for x in batch} | set(others)
        contents = lock_contents(connection, sorted(named))
        live = [x for x in batch if x.content in contents]
        stored = stored_digests(connection, list(contents))
        weaker = [x for x in live if stored.get(x.key, x.digest) != x.digest]
        useless = superseded(stored.keys() | {x.key for x in live})
        late = [x for x in live if x.key in useless]
        unwritten = [*weaker, *late, *(x for x in batch if x.content not in contents)]
        loose_objects.loosen(connection, loose_objects.objects_of(unwritten))
        live = [x for x in live if x.key not in useless]
        fresh = write_results(connection, self._blobs, live, stored)
        delete_results(connection, useless & stored.keys())
        report.winners = self._stronger(connection, weaker)
        plan = self._plan
        self.outdated = plan is not None and project is not None and project.digest != plan.digest
        report.fenced = self.outdated or (project is not None and plan is None)
        gone = sorted(named - contents.keys())
        if plan is None or project is None or report.fenced:
            return Published(removed=gone)
        known = known_results(contents, {**stored, **{x.key: x.digest for x in fresh}})
        chains = {id_: row.follow(plan, known[id_]) for id_, row in contents.items()}
        by = _read(project.publishing) or self._publishing
        cache_of = self._cache_of if self._has_vectors(connection) else None
        way = Publication(
            connection=connection,
            project=self._project,
            plan=plan,
            payloads=Payloads(self._blobs, live),
            archive=by.archive,
            vectors=cache_of(by.embedding_model) if cache_of else None,
        )
        part = publish(way, contents, known, chains)
        parts = {key for key in stored.keys() | {x.key for x in fresh} if key.part} - useless
        delete_results(connection, {key for key in parts if key.content in part.contents})
        part.removed = sorted({*part.removed, *gone})
        return part

    def _stronger(self, connection: Connection, weaker: Sequence[Checkpoint]) -> list[Checkpoint]:
        """Read the checkpoints that are stored in the place of those, with another digest.

        Raises LostResultsError: one that nobody can read wins over none.
        """
        wanted = sorted({x.key for x in weaker})
        return checkpoints_of(read_results(connection, wanted), self._blobs)


def _read(stored: Any) -> Publishing | None:
    """Read what a project depends on; None for what another version says otherwise."""
    with suppress(ValidationError):
        return Publishing.model_validate(stored) if stored else None
    return None
