"""A snapshot of what a project knows in Redis: one hash, whole or not there, in one round trip."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pipeline.errors import RedisAwayError
from pipeline.llm.snapshot import CHUNK, NEAR, Wanted
from pipeline.patience import Stopping, never
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_registry import FILLING_SECONDS, LIVE_SECONDS, snapshot_keys
from pipeline.stores.redis_values import script


class RedisSnapshot:
    """The copy of a project's snapshot, by its hash. It lives on while it is looked at."""

    def __init__(
        self, link: RedisLink, project: str, hash_: str, seconds: int = LIVE_SECONDS
    ) -> None:
        self._link = link
        self._hash = hash_
        self._seconds = seconds
        self._mark, self._aside, self._place = snapshot_keys(project)
        register = link.client.register_script
        self._look: Any = register(script("snapshot_look"))
        self._fill: Any = register(script("live_fill"))
        self._put: Any = register(script("snapshot_place"))

    def look(self, wanted: Wanted) -> Mapping[str, bytes] | None:
        """Give the values that are there; None where the copy is not there, or Redis is away."""
        asked = [self._hash, self._seconds, NEAR, CHUNK, len(wanted.buckets)]
        try:
            with self._link.answering():
                answer = self._look(
                    keys=[self._place], args=[*asked, *wanted.buckets, *wanted.fields]
                )
        except RedisAwayError:
            return None
        if answer is None:
            return None
        return {
            field.decode(): value for field, value in zip(answer[::2], answer[1::2], strict=True)
        }

    def fill(
        self, entries: Iterable[Sequence[tuple[str, bytes]]], stopping: Stopping = never
    ) -> bool:
        """Bring the copy together from all its entries, some at a time; False where somebody else
        does, or it was told to stop. They are read after the mark is set: what is forgotten
        meanwhile takes the mark away. Raises RedisAwayError.
        """
        who = secrets.token_hex(8)
        with self._link.answering() as client:
            if not client.set(self._mark, who, nx=True, ex=FILLING_SECONDS):
                return False
            client.unlink(self._aside)
        try:
            return self._filled(who, entries, stopping)
        finally:
            with suppress(RedisAwayError), self._link.answering() as client:
                if client.get(self._mark) == who.encode():
                    client.unlink(self._mark, self._aside)

    def _filled(
        self, who: str, entries: Iterable[Sequence[tuple[str, bytes]]], stopping: Stopping
    ) -> bool:
        number = 0
        for some in entries:
            flat = [part for entry in some for part in entry]
            number += len(some)
            if stopping():
                return False
            with self._link.answering():
                if not self._fill(
                    keys=[self._mark, self._aside], args=[who, FILLING_SECONDS, len(some), *flat]
                ):
                    return False
        if not number:
            return False
        with self._link.answering():
            args = [who, number, self._hash, self._seconds]
            return bool(self._put(keys=[self._mark, self._aside, self._place], args=args))
