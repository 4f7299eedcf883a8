"""The vectors of published chunks, where PostgreSQL has pgvector: for search, never for truth."""

from __future__ import annotations

import io
import itertools
import struct
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import psycopg2.extensions
from pydantic_core import to_json
from sqlalchemy import Connection, text

from pipeline import identity
from pipeline.errors import PermanentError
from pipeline.stores.protocols import Vector, Vectors

DIMENSIONS = 384
COLUMNS = ("vector", "vector_model")
ASKED_AT_ONCE = 4096
"""Vectors that the cache is asked for at once: 6 MB of them."""

_HAS_VECTORS = text("""
SELECT EXISTS (SELECT 1 FROM pg_attribute
               WHERE attrelid = 'chunks'::regclass AND attname = 'vector' AND NOT attisdropped)
""")

_MISSING = text("""
SELECT k.id::text, k.text FROM chunks k JOIN contents c ON c.id = k.content_id
WHERE c.project_id = CAST(:project AS uuid) AND k.vector IS NULL
ORDER BY k.id LIMIT :limit
""")

_STAGE = """
CREATE TEMPORARY TABLE staged_vectors (id uuid, vector vector(384)) ON COMMIT DROP;
COPY staged_vectors FROM STDIN (FORMAT binary)
"""

# Once: runs at the same time come with the vectors of the same chunks.
_FILL = text("""
WITH empty AS (
    SELECT k.id FROM chunks k JOIN staged_vectors s ON s.id = k.id
    WHERE k.vector IS NULL ORDER BY k.id FOR NO KEY UPDATE OF k
)
UPDATE chunks k SET vector = s.vector, vector_model = :model
FROM empty e JOIN staged_vectors s ON s.id = e.id WHERE k.id = e.id
""")


@dataclass(frozen=True)
class CachedVectors:
    """The embedding cache, asked for the vectors of one model."""

    vectors: Vectors
    model: str

    def of(self, texts: Iterable[str]) -> Iterator[tuple[str | None, str | None]]:
        """Write the columns of texts' vectors, in order: the vector as PostgreSQL reads it, and the
        model. Nothing for what is not in the cache, or does not fit the column.
        """
        hashes = map(identity.text_key, texts)
        while some := list(itertools.islice(hashes, ASKED_AT_ONCE)):
            found = self.vectors.get(self.model, sorted(set(some)))
            for hash_ in some:
                vector = found.get(hash_)
                if vector is None or vector.shape != (DIMENSIONS,):
                    yield None, None
                else:
                    yield to_json(vector.tolist()).decode(), self.model


def has_vectors(connection: Connection) -> bool:
    """Say whether chunks have a column for vectors."""
    return bool(connection.scalar(_HAS_VECTORS))


def missing(connection: Connection, project: str, limit: int) -> Sequence[tuple[str, str]]:
    """Name chunks without a vector, with their texts."""
    found = connection.execute(_MISSING, {"project": project, "limit": limit})
    return [(row[0], row[1]) for row in found]


def store(connection: Connection, model: str, vectors: Mapping[str, Vector]) -> int:
    """Fill in vectors where there is none, and return how many.

    Raises PermanentError for one of another length than the column's.
    """
    if not vectors:
        return 0
    for vector in vectors.values():
        if vector.shape != (DIMENSIONS,):
            raise PermanentError(
                "vector_dimensions",
                f"{model} makes vectors of shape {vector.shape}; the column holds {DIMENSIONS} "
                "numbers, so search by similarity needs a model of that size",
            )
    with cast("psycopg2.extensions.cursor", connection.connection.cursor()) as cursor:
        cursor.copy_expert(_STAGE, io.BytesIO(_binary(vectors)))
    return connection.execute(_FILL, {"model": model}).rowcount


def _binary(vectors: Mapping[str, Vector]) -> bytes:
    """Write rows of id and vector in COPY's binary form, which takes a twentieth of the time that
    their numbers take as text. A vector there: its length, a zero, and its numbers.
    """
    before_id = struct.pack(">hi", 2, 16)
    before_vector = struct.pack(">ihh", 4 + 4 * DIMENSIONS, DIMENSIONS, 0)
    rows = [
        before_id + uuid.UUID(chunk).bytes + before_vector + vectors[chunk].astype(">f4").tobytes()
        for chunk in sorted(vectors)
    ]
    return b"".join([b"PGCOPY\n\xff\r\n\0", bytes(8), *rows, struct.pack(">h", -1)])
