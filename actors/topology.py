"""How many actors of each stage run on which node: pure functions.

A node gets its own share of actors, which depends on nothing but itself and what the stages cost:
so a node that joins or leaves changes nothing elsewhere, unless its labels keep it for some stages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from pipeline.documents import StageName, Value
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.stage import STAGES

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
GRAIN = 10_000
"""Ray counts a resource in parts so small, and would round a share of a GPU up."""

OCR_LABEL, GPU_LABEL = "casegraph.io/ocr", "casegraph.io/gpu"


class Node(Value):
    """A machine that actors may run on: its cores, the bytes that they may take in all, its GPUs
    and its labels.
    """

    id: str
    cpus: float
    memory: int
    gpus: int = 0
    labels: Mapping[str, str] = {}

    @property
    def cores(self) -> int:
        """Count the cores, one at least: a share of one is one that others use, too."""
        return max(1, int(self.cpus))


class Ask(Value):
    """What a run asks of a topology: `actors` says how many a stage gets in all, where a person
    wants it so, `waits` names the stages that wait for a language model, `on_gpu` those that
    compute on a GPU, which so many of their actors share, `unfit` the places where an actor could
    not be started.
    """

    actors: Mapping[str, int] = {}
    waits: frozenset[StageName] = frozenset()
    on_gpu: frozenset[StageName] = frozenset()
    actors_per_gpu: int = 1
    unfit: frozenset[tuple[StageName, str]] = frozenset()

    @classmethod
    def of(
        cls, settings: Settings, waits: Collection[StageName], stages: Collection[StageName]
    ) -> Ask:
        """Say what settings ask for a run of these stages. A model of spaCy's computes on cores
        whatever `extract.device` says.
        """
        extract = settings.extract
        on_gpu = extract.extractor == "transformers" and extract.device == "cuda"
        return cls(
            actors=settings.run.actors,
            waits=frozenset(waits),
            on_gpu=frozenset({StageName.EXTRACT} & set(stages) if on_gpu else ()),
            actors_per_gpu=settings.run.actors_per_gpu,
        )

    def kept_for(self, node: Node) -> frozenset[StageName]:
        """Name the stages that a node's labels keep it for; none without a label."""
        on_gpu = self.on_gpu if node.gpus else frozenset()
        told = {OCR_LABEL: frozenset({StageName.OCR}), GPU_LABEL: on_gpu}
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
        and these run nowhere else; a stage that would find no node may run on any. What computes
        on a GPU runs only where there is one, and none where it could not be started, which are no
        nodes to that stage: others do for the ones that their labels keep for it.
        """
        places: dict[StageName, list[Node]] = {}
        for stage in STAGES:
            fit = [node for node in nodes if (stage, node.id) not in self.unfit]
            able = [node for node in fit if node.gpus or stage not in self.on_gpu]
            mine = [node for node in able if stage in self.kept_for(node)]
            plain = [node for node in able if not self.kept_for(node)]
            places[stage] = mine or plain or able
        return places

    def lacks(self, nodes: Sequence[Node]) -> str:
        """Say what no node has and a run needs, to follow "no node with"; empty for nothing."""
        if not nodes:
            return "a core to work with"
        lacks_gpu = self.on_gpu and not any(node.gpus for node in nodes)
        return "a GPU, which extract.device=cuda needs" if lacks_gpu else ""

    def is_steady(self, stage: StageName) -> bool:
        """Say whether a stage has as many actors as it should, however its queue grows: those that
        a person wants, one that waits, or what its GPUs hold.
        """
        return stage in self.on_gpu or not self.is_free(stage)

    def gpus_of(self, stage: StageName) -> float:
        """Say how much of a GPU an actor of a stage asks Ray for, which hides the others from it;
        so much that as many fit on one as should.
        """
        if stage not in self.on_gpu:
            return 0.0
        return math.floor(GRAIN / self.actors_per_gpu) / GRAIN

    def room(self, stage: StageName, node: Node) -> float:
        """Say how many actors of a stage a node can hold beside its memory."""
        return node.gpus * self.actors_per_gpu if stage in self.on_gpu else math.inf


NOTHING_ASKED = Ask()


def within(nodes: Sequence[Node], cores: int | None, ask: Ask = NOTHING_ASKED) -> list[Node]:
    """Take nodes until they have so many cores, those with a GPU first where one is needed, and of
    the last one no more than are wanted; all of them where that is not said.
    """
    if cores is None:
        return list(nodes)
    taken: list[Node] = []
    for node in sorted(nodes, key=lambda node: not (ask.on_gpu and node.gpus)):
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
    made up changes and the system shares cores between processes; of what computes on a GPU it gets
    what its GPUs hold. Where there is little to do, there are fewer, since an actor costs its
    models' loading. A stage that waits for a language model has one actor in all, which works on
    many documents at once. Each stage has one at least, where there is any node that it may run on.
    """
    where = ask.allowed(nodes)
    counts: Counter[Place] = Counter()
    for node in nodes:
        mine = [stage for stage in STAGES if node in where[stage] and ask.is_free(stage)]
        counts.update({(stage, node.id): n for stage, n in _share(node, mine, costs, ask).items()})
    most = max(1, math.ceil(pending / DOCUMENTS_AN_ACTOR))
    for stage in STAGES:
        if ask.is_free(stage):
            _cut(counts, stage, where[stage], most)
        else:
            _spread(counts, stage, where[stage], ask.actors.get(stage, 1), ask)
        if nodes and not any(counts[stage, node.id] for node in nodes):
            _spread(counts, stage, where[stage], 1, ask)
    return +counts


def _share(
    node: Node, stages: Sequence[StageName], costs: Mapping[StageName, float], ask: Ask
) -> dict[StageName, int]:
    """Count the actors of the stages on one node. A small one has none to spare: loading a model
    takes seconds of its few cores, and `Balance` adds what turns out to be short.
    """
    counts: dict[StageName, int] = {}
    whole = sum(costs[stage] for stage in stages if stage not in ask.on_gpu)
    headroom = HEADROOM if node.cores > FEW_CORES else 1.0
    for stage in stages:
        if stage in ask.on_gpu:
            counts[stage] = max(1, min(node.gpus * ask.actors_per_gpu, node.cores))
            continue
        wanted = math.ceil(headroom * node.cores * costs[stage] / whole) if whole else 1
        counts[stage] = max(1, min(wanted, node.cores))
    # What is most numerous gives way first: the others are one of a kind.
    while bytes_of(counts) > node.memory and max(counts.values(), default=0) > 1:
        most = max(counts, key=lambda stage: (counts[stage], MEMORY[stage]))
        counts[most] -= 1
    return counts


def bytes_of(counts: Mapping[StageName, int]) -> int:
    """Sum up the memory that actors take with their models loaded."""
    return sum(MEMORY[stage] * count for stage, count in counts.items())


def _spread(
    counts: Counter[Place], stage: StageName, nodes: Sequence[Node], total: int, ask: Ask
) -> None:
    """Put so many actors of a stage on nodes, or what they can hold, each time where there are
    fewest a core, or a GPU.
    """
    for _ in range(total):
        free = [node for node in nodes if counts[stage, node.id] < ask.room(stage, node)]
        if not free:
            return
        by = {node.id: node.gpus if stage in ask.on_gpu else node.cores for node in free}
        node = min(free, key=lambda node: (counts[stage, node.id] + 1) / by[node.id])
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
