"""Where one paragraph of a PDF page ends and the next begins: a PDF only says where lines are.

A heading run into the sentence below it, or a page's head into its first line, makes names that
nobody wrote. Pure: from the lines' places to the breaks between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# In heights of a line.
OTHER_SIZE = 0.15
WIDER_GAP = 0.35
SAME_COLUMN = 6.0
ROOM = 1.0
CONTINUES = ("-", ",", "‐", "–", "—")
ENDS = (".", "!", "?", ":", ";", '"', "”", "’")


@dataclass(frozen=True)
class Line:
    """A line of text on the page as it is shown: `top` and `bottom` are those of its font, so that
    they do not depend on which letters it has; `first` is the right edge of its first word.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    first: float

    @property
    def height(self) -> float:
        """Measure the line's height, never nothing."""
        return max(self.bottom - self.top, 1.0)


def paragraph_breaks(lines: Sequence[Line]) -> list[bool]:
    """Say for each line but the last whether a paragraph ends with it."""
    gaps = [
        below.top - above.bottom
        for above, below in itertools.pairwise(lines)
        if _alike(above, below) and -above.height < below.top - above.bottom < 2 * above.height
    ]
    usual = median(gaps) if gaps else 0.0
    return [
        _is_break(above, below, usual, _column_right(above, lines))
        for above, below in itertools.pairwise(lines)
    ]


def _alike(above: Line, below: Line) -> bool:
    """Say whether two lines are of one size."""
    return abs(above.height - below.height) <= OTHER_SIZE * max(above.height, below.height)


def _column_right(line: Line, lines: Sequence[Line]) -> float:
    """Find how far to the right the lines reach that begin where this one does."""
    reach = SAME_COLUMN * line.height
    return max(other.right for other in lines if abs(other.left - line.left) <= reach)


def _is_break(above: Line, below: Line, usual: float, column_right: float) -> bool:
    """Say whether a paragraph ends between two lines."""
    if below.text[:1].islower() or above.text.endswith(CONTINUES):
        return False
    if not _alike(above, below):
        return True
    gap = below.top - above.bottom
    if gap < -above.height / 2:  # beside or above: another column, a page's foot, a table's cell
        return True
    if gap > usual + WIDER_GAP * above.height:
        return True
    # A line ends early though the next word had room: somebody ended it.
    room = column_right - above.right - (below.first - below.left)
    return room > ROOM * above.height and (
        above.text.endswith(ENDS) or room > SAME_COLUMN * above.height
    )
