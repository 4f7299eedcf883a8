"""The scheduler with documents that are read in ranges of pages: no Ray, no clock."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.calls import Call, Outcome, Task
from actors.crew import SLOTS, Crew
from actors.flow import Flow
from actors.ranges import Ranges
from pipeline.documents import DocumentFailure, StageName
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES, Chain, Link

OCR = StageName.OCR
UNREAD = DocumentFailure(stage=OCR, error="source_missing", message="it is gone")


def task(name: str) -> Task:
    return Task(
        content_id=name,
        document_id=name,
        located=Located(uri=f"file:///{name}", name=name),
        identified=Identified(sha256="00" * 32, media_type="application/pdf", size=1),
        chain=Chain(),
    )


def flow_of(actors: int = 2, at_once: int = 10) -> Flow:
    return Flow(Crew({stage: set(range(actors)) for stage in STAGES}), ranges=Ranges(at_once))


def answer(call: Call, pages: int = 35) -> list[Outcome]:
    """Give what an actor says whose documents "long…" have so many pages."""
    outcomes = []
    for one in call.tasks:
        if call.stage is OCR and one.pages:
            outcomes.append(Outcome(content_id=one.content_id, part=True))
        elif call.stage is OCR and one.content_id.startswith("long") and not one.joins:
            outcomes.append(Outcome(content_id=one.content_id, count=pages))
        else:
            link = Link(stage=call.stage, fingerprint="f", digest="d")
            outcomes.append(Outcome(content_id=one.content_id, link=link, seconds=0.1))
    return outcomes


def asked(call: Call) -> str:
    """Say in a word what a call asks for."""
    [one] = call.tasks
    return str(one.pages or "") or ("join" if one.joins else call.stage.value)


def test_a_long_document_is_read_in_ranges_then_joined_and_goes_on() -> None:
    flow = flow_of()
    flow.add(task("long"))
    rounds = []
    while calls := flow.calls():
        rounds.append(sorted(asked(call) for call in calls))
        assert flow.unprocessed == 1
        for call in calls:
            assert flow.finished(call, answer(call)) == []
    assert rounds == [
        ["ocr"], ["1-10", "11-20", "21-30", "31-35"], ["join"],
        *([stage.value] for stage in STAGES[1:]),
    ]  # fmt: skip
    assert flow.processed == {"long"}
    assert flow.done == dict.fromkeys(STAGES, 1)


def test_what_is_joined_is_all_ranges_in_order() -> None:
    flow = flow_of()
    flow.add(task("long"))
    joined = ""
    while calls := flow.calls():
        call = calls[-1]
        joined = joined or " ".join(map(str, call.tasks[0].joins))
        flow.finished(call, answer(call))
        for other in calls[:-1]:
            flow.finished(other, answer(other))
    assert joined == "1-10 11-20 21-30 31-35"


def test_no_more_ranges_are_out_than_the_readers_take_up_and_others_have_their_turn() -> None:
    flow = flow_of(actors=1)
    flow.add(task("long"))
    [call] = flow.calls()
    flow.finished(call, answer(call, pages=1_000))
    flow.add(task("short"))
    read = []
    for _ in range(6):
        running = [call for call in flow.calls() if call.stage is OCR]
        assert len(running) <= SLOTS
        assert flow.in_flight <= 2
        for call in running:
            read.append(call.tasks[0].content_id)
            flow.finished(call, answer(call, pages=1_000))
    assert "short" in read[: 2 * SLOTS]
    assert read.count("long") > 6


def test_a_range_shares_no_call_however_quick_the_stage_is() -> None:
    flow = flow_of(actors=1)
    flow.speeds.learn(OCR, [0.001])
    for name in ("long", "a", "b", "c"):
        flow.add(task(name))
    for _ in range(9):
        for call in flow.calls():
            assert len(call.tasks) == 1 or not any(one.pages or one.joins for one in call.tasks)
            flow.finished(call, answer(call))


def test_a_joining_says_nothing_of_how_long_a_document_takes() -> None:
    flow = flow_of()
    flow.add(task("long"))
    while calls := flow.calls():
        for call in calls:
            slow = [each.model_copy(update={"seconds": 3_000.0}) for each in answer(call)]
            flow.finished(call, slow if call.stage is OCR else answer(call))
    assert flow.could_do(STAGES[:1]) == 0


def test_a_range_that_kills_its_actor_is_tried_alone_and_then_its_document_is_blamed() -> None:
    flow = flow_of()
    flow.add(task("long"))
    [call] = flow.calls()
    flow.finished(call, answer(call))
    blames = []
    others = 0
    while calls := flow.calls():
        for call in calls:
            if asked(call) == "11-20":
                blames += flow.lost(call, "worker_died", "it died")
            else:
                others += 1
                flow.finished(call, answer(call))
    assert [blame.content_id for blame in blames] == ["long"]
    assert (flow.in_flight, others) == (0, 3)


@pytest.mark.parametrize("lost", ["1-10", "join"])
def test_what_is_lost_of_a_long_document_blames_nobody_and_is_looked_up(lost: str) -> None:
    """A source that is gone under one range, and a part that is gone when all are to be joined."""
    flow = flow_of()
    flow.add(task("long"))
    [call] = flow.calls()
    flow.finished(call, answer(call))
    late = []
    while "long" not in flow.adrift:
        for call in flow.calls():
            if asked(call) == lost:
                unread = UNREAD if lost != "join" else None
                assert flow.finished(call, [Outcome(content_id="long", unread=unread)]) == []
            elif lost == "join":
                flow.finished(call, answer(call))
            else:
                late.append(call)
    assert flow.calls() == []
    assert flow.unprocessed == 1
    if lost == "join":
        flow.resume("long", Chain())
    else:
        flow.reread("long", "copy", Located(uri="file:///copy", name="copy"))
    [call] = flow.calls()
    assert asked(call) == "ocr"
    assert call.tasks[0].document_id == ("long" if lost == "join" else "copy")
    # What the other calls come to is passed over: the ranges are asked for anew.
    flow.finished(call, answer(call))
    for call in late:
        flow.finished(call, answer(call))
    assert [asked(call) for call in flow.calls()] == ["1-10", "11-20", "21-30", "31-35"]
    assert flow.unprocessed == 1


def test_a_document_that_is_let_go_takes_its_ranges_along() -> None:
    flow = flow_of()
    flow.add(task("long"))
    [call] = flow.calls()
    flow.finished(call, answer(call, pages=90))
    running = flow.calls()
    flow.forget(["long"])
    assert (flow.in_flight, flow.calls()) == (0, [])
    for call in running:
        assert flow.finished(call, answer(call)) == []
    assert (flow.in_flight, flow.calls()) == (0, [])


@given(st.data())
def test_nothing_is_lost_and_nothing_runs_twice_whatever_happens(data: st.DataObject) -> None:
    flow = flow_of(data.draw(st.integers(1, 3)), data.draw(st.integers(1, 9)))
    names = data.draw(st.lists(st.sampled_from(["long1", "long2", "a", "b"]), unique=True))
    for name in names:
        flow.add(task(name))
    blamed: list[str] = []
    running: list[Call] = []
    stale: set[int] = set()
    for _ in itertools.repeat(None, 3_000):
        running += flow.calls()
        keys = [one.key for call in running if call.number not in stale for one in call.tasks]
        assert len(keys) == len(set(keys))
        if not running:
            break
        call = running.pop(data.draw(st.integers(0, len(running) - 1)))
        endings = ["good"] * 4 + ["lost", "failing", "postponed", "adrift", "unread"]
        ending = data.draw(st.sampled_from(endings))
        ids = {one.content_id for one in call.tasks}
        if ending == "lost":
            blames = flow.lost(call, "worker_died", "it died")
        elif ending == "postponed":
            blames = []
            flow.postponed(call)
        elif ending == "failing":
            failed = [Outcome(content_id=one.content_id, failure=UNREAD) for one in call.tasks]
            blames = flow.finished(call, failed)
        elif ending == "good":
            blames = flow.finished(call, answer(call, pages=12))
        else:
            unread = UNREAD if ending == "unread" else None
            gone = [Outcome(content_id=one.content_id, unread=unread) for one in call.tasks]
            blames = flow.finished(call, gone)
            for content in sorted(flow.adrift):
                flow.resume(content, Chain())
            stale |= {x.number for x in running if ids & {one.content_id for one in x.tasks}}
        blamed += [blame.content_id for blame in blames]
        stale |= {x.number for x in running if set(blamed) & {one.content_id for one in x.tasks}}
    assert sorted([*blamed, *flow.processed]) == sorted(names)
    assert flow.unprocessed == 0
