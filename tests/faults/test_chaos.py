"""A few faults on Ray at random moments, and the planted bugs; `make chaos` does many."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from faults import planted
from faults.chaos import Chaos
from faults.small_run import write_documents


def test_some_faults_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write_documents(folder, 80)
    seed = random.SystemRandom().randrange(1 << 32)
    told: list[str] = []
    chaos = Chaos(8, folder, seed, told.append)
    chaos()
    assert chaos.differences == [], "\n".join([f"seed {seed}", *told])
    assert sum(chaos.made.values()) >= 8


@pytest.mark.long
@pytest.mark.parametrize("bug", planted.PLANTS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    assert planted.caught(bug)
    assert not planted.caught(bug, planted=False)
