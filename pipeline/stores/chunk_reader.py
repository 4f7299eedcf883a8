"""What was published of the chunks of a content, for a person who takes one for an example."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from pipeline.llm.accepting import ChunkText, Fact, Name
from pipeline.stores.postgres import reading

_CHUNKS = text("""
SELECT ordinal + 1, page, start, "end", text FROM published_chunks
WHERE content_id = CAST(:content AS uuid) ORDER BY ordinal
""")

_NAMES = text("""
SELECT mention_id::text, start, "end", text, type, subtype, role FROM published_mentions
WHERE content_id = CAST(:content AS uuid) ORDER BY start
""")

_FACTS = text("""
SELECT subject_mention_id::text, predicate, object_mention_id::text, model, start, "end"
FROM published_relationships
WHERE content_id = CAST(:content AS uuid) AND predicate <> 'co_mentioned'
ORDER BY start, relationship_id
""")


@dataclass(frozen=True)
class ChunkReader:
    """Reads one content, by its id. Raises TemporaryError where PostgreSQL does not answer."""

    engine: Engine
    content: str

    def chunks(self) -> list[ChunkText]:
        """List the chunks in order."""
        with reading(self.engine) as connection:
            return [ChunkText(*row) for row in connection.execute(_CHUNKS, self._values)]

    def names(self) -> list[Name]:
        """List the mentions in order."""
        with reading(self.engine) as connection:
            return [Name(*row) for row in connection.execute(_NAMES, self._values)]

    def facts(self) -> list[Fact]:
        """List the typed relationships in order."""
        with reading(self.engine) as connection:
            return [Fact(*row) for row in connection.execute(_FACTS, self._values)]

    @property
    def _values(self) -> dict[str, str]:
        return {"content": self.content}
