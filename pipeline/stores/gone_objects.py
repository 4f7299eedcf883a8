"""Stored results whose object is gone. What a stage made is lost then, so its row goes as well:
the chain has a gap there, and the stage runs again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from pipeline.errors import PermanentError
from pipeline.stores import store_mark
from pipeline.stores.payloads import Gone, payload_of
from pipeline.stores.protocols import Blobs, CheckpointKey

_DELETE = text("""
DELETE FROM stage_results s
USING unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]),
             CAST(:parts AS text[]), CAST(:references AS text[]))
      AS w (content_id, stage, fingerprint, part, reference)
WHERE s.content_id = w.content_id AND s.stage = w.stage AND s.fingerprint = w.fingerprint
  AND s.part = w.part AND s.payload_ref = w.reference
""")

# As all do who write results: what is there under the lock is all there is.
_LOCK = text("""
SELECT id FROM contents WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
""")


def remove_rows(
    connection: Connection, blobs: Blobs | None, gone: Sequence[Gone]
) -> list[CheckpointKey]:
    """Delete the rows of results whose object is gone, and name them; one that somebody has put
    again meanwhile stays. Raises TemporaryError if the store is not the one that had them.
    """
    store_mark.check(connection, blobs)
    connection.execute(_LOCK, {"ids": sorted({key.content for key, _ in gone})})
    still = [(key, reference) for key, reference in gone if _is_gone(blobs, reference)]
    if still:
        connection.execute(
            _DELETE,
            {
                "contents": [key.content for key, _ in still],
                "stages": [key.stage.value for key, _ in still],
                "fingerprints": [key.fingerprint for key, _ in still],
                "parts": [key.part for key, _ in still],
                "references": [reference for _, reference in still],
            },
        )
    return [key for key, _ in still]


def _is_gone(blobs: Blobs | None, reference: str) -> bool:
    try:
        payload_of(blobs, None, reference)
    except PermanentError:
        return True
    return False
