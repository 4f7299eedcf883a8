"""What the stages of a run came to, and what is measured of it, with a clock in the test's hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from written_metrics import Written

from actors.calls import Answer, Call, Outcome, Task
from actors.metrics import METRICS, Kind, Meters
from actors.tally import MOST_TYPES, OTHER, AtWork, OfType, Tally
from actors.waits import Spread, Waits
from pipeline.documents import DocumentFailure, StageName
from pipeline.sources import Identified, Located
from pipeline.stage import Chain, Link
from pipeline.stores.protocols import CacheUse

EXTRACT = StageName.EXTRACT


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    clock: Clock = field(default_factory=Clock)
    written: Written = field(default_factory=Written)

    def __post_init__(self) -> None:
        self.waits = Waits(self.clock)
        self.tally = Tally(Meters("p", self.written.make), self.waits, self.clock)

    def call(self, number: int, *contents: str, type_: str = "text/plain") -> Call:
        for content in contents:
            self.waits.admit(content)
        return Call(
            number=number, stage=EXTRACT, actor=0, tasks=tuple(task(x, type_) for x in contents)
        )


def task(content: str, type_: str) -> Task:
    return Task(
        content_id=content,
        document_id=f"of {content}",
        located=Located(uri="file:///a", name="a", blob=None),
        identified=Identified(sha256="0", media_type=type_, size=1),
        chain=Chain(),
    )


def made(content: str, seconds: float = 0.0, *, reused: bool = False) -> Outcome:
    link = Link(stage=EXTRACT, fingerprint="f", digest="d")
    return Outcome(content_id=content, link=link, seconds=seconds, reused=reused)


def test_what_a_stage_made_is_counted_by_type_and_measured() -> None:
    scene = Scene()
    call = scene.call(1, "a", "b", "c", "d")
    scene.clock.now += 2
    scene.tally.sent(call)
    scene.clock.now += 5
    failure = DocumentFailure(stage=EXTRACT, error="no", message="no")
    outcomes = (
        made("a", 1.5),
        made("b", reused=True),
        Outcome(content_id="c", failure=failure),
        Outcome(content_id="d"),
    )
    answer = Answer(
        outcomes=outcomes,
        waited=0.25,
        embeddings=CacheUse(asked=7, found=3),
        answers=CacheUse(asked=2, found=1),
    )
    scene.tally.answered(call, answer)

    work = scene.tally.work()
    stage = work.stages[EXTRACT]
    assert stage.types == {"text/plain": OfType(made=1, reused=1, failed=1, seconds=1.5)}
    assert stage.service == Spread(count=1, median=1.5, p95=1.5)
    assert stage.queue == Spread(count=4, median=2.0, p95=2.0)
    assert work.caches == {
        "checkpoint": CacheUse(asked=4, found=1),
        "embedding": CacheUse(asked=7, found=3),
        "answer": CacheUse(asked=2, found=1),
    }
    written = scene.written
    for outcome in ("made", "reused", "failed", "sent_back"):
        assert written("casegraph_contents_total", stage="extract", outcome=outcome) == [1]
    assert written("casegraph_queue_seconds", stage="extract") == [2.0] * 4
    assert written("casegraph_service_seconds", stage="extract") == [1.5]
    assert written("casegraph_store_wait_seconds", stage="extract") == [0.25]
    assert written("casegraph_cache_found_total", cache="embedding") == [3]
    assert written("casegraph_cache_asked_total", cache="answer") == [2]


def test_a_call_is_under_way_until_it_is_over_and_then_its_contents_wait_anew() -> None:
    scene = Scene()
    call = scene.call(1, "a")
    scene.tally.sent(call)
    scene.clock.now += 3
    other = scene.call(2, "b")
    scene.tally.sent(other)
    scene.clock.now += 4
    slots = {EXTRACT: 2}
    assert scene.tally.at_work(slots)[EXTRACT] == AtWork(calls=2, slots=2, oldest=7.0)

    scene.tally.lost(call)
    assert scene.tally.at_work(slots)[EXTRACT] == AtWork(calls=1, slots=2, oldest=4.0)
    scene.clock.now += 6
    scene.tally.sent(scene.call(3, "a"))
    scene.tally.postponed(other)
    assert scene.tally.work().stages[EXTRACT].lost == 1
    assert scene.tally.work().stages[EXTRACT].queue.p95 == 6.0
    assert scene.written("casegraph_contents_total", stage="extract", outcome="lost") == [1]


def test_types_without_end_are_counted_together() -> None:
    scene = Scene()
    for number in range(MOST_TYPES + 5):
        call = scene.call(number, f"c{number}", type_=f"application/x-{number}")
        scene.tally.sent(call)
        scene.tally.answered(call, Answer(outcomes=(made(f"c{number}", 1.0),)))
    types = scene.tally.work().stages[EXTRACT].types
    assert len(types) == MOST_TYPES + 1
    assert types[OTHER] == OfType(made=5, seconds=5.0)


def test_a_stall_is_news_once_and_a_mode_when_it_changes() -> None:
    scene = Scene()
    heard = [scene.tally.heard_stall(x, f"at {x}") for x in ("", "ocr", "ocr", "", "ocr", "relate")]
    assert heard == [False, True, False, False, True, True]
    scene.clock.now += 9
    for mode in ("accelerated", "database", "database", "accelerated"):
        scene.tally.heard_mode(mode, "away")
    work = scene.tally.work()
    assert [note.what for note in work.stalls] == ["ocr", "ocr", "relate"]
    assert [(note.what, note.after) for note in work.modes] == [
        ("database", 9.0), ("accelerated", 9.0),
    ]  # fmt: skip
    assert scene.written("casegraph_mode_changes_total", mode="database") == [1]


def test_a_metric_without_a_name_or_of_another_kind_is_refused() -> None:
    meters = Meters("p")
    with pytest.raises(KeyError):
        meters.count("casegraph_nothing_total")
    with pytest.raises(ValueError, match="is a gauge"):
        meters.count("casegraph_ready", stage="ocr")


def test_a_counter_follows_a_sum_that_is_counted_elsewhere_and_never_falls() -> None:
    written = Written()
    meters = Meters("p", written.make)
    for total in (5, 5, 3, 9):
        meters.count_to("casegraph_llm_tokens_total", total, kind="in")
    assert written("casegraph_llm_tokens_total", kind="in") == [5, 4]


def test_names_say_what_prometheus_expects_of_their_kind() -> None:
    for name, metric in METRICS.items():
        assert name.endswith("_total") == (metric.kind is Kind.COUNTER), name
        assert metric.help.endswith("."), name
