"""Stored results that nobody can read: their object is gone, or what is there cannot be decoded.
What a stage made is lost then, so its row goes as well: the chain has a gap there, and the stage
runs again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from pipeline import codec
from pipeline.errors import PermanentError
from pipeline.published_record import READ
from pipeline.stage import PAYLOADS
from pipeline.stores import store_mark
from pipeline.stores.payloads import hash_of, payload_of, read_results
from pipeline.stores.protocols import Blobs, CheckpointKey
from pipeline.stores.result_rows import delete_results

# As all do who write results: what is there under the lock is all there is.
_LOCK = text("""
SELECT id FROM contents WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
""")


def remove_rows(
    connection: Connection, blobs: Blobs | None, doubtful: Sequence[CheckpointKey]
) -> list[CheckpointKey]:
    """Delete the rows of results that cannot be read, and name them; one that somebody has put
    again meanwhile stays. Raises TemporaryError if an object is missing and the store is not the
    one that had it.
    """
    connection.execute(_LOCK, {"ids": sorted({key.content for key in doubtful})})
    # One at a time: each may be large.
    lost = [key for key in sorted(set(doubtful)) if _is_lost(connection, blobs, key)]
    delete_results(connection, lost)
    return lost


def _is_lost(connection: Connection, blobs: Blobs | None, key: CheckpointKey) -> bool:
    """Say whether there is a row that a stage or publishing cannot read."""
    for row in read_results(connection, [key]):
        try:
            payload = payload_of(blobs, row.payload, row.payload_ref)
        except PermanentError:
            store_mark.check(connection, blobs)
            return True
        try:
            for model in (READ[key.stage], PAYLOADS[key.stage]):
                codec.decode(model, payload)
        except PermanentError:
            # What is made again may have the same name, and is not written where one lies.
            if row.payload_ref and blobs and hash_of(payload) != row.payload_ref:
                blobs.delete([row.payload_ref])
            return True
    return False
