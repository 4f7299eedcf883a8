"""What a context costs in tokens, beside the chunks around it sent whole: on the example corpus."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from measuring.memory import PeakMemory
from measuring.texts import SHIPPED
from measuring.whole import PROJECT, fresh_home, run_under
from pipeline import assembly, identity
from pipeline.assembly.showing import open_contexts, refresh_context
from pipeline.documents import Chunk
from pipeline.llm.around import completed
from pipeline.llm.context import Budget, Context, NamedThing, tokens_of, within
from pipeline.llm.prompts import to_find
from pipeline.llm.schema_file import read_schema
from pipeline.llm.snapshot import TOLD
from pipeline.settings import load_settings
from pipeline.stores.postgres import engine_of

CHUNKS = text("""
SELECT content_id::text AS content, start, "end", page, text FROM published_chunks
WHERE project_id = CAST(:project AS uuid) ORDER BY content_id, ordinal
""")
NAMES = text("""
SELECT content_id::text AS content, start, text AS name, type FROM published_mentions
WHERE project_id = CAST(:project AS uuid) AND type = ANY(:types) ORDER BY content_id, start
""")


def count_tokens(folder: Path = SHIPPED) -> dict[str, Any]:
    """Run the corpus with the local recogniser, and count for each chunk the tokens of a question:
    alone, with what its document says, with what the project knows, and with its neighbours whole.
    """
    with fresh_home() as home:
        settings = load_settings(home=home)
        urls = assembly.open_services(settings)
        run_under(settings, folder, PeakMemory)
        project = identity.project_id(PROJECT)
        snapshot = refresh_context(settings, urls, project)
        engine = engine_of(urls.database_url)
        documents = _documents(engine, project)
        found: dict[str, list[Mapping[str, int]]] = {}
        for kind, hash_ in (("document", None), ("project", snapshot.hash)):
            with closing(open_contexts(settings, urls, project, hash_)) as contexts:
                found[kind] = [
                    _counts(
                        chunks,
                        at,
                        completed(around.prepare(at), names),
                    )
                    for content, (chunks, names) in documents.items()
                    for around in (contexts.around(content, chunks),)
                    for at in range(len(chunks))
                ]
        engine.dispose()
    return {
        "documents": len(documents),
        "chunks": len(found["document"]),
        "snapshot": {"names": snapshot.names, "chunks": snapshot.chunks},
        "tokens": {kind: _means(rows) for kind, rows in found.items()},
    }


def _documents(
    engine: Engine, project: str
) -> dict[str, tuple[list[Chunk], list[list[NamedThing]]]]:
    """Read the chunks of each content, and the names in each."""
    read: dict[str, tuple[list[Chunk], list[list[NamedThing]]]] = {}
    with engine.connect() as connection:
        for row in connection.execute(CHUNKS, {"project": project}):
            chunks, names = read.setdefault(row.content, ([], []))
            chunks.append(
                Chunk(start=row.start, end=row.end, page=row.page, text=row.text, sentences=())
            )
            names.append([])
        asked = {"project": project, "types": sorted(TOLD)}
        for row in connection.execute(NAMES, asked):
            chunks, names = read[row.content]
            at = max(at for at, chunk in enumerate(chunks) if chunk.start <= row.start)
            names[at].append(NamedThing(name=row.name, type=row.type))
    return read


def _counts(chunks: Sequence[Chunk], at: int, context: Context) -> dict[str, int]:
    schema, chunk, budget = read_schema(), chunks[at].text, Budget()
    alone = _tokens(schema, chunk, Context())
    beside = [chunks[other].text for other in (at - 1, at + 1) if 0 <= other < len(chunks)]
    return {
        "alone": alone,
        "context": _tokens(schema, chunk, within(context, budget)) - alone,
        "without_head": _tokens(schema, chunk, within(context.model_copy(update={"head": ""}),
                                                      budget)) - alone,
        "neighbours_whole": sum(map(tokens_of, beside)),
        "known": len(context.known),
        "before": len(context.before),
        "similar": len(context.similar),
    }  # fmt: skip


def _tokens(schema: Any, chunk: str, context: Context) -> int:
    return sum(tokens_of(message.content) for message in to_find(schema, chunk, context))


def _means(rows: Sequence[Mapping[str, int]]) -> dict[str, float]:
    return {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}
