"""From changes of names to what they touch: the seeds that components grow from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.blocking_keys import blocks_of
from pipeline.registry.blocks import Blocks, Part, parts_of


@dataclass(frozen=True)
class Change:
    """What became of one name: the blocking keys that it had and has; None while it is not live."""

    id: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None


@dataclass
class Touched:
    """What changes touch: the seeds to grow from; which crowds came to be, and which are none any
    more (one key, or a part's two).
    """

    seeds: set[str] = field(default_factory=set)
    crowded: set[Part] = field(default_factory=set)
    thinned: set[Part] = field(default_factory=set)


def touched(changes: Sequence[Change], blocks: Blocks) -> Touched:
    """Find the names for which a comparison came or went: the changed ones, those that shared a
    usable block with one that has gone, and all of a block that crossed its bound.

    `blocks` are as of after the changes.
    """
    found = Touched({change.id for change in changes if change.after is not None})
    moved = [change for change in changes if change.before != change.after]
    every = [keys for change in moved for keys in (change.before, change.after) if keys]
    blocks.load(block for keys in every for block in blocks_of(keys))
    _cross(moved, blocks, found, _single)
    blocks.load_parts(part for keys in every for part in _pairs(keys, blocks))
    _cross(moved, blocks, found, lambda keys: _pairs(keys, blocks))
    return found


def _cross(
    changes: Sequence[Change],
    blocks: Blocks,
    found: Touched,
    of: Callable[[tuple[str, ...] | None], Mapping[Part, bool]],
) -> None:
    """Add the members of blocks, or of parts of crowds, that changed or crossed the bound. `of`
    gives those that keys put their name in, and whether it asks there.
    """
    balance: Counter[Part] = Counter()
    lost: set[Part] = set()
    for change in changes:
        before, after = of(change.before), of(change.after)
        balance.update(after.keys() - before.keys())
        balance.subtract(before.keys() - after.keys())
        lost.update(part for part, asked in before.items() if after.get(part) is not asked)
    for part in {*balance, *lost}:
        usable = blocks.block(part[0]) if part[0] == part[1] else blocks.part(part)
        if usable is not None:
            if part in lost:
                found.seeds.update(usable.ids)
            if len(usable.ids) - balance[part] > blocks.bound:
                found.thinned.add(part)
        elif balance[part] > 0:
            most = blocks.bound + balance[part]
            members = blocks.members(part, most + 1)
            if len(members) <= most:
                found.crowded.add(part)
                found.seeds.update(members)


def _single(keys: tuple[str, ...] | None) -> Mapping[Part, bool]:
    """Give each block of keys as a part with itself, and whether their name asks there."""
    return {(block, block): asked for block, asked in blocks_of(keys or ()).items()}


def _pairs(keys: tuple[str, ...] | None, blocks: Blocks) -> Mapping[Part, bool]:
    """Give the parts of the keys' blocks that are two crowds now."""
    every = parts_of(blocks, keys or ())
    return {part: asked for part, asked in every.items() if part[0] != part[1]}
