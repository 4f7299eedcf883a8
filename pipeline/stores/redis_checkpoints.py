"""Checkpoints in Redis.

What must be one step is one script (see `lua/`). A checkpoint has no expiry until PostgreSQL has
it; with `volatile-lru` nothing without one is ever evicted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.crash_points import crash_point
from pipeline.errors import PermanentError
from pipeline.stores import keys
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_removal import RedisRemoval, owner_of
from pipeline.stores.redis_values import fields_of, key_of, pack, script, unpack

__all__ = ["RedisCheckpoints"]

logger = logging.getLogger(__name__)


class RedisCheckpoints:
    """Checkpoints as stage actors use them. Raises TemporaryError while Redis does not answer.

    A payload over the limit of a value lies in `blobs`, and its key holds the reference.
    """

    def __init__(self, link: RedisLink, ttl_seconds: int, blobs: Blobs | None = None) -> None:
        self._link = link
        self._ttl = ttl_seconds
        self._blobs = blobs
        self._removal = RedisRemoval(link)
        self._put: Any = link.client.register_script(script("put"))
        self._adopt: Any = link.client.register_script(script("adopt"))

    def get(self, wanted: Sequence[CheckpointKey]) -> Mapping[CheckpointKey, Checkpoint]:
        """Read checkpoints in one round trip; what is not there is not in the answer.

        One that cannot be read, or whose object is gone, is as good as none. A copy of what
        PostgreSQL has goes: whoever makes it anew would find it there, and persisted.
        """
        if not wanted:
            return {}
        with self._link.answering() as client:
            values = client.mget([keys.checkpoint(*key) for key in wanted])
        found = {
            key: checkpoint
            for key, value in zip(wanted, values, strict=True)
            if value is not None and (checkpoint := self._read(key, value))
        }
        useless = [
            keys.checkpoint(*key)
            for key, value in zip(wanted, values, strict=True)
            if value is not None and key not in found
        ]
        self._removal.drop_persisted(useless)
        return found

    def _read(self, key: CheckpointKey, value: bytes) -> Checkpoint | None:
        """Read a value; None for one that cannot be read."""
        try:
            return unpack(key, value, self._blobs)
        except PermanentError as error:
            logger.warning("%s is made again: %s", keys.checkpoint(*key), error.message)
            return None

    def put(
        self, project: str, checkpoints: Sequence[Checkpoint], *, lacking: bool = False
    ) -> Sequence[Checkpoint | None]:
        """Write checkpoints unless they are there, and queue them for PostgreSQL, in one script.

        One that carries an expiry was persisted and is not queued, but where `lacking` says that
        PostgreSQL does not have it: what it had is gone with a content that came back. There is
        no room for one that would bring what only Redis holds too near to its memory's end.
        """
        if not checkpoints:
            return ()
        values = [pack(checkpoint, self._blobs) for checkpoint in checkpoints]
        crash_point("put.before")
        with self._link.answering():
            answers = self._put(
                keys=[keys.WRITE_BEHIND, keys.UNPERSISTED_BYTES, *map(key_of, checkpoints)],
                args=[
                    project,
                    "1" if lacking else "0",
                    self._link.room,
                    *(
                        part
                        for checkpoint, value in zip(checkpoints, values, strict=True)
                        for part in (value, *fields_of(checkpoint))
                    ),
                ],
            )
        crash_point("put.after")
        stays = [
            {0: None, 1: checkpoint}[answer]
            if isinstance(answer, int)
            else self._read(checkpoint.key, answer)
            for checkpoint, answer in zip(checkpoints, answers, strict=True)
        ]
        # What is there and cannot be read makes room for what can.
        useless = [
            index
            for index, (answer, there) in enumerate(zip(answers, stays, strict=True))
            if there is None and not isinstance(answer, int)
        ]
        if useless:
            again = [checkpoints[index] for index in useless]
            self._removal.drop(map(key_of, again))
            for index, there in zip(useless, self.put(project, again), strict=True):
                stays[index] = there
        return stays

    def warm(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Copy checkpoints that PostgreSQL has: with an expiry, and without queueing them."""
        if not checkpoints:
            return
        values = [pack(checkpoint, self._blobs) for checkpoint in checkpoints]
        with self._link.answering() as client, client.pipeline(transaction=False) as pipe:
            for checkpoint, value in zip(checkpoints, values, strict=True):
                pipe.set(key_of(checkpoint), value, nx=True, ex=self._ttl)
            pipe.execute()

    def adopt(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Put PostgreSQL's checkpoints in the place of copies that may differ from them."""
        if not checkpoints:
            return
        values = [pack(checkpoint, self._blobs) for checkpoint in checkpoints]
        crash_point("adopt.before")
        with self._link.answering():
            self._adopt(
                keys=[keys.UNPERSISTED_BYTES, *map(key_of, checkpoints)],
                args=[self._ttl, *values],
            )
        crash_point("adopt.after")

    def drop(self, contents: Iterable[str]) -> int:
        """Remove all checkpoints of contents that are deleted, and return how many there were.

        Else who brings such a content back finds its checkpoints persisted, as it seems, and
        PostgreSQL never gets them.
        """
        wanted = {str(content) for content in contents}
        with self._link.answering(waiting_seconds=60) as client:
            found = [
                key
                for key in client.scan_iter(match=keys.checkpoint("*", "*", "*"), count=1000)
                if owner_of(key) in wanted
            ]
        return self._removal.drop(found)

    def discard(self, unwanted: Sequence[CheckpointKey]) -> None:
        """Remove checkpoints of contents that are gone: what is kept would be a trace of them."""
        self._removal.drop(keys.checkpoint(*key) for key in unwanted)
