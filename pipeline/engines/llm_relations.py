"""Relations by a language model: it is asked what a chunk says of the names that were found in it,
by whomever.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from pipeline.documents import Chunk, Mention
from pipeline.engines.llm_interview import Interview, Interviewed
from pipeline.llm import prompts
from pipeline.llm.answers import BadAnswerError, relations_in
from pipeline.llm.context import NamedThing
from pipeline.llm.evidence import KeptRelations, kept_relations, numbered
from pipeline.llm.prompts import Numbered

CODE = "1"
"""Raised with every change of what is made of the answers."""
FORM = "relations"


class LlmRelations:
    """Reads the relations of chunks. Any number of threads may ask, each for a document of its own.
    Raises UsageError for a schema without predicates.
    """

    def __init__(self, interview: Interview) -> None:
        self._interview = interview
        self._form = prompts.form_to_relate(
            interview.schema, bounded=interview.settings.form_bounds
        )
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
        found: list[KeptRelations] = []
        before: tuple[NamedThing, ...] = ()
        for about in self._interview.about(chunks):
            names = numbered(about.chunk, self._interview.schema, mentions)
            try:
                found.append(self._kept(about, mentions, names, before))
            except BadAnswerError as error:
                trouble = self._interview.pass_over(about.chunk, error)
                found.append(KeptRelations(trouble=trouble))
            before = tuple(NamedThing(name=name.name, type=name.type) for name in names)
        return found

    def _kept(
        self,
        about: Interviewed,
        mentions: Sequence[Mention],
        names: Sequence[Numbered],
        before: Sequence[NamedThing],
    ) -> KeptRelations:
        """Ask for the relations of a chunk, and keep those that it states."""
        chunk, schema = about.chunk, self._interview.schema
        if not self._can_relate(names):
            return KeptRelations()
        messages = prompts.to_relate(
            schema, chunk.text, names, about.context(before), self._interview.examples
        )
        said = self._interview.ask(messages, FORM, self._form, relations_in)
        return kept_relations(chunk, schema, mentions, names, said)

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
