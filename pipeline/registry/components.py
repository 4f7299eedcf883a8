"""Components: names that comparisons or decisions hold together; what is left of a large one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.registry.blocks import LiveName
from pipeline.registry.comparing import Comparison, Verdict
from pipeline.registry.decisions import Constraints
from pipeline.registry.joining import Joined

JOINING = (Verdict.SAME, Verdict.LIKE, Verdict.SHORTER)
# Which comparisons still join in a component over the bound, from step to step.
STEPS: tuple[tuple[Verdict, ...], ...] = (JOINING, (Verdict.SAME, Verdict.SHORTER), (Verdict.SAME,))


class Edge(NamedTuple):
    """Two compared names that may be one thing, `one` before `other` by rank. `shorter` names the
    one that says less, if one does.
    """

    one: str
    other: str
    comparison: Comparison
    shorter: str | None = None


def pieces(
    nodes: Mapping[str, LiveName], edges: Sequence[Edge], constraints: Constraints, bound: int
) -> Iterator[tuple[list[str], list[Edge]]]:
    """Yield the component, or where it is too large, what is left connected when only the better
    comparisons count; in the end only what people decided does.
    """
    todo = [(sorted(nodes), list(edges), 0)]
    while todo:
        ids, inner, step = todo.pop()
        if len(ids) <= bound or step > len(STEPS):
            yield ids, inner
            continue
        kept = STEPS[step] if step < len(STEPS) else ()
        left = [edge for edge in inner if edge.comparison.verdict in kept]
        todo += [
            (part, part_edges, step + 1) for part, part_edges in connected(ids, left, constraints)
        ]


def connected(
    ids: Iterable[str], edges: Iterable[Edge], constraints: Constraints
) -> list[tuple[list[str], list[Edge]]]:
    """Divide nodes into those that edges and decisions hold together, with their edges."""
    joined = Joined()
    parts: dict[str, list[str]] = defaultdict(list)
    of_part: dict[str, list[Edge]] = defaultdict(list)
    kept = list(edges)
    bonds = constraints.bonds
    first: dict[str, str] = {}
    for edge in kept:
        joined.join(edge.one, edge.other)
    every = list(ids)
    for id_ in every:
        if id_ in bonds:
            joined.join(id_, first.setdefault(bonds.root(id_), id_))
    for id_ in every:
        parts[joined.root(id_) if id_ in joined else id_].append(id_)
    for edge in kept:
        of_part[joined.root(edge.one)].append(edge)
    return [(part, of_part.get(root, [])) for root, part in parts.items()]
