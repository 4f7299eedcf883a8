"""Hosts one stage under Ray: a `StageWorker`, with what else its process is asked for.

It keeps nothing between calls but its loaded models. Several calls may be under way at once in one
that waits for a language model, each about one content.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import NoReturn

from actors.actor_log import begin_log
from actors.calls import Answer, Task
from actors.memory import Growth
from actors.stage_worker import StageWorker
from actors.work_thread import InWorkThread
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
    """A `StageWorker` that builds itself where it runs; Ray restarts it when its process dies.

    Where the stage waits for a language model, `run` is called by several threads at once.
    """

    def __init__(self, place: Workplace, name: StageName) -> None:
        from pipeline import assembly

        begin_log(place, name)
        sweep_scratch()
        self._stores = assembly.open_stores(place.settings, place.urls)
        if name in place.waits:
            known = (place.settings, place.urls, place.project, place.shown)
            self._stores = assembly.with_shown(self._stores, *known)
        self._hosted = place.host(name, place.settings, self._stores)
        place.plan.check(self._hosted.stage.identity)
        self._filling = partial(assembly.open_filling, place.settings, self._stores, place.project)
        self._worker = StageWorker(
            name=name,
            stage=InWorkThread(self._hosted.stage, place.waits.get(name, 1)),
            plan=place.plan,
            project=place.project,
            checkpoints=self._stores.checkpoints,
            fetcher=assembly.open_fetcher(place.settings, self._stores),
            patience=min(StageWorker.patience, place.settings.run.patience_seconds),
            account=(Charge(place.project, place.run, stage=name) if name in place.waits else None),
        )
        self._growth = Growth()
        self._embeddings = _News(lambda: self._stores.vectors.use)
        self._answers = _News(lambda: self._stores.answers.counted.use)

    def ready(self) -> str:
        """Say that the models are loaded."""
        return self._worker.name

    def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """See `StageWorker.identify`."""
        return self._worker.identify(sources)

    def run(self, tasks: Sequence[Task]) -> Answer:
        """See `StageWorker.run`."""
        answer = self._worker.run(tasks)
        return answer.model_copy(
            update={
                "embeddings": self._embeddings.tell(),
                "answers": self._answers.tell(),
                "grown": self._growth.bytes,
            }
        )

    def fill_vectors(self) -> int:
        """Compute vectors that published chunks lack, some at a time; return how many were filled.

        Only the `chunk` stage has the model.
        """
        if self._hosted.embed is None:
            return 0
        return self._filling().with_model(self._hosted.embed)

    def stop(self) -> None:
        """Let a stage that waits for a language model ask nothing more."""
        if self._hosted.stop is not None:
            self._hosted.stop()

    def close(self) -> None:
        """End what the stage started: the parser's child, or questions that are under way."""
        if self._hosted.close is not None:
            self._hosted.close()

    def end(self) -> NoReturn:
        """End this process, and what the stage started, without an answer."""
        self.close()
        os._exit(0)
