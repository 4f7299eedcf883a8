"""The views: the published graph, as all readers see it.

A content is published when `published_at` is set and some document's `content_id` points to it.
A mention belongs to a node (name, sense), a node to an entity; a name without a row in
`name_entities` is its own entity. Every order by text says COLLATE "C", so that no database's
locale can change what comes first.

Predicates on `project_id`, `content_id`, `name_id` and `entity_id` reach the tables' indexes:
nothing here is a common table expression that is used twice.
"""

# ruff: noqa: S608 - the only parts put in are constants of this file

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pipeline.documents import Predicate

SYMMETRIC: tuple[Predicate, ...] = (
    Predicate.CO_MENTIONED,
    Predicate.MARRIED_TO,
    Predicate.MET,
    Predicate.RELATED_TO,
)
"""Predicates that say the same with subject and object exchanged; an edge joins both readings."""

_SYMMETRIC_LIST = ", ".join(f"'{predicate.value}'" for predicate in SYMMETRIC)

DOCUMENTS = """
SELECT d.project_id, d.id AS document_id, d.source, d.uri, d.parent_id, d.status, d.stale,
       d.partial, c.id AS content_id, c.sha256, c.media_type, c.size, c.text, c.pages,
       coalesce(jsonb_array_length(c.pages), 0) AS page_count, c.warnings, c.language,
       c.language_score, c.title, c.author, c.created, c.modified, c.sender, c.recipients,
       c.copied, c.subject, c.sent, c.message_id, c.in_reply_to, c.chain, c.published_at
FROM documents d
JOIN contents c ON c.id = d.content_id
WHERE c.published_at IS NOT NULL
"""

CONTENTS = """
SELECT c.*,
       (SELECT count(*) FROM documents d WHERE d.content_id = c.id) AS copies
FROM contents c
WHERE c.published_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id)
"""

CHUNKS = """
SELECT c.project_id, k.content_id, k.id AS chunk_id, k.ordinal, k.page, k.start, k."end", k.text,
       k.tsv
FROM chunks k
JOIN published_contents c ON c.id = k.content_id
"""

VECTORS = """
SELECT c.project_id, k.content_id, k.id AS chunk_id, k.vector
FROM chunks k
JOIN published_contents c ON c.id = k.content_id
WHERE k.vector IS NOT NULL
"""

NODES = """
SELECT n.project_id, e.name_id, e.sense, e.entity_id, e.reasons
FROM name_entities e
JOIN names n ON n.id = e.name_id
"""

THE_CAPITAL = "washington, dc"
"""The one normal form of a place that has a comma in it also where the text has none ("D.C.")."""

SMALL_WORDS = ("of", "and", "the", "de", "do", "da")


def _title(words: str) -> str:
    """Write small plain letters as a title, in whatever locale."""
    titled = f'initcap({words} COLLATE "C")'
    for word in SMALL_WORDS:
        titled = f"replace({titled}, ' {word.capitalize()} ', ' {word} ')"
    return titled


# A place with the region that its text has right behind ("Portland, Oregon" as two mentions):
# without it two Portlands look alike.
_PLACE = f"""
m.text || CASE WHEN n.normal = 'washington state'
                    AND lower(m.text COLLATE "C") = 'washington' THEN ' State'
               WHEN strpos(n.normal, ', ') = 0 OR strpos(m.text, ',') > 0
                    OR n.normal = '{THE_CAPITAL}' THEN ''
               ELSE {_title("substr(n.normal, strpos(n.normal, ', '))")} END
"""

# A section with its code, which the head of a list has ("1349" of "18 U.S.C. §§ 1343 and 1349").
# The first of a list is one section too.
_SECTION = rf"""
CASE WHEN m.text ~* '^((§+|sections?|secs?\.|parts?)\s*)?[0-9][0-9a-z.\u2013-]*(\([0-9a-z]+\))*$'
     THEN {_title("substring(n.normal FROM '^.* §+ ')")} || substring(m.text FROM '[0-9].*')
     WHEN strpos(n.normal, ' § ') > 0
     THEN regexp_replace(m.text, '(§|[Ss]ection|[Ss]ec|[Pp]art)[§s](?=[.\s0-9])', '\1')
     ELSE m.text END
"""

# The number of a case with the court that stands behind it, and without that of a defendant.
_DOCKET = r"""
regexp_replace(
    m.text, '^(.*[0-9][-.\s]*(crim|cr|mj|mag)[-.\s]*[0-9]+[a-z()\s-]*)-[0-9]+$', '\1', 'i')
|| CASE WHEN strpos(n.normal, ' (') = 0 OR m.text ~* 'd\.|cir\.|\([a-z]d[a-z][a-z]\)'
             OR m.text ~* '\(d[a-z][a-z]\)' AND n.normal !~ '-D[A-Z][A-Z]\M' THEN ''
        ELSE substr(n.normal, strpos(n.normal, ' (')) END
"""

ON_ONE_LINE = r"btrim(regexp_replace({text}, '\s+', ' ', 'g'))"
"""Names are broken by the ends of lines."""

# `shown` is the mention's text with what its name says more, and `surface` that on one line: how it
# is written and found.
MENTIONS = f"""
SELECT c.project_id, m.content_id, m.id AS mention_id, m.name_id, coalesce(s.sense, 0) AS sense,
       coalesce(e.entity_id, m.name_id) AS entity_id, m.start, m."end", m.text,
       {ON_ONE_LINE.format(text="x.shown")} AS surface, x.shown, m.type, m.subtype, m.role, m.via,
       m.score, m.page, m.boxes, m.model, m.stage_version, n.type AS name_type,
       n.normal AS name_normal, n.scope AS name_scope
FROM mentions m
JOIN published_contents c ON c.id = m.content_id
JOIN names n ON n.id = m.name_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN m.via IS NOT NULL THEN m.text
                WHEN n.type IN ('GPE', 'LOC') THEN {_PLACE}
                WHEN n.type = 'LAW' AND strpos(n.normal, '§ ') > 0 THEN {_SECTION}
                WHEN n.type = 'DOCKET' THEN {_DOCKET}
                ELSE m.text END AS shown
) AS x
LEFT JOIN senses s ON s.name_id = m.name_id AND s.content_id = m.content_id
LEFT JOIN name_entities e ON e.name_id = m.name_id AND e.sense = coalesce(s.sense, 0)
"""

RELATIONSHIPS = """
SELECT c.project_id, r.content_id, r.id AS relationship_id, r.subject_name_id,
       coalesce(e.entity_id, r.subject_name_id) AS subject_id, r.predicate, r.object_name_id,
       coalesce(f.entity_id, r.object_name_id) AS object_id, r.subject_mention_id,
       r.object_mention_id, r.start, r."end", r.score, r.model, r.stage_version
FROM relationships r
JOIN published_contents c ON c.id = r.content_id
LEFT JOIN senses s ON s.name_id = r.subject_name_id AND s.content_id = r.content_id
LEFT JOIN name_entities e ON e.name_id = r.subject_name_id AND e.sense = coalesce(s.sense, 0)
LEFT JOIN senses t ON t.name_id = r.object_name_id AND t.content_id = r.content_id
LEFT JOIN name_entities f ON f.name_id = r.object_name_id AND f.sense = coalesce(t.sense, 0)
"""

SURFACES = """
SELECT project_id, entity_id, surface, count(*) AS mentions,
       count(*) FILTER (WHERE via IS NULL) AS full_forms
FROM published_mentions
GROUP BY project_id, entity_id, surface
"""

LABELS = """
SELECT DISTINCT ON (project_id, entity_id) project_id, entity_id, surface AS name
FROM published_surfaces
ORDER BY project_id, entity_id, full_forms DESC, mentions DESC, surface COLLATE "C"
"""

TYPES = """
SELECT DISTINCT ON (project_id, entity_id) project_id, entity_id, name_type AS type
FROM (
    SELECT project_id, entity_id, name_type, count(*) AS mentions
    FROM published_mentions
    GROUP BY project_id, entity_id, name_type
) AS counted
ORDER BY project_id, entity_id, mentions DESC, name_type COLLATE "C"
"""

# `mentions` counts per content, `documents` counts every document that shows one of them.
ENTITIES = """
SELECT t.project_id, t.entity_id, t.type, l.name, n.mentions, n.documents
FROM published_entity_types t
JOIN published_entity_labels l ON l.project_id = t.project_id AND l.entity_id = t.entity_id
JOIN (
    SELECT project_id, entity_id, sum(mentions)::bigint AS mentions,
           sum(copies)::bigint AS documents
    FROM (
        SELECT m.project_id, m.entity_id, m.content_id, count(*) AS mentions,
               (SELECT count(*) FROM documents d WHERE d.content_id = m.content_id) AS copies
        FROM published_mentions m
        GROUP BY m.project_id, m.entity_id, m.content_id
    ) AS by_content
    GROUP BY project_id, entity_id
) AS n ON n.project_id = t.project_id AND n.entity_id = t.entity_id
"""

# One row for all statements of one thing about two entities. `example_id` is the relationship
# that says it best. A relationship of an entity with itself says nothing and is left out.
EDGES = f"""
SELECT project_id, subject_id, predicate, object_id, count(*) AS weight, max(score) AS score,
       count(DISTINCT content_id) AS contents,
       (array_agg(relationship_id ORDER BY score DESC, content_id, start, relationship_id))[1]
           AS example_id
FROM (
    SELECT r.project_id, r.predicate, r.score, r.content_id, r.relationship_id, r.start,
           CASE WHEN r.predicate IN ({_SYMMETRIC_LIST})
                THEN least(r.subject_id, r.object_id) ELSE r.subject_id END AS subject_id,
           CASE WHEN r.predicate IN ({_SYMMETRIC_LIST})
                THEN greatest(r.subject_id, r.object_id) ELSE r.object_id END AS object_id
    FROM published_relationships r
    WHERE r.subject_id <> r.object_id
) AS directed
GROUP BY project_id, subject_id, predicate, object_id
"""

DEGREES = """
SELECT project_id, entity_id, count(DISTINCT neighbour_id) AS degree
FROM (
    SELECT project_id, subject_id AS entity_id, object_id AS neighbour_id
    FROM published_relationships WHERE subject_id <> object_id
    UNION ALL
    SELECT project_id, object_id, subject_id
    FROM published_relationships WHERE subject_id <> object_id
) AS ends
GROUP BY project_id, entity_id
"""

VIEWS: tuple[tuple[str, str], ...] = (
    ("published_documents", DOCUMENTS),
    ("published_contents", CONTENTS),
    ("published_chunks", CHUNKS),
    ("entity_nodes", NODES),
    ("published_mentions", MENTIONS),
    ("published_relationships", RELATIONSHIPS),
    ("published_surfaces", SURFACES),
    ("published_entity_labels", LABELS),
    ("published_entity_types", TYPES),
    ("published_entities", ENTITIES),
    ("published_edges", EDGES),
    ("published_degrees", DEGREES),
)
"""Name and body, in the order in which they stand on each other."""

VECTOR_VIEW = "published_vectors"

DROP_VIEWS: Sequence[str] = tuple(
    f"DROP VIEW IF EXISTS {name}" for name in (VECTOR_VIEW, *(name for name, _ in reversed(VIEWS)))
)

_VERSION = hashlib.sha256(repr((VIEWS, VECTORS)).encode()).hexdigest()[:16]


def _creation() -> str:
    """Write the block that makes all views anew when any differs from what is here.

    `CREATE OR REPLACE VIEW` takes a lock that waits for every running export, and cannot change
    a column; so nothing is touched while the comment on the last view names this version. The
    view of vectors exists where the migration could add the column.
    """
    last = VIEWS[-1][0]
    drops = "\n".join(f"    {statement};" for statement in DROP_VIEWS)
    creates = "\n".join(f"    CREATE VIEW {name} AS {body};" for name, body in VIEWS)
    return f"""
DO $views$
DECLARE
    has_vectors boolean = EXISTS (
        SELECT 1 FROM pg_attribute
        WHERE attrelid = to_regclass('chunks') AND attname = 'vector' AND NOT attisdropped);
    wanted text = '{_VERSION}' || CASE WHEN has_vectors THEN ' with vectors' ELSE '' END;
BEGIN
    IF obj_description(to_regclass('{last}'), 'pg_class') = wanted THEN
        RETURN;
    END IF;
{drops}
{creates}
    IF has_vectors THEN
        EXECUTE $vectors$CREATE VIEW {VECTOR_VIEW} AS {VECTORS}$vectors$;
    END IF;
    EXECUTE 'COMMENT ON VIEW {last} IS ' || quote_literal(wanted);
END
$views$
"""


CREATE_VIEWS: Sequence[str] = (_creation(),)
"""Statements to execute after the tables at every migration; harmless when nothing changed."""
