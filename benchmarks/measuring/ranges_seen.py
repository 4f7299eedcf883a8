"""What shows that a long document was read in ranges by several readers, and joined rightly."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import psutil
import psycopg2

from measuring.growth import PARSER, ProcessPeaks
from measuring.memory import with_descendants
from measuring.scans import number_in_words
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.redis_connection import connect

READ_AT_LEAST = 0.98
EVERY = 5
PUBLISHED = "SELECT text, pages FROM contents"


class RangePeaks(ProcessPeaks):
    """Looks at memory, and which of the stage actors have read, until the block ends."""

    def __init__(self, roots: Callable[[], Iterable[psutil.Process]]) -> None:
        super().__init__(roots)
        self._children: dict[psutil.Process, tuple[int, float]] = {}

    def look(self) -> None:
        """Look once."""
        super().look()
        if self.samples % EVERY:
            return
        for process in with_descendants(self._roots()):
            with contextlib.suppress(psutil.Error):
                if PARSER in process.cmdline():
                    times = process.cpu_times()
                    self._children[process] = process.ppid(), times.user + times.system

    @property
    def seconds_of_readers(self) -> list[float]:
        """Give the CPU seconds that the children of each reader took, most first."""
        readers: dict[int, float] = {}
        for parent, seconds in self._children.values():
            readers[parent] = readers.get(parent, 0.0) + seconds
        return sorted(readers.values(), reverse=True)


def parts_in(urls: ServiceUrls) -> list[tuple[int, int]]:
    """List the ranges that Redis has checkpoints of: they stay there until they expire."""
    with contextlib.closing(connect(urls.redis_url)) as client:
        names = [key.decode().split(":") for key in client.scan_iter("doc:*:ocr:*", count=1_000)]
    ends = [name[4].split("-") for name in names if len(name) > 4]
    return sorted((int(first), int(last)) for first, last in ends)


def published(urls: ServiceUrls) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Read the text and the pages of the one content that is published."""
    with (
        contextlib.closing(psycopg2.connect(urls.database_url)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(PUBLISHED)
        [(text, pages)] = cursor.fetchall()
    return text, pages


def joined(text: str, pages: Sequence[Mapping[str, Any]], count: int) -> dict[str, int]:
    """Look for the number that is printed on each page where its offsets say. Counts the pages that
    are `read`, those where another's number stands (`elsewhere`), and those that do not begin
    behind the one before (`out_of_place`).
    """
    mine = {number_in_words(number): number for number in range(1, count + 1)}
    found = {"pages": len(pages), "read": 0, "elsewhere": 0, "out_of_place": 0}
    behind = 0
    for number, page in enumerate(pages, start=1):
        start, end = page["start"], page["end"]
        found["out_of_place"] += page["number"] != number or start < behind
        behind = end
        there = mine.get(_said(text[start:end]))
        found["read"] += there == page["number"]
        found["elsewhere"] += there not in {None, page["number"]}
    return found


def _said(words: str) -> str:
    """Give the number that a page says it has, in words."""
    told = re.search(r"page ([a-z ]+?) of", " ".join(words.lower().split()))
    return told.group(1) if told else ""


def faults(run: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a scan that was to be read in ranges, and joined."""
    pages, parts, found = run["pages"], run["parts"], run["joined"]
    covered = [number for first, last in parts for number in range(first, last + 1)]
    readers = [seconds for seconds in run["seconds_of_readers"] if seconds > 0]
    said = {
        f"{len(readers)} of {run['readers']} readers read": len(readers) < run["readers"],
        f"{len(parts)} ranges do not cover {pages} pages once": covered
        != list(range(1, pages + 1)),
        f"{found['pages']} pages of {pages} came out": found["pages"] != pages,
        f"{found['out_of_place']} pages are out of place": found["out_of_place"] > 0,
        f"the words of {found['elsewhere']} pages stand elsewhere": found["elsewhere"] > 0,
        f"only {found['read']} of {pages} pages say their number": found["read"]
        < READ_AT_LEAST * pages,
    }
    return [fault for fault, holds in said.items() if holds]
