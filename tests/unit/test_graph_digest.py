"""The digest sees what a graph says and nothing of where or when it was made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.graph_digest import (
    ContentFact,
    MentionFact,
    NodeFact,
    RelationshipFact,
    graph_digest,
)

CONTENT = ContentFact(
    "aa", "text/plain", "t1", [{"number": 1, "start": 0, "end": 9, "source": "text"}],
    "en", "A title", None, None, None, None, None, None, None, None, None, None,
)  # fmt: skip
MENTION = MentionFact(
    "aa", "text/plain", 0, 4, "Jane", "PERSON", None, None, None, "PERSON", "jane", "", 0
)
RELATIONSHIP = RelationshipFact("aa", "text/plain", 0, 9, 0, 4, "met", 5, 9)
NODE = NodeFact("n1", "n1", "PERSON", "jane", "", 0)
GRAPH: tuple[list[Any], ...] = (
    [CONTENT, CONTENT._replace(sha256="bb")],
    [MENTION, MENTION._replace(start=5, end=9, text="John")],
    [RELATIONSHIP, RELATIONSHIP._replace(start=3)],
    [NODE, NODE._replace(node="n2", normal="john")],
)


def digest(graph: tuple[list[Any], ...] = GRAPH) -> str:
    return graph_digest(*graph)


def test_the_same_graph_has_the_same_digest() -> None:
    assert digest() == digest()
    assert len(digest()) == 64


@pytest.mark.parametrize(
    ("section", "field"),
    [
        (section, field)
        for section, facts in enumerate(GRAPH)
        for field in range(len(facts[-1]))
        # The node's hash only orders; what it is a hash of is looked at.
        if not (section == 3 and field == 1)
    ],
)
def test_every_field_counts(section: int, field: int) -> None:
    changed = [list(facts) for facts in GRAPH]
    fact = changed[section][-1]
    value = fact[field]
    if isinstance(value, int):
        new: Any = value + 1
    elif isinstance(value, list):
        new = [{**value[0], "end": 8}]
    else:
        new = f"{value}z"
    changed[section][-1] = fact._replace(**{fact._fields[field]: new})

    assert digest(tuple(changed)) != digest()


@given(st.integers(0, 3), st.integers(0, 1))
def test_every_fact_counts(section: int, index: int) -> None:
    changed = [list(facts) for facts in GRAPH]
    del changed[section][index]

    assert digest(tuple(changed)) != digest()


def test_scores_of_pages_and_empty_metadata_do_not_count() -> None:
    (page,) = CONTENT.pages or ()
    with_more = CONTENT._replace(
        pages=[{**page, "confidence": 0.5, "width": 612.0}], recipients=[], title="A title"
    )

    assert digest(([with_more, *GRAPH[0][1:]], *GRAPH[1:])) == digest()


@pytest.mark.parametrize("section", range(4))
def test_a_stream_out_of_order_is_refused(section: int) -> None:
    shuffled = [list(facts) for facts in GRAPH]
    shuffled[section].reverse()

    with pytest.raises(ValueError, match="not in order"):
        digest(tuple(shuffled))


def test_what_is_in_one_section_cannot_pass_for_another() -> None:
    assert digest(([], [], [], [])) != digest(([CONTENT], [], [], []))
