"""The calls that write about documents, each with the world that it needs: what faults are tried
on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger_case import LedgerCase, payloads_of
from sqlalchemy import Engine

from pipeline.documents import DocumentFailure, Member, Mentions, StageName
from pipeline.stores.ledger import Ledger
from pipeline.stores.postgres_checkpoints import PostgresCheckpoints
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.publisher import Publisher

TEXTS = {
    "a": "Jane Roe met John Smith.",
    "b": "Jane Roe wrote to nobody.",
    "c": "John Smith met Ann Lee.",
}
PEOPLE = ("Jane Roe", "John Smith", "Ann Lee")
FAILURE = DocumentFailure(stage=StageName.EXTRACT, error="crashed", message="said no")


@dataclass
class World:
    """A database in which a call is the next thing to do, and the run that does it."""

    case: LedgerCase
    run: str

    def through(self, engine: Engine) -> Stores:
        """Give the stores as the caller has them: on a line of its own."""
        case = self.case
        ledger = case.ledger_on(engine)
        publisher = Publisher(engine, case.project, case.plan, case.blobs, case.publishing)
        return Stores(
            ledger, publisher, PostgresCheckpoints(engine, lambda _: publisher, case.blobs)
        )


@dataclass
class Stores:
    ledger: Ledger
    publisher: Publisher
    checkpoints: PostgresCheckpoints


def people(words: str) -> list[str]:
    return [person for person in PEOPLE if person in words]


def batch(case: LedgerCase) -> list[Checkpoint]:
    """Make all checkpoints of all texts; `b` is a container."""
    member = Member(path="inside.txt", sha256="5" * 64, size=7)
    return [
        checkpoint
        for name, words in TEXTS.items()
        for checkpoint in case.checkpoints(
            words, payloads_of(words, people(words), [member] if name == "b" else ())
        )
    ]


def poisoned(case: LedgerCase) -> list[Checkpoint]:
    """Make all checkpoints, one of which holds a number that PostgreSQL refuses."""
    made: list[Checkpoint] = []
    for name, words in TEXTS.items():
        payloads = payloads_of(words, people(words))
        mentions = payloads[StageName.EXTRACT]
        assert isinstance(mentions, Mentions)
        if name == "b":
            [first] = mentions.mentions
            payloads[StageName.EXTRACT] = Mentions(
                mentions=(first.model_copy(update={"page": 2**40}),)
            )
        made += case.checkpoints(words, payloads)
    return made


def _start(engine: Engine) -> World:
    """Make a project in which one document is published already."""
    case = LedgerCase(engine)
    case.publish("old", TEXTS["a"], *people(TEXTS["a"]))
    return World(case, case.run())


def _claimed(engine: Engine) -> World:
    world = _start(engine)
    world.case.claimed(world.run, *(f"{name}.txt" for name in TEXTS))
    return world


def _identified(engine: Engine) -> World:
    world = _start(engine)
    # Without what is published already: then all are to be worked on.
    world.case.claimed(world.run, "b.txt", "c.txt")
    world.case.identify(world.run, b=TEXTS["b"], c=TEXTS["c"])
    return world


def _recorded(engine: Engine) -> World:
    world = _start(engine)
    world.case.ledger.record_documents(
        world.case.project, [world.case.found(f"{name}.txt") for name in TEXTS]
    )
    return world


def _record(world: World, stores: Stores) -> None:
    case = world.case
    renamed = case.found("old.txt").model_copy(update={"source": "/typed/otherwise.txt"})
    changed = case.found("changed.txt", stamp="2")
    stores.ledger.record_documents(case.project, [renamed, changed, case.found("new.txt")])


def _changed(engine: Engine) -> World:
    world = _start(engine)
    world.case.publish("changed", TEXTS["b"], "Jane Roe")
    world.case.claimed(world.run, "changed.txt")
    return world


def _identify(world: World, stores: Stores) -> None:
    case = LedgerCase.__new__(LedgerCase)
    case.__dict__ |= world.case.__dict__ | {"ledger": stores.ledger}
    case.identify(world.run, **TEXTS)


def _fail(world: World, stores: Stores) -> None:
    ids = [world.case.document(f"{name}.txt") for name in ("a", "b")]
    claims = world.case.rows(
        "SELECT id::text, claim FROM documents WHERE id::text = ANY(:i)", i=ids
    )
    stores.ledger.failed(world.run, [(id_, claim, FAILURE) for id_, claim in claims])


@dataclass(frozen=True)
class Call:
    """One call and how its world is made. `atomic`: it is one transaction."""

    world: Callable[[Engine], World]
    do: Callable[[World, Stores], object]
    atomic: bool = True


CALLS = {
    "record": Call(_changed, _record),
    "claim": Call(_recorded, lambda world, stores: stores.ledger.claim(world.run, 100)),
    "identified": Call(_claimed, _identify),
    "failed": Call(_claimed, _fail),
    "persist": Call(_identified, lambda world, stores: stores.publisher.persist(batch(world.case))),
    "persist_refused": Call(
        _identified,
        lambda world, stores: stores.publisher.persist(poisoned(world.case)),
        atomic=False,
    ),
    "put": Call(
        _identified,
        lambda world, stores: stores.checkpoints.put(world.case.project, batch(world.case)),
    ),
}
