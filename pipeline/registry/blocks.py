"""Blocking: which names are compared with each other.

Names that share a key are, as long as the block has at most BOUND members. A larger block is a
crowd: of it only those are compared that share a second crowded key too, and a part that is still
too large is dropped whole. So what is compared depends on the set of names alone, and the work for
one name is bounded however many names there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, Protocol

BOUND = 50

Part = tuple[str, str]
"""Two keys, sorted: those names that have both."""


class LiveName(NamedTuple):
    """A name that some published mention has. `keys` are its blocking keys; one whose scope is a
    single content has none and is compared with nothing.
    """

    id: str
    type: str
    normal: str
    keys: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[str, str]:
        """Order names by what they say: ids differ from one project to the next."""
        return self.type, self.normal


class Blocks(Protocol):
    """Names by their keys, as of one moment."""

    bound: int

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up; those that are not live are left out."""
        ...

    def load(self, keys: Collection[str]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def load_parts(self, parts: Collection[Part]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def block(self, key: str) -> Sequence[LiveName] | None:
        """Give the names that have a key, in no order; None for a crowd."""
        ...

    def part(self, part: Part) -> Sequence[LiveName] | None:
        """Give the names that have both keys, in no order; None for what is dropped."""
        ...

    def members(self, keys: Part | tuple[str], limit: int) -> Sequence[LiveName]:
        """Give names that have one key or both, in no order, as many as there are or `limit`."""
        ...


class Candidates(NamedTuple):
    """Whom one name is compared with. `crowd` are those that it shares only crowded blocks with;
    `dropped` are the parts of a crowd that were dropped.
    """

    near: dict[str, LiveName]
    crowd: dict[str, LiveName]
    dropped: tuple[Part, ...]


def prepare(blocks: Blocks, names: Collection[LiveName]) -> None:
    """Load all that `candidates` of these names will ask, in two steps."""
    blocks.load({key for name in names for key in name.keys})
    blocks.load_parts({part for name in names for part in parts_of(blocks, name)})


def candidates(blocks: Blocks, name: LiveName) -> Candidates:
    """Find whom a name is compared with."""
    near: dict[str, LiveName] = {}
    crowd: dict[str, LiveName] = {}
    dropped: list[Part] = []
    for key in name.keys:
        for other in blocks.block(key) or ():
            near[other.id] = other
    for part in parts_of(blocks, name):
        if part[0] == part[1]:
            dropped.append(part)
            continue
        members = blocks.part(part)
        if members is None:
            dropped.append(part)
            continue
        for other in members:
            if other.id not in near:
                crowd[other.id] = other
    near.pop(name.id, None)
    crowd.pop(name.id, None)
    return Candidates(near, crowd, tuple(dropped))


def parts_of(blocks: Blocks, name: LiveName) -> Sequence[Part]:
    """Give the parts that a name belongs to: the pairs of its crowded keys. A crowded key that is
    alone makes one with itself, which is the whole crowd.
    """
    crowded = sorted(key for key in name.keys if blocks.block(key) is None)
    if len(crowded) == 1:
        return [(crowded[0], crowded[0])]
    return list(combinations(crowded, 2))


class MemoryBlocks:
    """All names of a project, in memory: what a rebuild reads, and the law for other `Blocks`."""

    def __init__(self, names: Iterable[LiveName], bound: int = BOUND) -> None:
        self.bound = bound
        self._names: dict[str, LiveName] = {}
        self._index: dict[str, list[LiveName]] = {}
        self._parts: dict[str, Mapping[str, list[LiveName]]] = {}
        for name in names:
            self.add(name)

    def __len__(self) -> int:
        return len(self._names)

    def ids(self) -> Iterator[str]:
        """Pass over the ids of all names."""
        return iter(self._names)

    def add(self, name: LiveName) -> None:
        """Add a name that is not there."""
        self._names[name.id] = name
        for key in name.keys:
            self._index.setdefault(key, []).append(name)
        self._parts.clear()

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up."""
        return {id_: self._names[id_] for id_ in ids if id_ in self._names}

    def load(self, keys: Collection[str]) -> None:
        """Do nothing: all is here."""

    def load_parts(self, parts: Collection[Part]) -> None:
        """Do nothing: all is here."""

    def block(self, key: str) -> Sequence[LiveName] | None:
        """Give the names that have a key; None for a crowd."""
        members = self._index.get(key, ())
        return members if len(members) <= self.bound else None

    def part(self, part: Part) -> Sequence[LiveName] | None:
        """Give the names that have both keys; None for what is dropped."""
        one, other = part
        if one not in self._parts:
            self._parts[one] = self._divide(one)
        members = self._parts[one].get(other, ())
        return members if len(members) <= self.bound else None

    def members(self, keys: Part | tuple[str], limit: int) -> Sequence[LiveName]:
        """Give names that have one key or both."""
        return [name for name in self._index.get(keys[0], ()) if keys[-1] in name.keys][:limit]

    def _divide(self, key: str) -> Mapping[str, list[LiveName]]:
        """Order the members of a crowd by the later ones of their other keys."""
        divided: dict[str, list[LiveName]] = defaultdict(list)
        for name in self._index.get(key, ()):
            for other in name.keys:
                if other > key and self.block(other) is None:
                    divided[other].append(name)
        return divided
