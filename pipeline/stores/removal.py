"""What nothing points to any more goes: contents without a document, names without a mention,
checkpoints that another chain has replaced.

A row that is about to go is locked first and looked at again in a second statement. Whoever wants
to point to it needs a lock on it, and so either came before and is seen, or finds it gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, text

from pipeline.documents import StageName
from pipeline.stage import Chain

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

_DELETE_RESULTS = text("""
DELETE FROM stage_results r
USING unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]))
      AS gone (content_id, stage, fingerprint)
WHERE r.content_id = gone.content_id AND r.stage = gone.stage
  AND r.fingerprint = gone.fingerprint
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


def remove_replaced_results(
    connection: Connection,
    contents: Mapping[str, tuple[Collection[tuple[StageName, str]], Chain]],
) -> None:
    """Delete the checkpoints of contents that are not of the chain that readers see from now on.

    `contents` gives for each what PostgreSQL has, by stage and fingerprint, and the chain. Most
    have nothing else, and then nothing is asked. Copies in Redis stay until they expire: who
    finds one for a gap that PostgreSQL has puts it there again.
    """
    gone = sorted(
        (content, stage.value, fingerprint)
        for content, (known, chain) in contents.items()
        for stage, fingerprint in known
        if (stage, fingerprint) not in {(link.stage, link.fingerprint) for link in chain.links}
    )
    if gone:
        ids, stages, fingerprints = (list(column) for column in zip(*gone, strict=True))
        connection.execute(
            _DELETE_RESULTS, {"contents": ids, "stages": stages, "fingerprints": fingerprints}
        )
