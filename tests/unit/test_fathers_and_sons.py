"""Father and son of one name: two where a text says so, else one person called in two ways."""

from __future__ import annotations

from itertools import permutations

import pytest
from registry_case import Incremental, comparing, name, partition, rebuilt, registry
from resolution_case import resolved

from pipeline.documents import MentionType as T
from pipeline.name_marks import ONE_OF_TWO, is_open
from pipeline.registry.comparing import Comparison, Verdict
from pipeline.registry.verdicts import FATHER_AND_SON


def names_of(text: str, *people: str) -> list[str]:
    """Give the normal forms of people, who stand in a text in this order."""
    return [normal for normal, _ in resolved(text, *((one, T.PERSON) for one in people))]


def shown(text: str, one: str, other: str) -> bool:
    """Say whether a text marks one of two names as one of two, and leaves the other."""
    first, second = (normal.endswith(ONE_OF_TWO) for normal in names_of(text, one, other))
    assert not (first and second)
    return first or second


TRUMP, TRUMP_JR = "Donald Trump", "Donald Trump Jr."
DENHOLM, DENHOLM_JR = "Robert F. Denholm", "Robert F. Denholm Jr."
KING, KING_JR = "Martin Luther King", "Martin Luther King Jr."


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("Donald Trump's son, Donald Trump Jr., spoke.", TRUMP, TRUMP_JR),
        ("Donald Trump’s eldest son Donald Trump Jr. spoke.", TRUMP, TRUMP_JR),
        ("Donald Trump's children Donald Trump Jr. and Ivanka spoke.", TRUMP, TRUMP_JR),
        ("Donald Trump (1946-) and his 47-year-old son, Donald Trump Jr.", TRUMP, TRUMP_JR),
        ("Donald Trump and Donald Trump Jr. said so.", TRUMP, TRUMP_JR),
        ("Both President Donald Trump and Donald Trump Jr. won.", TRUMP, TRUMP_JR),
        ("It was given to Donald Trump Jr. and Donald Trump.", TRUMP_JR, TRUMP),
        ("Donald Trump, with his son, Donald Trump Jr., left.", TRUMP, TRUMP_JR),
        ("Donald Trump has five children: Donald Trump Jr., and others.", TRUMP, TRUMP_JR),
        ("Donald Trump, father of Donald Trump Jr., left.", TRUMP, TRUMP_JR),
        ("Donald Trump, whose son Donald Trump Jr. left, won.", TRUMP, TRUMP_JR),
        ("Donald J. Trump's oldest son, Donald Trump Jr.", "Donald J. Trump", TRUMP_JR),
        ("Donald Trump Jr. said that his father, Donald Trump, won.", TRUMP_JR, TRUMP),
        ("Donald Trump Jr.'s father, Donald Trump, won.", TRUMP_JR, TRUMP),
        ("Robert F. Denholm Jr. joined the firm of his late father, Robert F. Denholm, in May.",
         DENHOLM_JR, DENHOLM),
        ("Robert F. Denholm Jr. is the son of the late Robert F. Denholm.", DENHOLM_JR, DENHOLM),
        ("Robert F. Denholm Jr. (born 1950), the son of Robert F. Denholm", DENHOLM_JR, DENHOLM),
        ("Robert F. Denholm Jr., the son of Robert F. Denholm", "Robert F. Denholm Jr", DENHOLM),
        ("Robert F. Denholm Jr. , the son of Robert F. Denholm , left", DENHOLM_JR, DENHOLM),
        ("Robert F. Denholm is survived by his son, Robert F. Denholm Jr.", DENHOLM, DENHOLM_JR),
        ("The father and son Robert F. Denholm and Robert F. Denholm Jr. alleged fraud.",
         DENHOLM, DENHOLM_JR),
        ("Robert F. Denholm named his son Robert F. Denholm Jr.", DENHOLM, DENHOLM_JR),
        ("Robert F. Denholm Sr. and his son, Robert F. Denholm, left.",
         "Robert F. Denholm Sr.", DENHOLM),
        ("Robert F. Denholm, son of Robert F. Denholm Sr., left.",
         DENHOLM, "Robert F. Denholm Sr."),
        ("Martin Luther King III praised his father, Martin Luther King.",
         "Martin Luther King III", KING),
        ("Donald Trump Jr. left. The elder Donald Trump said no.", TRUMP_JR, TRUMP),
        ("The elder Donald Trump, who won, met Donald Trump Jr.", TRUMP, TRUMP_JR),
    ],
)  # fmt: skip
def test_a_text_shows_that_they_are_two(text: str, one: str, other: str) -> None:
    assert shown(text, one, other)


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("Martin Luther King Jr. spoke. Martin Luther King was shot.", KING_JR, KING),
        ("Martin Luther King Jr. was loved, and Martin Luther King was shot.", KING_JR, KING),
        ("They followed Martin Luther King Jr. and Martin Luther King led them.", KING_JR, KING),
        ("Known as Martin Luther King and Martin Luther King Jr. in books", KING, KING_JR),
        ("Schools named Martin Luther King and Martin Luther King Jr. are many.", KING, KING_JR),
        ("Martin Luther King, Martin Luther King Jr.", KING, KING_JR),
        ("Martin Luther King or Martin Luther King Jr.", KING, KING_JR),
        ("Martin Luther King (Martin Luther King Jr.)", KING, KING_JR),
        ("Martin Luther King, also known as Martin Luther King Jr.", KING, KING_JR),
        ("Martin Luther King and Martin Luther King Jr. Day", KING, KING_JR),
        ("Donald Trump and Donald Trump Jr. are one and the same person, I swear.",
         TRUMP, TRUMP_JR),
        ("It found that Donald Trump and Donald Trump Jr. appear as the same candidate.",
         TRUMP, TRUMP_JR),
        ("Donald Trump and Donald Trump Jr. are both spellings of one name.", TRUMP, TRUMP_JR),
        ("Robert F. Denholm and Robert F. Denholm Jr. refer to the affiant.", DENHOLM, DENHOLM_JR),
        ("Martin Luther King Jr. Avenue and Martin Luther King Library", KING_JR, KING),
        ("Martin Luther King Jr. had a son, who lost his father, Martin Luther King.",
         KING_JR, KING),
        ("Martin Luther King Jr.'s boy spoke of his father, Martin Luther King.", KING_JR, KING),
        ("Martin Luther King Jr. died when Dexter lost his father, Martin Luther King.",
         KING_JR, KING),
        ("Martin Luther King was born to a pastor who named his son Martin Luther King Jr.",
         KING, KING_JR),
        ("Martin Luther King Jr. died. She loved her father, Martin Luther King.", KING_JR, KING),
        ("Martin Luther King Jr., son of Martin Luther King Sr.",
         KING_JR, "Martin Luther King Sr."),
        ("Martin Luther King Jr. is the son of Martin Luther King, Sr., a pastor", KING_JR, KING),
        ("Donald Trump's friend met Donald Trump Jr.", TRUMP, TRUMP_JR),
        ("Donald Trump's son met Donald Trump Jr.", TRUMP, TRUMP_JR),
        ("Donald Trump Jr. left. The elder statesman Donald Trump won.", TRUMP_JR, TRUMP),
        ("Donald Trump Jr. left. The younger Donald Trump voters left.", TRUMP_JR, TRUMP),
        ("Donald Trump's son, Barron Trump Jr., left.", TRUMP, "Barron Trump Jr."),
        ("Robert F. Denholm Jr. and his father, Robert G. Denholm", DENHOLM_JR,
         "Robert G. Denholm"),
        ("Pope John, successor and son of John II", "John", "John II"),
    ],
)  # fmt: skip
def test_without_an_unmistakable_sign_nothing_is_marked(text: str, one: str, other: str) -> None:
    assert not any(normal.endswith(ONE_OF_TWO) for normal in names_of(text, one, other))


def test_all_mentions_of_the_son_are_his() -> None:
    text = (
        "Donald Trump Jr. came. Donald Trump's son, Donald Trump Jr., spoke. Donald J. Trump Jr. "
        "left. Donald Trump left. The younger Donald Trump said so."
    )
    people = (TRUMP_JR, TRUMP, TRUMP_JR, "Donald J. Trump Jr.", TRUMP, TRUMP)
    son = f"donald trump jr{ONE_OF_TWO}"
    named = ["donald trump", son, f"donald j trump jr{ONE_OF_TWO}", "donald trump", son]
    assert names_of(text, *people) == [son, *named]


@pytest.mark.parametrize(
    ("sign", "meant"), [("his father, Robert Denholm", "robert denholm"), ("Robert Denholm", None)]
)
def test_a_surname_is_not_the_sons_who_leaves_his_middle_name_out(
    sign: str, meant: str | None
) -> None:
    """Without the sign they are one person, and so "Denholm" is he; with it they are two."""
    text = f"Robert F. Denholm Jr. met {sign}. Denholm left."
    *_, last = resolved(
        text, (DENHOLM_JR, T.PERSON), ("Robert Denholm", T.PERSON), ("Denholm", T.PERSON)
    )
    assert last == (("denholm", None) if meant else ("robert f denholm jr", "surname"))


@pytest.mark.parametrize(
    ("text", "people", "open_"),
    [
        ("Robert F. Denholm Jr. came. Robert F. Denholm left.", (DENHOLM_JR, DENHOLM), True),
        ("Robert F. Denholm Jr. came. Robert Denholm left.", (DENHOLM_JR, "Robert Denholm"), True),
        ("Martin Luther King III came. Martin Luther King left.",
         ("Martin Luther King III", KING), True),
        ("Mr. Robert F. Denholm Jr. came. Mr. Robert F. Denholm left.",
         (DENHOLM_JR, DENHOLM), True),
        ("Donald Trump came. Donald Trump Jr. left.", (TRUMP, TRUMP_JR), False),
        ("Donald Trump Jr. came. President Donald Trump left.", (TRUMP_JR, TRUMP), False),
        ("Senator Robert F. Denholm Jr. came. Senator Robert F. Denholm left.",
         (DENHOLM_JR, DENHOLM), True),
        ("Donald Trump Jr. met the president. Donald Trump left.", (TRUMP_JR, TRUMP), True),
        ("Donald Trump Jr. met his father, Donald Trump.", (TRUMP_JR, TRUMP), False),
        ("Robert F. Denholm Jr. came. Robert Smith left.", (DENHOLM_JR, "Robert Smith"), False),
        ("Robert F. Denholm Jr. came. R. Denholm left.", (DENHOLM_JR, "R. Denholm"), False),
    ],
)  # fmt: skip
def test_who_is_called_so_behind_a_name_with_a_generation_may_be_either(
    text: str, people: tuple[str, str], open_: bool
) -> None:
    first, second = names_of(text, *people)
    assert not is_open(first)
    assert is_open(second) is open_


@pytest.mark.parametrize(
    ("text", "people", "meant"),
    [
        ("Donald Trump came. Donald Trump Jr. left. Trump won.", (TRUMP, TRUMP_JR, "Trump"),
         "trump"),
        ("Robert Kennedy was shot in 1968. Robert Kennedy Jr. was fourteen. Kennedy was buried.",
         ("Robert Kennedy", "Robert Kennedy Jr.", "Kennedy"), "kennedy"),
        ("Robert F. Denholm Jr. came. Robert F. Denholm left. Denholm won.",
         (DENHOLM_JR, DENHOLM, "Denholm"), "robert f denholm jr"),
        ("Donald Trump's son, Donald Trump Jr., came. Trump left.", (TRUMP, TRUMP_JR, "Trump"),
         "trump"),
    ],
)  # fmt: skip
def test_a_surname_is_the_sons_only_where_the_document_names_him_first_and_tells_no_two(
    text: str, people: tuple[str, ...], meant: str
) -> None:
    assert names_of(text, *people)[-1] == meant


SON = f"{TRUMP_JR}{ONE_OF_TWO}"


def compared(one: str, other: str, other_type: T = T.PERSON) -> Comparison | None:
    """Compare a person's name with another."""
    profiles = []
    for type_, words in ((T.PERSON, one), (other_type, other)):
        profiles.append(comparing().profile(type_, name(type_.value, words).normal))
    return comparing().compare(*profiles)


@pytest.mark.parametrize(
    ("other", "type_", "verdict"),
    [
        (TRUMP_JR, T.PERSON, Verdict.SAME),
        (TRUMP_JR, T.ORG, Verdict.SAME),
        ("Donald John Trump Jr.", T.PERSON, Verdict.SHORTER),
        (TRUMP, T.PERSON, Verdict.APART),
        (TRUMP, T.ORG, Verdict.APART),
        ("Donald J. Trump", T.PERSON, Verdict.APART),
        ("Donald Trump Sr.", T.PERSON, Verdict.APART),
        ("D. Trump", T.PERSON, Verdict.SHORTER),
    ],
)
def test_the_son_is_compared_as_before_but_for_the_father(
    other: str, type_: T, verdict: Verdict
) -> None:
    found = compared(SON, other, type_)
    assert found is not None
    assert found.verdict is verdict
    unmarked = compared(TRUMP_JR, other, type_)
    assert unmarked is not None
    if verdict is not unmarked.verdict:
        assert found.rules == (FATHER_AND_SON,)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ((TRUMP_JR, TRUMP), {frozenset((TRUMP_JR, TRUMP))}),
        ((SON, TRUMP), {frozenset((SON,)), frozenset((TRUMP,))}),
        ((SON, TRUMP, TRUMP_JR), {frozenset((SON, TRUMP_JR)), frozenset((TRUMP,))}),
        (
            (SON, TRUMP, TRUMP_JR, "Donald J. Trump"),
            {frozenset((SON, TRUMP_JR)), frozenset((TRUMP, "Donald J. Trump"))},
        ),
    ],
)
def test_in_the_project_each_joins_his_own_in_whatever_order(
    written: tuple[str, ...], parts: set[frozenset[str]]
) -> None:
    live = {words: name("PERSON", words) for words in written}
    words_of = {one.id: words for words, one in live.items()}
    for order in permutations(written):
        growing = Incremental(bound=50)
        for words in order:
            growing.apply([live[words]])
        assert partition(growing.entities, words_of) == parts
        whole = registry(live.values(), bound=50)
        assert partition(rebuilt(whole, live.values())[0], words_of) == parts
        growing.apply((), [one for words, one in live.items() if words == SON])
    if len(written) == 3:
        left = {TRUMP_JR, TRUMP}
        assert partition(growing.entities, words_of) == {frozenset(left)}, "forgotten, it is one"
