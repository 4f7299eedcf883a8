"""A registry of made-up names, rebuilt in memory: what it costs a name, and what joins."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from made_names import NOBODY, MadeNames, make_names

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.identity import name_id, project_id
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing
from pipeline.registry.decisions import Constraints
from pipeline.registry.growing import Registry, uncollected
from pipeline.resolution.keys import blocking_keys

PROJECT = project_id("resolution")
WARMING = (("PERSON", "john smith"), ("PERSON", "jon smitth"), ("ORG", "acme holdings ltd"))


def live_names(made: MadeNames, books: NameBooks) -> Iterator[LiveName]:
    """Yield made names as the project has them."""
    for type_, normal in zip(made.types, made.normals, strict=True):
        keys = blocking_keys(MentionType(type_), normal, books)
        yield LiveName(name_id(PROJECT, type_, normal), type_, normal, keys)


def rebuild(size: int, seed: int) -> dict[str, Any]:
    """Rebuild the registry of so many names; the seconds are of the CPU, and of all but making the
    names up and their keys.
    """
    books = NameBooks()
    comparing = Comparing(books)
    warm = [LiveName(normal, type_, normal, ("k",)) for type_, normal in WARMING]
    for _ in Registry(MemoryBlocks(warm), Constraints(), comparing).rebuild([x.id for x in warm]):
        """What is read at first use is no cost of a name."""
    made = make_names(size, seed)
    names = list(live_names(made, books))
    memory = _memory()
    entities: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    began = time.process_time()
    with uncollected():
        blocks = MemoryBlocks(names)
        for grown in Registry(blocks, Constraints(), comparing).rebuild(blocks.ids()):
            entities |= grown.entities
            counts["compared"] += grown.compared
            counts["near_misses"] += len(grown.misses)
            counts["large_components"] += len(grown.capped)
            counts["dropped_parts"] += len(grown.dropped)
    spent = time.process_time() - began
    return {
        "cpu_microseconds_a_name": 1e6 * spent / size,
        "names_a_cpu_second": size / spent,
        "compared_a_name": counts["compared"] / size,
        "near_misses_a_name": counts["near_misses"] / size,
        "large_components": counts["large_components"],
        "dropped_parts": counts["dropped_parts"],
        "bytes_of_names_at_highest": memory,
        "bytes_at_highest": _memory(),
        **_agreement(made, [entities[name.id] for name in names]),
    }


def _agreement(made: MadeNames, entities: Sequence[str]) -> Mapping[str, Any]:
    """Compare pairs: of one thing, and in one entity. Names of two things are nobody's."""
    true = list(made.true_pairs())
    found = sum(entities[one] == entities[other] for one, other in true)
    right = wrong = 0
    members: dict[str, list[int]] = defaultdict(list)
    for place, entity in enumerate(entities):
        if made.things[place] != NOBODY:
            members[entity].append(made.things[place])
    for things in members.values():
        pairs = len(things) * (len(things) - 1) // 2
        same = _same(things)
        right, wrong = right + same, wrong + pairs - same
    return {
        "entities": len(set(entities)),
        "pair_recall": found / len(true),
        "pair_precision": right / max(right + wrong, 1),
    }


def _same(things: Iterable[int]) -> int:
    """Count the pairs of equal ones."""
    counts: dict[int, int] = defaultdict(int)
    for thing in things:
        counts[thing] += 1
    return sum(count * (count - 1) // 2 for count in counts.values())


def _memory() -> int:
    """Give this process's memory at its highest, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
