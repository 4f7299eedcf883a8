"""Short forms of one document: each is the one long form that fits, or stays alone."""

from __future__ import annotations

import sys
from itertools import islice, product

import pytest
from resolution_case import STAGE, extracted, resolved

from pipeline.documents import MentionType, Names, NameScope
from pipeline.resolution.acronyms import stands_for
from pipeline.resolution.fitting import link

T = MentionType


def linked(type_: MentionType, *words: str) -> list[str]:
    """Give the normal form that each name of one type stands for in a text of nothing else."""
    return [name for name, _ in resolved("; ".join(words), *((one, type_) for one in words))]


@pytest.mark.parametrize(
    ("type_", "long", "short"),
    [
        (T.ORG, "Boston Red Sox", "Red Sox"),
        (T.ORG, "U.S. Senate", "Senate"),
        (T.ORG, "Legislative Council of Ceylon", "Legislative Council"),
        (T.ORG, "Ohio State University in Columbus", "Ohio State University"),
        (T.ORG, "Trinity College, Cambridge", "Trinity College"),
        (T.ORG, "Harrow School", "Harrow"),
        (T.ORG, "Pennsylvania State University", "Penn State"),
        (T.ORG, "University of Southern Indiana", "University"),
        (T.ORG, "University of Oxford", "Oxford"),
        (T.ORG, "Acme Holdings", "Acme Holdings’s"),
        (T.ORG, "Acme Photo Corp", "Acme"),
        (T.ORG, "Russian Nanotechnology Corporation", "RUSNANO"),
        (T.ORG, "Antarctic Logistics & Expeditions LLC", "ALE"),
        (T.ORG, "United States Naval Forces Germany", "NAVFORGER"),
        (T.ORG, "Task Force 104", "TF-104"),
        (T.ORG, "University of North Carolina at Greensboro", "UNC Greensboro"),
        (T.GPE, "Evansville, Indiana", "Evansville"),
        (T.GPE, "Los Angeles", "L.A."),
        (T.FAC, "London Heathrow Airport", "Heathrow Airport"),
        (T.FAC, "Ali Qapu Palace", "Ali Qapu"),
        (T.GPE, "Frankfurt am Main", "Frankfurt"),
        (T.FAC, "Isfahan International Airport", "Airport"),
        (T.PERSON, "Naomi van As", "Van As"),
        (T.PERSON, "Guillermo David Endara Galimany", "Endara"),
        (T.PERSON, "Edward VII", "Edward"),
        (T.PERSON, "John F. Kennedy", "JFK"),
    ],
)  # fmt: skip
def test_a_short_form_is_the_long_one(type_: MentionType, long: str, short: str) -> None:
    one, other = linked(type_, long, short)
    assert one == other


@pytest.mark.parametrize(
    ("type_", "one", "another", "short"),
    [
        (T.ORG, "Boston Red Sox", "Chicago Red Sox", "Red Sox"),
        (T.ORG, "U.S. Senate", "California Senate", "Senate"),
        (T.ORG, "Legislative Council of Ceylon", "Legislative Council of Fiji",
         "Legislative Council"),
        (T.ORG, "Trinity College, Cambridge", "Trinity College, Oxford", "Trinity College"),
        (T.ORG, "Harrow School", "Harrow Museum", "Harrow"),
        (T.ORG, "Acme Photo Corp", "Acme Tools Inc.", "Acme"),
        (T.ORG, "Acme Photo Corp", "Acme Tools", "Acme"),
        (T.ORG, "Pennsylvania State University", "Pennsylvania State Museum", "Penn State"),
        (T.ORG, "University of Southern Indiana", "Ohio State University", "University"),
        (T.ORG, "Oxford Museum", "Oxford Gallery", "Oxford"),
        (T.ORG, "Antarctic Logistics LLC", "Able Ladders", "AL"),
        (T.ORG, "University of North Carolina at Greensboro",
         "Union of National Colleges at Greensboro", "UNC Greensboro"),
        (T.GPE, "Evansville, Indiana", "Evansville, Ohio", "Evansville"),
        (T.GPE, "Los Angeles", "Las Animas", "L.A."),
        (T.FAC, "London Victoria Station", "Paris Victoria Station", "Victoria Station"),
        (T.FAC, "Ali Qapu Palace", "Ali Qapu Mosque", "Ali Qapu"),
        (T.FAC, "Isfahan International Airport", "Heathrow Airport", "Airport"),
        (T.GPE, "Frankfurt am Main", "Frankfurt an der Oder", "Frankfurt"),
        (T.PERSON, "Naomi van As", "Peter van As", "Van As"),
        (T.PERSON, "Guillermo David Endara Galimany", "Hernan Endara Lopez", "Endara"),
        (T.PERSON, "Edward VII", "Edward VIII", "Edward"),
        (T.PERSON, "John F. Kennedy", "James Frank Kruger", "JFK"),
    ],
)  # fmt: skip
def test_where_two_would_fit_neither_is_taken(
    type_: MentionType, one: str, another: str, short: str
) -> None:
    first, second, third = linked(type_, one, another, short)
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (T.GPE, "Mexico City", "Mexico"),
        (T.GPE, "Vancouver Island", "Vancouver"),
        (T.GPE, "Mississippi River", "Mississippi"),
        (T.FAC, "Pudu Prison", "Pudu"),
        (T.ORG, "Bank of America", "Bank"),
        (T.ORG, "National Photo Corp", "National"),
        (T.ORG, "Florida Supreme Court", "Supreme Court"),
        (T.ORG, "Supreme Court of Florida", "Supreme Court"),
        (T.ORG, "Chicago Police Department", "Chicago"),
        (T.ORG, "Bank of Russia", "Russia"),
        (T.ORG, "United Nations Council", "United Nations"),
        (T.PERSON, "Mary-Kate and Ashley Olsen", "Mary-Kate"),
        (T.PERSON, "John Smith Jr.", "Smith Sr."),
        (T.PERSON, "Upper Volta", "US"),
    ],
)
def test_what_is_another_thing_stays_alone(type_: MentionType, one: str, other: str) -> None:
    first, second = linked(type_, one, other)
    assert first != second


@pytest.mark.parametrize(
    ("kind", "plain"),
    [("Socotra Island", "Socotra"), ("City of Isfahan", "Isfahan"), ("Taipei City", "Taipei")],
)
def test_a_kind_of_place_that_says_no_more_is_left_out(kind: str, plain: str) -> None:
    assert linked(T.GPE, kind, plain) == [plain.lower()] * 2
    assert linked(T.GPE, kind) == [kind.lower()]


def test_places_are_one_group_and_keep_the_type_of_the_long_form() -> None:
    text = extracted(
        "Ali Qapu Palace stands. Ali Qapu is old.", ("Ali Qapu Palace", T.FAC), ("Ali Qapu", T.LOC)
    )
    [names] = STAGE([text])
    assert isinstance(names, Names)
    assert [(name.type, name.normal) for name in names.names] == [(T.FAC, "ali qapu palace")]


def test_a_title_is_the_one_person_who_has_it() -> None:
    text = "Speaker Nancy Pelosi came. Thank you, Madam Speaker."
    one = resolved(text, ("Nancy Pelosi", T.PERSON), ("Madam Speaker", T.PERSON))
    assert one[1] == ("nancy pelosi", "title")
    text = "President Ann Ode met President Bo Ode. The Mr. President smiled."
    two = resolved(
        text, ("President Ann Ode", T.PERSON), ("Bo Ode", T.PERSON), ("Mr. President", T.PERSON)
    )
    assert two[2] == ("president", None)


def test_a_surname_of_two_words_is_no_whole_name_however_often_it_is_used() -> None:
    assert linked(T.PERSON, "Naomi van As", "Van As", "Van As", "Van As") == ["naomi van as"] * 4


def test_an_office_is_no_surname_and_a_bare_one_stays_in_its_document() -> None:
    words = [("Vice President", T.PERSON), ("Mr. President", T.PERSON)]
    [names] = STAGE([extracted("Vice President, Mr. President", *words)])
    assert isinstance(names, Names)
    assert [(name.normal, name.scope) for name in names.names] == [
        ("president", NameScope.CONTENT),
        ("vice president", NameScope.CONTENT),
    ]
    assert linked(T.PERSON, "Emperor of Mexico", "Emperor")[0] == "emperor of mexico"


@pytest.mark.parametrize(
    ("type_", "text", "first", "second"),
    [
        (T.PERSON, "Kurt Tucholsky, also known as Peter Panter, wrote.", "Kurt Tucholsky",
         "Peter Panter"),
        (T.PERSON, "Jane Roe (née Doe) came.", "Jane Roe", "Doe"),
        (T.ORG, "Globex Corp., f/k/a “Initech LLC”, sued.", "Globex Corp.", "Initech LLC"),
        (T.ORG, "Globex Corp. (formerly Initech LLC) sued.", "Globex Corp.", "Initech LLC"),
        (T.GPE, "Oslo, then known as Kristiania, burnt.", "Oslo", "Kristiania"),
        (T.GPE, "Lwow (Ukrainian: Lviv) lies there.", "Lwow", "Lviv"),
        (T.GPE, "Ghent (a city, also known as Gand) lies there.", "Ghent", "Gand"),
        (T.FAC, "Hasht Behesht (the Octagon) stands.", "Hasht Behesht", "Octagon"),
        (T.ORG, "Globex was originally named Initech.", "Globex", "Initech"),
    ],
)  # fmt: skip
def test_another_name_that_the_text_gives_is_the_same_thing(
    type_: MentionType, text: str, first: str, second: str
) -> None:
    one, other = resolved(text, (first, type_), (second, type_))
    assert other == (one[0], "alias")


@pytest.mark.parametrize(
    ("type_", "text", "first", "second"),
    [
        (T.GPE, "York is known as England's chocolate capital.", "York", "England"),
        (T.PERSON, "John Roe, who knew Jane Doe, came.", "John Roe", "Jane Doe"),
        (T.PERSON, "John Roe (formerly Jane Doe's clerk) came.", "John Roe", "Jane Doe"),
        (T.PERSON, "John Roe called Jane Doe.", "John Roe", "Jane Doe"),
        (T.ORG, "Globex Corp., formerly of Initech LLC, sued.", "Globex Corp.", "Initech LLC"),
        (T.GPE, "Ghent (the Gand of old) lies there.", "Ghent", "Gand"),
    ],
)
def test_what_the_text_does_not_give_as_another_name_stays_alone(
    type_: MentionType, text: str, first: str, second: str
) -> None:
    one, other = resolved(text, (first, type_), (second, type_))
    assert one[0] != other[0]


def test_another_name_of_two_things_is_of_neither() -> None:
    text = "Alba, also known as Gamma, and Beta, also known as Gamma."
    answer = resolved(
        text, ("Alba", T.ORG), ("Gamma", T.ORG), ("Beta", T.ORG), ("Gamma", T.ORG)
    )  # fmt: skip
    assert [name for name, _ in answer] == ["alba", "gamma", "beta", "gamma"]


def test_the_surest_rule_that_fits_decides() -> None:
    names = {"a": 1, "b": 1, "c": 1, "d": 1}
    assert link(names, [[("a", "b")], [("a", "c")]]) == {"a": "b"}
    assert link(names, [[("a", "b"), ("a", "c")], [("a", "d")]]) == {}
    assert link(names, [[("b", "c")], [("a", "b"), ("a", "c")]]) == {"a": "c", "b": "c"}
    assert link(names, [[("a", "b")], [("b", "a")]]) == {"a": "b"}
    assert link(names, [[("x", "a")]]) == {}


def test_dates_between_do_not_hide_another_name() -> None:
    answer = resolved(
        "Oslo (in 1920, also known as Kristiania) burnt.",
        ("Oslo", T.GPE), ("1920", T.DATE), ("Kristiania", T.GPE),
    )  # fmt: skip
    assert answer[2] == ("oslo", "alias")


def test_letters_stand_for_all_telling_words() -> None:
    assert stands_for("ASCII", "American Standard Code for Information Interchange")
    assert not stands_for("ASI", "American Standard Code for Information Interchange")
    assert not stands_for("AB", "Alphabet")
    assert not stands_for("ABLE", "Alpha Beta")


def _like_names(count: int) -> list[list[tuple[str, MentionType]]]:
    initials = islice(product("ABCDEFGHIKLMNOPQRS", repeat=3), count)
    return [
        [(f"{one}. {two}. {three}. Smith", T.PERSON) for one, two, three in initials],
        [(f"Acme {number} School", T.ORG) for number in range(count)],
        [(f"ABC{number}", T.ORG) for number in range(count // 2)]
        + [(f"Alpha Beta Corp {number}", T.ORG) for number in range(count // 2)],
        [(f"Springfield, County {number}", T.GPE) for number in range(count)],
    ]


def _calls(names: list[tuple[str, MentionType]]) -> int:
    """Count the functions that are called to resolve a list of names, none of which is another."""
    text = extracted("; ".join(words for words, _ in names), *names)
    called = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal called
        called += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        [found] = STAGE([text])
    finally:
        sys.setprofile(None)
    assert {link.via for link in found.links} == {None}
    return called


def test_a_list_of_many_like_names_takes_no_longer_for_each() -> None:
    """Twice as many are twice the work: the square of them would be four times."""
    for few, many in zip(_like_names(1000), _like_names(2000), strict=True):
        assert _calls(many) < 2.5 * _calls(few)


@pytest.mark.parametrize(
    "text",
    [
        "Globex Inc. (the “Company”) sells. The Company buys.",
        "Globex Inc. (“Globex” or the “Company”) sells. The Company buys.",
        'Globex Inc., a Delaware corporation (hereafter, the "Company"), sells. The Company buys.',
        "Globex Inc. (together with its subsidiaries, the “Company”) sells. The Company buys.",
    ],
)
def test_a_term_is_what_the_text_defines_it_as(text: str) -> None:
    assert resolved(text, ("Globex Inc.", T.ORG), ("Company", T.ORG), ("Company", T.ORG)) == [
        ("globex inc", None),
        ("globex inc", "definition"),
        ("globex inc", "definition"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Initech LLC and Globex Inc. (collectively, the “Company”) sell. The Company buys.",
        "Initech LLC (the “Company”). Globex Inc. (the “Company”). The Company buys.",
        "Globex Inc., a client of Initech LLC (see Company Law), sells. The Company buys.",
        "Initech LLC sells. The Bank lends to Globex Inc. and the Company.",
    ],
)
def test_a_term_of_several_or_of_nobody_stays_alone(text: str) -> None:
    names = [("Initech LLC", T.ORG), ("Globex Inc.", T.ORG)]
    names.sort(key=lambda name: text.index(name[0]))
    assert resolved(text, *names, ("Company", T.ORG))[-1] == ("company", None)


@pytest.mark.parametrize(
    ("type_", "words"),
    [(T.ORG, "the Company"), (T.ORG, "Board"), (T.FAC, "the Airport"), (T.GPE, "Island")],
)
def test_a_kind_alone_that_stands_for_nothing_stays_in_its_document(
    type_: MentionType, words: str
) -> None:
    [names] = STAGE([extracted(f"It was {words}.", (words, type_))])
    assert isinstance(names, Names)
    assert [(name.scope, name.keys) for name in names.names] == [(NameScope.CONTENT, ())]


def test_what_every_country_has_one_of_is_a_name_of_the_project() -> None:
    [names] = STAGE([extracted("The Senate voted.", ("Senate", T.ORG))])
    assert isinstance(names, Names)
    assert names.names[0].scope is NameScope.PROJECT
