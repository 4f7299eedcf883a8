"""Reads a stage's input's checkpoint, runs the stage, puts its output's checkpoint: a plain class.

It keeps nothing between calls. Several may be under way at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, TypeVarTuple

from actors.calls import Answer, Outcome, Task
from actors.found import Found, decoded
from pipeline import codec, identity
from pipeline.documents import DocumentFailure, PageCount, Payload, StageName
from pipeline.errors import PermanentError
from pipeline.llm.charging import Charge, charged_to
from pipeline.logs import about, about_documents
from pipeline.patience import patient
from pipeline.process import stage_input
from pipeline.sources import Fetcher, Identified, Located, SourceChangedError, unreadable
from pipeline.stage import INPUTS, Link, Plan, Stage
from pipeline.stores.protocols import Checkpoint, CheckpointKey, Persisted
from pipeline.stores.tiered_checkpoints import TieredCheckpoints

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

logger = logging.getLogger(__name__)


@dataclass
class Report:
    """What one call has come to so far."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    persisted: Persisted | None = None
    waited: float = 0.0

    def add(self, more: Persisted | None) -> None:
        """Take in what became durable. The payloads of others' checkpoints stay here."""
        if more is not None:
            light = more.model_copy(update={"winners": ()})
            self.persisted = self.persisted.joined(light) if self.persisted else light

    def answer(self, tasks: Sequence[Task], trouble: str) -> Answer:
        """Give the whole, in the order of the tasks."""
        return Answer(
            outcomes=tuple(self.outcomes[task.content_id] for task in tasks),
            persisted=self.persisted,
            trouble=trouble,
            waited=self.waited,
        )


@dataclass(frozen=True)
class StageWorker:
    """One stage with the stores it reads and writes. `account` says whom a stage that waits for a
    language model charges its questions to; the content is added. `clock` counts what a result has
    cost, in seconds: of CPU, where that is what the stage takes.
    """

    name: StageName
    stage: Stage[Any, Payload]
    plan: Plan
    project: str
    checkpoints: TieredCheckpoints
    fetcher: Fetcher
    patience: float = 30.0
    account: Charge | None = None
    clock: Callable[[], float] = time.perf_counter

    def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Hash sources and tell their types, in order."""
        return [self.fetcher.identify(located) for located in sources]

    def run(self, tasks: Sequence[Task]) -> Answer:
        """Run the stage on contents, in order; what has a checkpoint already is not run.

        Raises TemporaryError if no store answers for `patience` seconds.
        """
        with about(**about_documents([task.document_id for task in tasks])):
            return self._run(tasks)

    def _run(self, tasks: Sequence[Task]) -> Answer:
        wanted = {task.content_id: self._key(task) for task in tasks}
        report = Report()
        found = self._found(list(wanted.values()), self._inputs(tasks), report)
        there = [task for task in tasks if wanted[task.content_id] in found.made]
        # The tasks' chains are what PostgreSQL has, so it lacks these: their queue entries were
        # lost or are held by a reader that died, or PostgreSQL had them for contents that were
        # deleted and are back. Harmless if they got there meanwhile.
        made = [found.made[wanted[task.content_id]] for task in there]
        self._put(there, made, report)
        inputs: dict[str, object] = {}
        with ExitStack() as open_files:
            todo = [task for task in tasks if wanted[task.content_id] not in found.made]
            for task in todo:
                value = self._input(task, found, open_files)
                if isinstance(value, Outcome):
                    report.outcomes[task.content_id] = value
                else:
                    inputs[task.content_id] = value
            self._make([task for task in todo if task.content_id in inputs], inputs, report)
        return report.answer(tasks, self.checkpoints.trouble)

    def _found(
        self,
        outputs: Sequence[CheckpointKey],
        inputs: Mapping[CheckpointKey, str],
        report: Report,
    ) -> Found:
        """Read and decode what is there; what cannot be used is asked for once more."""
        known = self._ask(report, self.checkpoints.look, outputs, list(inputs))
        found = decoded(known, inputs)
        if not found.unreadable and not found.differing:
            return found
        for key, failure in found.unreadable.items():
            logger.warning(
                "%s %s is read or made again: %s", key.content, key.stage, failure.message
            )
        again = self._ask(
            report, self.checkpoints.renew, list(found.unreadable), list(found.differing)
        )
        return found.joined(decoded(again, inputs))

    def _make(self, tasks: Sequence[Task], inputs: Mapping[str, object], report: Report) -> None:
        """Run the stage on inputs that are there, and put what it gives."""
        if not tasks:
            return
        began, before = time.perf_counter(), self.clock()
        answers = self._answers(tasks, inputs)
        cost = (self.clock() - before) / len(tasks)
        took = (time.perf_counter() - began) / len(tasks)
        made: list[tuple[Task, Checkpoint]] = []
        for task, answer in zip(tasks, answers, strict=True):
            if isinstance(answer, DocumentFailure):
                report.outcomes[task.content_id] = Outcome(
                    content_id=task.content_id, failure=answer
                )
            elif isinstance(answer, PageCount):
                report.outcomes[task.content_id] = Outcome(
                    content_id=task.content_id, count=answer.count
                )
            else:
                made.append((task, self._checkpoint(task, answer, cost)))
        self._put([task for task, _ in made], [x for _, x in made], report, took=took)

    def _answers(
        self, tasks: Sequence[Task], inputs: Mapping[str, object]
    ) -> Sequence[Payload | PageCount | DocumentFailure]:
        """Run the stage; one that may ask a language model on one content after the other, so that
        each question is charged to its own.
        """
        if self.account is None:
            return self.stage([inputs[task.content_id] for task in tasks])
        answers: list[Payload | DocumentFailure] = []
        for task in tasks:
            charge = self.account._replace(content=task.content_id)
            with charged_to(charge), about(document=task.document_id):
                answers += self.stage([inputs[task.content_id]])
        return answers

    def _put(
        self,
        tasks: Sequence[Task],
        checkpoints: Sequence[Checkpoint],
        report: Report,
        took: float | None = None,
    ) -> None:
        """Write checkpoints where their tasks want them, and note which ones stay. They took so
        many seconds by the clock, each, or were there before.
        """
        reused = took is None
        for durable in (False, True):
            mine = [
                checkpoint
                for task, checkpoint in zip(tasks, checkpoints, strict=True)
                if task.durable is durable
            ]
            if not mine:
                continue
            put = self._ask(
                report,
                partial(self.checkpoints.put, self.project, mine, durable=durable, lacking=reused),
            )
            report.add(put.persisted)
            for stays in put.stays:
                outcome = self._outcome(stays, reused)
                report.outcomes[stays.content] = outcome.model_copy(update={"seconds": took or 0.0})

    def _ask(
        self, report: Report, function: Callable[[*Arguments], T], *arguments: *Arguments
    ) -> T:
        """Ask the stores, and again while none answers: what was made is not thrown away."""
        began = time.perf_counter()
        try:
            return patient(self.patience)(function, *arguments)
        finally:
            report.waited += time.perf_counter() - began

    def _checkpoint(self, task: Task, payload: Payload, seconds: float) -> Checkpoint:
        key = self._key(task)
        return Checkpoint(
            **key._asdict(),
            digest=identity.checkpoint_digest(key.fingerprint, payload),
            payload=codec.encode(payload),
            seconds=seconds,
        )

    def _outcome(self, checkpoint: Checkpoint, reused: bool) -> Outcome:
        return Outcome(
            content_id=checkpoint.content,
            link=Link(
                stage=self.name, fingerprint=checkpoint.fingerprint, digest=checkpoint.digest
            ),
            reused=reused,
        )

    def _key(self, task: Task) -> CheckpointKey:
        """Say under what this stage's output for a task is kept."""
        known = task.identified
        print_ = self.plan.fingerprint(self.name, task.chain, known.sha256, known.media_type)
        return CheckpointKey(task.content_id, self.name, print_, str(task.pages or ""))

    def _inputs(self, tasks: Sequence[Task]) -> dict[CheckpointKey, str]:
        """Say under what the inputs of a call are kept, with the digests that are meant."""
        return {
            CheckpointKey(task.content_id, before, link.fingerprint): link.digest
            for task in tasks
            for before in INPUTS[self.name]
            for link in [task.chain.link(before)]
        }

    def _input(
        self,
        task: Task,
        found: Found,
        open_files: ExitStack,
    ) -> object:
        """Get a stage's input, or the outcome that says why there is none.

        One that is gone, cannot be read, or whose place another has taken, is nobody's fault.
        """
        if self.name is StageName.OCR:
            return self._source(task, open_files)
        payloads: dict[StageName, Payload] = {}
        for before in INPUTS[self.name]:
            key = CheckpointKey(task.content_id, before, task.chain.link(before).fingerprint)
            if key not in found.inputs:
                return Outcome(content_id=task.content_id, unreadable=found.unreadable.get(key))
            payloads[before] = found.inputs[key]
        return stage_input(self.name, payloads)

    def _source(self, task: Task, open_files: ExitStack) -> object:
        try:
            return open_files.enter_context(self.fetcher.fetched(task.located, task.identified))
        except SourceChangedError:
            return Outcome(content_id=task.content_id, changed=True)
        except (OSError, PermanentError) as error:
            return Outcome(content_id=task.content_id, unread=unreadable(error))
