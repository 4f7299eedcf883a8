"""The `chunk` stage: pages → runs of whole sentences that the embedding model can take whole.

Embeddings go to the cache and are no part of the payload: what is lost is computed again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline import identity
from pipeline.documents import Chunk, Chunks, DocumentFailure, Pages, StageName
from pipeline.settings import ChunkSettings
from pipeline.stage import StageIdentity
from pipeline.stores.protocols import Vector, Vectors

CODE = "4"
SPECIAL_TOKENS = 2
Span = tuple[int, int]


class SentenceSplitter(Protocol):
    """Finds the sentences of a text."""

    version: str

    def __call__(self, text: str) -> Sequence[Span]:
        """Give spans in order that hold all of the text but blanks."""
        ...


class Embedder(Protocol):
    """Counts tokens, splits and embeds, all by the same model."""

    name: str
    version: str
    token_limit: int

    def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """Count each text's tokens, without special ones."""
        ...

    def split(self, text: str, tokens: int) -> Sequence[Span]:
        """Split a text into parts of at most `tokens`."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: a row each, of length 1."""
        ...


class ChunkStage:
    """Cuts documents into chunks and sees to it that their embeddings are in the cache."""

    def __init__(
        self,
        sentences: SentenceSplitter,
        embedder: Embedder,
        vectors: Vectors,
        settings: ChunkSettings,
        generation: int = 0,
    ) -> None:
        self._sentences = sentences
        self._embedder = embedder
        self._vectors = vectors
        self._settings = settings
        self._budget = min(settings.max_tokens, embedder.token_limit) - SPECIAL_TOKENS
        self.identity = StageIdentity(
            stage=StageName.CHUNK,
            version=f"{CODE}; {sentences.version}; {embedder.version}",
            configuration=settings.model_dump(mode="json"),
            generation=generation,
        )

    def __call__(self, inputs: Sequence[Pages]) -> Sequence[Chunks | DocumentFailure]:
        """Chunk each document; embeddings are computed a document at a time."""
        return [self._document(pages) for pages in inputs]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts, a search's words say: (n, 384), each row of length 1; not cached."""
        return self._embedder.embed(texts)

    @property
    def embedding_model(self) -> str:
        """Name the model as the embedding cache knows it."""
        return self._embedder.name

    def _document(self, pages: Pages) -> Chunks:
        """Chunk one document."""
        spans, tokens = self._units(pages.text)
        page_starts = tuple(page.start for page in pages.pages)
        breaks = self._breaks(pages.text, spans)
        chunks = tuple(
            make_chunk(pages.text, run, page_starts)
            for run in runs(spans, tokens, self._budget, breaks, self._counter(pages.text))
        )
        self.cache_vectors([chunk.text for chunk in chunks])
        return Chunks(
            chunks=chunks,
            page_starts=page_starts,
            header_spans=pages.header_spans,
            language=pages.language,
        )

    def cache_vectors(self, texts: Sequence[str]) -> None:
        """Embed those texts whose vectors the cache has lost or never had.

        Not while it keeps none: then vectors are computed once, when the chunks are published.
        """
        if not self._vectors.serves:
            return
        by_key = {identity.text_key(text): text for text in texts}
        known = self._vectors.get(self._embedder.name, list(by_key))
        # Longest first, so that a batch holds texts of like length and little of it is padding.
        missing = sorted(by_key.keys() - known.keys(), key=lambda key: (-len(by_key[key]), key))
        if missing:
            rows = self._embedder.embed([by_key[key] for key in missing])
            fresh: dict[str, Vector] = dict(zip(missing, rows, strict=True))
            self._vectors.put(self._embedder.name, fresh)

    def _units(self, text: str) -> tuple[list[Span], list[int]]:
        """Find the sentences, those that the model cannot take whole in parts, and their tokens."""
        spans = list(self._sentences(text))
        tokens = list(self._embedder.count_tokens([text[start:end] for start, end in spans]))
        if max(tokens, default=0) <= self._budget:
            return spans, tokens
        parts = [
            part
            for (start, end), count in zip(spans, tokens, strict=True)
            for part in ([(start, end)] if count <= self._budget else self._parts(text, start, end))
        ]
        return parts, list(self._embedder.count_tokens([text[start:end] for start, end in parts]))

    def _parts(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Yield the parts of a sentence that is too long, without the blanks between them."""
        for begin, stop in self._embedder.split(text[start:end], self._budget):
            inner = text[start + begin : start + stop]
            if inner.strip():
                first = start + begin + len(inner) - len(inner.lstrip())
                yield first, first + len(inner.strip())

    def _counter(self, text: str) -> Callable[[int, int], int]:
        """Make the count of tokens of one span of a text."""
        return lambda start, end: self._embedder.count_tokens([text[start:end]])[0]

    def _breaks(self, text: str, spans: Sequence[Span]) -> frozenset[int]:
        """Find the sentences before which the topic changes, if the settings ask for it.

        The vectors decide, so each is computed alone: what shares a batch changes the last bits.
        """
        if not self._settings.split_by_similarity:
            return frozenset()
        vectors = [self._embedder.embed([text[start:end]])[0] for start, end in spans]
        return frozenset(
            index + 1
            for index, (left, right) in enumerate(pairwise(vectors))
            if float(left @ right) < self._settings.similarity_threshold
        )


def runs(
    spans: Sequence[Span],
    tokens: Sequence[int],
    budget: int,
    breaks: frozenset[int],
    count: Callable[[int, int], int],
) -> Iterator[Sequence[Span]]:
    """Yield runs of sentences of at most `budget` tokens; a run never holds an index of `breaks`
    but as its first.

    Tokens of neighbours add up, but for what is unusual: where sentences touch, or only a sign that
    the model drops parts them, the pieces of the word across the border may be more. So a run is
    counted once as a whole.
    """
    run: list[Span] = []
    used = 0
    for index, (span, cost) in enumerate(zip(spans, tokens, strict=True)):
        if run and (index in breaks or used + cost > budget):
            yield from fitting(run, budget, count)
            run, used = [], 0
        run.append(span)
        used += cost
    if run:
        yield from fitting(run, budget, count)


def fitting(
    run: Sequence[Span], budget: int, count: Callable[[int, int], int]
) -> Iterator[Sequence[Span]]:
    """Yield a run, or its halves where it has more tokens than its sentences have together.

    Each sentence fits by itself.
    """
    if len(run) == 1 or count(run[0][0], run[-1][1]) <= budget:
        yield run
        return
    half = len(run) // 2
    yield from fitting(run[:half], budget, count)
    yield from fitting(run[half:], budget, count)


def make_chunk(text: str, run: Sequence[Span], page_starts: Sequence[int]) -> Chunk:
    """Make the chunk of a run; its page is where it starts."""
    start, end = run[0][0], run[-1][1]
    return Chunk(
        start=start,
        end=end,
        page=max(bisect_right(page_starts, start), 1),
        text=text[start:end],
        sentences=tuple(run),
    )
