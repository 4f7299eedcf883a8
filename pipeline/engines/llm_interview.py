"""How a language model is asked about the chunks of documents: what both tasks have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pipeline.documents import Chunk
from pipeline.errors import UsageError
from pipeline.identity import canonical_json, sha256_hex
from pipeline.llm import prompts
from pipeline.llm.answering import Answering
from pipeline.llm.answers import BadAnswerError
from pipeline.llm.asking import Message, Question, Reply
from pipeline.llm.context import Budget, Context, within
from pipeline.llm.examples import Example
from pipeline.llm.schema import Schema
from pipeline.llm.surroundings import DocumentAlone, Surroundings, beginning, with_own
from pipeline.settings import LlmSettings

HASH_DIGITS = 16
DECIDING = ("model", "answer_format", "answer_bound", "sampling", "temperature", "answer_tokens",
            "form_bounds", "fallback")  # fmt: skip
"""Settings that decide what is asked, or what becomes of it; the others say how it is asked."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Interview:
    """Asks about one chunk after the other, for any number of threads. `answering` is made when
    something is asked. Raises UsageError where no model is named.
    """

    settings: LlmSettings
    schema: Schema
    answering: Callable[[], Answering]
    examples: Sequence[Example] = ()
    surroundings: Surroundings = field(default_factory=DocumentAlone)

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
        settings = self.settings.model_dump(mode="json", include=set(DECIDING))
        shown = [example.model_dump(mode="json") for example in self.examples]
        return {
            **settings,
            "schema": _hashed(self.schema.model_dump(mode="json")),
            "examples": _hashed(shown),
            "context": {**self._budget.model_dump(), **self.surroundings.identity},
        }

    @property
    def _budget(self) -> Budget:
        return Budget(tokens=self.settings.context_tokens, names=self.settings.context_names)

    def about(self, chunks: Sequence[Chunk]) -> Iterator[Interviewed]:
        """Yield each chunk of one document with what is around it."""
        head = beginning(chunks)
        for chunk, context in zip(chunks, self.surroundings.around(chunks), strict=True):
            yield Interviewed(chunk, context, head, self._budget)

    def ask(
        self,
        messages: Sequence[Message],
        form_name: str,
        form: Mapping[str, Any],
        read: Callable[[Reply], T],
    ) -> T:
        """Ask a question and read its answer. Raises as `Answering.answer`."""
        question = Question(
            model=self.settings.model,
            messages=tuple(messages),
            form_name=form_name,
            form=dict(form),
            at_most=self.settings.answer_tokens,
            temperature=self.settings.temperature,
        )
        return self.answering().answer(question, read)

    def pass_over(self, chunk: Chunk, error: BadAnswerError) -> str:
        """Say why a chunk is read without the model. Raises the error where a document fails
        instead.
        """
        if self.settings.fallback == "fail":
            raise error
        logger.warning(
            "a chunk is read without the language model (characters %d to %d): %s: %s",
            chunk.start, chunk.end, error.code, error.message,
        )  # fmt: skip
        return error.code


@dataclass(frozen=True)
class Interviewed:
    """A chunk that a question is about."""

    chunk: Chunk
    around: Context
    head: str
    budget: Budget

    def context(self, before: Sequence[Any]) -> Context:
        """Give what the question says beside the chunk; `before` are the names of that before."""
        own = with_own(self.around, self.head, self.chunk.start, before)
        return within(own, self.budget)


def _hashed(value: Any) -> str:
    return sha256_hex(canonical_json(value))[:HASH_DIGITS]
