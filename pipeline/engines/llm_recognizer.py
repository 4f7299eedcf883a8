"""Names by a language model; sentences are parsed by a spaCy model, which also reads what the
language model has no answer for, where the settings say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.documents import Chunk, MentionType
from pipeline.engines.llm_interview import Interview, Interviewed
from pipeline.engines.named_reading import NamedReading
from pipeline.llm.answers import BadAnswerError, entities_in
from pipeline.llm.context import NamedThing
from pipeline.llm.keeping import KeptNames, kept_names
from pipeline.llm.troubles import summed

if TYPE_CHECKING:
    from pipeline.engines.spacy_recognizer import ChunkReading, SpacyRecognizer

CODE = "1"
"""Raised with every change of what is made of the answers."""


class LlmRecognizer:
    """Reads chunks in order, since a question shows the names of the chunk before. Any number of
    threads may ask, each for a document of its own.
    """

    def __init__(self, interview: Interview, local: SpacyRecognizer) -> None:
        self._interview = interview
        self._local = local
        self.model = interview.settings.model
        self.language = local.language
        self.version = f"llm {CODE}, {interview.version}; {local.version}"
        bases = {kind.base.value: kind.base for kind in interview.schema.types}
        self.kept: Mapping[str, MentionType] = {**local.kept, **bases}

    @property
    def configuration(self) -> dict[str, Any]:
        """Say what decides its names beside its version."""
        return {
            "extractor": "llm",
            "parser": self._local.configuration["model"],
            "second_pass": self._interview.settings.second_pass,
            **self._interview.configuration,
        }

    def reads(self, language: str | None) -> bool:
        """Say yes: a language model reads what it can."""
        return True

    def load(self) -> None:
        """Load the model that parses."""
        self._local.load()

    def read(
        self, chunks: Sequence[Chunk], batch: int, language: str | None = None
    ) -> list[NamedReading]:
        """Give one reading for each chunk of a document.

        Raises BadAnswerError for a chunk that stays without an answer, where nobody else is to
        read it, and as `Answering.answer`.
        """
        parsed: Sequence[ChunkReading | None] = [None] * len(chunks)
        if self._local.reads(language):
            parsed = self._local.read(chunks, batch)
        readings: list[NamedReading] = []
        found: list[tuple[NamedThing, ...]] = []
        for about, by_local in zip(self._interview.about(chunks), parsed, strict=True):
            try:
                kept = self._kept(about, found)
            except BadAnswerError as error:
                trouble = self._interview.pass_over(about.chunk, error)
                readings.append(_of_local(by_local, trouble))
                found.append(())
            else:
                readings.append(
                    NamedReading(self.model, kept.names, summed([kept.dropped]), parsed=by_local)
                )
                found.append(self._things(about.chunk, kept))
        return readings

    def _kept(self, about: Interviewed, found: Sequence[Sequence[NamedThing]]) -> KeptNames:
        """Ask for the names of a chunk, and keep those that stand there."""
        chunk, interview = about.chunk, self._interview
        if not any(map(str.isalnum, chunk.text)):
            return KeptNames()
        question = interview.to_find(chunk.text, about.context(found))
        said = interview.ask(question, entities_in)
        if interview.settings.second_pass:
            more = interview.ask(interview.to_find_more(question, said), entities_in)
            said = list(dict.fromkeys([*said, *more]))
        return kept_names(chunk, interview.schema, said)

    def _things(self, chunk: Chunk, kept: KeptNames) -> tuple[NamedThing, ...]:
        """List the names of a chunk as the question about the next one shows them."""
        schema = self._interview.schema
        found = (
            NamedThing(
                name=chunk.text[name.start - chunk.start : name.end - chunk.start],
                type=schema.kind_of(name.type, name.subtype),
            )
            for name in kept.names
        )
        return tuple(dict.fromkeys(found))


def _of_local(reading: ChunkReading | None, trouble: str) -> NamedReading:
    """Take a chunk as the local model reads it; without one it has no names."""
    if reading is None:
        return NamedReading("", trouble=trouble)
    return NamedReading(reading.model, list(reading.spans()), trouble=trouble, parsed=reading)
