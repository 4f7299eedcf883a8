"""The entities one of whose names holds some words: any number of them, each counted once.

The same columns and order as of all entities, but over the matching ones' mentions alone, which are
found once and kept: joined to the views of all entities, the planner guesses far too few and looks
for them anew for each entity.
"""

from __future__ import annotations

from sqlalchemy import text

from pipeline.stores.graph_queries import LABELS_TYPES_COUNTS

MATCHING_ENTITIES = text(f"""
WITH matched AS MATERIALIZED (
    SELECT DISTINCT entity_id FROM published_mentions
    WHERE project_id = :project AND strpos(lower(surface), lower(:match)) > 0
), m AS MATERIALIZED (
    SELECT entity_id, name_type, surface, via, content_id FROM published_mentions
    JOIN matched USING (entity_id)
    WHERE project_id = :project
), {LABELS_TYPES_COUNTS}, related AS MATERIALIZED (
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
""")  # noqa: S608 - our own words
