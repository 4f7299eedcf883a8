"""What people read of names and decisions."""

from __future__ import annotations

import pytest

from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.registry.explaining import (
    compared,
    decided,
    decision_card,
    linked,
    numbered,
    reasons,
    several,
    shown,
    why_apart,
)
from pipeline.registry.verdicts import EXPLANATIONS


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("John\n  Smith\t", "John Smith"),
        ("\u202eevil\u202c \x1b[31mCorp", "evil [31mCorp"),
        ("محمد علي", "محمد علي"),
        ("Bob 😀", "Bob 😀"),
        ("x" * 10_000, "x" * 79 + "…"),
        ("Very " * 2_000, ("Very " * 16).strip() + "…"),
        (" " * 10_000 + "x", "…"),
        ("", ""),
    ],
)
def test_names_are_on_one_line_and_cut(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_lists_say_how_many_more_there_are() -> None:
    assert several(["a", "b"]) == "a, b"
    assert several(list("abcdefg")) == "a, b, c, d and 3 more"
    assert several(["a"], total=1_001) == "a and 1,000 more"


def test_a_comparison_is_said_in_words() -> None:
    card = {"verdict": "shorter", "score": 0.82, "reasons": reasons(["surname", "initial"])}
    assert compared(card) == (
        "the surnames are equal; an initial fits the name spelt out (shorter, 0.82)"
    )
    assert compared({**card, "reasons": []}) == "one says less (shorter, 0.82)"
    assert [one["words"] for one in reasons(["of another version"])] == ["of another version"]
    assert why_apart("of another version") == "of another version"
    assert all(EXPLANATIONS.values())


def test_a_short_form_is_said_by_how_it_was_linked() -> None:
    assert linked({"surname": 3}) == "the surname of one person in the document"
    assert linked({"alias": 1, "of another version": 2}) == (
        "of another version (2); another name that the document gives (1)"
    )


def test_decisions_are_said_by_the_words_of_the_texts() -> None:
    smith = (RawName("PERSON", "John Smith"), RawName("PERSON", "JOHN SMITH"),
             RawName("PERSON", "john smith", exact=True))  # fmt: skip
    addressed = (RawName("PERSON", "ms smith", "c", exact=True),)

    def said(kind: DecisionKind, *groups: tuple[RawName, ...], **more: tuple[str, ...]) -> str:
        card = decision_card(Decision(3, kind, groups, **more))
        return decided(card | {"documents": list(more.get("documents", ()))})

    assert said(DecisionKind.MERGE, smith, addressed) == "John Smith = ms smith"
    assert said(DecisionKind.NEVER, smith + addressed, smith) == "John Smith, ms smith ≠ John Smith"
    assert said(DecisionKind.SPLIT, smith, addressed) == "John Smith out of ms smith"
    assert said(DecisionKind.SPLIT, smith, documents=("a.txt",)) == "John Smith is another in a.txt"
    undo = decision_card(Decision(4, DecisionKind.UNDO, undoes=3))
    assert decided(undo) == "takes decision 3 back"


def test_what_marks_a_name_as_a_persons_is_no_part_of_it() -> None:
    person = RawName("PERSON", "john rigby, person", exact=True), RawName("PERSON", "John Rigby")
    made = Decision(1, DecisionKind.NEVER, (person, (RawName("ORG", "John Rigby LLC"),)), who="ann")
    assert decided(decision_card(made)) == "John Rigby ≠ John Rigby LLC"


def test_decisions_are_listed_by_their_numbers_some_of_many() -> None:
    assert numbered([3]) == "decision 3"
    assert numbered([3, 5, 7]) == "decisions 3, 5 and 7"
    assert numbered(range(1, 9)) == "decisions 1, 2, 3, 4 and 4 more"
