"""What models call names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.documents import MentionType

KEPT: Mapping[str, MentionType] = {
    label: MentionType(label)
    for label in (
        "PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "LAW", "DATE", "MONEY",
    )
}  # fmt: skip
"""Labels that become mentions; times, numbers, works of art and such do not."""


@dataclass(frozen=True)
class FoundSpan:
    """What the model calls a name: offsets in the document and its label.

    `proper` says that it holds a proper noun, `common` that it is one word that the dictionary
    has as a verb or an adjective.
    """

    start: int
    end: int
    label: str
    proper: bool
    common: bool
    subtype: str | None = None
