"""What writing a registry's update says to PostgreSQL. `{nodes}` and `{misses}` are tables of the
transaction: all settled nodes, and the near misses of these.
"""

# ruff: noqa: S608 - the only parts put in are constants of this file

from __future__ import annotations

from sqlalchemy import text

FENCE = text("""
UPDATE registries SET epoch = :epoch, version = :version
WHERE project_id = CAST(:project AS uuid) AND holder = CAST(:holder AS uuid) AND epoch = :seen
RETURNING epoch
""")

APPLIED = text("DELETE FROM changes WHERE id = ANY(CAST(:ids AS bigint[]))")

_WANTED_SENSES = """
unnest(CAST(:names AS uuid[]), CAST(:contents AS uuid[]), CAST(:senses AS int[]))
    AS w(name, content, sense)
"""

SENSES = (
    text(f"""
DELETE FROM senses s USING names n
WHERE n.id = s.name_id AND n.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM {_WANTED_SENSES} WHERE w.name = s.name_id
                  AND w.content = s.content_id)
"""),
    text(f"""
INSERT INTO senses (name_id, content_id, sense)
SELECT w.name, w.content, w.sense FROM {_WANTED_SENSES}
JOIN names n ON n.id = w.name JOIN contents c ON c.id = w.content
ON CONFLICT (name_id, content_id) DO UPDATE SET sense = excluded.sense
WHERE senses.sense <> excluded.sense
"""),
)

# Publishers delete names, and with them the rows below: so names are locked before these.
LOCK = """
SELECT count(*) FROM (
    SELECT 1 FROM names n WHERE n.id IN (
        SELECT name_id FROM {nodes} UNION SELECT one FROM {misses} UNION SELECT other FROM {misses})
    ORDER BY n.id FOR KEY SHARE
) AS locked
"""

RETIRE = text("""
INSERT INTO entities (id, project_id, merged_into, epoch)
SELECT w.id, CAST(:project AS uuid), w.entity, :epoch
FROM unnest(CAST(:ids AS uuid[]), CAST(:entities AS uuid[])) AS w(id, entity)
ON CONFLICT (id) DO UPDATE SET merged_into = excluded.merged_into, epoch = excluded.epoch
""")

_FREED = "unnest(CAST(:ids AS uuid[]), CAST(:entities AS uuid[])) AS w(id, entity)"

FREE = (
    text(f"DELETE FROM entities t USING {_FREED} WHERE t.id = w.id AND w.entity IS NULL"),
    text(f"""
UPDATE entities t SET merged_into = w.entity, epoch = :epoch FROM {_FREED}
WHERE t.id = w.id AND t.merged_into <> w.entity
"""),
)

# The id of an entity whose name has gone leads to what its other names are in now. One that is a
# name's again leads there by itself.
_RETIRED = """
INSERT INTO entities (id, project_id, merged_into, epoch)
SELECT e.entity_id, CAST(:project AS uuid), min(s.entity_id::text)::uuid, :epoch
FROM name_entities e JOIN {nodes} s ON s.name_id = e.name_id AND s.sense = e.sense
WHERE e.entity_id <> s.entity_id
  AND NOT EXISTS (SELECT 1 FROM names n WHERE n.id = e.entity_id)
  AND NOT EXISTS (SELECT 1 FROM {nodes} t WHERE t.entity_id = e.entity_id)
GROUP BY e.entity_id
ON CONFLICT (id) DO UPDATE SET merged_into = excluded.merged_into, epoch = excluded.epoch
"""

_BACK = """
DELETE FROM entities t USING {nodes} s WHERE t.id IN (s.name_id, s.entity_id)
"""

_LONE = """
DELETE FROM name_entities e USING {nodes} s
WHERE s.epoch = 0 AND e.name_id = s.name_id AND e.sense = s.sense
"""

_OTHERS = """
DELETE FROM name_entities e USING names n
WHERE n.id = e.name_id AND n.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM {nodes} s
                  WHERE s.epoch = 1 AND s.name_id = e.name_id AND s.sense = e.sense)
"""

_NO_SENSE = """
DELETE FROM name_entities e USING names n
WHERE n.id = e.name_id AND n.project_id = CAST(:project AS uuid) AND e.sense <> 0
  AND NOT EXISTS (SELECT 1 FROM senses s WHERE s.name_id = e.name_id AND s.sense = e.sense)
"""

_TOGETHER = """
INSERT INTO name_entities (name_id, sense, entity_id, reasons, epoch)
SELECT s.name_id, s.sense, s.entity_id, s.reasons, :epoch
FROM {nodes} s JOIN names n ON n.id = s.name_id
WHERE s.epoch = 1
ON CONFLICT (name_id, sense) DO UPDATE
SET entity_id = excluded.entity_id, reasons = excluded.reasons, epoch = excluded.epoch
WHERE (name_entities.entity_id, name_entities.reasons)
      IS DISTINCT FROM (excluded.entity_id, excluded.reasons)
"""

NODES = (_RETIRED, _BACK, _LONE, _TOGETHER)
NO_SENSE = text(_NO_SENSE)
NODES_WHOLE = (_RETIRED, _BACK, _OTHERS, _TOGETHER)

# Of a name, never of a namesake: that is compared with nothing.
MISSES = (
    "DELETE FROM near_misses m USING {nodes} s WHERE s.sense = 0 AND m.one = s.name_id",
    "DELETE FROM near_misses m USING {nodes} s WHERE s.sense = 0 AND m.other = s.name_id",
    """
INSERT INTO near_misses (one, other, project_id, score, verdict, why, reasons, epoch)
SELECT m.one, m.other, CAST(:project AS uuid), m.score, m.verdict, m.why, m.reasons, :epoch
FROM {misses} m JOIN names n ON n.id = m.one JOIN names o ON o.id = m.other
ON CONFLICT (one, other) DO NOTHING
""",
)

UNCAP_ALL = text("DELETE FROM capped WHERE project_id = CAST(:project AS uuid)")

UNCAP = text("""
DELETE FROM capped
WHERE project_id = CAST(:project AS uuid)
  AND (kind = 'component' AND key = ANY(:components)
       OR kind = 'block' AND (key = ANY(:keys)
                              OR string_to_array(key, ' & ') && CAST(:single AS text[])))
""")

CAP = text("""
INSERT INTO capped (project_id, kind, key, size, epoch)
SELECT CAST(:project AS uuid), w.kind, w.key, w.size, :epoch
FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:sizes AS int[]))
     AS w(kind, key, size)
ON CONFLICT (project_id, kind, key) DO UPDATE
SET size = excluded.size, epoch = excluded.epoch
""")

# What is one again, and all where nothing is capped any more.
UNDISSOLVE = """
DELETE FROM dissolved d WHERE d.project_id = CAST(:project AS uuid) AND (
    NOT EXISTS (SELECT 1 FROM capped c WHERE c.project_id = d.project_id)
    OR EXISTS (SELECT 1 FROM {nodes} s WHERE s.name_id = ANY(d.names))
       AND (SELECT count(DISTINCT coalesce(e.entity_id, n.id))
            FROM names n LEFT JOIN name_entities e ON e.name_id = n.id AND e.sense = 0
            WHERE n.id = ANY(d.names)) < 2
)
"""

DISSOLVE = text("""
INSERT INTO dissolved (project_id, first, names, epoch)
SELECT CAST(:project AS uuid), CAST(g->>0 AS uuid),
       ARRAY(SELECT CAST(x AS uuid) FROM jsonb_array_elements_text(g) AS x), :epoch
FROM jsonb_array_elements(CAST(:groups AS jsonb)) AS g
ON CONFLICT (project_id, first) DO UPDATE SET names = excluded.names, epoch = excluded.epoch
""")
