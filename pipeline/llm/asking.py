"""Questions to a language model and its answers, as values: pure."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from pipeline.documents import Value

MOST_ATTEMPTS = 10
"""How often a question may be asked for an answer that can be used."""
FRAME_TOKENS = 16
"""Around a message, at most: templates set signs there."""


class Message(Value):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Question(Value):
    """All that decides an answer, and no more: what is asked twice is the same question.

    `form` is the JSON schema of the answer, `form_name` its name. `at_most` bounds the answer, in
    tokens. Without a `temperature` the endpoint's own holds. `attempt` counts the answers to it
    that could not be used.
    """

    model: str
    messages: tuple[Message, ...]
    form_name: str
    form: dict[str, Any] = Field(default_factory=dict)
    at_most: int = 2048
    temperature: float | None = 0.0
    attempt: int = 0

    @property
    def hash(self) -> str:
        """Hash it: under this its answer is kept. Not remembered, since a changed copy would take
        the hash along.
        """
        said = json.dumps(
            self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def again(self, attempt: int, temperature: float) -> Question:
        """Ask it again, for another answer; attempt 0 is the question itself."""
        if not attempt:
            return self
        warmth = None if self.temperature is None else temperature
        return self.model_copy(update={"attempt": attempt, "temperature": warmth})

    @property
    def most_tokens(self) -> int:
        """Say how many tokens it can have at most: no tokenizer makes more of a text than it has
        bytes, and figures or scripts that it was not made for come near that.
        """
        sent = [*(message.content for message in self.messages), json.dumps(self.form)]
        bytes_ = sum(len(part.encode("utf-8", "surrogatepass")) for part in sent)
        return bytes_ + FRAME_TOKENS * len(self.messages)


class Usage(Value):
    """The tokens of one or more calls. `tokens_cached` are those of `tokens_in` that the provider
    had read before.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            tokens_cached=self.tokens_cached + other.tokens_cached,
        )


class Ending(StrEnum):
    """Why a model stopped."""

    DONE = "done"
    TOO_LONG = "too_long"
    REFUSED = "refused"


class Reply(Value):
    """What a model answered, word by word."""

    text: str
    ending: Ending = Ending.DONE
    usage: Usage = Usage()


class Price(Value):
    """What a model costs, in US dollars for a million tokens. `cached` is for tokens that the
    provider had read before; without it they cost what others do.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)

    def of(self, usage: Usage) -> float:
        """Say what calls cost, in dollars."""
        cached = self.input if self.cached is None else self.cached
        fresh = max(usage.tokens_in - usage.tokens_cached, 0)
        total = fresh * self.input + usage.tokens_cached * cached + usage.tokens_out * self.output
        return total / 1_000_000
