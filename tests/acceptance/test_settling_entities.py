"""Entities follow whatever changes names: a run with nothing to do, `forget`, what was decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.small_run import write_documents
from faults.small_stages import SmallRules
from sqlalchemy import Engine, text

from actors.commands import settling
from pipeline.assembly import registries
from pipeline.identity import project_id
from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.settings import Settings
from pipeline.stores import postgres
from pipeline.stores.decisions import record
from pipeline.stores.registry_store import PostgresRegistry
from tests.acceptance.conftest import Casegraph

OTHER = "00000000-0000-0000-0000-000000000001"
PROJECT = project_id("small")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_documents(tmp_path / "documents", 6)
    return tmp_path / "documents"


@pytest.fixture
def engine(migrated_url: str) -> Engine:
    return postgres.connect(migrated_url)


def decide(engine: Engine) -> None:
    """Say that two people of the documents are one, who have nothing to do with each other."""
    pair = ((RawName("PERSON", "Ann Lee"),), (RawName("PERSON", "Bob Moss"),))
    record(engine, PROJECT, Decision(0, DecisionKind.MERGE, pair, who="tester"))


def entity(engine: Engine, normal: str) -> str:
    with engine.connect() as connection:
        return str(
            connection.scalar(
                text(
                    "SELECT coalesce(e.entity_id, n.id) FROM names n LEFT JOIN name_entities e"
                    " ON e.name_id = n.id WHERE n.normal = :normal"
                ),
                {"normal": normal},
            )
        )


def test_commands_leave_nothing_that_waits(small: Casegraph, folder: Path, engine: Engine) -> None:
    small("run", str(folder), "--project", "small")
    assert small.json("status", "--project", "small")["changes"] == 0
    small("verify", "--project", "small")

    small("forget", str(folder / "0000.txt"), "--project", "small")
    assert small.json("status", "--project", "small")["changes"] == 0
    small("verify", "--project", "small")
    assert entity(engine, "ann lee") != entity(engine, "bob moss")

    decide(engine)
    assert small.json("status", "--project", "small")["changes"] == 1
    said = small("status", "--project", "small").stdout
    assert "entities: 1 change of names not in them yet" in said
    [waiting] = small("verify", "--project", "small", status=1).stdout.splitlines()
    assert waiting == (
        "pending: small: 1 change of a name is not in entities yet; `casegraph run` goes on"
    )
    (folder / "0000.txt").unlink()
    done = small.json("run", str(folder), "--project", "small")
    assert set(done["stage_calls"].values()) == {0}
    assert small.json("status", "--project", "small")["changes"] == 0
    assert entity(engine, "ann lee") == entity(engine, "bob moss")
    small("verify", "--project", "small")


def test_what_a_run_that_holds_the_registry_has_to_apply_is_said(
    small: Casegraph,
    folder: Path,
    engine: Engine,
    migrated_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    small("run", str(folder), "--project", "small")
    monkeypatch.setattr(registries, "Rules", SmallRules)
    monkeypatch.setattr(settling, "OTHERS_SECONDS", 0.2)
    registry = PostgresRegistry(engine, PROJECT)
    assert registry.hold(OTHER, 60)
    decide(engine)
    assert settling.settle(Settings(acceleration="off"), engine, "", PROJECT, "small") == 1
    assert capsys.readouterr().err == (
        "entities do not show it yet: 1 change left to the run of small that is at work\n"
    )
    registry.let_go(OTHER)
    assert settling.settle(Settings(acceleration="off"), engine, "", PROJECT, "small") == 0
    assert capsys.readouterr().err == ""
    assert entity(engine, "ann lee") == entity(engine, "bob moss")
