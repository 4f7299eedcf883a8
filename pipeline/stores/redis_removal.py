"""Removes keys from Redis, by name or by whose they are; never with KEYS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from pipeline.stores import keys
from pipeline.stores.redis_connection import value_at
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_values import script

SCAN_KEYS = 1_000
OWNED = ("doc:*", "run:*", "project:*")
"""Patterns of the keys whose second part is an id of their owner."""

Value = tuple[str | bytes, bytes]
"""A key, and what it holds."""

Belonging = Callable[[Collection[str]], Collection[str]]
"""Says which of some owners' ids are meant."""


class RedisRemoval:
    """Removes keys and keeps the count of unpersisted bytes right. Raises RedisAwayError."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._drop: Any = link.client.register_script(script("drop"))

    def drop(self, names: Iterable[str | bytes]) -> int:
        """Remove keys, whatever they hold, and return how many there were."""
        return sum(self._dropped(batch, keep="0") for batch in _batches(names))

    def drop_persisted(self, names: Iterable[str | bytes]) -> int:
        """Remove keys, but for those that PostgreSQL does not have; return how many went."""
        return sum(self._dropped(batch, keep="1") for batch in _batches(names))

    def drop_owned(
        self, belonging: Belonging, heir: Callable[[Iterator[Value]], None] | None = None
    ) -> int:
        """Remove the keys of those owners. What carries no expiry, which PostgreSQL does not have,
        stays, but where an `heir` was shown it before.

        `belonging` is asked for a batch of owners at a time, so nothing is held here.
        """
        dropped = 0
        for pattern in OWNED:
            for batch in _batches(self._scanned(pattern)):
                owners = {owner_of(name) for name in batch}
                wanted = set(belonging(owners))
                theirs = [x for x in batch if owner_of(x) in wanted]
                if heir is not None and theirs:
                    heir(self._unpersisted(theirs))
                dropped += self._dropped(theirs, keep="1" if heir is None else "0")
        return dropped

    def drop_letters(self, belonging: Belonging) -> int:
        """Remove the dead letters of those contents, with the values they keep; return how many.

        `belonging` is asked for a page of them at a time.
        """
        dropped, after = 0, "-"
        while True:
            with self._link.answering() as client:
                page = client.xrange(keys.DEAD_LETTERS, min=after, count=SCAN_KEYS)
            wanted = set(belonging({fields[b"content"].decode() for _, fields in page}))
            theirs = [
                (letter, fields[b"entry"].decode())
                for letter, fields in page
                if fields[b"content"].decode() in wanted
            ]
            if theirs:
                with self._link.answering() as client:
                    # The values first: a letter is what they are found by.
                    client.unlink(*(keys.dead_value(entry) for _, entry in theirs))
                    dropped += client.xdel(keys.DEAD_LETTERS, *(letter for letter, _ in theirs))
            if len(page) < SCAN_KEYS:
                return dropped
            after = f"({page[-1][0].decode()}"

    def _unpersisted(self, names: Sequence[str | bytes]) -> Iterator[Value]:
        """Read what carries no expiry, one value after the other: they may be large."""
        with self._link.answering() as client, client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.pttl(name)
            left = pipe.execute()
        for name, milliseconds in zip(names, left, strict=True):
            if milliseconds == -1:
                with self._link.answering() as client:
                    value = value_at(client, name)
                if value is not None:
                    yield name, value

    def _scanned(self, pattern: str) -> Iterator[bytes]:
        """Scan a pattern, one exchange a page."""
        cursor = 0
        while True:
            with self._link.answering() as client:
                cursor, page = client.scan(cursor, match=pattern, count=SCAN_KEYS)
            yield from page
            if not cursor:
                return

    def _dropped(self, names: Sequence[str | bytes], keep: str) -> int:
        if not names:
            return 0
        with self._link.answering():
            return int(self._drop(keys=[keys.UNPERSISTED_BYTES, *names], args=[keep]))


def owner_of(name: bytes | str) -> str:
    """Take the id of whom a key belongs to: its second part."""
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    return text.split(":")[1]


def _batches(names: Iterable[str | bytes]) -> Iterator[list[str | bytes]]:
    """Cut names into lists of what one script call takes."""
    left = iter(names)
    while batch := list(islice(left, SCAN_KEYS)):
        yield batch
