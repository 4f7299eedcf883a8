"""Sentences, by nupunkt: a punkt model trained on legal text, so that `v.` and `No.` end nothing.

Blank lines always end a sentence. A single line break ends one when the writer broke the line
before it was full: in text wrapped at 70 characters a heading or a table row stands alone, and
where each paragraph is one line every break counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain, pairwise

from pipeline.engines.sentence_starts import is_office_of_company, starts_behind_forms

Span = tuple[int, int]

PARAGRAPH_BREAK = re.compile(
    r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])(?:[^\S\r\n]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]))+"
    r"|[\x0c\u2029]"
)
LINE_BREAK = re.compile(r"\r\n|[\n\r\x0b\x85\u2028]")
# The lines at the head of a mail, also of one that is quoted or forwarded: each stands alone.
HEADER_LINE = re.compile(
    r"[>\s]*(?:From|To|Cc|Bcc|Subject|Date|Sent|Reply-To|Attachments?)\*?:\*?\s", re.IGNORECASE
)
# A point after a rank or a form of address never ends a sentence, and initials in quotes are a
# name's ("John “J.D.” Smith").
RANK_AT_END = re.compile(
    r"(?:^|[\s(“\"'‘—-])(?:(?:Lt|Brig|Maj|Gen|Col|Capt|Cmdr|Cdr|Adm|Sgt|Cpl|Pfc|Spc|Sen|Rep|Gov|Prof"
    r"|Rev|Hon|Mr|Mrs|Ms|Dr|Messrs|Amb|Pvt|Supt|Insp)\.|[“\"‘'(](?:[A-Z]\.){1,3}[”\"’')])$"
)
# "U.S. Secretary of State", "U.K. Parliament": a state's letters before an office or agency.
STATE_AT_END = re.compile(r"(?:^|\W)(?:U\.\s?S\.(?:A\.)?|U\.\s?K\.|U\.\s?N\.|E\.\s?U\.|D\.\s?C\.)$")
OFFICE_AHEAD = re.compile(
    r"(?:(?:Deputy|Assistant|Acting|Under|Vice|Special|Chief|Foreign|Prime|National|Supreme|Central"
    r"|Federal|District|Bankruptcy|Circuit|Naval|Air|House|Army|Marine|Coast)\s+)*"
    r"(?:Secretary|Undersecretary|President|Minister|Ambassador|Envoy|Representative|Representatives"
    r"|Attorney|Attorneys|Senator|Senators|Senate|Congress|Congressman|Congresswoman|Congressional"
    r"|Department|Embassy|Consulate|Mission|Command|Government|Administration|Agency|Court|Courts"
    r"|Parliament|Forces|Force|Army|Navy|Marine|Marines|Corps|Guard|Treasury|Marshals?|Citizenship"
    r"|Commission|Commissioner|Constitution|General|Justice|Code|Bureau|Board|Delegation|Council)\b"
)
# A line is called full when the next word would have reached this share of the usual width:
# wrapped lines are ragged by a word or so, and in proportional type by some characters more.
FULL_LINE = 0.8
# Lines that end in no mark are rather headings: there only the fuller ones are taken for wrapped.
FULL_HEADING = 0.9
MARK_AT_END = re.compile(r"[.!?:;,…][”’\"')\]]*\s*$")


class Sentences:
    """Splits a text into sentences; pure, one instance may serve many threads."""

    def __init__(self) -> None:
        import nupunkt

        self._spans = nupunkt.sent_spans
        self.version = f"nupunkt {version('nupunkt')}"

    def __call__(self, text: str) -> list[Span]:
        """Find the sentences of a text: trimmed of blanks, in order, none overlapping.

        Together they hold every character that is not blank.
        """
        width = usual_width(text)
        return [
            sentence
            for start, end in blocks(text, width)
            for sentence in self._sentences_of(text, start, end)
        ]

    def _sentences_of(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Split one block, filling what the model leaves out into the sentence before."""
        block = text[start:end]
        found = sorted({max(begin, 0) for begin, _ in self._spans(block)} - {0})
        starts = [0, *(begin for begin in found if not runs_on(block, begin))]
        ends = [*starts[1:], len(block)]
        missed = (starts_behind_forms(block, *one) for one in zip(starts, ends, strict=True))
        starts = sorted({*starts, *chain.from_iterable(missed)})
        for begin, stop in zip(starts, [*starts[1:], len(block)], strict=True):
            if span := trimmed(text, start + begin, start + stop):
                yield span


def runs_on(text: str, border: int) -> bool:
    """Say whether a sentence that seems to begin at a border goes on there from the one before."""
    before = text[max(0, border - 24) : border].rstrip()
    if not before.endswith((".", "”", '"', "’", "'", ")")):
        return False
    if RANK_AT_END.search(before):
        return text[border : border + 1].isupper()
    if is_office_of_company(text, border):
        return True
    return STATE_AT_END.search(before) is not None and (
        OFFICE_AHEAD.match(text, border) is not None
    )


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Leave the blanks at both ends out of a span; None if nothing else is in it."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    end -= len(inner) - len(inner.rstrip())
    return (start, end) if start < end else None


def usual_width(text: str) -> int:
    """Measure the width that half of the text stands in lines of, or wider, in characters."""
    lengths = sorted((len(line.strip()) for line in text.splitlines()), reverse=True)
    rest = sum(lengths) / 2
    for length in lengths:
        rest -= length
        if rest <= 0:
            return length
    return 0


def blocks(text: str, width: int) -> Iterator[Span]:
    """Yield runs of text that no sentence crosses the border of."""
    for start, end in _between(PARAGRAPH_BREAK, text, 0, len(text)):
        lines = list(_between(LINE_BREAK, text, start, end))
        begin = start
        full = width * (FULL_LINE if MARK_AT_END.search(text[begin:end]) else FULL_HEADING)
        for (line_start, line_end), (next_start, next_end) in pairwise(lines):
            if _ends_alone(text[line_start:line_end].strip(), text[next_start:next_end], full):
                yield begin, line_end
                begin = next_start
        yield begin, end


def _ends_alone(line: str, following: str, full: float) -> bool:
    """Say whether the writer broke a line before it was full, or begins a line of a mail's head."""
    words = following.split(maxsplit=1)
    if not words:
        return False
    if HEADER_LINE.match(following):
        return True
    return len(line) + 1 + len(words[0]) <= full


def _between(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans between the matches of a pattern."""
    begin = start
    for match in pattern.finditer(text, start, end):
        yield begin, match.start()
        begin = match.end()
    yield begin, end
