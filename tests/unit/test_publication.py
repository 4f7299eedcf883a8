"""Payloads become rows; what the text does not say is dropped."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_case import payloads_of, plan_of

from pipeline import identity, publication
from pipeline.documents import (
    CaseRecord,
    Chunk,
    Chunks,
    Link,
    Mentions,
    Names,
    Page,
    Pages,
    Relationships,
    StageName,
    Words,
)
from pipeline.errors import PermanentError
from pipeline.publication import PublishedRows, rows_of
from pipeline.stage import Chain
from pipeline.text_lines import lines_of

PROJECT = identity.project_id("p")
CONTENT = identity.content_id(PROJECT, "0" * 64, "text/plain")
WORDS = "Jane Roe met John Smith and Mary Major."
PEOPLE = ("Jane Roe", "John Smith", "Mary Major")


def record(**changes: object) -> CaseRecord:
    parts = payloads_of(WORDS, PEOPLE)
    fields = {
        "pages": parts[StageName.OCR],
        "chunks": parts[StageName.CHUNK],
        "mentions": parts[StageName.EXTRACT],
        "names": parts[StageName.RESOLVE],
        "relationships": parts[StageName.RELATE],
    }
    return CaseRecord(**{**fields, **changes})


def rows(value: CaseRecord) -> PublishedRows:
    plan = plan_of(extract="e-7", relate="r-9")
    return rows_of(PROJECT, CONTENT, Chain(), plan, value)


def column(name: str, found: tuple[tuple[object, ...], ...]) -> list[object]:
    columns = {
        len(publication.MENTION_COLUMNS): publication.MENTION_COLUMNS,
        len(publication.RELATIONSHIP_COLUMNS): publication.RELATIONSHIP_COLUMNS,
        len(publication.NAME_COLUMNS): publication.NAME_COLUMNS,
        len(publication.CHUNK_COLUMNS): publication.CHUNK_COLUMNS,
    }[len(found[0])]
    return [row[columns.index(name)] for row in found]


def test_facts_say_where_they_are_from() -> None:
    made = rows(record())

    assert made.dropped == 0
    assert column("text", made.mentions) == list(PEOPLE)
    assert set(column("stage_version", made.mentions)) == {"e-7"}
    assert set(column("model", made.mentions)) == {"test-1"}
    assert set(column("stage_version", made.relationships)) == {"r-9"}
    assert set(column("model", made.relationships)) == {"test.met"}
    assert column("text", made.chunks) == [WORDS]
    assert column("id", made.names) == sorted(
        identity.name_id(PROJECT, "PERSON", person.lower()) for person in PEOPLE
    )
    assert set(column("subject_name_id", made.relationships)) <= set(column("id", made.names))


def test_what_a_model_said_and_the_text_does_not_is_counted() -> None:
    good = record()
    mentions = good.mentions.model_copy(update={"dropped": {"ungrounded": 2}, "warnings": ("a",)})
    relationships = good.relationships.model_copy(
        update={"dropped": {"denied": 1, "ungrounded": 1}, "warnings": ("b",)}
    )

    made = rows(record(mentions=mentions, relationships=relationships)).content

    assert made["dropped"] == {
        "extract": {"ungrounded": 2},
        "relate": {"denied": 1, "ungrounded": 1},
    }
    assert made["warnings"] == ["a", "b"]
    assert rows(good).content["dropped"] is None
    # No later stage decides by them, so no digest sees them.
    for counted, plain in ((mentions, good.mentions), (relationships, good.relationships)):
        digests = [identity.checkpoint_digest("f", payload) for payload in (counted, plain)]
        assert digests[0] == digests[1]


def test_a_name_of_narrow_scope_belongs_to_its_content() -> None:
    parts = payloads_of("Roe slept.", ["Roe"])
    made = rows(
        record(
            pages=parts[StageName.OCR],
            chunks=parts[StageName.CHUNK],
            mentions=parts[StageName.EXTRACT],
            names=parts[StageName.RESOLVE],
            relationships=Relationships(relationships=()),
        )
    )

    assert column("scope", made.names) == [CONTENT]
    assert column("id", made.names) == [identity.name_id(PROJECT, "PERSON", "roe", CONTENT)]


@pytest.mark.parametrize(
    "change",
    [{"text": "Jane Rho"}, {"start": 1}, {"end": 900}, {"start": 8}, {"start": -39, "end": -31}],
)
def test_a_mention_that_is_not_in_the_text_goes_with_all_that_stands_on_it(
    change: dict[str, object],
) -> None:
    good = record()
    first, *others = good.mentions.mentions
    bad = Mentions(mentions=(first.model_copy(update=change), *others))

    made = rows(record(mentions=bad))

    assert column("text", made.mentions) == ["John Smith", "Mary Major"]
    assert len(made.relationships) == 1
    assert "jane roe" not in column("normal", made.names)
    assert made.dropped == 2  # the mention and its relationship


def test_evidence_and_chunks_outside_the_text_are_dropped() -> None:
    good = record()
    first, second = good.relationships.relationships
    outside = Relationships(
        relationships=(first.model_copy(update={"end": len(WORDS) + 1}), second)
    )
    chunks = Chunks(
        chunks=(
            *good.chunks.chunks,
            Chunk(start=0, end=4, page=1, text="Jack", sentences=((0, 4),)),
        ),
        page_starts=(0,),
    )

    made = rows(record(relationships=outside, chunks=chunks))

    assert (len(made.relationships), len(made.chunks), made.dropped) == (1, 1, 2)


def test_one_span_is_one_mention_and_one_statement_one_row() -> None:
    good = record()
    doubled = Mentions(mentions=(*good.mentions.mentions, good.mentions.mentions[0]))
    names = Names(names=good.names.names, links=(*good.names.links, good.names.links[0]))
    statements = good.relationships.relationships
    twice = Relationships(
        relationships=(*statements, statements[0].model_copy(update={"rule": "other"}))
    )

    made = rows(record(mentions=doubled, names=names, relationships=twice))

    assert len(made.mentions) == 3
    assert column("model", made.relationships) == ["test.met", "test.met"]


def test_a_name_too_long_for_an_index_is_dropped() -> None:
    long = "Q" * 3_000
    parts = payloads_of(f"{long} met Jane Roe.", [long, "Jane Roe"])
    made = rows(
        CaseRecord(
            pages=parts[StageName.OCR],
            chunks=parts[StageName.CHUNK],
            mentions=parts[StageName.EXTRACT],
            names=parts[StageName.RESOLVE],
            relationships=parts[StageName.RELATE],
        )
    )

    assert column("text", made.mentions) == ["Jane Roe"]
    assert made.dropped == 2


def test_payloads_that_do_not_fit_together_are_a_fault_of_a_stage() -> None:
    good = record()
    with pytest.raises(PermanentError, match="resolve linked 2 of 3 mentions"):
        rows(record(names=Names(names=good.names.names, links=good.names.links[:2])))
    with pytest.raises(PermanentError, match="not there"):
        rows(record(names=Names(names=good.names.names, links=(Link(name=9),) * 3)))


def test_a_mention_has_one_box_for_each_line_it_is_on() -> None:
    words = Words(
        starts=(0, 5, 9, 13, 18),
        ends=(4, 8, 12, 17, 23),
        boxes=(
            (10, 10, 40, 20), (45, 11, 60, 21), (65, 10, 80, 20), (85, 9, 99, 20),
            (10, 30, 50, 40),
        ),
    )  # fmt: skip
    page = Page(number=1, start=0, end=len(WORDS), words=words)

    made = rows(record(pages=Pages(text=WORDS, pages=(page,))))

    boxes = [value and json.loads(str(value)) for value in column("boxes", made.mentions)]
    assert boxes[0] == [[10, 10, 60, 21]]  # Jane Roe, on one line
    assert boxes[1] == [[85, 9, 99, 20], [10, 30, 50, 40]]  # John | Smith
    assert boxes[2] is None  # no words there


def test_metadata_becomes_columns_and_members_are_listed() -> None:
    made = rows(record())

    assert made.content["text"] == WORDS
    assert made.content["members"] is None
    assert made.content["pages"] == [
        {
            "number": 1, "start": 0, "end": len(WORDS), "source": "text", "confidence": None,
            "width": None, "height": None,
        }
    ]  # fmt: skip


numbers = st.floats(0, 1000, allow_nan=False)
some_boxes = st.lists(
    st.tuples(numbers, numbers, numbers, numbers).map(
        lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
    )
)


@given(some_boxes)
def test_lines_cover_every_word_and_nothing_more(boxes: list) -> None:
    lines = lines_of(boxes)

    for box in boxes:
        assert any(
            line[0] <= box[0] and line[1] <= box[1] and line[2] >= box[2] and line[3] >= box[3]
            for line in lines
        )
    for side, most in ((0, min), (1, min), (2, max), (3, max)):
        if boxes:
            assert most(line[side] for line in lines) == most(box[side] for box in boxes)
