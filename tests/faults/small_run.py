"""A whole run with small stages, in this process and without Ray: `python -m faults.small_run`.

It records, claims, works, persists and publishes with the real coordinator on real stores. As a
program it takes FOLDER and PROJECT, reads the settings from the environment, and prints the counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import text
from stored_objects import MARK

from actors.claims import Expected
from actors.coordinator import RunCoordinator
from actors.run_result import RunResult
from actors.workplace import HostStage, Workplace
from faults import small_stages
from faults.local_pools import LocalPools
from faults.local_run import ACTORS
from pipeline import assembly, identity
from pipeline.assembly import NameRules
from pipeline.documents import StageName
from pipeline.errors import TemporaryError
from pipeline.settings import Settings, load_settings
from pipeline.stage import Plan
from pipeline.stores import postgres, store_mark
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Ledger
from pipeline.stores.payloads import store_payload
from pipeline.walking import Selection, Walk


@dataclass(frozen=True)
class SmallRun:
    """One project of small documents. `stages_database` is another way to the same PostgreSQL,
    which the stage actors take.
    """

    settings: Settings
    folder: Path
    project: str = "small"
    plan: Plan = field(default_factory=small_stages.plan)
    stages_database: str | None = None
    host: HostStage = small_stages.host
    rules: Callable[[], NameRules] = small_stages.SmallRules
    waits: Mapping[StageName, int] = field(default_factory=dict)
    actors: Mapping[StageName, int] = field(default_factory=lambda: ACTORS)

    @property
    def urls(self) -> ServiceUrls:
        database, redis = self.settings.database_url, self.settings.redis_url
        assert database is not None
        assert redis is not None
        return ServiceUrls(
            database_url=database.get_secret_value(), redis_url=redis.get_secret_value()
        )

    def coordinator(
        self,
        *,
        reconfigure: bool = False,
        from_stage: StageName | None = None,
        rehash: bool = False,
    ) -> RunCoordinator:
        """Record the documents of the folder, and make what brings them through."""
        _, coordinator = self._begin(reconfigure, from_stage, rehash)
        return coordinator

    def _begin(
        self, reconfigure: bool, from_stage: StageName | None, rehash: bool
    ) -> tuple[str, RunCoordinator]:
        ledger = assembly.open_ledger(self.settings, self.urls)
        ledger.bind_objects()
        project = ledger.open_project(
            self.project, self.plan, reconfigure=reconfigure, from_stage=from_stage
        )
        found = list(Walk(Selection()).files([str(self.folder)]))
        ledger.record_documents(project.id, found, rehash=rehash)
        run = ledger.start_run(project.id, self.settings.run.lease_seconds)
        actors = {"actors": dict(self.actors)}
        settings = self.settings.model_copy(
            update={"run": self.settings.run.model_copy(update=actors)}
        )
        place = Workplace(
            settings, self.urls, project.id, run, project.plan,
            small_stages.as_planned(self.host, project.plan), self.rules, self.waits,
        )  # fmt: skip
        urls = self.urls.model_copy(
            update={"database_url": self.stages_database or self.urls.database_url}
        )
        pools = LocalPools(place, replace(place, urls=urls))
        expected = Expected(ledger.pending_count(project.id))
        return run, RunCoordinator(place, expected, pools)

    def __call__(
        self,
        *,
        reconfigure: bool = False,
        from_stage: StageName | None = None,
        rehash: bool = False,
    ) -> RunResult:
        """Run once, to the end."""

        async def whole() -> tuple[str, RunResult]:
            run, coordinator = self._begin(reconfigure, from_stage, rehash)
            return run, await coordinator.run()

        run, result = asyncio.run(whole())
        with suppress(TemporaryError), self._asking() as ledger:
            ledger.end_run(run, result.outcome, result.model_dump(mode="json"))
        return result

    def move_in(self) -> SmallRun:
        """Make the object store of this home the database's, as well as whichever it was: as if the
        objects had been copied, of which none is needed any more.
        """
        engine = postgres.engine_of(self.urls.database_url, pool_size=1)
        try:
            blobs = assembly.open_blobs(self.settings)
            with engine.begin() as connection:
                mark = connection.exec_driver_sql("SELECT mark FROM object_store").scalar()
            if mark is not None:
                blobs.establish()
                store_payload(blobs, MARK + f", {mark}\n".encode())
            store_mark.bind(engine, blobs)
        finally:
            engine.dispose()
        return self

    def until_done(self, most: int = 20) -> list[RunResult]:
        """Run again while a document is pending, as `casegraph run` does."""
        results: list[RunResult] = []
        while not results or self.left():
            assert len(results) < most, f"{self.left()} documents are never done"
            # What a dead run holds is free when its lease ends; what a living one does, it ends.
            if results and not self.free():
                time.sleep(0.02)
                continue
            results.append(self())
            assert results[-1].outcome == "finished", results[-1].reason
        return results

    def free(self) -> int:
        """Count the documents that a run could claim now."""
        with self._asking() as ledger:
            return ledger.pending_count(identity.project_id(self.project))

    def left(self) -> int:
        """Count the documents that are neither completed nor failed."""
        counts = self.counts()
        return counts["pending"] + counts["running"]

    def counts(self) -> dict[str, int]:
        """Count the documents of each status."""
        with self._asking() as ledger:
            found = ledger.counts(identity.project_id(self.project))
        return {status.value: count for status, count in found.items()}

    def without_vector(self) -> int:
        """Count the chunks that have no vector yet."""
        question = """
            SELECT count(*) FROM chunks h JOIN contents c ON c.id = h.content_id
            WHERE c.project_id = CAST(:project AS uuid) AND h.vector IS NULL
        """
        engine = postgres.engine_of(self.urls.database_url, pool_size=1)
        try:
            with engine.connect() as connection:
                asked = {"project": identity.project_id(self.project)}
                return int(connection.scalar(text(question), asked) or 0)
        finally:
            engine.dispose()

    @contextmanager
    def _asking(self) -> Iterator[Ledger]:
        """Give a ledger that counts, with a connection that ends with the block: this is asked
        again and again. It knows no objects, to which a way may take long to open.
        """
        engine = postgres.engine_of(self.urls.database_url, pool_size=1)
        try:
            yield Ledger(engine)
        finally:
            engine.dispose()

    def digest(self) -> str:
        """Hash the graph that readers see."""
        reader = assembly.open_reader(self.urls, identity.project_id(self.project))
        return str(reader.digest())


Outcome = tuple[str, dict[str, int]]
"""The digest of a graph, and how many documents have each status."""


def undisturbed(folder: Path, database_url: str, home: Path) -> Outcome:
    """Run in database mode, in a home of its own: objects that are there are not written again."""
    settings = Settings(
        home=home,
        database_url=database_url,  # type: ignore[arg-type]
        redis_url="redis://127.0.0.1:1/0",  # type: ignore[arg-type]
        acceleration="off",
    )
    run = SmallRun(settings, folder)
    [result] = run.until_done()
    assert (result.mode, result.mode_reason) == ("database", "CASEGRAPH_ACCELERATION=off")
    return run.digest(), run.counts()


def write_documents(folder: Path, count: int) -> None:
    """Write small documents: texts, some of them the same, some containers, some that fail."""
    first = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal")
    last = ("Lee", "Moss", "North", "Old", "Park", "Quist", "Reed")
    folder.mkdir(parents=True, exist_ok=True)

    def line(number: int) -> str:
        a, b = first[number % 8], last[number % 7]
        c, d = first[(number // 3) % 8], last[(number // 5) % 7]
        return f"{a} {b} met {c} {d} on day {number}."

    for number in range(count):
        lines = [line(number), line(number * 7 + 1)]
        match number % 10:
            case 3:
                text = "\n".join(["members", *lines])
            case 5:
                text = line(5)
            case 7 if number % 20 == 7:
                text = f"{line(number)} {small_stages.FAILS}"
            case _:
                text = "\n".join(lines)
        (folder / f"{number:04}.txt").write_text(text)


def main(arguments: Sequence[str]) -> None:
    folder, project = arguments
    run = SmallRun(load_settings(), Path(folder), project)
    sys.stdout.write(json.dumps(run().model_dump(mode="json")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
