"""Gathers the pairs of entities that people should look at: plain, JSON-able values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations, islice, product
from typing import NamedTuple

from pipeline import graph_cards
from pipeline.decision_desk import DecisionDesk
from pipeline.graph_cards import Card, Splitter
from pipeline.passages import one_line
from pipeline.registry import explaining
from pipeline.registry.decisions import DecisionKind, effective
from pipeline.registry.misses import Why
from pipeline.stores.graph_rows import EntityRow
from pipeline.stores.registry_reader import PairRow

ALSO_SHOWN = 3
ENDS = ("one", "other")


class _Decided(NamedTuple):
    """What nobody need be asked: the entities that somebody keeps apart, by whichever of their
    names, and the names that somebody has said whose they are.
    """

    apart: Collection[frozenset[str]]
    placed: Collection[str]

    def covers(self, pair: PairRow) -> bool:
        """Say whether a pair is decided. A short name that has its place is not ambiguous."""
        if pair.why in {Why.AMBIGUOUS, Why.APART} and pair.shorter in self.placed:
            return True
        return frozenset((pair.first, pair.second)) in self.apart


class Review:
    """The pairs of entities of a project that may be one, those that nobody decided yet."""

    def __init__(self, desk: DecisionDesk, splitter: Splitter) -> None:
        self._desk = desk
        self._splitter = splitter
        self._rows: dict[str, EntityRow] = {}

    def pairs(self, limit: int) -> list[PairRow]:
        """List what to decide, the most useful first."""
        decided = self._decided()
        found = (pair for pair in self._desk.registry.pairs() if not decided.covers(pair))
        return list(islice(found, limit))

    def cards(self, limit: int) -> Iterator[Card]:
        """Yield what to decide with quotes, the most useful first."""
        pairs = self.pairs(limit)
        self._look_up([id_ for pair in pairs for id_ in (pair.first, pair.second)])
        for pair in pairs:
            if card := self._card(pair):
                yield card

    def changed(self) -> None:
        """Look all entities up again from here on."""
        self._rows.clear()

    def now(self, pair: PairRow) -> Card | None:
        """Give a pair as it is by now; None if it is decided, one entity, or gone. The sizes of
        entities are those of the last change.
        """
        nodes = {(pair.one, 0), (pair.other, 0)}
        entities = self._desk.registry.entities_of(nodes)
        if len(set(entities.values())) < 2:
            return None
        current = pair._replace(first=entities[pair.one, 0], second=entities[pair.other, 0])
        return None if self._decided().covers(current) else self._card(current)

    def _decided(self) -> _Decided:
        """Gather what the decisions that count say."""
        counting = effective(self._desk.registry.decisions())
        merges = [one for one in counting if one.kind is DecisionKind.MERGE]
        apart = [self._desk.nodes_of(one) for one in counting if one.kind is not DecisionKind.MERGE]
        nodes = {node for groups in apart for group in groups for node in group}
        entities = self._desk.registry.entities_of(nodes)
        pairs: set[frozenset[str]] = set()
        for groups in apart:
            sides = [{entities[x] for x in group if x in entities} for group in groups]
            for left, right in combinations(sides, 2):
                pairs |= {frozenset(pair) for pair in product(left, right)}
        placed = {x for one in merges for group in self._desk.nodes_of(one) for x, _ in group}
        return _Decided(pairs, placed)

    def _look_up(self, ids: Iterable[str]) -> Mapping[str, EntityRow]:
        """Give entities, each counted once: one with a million mentions is in many pairs."""
        wanted = [id_ for id_ in ids if id_ not in self._rows]
        if wanted:
            self._rows |= self._desk.reader.entities_by_id(wanted)
        return self._rows

    def _card(self, pair: PairRow) -> Card | None:
        """Write two entities with what is alike in them, and a quote from each."""
        rows = self._look_up([pair.first, pair.second])
        if pair.first not in rows or pair.second not in rows:
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
        return {
            "verdict": pair.verdict,
            "score": pair.score,
            "reasons": explaining.reasons((pair.reasons or {}).get("rules", [])),
            "why": pair.why,
            "also": self._also(pair) if pair.why == Why.AMBIGUOUS else [],
            "pairs": pair.pairs,
            "one": sides[0],
            "other": sides[1],
        }

    def _also(self, pair: PairRow) -> list[Card]:
        """List what else an ambiguous name may stand for."""
        ids = self._desk.registry.also([pair.shorter], ALSO_SHOWN + 2)
        others = [id_ for id_ in ids if id_ not in {pair.first, pair.second}][:ALSO_SHOWN]
        rows = self._look_up(others)
        return [{"id": id_, "name": rows[id_].name} for id_ in others if id_ in rows]

    def _quote(self, name: str) -> Card | None:
        """Quote a sentence in which a name stands."""
        mention = self._desk.registry.example(name)
        if mention is None:
            return None
        card = graph_cards.mention_card(mention, self._splitter)
        return {key: card[key] for key in ("source", "page", "sentence", "at")}


def pair_row(card: Card) -> Card:
    """Write a pair that may be one as a row of a table."""
    quotes = {
        f"{side}_quote": one_line((card[side]["quote"] or {}).get("sentence", "")) for side in ENDS
    }
    return {
        **{side: card[side]["written"] for side in ENDS},
        **{f"{side}_id": card[side]["id"] for side in ENDS},
        **quotes,
        "score": card["score"],
        "why": f"{explaining.compared(card)}; {explaining.why_apart(card['why'])}",
    }
