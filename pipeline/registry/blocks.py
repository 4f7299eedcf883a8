"""Blocking: which names are compared with each other.

Names that share a block are, as long as it has at most BOUND members; of two that are quiet there
neither asks for the other. A larger block is a crowd: of it only those are compared that share a
second crowded block too, and a part that is still too large is dropped whole. A crowd whose pairs
could only be for people to look at is passed. So what is compared depends on the set of names
alone, and the work for one name is bounded however many names there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple, Protocol

from pipeline.blocking_keys import blocks_of, is_for_people

BOUND = 50

Part = tuple[str, str]
"""Two blocks, sorted: those names that are in both."""


def block_key(part: Part) -> str:
    """Write the one key of a block, or the two of a part of it."""
    return part[0] if part[0] == part[1] else " & ".join(part)


class LiveName(NamedTuple):
    """A name that some published mention has. `keys` are its blocking keys, each of another block;
    one whose scope is a single content has none, or one that only names of another type have.
    """

    id: str
    type: str
    normal: str
    keys: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[str, str]:
        """Order names by what they say: ids differ from one project to the next. Only names of
        two contents are equal in it.
        """
        return self.type, self.normal


class Block(NamedTuple):
    """The ids of the names of one block or part, in no order; `asking` are those of them that ask
    there.
    """

    ids: list[str]
    asking: list[str]


NOBODY = Block([], [])


def block_among(names: Iterable[LiveName], part: Part) -> Block:
    """Make a block of its names; one asks in a part if it does in one of its two blocks."""
    one, other = part
    every = list(names)
    asking = [name.id for name in every if one in name.keys or other in name.keys]
    return Block([name.id for name in every], asking)


class Blocks(Protocol):
    """Names by their blocks, as of one moment."""

    bound: int

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up; those that are not live are left out."""
        ...

    def load(self, blocks: Iterable[str]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def load_parts(self, parts: Iterable[Part]) -> None:
        """Make ready what is asked next, all at once."""
        ...

    def block(self, block: str) -> Block | None:
        """Give the names of a block; None for a crowd."""
        ...

    def shared(self, keys: Iterable[str]) -> Iterator[tuple[str, bool, Block | None]]:
        """Yield the blocks of several names that keys put their name in: whether it asks there,
        and the names; None for a crowd.
        """
        ...

    def part(self, part: Part) -> Block | None:
        """Give the names of two blocks; None for what is dropped."""
        ...

    def members(self, part: Part, limit: int) -> Sequence[str]:
        """Give ids of a part, or of a block twice, in no order: all, or as many as `limit`."""
        ...


class Candidates(NamedTuple):
    """Whom one name is compared with, by ids. `crowd` are those that it shares only crowded blocks
    with; `dropped` are the parts of a crowd that were dropped. `blind` says that it asks in a
    crowd, and so does not see everyone that it could be.
    """

    near: set[str]
    crowd: set[str]
    dropped: list[Part]
    blind: bool


def prepare(blocks: Blocks, names: Collection[LiveName]) -> None:
    """Load all that `candidates` of these names will ask, in two steps."""
    blocks.load(block for name in names for block in blocks_of(name.keys))
    blocks.load_parts(part for name in names for part in parts_of(blocks, name.keys))


def candidates(blocks: Blocks, name: LiveName) -> Candidates:
    """Find whom a name is compared with."""
    near: set[str] = set()
    crowd: set[str] = set()
    dropped: list[Part] = []
    crowded: dict[str, bool] = {}
    for block, asked, found in blocks.shared(name.keys):
        if found is None:
            if not is_for_people(block):
                crowded[block] = asked
        else:
            near.update(found.ids if asked else found.asking)
    for part, asked in _crossings(crowded).items() if crowded else ():
        found = blocks.part(part) if part[0] != part[1] else None
        if found is None:
            dropped.append(part)
        else:
            crowd.update(found.ids if asked else found.asking)
    near.discard(name.id)
    crowd.discard(name.id)
    return Candidates(near, crowd - near, dropped, any(crowded.values()))


def parts_of(blocks: Blocks, keys: Iterable[str]) -> Mapping[Part, bool]:
    """Give the parts that keys put their name in, and whether it asks there."""
    return _crossings(
        {
            block: asked
            for block, asked, found in blocks.shared(keys)
            if found is None and not is_for_people(block)
        }
    )


def _crossings(crowded: Mapping[str, bool]) -> Mapping[Part, bool]:
    """Give the parts of a name's crowds: each two. A crowd that is alone makes one with itself,
    which is the whole of it.
    """
    if len(crowded) > 1:
        return {
            (one, other): crowded[one] or crowded[other]
            for one, other in combinations(sorted(crowded), 2)
        }
    return {(block, block): asked for block, asked in crowded.items()}


class MemoryBlocks:
    """All names of a project, in memory: what a rebuild reads, and the law for other `Blocks`.

    Most blocks are those of one name only: such a name stands for its block.
    """

    def __init__(self, names: Iterable[LiveName], bound: int = BOUND) -> None:
        self.bound = bound
        self._names: dict[str, LiveName] = {}
        self._index: dict[str, LiveName | Block] = {}
        self._parts: dict[str, Mapping[str, Block]] = {}
        index = self._index
        for name in names:
            self._names[name.id] = name
            for block, asked in blocks_of(name.keys).items():
                there = index.get(block)
                if there is None:
                    index[block] = name
                    continue
                if isinstance(there, LiveName):
                    there = index[block] = block_among([there], (block, block))
                there.ids.append(name.id)
                if asked:
                    there.asking.append(name.id)

    def ids(self) -> Sequence[str]:
        """Give the ids of all names, those near each other that share their first block."""
        return sorted(self._names, key=lambda id_: self._names[id_].keys[:1])

    def names(self, ids: Collection[str]) -> Mapping[str, LiveName]:
        """Look names up."""
        return {id_: self._names[id_] for id_ in ids if id_ in self._names}

    def load(self, blocks: Iterable[str]) -> None:
        """Do nothing: all is here."""

    def load_parts(self, parts: Iterable[Part]) -> None:
        """Do nothing: all is here."""

    def block(self, block: str) -> Block | None:
        """Give the names of a block; None for a crowd."""
        found = self._whole(block)
        return found if len(found.ids) <= self.bound else None

    def shared(self, keys: Iterable[str]) -> Iterator[tuple[str, bool, Block | None]]:
        """Yield the blocks of several names that keys put their name in."""
        index, bound = self._index, self.bound
        for block, asked in blocks_of(keys).items():
            there = index.get(block)
            if isinstance(there, Block):
                yield block, asked, there if len(there.ids) <= bound else None

    def part(self, part: Part) -> Block | None:
        """Give the names of two blocks; None for what is dropped."""
        one, other = part
        if one not in self._parts:
            self._parts[one] = self._divide(one)
        found = self._parts[one].get(other, NOBODY)
        return found if len(found.ids) <= self.bound else None

    def members(self, part: Part, limit: int) -> Sequence[str]:
        """Give ids of a part, or of a block twice."""
        one, other = part
        both = (id_ for id_ in self._whole(one).ids if other in blocks_of(self._names[id_].keys))
        return list(islice(both, limit))

    def _whole(self, block: str) -> Block:
        """Give all names of a block, however many."""
        there = self._index.get(block)
        if isinstance(there, LiveName):
            return block_among([there], (block, block))
        return there or NOBODY

    def _divide(self, block: str) -> Mapping[str, Block]:
        """Order the members of a crowd by the later ones of their other crowds."""
        divided: dict[str, list[LiveName]] = defaultdict(list)
        for id_ in self._whole(block).ids:
            name = self._names[id_]
            for other, _, found in self.shared(name.keys):
                if found is None and other > block:
                    divided[other].append(name)
        return {other: block_among(names, (block, other)) for other, names in divided.items()}
