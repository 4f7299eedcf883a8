"""The embedding cache in Redis: float32 bytes under the hash of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import redis

from pipeline.stores import keys
from pipeline.stores.protocols import Vector
from pipeline.stores.redis_connection import answering

TYPE = np.dtype("<f4")


class RedisVectors:
    """Vectors with an expiry: what is lost is computed again."""

    def __init__(self, client: redis.Redis, ttl_seconds: int) -> None:
        # redis-py's types allow for decoded answers, which `connect` excludes.
        self._client: Any = client
        self._ttl = ttl_seconds

    def get(self, model: str, text_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Read the vectors that are there, by hash; each is its own, writable array."""
        if not text_hashes:
            return {}
        with answering():
            values = self._client.mget([keys.embedding(model, text) for text in text_hashes])
        return {
            text: np.frombuffer(value, TYPE).astype(np.float32)
            for text, value in zip(text_hashes, values, strict=True)
            if value
        }

    def put(self, model: str, vectors: Mapping[str, Vector]) -> None:
        """Write vectors, by hash, in one round trip."""
        if not vectors:
            return
        with answering(), self._client.pipeline(transaction=False) as pipe:
            for text, vector in vectors.items():
                data = np.asarray(vector, TYPE).tobytes()
                pipe.set(keys.embedding(model, text), data, ex=self._ttl)
            pipe.execute()
