"""A stage that raises, takes its process with it, hangs or eats memory costs the document it was at
and no other; one that cannot even start ends the run with the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from faults import poison
from faults.small_stages import BREAKS, SECONDS, STARTS
from waiting import until

from pipeline.documents import StageName

INNOCENT = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(INNOCENT):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    return folder


def with_more(casegraph, **more: str):
    """Give the same command line with more in its environment."""
    return replace(casegraph, environment=casegraph.environment | more)


def test_what_kills_breaks_hangs_or_exhausts_a_stage_fails_alone(small_on_ray, folder, tmp_path):
    (folder / "breaks.txt").write_text(f"Bob Ray {BREAKS}.")
    for name, kind in (("kills", "exits"), ("hangs", "backtracks"), ("eats", "eats")):
        dose = poison.dose(StageName.EXTRACT, kind)
        (folder / f"{name}.txt").write_text(f"Bob Ray {dose}.")
    taken = tmp_path / "taken"

    limited = with_more(
        small_on_ray,
        **{poison.TAKEN: str(taken)},
        CASEGRAPH_LIMITS__STAGE_SECONDS__EXTRACT="0.5",
        CASEGRAPH_LIMITS__STAGE_MEMORY_BYTES__EXTRACT=str(128 << 20),
    )
    result = limited.json("run", str(folder), "--project", "p", status=3)

    assert result["documents"]["completed"] == INNOCENT
    failures = {
        Path(row["source"]).name: row
        for row in small_on_ray.json_lines("failures", "--project", "p")
    }
    assert failures.keys() == {"breaks.txt", "kills.txt", "hangs.txt", "eats.txt"}
    assert failures["breaks.txt"]["error"] == "stage_raised"
    assert "no such word" in failures["breaks.txt"]["message"]
    assert "in find\n" in failures["breaks.txt"]["log_tail"]
    assert failures["kills.txt"]["error"] == "worker_died"
    assert failures["hangs.txt"]["error"] == "stage_timeout"
    assert "re/__init__.py" in failures["hangs.txt"]["log_tail"]
    assert failures["eats.txt"]["error"] == "stage_memory"
    assert "_eat" in failures["eats.txt"]["log_tail"]
    # One time in a call with others, and two alone, each counted before it was begun.
    assert failures["kills.txt"]["attempts"] == 3
    # No call is made that is not counted.
    calls = Counter(taken.read_text().split())
    assert 2 <= calls["exits"] <= failures["kills.txt"]["attempts"]
    assert {row["stage"] for row in failures.values()} == {"extract"}


@pytest.mark.parametrize(
    ("how", "seconds", "reason"),
    [
        ("misses", 300, "extract could not start: the model is not installed: pip install it"),
        pytest.param(
            "crashes",
            300,
            "extract could not start: Fatal Python error: Segmentation fault",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "sleeps",
            90,
            "extract did not start in 90 s (limits.start_seconds): it was at File",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_stage_that_cannot_start_ends_the_run_with_the_reason(
    small_on_ray, folder, how, seconds, reason
):
    starting = with_more(
        small_on_ray, **{STARTS: how, "CASEGRAPH_LIMITS__START_SECONDS": str(seconds)}
    )

    ended = starting("run", str(folder), "--project", "p", status=1)

    assert reason in ended.stderr
    if how == "sleeps":
        assert "poison.py" in ended.stderr


@pytest.mark.long
def test_a_process_that_gives_no_sign_of_life_is_ended_and_nobody_blamed(small_on_ray, folder):
    limits = {f"CASEGRAPH_LIMITS__STAGE_SECONDS__{stage.upper()}": "1" for stage in StageName}
    slow = with_more(small_on_ray, **limits, **{SECONDS: "0.5"})
    run = slow.start("run", str(folder), "--project", "p", "--json")
    stopped: list[psutil.Process] = []

    def stop_one_at_work() -> bool:
        for process in psutil.Process(run.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if process.cmdline()[:1] == ["ray::StageActor.run"]:
                    process.suspend()
                    stopped.append(process)
                    return True
        return False

    try:
        until(stop_one_at_work, 200)
        out, err = run.communicate(timeout=300)
    finally:
        run.kill()
    assert run.returncode == 0, err
    assert json.loads(out)["documents"]["completed"] == INNOCENT
    assert not stopped[0].is_running()
