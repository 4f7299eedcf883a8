"""Checkpoints as stage actors see them: Redis where it serves, else PostgreSQL.

Accelerated, a stage reads and writes Redis alone, and PostgreSQL only for an input whose copy is
gone. In database mode, by choice or because Redis is away, it reads from and writes to PostgreSQL
before the next stage begins. The same calls, whichever it is; `put` says where things landed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from pipeline.documents import Value
from pipeline.errors import RedisAwayError, TemporaryError
from pipeline.stores.protocols import (
    Checkpoint,
    CheckpointKey,
    Checkpoints,
    DurableCheckpoints,
    Landed,
    Persisted,
)

NO_ROOM = "Redis is full of results that PostgreSQL does not have yet"


class Put(Value):
    """Where checkpoints are after `put`: those that stay, in order, each with its place.

    `persisted` is what became durable with those that went to PostgreSQL.
    """

    stays: tuple[Checkpoint, ...] = ()
    landed: tuple[Landed, ...] = ()
    persisted: Persisted | None = None


class TieredCheckpoints:
    """Both stores. `fast` is None in database mode by choice."""

    def __init__(self, fast: Checkpoints | None, durable: DurableCheckpoints) -> None:
        self.fast = fast
        self.durable = durable
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Say why Redis did not serve the last time it was needed; empty if it did."""
        return self._trouble

    def look(
        self, outputs: Sequence[CheckpointKey], inputs: Sequence[CheckpointKey]
    ) -> Mapping[CheckpointKey, Checkpoint]:
        """Read, in one question, what is there already of what a call is to make, and its inputs:
        these from Redis, then from PostgreSQL, and Redis is given its copies back.

        Outputs are of contents whose chain was read from PostgreSQL, which therefore lacks them: so
        it is only asked for them where the stages before write to it, too. The inputs of one that
        is there are not looked for any further.

        Raises TemporaryError if PostgreSQL does not answer, or the object store, which it
        shares with Redis: then Redis is not what is away.
        """
        found = self._from_fast([*outputs, *inputs])
        if found is None:
            return self.durable.get([*outputs, *inputs])
        made = {key.content for key in outputs if key in found}
        missing = [key for key in inputs if key not in found and key.content not in made]
        if not missing:
            return found
        stored = self.durable.get(missing)
        if stored and self.fast is not None:
            with suppress(TemporaryError):
                self.fast.warm(list(stored.values()))
        return {**found, **stored}

    def renew(
        self, unreadable: Sequence[CheckpointKey], differing: Sequence[CheckpointKey]
    ) -> Mapping[CheckpointKey, Checkpoint]:
        """Read from PostgreSQL what was found and cannot be decoded, or has another digest than the
        chain says, and put it in the place of Redis's copies.

        What PostgreSQL cannot give of the unreadable is dropped from both: it is a gap. A copy that
        differs, and that PostgreSQL lacks, stays: where the chain has a gap it is as good as any.
        Raises TemporaryError as `look` does.
        """
        stored = self.durable.reread([*unreadable, *differing])
        if self.fast is not None:
            with suppress(TemporaryError):
                self.fast.adopt(list(stored.values()))
                self.fast.discard([key for key in unreadable if key not in stored])
        return stored

    def put(
        self,
        project: str,
        checkpoints: Sequence[Checkpoint],
        *,
        durable: bool = False,
        lacking: bool = False,
    ) -> Put:
        """Write checkpoints; with `durable`, to PostgreSQL at once.

        See `Checkpoints.put` for `lacking`. Raises TemporaryError if neither store takes them, or
        the object store does not answer.
        """
        stays = (
            [None] * len(checkpoints) if durable else self._to_fast(project, checkpoints, lacking)
        )
        rest = [x for x, there in zip(checkpoints, stays, strict=True) if there is None]
        persisted = self.durable.put(project, rest) if rest else None
        winners = {winner.key: winner for winner in persisted.winners} if persisted else {}
        if persisted is not None and self.fast is not None:
            gone = set(persisted.gone) | {content for content, _ in persisted.refused}
            kept = [winners.get(x.key, x) for x in rest if x.content not in gone]
            with suppress(TemporaryError):
                self.fast.adopt(kept)
        return Put(
            stays=tuple(
                there or winners.get(x.key, x) for x, there in zip(checkpoints, stays, strict=True)
            ),
            landed=tuple(Landed.REDIS if there else Landed.POSTGRES for there in stays),
            persisted=persisted,
        )

    def _from_fast(
        self, wanted: Sequence[CheckpointKey]
    ) -> Mapping[CheckpointKey, Checkpoint] | None:
        """Read from Redis; None while it does not serve."""
        if self.fast is None:
            return None
        try:
            found = self.fast.get(wanted)
        except RedisAwayError as error:
            self._trouble = str(error)
            return None
        if self._trouble != NO_ROOM:  # that is about writing, and ends when a write goes through
            self._trouble = ""
        return found

    def _to_fast(
        self, project: str, checkpoints: Sequence[Checkpoint], lacking: bool
    ) -> Sequence[Checkpoint | None]:
        """Write to Redis; None for each that it did not take."""
        if self.fast is None:
            return [None] * len(checkpoints)
        try:
            stays = self.fast.put(project, checkpoints, lacking=lacking)
        except RedisAwayError as error:
            self._trouble = str(error)
            return [None] * len(checkpoints)
        self._trouble = NO_ROOM if None in stays else ""
        return stays
