"""What is known of projects beside their graphs: how far they are, and what failed.

All raise TemporaryError where PostgreSQL does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select, text

from pipeline import identity
from pipeline.documents import DocumentStatus, StageName
from pipeline.errors import UsageError
from pipeline.stores import tables
from pipeline.stores.dropped import Dropped, dropped_of
from pipeline.stores.idling import may_idle
from pipeline.stores.postgres import reading

STREAM_ROWS = 1_000
STREAMED = {"yield_per": STREAM_ROWS}


class ProjectRow(NamedTuple):
    """One project, for a list."""

    name: str
    id: str
    documents: int
    completed: int
    failed: int
    created_at: datetime
    last_run_at: datetime | None


class FailureRow(NamedTuple):
    """Why a document failed, the last time it did, and the last words of the process, if any."""

    source: str
    stage: str
    error: str
    message: str
    attempts: int
    log_tail: str = ""


class SkippedRow(NamedTuple):
    """A document that was not looked into, and why."""

    source: str
    reason: str


class RunRow(NamedTuple):
    """The last run of a project. `outcome` is None while it goes on, or if it was killed; then
    `alive` tells which. `mode` is how it last worked; the embedding cache was `asked` for vectors
    and `found` some. `store_wait` and `latency` have a count, the median and the 95th percentile in
    seconds; None for a run that has not ended.
    """

    id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    alive: bool
    mode: str | None = None
    mode_reason: str | None = None
    embeddings_asked: int = 0
    embeddings_found: int = 0
    store_wait: dict[str, float] | None = None
    latency: dict[str, float] | None = None


class ProjectState(NamedTuple):
    """How far a project is. `documents` counts by status, `flags` stale, partial and duplicate
    ones, `stages` the contents whose output PostgreSQL has; `dropped` counts what models said of
    them and they do not.
    """

    documents: dict[str, int]
    flags: dict[str, int]
    stages: dict[str, int]
    last_run: RunRow | None
    dropped: Dropped


def find_project(engine: Engine, name: str) -> str:
    """Get a project's id. Raises UsageError that lists the projects if there is none."""
    with reading(engine) as connection:
        project = identity.project_id(name)
        found = connection.scalar(
            select(tables.projects.c.id).where(tables.projects.c.id == project)
        )
        if found is not None:
            return project
        names = list(connection.scalars(select(tables.projects.c.name).limit(10)))
    there = f"there are: {', '.join(sorted(names))}" if names else "there is none yet"
    hint = "" if names else f"; make it with `casegraph run SOURCE… --project {name}`"
    raise UsageError(f"no project named {name!r}; {there}{hint}")


PROJECTS = text("""
SELECT p.name, p.id::text, count(d.id), count(d.id) FILTER (WHERE d.status = 'completed'),
       count(d.id) FILTER (WHERE d.status = 'failed'), p.created_at,
       (SELECT max(r.started_at) FROM runs r WHERE r.project_id = p.id)
FROM projects p LEFT JOIN documents d ON d.project_id = p.id
GROUP BY p.id ORDER BY p.name COLLATE "C"
""")


def projects(engine: Engine) -> list[ProjectRow]:
    """List the projects by name."""
    with reading(engine) as connection:
        return [ProjectRow(*row) for row in connection.execute(PROJECTS)]


AT_WORK = text("""
SELECT DISTINCT p.name FROM runs r JOIN projects p ON p.id = r.project_id
WHERE r.ended_at IS NULL AND r.lease_until > now() ORDER BY p.name
""")


LEASE_LEFT = text("""
SELECT ceil(extract(epoch FROM max(lease_until) - now()))::int FROM runs
WHERE project_id = :project AND ended_at IS NULL AND lease_until > now()
""")


def at_work(engine: Engine) -> list[str]:
    """Name the projects whose run holds its lease; none in a database without the schema."""
    with reading(engine) as connection:
        if connection.scalar(text("SELECT to_regclass('runs')::text")) is None:
            return []
        return list(connection.scalars(AT_WORK))


FLAGS = text("""
SELECT count(*) FILTER (WHERE stale), count(*) FILTER (WHERE partial),
       count(*) - count(DISTINCT coalesce(content_id, next_content_id, id))
FROM documents WHERE project_id = :project
""")
BY_STATUS = text("""
SELECT status, count(*) FROM documents WHERE project_id = :project GROUP BY status
""")
STAGES = text("""
SELECT r.stage, count(DISTINCT r.content_id) FROM stage_results r
JOIN contents c ON c.id = r.content_id WHERE c.project_id = :project AND r.part = ''
GROUP BY r.stage
""")
LAST_RUN = text("""
SELECT id::text, started_at, ended_at, outcome, ended_at IS NULL AND lease_until > now(),
       mode, mode_reason, coalesce((summary ->> 'embeddings_asked')::bigint, 0),
       coalesce((summary ->> 'embeddings_found')::bigint, 0),
       summary -> 'store_wait', summary -> 'latency'
FROM runs WHERE project_id = :project ORDER BY started_at DESC, id LIMIT 1
""")


def state(engine: Engine, project: str) -> ProjectState:
    """Count a project's documents, flags and persisted outputs, and look up its last run."""
    with reading(engine) as connection:
        by_status = dict.fromkeys((status.value for status in DocumentStatus), 0)
        by_status |= _pairs(connection, BY_STATUS, project)
        stages = dict.fromkeys((stage.value for stage in StageName), 0)
        stages |= _pairs(connection, STAGES, project)
        stale, partial, duplicate = connection.execute(FLAGS, {"project": project}).one()
        run = connection.execute(LAST_RUN, {"project": project}).first()
        dropped = dropped_of(connection, project)
    return ProjectState(
        documents=by_status,
        flags={"stale": stale, "partial": partial, "duplicate": duplicate},
        stages=stages,
        last_run=RunRow(*run) if run else None,
        dropped=dropped,
    )


def _pairs(connection: Connection, question: Any, project: str) -> dict[str, int]:
    """Answer a question whose rows are a word and a number."""
    return dict(map(tuple, connection.execute(question, {"project": project})))


_WHY = "coalesce(f.message, d.reason, 'no reason was recorded')"
_FAILED = """
FROM documents d
LEFT JOIN LATERAL (
    SELECT * FROM failures WHERE document_id = d.id ORDER BY failed_at DESC, id DESC LIMIT 1
) AS f ON true
WHERE d.project_id = :project AND d.status = 'failed'
"""
FAILURES = text(f"""
SELECT d.source, coalesce(f.stage, ''), coalesce(f.error, 'unknown'), {_WHY},
       coalesce(f.attempts, d.attempts), coalesce(f.log_tail, '')
{_FAILED}
ORDER BY d.uri COLLATE "C" LIMIT :limit
""")
REASONS = text(f"""
SELECT {_WHY} AS why, count(*) {_FAILED} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1
""")
SKIPPED = text("""
SELECT source, coalesce(reason, '') FROM documents
WHERE project_id = :project AND status = 'skipped' ORDER BY uri COLLATE "C" LIMIT :limit
""")


def failures(engine: Engine, project: str, limit: int | None = None) -> Iterator[FailureRow]:
    """Stream the failed documents, all or the first ones, with their last failure, in order of
    URI.
    """
    with reading(engine) as connection:
        may_idle(connection)
        wanted = {"project": project, "limit": limit}
        for row in connection.execute(FAILURES, wanted, execution_options=STREAMED):
            yield FailureRow(*row)


def commonest_failure(engine: Engine, project: str) -> tuple[str, int]:
    """Say why most documents failed, and how many did so; ("", 0) if none did."""
    with reading(engine) as connection:
        row = connection.execute(REASONS, {"project": project}).first()
    return ("", 0) if row is None else (row[0], row[1])


def skipped(engine: Engine, project: str, limit: int | None = None) -> Iterator[SkippedRow]:
    """Stream the documents that were skipped, all or the first ones, in order of URI."""
    with reading(engine) as connection:
        may_idle(connection)
        wanted = {"project": project, "limit": limit}
        for row in connection.execute(SKIPPED, wanted, execution_options=STREAMED):
            yield SkippedRow(*row)


UNPUBLISHED = text("""
SELECT d.source, d.status, coalesce(d.reason, (
           SELECT message FROM failures WHERE document_id = d.id
           ORDER BY failed_at DESC, id DESC LIMIT 1), '')
FROM documents d
WHERE d.project_id = :project
  AND (d.source = :what OR d.uri = :what OR d.id::text = lower(:what)
       OR '/' || :what IN (right(d.uri, length(:what) + 1), right(d.source, length(:what) + 1)))
ORDER BY d.uri COLLATE "C" LIMIT 1
""")


def document_state(engine: Engine, project: str, what: str) -> tuple[str, str, str] | None:
    """Look up (source, status, reason) of a document by source, URI or id, published or not."""
    with reading(engine) as connection:
        row = connection.execute(UNPUBLISHED, {"project": project, "what": what}).first()
    return None if row is None else (row[0], row[1], row[2])
