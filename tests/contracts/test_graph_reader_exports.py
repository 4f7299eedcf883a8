"""Exports of a real graph, read back by other people's libraries."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx
import pyarrow.parquet
import pytest
from published_case import PublishedCase, the_case

from pipeline.errors import UsageError
from pipeline.exports import export
from pipeline.stores import postgres
from pipeline.stores.graph_reader import GraphReader

FIELDS = {
    "documents": ["id", "source", "media_type", "sha256", "pages", "text"],
    "mentions": ["source", "document_id", "start", "end", "text", "type", "score", "page",
                 "name_id", "entity_id"],
    "entities": ["id", "type", "name", "aliases", "mentions", "documents"],
    "relationships": ["subject", "predicate", "object", "score", "source", "start", "end",
                      "quote"],
}  # fmt: skip


@pytest.fixture
def case(migrated_url: str) -> Iterator[PublishedCase]:
    engine = postgres.connect(migrated_url)
    yield the_case(engine)
    engine.dispose()


@pytest.fixture
def reader(case: PublishedCase) -> GraphReader:
    return GraphReader(case.engine, case.project)


def read_jsonl(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for name in FIELDS
    }


def test_jsonl_has_the_promised_fields_and_hangs_together(
    reader: GraphReader, tmp_path: Path
) -> None:
    counts = export(reader, "jsonl", tmp_path / "new" / "out")
    tables = read_jsonl(tmp_path / "new" / "out")

    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["out"]
    assert {name: len(rows) for name, rows in tables.items()} == counts
    for name, fields in FIELDS.items():
        assert all(list(row) == fields for row in tables[name])
    texts = {row["source"]: row["text"] for row in tables["documents"]}
    entities = {row["id"]: row for row in tables["entities"]}
    for row in tables["mentions"]:
        assert texts[row["source"]][row["start"] : row["end"]] == row["text"]
        assert row["entity_id"] in entities
    for row in tables["relationships"]:
        assert texts[row["source"]][row["start"] : row["end"]] == row["quote"] != ""
        assert {row["subject"], row["object"]} <= entities.keys()
    smith = next(row for row in tables["entities"] if row["name"] == "John Smith")
    assert (smith["aliases"], smith["mentions"], smith["documents"]) == (
        ["JOHN SMITH", "Smith"], 4, 4,
    )  # fmt: skip


def test_a_duplicates_rows_are_repeated_for_each_document(
    reader: GraphReader, tmp_path: Path
) -> None:
    export(reader, "jsonl", tmp_path)
    tables = read_jsonl(tmp_path)

    def of(name: str, source: str) -> list[tuple[Any, ...]]:
        skipped = {"source", "document_id", "id"}
        return [
            tuple(str(value) for key, value in row.items() if key not in skipped)
            for row in tables[name]
            if row["source"] == source
        ]

    for name in ("documents", "mentions", "relationships"):
        assert of(name, "copies/a.txt") == of(name, "copies/b.txt") != []


def test_two_exports_are_the_same_bytes_and_replace_each_other(
    reader: GraphReader, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    export(reader, "jsonl", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    export(reader, "jsonl", tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert set(before) == {"mine.txt", *(f"{name}.jsonl" for name in FIELDS)}


def test_csv_and_parquet_are_the_same_tables(reader: GraphReader, tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "parquet"):
        export(reader, form, tmp_path)
    expected = read_jsonl(tmp_path)

    for name in FIELDS:
        with (tmp_path / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [list(row.values()) for row in rows] == [
            [json.dumps(v) if isinstance(v, list) else str(v) for v in row.values()]
            for row in expected[name]
        ]
        parquet = pyarrow.parquet.read_table(tmp_path / f"{name}.parquet")
        assert parquet.to_pylist() == expected[name]


def test_graphml_opens_in_networkx(
    case: PublishedCase, reader: GraphReader, tmp_path: Path
) -> None:
    case.document("odd.txt", "[A & \x0b <B>|ORG] met [Jane Roe|PERSON].", [(0, "met", 1)])
    counts = export(reader, "graphml", tmp_path)

    graph = networkx.read_graphml(tmp_path / "graph.graphml")

    assert (graph.number_of_nodes(), graph.number_of_edges()) == tuple(counts.values())
    labels = networkx.get_node_attributes(graph, "label")
    assert "A & <B>" in labels.values()
    jane = next(node for node, label in labels.items() if label == "Jane Roe")
    assert graph.nodes[jane]["type"] == "PERSON"
    (met,) = [
        data
        for a, b, data in graph.edges(data=True)
        if data["predicate"] == "met" and {labels[a], labels[b]} == {"John Smith", "Jane Roe"}
    ]
    assert met["weight"] == 2
    assert met["quote"]


def test_a_failed_export_leaves_nothing(
    case: PublishedCase, reader: GraphReader, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    export(reader, "jsonl", old)
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    with case.engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW published_edges")

    for folder in (old, tmp_path / "new"):
        with pytest.raises(Exception, match="published_edges"):
            export(reader, "graphml", folder)

    assert {path.name: path.read_bytes() for path in old.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_file_is_no_folder(reader: GraphReader, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(UsageError, match="is a file"):
        export(reader, "jsonl", tmp_path / "file")
