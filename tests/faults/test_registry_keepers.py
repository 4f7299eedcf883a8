"""Whoever keeps a registry may be killed and paused at any moment: entities are those of a rebuild,
and who was paused writes nothing after its successor.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import product

import pytest
from ledger_case import LedgerCase
from sqlalchemy import Engine
from waiting import until

from faults.keeper_process import SLOW_SECONDS, keeping, open_keeper
from faults.small_stages import SmallRules
from pipeline import assembly
from pipeline.registry.keeping import Turn
from pipeline.stores import postgres
from pipeline.stores.registry_store import PostgresRegistry
from pipeline.stores.verifying_registry import StoredRegistry

GIVEN = ("Ann", "Anna", "Anne", "Annie", "Ben", "Benn", "Benno", "Cal", "Cale", "Calum")
PEOPLE = [f"{given} {family}" for given, family in product(GIVEN, ("Lee", "Fox", "Orr"))]
WRITTEN = (
    "SELECT name_id, sense, entity_id, reasons, epoch FROM name_entities ORDER BY 1, 2",
    "SELECT one, other, why, epoch FROM near_misses ORDER BY 1, 2",
    "SELECT id, merged_into, epoch FROM entities ORDER BY 1",
    "SELECT epoch, version FROM registries",
    "SELECT id, kind, subject FROM changes ORDER BY 1",
)
LEASE = 0.4


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = postgres.connect(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def case(engine: Engine) -> LedgerCase:
    case = LedgerCase(engine)
    for number in range(0, len(PEOPLE), 5):
        publish(case, *PEOPLE[number : number + 5])
    return case


def publish(case: LedgerCase, *people: str) -> None:
    """Publish a document in which these people are named."""
    words = f"{'; '.join(people)}; they came."
    case.publish(f"of {' and '.join(people)}", words, *people)


def written(case: LedgerCase) -> list[list[tuple]]:
    return [case.rows(question) for question in WRITTEN]


def unsettled(case: LedgerCase) -> list[str]:
    """Name what waits, or what a rebuild has otherwise."""
    owner = assembly.open_owner(case.engine, case.project, SmallRules())
    with postgres.one_moment(case.engine) as connection:
        stored = StoredRegistry(connection, case.project, owner)
        return [stored.waiting] if stored.waiting else [str(x) for x in stored.findings()]


def merged(case: LedgerCase) -> int:
    return int(case.value("SELECT count(*) FROM name_entities WHERE name_id <> entity_id"))


def test_who_was_paused_writes_nothing_after_its_successor(
    case: LedgerCase, migrated_url: str
) -> None:
    """It has worked an update out under its lease, and comes back when another one has the lease,
    and again when nobody has.
    """
    successor = open_keeper(migrated_url, case.project, LEASE)
    with keeping(migrated_url, case.project, LEASE, harm="before writing") as late:
        late.begin()
        until(lambda: late.paused)
        assert not successor.turn().held
        until(lambda: successor.turn().held)
        assert unsettled(case) == []
        assert merged(case) > 0
        publish(case, "Dan Lee", "Dana Lee")
        assert successor.turn().is_done
        successor.leave()
        before = written(case)
        late.resume()
        answer = late.answer()

    assert isinstance(answer, Turn)
    assert (answer.held, answer.updates) == (False, 0)
    assert written(case) == before
    assert unsettled(case) == []


def test_the_epoch_alone_keeps_out_what_was_worked_out_before_it(
    case: LedgerCase, migrated_url: str
) -> None:
    """Also under a good lease, which the late one is given back by hand here."""
    successor = open_keeper(migrated_url, case.project, LEASE)
    with keeping(migrated_url, case.project, LEASE, harm="before writing") as late:
        late.begin()
        until(lambda: late.paused)
        until(lambda: successor.turn().held)
        publish(case, "Dan Lee", "Dana Lee")
        assert successor.turn().is_done
        successor.leave()
        store = PostgresRegistry(case.engine, case.project)
        assert store.hold(late.holder, 60)
        before = written(case)
        late.resume()
        answer = late.answer()

    assert isinstance(answer, Turn)
    assert (answer.held, answer.updates) == (False, 0)
    assert written(case) == before


def test_who_was_stopped_inside_its_transaction_does_not_keep_the_registry(
    case: LedgerCase, migrated_url: str
) -> None:
    with keeping(migrated_url, case.project, LEASE, idle=2.0, harm="before commit") as late:
        late.begin()
        until(lambda: late.paused)
        successor = open_keeper(migrated_url, case.project, LEASE)
        assert successor.finish().is_done
        successor.leave()
        before = written(case)
        late.resume()
        answer = late.answer()

    assert answer == "PostgreSQL: server closed the connection unexpectedly"
    assert written(case) == before
    assert unsettled(case) == []


def test_a_lease_is_renewed_beside_work_that_takes_longer(
    case: LedgerCase, migrated_url: str
) -> None:
    """Else all who wait would take it from each other, and none would ever end."""
    waiting = open_keeper(migrated_url, case.project, LEASE)
    with keeping(migrated_url, case.project, LEASE, harm="slow") as slow:
        slow.begin()
        until(lambda: case.value("SELECT holder FROM registries") is not None)
        began = time.monotonic()
        refused = 0
        while not waiting.look().is_done:
            refused += not waiting.turn().held
            time.sleep(0.02)
        took = time.monotonic() - began
        answer = slow.answer()

    assert isinstance(answer, Turn)
    assert (answer.held, answer.is_done, answer.updates) == (True, True, 1)
    assert answer.compared * SLOW_SECONDS > 3 * LEASE
    assert took > 3 * LEASE
    assert refused > 10
    assert unsettled(case) == []


def test_who_waits_takes_over_from_the_dead(case: LedgerCase, migrated_url: str) -> None:
    with keeping(migrated_url, case.project, 1.5, harm="slow") as doomed:
        doomed.begin()
        until(lambda: case.value("SELECT holder FROM registries") is not None)
        doomed.kill()
        keeper = open_keeper(migrated_url, case.project, LEASE)
        seen: list[Turn] = []
        turn = keeper.finish(tell=seen.append)
    assert (turn.held, turn.is_done) == (True, True)
    assert not all(one.held for one in seen)
    assert unsettled(case) == []


def test_who_waits_only_for_a_while_says_what_is_left(case: LedgerCase, migrated_url: str) -> None:
    store = PostgresRegistry(case.engine, case.project)
    assert store.hold("00000000-0000-0000-0000-000000000001", 60)
    turn = open_keeper(migrated_url, case.project, LEASE).finish(0.1)
    assert (turn.held, turn.pending > 0, turn.updates) == (False, True, 0)


def test_nothing_is_done_for_a_project_that_is_gone(case: LedgerCase, migrated_url: str) -> None:
    keeper = open_keeper(migrated_url, "00000000-0000-0000-0000-000000000001", LEASE)
    assert keeper.finish() == Turn()


def test_killed_at_any_moment(case: LedgerCase, migrated_url: str) -> None:
    """Documents come while one keeper after the other is killed, some time after it began."""
    seed = random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    for _ in range(12):
        with keeping(migrated_url, case.project, 0.05) as doomed:
            doomed.begin()
            people = dice.sample(PEOPLE, 3)
            publish(case, *[f"{name}e" for name in people])
            time.sleep(dice.uniform(0, 0.05))
            doomed.kill()
    keeper = open_keeper(migrated_url, case.project, LEASE)
    assert keeper.finish().is_done, seed
    assert unsettled(case) == [], seed
    assert merged(case) > 0
