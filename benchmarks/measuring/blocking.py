"""Which names blocking keys let compare, counted without a registry, as columns of numbers.

Names that share a block are compared unless both are quiet there. A block of more than BOUND names
counts only where it crosses another such block in at most BOUND names: there its pairs are refined.
A name asks in such a crossing if it does in one of the two. A large block whose pairs could only be
for people to look at does not count at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.blocking_keys import asks, block_of, is_for_people

BOUND = 50
Numbers = NDArray[np.int64]
NONE: Numbers = np.zeros(0, np.int64)
NAME_BITS = 32


class Members(NamedTuple):
    """Who is in which block: one entry for each key of each name, by name."""

    name: Numbers
    block: Numbers
    asks: NDArray[np.bool_]

    def of(self, which: NDArray[np.bool_]) -> Members:
        """Keep some entries."""
        return Members(self.name[which], self.block[which], self.asks[which])


class Blocked(NamedTuple):
    """What blocking lets compare: sorted codes of pairs, each once.

    `refined` are those that only crossings of large blocks give; `visits` counts pairs once for
    each block that they share.
    """

    pairs: Numbers
    refined: Numbers
    visits: int
    large_blocks: int
    share_in_large: float


def members(keys: Sequence[Sequence[str]]) -> Members:
    """Number the blocks of all names' keys. Hashes of 64 bits stand for them."""
    counts = np.fromiter(map(len, keys), np.int64, len(keys))
    total = int(counts.sum())
    hashes = np.fromiter((hash(block_of(key)) for row in keys for key in row), np.int64, total)
    asking = np.fromiter((asks(key) for row in keys for key in row), np.bool_, total)
    passed = np.fromiter((is_for_people(key) for row in keys for key in row), np.bool_, total)
    _, block = np.unique(hashes, return_inverse=True)
    every = Members(np.repeat(np.arange(len(keys)), counts), block.astype(np.int64), asking)
    return every.of(~passed | (np.bincount(every.block)[every.block] <= BOUND))


def compared(entries: Members) -> Blocked:
    """Find the pairs that are compared."""
    sizes = np.bincount(entries.block)
    large = sizes[entries.block] > BOUND
    within = _pairs_of_blocks(entries.of(~large))
    pairs = np.unique(within)
    refined = np.unique(_pairs_of_blocks(_crossings(entries.of(large))))
    refined = np.setdiff1d(refined, pairs, assume_unique=True)
    return Blocked(pairs, refined, len(within), int((sizes > BOUND).sum()), float(large.mean()))


def code(pairs: Numbers) -> Numbers:
    """Write pairs of names, in rows of two, the smaller first, as one number each."""
    return np.asarray(pairs[:, 0] << NAME_BITS | pairs[:, 1])


def are_in(codes: Numbers, known: Numbers) -> NDArray[np.bool_]:
    """Say which codes are among sorted known ones."""
    if not len(known):
        return np.zeros(len(codes), np.bool_)
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.asarray(known[places] == codes)


def _crossings(entries: Members) -> Members:
    """Make a block of each two blocks that a name is in."""
    names, starts, counts = np.unique(entries.name, return_index=True, return_counts=True)
    found: list[tuple[Numbers, Numbers, NDArray[np.bool_]]] = []
    for count in np.unique(counts[counts > 1]):
        rows = np.flatnonzero(counts == count)
        at = starts[rows][:, None] + np.arange(count)
        at = np.take_along_axis(at, np.argsort(entries.block[at], axis=1), axis=1)
        blocks, asking = entries.block[at], entries.asks[at]
        one, other = np.triu_indices(count, 1)
        both = blocks[:, one] << NAME_BITS | blocks[:, other]
        either = asking[:, one] | asking[:, other]
        found.append((np.repeat(names[rows], len(one)), both.ravel(), either.ravel()))
    if not found:
        return Members(NONE, NONE, np.zeros(0, np.bool_))
    name, block, asking = (np.concatenate(column) for column in zip(*found, strict=True))
    return Members(name, block, asking)


def _pairs_of_blocks(entries: Members) -> Numbers:
    """Give the codes of all pairs of the blocks that are not too large, of which one asks."""
    order = np.lexsort((entries.name, entries.block))
    entries = entries.of(order)  # type: ignore[arg-type]
    _, starts, sizes = np.unique(entries.block, return_index=True, return_counts=True)
    found = [NONE]
    for size in range(2, BOUND + 1):
        at = starts[sizes == size][:, None] + np.arange(size)
        one, other = np.triu_indices(size, 1)
        names, asking = entries.name[at], entries.asks[at]
        pairs = names[:, one] << NAME_BITS | names[:, other]
        found.append(pairs[asking[:, one] | asking[:, other]])
    return np.concatenate(found)
