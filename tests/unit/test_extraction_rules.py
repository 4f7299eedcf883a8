"""What the rules for companies and letters propose by themselves, with no model beside them."""

from __future__ import annotations

import pytest

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentences import Sentences
from pipeline.extraction.candidates import Candidate, DocumentText, Rank
from pipeline.extraction.companies import companies
from pipeline.extraction.definitions import defined, defined_names
from pipeline.extraction.letters import correspondents

T = MentionType
BOOKS = NameBooks()


def document(text: str) -> DocumentText:
    return DocumentText(text, tuple(Sentences()(text)))


def read(text: str, words: str, type_: MentionType = T.ORG) -> Candidate:
    """Make what the model would take for a name."""
    start = text.index(words)
    return Candidate(start, start + len(words), type_, Rank.MODEL, "test")


def companies_in(text: str, *known: Candidate) -> list[str]:
    whole = document(text)
    return [whole.of_span(one) for one in companies(whole, known, BOOKS) if one.type is T.ORG]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The President of Acme Corp. resigned.", ["Acme Corp."]),
        ("She chose Smith & Jones LLP for it.", ["Smith & Jones LLP"]),
        ("In Boston, Smith & Jones LLP filed suit.", ["Smith & Jones LLP"]),
        ("Counsel was Quist, Marn, Roe & Fenn LLP.", ["Quist, Marn, Roe & Fenn LLP"]),
        ("He left Bank of America Corp. for AT&T Inc.", ["Bank of America Corp.", "AT&T Inc."]),
        ("We know Marsh & Co. and Merck & Co., Inc. well.", ["Marsh & Co.", "Merck & Co., Inc."]),
        ("We saw that IBM and Acme Corp. signed.", ["Acme Corp."]),
        ("Johnson and Johnson Inc. won.", ["Johnson and Johnson Inc."]),
        ("Yesterday Acme Corp. said so.", ["Acme Corp."]),
        ("Plaintiff Globex Inc. and Defendant Marn LLC agree.", ["Globex Inc.", "Marn LLC"]),
        ("We bought 7-Eleven, Inc. and 3M Co. today.", ["7-Eleven, Inc.", "3M Co."]),
        ("Acme (UK) Ltd. met Quist GmbH & Co. KG.", ["Acme (UK) Ltd.", "Quist GmbH & Co. KG"]),
        ("So Empresa Nacional de Marn S.A. was sold.", ["Empresa Nacional de Marn S.A."]),
        ("Signed by\n\nJane Q. Doe\nVice President\nAcme Corp.", ["Acme Corp."]),
        ("Then Google's Motorola Mobility Inc. lost to McDonald's Corp. at last.",
         ["Motorola Mobility Inc.", "McDonald's Corp."]),
        ("It is a Delaware LLC, and an LLC. Inc. is a form.", []),
        ("They moved to Marion Co., Ohio, and left.", []),
        ("The Company sold it to Nestlé AG, NV and the like.", []),
    ],
)  # fmt: skip
def test_where_the_name_of_a_company_begins(text: str, expected: list[str]) -> None:
    assert companies_in(text) == expected


def test_the_model_says_what_the_form_cannot() -> None:
    text = "We saw that Marn AG and Quist Company left."
    assert companies_in(text) == []
    assert companies_in(text, read(text, "Marn"), read(text, "Quist", T.PERSON)) == [
        "Marn AG",
        "Quist Company",
    ]
    text = "So Barnes and Noble, Inc. left."
    assert companies_in(text) == ["Noble, Inc."]
    assert companies_in(text, read(text, "Barnes and Noble")) == ["Barnes and Noble, Inc."]
    text = "We saw the President of Quist Inc. there."
    assert companies_in(text, read(text, "President of Quist")) == ["Quist Inc."]


def test_a_county_is_a_place() -> None:
    whole = document("They moved to Marion Co., Ohio, and left.")
    [county] = companies(whole, [], BOOKS)
    assert (whole.of_span(county), county.type) == ("Marion Co.", T.GPE)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Dear Bob,\n\nWe paid.\n\nRegards,\nJane Doe", ["Bob", "Jane Doe"]),
        ("Dear Mr. Marn and Ms. Quist:\n\nWe paid.", ["Marn", "Quist"]),
        ("Hi Jane,\nsee below.\nThanks,\nBob", ["Jane", "Bob"]),
        ("We paid.\n\nSincerely yours,\n\nP. T. Marn, President", ["P. T. Marn"]),
        ("It is so ordered.\n\n/s/ Nora Quist\nNora Quist", ["Nora Quist"]),
        ("Dear Shareholders,\n\nWe won.\n\nBest regards,\nThe Quist Team", []),
        ("Dear Sir or Madam,\n\nWe won.\n\nRegards,\nQuist Holdings Ltd.", []),
        ("He bought dear Quist a book. Best regards went to all.", []),
    ],
)
def test_whom_letters_address_and_who_signs(text: str, people: list[str]) -> None:
    whole = document(text)
    assert [whole.of_span(one) for one in correspondents(whole, BOOKS)] == people


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Quist is a small village in Ohio.", T.GPE),
        ("Quist, also known as Marn, is a river in Ohio.", T.LOC),
        ("Quist was an American businessman.", T.PERSON),
        ("Quist, a Delaware corporation, left.", T.ORG),
        ("He met the actor Quist there.", T.PERSON),
        ("Quist is a 1936 British film directed by him.", "thing"),
        ("Quist died in May.", T.PERSON),
        ("He is the son of Quist and left.", T.PERSON),
        ("She lives in Quist now.", T.GPE),
        ("For Quist, the bridge was too far.", None),
        ("In Quist, the Marn Support Group met.", None),
        ("Born in Quist, the daughter of actors, she left.", None),
        ("Quist is a group of islands.", None),
        ("Quist said no.", None),
    ],
)
def test_what_a_text_says_that_a_name_is(text: str, kind: MentionType | str | None) -> None:
    start = text.index("Quist")
    assert defined(text, start, start + len("Quist")) == kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Rage Against the Marn is an American rap metal band.", ["Rage Against the Marn"]),
        ('Ole "Bo" Quist is a lawyer in Boston.', ['Ole "Bo" Quist']),
        ("The Quist Federation (QF) is a lobby group.", ["Quist Federation"]),
        ("President Ole Quist was a lawyer.", ["Ole Quist"]),
        ("Ole Quist (4 May 1823 – 20 August 1899) left.", ["Ole Quist"]),
        ("Plaintiff Globex Inc. is a Delaware corporation.", ["Globex Inc."]),
        ("Witness Ann Lee is an engineer.", ["Ann Lee"]),
        ("Chief Executive Officer Jane Doe was an engineer.", ["Jane Doe"]),
        ("Former President Bo Quist was a senator.", ["Bo Quist"]),
        ("Seller is a company. It said that Seller pays.", []),
        ("War of the Marns (1823 – 1899) is told here.", []),
        ("Today is the capital of it. It is a village.", []),
        ("Ole and Bo were the lawyers.", []),
        ("Music is a company.", []),
        ("Quist is a company. We know Quist well.", ["Quist"]),
    ],
)
def test_names_that_a_sentence_defines(text: str, names: list[str]) -> None:
    whole = document(text)
    assert [whole.of_span(one) for one in defined_names(whole, BOOKS)] == names
