"""The live state of a project: what others know of its entities while a run goes on.

Values that stand in Redis for every node, and what follows from them without asking anybody. All of
it is a copy of what PostgreSQL has, at one epoch of the registry; it is bounded, and may be gone at
any instant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from pipeline.documents import Value
from pipeline.registry.updates import Update

KEPT_ENTITIES = 200_000
"""The most mentioned entities of a project have a copy; about 400 bytes each."""

OTHER_NAMES, NAME_LENGTH = 8, 200
NEIGHBOURS, NEIGHBOUR_PREDICATES = 10, 3
EXTRACTIONS = 100
PATTERNS, PATTERNS_SHOWN = 500, 20
TOP_ENTITIES, TOP_SOURCES = 20, 20

PATTERN_WORDS = 8
SMALL_WORDS = frozenset(
    {
        "a", "al", "an", "and", "at", "bin", "by", "cr", "cv", "da", "de", "del", "der", "di", "do",
        "dos", "du", "e", "el", "en", "et", "for", "ibn", "in", "la", "le", "les", "no", "of", "on",
        "p", "re", "rel", "s", "supp", "the", "to", "u", "v", "van", "von", "vs", "y",
    }
)  # fmt: skip
SIGNS = frozenset(".,:;'’\"“”-–/&@$€£§#%()+*!?_")
_WORD = re.compile(r"[^\W\d_]+|\d+|\s+|.", re.DOTALL)


class Stamp(NamedTuple):
    """Which state a copy is of: when the project was made (microseconds), as one of the same name
    may have been deleted, and the registry's epoch. The larger is the newer.
    """

    born: int
    epoch: int


class Canonical(Value):
    """An entity: its most frequent name, some others that it goes by, and how often. `contents` are
    different documents, however many copies there are.
    """

    id: str
    type: str
    name: str
    others: tuple[str, ...] = ()
    mentions: int
    contents: int


class Neighbour(Value):
    """An entity that another is often related to: `weight` relationships. `predicates` are the most
    frequent ones that say more than that both stand in one sentence.
    """

    entity: str
    weight: int
    predicates: tuple[str, ...] = ()


class Neighbours(Value):
    """The strongest neighbours of an entity, strongest first."""

    strongest: tuple[Neighbour, ...] = ()


class Pattern(NamedTuple):
    """A way in which names of a type are written (see `pattern_of`), and how many names are."""

    pattern: str
    names: int


class Extraction(Value):
    """A mention that was published not long ago: of which name and entity, as what type, in which
    content, and the source of a document that shows it; `at` is the time, in ISO 8601.
    """

    mention: str
    name: str
    entity: str
    type: str
    text: str
    content: str
    source: str
    at: str


class Recent(Value):
    """The last extractions, newest first."""

    extractions: tuple[Extraction, ...] = ()


class Context(Value):
    """A project in a few numbers and names, as they were in an epoch. `types` are entities by type,
    `top` the most mentioned ones, `sources` the folders that most documents are from.
    """

    epoch: int
    documents: int
    mentions: int
    types: tuple[tuple[str, int], ...] = ()
    top: tuple[Canonical, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()


class LiveState(Protocol):
    """What is known of a project's entities. Each call is one round trip.

    None means that this one cannot tell: ask PostgreSQL.
    """

    def canonicals(self, ids: Collection[str]) -> Mapping[str, Canonical] | None:
        """Give the entities that have these ids, or these names (`identity.name_id` makes a name's
        id of its type and normal form). What nothing is known of is left out: there is no such
        name, or its entity is not among the most mentioned.
        """
        ...

    def neighbours(self, id_: str) -> Sequence[Neighbour] | None:
        """Give the strongest neighbours of an entity, by its id or that of one of its names."""
        ...

    def patterns(self, type_: str) -> Sequence[Pattern] | None:
        """Give the ways in which most names of a type are written."""
        ...

    def recent(self) -> Sequence[Extraction] | None:
        """Give the last extractions, newest first."""
        ...

    def context(self) -> Context | None:
        """Sum up the project."""
        ...


class Touch(NamedTuple):
    """What an update brought about in its epoch. `nodes` are those whose entity may be another one,
    or that lost mentions; `contents` were published or removed, or a name means something else in
    them. `whole` means all there is.
    """

    epoch: int
    whole: bool
    nodes: frozenset[str]
    contents: frozenset[str]


def touch_of(update: Update) -> Touch:
    """Say what an update that was written touches."""
    nodes = {node.id for node in update.nodes}
    nodes.update(update.gone, update.left, update.retired, update.freed)
    return Touch(update.epoch + 1, update.whole, frozenset(nodes), frozenset(update.contents))


def joined(touches: Sequence[Touch], after: int, upto: int) -> Touch | None:
    """Join what the epochs after one touch; None if it is not known of each of them, up to a last,
    or if it is everything.
    """
    wanted = [touch for touch in touches if after < touch.epoch <= upto]
    known = {touch.epoch for touch in wanted} == set(range(after + 1, upto + 1))
    if not known or any(touch.whole for touch in wanted):
        return None
    return Touch(
        upto,
        whole=False,
        nodes=frozenset().union(*(touch.nodes for touch in wanted)),
        contents=frozenset().union(*(touch.contents for touch in wanted)),
    )


def shortened(name: str) -> str:
    """Bound the length of a name that is shown."""
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def pattern_of(name: str) -> str | None:
    """Write how a name is written, without saying it: `Aa` for a capitalised word, `A` for a
    capital, `AA` for several, `a` for a word in small letters, `9` for figures. Words that join
    others (of, and, de, v) and the usual signs stay; any other sign is `·`.

    "Bank of America Corp." is `Aa of Aa Aa.`, "J.R. Smith" is `A.A. Aa`, "1:19-cv-7" is `9:9-cv-9`.
    None for what has more than eight words: a sentence, or the noise of an OCR.
    """
    if len(name) > NAME_LENGTH:
        return None
    parts = [_shape(part) for part in _WORD.findall(name.strip())]
    if sum(part == " " for part in parts) >= PATTERN_WORDS:
        return None
    return "".join(parts) or None


def _shape(part: str) -> str:
    """Write the kind of a word, a blank or a sign."""
    if part.isspace():
        return " "
    if part.isdecimal():
        return "9"
    if not part.isalpha():
        return part if part in SIGNS else "·"
    if part.islower():
        return part if part in SMALL_WORDS else "a"
    if part.isupper():
        return "A" if len(part) == 1 else "AA"
    return "Aa"


Counted = Mapping[str, Counter[str]]
"""Patterns by type, each with a number of names."""


def count_patterns(
    now: Iterable[Canonical], before: Iterable[Canonical] = ()
) -> dict[str, Counter[str]]:
    """Count how names are written, each name of an entity once; less those there were before."""
    counted: dict[str, Counter[str]] = {}
    for entities, step in ((now, 1), (before, -1)):
        for entity in entities:
            for name in (entity.name, *entity.others):
                if (pattern := pattern_of(name)) is not None:
                    counted.setdefault(entity.type, Counter())[pattern] += step
    return {
        type_: kept
        for type_, counts in counted.items()
        if (kept := Counter({pattern: n for pattern, n in counts.items() if n}))
    }


def most_frequent(counts: Mapping[str, int], limit: int) -> list[Pattern]:
    """Give the patterns of most names, in one order."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Pattern(*item) for item in ordered[:limit]]


def recent_after(
    before: Recent,
    fresh: Iterable[Extraction],
    contents: Collection[str],
    entity_of: Mapping[str, str],
) -> Recent:
    """Put the newest extractions first. Those of `contents` are `fresh` or gone; names that are
    said to be of another entity now are.
    """
    kept = (
        one.model_copy(update={"entity": entity_of.get(one.name, one.entity)})
        for one in before.extractions
        if one.content not in contents
    )
    ordered = sorted((*fresh, *kept), key=lambda one: (one.at, one.content, one.mention))
    return Recent(extractions=tuple(reversed(ordered[-EXTRACTIONS:])))
