"""Compares Redis with PostgreSQL: copies, the queue, its count, its dead letters.

What a run that is at work changes all the time is told only where none was, before and after.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, TextClause

from pipeline.documents import StageName
from pipeline.identity import is_id
from pipeline.stores import keys
from pipeline.stores import verifying_queries as queries
from pipeline.stores.postgres import transaction
from pipeline.stores.protocols import CheckpointKey
from pipeline.stores.redis_connection import sizes_of
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_removal import SCAN_KEYS
from pipeline.stores.redis_values import VERSION, named
from pipeline.stores.verifying_live import LiveInRedis
from pipeline.verification import Finding

HEAD_BYTES = 512
"""What a checkpoint's value says of itself fits in here."""

Copy = tuple[CheckpointKey, str, bool]
"""A checkpoint's key, the digest it carries (empty if that cannot be read), if it expires."""


class CopiesInRedis:
    """What Redis has, held against PostgreSQL. `rules` is the version of those by which entities
    are made; of a project that was made by others the live copies are not compared. Raises
    RedisAwayError.
    """

    def __init__(
        self, engine: Engine, link: RedisLink, project: str, rules: str | None = None
    ) -> None:
        self._rules = rules
        self._engine = engine
        self._link = link
        self._project = project

    def findings(self, at_work: Callable[[], bool]) -> Iterator[Finding]:
        """Say what is wrong. `at_work` says whether a run is at work, which may begin at any time:
        it is asked before and after each look, and what a run explains is not told from then on.
        """
        beside = at_work()
        if not beside:
            queued = list(self._queue())
            beside = at_work()
            yield from () if beside else queued
        yield from self._letters()
        unpersisted = 0
        for batch, held in self._copies():
            unpersisted += held
            compared = list(self._compared(batch))
            beside = beside or at_work()
            yield from (finding for finding, explained in compared if not (beside and explained))
        if not beside:
            with self._link.answering() as client:
                counted = int(client.get(keys.UNPERSISTED_BYTES) or 0)
            if counted != unpersisted and not at_work():
                yield Finding(
                    "unpersisted_bytes",
                    keys.UNPERSISTED_BYTES,
                    f"it says {counted:,}, and checkpoints without an expiry hold {unpersisted:,}",
                )
        yield from LiveInRedis(self._engine, self._link, self._project, self._rules).findings()

    def _queue(self) -> Iterator[Finding]:
        """See that nothing waits to be written, or was taken and not acknowledged."""
        with self._link.answering() as client:
            if not client.exists(keys.WRITE_BEHIND):
                return
            length = client.xlen(keys.WRITE_BEHIND)
            groups = client.xinfo_groups(keys.WRITE_BEHIND)
        taken = sum(group["pending"] for group in groups)
        if length:
            yield Finding(
                "queue",
                keys.WRITE_BEHIND,
                f"{length:,} results wait to be written to PostgreSQL and no run is at work; "
                "run again, or `casegraph services stop` writes them",
            )
        if taken:
            yield Finding(
                "queue", keys.WRITE_BEHIND, f"{taken:,} entries were taken and not acknowledged"
            )

    def _letters(self) -> Iterator[Finding]:
        """Find dead letters of this project for which no document failed."""
        after = "-"
        while True:
            with self._link.answering() as client:
                page = client.xrange(keys.DEAD_LETTERS, min=after, count=SCAN_KEYS)
            mine = {
                content: fields
                for _, fields in page
                if fields[b"project"].decode() == self._project
                and is_id(content := fields[b"content"].decode())
            }
            unexplained = self._asked(queries.OURS, mine) - self._asked(queries.EXPLAINED, mine)
            for content in sorted(unexplained):
                reason = mine[content][b"reason"].decode("utf-8", "replace")
                stage = mine[content][b"stage"].decode()
                yield Finding(
                    "dead_letter",
                    content,
                    f"PostgreSQL refused its {stage} and no document failed for it: {reason}",
                )
            if len(page) < SCAN_KEYS:
                return
            after = f"({page[-1][0].decode()}"

    def _copies(self) -> Iterator[tuple[list[Copy], int]]:
        """Scan checkpoints in batches, with the bytes in each that PostgreSQL does not have."""
        cursor = 0
        while True:
            with self._link.answering() as client:
                cursor, names = client.scan(
                    cursor, match=keys.checkpoint("*", "*", "*"), count=SCAN_KEYS
                )
                with client.pipeline(transaction=False) as pipe:
                    for name in names:
                        pipe.getrange(name, 0, HEAD_BYTES)
                        pipe.strlen(name)
                        pipe.pttl(name)
                    answers = pipe.execute(raise_on_error=False)
                    sizes = sizes_of(answers[1::3])
            copies: list[Copy] = []
            held = 0
            for name, head, size, ttl in zip(
                names, answers[::3], sizes, answers[2::3], strict=True
            ):
                if ttl == -2:  # it expired meanwhile
                    continue
                held += (size or 0) if ttl == -1 else 0
                if (key := named(name)) is not None:
                    digest = "" if size is None else _digest(head)
                    copies.append((key, digest, ttl >= 0))
            yield copies, held
            if not cursor:
                return

    def _compared(self, copies: Sequence[Copy]) -> Iterator[tuple[Finding, bool]]:
        """Hold a batch of copies against what PostgreSQL has under the same keys; say of each
        finding whether a run at work explains it.
        """
        contents = {key.content for key, _, _ in copies}
        ours = self._asked(queries.OURS, contents)
        with transaction(self._engine) as connection:
            rows = connection.execute(
                queries.KNOWN, {"project": self._project, "contents": sorted(ours)}
            )
            known = {CheckpointKey(r[0], StageName(r[1]), r[2], r[3]): r.digest for r in rows}
        for key, digest, expires in copies:
            if key.content not in ours:
                continue
            name = keys.checkpoint(*key)
            if not digest:
                yield Finding("copy", name, "what Redis has there cannot be read"), False
            elif key in known and known[key] != digest:
                yield Finding("copy", name, "Redis and PostgreSQL have different digests"), False
            elif key not in known and not expires:
                what = "only Redis has it, and no run is at work to write it"
                yield Finding("copy", name, what), True

    def _asked(self, question: TextClause, contents: Any) -> set[str]:
        """Say of which contents a question holds."""
        with transaction(self._engine) as connection:
            parameters: dict[str, Any] = {"contents": sorted(contents)}
            if ":project" in question.text:
                parameters["project"] = self._project
            return set(connection.scalars(question, parameters))


def _digest(head: bytes) -> str:
    """Read the digest that a value carries; empty if there is none to be read."""
    if not head.startswith(VERSION):
        return ""
    try:
        return str(json.loads(head[1:].partition(b"\n")[0])["digest"])
    except (ValueError, KeyError, TypeError):
        return ""
