"""Verifying entities and decisions: what the registry may have written gives nothing, and each way
in which it contradicts itself is named.
"""

from __future__ import annotations

import pytest
from ledger_case import LedgerCase
from sqlalchemy import text

from pipeline import identity
from pipeline.stores.verifying import stored_project

PEOPLE = ("Ann Lee", "Bo Ray", "Cy Fox", "Di Orr")
OTHER = "Ed Poe"
# Of the names in the order of their ids, the first two are one entity, and the first, in a second
# sense, is one with the third, in another sense; the last is like the third.
GOOD = """
INSERT INTO name_entities (name_id, sense, entity_id, epoch)
VALUES (:n0, 0, :n0, 1), (:n1, 0, :n0, 1), (:n0, 1, :node, 1), (:n2, 1, :node, 1);
INSERT INTO entities (id, project_id, merged_into, epoch)
VALUES (:n1, :project, :n0, 1), (gen_random_uuid(), :project, :n1, 1);
INSERT INTO near_misses (one, other, project_id, score, verdict, why, epoch)
VALUES (:n2, :n3, :project, 0.7, 'unsure', 'unsure', 1);
INSERT INTO capped (project_id, kind, key, size, epoch) VALUES (:project, 'block', 'k', 99, 1);
INSERT INTO decisions (project_id, number, kind, names, who, undone_by)
VALUES (:project, 1, 'merge', '[]', 'me', 2), (:project, 2, 'undo', '[]', 'me', NULL);
UPDATE registries SET epoch = 1, version = '1';
DELETE FROM changes;
"""


@pytest.fixture
def case(case: LedgerCase) -> LedgerCase:
    words = f"{', '.join(PEOPLE)} came."
    case.publish("a", words, *PEOPLE)
    other = LedgerCase(case.engine, name="other")
    other.publish("b", f"{OTHER} came.", OTHER)
    change(case, GOOD)
    return case


def change(case: LedgerCase, statements: str) -> None:
    """Execute statements in which `:n0` to `:n3` are names, and `:o` one of another project."""
    of = "SELECT id::text FROM names WHERE project_id = :project ORDER BY id"
    ids = [id_ for (id_,) in case.rows(of, project=case.project)]
    nodes = [identity.node_id(ids[0], 1), identity.node_id(ids[2], 1)]
    values = {f"n{number}": id_ for number, id_ in enumerate(ids)}
    values |= {"node": min(nodes), "larger": max(nodes), "project": case.project}
    values["o"] = case.value("SELECT id::text FROM names WHERE normal = :name", name=OTHER.lower())
    with case.engine.begin() as connection:
        for name, value in values.items():
            statements = statements.replace(f":{name}", f"'{value}'")
        connection.execute(text(statements))


def found(case: LedgerCase) -> set[tuple[str, str]]:
    """Give the check of each finding, with its message up to the first colon."""
    with stored_project(case.engine, case.project, case.plan, case.blobs, quick=True) as stored:
        return {(x.check, x.message.partition(":")[0]) for x in stored.findings()}


def test_what_a_registry_writes_gives_nothing(case: LedgerCase) -> None:
    assert found(case) == set()


@pytest.mark.parametrize(
    ("statements", "check", "message"),
    [
        ("UPDATE name_entities SET entity_id = gen_random_uuid() WHERE name_id = :n1",
         "orphan", "a name in an entity whose name is not there"),
        ("UPDATE name_entities SET entity_id = :n1 WHERE sense = 0",
         "entity", "its entity has a larger id than it"),
        ("INSERT INTO name_entities VALUES (:n3, 0, :n1, NULL, 1)",
         "entity", "the name that it has its id of is in another"),
        ("UPDATE name_entities SET entity_id = :o WHERE name_id = :n1",
         "entity", "its entity is one of another project"),
        ("DELETE FROM name_entities WHERE name_id = :n1",
         "entity", "it was merged into {n0}, and is an entity"),
        ("UPDATE name_entities SET entity_id = :n1 WHERE name_id = :n1",
         "entity", "it was merged into {n0}, and is an entity"),
        ("UPDATE entities SET merged_into = id",
         "entity", "what it was merged into leads back to it"),
        ("INSERT INTO entities VALUES (:n0, :project, :n1, 1)",
         "entity", "what it was merged into leads back to it"),
        ("INSERT INTO name_entities VALUES (:n3, 0, :n2, NULL, 1)",
         "near_miss", "it is in one entity with its near miss {n3}"),
        ("UPDATE names n SET project_id = o.project_id FROM names o WHERE n.id = :n3 AND o.id = :o",
         "near_miss", "it or its near miss is a name of another project"),
        ("UPDATE name_entities SET entity_id = :larger WHERE sense = 1",
         "entity", "its entity has a larger id than it"),
        ("UPDATE name_entities SET entity_id = gen_random_uuid() WHERE sense = 1",
         "entity", "its id is that of none of its nodes"),
        ("DELETE FROM registries", "registry", "the project has no registry"),
        *(
            (f"UPDATE {table} SET epoch = 2",
             "registry", "it was written in epoch 2, and the registry is in 1")
            for table in ("name_entities", "entities", "near_misses", "capped")
        ),
        ("DELETE FROM decisions WHERE number = 1",
         "decision", "they are numbered 2 to 2, and there are 1"),
        ("UPDATE decisions SET number = 4 WHERE number = 2",
         "decision", "they are numbered 1 to 4, and there are 2"),
        ("UPDATE decisions SET kind = 'never' WHERE number = 2",
         "decision", "what is said to have undone it is no later undoing"),
        ("UPDATE decisions SET undone_by = 2 WHERE number = 2",
         "decision", "what is said to have undone it is no later undoing"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_named(
    case: LedgerCase, statements: str, check: str, message: str
) -> None:
    of = "SELECT id::text FROM names WHERE project_id = :project ORDER BY id"
    ids = {f"n{n}": x for n, (x,) in enumerate(case.rows(of, project=case.project))}

    change(case, statements)

    assert (check, message.format(**ids)) in found(case)


def test_while_a_change_waits_only_what_it_cannot_explain_is_named(case: LedgerCase) -> None:
    change(case, "UPDATE name_entities SET entity_id = gen_random_uuid() WHERE name_id = :n1")
    change(case, "DELETE FROM decisions WHERE number = 1")
    waiting = "INSERT INTO changes (project_id, kind, subject) VALUES (:project, 'removed', 'x')"
    change(case, waiting)

    assert {check for check, _ in found(case)} == {"decision"}
