"""Laws of blocking keys, and that names that can be one thing share a block that compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.blocking_keys import asks, block_of
from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.resolution.key_parts import LONGEST_KEY
from pipeline.resolution.keys import blocking_keys, keys_of_lone_word
from pipeline.resolution.normal import NormalForms

T = MentionType
BOOKS = NameBooks()
NORMAL = NormalForms(BOOKS)
MOST_KEYS = 25
HARD = st.text(
    alphabet=st.sampled_from("abcijxyzéß01 -,.'’&~|#漢字שלוםسلام😀\u0301\ud800\n"), max_size=40
)
WORDS = st.lists(
    st.text(alphabet="abcdefghiklmnoprstuy", min_size=1, max_size=11), min_size=1, max_size=4
)


def keys(type_: MentionType, normal: str) -> dict[str, bool]:
    """Map a name's blocks to whether it asks there."""
    return {block_of(key): asks(key) for key in blocking_keys(type_, normal, BOOKS)}


def meet(one: tuple[MentionType, str], other: tuple[MentionType, str]) -> bool:
    """Say whether two normal forms are compared for some block."""
    mine, theirs = keys(*one), keys(*other)
    return any(mine[block] or theirs[block] for block in mine.keys() & theirs.keys())


def forms_meet(type_: MentionType, one: str, other: str) -> bool:
    """Say whether two names as written are compared, or one already."""
    mine, theirs = NORMAL(type_, one), NORMAL(type_, other)
    return mine == theirs or meet((type_, mine), (type_, theirs))


@given(type_=st.sampled_from(T), normal=HARD.filter(bool) | WORDS.map(" ".join))
def test_keys_are_pure_sorted_bounded_and_never_none(type_: MentionType, normal: str) -> None:
    made = blocking_keys(type_, normal, BOOKS)
    assert made == blocking_keys(type_, normal, BOOKS)
    assert list(made) == sorted(set(made))
    assert 1 <= len(made) <= MOST_KEYS
    assert all(1 < len(key) <= LONGEST_KEY for key in made)
    assert len({block_of(key) for key in made}) == len(made)
    lone = keys_of_lone_word(normal)
    assert all(1 < len(key) <= LONGEST_KEY for key in lone)
    # PostgreSQL takes no half of a surrogate pair.
    assert all(key.encode() for key in (*made, *lone))


@pytest.mark.parametrize("type_", T)
@pytest.mark.parametrize(
    "name", ["a" * 10_000, "a b " * 2_500, "...", "-", "😀😀", "שלום עולם", "محمد علي", "漢字 仮名"]
)
def test_hard_names_have_few_short_keys(type_: MentionType, name: str) -> None:
    made = blocking_keys(type_, name, BOOKS)
    assert 1 <= len(made) <= MOST_KEYS
    assert all(len(key) <= LONGEST_KEY for key in made)


def test_long_names_share_a_key_only_if_they_are_equal() -> None:
    long = ("abcdefghij " * 1_000).strip()
    assert keys(T.ORG, long) == keys(T.ORG, long)
    assert not keys(T.ORG, long).keys() & keys(T.ORG, f"{long}z").keys()


@given(words=WORDS, type_=st.sampled_from([T.ORG, T.GPE, T.LOC, T.FAC, T.NORP, T.EVENT, T.LAW]))
def test_a_name_that_was_typed_in_two_ways_meets_itself(
    words: list[str], type_: MentionType
) -> None:
    # "of" in a place's name is law of places, and a legal form one of organisations.
    name = " ".join(f"{word}ql" for word in words)
    assert meet((T.PERSON, name), (type_, name))


@given(name=HARD.filter(bool), type_=st.sampled_from([T.DATE, T.MONEY, T.CITATION, T.EMAIL]))
def test_values_have_their_value_as_the_only_key(name: str, type_: MentionType) -> None:
    [key] = blocking_keys(type_, name, BOOKS)
    assert not set(keys(T.ORG, name)) & {key}
    assert asks(key) or name.endswith("~")


@given(words=st.lists(st.sampled_from(["zorbel", "quandt", "milhov"]), min_size=2, max_size=3))
def test_order_and_blanks_of_a_name_do_not_matter(words: list[str]) -> None:
    for type_ in (T.PERSON, T.ORG):
        assert meet((type_, " ".join(words)), (type_, " ".join(reversed(words))))
        assert meet((type_, " ".join(words)), (type_, "-".join(words)))


# Without r: "rn" is read as m, which is two letters.
LETTERS = st.sampled_from("aeioubdgklmnpstv")


@given(at=st.integers(min_value=1), letter=LETTERS, change=st.sampled_from(["drop", "put", "turn"]))
@pytest.mark.parametrize(
    ("type_", "name", "word"),
    [
        (T.PERSON, "keldra brannistok", "brannistok"),
        (T.PERSON, "keldra brandov", "brandov"),
        (T.PERSON, "john smihurst", "smihurst"),
        (T.PERSON, "veltramin smith", "veltramin"),
        (T.ORG, "brannistok holdings ltd", "brannistok"),
        (T.ORG, "brannistok capital partners", "capital"),
    ],
)
def test_a_letter_wrong_in_one_word_leaves_a_key(
    type_: MentionType, name: str, word: str, at: int, letter: str, change: str
) -> None:
    at = 1 + at % (len(word) - 1)
    wrong = {
        "drop": word[:at] + word[at + 1 :],
        "put": word[:at] + letter + word[at:],
        "turn": word[:at] + letter + word[at + 1 :],
    }[change]
    assert meet((type_, name), (type_, name.replace(word, wrong)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Smith", "J. Smith"), ("John Robert Smith", "J. R. Smith"),
        ("John Robert Smith", "John Smith"), ("John Smith Jr.", "John Smith"),
        ("Bill Clinton", "William Clinton"), ("Bill Clinton", "W. Clinton"),
        ("Peggy Thatcher", "Margaret Thatcher"), ("J. Edgar Hoover", "Edgar Hoover"),
        ("Smith, John", "John Smith"), ("SMITH John", "John Smith"), ("Smith J R", "J. R. Smith"),
        ("Mohammed Morsi", "Muhammad Mursi"), ("Boris Yeltsin", "Boris Eltsin"),
        ("Pyotr Tchaikovsky", "Pyotr Chaikovsky"), ("Vladimir Putin", "Владимир Путин"),
        ("Alexander Lukashenko", "Alyaksandr Lukashenka"), ("Bashar al-Assad", "Bashar Assad"),
        ("Charles de Gaulle", "Charles DeGaulle"), ("Ban Ki-moon", "Ban Ki Moon"),
        ("Angela Merkel", "Angeia Merkel"), ("William Barr", "Wi1liam Barr"),
        ("John Smith", "John Srnith"), ("John Smith", "Jonh Smith"),
    ],
)  # fmt: skip
def test_names_of_one_person_meet(one: str, other: str) -> None:
    assert forms_meet(T.PERSON, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Holdings Ltd.", "Acme Holdings"), ("Acme Holdings Ltd.", "Acme Holdings ltd"),
        ("The Boeing Company", "Boeing"), ("International Business Machines", "IBM"),
        ("Department of Justice", "DOJ"), ("U.S. Department of Justice", "DOJ"),
        ("U.S. DOJ", "Department of Justice"), ("U.S. Postal Service", "USPS"),
        ("Procter & Gamble Co.", "P&G"), ("American Telephone and Telegraph", "AT&T Corp."),
        ("National Association for the Advancement of Colored People", "NAACP"),
        ("U.S. Securities and Exchange Commission", "SEC"),
        ("Department of Health and Human Services", "HHS"),
        ("Smith & Wesson", "Smith Wesson"), ("JP Morgan Chase", "JPMorgan Chase"),
        ("Wal-Mart", "Walmart"), ("University of Cambridge", "Cambridge University"),
        ("Amnesty International", "Amnesty lnternational"), ("Goldman Sachs", "Goldman Sacks"),
        ("Bank of Sollholm", "Bank 0f Sollholm"), ("Kellogg Services", "Kellogg Service"),
        ("Acme Holdings Ltd", "Acme Holdings Itd"), ("U.S. Senate", "Senate"),
    ],
)  # fmt: skip
def test_names_of_one_organisation_meet(one: str, other: str) -> None:
    assert forms_meet(T.ORG, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Seattle", "Seattle, Washington"), ("Winston-Salem", "Winston Salem"),
        ("St. Louis, Missouri", "Saint Louis"), ("City of Chicago", "Chicago"),
        ("County of Kent", "Kent County"), ("Bombay", "Mumbai, India"),
        ("River Thames", "Thames River"), ("Sea of Japan", "Japan Sea"),
        ("Peking", "Peiping"), ("St. Petersburg", "Leningrad"),
    ],
)  # fmt: skip
def test_names_of_one_place_meet(one: str, other: str) -> None:
    assert forms_meet(T.GPE, one, other)


def test_an_initial_asks_for_everyone_whom_it_fits() -> None:
    assert meet((T.PERSON, "j smith"), (T.PERSON, "john smith"))
    assert meet((T.PERSON, "j smith"), (T.PERSON, "james smith"))
    assert not meet((T.PERSON, "john smith"), (T.PERSON, "james smith"))


def test_an_acronym_asks_for_its_long_forms() -> None:
    long = ("syrian democratic forces", "southern dental federation")
    assert all(meet((T.ORG, "sdf"), (T.ORG, name)) for name in long)
    assert not meet((T.ORG, long[0]), (T.ORG, long[1]))


def test_a_name_asks_for_longer_ones_and_these_not_for_each_other() -> None:
    longer = ("halvorn press", "halvorn shipping", "the old halvorn")
    assert all(meet((T.ORG, "halvorn"), (T.ORG, name)) for name in longer)
    assert not meet((T.ORG, longer[0]), (T.ORG, longer[1]))
    people = ("ann brandt clay", "ann brandt moss")
    assert all(meet((T.PERSON, "ann brandt"), (T.PERSON, name)) for name in people)
    assert not meet((T.PERSON, people[0]), (T.PERSON, people[1]))


@given(at=st.integers(min_value=0, max_value=9), letter=LETTERS)
@pytest.mark.parametrize("name", ["genolvix", "lumdansko", "brantokelm"])
def test_a_letter_wrong_in_a_long_single_word_leaves_a_key(name: str, at: int, letter: str) -> None:
    at = min(at, len(name) - 1)
    for wrong in (name[:at] + name[at + 1 :], name[:at] + letter + name[at + 1 :]):
        assert meet((T.ORG, name), (T.ORG, wrong))


def test_names_that_say_nothing_of_each_other_do_not_meet() -> None:
    assert not meet((T.PERSON, "john smith"), (T.PERSON, "john jones"))
    assert not meet(
        (T.ORG, "springfield police department"), (T.ORG, "springfield fire department")
    )
    assert not meet((T.ORG, "department of defense"), (T.ORG, "department of state"))
    assert not meet((T.GPE, "north korea"), (T.GPE, "south korea"))
