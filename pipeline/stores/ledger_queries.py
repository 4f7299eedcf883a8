"""The ledger's questions about runs and claims, in SQL."""

from __future__ import annotations

from sqlalchemy import text

from pipeline.stores import loose_objects

# Without waiting for a table that somebody else takes statistics of.
ANALYZE = text("""
ANALYZE (SKIP_LOCKED) contents, documents, stage_results, chunks, names, mentions, relationships,
                      name_entities
""")

START = text("""
INSERT INTO runs (id, project_id, lease_until)
VALUES (CAST(:run AS uuid), CAST(:project AS uuid), now() + make_interval(secs => :seconds))
""")

RENEW = text("""
UPDATE runs SET lease_until = now() + make_interval(secs => :seconds),
       mode = coalesce(CAST(:mode AS text), mode),
       mode_reason = coalesce(CAST(:reason AS text), mode_reason)
WHERE id = CAST(:run AS uuid) AND ended_at IS NULL
""")

# Some will do: it is a ratio that is wanted.
STAGE_SECONDS = text("""
SELECT stage, avg(seconds) FROM (
    SELECT r.stage, r.seconds FROM stage_results r JOIN contents c ON c.id = r.content_id
    WHERE c.project_id = CAST(:project AS uuid) AND r.part = '' LIMIT 5000
) AS part_of_them GROUP BY stage
""")

TELL = text("""
UPDATE runs SET progress = CAST(:progress AS jsonb)
WHERE id = CAST(:run AS uuid) AND ended_at IS NULL
""")

COMPLETED = text("""
SELECT id::text FROM documents WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'completed'
""")

_FREE = """
(d.status = 'pending' OR (d.status = 'running' AND NOT EXISTS (
     SELECT 1 FROM runs r
     WHERE r.id = d.claimed_by AND r.ended_at IS NULL AND r.lease_until > now())))
"""

# The members of containers before anything else, then what was found first. The lease is held
# against the statement's time: who was paused after BEGIN has an old now().
LOCK_FREE = text(f"""
WITH me AS (
    SELECT project_id FROM runs
    WHERE id = CAST(:run AS uuid) AND ended_at IS NULL AND lease_until > statement_timestamp()
)
SELECT d.id::text FROM documents d
WHERE d.project_id = (SELECT project_id FROM me)
  AND d.status IN ('pending', 'running') AND {_FREE}
ORDER BY d.depth DESC, d.created_at, d.id
LIMIT :limit
FOR UPDATE OF d SKIP LOCKED
""")  # noqa: S608 - our own words

# A statement of its own. A row that changed while LOCK_FREE was on its way to it is looked at
# again, but the runs are not: it sees the new claim, and not the run that made it, nor its renewed
# lease. Under the locks a second look sees both.
_CLAIMED = """
SELECT d.id::text AS document_id, d.uri, d.source, d.blob, d.parent_id::text, d.root_id::text,
       d.depth, d.size, d.stamp, d.attempts, d.claim, c.id::text AS next_content_id,
       c.sha256 AS next_sha256, c.media_type AS next_media_type, c.size AS next_size,
       coalesce(d.next_content_id = d.content_id, false) AND NOT d.unread AS same_bytes
FROM {documents} d LEFT JOIN contents c ON c.id = d.next_content_id
"""

CLAIM = text(f"""
WITH claimed AS (
    UPDATE documents d
    SET status = 'running', claimed_by = CAST(:run AS uuid), attempts = attempts + 1,
        claim = nextval('claims'), updated_at = now()
    WHERE d.id = ANY(CAST(:ids AS uuid[])) AND {_FREE}
    RETURNING d.*
)
{_CLAIMED.format(documents="claimed")}
ORDER BY d.depth DESC, d.created_at, d.id
""")  # noqa: S608 - our own words

UNPUBLISHED = text(f"""
{_CLAIMED.format(documents="documents")}
WHERE d.claimed_by = CAST(:run AS uuid) AND d.status = 'running'
ORDER BY d.depth DESC, d.created_at, d.id
""")

AGAIN = text("""
WITH mine AS (
    SELECT id FROM documents
    WHERE id = ANY(CAST(:ids AS uuid[])) AND claimed_by = CAST(:run AS uuid) AND status = 'running'
    ORDER BY id FOR UPDATE
)
UPDATE documents d SET attempts = attempts + 1, claim = nextval('claims'), updated_at = now()
FROM mine WHERE d.id = mine.id
RETURNING d.id::text, d.claim
""")

# Contents before documents, as whoever publishes locks them.
LOCK_NEXT = text("""
SELECT id FROM contents WHERE id IN (
    SELECT next_content_id FROM documents
    WHERE id = ANY(CAST(:ids AS uuid[])) AND claimed_by = CAST(:run AS uuid)
) ORDER BY id FOR UPDATE
""")

# What its bytes were says nothing any more: a copy that goes on must not complete it with those.
REQUEUE = text("""
WITH mine AS (
    SELECT id, next_content_id FROM documents
    WHERE id = ANY(CAST(:ids AS uuid[])) AND claimed_by = CAST(:run AS uuid) AND status = 'running'
    ORDER BY id FOR UPDATE
)
UPDATE documents d
SET status = 'pending', claimed_by = NULL, attempts = greatest(attempts - 1, 0),
    next_content_id = NULL, updated_at = now()
FROM mine WHERE d.id = mine.id
RETURNING d.project_id::text, mine.next_content_id::text
""")

RELEASE = text("""
UPDATE documents
SET status = 'pending', claimed_by = NULL, attempts = greatest(attempts - 1, 0),
    updated_at = now()
WHERE claimed_by = CAST(:run AS uuid) AND status = 'running'
""")

# Not beside the removal of objects: a document that gets on its way may store the same anew.
PROJECT_OF = text("""
SELECT p.id::text, p.name, p.configuration_digest, pg_advisory_xact_lock_shared(:objects)
FROM runs r JOIN projects p ON p.id = r.project_id
WHERE r.id = CAST(:run AS uuid) FOR SHARE OF p
""").bindparams(objects=loose_objects.LOCK)

MINE = text("""
SELECT d.id::text, d.next_content_id::text
FROM documents d JOIN unnest(CAST(:ids AS uuid[]), CAST(:claims AS bigint[])) AS w (id, claim)
  ON w.id = d.id AND w.claim = d.claim
WHERE d.claimed_by = CAST(:run AS uuid) AND d.status = 'running'
ORDER BY d.id FOR UPDATE OF d
""")

INSERT_CONTENTS = text("""
INSERT INTO contents (id, project_id, sha256, media_type, size)
SELECT w.id, CAST(:project AS uuid), w.sha256, w.media_type, w.size
FROM unnest(CAST(:ids AS uuid[]), CAST(:hashes AS text[]), CAST(:types AS text[]),
            CAST(:sizes AS bigint[])) AS w (id, sha256, media_type, size)
ON CONFLICT DO NOTHING
""")

SET_NEXT = text("""
UPDATE documents d SET next_content_id = w.content, unread = false, updated_at = now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:contents AS uuid[])) AS w (id, content)
WHERE d.id = w.id
""")

# Also what is completed under these claims by now: who did not hear of a COMMIT asks again.
STATUSES = text("""
SELECT d.id::text, d.status
FROM documents d JOIN unnest(CAST(:ids AS uuid[]), CAST(:claims AS bigint[]),
                             CAST(:contents AS uuid[])) AS w (id, claim, content)
  ON w.id = d.id AND w.claim = d.claim
WHERE d.claimed_by = CAST(:run AS uuid)
  AND (d.status = 'running' AND d.next_content_id = w.content
       OR d.status = 'completed' AND d.content_id = w.content OR d.status = 'failed')
ORDER BY d.id
""")

FACTS = text("""
SELECT id::text, sha256, media_type FROM contents WHERE id = ANY(CAST(:ids AS uuid[]))
""")

FAIL = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:claims AS bigint[]), CAST(:stages AS text[]),
                         CAST(:errors AS text[]), CAST(:messages AS text[]), CAST(:tails AS text[]))
         AS g (id, claim, stage, error, message, log_tail)
), mine AS (
    SELECT d.id FROM documents d JOIN given g ON g.id = d.id
    WHERE d.claimed_by = CAST(:run AS uuid) AND d.status = 'running' AND d.claim = g.claim
    ORDER BY d.id FOR UPDATE OF d
), failed AS (
    UPDATE documents d SET status = 'failed', stale = content_id IS NOT NULL, updated_at = now()
    FROM mine WHERE d.id = mine.id
    RETURNING d.id, d.attempts
), reasons AS (
    INSERT INTO failures (document_id, run_id, stage, error, message, attempts, log_tail)
    SELECT f.id, CAST(:run AS uuid), g.stage, g.error, g.message, f.attempts, g.log_tail
    FROM failed f JOIN given g ON g.id = f.id
)
SELECT id::text FROM failed
UNION ALL
SELECT d.id::text FROM documents d JOIN given g ON g.id = d.id
WHERE d.claimed_by = CAST(:run AS uuid) AND d.status = 'failed' AND d.claim = g.claim
ORDER BY 1
""")
