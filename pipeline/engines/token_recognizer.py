"""Names by any Hugging Face model that labels tokens; sentences are parsed by a spaCy model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipeline.documents import Chunk, MentionType
from pipeline.engines.found_spans import KEPT, FoundSpan
from pipeline.engines.named_reading import NamedReading
from pipeline.engines.token_labels import Token, spans_of, type_of, words_of
from pipeline.errors import UnavailableError, UsageError

if TYPE_CHECKING:
    from pipeline.engines.spacy_recognizer import ChunkReading, SpacyRecognizer

CODE = "1"
"""Raised with every change of what is made of the labels."""
HASH_DIGITS = 12
WEIGHTS = "*.safetensors"
FILES = (WEIGHTS, "*.json", "*.txt", "*.model")
"""What is read of a model: no code, and no weights that could run any."""
MOST_TOKENS = 512
"""Of a window, special ones included, where the model bears as many."""
SHARED = 4
"""A window begins this part of its length before the one before ends: names at its edges are read
with what stands around them.
"""
CPU = "cpu"


class TokenRecognizer:
    """Reads chunks by one model, from a folder or from the Hub.

    It is loaded when it is first used. Its version is a hash of its files, so another model in the
    same place is another one. Windows go through it one by one, so that no reading depends on
    another. On a `device` of another kind sums end in other digits, so that is part of what decides
    its names. Raises UnavailableError for a model that is not there, UsageError for one that is
    none of these.
    """

    kept: Mapping[str, MentionType] = {**KEPT, "EMAIL": MentionType.EMAIL}

    def __init__(self, model: str, local: SpacyRecognizer, device: str = CPU) -> None:
        self._local = local
        self._device = device
        self._folder = model_folder(model)
        self._lock = Lock()
        self._labels = labels_of(self._folder, model)
        self.language = local.language
        digest = files_hash(self._folder)[:HASH_DIGITS]
        self.model = f"{Path(model).name} {digest}"
        self.version = (
            f"tokens {CODE}, {digest}, transformers {version('transformers')}; {local.version}"
        )

    @property
    def configuration(self) -> dict[str, Any]:
        """Say what decides its names beside its version. Where the model lies does not."""
        by = {"extractor": "transformers", "parser": self._local.configuration["model"]}
        return by if self._device == CPU else by | {"device": self._device}

    def reads(self, language: str | None) -> bool:
        """Say yes: whoever names a model knows what it was trained on."""
        return True

    def load(self) -> None:
        """Load both models now, instead of when they are first used. Raises UnavailableError where
        there is no such device.
        """
        with self._lock:
            _ = self._network, self._tokenizer
        self._local.load()

    def read(
        self, chunks: Sequence[Chunk], batch: int, language: str | None = None
    ) -> list[NamedReading]:
        """Give one reading for each chunk of a document."""
        parsed: Sequence[ChunkReading | None] = [None] * len(chunks)
        if self._local.reads(language):
            parsed = self._local.read(chunks, batch)
        with self._lock:
            return [
                NamedReading(self.model, list(self._names(chunk)), parsed=by_local)
                for chunk, by_local in zip(chunks, parsed, strict=True)
            ]

    def _names(self, chunk: Chunk) -> Iterator[FoundSpan]:
        """Yield the names of a chunk."""
        words = words_of(chunk.text, self._tokens(chunk.text))
        for start, end, type_ in spans_of(chunk.text, words, self._labels):
            yield FoundSpan(
                chunk.start + start, chunk.start + end, type_.value, proper=True, common=False
            )

    def _tokens(self, text: str) -> list[Token]:
        """Label the tokens of a text; where windows share some, each half goes to the nearer."""
        windows = self._windows(text)
        tokens: list[Token] = []
        for number, window in enumerate(windows):
            first = 0 if number == 0 else self._overlap // 2
            last = len(window) - (self._overlap - self._overlap // 2)
            tokens += window[first:] if number == len(windows) - 1 else window[first:last]
        return tokens

    def _windows(self, text: str) -> list[list[Token]]:
        """Label the tokens of a text, window by window."""
        import torch

        encoded = self._tokenizer(
            text,
            truncation=True,
            max_length=self._limit,
            stride=self._overlap,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        labels = self._network.config.id2label
        windows = []
        for ids, offsets, special in zip(
            encoded["input_ids"],
            encoded["offset_mapping"],
            encoded["special_tokens_mask"],
            strict=True,
        ):
            with torch.inference_mode():
                given = torch.tensor([ids], device=self._device)
                answer = self._network(input_ids=given).logits[0]
            best = answer.argmax(dim=-1).tolist()
            windows.append(
                [
                    Token(start, end, labels[label])
                    for (start, end), label, is_special in zip(offsets, best, special, strict=True)
                    if not is_special
                ]
            )
        return windows

    @cached_property
    def _limit(self) -> int:
        """Say how many tokens the model takes at once, special ones included."""
        places = getattr(self._network.config, "max_position_embeddings", None) or MOST_TOKENS
        # Some count their places from behind the number of the token that fills up.
        padding = getattr(self._network.config, "pad_token_id", None) or 0
        return int(min(self._tokenizer.model_max_length, places - padding - 1, MOST_TOKENS))

    @property
    def _overlap(self) -> int:
        return self._limit // SHARED

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        load: Any = AutoTokenizer.from_pretrained
        tokenizer = load(str(self._folder), local_files_only=True, use_fast=True)
        if not tokenizer.is_fast:
            raise UsageError(f"{self.model}: its tokenizer says not where its tokens stand")
        return tokenizer

    @cached_property
    def _network(self) -> Any:
        import torch
        from transformers import AutoModelForTokenClassification
        from transformers.utils import logging

        if self._device != CPU and not torch.cuda.is_available():
            raise UnavailableError(
                f"extract.device is {self._device}, and PyTorch finds no such device here; install "
                "a PyTorch that has it where a GPU is, or set CASEGRAPH_EXTRACT__DEVICE=cpu"
            )

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        network = AutoModelForTokenClassification.from_pretrained(
            str(self._folder), local_files_only=True, use_safetensors=True
        )
        return network.eval().to(self._device)


def model_folder(model: str) -> Path:
    """Find the files of a model: a folder, or what the Hub has under a name, with `@revision`
    behind it or without. What was fetched once is used again, so that a newer one there changes
    nothing; what is not is fetched, unless HF_HUB_OFFLINE says otherwise.

    Raises UnavailableError for one that is not there.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _from_hub(model)
    for needed in ("config.json", WEIGHTS):
        if not any(folder.glob(needed)):
            raise UnavailableError(
                f"the model {model!r} has no {needed}; save it with `save_pretrained` of "
                "transformers, which writes both"
            )
    return folder


def _from_hub(model: str) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name, _, revision = model.partition("@")
    fetch: Any = partial(
        snapshot_download, name, revision=revision or None, allow_patterns=list(FILES)
    )
    where = "name a folder that holds one, or a model of the Hub as owner/name, in extract.model"
    try:
        return Path(fetch(local_files_only=True))
    except HFValidationError as error:
        raise UnavailableError(f"there is no model {model!r}; {where}") from error
    except LocalEntryNotFoundError as error:
        if constants.HF_HUB_OFFLINE:
            raise UnavailableError(
                f"there is no folder {model!r}, and nothing is fetched while HF_HUB_OFFLINE is "
                f"set; {where}"
            ) from error
    try:
        return Path(fetch())
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UnavailableError(
            f"the model {model!r} cannot be fetched ({reason}); {where}"
        ) from error


def labels_of(folder: Path, model: str) -> tuple[str, ...]:
    """Read the labels of a model. Raises UsageError for one that names nothing we know."""
    try:
        labels = json.loads((folder / "config.json").read_text("utf-8")).get("id2label") or {}
        found = tuple(str(label) for label in labels.values())
    except (ValueError, AttributeError) as error:
        raise UsageError(f"the config.json of the model {model!r} cannot be read") from error
    if not any(type_of(label, found) for label in found):
        some = ", ".join(found[:10]) or "none"
        raise UsageError(
            f"the model {model!r} labels no names that we know (its labels: {some}); it must be "
            "one for token classification, with labels such as B-PER, I-ORG, LOC"
        )
    return found


def files_hash(folder: Path) -> str:
    """Hash the files of a model."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in FILES for path in folder.glob(pattern)}):
        with path.open("rb") as data:
            digest = hashlib.file_digest(data, "sha256").hexdigest()
        total.update(f"{path.name}\0{digest}\0".encode())
    return total.hexdigest()
