"""Failing documents: a row that says why, and the status, in one statement."""

from __future__ import annotations

from sqlalchemy import Connection, text

from pipeline.stores.payloads import RefusedContentError

_BLAME = text("""
WITH failed AS (
    UPDATE documents SET status = 'failed', stale = content_id IS NOT NULL, updated_at = now()
    WHERE next_content_id = CAST(:content AS uuid) AND NOT unread
      AND status IN ('running', 'pending')
    RETURNING id, claimed_by, attempts
)
INSERT INTO failures (document_id, run_id, stage, error, message, attempts)
SELECT id, claimed_by, :stage, :error, :message, attempts FROM failed
""")


def clean(words: str) -> str:
    """Make words that a database takes: no NUL, no half of a surrogate pair."""
    printable = words.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return printable.replace("\x00", "�")


def blame_content(connection: Connection, error: RefusedContentError) -> int:
    """Fail the documents that wait for a content, and count them."""
    return connection.execute(
        _BLAME,
        {
            "content": error.content,
            "stage": error.stage.value,
            "error": error.error,
            "message": clean(error.message),
        },
    ).rowcount
