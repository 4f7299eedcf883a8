"""What the writers of exports do with rows, without a database."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline import exports
from pipeline.exports import ENTITIES, ROW_GROUP, ROW_GROUP_CHARACTERS, row_groups


@given(st.lists(st.sampled_from(["", "x", "x" * (ROW_GROUP_CHARACTERS // 3)]), max_size=30))
def test_row_groups_keep_all_rows_and_stay_small(cells: list[str]) -> None:
    rows = [(cell, index) for index, cell in enumerate(cells)]

    groups = list(row_groups(rows))

    assert [row for group in groups for row in group] == rows
    for group in groups:
        assert sum(len(row[0]) for row in group[:-1]) < ROW_GROUP_CHARACTERS


def test_row_groups_are_bounded_in_rows() -> None:
    assert [len(group) for group in row_groups((n,) for n in range(ROW_GROUP + 1))] == [
        ROW_GROUP,
        1,
    ]


def test_texts_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [("1", "ORG", 'a "b", c\r\nd\u2028é𝒳', ["x", 'y"z'], 1, 2)]

    assert exports.write_jsonl(ENTITIES, rows, tmp_path / "a.jsonl") == 1
    assert exports.write_csv(ENTITIES, rows, tmp_path / "a.csv") == 1

    (line,) = (tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert tuple(json.loads(line).values()) == rows[0]
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        (record,) = list(csv.DictReader(file))
    assert (record["name"], json.loads(record["aliases"])) == (rows[0][2], rows[0][3])
