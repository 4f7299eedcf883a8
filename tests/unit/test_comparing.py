"""The comparison of two names: its laws, and how often it is right on labelled pairs."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.registry.blocks import LiveName, MemoryBlocks, candidates
from pipeline.registry.comparing import EXPLANATIONS, Comparing, Comparison, Verdict
from pipeline.resolution.keys import blocking_keys
from pipeline.resolution.normal import NormalForms

T = MentionType
BOOKS = NameBooks()
NORMAL = NormalForms(BOOKS)
COMPARING = Comparing(BOOKS)
JOINS = {Verdict.SAME, Verdict.SHORTER, Verdict.LIKE}
DATA = Path(__file__).parent.parent / "data/name_pairs.csv"
PAIRS = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))
SCORES = {
    Verdict.SAME: (0.9, 1.0),
    Verdict.SHORTER: (0.8, 0.9),
    Verdict.LIKE: (0.8, 0.95),
    Verdict.UNSURE: (0.6, 0.8),
    Verdict.APART: (0.0, 0.0),
}


def compared(
    type_: MentionType, one: str, other: str, other_type: MentionType | None = None
) -> Comparison | None:
    """Compare two names as documents write them."""
    other_type = other_type or type_
    return COMPARING.compare(
        COMPARING.profile(type_, NORMAL(type_, one)),
        COMPARING.profile(other_type, NORMAL(other_type, other)),
    )


def meets(pair: dict[str, str]) -> bool:
    """Say whether the registry compares the two names of a pair, or has one name for them."""
    types = T(pair["type"]), T(pair["other_type"])
    normals = NORMAL(types[0], pair["one"]), NORMAL(types[1], pair["other"])
    names = [
        LiveName(id_, type_, normal, blocking_keys(type_, normal, BOOKS))
        for id_, type_, normal in zip("ab", types, normals, strict=True)
    ]
    blocks = MemoryBlocks(names)
    near = [candidates(blocks, name).near for name in names]
    return names[0].rank == names[1].rank or "b" in near[0] or "a" in near[1]


def joins(pair: dict[str, str]) -> bool:
    """Say whether a pair of the data comes out as one name."""
    found = compared(T(pair["type"]), pair["one"], pair["other"], T(pair["other_type"]))
    return found is not None and found.verdict in JOINS


def test_labelled_pairs_are_joined_and_kept_apart() -> None:
    wanted = {"same", "shorter", "like"}
    counts = Counter((pair["expected"] in wanted, joins(pair)) for pair in PAIRS)
    precision = counts[True, True] / (counts[True, True] + counts[False, True])
    recall = counts[True, True] / (counts[True, True] + counts[True, False])
    assert len(PAIRS) >= 320
    assert sum(pair["expected"] not in wanted for pair in PAIRS) >= 0.4 * len(PAIRS)
    assert precision >= 0.98
    assert recall >= 0.95


def test_the_pairs_that_come_out_wrong_are_those_known_to() -> None:
    wanted = {"same", "shorter", "like"}
    wrong = {
        (pair["one"], pair["other"])
        for pair in PAIRS
        if joins(pair) != (pair["expected"] in wanted)
    }
    assert wrong == {(pair["one"], pair["other"]) for pair in PAIRS if pair["known"]}


def test_labelled_pairs_that_may_be_one_are_compared() -> None:
    """What never meets joins nothing, and nobody is asked about it."""
    missed = set()
    for pair in PAIRS:
        found = compared(T(pair["type"]), pair["one"], pair["other"], T(pair["other_type"]))
        may_be_one = found is not None and found.verdict is not Verdict.APART
        if pair["expected"] not in {"apart", "nothing"} and may_be_one and not meets(pair):
            missed.add((pair["one"], pair["other"]))
    assert missed == {(pair["one"], pair["other"]) for pair in PAIRS if pair["missed"]}


@pytest.mark.parametrize(
    ("type_", "one", "other", "verdict", "shorter"),
    [
        (T.PERSON, "J. Smith", "John Smith", Verdict.SHORTER, 1),
        (T.PERSON, "Smith, John", "John Smith", Verdict.SAME, 0),
        (T.PERSON, "John Smith Jr.", "John Smith", Verdict.SHORTER, 2),
        (T.PERSON, "John Smith Jr.", "John Smith Sr.", Verdict.APART, 0),
        (T.PERSON, "John Smith", "Jane Smith", Verdict.APART, 0),
        (T.PERSON, "Angela Merkel", "Angela Mekrel", Verdict.LIKE, 0),
        (T.PERSON, "Hillary Rodham", "Hillary Rodham Clinton", Verdict.UNSURE, 0),
        (T.ORG, "FBI", "Federal Bureau of Investigation", Verdict.SHORTER, 1),
        (T.DOCKET, "19 Civ. 5642 (JSR)", "1:19-cv-05642-JSR", Verdict.SHORTER, 1),
        (T.DOCKET, "19 Civ. 5642 (JSR)", "1:19-cv-05642", Verdict.UNSURE, 0),
        (T.DOCKET, "19 Civ. 5642 (JSR)", "19 Civ. 5642", Verdict.UNSURE, 0),
        (T.DOCKET, "19 Civ. 5642 (JSR)", "1:19-cv-05642-LAP", Verdict.UNSURE, 0),
        (T.DOCKET, "1:19-cv-05642-JSR", "1:19-cv-05642-LAP", Verdict.UNSURE, 0),
        (T.DOCKET, "1:19-cv-05642-JSR", "1:19-cv-05642", Verdict.SHORTER, 2),
        (T.DOCKET, "1:19-cv-05642-JSR", "3:19-cv-05642-JSR", Verdict.APART, 0),
        (T.DOCKET, "1:19-cv-05642-JSR", "1:19-cr-05642-JSR", Verdict.APART, 0),
        (T.DOCKET, "1:19-cv-05642-JSR", "1:19-cv-05642 (S.D.N.Y.)", Verdict.UNSURE, 0),
        (T.DOCKET, "1:19-cv-05642 (N.D. Ill.)", "1:19-cv-05642 (S.D.N.Y.)", Verdict.APART, 0),
        (T.DOCKET, "18-10509-KG", "18-10509", Verdict.UNSURE, 0),
        (T.ORG, "Acme Ltd.", "Acme", Verdict.SAME, 0),
        (T.ORG, "Acme Holdings Ltd.", "Acme Ltd.", Verdict.APART, 0),
        (T.ORG, "Acme Ltd.", "Acme Inc.", Verdict.UNSURE, 0),
        (T.PERSON, "W. Gates", "Bill Gates", Verdict.UNSURE, 0),
        (T.PERSON, "Ursula von der Leyen", "Ursula van der Leyen", Verdict.LIKE, 0),
        (T.PERSON, "Chris Smith", "Christine Smith", Verdict.SHORTER, 1),
        (T.PERSON, "Katherine Smithson", "Kathryn Smithson", Verdict.UNSURE, 0),
        (T.PERSON, "Shawn Smithson", "Sean Smithson", Verdict.UNSURE, 0),
        (T.PERSON, "Isabelle Smithson", "Isabel Smithson", Verdict.UNSURE, 0),
        (T.PERSON, "Kathryn Smithson", "Kathleen Smithson", Verdict.APART, 0),
        (T.PERSON, "Louis Smithson", "Louise Smithson", Verdict.APART, 0),
        (T.PERSON, "M. A. Brown", "Michelle Brown", Verdict.SHORTER, 1),
        (T.PERSON, "Vincent van Gogh", "Vincent Gogh", Verdict.SHORTER, 2),
        (T.GPE, "New York City", "New York, NY", Verdict.SAME, 0),
        (T.GPE, "Seattle", "Seattle, Washington", Verdict.SHORTER, 1),
        (T.GPE, "Portland, Oregon", "Portland, Maine", Verdict.APART, 0),
        (T.LOC, "River Thames", "Thames River", Verdict.SAME, 0),
        (T.LOC, "the Thames River", "River Thames, England", Verdict.SHORTER, 1),
        (T.LOC, "Strait of Hormuz", "Hormuz Strait", Verdict.SAME, 0),
        (T.GPE, "Kiev", "Kyiv", Verdict.SAME, 0),
        (T.GPE, "Saigon", "Ho Chi Minh City", Verdict.SAME, 0),
        (T.GPE, "Bombay", "Mumbai, India", Verdict.SHORTER, 1),
        (T.GPE, "Peking, China", "Beijing", Verdict.SHORTER, 2),
        (T.GPE, "Moskva", "Moscow, Idaho", Verdict.APART, 0),
        (T.GPE, "Tiflis", "Tbilisi, Georgia", Verdict.SHORTER, 1),
        (T.GPE, "Madras, Oregon", "Chennai", Verdict.APART, 0),
    ],
)
def test_a_verdict_says_how_names_fit_and_which_says_less(
    type_: MentionType, one: str, other: str, verdict: Verdict, shorter: int
) -> None:
    found = compared(type_, one, other)
    assert found is not None
    assert (found.verdict, found.shorter) == (verdict, shorter)


def test_every_rule_that_is_explained_is_one_that_names_give() -> None:
    found = [
        compared(T(pair["type"]), pair["one"], pair["other"], T(pair["other_type"]))
        for pair in PAIRS
    ]
    found.append(compared(T.PERSON, "W. Gates", "Bill Gates"))
    found.append(compared(T.PERSON, "Ursula von der Leyen", "Ursula van der Leyen"))
    found.append(compared(T.GPE, "New York City", "New York, NY"))
    found.append(compared(T.ORG, "Johnson Bros.", "Johnson Brothers"))
    found.append(compared(T.PERSON, "John Rigby, person", "John Rigby"))
    found.append(compared(T.PERSON, "John Rigby, person", "John Rigby LLC", T.ORG))
    found.append(compared(T.PERSON, "John Rigby Jr., of two", "John Rigby Jr."))
    found.append(compared(T.PERSON, "John Rigby Jr., of two", "John Rigby"))
    found.append(compared(T.PERSON, "John Rigby, jr or not", "John Rigby"))
    assert {rule for each in found if each for rule in each.rules} == EXPLANATIONS.keys()


def test_a_crowded_name_is_compared_by_equality_only() -> None:
    long = "a" * 10_000
    assert compared(T.PERSON, f"john {long}", f"jon {long}") is None
    assert compared(T.ORG, long, long) == Comparison(Verdict.SAME, 1.0, ("equal",))
    for blank in (" ", "-"):
        crowd = blank.join(["smith"] * 30)
        assert compared(T.PERSON, f"john {crowd}", f"j {crowd}") is None
        assert compared(T.ORG, f"john {crowd} inc", f"john {crowd}") is None


PIECES = st.sampled_from(
    ["john", "j", "jane", "bill", "william", "smith", "smyth", "smiht", "jr", "sr", "ii", "van",
     "der", "al-", "bin", "o'connor", "garcía", "müller", "mueller", "gaddafi", "qaddafi", "1",
     "0", "rn", "m", ",", ".", "-", "&", "and", "the", "of", "acme", "inc", "ltd", "gmbh",
     "holdings", "group", "fund", "iii", "local", "12", "13", "university", "oxford",
     "department", "justice", "us", "u.s.", "united", "states", "washington", "dc", "wa",
     "county", "city", "river", "lake", "kiev", "kyiv",
     "st", "saint", "fbi", "🙂", "علي", "习近平", "Путин", "\u202e", "\u0301",
     "'",
     '"', "(", ")", "é", "İ", "ß"]
)  # fmt: skip
NAMES = st.one_of(
    st.lists(PIECES, max_size=6).map(" ".join),
    st.lists(PIECES, max_size=4).map("".join),
    st.text(max_size=30),
    st.text(alphabet=".,-'&()/ ", max_size=10),
)
TYPES = st.sampled_from(T)


@given(one=NAMES, other=NAMES, type_=TYPES, other_type=st.none() | TYPES)
def test_comparing_is_symmetric_total_bounded_and_explained(
    one: str, other: str, type_: MentionType, other_type: MentionType | None
) -> None:
    mine = COMPARING.profile(type_, one)
    theirs = COMPARING.profile(other_type or type_, other)
    found = COMPARING.compare(mine, theirs)
    back = COMPARING.compare(theirs, mine)
    assert back == (found and found.turned())
    if found is None:
        return
    low, high = SCORES[found.verdict]
    assert low <= found.score <= high
    assert found.rules
    assert set(found.rules) <= EXPLANATIONS.keys()
    assert (found.shorter in {1, 2}) == (found.verdict is Verdict.SHORTER)


@given(name=NAMES, type_=TYPES)
def test_a_name_is_itself(name: str, type_: MentionType) -> None:
    normal = NORMAL(type_, name)
    same = Comparison(Verdict.SAME, 1.0, ("equal",))
    one, again = COMPARING.profile(type_, normal), Comparing(BOOKS).profile(type_, normal)
    assert one == again
    assert COMPARING.compare(one, again) == same
