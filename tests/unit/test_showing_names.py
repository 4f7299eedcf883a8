"""How the names of an entity are printed."""

from __future__ import annotations

from typing import Any

import pytest

from actors.commands.showing_names import print_names


def tied(name: str, other: str) -> dict[str, Any]:
    """Make the card of a name that four comparisons join to others, of which one is shown."""
    reason = {"rule": "equal", "words": "the names are equal"}
    joined = {"with": other, "name": other, "verdict": "same", "score": 1.0, "reasons": [reason]}
    return {
        "id": name, "text": name, "type": "PERSON", "mentions": 1, "documents": 0, "places": [],
        "told": "", "sense": 0, "content": None, "joined_by": 4, "joined": [joined],
    }  # fmt: skip


def test_what_ties_two_names_is_said_once_and_no_more_is_announced_where_none_is_begun(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_names({"names": [tied("first", "second"), tied("second", "first")], "name_count": 2})
    first, second = capsys.readouterr().out.split("  second  PERSON")
    assert "with" not in first
    assert "more" not in first
    assert "with first" in second
    assert "3 more" in second
