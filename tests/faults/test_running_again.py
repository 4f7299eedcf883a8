"""What runs again, and what a dry run says of it: whole runs without Ray, on real stores."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from actors.dry_run import dry_run
from actors.persistence_actor import drain_queue
from actors.request import Request
from faults import small_stages
from faults.invariants import broken
from faults.small_run import SmallRun
from pipeline import assembly, identity
from pipeline.documents import DocumentFailure, NamedText, Relationships, StageName
from pipeline.forecast import Forecast
from pipeline.settings import RunSettings, Settings
from pipeline.stage import STAGES, Plan
from pipeline.stores import keys, postgres
from pipeline.walking import Selection, Walk

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["faults.small_run", "actors.coordinator", "boto3"])
FAST = RunSettings(window=8, persist_seconds=0.02, lease_seconds=2)
PEOPLE = ("Ann Lee", "Bob Moss", "Cleo North", "Dan Old", "Eve Park")


EVERY_OTHER = [
    pytest.param(stage, marks=[pytest.mark.long] * (number % 2))
    for number, stage in enumerate(STAGES)
]


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> SmallRun:
    """Give a project of five texts and a container with two."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number, person in enumerate(PEOPLE):
        (folder / f"{number}.txt").write_text(f"{person} met Gus Reed on day {number}.")
    (folder / "box.txt").write_text("members\nHal Quist met Ann Lee.\nFinn Reed met Bob Moss.")
    return SmallRun(settings.model_copy(update={"run": FAST}), folder)


CONTENTS = 8
# What is left of a chain that another has replaced expires; whoever needs it queues it again.
REPLACED = "expires, and PostgreSQL does not have it"


def other(stage: StageName, **more: object) -> Plan:
    """Give the small stages' plan with one stage's configuration changed."""
    return Plan(
        identities=tuple(
            mine.model_copy(update={"configuration": {"level": 2} | more})
            if mine.stage == stage
            else mine
            for mine in small_stages.plan().identities
        )
    )


def forecast(run: SmallRun, *, rehash: bool = False, **more: object) -> Forecast:
    """Ask what a run would do."""
    request = Request([str(run.folder)], run.project, Walk(Selection()), rehash, **more)  # type: ignore[arg-type]
    return dry_run(run.settings, request, plan_of=lambda *_: run.plan)


def only_from(stage: StageName | None, count: int) -> dict[StageName, int]:
    """Give the calls in which all stages from one on work on `count` contents."""
    first = STAGES.index(stage) if stage else len(STAGES)
    return {each: count if index >= first else 0 for index, each in enumerate(STAGES)}


def calls(stage_calls: Mapping[StageName, int]) -> dict[StageName, int]:
    return {stage: stage_calls.get(stage, 0) for stage in STAGES}


def stored(run: SmallRun) -> list[tuple[str, int]]:
    """Count what PostgreSQL keeps of each content: those with other than five checkpoints."""
    engine = postgres.engine_of(run.urls.database_url)
    try:
        with engine.connect() as connection:
            return [
                (row.id, row.number)
                for row in connection.execute(
                    text(
                        "SELECT c.id::text, count(r.stage) AS number FROM contents c "
                        "LEFT JOIN stage_results r ON r.content_id = c.id GROUP BY c.id "
                        "HAVING count(r.stage) <> 5 ORDER BY 1"
                    )
                )
            ]
    finally:
        engine.dispose()


def flush(run: SmallRun) -> None:
    """Empty Redis."""
    link = assembly.open_link(run.settings, run.urls)
    assert link is not None
    with link.answering() as client:
        client.flushdb()
    link.client.close()


@pytest.mark.parametrize(
    ("stage", "acceleration"),
    [
        pytest.param(stage, mode, marks=[pytest.mark.long] * ((number + place) % 2))
        for number, stage in enumerate(STAGES)
        for place, mode in enumerate(("on", "off"))
    ],
)
def test_another_configuration_of_a_stage_runs_it_and_those_after_it_and_replaces_what_was(
    run: SmallRun, stage: StageName, acceleration: str
) -> None:
    settings = run.settings.model_copy(update={"acceleration": acceleration})
    run = dataclasses.replace(run, settings=settings)
    run.until_done()
    quiet = run.digest()
    changed = dataclasses.replace(run, plan=other(stage))
    assert calls(forecast(changed).stages) == only_from(stage, CONTENTS)
    assert forecast(changed).needs_reconfigure

    assert calls(changed(reconfigure=True).stage_calls) == only_from(stage, CONTENTS)

    assert changed.left() == 0
    assert calls(changed().stage_calls) == only_from(None, 0)
    assert stored(run) == []
    # Going back finds the copies of before, where Redis has them, and PostgreSQL has all again.
    back = calls(run(reconfigure=True).stage_calls)
    assert back == only_from(None if acceleration == "on" else stage, CONTENTS)
    assert (run.left(), run.digest()) == (0, quiet)
    assert stored(run) == []
    if acceleration == "on":
        flush(run)
    assert calls(run().stage_calls) == only_from(None, 0)


def test_going_back_to_a_configuration_whose_copies_are_half_gone_loses_nothing(
    run: SmallRun,
) -> None:
    run.until_done()
    quiet = run.digest()
    changed = dataclasses.replace(run, plan=other(StageName.CHUNK))
    changed(reconfigure=True)
    link = assembly.open_link(run.settings, run.urls)
    assert link is not None
    with link.answering() as client:
        for number, key in enumerate(sorted(client.scan_iter(match="doc:*"))):
            if number % 3 == 0:
                client.delete(key)
    link.client.close()

    run(reconfigure=True)

    assert (run.left(), run.digest()) == (0, quiet)
    assert stored(run) == []
    assert {words.partition(") ")[2] for words in broken(run)} <= {REPLACED}


@pytest.mark.parametrize("stage", EVERY_OTHER)
def test_from_a_stage_runs_it_and_those_after_it_once(run: SmallRun, stage: StageName) -> None:
    run.until_done()
    quiet = run.digest()
    assert calls(run(from_stage=stage).stage_calls) == only_from(stage, CONTENTS)
    assert calls(run().stage_calls) == only_from(None, 0)
    assert (run.digest(), stored(run)) == (quiet, [])
    # And again when it is asked for again: the generation before is no checkpoint of this one.
    assert calls(run(from_stage=stage).stage_calls) == only_from(stage, CONTENTS)


@pytest.mark.parametrize("stage", [None, *EVERY_OTHER])
def test_a_run_does_what_the_dry_run_said(run: SmallRun, stage: StageName | None) -> None:
    unreadable = run.folder / "bad.txt"
    unreadable.write_text(f"{small_stages.FAILS}: Ivy Vance.")
    assert calls(forecast(run).stages) == dict.fromkeys(STAGES, 7)
    assert run.until_done()[0].failed == 1
    (run.folder / "0.txt").write_text("Ann Lee met Hal Reed, who is new to this text.")
    (run.folder / "1.txt").unlink()
    (run.folder / "new.txt").write_text("Cleo Quist met Dan Lee.")
    before = run.counts()

    said = forecast(run, from_stage=stage)

    assert run.counts() == before
    assert (said.new, said.changed, said.unchanged, said.failed) == (1, 1, 4, 1)
    assert (said.not_found, said.pending, said.needs_reconfigure) == (1, 0, False)
    done = run(from_stage=stage)
    assert calls(said.stages) == {
        each: 2 + again for each, again in only_from(stage, CONTENTS - 1).items()
    }
    # The one that was removed has all it needs but its source.
    unread = dict.fromkeys(STAGES, 1 if stage is StageName.OCR else 0)
    assert calls(done.stage_calls) == {
        each: count - unread[each] for each, count in calls(said.stages).items()
    }
    assert done.failed == unread[StageName.OCR]
    assert run.counts()["completed"] == CONTENTS + 1 - done.failed
    assert run.left() == 0
    after = forecast(run)
    assert (after.new, after.changed, after.unchanged) == (0, 0, 6)
    assert after.failed == 1 + done.failed
    assert calls(after.stages) == only_from(None, 0)
    # With --rehash the files are looked into, and the failed one tried again.
    again = forecast(run, rehash=True)
    assert (again.failed, again.pending, again.changed) == (done.failed, 1, 0)


def test_files_that_are_known_by_their_bytes_cost_less_than_the_dry_run_fears(
    run: SmallRun,
) -> None:
    run.until_done()
    (run.folder / "2.txt").rename(run.folder / "renamed.txt")
    (run.folder / "copy.txt").write_bytes((run.folder / "3.txt").read_bytes())
    os.utime(run.folder / "4.txt", ns=(1, 1))
    said = forecast(run)
    assert (said.new, said.changed, said.not_found) == (2, 1, 1)
    assert calls(said.stages) == dict.fromkeys(STAGES, 3)
    assert calls(run().stage_calls) == only_from(None, 0)


@pytest.mark.parametrize("acceleration", ["on", "off"])
@pytest.mark.parametrize("how", ["rehash", "touched"])
def test_what_is_stored_of_unchanged_bytes_is_not_made_again_when_they_are_looked_at_again(
    run: SmallRun, how: str, acceleration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = run.settings.model_copy(update={"acceleration": acceleration})
    run = dataclasses.replace(run, settings=settings)
    (run.folder / "box.txt").unlink()
    with monkeypatch.context() as patched:
        failure = DocumentFailure(stage=StageName.RELATE, error="no_model", message="not there")
        patched.setattr(small_stages, "relate", lambda _: failure)
        assert run().failed == len(PEOPLE)
    if acceleration == "on":
        drain_queue(run.settings, run.urls)
        flush(run)  # as if all its copies had expired
    if how == "touched":
        for path in run.folder.iterdir():
            os.utime(path, ns=(1, 1))
    assert calls(forecast(run, rehash=True).stages) == only_from(
        StageName.OCR if how == "touched" else StageName.RELATE, len(PEOPLE)
    )

    again = run(rehash=how == "rehash")

    assert calls(again.stage_calls) == only_from(StageName.RELATE, len(PEOPLE))
    assert (again.failed, again.completed, run.left()) == (0, len(PEOPLE), 0)
    assert stored(run) == []
    assert acceleration == "off" or broken(run) == []
    # And with all five there, none is called.
    assert calls(run(rehash=True).stage_calls) == only_from(None, 0)


def test_a_file_that_was_touched_while_its_stages_ran_is_looked_at_again_and_costs_no_stage(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = assembly.open_ledger(run.settings, run.urls)
    project = identity.project_id(run.project)
    touched: list[int] = []
    relate = small_stages.relate

    def touching(of: NamedText) -> Relationships:
        if not touched:
            for path in run.folder.iterdir():
                os.utime(path, ns=(1, 1))
            found = list(Walk(Selection()).files([str(run.folder)]))
            touched.append(ledger.record_documents(project, found).changed)
        return relate(of)

    monkeypatch.setattr(small_stages, "relate", touching)

    done = [run()]
    done += run.until_done() if run.left() else []

    assert touched[0] > 0
    assert [each.failed for each in done] == [0] * len(done)
    assert sum(sum(calls(each.stage_calls).values()) for each in done) == 5 * CONTENTS
    assert run.counts()["completed"] == CONTENTS
    assert (stored(run), broken(run)) == ([], [])


def test_a_forced_run_that_was_cut_off_is_finished_by_a_plain_one(run: SmallRun) -> None:
    run.until_done()
    quiet = run.digest()
    stopping = run.coordinator(from_stage=StageName.EXTRACT)
    ledger = assembly.open_ledger(run.settings, run.urls)
    assert ledger.pending_count(identity.project_id(run.project)) == CONTENTS
    del stopping  # it never ran: as if the command had been killed there
    assert calls(forecast(run).stages) == only_from(StageName.EXTRACT, CONTENTS)

    assert calls(run().stage_calls) == only_from(StageName.EXTRACT, CONTENTS)

    assert (run.left(), run.digest(), stored(run)) == (0, quiet, [])
    assert calls(run().stage_calls) == only_from(None, 0)


def test_a_source_that_changed_since_the_walk_is_looked_at_again(run: SmallRun) -> None:
    run.until_done()
    forced = run.coordinator(from_stage=StageName.OCR)
    (run.folder / "0.txt").write_text("Kim Ray met Lou Lane.")

    result = asyncio.run(forced.run())

    assert (result.outcome, result.failed, run.left()) == ("finished", 0, 0)
    reader = assembly.open_reader(run.urls, identity.project_id(run.project))
    names = {row.name for row in reader.entities()}
    assert "Lou Lane" in names
    assert stored(run) == []


def whole(run: SmallRun, answer: Path, stage: StageName | None, seconds: str) -> None:
    """Run in a process of its own and write down how it ended."""
    os.environ[small_stages.SECONDS] = seconds
    result = run(from_stage=stage)
    answer.write_text(json.dumps(result.model_dump(mode="json")))


def test_forcing_a_stage_beside_a_run_ends_that_run_with_one_line_and_loses_nothing(
    run: SmallRun, tmp_path: Path
) -> None:
    for number in range(60):
        (run.folder / f"more{number}.txt").write_text(f"Ivy Vance met Kim Ray on day {number}.")
    first = PROCESSES.Process(target=whole, args=(run, tmp_path / "first", None, "0.02"))
    second = PROCESSES.Process(target=whole, args=(run, tmp_path / "second", StageName.RELATE, "0"))
    first.start()
    try:
        assembly.open_services(run.settings)
        while first.is_alive() and not _completed(run):
            first.join(0.01)
        assert first.is_alive(), "the first run was over before the second began"
        second.start()
        second.join(90)
        first.join(90)
        assert (first.exitcode, second.exitcode) == (0, 0)
    finally:
        for process in (first, second):
            if process.is_alive():
                process.kill()
                process.join()
    ended = json.loads((tmp_path / "first").read_text())
    assert ended["outcome"] == "failed"
    assert ended["reason"].endswith(
        "was given other settings while this run was at work; run again"
    )
    assert "\n" not in ended["reason"]
    assert json.loads((tmp_path / "second").read_text())["outcome"] == "finished"

    run.until_done()

    assert run.counts() == {
        "pending": 0, "running": 0, "completed": CONTENTS + 60, "failed": 0, "skipped": 0,
    }  # fmt: skip
    assert stored(run) == []
    assert {words.partition(") ")[2] for words in broken(run)} <= {REPLACED}


def _completed(run: SmallRun) -> bool:
    try:
        return run.counts()["completed"] > 5
    except Exception:  # noqa: BLE001 - the project is not there yet
        return False


def test_a_run_leaves_no_reader_of_the_queue_behind(run: SmallRun, valkey: redis.Redis) -> None:
    run()
    (run.folder / "0.txt").write_text("Ann Lee met Dan Old.")
    run()
    drain_queue(run.settings, run.urls)

    assert valkey.xinfo_consumers(keys.WRITE_BEHIND, keys.WRITE_BEHIND_GROUP) == []
