"""What a notebook calls, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pandas
import pytest
from databases import Databases
from published_case import the_case

from pipeline.errors import UnavailableError, UsageError
from pipeline.explore import Project, open_project
from pipeline.settings import Settings
from pipeline.stores import postgres
from pipeline.stores.embedded import ServiceUrls

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def settings(
    databases: Databases, services: ServiceUrls, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    with databases.fresh() as url:
        yield Settings(
            home=tmp_path_factory.mktemp("home"),
            database_url=url,  # type: ignore[arg-type]
            redis_url=services.redis_url,  # type: ignore[arg-type]
        )


@pytest.fixture(scope="module")
def case(settings: Settings) -> Iterator[Project]:
    """Give a project that the tests only read."""
    assert settings.database_url is not None
    engine = postgres.connect(settings.database_url.get_secret_value())
    the_case(engine)
    engine.dispose()
    project = open_project("case", settings)
    yield project
    project.close()


def test_an_unknown_project_says_which_there_are(case: Project, settings: Settings) -> None:
    with pytest.raises(UsageError, match="there are: case"):
        open_project("nope", settings)


def test_tables(case: Project) -> None:
    entities = case.entities()

    assert list(entities.columns) == ["name", "type", "degree", "mentions", "documents"]
    assert "John Smith" in set(entities["name"])
    assert set(case.entities(types=["MONEY"])["name"]) == {"$5,000"}
    assert len(case.documents()) == 4
    mentions = case.mentions("john smith")
    assert len(mentions) == 4
    assert all(row.text in row.sentence for row in mentions.itertuples())
    assert list(case.relationships("Jane Roe")["predicate"]) == ["met", "met", "represents"]
    assert len(case.relationships()) == 5
    assert case.mentions("Boston", limit=0).empty


def test_search(case: Project) -> None:
    hits = case.search("boston")

    assert list(hits["source"]) == ["letters/first.txt"]
    assert "Boston" in hits["sentence"][0]
    with pytest.raises(UnavailableError, match="vector"):
        case.similar("a city")


def test_timeline_counts_by_the_documents_own_dates(case: Project) -> None:
    timeline = case.timeline("john smith")

    assert [f"{day:%Y-%m-%d}" for day in timeline.index] == [
        "2020-05-04",
        "2021-02-01",
        "2022-01-01",
    ]
    assert list(timeline["mentions"]) == [2, 1, 1]
    assert isinstance(timeline.index, pandas.DatetimeIndex)


def test_graph_around_an_entity(case: Project) -> None:
    graph = case.graph("john smith")
    names = {data["name"]: node for node, data in graph.nodes(data=True)}

    assert set(names) == {"John Smith", "Jane Roe", "Acme Corporation", "Boston"}
    met = graph.edges[names["John Smith"], names["Jane Roe"]]
    assert (met["predicates"], met["weight"]) == (["met"], 6)
    assert graph.has_edge(names["Jane Roe"], names["Acme Corporation"])
    small = case.graph("john smith", neighbours=1)
    assert {data["name"] for _, data in small.nodes(data=True)} == {"John Smith", "Jane Roe"}


def test_pictures(case: Project) -> None:
    picture = case.draw("john smith", depth=2)
    texts = {text.get_text() for text in picture.figure.axes[0].texts}

    assert {"John Smith", "Boston", "employed by, sued"} <= texts
    assert picture._repr_png_().startswith(PNG)
    assert case.draw_timeline("john smith")._repr_png_().startswith(PNG)


def test_texts_are_marked_and_harmless(case: Project) -> None:
    html = str(case.marked("complaint.eml"))

    assert 'title="PERSON: John Smith"' in html
    assert "SMITH</mark> sued" in html
    assert "&#36;5,000</mark>" in html
    sentences = str(case.marked("john smith"))
    assert sentences.count("<mark") == 4
    assert "letters/first.txt, page 1" in sentences


def test_an_entity_must_be_one(case: Project) -> None:
    with pytest.raises(UsageError, match="like it are: John Smith"):
        case.entity("smithy john")
    assert case.entity("SMITH").name == "John Smith"
