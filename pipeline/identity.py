"""Every id, fingerprint and digest. Nothing else in casegraph makes one.

Ids are UUIDv5 from content, so a retry is an overwrite and two machines agree without asking.
They are always strings. Changing anything here orphans what databases hold already.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pipeline.documents import Payload

NAMESPACE = uuid.UUID("6f1c2a52-3c0b-5e8e-9d57-0a4a3c1f9b7e")
SEPARATOR = "\x1f"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MEMBER = "!/"
_ESCAPED = re.compile("%(?=(25)*21/)")
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

Configuration = Mapping[str, Any]


def is_id(text: str) -> bool:
    """Say whether a text is an id as this module writes them."""
    return ID.fullmatch(text) is not None


def _derive(parent: uuid.UUID | str, kind: str, *parts: object) -> str:
    """Make the UUIDv5 of `kind` and `parts` under `parent`; parts may not be confused with each
    other because each is preceded by its length.
    """
    text = kind
    for part in parts:
        word = part if type(part) is str else str(part)
        text += f"{SEPARATOR}{len(word)}:{word}"
    # The same as str(uuid.uuid5(…)) at a quarter of its time: there are millions of these.
    total = hashlib.sha1(
        _bytes_of(parent) + text.encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()
    variant = _VARIANTS[total[16]]
    return f"{total[:8]}-{total[8:12]}-5{total[13:16]}-{variant}{total[17:20]}-{total[20:32]}"


@lru_cache(maxsize=1024)
def _bytes_of(parent: uuid.UUID | str) -> bytes:
    return uuid.UUID(str(parent)).bytes


def project_id(name: str) -> str:
    """Make a project's id from its name."""
    return _derive(NAMESPACE, "project", name)


def document_id(project: str, uri: str) -> str:
    """Make a document's id from its absolute URI."""
    return _derive(project, "document", uri)


def content_id(project: str, sha256: str, media_type: str) -> str:
    """Make a content's id from its bytes' hash and its media type."""
    return _derive(project, "content", sha256, media_type)


def member_uri(container_uri: str, path: str) -> str:
    """Make the URI of a container's member: two of them are never the same.

    What stands between a container and its member stands nowhere else: "!/" in a member's path
    becomes "%21/", and what looks like that gets another "25". All other paths stay as they are.
    The URI of what is in no container has no "!", since it is percent-encoded.
    """
    escaped = _ESCAPED.sub("%25", path).replace(MEMBER, "%21/")
    return f"{container_uri}{MEMBER}{escaped}"


def chunk_id(content: str, start: int, end: int) -> str:
    """Make a chunk's id from its span."""
    return _derive(content, "chunk", start, end)


def mention_id(content: str, start: int, end: int) -> str:
    """Make a mention's id from its span; spans of one content do not overlap."""
    return _derive(content, "mention", start, end)


def name_id(project: str, type_: str, normal: str, scope_content: str | None = None) -> str:
    """Make a name's id; `scope_content` is the content that a name of narrow scope belongs to."""
    return _derive(project, "name", type_, normal, scope_content or "")


def node_id(name: str, sense: int = 0) -> str:
    """Make the id of a (name, sense); sense 0 is the name itself."""
    return name if sense == 0 else _derive(name, "sense", sense)


def entity_id(nodes: Iterable[str]) -> str:
    """Make an entity's id: the smallest node id in it, so it always leads back to a name."""
    return min(nodes)


def relationship_id(
    content: str, subject_mention: str, predicate: str, object_mention: str, start: int, end: int
) -> str:
    """Make a relationship's id from its two mentions, its predicate and its evidence."""
    return _derive(content, "relationship", subject_mention, predicate, object_mention, start, end)


def run_id() -> str:
    """Make a run's id: the one id that is not derived, since a run is an event."""
    return str(uuid.uuid4())


def canonical_json(value: Any) -> str:
    """Write JSON in the one form that is hashed: sorted keys, no blanks, no escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_hex(*parts: str | bytes) -> str:
    """Hash parts, each preceded by its length, to 64 hex digits."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def configuration_digest(configuration: Configuration) -> str:
    """Hash a configuration."""
    return sha256_hex("configuration", canonical_json(dict(configuration)))


def fingerprint(
    stage: str,
    version: str,
    configuration: Configuration,
    generation: int,
    input_digests: Iterable[str],
) -> str:
    """Hash what decides a stage's output: itself, its configuration and its inputs' digests."""
    return sha256_hex(
        "fingerprint",
        canonical_json(
            [stage, version, dict(configuration), generation, list(input_digests)],
        ),
    )


def source_digest(sha256: str, media_type: str) -> str:
    """Hash what the first stage takes; stands where a checkpoint's digest stands for the others."""
    return sha256_hex("source", sha256, media_type)


def checkpoint_digest(fingerprint_: str, payload: Payload) -> str:
    """Hash a stage's output without what no later stage decides by (scores, boxes, times)."""
    text = payload.model_dump_json(exclude=payload.VOLATILE or None)
    return sha256_hex("checkpoint", fingerprint_, text)


def text_key(text: str) -> str:
    """Hash a text for the embedding cache."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
