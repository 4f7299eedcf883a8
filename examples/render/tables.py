"""Compile tables from the releases, and check every cell against the words it came from."""

import csv
import re

from .texts import SOURCES, Text, load

STRIKE_RELEASES = ("strikes-jan-8", "strikes-jan-9", "strikes-jan-10")
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_STRIKE = re.compile(r"- Near (?P<near>[^,]+), (?P<count>\w+) strikes? (?P<result>.+)")
_NATIONS = re.compile(r"conducted strikes in (Iraq|Syria) include ([^.]+)\.")
Rows = list[list[str]]


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.index(word) + 1


def strikes() -> list[list[str | int | None]]:
    """List every line "Near X, n strikes …" of the three daily releases."""
    rows: list[list[str | int | None]] = [
        ["Date", "Country", "Near", "Strikes", "Result", "Release"]
    ]
    for slug in STRIKE_RELEASES:
        text, country = load(slug), ""
        for paragraph in text.paragraphs:
            if paragraph in {"Syria", "Iraq"}:
                country = paragraph
            if found := _STRIKE.match(paragraph):
                count = _count(found["count"])
                rows.append(
                    [str(text.date), country, found["near"], count, found["result"], text.title]
                )
    return rows


def totals() -> list[list[str | int | None]]:
    """Add the strikes up by day and country, and check the sum against the release's own."""
    rows: list[list[str | int | None]] = [["Date", "Syria", "Iraq", "Together"]]
    for slug in STRIKE_RELEASES:
        text = load(slug)
        counts = {
            country: sum(
                int(row[3] or 0) for row in strikes()[1:] if row[:2] == [str(text.date), country]
            )
            for country in ("Syria", "Iraq")
        }
        both = counts["Syria"] + counts["Iraq"]
        if f"conducted {both} strikes" not in text.body:
            raise ValueError(f"{slug}: the rows do not add up to the release's total")
        rows.append([str(text.date), counts["Syria"], counts["Iraq"], both])
    return rows


def nations() -> list[list[str | int | None]]:
    """List the nations that a release names as having conducted strikes."""
    rows: list[list[str | int | None]] = [["Country of the strikes", "Coalition nation"]]
    for country, names in _NATIONS.findall(load(STRIKE_RELEASES[0]).body):
        listed = re.split(r", (?:and )?", names)
        rows.extend([country, name.removeprefix("the ")] for name in listed)
    return rows


def _checked(row: dict[str, str], text: Text) -> None:
    for column, cell in row.items():
        if column != "Text" and cell and cell not in text.body:
            raise ValueError(f"{text.slug} does not say {cell!r}")


def compiled(name: str) -> Rows:
    """Read a table compiled by hand. Each cell must stand in the text that its row names;
    that column is replaced by the release's title and issuer.
    """
    with (SOURCES / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    head = [column for column in rows[0] if column != "Text"]
    table: Rows = [[*head, "Release", "Issued by"]]
    for row in rows:
        text = load(row["Text"])
        _checked(row, text)
        table.append([row[column] for column in head] + [text.title, text.issuer])
    return table
