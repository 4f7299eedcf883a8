"""A thousand malformed files of every format: each is read, or ends with an error of a known kind.

`MALFORMED=number` makes so many, `MALFORMED_SEED=number` others.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from malformed import ERRORS, malformed, real_files
from reading_case import assert_sound, request_for

from pipeline.documents import Pages
from pipeline.engines.parse_request import ParseFailure, ParseOptions
from pipeline.engines.parser import Parser
from pipeline.settings import Limits

COUNT = int(os.environ.get("MALFORMED", "1000"))
SEED = int(os.environ.get("MALFORMED_SEED", "6"))
SHARDS = 4
# Pages without usable text are rendered and read: as small as will do.
OPTIONS = ParseOptions(dpi=72, max_pages=50)


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser(Limits()) as started:
        yield started


def answer_of(parser: Parser, path: Path) -> Pages | ParseFailure:
    folder = path.parent / "members"
    folder.mkdir()
    try:
        return parser.parse(request_for(path, folder, OPTIONS))
    finally:
        shutil.rmtree(folder)


def test_the_files_that_are_harmed_are_read_whole(parser: Parser, tmp_path: Path) -> None:
    for name, data in real_files().items():
        path = tmp_path / name
        path.write_bytes(data)
        answer = answer_of(parser, path)
        assert isinstance(answer, Pages), (name, answer)
        assert answer.text.strip() or answer.members, name


@pytest.mark.parametrize(
    "shard", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, SHARDS))]
)
def test_each_is_read_or_ends_with_an_error_of_a_known_kind(
    parser: Parser, tmp_path: Path, shard: int
) -> None:
    seed = f"MALFORMED_SEED={SEED}"
    ends: Counter[str] = Counter()
    for name, data in list(malformed(SEED, COUNT))[shard::SHARDS]:
        path = tmp_path / name
        path.write_bytes(data)
        answer = answer_of(parser, path)
        if isinstance(answer, Pages):
            assert_sound(answer)
            ends["read"] += 1
        else:
            assert answer.error in ERRORS, (seed, name, answer)
            assert answer.message, (seed, name)
            assert "\n" not in answer.message, (seed, name, answer)
            assert str(tmp_path) not in answer.message, (seed, name, answer)
            assert "casegraph-scratch" not in answer.message, (seed, name, answer)
            ends[answer.error] += 1
        path.unlink()
    # What is harmed is neither always read nor never: else nothing was tried.
    assert ends["read"], seed
    assert ends["damaged"], seed
