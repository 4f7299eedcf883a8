"""What nothing points to any more goes: contents without a document, names without a mention.

A row that is about to go is locked first and looked at again in a second statement. Whoever wants
to point to it needs a lock on it, and so either came before and is seen, or finds it gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

_LOCK_CONTENTS = text("""
SELECT id FROM contents WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""")

_UNUSED_CONTENTS = text("""
SELECT id::text FROM contents c WHERE id = ANY(CAST(:ids AS uuid[]))
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.next_content_id = c.id)
ORDER BY id
""")

_NAMES_OF = text("""
SELECT DISTINCT name_id::text FROM mentions WHERE content_id = ANY(CAST(:ids AS uuid[]))
""")

_DELETE_CONTENTS = text("DELETE FROM contents WHERE id = ANY(CAST(:ids AS uuid[]))")

_UNUSED = """
NOT EXISTS (SELECT 1 FROM mentions m WHERE m.name_id = n.id)
  AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.subject_name_id = n.id)
  AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.object_name_id = n.id)
"""

_LOCK_NAMES = text(f"""
SELECT id::text FROM names n WHERE id = ANY(CAST(:ids AS uuid[])) AND {_UNUSED}
ORDER BY id FOR UPDATE
""")  # noqa: S608 - a constant

_DELETE_NAMES = text(f"""
DELETE FROM names n WHERE id = ANY(CAST(:ids AS uuid[])) AND {_UNUSED} RETURNING id::text
""")  # noqa: S608 - a constant

_APPEND = text("""
INSERT INTO changes (project_id, kind, subject)
SELECT CAST(:project AS uuid), :kind, unnest(CAST(:subjects AS text[]))
""")


def append_changes(
    connection: Connection, project: str, kind: str, subjects: Iterable[str]
) -> None:
    """Tell the registry what happened: `published` or `removed` contents, `name_removed` names."""
    ordered = sorted(subjects)
    if ordered:
        connection.execute(_APPEND, {"project": project, "kind": kind, "subjects": ordered})


def names_of(connection: Connection, contents: Sequence[str]) -> set[str]:
    """Get the names that contents mention."""
    return set(connection.scalars(_NAMES_OF, {"ids": list(contents)}))


def remove_unused_contents(
    connection: Connection, project: str, candidates: Iterable[str]
) -> tuple[str, ...]:
    """Delete those contents that no document points to, and their names that are left alone.

    Returns the ids of the contents that are gone.
    """
    ids = {"ids": sorted(set(candidates))}
    if not ids["ids"]:
        return ()
    connection.execute(_LOCK_CONTENTS, ids)
    unused = list(connection.scalars(_UNUSED_CONTENTS, ids))
    if unused:
        names = names_of(connection, unused)
        connection.execute(_DELETE_CONTENTS, {"ids": unused})
        append_changes(connection, project, "removed", unused)
        remove_unused_names(connection, project, names)
    return tuple(unused)


def remove_unused_names(connection: Connection, project: str, candidates: Iterable[str]) -> None:
    """Delete those names that no mention and no relationship points to."""
    ids = sorted(set(candidates))
    if not ids:
        return
    locked = list(connection.scalars(_LOCK_NAMES, {"ids": ids}))
    if locked:
        gone = connection.scalars(_DELETE_NAMES, {"ids": locked})
        append_changes(connection, project, "name_removed", gone)
