"""What a stored snapshot of a project says around a chunk: pure.

A snapshot is a set of fields with a value each, the same in PostgreSQL and in Redis: names under
their beginnings (`known`), chunks under numbers with their sketch and the names in them, these
numbers in buckets under each part of the sketch, and what is said of the project as a whole. So who
asks for the fields of a chunk, and for the chunks that share most parts with it, has all in one
answer, and from both the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from pipeline import codec
from pipeline.documents import MentionType, Value
from pipeline.llm.context import Context, NamedThing, Pattern
from pipeline.llm.known import Begun, Read, found_in, read, words_of
from pipeline.llm.sketches import BAND_BITS, bands, nearest

TOLD = frozenset(
    {
        MentionType.PERSON, MentionType.ORG, MentionType.GPE, MentionType.LOC, MentionType.FAC,
        MentionType.NORP, MentionType.EVENT, MentionType.LAW,
    }
)  # fmt: skip
"""Types of names that are told: a date, a sum or an address says itself what it is."""

SHOWN = 100
"""Names that a context has of one kind, at most; a budget leaves fewer."""

BUCKET = 32
"""Chunks that a bucket holds, those of the smallest numbers: in no order of their texts."""

NEAR = 12
"""Chunks, of those that share most parts of a sketch, that are looked at."""

ALIKE = 3
"""Chunks whose names are told."""

NAMES_OF_CHUNK = 12
PATTERNS_OF_TYPE = 3

PROJECT = "p"
CHUNK = "c "


class Bucket(Value):
    """Numbers of chunks whose sketches have a part in common, smallest first."""

    chunks: tuple[int, ...]


class Said(Value):
    """A chunk: its sketch in hex, and the names in it, each with its type. Many are read of which
    few are told, so these are no values of their own.
    """

    sketch: str
    names: tuple[tuple[str, str], ...] = ()


class Whole(Value):
    """What is said of a project with every chunk: patterns of its names, and its last names."""

    patterns: tuple[Pattern, ...] = ()
    recent: tuple[NamedThing, ...] = ()


class Wanted(NamedTuple):
    """What a chunk asks of a snapshot: the values of fields, and of the chunks that stand in most
    of these buckets.
    """

    fields: Sequence[str]
    buckets: Sequence[str]


class Snapshot(Protocol):
    """A snapshot as one store has it."""

    def look(self, wanted: Wanted) -> Mapping[str, bytes] | None:
        """Give the values that are there of the fields, and of the `NEAR` chunks that stand in most
        of the buckets (of these what stands in an earlier bucket, and then the smaller number);
        None where this store does not have it now.
        """
        ...


def field_of_name(beginning: str) -> str:
    """Name the field of the names that begin so."""
    return f"n {beginning}"


def field_of_chunk(number: int) -> str:
    """Name the field of a chunk."""
    return f"{CHUNK}{number}"


def fields_of_buckets(sketch: bytes) -> list[str]:
    """Name the buckets that a chunk is in."""
    return [f"b {at} {part:0{BAND_BITS // 4}x}" for at, part in enumerate(bands(sketch))]


def wanted_of(text: Read, sketch: bytes) -> Wanted:
    """Say what a chunk of these words asks of a snapshot."""
    names = [field_of_name(begins) for begins in text.beginnings()]
    return Wanted([PROJECT, *names], fields_of_buckets(sketch))


def told(snapshot: Snapshot, text: str, sketch: bytes) -> Context | None:
    """Say what a snapshot knows around a chunk; None where it is not there, or cannot be read."""
    words = read(words_of(text))
    wanted = wanted_of(words, sketch)
    found = snapshot.look(wanted)
    if found is None or PROJECT not in found:
        return None
    whole = _whole(found[PROJECT])
    begun = {
        field[2:]: codec.decode(Begun, found[field])
        for field in wanted.fields[1:]
        if field in found
    }
    return Context(
        known=tuple(found_in(words, begun)[:SHOWN]),
        similar=_similar(sketch, found),
        patterns=whole.patterns,
        recent=whole.recent,
    )


def _similar(sketch: bytes, found: Mapping[str, bytes]) -> tuple[NamedThing, ...]:
    """Give the names of the chunks that say the like, the most alike first."""
    numbers = sorted(int(field[2:]) for field in found if field.startswith(CHUNK))
    said = [codec.decode(Said, found[field_of_chunk(number)]) for number in numbers]
    alike = nearest(sketch, [bytes.fromhex(one.sketch) for one in said], ALIKE)
    names = dict.fromkeys(name for at in alike for name in said[at].names)
    return tuple(NamedThing(name=name, type=type_) for name, type_ in names)[:SHOWN]


@lru_cache(maxsize=4)
def _whole(value: bytes) -> Whole:
    """Read what is the same for every chunk."""
    return codec.decode(Whole, value)
