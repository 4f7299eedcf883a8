"""A few faults on Ray at random moments, and the planted bugs; `make chaos` does many.

In the long suite: it is mostly what makes faults that is tested here.
"""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from faults import planted
from faults.chaos import Chaos
from faults.ray_process import start
from faults.servers import OwnPostgres, OwnValkey
from faults.small_run import write_documents

pytestmark = pytest.mark.long


def test_some_faults_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 40)
    seed = random.SystemRandom().randrange(1 << 32)
    told: list[str] = []
    chaos = Chaos(3, folder, seed, told.append)
    chaos()
    assert chaos.differences == [], "\n".join([f"seed {seed}", *told])
    assert sum(chaos.made.values()) >= 3


def test_some_faults_on_a_cluster_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 40)
    seed = random.SystemRandom().randrange(1 << 32)
    told: list[str] = []
    chaos = Chaos(3, folder, seed, told.append, nodes=3)
    chaos()
    assert chaos.differences == [], "\n".join([f"seed {seed}", *told])
    assert sum(chaos.made.values()) >= 3


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
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    chaos._ended("p", process, quiet=True)

    assert process.poll() is not None
    assert bool(chaos.differences) == bool(found)
    assert found in "".join(chaos.differences)


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

    chaos._ended("p", start(environment, str(folder), "p"))

    [difference] = chaos.differences
    said, _, logs = difference.strip().partition("; the log of the run has more: ")
    assert said == "p: a run says ended by a fault of its own (KeyError: 'mine')"
    written = [path.read_text(errors="replace") for path in Path(logs).glob("worker-*.err")]
    assert any("Traceback" in words and "KeyError: 'mine'" in words for words in written)


@pytest.mark.parametrize("bug", planted.PLANTS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    assert planted.tried(bug) == "caught"


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
