"""What is known around the chunks of one document, as questions about them say it.

What no answer decides is prepared while the model answers the question before; what was found
before in the document is added last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from pipeline.documents import Chunk
from pipeline.llm.context import HEAD_CHARACTERS, Context, NamedThing
from pipeline.llm.sketches import nearest
from pipeline.llm.snapshot import ALIKE, SHOWN

Tell = Callable[[str, bytes], Context]
"""Says what a project knows around a text with a sketch."""

Sketch = Callable[[], Sequence[bytes]]
"""Gives a sketch for each chunk."""


class Prepared(NamedTuple):
    """What is known around a chunk without what was found in its document. `like` are earlier
    chunks of it, but for the one before, that say the like, the most alike first.
    """

    context: Context
    before: int | None
    like: Sequence[int]


class Around(Protocol):
    """What is known around the chunks of one document."""

    def prepare(self, index: int) -> Prepared:
        """Bring together what no answer decides about a chunk. Safe in any thread."""
        ...


class Contexts(Protocol):
    """Knows what is around chunks."""

    def around(self, content: str | None, chunks: Sequence[Chunk]) -> Around:
        """Give what is known around the chunks of a document; reads nothing yet. `content` is the
        id of what it is the text of, None for one that is nowhere kept.

        Raises, when something is prepared, TemporaryError where PostgreSQL does not answer, and
        UnavailableError for a snapshot that is gone.
        """
        ...


def completed(prepared: Prepared, found: Sequence[Sequence[NamedThing]]) -> Context:
    """Add the names that were found in the chunks before, by their places."""
    before = found[prepared.before] if prepared.before is not None else ()
    names = [name for place in prepared.like for name in found[place]]
    similar = tuple(dict.fromkeys((*names, *prepared.context.similar)))[:SHOWN]
    own = {"before": tuple(dict.fromkeys(before))[:SHOWN], "similar": similar}
    return prepared.context.model_copy(update=own)


def ahead(around: Around, count: int) -> Iterator[Prepared]:
    """Give what is prepared for each of `count` chunks, in order; that of the next one is being
    prepared while the caller has this one.
    """
    if not count:
        return
    with ThreadPoolExecutor(1, thread_name_prefix="context") as other:
        coming = other.submit(around.prepare, 0)
        for index in range(count):
            prepared = coming.result()
            if index + 1 < count:
                coming = other.submit(around.prepare, index + 1)
            yield prepared


def head_of(chunks: Sequence[Chunk], index: int) -> str:
    """Put together the head of a document as far as it stands before a chunk. Where blanks stand
    between chunks, it has the end of a line.
    """
    head, end = "", 0
    for chunk in chunks[:index]:
        head += ("\n" if head and chunk.start > end else "") + chunk.text
        end = chunk.end
        if len(head) >= HEAD_CHARACTERS:
            break
    return head[:HEAD_CHARACTERS]


@dataclass(frozen=True)
class DocumentAlone:
    """Knows what documents say themselves, and keeps nothing. `sketch` makes sketches of texts."""

    sketch: Callable[[Sequence[str]], Sequence[bytes]]

    def around(self, content: str | None, chunks: Sequence[Chunk]) -> Around:
        """Give what a document says around its chunks (see `Contexts`)."""
        return ChunksAround(chunks, lambda: self.sketch([chunk.text for chunk in chunks]))


@dataclass(frozen=True)
class ChunksAround:
    """What a document says around its own chunks, and what a project says of them where `tell` is
    given. Sketches are asked for once, when the first of them is needed.
    """

    chunks: Sequence[Chunk]
    sketch: Sketch
    tell: Tell | None = None

    def prepare(self, index: int) -> Prepared:
        """Bring together what no answer decides about a chunk."""
        earlier = max(index - 1, 0)
        # A short document needs none: nobody has to make them.
        sketches = self._sketches if earlier or self.tell else ()
        context = self.tell(self.chunks[index].text, sketches[index]) if self.tell else Context()
        return Prepared(
            context.model_copy(update={"head": head_of(self.chunks, index)}),
            index - 1 if index else None,
            nearest(sketches[index], sketches[:earlier], ALIKE) if earlier else (),
        )

    @cached_property
    def _sketches(self) -> Sequence[bytes]:
        return self.sketch()
