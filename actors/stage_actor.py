"""Hosts one stage: reads its input's checkpoint, runs the stage, puts its output's checkpoint.

`StageWorker` is a plain class and is tested as one; `StageActor` is the same under Ray. It keeps
nothing between calls but its loaded models.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from actors.flow import Outcome, Task
from actors.workplace import Workplace
from pipeline import codec, identity
from pipeline.documents import DocumentFailure, Payload, StageName
from pipeline.errors import PermanentError
from pipeline.process import stage_input
from pipeline.sources import Fetcher, Identified, Located, SourceChangedError, unreadable
from pipeline.stage import INPUTS, PAYLOADS, Link, Plan, Stage
from pipeline.stores.protocols import Checkpoint, Checkpoints


@dataclass(frozen=True)
class StageWorker:
    """One stage with the stores it reads and writes."""

    name: StageName
    stage: Stage[Any, Payload]
    plan: Plan
    project: str
    checkpoints: Checkpoints
    fetcher: Fetcher

    def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """Hash sources and tell their types, in order."""
        return [self.fetcher.identify(located) for located in sources]

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Run the stage on contents, in order; what has a checkpoint already is not run."""
        outcomes: dict[str, Outcome] = {}
        inputs: list[object] = []
        todo: list[tuple[Task, str]] = []
        with ExitStack() as open_files:
            for task in tasks:
                print_ = self._fingerprint(task)
                known = self.checkpoints.get(task.content_id, self.name, print_)
                if known is not None:
                    # The task's chain is what PostgreSQL has, so it lacks this one: its queue
                    # entry was lost or is held by a reader that died, or PostgreSQL had it for a
                    # content that was deleted and is back. Harmless if it got there meanwhile.
                    self.checkpoints.put(self.project, known, lacking=True)
                    outcomes[task.content_id] = self._outcome(known, reused=True)
                    continue
                value = self._input(task, open_files)
                if isinstance(value, Outcome):
                    outcomes[task.content_id] = value
                else:
                    todo.append((task, print_))
                    inputs.append(value)
            outcomes |= self._run(todo, inputs)
        return [outcomes[task.content_id] for task in tasks]

    def _run(self, todo: Sequence[tuple[Task, str]], inputs: list[object]) -> dict[str, Outcome]:
        """Run the stage on inputs that are there, and put what it gives."""
        if not todo:
            return {}
        began = time.perf_counter()
        answers = self.stage(inputs)
        seconds = (time.perf_counter() - began) / len(todo)
        return {
            task.content_id: self._put(task, print_, answer, seconds)
            for (task, print_), answer in zip(todo, answers, strict=True)
        }

    def _put(
        self, task: Task, print_: str, answer: Payload | DocumentFailure, seconds: float
    ) -> Outcome:
        if isinstance(answer, DocumentFailure):
            return Outcome(content_id=task.content_id, failure=answer)
        stays, _ = self.checkpoints.put(
            self.project,
            Checkpoint(
                content=task.content_id,
                stage=self.name,
                fingerprint=print_,
                digest=identity.checkpoint_digest(print_, answer),
                payload=codec.encode(answer),
                seconds=seconds,
            ),
        )
        return self._outcome(stays, reused=False)

    def _outcome(self, checkpoint: Checkpoint, reused: bool) -> Outcome:
        return Outcome(
            content_id=checkpoint.content,
            link=Link(
                stage=self.name, fingerprint=checkpoint.fingerprint, digest=checkpoint.digest
            ),
            reused=reused,
            seconds=checkpoint.seconds,
        )

    def _fingerprint(self, task: Task) -> str:
        known = task.identified
        return self.plan.fingerprint(self.name, task.chain, known.sha256, known.media_type)

    def _input(self, task: Task, open_files: ExitStack) -> object:
        """Get a stage's input, or the outcome that says why there is none."""
        if self.name is StageName.OCR:
            return self._source(task, open_files)
        payloads: dict[StageName, Payload] = {}
        for before in INPUTS[self.name]:
            payload = self._payload(task, before)
            if payload is None:
                return Outcome(content_id=task.content_id)
            payloads[before] = payload
        return stage_input(self.name, payloads)

    def _payload(self, task: Task, stage: StageName) -> Payload | None:
        """Read one checkpoint of the chain; None if it is gone or another has taken its place."""
        link = task.chain.link(stage)
        found = self.checkpoints.get(task.content_id, stage, link.fingerprint)
        if found is None or found.digest != link.digest:
            return None
        return codec.decode(PAYLOADS[stage], found.payload)

    def _source(self, task: Task, open_files: ExitStack) -> object:
        try:
            return open_files.enter_context(self.fetcher.fetched(task.located, task.identified))
        except SourceChangedError:
            return Outcome(content_id=task.content_id, changed=True)
        except (OSError, PermanentError) as error:
            return Outcome(content_id=task.content_id, failure=unreadable(error))


class StageActor:
    """A `StageWorker` that builds itself where it runs; Ray restarts it when its process dies."""

    def __init__(self, place: Workplace, name: StageName) -> None:
        from pipeline import assembly

        self._stores = assembly.open_stores(place.settings, place.urls)
        self._hosted = assembly.host_stage(name, place.settings, self._stores)
        self._worker = StageWorker(
            name=name,
            stage=self._hosted.stage,
            plan=place.plan,
            project=place.project,
            checkpoints=self._stores.checkpoints,
            fetcher=assembly.open_fetcher(self._stores),
        )

    def ready(self) -> str:
        """Say that the models are loaded."""
        return self._worker.name

    def identify(self, sources: Sequence[Located]) -> list[Identified | DocumentFailure]:
        """See `StageWorker.identify`."""
        return self._worker.identify(sources)

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """See `StageWorker.run`."""
        return self._worker.run(tasks)

    def embed(self, texts: Sequence[str]) -> None:
        """Put the vectors of texts into the embedding cache; only the `chunk` stage can."""
        if self._hosted.warm is not None:
            self._hosted.warm(texts)

    def close(self) -> None:
        """End what the stage started (the parser's child)."""
        if self._hosted.close is not None:
            self._hosted.close()
