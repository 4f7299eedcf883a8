"""What nothing points to any more goes: contents without a document, what was published of those
that no document shows, names without a mention, checkpoints that another chain has replaced.

A row that is about to go is locked first and looked at again in a second statement. Whoever wants
to point to it needs a lock on it, and so either came before and is seen, or finds it gone.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from pipeline.documents import StageName
from pipeline.stage import Chain
from pipeline.stores import tables

_LOCK_CONTENTS = text("""
SELECT id FROM contents WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""")

_UNSEEN_CONTENTS = text("""
SELECT id::text, published_at IS NOT NULL AS published,
       EXISTS (SELECT 1 FROM documents d WHERE d.next_content_id = c.id) AS awaited
FROM contents c WHERE id = ANY(CAST(:ids AS uuid[]))
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id)
ORDER BY id
""")

_NAMES_OF = text("""
SELECT content_id::text, array_agg(DISTINCT name_id::text) AS names FROM mentions
WHERE content_id = ANY(CAST(:ids AS uuid[])) GROUP BY content_id
""")

_CLEAR = text(
    ";".join(
        f"DELETE FROM {table} WHERE content_id = ANY(CAST(:ids AS uuid[]))"  # noqa: S608
        for table in ("relationships", "mentions", "chunks")
    )
)

_COLUMNS = tables.contents.columns.keys()
_PUBLISHED = _COLUMNS[_COLUMNS.index("size") + 1 :]
_UNPUBLISH = text(
    f"UPDATE contents SET {', '.join(f'{column} = NULL' for column in _PUBLISHED)} "  # noqa: S608
    "WHERE id = ANY(CAST(:ids AS uuid[]))"
)

_DELETE_CONTENTS = text("DELETE FROM contents WHERE id = ANY(CAST(:ids AS uuid[]))")

_UNUSED = """
NOT EXISTS (SELECT 1 FROM mentions m WHERE m.name_id = n.id)
  AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.subject_name_id = n.id)
  AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.object_name_id = n.id)
"""

# Two who take away the last two mentions of a name, each at the same time, would each see the
# other's mention still there, and leave the name behind.
_HOLD_NAMES = text("""
SELECT FROM names WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
""")

_LOCK_NAMES = text(f"""
SELECT id::text FROM names n WHERE id = ANY(CAST(:ids AS uuid[])) AND {_UNUSED}
ORDER BY id FOR UPDATE
""")  # noqa: S608 - a constant

# The id of a name that was merged away still leads to what it became.
_DELETE_NAMES = text(f"""
WITH gone AS (
    DELETE FROM names n WHERE id = ANY(CAST(:ids AS uuid[])) AND {_UNUSED}
    RETURNING project_id, id, keys
), led AS (
    INSERT INTO entities (id, project_id, merged_into, epoch)
    SELECT g.id, g.project_id, e.entity_id, e.epoch
    FROM gone g JOIN name_entities e ON e.name_id = g.id AND e.sense = 0
    WHERE e.entity_id <> g.id ORDER BY g.id
    ON CONFLICT (id) DO UPDATE SET merged_into = excluded.merged_into, epoch = excluded.epoch
)
INSERT INTO changes (project_id, kind, subject, keys)
SELECT project_id, 'name_removed', id, keys FROM gone ORDER BY id
""")  # noqa: S608 - a constant

_APPEND = text("""
INSERT INTO changes (project_id, kind, subject, keys)
SELECT CAST(:project AS uuid), :kind, s.id,
       (SELECT array_agg(had.value) FROM jsonb_array_elements_text(CAST(:had AS jsonb) -> s.id)
        AS had (value))
FROM unnest(CAST(:subjects AS text[])) AS s (id)
""")

_DELETE_RESULTS = text("""
DELETE FROM stage_results r
USING unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]))
      AS gone (content_id, stage, fingerprint)
WHERE r.content_id = gone.content_id AND r.stage = gone.stage
  AND r.fingerprint = gone.fingerprint
""")


class Unseen(NamedTuple):
    """Contents that no document shows: those that are gone, and those that are not published any
    more and wait for a document that waits for them.
    """

    gone: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def append_changes(
    connection: Connection,
    project: str,
    kind: str,
    subjects: Iterable[str],
    names: Mapping[str, Collection[str]],
) -> None:
    """Tell the registry what happened: `published` or `removed` contents, with the names that these
    mentioned before.
    """
    ordered = sorted(subjects)
    if ordered:
        had = json.dumps({id_: sorted(names[id_]) for id_ in ordered if id_ in names})
        connection.execute(
            _APPEND, {"project": project, "kind": kind, "subjects": ordered, "had": had}
        )


def names_of(connection: Connection, contents: Sequence[str]) -> dict[str, list[str]]:
    """Get the names that each content mentions."""
    rows = connection.execute(_NAMES_OF, {"ids": list(contents)})
    return {row.content_id: row.names for row in rows}


def clear_rows(connection: Connection, contents: Sequence[str]) -> None:
    """Delete the rows that were published of contents."""
    if contents:
        connection.execute(_CLEAR, {"ids": list(contents)})


def remove_unseen_contents(
    connection: Connection, project: str, candidates: Iterable[str]
) -> Unseen:
    """Delete those contents that no document points to. Of those that none shows and some wait
    for, delete what was published, so that all rows are of what readers see; their results stay,
    and are published again without work. Names that are left alone go with either.
    """
    ids = {"ids": sorted(set(candidates))}
    if not ids["ids"]:
        return Unseen()
    connection.execute(_LOCK_CONTENTS, ids)
    unseen = connection.execute(_UNSEEN_CONTENTS, ids).all()
    gone = [row.id for row in unseen if not row.awaited]
    hidden = [row.id for row in unseen if row.awaited and row.published]
    published = [row.id for row in unseen if row.published]
    names = names_of(connection, published) if published else {}
    if published:
        clear_rows(connection, published)
        # Before the contents, which take along the names that are theirs alone.
        remove_unused_names(connection, itertools.chain.from_iterable(names.values()))
    if hidden:
        connection.execute(_UNPUBLISH, {"ids": hidden})
    if gone:
        connection.execute(_DELETE_CONTENTS, {"ids": gone})
    append_changes(connection, project, "removed", published, names)
    return Unseen(tuple(gone), tuple(hidden))


def remove_unused_names(connection: Connection, candidates: Iterable[str]) -> None:
    """Delete those names that no mention and no relationship points to, and tell the registry.

    What pointed to them must have been deleted before: others who did so have committed it, or wait
    here until this transaction has.
    """
    ids = sorted(set(candidates))
    if not ids:
        return
    connection.execute(_HOLD_NAMES, {"ids": ids})
    locked = list(connection.scalars(_LOCK_NAMES, {"ids": ids}))
    if locked:
        connection.execute(_DELETE_NAMES, {"ids": locked})


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
