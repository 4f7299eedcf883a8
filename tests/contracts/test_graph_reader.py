"""The graph reader answers over the views of a real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from databases import Databases
from published_case import PublishedCase, the_case
from sqlalchemy import Engine

from pipeline import identity
from pipeline.stores import postgres, tables
from pipeline.stores.graph_reader import GraphReader, id_range


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.fresh() as url:
        engine = postgres.connect(url)
        yield engine
        engine.dispose()


@pytest.fixture
def case(engine: Engine) -> PublishedCase:
    """Give a project of its own; that they share a database is a test in itself."""
    return the_case(engine, uuid.uuid4().hex)


@pytest.fixture
def reader(case: PublishedCase) -> GraphReader:
    return GraphReader(case.engine, case.project)


def test_documents_are_those_with_a_published_content_in_order(
    case: PublishedCase, reader: GraphReader
) -> None:
    case.add_document("waiting.txt", status="pending")
    half = case.content("[Nobody|PERSON]", published=False)
    case.add_document("half.txt", status="running", next_content_id=half)
    case.content("[Ghost|PERSON] has no document.")

    found = list(reader.documents())

    assert [row.source for row in found] == [
        "copies/a.txt",
        "copies/b.txt",
        "letters/first.txt",
        "mail/complaint.eml",
    ]
    assert found[2].title == "First letter"
    names = {row.name for row in reader.entities(types=None)}
    assert not names & {"Nobody", "Ghost"}


def test_an_entity_is_labelled_by_its_most_frequent_full_form(reader: GraphReader) -> None:
    smith = next(row for row in reader.entities() if row.name == "John Smith")

    # JOHN\nSMITH and John Smith are full forms, twice John Smith; Smith alone is a short one.
    assert (smith.type, smith.mentions, smith.documents) == ("PERSON", 4, 4)
    assert [tuple(row) for row in reader.aliases(smith.id)] == [
        ("John Smith", 2, {}),
        ("JOHN SMITH", 1, {}),
        ("Smith", 1, {"surname": 1}),
    ]


def test_ties_of_labels_and_types_fall_the_same_way_everywhere(case: PublishedCase) -> None:
    case.document("tie.txt", "[b Ltd|ORG|tie] and [B Ltd|ORG|tie] and [Tie|GPE|tie]")
    case.merge(case.name_id("ORG", "tie"), case.name_id("GPE", "tie"))
    reader = GraphReader(case.engine, case.project)

    (tie,) = reader.find_entities("tie")

    assert (tie.name, tie.type) == ("B Ltd", "ORG")


def test_entities_come_most_connected_first_and_can_be_narrowed(reader: GraphReader) -> None:
    listed = list(reader.entities())

    assert [row.degree for row in listed] == sorted((row.degree for row in listed), reverse=True)
    assert listed[0].name in {"John Smith", "Jane Roe"}
    assert {row.type for row in listed} == {"PERSON", "ORG", "GPE"}
    assert [row.name for row in reader.entities(types=["MONEY"])] == ["$5,000"]
    assert [row.name for row in reader.entities(match="corporation")] == ["Acme Corporation"]
    assert len(list(reader.entities(limit=2))) == 2


@pytest.mark.parametrize("match", ["a", "smith", "ACME", "nothing like it"])
def test_entities_by_a_part_of_a_name_are_the_same_rows_as_among_all(
    reader: GraphReader, match: str
) -> None:
    every = list(reader.entities(types=None))
    expected = [
        row
        for row in every
        if any(match.lower() in alias.text.lower() for alias in reader.aliases(row.id))
    ]

    assert list(reader.entities(types=None, match=match)) == expected
    people = [row for row in expected if row.type == "PERSON"]
    assert list(reader.entities(["PERSON"], limit=1, match=match)) == people[:1]


def test_one_entity_reads_the_same_alone_as_in_the_list(reader: GraphReader) -> None:
    listed = {row.id: row for row in reader.entities(types=None)}

    assert reader.entities_by_id(list(listed)) == listed


def test_a_merge_joins_mentions_relationships_and_degree(
    case: PublishedCase, reader: GraphReader
) -> None:
    jane, doe = reader.find_entities("jane roe")[0], reader.find_entities("doe")[0]
    merged = case.merge(jane.id, doe.id)

    both = reader.entities_by_id([merged])[merged]

    assert both.mentions == jane.mentions + doe.mentions
    assert [row.id for row in reader.find_entities(jane.id)] == [merged]
    assert [row.id for row in reader.find_entities(doe.id)] == [merged]
    assert {row.text for row in reader.aliases(merged)} == {"Jane Roe", "Doe"}


def test_a_relationship_of_an_entity_with_itself_is_not_shown(
    case: PublishedCase, reader: GraphReader
) -> None:
    john, jane = reader.find_entities("john smith")[0], reader.find_entities("jane roe")[0]
    merged = case.merge(john.id, jane.id)

    assert "met" not in {fact.predicate for fact in reader.entity_facts(merged)}
    assert "met" not in {edge.predicate for edge in reader.edges()}
    assert merged not in {row.entity_id for row in reader.co_mentions(merged)}


def test_senses_part_the_mentions_of_one_name(case: PublishedCase, reader: GraphReader) -> None:
    john = reader.find_entities("john smith")[0]
    other = case.document("other.txt", "[John Smith|PERSON], a namesake.")
    content = reader.find_documents(other)[0].content_id
    case._add(tables.senses, name_id=john.id, content_id=content, sense=1)
    node = identity.node_id(john.id, 1)
    case._add(tables.name_entities, name_id=john.id, sense=1, entity_id=node, epoch=1)

    two = reader.find_entities("john smith")

    assert {(row.id, row.mentions) for row in two} == {(john.id, 4), (node, 1)}
    assert [row.source for row in reader.mentions(node)] == ["other.txt"]


def test_a_scoped_name_is_its_own_entity(case: PublishedCase, reader: GraphReader) -> None:
    case.document("doe2.txt", "[Doe|PERSON] was there.", scoped=["doe"])

    assert len(reader.find_entities("DOE")) == 2


def test_entities_are_found_by_the_beginning_of_an_id(reader: GraphReader) -> None:
    john = reader.find_entities("John  Smith")[0]

    assert [row.id for row in reader.find_entities(john.id[:8])] == [john.id]
    assert [row.id for row in reader.find_entities(john.id.upper())] == [john.id]
    assert reader.find_entities("nobody at all") == []


@pytest.mark.parametrize(
    ("what", "low"),
    [
        ("abcdef", "abcdef00-0000-0000-0000-000000000000"),
        ("ABCDEF12-3", "abcdef12-3000-0000-0000-000000000000"),
        ("abcde", None),
        ("Decade of Facade", None),
        ("0" * 33, None),
    ],
)
def test_id_range(what: str, low: str | None) -> None:
    assert id_range(what)[0] == low


def test_documents_are_found_by_source_uri_id_and_end_of_path(reader: GraphReader) -> None:
    document = reader.find_documents("letters/first.txt")[0]

    for what in (document.uri, document.id, document.id[:8], "first.txt"):
        assert [row.id for row in reader.find_documents(what)] == [document.id]
    assert reader.find_documents("irst.txt") == []


def test_mentions_come_with_their_words(reader: GraphReader) -> None:
    john = reader.find_entities("john smith")[0]

    for mention in reader.mentions(john.id):
        assert reader.text(mention.document_id)[mention.start : mention.end] == mention.text
        assert mention.chunk_text is not None or "\n" in mention.text
    assert len(list(reader.mentions(john.id, limit=2))) == 2
    # Two documents of the same bytes are one content: its mentions are shown once.
    assert [row.source for row in reader.mentions(john.id)] == [
        "copies/a.txt",
        "letters/first.txt",
        "letters/first.txt",
        "mail/complaint.eml",
    ]


def test_facts_quote_the_words_that_state_them(reader: GraphReader) -> None:
    john = reader.find_entities("john smith")[0]

    facts = reader.entity_facts(john.id)

    assert [fact.predicate for fact in facts] == ["employed_by", "met", "met", "sued"]
    for fact in (*facts, *reader.facts(co_mentions=True)):
        assert reader.text(fact.document_id)[fact.start : fact.end] == fact.quote
        assert fact.page == 1


def test_co_mentions_count_sentences(reader: GraphReader) -> None:
    john = reader.find_entities("john smith")[0]
    names = {
        reader.entities_by_id([row.entity_id])[row.entity_id].name: row.weight
        for row in reader.co_mentions(john.id)
    }

    assert names == {"Boston": 1, "$5,000": 1}


def test_edges_join_what_is_said_twice_and_both_directions_of_met(reader: GraphReader) -> None:
    met = [edge for edge in reader.edges() if edge.predicate == "met"]

    assert [(edge.weight, edge.contents) for edge in met] == [(2, 2)]
    assert met[0].quote


def test_search_finds_words_in_any_form_and_marks_them(reader: GraphReader) -> None:
    hits = reader.search("suing", limit=5)

    assert [hit.source for hit in hits] == ["mail/complaint.eml"]
    assert "\ue000sued\ue001" in (hits[0].marked or "")
    assert {hit.source for hit in reader.search("smith -sued", limit=5)} == {
        "copies/a.txt",
        "letters/first.txt",
    }
    assert [hit.copies for hit in reader.search("coming", limit=5)] == [2]
    assert not reader.has_words("the of")


def test_a_snapshot_does_not_move(case: PublishedCase, reader: GraphReader) -> None:
    with reader.snapshot() as frozen:
        before = list(frozen.documents())
        case.document("late.txt", "[Late Person|PERSON]")

        assert list(frozen.documents()) == before
    assert len(list(reader.documents())) == len(before) + 1


def test_projects_never_mix(case: PublishedCase, reader: GraphReader) -> None:
    other = the_case(case.engine, f"not {case.name}")

    theirs = GraphReader(case.engine, other.project)

    assert {row.id for row in reader.entities(types=None)}.isdisjoint(
        row.id for row in theirs.entities(types=None)
    )
    assert len(reader.search("Boston", limit=9)) == 1


def test_similar_finds_the_nearest_vectors(case: PublishedCase, reader: GraphReader) -> None:
    with case.engine.begin() as connection:
        has = connection.exec_driver_sql("SELECT to_regclass('published_vectors')").scalar()
        if has is None:
            pytest.fail("the embedded PostgreSQL has pgvector; the migration must use it")
        assert reader.vector_counts()[0] == 0
        connection.exec_driver_sql(
            "UPDATE chunks SET vector = (SELECT array_agg(CASE WHEN i = 1 THEN cos(ordinal)"
            " WHEN i = 2 THEN sin(ordinal) ELSE 0 END)::vector FROM generate_series(1, 384) i)"
            f" WHERE content_id IN (SELECT id FROM contents WHERE project_id = '{case.project}')"
        )
    query = [1.0] + [0.0] * 383

    hits = reader.similar(query, limit=3)

    with_vectors, chunks = reader.vector_counts()
    assert with_vectors == chunks > 3
    assert [round(hit.score, 6) for hit in hits] == [1.0, 1.0, 1.0]
