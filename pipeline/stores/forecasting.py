"""What PostgreSQL says about a run that is not made: reads only, beside one temporary table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, TextClause, text

from pipeline import identity
from pipeline.documents import StageName
from pipeline.forecast import KnownContent, KnownResults
from pipeline.stores.blame import clean
from pipeline.stores.copying import copy_rows, staged
from pipeline.stores.idling import may_idle
from pipeline.stores.postgres import transaction
from pipeline.stores.roll_call import missing_from
from pipeline.walking import FoundFile

_COLUMNS = ("id", "size", "stamp", "status")
READ_AT_ONCE = 200

# The same rules as in `ledger_documents`, which changes rows by them.
_KINDS = """
WITH kinds AS (
    SELECT d.status, d.content_id, d.next_content_id, d.unread, CASE
        WHEN f.id IS NULL THEN CASE
            WHEN d.status IN ('pending', 'running') THEN 'pending'
            WHEN d.status = 'failed' THEN 'failed' ELSE 'elsewhere' END
        WHEN f.status = 'skipped' AND (d.id IS NULL OR d.status <> 'completed'
             OR d.size <> f.size OR d.stamp <> f.stamp) THEN 'left_out'
        WHEN d.id IS NULL THEN 'new'
        WHEN d.status = 'skipped' OR d.size <> f.size OR d.stamp <> f.stamp THEN 'changed'
        WHEN d.status IN ('pending', 'running') THEN 'pending'
        WHEN d.status = 'failed' AND NOT :rehash THEN 'failed'
        WHEN d.status = 'failed' THEN 'pending'
        ELSE 'unchanged' END AS kind
    FROM (SELECT * FROM documents WHERE project_id = CAST(:project AS uuid)) d
    FULL JOIN (SELECT DISTINCT ON (id) * FROM {found}) f ON f.id = d.id
)
"""

_COUNT = "SELECT kind, count(*) AS number FROM kinds GROUP BY kind"

_UNREAD = """
SELECT count(*) FROM kinds
WHERE kind IN ('new', 'changed')
   OR kind = 'pending' AND (unread OR next_content_id IS NULL)
"""

_KNOWN = """
, work AS (
    SELECT coalesce(next_content_id, content_id) AS id, bool_or(kind = 'pending') AS waiting
    FROM kinds
    WHERE kind = 'pending' AND NOT unread AND next_content_id IS NOT NULL
       OR status = 'completed' AND kind IN ('unchanged', 'elsewhere')
    GROUP BY 1
)
SELECT c.sha256, c.media_type, w.waiting, coalesce(c.chain, '[]') AS published,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'stage', r.stage, 'fingerprint', r.fingerprint, 'digest', r.digest)), '[]')
        FROM stage_results r WHERE r.content_id = c.id AND r.part = '') AS results
FROM work w JOIN contents c ON c.id = w.id
"""


class Forecasting:
    """The files that a walk has found, compared with what a project has."""

    def __init__(self, connection: Connection, project: str, rehash: bool) -> None:
        self._connection = connection
        self._project = project
        self._parameters = {"project": project, "rehash": rehash}
        self._table = staged(connection, "documents", _COLUMNS, ())

    def found(self, files: Sequence[FoundFile], *, left_out: bool = False) -> None:
        """Take down a batch of files."""
        status = "skipped" if left_out else "pending"
        rows = [
            (identity.document_id(self._project, x.uri), x.size, clean(x.stamp), status)
            for x in files
        ]
        copy_rows(self._connection, self._table, _COLUMNS, rows)

    def counts(self) -> Mapping[str, int]:
        """Count documents by kind; `elsewhere` are those that no file stands for."""
        rows = self._connection.execute(self._statement(_COUNT), self._parameters)
        return {row.kind: row.number for row in rows}

    def not_found(self, sources: Sequence[str]) -> int:
        """Count the documents at or under these URIs that were not found, without members."""
        return missing_from(self._connection, self._table, self._project, sources)

    def unread(self) -> int:
        """Count the documents that would be worked on and whose bytes have to be looked at."""
        return int(self._connection.scalar(self._statement(_UNREAD), self._parameters) or 0)

    def known(self) -> Iterator[KnownContent]:
        """Stream the contents of all other documents that a run completes or has completed."""
        rows = self._connection.execute(
            self._statement(_KNOWN),
            self._parameters,
            execution_options={"stream_results": True, "yield_per": READ_AT_ONCE},
        )
        for row in rows:
            yield KnownContent(
                row.sha256, row.media_type, row.waiting,
                _results(row.published), _results(row.results),
            )  # fmt: skip

    def _statement(self, question: str) -> TextClause:
        return text(_KINDS.format(found=self._table) + question)


def _results(rows: Sequence[Mapping[str, str]]) -> KnownResults:
    return {(StageName(x["stage"]), x["fingerprint"]): x["digest"] for x in rows}


@contextmanager
def forecasting(engine: Engine, project: str, *, rehash: bool) -> Iterator[Forecasting]:
    """Open a comparison; it leaves nothing behind."""
    with transaction(engine) as connection:
        may_idle(connection)  # the walk may be slow
        yield Forecasting(connection, project, rehash)
