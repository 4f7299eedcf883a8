"""Checkpoints in Redis.

What must be one step is one script (see `lua/`). A checkpoint has no expiry until PostgreSQL has
it; with `volatile-lru` nothing without one is ever evicted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import redis

from pipeline.documents import StageName
from pipeline.stores import keys
from pipeline.stores.protocols import Checkpoint, Landed
from pipeline.stores.redis_connection import answering, check_server, connect
from pipeline.stores.redis_values import fields_of, key_of, pack, script, unpack
from pipeline.stores.redis_write_behind import DeadLetter, RedisWriteBehind

__all__ = ["DeadLetter", "RedisCheckpoints", "RedisWriteBehind", "check_server", "connect"]


class RedisCheckpoints:
    """Checkpoints as stage actors use them. Raises TemporaryError while Redis does not answer."""

    def __init__(self, client: redis.Redis, ttl_seconds: int) -> None:
        # redis-py's types allow for decoded answers, which `connect` excludes.
        self._client: Any = client
        self._ttl = ttl_seconds
        self._put: Any = client.register_script(script("put"))

    def get(
        self, content: str, stage: StageName, fingerprint: str, part: str = ""
    ) -> Checkpoint | None:
        """Read a checkpoint; None if it is not there."""
        with answering():
            value = self._client.get(keys.checkpoint(content, stage, fingerprint, part))
        return unpack(content, stage, fingerprint, part, value) if value else None

    def put(
        self, project: str, checkpoint: Checkpoint, *, lacking: bool = False
    ) -> tuple[Checkpoint, Landed]:
        """Write a checkpoint unless one is there, and queue it for PostgreSQL.

        One that carries an expiry was persisted and is not queued, but where `lacking` says that
        PostgreSQL does not have it: what it had is gone with a content that came back.
        """
        place = fields_of(checkpoint)
        with answering():
            there = self._put(
                keys=[key_of(checkpoint), keys.WRITE_BEHIND, keys.UNPERSISTED_BYTES],
                args=[pack(checkpoint), project, *place, "1" if lacking else "0"],
            )
        if there is None:
            return checkpoint, Landed.REDIS
        stays = unpack(
            checkpoint.content, checkpoint.stage, checkpoint.fingerprint, checkpoint.part, there
        )
        return stays, Landed.REDIS

    def warm(self, checkpoint: Checkpoint) -> None:
        """Copy a checkpoint that PostgreSQL has: with an expiry, and without queueing it."""
        with answering():
            self._client.set(key_of(checkpoint), pack(checkpoint), nx=True, ex=self._ttl)

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Put PostgreSQL's checkpoint in the place of a copy that differs from it."""
        with answering():
            self._client.set(key_of(checkpoint), pack(checkpoint), ex=self._ttl)

    def drop(self, contents: Iterable[str]) -> int:
        """Remove all checkpoints of contents that are deleted, and return how many there were.

        Else who brings such a content back finds its checkpoints persisted, as it seems, and
        PostgreSQL never gets them.
        """
        dropped = 0
        wanted = {str(content) for content in contents}
        with answering():
            for key in self._client.scan_iter(match=keys.checkpoint("*", "*", "*"), count=1000):
                if key.decode().split(":")[1] in wanted:
                    dropped += self._client.unlink(key)
        return dropped

    def unpersisted_bytes(self) -> int:
        """Count the bytes that only Redis holds."""
        with answering():
            return int(self._client.get(keys.UNPERSISTED_BYTES) or 0)
