"""Clustering: which nodes of one component are one thing.

What people decided stands first. Then names that are the same join, and names that are nearly the
same if all of the two sides agree. Last come shorter forms ("J. Smith", "Portland", "SEC"), the
longest first: each joins if all that it may stand for is one thing by then, else it is ambiguous
and joins nothing. Where two names of equal standing exclude each other, a third joins neither.

Ties are broken by what the names say, never by ids or by who came first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from pipeline.identity import entity_id
from pipeline.name_marks import is_open
from pipeline.registry.blocks import LiveName
from pipeline.registry.comparing import Comparison, Verdict
from pipeline.registry.components import JOINING, Edge, pieces
from pipeline.registry.decisions import Constraints
from pipeline.registry.joining import Joined
from pipeline.registry.misses import NearMiss, Why, near_miss

# Two names that exclude each other and fit a third nearly as well as each other: it joins neither.
MARGIN = 0.05
COMPONENT_BOUND = 400
# Of a larger component so many near misses of each name are kept: nobody could look at all.
CROWDED_MISSES = 3
# Two misspellings of one name are two slips from each other.
ALIKE = (*JOINING, Verdict.UNSURE)
Compare = Callable[[LiveName, LiveName], Comparison | None]


@dataclass
class Clusters:
    """The entities of one component: each a list of node ids. `edges` are those that joined."""

    entities: list[list[str]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    misses: list[NearMiss] = field(default_factory=list)
    # The two nodes of edges that joined nothing since one of them fits several things.
    ambiguous: set[tuple[str, str]] = field(default_factory=set)
    # Sizes of what was too large, under the smallest of its nodes.
    capped: dict[str, int] = field(default_factory=dict)


def cluster(
    nodes: Mapping[str, LiveName],
    edges: Sequence[Edge],
    constraints: Constraints,
    compare: Compare,
    bound: int = COMPONENT_BOUND,
) -> Clusters:
    """Put the nodes of one component into entities.

    `nodes` are all nodes of it that are live, those that only decisions bring in among them;
    `edges` all comparisons between them that may join. `compare` may be asked for any two.
    """
    done = Clusters()
    narrowed = len(nodes) > bound
    if narrowed:
        done.capped[min(nodes)] = len(nodes)
    for ids, left in pieces(nodes, edges, constraints, bound):
        _Piece({id_: nodes[id_] for id_ in ids}, left, constraints, compare, done).settle()
    together = {id_: place for place, ids in enumerate(done.entities) for id_ in ids}
    left = [edge for edge in edges if together[edge.one] != together[edge.other]]
    placed = {edge.shorter for edge in done.edges if edge.shorter}
    placed.update(id_ for id_ in nodes if constraints.bonds_of(id_))
    misses = [
        _miss(
            edge, constraints, narrowed, edge[:2] in done.ambiguous and edge.shorter not in placed
        )
        for edge in left
    ]
    done.misses += _best(misses, nodes) if narrowed else misses
    return done


def _best(misses: Sequence[NearMiss], nodes: Mapping[str, LiveName]) -> Iterator[NearMiss]:
    """Keep the best near misses of each name, and those that were decided."""
    kept: Counter[str] = Counter()
    for miss in sorted(
        misses,
        key=lambda one: (-one.comparison.score, nodes[one.one].rank, nodes[one.other].rank),
    ):
        if miss.why is Why.DECIDED or min(kept[miss.one], kept[miss.other]) < CROWDED_MISSES:
            kept.update((miss.one, miss.other))
            yield miss


def _miss(edge: Edge, constraints: Constraints, narrowed: bool, ambiguous: bool) -> NearMiss:
    """Say why an edge joined nothing; `narrowed` says that in its component not all edges could,
    and `ambiguous` that one of its nodes fits several things and stands for none by now.
    """
    if narrowed and edge.comparison.verdict is not Verdict.SAME:
        return near_miss(edge, Why.CROWDED, constraints)
    return near_miss(edge, Why.AMBIGUOUS if ambiguous else Why.APART, constraints)


class _Piece:
    """One component, or what is left of one, while it is settled."""

    def __init__(
        self,
        nodes: Mapping[str, LiveName],
        edges: Sequence[Edge],
        constraints: Constraints,
        compare: Compare,
        done: Clusters,
    ) -> None:
        self._nodes = nodes
        self._constraints = constraints
        self._compare = compare
        self._done = done
        self._joined = Joined()
        self._members = {id_: [id_] for id_ in nodes}
        # What people keep apart from a name leaves it to what else it can stand for.
        free = [edge for edge in edges if constraints.ban(edge.one, edge.other) is None]
        self._edges = sorted(free, key=self._standing)
        self._hubs: set[str] = set()
        self._known: dict[frozenset[str], Comparison | None] = {
            frozenset((edge.one, edge.other)): edge.comparison for edge in edges
        }

    def settle(self) -> None:
        """Join what belongs together, and hand over what came of it."""
        by_root: dict[str, str] = {}
        for id_ in self._nodes:
            first = by_root.setdefault(self._constraints.bonds.root(id_), id_)
            self._join(id_, first)
        for edge in self._unambiguous():
            like = edge.comparison.verdict is Verdict.LIKE
            if self._fit(edge.one, edge.other, all_agree=like):
                self._accept(edge)
        self._join_shorter()
        self._done.entities += [sorted(self._members[root]) for root in self._roots()]

    def _standing(self, edge: Edge) -> tuple[float, tuple[str, str], tuple[str, str]]:
        """Order edges: the best first, then by what their names say."""
        return -edge.comparison.score, self._nodes[edge.one].rank, self._nodes[edge.other].rank

    def _roots(self) -> list[str]:
        return sorted({self._joined.root(id_) for id_ in self._nodes})

    def _join(self, one: str, other: str) -> None:
        first, second = self._joined.root(one), self._joined.root(other)
        if first == second:
            return
        root = self._joined.join(first, second)
        gone = second if root == first else first
        self._members[root] += self._members.pop(gone)

    def _accept(self, edge: Edge) -> None:
        if self._joined.root(edge.one) != self._joined.root(edge.other):
            self._join(edge.one, edge.other)
            self._done.edges.append(edge)

    def _comparison(self, one: str, other: str) -> Comparison | None:
        """Compare two nodes of the component, once."""
        pair = frozenset((one, other))
        if pair not in self._known:
            self._known[pair] = self._compare(self._nodes[one], self._nodes[other])
        return self._known[pair]

    def _exclude(self, one: str, other: str, *, strangers: bool = False) -> bool:
        """Say whether two nodes cannot be one thing; with `strangers` also if they have nothing to
        do with each other.
        """
        if self._constraints.bound(one, other):
            return False
        if self._constraints.ban(one, other) is not None:
            return True
        found = self._comparison(one, other)
        return strangers if found is None else found.keeps_apart

    def _fit(self, one: str, other: str, *, all_agree: bool) -> bool:
        """Say whether the two clusters of nodes may join: no name of one excludes one of the other;
        with `all_agree` also that each has something to do with each, or that all are misspellings
        of one.
        """
        first, second = (self._members[self._joined.root(id_)] for id_ in (one, other))
        if first is second:
            return True
        if any(self._exclude(own, theirs) for own in first for theirs in second):
            return False
        if not all_agree or all(self._agrees(own, second) for own in first):
            return True
        return any(
            end in self._hubs and self._agrees(end, first) and self._agrees(end, second)
            for end in (one, other)
        )

    def _agrees(self, one: str, others: Sequence[str]) -> bool:
        """Say whether a node has something to do with each of these, or with one that a decision
        binds it to.
        """
        near: dict[str, bool] = {}
        for other in others:
            root = self._constraints.bonds.root(other)
            found = self._comparison(one, other) if one != other else None
            alike = one == other or (found is not None and found.verdict in ALIKE)
            near[root] = near.get(root, False) or alike
        return all(near.values())

    def _unambiguous(self) -> Iterator[Edge]:
        """Yield the edges that join by themselves, the best first: without those of a node between
        two that exclude each other and fit it about as well. Two that a misspelling is like exclude
        each other if they have nothing to do with each other, unless all there is is one name and
        its misspellings: small steps would lead anywhere.
        """
        full = [edge for edge in self._edges if edge.shorter is None]
        around: dict[str, dict[str, Edge]] = defaultdict(dict)
        for edge in full:
            around[edge.one][edge.other] = edge
            around[edge.other][edge.one] = edge
        self._hubs = {
            one for one, edges in around.items()
            if all(around[other].keys() - {one} <= edges.keys() for other in edges)
        }  # fmt: skip
        void: set[tuple[str, str]] = set()
        for one, other in combinations(sorted(around), 2):
            for between in around[one].keys() & around[other].keys():
                edges = around[one][between], around[other][between]
                like = all(edge.comparison.verdict is Verdict.LIKE for edge in edges)
                strangers = like and between not in self._hubs
                first, second = (edge.comparison.score for edge in edges)
                if abs(first - second) < MARGIN and self._exclude(one, other, strangers=strangers):
                    void |= {edge[:2] for edge in edges}
        self._done.ambiguous |= void
        return (edge for edge in full if edge[:2] not in void)

    def _join_shorter(self) -> None:
        """Join shorter forms with the one thing that they can stand for, the longest form first,
        and last those that say nothing of their own.
        """
        longer: dict[str, list[Edge]] = defaultdict(list)
        for edge in self._edges:
            if edge.shorter is not None:
                longer[edge.shorter].append(edge)
        for id_ in sorted(longer, key=self._turn):
            own = self._joined.root(id_)
            targets: dict[str, list[Edge]] = defaultdict(list)
            for member in self._members[own]:
                for edge in longer.get(member, ()):
                    targets[self._joined.root(_longer(edge))].append(edge)
            # What it cannot be is no second candidate.
            edges = [
                edges
                for root, edges in targets.items()
                if root != own and self._fit(*edges[0][:2], all_agree=False)
            ]
            if len(edges) > 1:
                self._done.ambiguous |= {edge[:2] for some in edges for edge in some}
            elif edges:
                self._accept(min(edges[0], key=self._standing))

    def _turn(self, id_: str) -> tuple[bool, int, tuple[str, str]]:
        """Order shorter forms."""
        name = self._nodes[id_]
        return is_open(name.normal), -len(name.normal), name.rank


def _longer(edge: Edge) -> str:
    """Give the node of an edge that says more."""
    return edge.one if edge.shorter == edge.other else edge.other


def entity_of(clusters: Clusters) -> dict[str, str]:
    """Give the entity of each node."""
    return {id_: entity_id(ids) for ids in clusters.entities for id_ in ids}
