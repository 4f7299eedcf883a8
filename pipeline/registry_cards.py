"""Gathers why an entity is what it is: plain, JSON-able values.

Commands print them, notebooks make tables of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.decision_desk import DecisionDesk
from pipeline.graph_cards import Card
from pipeline.registry import explaining
from pipeline.registry.deciding import Named
from pipeline.registry.decisions import effective
from pipeline.stores.graph_reader import id_range
from pipeline.stores.registry_reader import MissRow

REASONS_SHOWN = 3
PLACES_SHOWN = 3
DECISIONS_SHOWN = 20
NODES_LOOKED_AT = 1_000
CAPPED_SHOWN = 10


def explained(desk: DecisionDesk, entity: str, limit: int) -> Card:
    """Gather which names an entity has and why, what stayed out and why, what people decided about
    it, and what was too large to be compared in full. `limit` bounds the names and the near misses.
    """
    nodes = desk.registry.nodes(entity, NODES_LOOKED_AT)
    names = nodes[:limit]
    misses = desk.registry.misses(entity, limit)
    about, decisions = _decided(desk, nodes, names, misses)
    told = {reason["with"] for node in names for reason in _first_reasons(node)}
    texts = {node.id: node.text for node in nodes}
    asked = {*told, *(id_ for miss in misses for id_ in (miss.own, miss.their))} - texts.keys()
    texts |= desk.registry.name_texts(asked)
    places: dict[tuple[str, int], list[Card]] = {}
    named = {(node.name, node.sense) for node in names}
    named |= {(miss.telling, 0) for miss in misses if miss.telling is not None}
    for row in desk.registry.places(sorted(named), PLACES_SHOWN):
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
        "near_misses": _miss_cards(desk, misses, texts, decisions, places),
        "decisions": about,
        "capped": [row._asdict() for row in desk.registry.capped(entity, CAPPED_SHOWN)],
        "dissolved": [row.names for row in desk.registry.dissolved(CAPPED_SHOWN, entity)],
    }


def another_id(asked: str, card: Card) -> str | None:
    """Give what an entity was asked for by if that was an id, or the beginning of one, and not its
    own. Some names are written like ids ("Facade").
    """
    words = " ".join(asked.split()).casefold()
    if id_range(asked)[0] is None or any(
        " ".join(alias["text"].split()).casefold() == words for alias in card["aliases"]
    ):
        return None
    digits = words.replace("-", "")
    return None if card["id"].replace("-", "").startswith(digits) else words


def _first_reasons(node: Named) -> Sequence[Mapping[str, Any]]:
    """Take what people decided first, then the comparisons that are surest."""
    reasons = node.reasons or []
    order = sorted(reasons, key=lambda one: (-one.get("decision", 0), -one.get("score", 0)))
    return order[:REASONS_SHOWN]


def _name_card(
    node: Named,
    texts: Mapping[str, str],
    decisions: Mapping[int, Card],
    places: Sequence[Card],
) -> Card:
    """Write a name with what joined it to others."""
    return {
        "id": node.id,
        "type": node.type,
        "text": node.text,
        "normal": node.normal,
        "told": explaining.mark_told(node.normal),
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


def _joined(reason: Mapping[str, Any], text: str, decisions: Mapping[int, Card]) -> Card:
    """Write what joined a name to another: a decision, or a comparison with its rules."""
    number = reason.get("decision")
    if number is not None:
        card = decisions.get(number, {"number": number})
        return {"with": reason["with"], "name": text, "decision": card}
    return {
        "with": reason["with"],
        "name": text,
        "verdict": reason["verdict"],
        "score": reason["score"],
        "reasons": explaining.reasons(reason["rules"]),
    }


def _miss_cards(
    desk: DecisionDesk,
    misses: Sequence[MissRow],
    texts: Mapping[str, str],
    decisions: Mapping[int, Card],
    places: Mapping[tuple[str, int], list[Card]],
) -> list[Card]:
    """Write the entities that stayed out, with where a text says so."""
    rows = desk.reader.entities_by_id([miss.entity for miss in misses]) if misses else {}
    cards = []
    for miss in misses:
        found = miss.reasons or {}
        row = rows.get(miss.entity)
        cards.append(
            {
                "id": miss.entity,
                "entity": row.name if row else texts.get(miss.their, miss.their),
                "type": row.type if row else None,
                "mentions": row.mentions if row else 0,
                "own": texts.get(miss.own, miss.own),
                "name": texts.get(miss.their, miss.their),
                "verdict": miss.verdict,
                "score": miss.score,
                "reasons": explaining.reasons(found.get("rules", [])),
                "why": miss.why,
                "told_in": list(places.get((miss.telling, 0), ())) if miss.telling else [],
                "decision": decisions.get(found.get("decision", 0)),
                "pairs": miss.pairs,
            }
        )
    return cards


def _decided(
    desk: DecisionDesk, nodes: Sequence[Named], names: Sequence[Named], misses: Sequence[MissRow]
) -> tuple[list[Card], Mapping[int, Card]]:
    """List the decisions that count and name an entity's names, the last of them; and give those
    that joined its names or keep others out, by number.
    """
    decisions = desk.registry.decisions()
    own = {node.id for node in nodes} | {node.name for node in nodes}
    about = [
        one.number
        for one in effective(decisions)
        if any(desk.bind(raw) in own for group in one.groups for raw in group)
    ][-DECISIONS_SHOWN:]
    asked = {*about, *((miss.reasons or {}).get("decision") for miss in misses)}
    asked |= {reason.get("decision") for node in names for reason in _first_reasons(node)}
    cards = desk.cards([one for one in decisions if one.number in asked])
    found = {card["number"]: card for card in cards}
    return [found[number] for number in about], found


def told(card: Card) -> Iterator[Card]:
    """Tell what `explained` gathered line by line: each name with what joined it, then what stayed
    out.
    """
    for name in card["names"]:
        line = {"name": name["text"], "type": name["type"], "mentions": name["mentions"]}
        for joined in name["joined"] or [None]:
            with_, why = (joined["name"], explaining.joined(joined)) if joined else ("", "")
            yield {**line, "together": True, "with": with_, "why": why}
    for miss in card["near_misses"]:
        line = {"name": miss["name"], "type": miss["type"], "mentions": miss["mentions"]}
        yield {**line, "together": False, "with": miss["own"], "why": explaining.kept_out(miss)}
