"""The embedding cache in Redis: float32 bytes under the hash of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock

import numpy as np

from pipeline.errors import TemporaryError
from pipeline.stores import keys
from pipeline.stores.protocols import CacheUse, Vector
from pipeline.stores.redis_link import RedisLink

TYPE = np.dtype("<f4")


class RedisVectors:
    """Vectors with an expiry. While Redis is away there are none: they are computed again."""

    def __init__(self, link: RedisLink, ttl_seconds: int) -> None:
        self._link = link
        self._ttl = ttl_seconds
        self._use = CacheUse()
        self._counting = Lock()

    @property
    def serves(self) -> bool:
        """Say whether Redis answered when it was last asked."""
        return not self._link.trouble

    @property
    def use(self) -> CacheUse:
        """Say how often it was asked and had the answer, since it was made."""
        return self._use

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash; each is its own, writable array. What is no
        vector is as good as none.
        """
        if not text_hashes:
            return {}
        names = [keys.embedding(model, text) for text in text_hashes]
        values: Sequence[bytes | None] = [None] * len(names)
        with suppress(TemporaryError), self._link.answering() as client:
            values = client.mget(names)
        found = {
            text: vector
            for text, value in zip(text_hashes, values, strict=True)
            if value and (vector := _vector(value)) is not None
        }
        with self._counting:
            self._use = self._use.joined(CacheUse(asked=len(set(text_hashes)), found=len(found)))
        return found

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash, in one round trip."""
        if not vectors:
            return
        with (
            suppress(TemporaryError),
            self._link.answering() as client,
            client.pipeline(transaction=False) as pipe,
        ):
            for text, vector in vectors.items():
                data = np.asarray(vector, TYPE).tobytes()
                pipe.set(keys.embedding(model, text), data, ex=self._ttl)
            pipe.execute()


def _vector(value: bytes) -> Vector | None:
    """Read a value; None for bytes that are no numbers, or none that can be reckoned with."""
    if len(value) % TYPE.itemsize:
        return None
    vector = np.frombuffer(value, TYPE).astype(np.float32)
    return vector if np.isfinite(vector).all() else None
