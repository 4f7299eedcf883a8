"""What a model reads wrongly, and what general knowledge or the rest of the document says of it."""

from __future__ import annotations

import pytest

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.extraction.agreement import agree
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.evidence import by_own_words
from pipeline.extraction.places import roads, unseen_places
from pipeline.extraction.repair import plausible, trim
from pipeline.extraction.repetition import repeated, with_ordinals

T = MentionType
BOOKS = NameBooks()


def document(*sentences: str) -> DocumentText:
    text, spans = "", []
    for sentence in sentences:
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence + "\n"
    return DocumentText(text, tuple(spans))


def read(text: str, words: str, type_: MentionType) -> Candidate:
    """Make what the model would take for a name."""
    start = text.index(words)
    return Candidate(start, start + len(words), type_, Rank.MODEL, "test")


@pytest.mark.parametrize(
    ("sentence", "words", "type_"),
    [
        ("She is a German lawyer.", "German", T.GPE),
        ("The Scottish firm paid.", "Scottish", T.GPE),
        ("The letter was in German.", "German", T.NORP),
        ("He spoke Danish and left.", "Danish", T.NORP),
        ("It is called Øst ( Danish : Øst ).", "Danish", T.NORP),
        ("The Danish word was new.", "Danish", T.NORP),
        ("A Republican lawyer spoke.", "Republican", T.NORP),
        ("Many Germans left.", "Germans", T.NORP),
        ("It is an African and South Korean firm.", "African", T.GPE),
        ("It is an African and South Korean firm.", "South Korean", T.GPE),
        ("The Russian border is near.", "Russian", T.GPE),
    ],
)
def test_an_adjective_of_a_country_names_it_unless_it_is_a_language(
    sentence: str, words: str, type_: MentionType
) -> None:
    text = document(sentence)
    [one] = agree(text, [read(sentence, words, T.NORP)], BOOKS)
    assert one.type is type_
    assert one.subtype == ("adjective" if type_ is T.GPE else None)


def test_a_number_behind_a_name_does_not_hide_its_head() -> None:
    assert by_own_words("World War II", BOOKS) is T.EVENT
    assert by_own_words("world war i", BOOKS) is T.EVENT
    assert by_own_words("Albert II", BOOKS) is T.PERSON
    text = document("After the Quist War II, the school moved.")
    [war] = agree(text, [read(text.text, "Quist War II", T.ORG)], BOOKS)
    assert war.type is T.EVENT


def test_a_surname_is_its_bearers_also_where_it_was_read_as_a_place() -> None:
    text = document("Nora Marnquist sang.", "So did Houston.", "We heard Marnquist.", "Ann Houston")
    names = [
        read(text.text, "Nora Marnquist", T.PERSON),
        read(text.text, "Houston", T.GPE),
        Candidate(text.text.rindex("Marnquist"), text.text.rindex("Marnquist") + 9, T.GPE,
                  Rank.MODEL, "test"),
        read(text.text, "Ann Houston", T.PERSON),
    ]  # fmt: skip
    # Houston is a city that everybody knows: there the readings count.
    assert [one.type for one in agree(text, names, BOOKS)] == [T.PERSON, T.GPE, T.PERSON, T.PERSON]


@pytest.mark.parametrize(
    ("words", "type_", "left", "expected"),
    [
        ("Admiral Dufek", T.ORG, "Dufek", T.PERSON),
        ("King Louis XIV", T.FAC, "Louis XIV", T.PERSON),
        ("King Pharma", T.ORG, "King Pharma", T.ORG),
        ("Judge Quist Center", T.ORG, "Judge Quist Center", T.ORG),
        ("Marshal Islands", T.LOC, "Marshal Islands", T.LOC),
        ("Saint Lucia", T.PERSON, "Saint Lucia", T.GPE),
        ("Saint Nicholas", T.PERSON, "Nicholas", T.PERSON),
        ("Supervisory Special Agent Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Crown Prince Marn bin Quist", T.PERSON, "Marn bin Quist", T.PERSON),
        ("Assistant U.S. Attorney Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Asst. U.S. Attorney Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Det. Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Prince Rogers Nelson", T.PERSON, "Prince Rogers Nelson", T.PERSON),
        ("Chairman and CEO Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("then-Gov. Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("First Lady Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Defendant Ann Quist", T.PERSON, "Ann Quist", T.PERSON),
        ("Ann Quist, MBA, CPA", T.PERSON, "Ann Quist", T.PERSON),
        ("Ann Quist KC", T.PERSON, "Ann Quist", T.PERSON),
        ("Ann Quist, et al", T.PERSON, "Ann Quist", T.PERSON),
        ("SUN RA", T.PERSON, "SUN RA", T.PERSON),
        ("Aaron Judge", T.PERSON, "Aaron Judge", T.PERSON),
        ("Prince", T.PERSON, "Prince", T.PERSON),
        ("First Lady", T.PERSON, "First Lady", T.PERSON),
        ("Major League", T.PERSON, "Major League", T.PERSON),
        ("Bishop of Pittsburgh", T.GPE, "Pittsburgh", T.GPE),
        ("Co - Chief Executive Officer of Quist Corporation", T.ORG, "Quist Corporation", T.ORG),
        ("Rugby Player for Leicester Tigers", T.ORG, "Leicester Tigers", T.ORG),
        ("Citizens of Malta", T.ORG, "Malta", T.ORG),
        ("Citizens for Clean Water", T.ORG, "Citizens for Clean Water", T.ORG),
        ("Bank of Quist", T.ORG, "Bank of Quist", T.ORG),
    ],
)
def test_titles_and_offices_are_no_part_of_a_name(
    words: str, type_: MentionType, left: str, expected: MentionType
) -> None:
    one = trim(words, read(words, words, type_), BOOKS)
    assert one is not None
    assert (words[one.start : one.end], one.type) == (left, expected)


@pytest.mark.parametrize("words", ["Agent Orange", "Major League", "General Motors"])
def test_a_thing_whose_name_begins_with_a_title_is_no_person(words: str) -> None:
    assert not plausible(words, read(words, words, T.PERSON), BOOKS)
    assert plausible("Agent Quist", read("Agent Quist", "Agent Quist", T.PERSON), BOOKS)


@pytest.mark.parametrize(
    ("sentence", "words", "kept"),
    [
        ("He sang in the film Marn Quist there.", "Marn Quist", False),
        ("We saw the film Marn Quist made.", "Marn Quist", True),
        ("We read the novel Marn Quist's friends liked.", "Marn Quist", True),
        ('We saw hits, such as "Marn Quist", there.', "Marn Quist", False),
        ('A man known as "Marn Quist" was there.', "Marn Quist", True),
    ],
)  # fmt: skip
def test_the_title_of_a_work_is_nobody(sentence: str, words: str, *, kept: bool) -> None:
    text = document(sentence)
    assert bool(agree(text, [read(sentence, words, T.PERSON)], BOOKS)) is kept


def test_a_club_is_what_people_play_for() -> None:
    text = document("She played for Marnport there.", "He lived for Quistport there.")
    names = [read(text.text, "Marnport", T.GPE), read(text.text, "Quistport", T.GPE)]
    assert [one.type for one in agree(text, names, BOOKS)] == [T.ORG, T.GPE]


def test_blanks_before_a_comma_hide_no_state() -> None:
    text = document("We isolate Marnport , Syria , in time.")
    [one] = agree(text, [read(text.text, "Marnport", T.PERSON)], BOOKS)
    assert one.type is T.GPE


def places(text: DocumentText, *standing: Candidate) -> list[str]:
    return [text.of_span(one) for one in unseen_places(text, standing, BOOKS)]


def test_known_places_are_seen_where_the_model_saw_nothing() -> None:
    text = document("In Barbados they met.", "The UK sent help to US forces.", "Us they left.")
    assert places(text) == ["Barbados", "UK", "US"]
    assert places(text, read(text.text, "In Barbados", T.EVENT)) == ["UK", "US"]


def test_a_city_is_seen_only_where_a_place_stands() -> None:
    text = document("They travelled southwards to Homs, but fled.", "There Lincoln spoke.")
    assert places(text) == ["Homs"]


def test_what_a_document_also_writes_small_is_no_place() -> None:
    assert places(document("Turkey is dear.", "We ate a turkey.")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It lies on U.S. Route 20 there.", ["U.S. Route 20"]),
        ("The Oregon Route 99 is near State Highway 9.", ["Oregon Route 99", "State Highway 9"]),
        ("After Interstate 680, we left.", ["Interstate 680"]),
        ("On Route 5.5 was nothing; Highway robbery was.", []),
    ],
)
def test_roads_go_by_their_number(text: str, expected: list[str]) -> None:
    whole = document(text)
    assert [whole.of_span(one) for one in roads(whole)] == expected


def test_a_rare_word_that_was_read_once_is_a_name_everywhere() -> None:
    text = document(
        "They met Yusufal.", "The story is of Yusufal there.", "Case by Case.", "a case"
    )
    found = [read(text.text, "Yusufal", T.PERSON), read(text.text, "Case", T.PERSON)]
    assert [text.of_span(one) for one in repeated(text, found)] == ["Yusufal"]
    body = [read(text.text, "Yusufal", T.ORG)]
    assert not list(repeated(text, body))


def test_what_is_given_for_merit_is_no_body() -> None:
    for words in ("Quist Music Awards", "USSR State Prize", "Master of Business Administration"):
        assert not plausible(words, read(words, words, T.ORG), BOOKS)
    assert plausible(
        "Quist Masters Club", read("Quist Masters Club", "Quist Masters Club", T.ORG), BOOKS
    )


def test_a_year_in_brackets_follows_a_work_and_no_company() -> None:
    text = document(
        "He wrote Marn of Quist (1989) and The Quist Group Ltd. (1990), Ann Marn (1991)."
    )
    names = [
        read(text.text, "Marn of Quist", T.ORG),
        read(text.text, "Quist Group Ltd.", T.ORG),
        read(text.text, "Ann Marn", T.PERSON),
    ]
    assert [text.of_span(one) for one in agree(text, names, BOOKS)] == [
        "Quist Group Ltd.",
        "Ann Marn",
    ]


@pytest.mark.parametrize(
    ("sentence", "words", "expected"),
    [
        ("It was recorded by Pablo Marnquist then.", "Pablo Marnquist", T.PERSON),
        ("We saw the Pablo Marnquist there.", "Pablo Marnquist", T.ORG),
        ("It was recorded by Pablo Group then.", "Pablo Group", T.ORG),
        ("It was recorded by Marnquist Pablo then.", "Marnquist Pablo", T.ORG),
        ("We visited Sandra Marn Inc. today.", "Sandra Marn Inc.", T.ORG),
    ],
)
def test_a_given_name_in_wide_use_makes_a_person(
    sentence: str, words: str, expected: MentionType
) -> None:
    text = document(sentence)
    [one] = agree(text, [read(sentence, words, T.ORG)], BOOKS)
    assert one.type is expected


def test_an_apposition_behind_in_is_not_of_the_place() -> None:
    text = document("It is the largest newspaper in Marnport , the fifth largest newspaper of all.")
    [one] = agree(text, [read(text.text, "Marnport", T.GPE)], BOOKS)
    assert one.type is T.GPE


def test_a_city_is_one_where_the_readings_are_even() -> None:
    text = document("He moved to Bucharest there.", "Then Bucharest was full.")
    last = text.text.rindex("Bucharest")
    names = [
        read(text.text, "Bucharest", T.ORG),
        Candidate(last, last + 9, T.LOC, Rank.MODEL, "test"),
    ]
    assert {one.type for one in agree(text, names, BOOKS)} == {T.GPE}


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        ("Marn Bridge", T.ORG, T.FAC),
        ("Marn Bridge", T.PERSON, T.PERSON),
        ("Marn Empire", T.ORG, T.GPE),
        ("Duchy of Marn", T.ORG, T.GPE),
        ("Marn Song Contest", T.ORG, T.EVENT),
    ],
)
def test_heads_of_places_and_events(words: str, given: MentionType, expected: MentionType) -> None:
    text = document(f"We saw {words} there.")
    [one] = agree(text, [read(text.text, words, given)], BOOKS)
    assert one.type is expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("They met Leopold I, who paid.", ["Leopold I"]),
        ("They met Leopold XIV there.", ["Leopold XIV"]),
        ("They met Leopold, Jr. there.", ["Leopold, Jr."]),
        ("They told Leopold I was there.", []),
    ],
)
def test_a_ruler_has_a_number(sentence: str, expected: list[str]) -> None:
    text = document(sentence)
    found = with_ordinals(text, [read(sentence, "Leopold", T.PERSON)])
    assert [text.of_span(one) for one in found] == expected
    assert not list(with_ordinals(text, [read(sentence, "Leopold", T.ORG)]))


def test_a_name_ends_before_its_verb() -> None:
    for words, left in (
        ("Marnquist composed Thyrza", "Marnquist"),
        ("Globex as Agent", "Globex"),
        ("Society for Reading Aloud", "Society for Reading Aloud"),
    ):
        one = trim(words, read(words, words, T.ORG), BOOKS)
        assert one is not None
        assert words[one.start : one.end] == left


def test_one_word_that_was_read_once_is_the_place_that_stands_there() -> None:
    text = document("They came from the village of Marnport there.", "They love Quistport there.")
    names = [read(text.text, "Marnport", T.ORG), read(text.text, "Quistport", T.ORG)]
    found = agree(text, names, BOOKS)
    assert [(text.of_span(one), one.type) for one in found] == [("Marnport", T.GPE)]


def test_the_united_nations_are_no_territory() -> None:
    text = document("It is a United Nations member.")
    [one] = agree(text, [read(text.text, "United Nations", T.ORG)], BOOKS)
    assert one.type is T.ORG


def test_a_full_name_is_a_persons_where_its_surname_is() -> None:
    text = document("We saw Brock Marnquist and Congress Marnquist there.", "Then Marnquist sang.")
    last = text.text.rindex("Marnquist")
    names = [
        read(text.text, "Brock Marnquist", T.ORG),
        read(text.text, "Congress Marnquist", T.ORG),
        Candidate(last, last + len("Marnquist"), T.PERSON, Rank.MODEL, "test"),
    ]
    assert [one.type for one in agree(text, names, BOOKS)] == [T.PERSON, T.ORG, T.PERSON]


def test_a_name_is_whole_before_a_hyphen_and_a_small_word() -> None:
    text = document("They met Marnquist.", "It is Marnquist-related.", "The Marnquist-Quist firm.")
    found = list(repeated(text, [read(text.text, "Marnquist", T.PERSON)]))
    assert [one.start for one in found] == [text.text.index("Marnquist-related")]
