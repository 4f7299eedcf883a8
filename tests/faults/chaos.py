"""Harms runs at seeded random moments, many times a run, and compares what comes out.

    python -m faults.chaos --faults 200 [--seed N] [--documents N]

Each round brings the same documents through a project of its own, on Ray, with small stages, and
meanwhile kills or pauses a stage actor, the persistence actor, the coordinator, the whole command,
Redis or PostgreSQL, flushes Redis, or cuts, refuses, hangs or slows the line to one of them. What
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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from faults.invariants import broken, unsettled
from faults.proxy import Proxy, proxy_for
from faults.ray_process import reap, start
from faults.servers import OwnPostgres, OwnValkey, own_postgres, own_valkey
from faults.small_run import SmallRun, write_documents
from faults.small_stages import SECONDS
from pipeline import assembly, identity
from pipeline.settings import RunSettings, ServiceSettings, Settings
from pipeline.stores import migrating, postgres

FAULTS_A_ROUND = 25
ROUND_SECONDS = 240.0
PAUSES = (0.2, 3.5)
ENDED_WELL = (0, 3)
FAULTY = ("Traceback (most recent call last)", "ended by a fault of its own")
COMMIT_SECONDS = 5.0
LEASE_SECONDS = 2.0
RUN = RunSettings(cpus=2, window=16, persist_seconds=0.05, lease_seconds=LEASE_SECONDS, attempts=4)


@dataclass
class Stage:
    """The servers, the lines to them, and the run that is on."""

    valkey: OwnValkey
    postgres: OwnPostgres
    redis_line: Proxy
    postgres_line: Proxy
    dice: random.Random
    process: subprocess.Popen[str] | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def actors(self, *names: str) -> list[psutil.Process]:
        """Find the run's processes of these actors."""
        if self.process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.process.pid).children(recursive=True)
            return [child for child in children if _title(child).startswith(names)]
        return []

    def wait(self, least: float = PAUSES[0], most: float = PAUSES[1]) -> None:
        """Let a fault last."""
        time.sleep(self.dice.uniform(least, most))


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _kill(*names: str) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        found = on.actors(*names)
        if found:
            with suppress(psutil.NoSuchProcess):
                on.dice.choice(found).kill()
        return bool(found)

    return fault


def _pause(*names: str) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        found = on.actors(*names)
        if not found:
            return False
        process = on.dice.choice(found)
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            on.wait()
            process.resume()
        return True

    return fault


def _kill_command(on: Stage) -> bool:
    if on.process is None or on.process.poll() is not None:
        return False
    on.process.kill()
    return True


def _line(
    which: str, harm: Callable[[Proxy], object], last: bool = True
) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        line: Proxy = getattr(on, which)
        harm(line)
        if last:
            on.wait()
            line.heal()
        return True

    return fault


def _lose(*, answered: bool) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        on.postgres_line.lose("COMMIT", answered=answered)
        late = time.monotonic() + COMMIT_SECONDS
        while not on.postgres_line.lost and time.monotonic() < late:
            time.sleep(0.01)
        lost = on.postgres_line.lost
        on.postgres_line.heal()
        return lost

    return fault


def _refuse(line: Proxy) -> None:
    line.refuse()
    line.cut()


def _redis_paused(on: Stage) -> bool:
    on.valkey.pause()
    on.wait()
    on.valkey.resume()
    return True


def _redis_full(on: Stage) -> bool:
    on.valkey.limit_memory(1 << 20)
    on.wait()
    on.valkey.limit_memory(1 << 30)
    return True


def _postgres_paused(on: Stage) -> bool:
    on.postgres.pause()
    on.wait()
    on.postgres.resume()
    return True


def _always(work: Callable[[Stage], object]) -> Callable[[Stage], bool]:
    def fault(on: Stage) -> bool:
        work(on)
        return True

    return fault


FAULTS: dict[str, Callable[[Stage], bool]] = {
    "a stage actor killed": _kill("ray::StageActor"),
    "a stage actor paused": _pause("ray::StageActor"),
    "the persistence actor killed": _kill("ray::PersistenceActor"),
    "the persistence actor paused": _pause("ray::PersistenceActor"),
    "the registry actor killed": _kill("ray::RegistryActor"),
    "the registry actor paused": _pause("ray::RegistryActor"),
    "the coordinator killed": _kill("ray::RunCoordinator"),
    "the coordinator paused": _pause("ray::RunCoordinator"),
    "the command killed": _kill_command,
    "redis killed and restarted": _always(lambda on: on.valkey.restart()),
    "redis restarted empty": _always(lambda on: on.valkey.restart(empty=True)),
    "redis flushed": _always(lambda on: on.valkey.flush()),
    "redis paused": _redis_paused,
    "redis full": _redis_full,
    "redis cut": _line("redis_line", lambda line: line.cut(), last=False),
    "redis refused": _line("redis_line", _refuse),
    "redis hanging": _line("redis_line", lambda line: line.hang()),
    "redis slow": _line("redis_line", lambda line: line.delay(0.3)),
    "postgres killed and restarted": _always(lambda on: on.postgres.restart()),
    "postgres paused": _postgres_paused,
    "postgres cut": _line("postgres_line", lambda line: line.cut(), last=False),
    "postgres refused": _line("postgres_line", _refuse),
    "postgres slow": _line("postgres_line", lambda line: line.delay(0.1)),
    "a commit's answer lost": _lose(answered=True),
    "a commit lost": _lose(answered=False),
}
COSTLY = ("the coordinator killed", "the command killed")
"""Each of these costs a start of Ray, so they come more rarely."""


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

    def __call__(self) -> None:
        """Make all faults, round by round, and compare after each round."""
        dice = random.Random(self.seed)
        with _stage(dice) as stage:
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
            name = stage.dice.choice(list(FAULTS))
            if name in COSTLY and stage.dice.random() < 0.6:
                continue
            if _working(run) and FAULTS[name](stage):
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
def _stage(dice: random.Random) -> Iterator[Stage]:
    """Start servers and lines; end them, and the run that is on, whatever happens."""
    with ExitStack() as stack:
        database, valkey = stack.enter_context(own_postgres()), stack.enter_context(own_valkey())
        lines = [stack.enter_context(proxy_for(url)) for url in (valkey.url, database.url)]
        migrating.migrate(database.url)
        stage = Stage(valkey, database, lines[0], lines[1], dice)
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
    return {
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
        chaos = Chaos(options.faults, folder, seed, tell)
        chaos()
    result = {
        "seed": seed,
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
