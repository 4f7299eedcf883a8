"""Fills in the vectors of published chunks that have none: from the cache, or by the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline import identity
from pipeline.stores.chunk_vectors import DIMENSIONS
from pipeline.stores.protocols import Vector, Vectors
from pipeline.stores.publisher import Publisher

AT_A_TIME = 256


@dataclass(frozen=True)
class VectorFilling:
    """One project's chunks, the embedding cache, and the name of the model in it."""

    publisher: Publisher
    vectors: Vectors
    model: str

    def from_cache(self) -> bool:
        """Fill in those that the cache has, and say whether none is left then."""
        while True:
            missing = self.publisher.missing_vectors(AT_A_TIME)
            filled = self._fill(missing, None)
            if filled < len(missing):
                return False
            if len(missing) < AT_A_TIME:
                return True

    def with_model(self, embed: Callable[[Sequence[str]], Sequence[Vector]]) -> int:
        """Fill in some, from the cache or else computed; return how many, 0 when none is left."""
        return self._fill(self.publisher.missing_vectors(AT_A_TIME), embed)

    def _fill(
        self,
        missing: Sequence[tuple[str, str]],
        embed: Callable[[Sequence[str]], Sequence[Vector]] | None,
    ) -> int:
        texts = {identity.text_key(text): text for _, text in missing}
        known = {
            key: vector
            for key, vector in self.vectors.get(self.model, sorted(texts)).items()
            # What the model makes may be of another length, too: then `store_vectors` says so.
            if vector.shape == (DIMENSIONS,)
        }
        if embed is not None:
            # Longest first, so that a batch holds texts of like length and little is padding.
            left = sorted(texts.keys() - known.keys(), key=lambda key: (-len(texts[key]), key))
            if left:
                fresh = dict(zip(left, embed([texts[key] for key in left]), strict=True))
                self.vectors.put(self.model, fresh)
                known |= fresh
        found = {
            chunk: known[key]
            for chunk, text in missing
            if (key := identity.text_key(text)) in known
        }
        if found:
            self.publisher.store_vectors(self.model, found)
        # Also those that another run was quicker with: there may be more behind them.
        return len(found)
