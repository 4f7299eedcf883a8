"""Sketches of chunks, kept where they were first made: in PostgreSQL, with a copy in Redis.

What a model is asked depends on them, and a vector that is computed again may differ in its last
bits; so whoever comes later, on whatever machine, uses what is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Engine

from pipeline import codec, identity
from pipeline.documents import Value
from pipeline.errors import PermanentError, TemporaryError
from pipeline.llm.sketches import LENGTH, VERSION, sketch_of
from pipeline.stores import keys
from pipeline.stores import snapshot_queries as queries
from pipeline.stores.postgres import alone, transaction
from pipeline.stores.protocols import Vector, Vectors
from pipeline.stores.redis_link import RedisLink

Document = tuple[str, Sequence[str]]
"""The id of a content, and the texts of its chunks."""

_Made = Mapping[str, bytes]
"""Sketches, one after the other, by the id of their content."""


class _Kept(Value):
    """A value in Redis: sketches in hex, and the hash of what they were made of."""

    made_of: str
    sketches: str


@dataclass(frozen=True)
class ContentSketches:
    """Makes, keeps and finds sketches by one model. `embed` gives the vectors that the cache does
    not have. Raises TemporaryError where PostgreSQL does not answer; Redis may be away, or None.
    """

    engine: Engine
    link: RedisLink | None
    vectors: Vectors
    model: str
    embed: Callable[[Sequence[str]], Sequence[Vector]]
    ttl_seconds: int
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def of(self, documents: Sequence[Document]) -> Sequence[Sequence[bytes]]:
        """Give the sketches of documents, one for each chunk. Those of a content that PostgreSQL
        does not have are made and not kept.
        """
        made_of = {content: self._made_of(texts) for content, texts in documents if texts}
        found = dict(self._copied(made_of))
        if left := {content: of for content, of in made_of.items() if content not in found}:
            kept = dict(self._kept(left))
            fresh = {x: self._make(texts) for x, texts in documents if x in left and x not in kept}
            if fresh:
                kept |= self._keep(fresh, made_of)
            self._copy(kept, made_of)
            found |= {**fresh, **kept}
        return [_cut(found.get(content, b"")) for content, _ in documents]

    def make(self, texts: Sequence[str]) -> Sequence[bytes]:
        """Make sketches that nobody keeps."""
        return _cut(self._make(texts))

    def _made_of(self, texts: Sequence[str]) -> str:
        return identity.sha256_hex("sketches", VERSION, self.model, *texts)

    def _copied(self, made_of: Mapping[str, str]) -> _Made:
        """Read what Redis has."""
        if self.link is None or not made_of:
            return {}
        values: Sequence[bytes | None] = ()
        with suppress(TemporaryError), self.link.answering() as client:
            values = client.mget([keys.sketches(content) for content in made_of])
        found = {}
        for (content, of), value in zip(made_of.items(), values, strict=False):
            with suppress(PermanentError, ValueError):
                if value is not None and (kept := codec.decode(_Kept, value)).made_of == of:
                    found[content] = bytes.fromhex(kept.sketches)
        return found

    def _copy(self, sketches: _Made, made_of: Mapping[str, str]) -> None:
        """Write what PostgreSQL has into Redis."""
        if self.link is None:
            return
        with (
            suppress(TemporaryError),
            self.link.answering() as client,
            client.pipeline(transaction=False) as pipe,
        ):
            for content, data in sketches.items():
                kept = _Kept(made_of=made_of[content], sketches=data.hex())
                pipe.set(keys.sketches(content), codec.encode(kept), ex=self.ttl_seconds)
            pipe.execute()

    def _kept(self, made_of: Mapping[str, str]) -> _Made:
        """Read what PostgreSQL has."""
        asked = {"contents": list(made_of), "made_of": list(made_of.values())}
        with alone(self.engine) as connection:
            rows = connection.execute(queries.FIND_SKETCHES, asked).all()
        return {row.content: bytes(row.sketches) for row in rows}

    def _keep(self, fresh: _Made, made_of: Mapping[str, str]) -> _Made:
        """Write sketches, and give what is there then: somebody may have been quicker."""
        values = {
            "contents": list(fresh),
            "made_of": [made_of[content] for content in fresh],
            "sketches": list(fresh.values()),
        }
        with transaction(self.engine, "sketches") as connection:
            rows = connection.execute(queries.KEEP_SKETCHES, values).all()
        return {row.content: bytes(row.sketches) for row in rows}

    def _make(self, texts: Sequence[str]) -> bytes:
        """Sketch texts, by the vectors that the cache has, or else by the model."""
        texts_of = {identity.text_key(text): text for text in texts}
        known = dict(self.vectors.get(self.model, list(texts_of)))
        fresh: dict[str, Vector] = {}
        for key, text in texts_of.items():
            if key not in known:
                # Alone: what shares a batch changes the last bits.
                with self._one_at_a_time:
                    fresh[key] = self.embed([text])[0]
        self.vectors.put(self.model, fresh)
        known |= fresh
        return b"".join(sketch_of(known[identity.text_key(text)]) for text in texts)


def _cut(data: bytes) -> Sequence[bytes]:
    return [data[at : at + LENGTH] for at in range(0, len(data), LENGTH)]
