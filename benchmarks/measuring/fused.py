"""The small stages of the tests without Ray: in memory, and on the stores of a run."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults import small_stages

from actors.calls import Task
from actors.speeds import Speeds
from actors.stage_worker import StageWorker
from measuring.flow import identified
from measuring.texts import Corpus
from pipeline import assembly, identity
from pipeline.documents import CaseRecord, DocumentFailure, Source, StageName
from pipeline.process import Stages, process
from pipeline.settings import Settings
from pipeline.sources import Located
from pipeline.stage import STAGES, Chain
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.memory import MemoryBlobs
from pipeline.stores.redis_connection import connect

PROJECT = "fused"


@dataclass(frozen=True)
class SmallFlow:
    """The five small stages in this process, each result handed to the next one in memory."""

    stages: Stages

    def run(self, source: Source) -> CaseRecord:
        """Run them on one document."""
        return process(source, self.stages)

    def close(self) -> None:
        """Leave nothing behind: there is nothing."""


def small_flow(settings: Settings, warm_up: Path) -> SmallFlow:
    """Build the small stages, and run one document that is not counted."""
    stores: Any = _InMemory(MemoryBlobs())
    built = [small_stages.host(stage, settings, stores).stage for stage in STAGES]
    flow = SmallFlow(Stages(*built))
    flow.run(*identified([warm_up]))
    return flow


@dataclass(frozen=True)
class _InMemory:
    """As much of the stores as the small stages look at."""

    blobs: MemoryBlobs


def measure_fused(
    settings: Settings, urls: ServiceUrls, corpus: Corpus, burns: float, most: int
) -> dict[str, Any]:
    """Bring some documents through the stages in this process, on the stores of a run and in
    batches as a run makes them, and say what CPU time that takes for each. Redis is empty after it.
    """
    workers = _workers(settings, urls)
    speeds = Speeds()
    for stage in STAGES:
        speeds.learn(stage, [burns])
    size, paths = speeds.batch(STAGES[0]), corpus.paths[:most]
    _through(workers, [corpus.warm_up])
    began = time.process_time()
    for first in range(0, len(paths), size):
        _through(workers, paths[first : first + size])
    seconds = time.process_time() - began
    with connect(urls.redis_url) as client:
        client.flushdb()
    return {"documents": len(paths), "batch": size, "seconds_per_document": seconds / len(paths)}


def _workers(settings: Settings, urls: ServiceUrls) -> dict[StageName, StageWorker]:
    """Build what a stage actor holds, of each stage."""
    stores, plan = assembly.open_stores(settings, urls), small_stages.plan()
    return {
        stage: StageWorker(
            name=stage,
            stage=small_stages.host(stage, settings, stores).stage,
            plan=plan,
            project=identity.project_id(PROJECT),
            checkpoints=stores.checkpoints,
            fetcher=assembly.open_fetcher(settings, stores),
        )
        for stage in STAGES
    }


def _through(workers: dict[StageName, StageWorker], paths: Sequence[Path]) -> None:
    """Bring a batch through all stages. Raises SystemExit for a document that fails."""
    project = identity.project_id(PROJECT)
    located = [Located(uri=path.as_uri(), name=path.name) for path in paths]
    tasks = []
    for where, known in zip(located, workers[STAGES[0]].identify(located), strict=True):
        if isinstance(known, DocumentFailure):
            raise SystemExit(f"{where.uri} cannot be measured: {known.message}")
        content = identity.content_id(project, known.sha256, known.media_type)
        document = identity.document_id(project, where.uri)
        tasks.append(
            Task(
                content_id=content,
                document_id=document,
                located=where,
                identified=known,
                chain=Chain(),
            )
        )
    for stage in STAGES:
        answer = workers[stage].run(tasks)
        made = []
        for task, outcome in zip(tasks, answer.outcomes, strict=True):
            if outcome.link is None:
                raise SystemExit(f"{task.located.uri} cannot be measured: {outcome}")
            made.append(task.at(task.chain.extended(outcome.link), durable=False))
        tasks = made


def burning(seconds: float) -> None:
    """Let the small stages of this process, and of those that it starts, take so much CPU time for
    each input.
    """
    os.environ[small_stages.BURNS] = str(seconds)
