"""What the page sets apart: names in two cells, items or blocks state nothing together."""

from __future__ import annotations

import re

from pipeline.documents import Mention
from pipeline.relationships.sentence import Texts

BREAK = re.compile(
    r"\n[^\S\n]*\r?\n\s*(?![a-z\s])"  # a heading or an issuer above a blank line
    r"|\t|\s\|\s"  # cells of a row
    r"|;\s+[^\s:;][^:;\n]{0,40}:\s"  # cells with their headings: "Near: Sinjar; Strikes: 2"
    r"|\n\s*(?:[-*•–—]|\(?\w{1,2}[.)])\s"  # items of a list
)


def apart(texts: Texts, a: Mention, b: Mention) -> bool:
    """Say whether a blank line, a cell's edge or a bullet stands between two mentions."""
    first, second = (a, b) if a.start <= b.start else (b, a)
    words = texts.between(first.end, second.start)
    return words is not None and BREAK.search(words) is not None
