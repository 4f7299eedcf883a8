"""A document that is read in ranges of pages, and joined again: pure.

A part is the `Pages` of some pages: their text with offsets of its own, their numbers in the
document, their warnings, and what the file says about itself. Joined in order, whatever the ranges,
they give what reading all pages at once gives, which is the joining of one part: what concerns the
whole document is decided there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.documents import Metadata, Page, PageRange, Pages, PageSource, Words
from pipeline.errors import PermanentError

PAGE_BREAK = "\n\n"
WARNINGS = 200
"""Sentences about one document: a few hundred will do."""
NO_TEXT = "there is no text in this document"


def ranges_of(count: int, at_once: int) -> tuple[PageRange, ...]:
    """Cut `count` pages into ranges of `at_once`; the last one may have fewer."""
    return tuple(
        PageRange(first=first, last=min(first + at_once - 1, count))
        for first in range(1, count + 1, at_once)
    )


def unread(number: int, reason: str) -> Pages:
    """Make the part of a page that could not be read."""
    page = Page(number=number, start=0, end=0, source=PageSource.UNREAD)
    return Pages(text="", pages=(page,), warnings=(unread_warning(number, reason),))


def unread_warning(number: int, reason: object) -> str:
    """Say that a page is missing."""
    return f"page {number} could not be read: {reason}"


def together(parts: Sequence[Pages]) -> Pages:
    """Put parts that follow each other together into one."""
    if len(parts) == 1:
        return parts[0]
    pages: list[Page] = []
    at = 0
    for part in parts:
        pages += (_moved(page, at) for page in part.pages)
        at += len(part.text) + len(PAGE_BREAK)
    told = (part.metadata for part in parts if part.metadata != Metadata())
    warnings = [warning for part in parts for warning in part.warnings]
    return Pages(
        text=PAGE_BREAK.join(part.text for part in parts),
        pages=tuple(pages),
        metadata=next(told, Metadata()),
        warnings=tuple(warnings[:WARNINGS]),
    )


def joined(parts: Sequence[Pages], max_characters: int) -> Pages:
    """Make the payload, but for its language, of all parts of a document, in order.

    Raises PermanentError: text_too_long, and damaged if no page could be read. A text without a
    word in it is a warning, not a failure.
    """
    length = sum(len(part.text) for part in parts) + len(PAGE_BREAK) * (len(parts) - 1)
    check_length(length, max_characters)
    if all(page.source is PageSource.UNREAD for part in parts for page in part.pages):
        raise PermanentError(
            "damaged", "no page of the file can be read; get it again, or print it to PDF again"
        )
    whole = together(parts)
    if whole.text.strip():
        return whole
    return whole.model_copy(update={"warnings": with_warning(whole.warnings, NO_TEXT)})


def check_length(length: int, limit: int) -> None:
    """Refuse a text over the limit. Raises PermanentError("text_too_long")."""
    if length > limit:
        raise PermanentError(
            "text_too_long",
            f"the text is longer than {limit:,} characters; split the file, or raise the setting "
            "ocr.max_characters",
        )


def with_warning(warnings: Iterable[str], sentence: str) -> tuple[str, ...]:
    """Add a sentence, if there is room."""
    return (*warnings, sentence)[:WARNINGS]


def _moved(page: Page, by: int) -> Page:
    """Give a page its place in a longer text."""
    words = page.words
    if words is not None:
        words = Words(
            starts=tuple(start + by for start in words.starts),
            ends=tuple(end + by for end in words.ends),
            boxes=words.boxes,
        )
    return page.model_copy(update={"start": page.start + by, "end": page.end + by, "words": words})
