"""What a model says is found in the document's own words, at exact offsets, or nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.llm.grounding import Grounds

FOUND = [
    ("Ann Lee met Bob.", "Ann Lee", ["Ann Lee"]),
    ("Ann Lee met Ann Lee.", "Ann Lee", ["Ann Lee", "Ann Lee"]),
    ("Annual reports of Ann.", "Ann", ["Ann"]),
    ("Ann\n  Lee met Bob.", "Ann Lee", ["Ann\n  Lee"]),
    ("The Consti-\ntution of 1789.", "Constitution", ["Consti-\ntution"]),
    ("The Consti\u00adtution of 1789.", "Constitution", ["Consti\u00adtution"]),
    ("He read “The Times” daily.", '"The Times"', ["“The Times”"]),
    ("O’Brien spoke.", "O'Brien", ["O’Brien"]),
    ("Smith–Jones Ltd. sued.", "Smith-Jones Ltd.", ["Smith–Jones Ltd."]),
    ("The oﬃce of Ann.", "office", ["oﬃce"]),
    ("Jose\u0301 Ruiz left.", "José Ruiz", ["Jose\u0301 Ruiz"]),
    ("Mr. Srnith and Mr. Jones.", "Smith", ["Srnith"]),
    ("GENERA1 ELECTRIC sued.", "General Electric", ["GENERA1 ELECTRIC"]),
    ("Zoe\u200bLee came.", "ZoeLee", ["Zoe\u200bLee"]),
    ("Acme Corp. (the “Company”)", "Acme Corp.", ["Acme Corp."]),
    ("It was $5,000.", "$5,000", ["$5,000"]),
]
NOWHERE = [
    ("Ann Lee met Bob.", "Carl"),
    ("Ann Lee met Bob.", ""),
    ("Ann Lee met Bob.", "  "),
    ("", "Ann"),
    ("Annual reports.", "Ann"),
    ("It was $5,000.", "$6,000"),
    ("In 1984 he left.", "1985"),
    ("In 1984 he left.", "198"),
    ("Section 10 of the Act.", "Section lo"),
    ("Mitt met Bo.", "Mill"),
]


@pytest.mark.parametrize(("text", "words", "places"), FOUND)
def test_a_name_is_found_in_the_texts_own_words(text: str, words: str, places: list[str]) -> None:
    spans = Grounds(text, 100).names(words)
    assert [text[start - 100 : end - 100] for start, end in spans] == places


@pytest.mark.parametrize(("text", "words"), NOWHERE)
def test_a_name_that_is_not_there_is_found_nowhere(text: str, words: str) -> None:
    assert Grounds(text).names(words) == []


SENTENCE = "On 3 May 2016, Ann Lee, chief counsel of Acme Corp., signed the lease for $5,000."
QUOTES = [
    (SENTENCE, SENTENCE),
    ("signed the lease for $5,000", "signed the lease for $5,000"),
    ("Ann Lee, chief counsel of Acme Corp, signed the lease", "Ann Lee, chief counsel of Acme "
     "Corp., signed the lease"),
    ("Ann Lee, chief councel of Acme Corp., signed the lease", "Ann Lee, chief counsel of Acme "
     "Corp., signed the lease"),
]  # fmt: skip


@pytest.mark.parametrize(("quote", "words"), QUOTES)
def test_a_quote_may_differ_in_letters(quote: str, words: str) -> None:
    span = Grounds(f"Before. {SENTENCE} After.", 7).quote(quote)
    assert span is not None
    assert f"Before. {SENTENCE} After."[span[0] - 7 : span[1] - 7] == words


@pytest.mark.parametrize(
    "quote",
    [
        "On 3 May 2015, Ann Lee, chief counsel of Acme Corp., signed the lease for $5,000.",
        "On 3 May 2016, Ann Lee, chief counsel of Acme Corp., signed the lease for $6,000.",
        "Zoe Ray was the president of Northwind Bank and never signed a thing.",
        "",
        "met",
    ],
)
def test_a_quote_that_says_something_else_is_found_nowhere(quote: str) -> None:
    assert Grounds(SENTENCE).quote(quote) is None


TEXT = st.text(alphabet="ab Aé-\n\u00ad“rnm10l.ﬁ\u0301", max_size=60)


@given(TEXT, TEXT, st.integers(0, 1000))
def test_what_is_found_lies_in_the_text_in_order_and_apart(text: str, words: str, at: int) -> None:
    last = at
    for start, end in Grounds(text, at).names(words):
        assert last <= start < end <= at + len(text)
        last = end
    span = Grounds(text, at).quote(words)
    assert span is None or at <= span[0] < span[1] <= at + len(text)


@given(st.text(max_size=80), st.data())
def test_words_of_the_text_are_found_where_they_are(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    words = text[start:end].strip()
    span = Grounds(text).quote(words)
    assert (span is None) == (not words)
    assert span is None or text[slice(*span)] == words
