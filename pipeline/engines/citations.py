"""Citations of cases and journals, by eyecite; those of written law only where no rule of ours
reads them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.metadata import version
from typing import Any

from pipeline.documents import MentionType
from pipeline.engines.rule_spans import BLANKS, RuleSpan

# Of eyecite's classes, those that say by themselves what is cited.
FULL_CITATIONS = {
    "FullCaseCitation": (MentionType.CITATION, "case"),
    "FullJournalCitation": (MentionType.CITATION, "journal"),
    "FullLawCitation": (MentionType.LAW, "statute"),
}
SHORT_CITATION = "ShortCaseCitation"
CITE_SHAPE = re.compile(r"\b\d{1,4}\s+[A-Z][\w.’'&\s()]{0,40}?\s*(?:,?\s+at\s+|§+\s*|\s)\d|§")
POINTS = ".,;: \t\r\n"


class Citations:
    """Finds citations. Its tables load at first use, in a second or two."""

    def __init__(self) -> None:
        self.version = f"eyecite {version('eyecite')}"

    @cached_property
    def _citations(self) -> Callable[..., Any]:
        from eyecite import get_citations

        # It warns of citations whose spans touch; ours are merged afterwards anyway.
        logging.getLogger("eyecite").setLevel(logging.ERROR)
        find: Callable[..., Any] = get_citations
        return find

    def load(self) -> None:
        """Load the tables now, instead of when they are first used."""
        _ = self._citations

    def find(self, text: str) -> Iterator[RuleSpan]:
        """Yield what eyecite calls citations; those that point back (`Id.`, `supra`) name nothing
        by themselves, a short one ("550 U.S. at 556") a volume and a page.
        """
        if CITE_SHAPE.search(text) is None:
            return
        for citation in self._citations(text):
            kind = type(citation).__name__
            start, end = citation.span()
            if kind in FULL_CITATIONS:
                type_, subtype = FULL_CITATIONS[kind]
                end = start + len(text[start:end].rstrip(POINTS))
                # The corrected form of a law leaves out which of a state's codes it is.
                law = type_ is MentionType.LAW
                normal = text[start:end] if law else citation.corrected_citation()
            elif kind == SHORT_CITATION:
                type_, subtype = MentionType.CITATION, "case"
                groups = citation.groups
                reporter = citation.corrected_reporter()
                normal = f"{groups['volume']} {reporter} at {groups['page']}"
            else:
                continue
            yield RuleSpan(
                start=start, end=end, type=type_, subtype=subtype, normal=_reporter_form(normal)
            )


def _reporter_form(text: str) -> str:
    """Write a citation with single blanks and none inside `U. S.`, without nominative reporters."""
    text = re.sub(r"\s*\(\d+ [^)]*\)\s*", " ", text)
    return BLANKS.sub(" ", re.sub(r"(?<=\b[A-Z]\.) (?=[A-Z]\.)", "", text)).strip()
