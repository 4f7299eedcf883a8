"""Entries of the queue that PostgreSQL will never take: why, and for a week what they meant."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pipeline.errors import PermanentError
from pipeline.stores import keys
from pipeline.stores.protocols import Blobs, Checkpoint, Entry
from pipeline.stores.redis_connection import value_at
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_values import UNREADABLE, entry_of, fields_of, key_of, script, unpack

logger = logging.getLogger(__name__)

DEAD_SECONDS = 7 * 86_400
DEAD_LETTERS_KEPT = 10_000


class DeadLetter(Entry):
    """An entry that was refused, and why. `checkpoint` is None once it has expired, and where it
    cannot be read.
    """

    reason: str
    checkpoint: Checkpoint | None = None


class RedisDeadLetters:
    """The letters of one Redis. Who writes one is in the middle of an exchange already."""

    def __init__(self, link: RedisLink, blobs: Blobs | None = None) -> None:
        self._link = link
        self._blobs = blobs
        self._refuse: Any = link.client.register_script(script("refuse"))

    def write(self, entry: Entry, reason: str) -> None:
        """Write a letter, move the value aside and drop the entry, in one script."""
        self._write(entry.id, reason, key_of(entry), (entry.project, *fields_of(entry)))

    def write_fields(self, entry_id: bytes, fields: Mapping[bytes, bytes], reason: str) -> None:
        """Do so for an entry that cannot be read: with what there is of its fields."""
        logger.error("entry %s of the write-behind queue: %s", entry_id.decode(), reason)
        parts = [
            fields.get(name, b"").decode("utf-8", "replace")
            for name in (b"project", b"content", b"stage", b"fingerprint", b"part")
        ]
        self._write(entry_id.decode(), reason, keys.checkpoint(*parts[1:]), parts)

    def _write(self, entry_id: str, reason: str, key: str, parts: Sequence[str]) -> None:
        self._refuse(
            keys=[
                keys.WRITE_BEHIND,
                keys.UNPERSISTED_BYTES,
                keys.DEAD_LETTERS,
                key,
                keys.dead_value(entry_id),
            ],
            args=[
                keys.WRITE_BEHIND_GROUP, entry_id, reason, DEAD_SECONDS, DEAD_LETTERS_KEPT, *parts,
            ],
        )  # fmt: skip

    def latest(self, count: int = 100) -> Sequence[DeadLetter]:
        """Read the latest letters, latest first; but for those of entries that cannot be read."""
        with self._link.answering() as client:
            letters = client.xrevrange(keys.DEAD_LETTERS, count=count)
            found = [self._letter(client, fields) for _, fields in letters]
        return [letter for letter in found if letter]

    def _letter(self, client: Any, fields: Mapping[bytes, bytes]) -> DeadLetter | None:
        try:
            entry = entry_of(fields[b"entry"], fields)
        except UNREADABLE:
            return None
        value = value_at(client, keys.dead_value(entry.id))
        checkpoint = None
        with suppress(PermanentError):
            checkpoint = unpack(entry.key, value, self._blobs) if value else None
        return DeadLetter(
            **entry.model_dump(), reason=fields[b"reason"].decode(), checkpoint=checkpoint
        )
