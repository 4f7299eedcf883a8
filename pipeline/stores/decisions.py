"""What people decided, as PostgreSQL keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, text

from pipeline.errors import UsageError
from pipeline.registry.decisions import Decision, DecisionKind, Group, RawName
from pipeline.stores.postgres import transaction

_READ = text("""
SELECT number, kind, names, contents::text[] AS contents, documents::text[] AS documents, who, why,
       decided_at, undone_by
FROM decisions WHERE project_id = CAST(:project AS uuid) ORDER BY number
""")

# Decisions take their number under the project row's lock, so there are no two with one number, and
# none comes before one that was seen.
_LOCK = text("""
SELECT coalesce((SELECT max(number) FROM decisions d WHERE d.project_id = p.id), 0) + 1
FROM projects p WHERE p.id = CAST(:project AS uuid) FOR NO KEY UPDATE
""")

_NEXT = text("""
SELECT coalesce(max(number), 0) + 1 FROM decisions WHERE project_id = CAST(:project AS uuid)
""")

_INSERT = text("""
INSERT INTO decisions (project_id, number, kind, names, contents, documents, who, why)
VALUES (CAST(:project AS uuid), :number, :kind, CAST(:names AS jsonb),
        CAST(:contents AS uuid[]), CAST(:documents AS uuid[]), :who, :why)
""")

_UNDONE = text("""
UPDATE decisions SET undone_by = :by
WHERE project_id = CAST(:project AS uuid) AND number = :number
""")

_CHANGED = text("""
INSERT INTO changes (project_id, kind, subject)
VALUES (CAST(:project AS uuid), 'decided', CAST(:number AS text))
""")


def read_decisions(connection: Connection, project: str) -> list[Decision]:
    """Read all decisions of a project, in order, those that do not count any more too."""
    return [_decision(row) for row in connection.execute(_READ, {"project": project})]


def record(engine: Engine, project: str, decision: Decision) -> Decision:
    """Keep what somebody decided, give it its number, and tell the registry.

    Raises UsageError for an undoing of what is not there or does not count any more.
    """
    with transaction(engine, "decide") as connection:
        if connection.scalar(_LOCK, {"project": project}) is None:
            raise UsageError("this project is not there any more")
        # Asked again under the lock: the statement that waited for it saw what was before.
        number = int(connection.scalar(_NEXT, {"project": project}) or 1)
        made = Decision(
            number=number, kind=decision.kind, groups=decision.groups, contents=decision.contents,
            documents=decision.documents, who=decision.who, why=decision.why,
            undoes=decision.undoes,
        )  # fmt: skip
        if made.undoes is not None:
            _undo(connection, project, made)
        connection.execute(
            _INSERT,
            {
                "project": project,
                "number": number,
                "kind": made.kind.value,
                "names": json.dumps(_names(made)),
                "contents": list(made.contents) or None,
                "documents": list(made.documents) or None,
                "who": made.who,
                "why": made.why,
            },
        )
        connection.execute(_CHANGED, {"project": project, "number": number})
    return made


def _undo(connection: Connection, project: str, undoing: Decision) -> None:
    """Mark what does not count any more; what that had undone itself counts again."""
    known = {decision.number: decision for decision in read_decisions(connection, project)}
    undone = known.get(undoing.undoes or 0)
    if undone is None:
        raise UsageError(f"there is no decision {undoing.undoes}; `casegraph decisions` lists them")
    if undone.undone_by is not None:
        raise UsageError(f"decision {undone.number} was undone already, by {undone.undone_by}")
    values = {"project": project, "number": undone.number, "by": undoing.number}
    connection.execute(_UNDONE, values)
    if undone.undoes is not None:
        connection.execute(_UNDONE, {"project": project, "number": undone.undoes, "by": None})


def _names(decision: Decision) -> Any:
    """Write a decision's names, or what it undoes, as JSON."""
    if decision.undoes is not None:
        return {"undoes": decision.undoes}
    return [[raw._asdict() for raw in group] for group in decision.groups]


def _decision(row: Any) -> Decision:
    """Read one decision."""
    undoes = row.names.get("undoes") if isinstance(row.names, dict) else None
    groups: Sequence[Group] = () if undoes is not None else [
        tuple(RawName(**raw) for raw in group) for group in row.names
    ]  # fmt: skip
    return Decision(
        number=row.number,
        kind=DecisionKind(row.kind),
        groups=tuple(groups),
        contents=tuple(row.contents or ()),
        documents=tuple(row.documents or ()),
        who=row.who,
        why=row.why,
        when=row.decided_at.isoformat(),
        undoes=undoes,
        undone_by=row.undone_by,
    )
