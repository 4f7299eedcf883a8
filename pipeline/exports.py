"""Writes the published graph to files: streamed, in a fixed order, all of it or nothing.

`jsonl`, `csv` and `parquet` hold the same four tables; `graphml` is one graph of entities and of
the edges between them. Files are written apart and moved into place when all of them are whole.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pipeline.errors import UnavailableError, UsageError
from pipeline.stores.graph_reader import GraphReader

Format = Literal["jsonl", "csv", "parquet", "graphml"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv", "parquet", "graphml")
Kind = Literal["text", "whole", "real", "texts"]
Row = Sequence[Any]

ROW_GROUP = 5_000
ROW_GROUP_CHARACTERS = 16 << 20


class Table(NamedTuple):
    """One table of an export: its file's name without suffix, and its columns with their kinds."""

    name: str
    columns: tuple[tuple[str, Kind], ...]

    @property
    def names(self) -> list[str]:
        """List the columns' names."""
        return [name for name, _ in self.columns]


DOCUMENTS = Table(
    "documents",
    (
        ("id", "text"),
        ("source", "text"),
        ("media_type", "text"),
        ("sha256", "text"),
        ("pages", "whole"),
        ("text", "text"),
    ),
)
MENTIONS = Table(
    "mentions",
    (
        ("source", "text"),
        ("document_id", "text"),
        ("start", "whole"),
        ("end", "whole"),
        ("text", "text"),
        ("type", "text"),
        ("score", "real"),
        ("page", "whole"),
        ("name_id", "text"),
        ("entity_id", "text"),
    ),
)
ENTITIES = Table(
    "entities",
    (
        ("id", "text"),
        ("type", "text"),
        ("name", "text"),
        ("aliases", "texts"),
        ("mentions", "whole"),
        ("documents", "whole"),
    ),
)
RELATIONSHIPS = Table(
    "relationships",
    (
        ("subject", "text"),
        ("predicate", "text"),
        ("object", "text"),
        ("score", "real"),
        ("source", "text"),
        ("start", "whole"),
        ("end", "whole"),
        ("quote", "text"),
    ),
)


def export(reader: GraphReader, form: Format, folder: Path) -> dict[str, int]:
    """Write the graph as it is now into a folder; return the number of rows of each table.

    Files of an earlier export are replaced, others in the folder are left alone. Raises
    UsageError if the folder is a file, UnavailableError if it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --output wants a folder")
    try:
        with _landing(folder) as target, reader.snapshot() as graph:
            return _graphml(graph, target) if form == "graphml" else _tables(graph, form, target)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be written: {error.strerror or error}") from error


@contextmanager
def _landing(folder: Path) -> Iterator[Path]:
    """Give an empty folder whose files become those of `folder` if the block ends well.

    A folder that is new appears at once with all its files.
    """
    new = not folder.exists()
    beside = folder.absolute().parent if new else folder
    beside.mkdir(parents=True, exist_ok=True)
    target = Path(tempfile.mkdtemp(prefix=".casegraph-export-", dir=beside))
    try:
        yield target
        if new:
            target.chmod(0o755)
            target.rename(folder)
        else:
            for file in sorted(target.iterdir()):
                file.replace(folder / file.name)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _tables(graph: GraphReader, form: Format, folder: Path) -> dict[str, int]:
    """Write the four tables."""
    write: dict[str, Callable[[Table, Iterable[Row], Path], int]] = {
        "jsonl": write_jsonl,
        "csv": write_csv,
        "parquet": write_parquet,
    }
    sources = (
        (DOCUMENTS, graph.export_documents()),
        (MENTIONS, graph.export_mentions()),
        (ENTITIES, graph.export_entities()),
        (RELATIONSHIPS, graph.export_relationships()),
    )
    return {
        table.name: write[form](table, rows, folder / f"{table.name}.{form}")
        for table, rows in sources
    }


def write_jsonl(table: Table, rows: Iterable[Row], path: Path) -> int:
    """Write a JSON object a line, keys in the order of the columns."""
    names, count = table.names, 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last one is the count
            record = dict(zip(names, row, strict=True))
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return count


def write_csv(table: Table, rows: Iterable[Row], path: Path) -> int:
    """Write RFC 4180 with a head; a list is a JSON array in its cell."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.names)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last one is the count
            writer.writerow(
                json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell
                for cell in row
            )
    return count


def write_parquet(table: Table, rows: Iterable[Row], path: Path) -> int:
    """Write row groups of bounded size. Raises UnavailableError without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UnavailableError(
            "Parquet needs pyarrow, which is not installed: pip install pyarrow"
        ) from error
    kinds = {
        "text": pyarrow.string(),
        "whole": pyarrow.int64(),
        "real": pyarrow.float64(),
        "texts": pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in table.columns])
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for group in row_groups(rows):
            columns = [list(column) for column in zip(*group, strict=True)]
            arrays = [
                pyarrow.array(column, field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


def row_groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Part rows into groups, bounded in rows and in characters: texts may be megabytes each."""
    group: list[Row] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(group) >= ROW_GROUP or size >= ROW_GROUP_CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


# What XML 1.0 cannot hold in any form.
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

GRAPHML_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="aliases" for="node" attr.name="aliases" attr.type="string"/>
<key id="mentions" for="node" attr.name="mentions" attr.type="long"/>
<key id="documents" for="node" attr.name="documents" attr.type="long"/>
<key id="predicate" for="edge" attr.name="predicate" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="long"/>
<key id="score" for="edge" attr.name="score" attr.type="double"/>
<key id="quote" for="edge" attr.name="quote" attr.type="string"/>
<graph id="casegraph" edgedefault="directed">
"""
GRAPHML_FOOT = "</graph>\n</graphml>\n"


def _graphml(graph: GraphReader, folder: Path) -> dict[str, int]:
    """Write one GraphML file: a node an entity, an edge all relationships of one predicate
    between two entities, with their number and the words of the surest.
    """
    nodes = edges = 0
    with (folder / "graph.graphml").open("w", encoding="utf-8", newline="\n") as file:
        file.write(GRAPHML_HEAD)
        for id_, type_, name, aliases, mentions, documents in graph.export_entities():
            nodes += 1
            file.write(
                f'<node id="{id_}">'
                + _data(label=name, type=type_, aliases=" | ".join(aliases))
                + _data(mentions=mentions, documents=documents)
                + "</node>\n"
            )
        for edge in graph.edges():
            edges += 1
            file.write(
                f'<edge id="e{edges}" source="{edge.subject_id}" target="{edge.object_id}">'
                + _data(predicate=edge.predicate, weight=edge.weight, score=edge.score)
                + _data(quote=" ".join(edge.quote.split()))
                + "</edge>\n"
            )
        file.write(GRAPHML_FOOT)
    return {"entities": nodes, "edges": edges}


def _data(**values: object) -> str:
    """Write attributes of a node or an edge."""
    from xml.sax.saxutils import escape

    return "".join(
        f'<data key="{key}">{escape(NO_XML.sub("", str(value)))}</data>'
        for key, value in values.items()
    )
