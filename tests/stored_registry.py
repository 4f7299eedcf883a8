"""A project whose registry is kept in a real PostgreSQL, with a small bound that is crossed."""

from __future__ import annotations

import uuid

from registry_case import comparing, normal_form, typed_payloads
from store_case import StoreCase

from pipeline.registry.decisions import Decision, RawName
from pipeline.registry.owner import Binding, RegistryOwner
from pipeline.stores.decisions import record
from pipeline.stores.registry_store import PostgresRegistry

ME, SUCCESSOR = str(uuid.uuid4()), str(uuid.uuid4())


class StoredRegistry:
    """A project whose registry one process keeps."""

    def __init__(self, case: StoreCase, bound: int = 3, component_bound: int = 400) -> None:
        self.case = case
        self.store = PostgresRegistry(case.engine, case.project, bound)
        self.bind = Binding(case.project, normal_form)
        self.owner = RegistryOwner(self.store, self.bind, comparing(), "1", component_bound)
        assert self.store.hold(ME, 60)

    def publish(self, name, written) -> None:
        words = "\n".join(f"{words}." for _, words in written) + f"\n{name}"
        self.case.publish(name, words, payloads=typed_payloads(words, written))

    def forget(self, *names) -> None:
        self.case.forgetting.forget([self.case.uri(f"{name}.txt") for name in names])

    def decide(self, kind, *groups, **more) -> Decision:
        raw = tuple(tuple(RawName(*one) for one in group) for group in groups)
        made = Decision(0, kind, raw, who="tester", why="a test", **more)
        return record(self.case.engine, self.case.project, made)

    def catch_up(self):
        update = self.owner.catch_up(ME)
        assert self.owner.catch_up(ME) is None
        return update

    def stored(self):
        entities = self.case.rows(
            "SELECT n.id::text, 0, coalesce(e.entity_id, n.id)::text FROM names n"
            " LEFT JOIN name_entities e ON e.name_id = n.id AND e.sense = 0"
        ) + self.case.rows(
            "SELECT name_id::text, sense, entity_id::text FROM name_entities WHERE sense <> 0"
        )
        misses = self.case.rows("SELECT one::text, other::text, why FROM near_misses")
        return {(name, sense): entity for name, sense, entity in entities}, set(misses)

    def rebuilt(self):
        entities, misses = {}, set()
        with self.store.moment() as moment:
            update = self.owner.rebuilt(moment)
        for node in update.nodes:
            entities[node.name, node.sense] = node.entity
        for miss in update.misses:
            misses.add((*sorted((miss.one, miss.other)), miss.why.value))
        return entities, misses

    def entity(self, type_, words, sense=0):
        return self.stored()[0][self.bind(RawName(type_, words)), sense]
