"""Texts with their names, resolved by the real stage."""

from __future__ import annotations

from pipeline.documents import Chunk, Chunks, ExtractedText, Mention, Mentions, MentionType, Names
from pipeline.engines.name_books import NameBooks
from pipeline.resolution import ResolveStage
from pipeline.settings import ResolveSettings

BOOKS = NameBooks()
STAGE = ResolveStage(BOOKS, ResolveSettings())


def extracted(text: str, *names: tuple[str, MentionType]) -> ExtractedText:
    """Make a document with a mention for each name, each after the one before."""
    mentions, place = [], 0
    for words, type_ in names:
        place = text.index(words, place)
        end = place + len(words)
        mentions.append(Mention(start=place, end=end, text=words, type=type_, page=1, model="test"))
        place = end
    chunk = Chunk(start=0, end=len(text), page=1, text=text, sentences=((0, len(text)),))
    return ExtractedText(
        chunks=Chunks(chunks=(chunk,), page_starts=(0,)),
        mentions=Mentions(mentions=tuple(mentions)),
    )


def resolved(text: str, *names: tuple[str, MentionType]) -> list[tuple[str, str | None]]:
    """Give each mention's (normal form, rule)."""
    [answer] = STAGE([extracted(text, *names)])
    assert isinstance(answer, Names)
    return [(answer.names[link.name].normal, link.via) for link in answer.links]
