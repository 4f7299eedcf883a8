"""Members of containers become documents, within the budget of their top-level file.

The budget counts all members under one top-level file, however deep. When it is exceeded, that
file fails as a whole and its members go. Failing only the container that came last would let the
order of arrival decide which members are in the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from pipeline import identity
from pipeline.documents import StageName
from pipeline.engines.formats.members import over_budget
from pipeline.settings import ArchiveLimits
from pipeline.stores.copying import staged
from pipeline.stores.payloads import RefusedContentError

BOMB, TAKEN = "archive_bomb", "id_taken"


@dataclass(frozen=True)
class Parent:
    """A document that is being completed, with its members: {path, sha256, size} each."""

    id: str
    content: str
    uri: str
    source: str
    root: str
    depth: int
    members: Sequence[Mapping[str, Any]]


@dataclass
class Admission:
    """What came of it. `bombs` are top-level documents, with the reason; `loose` are contents
    that may have lost their last document.
    """

    admitted: int = 0
    bombs: dict[str, str] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)


_COLUMNS = (
    "id", "project_id", "uri", "source", "parent_id", "root_id", "depth", "blob", "size", "stamp",
    "status",
)  # fmt: skip

_LOCK_ROOT = text("SELECT id FROM documents WHERE id = CAST(:root AS uuid) FOR UPDATE")

_VANISHED = text("""
WITH RECURSIVE gone AS (
    SELECT id, content_id, next_content_id FROM documents
    WHERE parent_id = CAST(:parent AS uuid) AND NOT id = ANY(CAST(:members AS uuid[]))
    UNION ALL
    SELECT d.id, d.content_id, d.next_content_id FROM documents d JOIN gone g ON d.parent_id = g.id
)
SELECT id::text, content_id::text, next_content_id::text FROM gone
""")

_OTHERS = """
SELECT s.uri, d.id::text, d.uri AS other, coalesce(p.uri, 'no container') AS container
FROM {table} s JOIN documents d ON d.id = s.id LEFT JOIN documents p ON p.id = d.parent_id
WHERE d.parent_id IS DISTINCT FROM s.parent_id ORDER BY s.uri LIMIT 1
"""

_DELETE = text("DELETE FROM documents WHERE id = ANY(CAST(:ids AS uuid[]))")

_SPENT = text("""
SELECT count(*) AS members, coalesce(sum(size), 0)::bigint AS bytes,
       coalesce(max(depth), 0) AS depth,
       (SELECT size FROM documents WHERE id = CAST(:root AS uuid)) AS root_size
FROM documents WHERE root_id = CAST(:root AS uuid)
""")

_UNDER_ROOT = text("""
SELECT id::text, content_id::text, next_content_id::text FROM documents
WHERE root_id = CAST(:root AS uuid)
UNION ALL
SELECT NULL, content_id::text, next_content_id::text FROM documents WHERE id = CAST(:root AS uuid)
""")

_FORGET_CONTENT = text("""
UPDATE documents SET content_id = NULL, next_content_id = NULL WHERE id = CAST(:root AS uuid)
""")

# A top-level file that changed meanwhile is not failed for what it held before.
_FAIL = text("""
WITH failed AS (
    UPDATE documents SET status = 'failed', stale = content_id IS NOT NULL, updated_at = now()
    WHERE id = CAST(:root AS uuid) AND (status = 'completed' OR :direct)
    RETURNING id, claimed_by, attempts
)
INSERT INTO failures (document_id, run_id, stage, error, message, attempts)
SELECT id, claimed_by, 'ocr', :error, :message, attempts FROM failed
""")


def admit(
    connection: Connection, project: str, parents: Sequence[Parent], limits: ArchiveLimits
) -> Admission:
    """Make documents of the members of containers, and drop members that are not there any more.

    Parents whose top-level file is in `bombs` must not be completed: that file has failed, and
    if it was not among them, they are gone. Raises RefusedContentError for a member whose id
    another document has: nothing of that one may be lost.
    """
    admission = Admission()
    for root, group in groupby(sorted(parents, key=_by_root), key=lambda parent: parent.root):
        family = list(group)
        connection.execute(_LOCK_ROOT, {"root": root})
        budget = connection.begin_nested()
        part = Admission()
        for parent in family:
            _admit_one(connection, project, parent, part)
        reason = _over_budget(connection, root, limits)
        if reason is None:
            budget.commit()
        else:
            budget.rollback()
            part = Admission(bombs={root: reason})
            direct = root in {parent.id for parent in family}
            if not direct:
                _remove_family(connection, root, part)
            connection.execute(
                _FAIL, {"root": root, "direct": direct, "error": BOMB, "message": reason}
            )
        admission.admitted += part.admitted
        admission.bombs |= part.bombs
        admission.loose |= part.loose
    return admission


def _by_root(parent: Parent) -> tuple[str, str]:
    return parent.root, parent.id


def _admit_one(connection: Connection, project: str, parent: Parent, part: Admission) -> None:
    """Bring the members of one document to what its container holds."""
    rows = {
        identity.document_id(project, uri): (uri, member)
        for member in parent.members
        for uri in [identity.member_uri(parent.uri, member["path"])]
    }
    vanished = connection.execute(_VANISHED, {"parent": parent.id, "members": sorted(rows)}).all()
    if vanished:
        part.loose |= {content for row in vanished for content in row[1:] if content}
        connection.execute(_DELETE, {"ids": [row[0] for row in vanished]})
    if not rows:
        return
    table = staged(
        connection,
        "documents",
        _COLUMNS,
        [
            (
                id_, project, uri, identity.member_uri(parent.source, member["path"]), parent.id,
                parent.root, parent.depth + 1, member["sha256"], member["size"],
                member["sha256"], "pending",
            )
            for id_, (uri, member) in sorted(rows.items())
        ],
    )  # fmt: skip
    columns = ", ".join(_COLUMNS)
    part.loose |= set(
        connection.exec_driver_sql(
            f"SELECT d.next_content_id::text FROM documents d JOIN {table} s ON s.id = d.id "  # noqa: S608
            "WHERE d.stamp <> s.stamp AND d.next_content_id IS NOT NULL"
        ).scalars()
    )
    part.admitted += connection.exec_driver_sql(
        f"INSERT INTO documents ({columns}) SELECT {columns} FROM {table} ORDER BY id "  # noqa: S608
        "ON CONFLICT (id) DO UPDATE SET blob = EXCLUDED.blob, size = EXCLUDED.size,"
        " stamp = EXCLUDED.stamp, status = 'pending', attempts = 0, claimed_by = NULL,"
        " next_content_id = NULL, reason = NULL, updated_at = now() "
        "WHERE documents.stamp IS DISTINCT FROM EXCLUDED.stamp"
        " AND documents.parent_id = EXCLUDED.parent_id"
    ).rowcount
    # Asked afterwards, since another transaction may have brought it meanwhile.
    taken = connection.exec_driver_sql(_OTHERS.format(table=table)).first()
    if taken is not None:
        raise RefusedContentError(
            parent.content,
            StageName.OCR,
            TAKEN,
            f"{taken.uri} has the id of another document ({taken.id}: {taken.other}, in "
            f"{taken.container}), which keeps it; `forget` the file that holds either, and run "
            "again",
        )


def _over_budget(connection: Connection, root: str, limits: ArchiveLimits) -> str | None:
    """Say what the members under a top-level file exceed, and what to do; None if nothing."""
    spent = connection.execute(_SPENT, {"root": root}).one()
    reason = over_budget(spent.root_size, spent.depth, spent.members, spent.bytes, limits)
    if reason is None:
        return None
    return (
        f"{reason}, counted with the archives inside it; if it can be trusted, raise that setting, "
        "then `casegraph retry`"
    )


def _remove_family(connection: Connection, root: str, part: Admission) -> None:
    """Drop all members under a top-level file, and what readers saw of the file itself."""
    family = connection.execute(_UNDER_ROOT, {"root": root}).all()
    part.loose |= {content for row in family for content in row[1:] if content}
    connection.execute(_DELETE, {"ids": [row[0] for row in family if row[0]]})
    connection.execute(_FORGET_CONTENT, {"root": root})
