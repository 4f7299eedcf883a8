"""Reads the words on a picture of a page with tesseract, which way up it may lie.

First as it is, straightened; where that makes little sense, also turned, and the reading that
makes most sense is taken. Places are given in the picture as it was handed in.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.documents import Box
from pipeline.engines.straightening import bounded, flattened, has_ink, skew_of, turned_back
from pipeline.errors import PermanentError

if TYPE_CHECKING:
    from PIL.Image import Image

# A reading this good needs no second look.
GOOD_CONFIDENCE = 0.75
GOOD_WORDS = 5
# One less sure than this may gain from another way to part ink from paper.
SURE_CONFIDENCE = 0.9
OTSU, SAUVOLA = "0", "2"
# Tesseract's own doubt about a word, below which it is a stain that looks like one.
WORD_CONFIDENCE = 30.0
MARK_CONFIDENCE = 60.0
TURNS = (90, 180, 270)
OSD_CONFIDENCE = 1.0
SEGMENT_AUTO = 3


@dataclass(frozen=True)
class Word:
    """A word with its place in pixels, its confidence 0–100, and the block, paragraph and line
    it stands in.
    """

    text: str
    box: Box
    confidence: float
    line: tuple[int, int, int]


@dataclass(frozen=True)
class Reading:
    """What was read: words in reading order."""

    words: tuple[Word, ...] = ()

    @property
    def confidence(self) -> float:
        """Average the words' confidence, longer ones counting for more: 0 to 1."""
        weight = sum(len(word.text) for word in self.words)
        total = sum(word.confidence * len(word.text) for word in self.words)
        return round(total / weight / 100, 4) if weight else 0.0

    @property
    def sense(self) -> float:
        """Weigh how much was read and how surely: what competing readings are compared by."""
        return sum(
            (word.confidence / 100) ** 2 * len(word.text)
            for word in self.words
            if word.text.isalnum()
        )

    @property
    def is_good(self) -> bool:
        """Say whether there is no need to look from another side."""
        return len(self.words) >= GOOD_WORDS and self.confidence >= GOOD_CONFIDENCE

    def text(self) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
        """Write the words as text, with each word's start and end in it.

        Words of a line are parted by a blank, lines by a line end, paragraphs by an empty line.
        """
        parts: list[str] = []
        starts, ends = [], []
        length, before = 0, None
        for word in self.words:
            gap = _gap(before, word.line)
            parts += (gap, word.text)
            starts.append(length + len(gap))
            length = starts[-1] + len(word.text)
            ends.append(length)
            before = word.line
        return "".join(parts), tuple(starts), tuple(ends)


def _gap(before: tuple[int, int, int] | None, line: tuple[int, int, int]) -> str:
    """Part a word from the one before it."""
    if before is None:
        return ""
    if before == line:
        return " "
    return "\n" if before[:2] == line[:2] else "\n\n"


class Tesseract:
    """One engine with its model, loaded once."""

    def __init__(self, language: str) -> None:
        folder = find_tessdata()
        missing = [
            part
            for part in language.split("+")
            if folder is None or not (folder / f"{part}.traineddata").is_file()
        ]
        if missing:
            raise PermanentError(
                "ocr_model_missing",
                f"the page is a picture, and there is no OCR model for {' and '.join(missing)!s}; "
                "install the tessdata package for it, or name another in ocr.language",
            )
        import tesserocr

        self._path = str(folder)
        self._module = tesserocr
        self._api = tesserocr.PyTessBaseAPI(path=self._path, lang=language, psm=SEGMENT_AUTO)
        self._osd: Any = None

    def read(self, picture: Image, dpi: float) -> Reading:
        """Read a picture (mode L)."""
        if not has_ink(picture):
            return Reading()
        picture, shrunk = bounded(picture)
        dpi *= shrunk
        picture = flattened(picture)
        best, upright = self._read_turned(picture, dpi, 0, OTSU), 0
        if not best.is_good:
            for turn in self._turns(picture, dpi, best):
                other = self._read_turned(picture, dpi, turn, OTSU)
                if other.sense > best.sense:
                    best, upright = other, turn
        if best.confidence < SURE_CONFIDENCE:
            other = self._read_turned(picture, dpi, upright, SAUVOLA)
            best = max(best, other, key=lambda reading: reading.sense)
        return _scaled(best, 1 / shrunk)

    def _turns(self, picture: Image, dpi: float, best: Reading) -> tuple[int, ...]:
        """Say by which angles to turn the picture for another reading."""
        turn, sure = self._upright(picture, dpi)
        if sure >= OSD_CONFIDENCE:
            return (turn,) if turn else ()
        return TURNS if best.confidence < GOOD_CONFIDENCE else ()

    def _upright(self, picture: Image, dpi: float) -> tuple[int, float]:
        """Ask which way is up: degrees to turn counter-clockwise, and how sure that is."""
        if not (Path(self._path) / "osd.traineddata").is_file():
            return 0, 0.0
        if self._osd is None:
            self._osd = self._module.PyTessBaseAPI(path=self._path, lang="osd", psm=0)
        self._osd.SetImage(picture)
        self._osd.SetSourceResolution(max(70, round(dpi)))
        try:
            found = self._osd.DetectOrientationScript()
        except RuntimeError:  # too few characters to tell
            found = None
        self._osd.Clear()
        if not found:
            return 0, 0.0
        return int(found["orient_deg"]), float(found["orient_conf"])

    def _read_turned(self, picture: Image, dpi: float, turn: int, threshold: str) -> Reading:
        """Read a picture after turning it counter-clockwise and straightening it.

        `threshold` names how ink is parted from paper: one level for the page (Otsu), or one
        around each place (Sauvola), which reads stained pages and spoils faint ones.
        """
        self._api.SetVariable("thresholding_method", threshold)
        from PIL.Image import Resampling

        straight = picture.rotate(turn, expand=True) if turn else picture
        angle = skew_of(straight)
        size = straight.size
        if angle:
            straight = straight.rotate(
                angle, resample=Resampling.BICUBIC, expand=True, fillcolor=255
            )
        words = self._words(straight, dpi)
        if angle:
            words = [_turned_word(word, angle, straight.size, size) for word in words]
        if turn:
            words = [_turned_word(word, turn, size, picture.size) for word in words]
        return Reading(words=tuple(words))

    def _words(self, picture: Image, dpi: float) -> list[Word]:
        """Run tesseract; what it learnt from this page is forgotten."""
        self._api.SetImage(picture)
        self._api.SetSourceResolution(max(70, round(dpi)))
        table = self._api.GetTSVText(0)
        self._api.ClearAdaptiveClassifier()
        self._api.Clear()
        return [word for row in table.splitlines() if (word := _word(row)) is not None]


def _word(row: str) -> Word | None:
    """Read a row of tesseract's table; None for what is no word, or hardly one.

    Columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
    """
    cells = row.split("\t", 11)
    if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
        return None
    text = "".join(cells[11].split())
    confidence = float(cells[10])
    needed = WORD_CONFIDENCE if any(c.isalnum() for c in text) else MARK_CONFIDENCE
    if confidence < needed:
        return None
    left, top, width, height = (int(cell) for cell in cells[6:10])
    return Word(
        text=text,
        box=(left, top, left + width, top + height),
        confidence=confidence,
        line=(int(cells[2]), int(cells[3]), int(cells[4])),
    )


def _scaled(reading: Reading, factor: float) -> Reading:
    """Give places in the picture's own pixels."""
    if factor == 1:
        return reading
    return Reading(
        words=tuple(
            Word(
                text=word.text,
                box=tuple(edge * factor for edge in word.box),  # type: ignore[arg-type]
                confidence=word.confidence,
                line=word.line,
            )
            for word in reading.words
        )
    )


def _turned_word(
    word: Word, angle: float, turned: tuple[int, int], original: tuple[int, int]
) -> Word:
    """Give a word its place in the picture from before it was turned."""
    return replace(word, box=turned_back(word.box, angle, turned, original))


def find_tessdata() -> Path | None:
    """Find the folder of OCR models: where the packages put it, or where the system says."""
    places = [Path(sys.prefix) / "share" / "tessdata"]
    if "TESSDATA_PREFIX" in os.environ:
        places.insert(0, Path(os.environ["TESSDATA_PREFIX"]))
    return next((place for place in places if any(place.glob("*.traineddata"))), None)


def tesseract_version() -> str:
    """Name the version of the library itself; `missing` where it cannot be loaded."""
    try:
        import tesserocr
    except ImportError:
        return "missing"
    return str(tesserocr.tesseract_version()).split()[1]
