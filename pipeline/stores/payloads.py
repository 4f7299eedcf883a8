"""The payloads of checkpoints on their way to rows: from a batch, a table, or the object store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from pipeline import codec
from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.published_record import READ, HeldMembers
from pipeline.scratch import disk_asked, scratch, written
from pipeline.stage import Chain, Link
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey

VALUE_LIMIT = 10_000_000
"""Bytes of a payload; a larger one is an object, and the row names it by its hash."""

LOADED_BYTES = 64 << 20
"""Bytes of payloads that are read at once to publish contents, and then one more; of a content
alone, all are.
"""

# None of the payloads where together they are too many: what is asked for is never sent in vain.
_READ = text("""
SELECT s.content_id::text, s.stage, s.fingerprint, s.part, s.digest, s.payload_ref, s.seconds,
       CASE WHEN sum(octet_length(s.payload)) OVER () <= :most THEN s.payload END AS payload,
       sum(octet_length(s.payload)) OVER () AS total
FROM stage_results s
JOIN unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]),
            CAST(:parts AS text[])) AS w (content_id, stage, fingerprint, part)
  ON s.content_id = w.content_id AND s.stage = w.stage AND s.fingerprint = w.fingerprint
     AND s.part = w.part
""")

UNBOUNDED = 1 << 62

Key = tuple[str, StageName, str, str]
"""Content, stage, fingerprint, digest."""


class RefusedContentError(Exception):
    """One content cannot be published, whatever is tried; the others of its batch can."""

    def __init__(self, content: str, stage: StageName, error: str, message: str) -> None:
        super().__init__(message)
        self.content, self.stage, self.error, self.message = content, stage, error, message


class LostResultsError(Exception):
    """Results are stored, and their objects are gone or they cannot be decoded: each is a gap, see
    `lost_results`.
    """

    def __init__(self, lost: Sequence[CheckpointKey]) -> None:
        super().__init__(f"{len(lost)} stored results are lost")
        self.lost = tuple(lost)


class TooMuchError(Exception):
    """Some contents have more payloads together than are read at once: take fewer."""


class NoObjectStoreError(RefusedContentError):
    """The payload lies in an object store that this caller was not given; another may publish."""


class Payloads:
    """The payloads that one transaction needs, by content, stage, fingerprint and digest."""

    def __init__(self, blobs: Blobs | None, batch: Iterable[Checkpoint] = ()) -> None:
        self.blobs = blobs
        self._bytes: dict[Key, bytes] = {
            (x.content, x.stage, x.fingerprint, x.digest): x.payload for x in batch if not x.part
        }
        self._loaded: dict[Key, bytes] = {}

    def load(self, connection: Connection, chains: Mapping[str, Chain]) -> None:
        """Read what the batch did not bring from `stage_results`, in one question, in the place of
        what was read before.

        Raises LostResultsError for all whose object is gone, and TooMuchError if contents are too
        large together.
        """
        self._loaded.clear()
        missing = [
            (content, link)
            for content, chain in chains.items()
            for link in chain.links
            if (content, link.stage, link.fingerprint, link.digest) not in self._bytes
        ]
        if not missing:
            return
        wanted = [CheckpointKey(of, link.stage, link.fingerprint) for of, link in missing]
        most = LOADED_BYTES if len(chains) > 1 else None
        rows = read_results(connection, wanted, most)
        if self.blobs is None and any(row.payload_ref for row in rows):
            row = next(row for row in rows if row.payload_ref)
            raise NoObjectStoreError(
                row.content_id, StageName(row.stage), "blob_missing", "no object store was given"
            )
        for checkpoint in checkpoints_of(rows, self.blobs, most):
            key = (checkpoint.content, checkpoint.stage, checkpoint.fingerprint, checkpoint.digest)
            self._loaded[key] = checkpoint.payload

    def read(self, content: str, link: Link) -> Any:
        """Decode of a payload what is published.

        Raises LostResultsError for one that is stored and cannot be decoded, RefusedContentError
        for one that the batch brings.
        """
        key = (content, link.stage, link.fingerprint, link.digest)
        data = self._loaded[key] if key in self._loaded else self._bytes[key]
        try:
            return codec.decode(READ[link.stage], data)
        except PermanentError as error:
            if key in self._loaded:
                lost = CheckpointKey(content, link.stage, link.fingerprint)
                raise LostResultsError([lost]) from error
            raise RefusedContentError(content, link.stage, error.code, error.message) from error


def read_results(
    connection: Connection, wanted: Sequence[CheckpointKey], most: int | None = None
) -> Sequence[Any]:
    """Read rows of `stage_results` in one question; what is not there is not in the answer.

    Raises TooMuchError for `most` bytes of payloads and more, without having read them.
    """
    if not wanted:
        return ()
    contents, stages, fingerprints, parts = (list(column) for column in zip(*wanted, strict=True))
    rows = connection.execute(
        _READ,
        {
            "most": UNBOUNDED if most is None else most,
            "contents": contents,
            "stages": [stage.value for stage in stages],
            "fingerprints": fingerprints,
            "parts": parts,
        },
    ).all()
    if most is not None and rows and (rows[0].total or 0) > most:
        raise TooMuchError
    return rows


def checkpoints_of(
    rows: Sequence[Any], blobs: Blobs | None, most: int | None = None
) -> list[Checkpoint]:
    """Make checkpoints of rows of `stage_results`.

    Raises LostResultsError for all whose object is gone, and TooMuchError as soon as those that
    are there hold more than `most` bytes.
    """
    held = 0
    found: list[Checkpoint] = []
    lost: list[CheckpointKey] = []
    for row in rows:
        key = CheckpointKey(row.content_id, StageName(row.stage), row.fingerprint, row.part)
        try:
            payload = payload_of(blobs, row.payload, row.payload_ref)
        except PermanentError:
            lost.append(key)
            continue
        held += len(payload)
        if most is not None and held > most:
            raise TooMuchError
        found.append(
            Checkpoint(**key._asdict(), digest=row.digest, payload=payload, seconds=row.seconds)
        )
    if lost:
        raise LostResultsError(lost)
    return found


def members_of(checkpoint: Checkpoint) -> list[str] | None:
    """Read which objects an `ocr` names; None of another stage, or if nobody can read it."""
    if checkpoint.stage is not StageName.OCR:
        return None
    try:
        data = codec.json_of(HeldMembers.__name__, checkpoint.payload)
        # What is empty is not written, and most hold nothing: then the text is not parsed.
        if b'"members":' not in data:
            return []
        return sorted({x.sha256 for x in HeldMembers.model_validate_json(data).members})
    except (PermanentError, ValueError):
        return None


def is_large(payload: bytes) -> bool:
    """Say whether a payload goes to the object store."""
    return len(payload) > VALUE_LIMIT


def hash_of(payload: bytes) -> str:
    """Name the object that holds a payload."""
    return hashlib.sha256(payload).hexdigest()


def store_payload(blobs: Blobs, payload: bytes) -> str:
    """Put a large payload into the object store and return the hash that names it.

    Raises TemporaryError for a disk that takes no copy of it, as what `Blobs.put_file` raises.
    """
    sha256 = hash_of(payload)
    with scratch() as folder:
        path = folder / "payload"
        with written(path) as write:
            write(payload)
        blobs.put_file(path, sha256)
    return sha256


def payload_of(blobs: Blobs | None, payload: bytes | None, reference: str | None) -> bytes:
    """Read a payload from its row, or from the object that the row names.

    Raises what `Blobs.fetch` raises, and PermanentError("blob_missing") without an object store.
    """
    if reference is None:
        return bytes(payload or b"")
    if blobs is None:
        raise PermanentError("blob_missing", "no object store was given to read a payload from")
    with scratch() as folder:
        path = folder / "payload"
        blobs.fetch(reference, path)
        with disk_asked():
            return path.read_bytes()
