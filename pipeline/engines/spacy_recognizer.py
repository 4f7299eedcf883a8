"""Names and parses, by a spaCy model for English.

The model reads each sentence as a careful typist would have written it: runs of blanks and line
breaks are one blank, typographic apostrophes are plain, and a heading in capitals is in mixed
case. Offsets are those of the document all the same.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import distribution, version
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.documents import Chunk, Parse
from pipeline.engines.found_spans import KEPT, FoundSpan
from pipeline.errors import UnavailableError
from pipeline.identity import sha256_hex

if TYPE_CHECKING:
    from spacy.tokens import Doc

HASH_DIGITS = 12
PIECE = re.compile(r"\S+(?: \S+)*")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# One for one, so that no offset moves.
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00ad": "-", "\u2011": "-"})
# A dash that joins two words is a hyphen to the typist: "Ann Lloyd–Webber".
JOINING_DASH = re.compile(r"(?<=[^\W\d_])[–‐](?=[^\W\d_])")
COLUMNS = ("IDX", "LENGTH", "POS", "DEP", "HEAD", "LEMMA")
IDX, LENGTH, POS, DEP, HEAD, LEMMA = range(6)


class ChunkReading:
    """The reading of one chunk by the model of that name."""

    dropped: Mapping[str, int] = {}
    trouble = ""

    def __init__(
        self, doc: Doc, places: Places, dictionary: Container[str], model: str = ""
    ) -> None:
        self.model = model
        self._strings = doc.vocab.strings
        self._table: NDArray[np.int64] = doc.to_array(list(COLUMNS)).view(np.int64)
        self._table = self._table.reshape(len(doc), len(COLUMNS))
        self._starts, self._ends = places.of_tokens(self._table[:, IDX], self._table[:, LENGTH])
        self._entities = [
            (
                entity.start,
                entity.end,
                entity.label_,
                entity.end - entity.start == 1 and entity.text.lower() in dictionary,
            )
            for entity in doc.ents
        ]

    def spans(self) -> Iterator[FoundSpan]:
        """Yield the names, in order."""
        propn = self._strings["PROPN"]
        for first, last, label, common in self._entities:
            yield FoundSpan(
                start=int(self._starts[first]),
                end=int(self._ends[last - 1]),
                label=label,
                proper=bool((self._table[first:last, POS] == propn).any()),
                common=common,
            )

    def parse(self, start: int, end: int) -> Parse | None:
        """Give the dependency parse of the sentence from `start` to `end`."""
        first = int(np.searchsorted(self._starts, start, side="left"))
        last = int(np.searchsorted(self._starts, end, side="left"))
        if first >= last:
            return None
        rows = self._table[first:last]
        heads = np.arange(last - first) + rows[:, HEAD]
        # A sentence border inside a token leaves a head outside; such a token is a root.
        inside = (heads >= 0) & (heads < last - first)
        heads = np.where(inside, heads, np.arange(last - first))
        return Parse(
            start=start,
            end=end,
            token_starts=tuple(self._starts[first:last].tolist()),
            token_ends=tuple(self._ends[first:last].tolist()),
            lemmas=self._words(rows[:, LEMMA]),
            pos=self._words(rows[:, POS]),
            deps=self._words(rows[:, DEP]),
            heads=tuple(heads.tolist()),
        )

    def _words(self, column: NDArray[np.int64]) -> tuple[str, ...]:
        """Look up a column's strings."""
        return tuple(self._strings[value] for value in column.view(np.uint64).tolist())


class SpacyRecognizer:
    """Reads chunks by one spaCy model.

    The model is loaded when it is first used, which takes seconds and some 150 MB. Several threads
    may ask: one after the other is served.
    """

    language = "en"
    kept = KEPT

    def __init__(self, package: str) -> None:
        if importlib.util.find_spec(package) is None:
            raise UnavailableError(
                f"the spaCy model {package!r} is not installed: pip install {package}"
            )
        self._package = package
        self._lock = Lock()
        digest = package_hash(package)[:HASH_DIGITS]
        self.model = f"{package} {version(package)}"
        self.version = f"{self.model} {digest}, spacy {version('spacy')}"

    @property
    def configuration(self) -> dict[str, Any]:
        """Say what decides its names beside its version."""
        return {"extractor": "spacy", "model": self._package}

    def reads(self, language: str | None) -> bool:
        """Say whether it was trained on a language; what is in an unknown one it reads."""
        return language in (None, self.language)

    def load(self) -> None:
        """Load the model now, instead of when it is first used."""
        with self._lock:
            _ = self._dictionary

    @cached_property
    def _nlp(self) -> Any:
        return importlib.import_module(self._package).load()

    @cached_property
    def _dictionary(self) -> Any:
        return verbs_and_adjectives(self._nlp)

    def read(
        self, chunks: Sequence[Chunk], batch: int, language: str | None = None
    ) -> list[ChunkReading]:
        """Read the chunks of one document, at most `batch` in one call of the model.

        Each call's chunks are this document's alone, so the answer depends on no other.
        """
        with self._lock:
            return self._read(chunks, batch)

    def _read(self, chunks: Sequence[Chunk], batch: int) -> list[ChunkReading]:
        cases = {word: word for word in self._nlp.Defaults.stop_words} | case_table(chunks)
        texts = [model_text(chunk, cases) for chunk in chunks]
        docs = [self._document(text, places) for text, places in texts]
        read = self._nlp.pipe(docs, batch_size=batch)
        return [
            ChunkReading(doc, places, self._dictionary, self.model)
            for doc, (_, places) in zip(read, texts, strict=True)
        ]

    def _document(self, text: str, places: Places) -> Doc:
        """Make the tokens of a text, with its sentences settled before the parser sees it."""
        doc: Doc = self._nlp.make_doc(text)
        offsets = doc.to_array(["IDX"]).reshape(-1)
        marks = np.full(len(doc), -1, dtype=np.int64)
        firsts = np.searchsorted(offsets, np.array(places.sentence_starts, dtype=np.uint64))
        marks[firsts[firsts < len(doc)]] = 1
        if len(doc):
            settle: Any = doc.from_array  # its stub knows only tables of several columns
            settle(["SENT_START"], marks.view(np.uint64))
        return doc


@dataclass(frozen=True)
class Places:
    """Where the characters of a model text stand in the document, in runs that shift alike."""

    model_starts: NDArray[np.int64]
    shifts: NDArray[np.int64]
    sentence_starts: tuple[int, ...]

    def of_tokens(
        self, offsets: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Map tokens' offsets in the model text to (starts, ends) in the document."""
        last = offsets + np.maximum(lengths, 1) - 1
        return offsets + self._shift(offsets), last + self._shift(last) + 1

    def _shift(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Look up how far each offset moves."""
        shift: NDArray[np.int64] = self.shifts[
            np.searchsorted(self.model_starts, offsets, side="right") - 1
        ]
        return shift


def model_text(chunk: Chunk, cases: Mapping[str, str]) -> tuple[str, Places]:
    """Write a chunk as the model shall read it, and where each part of it is from."""
    parts: list[str] = []
    starts, shifts, sentence_starts = [], [], []
    length = 0
    for start, end in chunk.sentences:
        sentence = chunk.text[start - chunk.start : end - chunk.start].translate(PLAIN)
        sentence = JOINING_DASH.sub("-", sentence)
        if is_shouted(sentence):
            sentence = mixed_case(sentence, cases)
        sentence_starts.append(length)
        for piece in PIECE.finditer(sentence):
            starts.append(length)
            shifts.append(start + piece.start() - length)
            parts.append(piece[0])
            length += len(piece[0]) + 1
    return " ".join(parts), Places(
        np.array(starts or [0], dtype=np.int64),
        np.array(shifts or [0], dtype=np.int64),
        tuple(sentence_starts),
    )


def is_shouted(sentence: str) -> bool:
    """Say whether a sentence is all in capitals, and long enough that this is no acronym."""
    return sentence.isupper() and len(WORD.findall(sentence)) >= 2


def case_table(chunks: Iterable[Chunk]) -> dict[str, str]:
    """Count how the document itself writes its words where it does not shout: lower → usual form.

    Empty when nothing is shouted: then nobody asks.
    """
    calm: list[str] = []
    shouted = False
    for chunk in chunks:
        for start, end in chunk.sentences:
            sentence = chunk.text[start - chunk.start : end - chunk.start]
            if is_shouted(sentence):
                shouted = True
            else:
                calm.append(sentence)
    if not shouted:
        return {}
    forms: dict[str, Counter[str]] = {}
    for sentence in calm:
        for word in WORD.findall(sentence):
            forms.setdefault(word.lower(), Counter())[word] += 1
    return {
        lower: max(counts, key=lambda form: (counts[form], form)) for lower, counts in forms.items()
    }


def mixed_case(sentence: str, cases: Mapping[str, str]) -> str:
    """Write a sentence in capitals in mixed case: words as the document writes them elsewhere,
    others with a capital. No character is added or lost.
    """

    def one(match: re.Match[str]) -> str:
        word = match[0]
        form = cases.get(word.lower()) or word[0] + word[1:].lower()
        return form if len(form) == len(word) else word

    return WORD.sub(one, sentence)


def verbs_and_adjectives(nlp: Any) -> frozenset[str]:
    """Collect the verbs and adjectives of the dictionary in a model's lemmatizer, in small letters.

    One of them with a capital is seldom a name ("Image", "State", "West"). Nouns tell nothing:
    the dictionary has `paris` and `john` among them. Empty for a model without such a table.
    """
    lookups = nlp.get_pipe("lemmatizer").lookups if nlp.has_pipe("lemmatizer") else None
    if lookups is None or not lookups.has_table("lemma_index"):
        return frozenset()
    table = lookups.get_table("lemma_index")
    return frozenset(word for kind in ("verb", "adj") for word in table.get(kind, ()))


def package_hash(package: str) -> str:
    """Hash a model package by the list of its files' hashes that the installer checked."""
    files = sorted(
        (str(file), file.hash.value)
        for file in distribution(package).files or ()
        if file.hash is not None and "/" in str(file) and ".dist-info" not in str(file)
    )
    return sha256_hex(*(part for pair in files for part in pair))
