"""Harms runs at seeded random moments, many times a run, and compares what comes out.

    python -m faults.chaos --faults 200 [--nodes N] [--seed N] [--documents N]

Each round brings the same documents through a project of its own, on Ray, with small stages, and
meanwhile kills or pauses a stage actor, the persistence actor, the coordinator, the whole command,
Redis or PostgreSQL, flushes Redis, or cuts, refuses, hangs or slows the line to one of them.
With `--nodes` the run is on a Ray cluster of so many nodes on this machine, and its processes and
whole nodes are killed, alone and in pairs. What
ends early is started again, as a person would. Then it must be as if nothing had happened: each
document that the ledger of this program accepted is completed or failed for its own reason, the
digest is the quiet run's, and nothing that PostgreSQL lacks looks persisted in Redis. Prints its
seed, each fault, and the count; the exit status is 1 after any difference.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.harm import FAULTS, ON_NODES, Stage
from faults.invariants import broken, unsettled
from faults.nodes import ray_nodes
from faults.proxy import proxy_for
from faults.ray_process import reap, start
from faults.servers import own_postgres, own_valkey
from faults.small_run import SmallRun, write_documents
from faults.small_stages import SECONDS
from pipeline import assembly, identity
from pipeline.settings import RunSettings, ServiceSettings, Settings
from pipeline.stores import migrating, postgres

FAULTS_A_ROUND = 25
ROUND_SECONDS = 240.0
ENDED_WELL = (0, 3)
FAULTY = ("Traceback (most recent call last)", "ended by a fault of its own")
LEASE_SECONDS = 2.0
RUN = RunSettings(
    shared_files=True, window=16, persist_seconds=0.05, lease_seconds=LEASE_SECONDS, attempts=4
)


COSTLY = ("the coordinator killed", "the command killed")
"""Each of these costs a start of Ray, or of all actors, so they come more rarely."""


@dataclass
class Chaos:
    """The whole: how many faults to make, and what has come of them."""

    wanted: int
    folder: Path
    seed: int
    tell: Callable[[str], None]
    made: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    documents: int = 0
    blamed: int = 0
    differences: list[str] = field(default_factory=list)
    patience: float = ROUND_SECONDS
    nodes: int = 0

    def __call__(self) -> None:
        """Make all faults, round by round, and compare after each round."""
        dice = random.Random(self.seed)
        with _stage(dice, self.nodes) as stage:
            apart = {"acceleration": "off", "home": stage.valkey.home / "quiet"}
            quiet = SmallRun(_settings(stage).model_copy(update=apart), self.folder, "quiet")
            quiet.until_done()
            expected = _finished(quiet)
            SmallRun(_settings(stage), self.folder).move_in()
            round_ = 0
            while sum(self.made.values()) < self.wanted:
                round_ += 1
                self._round(stage, f"round-{round_}", expected)

    def _start(self, stage: Stage, project: str) -> Any:
        self.runs += 1
        stage.process = start(_environment(stage), str(self.folder), project)
        return stage.process

    def _round(self, stage: Stage, project: str, expected: object) -> None:
        """Bring the documents through one project, harmed on the way."""
        run = SmallRun(_settings(stage), self.folder, project)
        process = self._start(stage, project)
        most = min(FAULTS_A_ROUND, self.wanted - sum(self.made.values()))
        here, late = 0, time.monotonic() + ROUND_SECONDS
        while here < most and time.monotonic() < late:
            stage.wait(0.05, 0.8)
            if process.poll() is not None:
                self._hear(project, *reap(process))
                if process.returncode in ENDED_WELL and not _left(run):
                    break
                process = self._start(stage, project)
                continue
            faults = ON_NODES if stage.nodes else FAULTS
            name = stage.dice.choice(list(faults))
            if name in COSTLY and stage.dice.random() < 0.6:
                continue
            if _working(run) and faults[name](stage):
                here += 1
                self.made[name] += 1
                self.tell(f"{project} {sum(self.made.values())}: {name}")
        _heal(stage)
        self._ended(project, process)
        for _ in range(6):
            self.blamed += _retry_the_blamed(run)
            if not _left(run):
                break
            self._ended(project, self._start(stage, project), quiet=True)
        self._compare(run, project, expected)

    def _ended(self, project: str, process: Any, *, quiet: bool = False) -> None:
        """Wait for the end of a run that nothing harms any more; one that never ends is a
        difference, and one that was `quiet` from its start has to end well.
        """
        words = ("", "")
        try:
            words = process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.differences.append(f"{project}: a run did not end in {self.patience:.0f} s")
            self._hear(project, *reap(process))
            return
        reap(process)
        self._hear(project, *words)
        if quiet and process.returncode not in ENDED_WELL:
            self.differences.append(
                f"{project}: nothing harmed a run, and it ended with {process.returncode}:"
                f" {words[1].strip()[-300:]}"
            )

    def _hear(self, project: str, out: str, err: str) -> None:
        """A run may end early for what was done to it, with one line; a fault of its own is a
        difference.
        """
        for words in (out, err):
            if (at := max(words.find(sign) for sign in FAULTY)) >= 0:
                self.differences.append(f"{project}: a run says {words[at:][:2000]}")

    def _compare(self, run: SmallRun, project: str, expected: object) -> None:
        found = _finished(run)
        wrong = broken(run) + unsettled(run)
        accepted = sorted(path.as_uri() for path in self.folder.iterdir())
        lost = set(accepted) - _settled(run)
        self.documents += len(accepted)
        if found != expected:
            self.differences.append(f"{project}: {found} instead of {expected}")
        if lost:
            self.differences.append(f"{project}: {len(lost)} documents are lost, {min(lost)}")
        self.differences += [f"{project}: {line}" for line in wrong]
        same = "differs" if found != expected or wrong or lost else "the same"
        self.tell(f"{project}: {same}, after {sum(self.made.values())} faults in all")


@contextmanager
def _stage(dice: random.Random, nodes: int) -> Iterator[Stage]:
    """Start servers, lines and nodes; end them, and the run that is on, whatever happens."""
    with ExitStack() as stack:
        database, valkey = stack.enter_context(own_postgres()), stack.enter_context(own_valkey())
        lines = [stack.enter_context(proxy_for(url)) for url in (valkey.url, database.url)]
        migrating.migrate(database.url)
        stage = Stage(valkey, database, lines[0], lines[1], dice)
        if nodes:
            stage.nodes = stack.enter_context(ray_nodes(nodes, _environment(stage)))
        try:
            yield stage
        finally:
            _heal(stage)
            if stage.process is not None:
                reap(stage.process)


def _settings(stage: Stage) -> Settings:
    """Give the settings of this program's own looks, past the lines."""
    return Settings(
        home=stage.valkey.home / "home",
        database_url=stage.postgres.url,  # type: ignore[arg-type]
        redis_url=stage.valkey.url,  # type: ignore[arg-type]
        run=RUN,
    )


def _environment(stage: Stage) -> dict[str, str]:
    """Give the settings of a run, which are also those of the nodes that it runs on."""
    joined = {} if stage.nodes is None else stage.nodes.joining
    return joined | {
        SECONDS: "0.03",
        "CASEGRAPH_HOME": str(stage.valkey.home / "home"),
        "CASEGRAPH_DATABASE_URL": stage.postgres_line.url(stage.postgres.url),
        "CASEGRAPH_REDIS_URL": stage.redis_line.url(stage.valkey.url),
        "CASEGRAPH_RUN": RUN.model_dump_json(),
        "CASEGRAPH_SERVICES": ServiceSettings(redis_answer_seconds=0.5).model_dump_json(),
    }


def _heal(stage: Stage) -> None:
    """End every fault."""
    for server in (stage.valkey, stage.postgres):
        server.resume()
        if not server.processes:
            server.start()
    stage.valkey.limit_memory(1 << 30)
    for line in (stage.redis_line, stage.postgres_line):
        line.heal()


def _working(run: SmallRun) -> bool:
    """Say whether a run holds documents: a fault before that hits nothing."""
    try:
        return run.counts()["running"] > 0
    except Exception:  # noqa: BLE001 - PostgreSQL may be on its way back
        return False


def _left(run: SmallRun) -> int:
    return run.left()


def _finished(run: SmallRun) -> object:
    return {"digest": run.digest(), **run.counts()}


def _retry_the_blamed(run: SmallRun) -> int:
    """Let documents be tried again that were blamed for a death that this program caused; whatever
    else fails one that does not fail by itself is a difference. Returns how many.
    """
    ledger = assembly.open_ledger(run.settings, run.urls)
    return ledger.retry(identity.project_id(run.project), error="worker_died")


def _settled(run: SmallRun) -> set[str]:
    """Name the documents that are completed, or failed for a reason of their own."""
    engine = postgres.engine_of(run.urls.database_url)
    try:
        with engine.connect() as connection:
            return set(
                connection.exec_driver_sql(
                    "SELECT uri FROM documents WHERE status IN ('completed', 'failed')"
                    " AND project_id = %s",
                    (identity.project_id(run.project),),
                ).scalars()
            )
    finally:
        engine.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, make the faults, print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--nodes", type=int, default=0)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)

    def tell(words: str) -> None:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()

    tell(f"seed {seed}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="casegraph-chaos-") as name:
        folder = Path(name) / "documents"
        write_documents(folder, options.documents)
        chaos = Chaos(options.faults, folder, seed, tell, nodes=options.nodes)
        chaos()
    result = {
        "seed": seed,
        "nodes": chaos.nodes,
        "faults": sum(chaos.made.values()),
        "kinds": dict(sorted(chaos.made.items())),
        "runs": chaos.runs,
        "documents": chaos.documents,
        "blamed for a death of an actor, and tried again": chaos.blamed,
        "differences": chaos.differences,
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 1 if chaos.differences else 0


if __name__ == "__main__":
    sys.exit(main())
