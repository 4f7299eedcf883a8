"""What the live state of a project is in SQL, over the views: for some entities, or for all.

Questions about entities name the names behind them first, so that the tables' indexes on names are
used.
"""

# ruff: noqa: S608 - the only parts put in are constants of this file

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from pipeline.stores.views import ON_ONE_LINE

STAMP = text("""
SELECT (extract(epoch FROM p.created_at) * 1000000)::bigint AS born, r.epoch
FROM projects p JOIN registries r ON r.project_id = p.id
WHERE p.id = CAST(:project AS uuid)
""")

NAMES_IN = text("""
SELECT DISTINCT name_id::text FROM mentions WHERE content_id = ANY(CAST(:contents AS uuid[]))
""")

ENTITIES_OF = text("""
SELECT n.id::text, coalesce(e.entity_id, n.id)::text
FROM names n LEFT JOIN name_entities e ON e.name_id = n.id AND e.sense = 0
WHERE n.project_id = CAST(:project AS uuid) AND n.id = ANY(CAST(:names AS uuid[]))
""")

# Namesakes that were told apart are few; their ids are not made in SQL.
NAMESAKES = text("""
SELECT DISTINCT s.name_id::text, s.sense, e.entity_id::text
FROM senses s JOIN names n ON n.id = s.name_id
JOIN name_entities e ON e.name_id = s.name_id AND e.sense = s.sense
WHERE n.project_id = CAST(:project AS uuid)
""")

NODES: Final = """
wanted AS MATERIALIZED (SELECT unnest(CAST(:entities AS uuid[])) AS id),
nodes AS MATERIALIZED (
    SELECT e.name_id AS id FROM name_entities e JOIN wanted w ON w.id = e.entity_id
    UNION SELECT id FROM wanted
)
"""

# The first surface is what `published_entity_labels` calls the entity. What is counted is counted
# before its blanks are looked at: of many mentions few are spelt in a way of their own.
CANONICALS = text(f"""
WITH {NODES}, m AS MATERIALIZED (
    SELECT m.entity_id, m.name_type, m.shown, m.via IS NULL AS is_full, m.content_id
    FROM nodes n JOIN published_mentions m ON m.name_id = n.id
    WHERE m.project_id = CAST(:project AS uuid)
), spelt AS MATERIALIZED (
    SELECT entity_id, name_type, shown, count(*) AS mentions,
           count(*) FILTER (WHERE is_full) AS full_forms
    FROM m GROUP BY entity_id, name_type, shown
), ranked AS (
    SELECT entity_id, surface, row_number() OVER (
               PARTITION BY entity_id
               ORDER BY sum(full_forms) DESC, sum(mentions) DESC, surface COLLATE "C") AS place
    FROM (SELECT entity_id, mentions, full_forms,
                 {ON_ONE_LINE.format(text="shown")} AS surface FROM spelt) AS s
    GROUP BY entity_id, surface
), names AS (
    SELECT entity_id, array_agg(left(surface, :length) ORDER BY place) AS names
    FROM ranked WHERE place <= :names GROUP BY entity_id
), types AS (
    SELECT DISTINCT ON (entity_id) entity_id, name_type AS type
    FROM spelt GROUP BY entity_id, name_type
    ORDER BY entity_id, sum(mentions) DESC, name_type COLLATE "C"
), counts AS (
    SELECT entity_id, sum(mentions)::bigint AS mentions, count(*) AS contents
    FROM (SELECT entity_id, content_id, count(*) AS mentions FROM m
          GROUP BY entity_id, content_id) AS c GROUP BY entity_id
)
SELECT w.id::text, t.type, c.mentions, c.contents, n.names
FROM wanted w JOIN names n ON n.entity_id = w.id JOIN types t ON t.entity_id = w.id
JOIN counts c ON c.entity_id = w.id
""")

NEIGHBOURS = text(f"""
WITH {NODES}, ends AS (
    SELECT r.subject_id AS entity, r.object_id AS neighbour, r.predicate
    FROM nodes n JOIN published_relationships r ON r.subject_name_id = n.id
    WHERE r.project_id = CAST(:project AS uuid) AND r.subject_id <> r.object_id
    UNION ALL
    SELECT r.object_id, r.subject_id, r.predicate
    FROM nodes n JOIN published_relationships r ON r.object_name_id = n.id
    WHERE r.project_id = CAST(:project AS uuid) AND r.subject_id <> r.object_id
), said AS (
    SELECT entity, neighbour, predicate, count(*) AS weight
    FROM ends JOIN wanted w ON w.id = entity GROUP BY entity, neighbour, predicate
), pairs AS (
    SELECT entity, neighbour, sum(weight)::bigint AS weight,
           array_agg(predicate ORDER BY weight DESC, predicate COLLATE "C")
               FILTER (WHERE predicate <> 'co_mentioned') AS predicates
    FROM said GROUP BY entity, neighbour
)
SELECT entity::text, neighbour::text, weight, predicates[1 : :predicates] AS predicates
FROM (SELECT *, row_number() OVER (PARTITION BY entity ORDER BY weight DESC, neighbour) AS place
      FROM pairs) AS p
WHERE place <= :neighbours ORDER BY entity, place
""")

# Whose neighbours are called something else where nodes are in another entity now.
BESIDE = text("""
WITH wanted AS MATERIALIZED (SELECT unnest(CAST(:names AS uuid[])) AS id)
SELECT r.object_id::text FROM wanted w
JOIN published_relationships r ON r.subject_name_id = w.id
UNION
SELECT r.subject_id::text FROM wanted w
JOIN published_relationships r ON r.object_name_id = w.id
LIMIT :limit
""")

_RECENT: Final = f"""
SELECT m.mention_id::text, m.name_id::text, m.sense, m.entity_id::text, m.name_type,
       left({ON_ONE_LINE.format(text="m.text")}, :length) AS text, m.content_id::text,
       d.source, c.published_at
FROM c JOIN published_mentions m ON m.content_id = c.id
CROSS JOIN LATERAL (SELECT source FROM published_documents d WHERE d.content_id = c.id
                    ORDER BY d.uri COLLATE "C" LIMIT 1) AS d
ORDER BY c.published_at DESC, m.content_id DESC, m.mention_id DESC LIMIT :limit
"""

RECENT_OF = text(f"""
WITH c AS MATERIALIZED (
    SELECT id, published_at FROM published_contents
    WHERE project_id = CAST(:project AS uuid) AND id = ANY(CAST(:contents AS uuid[]))
    ORDER BY published_at DESC, id DESC LIMIT :limit
) {_RECENT}
""")

RECENT = text(f"""
WITH c AS MATERIALIZED (
    SELECT id, published_at FROM published_contents WHERE project_id = CAST(:project AS uuid)
    ORDER BY published_at DESC, id DESC LIMIT :limit
) {_RECENT}
""")

# Entities by how often they are mentioned, the most mentioned first: how many have so many.
DISTRIBUTION = text("""
SELECT mentions, count(*) AS entities FROM (
    SELECT count(*) AS mentions FROM published_mentions
    WHERE project_id = CAST(:project AS uuid) GROUP BY entity_id
) AS m GROUP BY mentions ORDER BY mentions DESC
""")

NAMES = text("SELECT count(*) FROM names WHERE project_id = CAST(:project AS uuid)")

EVERY_ENTITY = text("""
SELECT entity_id::text FROM published_mentions WHERE project_id = CAST(:project AS uuid)
GROUP BY entity_id HAVING count(*) >= :floor
""")

NODES_OF = text(f"""
WITH {NODES}
SELECT e.name_id::text, e.sense, e.entity_id::text
FROM name_entities e JOIN wanted w ON w.id = e.entity_id
""")

COUNTS = text("""
SELECT (SELECT count(*) FROM published_documents WHERE project_id = CAST(:project AS uuid)),
       (SELECT count(*) FROM published_mentions WHERE project_id = CAST(:project AS uuid))
""")

TYPES = text("""
SELECT type, count(*) FROM published_entity_types WHERE project_id = CAST(:project AS uuid)
GROUP BY type ORDER BY count(*) DESC, type COLLATE "C"
""")

TOP = text("""
SELECT entity_id::text FROM published_mentions WHERE project_id = CAST(:project AS uuid)
GROUP BY entity_id ORDER BY count(*) DESC, entity_id LIMIT :limit
""")

SOURCES = text("""
SELECT folder, count(*) FROM (
    SELECT coalesce(substring(source FROM '^(.*)/[^/]*$'), '') AS folder FROM published_documents
    WHERE project_id = CAST(:project AS uuid) AND parent_id IS NULL
) AS d GROUP BY folder ORDER BY count(*) DESC, folder COLLATE "C" LIMIT :limit
""")
