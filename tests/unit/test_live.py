"""Values of the live state, and what follows from them without asking anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import node_id
from pipeline.registry.live import (
    EXTRACTIONS,
    NAME_LENGTH,
    SIGNS,
    SMALL_WORDS,
    Canonical,
    Extraction,
    Recent,
    Touch,
    count_patterns,
    joined,
    pattern_of,
    recent_after,
    shortened,
    touch_of,
)
from pipeline.registry.updates import Node, Update

NAME = "00000000-0000-5000-8000-000000000001"
PATTERNS = {
    "Bank of America Corp.": "Aa of Aa Aa.",
    "J.R. Smith": "A.A. Aa",
    "Smith, John": "Aa, Aa",
    "1:19-cv-07123": "9:9-cv-9",
    "$4,500": "$9,9",
    "ACME": "AA",
    "ann@example.com": "a@a.a",
    "العربية": "Aa",
    "x 🙂": "a ·",
    "0²": "9·",
    "  ": None,
    "": None,
    "one two three four five six seven eight nine": None,
    "x" * 10_000: None,
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_says_how_a_name_is_written(name: str) -> None:
    assert pattern_of(name) == PATTERNS[name]


@given(st.text(max_size=300))
def test_a_pattern_never_says_the_name(name: str) -> None:
    """Whatever it is: words that are forgotten must not be left in it."""
    pattern = pattern_of(name) or ""
    words = re.findall(r"[^\W\d_]+", pattern)
    assert set(words) <= {"Aa", "A", "AA", "a"} | SMALL_WORDS
    assert set(re.findall(r"\d+", pattern)) <= {"9"}
    assert set(re.sub(r"[^\W_]+", "", pattern)) <= SIGNS | set("· ")


@given(st.text(max_size=NAME_LENGTH * 2))
def test_a_name_that_is_shown_has_a_bound(name: str) -> None:
    shown = shortened(name)
    assert len(shown) <= NAME_LENGTH
    assert shown == name or name.startswith(shown[:-1])


def entity(id_: str, name: str, *others: str) -> Canonical:
    return Canonical(id=id_, type="PERSON", name=name, others=others, mentions=1, contents=1)


def test_patterns_that_come_and_go_are_the_difference() -> None:
    before = [entity("a", "John Smith", "Smith")]
    now = [entity("a", "John Smith", "J. Smith"), entity("b", "ACME")]
    assert count_patterns(now, before) == {"PERSON": {"A. Aa": 1, "AA": 1, "Aa": -1}}
    assert count_patterns(now, now) == {}


def touch(epoch: int, *nodes: str, whole: bool = False) -> Touch:
    return Touch(epoch, whole, frozenset(nodes), frozenset({f"of {epoch}"}))


@pytest.mark.parametrize(
    ("touches", "after", "upto", "nodes"),
    [
        ([touch(4, "a"), touch(5, "b"), touch(6, "c")], 4, 6, {"b", "c"}),
        ([touch(4, "a"), touch(5, "b"), touch(6, "c")], 3, 5, {"a", "b"}),
        ([touch(5, "a")], 3, 5, None),
        ([touch(4, "a")], 3, 5, None),
        ([touch(4, "a"), touch(5, whole=True)], 3, 5, None),
        ([touch(3, whole=True), touch(4, "a")], 3, 4, {"a"}),
        ([], 3, 3, set()),
        ([], 3, 4, None),
    ],
)
def test_epochs_are_joined_where_each_is_known(
    touches: Sequence[Touch], after: int, upto: int, nodes: set[str] | None
) -> None:
    found = joined(touches, after, upto)
    assert (None if found is None else found.nodes) == nodes


def test_an_update_touches_what_was_settled_what_went_and_what_was_left() -> None:
    update = Update(
        epoch=7, version="1", applied=(), whole=False,
        nodes=[Node(NAME, 0, NAME, ()), Node(NAME, 2, NAME, ())], gone={"g"}, retired={"r": NAME},
        contents={"c"}, left={"l"},
    )  # fmt: skip
    found = touch_of(update)
    assert (found.epoch, found.contents) == (8, {"c"})
    assert found.nodes == {NAME, node_id(NAME, 2), "g", "r", "l"}


def extraction(number: int, content: str = "c", name: str = "n") -> Extraction:
    return Extraction(
        mention=f"{number:04}", name=name, entity="e", type="PERSON", text="x", content=content,
        source="s", at=f"2026-01-01T00:00:{number % 60:02}",
    )  # fmt: skip


def test_extractions_are_the_newest_and_none_of_what_went() -> None:
    before = Recent(extractions=tuple(extraction(n) for n in reversed(range(50))))
    gone = Recent(extractions=(extraction(59, "gone", "g"), *before.extractions))
    fresh = [extraction(n, "new", "m") for n in range(55, 58)]
    after = recent_after(gone, fresh, {"gone", "new"}, {"n": "other"})
    assert [one.mention for one in after.extractions[:4]] == ["0057", "0056", "0055", "0049"]
    assert {(one.name, one.entity) for one in after.extractions} == {("m", "e"), ("n", "other")}
    many = recent_after(after, [extraction(n, "d") for n in range(100)], (), {})
    assert len(many.extractions) == EXTRACTIONS
