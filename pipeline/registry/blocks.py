"""Blocking: which names are compared with each other.

Names that share a block are, as long as it has at most BOUND members; of two that are quiet there
neither asks for the other. A larger block is a crowd: of it only those are compared that share a
second crowded block too, and a part that is still too large is dropped whole. So what is compared
depends on the set of names alone, and the work for one name is bounded however many names there
are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple, Protocol

from pipeline.blocking_keys import block_of

BOUND = 50

Part = tuple[str, str]
"""Two blocks, sorted: those names that are in both."""


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


class Block(NamedTuple):
    """The names of one block or part, in no order. `part` are its two blocks, or its one twice."""

    names: Sequence[LiveName]
    part: Part

    @property
    def size(self) -> int:
        """Count the members."""
        return len(self.names)

    def asks(self, name: LiveName) -> bool:
        """Say whether a member asks who it could be; in a part it does if it does in one block."""
        return self.part[0] in name.keys or self.part[1] in name.keys

    def compared_with(self, name: LiveName) -> Iterator[LiveName]:
        """Yield the members that one is compared with, itself among them perhaps."""
        if self.asks(name):
            yield from self.names
        elif len(self.names) > 1:
            yield from filter(self.asks, self.names)


def blocks_of(keys: Iterable[str]) -> set[str]:
    """Give the blocks that keys put their name in."""
    return {block_of(key) for key in keys}


class Blocks(Protocol):
    """Names by their blocks, as of one moment."""

    bound: int

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up; those that are not live are left out."""
        ...

    def load(self, blocks: Collection[str]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def load_parts(self, parts: Collection[Part]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def block(self, block: str) -> Block | None:
        """Give the names of a block; None for a crowd."""
        ...

    def part(self, part: Part) -> Block | None:
        """Give the names of two blocks; None for what is dropped."""
        ...

    def members(self, part: Part, limit: int) -> Sequence[LiveName]:
        """Give names of a part, or of a block twice, in no order: all, or as many as `limit`."""
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
    blocks.load({block for name in names for block in blocks_of(name.keys)})
    blocks.load_parts({part for name in names for part in parts_of(blocks, name)})


def candidates(blocks: Blocks, name: LiveName) -> Candidates:
    """Find whom a name is compared with."""
    near: dict[str, LiveName] = {}
    crowd: dict[str, LiveName] = {}
    dropped: list[Part] = []
    for key in name.keys:
        found = blocks.block(block_of(key))
        if found is not None:
            for other in found.compared_with(name):
                near[other.id] = other
    for part in parts_of(blocks, name):
        found = blocks.part(part) if part[0] != part[1] else None
        if found is None:
            dropped.append(part)
            continue
        for other in found.compared_with(name):
            if other.id not in near:
                crowd[other.id] = other
    near.pop(name.id, None)
    crowd.pop(name.id, None)
    return Candidates(near, crowd, tuple(dropped))


def parts_of(blocks: Blocks, name: LiveName) -> Sequence[Part]:
    """Give the parts that a name belongs to: the pairs of its crowds. A crowd that is alone makes
    one with itself, which is the whole of it.
    """
    crowded = sorted(block for block in blocks_of(name.keys) if blocks.block(block) is None)
    if len(crowded) == 1:
        return [(crowded[0], crowded[0])]
    return list(combinations(crowded, 2))


class MemoryBlocks:
    """All names of a project, in memory: what a rebuild reads, and the law for other `Blocks`."""

    def __init__(self, names: Iterable[LiveName], bound: int = BOUND) -> None:
        self.bound = bound
        self._names: dict[str, LiveName] = {}
        self._index: dict[str, list[LiveName]] = {}
        self._parts: dict[str, Mapping[str, Sequence[LiveName]]] = {}
        for name in names:
            self._names[name.id] = name
            for block in blocks_of(name.keys):
                self._index.setdefault(block, []).append(name)

    def ids(self) -> Iterator[str]:
        """Pass over the ids of all names."""
        return iter(self._names)

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up."""
        return {id_: self._names[id_] for id_ in ids if id_ in self._names}

    def load(self, blocks: Collection[str]) -> None:
        """Do nothing: all is here."""

    def load_parts(self, parts: Collection[Part]) -> None:
        """Do nothing: all is here."""

    def block(self, block: str) -> Block | None:
        """Give the names of a block; None for a crowd."""
        members = self._index.get(block, ())
        return Block(members, (block, block)) if len(members) <= self.bound else None

    def part(self, part: Part) -> Block | None:
        """Give the names of two blocks; None for what is dropped."""
        one, other = part
        if one not in self._parts:
            self._parts[one] = self._divide(one)
        members = self._parts[one].get(other, ())
        return Block(members, part) if len(members) <= self.bound else None

    def members(self, part: Part, limit: int) -> Sequence[LiveName]:
        """Give names of a part, or of a block twice."""
        both = (name for name in self._index.get(part[0], ()) if part[1] in blocks_of(name.keys))
        return list(islice(both, limit))

    def _divide(self, block: str) -> Mapping[str, Sequence[LiveName]]:
        """Order the members of a crowd by the later ones of their other crowds."""
        divided: dict[str, list[LiveName]] = defaultdict(list)
        for name in self._index.get(block, ()):
            for other in blocks_of(name.keys):
                if other > block and len(self._index[other]) > self.bound:
                    divided[other].append(name)
        return divided
