"""What recognisers give that find names and leave the parsing of sentences to a spaCy model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.documents import Parse
from pipeline.engines.found_spans import FoundSpan
from pipeline.llm.keeping import FoundName

if TYPE_CHECKING:
    from pipeline.engines.spacy_recognizer import ChunkReading


@dataclass(frozen=True)
class NamedReading:
    """A reading of one chunk, by the model of that name. `dropped` counts what that said and the
    text does not, `trouble` says why it was not read by it.
    """

    model: str
    names: Sequence[FoundName | FoundSpan] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    parsed: ChunkReading | None = None

    def spans(self) -> Iterator[FoundName | FoundSpan]:
        """Yield the names, in order."""
        return iter(self.names)

    def parse(self, start: int, end: int) -> Parse | None:
        """Give the dependency parse of a sentence; None in a language that nobody here parses."""
        return self.parsed.parse(start, end) if self.parsed else None
