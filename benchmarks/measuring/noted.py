"""Answers of a language model, kept and counted in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.llm.answers import entities_in, relations_in
from pipeline.llm.asking import Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge

READERS: dict[str, Any] = {"entities": entities_in, "relations": relations_in}


class NotedAnswers:
    """A ledger in the place of PostgreSQL's: it finds nothing that was answered before, so each
    question is asked, and takes down what came of it.
    """

    link = None

    def __init__(self) -> None:
        self.usage: Counter[str] = Counter()
        """Calls and tokens, those of answers that could not be used among them."""
        self.said: Counter[str] = Counter()
        """Entries of the answers that could be used, by the form asked for."""
        self.failed: Counter[str] = Counter()
        """Answers that could not be used, by the word for why."""
        self.texts: list[dict[str, str]] = []

    @property
    def stored(self) -> NotedAnswers:
        """Give itself: nothing is copied anywhere."""
        return self

    @property
    def cached(self) -> NotedAnswers:
        """Give itself."""
        return self

    def find(self, questions: Sequence[Question]) -> None:
        """Find nothing."""

    def used(self, questions: Sequence[Question], charge: Charge) -> None:
        """Note nothing: nothing is found."""

    def claim(self, question: Question, charge: Charge, most: int, seconds: float) -> Asked:
        """Take on a question."""
        return Asked(0, 0)

    def renew(self, asked: Asked, seconds: float) -> None:
        """Say that a question is under way still: nobody else would ask it."""

    def keep(
        self, asked: Asked, question: Question, charge: Charge, reply: Reply, cost: int
    ) -> None:
        """Take down an answer."""
        self._count(reply.usage)
        self.said[question.form_name] += len(READERS[question.form_name](reply))
        self.texts.append({"asked": question.messages[-1].content, "answer": reply.text})

    def fail(self, asked: Asked, code: str, usage: Usage, cost: int) -> None:
        """Take down that there is none."""
        self._count(usage)
        self.failed[code] += 1

    def _count(self, usage: Usage) -> None:
        self.usage.update(calls=1, tokens_in=usage.tokens_in, tokens_out=usage.tokens_out)
        self.usage["tokens_cached"] += usage.tokens_cached
