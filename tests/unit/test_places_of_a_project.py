"""Places that documents of one project name: which are one, from the texts to the entities."""

from __future__ import annotations

import re

import pytest
from resolution_case import BOOKS, STAGE, extracted, resolved

from pipeline.documents import MentionType, Names
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing
from pipeline.registry.decisions import Constraints
from pipeline.registry.explaining import rules_in_words
from pipeline.registry.growing import Registry

T = MentionType


Document = tuple[str, ...]


def answered(documents: tuple[Document, ...]) -> list[Names]:
    """Resolve documents, each a text with the places in it, one after another."""
    made = [extracted(text, *((name, T.GPE) for name in names)) for text, *names in documents]
    answers = [answer for answer in STAGE(made) if isinstance(answer, Names)]
    assert len(answers) == len(documents)
    return answers


def registry_of(answers: list[Names]) -> tuple[Registry, dict[str, LiveName]]:
    """Put the names of documents into a registry."""
    live = {
        f"{name.type} {name.normal}": LiveName(
            f"{name.type} {name.normal}", name.type, name.normal, name.keys
        )
        for answer in answers
        for name in answer.names
    }
    return Registry(MemoryBlocks(live.values()), Constraints(), Comparing(BOOKS)), live


def entities(*documents: Document) -> list[str]:
    """Give the entity of each place of all documents by a letter, in their order."""
    answers = answered(documents)
    registry, live = registry_of(answers)
    found: dict[str, str] = {}
    for grown in registry.rebuild(live):
        found |= grown.entities
    letters: dict[str, str] = {}
    said = ""
    for answer in answers:
        for link in answer.links:
            name = answer.names[link.name]
            entity = found[f"{name.type} {name.normal}"]
            said += letters.setdefault(entity, "abcdefgh"[len(letters)])
        said += " "
    return said.split()


def test_names_of_one_city_are_one_place_across_documents() -> None:
    assert entities(("Kiev burnt.", "Kiev"), ("Kyiv was rebuilt.", "Kyiv")) == ["a", "a"]
    assert entities(
        ("Bombay", "Bombay"), ("Mumbai", "Mumbai"), ("Mumbai, India", "Mumbai, India"),
        ("Bombay, India", "Bombay, India"), ("Madras", "Madras"),
    ) == ["a", "a", "a", "a", "b"]  # fmt: skip


def test_another_name_of_a_city_is_not_of_its_namesake_elsewhere() -> None:
    moscow = ("Moscow", "Moscow"), ("Moskva", "Moskva"), ("Moscow, Idaho", "Moscow, Idaho")
    assert entities(*moscow) == ["a", "a", "b"]
    assert entities(("Moskva", "Moskva"), ("Moscow, Idaho", "Moscow, Idaho")) == ["a", "b"]


def test_it_is_said_that_a_place_has_another_name() -> None:
    answers = answered((("Kiev", "Kiev"), ("Kyiv", "Kyiv")))
    [grown] = registry_of(answers)[0].rebuild(["GPE kiev", "GPE kyiv"])
    [edge] = grown.edges
    assert rules_in_words(edge.comparison.rules) == ["another name of the place"]


def test_a_state_is_not_the_city_of_its_name() -> None:
    """Where a text says that it is the state; else only what is around it could tell."""
    state = "The State of Washington sued the State of New York."
    states = state, "State of Washington", "State of New York"
    assert entities(states, ("In Washington, D.C.", "Washington, D.C.")) == ["ab", "c"]
    assert entities(states, ("Washington State, too", "Washington State")) == ["ab", "a"]
    assert entities(states, ("The City of New York won.", "City of New York")) == ["ab", "c"]
    city = "The State of New York sued the City of New York."
    assert entities((city, "State of New York", "City of New York")) == ["ab"]


OREGON = ("He lives in Portland, Oregon. Portland is wet.", "Portland", "Oregon", "Portland")
MAINE = ("She lives in Portland, Maine.", "Portland", "Maine")


def test_a_city_is_the_one_in_the_state_behind_it() -> None:
    assert entities(OREGON, MAINE, ("Portland burnt.", "Portland")) == ["aba", "cd", "e"]
    assert entities(OREGON, ("Portland burnt.", "Portland")) == ["aba", "a"]
    both = "From Portland, Oregon, to Portland, Maine; Portland is far."
    places = "Portland", "Oregon", "Portland", "Maine", "Portland"
    assert entities((both, *places), MAINE) == ["abcde", "cd"]
    assert entities(("Seattle, Washington", "Seattle", "Washington"), ("Seattle", "Seattle"),
                    ("Seattle, WA", "Seattle, WA")) == ["ab", "a", "a"]  # fmt: skip


def test_a_country_or_state_is_no_town_of_its_name() -> None:
    lebanon = ("She lives in Lebanon, Pennsylvania.", "Lebanon", "Pennsylvania")
    assert entities(lebanon, ("Lebanon is at war.", "Lebanon")) == ["ab", "c"]
    assert entities(("Peru, Indiana", "Peru, Indiana"), ("Peru", "Peru")) == ["a", "b"]
    assert entities(("Macedonia, Ohio", "Macedonia, Ohio"), ("Macedonia", "Macedonia")) == [
        "a",
        "b",
    ]


def test_georgia_is_a_country_or_an_american_state_as_its_document_says() -> None:
    state = "The State of Georgia sued. Georgia won.", "State of Georgia", "Georgia"
    usa = "Georgia, USA", "Georgia, USA"
    country = "The Republic of Georgia fought. Georgia lost.", "Republic of Georgia", "Georgia"
    alone = "Georgia is warm.", "Georgia"
    assert entities(state, usa, country, alone) == ["aa", "a", "bb", "c"]
    abroad = "In Tbilisi, Georgia thanked the State of Georgia.", "Tbilisi", "Georgia"
    assert entities((*abroad, "State of Georgia"), state, alone) == ["abc", "cc", "b"]


def test_a_capital_is_no_town_of_its_name() -> None:
    town = ("He was born in Berlin, New Hampshire. Berlin is small.", "Berlin", "New Hampshire",
            "Berlin")  # fmt: skip
    capital = ("Berlin is large.", "Berlin")
    assert entities(town, capital) == ["aba", "c"]
    assert entities(town, capital, ("In Berlin, Germany", "Berlin", "Germany")) == [
        "aba",
        "c",
        "cd",
    ]
    san_jose = ("In San Jose, California", "San Jose", "California")
    assert entities(san_jose, ("San Jose", "San Jose")) == ["ab", "a"]
    puerto_rico = ("In San Juan, Puerto Rico", "San Juan", "Puerto Rico")
    assert entities(puerto_rico, ("San Juan", "San Juan")) == ["ab", "a"]


def test_the_state_behind_a_city_is_not_the_city_of_its_name() -> None:
    seattle = ("They are in Seattle, Washington.", "Seattle", "Washington")
    capital = ("They met in Washington, D.C.", "Washington, D.C.")
    assert entities(seattle, capital) == ["ab", "c"]
    assert entities(seattle, capital, ("In Washington", "Washington")) == ["ab", "c", "c"]
    text = "Based in Seattle, Washington, with an office in Washington, D.C. Washington was wet."
    places = "Seattle", "Washington", "Washington, D.C.", "Washington"
    assert entities((text, *places)) == ["abcc"]


def names(text: str, *places: str) -> list[str]:
    """Give the name of each place of one document."""
    [answer] = answered(((text, *places),))
    return [answer.names[link.name].normal for link in answer.links]


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("Portland, Oregon and Maine", "portland, oregon"),
        ("Portland, Ore. it is", "portland, oregon"),
        ("Paris , France , and Spain", "paris, france"),
        ("Paris, Texas", "paris, texas"),
        ("London, England", "london, england"),
        ("Moscow, Idaho", "moscow, idaho"),
        # No city of 15,000 people, and none known elsewhere.
        ("Lockhart, Texas", "lockhart, texas"),
        ("Orange County, California, United States", "orange county, california"),
        # Lists.
        ("Houston, Louisiana and Florida", "houston"),
        ("Lockhart, Texas, Florida and Maine", "lockhart"),
        ("Chicago, Washington and Boston", "chicago"),
        ("Macedonia, Malaysia", "macedonia"),
        ("France, Germany", "france"),
        # The state would be the city too.
        ("New York, New York", "new york"),
        ("Quebec, Canada", "quebec"),
        ("Portland. Oregon", "portland"),
        ("Portland in Oregon", "portland"),
    ],
)
def test_a_region_behind_a_city_is_told_from_a_list(text: str, city: str) -> None:
    places = re.findall(r"Orange County|United States|New York|Ore\.|[A-Z]\w+", text)
    first, region, *_ = names(text, *places)
    assert first == city
    assert region == names(f"{places[1]} it is", places[1])[0]


def test_a_state_with_the_name_of_a_city_stays_a_state() -> None:
    text = "In Albany, New York, and in New York; then New York."
    assert names(text, "Albany", "New York", "New York", "New York") == [
        "albany, new york", "new york", "new york", "new york"
    ]  # fmt: skip


def test_a_part_of_a_country_is_in_it() -> None:
    bavaria, germany = (
        (f"In Munich, {where}.", "Munich", where) for where in ("Bavaria", "Germany")
    )
    assert entities(bavaria, germany) == ["ab", "ac"]
    assert entities(bavaria, germany, ("München", "München")) == ["ab", "ac", "a"]


def test_an_organisation_may_be_called_by_the_town_that_it_lies_in() -> None:
    text = "Villanova Preparatory School in Villanova, Pennsylvania. Villanova won."
    school = "Villanova Preparatory School", T.ORG
    town = ("Villanova", T.GPE), ("Pennsylvania", T.GPE)
    assert resolved(text, school, *town, ("Villanova", T.ORG)) == [
        ("villanova preparatory school", None), ("villanova, pennsylvania", None),
        ("pennsylvania", None), ("villanova preparatory school", "short"),
    ]  # fmt: skip
