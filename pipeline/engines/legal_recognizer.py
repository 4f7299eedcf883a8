"""What follows rules rather than a model: citations, statutes, courts, dockets, money, dates,
mail addresses. Case citations come from eyecite, courts from courts-db, the rest from patterns.

Each pattern looks only at chunks that hold its trigger, so ordinary prose costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version

from pipeline.documents import MentionType
from pipeline.engines.citations import Citations
from pipeline.engines.courts import court_name, courts
from pipeline.engines.dockets import dockets
from pipeline.engines.money import sums
from pipeline.engines.rule_spans import RuleSpan, matched
from pipeline.engines.statutes import statutes

MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
DATE = re.compile(
    rf"\b(?:{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\s?,?\s+\d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\s?,?\s+\d{{4}}"
    rf"|\d{{1,2}}-{MONTH}-\d{{4}}"
    r"|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/\d{4})\b"
)
EMAIL = re.compile(r"\b[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
DIGIT = re.compile(r"\d")


class LegalRecognizer:
    """Finds what law and money are written in. Its tables load at first use, in a second or two."""

    def __init__(self) -> None:
        self._citations = Citations()
        self.model = f"{self._citations.version} + courts-db {version('courts-db')}"
        self.version = f"{self.model} + reporters-db {version('reporters-db')}"

    def load(self) -> None:
        """Load the tables now, instead of when they are first used."""
        self._citations.load()
        court_name("United States District Court for the District of Maine")

    def find(self, text: str) -> list[RuleSpan]:
        """Find spans in one chunk's text, in no order; they may overlap."""
        found = [*_patterns(text), *courts(text), *sums(text), *statutes(text)]
        laws = [span for span in found if span.type is MentionType.LAW]
        # eyecite takes the volume of the next citation into a law, and loses a section's end.
        return found + [
            span
            for span in self._citations.find(text)
            if not any(span.start < law.end and law.start < span.end for law in laws)
        ]


def _patterns(text: str) -> Iterator[RuleSpan]:
    """Yield what the plain patterns find."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield matched(match, MentionType.EMAIL)
    if DIGIT.search(text):
        for match in DATE.finditer(text):
            yield matched(match, MentionType.DATE)
        yield from dockets(text)
