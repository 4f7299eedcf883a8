"""What asks language models, and where their answers are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from pipeline.errors import StoppedWaitingError
from pipeline.llm.answering import Answering, Terms
from pipeline.llm.asking import Question, Reply
from pipeline.patience import Stopping, never, pause
from pipeline.settings import Settings
from pipeline.stores.counted_answers import AnswerUse, CountedAnswers

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.engines.chat_model import ChatModel
    from pipeline.stores.llm_ledger import LlmLedger
    from pipeline.stores.redis_answers import CachedAnswers
    from pipeline.stores.redis_link import RedisLink

ASKED_SECONDS = 60.0
"""For how long a question is its asker's after the last sign of life."""


@dataclass(frozen=True)
class Answers:
    """Where answers are kept: in PostgreSQL, with copies where there is a way to Redis. `counted`
    says how often they served.
    """

    engine: Engine
    link: RedisLink | None
    ttl_seconds: int
    counted: AnswerUse = field(default_factory=AnswerUse)

    @property
    def stored(self) -> LlmLedger:
        """Give the ledger in PostgreSQL."""
        from pipeline.stores.llm_ledger import LlmLedger

        return LlmLedger(self.engine)

    @property
    def cached(self) -> LlmLedger | CachedAnswers:
        """Give the ledger with its copies."""
        from pipeline.stores.redis_answers import CachedAnswers

        if self.link is None:
            return self.stored
        return CachedAnswers(self.stored, self.link, self.ttl_seconds)


@dataclass(frozen=True)
class LanguageModel:
    """The model that the settings name, for all threads of a process. The client is made when
    something is asked that has no answer yet: only then a key is needed.
    """

    settings: Settings
    answers: Answers
    stopping: Stopping = never
    _lock: Lock = field(default_factory=Lock)
    _made: list[ChatModel] = field(default_factory=list)

    def ask(self, question: Question) -> Reply:
        """See `ChatModel.ask`. Raises UnavailableError also where a key is missing."""
        return self._chat().ask(question)

    def close(self) -> None:
        """Let go of what is under way."""
        with self._lock:
            made = list(self._made)
        for chat in made:
            chat.close()

    @cached_property
    def answering(self) -> Answering:
        """Give what answers questions from what is kept, and else asks."""
        from pipeline.stores.patient_answers import Heartbeat, PatientAnswers

        heartbeat = Heartbeat(self.answers.stored.renew, ASKED_SECONDS)
        return Answering(
            self,
            PatientAnswers(
                CountedAnswers(self.answers.cached, self.answers.counted),
                self.settings.run.patience_seconds,
                self.stopping,
            ),
            Terms(
                self.settings.llm.prices,
                ASKED_SECONDS,
                self.settings.llm.answers,
                self.settings.llm.tries,
            ),
            sleep=self._sleep,
            alive=heartbeat.alive,
        )

    def _chat(self) -> ChatModel:
        from pipeline.engines.chat_model import ChatModel
        from pipeline.stores.llm_pace import LlmPace

        with self._lock:
            if not self._made:
                pace = LlmPace(self.settings.llm, self.answers.link)
                self._made.append(ChatModel(self.settings.llm, pace, stopping=self.stopping))
            return self._made[0]

    def _sleep(self, seconds: float) -> None:
        pause(seconds, self.stopping)
        if self.stopping():
            raise StoppedWaitingError("stopped; what the model has answered is kept: run again")


def nobody() -> Answering:
    """Say that nothing can be asked: where stages are only named."""
    raise LookupError("stages that ask a language model were built without a place for answers")
