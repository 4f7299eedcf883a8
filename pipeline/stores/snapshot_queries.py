"""Snapshots of what a project knows, in SQL: how one is made, found, read and removed."""

# ruff: noqa: S608 - the only parts put in are constants

from __future__ import annotations

from sqlalchemy import text

from pipeline.stores.live_queries import NODES
from pipeline.stores.views import ON_ONE_LINE

BEGIN = text("""
INSERT INTO context_snapshots (project_id) VALUES (CAST(:project AS uuid)) RETURNING id
""")

STAGING = """
CREATE TEMPORARY TABLE staged_forms
    (field text COLLATE "C", words text, name text, type text, mentions bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_buckets (field text COLLATE "C", chunk bigint) ON COMMIT DROP
"""

# The forms in which entities stand in texts by themselves: not what is a short form of another name
# in its document, nor a name that means something in its document alone.
FORMS = text(f"""
WITH {NODES}, spelt AS MATERIALIZED (
    SELECT m.entity_id, m.name_type, m.shown, count(*) AS mentions,
           count(*) FILTER (WHERE m.via IS NULL AND m.name_scope IS NULL) AS full_forms
    FROM nodes n JOIN published_mentions m ON m.name_id = n.id
    WHERE m.project_id = CAST(:project AS uuid)
    GROUP BY m.entity_id, m.name_type, m.shown
), ranked AS (
    SELECT entity_id, surface, row_number() OVER (
               PARTITION BY entity_id
               ORDER BY sum(full_forms) DESC, sum(mentions) DESC, surface COLLATE "C") AS place
    FROM (SELECT entity_id, mentions, full_forms,
                 {ON_ONE_LINE.format(text="shown")} AS surface FROM spelt) AS s
    GROUP BY entity_id, surface HAVING sum(full_forms) > 0
), forms AS (
    SELECT entity_id, array_agg(left(surface, :length) ORDER BY place) AS forms
    FROM ranked WHERE place <= :forms GROUP BY entity_id
), types AS (
    SELECT DISTINCT ON (entity_id) entity_id, name_type AS type
    FROM spelt GROUP BY entity_id, name_type
    ORDER BY entity_id, sum(mentions) DESC, name_type COLLATE "C"
), counts AS (
    SELECT entity_id, sum(mentions)::bigint AS mentions FROM spelt GROUP BY entity_id
)
SELECT f.entity_id::text AS id, t.type, c.mentions, f.forms
FROM forms f JOIN types t ON t.entity_id = f.entity_id JOIN counts c ON c.entity_id = f.entity_id
JOIN wanted w ON w.id = f.entity_id
WHERE t.type = ANY(CAST(:types AS text[])) ORDER BY f.entity_id
""")

STAGED_FORMS = text("""
SELECT DISTINCT field, words, name, type, mentions FROM staged_forms ORDER BY field
""")

STAGED_BUCKETS = text("""
SELECT field, (array_agg(chunk ORDER BY chunk))[1 : :bucket] AS chunks
FROM staged_buckets GROUP BY field ORDER BY field
""")

CONTENTS = text("""
SELECT id::text FROM published_contents WHERE project_id = CAST(:project AS uuid) ORDER BY id
""")

CHUNKS = text("""
SELECT content_id::text AS content, id::text, text, start, "end" FROM chunks
WHERE content_id = ANY(CAST(:contents AS uuid[])) ORDER BY content_id, ordinal
""")

NAMED = text(f"""
SELECT m.content_id::text AS content, m.start,
       left({ON_ONE_LINE.format(text="m.text")}, :length) AS name, m.type
FROM mentions m
WHERE m.content_id = ANY(CAST(:contents AS uuid[])) AND m.type = ANY(CAST(:types AS text[]))
ORDER BY m.content_id, m.start, m.id
""")

FINISH = text("""
UPDATE context_snapshots
SET hash = :hash, names = :names, chunks = :chunks, made_at = clock_timestamp() WHERE id = :id
""")

_OF_HASH = """
SELECT min(id) AS id FROM context_snapshots
WHERE project_id = CAST(:project AS uuid) AND hash = :hash
"""

# One pins at a time. Who still makes one has a share of its row, and is not waited for.
LOCK = text("""
SELECT id FROM context_snapshots WHERE project_id = CAST(:project AS uuid)
ORDER BY id FOR NO KEY UPDATE
""")

UNPIN = text("""
UPDATE context_snapshots SET pinned = false WHERE project_id = CAST(:project AS uuid) AND pinned
""")

PIN = text(f"UPDATE context_snapshots SET pinned = true WHERE id = ({_OF_HASH})")

PINNED = text("""
SELECT hash, names, chunks, made_at FROM context_snapshots
WHERE project_id = CAST(:project AS uuid) AND pinned
""")

# What a configuration names is asked by its hash, in whatever way it says so. Whoever makes one
# for more than a day has died.
REMOVE = text("""
DELETE FROM context_snapshots s USING projects p
WHERE p.id = CAST(:project AS uuid) AND s.project_id = p.id AND NOT s.pinned
  AND CASE WHEN s.hash IS NULL THEN s.made_at < now() - interval '1 day'
           ELSE strpos(p.configuration::text, s.hash) = 0
                OR EXISTS (SELECT 1 FROM context_snapshots o
                           WHERE o.project_id = s.project_id AND o.hash = s.hash AND o.id < s.id)
      END
""")

DROP = text("DELETE FROM context_snapshots WHERE id = :id AND hash IS NULL")

# One that is being made may have read what is forgotten. Who makes it sees only when it is done
# that its row has changed, and fails; nobody waits for it here.
SPOIL = text("""
UPDATE context_snapshots SET made_at = made_at
WHERE project_id = CAST(:project AS uuid) AND hash IS NULL
""")

# What has words of contents that nobody sees any more says nothing from now on.
EMPTY = text("""
WITH holding AS MATERIALIZED (
    SELECT s.id FROM context_snapshots s
    WHERE s.project_id = CAST(:project AS uuid) AND EXISTS (
        SELECT 1 FROM context_contents k WHERE k.snapshot_id = s.id
        AND NOT EXISTS (SELECT 1 FROM published_contents c WHERE c.id = k.content_id))
), contents AS (
    DELETE FROM context_contents k USING holding h WHERE k.snapshot_id = h.id
), entries AS (
    DELETE FROM context_entries e USING holding h WHERE e.snapshot_id = h.id AND e.field <> :whole
), emptied AS (
    UPDATE context_snapshots s SET names = 0, chunks = 0 FROM holding h WHERE s.id = h.id
)
UPDATE context_entries e SET value = :empty FROM holding h
WHERE e.snapshot_id = h.id AND e.field = :whole
""")

# Buckets are short, so their bytes are JSON behind the byte of a version. All fields are looked up
# in one list: of a join the planner may make a walk through the whole snapshot.
LOOK = text(f"""
WITH s AS MATERIALIZED ({_OF_HASH}), shared AS (
    SELECT n.value::bigint AS number
    FROM context_entries e CROSS JOIN LATERAL jsonb_array_elements_text(
        convert_from(substring(e.value FROM 2), 'UTF8')::jsonb -> 'chunks') AS n
    WHERE e.snapshot_id = (SELECT id FROM s) AND e.field = ANY(CAST(:buckets AS text[]))
    GROUP BY number
    ORDER BY count(*) DESC, min(array_position(CAST(:buckets AS text[]), e.field)), number
    LIMIT :near
)
SELECT field, value FROM context_entries
WHERE snapshot_id = (SELECT id FROM s)
  AND field = ANY(CAST(:fields AS text[]) || ARRAY(SELECT :chunk || number FROM shared))
""")

ENTRIES = text(f"""
SELECT field, value FROM context_entries WHERE snapshot_id = ({_OF_HASH})
""")

FIND_SKETCHES = text("""
SELECT w.content, w.made_of, s.sketches
FROM unnest(CAST(:contents AS text[]), CAST(:made_of AS text[])) AS w (content, made_of)
JOIN content_sketches s ON s.content_id = CAST(w.content AS uuid) AND s.made_of = w.made_of
""")

# Whoever comes second is told what is there.
KEEP_SKETCHES = text("""
INSERT INTO content_sketches (content_id, made_of, sketches)
SELECT c.id, w.made_of, w.sketches
FROM unnest(CAST(:contents AS text[]), CAST(:made_of AS text[]), CAST(:sketches AS bytea[]))
    AS w (content, made_of, sketches)
JOIN contents c ON c.id = CAST(w.content AS uuid) ORDER BY c.id
ON CONFLICT (content_id, made_of) DO UPDATE SET sketches = content_sketches.sketches
RETURNING content_id::text AS content, made_of, sketches
""")
