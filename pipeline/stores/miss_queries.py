"""What readers ask of near misses, in SQL: what stayed out of an entity, and the pairs that people
should see.
"""

# ruff: noqa: S608 - the only parts put in are constants

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from pipeline.stores.registry_queries import NODES_OF

_MISSES: Final = """
SELECT m.one AS own, m.other AS their, m.score, m.verdict, m.why, m.reasons FROM near_misses m
WHERE m.one = ANY(ARRAY(SELECT name_id FROM nodes WHERE sense = 0))
UNION ALL
SELECT m.other, m.one, m.score, m.verdict, m.why, m.reasons FROM near_misses m
WHERE m.other = ANY(ARRAY(SELECT name_id FROM nodes WHERE sense = 0))
"""

# What is decided comes first, then what a text tells, and what else makes two things of them: that
# is the reason why.
_KEEPS_APART: Final = """
coalesce(reasons -> 'rules' ? CAST(:doubted AS text), false) DESC,
coalesce(reasons -> 'rules' ?| CAST(:two_things AS text[]), false) DESC
"""

# The best pair for each entity that stayed out, with how many there are.
MISSES = text(f"""
WITH {NODES_OF}, misses AS (
    SELECT m.*, coalesce(e.entity_id, m.their) AS entity FROM ({_MISSES}) AS m
    LEFT JOIN name_entities e ON e.name_id = m.their AND e.sense = 0
), outside AS (
    SELECT m.*, count(*) OVER (PARTITION BY entity) AS pairs,
           row_number() OVER (PARTITION BY entity ORDER BY (why = 'decided') DESC, {_KEEPS_APART},
                              score DESC, own, their) AS place
    FROM misses m WHERE entity <> CAST(:entity AS uuid)
)
SELECT entity, own, their, score, verdict, why, reasons, pairs, count(*) OVER () AS entities,
       CASE WHEN why = 'told' THEN (SELECT n.id FROM names n WHERE n.id IN (own, their)
                                    AND n.normal LIKE '%' || :of_two LIMIT 1) END
FROM outside WHERE place = 1
ORDER BY (why = 'told') DESC, score DESC, pairs DESC, entity LIMIT :limit
""")

# How much a decision is worth: near the score at which names join, with much to be said on both
# sides. The pair of names that keeps the two entities apart stands for them, else the one that is
# most alike.
PAIRS = text(f"""
WITH misses AS MATERIALIZED (
    SELECT m.*, coalesce(e.entity_id, m.one) AS first, coalesce(f.entity_id, m.other) AS second
    FROM near_misses m
    LEFT JOIN name_entities e ON e.name_id = m.one AND e.sense = 0
    LEFT JOIN name_entities f ON f.name_id = m.other AND f.sense = 0
    WHERE m.project_id = :project AND m.why <> 'decided'
), turned AS (
    SELECT first, second, one, other, score, verdict, why, reasons FROM misses WHERE first < second
    UNION ALL
    SELECT second, first, other, one, score, verdict, why, reasons FROM misses WHERE first > second
), pairs AS MATERIALIZED (
    SELECT t.*, count(*) OVER (PARTITION BY first, second) AS pairs,
           row_number() OVER (PARTITION BY first, second
                              ORDER BY {_KEEPS_APART}, score DESC, one, other) AS place
    FROM turned t
), sizes AS MATERIALIZED (
    SELECT entity_id, count(*) AS mentions, count(DISTINCT content_id) AS contents
    FROM published_mentions
    WHERE project_id = :project
      AND entity_id IN (SELECT first FROM pairs UNION SELECT second FROM pairs)
    GROUP BY entity_id
)
SELECT p.first, p.second, p.one, p.other, p.score, p.verdict, p.why, p.reasons, p.pairs,
       CASE WHEN n.normal ~ :ends_open THEN p.one WHEN o.normal ~ :ends_open THEN p.other
            WHEN length(n.normal) < length(o.normal) THEN p.one ELSE p.other END
FROM pairs p
JOIN sizes a ON a.entity_id = p.first JOIN sizes b ON b.entity_id = p.second
JOIN names n ON n.id = p.one JOIN names o ON o.id = p.other
WHERE p.place = 1 AND (p.why <> 'told' OR p.reasons -> 'rules' ? CAST(:doubted AS text))
ORDER BY p.score * ln(1 + least(a.contents, b.contents)) + 0.1 * ln(a.mentions + b.mentions) DESC,
         least(n.normal, o.normal) COLLATE "C", greatest(n.normal, o.normal) COLLATE "C",
         p.first, p.second
""")

# What else a shorter form may stand for.
ALSO = text("""
SELECT DISTINCT coalesce(e.entity_id, m.their) FROM (
    SELECT other AS their FROM near_misses WHERE one = ANY(CAST(:names AS uuid[]))
       AND why = 'ambiguous'
    UNION ALL
    SELECT one FROM near_misses WHERE other = ANY(CAST(:names AS uuid[])) AND why = 'ambiguous'
) AS m LEFT JOIN name_entities e ON e.name_id = m.their AND e.sense = 0
ORDER BY 1 LIMIT :limit
""")
