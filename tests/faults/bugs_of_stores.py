"""Bugs in how PostgreSQL and Redis are kept, to be planted; see `faults.planted`."""

from __future__ import annotations

import threading
from typing import Any


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


def a_failure_told_twice() -> None:
    """Write down once more why a document failed, where the answer to the first time was lost."""
    from sqlalchemy import text

    from pipeline.stores import ledger_queries

    words = str(ledger_queries.FAIL)
    again = words.replace(
        "FROM failed f JOIN given g",
        "FROM (SELECT id, attempts FROM failed UNION ALL SELECT d.id, d.attempts FROM documents d"
        " WHERE d.claimed_by = CAST(:run AS uuid) AND d.status = 'failed') f JOIN given g",
    )
    assert again != words
    ledger_queries.FAIL = text(again)


def members_forgotten() -> None:
    """Complete a container before its members are documents."""
    from pipeline.stores import publishing
    from pipeline.stores.members import Admission

    publishing.admit = lambda *_: Admission()  # type: ignore[assignment]


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
