"""What `verify` asks PostgreSQL about entities and what people decided: in SQL, for one project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import text

from pipeline import identity
from pipeline.verification import Finding

BEHIND = text("""
SELECT EXISTS (SELECT 1 FROM changes WHERE project_id = CAST(:project AS uuid))
""")

# Whatever the registry has not applied yet: check, question → what of, what is wrong.
ALWAYS = (
    ("registry", """
SELECT p.id::text, 'the project has no registry' FROM projects p
WHERE p.id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM registries r WHERE r.project_id = p.id)
"""),
    ("registry", """
SELECT w.id::text, 'it was written in epoch ' || w.epoch || ', and the registry is in ' || r.epoch
FROM registries r JOIN (
    SELECT n.project_id, e.name_id::text AS id, e.epoch
    FROM name_entities e JOIN names n ON n.id = e.name_id
    UNION ALL SELECT project_id, id::text, epoch FROM entities
    UNION ALL SELECT project_id, one::text || ' ' || other::text, epoch FROM near_misses
    UNION ALL SELECT project_id, kind || ' ' || key, epoch FROM capped
    UNION ALL SELECT project_id, first::text, epoch FROM dissolved
) AS w ON w.project_id = r.project_id
WHERE r.project_id = CAST(:project AS uuid) AND w.epoch > r.epoch
"""),
    ("decision", """
SELECT 'decisions', 'they are numbered ' || min(number) || ' to ' || max(number)
       || ', and there are ' || count(*)
FROM decisions WHERE project_id = CAST(:project AS uuid)
HAVING min(number) <> 1 OR max(number) <> count(*)
"""),
    ("decision", """
SELECT 'decision ' || d.number, 'what is said to have undone it is no later undoing: '
       || d.undone_by
FROM decisions d
WHERE d.project_id = CAST(:project AS uuid) AND d.undone_by IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM decisions u WHERE u.project_id = d.project_id
                  AND u.number = d.undone_by AND u.number > d.number AND u.kind = 'undo')
"""),
)  # fmt: skip

# Where all changes are applied: before that, a name may have gone that others have their entity of.
# A name without a row is its own entity.
SETTLED = (
    ("orphan", """
SELECT e.name_id::text, 'a name in an entity whose name is not there: ' || e.entity_id
FROM name_entities e JOIN names n ON n.id = e.name_id
WHERE n.project_id = CAST(:project AS uuid) AND e.sense = 0
  AND NOT EXISTS (SELECT 1 FROM names o WHERE o.id = e.entity_id)
  AND NOT EXISTS (SELECT 1 FROM name_entities o WHERE o.entity_id = e.entity_id AND o.sense <> 0)
"""),
    ("entity", """
SELECT e.name_id::text, 'its entity has a larger id than it: ' || e.entity_id
FROM name_entities e JOIN names n ON n.id = e.name_id
WHERE n.project_id = CAST(:project AS uuid) AND e.sense = 0 AND e.name_id < e.entity_id
"""),
    ("entity", """
SELECT DISTINCT e.entity_id::text, 'the name that it has its id of is in another: ' || o.entity_id
FROM name_entities e JOIN names n ON n.id = e.name_id
JOIN name_entities o ON o.name_id = e.entity_id AND o.sense = 0 AND o.entity_id <> e.entity_id
WHERE n.project_id = CAST(:project AS uuid)
"""),
    ("entity", """
SELECT e.name_id::text, 'its entity is one of another project: ' || e.entity_id
FROM name_entities e JOIN names n ON n.id = e.name_id JOIN names o ON o.id = e.entity_id
WHERE n.project_id = CAST(:project AS uuid) AND o.project_id <> n.project_id
"""),
    ("entity", """
SELECT m.id::text, 'it was merged into ' || m.merged_into || ', and is an entity'
FROM entities m JOIN names n ON n.id = m.id
LEFT JOIN name_entities e ON e.name_id = m.id AND e.sense = 0
WHERE m.project_id = CAST(:project AS uuid) AND coalesce(e.entity_id, m.id) = m.id
"""),
    ("entity", """
WITH RECURSIVE way AS (
    SELECT id, merged_into FROM entities WHERE project_id = CAST(:project AS uuid)
    UNION
    SELECT w.id, m.merged_into FROM way w JOIN entities m ON m.id = w.merged_into
)
SELECT id::text, 'what it was merged into leads back to it' FROM way WHERE id = merged_into
"""),
    ("near_miss", """
SELECT m.one::text, 'it is in one entity with its near miss ' || m.other FROM near_misses m
LEFT JOIN name_entities e ON e.name_id = m.one AND e.sense = 0
LEFT JOIN name_entities f ON f.name_id = m.other AND f.sense = 0
WHERE m.project_id = CAST(:project AS uuid)
  AND coalesce(e.entity_id, m.one) = coalesce(f.entity_id, m.other)
"""),
    ("near_miss", """
SELECT m.one::text, 'it or its near miss is a name of another project: ' || m.other
FROM near_misses m JOIN names n ON n.id IN (m.one, m.other)
WHERE m.project_id = CAST(:project AS uuid) AND n.project_id <> m.project_id
"""),
)  # fmt: skip

# Namesakes that were told apart, by their entities; their nodes' ids are not made in SQL.
NAMESAKES = text("""
SELECT e.entity_id::text AS entity, e.name_id::text AS name, e.sense,
       EXISTS (SELECT 1 FROM names o WHERE o.id = e.entity_id) AS named
FROM name_entities e JOIN names n ON n.id = e.name_id
WHERE n.project_id = CAST(:project AS uuid) AND e.sense <> 0
ORDER BY e.entity_id, e.name_id, e.sense
""")


def namesake_findings(rows: Iterable[Any]) -> Iterator[Finding]:
    """See that the id of each entity with a namesake in it is that of one of its nodes, and no node
    has a smaller one. `rows` are of `NAMESAKES`.
    """
    for entity, members in groupby(rows, key=lambda row: str(row.entity)):
        group = list(members)
        nodes = [identity.node_id(row.name, row.sense) for row in group]
        if smaller := [node for node in nodes if node < entity]:
            yield Finding("entity", smaller[0], f"its entity has a larger id than it: {entity}")
        if not group[0].named and entity not in nodes:
            yield Finding("entity", entity, "its id is that of none of its nodes")
