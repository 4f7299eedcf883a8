"""What is left to `make test-slow` is there, is named once, and runs in CI."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tiers import SLOW, is_slow

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(SLOW))
def test_what_is_slow_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    tests = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    assert not test or test in tests
    assert is_slow(name)
    assert not test or not is_slow(file)


def test_who_commits_runs_both() -> None:
    assert "make test\nmake test-slow\n" in (ROOT / ".ci/run").read_text("utf-8")
