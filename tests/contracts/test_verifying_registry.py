"""Verifying the registry: what was applied change by change gives nothing, and what is stored
otherwise than a rebuild has it is named, with what it should be.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ledger_case import emptied
from people_case import People, live_on
from registry_case import World, law, worlds
from sqlalchemy import text
from store_case import StoreCase
from stored_registry import ME, StoredRegistry

from pipeline.registry.decisions import DecisionKind, RawName
from pipeline.registry.owner import RegistryOwner
from pipeline.stores.postgres import one_moment
from pipeline.stores.verifying import stored_project
from pipeline.stores.verifying_registry import StoredRegistry as Verified
from pipeline.verification import Finding


def findings(registry: StoredRegistry, bound: int = 3) -> list[Finding]:
    """Compare with a rebuild; nothing may wait."""
    with one_moment(registry.case.engine) as connection:
        found = Verified(connection, registry.case.project, registry.owner, bound)
        assert found.waiting == ""
        return list(found.findings())


def kept(case: StoreCase, bound: int = 3, component_bound: int = 400) -> StoredRegistry:
    emptied(case.engine)
    case.project = case.ledger.open_project(case.name, case.plan).id
    return StoredRegistry(case, bound, component_bound)


small_law = law.__class__(law, suppress_health_check=[HealthCheck.function_scoped_fixture],
                          max_examples=max(30, law.max_examples // 5))  # fmt: skip


@given(worlds(decisions=3), st.data())
@small_law
def test_what_was_applied_change_by_change_gives_nothing(
    store_case: StoreCase, world: World, data: st.DataObject
) -> None:
    """Documents that come, go and come again, in any batches, with decisions between, on namesakes
    too: also what was capped, and why each name is where it is, are as a rebuild has them.
    """
    registry = kept(store_case, component_bound=data.draw(st.sampled_from((400, 3))))

    def check() -> None:
        assert findings(registry) == []

    live_on(registry, world, data, check)


@given(worlds(decisions=0, most=6), st.data())
@small_law
def test_namesakes_that_come_and_go_change_nothing_else(
    store_case: StoreCase, world: World, data: st.DataObject
) -> None:
    """Of names that stand elsewhere too, so that what is settled is the namesakes alone."""
    registry = kept(store_case, 50, component_bound=data.draw(st.sampled_from((400, 2))))
    registry.publish("every", world.pool)
    there = {"some": data.draw(st.lists(st.sampled_from(world.pool), min_size=1, unique=True))}
    registry.publish("some", there["some"])
    people = People(store_case, data, world)
    for _ in range(data.draw(st.integers(1, 4))):
        people.decide(there)
        registry.owner.catch_up(ME)
        if data.draw(st.booleans()):
            registry.forget("some")
            registry.owner.catch_up(ME)
            registry.publish("some", there["some"])
            registry.owner.catch_up(ME)
        assert findings(registry, 50) == []


LONG, INITIAL, JANE, SHORT = (
    ("PERSON", name) for name in ("John Quincy Smith", "John Q. Smith", "Jane Smith", "J. Smith")
)


@pytest.fixture
def registry(store_case: StoreCase) -> StoredRegistry:
    """Settle two names that are one, and one that may be either of two."""
    registry = kept(store_case, bound=50)
    registry.publish("a", [LONG, INITIAL, JANE, SHORT])
    registry.publish("b", [JANE])
    registry.decide(DecisionKind.SPLIT, [JANE], documents=(registry.case.document("b.txt"),))
    registry.catch_up()
    assert findings(registry, 50) == []
    return registry


ENTITY = "INSERT INTO name_entities (name_id, sense, entity_id, epoch) VALUES "
OTHER_REASON = """
UPDATE name_entities SET reasons = '[{{"with": "x", "decision": 9}}]' WHERE name_id = '{smaller_id}'
"""
NO_MISS = """
INSERT INTO near_misses (one, other, project_id, score, verdict, why, epoch)
SELECT least(a, b), greatest(a, b), p, 0.7, 'unsure', 'unsure', 1
FROM (SELECT '{jane}'::uuid AS a, '{larger_id}'::uuid AS b, id AS p FROM projects) AS x
"""
NO_CROWD = """
INSERT INTO capped (project_id, kind, key, size, epoch) SELECT id, 'block', 'k', 99, 1 FROM projects
"""
IN_OWN = (
    "{larger} is in the entity {larger_id} ({larger}), and should be in {smaller_id} ({smaller})"
)
JANE_IN = "PERSON 'jane smith'{0} is in the entity {{smaller_id}} ({{smaller}}), and should {1}"


@pytest.mark.parametrize(
    ("statement", "check", "message"),
    [
        ("DELETE FROM name_entities WHERE name_id <> entity_id AND sense = 0", "entity", IN_OWN),
        (f"{ENTITY} ('{{jane}}', 0, '{{smaller_id}}', 1)", "entity",
         JANE_IN.format("", "be in {jane} (PERSON 'jane smith')")),
        (f"{ENTITY} ('{{jane}}', 7, '{{smaller_id}}', 1)", "entity",
         JANE_IN.format(" in sense 7", "not be there")),
        (OTHER_REASON,
         "reasons", "{smaller} is in its entity for decision 9, and should be for s"),
        ("DELETE FROM near_misses WHERE '{jane}' IN (one, other)",
         "near_miss", "should be near misses: ambiguous"),
        ("UPDATE near_misses SET why = 'unsure' WHERE '{jane}' IN (one, other)",
         "near_miss", "are near misses as unsure, shorter"),
        (NO_MISS, "near_miss", "are no near misses of each other"),
        ("DELETE FROM senses", "sense", "it has sense 0, and should have 1"),
        (NO_CROWD, "capped", "a block that is not over its bound is reported"),
    ],
)  # fmt: skip
def test_what_is_stored_otherwise_is_named(
    registry: StoredRegistry, statement: str, check: str, message: str
) -> None:
    said = {registry.bind(RawName(*one)): f"PERSON '{one[1].lower()}'" for one in (LONG, INITIAL)}
    said = {id_: words.replace("q.", "q") for id_, words in said.items()}
    smaller, larger = sorted(said)
    words = {
        "jane": registry.bind(RawName(*JANE)), "smaller_id": smaller, "larger_id": larger,
        "smaller": said[smaller], "larger": said[larger],
    }  # fmt: skip
    with registry.case.engine.begin() as connection:
        assert connection.execute(text(statement.format(**words))).rowcount > 0

    found = [x for x in findings(registry, 50) if x.check == check]

    assert any(message.format(**words) in x.message for x in found), found


def test_names_of_a_block_that_crosses_its_bound_are_settled_again(
    store_case: StoreCase,
) -> None:
    """They were one thing; in a crowd they are not compared, and later they are again."""
    registry = kept(store_case)
    registry.publish("a", [LONG, INITIAL])
    registry.catch_up()
    registry.publish("b", [("PERSON", f"John {letter}. Smith") for letter in "ABCDEFG"])
    registry.catch_up()
    assert [x.message for x in findings(registry)] == []
    registry.forget("b")
    registry.catch_up()
    assert [x.message for x in findings(registry)] == []


def test_a_crowd_that_nobody_reports_is_named(registry: StoredRegistry) -> None:
    registry = kept(registry.case)
    registry.publish("a", [("PERSON", f"John {letter}. Smith") for letter in "ABCDEFG"])
    registry.catch_up()
    assert findings(registry) == []
    with registry.case.engine.begin() as connection:
        connection.execute(text("DELETE FROM capped"))
    assert {(x.check, x.message) for x in findings(registry)} == {
        ("capped", "a block over its bound that is not reported")
    }


def test_what_waits_is_no_damage(registry: StoredRegistry) -> None:
    """Changes that are pending, and other rules: entities are then not looked at."""

    def waiting(owner: RegistryOwner) -> tuple[str, list[Finding]]:
        case = registry.case
        with stored_project(
            case.engine, case.project, case.plan, case.blobs, owner=owner
        ) as stored:
            found = list(stored.findings())
            return stored.waiting, found

    with registry.case.engine.begin() as connection:
        connection.execute(text("DELETE FROM name_entities WHERE sense = 0"))
    newer = RegistryOwner(registry.store, registry.bind, registry.owner._comparing, "2")
    other = "entities are those of other rules than this version's"
    assert waiting(newer) == (other, [])
    assert {x.check for x in waiting(registry.owner)[1]} == {"entity", "reasons"}
    registry.publish("c", [LONG])
    assert waiting(registry.owner) == ("1 change of a name is not in entities yet", [])
