"""Documents whose names are found by hand and resolved by the real stage, to decide on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from ledger_case import payloads_of
from registry_case import books, comparing, normal_form
from store_case import StoreCase

from pipeline.decision_desk import DecisionDesk
from pipeline.documents import (
    Chunks,
    ExtractedText,
    Mention,
    Mentions,
    MentionType,
    Payload,
    Relationships,
    StageName,
)
from pipeline.registry.blocks import BOUND
from pipeline.registry.owner import Binding, RegistryOwner
from pipeline.resolution.stage import ResolveStage
from pipeline.settings import ResolveSettings
from pipeline.stores.decisions import record
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.registry_reader import RegistryReader
from pipeline.stores.registry_store import PostgresRegistry

MARK = re.compile(r"\[([^|\]]+)\|([A-Z]+)(?:=([^\]]+))?\]")
HOLDER = "11111111-1111-4111-8111-111111111111"
Rename = Callable[[str, str], str]


def resolved(marked: str, rename: Rename | None = None) -> tuple[str, dict[StageName, Payload]]:
    """Make the text and the payloads of `[John Smith|PERSON] came.`; `[1343|LAW=18 U.S.C. § 1343]`
    has a normal form that the recogniser set. `rename` is another way of writing normal forms, as
    a new version has it.
    """
    words, mentions, at = "", [], 0
    for found in MARK.finditer(marked):
        words += marked[at : found.start()]
        start = len(words)
        words += found[1]
        at = found.end()
        mentions.append(
            Mention(start=start, end=len(words), text=found[1], type=MentionType(found[2]), page=1,
                    model="test-1", normal=found[3])
        )  # fmt: skip
    words += marked[at:]
    payloads = payloads_of(words)
    chunks, found_names = payloads[StageName.CHUNK], Mentions(mentions=tuple(mentions))
    assert isinstance(chunks, Chunks)
    text = ExtractedText(chunks=chunks, mentions=found_names)
    (names,) = ResolveStage(books(), ResolveSettings())([text])
    if rename is not None:
        changed = [one.model_copy(update={"normal": rename(one.type, one.normal)})
                   for one in names.names]  # fmt: skip
        names = names.model_copy(update={"names": tuple(changed)})
    return words, {
        **payloads,
        StageName.EXTRACT: found_names,
        StageName.RESOLVE: names,
        StageName.RELATE: Relationships(relationships=()),
    }


class Deciding:
    """A project whose documents come and go, and where people decide."""

    def __init__(
        self,
        case: StoreCase,
        version: str = "1",
        rename: Rename | None = None,
        bound: int = BOUND,
    ) -> None:
        self.case = case
        self.version = version
        self.rename = rename
        self.bind = Binding(case.project, self.normal)
        self.store = PostgresRegistry(case.engine, case.project, bound)
        self.owner = RegistryOwner(self.store, self.bind, comparing(), version)
        self.desk = DecisionDesk(
            reader=GraphReader(case.engine, case.project),
            registry=RegistryReader(case.engine, case.project),
            bind=self.bind,
            record=partial(record, case.engine, case.project),
            settle=self.settle,
        )

    def normal(self, type_: str, words: str) -> str:
        normal = normal_form(type_, words)
        return self.rename(type_, normal) if self.rename else normal

    def publish(self, **texts: str) -> None:
        for name, marked in texts.items():
            words, payloads = resolved(marked, self.rename)
            self.case.publish(name, words, payloads=payloads)
        self.settle()

    def settle(self) -> bool:
        assert self.store.hold(HOLDER, 60)
        while self.owner.catch_up(HOLDER) is not None:
            pass
        self.store.let_go(HOLDER)
        return True

    def state(self) -> tuple[set, set, set]:
        """Give what the registry wrote: entities with reasons, near misses, senses."""
        rows = self.case.rows
        return (
            set(rows("SELECT name_id::text, sense, entity_id::text, reasons::text"
                     " FROM name_entities")),
            set(rows("SELECT one::text, other::text, verdict, why, reasons::text"
                     " FROM near_misses")),
            set(rows("SELECT name_id::text, content_id::text, sense FROM senses")),
        )  # fmt: skip

    def rebuilt(self) -> tuple[dict, set]:
        """Compute what a rebuild gives: entities by node, near misses."""
        with self.store.moment() as moment:
            update = self.owner.rebuilt(moment)
        entities = {(node.name, node.sense): node.entity for node in update.nodes}
        return entities, {(*sorted((x.one, x.other)), x.why.value) for x in update.misses}

    def partition(self) -> set[frozenset[str]]:
        """Give entities as sets of what is written, with the documents where that is another."""
        sets: dict[str, set[str]] = {}
        for entity, surface, sense, source in self.case.rows(
            "SELECT m.entity_id::text, m.surface, m.sense, d.source FROM published_mentions m"
            " JOIN documents d ON d.content_id = m.content_id"
        ):
            sets.setdefault(entity, set()).add(f"{surface} in {source}" if sense else surface)
        return {frozenset(one) for one in sets.values()}
