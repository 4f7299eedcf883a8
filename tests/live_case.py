"""A project whose registry is kept, with what shows it to others in Redis."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from registry_case import comparing, normal_form, typed_payloads
from store_case import StoreCase

from pipeline.documents import MentionType, Predicate, Relationship, Relationships, StageName
from pipeline.identity import name_id
from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.registry.live import Touch, touch_of
from pipeline.registry.owner import Binding, RegistryOwner
from pipeline.registry.updates import Update
from pipeline.stores.decisions import record
from pipeline.stores.forgetting import Forgetting
from pipeline.stores.live_copying import Brought, LiveCopying
from pipeline.stores.live_mirror import LiveMirror
from pipeline.stores.live_rows import StoredLiveState
from pipeline.stores.redis_live_state import RedisLiveState
from pipeline.stores.redis_registry import RedisRegistry
from pipeline.stores.registry_store import PostgresRegistry
from pipeline.stores.verifying_live import LiveInRedis

SMITH, JOHN_Q, JANE = ("PERSON", "John Smith"), ("PERSON", "John Q. Smith"), ("PERSON", "Jane Roe")
ACME, BOSTON = ("ORG", "Acme Ltd"), ("GPE", "Boston")
Written = Sequence[tuple[str, str]]


class Unpaced(LiveCopying):
    """Reads all of a project whenever there is reason to, however long the last time took."""

    def bring(self, touches: Sequence[Touch]) -> Brought:
        self._context_due = self._filling_due = 0.0
        return super().bring(touches)


class LiveCase:
    """A project, the owner of its registry, and the copies that it shows. What `catch_up` writes is
    shown by `bring`, in this thread.
    """

    def __init__(self, case: StoreCase, **how: object) -> None:
        self.case = case
        self.holder = str(uuid.uuid4())
        self.store = PostgresRegistry(case.engine, case.project)
        self.owner = RegistryOwner(self.store, Binding(case.project, normal_form), comparing(), "1")
        self.copies = RedisRegistry(case.link, case.project)
        self.copying = self.copying_with(**how)
        self.touches: list[Touch] = []
        assert self.store.hold(self.holder, 600)

    def copying_with(self, **how: object) -> LiveCopying:
        return Unpaced(self.case.engine, self.case.project, self.copies, **how)  # type: ignore[arg-type]

    @property
    def epoch(self) -> int:
        behind = self.store.behind()
        return int(behind[0]) if behind else 0

    def publish(self, name: str, written: Written, stamp: str = "1") -> None:
        """Bring a document in which these names stand, each related to the next; another stamp is
        that of a document that changed.
        """
        text = "\n".join(f"{words}." for _, words in written) + f"\n{name} {stamp}"
        met = Relationships(
            relationships=tuple(
                Relationship(subject=at, predicate=Predicate.MET, object=at + 1, start=0,
                             end=len(text), score=0.9, rule="test.met")
                for at in range(len(written) - 1)
            )
        )  # fmt: skip
        payloads = {**typed_payloads(text, written), StageName.RELATE: met}
        case, file = self.case, f"{name}.txt"
        run = case.run()
        case.ledger.record_documents(case.project, [case.found(file, stamp=stamp)])
        case.ledger.claim(run, 100)
        case.identify(run, **{name: text})
        case.publisher().persist(case.checkpoints(text, payloads))

    def forget(self, *names: str, copies: bool = True) -> None:
        """Forget documents; without their copies where Redis is away."""
        gone = [self.case.uri(f"{name}.txt") for name in names]
        case = self.case
        if copies:
            case.forgetting.forget(gone)
        else:
            Forgetting(case.engine, case.project, case.blobs, lambda _: None).forget(gone)

    def decide(self, kind: DecisionKind, *groups: Written, **more: object) -> Decision:
        raw = tuple(tuple(RawName(*one) for one in group) for group in groups)
        made = Decision(0, kind, raw, who="tester", why="a test", **more)  # type: ignore[arg-type]
        return record(self.case.engine, self.case.project, made)

    def catch_up(self) -> Update | None:
        """Write what is pending into PostgreSQL alone."""
        update = self.owner.catch_up(self.holder)
        if update is not None:
            self.touches.append(touch_of(update))
        return update

    def bring(self) -> Brought:
        """Show what was written."""
        brought = self.copying.bring(self.touches)
        if brought.stamp is not None:
            self.touches = [x for x in self.touches if x.epoch > brought.stamp.epoch]
        return brought

    def shown(self) -> Brought:
        """Write what is pending, and show it."""
        self.catch_up()
        return self.bring()

    def mirror(self, look_seconds: float = 0.1) -> LiveMirror:
        """Make what shows updates by itself."""
        return LiveMirror(lambda stopping: self.copying_with(stopping=stopping).bring, look_seconds)

    def id(self, type_: str, words: str) -> str:
        """Give the id of a name."""
        return name_id(self.case.project, type_, normal_form(type_, words))

    @property
    def fast(self) -> RedisLiveState:
        return RedisLiveState(self.case.link, self.case.project)

    @property
    def sure(self) -> StoredLiveState:
        return StoredLiveState(self.case.engine, self.case.project)


def wrong(live: LiveCase, rules: str | None = None) -> list[str]:
    found = LiveInRedis(live.case.engine, live.case.link, live.case.project, rules).findings()
    return [f"{one.subject}: {one.message}" for one in found]


def is_whole(live: LiveCase) -> bool:
    """Say whether the copies are whole and of PostgreSQL's epoch."""
    there = live.copies.look(renew=False)
    return there is not None and there.stamp.epoch == live.epoch and not there.late


def assert_equal(live: LiveCase, *, summed_up: bool = True) -> None:
    """See that both ways give the same answers; the summary may be of an earlier epoch."""
    assert is_whole(live)
    assert wrong(live) == []
    ids = [row[0] for row in live.case.rows("SELECT id::text FROM names")]
    assert live.fast.canonicals(ids) == live.sure.canonicals(ids)
    assert {x: live.fast.neighbours(x) for x in ids} == {x: live.sure.neighbours(x) for x in ids}
    for type_ in MentionType:
        assert live.fast.patterns(type_) == live.sure.patterns(type_)
    assert live.fast.recent() == live.sure.recent()
    if summed_up:
        assert live.fast.context() == live.sure.context()
