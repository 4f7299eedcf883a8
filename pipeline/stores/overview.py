"""What a project holds, in the few numbers and names that the end of a run shows."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, text

from pipeline.documents import Predicate, Value
from pipeline.stores.dropped import Dropped, dropped_of
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.postgres import reading

COUNTS = text("""
SELECT (SELECT count(*) FROM published_documents WHERE project_id = :project),
       (SELECT coalesce(sum(page_count), 0)::bigint FROM published_documents
        WHERE project_id = :project),
       (SELECT count(*) FROM published_mentions WHERE project_id = :project),
       (SELECT count(DISTINCT entity_id) FROM published_mentions WHERE project_id = :project),
       (SELECT count(*) FROM published_relationships WHERE project_id = :project),
       (SELECT count(*) FROM published_relationships WHERE project_id = :project
        AND predicate <> :weakest),
       (SELECT count(*) FROM published_documents WHERE project_id = :project
        AND cardinality(warnings) > 0)
""")

WARNED = text("""
SELECT source, warnings[1] FROM published_documents
WHERE project_id = :project AND cardinality(warnings) > 0
ORDER BY source COLLATE "C" LIMIT :limit
""")
WARNED_SHOWN = 3

LANGUAGES = text("""
SELECT language, count(*) FROM published_documents
WHERE project_id = :project AND language IS NOT NULL
GROUP BY language ORDER BY count(*) DESC, language COLLATE "C"
""")


class TopEntity(NamedTuple):
    """A well connected entity."""

    name: str
    type: str
    degree: int
    mentions: int
    documents: int


class Overview(Value):
    """Counts over what is published; `typed` are the relationships that say more than that two
    names stand in one sentence. `warned` are some documents with a warning, and their first one.
    `languages` are (code, documents), most frequent first. `dropped` counts what models said and
    the documents do not.
    """

    documents: int
    pages: int
    mentions: int
    entities: int
    relationships: int
    typed: int
    with_warnings: int
    warned: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, int], ...]
    top: tuple[TopEntity, ...]
    dropped: Dropped


def overview(engine: Engine, project: str, top: int) -> Overview:
    """Count what a project holds and name its best connected entities."""
    with reading(engine) as connection:
        counts = connection.execute(
            COUNTS, {"project": project, "weakest": Predicate.CO_MENTIONED.value}
        ).one()
        warned = connection.execute(WARNED, {"project": project, "limit": WARNED_SHOWN}).all()
        languages = connection.execute(LANGUAGES, {"project": project}).all()
        dropped = dropped_of(connection, project)
    entities = GraphReader(engine, project).entities(limit=top)
    documents, pages, mentions, named, relationships, typed, with_warnings = counts
    return Overview(
        documents=documents,
        pages=pages,
        mentions=mentions,
        entities=named,
        relationships=relationships,
        typed=typed,
        with_warnings=with_warnings,
        warned=tuple((source, warning) for source, warning in warned),
        languages=tuple((code, count) for code, count in languages),
        top=tuple(
            TopEntity(one.name, one.type, one.degree, one.mentions, one.documents)
            for one in entities
        ),
        dropped=dropped,
    )
