"""The queue of checkpoints that PostgreSQL does not have yet: one Redis stream, one group.

Entries carry keys, not bytes, and the stream is never trimmed by length.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import redis

from pipeline.crash_points import crash_point
from pipeline.errors import PermanentError
from pipeline.stores import keys
from pipeline.stores.protocols import Backlog, Blobs, Checkpoint, Entry, Position
from pipeline.stores.redis_connection import sizes_of
from pipeline.stores.redis_dead_letters import RedisDeadLetters
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_values import UNREADABLE, entry_of, key_of, script, unpack

logger = logging.getLogger(__name__)

CLAIM_IDLE_MS = 60_000
OF_ANOTHER_TYPE = "what is under its key is no checkpoint: something else wrote it"
LOADED_BYTES, ANSWER_BYTES = 64 << 20, 16 << 20
"""Bytes of payloads that `load` returns, and of values in one answer of Redis. What is held at
once is at most both, and one value more.
"""


class RedisWriteBehind:
    """The queue as the persistence actor uses it.

    `consumer` names this reader: one that is started again under the same name gets first what
    it had taken and not acknowledged. What another has held for `claim_idle_ms` is taken over.
    """

    def __init__(
        self,
        link: RedisLink,
        consumer: str,
        ttl_seconds: int,
        claim_idle_ms: int = CLAIM_IDLE_MS,
        blobs: Blobs | None = None,
    ) -> None:
        self._link = link
        self._client = link.client
        self._blobs = blobs
        self._consumer = consumer
        self._ttl = ttl_seconds
        self._claim_idle_ms = claim_idle_ms
        self._claim_from: bytes | str = "0-0"
        self.letters = RedisDeadLetters(link, blobs)
        self._done: Any = link.client.register_script(script("done"))
        self._leave: Any = link.client.register_script(script("leave"))

    def read(self, count: int, block_ms: int) -> Sequence[Entry]:
        """Take at most `count` entries, waiting up to `block_ms` for the first, but not for longer
        than half of what an answer may take.
        """
        block = min(block_ms, int(self._link.answer_seconds * 500))
        with self._link.answering(waiting_seconds=block / 1000):
            try:
                return self._read(count, block)
            except redis.ResponseError as error:
                # Also the end of the wait for a stream that a flush took away.
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
            # The first reader of a new or emptied Redis.
            self._create_group()
            return self._read(count, block)

    def _read(self, count: int, block: int) -> Sequence[Entry]:
        own = self._read_group("0", count, None)
        if own:
            return own
        claimed = self._claim(count)
        if claimed:
            return claimed
        return self._read_group(">", count, block if block > 0 else None)

    def _create_group(self) -> None:
        try:
            self._client.xgroup_create(
                keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP, id="0", mkstream=True
            )
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _read_group(self, after: str, count: int, block: int | None) -> list[Entry]:
        while True:
            answer = self._client.xreadgroup(
                keys.WRITE_BEHIND_GROUP,
                self._consumer,
                {keys.WRITE_BEHIND: after},
                count=count,
                block=block,
            )
            streams = answer.items() if isinstance(answer, dict) else answer or []
            batch = [taken for _, some in streams for taken in _flat(some)]
            entries = self._entries(batch)
            if entries or not batch:
                return entries
            block = None  # nothing of use among them, but perhaps behind them

    def _claim(self, count: int) -> list[Entry]:
        """Take over what other readers took long ago and never acknowledged."""
        self._claim_from, batch, lost = self._client.xautoclaim(
            keys.WRITE_BEHIND,
            keys.WRITE_BEHIND_GROUP,
            self._consumer,
            self._claim_idle_ms,
            self._claim_from,
            count,
        )
        for entry_id in lost:
            _alarm(entry_id)
        return self._entries(batch)

    def _entries(self, batch: Iterable[tuple[bytes, Mapping[bytes, bytes] | None]]) -> list[Entry]:
        entries = []
        for entry_id, fields in batch:
            if fields:
                try:
                    entries.append(entry_of(entry_id, fields))
                except UNREADABLE as error:
                    # Whoever waits for its result finds that it is not there, and makes it again.
                    why = f"{type(error).__name__}: {error}"
                    reason = f"this version of casegraph cannot read the entry ({why})"
                    self.letters.write_fields(entry_id, fields, reason)
            else:
                # Taken, then deleted by someone else: nothing can be persisted any more.
                _alarm(entry_id)
                self._client.xack(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP, entry_id)
        return entries

    def load(self, entries: Sequence[Entry]) -> Mapping[str, Checkpoint | None]:
        """Read the entries' checkpoints, by entry id; None for one that is gone.

        One that cannot be read, or is no checkpoint at all, becomes a dead letter, and its value
        leaves its key: it is gone, too, and is made again.

        Only of the first entries, where all together would be too much to hold: the others are
        read again, since nobody acknowledges them.
        """
        found: dict[str, Checkpoint | None] = {}
        held = 0
        for some in self._portions(entries):
            with self._link.answering():
                values = self._client.mget([key_of(entry) for entry in some])
            for entry, value in zip(some, values, strict=True):
                if held >= LOADED_BYTES:
                    return found
                checkpoint = found[entry.id] = self._unpacked(entry, value)
                held += len(checkpoint.payload) if checkpoint else 0
        return found

    def _portions(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Cut entries into lists whose values one answer may bring; one that is larger is alone."""
        with self._link.answering() as client, client.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.strlen(key_of(entry))
            sizes = sizes_of(pipe.execute(raise_on_error=False))
        some: list[Entry] = []
        total = 0
        for entry, size in zip(entries, sizes, strict=True):
            if size is None:
                logger.error("%s is made again: %s", key_of(entry), OF_ANOTHER_TYPE)
                self.refuse(entry, OF_ANOTHER_TYPE)
            if some and total + (size or 0) > ANSWER_BYTES:
                yield some
                some, total = [], 0
            some.append(entry)
            total += size or 0
        if some:
            yield some

    def _unpacked(self, entry: Entry, value: bytes | None) -> Checkpoint | None:
        """Read a value; None for one that is gone, or whose object is, or that cannot be read."""
        if value is None:
            return None
        try:
            return unpack(entry.key, value, self._blobs)
        except PermanentError as error:
            if error.code != "blob_missing":
                logger.error("%s is made again: %s", key_of(entry), error.message)  # noqa: TRY400
                self.refuse(entry, error.message)
            return None

    def done(self, entries: Sequence[Entry], gone: Sequence[Entry] = ()) -> None:
        """Give the checkpoints their expiry and drop the entries, in one script; of those that were
        `gone` only the entries: what lies under their keys by now PostgreSQL does not have.
        """
        if not entries and not gone:
            return
        crash_point("done.before")
        with self._link.answering():
            self._done(
                keys=[
                    keys.WRITE_BEHIND,
                    keys.UNPERSISTED_BYTES,
                    *sorted({key_of(entry) for entry in entries}),
                ],
                args=[
                    keys.WRITE_BEHIND_GROUP, self._ttl, *(entry.id for entry in (*entries, *gone)),
                ],
            )  # fmt: skip
        crash_point("done.after")

    def refuse(self, entry: Entry, reason: str) -> None:
        """Write a dead letter that keeps the value for a week, and drop the entry."""
        crash_point("refuse.before")
        with self._link.answering():
            self.letters.write(entry, reason)
        crash_point("refuse.after")

    def leave(self) -> None:
        """Say that this reader reads no more. It is forgotten if it holds nothing, and so are those
        that died and hold nothing any more: else each run would leave one behind.
        """
        with self._link.answering():
            self._leave(
                keys=[keys.WRITE_BEHIND],
                args=[keys.WRITE_BEHIND_GROUP, self._consumer, self._claim_idle_ms],
            )

    def backlog(self) -> Backlog:
        """Say how much PostgreSQL does not have yet, in one round trip."""
        with self._link.answering() as client, client.pipeline(transaction=False) as pipe:
            pipe.xlen(keys.WRITE_BEHIND)
            pipe.get(keys.UNPERSISTED_BYTES)
            pipe.xrange(keys.WRITE_BEHIND, count=1)
            pipe.xrevrange(keys.WRITE_BEHIND, count=1)
            entries, held, first, last = pipe.execute()
        return Backlog(
            entries=entries,
            bytes=int(held or 0),
            limit=self._link.memory,
            first=_position(first),
            last=_position(last),
        )


def _position(found: Sequence[tuple[bytes, object]]) -> Position:
    """Read where an entry stands in the stream off its id."""
    if not found:
        return 0, 0
    milliseconds, number = found[0][0].decode().split("-")
    return int(milliseconds), int(number)


def _flat(batch: Any) -> Any:
    """Undo the extra list that some protocol versions put around a stream's entries."""
    return batch[0] if batch and isinstance(batch[0], list) else batch


def _alarm(entry_id: bytes) -> None:
    logger.error(
        "entry %s of the write-behind queue was deleted before PostgreSQL had it; "
        "casegraph never trims this queue, so something else did",
        entry_id.decode(),
    )
