"""Examples are kept for all; which of them a project uses stays until somebody says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from faults.proxy import proxy_for
from ledger_case import plan_of
from store_case import StoreCase
from waiting import until

from pipeline import codec
from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.llm.answers import SaidEntity
from pipeline.llm.example_sets import MOST_EXAMPLES, ExampleSet, Origin, Task, shipped_set
from pipeline.llm.examples import Example
from pipeline.stage import Plan
from pipeline.stores import keys
from pipeline.stores.example_library import ExampleLibrary, Kept, present_of
from pipeline.stores.example_pins import ExamplePins, UsedExamples
from pipeline.stores.forgotten_copies import ForgottenCopies
from pipeline.stores.project_deletion import delete_project
from pipeline.stores.redis_examples import CachedExamples
from pipeline.stores.redis_link import RedisLink

LEGAL = len(shipped_set("legal", Task.FIND).examples)


def example(name: str = "Ann") -> Example:
    return Example(text=f"{name} left.", entities=(SaidEntity(text=name, type="PERSON"),))


def change(case: StoreCase, sql: str) -> None:
    with case.engine.begin() as connection:
        connection.exec_driver_sql(sql)


@pytest.fixture
def case(store_case: StoreCase) -> StoreCase:
    change(store_case, "DELETE FROM examples")
    return store_case


@pytest.fixture
def library(case: StoreCase) -> ExampleLibrary:
    return ExampleLibrary(case.engine)


@pytest.fixture
def pins(case: StoreCase) -> ExamplePins:
    return ExamplePins(case.engine)


@pytest.fixture
def cached(case: StoreCase, pins: ExamplePins) -> Iterator[CachedExamples]:
    case.link.client.flushdb()
    yield CachedExamples(pins, case.link, 1000)
    case.link.client.flushdb()


def texts(found: list[Kept] | ExampleSet) -> list[str]:
    if isinstance(found, ExampleSet):
        return [x.text for x in found.examples]
    return [x.example.text for x in found]


# The library.


def test_what_is_added_is_there_once_behind_what_is_shipped(library: ExampleLibrary) -> None:
    add = [example(), example("Bob"), example()]
    new = library.add("legal", {Task.FIND: add}, "ann")
    assert texts(new) == ["Ann left.", "Bob left."]
    assert library.add("legal", {Task.FIND: add}, "bob") == []
    listed = library.listed("legal", Task.FIND)
    assert [kept.origin for kept in listed] == [Origin.SHIPPED] * LEGAL + [Origin.ADDED] * 2
    assert texts(listed[LEGAL:]) == ["Ann left.", "Bob left."]
    assert {(kept.who, kept.source) for kept in listed[LEGAL:]} == {("ann", None)}
    assert len(library.listed("legal", Task.RELATE)) == LEGAL
    library.add("botany", {Task.RELATE: [example()]}, "ann")
    assert texts(library.listed("botany")) == ["Ann left."]
    assert len(library.listed()) == 2 * LEGAL + 3
    assert len(library.listed(task=Task.RELATE)) == LEGAL + 1
    assert present_of(listed, "legal", Task.FIND).examples[LEGAL:] == (example(), example("Bob"))


def test_what_is_removed_is_gone_and_what_is_shipped_is_hidden(library: ExampleLibrary) -> None:
    [own] = library.add("legal", {Task.FIND: [example()]}, "ann")
    assert library.remove(own, "bob")
    assert not library.remove(own, "bob")
    first = library.listed("legal", Task.FIND)[0]
    assert library.remove(first, "bob")
    listed = library.listed("legal", Task.FIND)
    assert (listed[0].origin, listed[0].who, len(listed)) == (Origin.HIDDEN, "bob", LEGAL)
    assert not library.remove(listed[0], "ann")
    assert first.example not in present_of(listed, "legal", Task.FIND).examples
    assert library.listed("legal", Task.RELATE)[0].origin is Origin.SHIPPED
    # Adding it again shows it again, where it was.
    [again] = library.add("legal", {Task.FIND: [first.example]}, "ann")
    assert again.origin is Origin.SHIPPED
    assert library.listed("legal", Task.FIND)[0] == first
    assert present_of(library.listed("legal"), "legal", Task.FIND) == shipped_set(
        "legal", Task.FIND
    )


def test_what_a_later_version_ships_is_one_with_what_was_added(
    case: StoreCase, library: ExampleLibrary
) -> None:
    [own] = library.add("botany", {Task.FIND: [shipped_set("legal", Task.FIND).examples[0]]}, "ann")
    change(case, "UPDATE examples SET domain = 'legal'")
    listed = library.listed("legal", Task.FIND)
    assert [kept.hash for kept in listed].count(own.hash) == 1
    assert library.remove(listed[0], "ann")
    assert library.listed("legal", Task.FIND)[0].origin is Origin.HIDDEN


def test_no_more_are_kept_than_a_question_shows(library: ExampleLibrary) -> None:
    room = MOST_EXAMPLES - LEGAL
    library.add("legal", {Task.FIND: [example(f"A{n}") for n in range(room - 1)]}, "ann")
    with pytest.raises(UsageError, match=r"^find: there would be 25 examples.* remove some first"):
        library.add("legal", {Task.FIND: [example("Bob"), example("Eve")]}, "ann")
    both = {Task.RELATE: [example()], Task.FIND: [example("Bob"), example("Eve")]}
    with pytest.raises(UsageError, match=r"^find: "):
        library.add("legal", both, "ann")
    assert len(library.listed("legal", Task.FIND)) == MOST_EXAMPLES - 1
    assert len(library.listed("legal", Task.RELATE)) == LEGAL

    together = Barrier(4)

    def add(number: int) -> int:
        together.wait()
        try:
            return len(library.add("legal", {Task.FIND: [example(f"Z{number}")]}, "ann"))
        except UsageError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(4))) == 1


def test_two_that_add_the_same_at_once_keep_it_once(library: ExampleLibrary) -> None:
    together = Barrier(8)

    def add(_: int) -> int:
        together.wait()
        return len(library.add("legal", {Task.FIND: [example(), example("Bob")]}, "ann"))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(8))) == [0] * 7 + [2]
    assert len(library.listed("legal", Task.FIND)) == LEGAL + 2


def test_what_was_accepted_goes_with_its_document(case: StoreCase, library: ExampleLibrary) -> None:
    case.bring("a", "Ann left.")
    document = case.document("a.txt")
    [kept] = library.add("legal", {Task.FIND: [example()]}, "ann", document)
    assert kept.origin is Origin.ACCEPTED
    listed = library.listed("legal", Task.FIND)[-1]
    assert (listed.source, listed.project) == ("corpus/a.txt", "case")
    # Another content of it makes no difference.
    case.bring("a", "Ann came.")
    assert library.listed("legal", Task.FIND)[-1] == listed
    case.forgetting.forget([case.uri("a.txt")])
    assert len(library.listed("legal", Task.FIND)) == LEGAL
    with pytest.raises(UsageError, match="its document is not there any more"):
        library.add("legal", {Task.FIND: [example()]}, "ann", document)


def test_what_was_accepted_goes_out_of_the_sets_that_projects_use(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins, cached: CachedExamples
) -> None:
    other = StoreCase(case.engine, "other", url=case.url)
    for number, name in enumerate(("Ann", "Bob")):
        case.bring(name, f"{name} left.")
        accepted = {Task.FIND: [example(name)]}
        library.add("legal", accepted, "ann", case.document(f"{name}.txt"))
        pins.pin((case, other)[number].project, "legal")
    projects = case.project, other.project
    before = [cached.used(project, "legal", Task.FIND) for project in projects]
    assert [texts(one)[LEGAL:] for one in before] == [["Ann left."], ["Ann left.", "Bob left."]]

    case.forgetting.forget([case.uri("Ann.txt")])

    for used in (cached, pins):
        after = [used.used(project, "legal", Task.FIND) for project in projects]
        assert [texts(one)[LEGAL:] for one in after] == [[], ["Bob left."]]
        # No stage of theirs runs again for that.
        assert [one.hash for one in after] == [one.hash for one in before]
    stored = [codec.json_of("set", bytes(value))
              for (value,) in case.rows("SELECT value FROM example_sets")]  # fmt: skip
    assert not any(b"Ann left" in value for value in stored)

    for (run,) in case.rows("SELECT id::text FROM runs WHERE ended_at IS NULL"):
        case.ledger.end_run(run, "finished", {})
    delete_project(case.engine, case.name, ForgottenCopies(case.link, case.blobs), case.blobs)
    for used in (cached, pins):
        assert texts(used.used(other.project, "legal", Task.FIND))[LEGAL:] == []
    other.close()


# Pins.


@pytest.fixture(params=["postgresql", "redis"])
def used(request: pytest.FixtureRequest, pins: ExamplePins, cached: CachedExamples) -> UsedExamples:
    return pins if request.param == "postgresql" else cached


def test_a_project_uses_what_it_pinned(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins, used: UsedExamples
) -> None:
    def now(task: Task = Task.FIND) -> ExampleSet:
        return used.used(case.project, "legal", task)

    shipped = shipped_set("legal", Task.FIND)
    library.add("legal", {Task.FIND: [example()]}, "ann")
    library.remove(library.listed("legal", Task.FIND)[0], "ann")
    assert now() == shipped
    assert used.used(case.project, "botany", Task.FIND) == ExampleSet()

    find, relate = pins.pin(case.project, "legal")
    assert (find.task, find.before, relate.task) == (Task.FIND, shipped, Task.RELATE)
    assert relate.before == relate.now == shipped_set("legal", Task.RELATE)
    assert now() == find.now == ExampleSet(examples=(*shipped.examples[1:], example()))
    assert used.set_of(case.project, "legal", Task.FIND, find.now.hash) == find.now
    assert used.set_of(case.project, "legal", Task.FIND, shipped.hash) == shipped

    # It stays whole, whatever becomes of its examples, until it is pinned anew.
    library.add("legal", {Task.FIND: [example("Bob")]}, "ann")
    for kept in library.listed("legal", Task.FIND):
        library.remove(kept, "ann")
    assert now() == find.now
    assert now(Task.RELATE) == relate.now
    again, _ = pins.pin(case.project, "legal")
    assert (again.before, again.now) == (find.now, ExampleSet())
    assert now() == ExampleSet()


def with_examples(hash_: str) -> Plan:
    changed = [
        one.model_copy(update={"configuration": {"examples": hash_}})
        if one.stage is StageName.EXTRACT
        else one
        for one in plan_of().identities
    ]
    return Plan(identities=tuple(changed))


def test_the_set_that_a_plan_was_made_with_stays_with_the_plan(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins
) -> None:
    library.add("legal", {Task.FIND: [example()]}, "ann")
    first, _ = pins.pin(case.project, "legal")
    case.ledger.open_project("case", with_examples(first.now.hash), reconfigure=True)
    library.add("legal", {Task.FIND: [example("Bob")]}, "ann")
    second, related = pins.pin(case.project, "legal")
    assert second.runs_again(with_examples(first.now.hash)) is StageName.EXTRACT
    assert second.runs_again(with_examples(second.now.hash)) is None
    assert second.runs_again(plan_of()) is None
    assert related.runs_again(with_examples(first.now.hash)) is None
    # However often it was pinned in between.
    assert pins.pin(case.project, "legal")[0].runs_again(with_examples(first.now.hash))
    assert pins.set_of(case.project, "legal", Task.FIND, first.now.hash) == first.now
    case.ledger.open_project("case", with_examples(second.now.hash), reconfigure=True)
    with pytest.raises(UsageError, match="are not there any more; run it with --reconfigure"):
        pins.set_of(case.project, "legal", Task.FIND, first.now.hash)
    assert pins.used(case.project, "legal", Task.FIND) == second.now


def test_of_two_that_pin_at_once_one_is_last(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins
) -> None:
    together = Barrier(6)

    def pin(number: int) -> str:
        together.wait()
        library.add("legal", {Task.FIND: [example(f"A{number}")]}, "ann")
        return pins.pin(case.project, "legal")[0].now.hash

    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(pin, range(6)))
    last = pins.used(case.project, "legal", Task.FIND)
    assert last.hash in made
    assert case.value("SELECT count(*) FROM example_sets WHERE task = 'find'") == 1
    assert (
        pins.pin(case.project, "legal")[0].now.hash
        == present_of(library.listed("legal"), "legal", Task.FIND).hash
    )


def test_a_project_that_is_not_there_pins_nothing(pins: ExamplePins) -> None:
    with pytest.raises(UsageError, match="not there any more"):
        pins.pin("11111111-1111-4111-8111-111111111111", "legal")


def test_redis_has_a_copy_that_may_be_lost(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins, cached: CachedExamples
) -> None:
    library.add("legal", {Task.FIND: [example()]}, "ann")
    pinned = pins.pin(case.project, "legal")[0].now
    client, key = case.link.client, keys.examples("legal", "find")
    assert cached.used(case.project, "legal", Task.FIND) == pinned
    assert 0 < client.ttl(key) <= 1000
    other = codec.encode(ExampleSet(examples=(example("Eve"),)))
    spoils: list[Callable[[], object]] = [
        client.flushdb,
        lambda: client.hset(key, pinned.hash, b"\x01no json"),
        lambda: client.hset(key, pinned.hash, b"\x07"),
        lambda: client.hset(key, pinned.hash, other),
    ]
    for spoil in spoils:
        spoil()
        assert cached.used(case.project, "legal", Task.FIND) == pinned
        # It is back, and PostgreSQL is not asked for it.
        value = case.value("SELECT value FROM example_sets WHERE task = 'find'")
        change(case, "UPDATE example_sets SET value = '\\x07' WHERE task = 'find'")
        assert cached.used(case.project, "legal", Task.FIND) == pinned
        with case.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE example_sets SET value = %s WHERE task = 'find'", (bytes(value),)
            )
    # What Redis still has of an earlier set is not used.
    library.add("legal", {Task.FIND: [example("Bob")]}, "ann")
    pinned = pins.pin(case.project, "legal")[0].now
    assert cached.used(case.project, "legal", Task.FIND) == pinned


def test_while_redis_is_away_postgresql_serves(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins, valkey_url: str
) -> None:
    library.add("legal", {Task.FIND: [example()]}, "ann")
    pinned = pins.pin(case.project, "legal")[0].now
    with proxy_for(valkey_url) as line:
        link = RedisLink(line.url(valkey_url), answer_seconds=0.2, probe_seconds=0.05)
        cached = CachedExamples(pins, link, 1000)
        away: list[Callable[[], object]] = [line.refuse, line.hang]
        for go_away in away:
            assert cached.used(case.project, "legal", Task.FIND) == pinned
            go_away()
            line.cut()
            for _ in range(3):
                assert cached.used(case.project, "legal", Task.FIND) == pinned
            line.heal()
            case.link.client.flushdb()

            def is_back() -> bool:
                cached.used(case.project, "legal", Task.FIND)
                return bool(case.link.client.exists(keys.examples("legal", "find")))

            until(is_back)
        link.client.close()


def test_a_deleted_project_leaves_no_examples(
    case: StoreCase, library: ExampleLibrary, pins: ExamplePins, cached: CachedExamples
) -> None:
    case.bring("a", "Ann left.")
    library.add("legal", {Task.FIND: [example()]}, "ann", case.document("a.txt"))
    library.add("legal", {Task.FIND: [example("Bob")]}, "ann")
    pins.pin(case.project, "legal")
    other = StoreCase(case.engine, name="other", url=case.url)
    theirs = pins.pin(other.project, "legal")[0].now
    cached.used(case.project, "legal", Task.FIND)
    change(case, "UPDATE runs SET ended_at = now()")

    delete_project(case.engine, "case", ForgottenCopies(case.link, case.blobs), case.blobs)

    assert case.link.client.keys("examples:*") == []
    assert texts(library.listed("legal", Task.FIND)[LEGAL:]) == ["Bob left."]
    project = f"project_id = '{case.project}'"
    assert case.value(f"SELECT count(*) FROM example_sets WHERE {project}") == 0
    assert case.value(f"SELECT count(*) FROM example_pins WHERE {project}") == 0
    # What another has pinned stays, but for what was its document's.
    now = cached.used(other.project, "legal", Task.FIND)
    assert (texts(now)[LEGAL:], now.hash) == (["Bob left."], theirs.hash)
    other.close()
