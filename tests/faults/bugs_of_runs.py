"""Bugs in how a run goes on, to be planted; see `faults.planted`."""

from __future__ import annotations

from typing import Any


def gaps_that_nobody_looks_for() -> None:
    """Take what was processed for persisted."""
    from actors.settlement import Settlement

    async def nothing(self: Any) -> bool:
        return False

    Settlement.readmit = nothing  # type: ignore[method-assign]


def a_lost_input_is_a_failure() -> None:
    """Blame a document for a flush."""
    from actors.stage_worker import StageWorker
    from pipeline.documents import DocumentFailure, StageName

    inputs = StageWorker._input

    def blaming(self: Any, task: Any, there: Any, open_files: Any) -> Any:
        from actors.calls import Outcome

        value = inputs(self, task, there, open_files)
        if isinstance(value, Outcome) and value.failure is None and not value.is_sourceless:
            failure = DocumentFailure(stage=StageName.OCR, error="inputs_lost", message="gone")
            return value.model_copy(update={"failure": failure})
        return value

    StageWorker._input = blaming  # type: ignore[method-assign]


def a_fault_of_the_run() -> None:
    """Raise where the coordinator hears what is persisted."""
    from actors.settlement import Settlement

    async def raising(self: Any, persisted: Any) -> None:
        raise KeyError("mine")

    Settlement.take = raising  # type: ignore[method-assign]


def a_lost_node_blames() -> None:
    """Take a node that is gone for a death that its contents have to do with."""
    from actors.flow import Flow

    Flow.displaced = Flow.lost  # type: ignore[method-assign, assignment]


def a_coordinator_without_a_successor() -> None:
    """Leave what a coordinator that died had under way to nobody."""
    from dataclasses import replace

    from actors.driver import Losses

    def ending(self: Any, ended: Any, result: Any, stop: Any) -> Any:
        return replace(ended, outcome="failed")

    Losses.taken_up = ending  # type: ignore[method-assign]


def vectors_that_nobody_computes() -> None:
    """Leave to nobody the vectors that a run which was stopped did not come to."""
    from actors import driver

    def leaving(*known: Any) -> Any:
        return known[4]

    driver.filled_in = leaving


def a_call_repeated_silently() -> None:
    """Ask once more after a death, without a word to who counts attempts."""
    from actors.stage_pools import CallLostError, StagePools

    asked = StagePools._asked

    async def twice(self: Any, actor: Any, call: Any) -> Any:
        try:
            return await asked(self, actor, call)
        except CallLostError:
            return await asked(self, actor, call)

    StagePools._asked = twice  # type: ignore[method-assign]


def parts_that_nobody_looks_for() -> None:
    """Read a range of pages again, whether its part is there or not."""
    from actors.ocr_worker import OcrWorker

    parts = OcrWorker._parts

    def forgetful(self: Any, keys: Any, report: Any) -> Any:
        return parts(self, keys, report) if len(keys) > 1 else ({}, {})

    OcrWorker._parts = forgetful  # type: ignore[method-assign]


def a_range_left_out() -> None:
    """Join a long document without its last range."""
    from actors.ranges import Ranges

    more = Ranges.more

    def shorter(self: Any, content_id: str, most: int) -> Any:
        tasks = more(self, content_id, most)
        return [task.model_copy(update={"joins": task.joins[:-1]}) for task in tasks]

    Ranges.more = shorter  # type: ignore[method-assign]


def a_page_that_takes_its_file_along() -> None:
    """Read nothing more of a file whose page killed the parser's child."""
    from pipeline.engines import parser

    parser.read_around = lambda _ask, _wanted, failure, **_: failure
