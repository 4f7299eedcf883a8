"""A stage's process that loads, and that is told to end."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors import stage_actor
from actors.last_words import Whereabouts
from actors.stage_actor import StageActor
from actors.workplace import Workplace
from faults import small_stages
from faults.small_run import SmallRun
from pipeline.documents import StageName
from pipeline.settings import Settings


def test_a_process_ends_also_where_what_its_stage_started_cannot_be_ended(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)

    def close() -> None:
        raise OSError("the child cannot be ended")

    def host(*known: Any) -> Any:
        return replace(small_stages.host(*known), close=close)

    urls = SmallRun(settings, tmp_path).urls
    actor = StageActor(
        Workplace(settings, urls, "p", "r", small_stages.plan(), host), StageName.OCR
    )
    actor.load()

    with pytest.raises(OSError, match="cannot be ended"):
        actor.end()
    assert left == [0]


def test_what_is_told_to_stop_while_it_loads_stops_once_it_has(
    settings: Settings, tmp_path: Path
) -> None:
    told: list[str] = []

    def host(*known: Any) -> Any:
        actor.stop()
        actor.close()
        assert told == []
        ends = {word: partial(told.append, word) for word in ("stop", "close")}
        return replace(small_stages.host(*known), **ends)

    urls = SmallRun(settings, tmp_path).urls
    actor = StageActor(
        Workplace(settings, urls, "p", "r", small_stages.plan(), host), StageName.EXTRACT
    )
    actor.load()
    assert told == ["stop", "close"]


def test_calls_that_come_at_once_to_a_process_that_took_anothers_place_load_it_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []
    second = threading.Event()

    class Unlimited:
        """Stands where limits of a process are: this one is the tests'."""

        def __init__(self, *_known: Any) -> None:
            self.starting = self.memory = nullcontext

        def of(self, stage: Any) -> Any:
            return stage

    def host(*known: Any) -> Any:
        loaded.append(1)
        second.wait(1)
        return small_stages.host(*known)

    here = Whereabouts("a node", os.getpid(), "")
    monkeypatch.setattr(stage_actor, "whereabouts", lambda: here)
    monkeypatch.setattr(stage_actor, "ProcessLimits", Unlimited)
    urls = SmallRun(settings, tmp_path).urls
    actor = StageActor(
        Workplace(settings, urls, "p", "r", small_stages.plan(), host), StageName.EXTRACT
    )

    def call(number: int) -> None:
        if number:
            second.set()
        actor.run([])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(call, range(2)))
    assert loaded == [1]
