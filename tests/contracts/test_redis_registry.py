"""The live state of a project: what PostgreSQL has, in Redis for every node, or none of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import pytest
import redis
from checkpoint_case import link_to
from faults.servers import own_valkey
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ledger_case import emptied
from live_case import ACME, BOSTON, JANE, JOHN_Q, SMITH, LiveCase, assert_equal, is_whole, wrong
from people_case import People
from registry_case import World, law, worlds
from store_case import StoreCase
from waiting import until

from pipeline import assembly
from pipeline.documents import MentionType
from pipeline.identity import node_id
from pipeline.registry.decisions import Decision, DecisionKind
from pipeline.registry.live import EXTRACTIONS
from pipeline.settings import Settings
from pipeline.stores import keys
from pipeline.stores.decisions import record
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.live_copying import LiveCopying
from pipeline.stores.project_deletion import delete_project
from pipeline.stores.redis_live_state import RedisLiveState
from pipeline.stores.redis_registry import Held, RedisRegistry, Shown, live_keys


@pytest.fixture
def live(store_case: StoreCase) -> LiveCase:
    return LiveCase(store_case)


# That it is what PostgreSQL has

small_law = law.__class__(law, suppress_health_check=[HealthCheck.function_scoped_fixture],
                          max_examples=max(30, law.max_examples // 5))  # fmt: skip


STEPS = (
    "publish", "publish", "publish", "forget", "change", "change", "decide", "decide", "flush",
)  # fmt: skip


@given(worlds(decisions=3), st.data())
@small_law
def test_copies_that_grow_equal_postgresql(
    store_case: StoreCase, valkey: redis.Redis, world: World, data: st.DataObject
) -> None:
    """Documents that come, change and go, decisions, on namesakes too, several epochs at once,
    crowded entities, few that are kept, and copies that are made while changes are pending.
    """
    emptied(store_case.engine)
    valkey.flushdb()
    store_case.project = store_case.ledger.open_project(store_case.name, store_case.plan).id
    kept = data.draw(st.sampled_from((1000, 1000, 4)))
    live = LiveCase(store_case, crowded=data.draw(st.sampled_from((1, 2, 1000))), kept=kept)
    some = st.lists(st.sampled_from(world.pool), min_size=min(3, len(world.pool)), max_size=8,
                    unique=True)  # fmt: skip
    people = People(store_case, data, world)
    there: dict[str, list[tuple[str, str]]] = {}
    live.publish("first", data.draw(some))
    live.shown()
    for number in range(data.draw(st.integers(4, 8))):
        step = data.draw(st.sampled_from(STEPS))
        if step == "forget" and there:
            gone = data.draw(st.sampled_from(sorted(there)))
            del there[gone]
            # As where Redis cannot be asked: what is forgotten goes with the next epoch, too.
            live.forget(gone, copies=data.draw(st.booleans()))
        elif step == "change" and there:
            changed = min(there)
            there[changed] = data.draw(some)
            live.publish(changed, there[changed], stamp=f"{number}")
        elif step == "flush":
            valkey.flushdb()
        elif step == "decide":
            people.decide(there)
        else:
            there[f"d{number}"] = data.draw(some)
            live.publish(f"d{number}", there[f"d{number}"])
        if data.draw(st.sampled_from((True, True, False))):
            live.catch_up()
        if data.draw(st.sampled_from((True, True, False))):
            live.bring()
            assert wrong(live) == []
    live.shown()
    while not is_whole(live):
        live.bring()
    assert wrong(live) == []
    if kept == 1000:
        assert_equal(live)


@pytest.mark.parametrize("how", ["forgotten", "changed"])
def test_what_lost_mentions_is_counted_again(live: LiveCase, how: str) -> None:
    """No name came or went, and nothing else says whose mentions these were."""
    live.publish("a", [SMITH, ACME, BOSTON])
    live.publish("b", [SMITH, ACME])
    live.publish("c", [BOSTON, JANE])
    live.shown()
    if how == "forgotten":
        live.forget("a", copies=False)
    else:
        live.publish("a", [JANE], stamp="2")
    assert not live.shown().anew
    assert_equal(live)
    assert live.fast.canonicals([live.id(*SMITH)])[live.id(*SMITH)].mentions == 1


@pytest.mark.parametrize("merged", ["by their names", "by a person", "by a person, and undone"])
def test_neighbours_are_called_what_they_are_called_now(live: LiveCase, merged: str) -> None:
    """Whose entity has another id by now, without a mention beside those that it is related to."""
    smaller, larger = sorted((SMITH, JOHN_Q), key=lambda name: live.id(*name))
    if merged != "by their names":
        smaller, larger = sorted((SMITH, JANE), key=lambda name: live.id(*name))
    live.publish("a", [larger, ACME])
    live.shown()
    live.publish("b", [smaller])
    live.shown()
    if merged != "by their names":
        made = live.decide(DecisionKind.MERGE, [smaller], [larger])
        live.shown()
    assert [one.entity for one in live.fast.neighbours(live.id(*ACME)) or ()] == [live.id(*smaller)]
    assert_equal(live)
    if merged == "by a person, and undone":
        undo = Decision(0, DecisionKind.UNDO, undoes=made.number, who="tester")
        record(live.case.engine, live.case.project, undo)
        assert not live.shown().anew
        assert_equal(live)


BROWN = ("PERSON", "Peter Brown")


def _told_apart(live: LiveCase, *documents: str) -> Decision:
    """Say that John Smith is somebody else in documents."""
    ids = tuple(live.case.document(f"{name}.txt") for name in documents)
    return live.decide(DecisionKind.SPLIT, [SMITH], documents=ids)


@pytest.mark.parametrize("then", ["undone", "forgotten", "changed", "told apart again"])
def test_namesakes_are_told_apart_in_the_copies(live: LiveCase, then: str) -> None:
    """Where they stand others are related to them, and lately they are what was published."""
    live.publish("a", [SMITH, ACME, BOSTON])
    live.publish("b", [SMITH, BOSTON])
    live.publish("c", [SMITH, JANE])
    live.shown()
    made = _told_apart(live, "b", "c")
    assert not live.shown().anew
    assert_equal(live)
    namesake = node_id(live.id(*SMITH), made.number)
    assert [one.entity for one in live.fast.neighbours(live.id(*JANE)) or ()] == [namesake]
    assert {one.name for one in live.fast.recent() or () if one.text == SMITH[1]} == {
        live.id(*SMITH), namesake
    }  # fmt: skip
    if then == "undone":
        undo = Decision(0, DecisionKind.UNDO, undoes=made.number, who="tester")
        record(live.case.engine, live.case.project, undo)
    elif then == "forgotten":
        live.forget("b", copies=False)
    elif then == "changed":
        live.publish("b", [ACME, BOSTON], stamp="2")
    else:
        _told_apart(live, "b")
    assert not live.shown().anew
    assert_equal(live)


@pytest.mark.parametrize("then", ["undone", "gone", "gone with its name"])
def test_who_is_beside_a_namesake_is_told_what_it_is_called(live: LiveCase, then: str) -> None:
    """Its entity has the id of another name, or that is its again: no content says so."""
    live.publish("a", [SMITH, ACME])
    live.publish("b", [SMITH, BOSTON])
    live.publish("c", [JANE])
    live.publish("d", [BROWN])
    made = _told_apart(live, *("ab" if then == "gone with its name" else "b"))
    live.shown()
    namesake = node_id(live.id(*SMITH), made.number)
    joined = min((JANE, BROWN), key=lambda one: live.id(*one))
    merged = live.decide(DecisionKind.MERGE, [(*SMITH, None, made.number)], [joined])
    assert not live.shown().anew
    assert_equal(live)
    called = min(live.id(*joined), namesake)
    assert [one.entity for one in live.fast.neighbours(live.id(*BOSTON)) or ()] == [called]
    if then == "undone":
        undo = Decision(0, DecisionKind.UNDO, undoes=merged.number, who="tester")
        record(live.case.engine, live.case.project, undo)
    elif then == "gone":
        live.forget("c" if joined == JANE else "d", copies=False)
    else:
        live.forget("a", "b", copies=False)
    assert not live.shown().anew
    assert_equal(live)


def test_what_is_crowded_is_counted_in_its_turn(live: LiveCase) -> None:
    """One at a time, also by another process than the one that put it off; what has other names now
    is read at once.
    """
    live.copying = live.copying_with(crowded=1)
    for name in "ab":
        live.publish(name, [SMITH, ACME, BOSTON, JANE])
        live.shown()
    live.publish("c", [SMITH, ACME, BOSTON, ("PERSON", "Peter Brown")])
    live.shown()
    there = live.copies.look()
    assert there is not None
    assert len(there.late) == 2
    assert wrong(live) == []
    counts = {one.mentions for one in (live.fast.canonicals(there.late) or {}).values()}
    assert counts == {2}
    first = next(name for name in (SMITH, ACME, BOSTON) if live.id(*name) in there.late)
    live.decide(DecisionKind.MERGE, [first], [("PERSON", "Peter Brown")])
    live.shown()
    found = (live.fast.canonicals([live.id(*first)]) or {})[live.id(*first)]
    assert found.mentions == 4
    live.copying = live.copying_with(crowded=1)
    while not is_whole(live):
        assert live.bring().stamp is not None
    assert_equal(live)


def test_names_come_and_go_with_an_entity_that_few_mention(live: LiveCase) -> None:
    """Of a project with more entities than have a copy."""
    live.copying = live.copying_with(kept=4)
    for name in "abc":
        live.publish(name, [ACME, BOSTON, JANE])
    for name in "xy":
        live.publish(name, [("PERSON", "Peter Brown"), ("ORG", "Globex Inc")])
    live.publish("z", [SMITH, JOHN_Q])
    live.shown()
    ids = [live.id(*one) for one in (ACME, BOSTON, JANE, SMITH, JOHN_Q)]
    assert list(live.fast.canonicals(ids) or ()) == ids[:3]
    live.publish("d", [SMITH])
    assert not live.shown().anew
    assert wrong(live) == []
    assert len(live.fast.canonicals([live.id(*SMITH), live.id(*JOHN_Q)]) or ()) == 2
    live.forget("d", copies=False)
    assert not live.shown().anew
    assert wrong(live) == []
    assert live.fast.canonicals([live.id(*SMITH), live.id(*JOHN_Q)]) == {}


def test_an_epoch_that_others_wrote_is_made_up_for(live: LiveCase) -> None:
    live.publish("a", [SMITH, ACME])
    live.shown()
    live.publish("b", [JOHN_Q, ACME])
    live.catch_up()
    live.touches.clear()  # another process wrote this one, and died
    live.publish("c", [JANE])
    assert live.shown().anew
    assert_equal(live)
    live.publish("d", [JANE, BOSTON])
    assert not live.shown().anew
    assert_equal(live)


@pytest.mark.parametrize("lost", ["all", "canonicals", "names", "graph", "recent", "context"])
def test_what_was_flushed_or_evicted_comes_back(
    live: LiveCase, valkey: redis.Redis, lost: str
) -> None:
    """Also while nothing new is written; until then nothing is read from the rest."""
    live.publish("a", [SMITH, JOHN_Q, ACME])
    live.shown()
    if lost == "all":
        valkey.flushdb()
    else:
        assert valkey.delete(f"project:{live.case.project}:{lost}")
        assert wrong(live) == []
    if lost in {"all", "canonicals", "names"}:
        assert live.fast.canonicals([live.id(*SMITH)]) is None
    assert live.bring().anew
    assert_equal(live)


def test_a_key_of_another_type_is_none_and_makes_room(live: LiveCase, valkey: redis.Redis) -> None:
    live.publish("a", [SMITH])
    live.shown()
    for name in live_keys(live.case.project):
        valkey.delete(name)
        valkey.lpush(name, "x")
        valkey.expire(name, 1 if ":filling:by" in name else 60)
    assert live.fast.canonicals([live.id(*SMITH)]) is None
    assert live.fast.context() is None
    until(lambda: live.bring().anew)
    assert_equal(live)


def test_all_of_it_expires_and_the_owner_renews_it(live: LiveCase, valkey: redis.Redis) -> None:
    live.publish("a", [SMITH, ACME])
    live.shown()
    names = [name.decode() for name in valkey.keys("project:*")]
    assert len(names) == 5 + len(MentionType)
    assert all(0 < valkey.ttl(name) <= 3600 for name in names)
    for name in names:
        valkey.expire(name, 50)
    live.bring()
    assert all(valkey.ttl(name) > 3000 for name in names)
    filling = live.copies.begin()
    assert filling is not None
    assert live.copies.begin() is None
    assert 0 < valkey.ttl(keys.filling(live.case.project, "by")) <= 60


def test_only_so_many_extractions_are_kept(live: LiveCase) -> None:
    many = [("PERSON", f"Jane {letter}{other}roe") for letter in "BDFGHJKLMN" for other in "aeiou"]
    live.publish("a", many)
    live.shown()
    for name in "bcd":
        live.publish(name, many)
        live.shown()
    assert len(live.fast.recent() or ()) == EXTRACTIONS
    assert_equal(live)


# That nobody sees, or keeps, what is half done or over


class Paused(RedisRegistry):
    """Copies of a process that is paused between what it reads and what it writes."""

    def pause(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile, self.written = meanwhile, []

    def held(self, entities: Collection[str]) -> Held:
        held = super().held(entities)
        self._meanwhile()
        return held

    def apply(self, *what: Any, **more: Any) -> Shown | None:
        self.written.append(super().apply(*what, **more))
        return self.written[-1]


def test_a_merge_is_seen_whole_or_not_at_all(live: LiveCase) -> None:
    """A reader that asks all the time sees both entities, or the one that took both in."""
    live.publish("a", [SMITH, JANE, ACME])
    live.publish("b", [JANE, ACME, BOSTON])
    live.shown()
    ids = [live.id(*SMITH), live.id(*JANE)]
    seen: list[tuple[bool, int]] = []
    over = threading.Event()

    def read() -> None:
        state = RedisLiveState(link_to(live.case.url), live.case.project)
        while not over.is_set():
            found = state.canonicals(ids)
            if found is None or len(found) != 2:
                seen.append((False, -1))
                continue
            one, other = (found[id_] for id_ in ids)
            together = one.id == other.id
            seen.append((together, one.mentions + (0 if together else other.mentions)))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(15):
        made = live.decide(DecisionKind.MERGE, [SMITH], [JANE])
        assert not live.shown().anew
        undo = Decision(0, DecisionKind.UNDO, undoes=made.number, who="tester")
        record(live.case.engine, live.case.project, undo)
        assert not live.shown().anew
    over.set()
    reader.join()
    assert set(seen) == {(False, 3), (True, 3)}


def test_one_that_was_paused_does_not_write_after_its_successor(live: LiveCase) -> None:
    live.publish("a", [SMITH, ACME])
    live.shown()
    live.publish("b", [JANE])
    live.catch_up()
    touches = list(live.touches)

    def successor() -> None:
        live.bring()
        live.decide(DecisionKind.MERGE, [SMITH], [JANE])
        assert not live.shown().anew

    slow = Paused(live.case.link, live.case.project)
    slow.pause(successor)
    LiveCopying(live.case.engine, live.case.project, slow).bring(touches)
    assert slow.written == [None]
    assert_equal(live)


def test_older_copies_are_not_put_in_the_place_of_newer_ones(live: LiveCase) -> None:
    live.publish("a", [SMITH, ACME])
    live.shown()
    old = live.copies.look()
    filling = live.copies.begin()
    assert old is not None
    assert filling is not None
    live.publish("b", [JANE])
    assert not live.shown().anew
    recent, context = live.copies.held(()).recent, live.fast.context()
    assert context is not None
    assert not filling.finish(old.stamp, 1, {}, recent, context)
    assert_equal(live)


def test_what_is_forgotten_while_copies_are_made_is_not_put_in_place(
    live: LiveCase, valkey: redis.Redis
) -> None:
    live.publish("a", [SMITH, ("PERSON", "Zebulon Quagga")])
    live.publish("b", [SMITH, ACME])
    live.catch_up()
    stopped: list[bool] = []

    def forget_once() -> bool:
        if not stopped:
            stopped.append(True)
            live.forget("a")
        return False

    live.copying = live.copying_with(stopping=forget_once)
    assert live.bring().stamp is None
    assert valkey.keys("project:*") == []
    live.shown()
    assert stopped
    assert_equal(live)
    assert live.id("PERSON", "Zebulon Quagga") not in (live.fast.canonicals([]) or {})


def test_forgotten_words_are_gone_at_once(live: LiveCase, valkey: redis.Redis) -> None:
    live.publish("a", [SMITH, ("PERSON", "Zebulon Quagga")])
    live.publish("b", [SMITH, ACME])
    live.shown()
    live.forget("a")
    assert valkey.keys("project:*") == []
    assert live.shown().anew
    quagga = live.id("PERSON", "Zebulon Quagga")
    assert live.fast.canonicals([quagga]) == {}
    assert all("Quagga" not in one.text for one in live.fast.recent() or ())
    assert_equal(live)


def test_the_copies_of_a_deleted_project_go(live: LiveCase, valkey: redis.Redis) -> None:
    """Also those that are being brought together; one of the same name begins anew."""
    live.publish("a", [SMITH, ACME])
    live.shown()
    filling = live.copies.begin()
    assert filling is not None
    for (run,) in live.case.rows("SELECT id::text FROM runs WHERE ended_at IS NULL"):
        live.case.ledger.end_run(run, "finished", {})
    copies = ForgottenCopies(live.case.link, live.case.blobs)
    delete_project(live.case.engine, live.case.name, copies, live.case.blobs)
    assert valkey.keys("project:*") == []
    assert live.bring().stamp is None
    assert valkey.keys("project:*") == []


def test_copies_of_a_project_that_was_deleted_give_way_to_a_new_one(live: LiveCase) -> None:
    """Redis was away when it was deleted: the new one's epochs are smaller."""
    for name in "abc":
        live.publish(name, [SMITH, ACME])
        live.shown()
    emptied(live.case.engine)
    live.case.ledger.open_project(live.case.name, live.case.plan)
    again = LiveCase(live.case)
    again.publish("x", [JANE])
    assert again.shown().anew
    assert_equal(again)


def test_who_does_not_keep_the_registry_leads_on_or_drops(
    live: LiveCase, valkey: redis.Redis
) -> None:
    live.publish("a", [SMITH, ACME])
    live.shown()
    live.copying = live.copying_with(fills=False)
    live.publish("b", [JANE])
    live.shown()
    assert_equal(live)
    live.publish("c", [BOSTON])
    live.catch_up()
    live.touches.clear()
    live.bring()
    assert valkey.keys("project:*") == []
    live.bring()
    assert valkey.keys("project:*") == []


# Beside the owner


def test_updates_are_shown_by_themselves(live: LiveCase, valkey: redis.Redis) -> None:
    """Those that are written, and again what was flushed meanwhile."""
    mirror = live.mirror()
    for name in "abc":
        live.publish(name, [SMITH, (JOHN_Q, JANE, ACME)["abc".index(name)]])
        mirror.show(live.catch_up())
    assert mirror.settle(20)
    assert_equal(live)
    valkey.flushdb()
    until(lambda: is_whole(live))
    assert_equal(live)
    live.publish("d", [BOSTON])
    mirror.show(live.catch_up())
    assert mirror.close(20)
    assert_equal(live)


def test_the_owner_goes_on_without_redis_and_copies_come_back(
    store_case: StoreCase, valkey_url: str
) -> None:
    with own_valkey() as server:
        store_case.link = link_to(server.url, probe_seconds=0.1)
        live = LiveCase(store_case)
        mirror = live.mirror()
        live.publish("a", [SMITH, ACME])
        mirror.show(live.catch_up())
        assert mirror.settle(20)
        server.kill()
        began = time.monotonic()
        for number in range(5):
            live.publish(f"d{number}", [JANE, ("PERSON", f"John {'ABCDE'[number]}. Adams")])
            update = live.catch_up()
            began = time.monotonic()
            mirror.show(update)
            assert time.monotonic() - began < 0.05
        assert not mirror.settle(1.5)
        assert live.fast.context() is None
        server.start(empty=True)
        assert mirror.settle(30)
        assert_equal(live)
        mirror.close()


def test_what_settings_name_shows_and_reads(
    live: LiveCase, settings: Settings, valkey: redis.Redis
) -> None:
    """Also what was settled before it began; without Redis by choice, PostgreSQL is read."""
    url = live.case.engine.url.render_as_string(hide_password=False)
    urls = ServiceUrls(database_url=url, redis_url=live.case.url)
    live.publish("a", [SMITH, ACME])
    live.catch_up()
    mirror = assembly.open_mirror(settings, urls, live.case.project)
    assert mirror is not None
    mirror.begin()
    until(lambda: is_whole(live))
    live.publish("b", [JANE])
    mirror.show(live.catch_up())
    mirror.close(20)
    assert_equal(live, summed_up=False)
    off = settings.model_copy(update={"acceleration": "off"})
    assert assembly.open_mirror(off, urls, live.case.project) is None
    answers = [
        assembly.open_live(how, urls, live.case.project).canonicals([live.id(*JANE)])
        for how in (settings, off)
    ]
    assert answers[0] == answers[1] != {}
    valkey.hset(keys.names(live.case.project), live.id(*JANE), live.id(*ACME))
    told = assembly.open_live(settings, urls, live.case.project).canonicals([live.id(*JANE)])
    assert [one.name for one in (told or {}).values()] == ["Acme Ltd"], "Redis is asked first"


def test_a_mirror_that_finds_no_redis_says_nothing(live: LiveCase) -> None:
    live.case.link = link_to("redis://127.0.0.1:1")
    live.copies = RedisRegistry(live.case.link, live.case.project)
    mirror = live.mirror()
    live.publish("a", [SMITH])
    mirror.show(live.catch_up())
    assert not mirror.settle(0.5)
    assert not mirror.close(0.5)


def test_a_mirror_that_rests_keeps_no_thread_and_begins_anew(live: LiveCase) -> None:
    """As a notebook's does between decisions."""
    mirror, before = live.mirror(), set(threading.enumerate())
    for name, written in (("a", SMITH), ("b", JANE)):
        live.publish(name, [written])
        mirror.show(live.catch_up())
        assert mirror.close(20)
        assert set(threading.enumerate()) <= before
        assert_equal(live)
