"""Answers of language models in Redis, before PostgreSQL: what every node has at hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipeline import codec
from pipeline.errors import PermanentError, TemporaryError
from pipeline.llm.asking import Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge
from pipeline.stores import keys
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.redis_link import RedisLink


@dataclass(frozen=True)
class CachedAnswers:
    """A ledger whose answers Redis has too, for a while. While Redis is away the ledger serves."""

    ledger: LlmLedger
    link: RedisLink
    ttl_seconds: int

    def find(self, questions: Sequence[Question]) -> Reply | None:
        """Read the answer that was paid for to the first of these, of one model, that has one."""
        values: Sequence[bytes | None] = ()
        with suppress(TemporaryError), self.link.answering() as client:
            values = client.mget([_key(question) for question in questions])
        for value in values:
            if value is not None:
                with suppress(PermanentError):
                    return codec.decode(Reply, value)
        known = self.ledger.look_up(questions)
        if known is None:
            return None
        self._put(*known)
        return known[1]

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """See `LlmLedger.used`."""
        self.ledger.used(questions, charge)

    def claim(
        self, question: Question, charge: Charge, most: int, seconds: float
    ) -> Reply | Asked | None:
        """See `LlmLedger.claim`."""
        return self.ledger.claim(question, charge, most, seconds)

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> bool:
        """Keep an answer: PostgreSQL has it before Redis does. See `LlmLedger.keep`."""
        kept = self.ledger.keep(asked, question, charge, reply, cost)
        if kept:
            self._put(question, reply)
        return kept

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """See `LlmLedger.fail`."""
        self.ledger.fail(asked, code, usage, cost)

    def _put(self, question: Question, reply: Reply) -> None:
        with suppress(TemporaryError), self.link.answering() as client:
            client.set(_key(question), codec.encode(reply), ex=self.ttl_seconds)


def _key(question: Question) -> Any:
    return keys.llm_response(question.model, question.hash)
