"""What a run says it did: whole runs from the driver, with small stages, in threads."""

from __future__ import annotations

import dataclasses
import itertools
import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from stored_objects import stored_objects
from waiting import until

from actors import driver
from actors.driver import IDLE_RUNS, CarryOut, Report
from actors.dry_run import dry_run
from actors.progress import Snapshot
from actors.request import Request
from actors.run_result import RunResult
from actors.stop import Stop
from actors.summary import print_summary
from faults import small_stages
from faults.local_run import in_threads
from faults.proxy import Proxy, proxy_for
from faults.small_run import SmallRun, write_documents
from pipeline import assembly, identity
from pipeline.documents import StageName
from pipeline.errors import CasegraphError, UnavailableError, UsageError
from pipeline.settings import ArchiveLimits, Limits, RunSettings, Settings
from pipeline.stage import Plan
from pipeline.stores import postgres
from pipeline.stores.ledger import Ledger
from pipeline.stores.run_reports import RunReports
from pipeline.walking import FoundFile, Passed, Selection, Walk

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


def request(run: SmallRun, **more: Any) -> Request:
    return Request([str(run.folder)], run.project, Walk(Selection()), **more)


def whole(
    run: SmallRun,
    carry_out: CarryOut = in_threads,
    *,
    show: Callable[[Snapshot], None] = lambda _: None,
    stop: Stop | None = None,
    **more: Any,
) -> Report:
    """Run as the command does."""
    return driver.run(
        run.settings,
        request(run, **more),
        show,
        stop or Stop(),
        plan_of=lambda *_: run.plan,
        host=small_stages.host,
        rules=small_stages.SmallRules,
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


def test_what_cannot_be_published_when_it_is_retried_counts_as_failed_again(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its results are all there, so it is published, or fails, where it is identified."""
    (run.folder / "box.txt").write_text("members\nHal Quist met Ann Lee.\nIvy Vance met Bob Moss.")
    limits = Limits(archive=ArchiveLimits(max_members=1))
    run = dataclasses.replace(run, settings=run.settings.model_copy(update={"limits": limits}))
    first = whole(run)
    ledger = assembly.open_ledger(run.settings, run.urls)
    assert ledger.retry(identity.project_id(run.project)) == 1

    second = whole(run)

    assert (first.completed, first.failed, first.elsewhere) == (3, 1, 0)
    assert (second.completed, second.failed, second.elsewhere) == (0, 1, 0)
    assert "another run" not in said(second, capsys)


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

    def stopped(place: Any, source: Any, show: Any, stop: Stop) -> RunResult:
        stop.asked = True
        return in_threads(place, source, show, stop)

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
        return [x.name for x in stored_objects(objects)]

    whole(run)
    [before] = stored()
    (run.folder / "box.txt").write_text("members\nIvy Vance met Ann Lee, and Bob Moss.")
    whole(run)
    until(lambda: whole(run) and before not in stored())

    assert len(stored()) == 1


class Beside:
    """Another run of the project, which is at work for as long as a test wants."""

    def __init__(self, run: SmallRun) -> None:
        self.ledger = assembly.open_ledger(run.settings, run.urls)
        self.project = self.ledger.open_project(run.project, run.plan).id
        self.run = self.ledger.start_run(self.project, 600)

    def claim(self) -> int:
        return len(self.ledger.claim(self.run, 100))

    def record(self, name: str) -> None:
        found = FoundFile(uri=f"file:///{name}", source=name, size=1, stamp="1")
        self.ledger.record_documents(self.project, [found])

    def record_all(self, folder: Path) -> None:
        found = list(Walk(Selection()).files([str(folder)]))
        self.ledger.record_documents(self.project, found)

    def stop(self) -> None:
        self.ledger.release(self.run)
        self.ledger.end_run(self.run, "stopped", {})


def test_a_run_that_is_late_again_and_again_waits_for_the_living_one(run: SmallRun) -> None:
    """That one takes each wave of members while this one starts its actors."""
    beside, late = Beside(run), 0

    def show(snapshot: Snapshot) -> None:
        if snapshot.state.startswith("waiting for another run"):
            if late < IDLE_RUNS + 1:
                beside.record(f"member {late}")
            else:
                beside.stop()

    def carry_out(*arguments: Any) -> RunResult:
        nonlocal late
        late += 1
        if late <= IDLE_RUNS + 1:
            assert beside.claim()
        return in_threads(*arguments)

    report = whole(run, carry_out, show=show)

    assert (report.outcome, report.completed) == ("finished", 5)


def test_documents_that_nobody_can_work_on_end_a_run_that_is_alone(run: SmallRun) -> None:
    def carry_out(*_: Any) -> RunResult:
        return RunResult(outcome="finished", stage_calls={}, seconds=0.0, completed=0, failed=0)

    with pytest.raises(UnavailableError, match="4 documents cannot be worked on"):
        whole(run, carry_out)


@contextmanager
def locked(run: SmallRun, document: Path) -> Iterator[None]:
    """Hold a document's row within the block, as an open session does: nobody can claim it."""
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    row = text("SELECT 1 FROM documents WHERE uri = :uri FOR NO KEY UPDATE")
    try:
        with engine.begin() as connection:
            assert connection.execute(row, {"uri": document.as_uri()}).all()
            yield
    finally:
        engine.dispose()


def test_two_runs_of_documents_that_nobody_can_claim_end_as_one_does(run: SmallRun) -> None:
    """Neither takes the other, which does as little, for one at work."""
    whole(run)
    (run.folder / "late.txt").write_text("Ann Lee met Hal Quist.")
    both, said, turns = threading.Barrier(2), [], [0, 0]
    stops = [Stop(), Stop()]

    def work(number: int) -> None:
        def carry_out(*arguments: Any) -> RunResult:
            turns[number] += 1
            if turns[number] == 1:
                both.wait(30)
            return in_threads(*arguments)

        try:
            said.append(whole(run, carry_out, stop=stops[number]).outcome)
        except UnavailableError as error:
            said.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    beside = Beside(run)
    beside.record_all(run.folder)
    beside.stop()
    with locked(run, run.folder / "late.txt"):
        for thread in threads:
            thread.start()
        until(lambda: len(said) == 2 or max(turns) > 2 * IDLE_RUNS)
        for stop in stops:
            stop.asked = True
        for thread in threads:
            thread.join(30)

    assert turns == [IDLE_RUNS, IDLE_RUNS]
    assert ["1 documents cannot be worked on" in words for words in said] == [True, True]


def test_what_nobody_can_claim_waits_while_another_run_has_the_rest(run: SmallRun) -> None:
    """It may be free when that one is done; until then no turn after turn is begun."""
    beside, turns, waits = Beside(run), 0, 0
    beside.record_all(run.folder)
    holding = ExitStack()
    holding.enter_context(locked(run, run.folder / "a.txt"))
    assert beside.claim() == 3

    def show(snapshot: Snapshot) -> None:
        nonlocal waits
        waits += snapshot.state.startswith("waiting for another run")
        if waits == IDLE_RUNS + 1:
            beside.stop()
            holding.close()

    def carry_out(*arguments: Any) -> RunResult:
        nonlocal turns
        turns += 1
        assert turns <= 2 * IDLE_RUNS
        return in_threads(*arguments)

    with holding:
        report = whole(run, carry_out, show=show)

    assert (report.outcome, report.completed) == ("finished", 5)
    assert (turns, waits) == (2, IDLE_RUNS + 1)


def through(run: SmallRun, line: Proxy, patience: float) -> SmallRun:
    """Give the run with its PostgreSQL behind a line."""
    settings = Settings(
        home=run.settings.home,
        database_url=line.url(run.urls.database_url),  # type: ignore[arg-type]
        redis_url=run.urls.redis_url,  # type: ignore[arg-type]
        run=FAST.model_copy(update={"patience_seconds": patience}),
    )
    return dataclasses.replace(run, settings=settings)


@pytest.mark.parametrize("back", [True, False])
def test_postgresql_goes_away_while_a_run_waits_for_another(run: SmallRun, back: bool) -> None:
    beside, cut = Beside(run), []

    def show(snapshot: Snapshot) -> None:
        if snapshot.state.startswith("waiting for another run") and not cut:
            beside.stop()
            line.refuse()
            line.cut()
            if back:
                cut.append(threading.Timer(1.5, line.heal))
                cut[0].start()

    def carry_out(*arguments: Any) -> RunResult:
        if not cut:
            assert beside.claim() == 4
        return in_threads(*arguments)

    with proxy_for(run.urls.database_url) as line:
        if back:
            assert whole(through(run, line, 60.0), carry_out, show=show).completed == 5
            cut[0].join()
        else:
            with pytest.raises(UnavailableError, match=r"waited 1 s\); what is done is kept: run"):
                whole(through(run, line, 1.0), carry_out, show=show)


@pytest.mark.parametrize("ends", ["finished", "stopped"])
def test_a_run_is_at_work_until_its_sum_is_read(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """Who stops the services asks for that first."""
    seen = []

    def summed(*arguments: Any) -> Report:
        seen.append(assembly.projects_at_work(run.urls))
        return report(*arguments)

    def carry_out(place: Any, source: Any, show: Any, stop: Stop) -> RunResult:
        stop.asked = ends == "stopped"
        return in_threads(place, source, show, stop)

    def late(*arguments: Any) -> Any:
        with engine.begin() as connection:  # as if what comes before had taken longer
            connection.execute(text("UPDATE runs SET lease_until = now() - interval '1 second'"))
        return filled_in(*arguments)

    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    report, filled_in = driver._report, driver.filled_in
    monkeypatch.setattr(driver, "_report", summed)
    monkeypatch.setattr(driver, "filled_in", late)

    assert whole(run, carry_out).outcome == ends
    engine.dispose()
    assert seen == [[run.project]]
    assert assembly.projects_at_work(run.urls) == []


def said(report: Report, capsys: pytest.CaptureFixture[str]) -> str:
    """Give the summary as a person reads it, on one line."""
    print_summary(report, Passed(), ["run", "docs", "--project", "p"])
    return " ".join(capsys.readouterr().out.split())


def test_stages_that_are_not_those_of_the_plan_do_nothing(run: SmallRun) -> None:
    other = [one.model_copy(update={"version": "another"}) for one in run.plan.identities]
    report = whole(dataclasses.replace(run, plan=Plan(identities=tuple(other))))
    assert report.outcome == "failed"
    assert "stage is another one here than the run was planned with (version)" in report.reason
    assert report.documents["pending"] == sum(report.documents.values()) > 0


def test_languages_that_nothing_reads_are_said_unless_a_model_read_them(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    report = whole(run)
    graph = report.graph.model_copy(update={"languages": (("en", 4), ("nl", 1))})
    report = dataclasses.replace(report, graph=graph)
    assert "No installed model reads 1 document in nl" in said(report, capsys)
    by_model = dataclasses.replace(report, extractor="llm")
    assert "No installed model" not in said(by_model, capsys)


def test_what_another_run_did_meanwhile_is_said(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    def beside(*arguments: Any) -> RunResult:
        assert [result.completed for result in run.until_done()] == [5]
        return in_threads(*arguments)

    report = whole(run, beside)

    assert (report.completed, report.elsewhere) == (0, 5)
    words = said(report, capsys)
    assert words.startswith(
        "small: another run did what was left, 5 documents; in all 5 documents completed ("
    )
    assert "small: nothing to do, all is as it was (" in said(whole(run), capsys)


def test_documents_that_are_not_found_are_named_with_what_to_do(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    whole(run)
    paths = sorted(run.folder.iterdir())
    for path in paths[:-1]:
        path.unlink()
    some = said(whole(run), capsys)
    paths[-1].unlink()
    report = whole(run)
    everything = said(report, capsys)

    assert "3 documents of the project were not found in these sources this time" in some
    assert all(str(path) in some for path in paths[:-1])
    assert "casegraph forget SOURCE --project small" in some
    assert report.as_json()["not_found"] == 4
    assert "4 documents of the project were not found in these sources this time" in everything
    assert "… and 1 more casegraph forget SOURCE" in everything
    assert dry_run(run.settings, request(run), plan_of=lambda *_: run.plan).not_found == 4


def test_an_empty_folder_of_which_the_project_has_nothing_is_wrong_usage(run: SmallRun) -> None:
    whole(run)
    other = dataclasses.replace(run, folder=run.folder / "empty")
    other.folder.mkdir()

    with pytest.raises(UsageError, match="there is no file to take in"):
        whole(other)
    with pytest.raises(UsageError, match="there is no file to take in"):
        whole(dataclasses.replace(other, folder=other.folder, project="new"))
    ledger = assembly.open_ledger(run.settings, run.urls)
    assert ledger.plan_of(identity.project_id("new")) is None


def test_a_run_that_could_not_be_carried_out_is_reported_as_failed(run: SmallRun) -> None:
    why = "the Ray cluster went away"

    def carry_out(*_: object) -> RunResult:
        raise UnavailableError(why)

    with pytest.raises(UnavailableError, match=why):
        whole(run, carry_out)
    engine = postgres.engine_of(run.urls.database_url)
    try:
        report = RunReports(engine, identity.project_id(run.project)).report("")
    finally:
        engine.dispose()
    assert report is not None
    assert report.summary["outcome"] == "failed"
    assert report.summary["reason"] == why
    assert whole(run).outcome == "finished"


def test_a_connection_that_is_cut_when_the_work_is_done_is_one_line(
    run: SmallRun, migrated_url: str
) -> None:
    run()
    (run.folder / "new.txt").write_text("Ann Lee met Bob Moss.")
    told: list[str] = []
    with proxy_for(migrated_url) as line:
        url = Settings(database_url=line.url(migrated_url)).database_url  # type: ignore[arg-type]
        at_once = {"database_url": url, "run": FAST.model_copy(update={"patience_seconds": 0.0})}
        harmed = SmallRun(run.settings.model_copy(update=at_once), run.folder)
        for skip in itertools.count(0, 3):  # each is a whole run

            def carry_out(*_: object, skip: int = skip) -> RunResult:
                line.lose("", skip=skip, answered=False)
                return RunResult(
                    outcome="stopped", stage_calls={}, seconds=1.0, completed=0, failed=0
                )

            try:
                whole(harmed, carry_out)
            except CasegraphError as error:
                told.append(str(error))
            if not line.lost:
                break
            line.heal()
    assert len(told) > 2
    assert all("PostgreSQL" in words and "\n" not in words for words in told)
    assert all(" done is kept" in words for words in told), told


@pytest.mark.parametrize("answered", [True, False])
def test_a_connection_that_is_cut_while_services_are_opened_ends_no_run(
    run: SmallRun, answered: bool
) -> None:
    with proxy_for(run.urls.database_url) as line:
        line.lose("COMMIT", answered=answered)
        assert whole(through(run, line, 60.0)).outcome == "finished"
        assert line.lost


def test_copies_are_counted_also_if_the_commit_that_completed_them_was_not_heard(
    run: SmallRun, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(run)
    for name in ("a", "b", "c"):
        (run.folder / f"copy of {name}.txt").write_bytes((run.folder / f"{name}.txt").read_bytes())
    identified, harmed = Ledger.identified, []
    with proxy_for(migrated_url) as line:
        url = Settings(database_url=line.url(migrated_url)).database_url  # type: ignore[arg-type]

        def unheard(self: Ledger, *arguments: Any) -> Any:
            if not harmed:
                line.lose("COMMIT", answered=True)
                harmed.append(line)
            return identified(self, *arguments)

        monkeypatch.setattr(Ledger, "identified", unheard)
        settings = run.settings.model_copy(update={"database_url": url})
        report = whole(SmallRun(settings, run.folder))
        assert line.lost
    assert (report.outcome, report.completed, report.failed) == ("finished", 3, 0)


def test_of_many_failures_the_first_are_named_and_the_commonest_reason(
    run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(driver.TOP + 2):
        (run.folder / f"bad{number:02}.txt").write_text(f"{small_stages.FAILS} {number}")
    for number in range(2):
        (run.folder / f"nul{number}.txt").write_text(f"Ann Lee met\x00 Bob Moss {number}.")

    report = whole(run)
    words = said(report, capsys)

    assert (report.failed, len(report.failures)) == (driver.TOP + 4, driver.TOP)
    assert f"Failed ({driver.TOP + 4})" in words
    assert f"bad{driver.TOP - 1:02}.txt ocr: it says so … and 4 more; " in words
    assert f"; most often ({driver.TOP + 2}): it says so casegraph failures" in words
    again = dataclasses.replace(report, documents=report.documents | {"failed": driver.TOP})
    assert "more; most often" not in said(again, capsys)
