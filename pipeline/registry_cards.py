"""Gathers why an entity is what it is, and which entities people should look at: plain, JSON-able
values.

Commands print them, notebooks make tables of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from typing import Any

from pipeline import graph_cards
from pipeline.decision_desk import DecisionDesk
from pipeline.graph_cards import Card, Splitter
from pipeline.registry import explaining
from pipeline.registry.clustering import Why
from pipeline.registry.deciding import Named
from pipeline.registry.decisions import Decision, DecisionKind, effective
from pipeline.stores.graph_reader import id_range
from pipeline.stores.registry_reader import MissRow, PairRow

REASONS_SHOWN = 3
PLACES_SHOWN = 3
ALSO_SHOWN = 3
DECISIONS_SHOWN = 20
NODES_LOOKED_AT = 1_000
CAPPED_SHOWN = 10


def explained(desk: DecisionDesk, entity: str, limit: int) -> Card:
    """Gather which names an entity has and why, what stayed out and why, what people decided about
    it, and what was too large to be compared in full. `limit` bounds the names and the near misses.
    """
    decisions = {one.number: one for one in desk.registry.decisions()}
    nodes = desk.registry.nodes(entity, NODES_LOOKED_AT)
    names = nodes[:limit]
    misses = desk.registry.misses(entity, limit)
    told = {reason["with"] for node in names for reason in _first_reasons(node)}
    texts = {node.id: node.text for node in nodes}
    asked = {*told, *(id_ for miss in misses for id_ in (miss.own, miss.their))} - texts.keys()
    texts |= desk.registry.name_texts(asked)
    places: dict[tuple[str, int], list[Card]] = {}
    for row in desk.registry.places([(node.name, node.sense) for node in names], PLACES_SHOWN):
        places.setdefault((row.name, row.sense), []).append(
            {"source": row.source, "page": row.page, "mentions": row.mentions}
        )
    return {
        "name_count": max(len(nodes), desk.registry.count_nodes(entity)),
        "names": [
            _name_card(node, texts, decisions, places.get((node.name, node.sense), []))
            for node in names
        ],
        "near_miss_count": misses[0].entities if misses else 0,
        "near_misses": _miss_cards(desk, misses, texts, decisions),
        "decisions": _about(desk, nodes, decisions.values())[-DECISIONS_SHOWN:],
        "capped": [row._asdict() for row in desk.registry.capped(entity, CAPPED_SHOWN)],
    }


def another_id(asked: str, entity: str) -> str | None:
    """Give what was asked for if it is an id, or the beginning of one, and not the entity's own."""
    is_other_id = id_range(asked)[0] is not None and not entity.replace("-", "").startswith(
        asked.strip().lower().replace("-", "")
    )
    return asked.strip() if is_other_id else None


def _first_reasons(node: Named) -> Sequence[Mapping[str, Any]]:
    """Take what people decided first, then the comparisons that are surest."""
    reasons = node.reasons or []
    order = sorted(reasons, key=lambda one: (-one.get("decision", 0), -one.get("score", 0)))
    return order[:REASONS_SHOWN]


def _name_card(
    node: Named,
    texts: Mapping[str, str],
    decisions: Mapping[int, Decision],
    places: Sequence[Card],
) -> Card:
    """Write a name with what joined it to others."""
    return {
        "id": node.id,
        "type": node.type,
        "text": node.text,
        "normal": node.normal,
        "sense": node.sense,
        "content": node.content,
        "mentions": node.mentions,
        "documents": node.documents,
        "places": list(places),
        "joined_by": len(node.reasons or []),
        "joined": [
            _joined(reason, texts.get(reason["with"], reason["with"]), decisions)
            for reason in _first_reasons(node)
        ],
    }


def _joined(reason: Mapping[str, Any], text: str, decisions: Mapping[int, Decision]) -> Card:
    """Write what joined a name to another: a decision, or a comparison with its rules."""
    number = reason.get("decision")
    if number is not None:
        decision = decisions.get(number)
        card = explaining.decision_card(decision) if decision else {"number": number}
        return {"with": reason["with"], "name": text, "decision": card}
    return {
        "with": reason["with"],
        "name": text,
        "verdict": reason["verdict"],
        "score": reason["score"],
        "reasons": _reasons(reason["rules"]),
    }


def _reasons(rules: Sequence[str]) -> list[Card]:
    """Write the rules of a comparison with what they mean."""
    words = explaining.rules_in_words(rules)
    return [{"rule": rule, "words": said} for rule, said in zip(rules, words, strict=True)]


def _miss_cards(
    desk: DecisionDesk,
    misses: Sequence[MissRow],
    texts: Mapping[str, str],
    decisions: Mapping[int, Decision],
) -> list[Card]:
    """Write the entities that stayed out."""
    rows = desk.reader.entities_by_id([miss.entity for miss in misses]) if misses else {}
    cards = []
    for miss in misses:
        found = miss.reasons or {}
        decision = decisions.get(found.get("decision", 0))
        row = rows.get(miss.entity)
        cards.append(
            {
                "id": miss.entity,
                "entity": row.name if row else texts.get(miss.their, miss.their),
                "type": row.type if row else None,
                "own": texts.get(miss.own, miss.own),
                "name": texts.get(miss.their, miss.their),
                "verdict": miss.verdict,
                "score": miss.score,
                "reasons": _reasons(found.get("rules", [])),
                "why": miss.why,
                "decision": explaining.decision_card(decision) if decision else None,
                "pairs": miss.pairs,
            }
        )
    return cards


def _about(
    desk: DecisionDesk, nodes: Sequence[Named], decisions: Collection[Decision]
) -> list[Card]:
    """List the decisions that count and name an entity's names."""
    own = {node.id for node in nodes} | {node.name for node in nodes}
    found = [
        one
        for one in effective(decisions)
        if any(desk.bind(raw) in own for group in one.groups for raw in group)
    ]
    sources = desk.registry.sources({id_ for one in found for id_ in one.documents})
    return [
        explaining.decision_card(one)
        | {"documents": [sources.get(id_, id_) for id_ in one.documents]}
        for one in found
    ]


# What people should look at


class Review:
    """The pairs of entities of a project that may be one, those that nobody decided yet."""

    def __init__(self, desk: DecisionDesk, splitter: Splitter) -> None:
        self._desk = desk
        self._splitter = splitter

    def pairs(self, limit: int) -> list[PairRow]:
        """List what to decide, the most useful first."""
        decided = self._decided()
        found = (
            pair
            for pair in self._desk.registry.pairs()
            if frozenset((pair.first, pair.second)) not in decided
        )
        return list(islice(found, limit))

    def cards(self, limit: int) -> Iterator[Card]:
        """Yield what to decide with quotes, the most useful first."""
        for pair in self.pairs(limit):
            if card := self._card(pair):
                yield card

    def now(self, pair: PairRow) -> Card | None:
        """Give a pair as it is by now; None if it is decided, one entity, or gone."""
        nodes = {(pair.one, 0), (pair.other, 0)}
        entities = self._desk.registry.entities_of(nodes)
        if len(set(entities.values())) < 2:
            return None
        first, second = entities[pair.one, 0], entities[pair.other, 0]
        if frozenset((first, second)) in self._decided():
            return None
        return self._card(pair._replace(first=first, second=second))

    def _decided(self) -> set[frozenset[str]]:
        """Give the pairs of entities that somebody decided are two, by whichever of their names."""
        apart = [
            one
            for one in effective(self._desk.registry.decisions())
            if one.kind is not DecisionKind.MERGE
        ]
        groups = [self._desk.nodes_of(one) for one in apart]
        entities = self._desk.registry.entities_of(
            {x for one in groups for nodes in one for x in nodes}
        )
        pairs: set[frozenset[str]] = set()
        for one in groups:
            sides = [{entities[x] for x in nodes if x in entities} for nodes in one]
            for left, right in combinations(sides, 2):
                pairs |= {frozenset(pair) for pair in product(left, right)}
        return {pair for pair in pairs if len(pair) == 2}

    def _card(self, pair: PairRow) -> Card | None:
        """Write two entities with what is alike in them, and a quote from each."""
        rows = self._desk.reader.entities_by_id([pair.first, pair.second])
        if len(rows) < 2:
            return None  # one has gone meanwhile
        texts = self._desk.registry.name_texts([pair.one, pair.other])
        sides = [
            {
                **rows[entity]._asdict(),
                "written": texts.get(name, rows[entity].name),
                "quote": self._quote(name),
            }
            for entity, name in ((pair.first, pair.one), (pair.second, pair.other))
        ]
        shorter = min((pair.one, pair.other), key=lambda name: len(texts.get(name, "")))
        return {
            "verdict": pair.verdict,
            "score": pair.score,
            "reasons": _reasons((pair.reasons or {}).get("rules", [])),
            "why": pair.why,
            "also": self._also(shorter, rows) if pair.why == Why.AMBIGUOUS else [],
            "pairs": pair.pairs,
            "one": sides[0],
            "other": sides[1],
        }

    def _also(self, name: str, but: Collection[str]) -> list[Card]:
        """List what else an ambiguous name may stand for."""
        ids = self._desk.registry.also([name], ALSO_SHOWN + len(but))
        others = [id_ for id_ in ids if id_ not in but][:ALSO_SHOWN]
        rows = self._desk.reader.entities_by_id(others) if others else {}
        return [{"id": row.id, "name": row.name} for row in rows.values()]

    def _quote(self, name: str) -> Card | None:
        """Quote a sentence in which a name stands."""
        mention = self._desk.registry.example(name)
        if mention is None:
            return None
        card = graph_cards.mention_card(mention, self._splitter)
        return {key: card[key] for key in ("source", "page", "sentence", "at")}
