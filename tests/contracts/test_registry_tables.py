"""What the registry stands on in PostgreSQL, in a new database and in one of an older version."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from alembic import command
from ledger_case import LedgerCase, plan_of
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from pipeline.stores import migrating, postgres
from pipeline.stores.ledger import Ledger

ONE, OTHER = sorted(str(uuid.uuid4()) for _ in range(2))
NAME = """
INSERT INTO names (id, project_id, type, normal, keys)
VALUES (CAST(:id AS uuid), CAST(:project AS uuid), 'PERSON', :normal, CAST(:keys AS text[]))
"""
# Key by key: with many at once the planner believes that they find half of the table, and reads it.
FOUND = """
SELECT DISTINCT n.normal
FROM unnest(name_blocks(CAST(:project AS uuid), CAST(:keys AS text[]))) AS b (block)
JOIN names n ON name_blocks(n.project_id, n.keys) && ARRAY[b.block]
ORDER BY n.normal
"""
NEAR = """
INSERT INTO near_misses (one, other, project_id, score, verdict, why, epoch)
SELECT CAST(:one AS uuid), CAST(:other AS uuid), id, 0.7, 'unsure', 'words', 1 FROM projects
"""

OLD_PROJECT = str(uuid.uuid4())
OLDER = f"""
INSERT INTO projects (id, name, configuration, configuration_digest)
VALUES ('{OLD_PROJECT}', 'old', '{{}}', 'x');
INSERT INTO contents (id, project_id, sha256, media_type, size, published_at, chain, text, members)
VALUES ('{ONE}', '{OLD_PROJECT}', 'a', 't', 1, now(), '[]', 'shown', NULL),
       ('{OTHER}', '{OLD_PROJECT}', 'b', 't', 1, now(), '[]', 'hidden',
        '[{{"path": "in", "sha256": "inside", "size": 1}}]');
INSERT INTO documents (id, project_id, uri, source, size, stamp, status, content_id,
                       next_content_id)
VALUES (gen_random_uuid(), '{OLD_PROJECT}', 'a', 'a', 1, '1', 'completed', '{ONE}', NULL),
       (gen_random_uuid(), '{OLD_PROJECT}', 'b', 'b', 1, '1', 'failed', '{ONE}', '{OTHER}');
INSERT INTO stage_results (content_id, stage, fingerprint, digest, payload, seconds)
VALUES ('{OTHER}', 'ocr', 'f', 'd', 'x', 1);
"""


def add_name(connection: Connection, project: str, normal: str, keys: Sequence[str]) -> str:
    id_ = str(uuid.uuid4())
    connection.execute(
        text(NAME), {"id": id_, "project": project, "normal": normal, "keys": list(keys)}
    )
    return id_


def found(connection: Connection, project: str, *keys: str) -> list[str]:
    return list(connection.scalars(text(FOUND), {"project": project, "keys": list(keys)}))


def test_a_project_has_a_registry_that_nothing_has_filled(case: LedgerCase) -> None:
    rows = case.rows("SELECT project_id::text, holder, until, epoch, version FROM registries")
    assert rows == [(case.project, None, None, 0, None)]

    case.ledger.open_project(case.name, case.plan)
    assert case.value("SELECT count(*) FROM registries") == 1

    case.delete()
    assert case.rows("SELECT 1 FROM registries") == []


def test_an_older_database_gets_a_registry_for_each_project(postgres_url: str) -> None:
    engine = postgres.connect(postgres_url)
    with engine.begin() as connection:
        command.upgrade(migrating.alembic_config(connection), "0007")
        for name in ("a", "b"):
            connection.execute(
                text(
                    "INSERT INTO projects (id, name, configuration, configuration_digest, epoch) "
                    "VALUES (gen_random_uuid(), :name, '{}', 'x', 3)"
                ),
                {"name": name},
            )
        first, second = connection.scalars(text("SELECT id::text FROM projects ORDER BY name"))
        add_name(connection, first, "jane roe", ["roe"])
        add_name(connection, second, "jean roe", ["roe"])
        connection.execute(
            text(
                "INSERT INTO entities (id, project_id, type, merged_into, epoch) SELECT "
                "gen_random_uuid(), id, 'PERSON', CASE name WHEN 'a' THEN id END, 1 FROM projects"
            )
        )

    migrating.migrate(postgres_url)

    Ledger(engine).open_project("c", plan_of())
    with engine.connect() as connection:
        of = text(
            "SELECT p.name, r.epoch, r.version FROM registries r "
            "JOIN projects p ON p.id = r.project_id ORDER BY p.name"
        )
        assert list(connection.execute(of)) == [("a", 0, None), ("b", 0, None), ("c", 0, None)]
        assert found(connection, first, "roe") == ["jane roe"]
        merged = connection.execute(
            text("SELECT project_id::text, merged_into::text FROM entities")
        )
        assert list(merged) == [(first, first)]
    engine.dispose()


def test_what_an_older_version_left_of_what_no_document_shows_goes(postgres_url: str) -> None:
    engine = postgres.connect(postgres_url)
    with engine.begin() as connection:
        command.upgrade(migrating.alembic_config(connection), "0007")
        connection.exec_driver_sql(OLDER)
        for normal in ("both", "hidden"):
            add_name(connection, OLD_PROJECT, normal, [])
        connection.execute(
            text(
                'INSERT INTO mentions (id, content_id, name_id, start, "end", text, type, score,'
                " page, model, stage_version) SELECT gen_random_uuid(), c.id, n.id, 0, 4, 'Jane',"
                " 'PERSON', 1, 1, 'm', '1' FROM contents c JOIN names n"
                " ON n.normal = 'both' OR c.text = 'hidden'"
            )
        )

    migrating.migrate(postgres_url)

    with engine.connect() as connection:
        of = "SELECT text, published_at IS NOT NULL, members IS NOT NULL FROM contents ORDER BY id"
        rows = [tuple(row) for row in connection.exec_driver_sql(of)]
        assert rows == [("shown", True, False), (None, False, False)]
        assert connection.scalar(text("SELECT count(*) FROM mentions")) == 1
        assert list(connection.scalars(text("SELECT normal FROM names"))) == ["both"]
        assert connection.scalar(text("SELECT count(*) FROM stage_results")) == 1
        assert list(connection.scalars(text("SELECT sha256 FROM loose_objects"))) == ["inside"]
    engine.dispose()


def test_names_are_found_by_any_of_their_keys_and_in_their_project(case: LedgerCase) -> None:
    other = case.ledger.open_project("other", case.plan).id
    with case.engine.begin() as connection:
        add_name(connection, case.project, "jane roe", ["roe", "jane+r"])
        add_name(connection, case.project, "j. roe", ["roe"])
        add_name(connection, case.project, "nameless", [])
        add_name(connection, other, "jean roe", ["roe", "jean+r"])

        assert found(connection, case.project, "roe") == ["j. roe", "jane roe"]
        assert found(connection, case.project, "jane+r", "jean+r") == ["jane roe"]
        assert found(connection, other, "jane+r", "roe", "Ωmega \N{GRINNING FACE}") == ["jean roe"]
        assert found(connection, case.project, "Roe", "") == []
        assert found(connection, case.project) == []


def test_the_index_is_what_finds_them(case: LedgerCase) -> None:
    with case.engine.begin() as connection:
        for number in range(50):
            add_name(connection, case.project, f"name {number}", [f"key {number}"])
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            connection.scalars(
                text(f"EXPLAIN {FOUND}"), {"project": case.project, "keys": ["key 3", "key 7"]}
            )
        )
        assert "ix_names_blocks" in plan
        assert found(connection, case.project, "key 3", "key 7") == ["name 3", "name 7"]


def test_a_near_miss_is_one_pair_and_goes_with_either_name(case: LedgerCase) -> None:
    case.publish("a", "Jane Roe met Jean Roe.", "Jane Roe", "Jean Roe")
    [one, other] = sorted(id_ for (id_,) in case.rows("SELECT id::text FROM names"))
    with pytest.raises(IntegrityError, match="ck_near_misses_order"), case.engine.begin() as line:
        line.execute(text(NEAR), {"one": other, "other": one})
    with pytest.raises(IntegrityError, match="fk_near_misses_o"), case.engine.begin() as line:
        line.execute(text(NEAR), {"one": ONE, "other": OTHER})

    for gone in (one, other):
        with case.engine.begin() as line:
            line.execute(text(NEAR), {"one": one, "other": other})
            line.execute(text("DELETE FROM relationships"))
            line.execute(text("DELETE FROM mentions"))
            line.execute(text("DELETE FROM names WHERE id = CAST(:id AS uuid)"), {"id": gone})
            assert line.scalar(text("SELECT count(*) FROM near_misses")) == 0
            line.rollback()
