"""Harms runs at seeded random moments, many times a run, and compares what comes out.

    python -m faults.chaos --faults 200 [--nodes N] [--seed N] [--documents N]

Each round brings the same documents through a project of its own, on Ray, with small stages, and
meanwhile kills or pauses a stage actor, the persistence actor, the registry actor, the coordinator,
the whole command, Redis or PostgreSQL, flushes Redis, or cuts, refuses, hangs or slows the line to
one of them. With `--nodes` the run is on a Ray cluster of so many nodes on this machine, and its
processes, those of each stage apart, and whole nodes are killed, alone and in pairs. What ends
early is started again, as a person would; unless the command was killed, that is a difference, and
so is one that ends well and leaves something. Then it must be as if nothing had happened: each
document that the ledger of this program accepted is completed, once, or failed for its own reason,
once, nobody is blamed for a death, the digest is the quiet run's, `verify` finds nothing wrong, no
vector is missing, and nothing that PostgreSQL lacks looks persisted in Redis. Prints its seed, each
fault, how often each kind was made, and every difference; the exit status is 1 after any, and where
a kind was never made by a run of so many faults that each should have come.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from actors.driver import LOST_RUNS
from faults import history
from faults.harm import AND, FAULTS, ON_NODES, Fault
from faults.invariants import amiss, broken
from faults.ray_process import reap, start
from faults.scene import Scene, opened
from faults.small_run import SmallRun, write_documents
from pipeline import identity
from pipeline.stores import postgres

FAULTS_A_ROUND = 25
ROUND_SECONDS = 240.0
ENDED_WELL = (0, 3)
FAULTY = ("Traceback (most recent call last)", "ended by a fault of its own")
ALL_KINDS = 100
"""From so many faults on each kind is made at least once."""
COORDINATOR, COMMAND = COSTLY = "the coordinator killed", "the command killed"
DEAR = 3
"""Each of these costs a start of Ray, or of all actors, so one counts for so many."""


@dataclass
class Chaos:
    """The whole: how many faults to make, and what has come of them; `done` is what was done to the
    run that is on, and `began` when that was, in seconds since 1970.
    """

    wanted: int
    folder: Path
    seed: int
    tell: Callable[[str], None]
    made: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    documents: int = 0
    differences: list[str] = field(default_factory=list)
    patience: float = ROUND_SECONDS
    nodes: int = 0
    done: list[str] = field(default_factory=list)
    began: float = 0.0

    @property
    def kinds(self) -> Mapping[str, Fault]:
        """Name what is done."""
        return ON_NODES if self.nodes else FAULTS

    @property
    def never(self) -> list[str]:
        """Name what should have been done by now, and was not."""
        return [kind for kind in self.kinds if not self.made[kind] and self.wanted >= ALL_KINDS]

    def __call__(self) -> None:
        """Make all faults, round by round, and compare after each round."""
        with opened(random.Random(self.seed), self.nodes) as scene:
            apart = {"acceleration": "off", "home": scene.valkey.home / "quiet"}
            quiet = SmallRun(scene.settings.model_copy(update=apart), self.folder, "quiet")
            quiet.until_done()
            expected = _finished(quiet)
            SmallRun(scene.settings, self.folder).move_in()
            round_ = 0
            while sum(self.made.values()) < self.wanted:
                round_ += 1
                self._round(scene, f"round-{round_}", expected)

    def _start(self, scene: Scene, project: str) -> Any:
        self.runs += 1
        self.done, self.began = [], time.time()
        scene.process = start(scene.environment, str(self.folder), project)
        return scene.process

    def _round(self, scene: Scene, project: str, expected: object) -> None:
        """Bring the documents through one project, harmed on the way."""
        run = SmallRun(scene.settings, self.folder, project)
        process = self._start(scene, project)
        most = min(FAULTS_A_ROUND, self.wanted - sum(self.made.values()))
        here, late = 0, time.monotonic() + ROUND_SECONDS
        while here < most and time.monotonic() < late:
            scene.wait(0.05, 0.8)
            if process.poll() is not None:
                self._judge(run, process.returncode, *reap(process))
                if process.returncode in ENDED_WELL and not _left(run):
                    break
                process = self._start(scene, project)
                continue
            kind = self._drawn(scene.dice)
            if not _working(run, self.began):
                continue
            self.done.append(kind)
            if self.kinds[kind](scene):
                here += 1
                self.made[kind] += 1
                self.tell(f"{project} {sum(self.made.values())}: {kind}")
        scene.heal()
        self._ended(run, process)
        for _ in range(6):
            if not _left(run):
                break
            self._ended(run, self._start(scene, project))
        self._compare(run, project, expected)

    def _drawn(self, dice: random.Random) -> str:
        """Draw a kind of those that were made least often; one time in four any, since some cannot
        be made at every moment.
        """
        kinds = list(self.kinds)
        if dice.random() < 0.25:
            return dice.choice(kinds)
        count = {x: self.made[x] * (DEAR if x in COSTLY else 1) for x in kinds}
        return dice.choice([x for x in kinds if count[x] == min(count.values())])

    def _ended(self, run: SmallRun, process: Any) -> None:
        """Wait for the end of a run that nothing harms; one that never ends is a difference."""
        try:
            words = process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self.differences.append(f"{run.project}: a run did not end in {self.patience:.0f} s")
            self._hear(run.project, *reap(process))
            return
        reap(process)
        self._judge(run, process.returncode, *words)

    def _judge(self, run: SmallRun, code: int, out: str, err: str) -> None:
        """A run may end early for what was done to it, with one line; one that bears all of it has
        to end well, and who says so leaves nothing to another one.
        """
        if self._hear(run.project, out, err):
            return
        told = ""
        if code in ENDED_WELL:
            told = f"a run left {left} documents or vectors, and" if (left := _left(run)) else ""
        elif not self._excused(err):
            told = f"{', '.join(self.done) or 'nothing'} is borne by a run, and"
        if told:
            words = f"{told} it ended with {code}: {err.strip()[-300:]}"
            self.differences.append(f"{run.project}: {words}")

    def _excused(self, words: str) -> bool:
        """Say whether more was done to a run than it bears: it outwaits all faults of stores."""
        ends = [end for kind in self.done for end in kind.split(AND)]
        in_a_row = f"{LOST_RUNS} times in a row" in words
        return COMMAND in ends or (in_a_row and ends.count(COORDINATOR) >= LOST_RUNS)

    def _hear(self, project: str, out: str, err: str) -> bool:
        """Say whether a run tells of a fault of its own: that is a difference."""
        heard = False
        for words in (out, err):
            if (at := max(words.find(sign) for sign in FAULTY)) >= 0:
                self.differences.append(f"{project}: a run says {words[at:][:2000]}")
                heard = True
        return heard

    def _compare(self, run: SmallRun, project: str, expected: object) -> None:
        found = _finished(run)
        wrong = broken(run) + amiss(run) + _seen(run) + _unembedded(run)
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


def _working(run: SmallRun, began: float) -> bool:
    """Say whether a run that began since then holds documents: a fault before that hits none, or
    ends a command with one line that has begun with nothing. What a killed one holds is not its.
    """
    question = """
        SELECT count(*) FROM documents d JOIN runs r ON r.id = d.claimed_by
        WHERE d.project_id = CAST(:project AS uuid) AND status = 'running'
          AND started_at > to_timestamp(:began)
    """
    try:
        with _reading(run) as connection:
            asked = {"project": identity.project_id(run.project), "began": began}
            return bool(connection.scalar(text(question), asked))
    except Exception:  # noqa: BLE001 - PostgreSQL may be on its way back
        return False


def _left(run: SmallRun) -> int:
    """Count what is to be done by another run."""
    return run.left() + run.without_vector()


def _unembedded(run: SmallRun) -> list[str]:
    return [f"{count} chunks have no vector"] if (count := run.without_vector()) else []


def _finished(run: SmallRun) -> object:
    return {"digest": run.digest(), **run.counts()}


def _seen(run: SmallRun) -> list[str]:
    """Name what was not done once, and who is blamed."""
    project = identity.project_id(run.project)
    with _reading(run) as connection:
        return history.not_ended_once(connection, project) + history.blamed(connection, project)


def _settled(run: SmallRun) -> set[str]:
    """Name the documents that are completed, or failed."""
    question = """
        SELECT uri FROM documents
        WHERE project_id = CAST(:project AS uuid) AND status IN ('completed', 'failed')
    """
    with _reading(run) as connection:
        asked = {"project": identity.project_id(run.project)}
        return set(connection.scalars(text(question), asked))


@contextmanager
def _reading(run: SmallRun) -> Iterator[Connection]:
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            yield connection
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
        "kinds": {kind: chaos.made[kind] for kind in chaos.kinds},
        "never made": chaos.never,
        "runs": chaos.runs,
        "documents": chaos.documents,
        "differences": chaos.differences,
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 1 if chaos.differences or chaos.never else 0


if __name__ == "__main__":
    sys.exit(main())
