"""Laws of the digest over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from published_case import PublishedCase, the_case
from sqlalchemy import Engine, delete, update

from pipeline.stores import postgres, tables
from pipeline.stores.graph_reader import GraphReader

TEXTS = [
    ("a.txt", "[Ann Lee|PERSON] met [Bo Ray|PERSON].", [(0, "met", 1)]),
    ("b.txt", "[Lee|PERSON] sued [Zig Inc.|ORG|zig].", [(0, "sued", 1)]),
    ("c.txt", "[Zig Incorporated|ORG|zig] is in [Ames|GPE].", [(0, "located_in", 1)]),
]


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = postgres.connect(migrated_url)
    yield engine
    engine.dispose()


def digest(case: PublishedCase) -> str:
    return GraphReader(case.engine, case.project).digest()


def publish(case: PublishedCase, order: list[int], folder: str = "") -> PublishedCase:
    for index in order:
        source, text, relations = TEXTS[index]
        case.document(folder + source, text, relations, scoped=["lee"])
    return case


def test_order_uri_and_project_name_do_not_count(migrated_urls: Callable[[], str]) -> None:
    found = set()
    with ExitStack() as stack:
        for name, order, folder in [
            ("one", [0, 1, 2], ""),
            ("two", [2, 0, 1], "elsewhere/"),
            ("three", [1, 2, 0], "more/"),
        ]:
            engine = postgres.connect(migrated_urls())
            stack.callback(engine.dispose)
            case = publish(PublishedCase(engine, name), order, folder)
            case.merge(case.name_id("PERSON", "ann lee"), case.name_id("PERSON", "bo ray"))
            found.add(digest(case))

    assert len(found) == 1


def test_scores_vectors_and_copies_do_not_count(engine: Engine) -> None:
    case = publish(PublishedCase(engine), [0, 1, 2])
    before = digest(case)
    content = case.content(TEXTS[0][1], TEXTS[0][2], scoped=["lee"])
    case.add_document("copy.txt", content_id=content)
    with engine.begin() as connection:
        connection.execute(update(tables.mentions).values(score=0.123, boxes=[[1, 2, 3, 4]]))
        connection.execute(update(tables.relationships).values(score=0.123))
        connection.execute(update(tables.contents).values(language_score=0.5))

    assert digest(case) == before


def test_what_is_not_published_does_not_count(engine: Engine) -> None:
    case = the_case(engine)
    before = digest(case)
    half = case.content("[Nobody|PERSON]", published=False)
    case.add_document("half.txt", status="running", next_content_id=half)
    case.content("[Ghost|PERSON] has no document.")

    assert digest(case) == before


def test_every_change_counts(engine: Engine) -> None:
    case = the_case(engine)
    seen = [digest(case)]

    def changed() -> bool:
        seen.append(digest(case))
        return seen[-1] not in seen[:-1]

    def execute(statement: object) -> None:
        with engine.begin() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    reader = GraphReader(engine, case.project)
    john, jane, doe = (reader.find_entities(name)[0] for name in ("john smith", "jane roe", "doe"))
    case.merge(john.id, jane.id)
    assert changed(), "entities were merged"
    execute(delete(tables.name_entities))
    assert digest(case) == seen[0], "undoing gives the first one again"
    case._add(tables.name_entities, name_id=doe.id, sense=0, entity_id=doe.id, epoch=1)
    assert digest(case) == seen[0], "a row that says what no row says changes nothing"
    case._add(tables.senses, name_id=jane.id, sense=1,
              content_id=reader.find_documents("first.txt")[0].content_id)  # fmt: skip
    assert changed(), "a sense was told apart"
    content = reader.find_documents("first.txt")[0].content_id
    case.change(tables.contents, content, text="other")
    assert changed(), "a text changed"
    case.change(tables.contents, content, title="other")
    assert changed(), "a title changed"
    mention = next(reader.mentions(doe.id))
    case.change(tables.mentions, mention.id, type="ORG")
    assert changed(), "a mention's type changed"
    case.change(tables.mentions, mention.id, name_id=jane.id)
    assert changed(), "a mention's name changed"
    fact = reader.entity_facts(jane.id)[0]
    case.change(tables.relationships, fact.id, predicate="sued")
    assert changed(), "a predicate changed"
    execute(delete(tables.relationships).where(tables.relationships.c.id == fact.id))
    assert changed(), "a relationship went"
    execute(delete(tables.documents).where(tables.documents.c.source == "mail/complaint.eml"))
    assert changed(), "a document went"
