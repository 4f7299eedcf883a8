"""Boxes of words, joined to those of the lines that they stand on. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.documents import Box

SAME_LINE = 0.5
"""Words are on one line when they share this part of the lower one's height."""


def lines_of(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Join the boxes of words, in reading order, to one box a line."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _on_one_line(lines[-1], box):
            last = lines[-1]
            lines[-1] = (
                min(last[0], box[0]),
                min(last[1], box[1]),
                max(last[2], box[2]),
                max(last[3], box[3]),
            )
        else:
            lines.append(box)
    return tuple(lines)


def _on_one_line(one: Box, other: Box) -> bool:
    """Say whether two boxes share enough of their height."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > SAME_LINE * min(one[3] - one[1], other[3] - other[1])
