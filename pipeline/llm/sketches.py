"""Sketches of texts: 256 signs of a vector, of which texts that say the like have most in common.

A sketch decides what a question says, so it is kept where it was made first (two machines may make
vectors that differ in their last bits), and everything after it is whole numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BITS = 256
LENGTH = BITS // 8
VERSION = "1"
"""Raised when sketches are made otherwise: those of two versions cannot be compared."""

FARTHEST = 85
"""Signs, at most, in which texts differ that say the like: a third of them is a cosine of 0.5."""

GRAIN = 1 << 14
BANDS, BAND_BITS = 16, 12

Numbers = NDArray[np.float64]


def sketch_of(vector: Sequence[float] | NDArray[np.floating]) -> bytes:
    """Sketch a vector: on which side it is of 256 planes, the same ones everywhere."""
    # Whole numbers far below 2**53, so their sum is the same in whatever order it is made.
    whole = np.rint(np.asarray(vector, np.float64) * GRAIN)
    return np.packbits(whole @ _planes(len(whole)) > 0).tobytes()


@lru_cache(maxsize=4)
def _planes(dimensions: int) -> Numbers:
    """Make the planes: each number is 1 or -1, by the bits of hashes."""
    count = -(-dimensions * BITS // 256)
    data = b"".join(hashlib.sha256(f"plane {n}".encode()).digest() for n in range(count))
    signs = np.unpackbits(np.frombuffer(data, np.uint8))[: dimensions * BITS]
    return (signs.astype(np.float64) * 2 - 1).reshape(dimensions, BITS)


def distances(sketch: bytes, others: Sequence[bytes]) -> Sequence[int]:
    """Count the signs in which a sketch differs from each of some others."""
    if not others:
        return []
    table = np.frombuffer(b"".join(others), np.uint64).reshape(len(others), -1)
    different = np.bitwise_count(table ^ np.frombuffer(sketch, np.uint64))
    return [int(count) for count in different.sum(axis=1)]


def nearest(sketch: bytes, others: Sequence[bytes], most: int) -> list[int]:
    """Give the places of those that say the like, the most alike first, at most so many. What has
    the very same signs is the same text, and says nothing new.
    """
    found = [(far, at) for at, far in enumerate(distances(sketch, others)) if 0 < far <= FARTHEST]
    return [at for _, at in sorted(found)[:most]]


def bands(sketch: bytes) -> list[int]:
    """Cut a sketch into parts, each a number: what says the like has some of them in common."""
    signs = int.from_bytes(sketch, "big")
    return [signs >> (BAND_BITS * band) & ((1 << BAND_BITS) - 1) for band in range(BANDS)]
