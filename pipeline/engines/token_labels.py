"""What the labels of token-classification models mean: pure.

Their names differ (PER, PERSON, B-PER, I-LOC, E-ORG), and so does how they mark where a name
begins. Spans are read as most models mean it: a name begins where a label says so, or where another
type begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.documents import MentionType
from pipeline.engines.found_spans import KEPT

PREFIX = re.compile(r"([BIELSUO])[-_](?=.)", re.IGNORECASE)
BEGINS, ENDS = frozenset("BSU"), frozenset("ELSU")
NAMES: dict[str, MentionType] = {
    **KEPT,
    "PER": MentionType.PERSON,
    "PERS": MentionType.PERSON,
    "ORGANIZATION": MentionType.ORG,
    "ORGANISATION": MentionType.ORG,
    "CORPORATION": MentionType.ORG,
    "GROUP": MentionType.ORG,
    "LOCATION": MentionType.LOC,
    "FACILITY": MentionType.FAC,
    "EVE": MentionType.EVENT,
    "MISC": MentionType.NORP,
    "EMAIL": MentionType.EMAIL,
}
OF_STATES = frozenset({"GPE"})
MIXED = MentionType.NORP


class Token(NamedTuple):
    """A token with its offsets and the label that a model gives it."""

    start: int
    end: int
    label: str


class Labelled(NamedTuple):
    """A span and its type."""

    start: int
    end: int
    type: MentionType


def type_of(label: str, labels: Iterable[str]) -> MentionType | None:
    """Say what a label of a model with these labels means; None for what is no name.

    A model that knows no states and towns calls them places; most of its places are such.
    """
    name = bare(label)
    found = NAMES.get(name)
    if found is MentionType.LOC and not OF_STATES & {bare(other) for other in labels}:
        return MentionType.GPE
    return found


def bare(label: str) -> str:
    """Give a label's name without what says where in a name it stands."""
    return PREFIX.sub("", label, count=1).upper()


def words_of(text: str, tokens: Sequence[Token]) -> list[Token]:
    """Join the tokens of each word under its first one's label: models are trained on that alone.

    A token goes on with a word where letters or digits touch.
    """
    words: list[Token] = []
    for begin, stop, label in tokens:
        # Some tokenizers count the blank before a word to it.
        start = stop - len(text[begin:stop].lstrip())
        end = start + len(text[start:stop].rstrip())
        if start >= end:
            continue
        last = words[-1] if words else None
        if last and last.end == start and text[start - 1].isalnum() and text[start].isalnum():
            words[-1] = Token(last.start, end, last.label)
        else:
            words.append(Token(start, end, label))
    return words


def spans_of(text: str, words: Sequence[Token], labels: Sequence[str]) -> list[Labelled]:
    """Read names from labelled words, in order; none overlap."""
    spans: list[Labelled] = []
    going_on: str | None = None
    for word in words:
        name, type_ = bare(word.label), type_of(word.label, labels)
        mark = PREFIX.match(word.label)
        place = mark[1].upper() if mark else ""
        if type_ is None:
            going_on = None
            continue
        if going_on == name and place not in BEGINS:
            spans[-1] = spans[-1]._replace(end=word.end)
        else:
            spans.append(Labelled(word.start, word.end, type_))
        going_on = None if place in ENDS else name
    return [_mixed(text, span, labels) for span in spans]


def _mixed(text: str, span: Labelled, labels: Sequence[str]) -> Labelled:
    """Tell apart what CoNLL calls MISC: one word is mostly a people's, several are an event's."""
    if span.type is MIXED and "MISC" in {bare(label) for label in labels}:
        several = len(text[span.start : span.end].split()) > 1
        return span._replace(type=MentionType.EVENT if several else MentionType.NORP)
    return span
