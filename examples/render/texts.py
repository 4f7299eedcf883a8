"""Read the source texts and what is known of them."""

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent
SOURCES = EXAMPLES / "sources"


@dataclass(frozen=True)
class Text:
    """Hold one source text: its paragraphs and what its catalog entry says."""

    slug: str
    title: str
    issuer: str
    date: dt.date | None
    paragraphs: tuple[str, ...]

    @property
    def body(self) -> str:
        """Return the paragraphs with an empty line between them."""
        return "\n\n".join(self.paragraphs)

    @property
    def day(self) -> dt.date:
        """Return the date of a text that has one. Raises ValueError otherwise."""
        if self.date is None:
            raise ValueError(f"{self.slug} is not dated")
        return self.date

    def passage(self, start: str) -> str:
        """Return the paragraph that begins with `start`, so that nothing is retyped."""
        return next(p for p in self.paragraphs if p.startswith(start))


@cache
def _catalog() -> dict[str, dict[str, str | None]]:
    entries: dict[str, dict[str, str | None]] = json.loads(
        (SOURCES / "catalog.json").read_text("utf-8")
    )
    return entries


@cache
def load(slug: str) -> Text:
    """Read the text with this name."""
    entry = _catalog()[slug]
    words = (SOURCES / "texts" / f"{slug}.txt").read_text("utf-8")
    date = entry["date"]
    return Text(
        slug=slug,
        title=str(entry["title"]),
        issuer=str(entry["issuer"]),
        date=dt.date.fromisoformat(date) if date else None,
        paragraphs=tuple(p.strip() for p in words.split("\n\n") if p.strip()),
    )


def noon(date: dt.date) -> dt.datetime:
    """Return noon of that day in UTC, the time that every rendered file carries."""
    return dt.datetime(date.year, date.month, date.day, 12, tzinfo=dt.UTC)


def long_date(date: dt.date) -> str:
    """Write a date as the releases do: July 21, 2016."""
    return f"{date:%B} {date.day}, {date.year}"
