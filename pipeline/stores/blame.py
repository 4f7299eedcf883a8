"""Failing documents: a row that says why, and the status, in one statement."""

from __future__ import annotations

from sqlalchemy import Connection, text

from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.stores.payloads import RefusedContentError
from pipeline.stores.postgres import is_refused_value, words_of

REFUSED, NOT_PUBLISHABLE = "refused_by_database", "not_publishable"

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


def refusal(content: str, stage: StageName, error: Exception) -> RefusedContentError:
    """Say of what was raised for a content alone why it cannot be published."""
    if isinstance(error, PermanentError):
        return RefusedContentError(content, stage, error.code, error.message)
    if is_refused_value(error):
        message = f"PostgreSQL refused what {stage} made of it: {words_of(error)}"
        return RefusedContentError(content, stage, REFUSED, message)
    words = f"{type(error).__name__}: {words_of(error)}"
    message = f"what the stages up to {stage} made of it cannot be published ({words})"
    return RefusedContentError(content, stage, NOT_PUBLISHABLE, message)


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
