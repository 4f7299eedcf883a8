"""Brings the stored entities up to date: what the holder of a project's registry lease does.

It reads one moment of the project, settles what the changes since then touch, and writes the
outcome in one transaction that only succeeds for who still holds the lease and has seen the last
epoch. So it may die anywhere, and one that was paused cannot write after its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from pipeline import identity
from pipeline.registry.blocks import Blocks, LiveName, MemoryBlocks
from pipeline.registry.clustering import COMPONENT_BOUND
from pipeline.registry.components import Edge
from pipeline.registry.decisions import (
    Bind,
    Constraints,
    DecisionKind,
    RawName,
    constraints,
    effective,
    related,
    senses,
)
from pipeline.registry.growing import Compares, Grown, Registry, uncollected
from pipeline.registry.touching import Change, Touched, touched
from pipeline.registry.updates import Moment, Node, Pending, RegistryStore, Update

CODE = "5"
# From so many changed names on, if they are a quarter of all, a rebuild is less work.
MANY = 5_000
OF_CONTENTS = ("published", "removed")
# So many of the merges that an update dissolves are told.
MOST_DISSOLVED = 1_000


NormalForm = Callable[[str, str], str]
"""Gives the normal form of a type and the words of a name."""


class Binding:
    """Binds raw names to nodes, by today's normal forms."""

    def __init__(self, project: str, normal: NormalForm) -> None:
        self._project = project
        self._normal = normal

    def __call__(self, raw: RawName) -> str:
        """Give the node that a raw name has."""
        normal = raw.words if raw.exact else self._normal(raw.type, raw.words)
        name = identity.name_id(self._project, raw.type, normal, raw.content)
        return identity.node_id(name, raw.sense)


class RegistryOwner:
    """Settles a project's entities for as long as it holds the lease."""

    def __init__(
        self,
        store: RegistryStore,
        bind: Bind,
        comparing: Compares,
        version: str,
        component_bound: int = COMPONENT_BOUND,
    ) -> None:
        self._store = store
        self._bind = bind
        self._comparing = comparing
        self.version = version
        self._component_bound = component_bound
        self._decided: tuple[int, Constraints] = (-1, Constraints())

    def catch_up(self, holder: str) -> Update | None:
        """Apply what is pending; None if nothing is. Raises LostLeaseError."""
        with self._store.moment() as moment:
            update = self.update(moment)
        if update is not None:
            self._store.write(holder, update)
        return update

    def update(self, moment: Moment) -> Update | None:
        """Work out what is to be written; None if nothing is."""
        if moment.version == self.version and not moment.pending:
            return None
        return self.rebuilt(moment) if self._starts_anew(moment) else self._grown(moment)

    def _starts_anew(self, moment: Moment) -> bool:
        if moment.version != self.version:
            return True
        many = sum(change.kind.startswith("name_") for change in moment.pending)
        return many > MANY and many > moment.count() / 4

    def _registry(self, moment: Moment, blocks: Blocks, told: _Senses) -> Registry:
        number = len(moment.decisions)
        if self._decided[0] != number:
            made = constraints(moment.decisions, self._bind, identity.node_id)
            self._decided = (number, made)
        return Registry(
            blocks, self._decided[1], self._comparing, told.nodes, self._component_bound
        )

    @uncollected()
    def rebuilt(self, moment: Moment) -> Update:
        """Settle everything as if nothing were stored."""
        told = _Senses(moment, self._bind)
        blocks = MemoryBlocks(moment.every_name(), moment.blocks.bound)
        registry = self._registry(moment, blocks, told)
        grown = Grown()
        for part in registry.rebuild(blocks.ids()):
            grown.add(part)
        return self._of(moment, registry, told, grown, Touched(), whole=True)

    def _grown(self, moment: Moment) -> Update:
        """Settle what the pending changes touch."""
        changes = changes_of(moment.pending, moment.blocks)
        told = _Senses(moment, self._bind)
        registry = self._registry(moment, moment.blocks, told)
        found = touched(changes, moment.blocks)
        gone = {change.id for change in changes if change.after is None}
        gone |= told.gone_with(change.id for change in changes)
        seeds = set(found.seeds)
        for id_ in gone:
            seeds.update(registry.constraints.group(id_))
        numbers = [int(change.subject) for change in moment.pending if change.kind == "decided"]
        if numbers:
            seeds |= related(moment.decisions, numbers, self._bind, identity.node_id)
        for node in told.moved:
            seeds.update((node, *registry.constraints.group(node)))
        seeds |= told.came_back
        grown = registry.grow(seeds)
        return self._of(moment, registry, told, grown, found, gone=gone)

    def _of(
        self,
        moment: Moment,
        registry: Registry,
        told: _Senses,
        grown: Grown,
        found: Touched,
        *,
        gone: Collection[str] = (),
        whole: bool = False,
    ) -> Update:
        """Put together what is to be written."""
        # Other rules part names, too; and so do names that come, in a crowd that was one before.
        crowds = grown.dropped if whole else found.crowded
        too_many = moment.version == self.version and bool(crowds or grown.capped)
        told_of = [change for change in moment.pending if change.kind in OF_CONTENTS]
        return Update(
            epoch=moment.epoch,
            version=self.version,
            applied=[change.id for change in moment.pending],
            whole=whole,
            nodes=list(_nodes(grown, registry.constraints, told)),
            gone=gone,
            misses=grown.misses,
            senses=None if told.wanted == told.stored else told.wanted,
            retired=dict(_led(grown, told)),
            freed=dict(self._freed(moment, grown, registry.constraints)),
            capped=grown.capped,
            crowds=grown.dropped,
            thinned=found.thinned,
            dissolved=_dissolved(moment, grown) if too_many else (),
            compared=grown.compared,
            contents={change.subject for change in told_of} | told.contents,
            left={name for change in told_of for name in change.keys or ()},
        )

    def _freed(
        self, moment: Moment, grown: Grown, bound: Constraints
    ) -> Iterator[tuple[str, str | None]]:
        """Say where the ids of names that are gone lead, once a merge of theirs is undone: to what
        is left of the entity that they were in before it.
        """
        told = {int(change.subject) for change in moment.pending if change.kind == "decided"}
        undone = {one.undoes for one in moment.decisions if one.number in told}
        undone -= {one.number for one in effective(moment.decisions)}
        for decision in moment.decisions:
            if decision.number not in undone or decision.kind is not DecisionKind.MERGE:
                continue
            for group in decision.groups:
                names = {self._bind(raw) for raw in group}
                left = names & grown.entities.keys()
                entity = min((grown.entities[name] for name in left), default=None)
                for name in sorted(names - left):
                    if not bound.bonds_of(name):
                        yield name, entity


class _Senses:
    """Which senses there are, and which came or went since the last time."""

    def __init__(self, moment: Moment, bind: Bind) -> None:
        documents = {x for decision in moment.decisions for x in decision.documents}
        seen_of = moment.contents_of(documents) if documents else {}
        wanted = senses(moment.decisions, bind, seen_of)
        there = moment.occurring(wanted) if wanted else set()
        self.wanted = {pair: sense for pair, sense in wanted.items() if pair in there}
        self.stored = moment.stored_senses()
        self.contents = {content for (_, content), _ in self.wanted.items() ^ self.stored.items()}
        self._of_node = {
            identity.node_id(name, sense): (name, sense) for (name, _), sense in self.wanted.items()
        }
        names = moment.blocks.names({name for name, _ in self._of_node.values()})
        self.nodes = {
            node: LiveName(node, names[name].type, names[name].normal)
            for node, (name, _) in self._of_node.items()
            if name in names
        }
        # Not of the stored senses: these went with a content that is forgotten.
        before = {identity.node_id(name, sense): name for name, sense in moment.namesakes()}
        self.moved = before.keys() ^ self.nodes.keys()
        self.retired = {node: name for node, name in before.items() if node not in self.nodes}
        self.came_back = set(self.retired.values())
        self._ever = {
            (bind(raw._replace(sense=0)), decision.number)
            for decision in moment.decisions
            if decision.by_document
            for raw in decision.groups[0]
        }

    def gone_with(self, names: Iterable[str]) -> set[str]:
        """Give the nodes that may have been senses of names whose rows went, and are not any more:
        what was stored of those went with the rows, though the names may be back.
        """
        went = set(names)
        ever = {identity.node_id(name, sense) for name, sense in self._ever if name in went}
        return ever - self.nodes.keys()

    def of(self, node: str) -> tuple[str, int]:
        """Give the name and the sense of a node."""
        return self._of_node.get(node, (node, 0))


def changes_of(pending: Iterable[Pending], blocks: Blocks) -> list[Change]:
    """Sum up what became of each name: the keys before the first of its changes, and those now."""
    before: dict[str, tuple[str, ...] | None] = {}
    for change in pending:
        if change.kind.startswith("name_"):
            before.setdefault(change.subject, change.keys)
    now = blocks.names(before)
    return [
        Change(id_, had, now[id_].keys if id_ in now else None)
        for id_, had in sorted(before.items())
    ]


def _led(grown: Grown, told: _Senses) -> Iterator[tuple[str, str]]:
    """Say where the ids of namesakes lead that are no entity's: no name has such an id."""
    for node, name in told.retired.items():
        yield node, grown.entities.get(name, name)
    for node in told.nodes:
        if grown.entities.get(node, node) != node:
            yield node, grown.entities[node]


def _nodes(grown: Grown, bound: Constraints, told: _Senses) -> Iterator[Node]:
    """Give each settled node its entity, and what joined it to others in it."""
    joined: dict[str, list[Mapping[str, Any]]] = {}
    for edge in grown.edges:
        joined.setdefault(edge.one, []).append(_reason(edge, edge.other))
        joined.setdefault(edge.other, []).append(_reason(edge, edge.one))
    for id_, entity in grown.entities.items():
        decided = [
            {"with": other, "decision": number}
            for other, number in bound.bonds_of(id_)
            if grown.entities.get(other) == entity
        ]
        ordered = sorted((*joined.get(id_, ()), *decided), key=identity.canonical_json)
        yield Node(*told.of(id_), entity, tuple(ordered))


def _reason(edge: Edge, other: str) -> Mapping[str, Any]:
    """Say what joined a node to another."""
    found = edge.comparison
    return {
        "with": other,
        "verdict": found.verdict.value,
        "score": round(found.score, 4),
        "rules": list(found.rules),
    }


def _dissolved(moment: Moment, grown: Grown) -> list[list[str]]:
    """Find names that were one entity and are not any more, the largest groups first."""
    parts: dict[str, dict[str, str]] = {}
    for name, entity in moment.entities_of(grown.nodes).items():
        parts.setdefault(entity, {})[name] = grown.entities.get(name, name)
    apart = [sorted(names) for names in parts.values() if len(set(names.values())) > 1]
    return sorted(apart, key=lambda names: (-len(names), names))[:MOST_DISSOLVED]
