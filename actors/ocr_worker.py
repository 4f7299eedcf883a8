"""Reads a long document in ranges of pages, each with a checkpoint of its own, and joins them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

from actors.calls import Answer, Outcome, Task
from actors.stage_worker import Report, StageWorker
from pipeline import codec
from pipeline.documents import DocumentFailure, PageCount, Pages, Payload, Source
from pipeline.errors import PermanentError
from pipeline.stage import ReadsPages
from pipeline.stores.protocols import Checkpoint, CheckpointKey

Parts = dict[CheckpointKey, tuple[Checkpoint, Pages]]
"""Parts of documents, decoded, with their checkpoints."""


@dataclass(frozen=True, kw_only=True)
class OcrWorker(StageWorker):
    """`ocr` with the stores it reads and writes. Documents of more than `at_once` pages are only
    counted; a task that is for a range of pages, or for joining all, is alone in its call.
    """

    paged: ReadsPages
    at_once: int

    def run(self, tasks: Sequence[Task]) -> Answer:
        """See `StageWorker.run`."""
        task = tasks[0]
        report = Report()
        if task.pages:
            self._read_range(task, report)
        elif task.joins:
            self._join(task, report)
        else:
            return super().run(tasks)
        return report.answer(tasks, self.checkpoints.trouble)

    def _answers(
        self, tasks: Sequence[Task], inputs: Mapping[str, object]
    ) -> Sequence[Payload | PageCount | DocumentFailure]:
        sources = [cast(Source, inputs[task.content_id]) for task in tasks]
        return [self.paged.read(source, at_once=self.at_once) for source in sources]

    def _read_range(self, task: Task, report: Report) -> None:
        """Read a range of pages whose part is not there, and put that."""
        known, _ = self._parts([self._key(task)], report)
        if known:
            self._put([task], [part for part, _ in known.values()], report)
            return
        with ExitStack() as open_files:
            source = self._source(task, open_files)
            if isinstance(source, Outcome):
                report.outcomes[task.content_id] = source
                return
            began, before = time.perf_counter(), self.clock()
            answer = self.paged.read(cast(Source, source), pages=task.pages)
            cost, took = self.clock() - before, time.perf_counter() - began
        self._give(task, answer, cost, took, report)

    def _join(self, task: Task, report: Report) -> None:
        """Join the parts of a document, and put the whole; a part that is gone is nobody's fault,
        nor is one that cannot be read, unless that is so each time it is made.

        What it cost is what all parts did.
        """
        keys = [self._key(task)._replace(part=str(pages)) for pages in task.joins]
        known, unreadable = self._parts(keys, report)
        if len(known) < len(keys):
            first = next((unreadable[key] for key in keys if key in unreadable), None)
            outcome = Outcome(content_id=task.content_id, unreadable=first)
            report.outcomes[task.content_id] = outcome
            return
        cost = sum(part.seconds for part, _ in known.values())
        began, before = time.perf_counter(), self.clock()
        answer = self.paged.join([known[key][1] for key in keys])
        cost, took = cost + self.clock() - before, time.perf_counter() - began
        self._give(task, answer, cost, took, report)

    def _give(
        self,
        task: Task,
        answer: Pages | PageCount | DocumentFailure,
        cost: float,
        took: float,
        report: Report,
    ) -> None:
        """Put what was read, or say why nothing was."""
        if isinstance(answer, Pages):
            self._put([task], [self._checkpoint(task, answer, cost)], report, took=took)
        elif isinstance(answer, DocumentFailure):
            report.outcomes[task.content_id] = Outcome(content_id=task.content_id, failure=answer)

    def _outcome(self, checkpoint: Checkpoint, reused: bool) -> Outcome:
        if not checkpoint.part:
            return super()._outcome(checkpoint, reused)
        return Outcome(content_id=checkpoint.content, part=True, reused=reused)

    def _parts(
        self, keys: Sequence[CheckpointKey], report: Report
    ) -> tuple[Parts, dict[CheckpointKey, DocumentFailure]]:
        """Read the parts that are there, in Redis or PostgreSQL, and say what is wrong with those
        that cannot be decoded, after they were asked for once more.
        """
        known = self._ask(report, self.checkpoints.look, [], keys)
        found, unreadable = _decoded(known)
        if unreadable:
            again, still = _decoded(self._ask(report, self.checkpoints.renew, [*unreadable], []))
            found |= again
            unreadable = {key: still.get(key, why) for key, why in unreadable.items()}
        return found, {key: why for key, why in unreadable.items() if key not in found}


def _decoded(
    known: Mapping[CheckpointKey, Checkpoint],
) -> tuple[Parts, dict[CheckpointKey, DocumentFailure]]:
    """Decode the parts that can be, and say why others cannot."""
    found: Parts = {}
    unreadable: dict[CheckpointKey, DocumentFailure] = {}
    for key, checkpoint in known.items():
        try:
            found[key] = checkpoint, codec.decode(Pages, checkpoint.payload)
        except PermanentError as error:
            unreadable[key] = DocumentFailure(
                stage=key.stage, error=error.code, message=error.message
            )
    return found, unreadable
