"""Documents before and after a run: recording what was found, counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection, text

from pipeline import identity
from pipeline.documents import DocumentStatus, StageName
from pipeline.stores import loose_objects, store_mark
from pipeline.stores.blame import clean
from pipeline.stores.copying import staged
from pipeline.stores.forecasting import Forecasting, forecasting
from pipeline.stores.ledger_projects import Projects
from pipeline.stores.ledger_values import Found, Recorded
from pipeline.stores.long_paths import named
from pipeline.stores.postgres import transaction
from pipeline.stores.removal import remove_unseen_contents
from pipeline.stores.roll_call import RollCall, roll_call

OPEN = frozenset({DocumentStatus.PENDING, DocumentStatus.RUNNING})
SETTLED = frozenset({DocumentStatus.COMPLETED, DocumentStatus.FAILED})

_COLUMNS = ("id", "project_id", "uri", "source", "size", "stamp", "status", "reason", "blob")

_COUNTS = text("""
SELECT status, count(*) FROM documents WHERE project_id = CAST(:project AS uuid) GROUP BY status
""")

_PENDING = text("""
SELECT count(*) FROM documents d
WHERE project_id = CAST(:project AS uuid)
  AND (status = 'pending' OR (status = 'running' AND NOT EXISTS (
       SELECT 1 FROM runs r
       WHERE r.id = d.claimed_by AND r.ended_at IS NULL AND r.lease_until > now())))
""")

# What a living run works on is being looked at already, but where only the plan is another.
_NOT_LOOKED_AT = "d.status <> 'running' OR NOT d.unread AND d.next_content_id = d.content_id"

# A batch finds its documents by their keys. While a project grows no statistics say how large it
# is, and PostgreSQL would read all of it for each batch.
_BY_KEY = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

# Publishing locks contents, then documents; so does whoever may delete contents.
_LOCK_BEGUN = """
SELECT c.id FROM contents c
WHERE c.id IN (SELECT d.next_content_id FROM documents d JOIN {table} s ON s.id = d.id)
ORDER BY c.id FOR UPDATE
"""

_HAVE_COPY = text("""
SELECT d.uri FROM unnest(CAST(:ids AS uuid[]), CAST(:sizes AS bigint[]), CAST(:stamps AS text[]))
    AS s(id, size, stamp)
JOIN documents d ON d.id = s.id AND d.size = s.size AND d.stamp = s.stamp
WHERE d.blob IS NOT NULL
""")

# Also of a file that is as it was: a run on one machine alone reads it where it lies.
_NAME_COPIES = """
UPDATE documents d SET blob = s.blob FROM {table} s
WHERE d.id = s.id AND s.blob IS NOT NULL AND d.blob IS DISTINCT FROM s.blob
"""

# What is asked for is the last failure, the one that `failures` shows.
_RETRY = text("""
UPDATE documents d SET status = 'pending', attempts = 0, claimed_by = NULL, updated_at = now()
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'failed'
  AND (CAST(:media_type AS text) IS NULL OR EXISTS (
       SELECT 1 FROM contents c
       WHERE c.id = coalesce(d.next_content_id, d.content_id) AND c.media_type = :media_type))
  AND (CAST(:stage AS text) IS NULL AND CAST(:error AS text) IS NULL OR EXISTS (
       SELECT 1 FROM (
           SELECT stage, error FROM failures WHERE document_id = d.id
           ORDER BY failed_at DESC, id DESC LIMIT 1) AS f
       WHERE (CAST(:stage AS text) IS NULL OR f.stage = :stage)
         AND (CAST(:error AS text) IS NULL OR f.error = :error)))
""")


class Documents(Projects):
    """The documents of projects."""

    def record_documents(
        self,
        project: str,
        found: Sequence[Found],
        *,
        rehash: bool = False,
        copies: Mapping[str, str] | None = None,
    ) -> Recorded:
        """Write down a batch of files before anything is done with them. `copies` says by their
        URIs under which hash the object store has some of them: these are read from there.

        A new file is pending, and one with another size or stamp is so again; what readers saw
        of it stays, and so does what was made of its bytes, until it is identified anew: they may
        be the same. One that is as it was is left alone, also when it failed. With `rehash` all
        are looked at again. Raises UsageError for a path that is too long.
        """
        copies = copies or {}
        rows = {
            id_: (
                id_, project, x.uri, clean(x.source), x.size, clean(x.stamp), "pending", None,
                copies.get(x.uri),
            )
            for x in found
            for id_ in [identity.document_id(project, x.uri)]
        }  # fmt: skip
        if not rows:
            return Recorded()
        with named(found), transaction(self._engine, "record") as connection:
            if copies:
                connection.execute(loose_objects.HOLD)
                store_mark.check(connection, self._blobs)
            connection.exec_driver_sql(_BY_KEY)
            table = staged(connection, "documents", _COLUMNS, [rows[id_] for id_ in sorted(rows)])
            again = f" OR {_NOT_LOOKED_AT}" if rehash else ""
            were = _reopen(
                connection,
                project,
                table,
                "d.size <> s.size OR d.stamp <> s.stamp OR d.status = 'skipped'" + again,
            )
            new = _insert(connection, table)
            _rename(connection, table)
            if copies:
                connection.exec_driver_sql(_NAME_COPIES.format(table=table))
        changed, open_ = were.total(), _of(were, OPEN)
        return Recorded(
            new=new,
            changed=changed,
            unchanged=len(rows) - new - changed,
            opened=new + changed - open_,
            unsettled=_of(were, SETTLED),
        )

    def without_copy(self, project: str, found: Sequence[Found]) -> list[Found]:
        """Pick the files of which the object store has no copy that is as they are now."""
        ids = [identity.document_id(project, x.uri) for x in found]
        stamps = [clean(x.stamp) for x in found]
        with transaction(self._engine) as connection:
            wanted = {"ids": ids, "sizes": [x.size for x in found], "stamps": stamps}
            have = set(connection.scalars(_HAVE_COPY, wanted))
        return [x for x in found if x.uri not in have]

    def record_skipped(self, project: str, found: Sequence[tuple[Found, str]]) -> Recorded:
        """Write down files that are left out, each with the reason.

        One that is as it was when it was completed stays completed. What a run had begun to make of
        one that is left out now goes: nobody will identify it.
        """
        rows = {
            id_: (
                id_, project, x.uri, clean(x.source), x.size, clean(x.stamp), "skipped",
                clean(reason), None,
            )
            for x, reason in found
            for id_ in [identity.document_id(project, x.uri)]
        }  # fmt: skip
        if not rows:
            return Recorded()
        with named([x for x, _ in found]), transaction(self._engine, "skip") as connection:
            connection.exec_driver_sql(_BY_KEY)
            table = staged(connection, "documents", _COLUMNS, [rows[id_] for id_ in sorted(rows)])
            connection.exec_driver_sql(_LOCK_BEGUN.format(table=table))
            were = _reopen(
                connection,
                project,
                table,
                "d.size <> s.size OR d.stamp <> s.stamp OR d.status <> 'completed'",
            )
            new = _insert(connection, table)
        changed = were.total()
        return Recorded(
            new=new,
            changed=changed,
            unchanged=len(rows) - new - changed,
            opened=-_of(were, OPEN),
            unsettled=_of(were, SETTLED),
        )

    def roll_call(self, project: str) -> AbstractContextManager[RollCall]:
        """Open a roll call of the files that a walk finds."""
        return roll_call(self._engine, project)

    def forecasting(
        self, project: str, *, rehash: bool = False
    ) -> AbstractContextManager[Forecasting]:
        """Open a comparison of what a walk finds with what a project has; it writes nothing."""
        return forecasting(self._engine, project, rehash=rehash)

    def retry(
        self,
        project: str,
        *,
        stage: StageName | None = None,
        media_type: str | None = None,
        error: str | None = None,
    ) -> int:
        """Make failed documents pending again and return how many: all, or those whose last
        failure and type are these. A document that was never identified has no type.
        """
        with transaction(self._engine, "retry") as connection:
            connection.execute(loose_objects.HOLD)
            return connection.execute(
                _RETRY,
                {
                    "project": project,
                    "stage": stage.value if stage else None,
                    "media_type": media_type,
                    "error": error,
                },
            ).rowcount

    def counts(self, project: str) -> Mapping[DocumentStatus, int]:
        """Count the documents of each status."""
        with transaction(self._engine) as connection:
            counts = {
                DocumentStatus(status): count
                for status, count in connection.execute(_COUNTS, {"project": project})
            }
        return {status: counts.get(status, 0) for status in DocumentStatus}

    def pending_count(self, project: str) -> int:
        """Count the documents that a run could claim now."""
        with transaction(self._engine) as connection:
            return int(connection.scalar(_PENDING, {"project": project}) or 0)


def _reopen(connection: Connection, project: str, table: str, condition: str) -> Counter[str]:
    """Give documents that meet a condition the staged size, stamp and status; count them by the
    status that they had.

    What a run was making of the bytes is not published for an `unread` document, and stays for
    when it is identified: unless it is left out, which nobody looks at.
    """
    changing = connection.exec_driver_sql(
        "SELECT d.next_content_id::text, s.status, d.status AS was FROM documents d "  # noqa: S608
        f"JOIN {table} s ON s.id = d.id WHERE {condition} ORDER BY d.id FOR UPDATE OF d"
    ).all()
    if not changing:
        return Counter()
    connection.exec_driver_sql(
        "UPDATE documents d SET size = s.size, stamp = s.stamp, status = s.status,"  # noqa: S608
        " reason = s.reason, blob = s.blob, attempts = 0, claimed_by = NULL, unread = true,"
        " next_content_id = CASE WHEN s.status <> 'skipped' THEN d.next_content_id END,"
        " stale = s.status = 'skipped' AND d.content_id IS NOT NULL, updated_at = now() "
        f"FROM {table} s WHERE s.id = d.id AND ({condition})"
    )
    loose = (row.next_content_id for row in changing if row.status == "skipped")
    remove_unseen_contents(connection, project, filter(None, loose))
    return Counter(row.was for row in changing)


def _of(counts: Counter[str], statuses: Collection[DocumentStatus]) -> int:
    return sum(counts[status] for status in statuses)


def _insert(connection: Connection, table: str) -> int:
    """Insert the staged documents that are not there."""
    columns = ", ".join(_COLUMNS)
    return connection.exec_driver_sql(
        f"INSERT INTO documents ({columns}) SELECT {columns} FROM {table} ORDER BY id "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    ).rowcount


def _rename(connection: Connection, table: str) -> None:
    """Take over paths as they are given now, for members too: what is shown is what was typed."""
    renamed = (
        f"SELECT d.id, d.source AS old, s.source AS new FROM documents d JOIN {table} s "  # noqa: S608
        "ON s.id = d.id WHERE d.source <> s.source"
    )
    connection.exec_driver_sql(
        f"WITH renamed AS ({renamed}) UPDATE documents d "  # noqa: S608
        "SET source = r.new || substr(d.source, length(r.old) + 1) FROM renamed r "
        "WHERE d.root_id = r.id"
    )
    connection.exec_driver_sql(
        f"WITH renamed AS ({renamed}) UPDATE documents d SET source = r.new "  # noqa: S608
        "FROM renamed r WHERE d.id = r.id"
    )
