"""How many actors of each stage run on which node: pure functions.

A node gets its own share of actors, which depends on nothing but itself and what the stages cost:
so a node that joins or leaves changes nothing elsewhere, unless its labels keep it for some stages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.documents import StageName, Value
from pipeline.errors import UsageError
from pipeline.stage import STAGES

MODELS = (StageName.OCR, StageName.CHUNK, StageName.EXTRACT)
"""The stages with a model or a child of their own: most of the time goes into one of these."""
COSTS: Mapping[StageName, float] = {
    StageName.OCR: 0.02,
    StageName.CHUNK: 0.12,
    StageName.EXTRACT: 0.15,
    StageName.RESOLVE: 0.006,
    StageName.RELATE: 0.02,
}
"""CPU seconds of a document of some thousand characters of text: what is taken for a project of
which nothing is known yet (benchmarks/overhead.py)."""
MEMORY: Mapping[StageName, int] = {
    StageName.OCR: 400 << 20,
    StageName.CHUNK: 900 << 20,
    StageName.EXTRACT: 700 << 20,
    StageName.RESOLVE: 250 << 20,
    StageName.RELATE: 250 << 20,
}
"""What an actor takes with its models loaded, in bytes."""
FEW_CORES = 4
HEADROOM = 1.5
DOCUMENTS_AN_ACTOR = 8

OCR_LABEL, GPU_LABEL = "casegraph.io/ocr", "casegraph.io/gpu"


class Node(Value):
    """A machine that actors may run on: its cores, the bytes that they may take in all, its
    labels.
    """

    id: str
    cpus: float
    memory: int
    labels: Mapping[str, str] = {}

    @property
    def cores(self) -> int:
        """Count the cores, one at least: a share of one is one that others use, too."""
        return max(1, int(self.cpus))


class Ask(Value):
    """What a run asks of a topology: `actors` says how many a stage gets in all, where a person
    wants it so, `waits` names the stages that wait for a language model, `on_gpu` those that
    compute on a GPU, `unfit` the places where an actor could not be started.
    """

    actors: Mapping[str, int] = {}
    waits: frozenset[StageName] = frozenset()
    on_gpu: frozenset[StageName] = frozenset()
    unfit: frozenset[tuple[StageName, str]] = frozenset()

    def kept_for(self, node: Node) -> frozenset[StageName]:
        """Name the stages that a node's labels keep it for; none without a label."""
        told = {OCR_LABEL: frozenset({StageName.OCR}), GPU_LABEL: self.on_gpu}
        mine = [stages for label, stages in told.items() if node.labels.get(label) == "true"]
        return frozenset().union(*mine)

    def check(self) -> None:
        """See that the counts of `run.actors` are some. Raises UsageError."""
        for name, count in self.actors.items():
            if name not in set(STAGES) or count < 1:
                known = ", ".join(STAGES)
                raise UsageError(f"run.actors: {name}={count} is not a count for one of {known}")

    def is_free(self, stage: StageName) -> bool:
        """Say whether it is ours to say how many actors a stage gets."""
        return stage not in self.waits and stage not in self.actors

    def allowed(self, nodes: Sequence[Node]) -> dict[StageName, list[Node]]:
        """Say where each stage may run. Nodes that are labelled for some stages run these alone,
        and these run nowhere else; a stage that would find no node may run on any. None runs where
        it could not.
        """
        places: dict[StageName, list[Node]] = {}
        for stage in STAGES:
            mine = [node for node in nodes if stage in self.kept_for(node)]
            plain = [node for node in nodes if not self.kept_for(node)]
            fit = mine or plain or list(nodes)
            places[stage] = [node for node in fit if (stage, node.id) not in self.unfit]
        return places


NOTHING_ASKED = Ask()


def within(nodes: Sequence[Node], cores: int | None) -> list[Node]:
    """Take nodes until they have so many cores, and of the last one no more than are wanted; all of
    them where that is not said.
    """
    if cores is None:
        return list(nodes)
    taken: list[Node] = []
    for node in nodes:
        if (left := cores - sum(one.cores for one in taken)) > 0:
            taken.append(node.model_copy(update={"cpus": min(node.cpus, left)}))
    return taken


Place = tuple[StageName, str]
"""A stage on a node."""
Placement = Mapping[Place, int]
"""How many actors stand at a place."""


def placed(
    nodes: Sequence[Node],
    pending: int,
    costs: Mapping[StageName, float] = COSTS,
    ask: Ask = NOTHING_ASKED,
) -> Counter[Place]:
    """Place the actors of a run with so many `pending` documents on nodes.

    Each node gets its share by what the stages cost, with some to spare, since how documents are
    made up changes and the system shares cores between processes. Where there is little to do,
    there are fewer, since an actor costs its models' loading. A stage that waits for a language
    model has one actor in all, which works on many documents at once. Each stage has one at least,
    where there is any node.
    """
    where = ask.allowed(nodes)
    counts: Counter[Place] = Counter()
    for node in nodes:
        mine = [stage for stage in STAGES if node in where[stage] and ask.is_free(stage)]
        counts.update({(stage, node.id): n for stage, n in _share(node, mine, costs).items()})
    most = max(1, math.ceil(pending / DOCUMENTS_AN_ACTOR))
    for stage in STAGES:
        if ask.is_free(stage):
            _cut(counts, stage, where[stage], most)
        else:
            _spread(counts, stage, where[stage], ask.actors.get(stage, 1))
        if nodes and not any(counts[stage, node.id] for node in nodes):
            _spread(counts, stage, where[stage], 1)
    return +counts


def _share(
    node: Node, stages: Sequence[StageName], costs: Mapping[StageName, float]
) -> dict[StageName, int]:
    """Count the actors of the stages on one node. A small one has an actor a core of each stage
    with a model: any of these may be the one that is needed.
    """
    whole = sum(costs[stage] for stage in stages)
    if not whole:
        return {}
    counts = {}
    for stage in stages:
        wanted = math.ceil(HEADROOM * node.cores * costs[stage] / whole)
        if stage in MODELS and node.cores <= FEW_CORES:
            wanted = node.cores
        counts[stage] = max(1, min(wanted, node.cores))
    # What is most numerous gives way first: the others are one of a kind.
    while bytes_of(counts) > node.memory and max(counts.values()) > 1:
        most = max(counts, key=lambda stage: (counts[stage], MEMORY[stage]))
        counts[most] -= 1
    return counts


def bytes_of(counts: Mapping[StageName, int]) -> int:
    """Sum up the memory that actors take with their models loaded."""
    return sum(MEMORY[stage] * count for stage, count in counts.items())


def _spread(counts: Counter[Place], stage: StageName, nodes: Sequence[Node], total: int) -> None:
    """Put so many actors of a stage on nodes, each time where there are fewest a core."""
    for _ in range(total if nodes else 0):
        node = min(nodes, key=lambda node: (counts[stage, node.id] + 1) / node.cores)
        counts[stage, node.id] += 1


def _cut(counts: Counter[Place], stage: StageName, nodes: Sequence[Node], most: int) -> None:
    """Take actors of a stage away, each time where there are most, until `most` are left."""
    left = sum(counts[stage, node.id] for node in nodes)
    while left > most:
        node = max(nodes, key=lambda node: counts[stage, node.id])
        counts[stage, node.id] -= 1
        left -= 1


def of_stage(stage: StageName, counts: Placement) -> int:
    """Sum up what is counted of a stage, over its nodes."""
    return sum(count for (of, _), count in counts.items() if of == stage)


def missing(wanted: Placement, stand: Placement, ask: Ask = NOTHING_ASKED) -> Counter[Place]:
    """Say how many actors are to be started where, of those that are wanted, beside those that
    stand. Of a stage whose number is not ours to say there are never more than that, wherever they
    stand: a larger node that joins would have them now, and nobody takes them from the others.
    """
    lack = Counter(wanted) - Counter(stand)
    for stage in STAGES:
        if ask.is_free(stage):
            continue
        left = max(of_stage(stage, wanted) - of_stage(stage, stand), 0)
        for place in sorted(place for place in lack if place[0] == stage):
            lack[place] = min(lack[place], left)
            left -= lack[place]
    return +lack
