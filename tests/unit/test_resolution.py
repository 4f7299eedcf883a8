# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resolution_case import BOOKS, STAGE, extracted, resolved

from pipeline.blocking_keys import asks, block_of
from pipeline.documents import MentionType, Names, NameScope
from pipeline.resolution.normal import NormalForms
from pipeline.resolution.values import amount, iso_date

NORMAL = NormalForms(BOOKS)
T = MentionType


@pytest.mark.parametrize(
    ("type_", "forms"),
    [
        (T.PERSON, ["John Smith", "JOHN SMITH", "Mr. John  Smith", "Smith, John",
                    "Dr. John Smith, Esq."]),
        (T.PERSON, ["J.R. Smith", "J. R. Smith", "Gen. J R Smith"]),
        (T.PERSON, ["Francisco Zurbarán", "Francisco Zurbaran"]),
        (T.PERSON, ["John Smith, Jr.", "John Smith Jr"]),
        (T.ORG, ["Acme Limited", "Acme Ltd.", "The ACME Ltd", "acme, ltd."]),
        (T.ORG, ["Acme Corporation", "Acme Corp."]),
        (T.ORG, ["Smith & Wesson Inc.", "Smith and Wesson, Incorporated"]),
        (T.GPE, ["United States", "the United States", "U.S.", "USA", "US",
                 "United States of America"]),
        (T.GPE, ["Britain", "UK", "United Kingdom"]),
        (T.DATE, ["August 6, 2016", "Aug. 6th, 2016", "6 August 2016", "2016-08-06", "8/6/2016",
                  "Saturday, August 6, 2016"]),
        (T.MONEY, ["$1.5 million", "US$ 1,500,000", "1.5 million dollars", "USD 1500000.00"]),
        (T.MONEY, ["$.50", "$0.50", "USD 0.5"]),
        (T.MONEY, ["Rs.50", "Rs. 50", "50 rupees"]),
        (T.MONEY, ["five thousand dollars", "$5,000", "US$5k", "USD 5,000", "5,000 U.S. dollars"]),
        (T.MONEY, ["one-and-a-half million dollars", "a million and a half dollars", "$1.5m"]),
        (T.MONEY, ["three quarters of a million dollars", "$750,000"]),
        (T.MONEY, ["two and three quarter million dollars", "$2.75 million"]),
        (T.MONEY, ["three million, five hundred thousand dollars", "$3.5m"]),
        (T.MONEY, ["£3bn", "£3 billion", "GBP 3,000,000,000", "3 billion pounds sterling"]),
        (T.MONEY, ["two million euros", "€ 2 mln", "EUR 2m", "2,0 million euros", "2 million €"]),
        (T.MONEY, ["Rs. 5 crore", "₹50,000,000", "Rs 5,00,00,000", "50 million Indian rupees"]),
        (T.MONEY, ["CHF 200", "200 CHF", "two hundred Swiss francs"]),
        (T.MONEY, ["¥10,000", "ten thousand yen", "JPY 10,000"]),
        (T.MONEY, ["A$ 5m", "AU$5 million", "AUD 5MM", "$5 million AUD"]),
        (T.MONEY, ["R$ 1.5tn", "BRL 1.5 trillion"]),
        (T.PERSON, ["John Smith's", "John Smith’s", "John Smith 's", "John Smith"]),
        (T.PERSON, ["Daniel Ajayi - Adeniran", "Daniel Ajayi–Adeniran"]),
        (T.PERSON, ["Søren Łukasz", "Soren Lukasz"]),
        (T.ORG, ["Children 's Fund", "Children's Fund", "Children’s Fund"]),
        (T.ORG, ["Senate of the United States", "U.S. Senate"]),
        (T.ORG, ["This Senate", "Senate"]),
        (T.ORG, ["Security Council of the United Nations", "UN Security Council"]),
        (T.ORG, ["World Trade Centre", "World Trade Center"]),
        (T.ORG, ["Dept. of Health", "Department of Health"]),
        (T.ORG, ["University of California at Davis", "University of California, Davis"]),
        (T.GPE, ["Austin, TX", "Austin, Tex.", "Austin, Texas", "Austin, Texas, USA"]),
        (T.GPE, ["Pa.", "Pennsylvania", "State of Pennsylvania", "Pennsylvania, USA"]),
        (T.GPE, ["State of Washington", "Washington State", "the State of Washington"]),
        (T.GPE, ["State of New York", "New York State"]),
        (T.GPE, ["D.C.", "Washington, D.C.", "Washington DC", "District of Columbia"]),
        (T.GPE, ["Türkiye", "Turkey", "Turkiye"]),
        (T.EMAIL, ["Bob@Example.com", "bob@example.com"]),
        (T.DOCKET, ["3:16-cv-00523", "3:16-CV-00523", "No. 3:16-cv-523", "3:2016cv523"]),
        (T.DOCKET, ["19 Civ. 5642 (JSR) (GWG)", "19-cv-05642-JSR-GWG", "19 CV 5642 (JSR/GWG)"]),
        (T.DOCKET, ["1:19-cr-00373-PGG", "1:19-cr-00373-PGG-2", "S2 1:19 Cr. 373 (PGG)"]),
        (T.DOCKET, ["19 Mag. 373", "19-mj-00373", "19 MAG 373"]),
        (T.DOCKET, ["No. 19 C 1234 (N.D. Ill.)", "19-cv-1234 (N.D. Ill. Mar. 3, 2020)"]),
        (T.DOCKET, ["2:19-cv-1234 (DNJ)", "2:19-cv-01234 (D.N.J.)"]),
        (T.DOCKET, ["2:19-cv-1234 (DNY)", "2:19-cv-01234-DNY"]),
        (T.DOCKET, ["18-10509-KG", "Case No. 18-10509 (KG)", "18\u201310509-kg"]),
        (T.DOCKET, ["19-cv-5642 (SDNY)", "19 Civ. 5642 (S.D.N.Y.)", "19-cv-05642 (S. D. N. Y.)"]),
        (T.LAW, ["18 U.S.C. § 2", "18 USC 2", "Title 18, United States Code, Section 2"]),
    ],
)  # fmt: skip
def test_forms_of_one_thing_have_one_normal_form(type_: MentionType, forms: list[str]) -> None:
    assert len({NORMAL(type_, form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (T.PERSON, "John Smith Jr.", "John Smith"),
        (T.PERSON, "John Smith", "Jane Smith"),
        (T.ORG, "Acme Ltd.", "Acme Inc."),
        (T.GPE, "Georgia", "New Georgia"),
        (T.GPE, "Island", "Iceland"),
        (T.GPE, "Tunis", "Tunisia"),
        (T.GPE, "Ben", "Benin"),
        (T.GPE, "L.A.", "La."),
        (T.ORG, "Frontiers in Health", "Frontiers Inc. Health"),
        (T.PERSON, "Secretary of State", "Emperor of State"),
        (T.ORG, "This American Life", "American Life"),
        (T.PERSON, "कुश", "कश"),
        (T.PERSON, "John Rigby, person", "John Rigby"),
        (T.MONEY, "$5", "€5"),
        (T.MONEY, "$5", "S$5"),
        (T.MONEY, "$1.5 million", "$1.5 billion"),
        (T.MONEY, "200 Swiss francs", "200 francs"),
        (T.MONEY, "two and three million dollars", "$5 million"),
        (T.MONEY, "two and three million dollars", "$3 million"),
        (T.MONEY, "five hundred and six hundred thousand dollars", "$50,600,000"),
        (T.DATE, "August 2016", "2016"),
        (T.DOCKET, "3:16-cv-00523-2", "3:16-cv-00523"),
        (T.DOCKET, "2:19-cv-1234-DAK", "2:19-cv-1234 (D. Alaska)"),
        (T.DOCKET, "16-cv-523 (N.D. Cal.)", "16-cv-523 (S.D. Cal.)"),
        (T.DOCKET, "18-10509 (Bankr. D. Del.)", "18-10509 (D. Del.)"),
        (T.DOCKET, "19-5642 (6th Cir.)", "19-5642 (4th Cir.)"),
    ],
)
def test_forms_of_two_things_have_two(type_: MentionType, one: str, other: str) -> None:
    assert NORMAL(type_, one) != NORMAL(type_, other)


WORDS = """the of in at university us u.s. usa state , . ' 's - & and inc ltd co dr mr mrs jr.
    secretary tx ga georgia united states pa. d.c. washington dc department centre univ al- esq ii
    kingdom england territory (a) \" john""".split()
LETTERS = st.text(
    alphabet=st.sampled_from(
        "abcXYZéßİıſøŁÆ .,-–'’&()\"$€0123/IiJjrs\u00a0\n𝔘漢\u0301कुがא\u05b8\u200f"
    ),
    min_size=1,
    max_size=24,
)
NAMES = LETTERS | st.lists(
    st.sampled_from(WORDS) | LETTERS.map(lambda letters: letters[:4]), min_size=1, max_size=8
).map(" ".join)


@given(type_=st.sampled_from(T), name=NAMES)
def test_normal_forms_are_stable_and_never_empty(type_: MentionType, name: str) -> None:
    once = NORMAL(type_, name)
    assert NORMAL(type_, once) == once
    assert once or not name.strip()


@given(
    type_=st.sampled_from([T.PERSON, T.ORG, T.GPE, T.NORP, T.EMAIL, T.LAW]),
    words=st.lists(st.text(alphabet="abcdefgxyz", min_size=1, max_size=8), min_size=1, max_size=4),
)
def test_case_and_blanks_do_not_matter(type_: MentionType, words: list[str]) -> None:
    assert NORMAL(type_, " ".join(words)) == NORMAL(type_, " \n".join(words).upper())


def test_absolute_dates_and_others() -> None:
    assert iso_date("march 2016") == "2016-03"
    assert iso_date("monday") is None
    assert iso_date("13/45/2016") is None
    assert amount("millions") is None
    assert amount("NZ$ 26 million") == "NZD 26000000"


@pytest.mark.parametrize("words", ["$1,2", "£5 euros", "five", "500", "3 pesos", "$5-10 million"])
def test_what_is_no_sum_of_a_known_currency_has_no_value(words: str) -> None:
    assert amount(words) is None


def test_a_bare_surname_is_the_one_person_who_has_it() -> None:
    answer = resolved(
        "Ash Carter spoke. Secretary Carter left. Ash Carter slept.",
        ("Ash Carter", T.PERSON), ("Carter", T.PERSON), ("Ash Carter", T.PERSON),
    )  # fmt: skip
    assert answer == [("ash carter", None), ("ash carter", "surname"), ("ash carter", None)]


def test_a_surname_of_two_people_is_neither_and_stays_in_its_document() -> None:
    text = extracted(
        "John Smith met Jane Smith. Smith left.",
        ("John Smith", T.PERSON), ("Jane Smith", T.PERSON), ("Smith", T.PERSON),
    )  # fmt: skip
    [names] = STAGE([text])
    assert isinstance(names, Names)
    assert names.links[2].via is None
    assert names.names[names.links[2].name].scope is NameScope.CONTENT
    assert names.names[names.links[0].name].scope is NameScope.PROJECT


def test_what_stands_for_a_person_stands_for_the_name_mostly_used() -> None:
    answer = resolved(
        "Jared Tristan Padalecki, J. Padalecki, Jared Padalecki, Jared Padalecki, Jared",
        ("Jared Tristan Padalecki", T.PERSON), ("J. Padalecki", T.PERSON),
        ("Jared Padalecki", T.PERSON), ("Jared Padalecki", T.PERSON), ("Jared", T.PERSON),
    )  # fmt: skip
    assert answer == [
        ("jared tristan padalecki", None), ("jared padalecki", "short"),
        ("jared padalecki", None), ("jared padalecki", None), ("jared padalecki", "short"),
    ]  # fmt: skip


def test_an_initial_that_fits_two_joins_neither() -> None:
    answer = resolved(
        "John Smith, Jane Smith, J. Smith",
        ("John Smith", T.PERSON), ("Jane Smith", T.PERSON), ("J. Smith", T.PERSON),
    )  # fmt: skip
    assert [normal for normal, _ in answer] == ["john smith", "jane smith", "j smith"]


def test_acronyms_mean_what_the_text_says() -> None:
    answer = resolved(
        "The Syrian Democratic Forces (SDF) won. Later the SDF left.",
        ("Syrian Democratic Forces", T.ORG), ("SDF", T.ORG), ("SDF", T.ORG),
    )  # fmt: skip
    assert answer[1:] == [("syrian democratic forces", "acronym")] * 2


@pytest.mark.parametrize(
    ("one", "other", "short"),
    [
        ("Ministry of Defence of Ukraine", "Russian Ministry of Defence", "Ministry of Defence"),
        ("Embassy of France", "German Embassy", "Embassy"),
        ("Government of India", "Pakistani Government", "Government"),
        ("House of Commons of Canada", "British House of Commons", "House of Commons"),
        ("National Bank of Ukraine", "Swiss National Bank", "National Bank"),
    ],
)
def test_a_body_that_could_be_of_two_countries_is_neither(one: str, other: str, short: str) -> None:
    text = f"The {one} met the {other}. The {short} said so."
    named = resolved(text, *((name, T.ORG) for name in (one, other, short)))
    assert len({name for name, _ in named}) == 3
    assert resolved(f"The {one} met. The {short} said so.", (one, T.ORG), (short, T.ORG))[1][1]


def test_an_acronym_that_fits_two_means_neither() -> None:
    answer = resolved(
        "Alpha Beta and Able Baker and AB",
        ("Alpha Beta", T.ORG), ("Able Baker", T.ORG), ("AB", T.ORG),
    )  # fmt: skip
    assert answer[2] == ("ab", None)


def test_defined_terms_mean_what_they_are_defined_as() -> None:
    answer = resolved(
        "Globex Holdings Inc. (the “Company”) sells. The Company buys.",
        ("Globex Holdings Inc.", T.ORG), ("Company", T.ORG), ("Company", T.ORG),
    )  # fmt: skip
    assert answer == [("globex holdings inc", None)] + [("globex holdings inc", "definition")] * 2


def test_an_organisation_without_its_legal_form_is_the_one_with_it() -> None:
    answer = resolved("Acme Corp. sued. Acme won.", ("Acme Corp.", T.ORG), ("Acme", T.ORG))
    assert answer == [("acme corp", None), ("acme corp", "short")]
    part = resolved(
        "United Nations Council, United Nations",
        ("United Nations Council", T.ORG),
        ("United Nations", T.ORG),
    )
    assert part[1] == ("united nations", None)


def test_person_and_organisation_of_one_name_are_one_in_a_document() -> None:
    text = extracted("Daesh, Daesh, Daesh", ("Daesh", T.PERSON), ("Daesh", T.ORG), ("Daesh", T.ORG))
    [names] = STAGE([text])
    assert isinstance(names, Names)
    assert [name.type for name in names.names] == [T.ORG]


def test_a_time_that_is_not_absolute_stays_in_its_document() -> None:
    [names] = STAGE(
        [extracted("Monday, August 6, 2016", ("Monday", T.DATE), ("August 6, 2016", T.DATE))]
    )
    assert isinstance(names, Names)
    assert {name.normal: name.scope.value for name in names.names} == {
        "monday": "content",
        "2016-08-06": "project",
    }


def test_names_that_could_be_one_share_a_key() -> None:
    def meet(type_: MentionType, *pair: str) -> bool:
        found = []
        for words in pair:
            [names] = STAGE([extracted(words, (words, type_))])
            assert isinstance(names, Names)
            assert names.names[0].keys == tuple(sorted(names.names[0].keys))
            found.append({block_of(key): asks(key) for key in names.names[0].keys})
        one, other = found
        return any(one[block] or other[block] for block in one.keys() & other.keys())

    assert meet(T.PERSON, "John Smith", "Jon Smyth")
    assert meet(T.PERSON, "J. Smith", "John Smith")
    assert meet(T.ORG, "Syrian Democratic Forces", "SDF")
    assert not meet(T.ORG, "Department of Defense", "Department of State")


@given(
    parts=st.lists(
        st.tuples(st.sampled_from(["John Smith", "Smith", "J. Smith", "Acme Corp.", "Acme", "AC",
                                   "Alpha Corp", "Monday", "U.S."]),
                                   st.sampled_from([T.PERSON, T.ORG, T.GPE, T.DATE])),
        max_size=12,
    )
)  # fmt: skip
def test_links_are_valid_names_sorted_and_the_answer_is_the_same_again(
    parts: list[tuple[str, MentionType]],
) -> None:
    text = extracted(" and ".join(words for words, _ in parts), *parts)
    [names] = STAGE([text])
    assert isinstance(names, Names)
    assert len(names.links) == len(parts)
    assert {link.name for link in names.links} == set(range(len(names.names)))
    order = [(name.type, name.normal, name.scope) for name in names.names]
    assert order == sorted(set(order))
    other = extracted("Jo Doe", ("Jo Doe", T.PERSON))
    assert [*STAGE([other, text])][1] == names


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (T.ORG, "Qua’esh", "QUAESH"),
        (T.ORG, "Defense Department", "U.S. Department of Defense"),
        (T.ORG, "State Department", "Department of State"),
        (T.ORG, "Justice Department", "Department of Justice"),
        (T.ORG, "US Army", "United States Army"),
        (T.ORG, "UN Security Council", "U.N. Security Council"),
        (T.GPE, "U.S.A.", "United States of America"),
        (T.GPE, "MOSUL", "Mosul"),
        (T.PERSON, "Nora al-Sha’ar", "Nora al-Shaar"),
    ],
)
def test_two_ways_of_writing_one_name_are_one(type_: MentionType, one: str, other: str) -> None:
    assert NORMAL(type_, one) == NORMAL(type_, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quist Police Department", "Department of Police"),
        ("Florida Department of State", "Department of State"),
        ("Canadian Department of Justice", "Department of Justice"),
    ],
)
def test_departments_of_others_stay_their_own(one: str, other: str) -> None:
    assert NORMAL(T.ORG, one) != NORMAL(T.ORG, other)


def test_letters_inside_words_are_no_state() -> None:
    assert NORMAL(T.ORG, "Amphibious Task Group") == "amphibious task group"


def test_an_arabic_article_makes_no_other_surname() -> None:
    text = "Nora al-Quisti came. Quisti left."
    assert resolved(text, ("Nora al-Quisti", T.PERSON), ("Quisti", T.PERSON)) == [
        ("nora al-quisti", None),
        ("nora al-quisti", "surname"),
    ]


def test_who_is_addressed_in_another_way_is_somebody_else() -> None:
    told = resolved(
        "Mr. Peter Stone met Mrs. Stone. Mr. Stone left.",
        ("Peter Stone", T.PERSON), ("Stone", T.PERSON), ("Stone", T.PERSON),
    )  # fmt: skip
    assert told == [("peter stone", None), ("ms stone", None), ("peter stone", "surname")]
    untold = resolved(
        "Peter Stone met Mrs. Stone. Mr. Stone left.",
        ("Peter Stone", T.PERSON), ("Stone", T.PERSON), ("Stone", T.PERSON),
    )  # fmt: skip
    assert [name for name, _ in untold] == ["peter stone", "ms stone", "mr stone"]
    both = resolved(
        "Mr. Peter Stone met Anna Stone. Mrs. Stone left.",
        ("Peter Stone", T.PERSON), ("Anna Stone", T.PERSON), ("Stone", T.PERSON),
    )  # fmt: skip
    assert both[2] == ("anna stone", "surname")


def test_who_is_addressed_in_one_way_is_one() -> None:
    answer = resolved(
        "Mr. and Mrs. Peter Stone came. Mrs. Stone left.",
        ("Peter Stone", T.PERSON), ("Stone", T.PERSON),
    )  # fmt: skip
    assert answer[1] == ("peter stone", "surname")


def test_a_surname_with_its_address_stays_in_its_document() -> None:
    text = extracted("Mr. Stone met Miss Stone.", ("Stone", T.PERSON), ("Stone", T.PERSON))
    [names] = STAGE([text])
    assert isinstance(names, Names)
    assert [name.scope for name in names.names] == [NameScope.CONTENT] * 2


def test_the_first_words_of_a_company_mean_the_one_that_has_them() -> None:
    one = resolved(
        "Castellan Holdings Ltd. and Castellan Holdings. Castellan.",
        ("Castellan Holdings Ltd.", T.ORG), ("Castellan Holdings", T.ORG), ("Castellan", T.ORG),
    )  # fmt: skip
    assert [name for name, _ in one] == ["castellan holdings ltd"] * 3
    two = resolved(
        "Apex Capital Ltd. and Apex Energy Ltd. Apex.",
        ("Apex Capital Ltd.", T.ORG), ("Apex Energy Ltd.", T.ORG), ("Apex", T.ORG),
    )  # fmt: skip
    assert two[2] == ("apex", None)
