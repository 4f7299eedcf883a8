"""The seam through which questions come to know what is around a chunk, beyond its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Protocol

from pipeline.documents import Chunk
from pipeline.llm.context import HEAD_CHARACTERS, Context, head_before


class Surroundings(Protocol):
    """Knows what is around chunks. Several threads may ask."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Say what decides it, as JSON: it is part of the fingerprint of who asks."""
        ...

    def around(self, chunks: Sequence[Chunk]) -> Iterable[Context]:
        """Give what is around each chunk of one document, in order. The one after is asked for when
        the question about a chunk is answered; who takes long gets it ready meanwhile. Whose
        project it is says `present_charge`.

        `head` and `before` may be left empty: they are the document's own, and who asks knows them.
        """
        ...


class DocumentAlone:
    """Knows nothing beyond the document."""

    identity: Mapping[str, Any] = {"mode": "document"}

    def around(self, chunks: Sequence[Chunk]) -> Iterable[Context]:
        """Give nothing for each chunk."""
        return repeat(Context(), len(chunks))


def beginning(chunks: Sequence[Chunk]) -> str:
    """Give the head of a document, at its offsets, as far as chunks hold it."""
    parts: list[str] = []
    length = 0
    for chunk in chunks:
        if length >= HEAD_CHARACTERS:
            break
        parts += [" " * (chunk.start - length), chunk.text]
        length = chunk.end
    return "".join(parts)[:HEAD_CHARACTERS]


def with_own(context: Context, head: str, start: int, before: Sequence[Any]) -> Context:
    """Add the document's own to the context of a chunk that begins at `start`: its head as far as
    it stands before, and the names of the chunk before.
    """
    own = {"head": context.head or head_before(head, start), "before": tuple(before)}
    return context.model_copy(update=own)
