"""Files that go, move, or are written to after they were identified and before they are read:
whole runs without Ray, on real stores.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from actors.admission import Admission, Identify
from actors.bounds import Load
from actors.calls import Outcome
from actors.claims import Claims
from actors.crew import Crew
from actors.events import Events
from actors.flow import Flow
from actors.lease import Lease
from actors.ledger_thread import LedgerThread
from actors.mode import Mode
from actors.pulse import Pulse
from actors.settlement import Settlement
from actors.workplace import Workplace
from faults import small_stages
from faults.invariants import broken
from faults.local_pools import LocalPools
from faults.small_run import SmallRun
from faults.test_running_again import FAST, calls, only_from, other, stored
from pipeline import assembly, identity
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import TemporaryError
from pipeline.settings import Settings
from pipeline.sources import Identified, Located
from pipeline.stage import STAGES
from pipeline.stores import postgres, project_reader
from pipeline.stores.protocols import Backlog
from pipeline.walking import Selection, Walk, uri_of

PEOPLE = ("Ann Lee", "Bob Moss", "Cleo North")
TIMEOUT = 60.0


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> SmallRun:
    """Give a project of three texts."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number, person in enumerate(PEOPLE):
        (folder / f"{number}.txt").write_text(f"{person} met Gus Reed on day {number}.")
    return SmallRun(settings.model_copy(update={"run": FAST}), folder)


def document(run: SmallRun, path: Path) -> str:
    return identity.document_id(identity.project_id(run.project), uri_of(path))


def later(run: SmallRun, path: Path) -> Path:
    """Name a file beside another whose document comes after that one's: its source is read only if
    the other's was not.
    """
    paths = (path.with_name(f"later{number}{path.name}") for number in itertools.count())
    return next(x for x in paths if document(run, x) > document(run, path))


def failures(run: SmallRun) -> dict[str, str]:
    """Give the file's name and the error of each failed document, as `failures` does."""
    engine = postgres.engine_of(run.urls.database_url)
    try:
        found = project_reader.failures(engine, identity.project_id(run.project))
        return {row.source.rpartition("/")[2]: row.error for row in found}
    finally:
        engine.dispose()


def retry(run: SmallRun) -> int:
    return assembly.open_ledger(run.settings, run.urls).retry(identity.project_id(run.project))


def names(run: SmallRun) -> set[str]:
    reader = assembly.open_reader(run.urls, identity.project_id(run.project))
    return {row.name for row in reader.entities()}


def identified(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> list[tuple[str, ...]]:
    """Do something whenever sources were identified, before any is read; name them in a list."""
    identify, seen = LocalPools.identify, []

    async def harmed(
        self: LocalPools, sources: Sequence[Located]
    ) -> list[Identified | DocumentFailure]:
        answers = await identify(self, sources)
        seen.append(tuple(sorted(located.name for located in sources)))
        then()
        return answers

    monkeypatch.setattr(LocalPools, "identify", harmed)
    return seen


@pytest.mark.parametrize(
    ("again", "how"),
    [
        ("from", "renamed"),
        pytest.param("from", "copied", marks=pytest.mark.slow),
        pytest.param("reconfigured", "renamed", marks=pytest.mark.slow),
        ("reconfigured", "copied"),
    ],
)
def test_a_content_is_read_where_it_is_and_only_the_document_that_is_gone_fails(
    run: SmallRun, how: str, again: str
) -> None:
    run.until_done()
    quiet = run.digest()
    gone = sorted(run.folder.iterdir())
    there = [later(run, path) for path in gone]
    for old, new in zip(gone, there, strict=True):
        if how == "renamed":
            old.rename(new)
        else:
            new.write_bytes(old.read_bytes())
    assert calls(run().stage_calls) == only_from(None, 0)
    for old in gone:
        old.unlink(missing_ok=True)

    if again == "from":
        result = run(from_stage=StageName.OCR)
    else:
        run = replace(run, plan=other(StageName.OCR))
        result = run(reconfigure=True)

    assert calls(result.stage_calls) == only_from(StageName.OCR, 3)
    assert (result.completed, result.failed) == (3, 3)
    assert failures(run) == dict.fromkeys((path.name for path in gone), "source_missing")
    assert (run.left(), run.digest(), stored(run)) == (0, quiet, [])
    # Their bytes are known, and so is what was made of them by now.
    assert retry(run) == 3
    assert calls(run().stage_calls) == only_from(None, 0)
    assert (failures(run), run.counts()["completed"]) == ({}, 6)


@pytest.mark.parametrize("left", [0, 1])
def test_copies_that_vanish_after_they_were_identified_fail_by_themselves(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    first = run.folder / "0.txt"
    second = later(run, first)
    third = later(run, second)
    copies = (first, second, third)
    for copy in copies[1:]:
        copy.write_bytes(first.read_bytes())
    gone = copies[: 3 - left]

    def vanish() -> None:
        for path in gone:
            path.unlink(missing_ok=True)

    identified(monkeypatch, vanish)
    result = run()

    assert result.outcome == "finished"
    assert (result.completed, result.failed) == (2 + left, 3 - left)
    assert calls(result.stage_calls) == only_from(StageName.OCR, 2 + left)
    assert failures(run) == dict.fromkeys((path.name for path in gone), "source_missing")
    assert ("Ann Lee" in names(run)) is bool(left)
    assert run.left() == 0


def test_only_the_copy_that_changed_is_looked_at_again(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run.folder / "0.txt"
    copy = later(run, first)
    copy.write_bytes(first.read_bytes())
    news = iter(["Kim Ray met Lou Lane."])

    def change() -> None:
        for words in news:
            first.write_text(words)

    seen = identified(monkeypatch, change)
    result = run()

    assert (result.completed, result.failed, run.left()) == (4, 0, 0)
    assert calls(result.stage_calls) == only_from(StageName.OCR, 4)
    assert sorted(itertools.chain(*seen)) == sorted(["0.txt", "0.txt", "1.txt", "2.txt", copy.name])
    assert {"Ann Lee", "Lou Lane"} <= names(run)
    assert (stored(run), broken(run)) == ([], [])


@pytest.mark.parametrize("again", ["retried", "walked"])
def test_a_file_that_is_written_all_the_time_fails_and_holds_nobody_up(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    log = run.folder / "log.txt"
    log.write_text("Ivy Vance met Kim Ray.\n")

    def write() -> None:
        with log.open("a") as file:
            file.write("Ivy Vance met Kim Ray.\n")

    with monkeypatch.context() as patch:
        seen = identified(patch, write)
        coordinator = run.coordinator()
        result = asyncio.run(asyncio.wait_for(coordinator.run(), TIMEOUT))

    assert (result.outcome, result.completed, result.failed) == ("finished", 3, 1)
    assert sum("log.txt" in batch for batch in seen) == 3
    assert failures(run) == {"log.txt": "source_changing"}
    assert names(run) == {*PEOPLE, "Gus Reed"}
    if again == "retried":
        assert retry(run) == 1
    result = run()
    assert (result.completed, result.failed, run.left()) == (1, 0, 0)
    assert failures(run) == {}
    assert "Ivy Vance" in names(run)
    assert stored(run) == []


def test_a_temporary_folder_that_takes_no_copy_fails_no_document(
    run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    told, bear = [], Pulse.no_answer

    def borne(self: Pulse, error: TemporaryError, *who: str) -> None:
        bear(self, error, *who)
        told.append(str(error))
        temporary.mkdir(exist_ok=True)

    monkeypatch.setattr(Pulse, "no_answer", borne)
    result = run()

    assert told[0].startswith(f"the temporary folder {temporary} cannot be written (No such file")
    assert (result.outcome, result.completed, result.failed) == ("finished", 3, 0)
    assert (failures(run), stored(run)) == ({}, [])


class Desk:
    """What a coordinator has around its documents, on real stores and without stages. `identify`
    says what bytes are.
    """

    def __init__(self, run: SmallRun, identify: Identify) -> None:
        ledger = assembly.open_ledger(run.settings, run.urls)
        project = ledger.open_project(run.project, run.plan)
        self.run, self.ledger, self.project = run, ledger, project.id
        number = ledger.start_run(project.id, 60)
        place = Workplace(
            run.settings, run.urls, project.id, number, project.plan, small_stages.host
        )
        self.claims, self.events = Claims(total=1), Events()
        self.flow = Flow(Crew({stage: {0} for stage in STAGES}))
        thread = LedgerThread(TIMEOUT)
        self.settlement = Settlement(
            place,
            ledger,
            assembly.open_publishers(run.settings, run.urls),
            thread,
            self.claims,
            self.flow,
        )
        self.admission = Admission(
            place,
            ledger,
            self.claims,
            self.flow,
            identify,
            Pulse(TIMEOUT),
            Lease(place, ledger, thread, Mode("")),
            self.events,
            self.settlement,
        )

    def load(self) -> Load:
        return Load(self.flow.unprocessed, Backlog(entries=0), 1 << 40, self.admission.waiting)

    def write(self, path: Path, words: str) -> str:
        """Write a file, let a walk find it, and return its document."""
        path.write_text(words)
        self.ledger.record_documents(self.project, list(Walk(Selection()).files([str(path)])))
        return document(self.run, path)

    async def handle(self) -> None:
        """Handle what was begun, until nothing of it is left."""
        while self.events.are_coming:
            await self.events.handle()
            self.events.check()
        await self.events.handle()

    async def take(self) -> None:
        """Claim what there is, and let it into the flow."""
        assert await self.admission.look_again(self.load())
        await self.handle()
        self.admission.exhausted = True
        self.admission.admit(self.load())


GONE = DocumentFailure(stage=StageName.OCR, error="source_missing", message="it is gone")


async def looked_at(sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
    return [
        Identified(sha256=hashlib.sha256(data).hexdigest(), media_type="text/plain", size=len(data))
        for located in sources
        for data in [
            await asyncio.to_thread(Path(url2pathname(urlsplit(located.uri).path)).read_bytes)
        ]
    ]


def test_what_was_read_under_an_earlier_claim_fails_nobody_who_waits_for_other_bytes(
    run: SmallRun, tmp_path: Path
) -> None:
    """The call that found its source gone was about the bytes of before."""
    path = tmp_path / "moves.txt"

    async def whole() -> None:
        desk = Desk(run, looked_at)
        name = desk.write(path, "Ivy Vance met Kim Ray.")
        await desk.take()
        [before] = desk.flow.calls()
        desk.write(path, "Kim Ray met Lou Lane.")
        await desk.take()

        [task] = before.tasks
        outcome = Outcome(content_id=task.content_id, unread=GONE)
        desk.flow.finished(before, [outcome])
        await desk.settlement.reread(task, outcome)

        assert name in desk.claims
        assert desk.claims.failed == 0
        [now] = desk.flow.calls()[0].tasks
        assert now.document_id == name
        assert now.content_id != task.content_id

    asyncio.run(whole())
    assert failures(run) == {}


@pytest.mark.parametrize("answer", ["gone", "the bytes of before"])
def test_what_was_looked_at_under_an_earlier_claim_is_not_believed(
    run: SmallRun, tmp_path: Path, answer: str
) -> None:
    """While it was looked at, its file was written and it was claimed anew."""
    path = tmp_path / "moves.txt"

    async def whole() -> None:
        calls = 0

        async def identify(sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
            nonlocal calls
            calls += 1
            old = await looked_at(sources)
            if calls > 1:
                return old
            desk.write(path, "Kim Ray met Lou Lane.")
            assert await desk.admission.look_again(desk.load())
            return [GONE] if answer == "gone" else old

        desk = Desk(run, identify)
        name = desk.write(path, "Ivy Vance met Kim Ray.")
        await desk.take()

        assert calls == 2
        assert name in desk.claims
        assert (desk.claims.failed, desk.flow.unprocessed) == (0, 1)

    asyncio.run(whole())
    assert failures(run) == {}


def test_what_is_found_while_a_claim_is_under_way_is_claimed_by_another(run: SmallRun) -> None:
    """The answer that there is nothing more may be older than what was found."""

    async def work() -> None:
        desk = Desk(run, looked_at)
        desk.admission.admit(desk.load())
        await asyncio.sleep(0)  # the claim is asked for
        desk.admission.more()
        await desk.handle()
        assert not desk.admission.exhausted
        desk.admission.admit(desk.load())
        await desk.handle()
        assert desk.admission.exhausted

    asyncio.run(work())
