"""A single word that one document takes for a person and another for an organisation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from registry_case import PROJECT, partition, rebuilt, registry
from resolution_case import STAGE, extracted

from pipeline.documents import MentionType, Names, NameScope
from pipeline.identity import name_id
from pipeline.registry.blocks import BOUND, LiveName

T = MentionType
Written = tuple[str, tuple[str, MentionType]]


def _entities(*documents: Written) -> set[frozenset[str]]:
    """Put documents, each with one name in it, through the resolving stage and the registry, and
    give the documents of each entity, by their places.
    """
    live: dict[str, LiveName] = {}
    places: dict[str, list[str]] = {}
    for place, (text, name) in enumerate(documents):
        for made in _names(text, name).names:
            scope = str(place) if made.scope is NameScope.CONTENT else None
            id_ = name_id(PROJECT, made.type, made.normal, scope)
            live[id_] = LiveName(id_, made.type, made.normal, made.keys)
            places.setdefault(id_, []).append(str(place))
    entities, _ = rebuilt(registry(live.values(), bound=BOUND), live.values())
    return partition(entities, {id_: " ".join(places[id_]) for id_ in live})


def _names(text: str, name: tuple[str, MentionType]) -> Names:
    [names] = STAGE([extracted(text, name)])
    assert isinstance(names, Names)
    return names


def _sets(*parts: Sequence[str]) -> set[frozenset[str]]:
    return {frozenset(part) for part in parts}


TAKEN = "Enron sold power.", ("Enron", T.PERSON)
ALSO = "They wrote to Enron's board.", ("Enron's", T.PERSON)
COMPANY = "Enron fell.", ("Enron", T.ORG)
CORPORATION = "Enron Corp. fell.", ("Enron Corp.", T.ORG)


@pytest.mark.parametrize("organisation", [COMPANY, CORPORATION])
def test_a_word_taken_for_a_person_is_the_organisation_of_that_name(organisation: Written) -> None:
    assert _entities(TAKEN, organisation) == _sets("01")
    assert _entities(organisation, TAKEN, ALSO) == _sets("012")


def test_without_an_organisation_a_word_stays_in_its_document() -> None:
    assert _entities(TAKEN, ALSO) == _sets("0", "1")
    assert _entities(TAKEN, ALSO, ("In Enron it rains.", ("Enron", T.GPE))) == _sets("0", "1", "2")
    assert _entities(TAKEN, ALSO, ("Ann Enron", ("Ann Enron", T.PERSON))) == _sets("0", "1", "2")


def test_a_word_is_not_an_organisation_of_a_like_name() -> None:
    for other in ("Enronn", "Enron Trading", "Friends of Enron"):
        assert _entities(TAKEN, (other, (other, T.ORG))) == _sets("0", "1")


def test_a_word_is_neither_of_two_companies_of_its_name() -> None:
    forms = [(words, (words, T.ORG)) for words in ("Enron Inc.", "Enron GmbH")]
    assert _entities(TAKEN, *forms) == _sets("0", "1", "2")


@pytest.mark.parametrize(
    "word", ["Ford", "Smith", "Hunter", "Hewlett-Smith", "O'Hara", "Zuckerberg"]
)
def test_a_name_that_people_have_is_no_organisation(word: str) -> None:
    person = f"{word} spoke.", (word, T.PERSON)
    assert _entities(person, (f"{word} Inc.", (f"{word} Inc.", T.ORG))) == _sets("0", "1")


@pytest.mark.parametrize("ahead", ["Mr. ", "Ms. ", "Senator ", "Dr. "])
def test_who_is_addressed_is_no_organisation(ahead: str) -> None:
    for at in ("Enron", f"{ahead}Enron"):
        called = f"We asked {ahead}Enron about it.", (at, T.PERSON)
        assert _entities(called, COMPANY) == _sets("0", "1")
