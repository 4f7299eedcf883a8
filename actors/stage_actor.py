"""Hosts one stage under Ray: a `StageWorker`, with what else its process is asked for.

It keeps nothing between calls but its loaded models. Several calls may be under way at once in one
that waits for a language model, each about one content.

What a call may cost its process is limited here: time by `time_limit`, memory by what the system
gives. A process that took too much of either ends itself, and leaves word of where it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from threading import Lock
from typing import NoReturn

from actors.actor_log import begin_log
from actors.calls import Answer, Task
from actors.cpu_clock import cpu_clock
from actors.last_words import Whereabouts, whereabouts
from actors.memory import Growth
from actors.ocr_worker import OcrWorker
from actors.process_limits import ProcessLimits
from actors.stage_worker import StageWorker
from actors.work_thread import InWorkThread, PagesInWorkThread
from actors.workplace import Workplace
from pipeline.documents import DocumentFailure, StageName
from pipeline.llm.charging import Charge
from pipeline.scratch import sweep_scratch
from pipeline.sources import Identified, Located
from pipeline.stores.protocols import CacheUse


class _News:
    """What a cache was asked for since that was last told, by any call. `now` is all of it."""

    def __init__(self, now: Callable[[], CacheUse]) -> None:
        self._now = now
        self._told = CacheUse()
        self._telling = Lock()

    def tell(self) -> CacheUse:
        """Say what was not told yet."""
        with self._telling:
            before, self._told = self._told, self._now()
            now = self._told
        return CacheUse(asked=now.asked - before.asked, found=now.found - before.found)


class StageActor:
    """A `StageWorker` that is built where it runs; Ray restarts it when its process dies.

    `load` makes it fit for work; `ready` does so in a process of its own, which is then limited.
    Where the stage waits for a language model, `run` is called by several threads at once.
    """

    def __init__(self, place: Workplace, name: StageName) -> None:
        self._place = place
        self._name = name
        self._limits: ProcessLimits | None = None
        self._loaded = False
        self._loading = Lock()
        self._stopped = self._closed = False

    def where(self) -> Whereabouts:
        """Say where this process is: asked before anything that could end it."""
        return whereabouts()

    def alive(self) -> None:
        """Answer, while other threads are at work."""

    def ready(self) -> str:
        """Load the models and limit this process; say so. Raises UnavailableError for a model that
        is missing.
        """
        with self._loading:  # calls may come at once to a process that took another's place
            if not self._loaded:
                self._limits = ProcessLimits(self._place, self._name, whereabouts().late)
                with self._limits.starting():
                    self.load()
        return self._name

    def load(self) -> None:
        """Open the stores and load the models. Raises UnavailableError for one that is missing."""
        from pipeline import assembly

        place, name = self._place.opened(), self._name
        begin_log(place, name)
        sweep_scratch()
        self._stores = assembly.open_stores(place.settings, place.urls)
        if name in place.waits:
            known = (place.settings, place.urls, place.project, place.shown)
            self._stores = assembly.with_shown(self._stores, *known)
        self._hosted = place.host(name, place.settings, self._stores)
        place.plan.check(self._hosted.stage.identity)
        self._filling = partial(assembly.open_filling, place.settings, self._stores, place.project)
        limits, hosted = self._limits, self._hosted
        stage = hosted.stage if limits is None else limits.of(hosted.stage)
        thread = InWorkThread(stage, place.waits.get(name, 1))
        worker: Callable[..., StageWorker] = StageWorker
        if paged := hosted.paged:
            paged = paged if limits is None else limits.of_pages(paged)
            at_once = place.settings.run.pages_at_once
            worker = partial(OcrWorker, paged=PagesInWorkThread(paged, thread), at_once=at_once)
        self._worker = worker(
            name=name,
            stage=thread,
            plan=place.plan,
            project=place.project,
            checkpoints=self._stores.checkpoints,
            fetcher=assembly.open_fetcher(place.settings, self._stores),
            patience=min(StageWorker.patience, place.settings.run.patience_seconds),
            clock=cpu_clock() if name not in place.waits else time.perf_counter,
            account=(Charge(place.project, place.run, stage=name) if name in place.waits else None),
        )
        self._growth = Growth()
        self._embeddings = _News(lambda: self._stores.vectors.use)
        self._answers = _News(lambda: self._stores.answers.counted.use)
        self._loaded = True
        if self._stopped:
            self.stop()
        if self._closed:
            self.close()

    def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """See `StageWorker.identify`."""
        self._be_ready()
        return self._worker.identify(sources)

    def run(self, tasks: Sequence[Task]) -> Answer:
        """See `StageWorker.run`. A process that cannot have the memory it needs does not answer."""
        self._be_ready()
        with self._limits.memory() if self._limits is not None else nullcontext():
            answer = self._worker.run(tasks)
        return answer.model_copy(
            update={
                "embeddings": self._embeddings.tell(),
                "answers": self._answers.tell(),
                "grown": self._growth.bytes,
            }
        )

    def _be_ready(self) -> None:
        """Load the models in a process that took the place of one that died unnoticed."""
        if not self._loaded:
            self.ready()

    def fill_vectors(self) -> int:
        """Compute vectors that published chunks lack, some at a time; return how many were filled.

        Only the `chunk` stage has the model.
        """
        self._be_ready()
        if self._hosted.embed is None:
            return 0
        return self._filling().with_model(self._hosted.embed)

    def stop(self) -> None:
        """Let a stage that waits for a language model ask nothing more, also one that loads."""
        self._stopped = True
        if self._loaded and self._hosted.stop is not None:
            self._hosted.stop()

    def close(self) -> None:
        """End what the stage started: the parser's child, or questions that are under way."""
        self._closed = True
        if self._loaded and self._hosted.close is not None:
            self._hosted.close()

    def end(self) -> NoReturn:
        """End this process, and what the stage started, without an answer; the process also where
        that cannot be ended.
        """
        try:
            self.close()
        finally:
            os._exit(0)
