"""What publishing reads of the five payloads of a content: less than the stages after one do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ConfigDict

from pipeline.documents import (
    CaseRecord,
    Mention,
    Names,
    Pages,
    Payload,
    Relationships,
    StageName,
)
from pipeline.stage import PAYLOADS


class _Part(Payload):
    """What publishing needs of a payload. The rest is passed over, not even made values of: the
    parse of the sentences is most of what `extract` stores.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class HeldMember(_Part):
    """The object that holds a member of a container."""

    sha256: str


class HeldMembers(_Part):
    """`ocr`, as far as it names objects."""

    members: tuple[HeldMember, ...] = ()


class ChunkText(_Part):
    """A chunk without its sentences."""

    start: int
    end: int
    page: int
    text: str


class ChunkTexts(_Part):
    """`chunk`, as far as it is published."""

    chunks: tuple[ChunkText, ...]


class FoundMentions(_Part):
    """`extract`, as far as it is published."""

    mentions: tuple[Mention, ...]
    dropped: Mapping[str, int] = {}
    warnings: tuple[str, ...] = ()


READ: Mapping[StageName, type[Payload]] = {
    **PAYLOADS,
    StageName.CHUNK: ChunkTexts,
    StageName.EXTRACT: FoundMentions,
}
"""As what the payloads of a content that is to be published are read."""


@dataclass(frozen=True)
class PublishedRecord:
    """What the five stages say of one content, as far as it is published."""

    pages: Pages
    chunks: ChunkTexts
    mentions: FoundMentions
    names: Names
    relationships: Relationships


Record = CaseRecord | PublishedRecord
