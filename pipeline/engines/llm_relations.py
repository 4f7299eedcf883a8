"""Relations by a language model: it is asked what a chunk says of the names that were found in it,
by whomever.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from pipeline.documents import Chunk, Mention
from pipeline.engines.llm_interview import Interview, Interviewed
from pipeline.llm.answers import BadAnswerError, relations_in
from pipeline.llm.context import Context, NamedThing
from pipeline.llm.evidence import KeptRelations, kept_relations, numbered
from pipeline.llm.prompts import Numbered

CODE = "1"
"""Raised with every change of what is made of the answers."""


class LlmRelations:
    """Reads the relations of chunks. Any number of threads may ask, each for a document of its own.
    Raises UsageError for a schema without predicates.
    """

    def __init__(self, interview: Interview) -> None:
        interview.to_relate("", (), Context())
        self._interview = interview
        self.version = f"llm {CODE}, {interview.version}"

    @property
    def configuration(self) -> dict[str, Any]:
        """Say what decides its relations beside its version."""
        return self._interview.configuration

    def read(self, chunks: Sequence[Chunk], mentions: Sequence[Mention]) -> list[KeptRelations]:
        """Give what each chunk of a document says of its mentions, by their indices.

        Raises BadAnswerError for a chunk that stays without an answer, where patterns are not to
        look there, and as `Answering.answer`.
        """
        kept: list[KeptRelations] = []
        found: list[tuple[NamedThing, ...]] = []
        for about in self._interview.about(chunks):
            names = numbered(about.chunk, self._interview.schema, mentions)
            try:
                kept.append(self._kept(about, mentions, names, found))
            except BadAnswerError as error:
                trouble = self._interview.pass_over(about.chunk, error)
                kept.append(KeptRelations(trouble=trouble))
            found.append(tuple(NamedThing(name=name.name, type=name.type) for name in names))
        return kept

    def _kept(
        self,
        about: Interviewed,
        mentions: Sequence[Mention],
        names: Sequence[Numbered],
        found: Sequence[Sequence[NamedThing]],
    ) -> KeptRelations:
        """Ask for the relations of a chunk, and keep those that it states."""
        chunk, interview = about.chunk, self._interview
        if not self._can_relate(names):
            return KeptRelations()
        question = interview.to_relate(chunk.text, names, about.context(found))
        said = interview.ask(question, relations_in)
        return kept_relations(chunk, interview.schema, mentions, names, said)

    def _can_relate(self, names: Sequence[Numbered]) -> bool:
        """Say whether there are two names that some predicate can stand between."""
        schema = self._interview.schema
        if len({name.name for name in names}) < 2:
            return False
        kinds = {name.type for name in names}
        return any(
            schema.allows(predicate, *ends)
            for predicate in schema.predicates
            for ends in product(kinds, kinds)
        )
