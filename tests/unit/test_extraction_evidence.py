from __future__ import annotations

import pytest

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import initials_fit, introduced_after, long_form_start
from pipeline.extraction.agreement import agree
from pipeline.extraction.candidates import Candidate, DocumentText, Rank, without_overlaps
from pipeline.extraction.evidence import before_title, by_neighbours, by_own_words
from pipeline.extraction.repair import plausible, trim
from pipeline.extraction.repetition import (
    cut_short,
    joined,
    numbered,
    repeated,
    with_particles,
)

T = MentionType
BOOKS = NameBooks()


def candidate(text: str, words: str, type_: MentionType, rank: Rank = Rank.MODEL) -> Candidate:
    start = text.index(words)
    return Candidate(start, start + len(words), type_, rank, "test")


def document(*sentences: str) -> DocumentText:
    text, spans = "", []
    for sentence in sentences:
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence + "\n"
    return DocumentText(text, tuple(spans))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Socotra Hotel", T.FAC),
        ("Ministry of Defense", T.ORG),
        ("State of Texas", T.GPE),
        ("Islamic State of Iraq", None),
        ("Casamance River", T.LOC),
        ("Manama Peace Conference", T.EVENT),
        ("Acme Widgets Inc.", T.ORG),
        ("Frank Church", None),
        ("Paris", None),
    ],
)
def test_the_head_of_a_name_tells_its_type(name: str, type_: MentionType | None) -> None:
    assert by_own_words(name, BOOKS) is type_


@pytest.mark.parametrize(
    ("text", "type_", "told"),
    [
        ("they fled near Raqqah today", T.PERSON, T.GPE),
        ("Near: Raqqah; Strikes: 5", T.PERSON, T.GPE),
        ("isolate Raqqah, Syria, in time", T.PERSON, T.GPE),
        ("the port city of Raqqah was", T.ORG, T.GPE),
        ("they joined in Raqqah today", T.ORG, None),
        ("the port city of Raqqah was", T.PERSON, T.GPE),
        ("some Raqqah fighters left", T.GPE, T.ORG),
        ("the fight against Raqqah goes on", T.PERSON, T.ORG),
        ("then Raqqah said no", T.PERSON, None),
    ],
)
def test_neighbours_tell_a_type(text: str, type_: MentionType, told: MentionType | None) -> None:
    start = text.index("Raqqah")
    assert by_neighbours(text, start, start + len("Raqqah"), type_, BOOKS) is told


def test_a_title_that_reaches_out_of_a_name_is_no_part_of_it() -> None:
    text = "Pentagon Press Secretary Peter Cook"
    assert text[: before_title(text, 0, len("Pentagon Press"), BOOKS)] == "Pentagon"
    assert before_title("Pentagon Press said", 0, len("Pentagon Press"), BOOKS) == 14
    text = "FBI Special Agent Ann Lee"
    assert text[: before_title(text, 0, len("FBI Special"), BOOKS)] == "FBI"


@pytest.mark.parametrize("name", ["New York City", "Cook County", "Chicago Police"])
def test_where_an_office_is_held_is_no_part_of_the_title_behind_it(name: str) -> None:
    assert before_title(f"{name} Superintendent Ann Lee", 0, len(name), BOOKS) == len(name)


@pytest.mark.parametrize(
    ("words", "type_", "left"),
    [
        ("Lt. Gen. Sean MacFarland's", T.PERSON, "Sean MacFarland"),
        ("“the Pentagon”,", T.ORG, "Pentagon"),
        ("Near Ar Raqqah", T.PERSON, "Ar Raqqah"),
        ("Bay of", T.LOC, "Bay"),
        ("every National Conference", T.ORG, "National Conference"),
        ("Acme Inc.", T.ORG, "Acme Inc."),
        ("Davis.", T.PERSON, "Davis"),
        ("Foo (Bar", T.ORG, "Foo"),
        ("al-Qaida", T.ORG, "al-Qaida"),
    ],
)
def test_what_is_no_part_of_a_name_is_trimmed(words: str, type_: MentionType, left: str) -> None:
    text = f"So {words} x"
    trimmed = trim(text, candidate(text, words, type_), BOOKS)
    assert trimmed is not None
    assert text[trimmed.start : trimmed.end] == left


@pytest.mark.parametrize(
    ("words", "type_"),
    [
        ("daily", T.DATE), ("two years", T.DATE), ("millions", T.MONEY),
        ("only 10 per cent", T.MONEY),
        ("image", T.ORG), ("Office", T.ORG), ("Navy Capt", T.PERSON), ("USS Mahan", T.ORG),
        ("http://a.b", T.ORG), ("Monday", T.PERSON), ("R2", T.PERSON), ("President", T.PERSON),
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_a_name_is_none(words: str, type_: MentionType) -> None:
    assert not plausible(words, candidate(words, words, type_), BOOKS)


def test_common_words_and_headings_are_dropped() -> None:
    text = document(
        "Home Press Releases Contact",
        "Strikes hit. The strikes were strikes.",
        "Google said so to the Senate.",
    )
    names = [
        candidate(text.text, "Home Press Releases Contact", T.ORG),
        candidate(text.text, "Strikes", T.ORG),
        candidate(text.text, "Google", T.ORG),
        candidate(text.text, "Senate", T.ORG),
    ]
    assert [text.of_span(name) for name in agree(text, names, BOOKS)] == ["Senate"]


def test_a_document_has_one_type_for_one_name() -> None:
    text = document("Foo Bar is one.", "So Foo Bar was.", "Then Foo Bar went.", "ISIL", "Bar left")
    names = [
        Candidate(at, at + 7, type_, Rank.MODEL, "test")
        for at, type_ in zip(
            (i for i in range(len(text.text)) if text.text.startswith("Foo Bar", i)),
            [T.PERSON, T.ORG, T.PERSON],
            strict=True,
        )
    ]
    names += [candidate(text.text, "ISIL", T.PERSON)]
    assert [name.type for name in agree(text, names, BOOKS)] == [T.PERSON] * 3 + [T.ORG]
    [surname] = repeated(text, names)
    assert (text.of_span(surname), surname.type) == ("Bar", T.PERSON)


def test_a_name_taken_for_two_is_joined_unless_both_are_states() -> None:
    text = document("The Bank of Iraq and the Levant", "The Bank of Iraq and the United States")
    one = [
        candidate(text.text, "Bank of Iraq", T.ORG),
        candidate(text.text, "Levant", T.PERSON),
    ]
    [whole] = joined(text, one, BOOKS)
    assert (text.of_span(whole), whole.type) == ("Bank of Iraq and the Levant", T.ORG)
    start = text.sentences[1][0] + 4
    two = [
        Candidate(start, start + 12, T.ORG, Rank.MODEL, "test"),
        candidate(text.text, "United States", T.GPE),
    ]
    assert list(joined(text, two, BOOKS)) == []


def test_the_higher_rank_stands_then_the_longer_span() -> None:
    text = "the United States District Court for Maine"
    rule = candidate(text, "United States District Court", T.ORG, Rank.RULE)
    whole = candidate(text, "United States District Court for Maine", T.FAC)
    country = candidate(text, "United States", T.GPE)
    place = candidate(text, "Maine", T.GPE)
    assert without_overlaps([country, whole, rule, place]) == [rule, place]
    assert without_overlaps([country, whole, place]) == [whole]


def test_short_forms_that_a_text_introduces() -> None:
    text = 'Acme Corp. (hereinafter, the "Buyer") and World Monuments Fund (WMF).'
    found = introduced_after(text, len("Acme Corp."))
    assert found is not None
    assert (text[found[0] : found[1]], found[2]) == ("Buyer", True)
    end = text.index(" (WMF")
    start = long_form_start("WMF", text, end)
    assert start is not None
    assert text[start:end] == "World Monuments Fund"
    assert long_form_start("XYZ", text, end) is None
    assert initials_fit("FBI", "Federal Bureau of Investigation")
    assert not initials_fit("FBI", "Food Bank")


def spans(text: DocumentText, found: list[Candidate]) -> list[str]:
    return [text.of_span(one) for one in found]


@pytest.mark.parametrize(
    "sentence",
    ["Defense Secretary Nora Quist spoke.", "The Secretary of Defense Nora Quist spoke."],
)
def test_part_of_a_title_is_no_organisation(sentence: str) -> None:
    assert trim(sentence, candidate(sentence, "Defense", T.ORG), BOOKS) is None
    plain = "Quist Defense opened an office."
    assert trim(plain, candidate(plain, "Quist Defense", T.ORG), BOOKS) is not None


def test_an_office_at_the_end_is_no_part_of_an_organisation() -> None:
    text = "The Quist Embassy Charge d‘Affaires met the Office of the Prime Minister."
    embassy = trim(text, candidate(text, "Quist Embassy Charge d‘Affaires", T.ORG), BOOKS)
    assert embassy is not None
    assert text[embassy.start : embassy.end] == "Quist Embassy"
    office = trim(text, candidate(text, "Office of the Prime Minister", T.ORG), BOOKS)
    assert office is not None
    assert text[office.start : office.end] == "Office of the Prime Minister"


def test_letters_on_a_hull_are_no_organisation() -> None:
    text = "The ship Quist (DDG 99) left, and so did the Quist Group (QG)."
    assert trim(text, candidate(text, "DDG", T.ORG), BOOKS) is None
    assert trim(text, candidate(text, "QG", T.ORG), BOOKS) is not None


@pytest.mark.parametrize("words", ["Tnno3ent Mav", "© Optional", "Posibie.coast", "wKRdsZ Tolm"])
def test_garbled_words_are_no_name(words: str) -> None:
    assert not plausible(words, Candidate(0, len(words), T.ORG, Rank.MODEL, "test"), BOOKS)


@pytest.mark.parametrize("words", ["YouTube", "McDonald", "DeKalb County", "LaSalle"])
def test_capitals_inside_words_are_not_yet_garbled(words: str) -> None:
    assert plausible(words, Candidate(0, len(words), T.ORG, Rank.MODEL, "test"), BOOKS)


def test_a_unit_has_its_number() -> None:
    text = document("Salvage Unit Two met QRF 77 today.", "Then QRF 77 left with QZX 9.")
    found = numbered(
        text,
        [candidate(text.text, words, T.ORG) for words in ("Salvage Unit", "QRF", "QZX")],
    )
    assert spans(text, list(found)) == ["Salvage Unit Two", "QRF 77"]


def test_a_name_cut_at_its_verb_has_its_object() -> None:
    text = document("The League to Counter QRZ met.", "The League of Quist met.")
    names = [candidate(text.text, "League to Counter", T.ORG)]
    assert spans(text, list(cut_short(text, names))) == ["League to Counter QRZ"]


def test_small_particles_hold_a_name_together() -> None:
    text = document("They saw Marn az Quist.", "In Syria al Qaida was seen.")
    torn = [candidate(text.text, "Marn", T.ORG), candidate(text.text, "Quist", T.PERSON)]
    assert spans(text, list(with_particles(text, torn, BOOKS))) == ["Marn az Quist"]
    apart = [candidate(text.text, "Syria", T.GPE), candidate(text.text, "Qaida", T.ORG)]
    assert not list(with_particles(text, apart, BOOKS))


def test_what_is_counted_and_what_is_sailed_is_no_name() -> None:
    text = document(
        "They took a QZV, two QZVs and a QRF patrol.", "The QZV burned.", "HMS Quist left Quist."
    )
    names = [candidate(text.text, words, T.ORG) for words in ("QZV", "QRF", "Quist")]
    assert spans(text, agree(text, names, BOOKS)) == ["QRF"]


@pytest.mark.parametrize(
    ("sentence", "words", "given", "expected"),
    [
        ("We saw people in Aleppo today.", "Aleppo", T.NORP, T.GPE),
        ("We spoke of Mosul and Raqqa today.", "Raqqa", T.PERSON, T.GPE),
        ("We heard that Jackson left today.", "Jackson", T.PERSON, T.PERSON),
        ("There Capt. Christa Quist spoke.", "Christa Quist", T.ORG, T.PERSON),
        ("There the Christa Quist spoke.", "Christa Quist", T.ORG, T.ORG),
    ],
)
def test_places_and_people_are_known_by_what_stands_before(
    sentence: str, words: str, given: MentionType, expected: MentionType
) -> None:
    text = document(sentence)
    [one] = agree(text, [candidate(sentence, words, given)], BOOKS)
    assert one.type is expected


def test_an_apostrophe_inside_makes_no_other_name() -> None:
    text = document("Against Qua’esh they met.", "The Quaesh came.", "Then Qua’esh fighters left.")
    names = [
        Candidate(
            text.text.index("Qua’esh"), text.text.index("Qua’esh") + 7, T.GPE, Rank.MODEL, ""
        ),
        candidate(text.text, "Quaesh", T.GPE),
    ]
    assert {one.type for one in agree(text, names, BOOKS)} == {T.ORG}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Martin Luther King led them.", ["Martin Luther King"]),
        ("MARTIN LUTHER KING and Martin Luther met.", ["Martin Luther"]),
        ("Martin Luther King Jr. led them.", ["Martin Luther King Jr."]),
        ("The Martin Luther King Papers are here.", []),
        ("Martin Luther Visits Rome.", ["Martin Luther"]),
    ],
)
def test_a_name_that_is_looked_for_reaches_as_far_as_it_goes(text: str, found: list[str]) -> None:
    read = document("Martin Luther was a monk.", text)
    known = candidate(read.text, "Martin Luther", T.PERSON)
    assert [read.of_span(one) for one in repeated(read, [known])] == found
