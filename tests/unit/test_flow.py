"""The scheduler, driven by hand: no Ray, no clock."""

import itertools
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.calls import Call, Outcome, Task
from actors.crew import SLOTS, Crew
from actors.flow import CALL_BYTES, Flow
from actors.items import Item
from actors.speeds import MAX_BATCH
from pipeline.documents import DocumentFailure, StageName
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES, Chain, Link


def each(count: int, waits: Mapping[StageName, int] | None = None, **other: int) -> Crew:
    """Give each stage so many actors, some another number."""
    counts = dict.fromkeys(STAGES, count) | {StageName(name): n for name, n in other.items()}
    return Crew({stage: set(range(n)) for stage, n in counts.items()}, waits or {})


def task(name: str, done: int = 0, size: int = 1) -> Task:
    links = tuple(Link(stage=stage, fingerprint="f", digest="d") for stage in STAGES[:done])
    return Task(
        content_id=name,
        document_id=name,
        located=Located(uri=f"file:///{name}", name=name),
        identified=Identified(sha256="00" * 32, media_type="text/plain", size=size),
        chain=Chain(links=links),
    )


def good(call, seconds=0.1, reused=False):
    return [
        Outcome(
            content_id=one.content_id,
            link=Link(stage=call.stage, fingerprint="f", digest="d"),
            seconds=seconds,
            reused=reused,
        )
        for one in call.tasks
    ]


def failing(call):
    failure = DocumentFailure(stage=call.stage, error="bad", message="it is bad")
    return [Outcome(content_id=one.content_id, failure=failure) for one in call.tasks]


def test_a_content_goes_through_the_stages_in_order():
    flow = Flow(each(2))
    flow.add(task("a"))
    seen = []
    while calls := flow.calls():
        [call] = calls
        seen.append(call.stage)
        assert flow.finished(call, good(call)) == []
    assert seen == list(STAGES)
    assert flow.processed == {"a"}
    assert flow.done == dict.fromkeys(STAGES, 1)


def test_the_bytes_of_sources_count_until_no_stage_has_to_work_on_them():
    flow = Flow(each(2))
    for name, size in (("a", 3), ("b", 40), ("c", 500)):
        flow.add(task(name, done=4, size=size))
    flow.add(task("a", size=3))
    assert flow.unprocessed_bytes == 543
    flow.forget(["c", "none"])
    assert flow.unprocessed_bytes == 43
    while calls := flow.calls():
        for call in calls:
            flow.finished(call, failing(call) if call.tasks[0].content_id == "b" else good(call))
    assert (flow.unprocessed_bytes, flow.processed) == (0, {"a"})
    flow.forget(["a"])
    assert flow.unprocessed_bytes == 0


def test_a_stage_without_an_actor_makes_its_contents_wait():
    flow = Flow()
    flow.add(task("a"))
    assert flow.calls() == []
    flow.crew.grow(StageName.OCR, 0)
    [call] = flow.calls()
    assert (call.stage, call.actor) == (StageName.OCR, 0)


def test_a_content_begins_at_its_first_gap():
    flow = Flow(each(2))
    flow.add(task("a", done=3))
    [call] = flow.calls()
    assert call.stage == StageName.RESOLVE


def test_what_is_complete_waits_to_be_published():
    flow = Flow(each(2))
    flow.add(task("a", done=5))
    assert flow.calls() == []
    assert flow.unprocessed == 0
    flow.forget(["a"])
    assert flow.unprocessed == 0


def test_the_same_content_is_taken_in_once():
    flow = Flow(each(2))
    flow.add(task("a"))
    flow.add(task("a"))
    assert len(flow.calls()) == 1


def test_later_stages_go_first_and_slots_are_bounded():
    flow = Flow(each(1))
    for number in range(20):
        flow.add(task(f"new{number}"))
        flow.add(task(f"old{number}", done=4))
    calls = flow.calls()
    assert calls[0].stage == StageName.RELATE
    for stage in (StageName.OCR, StageName.RELATE):
        assert sum(call.stage == stage for call in calls) == SLOTS


def test_quick_work_is_batched_and_shared_among_actors():
    flow = Flow(each(2))
    flow.add(task("first"))
    [call] = flow.calls()
    flow.finished(call, good(call, seconds=0.001))
    flow.forget(["first"])
    for number in range(40):
        flow.add(task(f"d{number}"))
    sizes = [len(call.tasks) for call in flow.calls() if call.stage == StageName.OCR]
    assert max(sizes) == MAX_BATCH
    flow = Flow(each(2))
    flow.speeds.learn(StageName.OCR, [0.001])
    for number in range(4):
        flow.add(task(f"d{number}"))
    assert [len(call.tasks) for call in flow.calls()][:2] == [2, 1]


def test_what_a_run_could_do_is_known_when_each_stage_is():
    flow = Flow(each(2, relate=1))
    flow.add(task("a"))
    could = []
    while calls := flow.calls():
        could.append(flow.could_do())
        flow.finished(calls[0], good(calls[0], seconds=0.1))
    assert could == [0] * 5
    assert flow.could_do() == 10, "as many as the slowest stage"
    assert flow.could_do(STAGES[:1]) == 20
    flow.add(task("b"))
    [call] = flow.calls()
    flow.finished(call, good(call, seconds=5, reused=True))
    assert flow.could_do(STAGES[:1]) == 20, "what was there says nothing"


def test_a_failure_ends_that_content_only():
    flow = Flow(each(2))
    flow.speeds.learn(StageName.OCR, [0.001])
    for name in "ab":
        flow.add(task(name))
    calls = flow.calls()
    blames = flow.finished(calls[0], failing(calls[0]))
    assert [blame.content_id for blame in blames] == [calls[0].tasks[0].content_id]
    assert flow.unprocessed == 1


def test_only_who_was_alone_is_blamed_for_a_death():
    flow = Flow(each(1), blames=2)
    flow.speeds.learn(StageName.OCR, [0.001])
    for name in ("poison", "neighbour"):
        flow.add(task(name))
    [call] = flow.calls()
    assert len(call.tasks) == 2
    assert flow.lost(call, "worker_died", "it died") == []
    blamed = []
    for _ in range(10):
        for call in flow.calls():
            assert len(call.tasks) == 1
            if call.tasks[0].content_id == "poison":
                blamed += flow.lost(call, "worker_died", "it died", "last words")
            else:
                flow.finished(call, good(call))
    assert [blame.content_id for blame in blamed] == ["poison"]
    assert blamed[0].failure.error == "worker_died"
    assert blamed[0].failure.log_tail == "last words"
    assert flow.processed == {"neighbour"}


def test_a_lost_input_goes_back_to_what_postgresql_has_and_nobody_is_blamed():
    flow = Flow(each(2))
    flow.add(task("a", done=3))
    [call] = flow.calls()
    assert flow.finished(call, [Outcome(content_id="a")]) == []
    assert flow.calls() == []
    assert flow.adrift == {"a"}
    flow.resume("a", task("a", done=1).chain)
    [call] = flow.calls()
    assert call.stage == StageName.CHUNK


def test_what_keeps_getting_lost_is_made_durable():
    flow = Flow(each(2))
    flow.add(task("a", done=3))
    durable = []
    for _ in range(4):
        [call] = flow.calls()
        durable.append(call.tasks[0].durable)
        assert flow.finished(call, [Outcome(content_id="a")]) == []
        flow.resume("a", task("a", done=1).chain)
    assert durable == [False, False, True, True]


def test_what_is_made_again_and_again_and_never_can_be_read_is_given_up():
    flow = Flow(each(2))
    flow.add(task("a", done=3))
    given_up = []
    # Harm to all that a chain has is no such thing: each is made again once.
    for stage in (*STAGES[:3], StageName.EXTRACT, StageName.EXTRACT):
        assert given_up == []
        [call] = flow.calls()
        failure = DocumentFailure(stage=stage, error="unreadable_payload", message="no value")
        given_up = flow.finished(call, [Outcome(content_id="a", unreadable=failure)])
        flow.resume("a", task("a", done=3).chain)
    assert [(blame.content_id, blame.failure) for blame in given_up] == [("a", failure)]
    assert flow.unprocessed == 0


def test_a_call_that_found_no_store_is_made_again_and_blames_nobody():
    flow = Flow(each(2), blames=1)
    flow.add(task("a"))
    [call] = flow.calls()
    flow.postponed(call)
    [again] = flow.calls()
    assert again.tasks == call.tasks
    assert not again.suspect


def test_what_one_of_a_call_waits_for_its_neighbours_do_not():
    flow = Flow(each(1))
    flow.speeds.learn(StageName.OCR, [0.001])
    for name in ("waits", "b", "c", "d"):
        flow.add(task(name))
    for _ in range(12):
        for call in flow.calls():
            if any(one.content_id == "waits" for one in call.tasks):
                flow.postponed(call)
            else:
                flow.finished(call, good(call))
    assert flow.processed == {"b", "c", "d"}
    assert flow.unprocessed == 1
    sizes = []
    for name in ("e", "f"):
        flow.add(task(name))
    while flow.unprocessed:
        for call in flow.calls():
            sizes.append(len(call.tasks))
            flow.finished(call, good(call))
    assert max(sizes) > 1, "and later they share calls again"


def test_a_call_holds_no_more_than_some_bytes_of_sources():
    flow = Flow(each(1))
    flow.speeds.learn(StageName.OCR, [0.001])
    for name, size in (("a", CALL_BYTES // 2), ("b", CALL_BYTES // 2), ("c", 1), ("d", CALL_BYTES)):
        flow.add(task(name, size=size))
    sizes = []
    while flow.queued()[StageName.OCR]:
        for call in flow.calls():
            if call.stage is StageName.OCR:
                sizes.append([one.content_id for one in call.tasks])
            flow.finished(call, good(call))
    assert sizes == [["a", "b"], ["c"], ["d"]]


UNREAD = DocumentFailure(stage=StageName.OCR, error="source_missing", message="it is gone")
SOURCELESS = [Outcome(content_id="a", changed=True), Outcome(content_id="a", unread=UNREAD)]


@pytest.mark.parametrize("outcome", SOURCELESS)
def test_a_content_whose_source_is_not_what_it_was_goes_on_with_another(outcome):
    flow = Flow(each(2))
    flow.add(task("a"))
    sources = []
    for number in range(5):
        [call] = flow.calls()
        sources.append((call.tasks[0].document_id, call.tasks[0].located.uri))
        assert not call.tasks[0].durable
        assert flow.finished(call, [outcome]) == []
        assert (flow.calls(), flow.unprocessed, flow.adrift) == ([], 1, {"a"})
        flow.reread("a", f"copy{number}", Located(uri=f"file:///copy{number}", name="copy"))
        flow.reread("a", "late", Located(uri="file:///late", name="late"))
    [call] = flow.calls()
    flow.finished(call, good(call))
    assert sources == [
        ("a", "file:///a"), *((f"copy{x}", f"file:///copy{x}") for x in range(4))
    ]  # fmt: skip
    assert [call.stage for call in flow.calls()] == [StageName.CHUNK]


@pytest.mark.parametrize("outcome", SOURCELESS)
def test_a_content_without_another_source_leaves_the_flow(outcome):
    flow = Flow(each(2))
    flow.add(task("a"))
    [call] = flow.calls()
    flow.finished(call, [outcome])
    flow.forget(["a"])
    assert ("a" in flow, flow.adrift, flow.calls()) == (False, frozenset(), [])


def test_a_suspect_whose_source_is_gone_stays_one():
    flow = Flow(each(2), blames=2)
    flow.add(task("a"))
    for _ in range(2):
        [call] = flow.calls()
        assert flow.lost(call, "worker_died", "it died") == []
    [call] = flow.calls()
    flow.finished(call, [Outcome(content_id="a", unread=UNREAD)])
    flow.reread("a", "copy", Located(uri="file:///copy", name="copy"))
    [call] = flow.calls()
    assert call.suspect
    assert [x.content_id for x in flow.lost(call, "worker_died", "it died")] == ["a"]


def test_what_was_there_before_is_not_counted_as_work():
    flow = Flow(each(2))
    flow.add(task("a"))
    [call] = flow.calls()
    flow.finished(call, good(call, reused=True))
    assert flow.done[StageName.OCR] == 0


@given(st.data())
def test_nothing_is_lost_and_nothing_runs_twice_whatever_happens(data):
    flow = Flow(each(data.draw(st.integers(1, 3))), blames=2)
    names = [f"d{number}" for number in range(data.draw(st.integers(0, 12)))]
    for name in names:
        flow.add(task(name, done=data.draw(st.integers(0, 5))))
    blamed: list[str] = []
    running: list = []
    for _ in itertools.repeat(None, 2_000):
        running += flow.calls()
        contents = [one.content_id for call in running for one in call.tasks]
        assert len(contents) == len(set(contents))
        if not running:
            break
        call = running.pop(data.draw(st.integers(0, len(running) - 1)))
        endings = ["good", "good", "good", "lost", "failing", "postponed", "adrift", "unread"]
        ending = data.draw(st.sampled_from(endings))
        blames = []
        if ending == "lost":
            blames = flow.lost(call, "worker_died", "it died")
        elif ending == "postponed":
            flow.postponed(call)
        elif ending == "adrift":
            flow.finished(call, [Outcome(content_id=one.content_id) for one in call.tasks])
            assert flow.adrift == {one.content_id for one in call.tasks}
            for one in call.tasks:
                flow.resume(one.content_id, task(one.content_id, done=0).chain)
        elif ending == "unread":
            ids = [one.content_id for one in call.tasks]
            flow.finished(call, [Outcome(content_id=id_, unread=UNREAD) for id_ in ids])
            for id_ in ids:
                flow.reread(id_, "copy", Located(uri="file:///copy", name="copy"))
        else:
            blames = flow.finished(call, good(call) if ending == "good" else failing(call))
        blamed += [blame.content_id for blame in blames]
    assert sorted([*blamed, *flow.processed]) == sorted(names)
    assert flow.unprocessed == 0


@given(st.data())
def test_whoever_kills_actors_is_blamed_and_nobody_else(data):
    flow = Flow(each(data.draw(st.integers(1, 3))), blames=2)
    names = [f"d{number}" for number in range(data.draw(st.integers(0, 12)))]
    poison = set(data.draw(st.lists(st.sampled_from(names), max_size=4)) if names else [])
    deadly = data.draw(st.sampled_from(STAGES))
    for name in names:
        flow.add(task(name))
    blamed: list[str] = []
    running: list = []
    while True:
        running += flow.calls()
        if not running:
            break
        # Each actor does its calls in the order it got them; a death takes all of them along.
        call = data.draw(st.sampled_from(running))
        mine = [one for one in running if (one.stage, one.actor) == (call.stage, call.actor)]
        if call.stage == deadly and poison & {one.content_id for one in mine[0].tasks}:
            lost = mine
            blames = [blame for one in lost for blame in flow.lost(one, "worker_died", "it died")]
        else:
            lost = mine[:1]
            blames = flow.finished(mine[0], good(mine[0], seconds=0.001))
        running = [one for one in running if one not in lost]
        blamed += [blame.content_id for blame in blames]
    assert set(blamed) == poison
    assert flow.processed == set(names) - poison


def test_a_stage_that_waits_gets_a_call_for_each_content_and_as_many_as_it_takes():
    flow = Flow(each(1, {StageName.EXTRACT: 5}))
    flow.speeds.learn(StageName.EXTRACT, [0.001])
    for number in range(8):
        flow.add(task(f"d{number}", done=2))
    calls = flow.calls()
    assert [(call.stage, call.actor, len(call.tasks)) for call in calls] == [
        (StageName.EXTRACT, 0, 1)
    ] * 5
    assert flow.crew.at_once == 4 * SLOTS + 5
    flow.finished(calls[0], good(calls[0]))
    assert [call.stage for call in flow.calls()] == [StageName.RESOLVE, StageName.EXTRACT]


def test_a_suspect_has_an_actor_that_waits_for_itself():
    flow = Flow(each(1, {StageName.EXTRACT: 5}))
    for name in "ab":
        flow.add(task(name, done=2))
    first, second = flow.calls()
    flow.lost(first, "died", "it died")
    assert flow.calls() == [], "the other one is still at it"
    flow.finished(second, good(second))
    flow.add(task("c", done=2))
    [_, alone] = flow.calls()
    assert (alone.suspect, alone.tasks[0].content_id) == (True, "a")
    assert flow.calls() == []


def test_what_waits_side_by_side_is_not_slow():
    flow = Flow(each(1, {StageName.EXTRACT: 16}))
    for stage in STAGES:
        flow.speeds.learn(stage, [8.0 if stage is StageName.EXTRACT else 0.5])
    assert flow.could_do() == 2


def test_who_waits_for_a_model_is_tried_in_halves_until_the_one_that_kills_is_alone() -> None:
    waits = {StageName.EXTRACT: 16}
    flow = Flow(each(1, waits))
    names = [f"d{number}" for number in range(16)]
    for name in names:
        flow.add(task(name, done=2))
    sizes, blamed = [], []
    passed: set[str] = set()
    while flow.unprocessed:
        calls = [call for call in flow.calls() if call.stage is StageName.EXTRACT]
        sizes.append(len(calls))
        together = {call.tasks[0].content_id for call in calls}
        assert len({call.suspect for call in calls}) == 1
        for call in calls:
            if "d7" in together:
                blamed += flow.lost(call, "worker_died", "it died")
            else:
                flow.finished(call, good(call))
                passed |= together
                flow.forget(together)
    assert [blame.content_id for blame in blamed] == ["d7"]
    assert passed == set(names) - {"d7"}
    # All, then halves of who is left, and whoever kills twice alone.
    assert sizes[0] == 16
    assert max(sizes[1:]) == 8
    assert sizes.count(1) <= 4
    assert len(sizes) <= 12


def on_nodes(*nodes: str) -> Crew:
    """Give each stage an actor on each node."""
    crew = Crew()
    for stage in STAGES:
        for number, node in enumerate(nodes):
            crew.grow(stage, number, node)
    return crew


def test_what_finds_no_store_goes_to_another_actor_and_who_found_none_gets_one_call_at_a_time():
    flow = Flow(on_nodes("one", "two"))
    for name in "abcdefgh":
        flow.add(task(name, done=4))
    first, *others = flow.calls()
    flow.postponed(first)
    [again] = [call for call in others if call.actor != first.actor][:1]
    flow.finished(again, good(again))
    retried = [call for call in flow.calls() if call.actor != first.actor]
    assert retried
    for call in [one for one in others if one is not again]:
        flow.finished(call, good(call))
    calls = flow.calls()
    assert [call.actor for call in calls].count(first.actor) <= 1
    # Once it has an answer, it is as good as the other.
    for call in calls:
        flow.finished(call, good(call))


def test_who_gave_no_answer_gets_one_content_until_it_does():
    flow = Flow(each(1, relate=1))
    flow.speeds.learn(StageName.RELATE, [0.001])
    for number in range(3 * MAX_BATCH):
        flow.add(task(f"{number}", done=4))
    [first, second] = flow.calls()
    assert len(first.tasks) == MAX_BATCH
    flow.finished(second, good(second, seconds=0.001))
    flow.lost(first, "worker_died", "it died")
    # The others were there before those that are suspect now.
    [probe] = flow.calls()
    assert (len(probe.tasks), probe.suspect) == (1, False)
    flow.finished(probe, good(probe, seconds=0.001))
    assert [len(call.tasks) for call in flow.calls()] == [MAX_BATCH - 1]


def test_a_suspect_is_tried_on_another_node_before_it_is_blamed():
    flow = Flow(on_nodes("one", "one", "two"), blames=2)
    flow.add(task("a", done=4))
    seen, blamed = [], []
    while calls := flow.calls():
        [call] = calls
        seen.append((call.suspect, flow.crew.node_of(call.stage, call.actor)))
        blamed += flow.lost(call, "worker_died", "it died")
    assert [blame.content_id for blame in blamed] == ["a"]
    assert len(seen) == 3
    assert {node for suspect, node in seen if suspect} == {"one", "two"}


def test_a_suspect_is_blamed_where_no_other_node_is():
    flow = Flow(on_nodes("one", "one"), blames=2)
    flow.add(task("a", done=4))
    blamed = []
    while calls := flow.calls():
        blamed += flow.lost(calls[0], "worker_died", "it died")
    assert [blame.content_id for blame in blamed] == ["a"]


@given(st.data())
def test_nobody_is_blamed_for_a_node_where_all_dies(data):
    sick = data.draw(st.sampled_from(["one", "two", "three"]))
    nodes = data.draw(st.permutations(["one", "two", "three"]).map(lambda x: [*x[:2], sick]))
    flow = Flow(on_nodes(*nodes), blames=data.draw(st.integers(1, 3)))
    names = [str(number) for number in range(data.draw(st.integers(1, 12)))]
    for name in names:
        flow.add(task(name, done=data.draw(st.integers(0, 4))))
    healthy = set(nodes) - {sick}
    under_way = flow.calls()
    for _ in range(3_000):
        if not under_way:
            break
        call = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
        if healthy and flow.crew.node_of(call.stage, call.actor) == sick:
            assert flow.lost(call, "worker_died", "it died") == []
        else:
            assert flow.finished(call, good(call)) == []
        under_way += flow.calls()
    assert flow.processed == set(names)


@given(st.data())
def test_the_actor_with_the_fewest_calls_gets_the_next_one(data):
    crew = on_nodes(*data.draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=4)))
    stage, held = StageName.CHUNK, []
    for number in range(data.draw(st.integers(1, 40))):
        what = data.draw(st.sampled_from(["take", "take", "done", "grow", "shrink"]))
        if what == "done" and held:
            crew.done(held.pop(data.draw(st.integers(0, len(held) - 1))))
        elif what == "grow":
            crew.grow(stage, 100 + number, "a")
        elif what == "shrink" and len(crew.actors[stage]) > 1:
            crew.shrink(stage, data.draw(st.sampled_from(sorted(crew.actors[stage]))))
        actor = crew.freest(stage, Item(task("x")))
        busy = crew.busy(stage)
        assert busy == Counter(call.actor for call in held)
        least = min(busy[one] for one in crew.actors[stage])
        assert (actor is None) == (least >= SLOTS)
        if actor is not None:
            assert actor in crew.actors[stage]
            assert busy[actor] == least
            if what == "take":
                held.append(Call(number=number, stage=stage, actor=actor, tasks=(task("x"),)))
                crew.take(held[-1])
