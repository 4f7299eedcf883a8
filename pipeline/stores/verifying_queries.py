"""What `verify` asks PostgreSQL: in SQL, for one project."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from pipeline.stores import tables

CONTENTS = text("""
SELECT c.id::text, c.sha256, c.media_type, c.published_at, c.chain, c.members, c.text, c.pages,
       c.warnings, c.dropped, c.language, c.language_score, c.title, c.author, c.created,
       c.modified, c.sender, c.recipients, c.copied, c.subject, c.sent, c.message_id, c.in_reply_to,
       EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id) AS shown,
       NOT EXISTS (SELECT 1 FROM documents d
                   WHERE d.content_id = c.id AND d.status <> 'completed') AS current
FROM contents c WHERE c.project_id = CAST(:project AS uuid) AND c.id > CAST(:after AS uuid)
ORDER BY c.id LIMIT 1
""")

RESULTS = text("""
SELECT stage, fingerprint, part, digest, payload_ref FROM stage_results
WHERE content_id = CAST(:content AS uuid) ORDER BY stage, fingerprint, part
""")

PAYLOAD = text("""
SELECT payload, payload_ref FROM stage_results
WHERE content_id = CAST(:content AS uuid) AND stage = :stage AND fingerprint = :fingerprint
  AND part = :part
""")

CHUNKS = text("""
SELECT id::text, content_id::text, ordinal, page, start, "end", text FROM chunks
WHERE content_id = CAST(:content AS uuid)
""")

MENTIONS = text("""
SELECT id::text, content_id::text, name_id::text, start, "end", text, type, subtype, role, via,
       score, page, boxes, model, stage_version
FROM mentions WHERE content_id = CAST(:content AS uuid)
""")

NAMES = text("""
SELECT id::text, project_id::text, type, normal, scope::text, keys FROM names
WHERE id IN (SELECT name_id FROM mentions WHERE content_id = CAST(:content AS uuid))
""")

RELATIONSHIPS = text("""
SELECT id::text, content_id::text, subject_name_id::text, predicate, object_name_id::text,
       subject_mention_id::text, object_mention_id::text, start, "end", score, model, stage_version
FROM relationships WHERE content_id = CAST(:content AS uuid)
""")

# As `identity.member_uri` makes it.
_MEMBER_URI = r"""d.uri || '!/' ||
    replace(regexp_replace(e.value ->> 'path', '%((25)*21/)', '%25\1', 'g'), '!/', '%21/')"""

# Rows that nothing should have left behind: check, what of, question → id, what is wrong.
LONE = (
    ("part", """
SELECT p.content_id::text, 'a part is left of a result that is there: ' || p.stage || ' ' || p.part
FROM stage_results p JOIN contents c ON c.id = p.content_id
WHERE c.project_id = CAST(:project AS uuid) AND p.part <> ''
  AND EXISTS (SELECT 1 FROM stage_results r
              WHERE r.content_id = p.content_id AND r.stage = p.stage
                AND r.fingerprint = p.fingerprint AND r.part = '')
"""),
    ("orphan", """
SELECT c.id::text, 'a content that no document points to' FROM contents c
WHERE c.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.next_content_id = c.id)
"""),
    ("orphan", """
SELECT c.id::text, 'a content that is published, and no document shows it' FROM contents c
WHERE c.project_id = CAST(:project AS uuid) AND c.published_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content_id = c.id)
  AND EXISTS (SELECT 1 FROM documents d WHERE d.next_content_id = c.id)
"""),
    ("orphan", """
SELECT n.id::text, 'a name that no mention has: ' || n.normal FROM names n
WHERE n.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM mentions m WHERE m.name_id = n.id)
"""),
    ("document", """
SELECT d.id::text, 'completed, and readers see nothing of it: ' || d.uri FROM documents d
LEFT JOIN contents c ON c.id = d.content_id
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'completed'
  AND c.published_at IS NULL
"""),
    ("document", """
SELECT d.id::text, 'completed, and still waiting for another content: ' || d.uri FROM documents d
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'completed'
  AND d.next_content_id IS NOT NULL
"""),
    ("document", """
SELECT d.id::text, 'marked as partial, or not, and its pages say otherwise: ' || d.uri
FROM documents d JOIN contents c ON c.id = d.content_id
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'completed'
  AND d.partial <> coalesce(c.pages @> '[{"source": "unread"}]', false)
"""),
    ("document", """
SELECT d.id::text, 'failed without a reason: ' || d.uri FROM documents d
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'failed' AND d.reason IS NULL
  AND NOT EXISTS (SELECT 1 FROM failures f WHERE f.document_id = d.id)
"""),
    ("members", f"""
SELECT m.id::text, 'its container does not hold it: ' || m.uri
FROM documents m JOIN documents d ON d.id = m.parent_id JOIN contents c ON c.id = d.content_id
WHERE m.project_id = CAST(:project AS uuid) AND d.status = 'completed'
  AND NOT EXISTS (
      SELECT 1 FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(c.members) = 'array' THEN c.members ELSE '[]' END) AS e
      WHERE m.uri = {_MEMBER_URI})
"""),  # noqa: S608 - a constant
    ("members", f"""
SELECT d.id::text, 'a member is no document: ' || {_MEMBER_URI}
FROM documents d JOIN contents c ON c.id = d.content_id
CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(c.members) = 'array' THEN c.members ELSE '[]' END) AS e
WHERE d.project_id = CAST(:project AS uuid) AND d.status = 'completed'
  AND NOT EXISTS (SELECT 1 FROM documents m WHERE m.project_id = d.project_id
                  AND m.uri = {_MEMBER_URI})
"""),  # noqa: S608 - a constant
)  # fmt: skip

# All rows of a content are written with `published_at`, and go with it: also those of a content
# that a document has no more and another waits for.
_UNPUBLISHED = """
SELECT t.id::text, 'a row of {table} of a content that is not published'
FROM contents c JOIN {table} t ON t.content_id = c.id
WHERE c.project_id = CAST(:project AS uuid) AND c.published_at IS NULL
"""


def unpublished() -> Iterator[tuple[str, str]]:
    """Make the questions for rows that readers could see of what is not published."""
    for table in ("chunks", "mentions", "relationships"):
        yield "orphan", _UNPUBLISHED.format(table=table)


_DANGLING = """
SELECT t."{key}"::text, 'a row of {table} whose {column} points to nothing' FROM {table} t
WHERE t."{column}" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.id = t."{column}")
"""


def dangling() -> Iterator[tuple[str, str]]:
    """Make for each foreign key of the schema the question for rows that point to nothing.

    PostgreSQL keeps them right by itself, but not from who switches its triggers off, and not
    through a damaged disk. Such a row may have lost its project too, so all projects are asked.
    """
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            for foreign in column.foreign_keys:
                yield (
                    "orphan",
                    _DANGLING.format(
                        table=table.name,
                        key=next(iter(table.primary_key.columns)).name,
                        column=column.name,
                        other=foreign.column.table.name,
                    ),
                )


# Also what no document names yet: of a container that is on its way, that failed after its `ocr`,
# or that is over a limit. As long as the row is there, nobody removes what it names.
OBJECTS = text("""
SELECT d.blob AS object, d.uri AS named_by FROM documents d
WHERE d.project_id = CAST(:project AS uuid) AND d.blob IS NOT NULL
UNION
SELECT m, coalesce((SELECT min(d.uri) FROM documents d
                    WHERE d.content_id = c.id OR d.next_content_id = c.id), c.id::text)
FROM contents c JOIN stage_results s ON s.content_id = c.id CROSS JOIN unnest(s.members) AS m
WHERE c.project_id = CAST(:project AS uuid)
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.project_id = c.project_id AND d.blob = m)
ORDER BY object
""")

KNOWN = text("""
SELECT s.content_id::text, s.stage, s.fingerprint, s.part, s.digest FROM stage_results s
JOIN contents c ON c.id = s.content_id
WHERE c.project_id = CAST(:project AS uuid) AND s.content_id = ANY(CAST(:contents AS uuid[]))
""")

OURS = text("""
SELECT id::text FROM contents
WHERE project_id = CAST(:project AS uuid) AND id = ANY(CAST(:contents AS uuid[]))
""")

# A dead letter is explained by a document that failed, also if it is to be tried again, or that was
# brought through later.
EXPLAINED = text("""
SELECT c.id::text FROM contents c WHERE c.id = ANY(CAST(:contents AS uuid[]))
  AND EXISTS (SELECT 1 FROM documents d WHERE c.id IN (d.content_id, d.next_content_id)
              AND (d.status IN ('failed', 'completed')
                   OR EXISTS (SELECT 1 FROM failures f WHERE f.document_id = d.id)))
""")

SOURCE_OF = text("""
SELECT min(source) FROM documents
WHERE content_id = CAST(:content AS uuid) OR next_content_id = CAST(:content AS uuid)
""")
