"""How many actors of each stage run on which node: pure functions.

A node gets its own share of actors, which depends on nothing but itself and what the stages cost:
so a node that joins or leaves changes nothing elsewhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    compute on a GPU.
    """

    actors: Mapping[str, int] = {}
    waits: frozenset[StageName] = frozenset()
    on_gpu: frozenset[StageName] = frozenset()

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
        and these run nowhere else; a stage that would find no node may run on any.
        """
        places: dict[StageName, list[Node]] = {}
        for stage in STAGES:
            mine = [node for node in nodes if stage in self.kept_for(node)]
            plain = [node for node in nodes if not self.kept_for(node)]
            places[stage] = mine or plain or list(nodes)
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
    while _bytes(counts) > node.memory and max(counts.values()) > 1:
        most = max(counts, key=lambda stage: (counts[stage], MEMORY[stage]))
        counts[most] -= 1
    return counts


def _bytes(counts: Mapping[StageName, int]) -> int:
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


# -- while it runs -------------------------------------------------------------------------------

LOOKS = 10
"""How many looks in a row have to show the same before anything is changed."""
IDLE_LOOKS = 60
"""How many looks an actor has done nothing for when it may give way to another one."""


class Look(Value):
    """What the stages did at one moment: how many contents were `queued` for each, and how many
    actors of each worked at each place.
    """

    queued: Mapping[StageName, int]
    busy: Mapping[Place, int]


class Step(Value):
    """One change: an actor more at `grow`, and one less at `shrink` where it has to give way."""

    grow: Place
    shrink: Place | None = None


def _of(stage: StageName, counts: Placement) -> int:
    """Sum up what is counted of a stage, over its nodes."""
    return sum(count for (of, _), count in counts.items() if of == stage)


@dataclass
class Balance:
    """Looks at the stages while they work, and says when one needs another actor.

    A stage is short of actors where all it has are at work and more waits for them, look after
    look, while cores stand idle. Where all cores are at work, another actor would only share them;
    where nothing waits, it would have nothing to do. So one that is given is needed, none is given
    twice for one need, as all looks are forgotten with each step, and one that stands idle is left
    alone until its memory is needed.
    """

    ask: Ask = NOTHING_ASKED
    _looks: list[Look] = field(default_factory=list)
    _resting: Counter[Place] = field(default_factory=Counter)

    def note(self, look: Look, placement: Placement) -> None:
        """Take in what was seen."""
        self._looks = [*self._looks[-(LOOKS - 1) :], look]
        for place, count in placement.items():
            idle = look.busy.get(place, 0) < count and not look.queued[place[0]]
            self._resting[place] = self._resting[place] + 1 if idle else 0

    def step(self, nodes: Sequence[Node], placement: Placement) -> Step | None:
        """Say what is to be changed; None for nothing."""
        if len(self._looks) < LOOKS:
            return None
        short = [stage for stage in STAGES if self._is_short(stage, placement)]
        for stage in sorted(short, key=lambda x: -self._looks[-1].queued[x]):
            for node in sorted(self.ask.allowed(nodes)[stage], key=self._idle_cores, reverse=True):
                if self._idle_cores(node) < 1:
                    break
                if step := self._at(stage, node, placement):
                    self._looks.clear()
                    self._resting.clear()
                    return step
        return None

    def _is_short(self, stage: StageName, placement: Placement) -> bool:
        if not self.ask.is_free(stage):
            return False
        count = sum(n for (of, _), n in placement.items() if of == stage)
        return all(
            look.queued[stage]
            and sum(n for (of, _), n in look.busy.items() if of == stage) >= count
            for look in self._looks
        )

    def _idle_cores(self, node: Node) -> float:
        """Say how many cores of a node nothing ran on, on average."""
        busy = sum(
            count
            for look in self._looks
            for (stage, at), count in look.busy.items()
            if at == node.id and stage not in self.ask.waits
        )
        return node.cores - busy / len(self._looks)

    def _at(self, stage: StageName, node: Node, placement: Placement) -> Step | None:
        """Find room for an actor on a node: what is free, or what an idle one gives up."""
        here = {of: count for (of, at), count in placement.items() if at == node.id}
        free = node.memory - _bytes(here)
        if free >= MEMORY[stage]:
            return Step(grow=(stage, node.id))
        for of, count in here.items():
            place = of, node.id
            enough = free + MEMORY[of] >= MEMORY[stage]
            rested = self._resting[place] >= IDLE_LOOKS
            if self.ask.is_free(of) and of != stage and count > 1 and rested and enough:
                return Step(grow=(stage, node.id), shrink=place)
        return None
