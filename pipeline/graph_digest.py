"""One hash that says whether two published graphs are the same: pure.

It sees contents by the hash of their bytes, their text, pages and metadata; mentions with their
names; relationships by their mentions' spans; entities as sets of names. It never sees a URI, an
id, a project's name, a score, a box, a vector or a time, so the same documents under the same
configuration give the same digest on any machine, in any order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pipeline.identity import canonical_json

Key = tuple[Any, ...]
VERSION = "casegraph graph 1"


class ContentFact(NamedTuple):
    """One published content. `pages` are objects with number, start, end and source; more in
    them (confidence, boxes) is not looked at.
    """

    sha256: str
    media_type: str
    text_hash: str
    pages: Sequence[dict[str, Any]] | None
    language: str | None
    title: str | None
    author: str | None
    created: str | None
    modified: str | None
    sender: str | None
    recipients: Sequence[str] | None
    copied: Sequence[str] | None
    subject: str | None
    sent: str | None
    message_id: str | None
    in_reply_to: str | None


class MentionFact(NamedTuple):
    """One mention and the name it stands for. `name_scope` is "" for the whole project, else the
    hash and media type of the content that the name is confined to.
    """

    sha256: str
    media_type: str
    start: int
    end: int
    text: str
    type: str
    subtype: str | None
    role: str | None
    via: str | None
    name_type: str
    name_normal: str
    name_scope: str
    sense: int


class RelationshipFact(NamedTuple):
    """One relationship: its evidence, and the spans of its two mentions."""

    sha256: str
    media_type: str
    start: int
    end: int
    subject_start: int
    subject_end: int
    predicate: str
    object_start: int
    object_end: int


class NodeFact(NamedTuple):
    """One (name, sense) of an entity. `node` is a hash of it, `entity` the smallest of the
    entity's nodes; both only order and part the rows.
    """

    entity: str
    node: str
    type: str
    normal: str
    scope: str
    sense: int


def graph_digest(
    contents: Iterable[ContentFact],
    mentions: Iterable[MentionFact],
    relationships: Iterable[RelationshipFact],
    nodes: Iterable[NodeFact],
) -> str:
    """Hash a graph to 64 hex digits. Each stream is read once and never held.

    Raises ValueError when a stream is not in its order: two graphs could then differ in nothing
    but the order they were read in.
    """
    total = hashlib.sha256(VERSION.encode())
    sections: tuple[tuple[str, Iterator[tuple[Key, Any]]], ...] = (
        ("contents", _keyed(contents, _content_key, _content)),
        ("mentions", _keyed(mentions, lambda fact: fact[:4], list)),
        ("relationships", _keyed(relationships, _relationship_key, list)),
        ("entities", _keyed(nodes, lambda fact: fact[:2], _node)),
    )
    for name, rows in sections:
        total.update(f"\n{name}\n".encode())
        for row in _in_order(name, rows):
            total.update(canonical_json(row).encode("utf-8", "surrogatepass"))
            total.update(b"\n")
    return total.hexdigest()


def _keyed(
    facts: Iterable[Any], key: Callable[[Any], Key], row: Callable[[Any], Any]
) -> Iterator[tuple[Key, Any]]:
    """Pair what orders a fact with what is hashed of it."""
    return ((key(fact), row(fact)) for fact in facts)


def _in_order(section: str, rows: Iterable[tuple[Key, Any]]) -> Iterator[Any]:
    """Pass rows on. Raises ValueError at the first that does not come after the one before."""
    before: Key | None = None
    for key, row in rows:
        if before is not None and key < before:
            raise ValueError(f"{section} are not in order: {key} follows {before}")
        before = key
        yield row


def _content_key(fact: ContentFact) -> Key:
    return fact.sha256, fact.media_type


def _relationship_key(fact: RelationshipFact) -> Key:
    return (*fact[:5], fact.object_start, fact.predicate)


def _content(fact: ContentFact) -> list[Any]:
    """Give what is hashed of a content: of a page only where it is and where it is from."""
    pages = [
        [page["number"], page["start"], page["end"], page.get("source", "text")]
        for page in fact.pages or ()
    ]
    rest = [list(value) if isinstance(value, (list, tuple)) else value for value in fact[4:]]
    return [fact.sha256, fact.media_type, fact.text_hash, pages, *(value or None for value in rest)]


def _node(fact: NodeFact) -> list[Any]:
    """Give what is hashed of a node: the name, and which entity it is in, said by its first."""
    return [fact.entity, fact.type, fact.normal, fact.scope, fact.sense]
