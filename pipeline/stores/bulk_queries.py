"""What exports and the digest stream: everything of a project, each in one fixed order.

Exports repeat the rows of a content for each document that shows it. The digest never names a
document, an id or the project: contents stand under their hash and media type, names under type,
normal form and the hash of the content they are confined to.
"""

from __future__ import annotations

from sqlalchemy import text

EXPORT_DOCUMENTS = text("""
SELECT document_id, source, media_type, sha256, page_count, text
FROM published_documents WHERE project_id = :project ORDER BY uri COLLATE "C"
""")

EXPORT_MENTIONS = text("""
SELECT d.source, d.document_id, m.start, m."end", m.text, m.type, m.score, m.page, m.name_id,
       m.entity_id
FROM published_documents d
JOIN published_mentions m ON m.content_id = d.content_id
WHERE d.project_id = :project
ORDER BY d.uri COLLATE "C", m.start
""")

EXPORT_ENTITIES = text("""
SELECT e.entity_id, e.type, e.name,
       (array_agg(s.surface ORDER BY s.mentions DESC, s.surface COLLATE "C")
        FILTER (WHERE s.surface <> e.name)) AS aliases,
       e.mentions, e.documents
FROM published_entities e
JOIN published_surfaces s ON s.project_id = e.project_id AND s.entity_id = e.entity_id
WHERE e.project_id = :project
GROUP BY e.entity_id, e.type, e.name, e.mentions, e.documents
ORDER BY e.entity_id
""")

# Without the quote: a statement would unpack the whole text for each of its relationships.
EXPORT_RELATIONSHIPS = text("""
SELECT r.subject_id, r.predicate, r.object_id, r.score, d.source, r.start, r."end", d.document_id
FROM published_documents d
JOIN published_relationships r ON r.content_id = d.content_id
WHERE d.project_id = :project AND r.subject_id <> r.object_id
ORDER BY d.uri COLLATE "C", r.start, r."end", r.relationship_id
""")

DIGEST_CONTENTS = text("""
SELECT sha256, media_type, encode(sha256(convert_to(text, 'UTF8')), 'hex') AS text_hash, pages,
       language, title, author, created, modified, sender, recipients, copied, subject, sent,
       message_id, in_reply_to
FROM published_contents WHERE project_id = :project
ORDER BY sha256 COLLATE "C", media_type COLLATE "C"
""")

DIGEST_MENTIONS = text("""
SELECT c.sha256, c.media_type, m.start, m."end", m.text, m.type, m.subtype, m.role, m.via,
       m.name_type, m.name_normal, coalesce(x.sha256 || ' ' || x.media_type, ''), m.sense
FROM published_contents c
JOIN published_mentions m ON m.content_id = c.id
LEFT JOIN published_contents x ON x.id = m.name_scope
WHERE c.project_id = :project
ORDER BY c.sha256 COLLATE "C", c.media_type COLLATE "C", m.start, m."end"
""")

DIGEST_RELATIONSHIPS = text("""
SELECT c.sha256, c.media_type, r.start, r."end", s.start AS subject_start,
       s."end" AS subject_end, r.predicate, o.start AS object_start, o."end" AS object_end
FROM published_contents c
JOIN published_relationships r ON r.content_id = c.id
JOIN published_mentions s ON s.mention_id = r.subject_mention_id
JOIN published_mentions o ON o.mention_id = r.object_mention_id
WHERE c.project_id = :project
ORDER BY c.sha256 COLLATE "C", c.media_type COLLATE "C", r.start, r."end", s.start, o.start,
         r.predicate COLLATE "C"
""")

# Nodes under a hash of what they are, entities in the order of the first of their nodes: the
# order of ids depends on the project's name.
DIGEST_ENTITIES = text("""
SELECT min(node) OVER (PARTITION BY entity_id) AS entity, node, type, normal, scope, sense
FROM (
    SELECT entity_id, type, normal, scope, sense, encode(sha256(convert_to(
        length(type) || ':' || type || length(normal) || ':' || normal || length(scope) || ':'
        || scope || sense, 'UTF8')), 'hex') COLLATE "C" AS node
    FROM (
        SELECT DISTINCT m.entity_id, m.name_type AS type, m.name_normal AS normal, m.sense,
               coalesce(x.sha256 || ' ' || x.media_type, '') AS scope
        FROM published_mentions m
        LEFT JOIN published_contents x ON x.id = m.name_scope
        WHERE m.project_id = :project
    ) AS named
) AS nodes
ORDER BY 1, 2
""")
