"""Countries and their parts, as rigour has them, with the names that are theirs alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

Row = Mapping[str, Any]
# China's special administrative regions: usually called without what they are.
OF_CHINA = " SAR"
# Countries by names and letters that rigour has not, or holds for weak. The Federal Republic of
# Germany is today's too, and so are its letters; what was West Germany only is called so.
ALSO = {
    "britain": "united kingdom", "us": "united states", "usa": "united states",
    "ksa": "saudi arabia", "prc": "china", "rok": "south korea",
    "congo-kinshasa": "dr congo", "congo kinshasa": "dr congo",
    "congo brazzaville": "congo-brazzaville",
    "gdr": "east germany", "ddr": "east germany", "frg": "germany", "brd": "germany",
    "fyrom": "north macedonia", "fyr macedonia": "north macedonia",
    "former yugoslav republic of macedonia": "north macedonia",
    "republic of macedonia": "north macedonia",
}  # fmt: skip
# What may be one of these countries and may be another place, or another time's: people say.
MAY_BE: Mapping[str, tuple[str, ...]] = {
    "congo": ("dr congo", "congo-brazzaville"),
    "macedonia": ("north macedonia",),
    "west germany": ("germany",),
}
REPUBLIC = "republic"
FORM = r"(?:Commonwealth|Duchy|Federation|Kingdom|Principality|Republic|State|Sultanate|Union)"
ANY_FORM = re.compile(FORM, re.IGNORECASE)
FORMAL = re.compile(
    rf"(?:[\w'-]+\s+)*?({FORM}\s+of\s+(?:the\s+)?(?P<of>\S.*))|.*\sRepublic", re.IGNORECASE
)
OF_THE = re.compile(r"\b(of )the (?=\w)", re.IGNORECASE)
# Formal names of another state than today's, or of a part of it; and those of a country whose usual
# name is an American state's too.
OF_OTHERS = frozenset(
    {"Democratic Republic of Georgia", "Democratic Republic of Vietnam", "Republic of Georgia",
     "Republic of Vietnam", "Socialist Soviet Republic Of Georgia", "State of Mexico"}
)  # fmt: skip


@cache
def territories() -> Sequence[Row]:
    """List rigour's territories by code, countries last: what maps names to them lets these win."""
    from rigour._core import territories_jsonl

    rows = [json.loads(line) for line in territories_jsonl().splitlines()]
    return sorted(rows, key=lambda row: (row.get("is_country", False), row["code"]))


def usual_name(row: Row) -> str:
    """Give the name that a territory is usually called by."""
    name: str = row["name"]
    return name.split(" (", maxsplit=1)[0].removesuffix(OF_CHINA)


def usual_names(write: Callable[[str], str]) -> dict[str, str]:
    """Map the names of territories to their usual ones, those of countries before others; both
    are written as `write` does.

    Names that rigour calls weak are left out, but for formal ones ("Hellenic Republic"): demonyms
    and misspellings are among them. Of what is no country only the usual name counts: a state's
    other names are often a city's.
    """
    known: dict[str, str] = {}
    guessed: dict[str, str] = {}
    for row in territories():
        usual = usual_name(row)
        known.update({write(name): write(usual) for name in _names(row, usual)})
        guessed.update({write(name): write(usual) for name in _by_form(row, usual)})
    return {**guessed, **known}


def _names(row: Row, usual: str) -> Iterator[str]:
    """Yield the names of a territory that rigour has and that are no other's."""
    yield usual
    if _is_formal(row["full_name"], usual):
        yield row["full_name"]
    if row["name"].endswith(OF_CHINA):
        for name in (usual, *row["names_strong"]):
            yield from (name, f"{name} SAR", f"{name} Special Administrative Region")
    if row.get("is_country"):
        strong = (row["full_name"], *row.get("names_strong", ()))
        yield from strong
        weak = [name for name in row.get("names_weak", ()) if _is_formal(name, usual)]
        # "Grand Duchy of Finland" and "Kingdom of Greece" are what the republics were before.
        forms = _forms(strong) or _forms(weak) & {REPUBLIC} or _forms(weak)
        yield from (name for name in weak if _forms([name]) <= forms)


def _forms(names: Iterable[str]) -> frozenset[str]:
    """Collect the forms of state that formal names say."""
    return frozenset(
        form.casefold()
        for name in names
        if FORMAL.fullmatch(name)
        for form in ANY_FORM.findall(name)[:1]
    )


def _is_formal(name: str, usual: str) -> bool:
    """Say whether a weak name is an English formal one: of the usual name, or a "Republic"."""
    found = FORMAL.fullmatch(name) if name.isascii() else None
    if found is None or name.casefold() in map(str.casefold, OF_OTHERS):
        return False
    return found["of"] is None or found["of"].casefold() == usual.casefold()


def _by_form(row: Row, usual: str) -> Iterator[str]:
    """Yield formal names of a country that follow from others: without "the" and what stands
    before the form ("Democratic Republic of Congo", "Kingdom of Jordan"), and "Republic of X" where
    no name says that it is anything else.
    """
    if not row.get("is_country"):
        return
    formal = [name for name in _names(row, usual) if FORMAL.fullmatch(name)]
    yield from (OF_THE.sub(r"\1", name) for name in formal)
    for name in formal:
        found = FORMAL.fullmatch(name)
        if found and found["of"] and found["of"].casefold() == usual.casefold():
            yield from {OF_THE.sub(r"\1", found[1])} - OF_OTHERS
    if all("republic" in name.casefold() for name in formal) and not row.get("is_historical"):
        yield from {f"Republic of {usual}"} - OF_OTHERS
