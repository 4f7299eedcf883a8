"""Keeps what a document says apart from what is asked about it: pure.

A document is a stranger's words. It stands between two lines with a mark that is made of its own
hash and is not in it, so that it cannot end itself, and single names stand in JSON, on one line.
What a model makes of instructions in it is another matter; there only grounding helps.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

MARK_DIGITS = 16
LONGEST_SHOWN = 120
"""Letters of a name that is shown to a model."""
# Control signs, and those that turn the direction of writing or hide: they show a person another
# text than a model reads.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def mark_for(texts: Iterable[str]) -> str:
    """Make a mark that is in none of the texts, the same each time for the same ones."""
    whole = "\x00".join(texts)
    number = 0
    while True:
        seed = f"{number}\x00{whole}".encode("utf-8", "surrogatepass")
        mark = hashlib.sha256(seed).hexdigest()[:MARK_DIGITS]
        if mark not in whole:
            return mark
        number += 1


def fenced(what: str, text: str, mark: str) -> str:
    """Put a text between two lines of a mark."""
    return f"<<{what} {mark}>>\n{text}\n<<END {what} {mark}>>"


def shown(name: str) -> str:
    """Give a name as it is shown to a model: on one line, of a bounded length, nothing hidden."""
    line = " ".join(UNSEEN.sub("", name).split())
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"


def listed(names: Iterable[str]) -> str:
    """Write names as one line of JSON."""
    return json.dumps([shown(name) for name in names], ensure_ascii=False)
