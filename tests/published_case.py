"""Builds a published graph row by row, as publication leaves it, from texts with marked names.

In a text, `[John Smith|PERSON]` is a mention; `[Smith|PERSON|john smith|surname]` gives its normal
form and the rule that linked it. A relationship's evidence is the line of its subject.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from pipeline import identity
from pipeline.stores import tables

MARK = re.compile(r"\[([^|\]]+)\|([A-Z]+)(?:\|([^|\]]*))?(?:\|([^|\]]*))?\]")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Relation = tuple[int, str, int]


class PublishedCase:
    """One project in a migrated database."""

    def __init__(self, engine: Engine, name: str = "case") -> None:
        self.engine = engine
        self.name = name
        self._connection: Connection | None = None
        self.project = identity.project_id(name)
        self._add(
            tables.projects, id=self.project, name=name, configuration={}, configuration_digest="x"
        )
        self._add(tables.registries, project_id=self.project)

    def _add(self, table: Any, **values: Any) -> None:
        statement = upsert(table).values(**values).on_conflict_do_nothing()
        if self._connection is not None:
            self._connection.execute(statement)
            return
        with self.engine.begin() as connection:
            connection.execute(statement)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Add all rows of the block in one transaction."""
        with self.engine.begin() as self._connection:
            yield
        self._connection = None

    def name_id(self, type_: str, normal: str, scope: str | None = None) -> str:
        return identity.name_id(self.project, type_, normal, scope)

    def content(
        self,
        marked: str,
        relations: Sequence[Relation] = (),
        scoped: Sequence[str] = (),
        published: bool = True,
        score: float = 0.9,
        **metadata: Any,
    ) -> str:
        """Publish a content; `scoped` names normal forms that only mean something in it."""
        text, marks = unmark(marked)
        media_type = metadata.pop("media_type", "text/plain")
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        content = identity.content_id(self.project, sha256, media_type)
        self._add(
            tables.contents,
            id=content,
            project_id=self.project,
            sha256=sha256,
            media_type=media_type,
            size=len(text.encode()),
            published_at=NOW if published else None,
            text=text,
            pages=[{"number": 1, "start": 0, "end": len(text), "source": "text"}],
            **metadata,
        )
        for ordinal, line in enumerate(re.finditer(r"[^\n]+", text)):
            self._add(
                tables.chunks,
                id=identity.chunk_id(content, *line.span()),
                content_id=content,
                ordinal=ordinal,
                page=1,
                start=line.start(),
                end=line.end(),
                text=line.group(),
            )
        rows = [self._mention(content, mark, scoped, score) for mark in marks]
        for subject, predicate, object_ in relations:
            self._relationship(content, text, rows[subject], predicate, rows[object_], score)
        return content

    def _mention(
        self, content: str, mark: dict[str, Any], scoped: Sequence[str], score: float
    ) -> dict[str, Any]:
        normal = mark["normal"] or mark["text"].lower()
        scope = content if normal in scoped else None
        name = self.name_id(mark["type"], normal, scope)
        self._add(
            tables.names,
            id=name,
            project_id=self.project,
            type=mark["type"],
            normal=normal,
            scope=scope,
            keys=[],
        )
        row = {
            "id": identity.mention_id(content, mark["start"], mark["end"]),
            "name_id": name,
            "start": mark["start"],
            "end": mark["end"],
        }
        self._add(
            tables.mentions,
            **row,
            content_id=content,
            text=mark["text"],
            type=mark["type"],
            via=mark["via"] or None,
            score=score,
            page=1,
            model="test 1",
            stage_version="1",
        )
        return row

    def _relationship(
        self,
        content: str,
        text: str,
        subject: dict[str, Any],
        predicate: str,
        object_: dict[str, Any],
        score: float,
    ) -> None:
        start = text.rfind("\n", 0, subject["start"]) + 1
        end = text.find("\n", subject["start"])
        end = len(text) if end < 0 else end
        self._add(
            tables.relationships,
            id=identity.relationship_id(
                content, subject["id"], predicate, object_["id"], start, end
            ),
            content_id=content,
            subject_name_id=subject["name_id"],
            predicate=predicate,
            object_name_id=object_["name_id"],
            subject_mention_id=subject["id"],
            object_mention_id=object_["id"],
            start=start,
            end=end,
            score=score,
            model="patterns",
            stage_version="1",
        )

    def document(
        self,
        source: str,
        marked: str,
        relations: Sequence[Relation] = (),
        parent: str | None = None,
        **more: Any,
    ) -> str:
        """Publish a document and its content."""
        content = self.content(marked, relations, **more)
        return self.add_document(source, content_id=content, parent_id=parent)

    def add_document(self, source: str, status: str = "completed", **values: Any) -> str:
        """Add the row of a document alone."""
        uri = f"file:///{source}"
        document = identity.document_id(self.project, uri)
        self._add(
            tables.documents,
            id=document,
            project_id=self.project,
            uri=uri,
            source=source,
            size=1,
            stamp="1",
            status=status,
            **values,
        )
        return document

    def fail(self, document: str, attempts: int = 2, **failure: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                insert(tables.failures).values(document_id=document, attempts=attempts, **failure)
            )

    def merge(self, *names: str) -> str:
        """Make one entity of names."""
        entity = identity.entity_id(names)
        for name in names:
            self._add(tables.name_entities, name_id=name, sense=0, entity_id=entity, epoch=1)
        return entity

    def change(self, table: Any, id_: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == id_).values(**values))


def unmark(marked: str) -> tuple[str, list[dict[str, Any]]]:
    """Take the marks out of a text and give their places in what is left."""
    text, marks, at = "", [], 0
    for found in MARK.finditer(marked):
        text += marked[at : found.start()]
        surface, type_, normal, via = found.groups()
        marks.append(
            {
                "start": len(text),
                "end": len(text) + len(surface),
                "text": surface,
                "type": type_,
                "normal": normal,
                "via": via,
            }
        )
        text += surface
        at = found.end()
    return text + marked[at:], marks


def the_case(engine: Engine, name: str = "case") -> PublishedCase:
    """Publish four documents about one affair, two of them the same bytes."""
    case = PublishedCase(engine, name)
    with case.at_once():
        case.document(
            "letters/first.txt",
            "On [3 May 2020|DATE|2020-05-03] [John Smith|PERSON] joined [Acme Corp.|ORG|acme].\n"
            "[Smith|PERSON|john smith|surname] met [Jane Roe|PERSON] in [Boston|GPE].",
            [(1, "employed_by", 2), (3, "met", 4), (3, "co_mentioned", 5), (4, "co_mentioned", 5)],
            title="First letter",
            created="2020-05-04",
            language="en",
        )
        case.document(
            "mail/complaint.eml",
            "[JOHN\nSMITH|PERSON|john smith] sued [Acme Corporation|ORG|acme] for [$5,000|MONEY].\n"
            "[Jane Roe|PERSON] represents [Acme Corporation|ORG|acme].",
            [(0, "sued", 1), (3, "represents", 4), (0, "co_mentioned", 2)],
            media_type="message/rfc822",
            sender="Roe <roe@example.com>",
            sent="2021-02-01T10:00:00+00:00",
            language="en",
        )
        again = case.content(
            "[Jane Roe|PERSON] met [John Smith|PERSON] again. [Doe|PERSON] did not come.",
            [(0, "met", 1)],
            scoped=["doe"],
            modified="2022-01-01",
        )
        case.add_document("copies/a.txt", content_id=again)
        case.add_document("copies/b.txt", content_id=again)
    return case
