"""Brings contents whose payloads are made already into a project, by the ways a run goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from actors.persistence_actor import PersistenceWorker, make_worker
from measuring.payloads import MEDIA, Made
from pipeline import identity
from pipeline.settings import Settings
from pipeline.stage import STAGES, Plan
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.ledger import Identified, Ledger
from pipeline.stores.protocols import Checkpoint
from pipeline.walking import FoundFile

LEASE_SECONDS = 86_400.0
AT_ONCE, PUT_AT_ONCE = 1_000, 50


@dataclass(frozen=True)
class Admitted:
    """A project whose documents are claimed by a run and wait for their contents."""

    project: str
    run: str


def admit(
    ledger: Ledger,
    name: str,
    plan: Plan,
    made: Sequence[Made],
    first: int = 0,
) -> Admitted:
    """Record, claim and identify a document for each text, as `casegraph run` does; the first
    one's name has that number.
    """
    project = ledger.open_project(name, plan).id
    run = ledger.start_run(project, LEASE_SECONDS)
    for begin in range(0, len(made), AT_ONCE):
        batch = made[begin : begin + AT_ONCE]
        uris = [f"file:///benchmark/{first + begin + n:06}.txt" for n in range(len(batch))]
        ledger.record_documents(
            project,
            [
                FoundFile(uri=uri, source=uri.removeprefix("file:///"), size=one.size, stamp="1")
                for uri, one in zip(uris, batch, strict=True)
            ],
        )
        claims = {x.document_id: x.claim for x in ledger.claim(run, len(batch))}
        ledger.identified(
            run,
            plan,
            [
                Identified(
                    document_id=(document := identity.document_id(project, uri)),
                    claim=claims[document],
                    sha256=one.sha256,
                    media_type=MEDIA,
                    size=one.size,
                )
                for uri, one in zip(uris, batch, strict=True)
            ],
        )
    return Admitted(project, run)


def reader_of_queue(settings: Settings, urls: ServiceUrls, project: str) -> PersistenceWorker:
    """Build the persistence worker of a project. Raises SystemExit where Redis is not used."""
    worker = make_worker(settings, urls, project, "benchmark")
    if worker is None:
        raise SystemExit("persistence is measured with Redis: unset CASEGRAPH_ACCELERATION")
    return worker


def enqueue(worker: PersistenceWorker, chains: Sequence[Sequence[Checkpoint]]) -> None:
    """Put checkpoints into Redis and its queue. Raises SystemExit where it has no room."""
    checkpoints = iter(as_in_a_run(chains))
    while batch := list(islice(checkpoints, PUT_AT_ONCE)):
        if None in worker.checkpoints.put(worker.project, batch):
            raise SystemExit("Redis has no room for so many checkpoints; give --documents fewer")


def as_in_a_run(chains: Sequence[Sequence[Checkpoint]]) -> Iterator[Checkpoint]:
    """Order checkpoints as five stages put them that work at the same time, a document apart."""
    last = len(STAGES) - 1
    for step in range(len(chains) + last):
        for number in range(len(STAGES)):
            if 0 <= step - number < len(chains):
                yield chains[step - number][number]
