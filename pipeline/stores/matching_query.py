"""The entities one of whose names holds some words: any number of them, each counted once.

The same columns and order as of all entities, but over the matching ones' mentions alone, which are
found once and kept: joined to the views of all entities, the planner guesses far too few and looks
for them anew for each entity.
"""

from __future__ import annotations

from sqlalchemy import text

MATCHING_ENTITIES = text("""
WITH matched AS MATERIALIZED (
    SELECT DISTINCT entity_id FROM published_mentions
    WHERE project_id = :project AND strpos(lower(surface), lower(:match)) > 0
), m AS MATERIALIZED (
    SELECT entity_id, name_type, surface, via, content_id FROM published_mentions
    JOIN matched USING (entity_id)
    WHERE project_id = :project
), labels AS (
    SELECT DISTINCT ON (entity_id) entity_id, surface AS name
    FROM (SELECT entity_id, surface, count(*) AS mentions,
                 count(*) FILTER (WHERE via IS NULL) AS full_forms
          FROM m GROUP BY entity_id, surface) AS s
    ORDER BY entity_id, full_forms DESC, mentions DESC, surface COLLATE "C"
), types AS (
    SELECT DISTINCT ON (entity_id) entity_id, name_type AS type
    FROM (SELECT entity_id, name_type, count(*) AS mentions
          FROM m GROUP BY entity_id, name_type) AS t
    ORDER BY entity_id, mentions DESC, name_type COLLATE "C"
), counts AS (
    SELECT entity_id, sum(mentions)::bigint AS mentions, sum(copies)::bigint AS documents
    FROM (SELECT m.entity_id, m.content_id, count(*) AS mentions, max(c.copies) AS copies
          FROM m JOIN published_contents c ON c.id = m.content_id
          GROUP BY m.entity_id, m.content_id) AS n
    GROUP BY entity_id
), related AS MATERIALIZED (
    SELECT subject_id, object_id FROM published_relationships
    WHERE project_id = :project AND subject_id <> object_id
), degrees AS (
    SELECT entity_id, count(DISTINCT neighbour_id) AS degree
    FROM (SELECT subject_id AS entity_id, object_id AS neighbour_id FROM related
          UNION ALL SELECT object_id, subject_id FROM related) AS ends
    JOIN matched USING (entity_id)
    GROUP BY entity_id
)
SELECT c.entity_id, t.type, l.name, c.mentions, c.documents, coalesce(g.degree, 0) AS degree
FROM counts c JOIN labels l USING (entity_id) JOIN types t USING (entity_id)
LEFT JOIN degrees g USING (entity_id)
WHERE CAST(:types AS text[]) IS NULL OR t.type = ANY(CAST(:types AS text[]))
ORDER BY degree DESC, c.mentions DESC, l.name COLLATE "C", c.entity_id
LIMIT :limit
""")
