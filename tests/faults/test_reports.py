"""What a run says it did: whole runs from the driver, with small stages, in threads."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from actors import driver
from actors.driver import CarryOut, Report
from actors.request import Request
from actors.run_result import RunResult
from actors.stop import Stop
from actors.summary import print_summary
from faults import small_stages
from faults.local_run import in_threads
from faults.small_run import SmallRun, write_documents
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.settings import RunSettings, Settings
from pipeline.walking import Passed, Selection, Walk

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults.small_run", "actors.coordinator", "boto3"])
FAST = RunSettings(window=8, persist_seconds=0.02, lease_seconds=2)


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> SmallRun:
    """Give a project of three texts and a container with one."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, person in (("a", "Ann Lee"), ("b", "Bob Moss"), ("c", "Cleo North")):
        (folder / f"{name}.txt").write_text(f"{person} met Gus Reed.")
    (folder / "box.txt").write_text("members\nHal Quist met Ann Lee.")
    return SmallRun(settings.model_copy(update={"run": FAST}), folder)


def whole(run: SmallRun, carry_out: CarryOut = in_threads, **more: Any) -> Report:
    """Run as the command does."""
    return driver.run(
        run.settings,
        Request([str(run.folder)], run.project, Walk(Selection()), **more),
        lambda _: None,
        Stop(),
        plan_of=lambda _: run.plan,
        host=small_stages.host,
        carry_out=carry_out,
    )


def count(run: SmallRun, answer: Path) -> None:
    """Run to the end, and write down how many documents were completed."""
    results = run.until_done()
    answer.write_text(json.dumps([result.completed for result in results]))


def test_each_document_is_counted_by_one_of_the_runs_that_share_the_work(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 120)
    run = SmallRun(settings.model_copy(update={"run": FAST}), folder)
    answers = [tmp_path / f"{number}.json" for number in range(3)]
    beside = [PROCESSES.Process(target=count, args=(run, answer)) for answer in answers]
    for process in beside:
        process.start()
    for process in beside:
        process.join(90)

    assert [process.exitcode for process in beside] == [0, 0, 0]
    completed = sum(sum(json.loads(answer.read_text())) for answer in answers)
    assert completed == run.counts()["completed"]


@pytest.mark.parametrize("acceleration", ["on", "off"])
def test_what_postgresql_refuses_counts_as_failed(run: SmallRun, acceleration: str) -> None:
    run = dataclasses.replace(
        run, settings=run.settings.model_copy(update={"acceleration": acceleration})
    )
    (run.folder / "nul.txt").write_text("Ann Lee met\x00 Bob Moss.")

    report = whole(run)

    assert (report.completed, report.failed) == (5, 1)
    assert run.counts()["failed"] == 1


def test_what_another_run_gave_back_is_taken_up(run: SmallRun) -> None:
    """It had all that there was to do, and was stopped while this one was at its end."""
    ledger = assembly.open_ledger(run.settings, run.urls)
    project = ledger.open_project(run.project, run.plan)
    other = ledger.start_run(project.id, 60)
    turns: list[RunResult] = []

    def beside(*arguments: Any) -> RunResult:
        if turns:
            return in_threads(*arguments)
        assert len(ledger.claim(other, 100)) == 4
        turns.append(in_threads(*arguments))
        ledger.release(other)
        ledger.end_run(other, "stopped", {})
        return turns[0]

    report = whole(run, beside)

    assert turns[0].completed == 0
    assert (report.outcome, report.completed) == ("finished", 5)


def test_what_to_type_after_an_interrupted_from_does_not_begin_anew(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    whole(run)

    def stopped(place: Any, pending: int, show: Any, stop: Stop) -> RunResult:
        stop.asked = True
        return in_threads(place, pending, show, stop)

    report = whole(run, stopped, from_stage=StageName.EXTRACT)
    assert report.outcome == "stopped"
    typed = ["run", "docs", "--from", "extract", "--project", "p", "--from=extract"]
    print_summary(report, Passed(), typed)

    assert "casegraph run docs --project p\n" in capsys.readouterr().out


def test_what_a_changed_container_held_leaves_the_object_store(run: SmallRun) -> None:
    ttl = run.settings.run.model_copy(update={"checkpoint_ttl_seconds": 1})
    run = dataclasses.replace(run, settings=run.settings.model_copy(update={"run": ttl}))
    objects = run.settings.home / "objects"

    def stored() -> list[str]:
        return [x.name for x in objects.rglob("*") if x.is_file()]

    whole(run)
    [before] = stored()
    (run.folder / "box.txt").write_text("members\nIvy Vance met Ann Lee, and Bob Moss.")
    whole(run)
    until(lambda: whole(run) and before not in stored())

    assert len(stored()) == 1
