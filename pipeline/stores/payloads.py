"""The payloads of checkpoints on their way to rows: from a batch, a table, or the object store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text
from zstandard import ZstdError

from pipeline import codec
from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.published_record import READ
from pipeline.scratch import scratch
from pipeline.stage import Chain, Link
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey

VALUE_LIMIT = 10_000_000
"""Bytes of a payload; a larger one is an object, and the row names it by its hash."""

_READ = text("""
SELECT s.content_id::text, s.stage, s.fingerprint, s.part, s.digest, s.payload,
       s.payload_ref, s.seconds
FROM stage_results s
JOIN unnest(CAST(:contents AS uuid[]), CAST(:stages AS text[]), CAST(:fingerprints AS text[]),
            CAST(:parts AS text[])) AS w (content_id, stage, fingerprint, part)
  ON s.content_id = w.content_id AND s.stage = w.stage AND s.fingerprint = w.fingerprint
     AND s.part = w.part
""")

Key = tuple[str, StageName, str, str]
"""Content, stage, fingerprint, digest."""


class RefusedContentError(Exception):
    """One content cannot be published, whatever is tried; the others of its batch can."""

    def __init__(self, content: str, stage: StageName, error: str, message: str) -> None:
        super().__init__(message)
        self.content, self.stage, self.error, self.message = content, stage, error, message


Gone = tuple[CheckpointKey, str]
"""A stored result whose object is gone, and the hash that names the object."""


class GoneObjectsError(Exception):
    """Results are stored and their objects are gone: each is a gap, see `gone_objects`."""

    def __init__(self, gone: Sequence[Gone]) -> None:
        super().__init__(f"{len(gone)} objects are gone")
        self.gone = tuple(gone)


class NoObjectStoreError(RefusedContentError):
    """The payload lies in an object store that this caller was not given; another may publish."""


class Payloads:
    """The payloads that one transaction needs, by content, stage, fingerprint and digest."""

    def __init__(self, blobs: Blobs | None, batch: Iterable[Checkpoint] = ()) -> None:
        self.blobs = blobs
        self._bytes: dict[Key, bytes] = {
            (x.content, x.stage, x.fingerprint, x.digest): x.payload for x in batch if not x.part
        }

    def load(self, connection: Connection, chains: Mapping[str, Chain]) -> None:
        """Read what the batch did not bring from `stage_results`, in one question.

        Raises GoneObjectsError for all whose object is gone.
        """
        missing = [
            (content, link)
            for content, chain in chains.items()
            for link in chain.links
            if (content, link.stage, link.fingerprint, link.digest) not in self._bytes
        ]
        if not missing:
            return
        wanted = [CheckpointKey(of, link.stage, link.fingerprint) for of, link in missing]
        rows = read_results(connection, wanted)
        if self.blobs is None and any(row.payload_ref for row in rows):
            row = next(row for row in rows if row.payload_ref)
            raise NoObjectStoreError(
                row.content_id, StageName(row.stage), "blob_missing", "no object store was given"
            )
        for checkpoint in checkpoints_of(rows, self.blobs):
            key = (checkpoint.content, checkpoint.stage, checkpoint.fingerprint, checkpoint.digest)
            self._bytes[key] = checkpoint.payload

    def read(self, content: str, link: Link) -> Any:
        """Decode of a payload what is published. Raises RefusedContentError."""
        data = self._bytes[content, link.stage, link.fingerprint, link.digest]
        try:
            return codec.decode(READ[link.stage], data)
        except PermanentError as error:
            raise RefusedContentError(content, link.stage, error.code, error.message) from error
        except (ValueError, ZstdError) as error:
            raise RefusedContentError(
                content,
                link.stage,
                "unreadable_payload",
                f"what {link.stage} stored cannot be read back: {str(error).splitlines()[0]}",
            ) from error


def read_results(connection: Connection, wanted: Sequence[CheckpointKey]) -> Sequence[Any]:
    """Read rows of `stage_results` in one question; what is not there is not in the answer."""
    if not wanted:
        return ()
    contents, stages, fingerprints, parts = (list(column) for column in zip(*wanted, strict=True))
    return connection.execute(
        _READ,
        {
            "contents": contents,
            "stages": [stage.value for stage in stages],
            "fingerprints": fingerprints,
            "parts": parts,
        },
    ).all()


def checkpoints_of(rows: Sequence[Any], blobs: Blobs | None) -> list[Checkpoint]:
    """Make checkpoints of rows of `stage_results`.

    Raises GoneObjectsError for all whose object is gone.
    """
    found: list[Checkpoint] = []
    gone: list[Gone] = []
    for row in rows:
        key = CheckpointKey(row.content_id, StageName(row.stage), row.fingerprint, row.part)
        try:
            payload = payload_of(blobs, row.payload, row.payload_ref)
        except PermanentError:
            gone.append((key, row.payload_ref))
            continue
        found.append(
            Checkpoint(**key._asdict(), digest=row.digest, payload=payload, seconds=row.seconds)
        )
    if gone:
        raise GoneObjectsError(gone)
    return found


def store_payload(blobs: Blobs, payload: bytes) -> str:
    """Put a large payload into the object store and return the hash that names it."""
    sha256 = hashlib.sha256(payload).hexdigest()
    with scratch() as folder:
        path = folder / "payload"
        path.write_bytes(payload)
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
        return path.read_bytes()
