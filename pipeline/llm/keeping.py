"""From the names that a model lists to the places where they stand: pure.

Of each name something is kept only where the document's own words say it. All else is dropped, and
counted under a word for why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.documents import Chunk, MentionType, Value
from pipeline.llm.answers import SaidEntity
from pipeline.llm.grounding import Grounds
from pipeline.llm.schema import EntityKind, Schema

LONGEST_NAME = 200


class Reason(StrEnum):
    """Why something that a model said is not kept."""

    UNGROUNDED = "ungrounded"
    UNKNOWN_TYPE = "unknown_type"
    TOO_LONG = "too_long"
    OVERLAPPING = "overlapping"
    UNKNOWN_PREDICATE = "unknown_predicate"
    UNKNOWN_NAME = "unknown_name"
    SAME_NAME = "same_name"
    WRONG_TYPES = "wrong_types"
    TOO_FAR_APART = "too_far_apart"
    SAYS_NOTHING = "says_nothing"
    DENIED = "denied"


class FoundName(Value):
    """A place where a name stands, at the document's offsets, as recognisers give it."""

    start: int
    end: int
    type: MentionType
    subtype: str | None = None
    proper: bool = True
    common: bool = False

    @property
    def label(self) -> str:
        """Give its type as a recogniser's label."""
        return self.type.value


class KeptNames(Value):
    """Names of a chunk, by `start`, none overlapping; and how many said ones were dropped."""

    names: tuple[FoundName, ...] = ()
    dropped: Mapping[Reason, int] = {}


def kept_names(chunk: Chunk, schema: Schema, said: Sequence[SaidEntity]) -> KeptNames:
    """Find the names that a model lists, wherever each stands in the chunk.

    Where two overlap, the longer stands, or the one that was said first.
    """
    dropped: Counter[Reason] = Counter()
    grounds = Grounds(chunk.text, chunk.start, [start for start, _ in chunk.sentences])
    places: list[_Name] = []
    for index, entity in enumerate(said):
        kind = schema.type(entity.type)
        if kind is None:
            dropped[Reason.UNKNOWN_TYPE] += 1
            continue
        found = grounds.names(entity.text) if len(entity.text) <= LONGEST_NAME else None
        short = [(start, end) for start, end in found or () if end - start <= LONGEST_NAME]
        if not short:
            dropped[Reason.UNGROUNDED if found == [] else Reason.TOO_LONG] += 1
        places += [_Name(start, end, index, kind) for start, end in short]
    standing = _without_overlaps(places, chunk)
    hidden = {place.said for place in places} - {place.said for place in standing}
    dropped[Reason.OVERLAPPING] += len(hidden)
    return KeptNames(names=tuple(map(_found, standing)), dropped=counted(dropped))


@dataclass(frozen=True)
class _Name:
    """Where a name may stand, and which of the said ones it is."""

    start: int
    end: int
    said: int
    kind: EntityKind


def _without_overlaps(places: Sequence[_Name], chunk: Chunk) -> list[_Name]:
    """Keep the longer of two names that overlap, else the one said first; in order."""
    standing: list[_Name] = []
    taken = bytearray(len(chunk.text))
    for place in sorted(places, key=lambda x: (x.start - x.end, x.said, x.start)):
        letters = slice(place.start - chunk.start, place.end - chunk.start)
        if not any(taken[letters]):
            taken[letters] = bytes([1]) * (place.end - place.start)
            standing.append(place)
    return sorted(standing, key=lambda x: x.start)


def _found(place: _Name) -> FoundName:
    kind = place.kind
    return FoundName(start=place.start, end=place.end, type=kind.base, subtype=kind.subtype)


def counted(dropped: Counter[Reason]) -> dict[Reason, int]:
    """Write how many were dropped for each reason, in the order of reasons."""
    return {reason: dropped[reason] for reason in Reason if dropped[reason]}
