"""What readers ask of the registry, in SQL: an entity's names and why they are in it, and what
was too large.

Mentions are read through the views, as everywhere.
"""

# ruff: noqa: S608 - the only parts put in are constants of this file

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from pipeline.stores.views import ON_ONE_LINE

# By how the id leads to the entity: as its own, as one of its names', as that of an entity that is
# none any more, as a name's all of whose mentions mean another sense.
FIND_ENTITIES_BY_ID = text("""
WITH RECURSIVE retired(id) AS (
    SELECT merged_into FROM entities
    WHERE project_id = :project AND id BETWEEN CAST(:low AS uuid) AND CAST(:high AS uuid)
    UNION
    SELECT e.merged_into FROM retired r JOIN entities e ON e.id = r.id
), named AS (
    SELECT id FROM names
    WHERE project_id = :project AND id BETWEEN CAST(:low AS uuid) AND CAST(:high AS uuid)
), led (way, name_id) AS (
    SELECT 2, id FROM named UNION SELECT 3, id FROM retired
)
SELECT 1 AS way, entity_id FROM entity_nodes
WHERE project_id = :project AND entity_id BETWEEN CAST(:low AS uuid) AND CAST(:high AS uuid)
UNION
SELECT CASE WHEN e.entity_id IS NULL AND l.way = 2 THEN 1 ELSE l.way END,
       coalesce(e.entity_id, l.name_id)
FROM led l LEFT JOIN name_entities e ON e.name_id = l.name_id AND e.sense = 0
UNION
SELECT 4, e.entity_id FROM named n JOIN name_entities e ON e.name_id = n.id
ORDER BY way LIMIT 50
""")

# A name without a row in `name_entities` is its own entity. The id of an entity is that of one of
# its nodes; so it is a name's, or that of a sense, which no name has.
NODES_OF: Final = """
nodes AS (
    SELECT name_id, sense, reasons FROM entity_nodes
    WHERE project_id = :project AND entity_id = CAST(:entity AS uuid)
    UNION ALL
    SELECT n.id, 0, NULL FROM names n
    WHERE n.project_id = :project AND n.id = CAST(:entity AS uuid)
      AND NOT EXISTS (SELECT 1 FROM name_entities e WHERE e.name_id = n.id AND e.sense = 0)
)
"""

_WRITTEN: Final = """
(array_agg(surface ORDER BY full_forms DESC, mentions DESC, surface COLLATE "C")
 FILTER (WHERE full_forms > 0))[1:8]
"""

# The words of mentions are put on one line when they are few: not once for each mention.
NODES = text(f"""
WITH {NODES_OF}, mine AS MATERIALIZED (
    SELECT name_id, sense, content_id, shown, count(*) AS mentions,
           count(*) FILTER (WHERE via IS NULL) AS full_forms
    FROM published_mentions
    WHERE project_id = :project AND name_id = ANY(ARRAY(SELECT name_id FROM nodes))
      AND entity_id = CAST(:entity AS uuid)
    GROUP BY name_id, sense, content_id, shown
), texts AS (
    SELECT name_id, sense, shown, sum(mentions) AS mentions, sum(full_forms) AS full_forms
    FROM mine GROUP BY name_id, sense, shown
), surfaces AS (
    SELECT name_id, sense, {ON_ONE_LINE.format(text="shown")} AS surface,
           sum(mentions) AS mentions, sum(full_forms) AS full_forms
    FROM texts GROUP BY 1, 2, 3
), counts AS (
    SELECT name_id, sense, sum(mentions)::bigint AS mentions, {_WRITTEN} AS written
    FROM surfaces GROUP BY name_id, sense
), documents AS (
    SELECT name_id, sense, sum(copies)::bigint AS documents
    FROM (SELECT DISTINCT name_id, sense, content_id FROM mine) AS m
    JOIN published_contents c ON c.id = m.content_id
    GROUP BY name_id, sense
)
SELECT x.name_id, x.sense, n.type, n.normal, n.scope, coalesce(c.mentions, 0),
       coalesce(d.documents, 0), coalesce(c.written, ARRAY[]::text[]), x.reasons
FROM nodes x JOIN names n ON n.id = x.name_id
LEFT JOIN counts c ON c.name_id = x.name_id AND c.sense = x.sense
LEFT JOIN documents d ON d.name_id = x.name_id AND d.sense = x.sense
ORDER BY coalesce(c.mentions, 0) DESC, n.type, n.normal COLLATE "C", x.name_id, x.sense
LIMIT :limit
""")

COUNT_NODES = text(f"WITH {NODES_OF} SELECT count(*) FROM nodes")

PLACES = text("""
SELECT w.name, w.sense, p.source, p.page, p.mentions
FROM unnest(CAST(:names AS uuid[]), CAST(:senses AS int[])) AS w(name, sense)
CROSS JOIN LATERAL (
    SELECT m.content_id, min(m.page) AS page, count(*) AS mentions FROM published_mentions m
    WHERE m.project_id = :project AND m.name_id = w.name AND m.sense = w.sense
    GROUP BY m.content_id ORDER BY count(*) DESC, m.content_id LIMIT :limit
) AS c
CROSS JOIN LATERAL (
    SELECT d.source, c.page, c.mentions FROM published_documents d
    WHERE d.content_id = c.content_id ORDER BY d.uri COLLATE "C" LIMIT 1
) AS p
ORDER BY w.name, w.sense, p.mentions DESC, p.source COLLATE "C"
""")

# The full form that is most frequent, as of entities; of a name without a mention its normal form.
NAME_TEXTS = text("""
SELECT n.id, coalesce(s.surface, n.normal)
FROM names n
LEFT JOIN LATERAL (
    SELECT surface FROM published_mentions m
    WHERE m.project_id = :project AND m.name_id = n.id
    GROUP BY surface
    ORDER BY count(*) FILTER (WHERE via IS NULL) DESC, count(*) DESC, surface COLLATE "C" LIMIT 1
) AS s ON true
WHERE n.project_id = :project AND n.id = ANY(CAST(:names AS uuid[]))
""")

ENTITIES_OF = text("""
SELECT w.name, w.sense, coalesce(e.entity_id, CASE WHEN w.sense = 0 THEN n.id END)
FROM unnest(CAST(:names AS uuid[]), CAST(:senses AS int[])) AS w(name, sense)
JOIN names n ON n.id = w.name AND n.project_id = :project
LEFT JOIN name_entities e ON e.name_id = w.name AND e.sense = w.sense
""")

# A part of a crowd is written as its two blocks; a name is in it if it is in both.
CAPPED = text(f"""
WITH {NODES_OF}, blocks AS (
    SELECT n.id, array_agg(rtrim(key, :quiet)) AS names_blocks
    FROM nodes JOIN names n ON n.id = nodes.name_id CROSS JOIN LATERAL unnest(n.keys) AS key
    GROUP BY n.id
), own AS (
    SELECT array_agg(DISTINCT block) AS every FROM blocks CROSS JOIN LATERAL unnest(names_blocks)
        AS block
), found AS (
    SELECT c.* FROM capped c
    WHERE c.project_id = :project AND (
        c.kind = 'component' AND c.key = ANY(ARRAY(SELECT name_id::text FROM nodes))
        OR c.kind = 'block' AND string_to_array(c.key, ' & ') <@ (SELECT every FROM own)
           AND EXISTS (SELECT 1 FROM blocks
                       WHERE names_blocks @> string_to_array(c.key, ' & ')))
    ORDER BY c.kind, c.key COLLATE "C" LIMIT :limit
)
SELECT f.kind, f.key, f.size FROM found f ORDER BY f.kind, f.key COLLATE "C"
""")

# Blocks first; of what hangs together one name, to know it by. Its key is its smallest node: an
# entity, and a name unless it is a namesake.
CAPS = text("""
WITH mine AS (
    SELECT kind, key, size, CASE kind WHEN 'component' THEN CAST(key AS uuid) END AS entity
    FROM capped WHERE project_id = :project
)
SELECT c.kind, count(*), max(c.size), (
    SELECT n.normal FROM mine l LEFT JOIN name_entities e ON e.entity_id = l.entity
    JOIN names n ON n.id = coalesce(e.name_id, l.entity)
    WHERE l.kind = c.kind ORDER BY l.size DESC, l.key, n.id <> l.entity, n.id LIMIT 1)
FROM mine c GROUP BY c.kind ORDER BY c.kind
""")

# Which names are apart that were one: of the project, or those with a name of one entity.
_DISSOLVED = """
SELECT d.first, ARRAY(SELECT n.normal FROM names n WHERE n.id = ANY(d.names)
                      ORDER BY n.normal COLLATE "C" LIMIT 6) AS names,
       count(*) OVER () AS every
FROM dissolved d WHERE d.project_id = :project {of}
ORDER BY cardinality(d.names) DESC, d.first LIMIT :limit
"""
DISSOLVED = text(_DISSOLVED.format(of=""))
DISSOLVED_OF = text(
    f"WITH {NODES_OF} " + _DISSOLVED.format(of="AND d.names && ARRAY(SELECT name_id FROM nodes)")
)

# Chosen from the table: through the view, PostgreSQL goes through all documents for it.
EXAMPLE = text("""
SELECT m.mention_id, m.entity_id, d.document_id, d.source, m.content_id, m.page, m.start, m."end",
       m.text, m.type, m.subtype, m.role, m.via, m.score, m.model, m.stage_version,
       d.document_date, k.start, k.text
FROM (
    SELECT * FROM published_mentions WHERE project_id = :project AND mention_id = (
        SELECT m.id FROM mentions m
        LEFT JOIN senses s ON s.name_id = m.name_id AND s.content_id = m.content_id
        WHERE m.name_id = CAST(:name AS uuid) AND coalesce(s.sense, 0) = :sense
        ORDER BY m.via IS NOT NULL, m.content_id, m.start LIMIT 1)
) AS m
JOIN LATERAL (
    SELECT d.document_id, d.source, coalesce(d.sent, d.created, d.modified) AS document_date
    FROM published_documents d WHERE d.content_id = m.content_id ORDER BY d.uri COLLATE "C" LIMIT 1
) AS d ON true
LEFT JOIN LATERAL (
    SELECT k.start, k.text FROM published_chunks k
    WHERE k.content_id = m.content_id AND k.start <= m.start AND k."end" >= m."end"
    ORDER BY k.start LIMIT 1
) AS k ON true
""")

LIVE = text("""
SELECT n.id, 0 FROM names n WHERE n.project_id = :project AND n.id = ANY(CAST(:names AS uuid[]))
UNION ALL
SELECT DISTINCT s.name_id, s.sense FROM senses s JOIN names n ON n.id = s.name_id
WHERE n.project_id = :project AND s.name_id = ANY(CAST(:names AS uuid[]))
""")

OCCURRING = text(f"""
WITH {NODES_OF}
SELECT DISTINCT name_id, sense, content_id FROM published_mentions
WHERE project_id = :project AND entity_id = CAST(:entity AS uuid)
  AND name_id = ANY(ARRAY(SELECT name_id FROM nodes))
  AND content_id = ANY(CAST(:contents AS uuid[]))
""")

ELSEWHERE = text(f"""
WITH {NODES_OF}
SELECT EXISTS (
    SELECT 1 FROM published_mentions
    WHERE project_id = :project AND entity_id = CAST(:entity AS uuid)
      AND name_id = ANY(ARRAY(SELECT name_id FROM nodes))
      AND content_id <> ALL(CAST(:contents AS uuid[]))
)
""")

SOURCES = text("""
SELECT id, source FROM documents
WHERE project_id = :project AND id = ANY(CAST(:documents AS uuid[]))
""")
