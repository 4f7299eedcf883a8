"""A stage computes in one thread, which gives way to the one that waits for it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from actors.work_thread import LOWER_BY, InWorkThread
from pipeline.documents import DocumentFailure, Pages, StageName
from pipeline.llm.charging import Charge, charged_to, present_charge
from pipeline.stage import StageIdentity


class Observed:
    """A stage that notes where it runs."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.nice: list[int] = []

    @property
    def identity(self) -> StageIdentity:
        return StageIdentity(stage=StageName.OCR, version="observed")

    def __call__(self, inputs: Sequence[str]) -> Sequence[Pages | DocumentFailure]:
        if "raises" in inputs:
            raise ValueError("no such word")
        self.threads.append(threading.get_native_id())
        self.nice.append(os.getpriority(os.PRIO_PROCESS, self.threads[-1]))
        return [Pages(text=text, pages=()) for text in inputs]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
def test_it_is_always_the_same_thread_and_a_lower_one() -> None:
    stage = Observed()
    lowered = InWorkThread(stage)
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert [lowered([word])[0].text for word in ("a", "b", "c")] == ["a", "b", "c"]

    assert len(set(stage.threads)) == 1
    assert stage.threads[0] != threading.get_native_id()
    assert set(stage.nice) == {min(mine + LOWER_BY, 19)}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine
    assert lowered.identity == stage.identity


def test_what_the_stage_raises_comes_through_and_the_next_call_runs() -> None:
    lowered = InWorkThread(Observed())
    with pytest.raises(ValueError, match="no such word"):
        lowered(["raises"])
    assert len(lowered(["a"])) == 1


@dataclass
class Waiting:
    """A stage that waits until several are in it, and notes whom each charges."""

    together: threading.Barrier
    charged: set[str | None] = field(default_factory=set)

    @property
    def identity(self) -> StageIdentity:
        return StageIdentity(stage=StageName.EXTRACT, version="waiting")

    def __call__(self, inputs: Sequence[str]) -> Sequence[Pages | DocumentFailure]:
        self.together.wait(10)
        self.charged.add(present_charge().content)
        return [Pages(text=text, pages=()) for text in inputs]


def test_a_stage_that_waits_has_some_threads_and_knows_in_each_whom_it_charges() -> None:
    stage = Waiting(threading.Barrier(4))
    side_by_side = InWorkThread(stage, 4)

    def call(content: str) -> str:
        with charged_to(Charge("project", content=content)):
            [answer] = side_by_side([content])
        assert isinstance(answer, Pages)
        return answer.text

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, "abcd")) == list("abcd")
    assert stage.charged == set("abcd")
