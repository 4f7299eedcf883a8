"""What the stages of a run came to: what is under way, what was made of which type of file, how
long it took, and what the caches had. Plain bookkeeping, in memory that does not grow with the run.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actors.calls import Answer, Call, Outcome
from actors.metrics import Meters
from actors.mode import ACCELERATED
from actors.waits import KEPT, NO_SPREAD, Spread, Waits, spread
from pipeline.documents import StageName, Value
from pipeline.stage import STAGES
from pipeline.stores.protocols import CacheUse

MOST_TYPES, OTHER = 60, "other"
MOST_NOTES = 100
CHECKPOINT, EMBEDDING, ANSWER = "checkpoint", "embedding", "answer"


class AtWork(Value):
    """What a stage has under way: its calls, how many its actors can have, and for how many seconds
    the oldest has been.
    """

    calls: int = 0
    slots: int = 0
    oldest: float = 0.0


class OfType(Value):
    """What a stage made of the contents of one type, in `seconds` altogether. `reused` ones had a
    checkpoint already.
    """

    made: int = 0
    reused: int = 0
    failed: int = 0
    seconds: float = 0.0


class StageWork(Value):
    """What a stage came to: by type of file; how long it worked on a content, and how long one
    waited for it, in seconds; how many contents were in calls that were lost.
    """

    types: Mapping[str, OfType] = {}
    service: Spread = NO_SPREAD
    queue: Spread = NO_SPREAD
    lost: int = 0


class Note(Value):
    """Something that happened, so many seconds after the run began."""

    after: float
    what: str
    why: str = ""


class Work(Value):
    """What all stages of a run came to. `modes` are the changes of its mode, `stalls` where nothing
    moved; of many, the last ones.
    """

    stages: Mapping[StageName, StageWork] = {}
    caches: Mapping[str, CacheUse] = {}
    modes: tuple[Note, ...] = ()
    stalls: tuple[Note, ...] = ()


NO_WORK = Work()


def _kept() -> deque[float]:
    return deque(maxlen=KEPT)


@dataclass
class _Stage:
    types: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    service: deque[float] = field(default_factory=_kept)
    queue: deque[float] = field(default_factory=_kept)
    lost: int = 0


def _notes() -> deque[Note]:
    return deque(maxlen=MOST_NOTES)


@dataclass
class Tally:
    """The stages of one run. `waits` knows since when its contents wait."""

    meters: Meters
    waits: Waits
    clock: Callable[[], float] = time.monotonic
    _stages: dict[StageName, _Stage] = field(
        default_factory=lambda: {stage: _Stage() for stage in STAGES}
    )
    _under_way: dict[int, tuple[StageName, float]] = field(default_factory=dict)
    _caches: dict[str, CacheUse] = field(default_factory=dict)
    _mode: str = ACCELERATED
    _modes: deque[Note] = field(default_factory=_notes)
    _stalled: str = ""
    _stalls: deque[Note] = field(default_factory=_notes)
    _began: float = 0.0

    def __post_init__(self) -> None:
        self._began = self.clock()

    def sent(self, call: Call) -> None:
        """Take down that a call was made: its contents wait no longer."""
        stage = self._stages[call.stage]
        self._under_way[call.number] = call.stage, self.clock()
        for task in call.tasks:
            if (waited := self.waits.taken_up(task.content_id)) is not None:
                stage.queue.append(waited)
                self.meters.observe("casegraph_queue_seconds", waited, stage=call.stage)

    def answered(self, call: Call, answer: Answer) -> None:
        """Take down what a call gave."""
        self._over(call)
        self.meters.observe("casegraph_store_wait_seconds", answer.waited, stage=call.stage)
        types = {task.content_id: task.identified.media_type for task in call.tasks}
        for outcome in answer.outcomes:
            self._count(call.stage, types[outcome.content_id], outcome)
        reused = sum(outcome.reused for outcome in answer.outcomes)
        self._cache(CHECKPOINT, CacheUse(asked=len(answer.outcomes), found=reused))
        self._cache(EMBEDDING, answer.embeddings)
        self._cache(ANSWER, answer.answers)

    def lost(self, call: Call) -> None:
        """Take down that a call was lost with its process."""
        self._over(call)
        self._stages[call.stage].lost += len(call.tasks)
        self._outcomes(call.stage, "lost", len(call.tasks))

    def postponed(self, call: Call) -> None:
        """Take down that a call found no store."""
        self._over(call)

    def at_work(self, slots: Mapping[StageName, int]) -> dict[StageName, AtWork]:
        """Say what each stage has under way, of so many calls that it can."""
        now = self.clock()
        began: dict[StageName, list[float]] = {stage: [] for stage in STAGES}
        for stage, since in self._under_way.values():
            began[stage].append(since)
        return {
            stage: AtWork(
                calls=len(times),
                slots=slots.get(stage, 0),
                oldest=max((now - since for since in times), default=0.0),
            )
            for stage, times in began.items()
        }

    def heard_mode(self, mode: str, reason: str) -> None:
        """Take down in what mode the run is, if that is news."""
        if mode != self._mode:
            self._mode = mode
            self._modes.append(Note(after=self.clock() - self._began, what=mode, why=reason))
            self.meters.count("casegraph_mode_changes_total", mode=mode)

    def heard_stall(self, where: str, words: str) -> bool:
        """Take down where nothing moves, empty while all goes on; say whether that is news."""
        news = where not in {"", self._stalled}
        if news:
            self._stalls.append(Note(after=self.clock() - self._began, what=where, why=words))
        self._stalled = where
        return news

    @property
    def caches(self) -> dict[str, CacheUse]:
        """Say what each cache was asked for, and had."""
        return dict(self._caches)

    def work(self) -> Work:
        """Sum up what all stages came to."""
        return Work(
            stages={name: _summed(stage) for name, stage in self._stages.items()},
            caches=self.caches,
            modes=tuple(self._modes),
            stalls=tuple(self._stalls),
        )

    def _over(self, call: Call) -> None:
        """Take down that a call is over: what is left of its contents waits for another one."""
        self._under_way.pop(call.number, None)
        self.waits.put_down(task.content_id for task in call.tasks)

    def _count(self, stage: StageName, type_: str, outcome: Outcome) -> None:
        """Count one outcome under its type."""
        known = self._stages[stage]
        if type_ not in known.types and len(known.types) >= MOST_TYPES:
            type_ = OTHER
        word = _word(outcome)
        known.types.setdefault(type_, Counter())[word] += 1
        self._outcomes(stage, word, 1)
        if word == "made":
            known.service.append(outcome.seconds)
            known.seconds[type_] = known.seconds.get(type_, 0.0) + outcome.seconds
            self.meters.observe("casegraph_service_seconds", outcome.seconds, stage=stage)

    def _outcomes(self, stage: StageName, word: str, number: int) -> None:
        self.meters.count("casegraph_contents_total", number, stage=stage, outcome=word)

    def _cache(self, name: str, use: CacheUse) -> None:
        self._caches[name] = self._caches.get(name, CacheUse()).joined(use)
        self.meters.count("casegraph_cache_asked_total", use.asked, cache=name)
        self.meters.count("casegraph_cache_found_total", use.found, cache=name)


def _word(outcome: Outcome) -> str:
    """Say in a word what an outcome is."""
    if outcome.failure is not None:
        return "failed"
    if outcome.part or outcome.count:
        return "in_ranges"
    if outcome.link is None:
        return "sent_back"
    return "reused" if outcome.reused else "made"


def _summed(stage: _Stage) -> StageWork:
    return StageWork(
        types={
            type_: OfType(
                made=counts["made"],
                reused=counts["reused"],
                failed=counts["failed"],
                seconds=stage.seconds.get(type_, 0.0),
            )
            for type_, counts in sorted(stage.types.items())
        },
        service=spread(stage.service),
        queue=spread(stage.queue),
        lost=stage.lost,
    )
