"""The practical ceiling: as many independent processes as cores, each with its share of the
documents, and nothing between or behind them. No orchestration can be faster than this.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Protocol

from measuring.flow import build_flow, identified
from measuring.texts import Corpus
from pipeline.documents import CaseRecord, Source
from pipeline.settings import Settings

READY_SECONDS, END_SECONDS = 300.0, 10.0


class InProcess(Protocol):
    """The five stages in one process."""

    def run(self, source: Source) -> CaseRecord:
        """Run them on one document."""

    def close(self) -> None:
        """End what they started."""


Build = Callable[[Settings, Path], InProcess]
"""Builds the stages where they are to run, and runs them once on a document to warm up."""


def measure_ceiling(
    settings: Settings, corpus: Corpus, build: Build = build_flow
) -> dict[str, Any]:
    """Measure wall seconds from a common start, models loaded, to the last document's end."""
    context = multiprocessing.get_context("spawn")
    cpus = settings.run.cpus or len(os.sched_getaffinity(0))
    workers = min(cpus, len(corpus.paths))
    barrier = context.Barrier(workers + 1)
    processes: list[SpawnProcess] = []
    answers: list[Connection] = []
    try:
        for number in range(workers):
            receiver, sender = context.Pipe(duplex=False)
            share = corpus.paths[number::workers]
            process = context.Process(
                target=_work, args=(build, settings, share, corpus.warm_up, barrier, sender)
            )
            process.start()
            sender.close()  # so that a worker's death ends the wait for its answer
            processes.append(process)
            answers.append(receiver)
        seconds, shares = _timed(barrier, answers)
    finally:
        for process in processes:
            process.join(END_SECONDS)
            if process.is_alive():
                process.terminate()
                process.join()
    return {
        "processes": workers,
        "seconds": seconds,
        "seconds_of_each": shares,
        "documents_per_second": len(corpus.paths) / seconds,
        "words_per_second": sum(corpus.words) / seconds,
    }


def _timed(barrier: Barrier, answers: Sequence[Connection]) -> tuple[float, list[float]]:
    """Give the start and wait: (seconds until the last is done, seconds of each).

    Raises SystemExit if one died.
    """
    try:
        barrier.wait(READY_SECONDS)
        began = time.monotonic()
        shares = [float(answer.recv()) for answer in answers]
    except (threading.BrokenBarrierError, EOFError) as error:
        raise SystemExit("a process of the ceiling died; what it said stands above") from error
    return time.monotonic() - began, shares


def _work(
    build: Build,
    settings: Settings,
    paths: Sequence[Path],
    warm_up: Path,
    barrier: Barrier,
    answer: Connection,
) -> None:
    """Load, warm up, wait for the others, process a share, and say how long it took."""
    flow = None
    try:
        flow = build(settings, warm_up)
        sources = identified(paths)
        barrier.wait(READY_SECONDS)
        began = time.monotonic()
        for source in sources:
            flow.run(source)
        answer.send(time.monotonic() - began)
    except BaseException:
        barrier.abort()
        raise
    finally:
        if flow is not None:
            flow.close()
