"""What a reader is given, and what it writes into: text, pages, members, warnings.

Every character that PostgreSQL cannot take is replaced one for one before offsets are made, so
what is stored is what the offsets count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.documents import (
    HeaderSpan,
    Metadata,
    Page,
    PageRange,
    Pages,
    PageSource,
    Words,
)
from pipeline.engines.formats.members import MemberWriter
from pipeline.engines.parse_request import ParseOptions
from pipeline.errors import PermanentError
from pipeline.page_ranges import (
    NO_TEXT,
    PAGE_BREAK,
    WARNINGS,
    check_length,
    joined,
    unread_warning,
)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


class LongDocumentError(Exception):
    """Tell that a document has more pages than are to be read at once."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} pages")
        self.count = count


def clean(text: str) -> str:
    """Replace NUL and lone surrogates, one for one."""
    return UNSTORABLE.sub(REPLACEMENT, text)


@dataclass
class Job:
    """One file to read, what may be used for it, and where its by-products go. Of a file with
    pages, `pages` says which are to be read, and `at_once` how many may be: see `ParseRequest`.
    """

    path: Path
    name: str
    media_type: str
    options: ParseOptions
    members: MemberWriter
    progress: Callable[..., None]
    pages: PageRange | None = None
    at_once: int | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        """Note what a person should know of the result; a few hundred of them will do."""
        if len(self.warnings) < WARNINGS:
            self.warnings.append(clean(sentence))

    def wanted(self, count: int) -> Iterator[int]:
        """Give the numbers of the pages to read, and tell of each that it is begun, and of the last
        that it is done.

        Raises PermanentError("too_many_pages"), and LongDocumentError for too many at once.
        """
        check_pages(count, self.options.max_pages)
        if self.pages is None and self.at_once and count > self.at_once:
            raise LongDocumentError(count)
        whole = PageRange(first=1, last=count)
        for number in (self.pages or whole).numbers:
            self.progress(number, count)
            yield number
        self.progress()


@dataclass(frozen=True)
class PageText:
    """One page before it has a place in the document: the words' offsets are in `text`."""

    text: str
    source: PageSource = PageSource.TEXT
    confidence: float | None = None
    width: float | None = None
    height: float | None = None
    words: Words | None = None


class Draft:
    """The document's text as it grows, page by page, from page `first` on."""

    def __init__(self, max_characters: int, first: int = 1) -> None:
        self._max_characters = max_characters
        self._first = first
        self._parts: list[str] = []
        self._length = 0
        self._pages: list[Page] = []

    def add(self, page: PageText) -> None:
        """Append a page. Raises PermanentError("text_too_long")."""
        if self._pages:
            self._append(PAGE_BREAK)
        start = self._length
        self._append(clean(page.text))
        words = page.words
        if words is not None:
            words = Words(
                starts=tuple(start + at for at in words.starts),
                ends=tuple(start + at for at in words.ends),
                boxes=words.boxes,
            )
        self._pages.append(
            Page(
                number=self._first + len(self._pages),
                start=start,
                end=self._length,
                source=page.source,
                confidence=page.confidence,
                width=page.width,
                height=page.height,
                words=words,
            )
        )

    def _append(self, text: str) -> None:
        check_length(self._length + len(text), self._max_characters)
        self._parts.append(text)
        self._length += len(text)

    def add_unread(self, job: Job, reason: object) -> None:
        """Append a page that cannot be read, and say so."""
        job.warn(unread_warning(self._first + len(self._pages), reason))
        self.add(PageText(text="", source=PageSource.UNREAD))

    def part(self, job: Job, metadata: Metadata) -> Pages:
        """Make the payload of a file with pages, or of the range of them that is wanted. Raises
        PermanentError for one of which no page could be read.
        """
        part = Pages(
            text="".join(self._parts),
            pages=tuple(self._pages),
            metadata=metadata,
            warnings=tuple(job.warnings),
        )
        return part if job.pages else joined([part], self._max_characters)

    def pages(
        self, job: Job, metadata: Metadata | None = None, spans: Sequence[HeaderSpan] = ()
    ) -> Pages:
        """Make the payload. A text without a word in it is a warning, not a failure."""
        text = "".join(self._parts)
        members = job.members.members()
        if not text.strip() and not members:
            job.warn(NO_TEXT)
        return Pages(
            text=text,
            pages=tuple(self._pages),
            metadata=metadata or Metadata(),
            header_spans=tuple(spans),
            members=members,
            warnings=tuple(job.warnings),
        )


def check_pages(count: int, limit: int) -> None:
    """Refuse a document over the page limit. Raises PermanentError("too_many_pages")."""
    if count > limit:
        raise PermanentError(
            "too_many_pages",
            f"the document has {count:,} pages and the limit is {limit:,}; split it, or raise the "
            "setting ocr.max_pages",
        )


def one_page(
    job: Job, text: str, metadata: Metadata | None = None, spans: Sequence[HeaderSpan] = ()
) -> Pages:
    """Make the payload of a document without pages of its own."""
    draft = Draft(job.options.max_characters)
    draft.add(PageText(text=text, source=PageSource.TEXT if text else PageSource.NONE))
    return draft.pages(job, metadata, spans)


def told(value: object) -> str | None:
    """Take what a file says about itself: on one line, storable; None when it says nothing."""
    if isinstance(value, datetime):
        return value.isoformat()
    text = clean(" ".join(str(value).split())) if value is not None else ""
    return text[:1_000] or None


def sentence_of_row(headers: Sequence[str], values: Iterable[str]) -> str:
    """Write a table's row as a sentence: "Name: Ann Lee; Firm: Acme Corp.".

    Cells of a table stand without words around them. A recogniser of names was made for prose,
    and a parser needs a sentence; with the column's name before each value, both have one, and a
    reader of a quoted row sees what each value is.
    """
    cells = []
    for at, raw in enumerate(values):
        value = " ".join(raw.split())
        if not value:
            continue
        header = headers[at] if at < len(headers) else ""
        cells.append(f"{header}: {value}" if header else value)
    line = "; ".join(cells)
    return line if not line or line.endswith((".", "!", "?")) else line + "."


def headers_of(row: Sequence[str]) -> list[str]:
    """Take a table's first row as its columns' names; an empty list if it does not look so.

    Names of columns are all there, all different, short, and no numbers.
    """
    names = [" ".join(cell.split()).rstrip(":") for cell in row]
    while names and not names[-1]:
        names.pop()
    ordinary = all(
        name and len(name) <= 60 and any(letter.isalpha() for letter in name) for name in names
    )
    distinct = len({name.casefold() for name in names}) == len(names)
    figures = any(sum(c.isdigit() for c in name) * 2 > len(name) for name in names)
    emails = any("@" in name for name in names)
    return names if len(names) > 1 and ordinary and distinct and not (figures or emails) else []
