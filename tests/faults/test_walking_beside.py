"""Work goes on beside the walk over the sources, with small stages and in threads."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from waiting import until

from actors import driver
from actors.claims import Expected
from actors.progress import LOOKING, Snapshot, line
from actors.report import Report
from actors.request import BATCH, Request
from actors.run_result import INTERRUPTED
from actors.stop import Stop
from faults import small_stages
from faults.local_run import in_threads
from faults.small_run import SmallRun
from pipeline import assembly
from pipeline.documents import StageName
from pipeline.errors import TemporaryError, UnavailableError, UsageError
from pipeline.settings import Limits, RunSettings, Settings
from pipeline.stage import STAGES, Plan, StageIdentity
from pipeline.stores import postgres
from pipeline.walking import FoundFile, Selection, Walk

FAST = RunSettings(window=8, persist_seconds=0.02, lease_seconds=2)
SMALL = 200
LARGE = FoundFile(uri="file:///large", source="large", size=SMALL + 1, stamp="1")


@dataclass
class Generated(Walk):
    """A walk that comes across `count` entries and makes each as it gets there: every hundredth is
    a small text, the others are too large to be taken. After `period` entries it finds the same
    once more. `before` each it may do something else.
    """

    folder: Path = Path()
    count: int = 0
    period: int = 1 << 60
    before: Callable[[int], object] = lambda _: None
    made: int = 0

    def check(self, sources: Sequence[str]) -> None:
        pass

    def files(self, sources: Sequence[str]) -> Iterator[FoundFile]:
        for number in range(self.count):
            self.before(number)
            self.made = number + 1
            path = self.folder / f"{number % self.period:05}.txt"
            if path.stem[-2:] != "00":
                yield LARGE.model_copy(update={"uri": path.as_uri(), "source": str(path)})
                continue
            if number < self.period:
                path.write_text(f"Ann Lee met Bob Moss on day {number}.")
            yield self._found(path)


@dataclass
class Running:
    """One run of the command, and what it shows."""

    run: SmallRun
    walk: Generated
    shown: list[Snapshot] = dataclasses.field(default_factory=list)
    stop: Stop = dataclasses.field(default_factory=Stop)
    expected: list[Expected] = dataclasses.field(default_factory=list)

    def __call__(self, sources: Sequence[str] = (), **more: Any) -> Report:
        return driver.run(
            self.run.settings,
            Request(sources or [str(self.run.folder)], self.run.project, self.walk, **more),
            self.shown.append,
            self.stop,
            plan_of=lambda *_: self.run.plan,
            host=small_stages.host,
            rules=small_stages.SmallRules,
            carry_out=self.carry_out,
        )

    def carry_out(self, place: Any, source: Any, show: Any, stop: Any) -> Any:
        self.expected.append(source())
        return in_threads(place, source, show, stop)

    def waits_for_more(self, completed: int) -> bool:
        """Say whether the run has done so many, and has nothing else to do."""
        last = self.shown[-1]
        return (last.state, last.completed, last.more) == (LOOKING, completed, True)


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Running:
    folder = tmp_path / "documents"
    folder.mkdir()
    own = settings.model_copy(update={"run": FAST, "limits": Limits(max_file_bytes=SMALL)})
    return Running(SmallRun(own, folder), Generated(Selection(), folder=folder))


def test_documents_are_completed_while_the_walk_goes_on_and_the_run_waits_for_its_end(
    running: Running,
) -> None:
    """The entries are taken as a stream: those after the first come only when these are done."""
    first, second = BATCH + 1, 2 * BATCH + 1

    def before(number: int) -> None:
        if number == first:
            until(lambda: running.waits_for_more(5), 60)
        if number == second:
            until(lambda: running.waits_for_more(10), 60)

    running.walk.count, running.walk.before = 2 * BATCH + 200, before

    report = running()

    assert (report.outcome, report.completed, report.failed) == ("finished", 12, 0)
    assert report.documents["skipped"] == running.walk.count - 12
    assert running.expected == [Expected(5, more=True)]
    last = running.shown[-1]
    assert (last.total, last.completed, last.more) == (12, 12, False)
    assert any("/5 found so far (" in line(snapshot) for snapshot in running.shown)
    assert "12/12 documents (" in line(last)


def test_a_walk_that_is_soon_over_tells_first_how_much_there_is_to_do(running: Running) -> None:
    running.walk.count = 2 * BATCH + 200
    running()
    assert running.expected == [Expected(12)]


def test_a_second_run_tells_what_changed_beside_it_from_what_is_gone(running: Running) -> None:
    """All texts are written anew, so they are looked at again: by this run, and no other."""
    running.walk.count = BATCH + 300
    assert running().completed == 8

    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: again.waits_for_more(5), 60)

    again = Running(running.run, Generated(Selection(), folder=running.run.folder))
    again.walk.count, again.walk.before = BATCH + 200, before
    report = again()

    assert (report.completed, report.elsewhere, report.not_found.total) == (7, 0, 100)
    assert report.documents["completed"] == 8


def test_what_is_found_again_in_the_same_walk_is_not_looked_at_twice(running: Running) -> None:
    """Sources may overlap, and with --rehash whatever is found is looked at again."""
    running.walk.count, running.walk.period = 2 * BATCH, BATCH

    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: running.waits_for_more(5), 60)

    running.walk.before = before
    assert running(rehash=True).completed == 5


def test_ctrl_c_ends_the_walk_and_what_is_done_is_kept(running: Running) -> None:
    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: running.waits_for_more(5), 60)
            running.stop.asked = True

    running.walk.count, running.walk.before = 100 * BATCH, before

    report = running()

    assert (report.outcome, report.completed) == ("stopped", 5)
    assert running.walk.made <= 2 * BATCH
    assert assembly.projects_at_work(running.run.urls) == []


def test_ctrl_c_before_there_is_any_work_ends_the_walk(running: Running) -> None:
    def before(number: int) -> None:
        running.stop.asked |= number == BATCH + 50

    running.walk.count, running.walk.before = 100 * BATCH, before
    running.run = dataclasses.replace(
        running.run,
        settings=running.run.settings.model_copy(update={"limits": Limits(max_file_bytes=1)}),
    )

    report = running()

    assert (report.outcome, report.completed, running.expected) == ("stopped", 0, [])
    assert running.walk.made <= 2 * BATCH


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        (
            TemporaryError("the store is away"),
            UnavailableError,
            f"the store is away; {BATCH} files are taken down: run again when it is back",
        ),
        (UsageError("cannot take 'b': not there"), UsageError, "cannot take 'b': not there"),
    ],
)
def test_a_walk_that_fails_ends_the_run_with_its_reason_and_what_is_done_is_kept(
    running: Running, error: Exception, raised: type[Exception], words: str
) -> None:
    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: running.waits_for_more(5), 60)
            raise error

    running.walk.count, running.walk.before = 2 * BATCH, before

    with pytest.raises(raised, match=f"^{re.escape(words)}$"):
        running()

    assert running.run.counts()["completed"] == 5
    assert assembly.projects_at_work(running.run.urls) == []
    whole = Running(running.run, Generated(Selection(), folder=running.run.folder))
    whole.walk.count = 2 * BATCH
    assert (whole().outcome, whole.run.counts()["completed"]) == ("finished", 10)


def test_a_connection_of_the_walk_that_is_lost_ends_the_run_and_what_is_done_is_kept(
    running: Running,
) -> None:
    """What it has found so far was in that connection."""
    engine = postgres.engine_of(running.run.urls.database_url, pool_size=1)
    kill = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE state = 'idle in transaction' AND datname = current_database()"
    )

    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: running.waits_for_more(5), 60)
            with engine.begin() as connection:
                assert connection.scalar(kill) == 1

    running.walk.count, running.walk.before = 2 * BATCH, before
    try:
        with pytest.raises(
            UnavailableError, match=rf"^PostgreSQL: .*; {BATCH} files are taken down: run again"
        ):
            running()
    finally:
        engine.dispose()

    assert running.run.counts()["completed"] == 5
    assert assembly.projects_at_work(running.run.urls) == []


def test_a_run_that_cannot_go_on_ends_its_walk(running: Running) -> None:
    """It does not go on to take down what nobody works on."""
    ledger = assembly.open_ledger(running.run.settings, running.run.urls)
    *first, last = running.run.plan.identities
    other = Plan(identities=(*first, last.model_copy(update={"version": "another"})))

    def before(number: int) -> None:
        if number == BATCH + 1:
            until(lambda: running.waits_for_more(5), 60)
            ledger.open_project(running.run.project, other, reconfigure=True)

    running.walk.count, running.walk.before = 200 * BATCH, before

    report = running()

    assert report.outcome == "failed"
    assert "other settings while this run was at work" in report.reason
    assert running.walk.made < running.walk.count


def test_documents_that_fill_the_window_of_bytes_go_through_one_by_one(running: Running) -> None:
    """Each is larger than the window, and goes alone, from its first stage to its last."""
    one_by_one = FAST.model_copy(update={"window_bytes": 1})
    settings = running.run.settings.model_copy(update={"run": one_by_one})
    seen: list[StageName] = []

    def host(stage: StageName, settings: Settings, stores: assembly.Stores) -> assembly.Hosted:
        built = small_stages.host(stage, settings, stores)
        return dataclasses.replace(built, stage=Noted(built.stage, seen))

    for number in range(6):
        (running.run.folder / f"{number}.txt").write_text(f"Ann Lee met Bob Moss on day {number}.")
    run = dataclasses.replace(running.run, settings=settings, host=host)

    assert run().completed == 6
    assert seen == [*STAGES] * 6


@dataclass(frozen=True)
class Noted:
    """A stage that writes down when it is called."""

    stage: Any
    seen: list[StageName]

    @property
    def identity(self) -> StageIdentity:
        return self.stage.identity  # type: ignore[no-any-return]

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Any]:
        self.seen.extend([self.identity.stage] * len(inputs))
        return self.stage(inputs)  # type: ignore[no-any-return]


def test_what_was_done_before_a_coordinator_died_is_not_expected_of_the_next_one(
    running: Running,
) -> None:
    first, done = BATCH + 1, 5

    def before(number: int) -> None:
        if number == first:
            until(lambda: len(running.expected) == 2, 60)

    def dies(place: Any, source: Any, show: Any, stop: Any) -> Any:
        running.expected.append(source())
        if len(running.expected) == 2:
            return in_threads(place, source, show, stop)
        own = Stop()

        def until_done(snapshot: Snapshot) -> None:
            show(snapshot)
            if snapshot.completed == done:
                own.asked = True

        result = in_threads(place, source, until_done, own)
        return result.model_copy(update={"outcome": INTERRUPTED, "reason": "it died"})

    running.walk.count, running.walk.before = 2 * BATCH + 200, before
    running.carry_out = dies

    report = running()

    assert running.expected == [Expected(done, more=True), Expected(0, more=True)]
    assert (report.outcome, report.completed, report.failed) == ("finished", 12, 0)
    last = running.shown[-1]
    assert (last.total, last.completed) == (7, 7)
