"""A process that dies over a question to a language model, or over what questions show, loses
nothing that was paid for: who comes next ends with the same.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from faults.crash_scenes import OF_MODELS, stands_for_others
from faults.small_run import SmallRun, write_documents
from faults.test_crash_points import PROCESSES
from pipeline import assembly, identity
from pipeline.crash_points import POINTS, VARIABLE
from pipeline.llm.answering import Answering, Terms
from pipeline.llm.answers import entities_in
from pipeline.llm.asking import Message, Price, Question, Reply, Usage
from pipeline.llm.charging import Charge, charged_to
from pipeline.settings import RunSettings, Settings
from pipeline.stores import postgres
from pipeline.stores.content_sketches import ContentSketches
from pipeline.stores.llm_account import LlmAccount
from pipeline.stores.llm_ledger import LlmLedger
from pipeline.stores.memory import NoVectors
from pipeline.stores.protocols import Vector
from pipeline.stores.snapshot_making import make_snapshot
from pipeline.stores.snapshot_rows import pinned

QUESTION = Question(
    model="small", messages=(Message(role="user", content="Who?"),), form_name="entities"
)
GOOD = '{"entities": [{"text": "Ann Lee", "type": "PERSON"}]}'
SECONDS = 0.3
"""How long a question is its asker's: who died over it does not ask for long."""
PRICES = {"small": Price(input=1.0, output=1.0)}


@dataclass(frozen=True)
class Provider:
    """Answers badly the first time, and takes down how often it is asked, for all processes."""

    asked: Path

    def ask(self, question: Question) -> Reply:
        with self.asked.open("a") as file:
            file.write("asked\n")
        text = "{" if self.count == 1 else GOOD
        return Reply(text=text, usage=Usage(tokens_in=100, tokens_out=10))

    @property
    def count(self) -> int:
        return len(self.asked.read_text().splitlines()) if self.asked.exists() else 0


def ask(run: SmallRun, aside: Path) -> None:
    """Ask a question, find its answer again, and write down what it says."""
    engine = postgres.engine_of(run.urls.database_url)
    ledger, project = LlmLedger(engine), identity.project_id(run.project)
    number = assembly.open_ledger(run.settings, run.urls).start_run(project, SECONDS)
    ledger.allow(number, 1_000_000)
    asking = Answering(Provider(aside / "asked"), ledger, Terms(PRICES, SECONDS, tries=3))
    with charged_to(Charge(project, number, content_of(engine))):
        said = asking.answer(QUESTION, entities_in)
        ledger.renew([0], 1.0)
        assert asking.answer(QUESTION, entities_in) == said
    (aside / "said").write_text(said[0].text)


def content_of(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT min(id::text) FROM contents").scalar())


def embed(texts: Sequence[str]) -> list[Vector]:
    """Make vectors up."""
    seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
    return [np.random.default_rng(seed).normal(size=384).astype(np.float32) for seed in seeds]


def know(run: SmallRun, aside: Path) -> None:
    """Look at what a project knows, and write down under which hash it is."""
    engine = postgres.engine_of(run.urls.database_url)
    sketches = ContentSketches(engine, None, NoVectors(), "made up", embed, 1000)
    made = make_snapshot(engine, identity.project_id(run.project), "made up", sketches.of)
    (aside / "said").write_text(made.hash)


def come_there(run: SmallRun, point: str, aside: Path) -> None:
    (ask if point.startswith("llm") else know)(run, aside)


def die_there(run: SmallRun, point: str, aside: Path, at: str) -> None:
    os.environ[VARIABLE] = at
    come_there(run, point, aside)


def ending(run: SmallRun, point: str, aside: Path, at: str) -> int | None:
    """Come to a point in a process of its own, and give its exit status."""
    process = PROCESSES.Process(target=die_there, args=(run, point, aside, at))
    process.start()
    process.join(60)
    assert not process.is_alive()
    return process.exitcode


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> SmallRun:
    write_documents(tmp_path / "documents", 8)
    small = settings.model_copy(update={"run": RunSettings(window=8, persist_seconds=0.02)})
    run = SmallRun(small, tmp_path / "documents").move_in()
    run.until_done()
    return run


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=[pytest.mark.slow] * (not stands_for_others(point)))
        for point in POINTS
        if point.startswith(OF_MODELS)
    ],
)
def test_a_death_at_any_point_costs_one_question_at_most(
    point: str, run: SmallRun, tmp_path: Path
) -> None:
    project, said = identity.project_id(run.project), tmp_path / "said"
    at = f"{point}@{tmp_path / 'died'}"
    assert ending(run, point, tmp_path, at) == -signal.SIGKILL
    assert not said.exists()
    assert ending(run, point, tmp_path, at) == 0

    engine = postgres.engine_of(run.urls.database_url)
    if point.startswith("llm"):
        assert said.read_text() == "Ann Lee"
        # One bad answer, one good one; and one that was there and not kept.
        asked = 3 if point == "llm-keep.before-commit" else 2
        assert Provider(tmp_path / "asked").count == asked
        spent = LlmAccount(engine, project).spent()
        # What a dead process asked counts as paid for.
        assert spent.cost + spent.set_aside >= asked * 110
        assert spent.calls == asked + (point == "llm-ask.after-commit")
        return
    first = said.read_text()
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT hash, pinned FROM context_snapshots WHERE hash IS NOT NULL"
        ).all()
        # What a dead process began says nothing, and goes within days.
        of_begun = connection.exec_driver_sql(
            "SELECT count(*) FROM context_entries e JOIN context_snapshots s"
            " ON s.id = e.snapshot_id WHERE s.hash IS NULL"
        ).scalar()
    assert [tuple(row) for row in rows] == [(first, True)]
    assert of_begun == 0
    found = pinned(engine, project)
    assert found is not None
    assert found.hash == first
    know(run, tmp_path)
    assert said.read_text() == first


def test_a_question_that_nobody_died_over_is_asked_as_often_as_it_must(
    run: SmallRun, tmp_path: Path
) -> None:
    ask(run, tmp_path)
    assert Provider(tmp_path / "asked").count == 2
