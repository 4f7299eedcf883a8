"""The ledger of documents in PostgreSQL: what the coordinator and the commands call.

A document is claimed by a run for as long as that run renews its lease. Every write about a
claimed document is fenced by the claim, so a run that lost it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import text

from pipeline import identity
from pipeline.documents import DocumentFailure, StageName
from pipeline.errors import TemporaryError, UsageError
from pipeline.settings import ArchiveLimits
from pipeline.stage import Chain, Plan
from pipeline.stores import ledger_queries as queries
from pipeline.stores import loose_objects, store_mark, tables
from pipeline.stores.blame import clean
from pipeline.stores.identifying import identify
from pipeline.stores.ledger_documents import Documents
from pipeline.stores.ledger_values import (
    Claimed,
    Found,
    Identified,
    ProjectRow,
    Publishing,
    Recorded,
    Work,
)
from pipeline.stores.payloads import Payloads
from pipeline.stores.postgres import alone, transaction
from pipeline.stores.publishing import Publication, known_checkpoints
from pipeline.stores.removal import remove_unseen_contents

__all__ = [
    "Claimed", "Found", "Identified", "Ledger", "ProjectRow", "Publishing", "Recorded", "Work",
]  # fmt: skip


class Ledger(Documents):
    """Projects, documents, runs, claims."""

    def start_run(self, project: str, lease_seconds: float) -> str:
        """Begin a run of a project and return its id."""
        run = identity.run_id()
        with transaction(self._engine, "start") as connection:
            connection.execute(
                queries.START, {"run": run, "project": project, "seconds": lease_seconds}
            )
        return run

    def renew(
        self, run: str, lease_seconds: float, mode: str | None = None, reason: str | None = None
    ) -> bool:
        """Keep a run's claims for that long from now; False if the run has ended.

        `mode` and `reason` say for `status` how the run works: accelerated or in database mode.
        """
        with transaction(self._engine, "renew") as connection:
            answer = connection.execute(
                queries.RENEW,
                {"run": run, "seconds": lease_seconds, "mode": mode, "reason": reason},
            )
            return answer.rowcount == 1

    def tell(self, run: str, progress: str) -> None:
        """Write down where a run is, in JSON, for who cannot read it in Redis."""
        with transaction(self._engine) as connection:
            connection.execute(queries.TELL, {"run": run, "progress": progress})

    def end_run(self, run: str, outcome: str, summary: Mapping[str, Any]) -> None:
        """Write down how a run ended. What it still claims is anybody's from now on."""
        with transaction(self._engine, "end") as connection:
            connection.execute(
                tables.runs.update()
                .where(tables.runs.c.id == run, tables.runs.c.ended_at.is_(None))
                .values(
                    ended_at=text("now()"),
                    lease_until=text("least(lease_until, now())"),
                    outcome=outcome,
                    summary=dict(summary),
                )
            )

    def take_statistics(self) -> None:
        """Take statistics after a run, for those who read now: PostgreSQL does so by itself only
        some minute later, and plans until then as if the tables were empty.
        """
        with suppress(TemporaryError), transaction(self._engine) as connection:
            connection.execute(queries.ANALYZE)

    def stage_seconds(self, project: str) -> Mapping[StageName, float]:
        """Say what a document of the project has cost in each stage, in CPU seconds, on average of
        some of them; nothing of a stage that has not worked on any.
        """
        with alone(self._engine) as connection:
            found = connection.execute(queries.STAGE_SECONDS, {"project": project})
            return {StageName(stage): seconds for stage, seconds in found}

    def claim(self, run: str, limit: int) -> Sequence[Claimed]:
        """Take documents that no living run has, and count an attempt of each.

        No two runs get the same one. None is given to a run whose lease is over.
        """
        if limit <= 0:
            return ()
        with transaction(self._engine, "claim") as connection:
            wanted = {"run": run, "limit": limit}
            while locked := list(connection.scalars(queries.LOCK_FREE, wanted)):
                found = connection.execute(queries.CLAIM, {"run": run, "ids": locked}).mappings()
                if claimed := [Claimed(**row) for row in found]:
                    return claimed
            return []

    def again(self, run: str, documents: Sequence[str]) -> Mapping[str, int]:
        """Count one more attempt of documents that run once more: a claim of its own, with a number
        of its own, which is returned.
        """
        with transaction(self._engine, "again") as connection:
            counted = connection.execute(queries.AGAIN, {"run": run, "ids": sorted(set(documents))})
            return {row[0]: row[1] for row in counted}

    def requeue(self, run: str, documents: Sequence[str]) -> int:
        """Give claimed documents whose bytes are others by now back, to be looked at again, without
        counting the attempt; return how many.
        """
        with transaction(self._engine, "requeue") as connection:
            wanted = {"run": run, "ids": sorted(set(documents))}
            connection.execute(queries.LOCK_NEXT, wanted)
            given = connection.execute(queries.REQUEUE, wanted).all()
            for project in {row[0] for row in given}:
                remove_unseen_contents(connection, project, {row[1] for row in given} - {None})
            return len(given)

    def release(self, run: str) -> int:
        """Give all claimed documents back without counting the attempt; return how many."""
        with transaction(self._engine, "release") as connection:
            return connection.execute(queries.RELEASE, {"run": run}).rowcount

    def unpublished(self, run: str) -> Sequence[Claimed]:
        """Name the documents that a run has claimed and that are neither published nor failed."""
        with alone(self._engine) as connection:
            found = connection.execute(queries.UNPUBLISHED, {"run": run}).mappings()
            return [Claimed(**row) for row in found]

    def completed(self, documents: Sequence[str]) -> Sequence[str]:
        """Say which documents are completed: for who may have missed it."""
        with alone(self._engine) as connection:
            return list(connection.scalars(queries.COMPLETED, {"ids": sorted(set(documents))}))

    def known_chains(self, contents: Sequence[str], plan: Plan) -> Mapping[str, Chain]:
        """Follow the chains of contents through what PostgreSQL has; empty for one it lacks."""
        with transaction(self._engine) as connection:
            ids = sorted(set(contents))
            known = known_checkpoints(connection, ids)
            chains = dict.fromkeys(ids, Chain())
            for row in connection.execute(queries.FACTS, {"ids": ids}):
                chains[row.id] = plan.follow(row.sha256, row.media_type, known[row.id])
            return chains

    def failed(self, run: str, rows: Sequence[tuple[str, int, DocumentFailure]]) -> Sequence[str]:
        """Record why documents failed: (document, claim, failure) each.

        Returns those that did, now or before: PostgreSQL may have refused what was made of one, or
        have recorded this without being heard. A document that another run has by now, or that was
        claimed anew since, is not touched. What readers saw of one before stays, and is marked
        stale.
        """
        if not rows:
            return ()
        last = {document: (claim, failure) for document, claim, failure in rows}
        ids = sorted(last)
        failures = [last[id_][1] for id_ in ids]
        with transaction(self._engine, "fail") as connection:
            return list(
                connection.scalars(
                    queries.FAIL,
                    {
                        "run": run,
                        "ids": ids,
                        "claims": [last[id_][0] for id_ in ids],
                        "stages": [failure.stage.value for failure in failures],
                        "errors": [clean(failure.error) for failure in failures],
                        "messages": [clean(failure.message) for failure in failures],
                        "tails": [clean(failure.log_tail) for failure in failures],
                    },
                )
            )

    def bind_objects(self) -> None:
        """See that the object store is this database's. Raises UnavailableError for another one."""
        if self._blobs is not None:
            store_mark.bind(self._engine, self._blobs)

    def sweep_objects(self, seconds: float) -> int:
        """Remove the objects that nothing has named for so long, and return how many.

        Raises what `Blobs.delete` raises.
        """
        return loose_objects.sweep(self._engine, self._blobs, seconds) if self._blobs else 0

    def identified(self, run: str, plan: Plan, batch: Sequence[Identified]) -> Sequence[Work]:
        """Write down what the bytes of claimed documents are, and say what is left to do.

        A document whose content is complete under this plan is published and completed here, or
        fails if it cannot be. Documents that the run has lost are not in the answer.
        Raises UsageError if the project was given another plan meanwhile.
        """
        with transaction(self._engine, "identify") as connection:
            project = connection.execute(queries.PROJECT_OF, {"run": run}).one_or_none()
            if project is None:
                return ()
            if project.configuration_digest != plan.digest:
                raise UsageError(
                    f"project {project.name!r} was given other settings while this run was at "
                    "work; run again"
                )
            way = Publication(
                connection=connection,
                project=project.id,
                plan=plan,
                payloads=Payloads(self._blobs),
                archive=self._publishing.archive if self._publishing else ArchiveLimits(),
            )
            return identify(way, run, batch)
