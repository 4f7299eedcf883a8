"""Where people decide which names are one thing: finds what they mean, keeps what they decide, and
says what came of it. Commands and notebooks call it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import graph_cards, identity
from pipeline.decision_outcome import Outcome, called, listed, sentence
from pipeline.errors import UsageError
from pipeline.name_marks import unmarked
from pipeline.registry import deciding
from pipeline.registry.deciding import Named
from pipeline.registry.decisions import Bind, Decision, RawName, constraints
from pipeline.registry.explaining import decision_card, numbered, several, shown
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.graph_rows import EntityRow
from pipeline.stores.registry_reader import Node, RegistryReader

MOST_NODES = 5_000

Record = Callable[[Decision], Decision]
Settle = Callable[[], bool]
"""Brings the registry up to date; False if whoever holds it has not yet applied all."""


class AmbiguousError(UsageError):
    """Several entities have the name that was asked for: nothing is decided."""

    def __init__(self, asked: str, candidates: Sequence[EntityRow]) -> None:
        listed = "; ".join(f"{row.id} {row.type} {shown(row.name)}" for row in candidates[:8])
        self.short = f"{len(candidates)} entities are called {shown(asked)!r}; ask by id"
        super().__init__(f"{self.short}: {listed}")
        self.asked = asked
        self.candidates = candidates


@dataclass(frozen=True)
class DecisionDesk:
    """Takes decisions on one project's names."""

    reader: GraphReader
    registry: RegistryReader
    bind: Bind
    record: Record
    settle: Settle

    # What people mean

    def entity(self, what: str) -> EntityRow:
        """Find one entity. Raises AmbiguousError, or UsageError if there is none."""
        found = self.reader.find_entities(what)
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousError(what, found)
        near = several(graph_cards.suggestions(self.reader, what))
        hint = f"; like it are: {near}" if near else ""
        raise UsageError(f"no entity is called {shown(what)!r}{hint}")

    def _entities(self, asked: Sequence[str]) -> list[EntityRow]:
        """Find several entities, which must not be one."""
        found = [self.entity(what) for what in asked]
        first: dict[str, str] = {}
        for what, row in zip(asked, found, strict=True):
            if row.id in first:
                raise UsageError(
                    f"{shown(first[row.id])!r} and {shown(what)!r} are one entity already: "
                    f"{called(row)}; `split` takes names out of it"
                )
            first[row.id] = what
        return found

    def _names(self, entity: EntityRow) -> list[Named]:
        return self.registry.nodes(entity.id, MOST_NODES)

    # What they decide

    def merge(self, asked: Sequence[str], who: str, why: str = "") -> Outcome:
        """Decide that entities are one."""
        if len(asked) < 2:
            raise UsageError("a merge needs two entities or more")
        rows = self._entities(asked)
        names = [self._names(row) for row in rows]
        made = self.record(deciding.merged(names, self.bind, who, why))
        return self._outcome(made, rows)

    def never(self, one: str, other: str, who: str, why: str = "") -> Outcome:
        """Decide that two entities are never one."""
        first, second = self._entities([one, other])
        made = self.record(
            deciding.kept_apart(self._names(first), self._names(second), self.bind, who, why)
        )
        return self._outcome(made, [first, second])

    def split_names(self, what: str, names: Sequence[str], who: str, why: str = "") -> Outcome:
        """Decide that names leave an entity, together."""
        entity = self.entity(what)
        there = self._names(entity)
        leaving = {node.id for name in names for node in self._meant(entity, there, name)}
        if len(leaving) == len(there):
            raise UsageError(
                f"{called(entity)} has no other names, so none can leave it; `split --document` "
                "tells two of one name apart"
            )
        made = self.record(deciding.split_by_name(there, leaving, self.bind, who, why))
        return self._outcome(made, [entity])

    def split_documents(
        self, what: str, documents: Sequence[str], who: str, why: str = ""
    ) -> Outcome:
        """Decide that in some documents the names of an entity mean another."""
        entity = self.entity(what)
        found = [graph_cards.one_document(self.reader, document) for document in documents]
        contents = {row.content_id for row in found}
        occurring = self.registry.occurring(entity.id, contents)
        for row in found:
            if row.content_id not in {content for *_, content in occurring}:
                raise UsageError(f"{called(entity)} is not named in {shown(row.source)}")
        if not self.registry.elsewhere(entity.id, contents):
            raise UsageError(f"{called(entity)} is named nowhere else: nothing would be left")
        nodes = {(name, sense) for name, sense, _ in occurring}
        names = [one for one in self._names(entity) if (one.name, one.sense) in nodes]
        ids = dict.fromkeys(row.id for row in found)
        made = self.record(deciding.split_by_document(names, list(ids), self.bind, who, why))
        return self._outcome(made, [entity], sources=[row.source for row in found])

    def undo(self, number: int | None, who: str, why: str = "") -> Outcome:
        """Decide that a decision does not count: the last that does, if none is said."""
        before = self.registry.decisions()
        made = self.record(deciding.taken_back(before, number, who, why))
        undone = next(one for one in before if one.number == made.undoes)
        while undone.undoes is not None:
            undone = next(one for one in before if one.number == undone.undoes)
        return self._outcome(made, [], undone)

    def _meant(self, entity: EntityRow, there: Sequence[Named], name: str) -> list[Named]:
        """Find the names of an entity that are written so, or have such an id."""
        words = " ".join(name.split()).casefold()
        by_id = [one for one in there if len(words) >= 6 and one.id.startswith(words)]
        found = by_id or [
            one
            for one in there
            if words in {one.normal.casefold(), *(text.casefold() for text in one.written)}
            or self.bind(RawName(one.type, name, one.content, one.sense)) == one.id
        ]
        if not found:
            have = several([one.text for one in there], total=len(there))
            raise UsageError(
                f"{shown(name)!r} is no name of {called(entity)}, or only a short form that "
                f"stands for one in a document; its names are: {have}"
            )
        return found

    # What came of it

    def _outcome(
        self,
        made: Decision,
        before: Sequence[EntityRow],
        undone: Decision | None = None,
        sources: Sequence[str] = (),
    ) -> Outcome:
        """Bring the registry up to date and say what came of a decision."""
        applied = self.settle()
        groups = tuple(self._entities_now(undone or made))
        (said,) = self.cards([made])
        if made.undoes is not None and undone is not None:
            text = f"decision {made.undoes} does not count any more"
            again = made.undoes != undone.number
            text += f"; so decision {undone.number} does again" if again else self._repeated(undone)
            now = listed(row for group in groups for row in group)
            text += f": now there is {now}" if applied and now else ""
        else:
            text = sentence(made, said, before, groups, sources, applied=applied)
        if not applied:
            text += "; entities do not show it yet: "
            text += "whoever holds the registry applies it, or the next run"
        return Outcome(made, said, applied, groups, text)

    def _repeated(self, undone: Decision) -> str:
        """Say which decisions go on saying what the undone one said, if any do."""
        names = {self.bind(raw._replace(sense=0)) for group in undone.groups for raw in group}
        live = self.registry.live(names)
        still = deciding.still_said(undone, self.registry.decisions(), self.bind, live)
        text = ""
        if still.each:
            text += f"; {numbered(still.each)} still say{'s' * (len(still.each) == 1)} so"
        return text + (f"; {numbered(still.together)} together say so" if still.together else "")

    def _entities_now(self, decision: Decision) -> list[tuple[EntityRow, ...]]:
        """Give the entities that the groups of a decision are in."""
        groups = self.nodes_of(decision)
        entities = self.registry.entities_of({node for group in groups for node in group})
        rows = self.reader.entities_by_id(list(entities.values())) if entities else {}
        found = []
        for group in groups:
            ids = sorted({entities[node] for node in group if node in entities})
            found.append(tuple(rows[id_] for id_ in ids if id_ in rows))
        return found

    def nodes_of(self, decision: Decision) -> list[set[Node]]:
        """Give the names and senses that each group of a decision binds; those of a split by
        document as they are elsewhere, and in its documents.
        """
        groups = [
            {(self.bind(raw._replace(sense=0)), raw.sense) for raw in group}
            for group in decision.groups
        ]
        if decision.by_document:
            groups += [{(name, decision.number) for name, _ in groups[0]}]
        return groups

    # What was decided

    def listed(self) -> list[dict[str, Any]]:
        """List all decisions, the last first, each with what it is worth at present."""
        decisions = self.registry.decisions()
        bound = constraints(decisions, self.bind, identity.node_id)
        names = {self.bind(raw._replace(sense=0)) for one in decisions for group in one.groups
                 for raw in group}  # fmt: skip
        live = self.registry.live(names)
        worth = deciding.standings(decisions, bound, live, self.bind)
        newest = list(reversed(decisions))
        return [
            card | {"state": worth[one.number].value}
            for one, card in zip(newest, self.cards(newest), strict=True)
        ]

    def cards(self, decisions: Sequence[Decision]) -> list[dict[str, Any]]:
        """Write decisions as plain values, with the sources of their documents. A name with a mark
        is written as the texts write it, for a decision binds none of these words to it.
        """
        sources = self.registry.sources({x for one in decisions for x in one.documents})
        marked = {
            raw: self.bind(raw._replace(sense=0))
            for one in decisions
            for group in one.groups
            for raw in group
            if raw.exact and unmarked(raw.words) != raw.words
        }
        texts = self.registry.name_texts(set(marked.values())) if marked else {}
        written = {raw: texts[name] for raw, name in marked.items() if name in texts}
        return [
            decision_card(one, written)
            | {"documents": [sources.get(id_, id_) for id_ in one.documents]}
            for one in decisions
        ]
