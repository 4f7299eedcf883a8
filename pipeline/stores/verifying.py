"""Compares PostgreSQL with itself: reads one moment of it, one content at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text

from pipeline.documents import Payload, StageName
from pipeline.errors import PermanentError
from pipeline.registry.owner import RegistryOwner
from pipeline.scratch import scratch
from pipeline.stage import Plan
from pipeline.stores import store_mark
from pipeline.stores import verifying_entities as entities
from pipeline.stores import verifying_queries as queries
from pipeline.stores.payloads import payload_of
from pipeline.stores.postgres import one_moment
from pipeline.stores.protocols import Blobs
from pipeline.stores.verifying_registry import StoredRegistry
from pipeline.verification import (
    ContentFacts,
    Finding,
    PublishedFacts,
    Row,
    chain_findings,
    decoded,
    rebuilt_findings,
    text_findings,
)

FIRST = "00000000-0000-0000-0000-000000000000"
STREAM_ROWS = 1_000


class StoredProject:
    """One project as PostgreSQL and the object store have it at one moment.

    `quick` leaves payloads and objects unread: then nothing is hashed and nothing rebuilt.
    `owner` makes the entities anew that are then compared; without one they are not. `checked`
    counts the contents that were looked at; `waiting` says what entities do not show yet, and were
    therefore not compared.
    """

    def __init__(
        self,
        connection: Connection,
        project: str,
        plan: Plan,
        blobs: Blobs,
        *,
        quick: bool,
        owner: RegistryOwner | None = None,
    ) -> None:
        self._connection = connection
        self._project = project
        self._plan = plan
        self._blobs = blobs
        self._quick = quick
        self._owner = owner
        self.checked = 0
        self.waiting = ""

    def findings(self) -> Iterator[Finding]:
        """Say what is wrong, check by check; holds one content at a time."""
        yield from self._lone()
        yield from self._entities()
        after = FIRST
        while row := self._next(after):
            after = row["id"]
            self.checked += 1
            yield from self._content(row)
        if not self._quick:
            yield from self._objects()

    def _lone(self) -> Iterator[Finding]:
        """Find rows that point to nothing, that nothing points to, or that are not to be seen."""
        yield from self._asked((*queries.LONE, *queries.unpublished(), *queries.dangling()))

    def _entities(self) -> Iterator[Finding]:
        """Find what contradicts itself of entities and decisions, as far as the registry is."""
        yield from self._asked(entities.ALWAYS)
        stored = None
        if self._owner is not None:
            stored = StoredRegistry(self._connection, self._project, self._owner)
            self.waiting = stored.waiting
        behind = self._connection.scalar(entities.BEHIND, {"project": self._project})
        if self.waiting or behind:
            return
        yield from self._asked(entities.SETTLED)
        yield from entities.namesake_findings(self._stream(entities.NAMESAKES))
        if stored is not None and not self._quick:
            yield from stored.findings()

    def _asked(self, questions: Iterable[tuple[str, str]]) -> Iterator[Finding]:
        """Ask questions that are answered by what is wrong: what of, and what."""
        for check, question in questions:
            for subject, message in self._stream(text(question)):
                yield Finding(check, str(subject), message)

    def _content(self, row: Row) -> Iterator[Finding]:
        """Check one content: its stored outputs, its chain, its rows."""
        results = self._rows(queries.RESULTS, row["id"])
        facts = ContentFacts(
            id=row["id"],
            sha256=row["sha256"],
            media_type=row["media_type"],
            chain=row["chain"] or (),
            results={
                (StageName(x["stage"]), x["fingerprint"]): x["digest"]
                for x in results
                if not x["part"]
            },
            current=row["current"],
        )
        shown = {(x["stage"], x["fingerprint"]) for x in facts.chain}
        payloads: dict[StageName, Payload] = {}
        for result in () if self._quick else results:
            value, findings = self._payload(row["id"], result)
            yield from findings
            # Of outputs that readers do not see, only the hash is of interest.
            if result["part"] or value is None:
                continue
            if (result["stage"], result["fingerprint"]) in shown:
                payloads[StageName(result["stage"])] = value
        if not row["shown"] or row["published_at"] is None:
            return
        chain = list(chain_findings(facts, self._plan))
        yield from chain
        there = PublishedFacts(
            content=row,
            chunks=self._rows(queries.CHUNKS, row["id"]),
            names=self._rows(queries.NAMES, row["id"]),
            mentions=self._rows(queries.MENTIONS, row["id"]),
            relationships=self._rows(queries.RELATIONSHIPS, row["id"]),
        )
        yield from text_findings(row["id"], there)
        if len(payloads) == len(StageName):
            yield from rebuilt_findings(self._project, facts, there, payloads)

    def _payload(self, content: str, result: Row) -> tuple[Payload | None, list[Finding]]:
        """Read a stored output and hash it again."""
        stage = StageName(result["stage"])
        stored = self._connection.execute(
            queries.PAYLOAD,
            {
                "content": content,
                "stage": result["stage"],
                "fingerprint": result["fingerprint"],
                "part": result["part"],
            },
        ).one()
        try:
            data = payload_of(self._blobs, stored.payload, stored.payload_ref)
        except PermanentError as error:
            advice = f"`run --from {stage}` makes it again"
            return None, [Finding("object", f"{content} {stage}", f"{error.message}; {advice}")]
        return decoded(content, stage, result["fingerprint"], result["digest"], data)

    def _objects(self) -> Iterator[Finding]:
        """See that what containers hold is in the object store, unharmed."""
        for sha256, uri in self._stream(queries.OBJECTS):
            with scratch() as folder:
                path = folder / "object"
                try:
                    self._blobs.fetch(sha256, path)
                except PermanentError as error:
                    yield Finding("object", sha256, f"{uri}: {error.message}")
                    continue
                with path.open("rb") as data:
                    if hashlib.file_digest(data, "sha256").hexdigest() != sha256:
                        yield Finding("object", sha256, f"{uri}: its bytes do not hash to its name")

    def _next(self, after: str) -> Row | None:
        """Read the content after an id; None after the last."""
        found = self._connection.execute(
            queries.CONTENTS, {"project": self._project, "after": after}
        ).mappings()
        row = found.one_or_none()
        return None if row is None else dict(row)

    def _rows(self, question: TextClause, content: str) -> list[Row]:
        """Read what one content has of something."""
        found = self._connection.execute(question, {"content": content})
        return [dict(row) for row in found.mappings()]

    def _stream(self, question: TextClause) -> Iterator[Any]:
        """Answer a question about the project some rows at a time."""
        parameters = {"project": self._project} if ":project" in question.text else {}
        yield from self._connection.execute(
            question, parameters, execution_options={"yield_per": STREAM_ROWS}
        )


@contextmanager
def stored_project(
    engine: Engine,
    project: str,
    plan: Plan,
    blobs: Blobs,
    *,
    quick: bool = False,
    owner: RegistryOwner | None = None,
) -> Iterator[StoredProject]:
    """Open one moment of a project, for reading only.

    Raises TemporaryError for another object store than that which has the objects: all of them
    would seem to be gone.
    """
    with one_moment(engine) as frozen:
        if not quick:
            store_mark.check(frozen, blobs)
        yield StoredProject(frozen, project, plan, blobs, quick=quick, owner=owner)
