"""Two runs of one project, step by step in any order, on a real PostgreSQL and Valkey.

Each step is what a coordinator, a stage actor or the persistence actor does at one go. Whatever
the order, and whoever is late, dies or loses its lease in between: a quiet run at the end makes the
same graph of it as if there had been no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
import redis
from databases import Databases
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ledger_case import LedgerCase, emptied, own_engine
from sqlalchemy import Engine, text
from store_case import StoreCase

from actors.claims import Claims
from actors.persistence_actor import PersistenceWorker
from faults import history
from pipeline.documents import DocumentFailure, StageName
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.redis_write_behind import RedisWriteBehind
from pipeline.stores.verifying import stored_project
from pipeline.stores.verifying_redis import CopiesInRedis

BAD = "cannot be read"
# What each file holds, and then: copies of each other, bytes that come back, that fail and are
# mended. None fails that was good: readers would keep what it said before, and rightly so.
FILES = {
    "a": (f"Ann Lee {BAD}.", "Jane Roe met John Smith.", "Jane Roe left."),
    "b": ("Jane Roe met John Smith.", "John Smith met Ann Lee.", "Jane Roe met John Smith."),
    "c": (f"Ann Lee {BAD}, too.", "Jane Roe met John Smith."),
}
PEOPLE = ("Jane Roe", "John Smith", "Ann Lee")
FAILURE = DocumentFailure(stage=StageName.EXTRACT, error="unreadable", message="it says so")
FAILING = 2  # the place of `extract` among the stages
ROUNDS = 20


@dataclass
class Disk:
    """The files as they are, and how often each was written."""

    version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FILES, 0))

    def read(self, name: str) -> str:
        return FILES[name][min(self.version[name], len(FILES[name]) - 1)]

    def state(self) -> tuple[str, ...]:
        return tuple(self.read(name) for name in FILES)


@dataclass
class Runner:
    """One process that runs the project: what it believes, which may be out of date."""

    case: StoreCase
    disk: Disk
    worker: PersistenceWorker
    run: str = ""
    claims: Claims = field(default_factory=lambda: Claims(total=0))
    seen: dict[str, str] = field(default_factory=dict)
    works: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)

    def begin(self, number: int) -> None:
        """Do at one go what mostly is."""
        for step in (self.claim, self.look, self.identify):
            step(number)

    def work(self, number: int) -> None:
        """Take what there is through all stages, and tell nobody yet."""
        self.begin(number)
        while self.works:
            self.stage(5)

    def claim(self, number: int) -> None:
        self.run = self.run or self.case.run()
        claimed = self.case.ledger.claim(self.run, 1 + number)
        self.claims.add(claimed)
        for document in claimed:
            # What was seen for an earlier claim is about the bytes of before.
            self.seen.pop(self._name(document.uri), None)

    def look(self, _: int) -> None:
        """Read the files of what is claimed."""
        for name in FILES:
            if self.case.document(f"{name}.txt") in self.claims:
                self.seen.setdefault(name, self.disk.read(name))

    def identify(self, _: int) -> None:
        """Tell the ledger what was read."""
        seen, self.seen = self.seen, {}
        if not seen or not self.run:
            return
        works = self.case.identify(self.run, None, **seen)
        self.claims.lose({self.case.document(f"{name}.txt") for name in seen} - works.keys())
        for name, words in seen.items():
            work = works.get(self.case.document(f"{name}.txt"))
            if work is None:
                continue
            if work.published:
                self.claims.publish([], [work.document_id])
                continue
            self.claims.wait(work.content_id, work.document_id)
            self.works.setdefault(work.content_id, (name, words, len(work.chain.links)))

    def stage(self, number: int) -> None:
        """Take one content through its next stages."""
        if not self.works:
            return
        content = sorted(self.works)[number % len(self.works)]
        name, words, done = self.works.pop(content)
        if done == 0 and self.disk.read(name) != words:
            document = self.case.document(f"{name}.txt")
            self.claims.leave(content, document)
            self.case.ledger.requeue(self.run, [document])
            # A copy of what it was goes on.
            if source := self.claims.source(content):
                self.works[content] = (self._name(source[1].uri), words, done)
            return
        last = FAILING if BAD in words else 5
        made = checkpoints(self.case, words)[done : min(done + number + 1, last)]
        there = self.case.fast.get([x.key for x in made])
        for known in (False, True):
            some = [x for x in made if (x.key in there) is known]
            self.case.fast.put(self.case.project, some, lacking=known)
        done += len(made)
        if done == FAILING == last:
            self.failing.append(content)
        elif done < last:
            self.works[content] = (name, words, done)

    def report(self, _: int) -> None:
        """Say what failed, perhaps long after it did; only who holds a document can fail it."""
        failing, self.failing = self.failing, []
        for content in failing:
            rows = self.claims.fail(self.claims.abandon(content), FAILURE)
            holders = dict(
                self.case.rows("SELECT id::text, claimed_by::text FROM documents WHERE status = "
                               "'running'")
            )  # fmt: skip
            for document in self.case.ledger.failed(self.run, rows):
                assert holders[document] == self.run

    def drain(self, _: int) -> None:
        report = self.worker.drain(0)
        self.claims.publish(report.persisted.published, report.persisted.completed)

    def die_before_acknowledging(self, _: int) -> None:
        queue = self.worker.write_behind
        found = queue.load(queue.read(100, 0))
        self.case.publisher().persist([x for x in found.values() if x is not None])

    def lapse(self, _: int) -> None:
        self._lease("now() - interval '1 second'")

    def renew(self, _: int) -> None:
        if self.run:
            self.case.ledger.renew(self.run, 60)

    def release(self, _: int) -> None:
        if self.run:
            self.case.ledger.release(self.run)
            self.case.ledger.end_run(self.run, "stopped", {})
        self.restart(0)

    def restart(self, _: int) -> None:
        """Die, and be started again: what was claimed is free when the lease is over."""
        self.run, self.claims, self.failing = "", Claims(total=0), []
        self.seen, self.works = {}, {}

    def _lease(self, until: str) -> None:
        with self.case.engine.begin() as connection:
            connection.execute(
                text(f"UPDATE runs SET lease_until = {until} WHERE id::text = :run"),
                {"run": self.run},
            )

    def _name(self, uri: str) -> str:
        return uri.rpartition("/")[2].removesuffix(".txt")


@dataclass
class World:
    """The project, its files, and the two who run it."""

    case: StoreCase
    disk: Disk
    runners: tuple[Runner, Runner]
    valkey: redis.Redis

    def change(self, number: int) -> None:
        """Write a file, and let a walk see it or not."""
        self.disk.version[sorted(FILES)[number % len(FILES)]] += 1
        if number < 4:
            self.walk(number)

    def walk(self, _: int) -> None:
        case = self.case
        found = [case.found(f"{name}.txt", stamp=str(x)) for name, x in self.disk.version.items()]
        case.ledger.record_documents(case.project, found)

    def flush(self, _: int) -> None:
        self.valkey.flushdb()

    def retry(self, _: int) -> None:
        self.case.ledger.retry(self.case.project)


_made: dict[tuple[str, str], list[Checkpoint]] = {}


def checkpoints(case: LedgerCase, words: str) -> list[Checkpoint]:
    if (case.project, words) not in _made:
        people = [person for person in PEOPLE if person in words]
        _made[case.project, words] = case.checkpoints(words, None, *people)
    return _made[case.project, words]


OFTEN: tuple[Callable[[Runner, int], None], ...] = (
    Runner.work, Runner.work, Runner.begin, Runner.stage, Runner.report, Runner.report,
    Runner.drain, Runner.lapse,
)  # fmt: skip
SELDOM: tuple[Callable[[Runner, int], None], ...] = (
    Runner.claim, Runner.look, Runner.identify, Runner.die_before_acknowledging, Runner.renew,
    Runner.release, Runner.restart,
)  # fmt: skip
BESIDE: tuple[Callable[[World, int], None], ...] = (
    World.change, World.change, World.change, World.walk, World.retry, World.flush,
)  # fmt: skip
STEPS = 25


def order(seed: int) -> list[tuple[Any, int, int]]:
    """Make an order of steps: what is done, by whom, and a number that says how much or of what.

    Drawn from a seed, since lists that Hypothesis draws repeat one step too often.
    """
    chosen = Random(seed)
    kinds = chosen.choices((OFTEN, SELDOM, BESIDE), (70, 8, 22), k=STEPS)
    return [
        (chosen.choice(kind), chosen.choices((0, 1), (2, 1))[0], chosen.randrange(6))
        for kind in kinds
    ]


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with own_engine(databases) as engine:
        history.remember(engine)
        yield engine


_quiet: dict[tuple[str, ...], tuple[str, dict[str, int]]] = {}


def outcome(case: LedgerCase) -> tuple[str, dict[str, int]]:
    """Give the digest of what readers see, and how many documents have each status."""
    digest = GraphReader(case.engine, case.project).digest()
    counts = case.ledger.counts(case.project)
    return digest, {status.value: count for status, count in counts.items() if count}


def quiet(engine: Engine, disk: Disk) -> tuple[str, dict[str, int]]:
    """Say what one undisturbed run makes of the files, without Redis."""
    if disk.state() not in _quiet:
        case = LedgerCase(engine, name="quiet")
        run = case.run()
        claimed = {x.document_id: x.claim for x in case.claimed(run, *(f"{x}.txt" for x in FILES))}
        texts = dict(zip(FILES, disk.state(), strict=True))
        case.identify(run, None, **texts)
        for name, words in texts.items():
            document = case.document(f"{name}.txt")
            if BAD in words:
                case.ledger.failed(run, [(document, claimed[document], FAILURE)])
            else:
                case.publisher().persist(checkpoints(case, words))
        _quiet[disk.state()] = outcome(case)
        case.delete()
    return _quiet[disk.state()]


def finish(world: World) -> None:
    """Let both runs end, and run once more, undisturbed."""
    for runner in world.runners:
        runner.release(0)
    with world.case.engine.begin() as connection:
        connection.execute(text("UPDATE runs SET lease_until = now() WHERE ended_at IS NULL"))
    world.walk(0)
    last = world.runners[0]
    for _ in range(ROUNDS):
        last.work(5)
        last.report(0)
        last.drain(0)
        left = world.case.value(
            "SELECT count(*) FROM documents WHERE status IN ('pending', 'running')"
        )
        if not left and not last.worker.write_behind.backlog().entries:
            break
    last.release(0)


@settings(
    max_examples=50, derandomize=True, suppress_health_check=list(HealthCheck),
)  # fmt: skip
@example(seed=292)  # a failure that comes when another run has the document
@example(seed=14766)  # a late failure of the bytes of before, of the same run
@given(seed=st.integers(0, 2**32 - 1))
def test_however_two_runs_are_interleaved_the_graph_is_that_of_a_quiet_one(
    engine: Engine, valkey_url: str, valkey: redis.Redis, seed: int
) -> None:
    valkey.flushdb()
    case = StoreCase(emptied(engine), url=valkey_url)
    disk = Disk()
    queues = [RedisWriteBehind(case.link, x, 1000, 0, case.blobs) for x in ("one", "two")]
    runners = [Runner(case, disk, replace(case.worker, write_behind=queue)) for queue in queues]
    world = World(case, disk, (runners[0], runners[1]), valkey)
    world.walk(0)
    for step, who, number in order(seed):
        step(world if step in BESIDE else runners[who], number)
    finish(world)

    digest, counts = outcome(case)
    assert (digest, counts) == quiet(engine, disk)
    assert counts.get("completed", 0) + counts.get("failed", 0) == len(FILES)
    assert history.takeovers(engine)[1] == 0
    with stored_project(engine, case.project, case.plan, case.blobs) as stored:
        assert list(stored.findings()) == []
    assert list(CopiesInRedis(engine, case.link, case.project).findings(lambda: False)) == []
    case.close()
