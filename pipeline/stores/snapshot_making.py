"""Makes snapshots of what a project knows, from what is published at one moment.

All of it streams: PostgreSQL sorts what is grouped, and what is held here has a bound. The hash of
a snapshot is made of its fields in one order, so the same knowledge has the same hash, whoever
wrote it down.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, TextClause

from pipeline import codec, identity
from pipeline.errors import TemporaryError
from pipeline.llm.context import NamedThing, Pattern
from pipeline.llm.known import Form, beginning, folded, in_order, words_of
from pipeline.llm.sketches import VERSION
from pipeline.llm.snapshot import (
    BUCKET,
    NAMES_OF_CHUNK,
    PATTERNS_OF_TYPE,
    PROJECT,
    SHOWN,
    TOLD,
    Bucket,
    Said,
    Whole,
    field_of_chunk,
    field_of_name,
    fields_of_buckets,
)
from pipeline.registry.live import (
    KEPT_ENTITIES,
    NAME_LENGTH,
    OTHER_NAMES,
    Canonical,
    count_patterns,
    most_frequent,
    shortened,
)
from pipeline.stores import snapshot_queries as queries
from pipeline.stores.copying import copy_rows
from pipeline.stores.idling import may_idle
from pipeline.stores.live_rows import LiveRows
from pipeline.stores.postgres import transaction

FORMAT = "1"
"""Raised when snapshots say what they say otherwise."""

CONTENTS_AT_ONCE = 64
ROWS_AT_ONCE = 2_000
TYPES = sorted(TOLD)

Sketches = Callable[[Sequence[tuple[str, Sequence[str]]]], Sequence[Sequence[bytes]]]
"""Gives the sketches of contents with the texts of their chunks (see `ContentSketches`)."""


class Made(NamedTuple):
    """A snapshot: its hash, the names that it finds in texts, and its chunks."""

    hash: str
    names: int
    chunks: int


def make_snapshot(
    engine: Engine, project: str, model: str, sketches: Sketches, kept: int = KEPT_ENTITIES
) -> Made:
    """Make a snapshot and pin it; remove those that nobody uses any more. The `kept` most mentioned
    entities are in it. `model` is what the sketches are made by.

    Two connections are needed. Raises TemporaryError where PostgreSQL does not answer, or something
    was forgotten meanwhile.
    """
    with transaction(engine, "snapshot-begin") as connection:
        number = connection.scalar(queries.BEGIN, {"project": project})
    at_one_moment = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with transaction(at_one_moment, "snapshot") as connection:
            may_idle(connection)
            made = _Making(connection, project, number, model).all(sketches, kept)
    except BaseException:
        with suppress(TemporaryError), transaction(engine) as connection:
            connection.execute(queries.DROP, {"id": number})
        raise
    pin(engine, project, made.hash)
    return made


def pin(engine: Engine, project: str, hash_: str) -> None:
    """Let a project use a snapshot, and remove those that nobody uses."""
    with transaction(engine, "snapshot-pin") as connection:
        connection.execute(queries.LOCK, {"project": project})
        connection.execute(queries.UNPIN, {"project": project})
        connection.execute(queries.PIN, {"project": project, "hash": hash_})
        connection.execute(queries.REMOVE, {"project": project})


class _Making:
    """One snapshot while it is made, in one transaction that reads one moment."""

    def __init__(self, connection: Connection, project: str, number: int, model: str) -> None:
        self._connection = connection
        self._project = project
        self._number = number
        self._hash = identity.sha256_hex("snapshot", FORMAT, VERSION, model)
        self._names = self._chunks = 0
        self._patterns: dict[str, Counter[str]] = {}

    def all(self, sketches: Sketches, kept: int) -> Made:
        self._connection.exec_driver_sql(queries.STAGING)
        live = LiveRows(self._connection, self._project)
        for ids in live.every(live.floor(kept)):
            self._stage_forms(ids)
        contents = self._stream(queries.CONTENTS, project=self._project)
        while some := list(islice(contents, CONTENTS_AT_ONCE)):
            self._put(self._said([row.id for row in some], sketches))
        self._put(self._begun())
        self._put(
            (row.field, Bucket(chunks=tuple(row.chunks)))
            for row in self._stream(queries.STAGED_BUCKETS, bucket=BUCKET)
        )
        self._put([(PROJECT, self._whole(live))])
        made = Made(self._hash, self._names, self._chunks)
        self._connection.execute(queries.FINISH, {"id": self._number, **made._asdict()})
        return made

    def _stage_forms(self, ids: Sequence[str]) -> None:
        """Put the forms of some entities aside under their beginnings, and count how they are
        written.
        """
        rows = self._connection.execute(
            queries.FORMS,
            {
                "project": self._project,
                "entities": sorted(ids),
                "length": NAME_LENGTH + 1,
                "forms": OTHER_NAMES + 1,
                "types": TYPES,
            },
        ).all()
        found: list[Sequence[object]] = []
        for row in rows:
            name, *others = map(shortened, row.forms)
            one = Canonical(id=row.id, type=row.type, name=name, others=tuple(others),
                            mentions=row.mentions, contents=0)  # fmt: skip
            for type_, counts in count_patterns([one]).items():
                self._patterns.setdefault(type_, Counter()).update(counts)
            for words in {folded(words): words for words in map(words_of, row.forms)}.values():
                if (begins := beginning(words)) is not None:
                    form = (folded(words), name, row.type, row.mentions)
                    found.append((field_of_name(begins), *form))
        self._copy("staged_forms", ("field", "words", "name", "type", "mentions"), found)

    def _said(self, contents: Sequence[str], sketches: Sketches) -> list[tuple[str, Said]]:
        """Say what the chunks of some contents are like, and what is named in them."""
        texts: dict[str, list[Any]] = {content: [] for content in contents}
        for row in self._connection.execute(queries.CHUNKS, {"contents": contents}):
            texts[row.content].append(row)
        told: dict[str, list[Any]] = {content: [] for content in contents}
        asked = {"contents": contents, "types": TYPES, "length": NAME_LENGTH + 1}
        for row in self._connection.execute(queries.NAMED, asked):
            told[row.content].append(row)
        sketched = sketches([(id_, [row.text for row in rows]) for id_, rows in texts.items()])
        said: list[tuple[str, Said]] = []
        buckets: list[Sequence[object]] = []
        for (content, chunks), signs in zip(texts.items(), sketched, strict=True):
            for chunk, sketch in zip(chunks, signs, strict=True):
                number = self._chunks
                self._chunks += 1
                said.append(
                    (
                        field_of_chunk(number),
                        Said(sketch=sketch.hex(), names=_named_in(chunk, told[content])),
                    )
                )
                buckets += [(field, number) for field in fields_of_buckets(sketch)]
        self._copy("staged_buckets", ("field", "chunk"), buckets)
        rows = [(self._number, content) for content in contents]
        self._copy("context_contents", ("snapshot_id", "content_id"), rows)
        return said

    def _begun(self) -> Iterator[tuple[str, BaseModel]]:
        """Yield the names that begin alike."""
        rows = self._stream(queries.STAGED_FORMS)
        for field, alike in groupby(rows, attrgetter("field")):
            begun = in_order(
                Form(words=x.words, name=x.name, type=x.type, mentions=x.mentions) for x in alike
            )
            self._names += len(begun.forms)
            yield field, begun

    def _whole(self, live: LiveRows) -> Whole:
        """Say what is said of the project with every chunk."""
        ranked = [
            (place, -found.names, type_, found.pattern)
            for type_, counts in self._patterns.items()
            for place, found in enumerate(most_frequent(counts, PATTERNS_OF_TYPE))
        ]
        recent = (
            NamedThing(name=x.text, type=x.type)
            for x in live.recent().extractions
            if x.type in TOLD
        )
        return Whole(
            patterns=tuple(
                Pattern(type=type_, pattern=pattern) for _, _, type_, pattern in sorted(ranked)
            ),
            recent=tuple(dict.fromkeys(recent))[:SHOWN],
        )

    def _put(self, entries: Iterable[tuple[str, BaseModel]]) -> None:
        """Write entries, and hash them with those before."""
        left = iter(entries)
        while some := list(islice(left, ROWS_AT_ONCE)):
            rows = []
            for field, value in some:
                data = value.model_dump_json(exclude_defaults=True)
                self._hash = identity.sha256_hex(self._hash, field, data)
                rows.append((self._number, field, codec.encode(value)))
            self._copy("context_entries", ("snapshot_id", "field", "value"), rows)

    def _copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        copy_rows(self._connection, table, columns, rows)

    def _stream(self, question: TextClause, **parameters: object) -> Iterator[Any]:
        """Read rows of a server's cursor, some at a time."""
        options = {"yield_per": ROWS_AT_ONCE}
        return iter(self._connection.execute(question, parameters, execution_options=options))


def _named_in(chunk: Any, names: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """Give the names that begin in a chunk with their types, each once, in order."""
    begin, end = (
        bisect_left(names, at, key=attrgetter("start")) for at in (chunk.start, chunk.end)
    )
    found = dict.fromkeys((shortened(row.name), row.type) for row in names[begin:end])
    return tuple(found)[:NAMES_OF_CHUNK]
