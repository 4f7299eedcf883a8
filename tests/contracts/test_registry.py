"""The stored registry: brought up to date change by change, it is what a rebuild gives.

Documents come by the real publisher and go by the real forgetting; names are looked up in the real
index, with a small bound so that blocks cross it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ledger_case import emptied
from people_case import live_on
from registry_case import World, comparing, law, worlds
from store_case import StoreCase
from stored_registry import ME, SUCCESSOR, StoredRegistry

from pipeline.errors import TemporaryError, UsageError
from pipeline.identity import node_id
from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.registry.owner import RegistryOwner
from pipeline.registry.updates import LostLeaseError, Update
from pipeline.stores.decisions import read_decisions, record
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.registry_reader import RegistryReader
from pipeline.stores.registry_store import PostgresRegistry


@pytest.fixture
def registry(store_case: StoreCase) -> StoredRegistry:
    return StoredRegistry(store_case)


def _fresh(case: StoreCase) -> StoredRegistry:
    """Give the registry of a new project in the database emptied."""
    emptied(case.engine)
    case.project = case.ledger.open_project(case.name, case.plan).id
    return StoredRegistry(case)


small_law = law.__class__(law, suppress_health_check=[HealthCheck.function_scoped_fixture],
                          max_examples=max(30, law.max_examples // 5))  # fmt: skip


@given(worlds(decisions=3), st.data())
@small_law
def test_stored_increments_equal_a_rebuild(store_case: StoreCase, world: World, data) -> None:
    """Documents that come, go and come again, in any batches, with decisions between: on names, and
    on namesakes.
    """
    registry = _fresh(store_case)

    def check() -> None:
        assert registry.stored() == registry.rebuilt()

    live_on(registry, world, data, check)
    assert registry.case.value("SELECT count(*) FROM changes") == 0


class _Keeper:
    """One of two runs, which settles in steps that those of the other come between."""

    def __init__(self, registry: StoredRegistry, id_: str) -> None:
        self.id = id_
        self.store = PostgresRegistry(registry.case.engine, registry.case.project, bound=3)
        self.owner = RegistryOwner(self.store, registry.bind, comparing(), "1")
        self.update: Update | None = None

    def look(self) -> None:
        """Work out what is to be written, and keep it."""
        with self.store.moment() as moment:
            self.update = self.owner.update(moment)

    def write(self) -> None:
        """Write what was worked out, however long ago; it is not written twice."""
        if self.update is not None:
            with suppress(LostLeaseError):
                self.store.write(self.id, self.update)
        self.update = None

    def take(self) -> None:
        """Take the lease if it is free."""
        self.store.hold(self.id, 60)

    def lapse(self) -> None:
        """Let the lease run out while this one does not see it."""
        if self.store.hold(self.id, 60):
            self.store.hold(self.id, -1)


@given(worlds(decisions=3), st.data())
@small_law
def test_two_runs_in_any_interleaving_equal_a_rebuild(store_case: StoreCase, world, data) -> None:
    """Two publish, forget, decide and settle, step by step between each other's steps; leases run
    out at any point, and updates are written late.
    """
    registry = _fresh(store_case)
    registry.store.let_go(ME)
    runs = [_Keeper(registry, ME), _Keeper(registry, SUCCESSOR)]
    decisions = list(world.decisions)
    there: list[str] = []
    settling = ("take", "look", "write", "write", "lapse")
    steps = st.sampled_from(("publish", "publish", "forget", "decide", *settling, *settling))
    some = st.lists(st.sampled_from(world.pool), min_size=1, max_size=6, unique=True)
    for number, step in enumerate(data.draw(st.lists(steps, min_size=4, max_size=20))):
        run = data.draw(st.sampled_from(runs))
        if step == "publish":
            registry.publish(f"d{number}", data.draw(some))
            there.append(f"d{number}")
        elif step == "forget" and there:
            registry.forget(there.pop(data.draw(st.integers(0, len(there) - 1))))
        elif step == "decide" and decisions:
            record(registry.case.engine, registry.case.project, decisions.pop())
        elif step in settling:
            getattr(run, step)()
    for run in runs:
        run.write()
    last = data.draw(st.sampled_from(runs))
    for run in runs:
        run.lapse()
    last.take()
    last.owner.catch_up(last.id)
    assert last.owner.catch_up(last.id) is None
    assert registry.stored() == registry.rebuilt()
    assert registry.case.value("SELECT count(*) FROM changes") == 0


def test_who_has_lost_the_lease_cannot_write(registry: StoredRegistry) -> None:
    """One that was paused, and came back after its successor: nothing of it is written."""
    registry.publish("a", [("PERSON", "John Smith"), ("PERSON", "John Q. Smith")])
    with registry.store.moment() as moment:
        late = registry.owner.update(moment)
    assert not registry.store.hold(SUCCESSOR, 60)
    registry.store.hold(ME, -1)
    assert registry.store.hold(SUCCESSOR, 60)
    with pytest.raises(LostLeaseError):
        registry.store.write(ME, late)
    assert not registry.store.hold(ME, 60)
    assert registry.owner.catch_up(SUCCESSOR) is not None
    with pytest.raises(LostLeaseError):
        registry.store.write(ME, late)
    assert isinstance(LostLeaseError(""), TemporaryError)
    assert registry.stored() == registry.rebuilt()


def test_an_update_is_written_once(registry: StoredRegistry) -> None:
    """The holder itself cannot write what it worked out before an epoch that has passed."""
    registry.publish("a", [("PERSON", "John Smith"), ("PERSON", "John Q. Smith")])
    with registry.store.moment() as moment:
        update = registry.owner.update(moment)
    registry.store.write(ME, update)
    with pytest.raises(LostLeaseError):
        registry.store.write(ME, update)


def test_names_that_go_while_the_update_is_worked_out_are_passed(registry: StoredRegistry) -> None:
    registry.publish("a", [("PERSON", "John Smith")])
    registry.publish("b", [("PERSON", "John Q. Smith")])
    with registry.store.moment() as moment:
        update = registry.owner.update(moment)
    registry.forget("b")
    registry.store.write(ME, update)
    registry.catch_up()
    assert registry.stored() == registry.rebuilt()


def test_another_version_of_the_rules_settles_everything_anew(registry: StoredRegistry) -> None:
    registry.publish("a", [("PERSON", "John Smith"), ("PERSON", "John Q. Smith")])
    registry.catch_up()
    newer = RegistryOwner(registry.store, registry.bind, comparing(), "2")
    update = newer.catch_up(ME)
    assert update.whole
    assert newer.catch_up(ME) is None
    assert registry.stored() == registry.rebuilt()


def test_the_id_of_a_forgotten_name_says_what_its_entity_became(registry: StoredRegistry) -> None:
    """An entity has the smallest id of its names; when that name goes, the id leads on."""
    pair = [("PERSON", "John Smith"), ("PERSON", "John Q. Smith")]
    ids = {registry.bind(RawName(*one)): one for one in pair}
    first, second = sorted(ids)
    for name, id_ in (("first", first), ("second", second)):
        registry.publish(name, [ids[id_]])
    registry.catch_up()
    assert registry.stored()[0] == {(first, 0): first, (second, 0): first}
    registry.forget("first")
    registry.catch_up()
    retired = "SELECT id::text, merged_into::text FROM entities"
    assert registry.case.rows(retired) == [(first, second)]
    registry.publish("again", [ids[first]])
    registry.catch_up()
    assert registry.case.rows(retired) == []


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("at_once", [False, True])
def test_the_id_of_a_forgotten_name_leads_nowhere_when_its_merge_is_undone(
    registry: StoredRegistry, which: int, *, at_once: bool
) -> None:
    """It leads to what is left of the entity that it was in before, if anything is."""
    ann, jane, other_jane = (("PERSON", name) for name in ("Ann Lee", "Jane Smith", "Jane Smyth"))
    names = sorted((ann, jane), key=lambda one: registry.bind(RawName(*one)))
    for document, name in (("first", names[0]), ("second", names[1]), ("third", other_jane)):
        registry.publish(document, [name])
    registry.catch_up()
    made = registry.decide(DecisionKind.MERGE, [ann], [jane, other_jane])
    registry.catch_up()
    assert len(set(registry.stored()[0].values())) == 1
    registry.forget(("first", "second")[which])
    if not at_once:
        registry.catch_up()
    record(registry.case.engine, registry.case.project,
           Decision(0, DecisionKind.UNDO, undoes=made.number, who="tester"))  # fmt: skip
    registry.catch_up()
    gone, left = registry.bind(RawName(*names[which])), registry.bind(RawName(*other_jane))
    led = dict(registry.case.rows("SELECT id::text, merged_into::text FROM entities"))
    assert led.get(gone) == (left if names[which] == jane else None)
    assert registry.stored() == registry.rebuilt()


def test_a_document_of_another_person_of_that_name(registry: StoredRegistry) -> None:
    """Split by document: there the name means somebody else; undone, all is as before."""
    smith = ("PERSON", "John Smith")
    registry.publish("a", [smith])
    registry.publish("b", [smith])
    registry.catch_up()
    before = registry.stored()
    document = registry.case.document("b.txt")
    made = registry.decide(DecisionKind.SPLIT, [smith], documents=(document,))
    registry.catch_up()
    name = registry.bind(RawName(*smith))
    entities, _ = registry.stored()
    assert entities == {(name, 0): name, (name, made.number): node_id(name, made.number)}
    shown = "SELECT content_id::text, sense, entity_id::text FROM published_mentions"
    in_b = registry.case.value(f"SELECT content_id::text FROM documents WHERE id = '{document}'")
    assert (in_b, made.number, node_id(name, made.number)) in registry.case.rows(shown)
    assert registry.stored() == registry.rebuilt()
    registry.forget("b")
    registry.catch_up()
    assert registry.stored() == ({(name, 0): name}, set())
    registry.publish("b", [smith])
    registry.catch_up()
    assert registry.stored()[0] == entities
    record(registry.case.engine, registry.case.project,
           Decision(0, DecisionKind.UNDO, undoes=made.number, who="tester"))  # fmt: skip
    registry.catch_up()
    assert registry.stored() == before
    assert registry.case.rows("SELECT id::text, merged_into::text FROM entities") == [
        (node_id(name, made.number), name)
    ]


KELLER = ("PERSON", "Robert Keller")
ENDINGS = ("man", "son", "ton", "well", "ford", "ley", "more")
JUNIOR, SENIOR = (("PERSON", f"Robert Keller {which}.") for which in ("Jr", "Sr"))


def test_a_namesake_that_comes_again_leaves_near_misses_alone(registry: StoredRegistry) -> None:
    """Those are of the name, whatever it means elsewhere."""
    registry.publish("a", [KELLER])
    registry.publish("b", [KELLER])
    registry.publish("c", [JUNIOR, SENIOR])
    registry.decide(DecisionKind.SPLIT, [KELLER], documents=(registry.case.document("b.txt"),))
    registry.catch_up()
    misses = registry.stored()[1]
    assert sorted(why for *_, why in misses) == ["ambiguous", "ambiguous", "told"]
    registry.forget("b")
    registry.catch_up()
    registry.publish("b", [KELLER])
    registry.catch_up()
    assert registry.stored()[1] == misses
    assert registry.stored() == registry.rebuilt()


def test_a_namesake_that_comes_again_leaves_alone_what_is_capped(store_case: StoreCase) -> None:
    """Also where the id of what is too large is the name's."""
    registry = StoredRegistry(store_case, component_bound=2)
    names = sorted((KELLER, JUNIOR, SENIOR), key=lambda one: registry.bind(RawName(*one)))
    registry.publish("a", names)
    registry.publish("b", names[:1])
    registry.decide(DecisionKind.SPLIT, names[:1], documents=(registry.case.document("b.txt"),))
    registry.catch_up()
    capped = "SELECT kind, key FROM capped"
    smallest = registry.bind(RawName(*names[0]))
    assert registry.case.rows(capped) == [("component", smallest)]
    registry.forget("b")
    registry.catch_up()
    registry.publish("b", names[:1])
    registry.catch_up()
    assert registry.case.rows(capped) == [("component", smallest)]


@pytest.mark.parametrize("back", [False, True])
def test_a_namesake_goes_with_the_last_of_its_name(registry: StoredRegistry, back: bool) -> None:
    """Whoever was one with it is so no more, though the name is back by then."""
    registry.publish("a", [KELLER])
    made = registry.decide(
        DecisionKind.SPLIT, [KELLER], documents=(registry.case.document("a.txt"),)
    )
    namesake = node_id(registry.bind(RawName(*KELLER)), made.number)
    others = [("PERSON", f"{given} Roe") for given in ("Jane", "Peter", "Ann", "Max", "Bob", "Kim")]
    other = max(others, key=lambda one: registry.bind(RawName(*one)))
    registry.publish("b", [other])
    registry.decide(DecisionKind.MERGE, [(*KELLER, None, made.number)], [other])
    registry.catch_up()
    assert registry.entity(*other) == namesake < registry.bind(RawName(*other))
    registry.forget("a")
    if back:
        registry.publish("c", [KELLER])
    registry.catch_up()
    assert registry.stored() == registry.rebuilt()
    assert registry.entity(*other) == registry.bind(RawName(*other))
    assert registry.case.rows("SELECT id::text, merged_into::text FROM entities") == [
        (namesake, registry.bind(RawName(*other)))
    ]


def test_what_is_too_large_is_known_by_a_namesakes_name_too(store_case: StoreCase) -> None:
    registry = StoredRegistry(store_case, component_bound=2)

    def forms(surname: str) -> list[tuple[str, str]]:
        return [("PERSON", f"Robert {surname}{which}") for which in ("", " Jr.", " Sr.")]

    def namesake(surname: str) -> str:
        return node_id(registry.bind(RawName(*forms(surname)[0])), 1)

    surname = next(
        one
        for one in map("".join, product(("Al", "Ben", "Car", "Dan", "Ed", "Fer"), ENDINGS))
        if namesake(one) < min(registry.bind(RawName(*form)) for form in forms(one))
    )
    name, *others = forms(surname)
    registry.publish("a", [name])
    registry.publish("b", [name])
    registry.publish("c", others)
    registry.decide(DecisionKind.SPLIT, [name], documents=(registry.case.document("b.txt"),))
    registry.decide(DecisionKind.MERGE, [(*name, None, 1)], others[:1])
    registry.catch_up()
    assert registry.case.rows("SELECT key FROM capped") == [(namesake(surname),)]
    caps = RegistryReader(store_case.engine, store_case.project).caps()
    assert [surname.lower() in (row.name or "") for row in caps] == [True]


def test_the_id_of_a_namesake_leads_to_where_it_is_now(registry: StoredRegistry) -> None:
    """Also when it went, and came back into an entity of another id."""
    registry.publish("a", [KELLER])
    registry.publish("b", [KELLER])
    document = (registry.case.document("b.txt"),)
    made = registry.decide(DecisionKind.SPLIT, [KELLER], documents=document)
    namesake = node_id(registry.bind(RawName(*KELLER)), made.number)
    registry.catch_up()
    registry.forget("b")
    registry.catch_up()
    leads = "SELECT merged_into::text FROM entities WHERE id = '" + namesake + "'"
    assert registry.case.rows(leads) == [(registry.bind(RawName(*KELLER)),)]
    given = ("Jane", "Peter", "Ann", "Max", "Bob", "Kim", "Eve", "Tom", "Sam", "Lou", "Ida", "Roy")
    others = [("PERSON", f"{one} Roe") for one in given]
    other = min(others, key=lambda one: registry.bind(RawName(*one)))
    assert registry.bind(RawName(*other)) < namesake
    registry.publish("c", [other])
    registry.decide(DecisionKind.MERGE, [(*KELLER, None, made.number)], [other])
    registry.publish("b", [KELLER])
    registry.catch_up()
    assert registry.stored()[0][registry.bind(RawName(*KELLER)), made.number] == registry.bind(
        RawName(*other)
    )
    assert registry.case.rows(leads) == [(registry.bind(RawName(*other)),)]


def test_the_id_of_a_name_that_was_merged_and_forgotten_leads_on(registry: StoredRegistry) -> None:
    """Until the name is back, which leads by itself."""
    given = ("Jane", "Peter", "Ann", "Max")
    people = sorted((("PERSON", f"{one} Roe") for one in given), key=lambda x: bound(registry, x))
    first, second, *_, last = people
    for number, one in enumerate((first, second, last)):
        registry.publish(f"d{number}", [one])
    registry.decide(DecisionKind.MERGE, [first], [second], [last])
    registry.catch_up()
    reader = GraphReader(registry.case.engine, registry.case.project)
    for gone, left in (("d2", first), ("d0", second)):
        registry.forget(gone)
        registry.catch_up()
        found = reader.find_entities(bound(registry, last))
        assert [row.id for row in found] == [bound(registry, left)]
    assert registry.stored() == registry.rebuilt()
    registry.publish("d2", [last])
    registry.catch_up()
    leads = "SELECT id::text FROM entities"
    assert registry.case.rows(leads) == [(bound(registry, first),)]


def bound(registry: StoredRegistry, one: tuple[str, str]) -> str:
    """Give the id of a name."""
    return registry.bind(RawName(*one))


def test_what_cannot_be_undone_is_said(registry: StoredRegistry) -> None:
    registry.decide(DecisionKind.MERGE, [("PERSON", "A B")], [("PERSON", "C D")])
    undo = Decision(0, DecisionKind.UNDO, undoes=1, who="tester")
    record(registry.case.engine, registry.case.project, undo)
    with pytest.raises(UsageError, match="undone already, by 2"):
        record(registry.case.engine, registry.case.project, undo)
    with pytest.raises(UsageError, match="no decision 9"):
        record(registry.case.engine, registry.case.project,
               Decision(0, DecisionKind.UNDO, undoes=9))  # fmt: skip
    with registry.case.engine.connect() as connection:
        kept = read_decisions(connection, registry.case.project)
    assert [(one.number, one.kind.value, one.who, one.undone_by) for one in kept] == [
        (1, "merge", "tester", 2), (2, "undo", "tester", None)
    ]  # fmt: skip


def test_a_crowd_is_reported_with_what_it_dissolved(registry: StoredRegistry) -> None:
    """The names of a block over its bound are not compared any more: that is said, until they are
    fewer again.
    """
    names = [("PERSON", f"John {letter}. Smith") for letter in "ABCDEFG"]
    registry.publish("a", [("PERSON", "John Quincy Smith"), ("PERSON", "John Q. Smith")])
    registry.catch_up()
    assert len(set(registry.stored()[0].values())) == 1
    registry.publish("b", names)
    registry.catch_up()
    reader = RegistryReader(registry.case.engine, registry.case.project)
    assert [row.kind for row in reader.caps()] == ["block"]
    assert len({registry.entity("PERSON", f"John {x} Smith") for x in ("Quincy", "Q.")}) == 2
    told = [["john q smith", "john quincy smith"]]
    assert [row.names for row in reader.dissolved(9)] == told
    entity = registry.entity("PERSON", "John Q. Smith")
    assert [row.names for row in reader.dissolved(9, entity)] == told
    registry.forget("b")
    registry.catch_up()
    assert reader.caps() == reader.dissolved(9) == []
    assert len(set(registry.stored()[0].values())) == 1
