"""What a blocking key says beside its block: whether its name asks who it could be.

Two names that are both quiet in a block are not compared for it. So "j smith", which asks, finds
each John and Jane there, without these being compared with one another.
"""

from __future__ import annotations

from collections.abc import Iterable

QUIET = "~"
# Kinds of blocks in which a name finds longer ones that may be other things: of these only people
# can say more, so nothing joins for them, and nobody looks through a crowd.
FOR_PEOPLE = frozenset("fl")


def block_of(key: str) -> str:
    """Give the block that a key puts its name in."""
    return key.removesuffix(QUIET)


def asks(key: str) -> bool:
    """Say whether a key's name is to be compared with everyone in the block; if not, then only
    with those that ask.
    """
    return not key.endswith(QUIET)


def blocks_of(keys: Iterable[str]) -> dict[str, bool]:
    """Give the blocks that keys put their name in, and whether it asks there."""
    # `block_of` and `asks`, written out: a rebuild comes here for each name more than once.
    return {key.removesuffix(QUIET): key[-1] != QUIET for key in keys}


def is_for_people(block: str) -> bool:
    """Say whether what meets in a block is for people to look at, as long as it is no crowd."""
    return block[0] in FOR_PEOPLE


def one_a_block(keys: Iterable[str]) -> tuple[str, ...]:
    """Sort keys, and leave out those that are quiet in a block that another asks in."""
    every = set(keys)
    return tuple(sorted(key for key in every if asks(key) or block_of(key) not in every))
