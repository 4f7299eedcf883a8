"""Writes checkpoints into `stage_results`, inside a transaction that the caller opens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, text

from pipeline.stores import loose_objects, store_mark
from pipeline.stores.copying import copy_rows
from pipeline.stores.payloads import is_large, members_of, store_payload
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey

_COLUMNS = (
    "content_id", "stage", "fingerprint", "part", "digest", "payload", "payload_ref", "members",
    "seconds",
)  # fmt: skip

_DELETE = text("""
DELETE FROM stage_results s
USING unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]),
             CAST(:parts AS text[])) AS w (content_id, stage, fingerprint, part)
WHERE s.content_id = w.content_id AND s.stage = w.stage AND s.fingerprint = w.fingerprint
  AND s.part = w.part
""")


def superseded(keys: Collection[CheckpointKey]) -> set[CheckpointKey]:
    """Name the parts of which the whole is there, too: nobody asks for them any more."""
    return {key for key in keys if key.part and key._replace(part="") in keys}


def delete_results(connection: Connection, unwanted: Collection[CheckpointKey]) -> None:
    """Delete rows; nothing is asked for none."""
    if not unwanted:
        return
    contents, stages, fingerprints, parts = (
        list(column) for column in zip(*sorted(unwanted), strict=True)
    )
    connection.execute(
        _DELETE,
        {
            "contents": contents,
            "stages": [stage.value for stage in stages],
            "fingerprints": fingerprints,
            "parts": parts,
        },
    )


def write_results(
    connection: Connection,
    blobs: Blobs,
    batch: Sequence[Checkpoint],
    stored: Mapping[CheckpointKey, str],
) -> Sequence[Checkpoint]:
    """Write the checkpoints that are not `stored`, and return them.

    All who write have locked the contents, so what was not there under the lock is not there.
    """
    fresh = [x for x in _sorted(batch) if x.key not in stored]
    if any(is_large(x.payload) for x in fresh):
        connection.execute(loose_objects.HOLD)
    if any(is_large(x.payload) or members_of(x) for x in fresh):
        store_mark.check(connection, blobs)
    copy_rows(connection, "stage_results", _COLUMNS, (_row(blobs, x) for x in fresh))
    return fresh


def _row(blobs: Blobs, checkpoint: Checkpoint) -> tuple[object, ...]:
    """Make the row of a checkpoint; a large payload goes to the object store."""
    large = is_large(checkpoint.payload)
    return (
        checkpoint.content,
        checkpoint.stage.value,
        checkpoint.fingerprint,
        checkpoint.part,
        checkpoint.digest,
        None if large else checkpoint.payload,
        store_payload(blobs, checkpoint.payload) if large else None,
        members_of(checkpoint),
        checkpoint.seconds,
    )


def _sorted(batch: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Put a batch in the order of keys; of two with one key the first stays."""
    keyed: dict[tuple[str, ...], Checkpoint] = {}
    for x in batch:
        keyed.setdefault((x.content, x.stage, x.fingerprint, x.part), x)
    return [keyed[key] for key in sorted(keyed)]
