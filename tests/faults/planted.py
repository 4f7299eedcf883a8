"""Bugs of the kind that this system must not have, planted to see that the tests catch each.

    python -m faults.planted [NAME…]

For each it runs the tests that should fail, without the bug and with it: only a bug whose tests
pass without it, and fail with it for what it does wrong, is caught. Set `PLANTED_BUG` to have one
in a process that imports `faults.small_stages`, as each of a small run does, on Ray too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "PLANTED_BUG"
ROOT = Path(__file__).resolve().parents[2]


def acknowledge_before_commit() -> None:
    """Drop the queue's entries, and let checkpoints expire, before PostgreSQL has them."""
    from actors.persistence_actor import PersistenceWorker

    write = PersistenceWorker._write

    def early(self: Any, project: str, entries: Any, found: Any) -> Any:
        self.write_behind.done(entries)
        return write(self, project, entries, found)

    PersistenceWorker._write = early  # type: ignore[method-assign]


def expiry_before_commit() -> None:
    """Give a checkpoint its expiry when it is put."""
    from pipeline.stores import redis_checkpoints
    from pipeline.stores.redis_values import key_of

    put, crash_point = redis_checkpoints.RedisCheckpoints.put, redis_checkpoints.crash_point
    putting = threading.local()

    def expiring(self: Any, project: str, checkpoints: Any, **more: Any) -> Any:
        putting.here = self._link.client, checkpoints
        return put(self, project, checkpoints, **more)

    def after(name: str) -> None:
        if name == "put.after":
            client, checkpoints = putting.here
            for checkpoint in checkpoints:
                client.expire(key_of(checkpoint), 100)
        crash_point(name)

    redis_checkpoints.RedisCheckpoints.put = expiring  # type: ignore[method-assign]
    redis_checkpoints.crash_point = after


def two_commands_for_a_put() -> None:
    """Write the checkpoint with one command and its entry with another, not in one script."""
    from pipeline.crash_points import crash_point
    from pipeline.stores import keys
    from pipeline.stores.redis_checkpoints import RedisCheckpoints
    from pipeline.stores.redis_values import key_of, pack

    def put(self: Any, project: str, checkpoints: Any, *, lacking: bool = False) -> Any:
        with self._link.answering() as client:
            for checkpoint in checkpoints:
                value = pack(checkpoint, self._blobs)
                client.set(key_of(checkpoint), value)
                client.incrby(keys.UNPERSISTED_BYTES, len(value))
                crash_point("put.after")
                client.xadd(keys.WRITE_BEHIND, {"project": project, **checkpoint.key._asdict()})
        return list(checkpoints)

    RedisCheckpoints.put = put  # type: ignore[method-assign]


def a_loser_that_stays() -> None:
    """Leave a copy in Redis that differs from what PostgreSQL has."""
    from pipeline.crash_points import crash_point
    from pipeline.stores.redis_checkpoints import RedisCheckpoints

    def keep(self: Any, checkpoints: Any) -> None:
        """Come by where tests let a process die, and change nothing."""
        if checkpoints:
            crash_point("adopt.before")
            crash_point("adopt.after")

    RedisCheckpoints.adopt = keep  # type: ignore[method-assign]


def gaps_that_nobody_looks_for() -> None:
    """Take what was processed for persisted."""
    from actors.settlement import Settlement

    async def nothing(self: Any) -> bool:
        return False

    Settlement.readmit = nothing  # type: ignore[method-assign]


def a_lost_input_is_a_failure() -> None:
    """Blame a document for a flush."""
    from actors.stage_worker import StageWorker
    from pipeline.documents import DocumentFailure, StageName

    inputs = StageWorker._input

    def blaming(self: Any, task: Any, there: Any, open_files: Any) -> Any:
        from actors.calls import Outcome

        value = inputs(self, task, there, open_files)
        if isinstance(value, Outcome) and value.failure is None and not value.is_sourceless:
            failure = DocumentFailure(stage=StageName.OCR, error="inputs_lost", message="gone")
            return value.model_copy(update={"failure": failure})
        return value

    StageWorker._input = blaming  # type: ignore[method-assign]


def no_fall_back() -> None:
    """Let an error of Redis end the call."""
    from pipeline.stores.tiered_checkpoints import TieredCheckpoints

    def only_fast(self: Any, project: str, checkpoints: Any, lacking: bool) -> Any:
        return self.fast.put(project, checkpoints, lacking=lacking)

    TieredCheckpoints._to_fast = only_fast  # type: ignore[method-assign]


def a_chain_without_links() -> None:
    """Take any output of a stage for the chain's, whatever it was made from."""
    from pipeline.stage import Chain, Link, Plan

    def follow(self: Any, sha256: str, media_type: str, known: Any) -> Chain:
        chain = Chain()
        for (stage, print_), digest in sorted(known.items()):
            if stage == chain.gap:
                chain = chain.extended(Link(stage=stage, fingerprint=print_, digest=digest))
        while (stage := chain.gap) is not None:
            found = [(p, d) for (s, p), d in known.items() if s == stage]
            if not found:
                break
            chain = chain.extended(Link(stage=stage, fingerprint=found[0][0], digest=found[0][1]))
        return chain

    Plan.follow = follow  # type: ignore[method-assign]


def failures_without_a_fence() -> None:
    """Let a run that lost a document fail it all the same."""
    from sqlalchemy import text

    from pipeline.stores import ledger_queries

    words = str(ledger_queries.FAIL)
    open_ = words.replace("d.claimed_by = CAST(:run AS uuid) AND ", "").replace(
        " AND d.claim = g.claim", ""
    )
    assert open_ != words
    ledger_queries.FAIL = text(open_)


def members_forgotten() -> None:
    """Complete a container before its members are documents."""
    from pipeline.stores import publishing
    from pipeline.stores.members import Admission

    publishing.admit = lambda *_: Admission()  # type: ignore[assignment]


def a_fault_of_the_run() -> None:
    """Raise where the coordinator hears what is persisted."""
    from actors.settlement import Settlement

    async def raising(self: Any, persisted: Any) -> None:
        raise KeyError("mine")

    Settlement.take = raising  # type: ignore[method-assign]


def a_registry_without_epochs() -> None:
    """Let who holds the lease write what it worked out before the last update."""
    from sqlalchemy import text

    from pipeline.stores import registry_statements

    words = str(registry_statements.FENCE)
    open_ = words.replace(" AND epoch = :seen", "")
    assert open_ != words
    registry_statements.FENCE = text(open_)


def crowds_that_nobody_sees_come() -> None:
    """Settle only the changed names of a block that crosses its bound, not all its members."""
    from types import SimpleNamespace

    from pipeline.registry import touching

    cross = touching._cross

    def blind(changes: Any, blocks: Any, found: Any, of: Any) -> None:
        seen = SimpleNamespace(
            bound=blocks.bound, block=blocks.block, part=blocks.part, members=lambda *_: []
        )
        cross(changes, seen, found, of)  # type: ignore[arg-type]

    touching._cross = blind


@dataclass(frozen=True)
class Plant:
    """A bug, a test that must fail with it, and a pattern of what pytest must say then: a test that
    fails for another reason sees something else.
    """

    bug: Callable[[], None]
    test: str
    failure: str


CRASHES = "tests/faults/test_crash_points.py::test_a_death_at_any_point_changes_nothing"
REDIS = "tests/faults/test_redis_faults.py"
FLUSHED = f"{REDIS}::test_flushed_in_the_middle_again_and_again"
FIRST_WINS = "tests/contracts/test_publisher.py::test_what_was_there_first_wins_and_is_handed_back"
EARLIER_CLAIM = (
    "tests/contracts/test_ledger.py"
    "::test_a_failure_of_an_earlier_claim_of_the_same_run_is_not_believed"
)
KEEPERS = "tests/faults/test_registry_keepers.py"
LATE = f"{KEEPERS}::test_the_epoch_alone_keeps_out_what_was_worked_out_before_it"
CROSSING = (
    "tests/contracts/test_verifying_registry.py"
    "::test_names_of_a_block_that_crosses_its_bound_are_settled_again"
)
EACH_COPY = "tests/contracts/test_publisher_members.py::test_members_become_documents_of_each_copy"
UNPERSISTED = "expires, and PostgreSQL does not have it"
AN_ID = "'[0-9a-f-]{36}'"
PLANTS = {
    plant.bug.__name__: plant
    for plant in (
        Plant(acknowledge_before_commit, f"{CRASHES}[persist.before-commit-on]", UNPERSISTED),
        Plant(expiry_before_commit, f"{CRASHES}[put.after-on]", UNPERSISTED),
        Plant(
            two_commands_for_a_put, f"{CRASHES}[put.after-on]", "is neither persisted nor queued"
        ),
        Plant(a_loser_that_stays, f"{CRASHES}[adopt.before-on]", "is not what PostgreSQL has"),
        Plant(gaps_that_nobody_looks_for, FLUSHED, r"\+ +'pending': [1-9]"),
        Plant(a_lost_input_is_a_failure, FLUSHED, r"\+ +'failed': [1-9]"),
        Plant(no_fall_back, f"{REDIS}::test_absent_from_the_start", "Redis does not answer"),
        Plant(a_chain_without_links, FIRST_WINS, rf"assert \({AN_ID},\) == \(\)"),
        Plant(failures_without_a_fence, EARLIER_CLAIM, rf"assert \[{AN_ID}\] == \[\]"),
        Plant(members_forgotten, EACH_COPY, "members_admitted=0"),
        Plant(a_registry_without_epochs, LATE, r"assert \(True, 1\) == \(False, 0\)"),
        Plant(crowds_that_nobody_sees_come, CROSSING, "and should be in"),
        Plant(a_fault_of_the_run, f"{REDIS}::test_absent_from_the_start", "KeyError: 'mine'"),
    )
}


def apply() -> None:
    """Plant the bug that the environment names, if it is not there."""
    if name := os.environ.get(VARIABLE):
        _plant(name)


@cache
def _plant(name: str) -> None:
    PLANTS[name].bug()


def pytest_configure() -> None:
    """Plant it in pytest's own process: `-p faults.planted`."""
    apply()


def failure(name: str, *, planted: bool = True) -> str:
    """Run a bug's test with it (or without) and give what pytest says of the failure; nothing if it
    passes.
    """
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if planted:
        environment[VARIABLE] = name
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-vvx", "-p", "faults.planted", PLANTS[name].test],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    # Not the source that it shows, nor what the program said meanwhile.
    said = [line for line in done.stdout.splitlines() if line.startswith("E  ")]
    return "\n".join(said) if done.returncode else ""


def tried(name: str) -> str:
    """Try one bug and say what came of it."""
    if failure(name, planted=False):
        return "FAILS ANYWAY"
    if not (seen := failure(name)):
        return "MISSED"
    return "caught" if re.search(PLANTS[name].failure, seen) else "FAILS OTHERWISE"


def main(names: Sequence[str]) -> int:
    """Try bugs, all if none is named, and print which were caught.

    A test that fails without a bug, too, sees something else: a broken environment catches nothing.
    """
    missed = []
    for name in names or list(PLANTS):
        said = tried(name)
        sys.stdout.write(f"{said}  {name}\n")
        sys.stdout.flush()
        missed += [] if said == "caught" else [name]
    sys.stdout.write(f"{len(names or PLANTS) - len(missed)} of {len(names or PLANTS)} caught\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
