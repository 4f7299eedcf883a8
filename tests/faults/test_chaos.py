"""A few faults on Ray at random moments, and the planted bugs; `make chaos` does many.

What makes faults and what compares is tested here, too: what they would not see, nobody would.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from actors.driver import LOST_RUNS
from faults import harm, history, planted
from faults.chaos import ALL_KINDS, Chaos, _working
from faults.ray_process import start
from faults.scene import Scene
from faults.servers import OwnPostgres, OwnValkey
from faults.small_run import SmallRun, write_documents
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores import postgres

FEW = 24
BLAME = """
INSERT INTO failures (document_id, stage, error, message, attempts)
SELECT id, 'relate', 'node_lost', 'gone', 4 FROM documents WHERE uri LIKE '%/0000.txt'
"""
PENDING = """
INSERT INTO changes (project_id, kind, subject)
SELECT project_id, 'name_added', min(id::text) FROM names GROUP BY project_id
"""
TWICE = """
INSERT INTO failures (document_id, run_id, stage, error, message, attempts)
SELECT document_id, run_id, stage, error, message, attempts FROM failures
"""


@pytest.mark.parametrize("nodes", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_some_faults_change_nothing(tmp_path: Path, nodes: int) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, FEW)
    seed = random.SystemRandom().randrange(1 << 32)
    told: list[str] = []
    chaos = Chaos(2, folder, seed, told.append, nodes=nodes)
    chaos()
    assert chaos.differences == [], "\n".join([f"seed {seed}", *told])
    assert sum(chaos.made.values()) >= 2


def test_on_nodes_each_process_ends_alone_and_with_each_other() -> None:
    assert set(harm.ENDS) == {
        *(f"an actor of {stage} killed" for stage in STAGES),
        "the persistence actor killed",
        "the registry actor killed",
        "the coordinator killed",
        "the command killed",
        "a node killed",
    }
    pairs = {f"{one} and {other}" for one, other in itertools.combinations(harm.ENDS, 2)}
    assert set(harm.ON_NODES) == {*harm.ENDS, *pairs}


@dataclass
class Beside:
    """Stands where a scene is that has no nodes. No time passes."""

    dice: random.Random = field(default_factory=lambda: random.Random(0))
    nodes: None = None

    def wait(self, *_seconds: float) -> None:
        pass


@pytest.mark.parametrize(
    ("there", "stays", "counts"),
    [((True, True), True, True), ((True, False), True, False), ((True, True), False, False)],
)
def test_a_pair_of_which_one_half_came_off_is_none(
    there: tuple[bool, bool], stays: bool, counts: bool
) -> None:
    shot: list[int] = []

    def aim(number: int) -> harm.Aim:
        def end() -> bool:
            shot.append(number)
            # What ends with the one that was ended before is no half of a pair.
            return stays or len(shot) == 1

        return lambda _: end if there[number] else None

    fault = harm._killed(aim(0), aim(1))

    assert fault(cast(Scene, Beside())) is counts
    # Who does not find both leaves both alone.
    assert sorted(shot) == ([0, 1] if all(there) else [])


def test_a_long_chaos_makes_each_kind_and_says_which_it_never_made(tmp_path: Path) -> None:
    for nodes in (0, 3):
        chaos = Chaos(ALL_KINDS, tmp_path, 0, lambda _: None, nodes=nodes)
        dice = random.Random(7)
        assert chaos.never == list(chaos.kinds)
        for _ in range(ALL_KINDS):
            chaos.made[chaos._drawn(dice)] += 1
        assert chaos.never == []
        del chaos.made["the command killed"]
        assert chaos.never == ["the command killed"]
        assert replace(chaos, wanted=ALL_KINDS - 1).never == []


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ("SELECT 1", ""),
        ("UPDATE documents SET status = 'completed' WHERE uri LIKE '%/0000.txt'",
         "0000.txt was completed 2 times and is completed"),
        ("UPDATE documents SET status = 'failed' WHERE uri LIKE '%/0000.txt'",
         "0000.txt was completed 1 times and is failed"),
        ("UPDATE contents SET chain = chain", " was published 2 times"),
        (BLAME, "0000.txt is blamed: relate, node_lost, gone"),
        ("DELETE FROM failures", ".txt has 0 failures and is failed"),
        (TWICE, ".txt has 2 failures and is failed"),
        (BLAME, "0000.txt has 1 failures and is completed"),
        ("UPDATE chunks SET vector = NULL", " chunks have no vector"),
        ("DELETE FROM chunks", "a chunk of "),
        ("DELETE FROM stage_results WHERE stage = 'extract'", "extract"),
        ("DELETE FROM stage_results WHERE stage = 'extract'",
         "expires, and PostgreSQL does not have it"),
        ("UPDATE mentions SET score = score, text = 'Zoe Zed'", "instead of {'digest': "),
        ("UPDATE documents SET status = 'pending' WHERE uri LIKE '%/0000.txt'",
         "1 documents are lost, "),
        (PENDING, "1 change of a name is not in entities yet"),
    ],
)  # fmt: skip
def test_what_is_done_twice_or_blamed_is_a_difference(
    settings: Settings, tmp_path: Path, done: str, found: str
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, FEW)
    run = SmallRun(settings, folder)
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    with engine.begin() as connection:
        history.count_endings(connection)
    run.until_done()
    expected = {"digest": run.digest(), **run.counts()}
    chaos = Chaos(0, folder, 0, lambda _: None)

    with engine.begin() as connection:
        connection.execute(text(done))
    engine.dispose()
    chaos._compare(run, "p", expected)

    assert bool(chaos.differences) == bool(found)
    assert found in "".join(chaos.differences)


def test_what_a_killed_command_holds_is_no_work_of_the_next_one(
    settings: Settings, tmp_path: Path
) -> None:
    folder, began = tmp_path / "documents", time.time()
    write_documents(folder, 1)
    run = SmallRun(settings, folder)
    run.until_done()
    assert not _working(run, began)

    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE documents SET status = 'running', claimed_by = (SELECT id FROM runs)")
        )
    engine.dispose()
    assert _working(run, began)
    assert not _working(run, time.time())


@dataclass
class Ended:
    """Stands where a run is that has ended, and left something or not."""

    documents: int = 0
    vectors: int = 0
    project: str = "p"

    def left(self) -> int:
        return self.documents

    def without_vector(self) -> int:
        return self.vectors


def ended(chaos: Chaos, program: str, run: Ended | None = None) -> subprocess.Popen[str]:
    """Have it hear how a program ended in a run's place."""
    process = started(program)
    chaos._ended(cast(SmallRun, run or Ended()), process)
    return process


def started(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("import time; time.sleep(600)", "a run did not end in 1 s"),
        ("raise KeyError('mine')", "KeyError: 'mine'"),
        ("import sys; print('gone', file=sys.stderr); sys.exit(1)", "ended with 1: gone"),
        ("", ""),
        ("import sys; sys.exit(3)", ""),
    ],
)
def test_a_run_that_does_not_end_as_it_should_is_a_difference(
    tmp_path: Path, program: str, found: str
) -> None:
    chaos = Chaos(0, tmp_path, 0, lambda _: None, patience=20.0 if "sleep" not in program else 1.0)
    process = ended(chaos, program)

    assert process.poll() is not None
    assert bool(chaos.differences) == bool(found)
    assert found in "".join(chaos.differences)


ONCE, THRICE = "it died", f"it died, {LOST_RUNS} times in a row"
COORDINATOR = "the coordinator killed"


@pytest.mark.parametrize(
    ("done", "said", "differs"),
    [
        ([COORDINATOR], ONCE, True),
        (["a stage actor killed", "the registry actor killed"], "it died", True),
        (["an actor of ocr killed and a node killed"], "it died", True),
        (["a node killed", "the command killed and a node killed"], "it died", False),
        (["the command killed"], "it died", False),
        (["the command killed", "redis killed and restarted"], "Redis does not answer", False),
        (["a stage actor killed", "redis killed and restarted"], "Redis does not answer", True),
        (["the coordinator paused"], "it died", True),
        (["postgres refused", "a commit lost"], "PostgreSQL does not answer", True),
        ([COORDINATOR, f"{COORDINATOR} and a node killed", COORDINATOR], THRICE, False),
        ([COORDINATOR, f"{COORDINATOR} and a node killed", COORDINATOR], ONCE, True),
        ([COORDINATOR, COORDINATOR], THRICE, True),
    ],
)
def test_a_run_that_ends_early_for_what_it_bears_is_a_difference(
    tmp_path: Path, done: list[str], said: str, differs: bool
) -> None:
    chaos = Chaos(0, tmp_path, 0, lambda _: None, done=done)

    ended(chaos, f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)")

    assert bool(chaos.differences) is differs
    assert all(f"and it ended with 1: {said}" in x for x in chaos.differences)


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("left", [Ended(documents=1), Ended(vectors=1)])
def test_a_run_that_ends_well_and_leaves_something_is_a_difference(
    tmp_path: Path, code: int, left: Ended
) -> None:
    chaos = Chaos(0, tmp_path, 0, lambda _: None, done=["the command killed"])

    ended(chaos, f"import sys; sys.exit({code})", left)

    [difference] = chaos.differences
    assert f"a run left 1 documents or vectors, and it ended with {code}" in difference


@pytest.mark.long
def test_a_fault_of_its_own_in_a_run_on_ray_is_a_difference(
    postgres_server: OwnPostgres, valkey_server: OwnValkey, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 3)
    environment = {
        planted.VARIABLE: "a_fault_of_the_run",
        "CASEGRAPH_HOME": str(tmp_path / "home"),
        "CASEGRAPH_DATABASE_URL": postgres_server.url,
        "CASEGRAPH_REDIS_URL": valkey_server.url,
    }
    chaos = Chaos(0, folder, 0, lambda _: None)

    chaos._ended(cast(SmallRun, Ended()), start(environment, str(folder), "p"))

    [difference] = chaos.differences
    said, _, logs = difference.strip().partition("; the log of the run has more: ")
    assert said == "p: a run says ended by a fault of its own (KeyError: 'mine')"
    written = [path.read_text(errors="replace") for path in Path(logs).glob("worker-*.err")]
    assert any("Traceback" in words and "KeyError: 'mine'" in words for words in written)


@pytest.mark.long
@pytest.mark.parametrize("bug", planted.PLANTS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    assert planted.tried(bug) == "caught"


@pytest.mark.long
@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ("True", "FAILS ANYWAY"),
        ("os.environ.get('PLANTED_BUG')", "FAILS OTHERWISE"),
        ("False", "MISSED"),
    ],
)
def test_a_test_that_does_not_fail_for_what_a_bug_does_wrong_does_not_catch_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: str,
    said: str,
) -> None:
    bug, failing = "members_forgotten", tmp_path / "test_failing.py"
    pattern = planted.PLANTS[bug].failure
    failing.write_text(
        f"import os\ndef test_it():\n    print({pattern!r})\n    assert not {fails}  # {pattern}\n"
    )
    monkeypatch.setitem(planted.PLANTS, bug, replace(planted.PLANTS[bug], test=str(failing)))
    assert planted.main([bug]) == 1
    assert capsys.readouterr().out == f"{said}  {bug}\n0 of 1 caught\n"
