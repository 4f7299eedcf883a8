"""The reader's questions in SQL, over the views only.

`:project` is the project's id. Questions about a few entities name the names behind them first
(`_NAMES`), so that the tables' indexes on names are used and nothing is aggregated in vain.
"""

# ruff: noqa: S608 - the only parts put in are constants of this file

from __future__ import annotations

from typing import Final

from sqlalchemy import TextClause, text

from pipeline.stores.views import ON_ONE_LINE

_NAMES: Final = """
ARRAY(SELECT name_id FROM entity_nodes WHERE entity_id = ANY(CAST(:entities AS uuid[]))
      UNION SELECT unnest(CAST(:entities AS uuid[])))
"""

_FIRST_DOCUMENT: Final = """
JOIN LATERAL (
    SELECT d.document_id, d.source, coalesce(d.sent, d.created, d.modified) AS document_date
    FROM published_documents d WHERE d.content_id = {row}.content_id
    ORDER BY d.uri COLLATE "C" LIMIT 1
) AS d ON true
"""


def _question(sql: str) -> TextClause:
    """Compile a question once."""
    return text(sql)


DOCUMENT_COLUMNS: Final = """
document_id, source, uri, content_id, sha256, media_type, page_count, size, language, title,
author, created, modified, sender, recipients, copied, subject, sent, warnings, parent_id, stale,
partial
"""

DOCUMENTS = _question(f"""
SELECT {DOCUMENT_COLUMNS} FROM published_documents
WHERE project_id = :project ORDER BY uri COLLATE "C"
""")

FIND_DOCUMENTS = _question(f"""
SELECT {DOCUMENT_COLUMNS} FROM published_documents
WHERE project_id = :project
  AND (source = :what OR uri = :what OR (CAST(:low AS uuid) IS NOT NULL
       AND document_id BETWEEN CAST(:low AS uuid) AND CAST(:high AS uuid)))
ORDER BY uri COLLATE "C" LIMIT 50
""")

FIND_DOCUMENTS_BY_END = _question(f"""
SELECT {DOCUMENT_COLUMNS} FROM published_documents
WHERE project_id = :project AND '/' || :what IN (
      right(uri, length(:what) + 1), right(source, length(:what) + 1))
ORDER BY uri COLLATE "C" LIMIT 50
""")

MEMBERS = _question(f"""
SELECT {DOCUMENT_COLUMNS} FROM published_documents
WHERE project_id = :project AND parent_id = :document ORDER BY uri COLLATE "C"
""")

TEXT = _question("""
SELECT text FROM published_documents WHERE project_id = :project AND document_id = :document
""")

ENTITIES = _question("""
SELECT e.entity_id, e.type, e.name, e.mentions, e.documents, coalesce(g.degree, 0) AS degree
FROM published_entities e
LEFT JOIN published_degrees g ON g.project_id = e.project_id AND g.entity_id = e.entity_id
WHERE e.project_id = :project AND (CAST(:types AS text[]) IS NULL
       OR e.type = ANY(CAST(:types AS text[])))
ORDER BY degree DESC, e.mentions DESC, e.name COLLATE "C", e.entity_id
LIMIT :limit
""")

# How the mentions `m` of some entities are summed up, for each of them.
LABELS_TYPES_COUNTS: Final = """labels AS (
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
)"""

ENTITIES_BY_ID = _question(f"""
WITH m AS (
    SELECT entity_id, name_type, surface, via, content_id FROM published_mentions
    WHERE project_id = :project AND name_id = ANY({_NAMES})
      AND entity_id = ANY(CAST(:entities AS uuid[]))
), {LABELS_TYPES_COUNTS}, ends AS (
    SELECT subject_id AS entity_id, object_id AS neighbour_id FROM published_relationships
    WHERE project_id = :project AND subject_name_id = ANY({_NAMES}) AND subject_id <> object_id
    UNION
    SELECT object_id, subject_id FROM published_relationships
    WHERE project_id = :project AND object_name_id = ANY({_NAMES}) AND subject_id <> object_id
)
SELECT c.entity_id, t.type, l.name, c.mentions, c.documents,
       (SELECT count(*) FROM ends e WHERE e.entity_id = c.entity_id) AS degree
FROM counts c JOIN labels l USING (entity_id) JOIN types t USING (entity_id)
""")

# A place is found with the region that it lies in, and without it; a section by its number too.
FIND_ENTITIES_BY_TEXT = _question(f"""
SELECT entity_id FROM published_mentions
WHERE project_id = :project
  AND (lower(surface) = lower(:what)
       OR shown <> text
          AND lower({ON_ONE_LINE.format(text="text")}) = lower(CAST(:what AS text)))
GROUP BY entity_id ORDER BY count(*) DESC, entity_id LIMIT 50
""")

ALIASES = _question(f"""
WITH m AS (
    SELECT surface, via, count(*) AS mentions FROM published_mentions
    WHERE project_id = :project AND name_id = ANY({_NAMES})
      AND entity_id = ANY(CAST(:entities AS uuid[]))
    GROUP BY surface, via
)
SELECT surface, sum(mentions)::bigint AS mentions,
       coalesce(jsonb_object_agg(via, mentions) FILTER (WHERE via IS NOT NULL), '{{}}') AS via
FROM m GROUP BY surface ORDER BY mentions DESC, surface COLLATE "C"
""")

_MENTION_COLUMNS: Final = """
m.mention_id, m.entity_id, d.document_id, d.source, m.content_id, m.page, m.start, m."end",
m.text, m.type, m.subtype, m.role, m.via, m.score, m.model, m.stage_version, d.document_date
"""

ENTITY_MENTIONS = _question(f"""
SELECT m.*, k.start AS chunk_start, k.text AS chunk_text
FROM (
    SELECT {_MENTION_COLUMNS}
    FROM published_mentions m
    {_FIRST_DOCUMENT.format(row="m")}
    WHERE m.project_id = :project AND m.name_id = ANY({_NAMES})
      AND m.entity_id = ANY(CAST(:entities AS uuid[]))
    ORDER BY d.source COLLATE "C", d.document_id, m.start
    LIMIT :limit
) AS m
LEFT JOIN LATERAL (
    SELECT k.start, k.text FROM published_chunks k
    WHERE k.content_id = m.content_id AND k.start <= m.start AND k."end" >= m."end"
    ORDER BY k.start LIMIT 1
) AS k ON true
ORDER BY m.source COLLATE "C", m.document_id, m.start
""")

DOCUMENT_MENTIONS = _question(f"""
SELECT {_MENTION_COLUMNS}, NULL AS chunk_start, NULL AS chunk_text
FROM published_documents d0
JOIN published_mentions m ON m.content_id = d0.content_id
CROSS JOIN LATERAL (
    SELECT d0.document_id, d0.source, coalesce(d0.sent, d0.created, d0.modified) AS document_date
) AS d
WHERE d0.project_id = :project AND d0.document_id = :document
ORDER BY m.start
""")

_FACT_COLUMNS: Final = """
r.relationship_id, r.subject_id, r.predicate, r.object_id, r.score, d.document_id, d.source,
m.page, r.start, r."end", substr(c.text, r.start + 1, r."end" - r.start) AS quote, r.model,
r.stage_version
"""

# Bounded by taking turns: the surest of each predicate, then the second of each, and so on.
ENTITY_FACTS = _question(f"""
SELECT {_FACT_COLUMNS}
FROM (
    SELECT * FROM (
        SELECT *, row_number() OVER (
            PARTITION BY predicate ORDER BY score DESC, content_id, start, relationship_id
        ) AS turn
        FROM (
            SELECT * FROM published_relationships
            WHERE project_id = :project AND subject_name_id = ANY({_NAMES})
            UNION
            SELECT * FROM published_relationships
            WHERE project_id = :project AND object_name_id = ANY({_NAMES})
        ) AS both_ends
        WHERE predicate <> 'co_mentioned' AND subject_id <> object_id
          AND (subject_id = ANY(CAST(:entities AS uuid[]))
               OR object_id = ANY(CAST(:entities AS uuid[])))
    ) AS ranked
    ORDER BY turn, predicate COLLATE "C" LIMIT :limit
) AS r
JOIN published_mentions m ON m.mention_id = r.subject_mention_id
JOIN published_contents c ON c.id = r.content_id
{_FIRST_DOCUMENT.format(row="r")}
ORDER BY r.predicate COLLATE "C", r.score DESC, d.source COLLATE "C", r.start, r.relationship_id
""")

DOCUMENT_FACTS = _question(f"""
SELECT {_FACT_COLUMNS}
FROM published_documents d
JOIN published_contents c ON c.id = d.content_id
JOIN published_relationships r ON r.content_id = d.content_id
JOIN published_mentions m ON m.mention_id = r.subject_mention_id
WHERE d.project_id = :project AND d.document_id = :document AND r.predicate <> 'co_mentioned'
  AND r.subject_id <> r.object_id
ORDER BY r.start, r.relationship_id
LIMIT :limit
""")

FACTS = _question(f"""
SELECT {_FACT_COLUMNS}
FROM published_relationships r
JOIN published_contents c ON c.id = r.content_id
JOIN published_mentions m ON m.mention_id = r.subject_mention_id
{_FIRST_DOCUMENT.format(row="r")}
WHERE r.project_id = :project AND (:co_mentions OR r.predicate <> 'co_mentioned')
  AND r.subject_id <> r.object_id
ORDER BY d.source COLLATE "C", d.document_id, r.start, r.relationship_id
LIMIT :limit
""")

CO_MENTIONS = _question(f"""
SELECT neighbour_id, count(*) AS weight FROM (
    SELECT relationship_id, object_id AS neighbour_id FROM published_relationships
    WHERE project_id = :project AND predicate = 'co_mentioned'
      AND subject_name_id = ANY({_NAMES}) AND subject_id = ANY(CAST(:entities AS uuid[]))
    UNION
    SELECT relationship_id, subject_id FROM published_relationships
    WHERE project_id = :project AND predicate = 'co_mentioned'
      AND object_name_id = ANY({_NAMES}) AND object_id = ANY(CAST(:entities AS uuid[]))
) AS neighbours
WHERE neighbour_id <> ALL(CAST(:entities AS uuid[]))
GROUP BY neighbour_id ORDER BY weight DESC, neighbour_id LIMIT :limit
""")

EDGES = _question("""
SELECT e.subject_id, e.predicate, e.object_id, e.weight, e.score, e.contents,
       substr(c.text, r.start + 1, r."end" - r.start) AS quote
FROM published_edges e
JOIN published_relationships r ON r.relationship_id = e.example_id
JOIN published_contents c ON c.id = r.content_id
WHERE e.project_id = :project
ORDER BY e.subject_id, e.predicate COLLATE "C", e.object_id
""")

_CONTENT_COLUMNS: Final = """
c.copies, ARRAY(SELECT CAST(p ->> 'start' AS integer) FROM jsonb_array_elements(c.pages) AS p
                ORDER BY CAST(p ->> 'number' AS integer)) AS page_starts
"""

SEARCH = _question(f"""
SELECT k.chunk_id, d.document_id, d.source, k.start, k.text, k.score,
       ts_headline('english', k.text, websearch_to_tsquery('english', :words),
                   'HighlightAll=true, StartSel=' || chr(57344) || ', StopSel=' || chr(57345))
           AS marked,
       {_CONTENT_COLUMNS}
FROM (
    SELECT k.*, ts_rank_cd(k.tsv, websearch_to_tsquery('english', :words), 1) AS score
    FROM published_chunks k
    WHERE k.project_id = :project AND k.tsv @@ websearch_to_tsquery('english', :words)
    ORDER BY score DESC, k.content_id, k.start LIMIT :limit
) AS k
JOIN published_contents c ON c.id = k.content_id
{_FIRST_DOCUMENT.format(row="k")}
ORDER BY k.score DESC, k.content_id, k.start
""")

WORDS_ASKED = _question("SELECT numnode(websearch_to_tsquery('english', :words))")

HAS_VECTORS = _question("SELECT to_regclass('published_vectors') IS NOT NULL")

VECTOR_COUNTS = _question("""
SELECT (SELECT count(*) FROM published_vectors WHERE project_id = :project),
       (SELECT count(*) FROM published_chunks WHERE project_id = :project)
""")

SIMILAR = _question(f"""
SELECT k.chunk_id, d.document_id, d.source, k.start, k.text, v.score, NULL AS marked,
       {_CONTENT_COLUMNS}
FROM (
    SELECT chunk_id, 1 - (vector <=> CAST(:vector AS vector)) AS score FROM published_vectors
    WHERE project_id = :project
    ORDER BY vector <=> CAST(:vector AS vector), chunk_id LIMIT :limit
) AS v
JOIN published_chunks k ON k.chunk_id = v.chunk_id
JOIN published_contents c ON c.id = k.content_id
{_FIRST_DOCUMENT.format(row="k")}
ORDER BY v.score DESC, k.chunk_id
""")
