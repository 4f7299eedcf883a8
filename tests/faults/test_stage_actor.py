"""A stage's process that is told to end."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
