"""What a run of a project came to: what was kept at its end, and what its documents say of it.

The sum of a run's work is kept with it; failures, warnings and costs are read from where they are,
so what was forgotten meanwhile is in no report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from pipeline.errors import UsageError
from pipeline.llm.spending import Spent
from pipeline.stores.llm_account import LlmAccount
from pipeline.stores.postgres import reading

LISTED = 10

_LAST = text("""
SELECT id::text, started_at, ended_at, outcome, ended_at IS NULL AND lease_until > now() AS alive,
       coalesce(summary, '{}') AS summary
FROM runs WHERE project_id = CAST(:project AS uuid) AND ended_at IS NOT NULL
ORDER BY ended_at DESC, id LIMIT 1
""")

_NAMED = text("""
SELECT id::text, started_at, ended_at, outcome, ended_at IS NULL AND lease_until > now() AS alive,
       coalesce(summary, '{}') AS summary
FROM runs WHERE project_id = CAST(:project AS uuid) AND starts_with(id::text, lower(:run))
ORDER BY started_at DESC, id LIMIT 2
""")

_LIST = text("""
SELECT id::text, started_at FROM runs WHERE project_id = CAST(:project AS uuid)
ORDER BY started_at DESC, id LIMIT :limit
""")

# The type of what was never identified is known by its name alone.
_FAILURES = text("""
SELECT f.stage,
       coalesce(c.media_type, '.' || lower(substring(d.uri from '[.]([A-Za-z0-9]{1,8})$')), '?')
           AS type,
       f.error, count(DISTINCT d.id) AS documents, min(d.source COLLATE "C") AS source,
       (array_agg(f.message ORDER BY d.source COLLATE "C", f.id DESC))[1] AS message
FROM failures f JOIN documents d ON d.id = f.document_id
LEFT JOIN contents c ON c.id = coalesce(d.next_content_id, d.content_id)
WHERE d.project_id = CAST(:project AS uuid) AND f.run_id = CAST(:run AS uuid)
GROUP BY 1, 2, 3 ORDER BY documents DESC, 1, 2, 3
""")

# Numbers in a warning are pages, sizes and the like: without them the same warning is one.
_WARNINGS = text("""
SELECT regexp_replace(warning, '[0-9]+', '#', 'g') AS what, count(DISTINCT c.id) AS contents,
       min(d.source COLLATE "C") AS source
FROM contents c CROSS JOIN unnest(c.warnings) AS warning
JOIN documents d ON d.content_id = c.id
WHERE c.project_id = CAST(:project AS uuid) AND c.published_at >= :since
  AND c.published_at <= coalesce(CAST(:until AS timestamptz), now())
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit
""")

_SKIPPED = text("""
SELECT coalesce(reason, '') AS reason, count(*) AS documents, min(source COLLATE "C") AS source
FROM documents WHERE project_id = CAST(:project AS uuid) AND status = 'skipped'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit
""")


class FailedKind(NamedTuple):
    """Documents that failed in one stage, of one type of file, for one reason; and one of them."""

    stage: str
    type: str
    error: str
    documents: int
    source: str
    message: str


class WarnedKind(NamedTuple):
    """Contents with one warning, its numbers written as #; and a document of one of them."""

    warning: str
    contents: int
    source: str


class SkippedKind(NamedTuple):
    """Documents of the project that are not looked into, for one reason; and one of them."""

    reason: str
    documents: int
    source: str


class RunReport(NamedTuple):
    """What a run came to. `outcome` is None for one that goes on, or that was killed; `summary` is
    what it said at its end, empty without one.
    """

    run: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    alive: bool
    summary: Mapping[str, Any]
    failures: Sequence[FailedKind]
    warnings: Sequence[WarnedKind]
    skipped: Sequence[SkippedKind]
    models: Spent


@dataclass(frozen=True)
class RunReports:
    """The runs of a project, by its id. All raise TemporaryError where PostgreSQL is away."""

    engine: Engine
    project: str

    def report(self, run: str = "") -> RunReport | None:
        """Report of a run, by the beginning of its id, or of the last one that ended; None where
        none has. Raises UsageError that lists the runs for an id that is none's, or several'.
        """
        with reading(self.engine) as connection:
            row = self._named(connection, run) if run else self._last(connection)
            if row is None:
                return None
            of = {"project": self.project, "run": row.id, "limit": LISTED}
            between = {"since": row.started_at, "until": row.ended_at}
            failures = [FailedKind(*x) for x in connection.execute(_FAILURES, of)]
            warned = [WarnedKind(*x) for x in connection.execute(_WARNINGS, of | between)]
            skipped = [SkippedKind(*x) for x in connection.execute(_SKIPPED, of)]
        models = LlmAccount(self.engine, self.project).spent([row.id])
        return RunReport(
            row.id, row.started_at, row.ended_at, row.outcome, row.alive, row.summary,
            failures, warned, skipped, models,
        )  # fmt: skip

    def _last(self, connection: Connection) -> Any:
        return connection.execute(_LAST, {"project": self.project}).one_or_none()

    def _named(self, connection: Connection, run: str) -> Any:
        found = connection.execute(_NAMED, {"project": self.project, "run": run}).all()
        if len(found) == 1:
            return found[0]
        there = connection.execute(_LIST, {"project": self.project, "limit": LISTED}).all()
        listed = ", ".join(f"{row.id} ({row.started_at:%Y-%m-%d %H:%M} UTC)" for row in there)
        wrong = f"no run of the project begins with {run!r}"
        if found:
            wrong = f"several runs of the project begin with {run!r}: give more of the id"
        raise UsageError(f"{wrong}; the last ones are: {listed}" if listed else wrong)
