"""How a language model is asked about the chunks of documents: what both tasks have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from pipeline.documents import Chunk
from pipeline.errors import UsageError
from pipeline.identity import canonical_json, sha256_hex
from pipeline.llm import prompts
from pipeline.llm.answering import Answering
from pipeline.llm.answers import BadAnswerError, SaidEntity
from pipeline.llm.around import Contexts, Prepared, ahead, completed
from pipeline.llm.asking import Message, Question, Reply
from pipeline.llm.charging import present_charge
from pipeline.llm.context import Budget, Context, NamedThing, within
from pipeline.llm.example_sets import ExampleSet
from pipeline.llm.prompts import Numbered
from pipeline.llm.schema import Schema
from pipeline.llm.settings import LlmSettings

HASH_DIGITS = 16
ANY_JSON: dict[str, Any] = {"type": "object"}
DECIDING = ("model", "answer_format", "answer_bound", "sampling", "temperature", "answer_tokens",
            "form_bounds", "fallback")  # fmt: skip
"""Settings that decide what is asked, or what becomes of it; the others say how it is asked."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Interview:
    """Asks about one chunk after the other, for any number of threads. `answering` is made when
    something is asked; `contexts` know what is around chunks, and `identity` says what decides
    that. Raises UsageError where no model is named.
    """

    settings: LlmSettings
    schema: Schema
    answering: Callable[[], Answering]
    contexts: Contexts
    examples: ExampleSet = field(default_factory=ExampleSet)
    identity: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.settings.model:
            raise UsageError(
                "no language model is named: set CASEGRAPH_LLM__MODEL, and CASEGRAPH_LLM__BASE_URL "
                "to where it is served"
            )

    @property
    def version(self) -> str:
        """Name what asks, and what is asked."""
        return f"{self.settings.model}, prompts {prompts.VERSION}"

    @property
    def configuration(self) -> dict[str, Any]:
        """Say what decides the questions beside documents. Where and with what patience they are
        asked does not.
        """
        return {
            **self.settings.model_dump(mode="json", include=set(DECIDING)),
            "schema": sha256_hex(canonical_json(self.schema.model_dump(mode="json")))[:HASH_DIGITS],
            # Whole: by it the examples are found that a project's plan was made with.
            "examples": self.examples.hash,
            "context": {**self._budget.model_dump(), **self.identity},
        }

    @property
    def _budget(self) -> Budget:
        return Budget(tokens=self.settings.context_tokens, names=self.settings.context_names)

    @cached_property
    def _form_to_find(self) -> dict[str, Any]:
        return prompts.form_to_find(self.schema, bounded=self.settings.form_bounds)

    @cached_property
    def _form_to_relate(self) -> dict[str, Any]:
        return prompts.form_to_relate(self.schema, bounded=self.settings.form_bounds)

    def about(self, chunks: Sequence[Chunk]) -> Iterator[Interviewed]:
        """Yield each chunk of one document with what is around it; that of the next one is got
        ready while the caller asks about this one. Raises as `Around.prepare`.
        """
        around = self.contexts.around(present_charge().content, chunks)
        for chunk, prepared in zip(chunks, ahead(around, len(chunks)), strict=True):
            yield Interviewed(chunk, prepared, self._budget)

    def to_find(self, text: str, context: Context) -> Question:
        """Make the question for the names of a chunk."""
        messages = prompts.to_find(self.schema, text, context, self.examples.examples)
        return self._question(messages, "entities", self._form_to_find)

    def to_find_more(self, question: Question, found: Sequence[SaidEntity]) -> Question:
        """Make the question for the names that the answer to another one missed."""
        messages = prompts.to_find_more(question.messages, found)
        return self._question(messages, "entities", self._form_to_find)

    def to_relate(self, text: str, names: Sequence[Numbered], context: Context) -> Question:
        """Make the question for what a chunk says of names. Raises UsageError for a schema without
        predicates.
        """
        messages = prompts.to_relate(self.schema, text, names, context, self.examples.examples)
        return self._question(messages, "relations", self._form_to_relate)

    def _question(
        self, messages: Sequence[Message], form_name: str, form: Mapping[str, Any]
    ) -> Question:
        by = self.settings
        # What is not sent decides nothing, and what is sent instead does.
        forms = {"schema": dict(form), "json": ANY_JSON, "text": {}}
        return Question(
            model=by.model,
            messages=tuple(messages),
            form_name=form_name,
            form=forms[by.answer_format],
            at_most=by.answer_tokens,
            temperature=by.temperature if by.sampling else None,
        )

    def ask(self, question: Question, read: Callable[[Reply], T]) -> T:
        """Ask a question and read its answer. Raises as `Answering.answer`."""
        return self.answering().answer(question, read)

    def pass_over(self, chunk: Chunk, error: BadAnswerError) -> str:
        """Say why a chunk is read without the model. Raises the error where a document fails
        instead.
        """
        if self.settings.fallback == "fail":
            raise error
        logger.warning(
            "a chunk is read without the language model (characters %d to %d): %s",
            chunk.start, chunk.end, error.code,
        )  # fmt: skip
        return error.code


@dataclass(frozen=True)
class Interviewed:
    """A chunk that a question is about."""

    chunk: Chunk
    prepared: Prepared
    budget: Budget

    def context(self, found: Sequence[Sequence[NamedThing]]) -> Context:
        """Give what the question says beside the chunk; `found` are the names of all chunks before
        it, by their places.
        """
        return within(completed(self.prepared, found), self.budget)
