"""The small stages with an `ocr` that reads documents in ranges of pages: a form feed ends a page.

A page is written down when it is read, so that a test sees what was read again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faults import small_stages
from pipeline.assembly import Hosted, Stores
from pipeline.documents import (
    DocumentFailure,
    Page,
    PageCount,
    PageRange,
    Pages,
    Source,
    StageName,
)
from pipeline.page_ranges import joined, ranges_of, together
from pipeline.settings import Settings
from pipeline.stores.protocols import Blobs

READ = "PAGED_STAGES_READ"
"""A file in which each page that is read is written down."""
PAGE = "\f"
MOST = 100_000


@dataclass(frozen=True)
class SmallPages:
    """Reads the pages of small documents, all or some, and joins them."""

    blobs: Blobs

    def read(
        self, source: Source, pages: PageRange | None = None, at_once: int | None = None
    ) -> Pages | PageCount | DocumentFailure:
        texts = Path(source.path).read_text("utf-8").split(PAGE)
        if len(texts) == 1:
            return small_stages.read(source, self.blobs)
        if pages is None and at_once and len(texts) > at_once:
            return PageCount(count=len(texts))
        if pages:
            time.sleep(float(os.environ.get(small_stages.SECONDS, "0")))
        parts = [
            Pages(
                text=texts[number - 1],
                pages=(Page(number=number, start=0, end=len(texts[number - 1])),),
            )
            for number in (pages or ranges_of(len(texts), len(texts))[0]).numbers
        ]
        if log := os.environ.get(READ):
            with Path(log).open("a") as file:
                file.writelines(f"{part.pages[0].number}\n" for part in parts)
        return together(parts) if pages else joined(parts, MOST)

    def join(self, parts: Sequence[Pages]) -> Pages | DocumentFailure:
        return joined(parts, MOST)


def host(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
    if stage is not StageName.OCR:
        return small_stages.host(stage, settings, stores)
    pages = SmallPages(stores.blobs)
    return Hosted(small_stages.SmallStage(stage, pages.read), paged=pages)


def write_book(path: Path, pages: int) -> None:
    """Write a document of so many pages, each with other people on it."""
    first, last = ("Ann", "Bob", "Cleo", "Dan", "Eve"), ("Lee", "Moss", "North", "Old")
    path.write_text(
        PAGE.join(
            f"{first[number % 5]} {last[number % 4]} met Hal Reed on page {number}."
            for number in range(1, pages + 1)
        )
    )
