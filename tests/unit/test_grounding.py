"""What a model says is found in the document's own words, at exact offsets, or nowhere."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.llm.folding import MOST_MARKS, folded, squeezed
from pipeline.llm.grounding import Grounds
from pipeline.llm.likeness import denials_in

FOUND = [
    ("Ann Lee met Bob.", "Ann Lee", ["Ann Lee"]),
    ("Ann Lee met Bob.", " Ann Lee\n", ["Ann Lee"]),
    ("Ann Lee met Ann Lee.", "Ann Lee", ["Ann Lee", "Ann Lee"]),
    ("Ann Lee met Ann\nLee.", "Ann Lee", ["Ann Lee", "Ann\nLee"]),
    ("Annual reports of Ann.", "Ann", ["Ann"]),
    ("Ann\n  Lee met Bob.", "Ann Lee", ["Ann\n  Lee"]),
    ("The Consti-\ntution of 1789.", "Constitution", ["Consti-\ntution"]),
    ("Ann Smith-\nJones left.", "Ann Smith-Jones", ["Ann Smith-\nJones"]),
    ("The Consti\u00adtution of 1789.", "Constitution", ["Consti\u00adtution"]),
    ("He read “The Times” daily.", '"The Times"', ["“The Times”"]),
    ("O’Brien spoke.", "O'Brien", ["O’Brien"]),
    ("O´Brien spoke.", "O'Brien", ["O´Brien"]),
    ("Smith–Jones Ltd. sued.", "Smith-Jones Ltd.", ["Smith–Jones Ltd."]),
    ("The oﬃce of Ann.", "office", ["oﬃce"]),
    ("Jose\u0301 Ruiz left.", "José Ruiz", ["Jose\u0301 Ruiz"]),
    ("José Ruiz left.", "Jose Ruiz", ["José Ruiz"]),
    ("Mr. Srnith and Mr. Jones.", "Smith", ["Srnith"]),
    ("Oscar Nell left.", "Neil", ["Nell"]),
    ("GENERA1 ELECTRIC sued.", "General Electric", ["GENERA1 ELECTRIC"]),
    ("AnnaLee Ray sued.", "Anna Lee Ray", ["AnnaLee Ray"]),
    ("i wrote to ann lee", "Ann Lee", ["ann lee"]),
    ("Zoe\u200bLee came.", "ZoeLee", ["Zoe\u200bLee"]),
    ("Acme Corp. (the “Company”)", "Acme Corp.", ["Acme Corp."]),
    ("Acme™ and Smith² sued.", "Acme", ["Acme"]),
    ("Acme™ and Smith² sued.", "Smith", ["Smith"]),
    ("It was $5,000.", "$5,000", ["$5,000"]),
    ("李明在北京见了王芳。", "李明", ["李明"]),
    ("김철수는 서울에 갔다.", "김철수", ["김철수"]),
    ("राम और रामा गए।", "राम", ["राम"]),
]
NOWHERE = [
    ("Ann Lee met Bob.", "Carl"),
    ("Ann Lee met Bob.", ""),
    ("Ann Lee met Bob.", "  "),
    ("Ann Lee met Bob.", "."),
    ("", "Ann"),
    ("Annual reports.", "Ann"),
    ("Ann\u00adual reports.", "Ann"),
    ("An Ann-\nual report.", "Ann"),
    ("Sie he\u0301 left.", "he"),
    ("It was $5,000.", "$6,000"),
    ("It was $5,000.", "£5,000"),
    ("It was $5,000.", "$5"),
    ("It was 10² times.", "102"),
    ("In 1984 he left.", "1985"),
    ("In 1984 he left.", "198"),
    ("Section 10 of the Act.", "Section lo"),
    ("The men of MI5 left.", "MIS5"),
    ("The men of MI5 left.", "MIs"),
    ("Mitt met Bo.", "Mill"),
    ("He will go.", "Will"),
    ("\u0e19\u0e33", "\u0e32"),
]


@pytest.mark.parametrize(("text", "words", "places"), FOUND)
def test_a_name_is_found_in_the_texts_own_words(text: str, words: str, places: list[str]) -> None:
    spans = Grounds(text, 100).names(words)
    assert [text[start - 100 : end - 100] for start, end in spans] == places


@pytest.mark.parametrize(("text", "words"), NOWHERE)
def test_a_name_that_is_not_there_is_found_nowhere(text: str, words: str) -> None:
    assert Grounds(text).names(words) == []


LEASE = "On 3 May 2016, Ann Lee, chief counsel of Acme Corp., signed the lease for $5,000."
DENIED = "Ann Lee, the chief counsel of Acme Corp., did not sign the lease with Northwind Bank."
QUOTES = [
    (LEASE, LEASE, LEASE),
    (LEASE, "signed the lease for $5,000", "signed the lease for $5,000"),
    (LEASE, "“signed the lease”", "signed the lease"),
    (LEASE, "signed the lease.", "signed the lease"),
    (LEASE, "Ann Lee, chief counsel of Acme Corp, signed the lease",
     "Ann Lee, chief counsel of Acme Corp., signed the lease"),
    (LEASE, "Ann Lee, chief councel of Acme Corp., signed the lease",
     "Ann Lee, chief counsel of Acme Corp., signed the lease"),
    (LEASE, "Ann Lee, the chief counsel of Acme Corp., signed the lease",
     "Ann Lee, chief counsel of Acme Corp., signed the lease"),
    (LEASE, "Ann Lee, chief counsel of Acme Corp., signed lease for $5,000",
     "Ann Lee, chief counsel of Acme Corp., signed the lease for $5,000"),
    (LEASE, "The Ann Lee, chief counsel of Acme Corp., signed the lease for the",
     "Ann Lee, chief counsel of Acme Corp., signed the lease for"),
    ("Ofthe tvvo, Arnold rnet Burns.", "Of the two, Arnold met Burns",
     "Ofthe tvvo, Arnold rnet Burns"),
    (DENIED, DENIED, DENIED),
]  # fmt: skip
NOT_SAID = [
    (LEASE, LEASE.replace("2016", "2015")),
    (LEASE, LEASE.replace("$5,000", "$6,000")),
    (LEASE, LEASE.replace("$5,000", "$5.000")),
    (LEASE, LEASE.replace("$5,000", "€5,000")),
    (LEASE, LEASE.replace("Lee", "Lea")),
    (LEASE, LEASE.replace("Ann Lee", "Ann")),
    (LEASE, LEASE.replace("signed", "sold")),
    (LEASE, LEASE.replace("signed", "never signed")),
    (LEASE, LEASE.replace(" counsel", "")),
    (LEASE[15:], LEASE[15:].replace("signed", "sighned").replace("counsel", "councel")),
    (DENIED, DENIED.replace("did not sign", "did sign")),
    (DENIED, DENIED.replace("not ", "")),
    (DENIED, DENIED.replace("Northwind", "Northwnd")),
    (DENIED, DENIED.replace("did not sign", "signed")),
    ("Of his colleagues, whom he had asked so often, nothing was seen.",
     "Of his colleagues, whom he had asked so often, noting was seen."),
    ("She was unmarried.", "married"),
    ("Bob pursued Acme.", "sued Acme"),
    ("His part is notable.", "His part is not able"),
    ("He is now here.", "He is nowhere"),
    (LEASE, "Zoe Ray was the president of Northwind Bank and never signed a thing."),
    (LEASE, ""),
    (LEASE, "…"),
    (LEASE, "met"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "quote", "words"), QUOTES)
def test_a_quote_may_differ_in_what_says_the_same(text: str, quote: str, words: str) -> None:
    [span] = Grounds(f"Before. {text} After.", 7).quotes(quote)
    assert f"Before. {text} After."[span[0] - 7 : span[1] - 7] == words


@pytest.mark.parametrize(("text", "quote"), NOT_SAID)
def test_a_quote_that_says_something_else_is_found_nowhere(text: str, quote: str) -> None:
    assert Grounds(text).quotes(quote) == []


def test_a_quote_that_stands_twice_has_both_places() -> None:
    text = "He paid Acme. Bob left. He paid Acme."
    assert Grounds(text).quotes("he paid Acme") == [(0, 12), (24, 36)]


SIGNS = "ab Aé-\n\u00ad“rnm10l.ﬁ\u0301dcl wv²李"
TEXT = st.text(alphabet=SIGNS, max_size=60) | st.text(max_size=40)
WORD = st.text(alphabet="abcdeéABC019ﬁ$.", min_size=1, max_size=6).filter(
    lambda word: word[0].isalnum() and word[-1].isalnum()
)
GAP = st.sampled_from([" ", "  ", "\n", " \n ", ", "])


@given(TEXT, TEXT, st.integers(0, 1000))
def test_what_is_found_lies_in_the_text_in_order_and_apart(text: str, words: str, at: int) -> None:
    for found in (Grounds(text, at).names(words), Grounds(text, at).quotes(words)):
        last = at
        for start, end in found:
            assert last <= start < end <= at + len(text)
            last = end


@given(TEXT, st.data())
def test_what_is_found_reads_as_what_was_said(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    words = text[start : data.draw(st.integers(start, len(text)))]
    for found in (Grounds(text).names(words), Grounds(text).quotes(words)):
        for span in found:
            assert _read(text[slice(*span)]) == _read(words)
            assert denials_in(text[slice(*span)]) == denials_in(words)


@given(st.lists(st.tuples(WORD, GAP), min_size=1, max_size=12), st.data())
def test_words_of_the_text_are_found_where_they_are(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    text = "".join(word + gap for word, gap in pairs)
    first = data.draw(st.integers(0, len(pairs) - 1))
    last = data.draw(st.integers(first, len(pairs) - 1))
    start = sum(len(word + gap) for word, gap in pairs[:first])
    words = "".join(word + gap for word, gap in pairs[first : last + 1])
    words = words[: len(words) - len(pairs[last][1])]
    letters, said = folded(text).letters, folded(words).letters
    for found in (Grounds(text).names(words), Grounds(text).quotes(words)):
        if letters.find(said) == letters.rfind(said):
            assert (start, start + len(words)) in found
        # Where it stands twice in the same place, as "a a" in "a a a", the first is found.
        assert any(begin < start + len(words) and start < end for begin, end in found)


@given(TEXT, TEXT)
def test_a_part_reads_as_it_does_in_the_whole(one: str, other: str) -> None:
    assert squeezed(one + other).letters == squeezed(one).letters + squeezed(other).letters


MOST_STEPS_OF_A_QUOTE = 500_000
HOSTILE = {
    "one letter": ("a", "a" * 200),
    "one letter, and another": ("a", "a" * 200 + "b"),
    "accents": ("\u0301\u0323", "a\u0301"),
    "blanks behind a hyphen": ("a-" + " " * 98, "a b"),
    "cut words": ("a-\n", "a a"),
    "letters that read as many": ("\ufdfa", "\ufdfa" * 100),
    "one word": ("planned ", "planned " * 200 + "b"),
    "slips": ("planned ", "planed planned planned planned planned planned planned " * 30 + "b"),
    "figures": ("1,", "1," * 900 + "2"),
    "what OCR misreads": ("rn m ", "m rn " * 300 + "x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_takes_about_twice_the_steps(name: str) -> None:
    piece, words = HOSTILE[name]
    text = piece * (5_000 // len(piece))
    steps = _steps(text * 2, words)
    assert steps < 3 * _steps(text, words)
    assert steps - _steps(text * 2, "zzzzz") < MOST_STEPS_OF_A_QUOTE


def test_a_text_of_one_word_is_one_place() -> None:
    text = "a" * 10_000
    assert _steps(text, "a" * 200) - _steps(text, "zzzzz") < 50_000


def test_a_sign_that_is_a_sentence_stays_one() -> None:
    assert len(folded("\ufdfa" * 9).letters) == len(squeezed("\ufdfa" * 9).letters) == 9


def test_a_heap_of_accents_is_put_in_order_in_small_parts() -> None:
    read = folded("a" + "\u0301\u0323" * 5_000)
    assert max(end - start for start, end in zip(read.starts, read.ends, strict=True)) <= MOST_MARKS


def _read(text: str) -> str:
    return squeezed(folded(text).letters).letters


def _steps(text: str, words: str) -> int:
    """Count the calls that it takes to look for words."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(called)
    try:
        Grounds(text).names(words)
        Grounds(text).quotes(words)
    finally:
        sys.setprofile(None)
    return count
