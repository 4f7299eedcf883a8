"""`casegraph report`: what a run came to, also one before the last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from faults import small_stages

GOOD = 6


def corpus_in(folder: Path) -> Path:
    folder.mkdir()
    for number in range(GOOD):
        (folder / f"{number}.txt").write_text(f"Ann Lee met Bob Ray on day {number}.")
    (folder / "bad.txt").write_text(f"one {small_stages.FAILS}")
    (folder / "worse.html").write_text(f"two {small_stages.FAILS}")
    (folder / "breaks.txt").write_text(f"Ann Lee {small_stages.BREAKS}")
    return folder


def test_a_run_is_reported_by_stage_type_and_error(small: Any, tmp_path: Path) -> None:
    corpus = corpus_in(tmp_path / "corpus")
    small("run", str(corpus), "--project", "p", status=3)
    first = small.json("report", "--project", "p")

    assert (first["outcome"], first["project"]) == ("finished", "p")
    summary = first["summary"]
    assert (summary["completed"], summary["failed"]) == (GOOD, 3)
    stages = summary["work"]["stages"]
    assert stages["ocr"]["types"]["text/plain"]["made"] == GOOD + 1
    assert stages["ocr"]["types"]["text/plain"]["failed"] == 1
    assert stages["ocr"]["types"]["text/html"]["failed"] == 1
    assert stages["relate"]["types"]["text/plain"]["made"] == GOOD
    assert stages["extract"]["lost"] >= 2
    assert stages["ocr"]["service"]["count"] == GOOD + 1
    assert stages["extract"]["queue"]["count"] >= GOOD + 1
    failures = {(x["stage"], x["type"], x["error"]): x for x in first["failures"]}
    assert set(failures) == {
        ("ocr", "text/plain", "unreadable"),
        ("ocr", "text/html", "unreadable"),
        ("extract", "text/plain", "stage_raised"),
    }
    assert failures["ocr", "text/html", "unreadable"]["source"].endswith("worse.html")
    assert all(x["documents"] == 1 for x in failures.values())

    (corpus / "new.txt").write_text("Cleo Old met Dan Moss.")
    small("run", str(corpus), "--project", "p", status=3)
    last = small.json("report", "--project", "p")
    assert last["run"] != first["run"]
    assert last["summary"]["completed"] == 1
    assert last["failures"] == []
    assert small.json("report", "--project", "p", "--run", first["run"][:13]) == first

    shown = small("report", "--project", "p", "--run", first["run"]).stdout
    assert f"run {first['run']}: finished" in shown
    assert f"{GOOD} documents completed, 3 failed" in shown
    for words in ("text/html", "unreadable", "stage_raised", "worse.html", "checkpoint cache"):
        assert words in shown
    assert max(map(len, shown.splitlines())) <= 200


def test_a_run_that_is_none_is_refused_with_those_that_are(small: Any, tmp_path: Path) -> None:
    small("run", str(corpus_in(tmp_path / "corpus")), "--project", "p", status=3)
    run = small.json("report", "--project", "p")["run"]
    refused = small("report", "--project", "p", "--run", "nothing", status=2)
    assert "no run of the project begins with 'nothing'" in refused.stderr
    assert run in refused.stderr


def test_changes_of_mode_and_what_was_there_are_in_it(small: Any, tmp_path: Path) -> None:
    corpus = str(corpus_in(tmp_path / "corpus"))
    away = {"CASEGRAPH_REDIS_URL": "redis://127.0.0.1:1/0"}
    without = replace(small, environment=small.environment | away)
    without("run", corpus, "--project", "p", status=3)
    said = without.json("report", "--project", "p")
    assert [note["what"] for note in said["summary"]["work"]["modes"]] == ["database"]
    assert "database mode after" in without("report", "--project", "p").stdout

    small("run", corpus, "--project", "p", "--from", "relate", status=3)
    work = small.json("report", "--project", "p")["summary"]["work"]
    assert work["stages"]["relate"]["types"]["text/plain"]["made"] == GOOD
    assert work["stages"]["chunk"]["types"] == {}
