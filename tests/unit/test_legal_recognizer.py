from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import MentionType
from pipeline.engines.courts import court_name
from pipeline.engines.legal_recognizer import LegalRecognizer


@pytest.fixture(scope="module")
def rules() -> LegalRecognizer:
    return LegalRecognizer()


def found(rules: LegalRecognizer, text: str, type_: MentionType) -> list[str]:
    spans = [span for span in rules.find(text) if span.type is type_]
    return sorted({text[span.start : span.end] for span in spans})


def normals(rules: LegalRecognizer, text: str, type_: MentionType) -> set[str | None]:
    return {span.normal for span in rules.find(text) if span.type is type_}


COURT = "United States District Court for the Northern District of California"


@pytest.mark.parametrize(
    ("text", "court", "normal"),
    [
        (f"The {COURT} held otherwise.", COURT, COURT),
        (
            "before the U.S. Supreme Court",
            "U.S. Supreme Court",
            "Supreme Court of the United States",
        ),
        ("as the Ninth Circuit said", "Ninth Circuit", "Court of Appeals for the Ninth Circuit"),
        (
            "the Delaware Court of Chancery",
            "Delaware Court of Chancery",
            "Delaware Court of Chancery",
        ),
        (
            "in the Superior Court of California, County of Los Angeles.",
            "Superior Court of California, County of Los Angeles",
            None,
        ),
        (f"IN THE {COURT.upper()}", COURT.upper(), COURT),
        (
            "UNITED STATES DISTRICT COURT\nNORTHERN DISTRICT OF CALIFORNIA\nOAKLAND DIVISION",
            "UNITED STATES DISTRICT COURT\nNORTHERN DISTRICT OF CALIFORNIA",
            COURT,
        ),
        (
            "IN THE CIRCUIT COURT OF COOK COUNTY, ILLINOIS\nCOUNTY DEPARTMENT",
            "CIRCUIT COURT OF COOK COUNTY, ILLINOIS",
            None,
        ),
        ("(N.D. Cal. 2012)", "N.D. Cal.", COURT),
    ],
)
def test_courts_are_one_mention_with_their_name(
    rules: LegalRecognizer, text: str, court: str, normal: str | None
) -> None:
    [span] = [span for span in rules.find(text) if span.subtype == "court"]
    assert (text[span.start : span.end], span.type, span.normal) == (court, MentionType.ORG, normal)


def test_a_court_that_may_be_one_of_many_has_no_certain_name() -> None:
    assert court_name("Supreme Court") is None


@pytest.mark.parametrize(
    ("text", "citation", "normal"),
    [
        ("See Roe v. Wade, 410 U. S. 113 (1973).", "410 U. S. 113", "410 U.S. 113"),
        ("Marbury, 5 U.S. (1 Cranch) 137.", "5 U.S. (1 Cranch) 137", "5 U.S. 137"),
        ("Smith v. Jones, 123 F.3d 456, 460 (9th Cir. 1999)", "123 F.3d 456", "123 F.3d 456"),
    ],
)
def test_case_citations(rules: LegalRecognizer, text: str, citation: str, normal: str) -> None:
    assert found(rules, text, MentionType.CITATION) == [citation]
    assert normals(rules, text, MentionType.CITATION) == {normal}


def test_a_short_citation_is_one_also_alone(rules: LegalRecognizer) -> None:
    text = "See Twombly, 550 U.S. at 556."
    assert found(rules, text, MentionType.CITATION) == ["550 U.S. at 556"]


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("under 18 U.S.C. § 1001(a)(2), he", "18 U.S.C. § 1001(a)(2)"),
        ("under 42 USC 1983", "42 USC 1983"),
        ("and 17 C.F.R. § 240.10b-5.", "17 C.F.R. § 240.10b-5"),
        ("by Fed. R. Civ. P. 12(b)(6).", "Fed. R. Civ. P. 12(b)(6)"),
        ("of Rule 10b-5 and", "Rule 10b-5"),
        ("the Fourteenth Amendment says", "Fourteenth Amendment"),
        (
            "In Sweden the Foreign Intelligence Surveillance Act",
            "Foreign Intelligence Surveillance Act",
        ),
        (
            "violated Section 10(b) of the Securities Exchange Act of 1934.",
            "Section 10(b) of the Securities Exchange Act of 1934",
        ),
    ],
)
def test_statutes_rules_and_acts(rules: LegalRecognizer, text: str, law: str) -> None:
    assert law in found(rules, text, MentionType.LAW)


@pytest.mark.parametrize(
    ("text", "laws"),
    [
        ("He violated Rule 10b-5.", {"Rule 10b-5"}),
        ("Pub. L. No. 107-204, 116 Stat. 745", {"Pub. L. No. 107-204", "116 Stat. 745"}),
        ("18 U.S.C. §§ 1341, 1343 and 15 U.S.C. § 1",
         {"18 U.S.C. § 1341", "18 U.S.C. § 1343", "15 U.S.C. § 1"}),
        ("Tex. Penal Code § 19.02, and", {"Tex. Penal Code § 19.02"}),
        ("N.Y. Gen. Bus. Law § 349(h).", {"N.Y. Gen. Bus. Law § 349(h)"}),
        ("Title 18, United States Code, Sections 1343, 1349, and 2.",
         {"18 U.S.C. § 1343", "18 U.S.C. § 1349", "18 U.S.C. § 2"}),
        ("Sections 1343 and 1349 of Title 18, United States Code.",
         {"18 U.S.C. § 1343", "18 U.S.C. § 1349"}),
        ("Title 17, Code of Federal Regulations, Section 240.10b-5", {"17 C.F.R. § 240.10b-5"}),
    ],
)  # fmt: skip
def test_each_law_has_its_own_name(rules: LegalRecognizer, text: str, laws: set[str]) -> None:
    assert normals(rules, text, MentionType.LAW) == laws


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("paid $5-10 million to", ["$5-10 million"]),
        ("at $.50 a share, or US$.255", ["$.50"]),
        ("between $3 and $4 million to", ["$3 and $4 million"]),
        ("from $500 to $1 million", ["$1 million", "$500"]),
        ("wired SEK 3,000,000 to", ["SEK 3,000,000"]),
        ("one-and-a-half million dollars", ["one-and-a-half million dollars"]),
        ("three quarters of a million dollars", ["three quarters of a million dollars"]),
        ("between two and three million dollars", ["two and three million dollars"]),
        ("one of two hundred dollars", ["two hundred dollars"]),
        ("half a million dollars", ["half a million dollars"]),
        ("fifty dollars, Rs. 500", ["Rs. 500", "fifty dollars"]),
        ("several million dollars, fifty people", []),
        ("a loan of € 2.5 mln or $3MM", ["$3MM", "€ 2.5 mln"]),
        ("paid Rs. 5 crore, and AU$4 more", ["AU$4", "Rs. 5 crore"]),
        ("€2,5 million at 200€ each", ["200€", "€2,5 million"]),
        ("for EUR 1.500.000 in all", []),
    ],
)
def test_sums_are_whole(rules: LegalRecognizer, text: str, sums: list[str]) -> None:
    assert found(rules, text, MentionType.MONEY) == sums


def test_a_statute_has_one_normal_form(rules: LegalRecognizer) -> None:
    for text in (
        "18 U.S.C. § 1001",
        "18 USC 1001",
        "18 U. S. C. Section 1001",
        "Title 18, United States Code, Section 1001,",
        "Title 18 U.S.C. § 1001",
        "section 1001 of title 18 of the United States Code",
    ):
        assert normals(rules, f"Under {text} he", MentionType.LAW) == {"18 U.S.C. § 1001"}
    assert found(rules, "Under Title 18, United States Code, Section 2, he", MentionType.LAW) == [
        "Title 18, United States Code, Section 2"
    ]


@pytest.mark.parametrize("text", ["This Act applies.", "The Act says", "an act of war", "Act now"])
def test_an_act_without_a_name_is_none(rules: LegalRecognizer, text: str) -> None:
    assert found(rules, text, MentionType.LAW) == []


@pytest.mark.parametrize(
    ("text", "type_", "words"),
    [
        ("Case No. 3:16-cv-00523-MMC was", MentionType.DOCKET, "3:16-cv-00523-MMC"),
        ("in No. 14-556, the", MentionType.DOCKET, "14-556"),
        ("in 1:20cv1234, the", MentionType.DOCKET, "1:20cv1234"),
        ("in 20 Civ. 1234 (ABC), the", MentionType.DOCKET, "20 Civ. 1234 (ABC)"),
        ("in 19 CV 5642 (JSR) (GWG).", MentionType.DOCKET, "19 CV 5642 (JSR) (GWG)"),
        ("in No. 19 Civ. 5642, the", MentionType.DOCKET, "19 Civ. 5642"),
        ("in 15-cv-7433 he", MentionType.DOCKET, "15-cv-7433"),
        ("in 15cv7433 he", MentionType.DOCKET, "15cv7433"),
        ("in 15CV74-JSR he", MentionType.DOCKET, "15CV74-JSR"),
        ("in 15CV74 (JSR) he", MentionType.DOCKET, "15CV74 (JSR)"),
        ("in 15CV74 (S.D.N.Y. 2015) he", MentionType.DOCKET, "15CV74"),
        ("in Case No. 15CV74 he", MentionType.DOCKET, "15CV74"),
        ("before No. 19 C 1234 (N.D. Ill.) he", MentionType.DOCKET, "19 C 1234"),
        ("v. Doe, 19 Mag. 373 he", MentionType.DOCKET, "19 Mag. 373"),
        ("v. Doe, 19 MAG 3730 (UA).", MentionType.DOCKET, "19 MAG 3730 (UA)"),
        ("v. Doe, 1:19-cr-00373-PGG-2 he", MentionType.DOCKET, "1:19-cr-00373-PGG-2"),
        ("v. Doe, 1:19-cr-00373-1.", MentionType.DOCKET, "1:19-cr-00373-1"),
        ("v. Doe, 1:19-cv-00373-2 he", MentionType.DOCKET, "1:19-cv-00373"),
        ("v. Doe, S1 19 Cr. 373 (PGG).", MentionType.DOCKET, "S1 19 Cr. 373 (PGG)"),
        ("v. Doe, S12 19 Cr. 373, he", MentionType.DOCKET, "S12 19 Cr. 373"),
        ("in 1:20 CV 1234 he", MentionType.DOCKET, "1:20 CV 1234"),
        ("in 0:19-cv-01234 (SRN/HB) he", MentionType.DOCKET, "0:19-cv-01234 (SRN/HB)"),
        ("Case 18-10509-KG Doc 12", MentionType.DOCKET, "18-10509-KG"),
        ("Case 19-23649-rdd    Doc 12    Filed", MentionType.DOCKET, "19-23649-rdd"),
        ("Case 19-23649    Doc 12    Filed", MentionType.DOCKET, "19-23649"),
        ("Case No. 18-10509 (KG) he", MentionType.DOCKET, "18-10509 (KG)"),
        ("Case 18-10509 (KG), he", MentionType.DOCKET, "18-10509 (KG)"),
        ("In re Roe, 18-10509-KG (Bankr. D. Del.)", MentionType.DOCKET, "18-10509-KG"),
        ("Roe, 18-10509-KG, 2018 WL 12 (Bankr. D. Del. 2018)", MentionType.DOCKET, "18-10509-KG"),
        ("in 1:19-cv-05642-jsr, the", MentionType.DOCKET, "1:19-cv-05642-jsr"),
        ("C.A. No. 2018-0345-JTL he", MentionType.DOCKET, "2018-0345-JTL"),
        ("paid $1.5 million to", MentionType.MONEY, "$1.5 million"),
        ("paid US$ 3,000.50 to", MentionType.MONEY, "US$ 3,000.50"),
        ("some 5 million dollars of", MentionType.MONEY, "5 million dollars"),
        ("to bob.smith@example.co.uk.", MentionType.EMAIL, "bob.smith@example.co.uk"),
        ("on 6 August 1964 he", MentionType.DATE, "6 August 1964"),
        ("by 2015-03-04.", MentionType.DATE, "2015-03-04"),
    ],
)
def test_what_patterns_find(
    rules: LegalRecognizer, text: str, type_: MentionType, words: str
) -> None:
    assert found(rules, text, type_) == [words]


@pytest.mark.parametrize(
    ("behind", "normal"),
    [
        (" (N.D. Cal.)", "19-cv-5642 (N.D. Cal.)"),
        (" (N. D. Cal. 2019)", "19-cv-5642 (N.D. Cal.)"),
        (", (S.D.N.Y. Mar. 3, 2020)", "19-cv-5642 (S.D.N.Y.)"),
        (", 2020 WL 12345, at *3 (D.D.C. Mar. 3, 2020)", "19-cv-5642 (D.D.C.)"),
        (", slip op. at 4 (D. Mass. 2020)", "19-cv-5642 (D. Mass.)"),
        (" (Bankr. D. Del. 2018)", "19-cv-5642 (Bankr. D. Del.)"),
        (" (2nd Cir. 2020)", "19-cv-5642 (2d Cir.)"),
        (" (filed in N.D. Cal.)", None),
        (". Then (N.D. Cal.)", None),
    ],
)
def test_a_docket_has_the_court_that_stands_behind_it(
    rules: LegalRecognizer, behind: str, normal: str | None
) -> None:
    text = f"Doe v. Roe, No. 19-cv-5642{behind} held"
    assert found(rules, text, MentionType.DOCKET) == ["19-cv-5642"]
    assert normals(rules, text, MentionType.DOCKET) == {normal}
    assert "Cir." in behind or len(found(rules, text, MentionType.ORG)) == 1


def test_the_court_behind_a_list_is_that_of_each_number(rules: LegalRecognizer) -> None:
    text = "See Nos. 19-1234, 19-1235 and 19-1236 (2d Cir. 2020), and No. 19-7, 19-8 (3d Cir.)."
    assert found(rules, text, MentionType.DOCKET) == ["19-1234", "19-1235", "19-1236", "19-7"]
    assert normals(rules, text, MentionType.DOCKET) == {
        *(f"19-123{last} (2d Cir.)" for last in "456"),
        None,
    }
    text = "in Case Nos. 1:19-cv-1234-JSR, 1:19-cv-1235-JSR, and 1:19-cv-1236-JSR (S.D.N.Y.)"
    assert normals(rules, text, MentionType.DOCKET) == {
        f"1:19-cv-123{last}-JSR (S.D.N.Y.)" for last in "456"
    }


@pytest.mark.parametrize(
    "text",
    ["at 10:19 pm 5642 came", "a score of 55 Cr. 12 of", "tel. 212-555-01234-AB", "9-11-2001",
     "page 12-34567", "the 20 Civ. in 1234", "on 19-05-2019", "of 12-34567-BLK, in",
     "of 18-55521-US, 2018, in", "Model 18-10509-XL (black)", "SKU 20-55555-BLK", "Steel 20Cr13",
     "40Cr5 (AISI 420)", "a 19CR300 pump", "version 12cv3", "in 08-12345-and", "of 20-12345-the",
     "at 19-20000-or", "44 Mag. 240 gr.", ".22 Mag. 400 rounds", "22 Mag. 400 gr."],
)  # fmt: skip
def test_other_numbers_are_no_docket(rules: LegalRecognizer, text: str) -> None:
    assert found(rules, text, MentionType.DOCKET) == []


def test_ordinary_prose_has_none(rules: LegalRecognizer) -> None:
    text = "In 2015 there were 17 people in 45 houses, and No. 7 was the oldest of them all."
    assert rules.find(text) == []


@given(text=st.text(alphabet="Act ofthe§Court.No 12-cv$@U.S.\n\U0001f600", max_size=300))
def test_spans_lie_in_the_text_and_hold_something(rules: LegalRecognizer, text: str) -> None:
    for span in rules.find(text):
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip()
