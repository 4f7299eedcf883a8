"""What is stored of entities, held against a rebuild at the same moment. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.identity import canonical_json, node_id
from pipeline.registry.blocks import block_key
from pipeline.registry.updates import Update

Told = Mapping[str, str]
"""Names by their ids, as people write them."""


class Miss(NamedTuple):
    """A near miss as it is stored."""

    why: str
    verdict: str
    reasons: str


@dataclass(frozen=True)
class StoredEntities:
    """What the registry has written of a project. `entities` are of (name, sense), and a name that
    is not among them is its own; `reasons` are theirs, as canonical JSON. `capped` is (kind, key).
    """

    entities: Mapping[tuple[str, int], str]
    reasons: Mapping[tuple[str, int], str]
    misses: Mapping[tuple[str, str], Miss]
    senses: Mapping[tuple[str, str], int]
    capped: Collection[tuple[str, str]]


class Difference(NamedTuple):
    """What is not as a rebuild has it: of which kind, of which name or key, and how."""

    kind: str
    subject: str
    message: str


def stored_json(value: Any) -> str:
    """Write what a column of JSON holds in the one form that is compared."""
    return canonical_json(value) if value else ""


def differences(
    update: Update,
    stored: StoredEntities,
    tell: Callable[[Collection[str]], Told],
) -> Iterator[Difference]:
    """Say what is stored otherwise than a rebuild would have it. `tell` looks names up."""
    yield from _of_entities(update, stored, tell)
    yield from _of_misses(update, stored, tell)
    wanted = stored.senses if update.senses is None else update.senses
    for pair in sorted(wanted.keys() | stored.senses.keys()):
        is_, should = stored.senses.get(pair, 0), wanted.get(pair, 0)
        if is_ != should:
            message = f"in content {pair[1]} it has sense {is_}, and should have {should}"
            yield Difference("sense", pair[0], message)
    capped = {("component", key) for key in update.capped}
    capped |= {("block", block_key(part)) for part in update.crowds}
    for kind, key in sorted(capped - set(stored.capped)):
        yield Difference("capped", key, f"a {kind} over its bound that is not reported")
    for kind, key in sorted(set(stored.capped) - capped):
        yield Difference("capped", key, f"a {kind} that is not over its bound is reported")


def _of_entities(
    update: Update, stored: StoredEntities, tell: Callable[[Collection[str]], Told]
) -> Iterator[Difference]:
    """Compare which entity each node is in, and why."""
    should = {(node.name, node.sense): node.entity for node in update.nodes}
    why = {(node.name, node.sense): stored_json(list(node.reasons)) for node in update.nodes}
    moved, unexplained = [], []
    for node in sorted(should.keys() | stored.entities.keys()):
        own = node_id(*node)
        is_, wanted = stored.entities.get(node, own), should.get(node)
        if is_ != wanted:
            moved.append((node, is_, wanted))
        elif stored.reasons.get(node, "") != why[node]:
            unexplained.append(node)
    ids = {x for node, is_, wanted in moved for x in (node[0], is_, wanted) if x is not None}
    words = tell({*ids, *(name for name, _ in unexplained)})
    for (name, sense), is_, wanted in moved:
        of = f" in sense {sense}" if sense else ""
        should_be = f"should be in {_named(wanted, words)}" if wanted else "should not be there"
        yield Difference(
            "entity",
            name,
            f"{words.get(name, name)}{of} is in the entity {_named(is_, words)}, and {should_be}",
        )
    for name, sense in unexplained:
        had = _short(stored.reasons.get((name, sense), ""))
        yield Difference(
            "reasons",
            name,
            f"{words.get(name, name)} is in its entity for {had}, and should be for "
            f"{_short(why[name, sense])}",
        )


def _of_misses(
    update: Update, stored: StoredEntities, tell: Callable[[Collection[str]], Told]
) -> Iterator[Difference]:
    """Compare which pairs stayed apart though they might be one thing."""
    should: dict[tuple[str, str], Miss] = {}
    for miss in update.misses:
        pair = (min(miss.one, miss.other), max(miss.one, miss.other))
        rules: dict[str, Any] = {"rules": list(miss.comparison.rules)}
        if miss.decision is not None:
            rules["decision"] = miss.decision
        reasons = canonical_json(rules)
        should.setdefault(pair, Miss(miss.why.value, miss.comparison.verdict.value, reasons))
    pairs = sorted(should.keys() | stored.misses.keys())
    wrong = [pair for pair in pairs if should.get(pair) != stored.misses.get(pair)]
    words = tell({id_ for pair in wrong for id_ in pair})
    for one, other in wrong:
        is_, wanted = stored.misses.get((one, other)), should.get((one, other))
        both = f"{words.get(one, one)} and {words.get(other, other)}"
        if wanted is None:
            message = f"{both} are no near misses of each other"
        elif is_ is None:
            message = f"{both} should be near misses: {wanted.why}"
        else:
            message = f"{both} are near misses as {_said(is_)}, and should be as {_said(wanted)}"
        yield Difference("near_miss", one, message)


def _said(miss: Miss) -> str:
    return f"{miss.why}, {miss.verdict} {miss.reasons}"


def _named(id_: str, words: Told) -> str:
    """Name an entity by its id, and by the name that it has it of."""
    return f"{id_} ({words[id_]})" if id_ in words else id_


def _short(reasons: str) -> str:
    """Write what joined a name to others, without ids."""
    if not reasons:
        return "nothing"
    said = [
        f"decision {one['decision']}" if "decision" in one else f"{one['verdict']} {one['rules']}"
        for one in json.loads(reasons)
    ]
    return "; ".join(said)
