"""What language models would be asked about chunks and what that would cost, beforehand: pure.

The questions are made as a stage makes them, and what is only known later is put in by shares of
the text, somewhat above what was measured on documents of many kinds (names 0.36, their list 0.18,
relations 0.18). A context counts with all that it may have. What a provider reads again is not
counted as cheaper. So an estimate is more often too high than too low, and is no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.counting import counted
from pipeline.documents import StageName, Value
from pipeline.llm.asking import Price, Question, Usage
from pipeline.llm.charging import MILLIONTHS, dollars, millionths
from pipeline.llm.context import Budget, tokens_of

NAMES_SAID, NAMES_LISTED, RELATIONS_SAID = 0.5, 0.25, 0.25
"""Tokens of an answer with names, of the list of names in a question, and of an answer with
relations, for each token of a chunk.
"""
NO_ANSWER = 10
"""Tokens of an answer that says nothing."""


@dataclass(frozen=True)
class Way:
    """How one stage asks about chunks. `question` makes the question about a chunk's text, without
    a context; it is what will be asked about the first chunk of a document where `exact`. The other
    numbers are tokens: of the context of the first chunk and of the others, at most, and of what
    comes to the question and of the answer, for each of the text. Each chunk is asked about in so
    many `passes`: those after the first show what was answered.
    """

    stage: StageName
    question: Callable[[str], Question]
    first_context: int = 0
    context: int = 0
    added: float = 0.0
    said: float = NAMES_SAID
    exact: bool = False
    passes: int = 1

    def usage(self, text: str, *, first: bool) -> Usage:
        """Estimate the tokens of a chunk's questions and answers."""
        question, of_text = self.question(text), tokens_of(text)
        asked = sum(tokens_of(message.content) for message in question.messages)
        asked += self.first_context if first else self.context
        asked += round(of_text * self.added)
        said = min(NO_ANSWER + round(of_text * self.said), question.at_most)
        again = self.passes - 1
        return Usage(
            tokens_in=asked + again * (asked + said + NO_ANSWER),
            tokens_out=said + again * NO_ANSWER,
        )


def finding(
    question: Callable[[str], Question],
    budget: Budget,
    *,
    of_project: bool = False,
    passes: int = 1,
) -> Way:
    """Say how names are asked for, by a question for each text. Only with a context of the project
    has a document's first chunk something around it.
    """
    return Way(
        StageName.EXTRACT,
        question,
        first_context=budget.tokens if of_project else 0,
        context=budget.tokens,
        exact=not of_project,
        passes=passes,
    )


def relating(
    question: Callable[[str], Question], budget: Budget, *, of_project: bool = False
) -> Way:
    """Say how relations are asked for, as `finding` does; which names a chunk has is not known."""
    return Way(
        StageName.RELATE,
        question,
        first_context=budget.tokens if of_project else 0,
        context=budget.tokens,
        added=NAMES_LISTED,
        said=RELATIONS_SAID,
    )


class Estimate(Value):
    """What would be asked about some documents: `questions`, beside those that are `kept` answers
    and cost nothing. `unread` counts documents whose chunks are not known.
    """

    documents: int = 0
    unread: int = 0
    chunks: int = 0
    questions: int = 0
    kept: int = 0
    usage: Usage = Usage()

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            documents=self.documents + other.documents,
            unread=self.unread + other.unread,
            chunks=self.chunks + other.chunks,
            questions=self.questions + other.questions,
            kept=self.kept + other.kept,
            usage=self.usage + other.usage,
        )

    def cost(self, price: Price | None) -> int | None:
        """Say what it would cost, in millionths of a US dollar; None without a price."""
        return None if price is None else millionths(price.of(self.usage))

    def as_json(self, price: Price | None) -> dict[str, Any]:
        """Give the object that `run --dry-run --json` prints; money is in US dollars."""
        cost = self.cost(price)
        return {
            **self.model_dump(exclude={"usage"}),
            "tokens_in": self.usage.tokens_in,
            "tokens_out": self.usage.tokens_out,
            "cost": None if cost is None else cost / MILLIONTHS,
        }

    def said(self, price: Price | None) -> str:
        """Say it in one line."""
        kept = f" ({self.kept:,} more have answers)" if self.kept else ""
        cost = self.cost(price)
        worth = "; the model has no price" if cost is None else f", about {dollars(cost)}"
        return (
            f"{counted(self.questions, 'question')}{kept} about {counted(self.chunks, 'chunk')} of "
            f"{counted(self.documents, 'document')}: some {self.usage.tokens_in:,} tokens in and "
            f"{self.usage.tokens_out:,} out{worth}"
        )


NOTHING = Estimate()


def of_document(
    chunks: Sequence[str], ways: Iterable[Way], kept: Mapping[StageName, int]
) -> Estimate:
    """Estimate what would be asked about one document. `kept` counts its questions of a stage that
    have answers: those about its first chunks, since a document is asked about in order.
    """
    total = Estimate(documents=1, chunks=len(chunks))
    for way in ways:
        known = min(kept.get(way.stage, 0) // way.passes, len(chunks))
        usage = Usage()
        for index in range(known, len(chunks)):
            usage += way.usage(chunks[index], first=index == 0)
        asked = (len(chunks) - known) * way.passes
        total += Estimate(questions=asked, kept=known * way.passes, usage=usage)
    return total
