"""Documents whose names were labelled by hand, and what the stages make of them.

A gold document is {"id", "text", "mentions": [{"start", "end", "text", "type", "entity"}]}. The
gold spans take the place of `extract`, so that what is measured is linking alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import assembly
from pipeline.documents import (
    DocumentFailure,
    ExtractedText,
    Mention,
    Mentions,
    MentionType,
    Name,
    Page,
    Pages,
    StageName,
)
from pipeline.settings import Settings
from pipeline.stores.memory import MemoryBlobs, NoVectors

TYPES = {
    "PERSON": MentionType.PERSON, "PER": MentionType.PERSON,
    "ORG": MentionType.ORG, "ORGANIZATION": MentionType.ORG,
    "LOC": MentionType.GPE, "GPE": MentionType.GPE, "FAC": MentionType.FAC,
    "PLACE": MentionType.GPE, "LOCATION": MentionType.GPE,
}  # fmt: skip
ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
POSSESSIVE = re.compile(r"\s*['’]s?$")


class Labelled(NamedTuple):
    """One gold mention: its document, its words, the entity it is, the name it was given."""

    document: str
    text: str
    entity: str
    name: Name


def read(path: Path, half: str | None) -> list[dict[str, Any]]:
    """Read gold documents: all, or every other one, from the first ("odd") or second ("even")."""
    documents = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return documents if half is None else documents[half == "even" :: 2]


def named(documents: list[dict[str, Any]]) -> Iterator[Labelled]:
    """Yield each gold mention of a person, organisation or place with the name that the chunk and
    resolve stages give it; of those with the same span one.

    Raises SystemExit if a stage gives no answer for a document.
    """
    settings = Settings()
    engines = assembly.Engines(settings)
    chunk, resolve = (
        assembly.build_stage(stage, settings, engines, NoVectors(), MemoryBlobs())
        for stage in (StageName.CHUNK, StageName.RESOLVE)
    )
    for document in documents:
        text = document["text"]
        gold = {
            trimmed(text, mention["start"], mention["end"]): mention
            for mention in document["mentions"]
            if mention["type"] in TYPES
        }
        spans = sorted(gold)
        mentions = tuple(
            Mention(
                start=gold[span]["start"],
                end=gold[span]["end"],
                text=gold[span]["text"],
                type=TYPES[gold[span]["type"]],
                page=1,
                model="gold",
            )
            for span in spans
        )
        pages = Pages(text=text, pages=(Page(number=1, start=0, end=len(text)),), language="en")
        [chunks] = chunk([pages])
        if isinstance(chunks, DocumentFailure):
            raise SystemExit(f"{document['id']}: {chunks.message}")
        [names] = resolve([ExtractedText(chunks=chunks, mentions=Mentions(mentions=mentions))])
        if isinstance(names, DocumentFailure):
            raise SystemExit(f"{document['id']}: {names.message}")
        for span, mention, link in zip(spans, mentions, names.links, strict=True):
            entity = str(gold[span]["entity"])
            yield Labelled(document["id"], mention.text, entity, names.names[link.name])


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave the leading article and the final possessive out of a span: they are of no name."""
    words = text[start:end]
    lead = ARTICLE.match(words)
    start += lead.end() if lead else 0
    return start, start + len(POSSESSIVE.sub("", text[start:end].rstrip()))
