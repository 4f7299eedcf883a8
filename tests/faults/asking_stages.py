"""The small stages with one that asks a language model: `extract`, for the names of each line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from scripted_llm import Asked as Request
from scripted_llm import Exchange, answering

from faults import poison, small_stages
from pipeline.assembly import Hosted, Stores
from pipeline.assembly import stages as assembled
from pipeline.documents import (
    Chunk,
    Chunks,
    DocumentFailure,
    Mention,
    Mentions,
    MentionType,
    StageName,
)
from pipeline.engines.chat_model import ChatModel
from pipeline.llm.answering import Answering, Terms
from pipeline.llm.answers import BadAnswerError, entities_in
from pipeline.llm.asking import Message, Question
from pipeline.llm.estimating import Way
from pipeline.settings import Settings
from pipeline.stage import StageIdentity
from pipeline.stores import postgres
from pipeline.stores.llm_ledger import LlmLedger

MODEL = "small"
CLAIMED = "SMALL_CLAIM_SECONDS"
"""For how long nobody else asks what a process has taken on to ask."""
LONGEST_ANSWER = 100


def naming(exchange: Exchange, request: Request) -> None:
    """Answer as a good model does: with the people of the text."""
    answering(_names)(exchange, request)


def _names(request: Request) -> dict[str, Any]:
    found = small_stages.PERSON.findall(request.text)
    return {"entities": [{"text": name, "type": "PERSON"} for name in found]}


def question(text: str) -> Question:
    """Ask for the names of a line."""
    asked = (Message(role="user", content=text),)
    return Question(model=MODEL, messages=asked, form_name="entities", at_most=LONGEST_ANSWER)


@dataclass(frozen=True)
class AskingStage:
    """Finds what `small_stages.find` finds, where a good model is asked."""

    answering: Answering

    @property
    def identity(self) -> StageIdentity:
        return StageIdentity(stage=StageName.EXTRACT, version="small 1")

    def __call__(self, inputs: Sequence[Chunks]) -> Sequence[Mentions | DocumentFailure]:
        return [self._found(chunks) for chunks in inputs]

    def _found(self, chunks: Chunks) -> Mentions | DocumentFailure:
        poison.taken(StageName.EXTRACT, poison.text_of(chunks))
        mentions: list[Mention] = []
        try:
            for chunk in chunks.chunks:
                mentions += self._in(chunk)
        except BadAnswerError as error:
            return DocumentFailure(stage=StageName.EXTRACT, error=error.code, message=error.message)
        return Mentions(mentions=tuple(mentions))

    def _in(self, chunk: Chunk) -> list[Mention]:
        said = {x.text for x in self.answering.answer(question(chunk.text), entities_in)}
        return [
            Mention(
                start=chunk.start + found.start(),
                end=chunk.start + found.end(),
                text=found.group(),
                type=MentionType.PERSON,
                page=1,
                model="small",
            )
            for found in small_stages.PERSON.finditer(chunk.text)
            if found.group() in said
        ]


def waits(settings: Settings) -> dict[StageName, int]:
    extract = settings.extract.model_copy(update={"extractor": "llm"})
    return assembled.waits(settings.model_copy(update={"extract": extract}))


def ways(settings: Settings, _shown: object) -> list[Way]:
    """Say how the stage asks, for an estimate."""
    return [Way(StageName.EXTRACT, question, said=0.5, exact=True)]


def host(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
    if stage is not StageName.EXTRACT:
        return small_stages.host(stage, settings, stores)
    assert settings.database_url is not None
    stopping = Event()
    model = ChatModel(settings.llm, stopping=stopping.is_set)
    ledger = LlmLedger(postgres.engine_of(settings.database_url.get_secret_value()))
    terms = Terms(settings.llm.prices, seconds=float(os.environ.get(CLAIMED, "60")))
    asking = Answering(model, ledger, terms, sleep=model.pause)
    return Hosted(AskingStage(asking), close=model.close, stop=stopping.set)
