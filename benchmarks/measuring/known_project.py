"""A large published project that no run has made: rows by COPY, names and texts from a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from random import Random

import numpy as np
from made_names import NOBODY, SEED, make_names
from sqlalchemy import Engine, text

from measuring.texts import SHIPPED, paragraphs
from pipeline import identity
from pipeline.documents import Chunk
from pipeline.stage import Plan
from pipeline.stores.copying import copy_rows
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import Vector

CHUNKS_OF_DOCUMENT = 10
NAMES_OF_CHUNK = 5
STORED_LETTERS, ASKED_LETTERS = 400, 2_000
ASKED_NAMES = 15
DIMENSIONS = 384
ROWS = 20_000

Row = Sequence[object]


@dataclass(frozen=True)
class Asked:
    """A document that questions are about, and whose content is not published yet."""

    content: str
    chunks: tuple[Chunk, ...]


class KnownProject:
    """Names, and documents in which they stand: few often, most now and then."""

    def __init__(self, names: int, chunks: int, seed: int = SEED) -> None:
        self.names = make_names(names, seed)
        self.shown = [name.title() for name in self.names.normals]
        self.chunks = chunks
        self.words = " ".join(paragraphs(SHIPPED)).split()
        self.project = ""
        self._random = Random(seed)

    def load(self, engine: Engine, ledger: Ledger, plan: Plan) -> None:
        """Write all of it."""
        self.project = ledger.open_project("benchmark", plan).id
        ids = [
            identity.name_id(self.project, type_, normal)
            for type_, normal in zip(self.names.types, self.names.normals, strict=True)
        ]
        copy(engine, "names", ("id", "project_id", "type", "normal", "keys"),
                   ([id_, self.project, type_, normal, ()] for id_, type_, normal in
                    zip(ids, self.names.types, self.names.normals, strict=True)))  # fmt: skip
        copy(engine, "name_entities", ("name_id", "sense", "entity_id", "epoch"),
                   self._entities(ids))  # fmt: skip
        for first in range(0, self.chunks // CHUNKS_OF_DOCUMENT, ROWS // CHUNKS_OF_DOCUMENT):
            last = min(first + ROWS // CHUNKS_OF_DOCUMENT, self.chunks // CHUNKS_OF_DOCUMENT)
            self._documents(engine, ids, range(first, last))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))

    def asked(self, engine: Engine, count: int) -> list[Asked]:
        """Write contents that are not published, and give their documents."""
        made = []
        for number in range(count):
            sha256 = hashlib.sha256(f"asked {number}".encode()).hexdigest()
            content = identity.content_id(self.project, sha256, "text/plain")
            chunks, at = [], 0
            for _ in range(CHUNKS_OF_DOCUMENT):
                words, _ = self._text(ASKED_LETTERS, ASKED_NAMES)
                chunks.append(
                    Chunk(start=at, end=at + len(words), page=1, text=words, sentences=())
                )
                at += len(words) + 1
            made.append(Asked(content, tuple(chunks)))
            row = [content, self.project, sha256, "text/plain", at, None]
            copy(engine, "contents", _CONTENT, [row])
        return made

    def _entities(self, ids: Sequence[str]) -> Iterator[Row]:
        """Put the names of one thing into one entity."""
        smallest: dict[int, str] = {}
        for id_, thing in zip(ids, self.names.things, strict=True):
            if thing != NOBODY:
                smallest[thing] = min(id_, smallest.get(thing, id_))
        for id_, thing in zip(ids, self.names.things, strict=True):
            if thing != NOBODY and smallest[thing] != id_:
                yield [id_, 0, smallest[thing], 1]

    def _documents(self, engine: Engine, ids: Sequence[str], numbers: range) -> None:
        contents, documents, chunks, mentions = [], [], [], []
        for number in numbers:
            sha256 = hashlib.sha256(f"{number}".encode()).hexdigest()
            content = identity.content_id(self.project, sha256, "text/plain")
            uri = f"file:///benchmark/{number:06}.txt"
            at = 0
            for ordinal in range(CHUNKS_OF_DOCUMENT):
                words, places = self._text(STORED_LETTERS, NAMES_OF_CHUNK)
                end = at + len(words)
                chunks.append(
                    [identity.chunk_id(content, at, end), content, ordinal, 1, at, end, words]
                )
                for name, start in places:
                    shown = self.shown[name]
                    begin, stop = at + start, at + start + len(shown)
                    mentions.append(
                        [identity.mention_id(content, begin, stop), content, ids[name], begin, stop,
                         shown, self.names.types[name], 1.0, 1, "made", "1"]
                    )  # fmt: skip
                at = end + 1
            contents.append([content, self.project, sha256, "text/plain", at, "2024-01-01"])
            documents.append(
                [identity.document_id(self.project, uri), self.project, uri, uri, at, "1",
                 "completed", content]
            )  # fmt: skip
        copy(engine, "contents", _CONTENT, contents)
        copy(engine, "documents",
                   ("id", "project_id", "uri", "source", "size", "stamp", "status", "content_id"),
                   documents)  # fmt: skip
        copy(engine, "chunks",
                   ("id", "content_id", "ordinal", "page", "start", "end", "text"),
                   chunks)  # fmt: skip
        copy(engine, "mentions",
                   ("id", "content_id", "name_id", "start", "end", "text", "type", "score", "page",
                    "model", "stage_version"), mentions)  # fmt: skip

    def _text(self, letters: int, names: int) -> tuple[str, list[tuple[int, int]]]:
        """Make a text: words as they follow each other in a document, with names among them; and
        where which name stands.
        """
        drawn = [int(len(self.shown) * self._random.random() ** 3) for _ in range(names)]
        at = self._random.randrange(len(self.words))
        parts: list[str] = []
        places: list[tuple[int, int]] = []
        length, each = 0, letters // (names + 1)
        while length < letters:
            if drawn and length > each * (names - len(drawn) + 1):
                name = drawn.pop()
                places.append((name, length))
                word = self.shown[name]
            else:
                word = self.words[at % len(self.words)]
                at += 1
            parts.append(word)
            length += len(word) + 1
        return " ".join(parts), places


_CONTENT = ("id", "project_id", "sha256", "media_type", "size", "published_at")


def copy(engine: Engine, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows, some at a time."""
    left = iter(rows)
    while some := list(islice(left, ROWS)):
        with engine.begin() as connection:
            copy_rows(connection, table, columns, some)


def embed(texts: Sequence[str]) -> list[Vector]:
    """Stand for an embedding model, which would take half an hour: the sum of a vector for each
    word, so that texts with words in common are alike.
    """
    return [np.sum([_vector(word) for word in text.split()], axis=0) for text in texts]


@lru_cache(maxsize=200_000)
def _vector(word: str) -> Vector:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    drawn = np.random.default_rng(seed).standard_normal(DIMENSIONS)
    return np.asarray(drawn / DIMENSIONS, np.float32)
