"""What is said of objects and copies that are not gone yet, and when they will be."""

from __future__ import annotations

import pytest

from actors.commands.leftovers import say_leftovers


@pytest.mark.parametrize(
    ("objects", "trouble", "said"),
    [
        (0, "", []),
        (1, "", ["1 stored object not removed yet, since a document on its way may hold the same"]),
        (0, "no answer", ["Redis was not asked (no answer)"]),
        (2, "no answer", ["2 stored objects not removed yet, since copies in Redis may still name",
                          "Redis was not asked (no answer)"]),
    ],
)  # fmt: skip
def test_what_stays_is_said_with_the_reason(
    objects: int, trouble: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    say_leftovers(objects, trouble)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(said)
    assert all(line.startswith(words) for line, words in zip(lines, said, strict=True))
