"""What is read of a file when one of its pages is too much for the parser's child: the others.

A child that dies, hangs or passes its memory has lost what it had read. The rest is read by others,
in stretches between the pages that are lost. Pure: `ask` reads a stretch.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.documents import PageRange, Pages
from pipeline.engines.parse_request import ParseFailure
from pipeline.page_ranges import together, unread

REASONS = {
    "parser_crashed": "it crashes the process that reads it",
    "parser_timeout": "it takes longer than limits.seconds_per_page allows",
    "parser_memory": "it takes more memory than limits.parse_memory_bytes allows",
}
"""Why a page is missing, by the error of the child that was at it: the same words each time."""
LOST_AT_MOST = 20
SHARE_LOST = 10
FEW = 2
INHERITED = 3
"""Deaths for each page that may be lost: one at a page that another child then reads is as dear."""

Ask = Callable[[PageRange], tuple[Pages | ParseFailure, bool]]
"""Reads pages as a part; also says whether the child that was asked had read nothing before."""


def may_lose(count: int) -> int:
    """Say how many pages of so many may be missing: each costs all that a page may take."""
    return min(LOST_AT_MOST, max(FEW, count // SHARE_LOST))


def is_about_a_page(failure: ParseFailure) -> bool:
    """Say whether a file might be read but for a page."""
    return failure.error in REASONS and 0 < failure.page <= failure.count


def read_around(
    ask: Ask, wanted: PageRange, failure: ParseFailure, *, fresh: bool
) -> Pages | ParseFailure:
    """Read the pages that can be read of those in which there was a failure, as a part.

    A page is lost by a child that began with it, for no other can have been spoilt by what it read
    before: one that hangs takes twice the time of a page. Gives the failure back where it is about
    no page, or too many would be missing.
    """
    parts: list[Pages] = []
    todo: list[PageRange] = []
    stretch = wanted
    answer: Pages | ParseFailure = failure
    lost = deaths = 0
    while True:
        if isinstance(answer, Pages):
            parts.append(answer)
        elif not is_about_a_page(answer) or answer.page not in stretch.numbers:
            return answer
        else:
            deaths += 1
            at = answer.page
            own = fresh and at == stretch.first
            if own:
                lost += 1
                parts.append(unread(at, REASONS[answer.error]))
            most = may_lose(answer.count)
            if lost in {most + 1, answer.count} or deaths > INHERITED * most:
                return _given_up(answer)
            before = PageRange(first=stretch.first, last=at - 1)
            after = PageRange(first=at + own, last=stretch.last)
            # The later pages first: they are the ones for which a new child matters.
            todo += [x for x in (before, after) if x.numbers]
        if not todo:
            break
        stretch = todo.pop()
        answer, fresh = ask(stretch)
    return together(sorted(parts, key=lambda part: part.pages[0].number))


def _given_up(failure: ParseFailure) -> ParseFailure:
    """Name the page at which it was too much."""
    said = f"{failure.message} (page {failure.page} of {failure.count}, and others before)"
    return failure.model_copy(update={"message": said})
