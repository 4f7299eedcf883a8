"""The text layer of a PDF page: its characters as they are stored, and where its words stand.

PDFium counts characters of its own; text, offsets and boxes are made from one walk over them, so
that they cannot drift apart. Its places start at the bottom left, before the page is turned;
ours at the top left of what a reader sees.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.documents import Box, PageSource, Words
from pipeline.engines.formats.draft import PageText, clean
from pipeline.engines.formats.images import within
from pipeline.engines.formats.pdf_paragraphs import Line, paragraph_breaks

LINE_HYPHEN = 0x02
"""What PDFium puts where a line ends in a hyphen that may be the word's or the line's."""

WORD = re.compile(r"\S+")
LINE = re.compile(r"\S(?:[^\n]*\S)?")
PRIVATE = re.compile("[\ue000-\uf8ff\ufffd\x01-\x08\x0e-\x1f]")
SAMPLE = 200
IMAGE_OBJECT = 3

Mapping = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Layer:
    """A page's text layer. `width` and `height` are in points, as the page is shown."""

    text: str
    words: Words
    width: float
    height: float
    has_objects: bool
    unexplained: float
    """The share of sampled characters that their font gives no meaning."""

    @property
    def visible(self) -> int:
        """Count the characters that leave a mark."""
        return len(self.text) - sum(map(str.isspace, self.text))

    @property
    def is_garbage(self) -> bool:
        """Say whether most characters stand for nothing a person could read."""
        if not self.visible:
            return False
        bad = len(PRIVATE.findall(self.text))
        readable = sum(map(str.isalnum, self.text))
        return (
            self.unexplained > 0.3
            or bad > self.visible * 0.3
            or (self.visible > 50 and readable < self.visible * 0.35)
        )

    def page(self) -> PageText:
        """Make a page of it."""
        return PageText(
            text=self.text,
            source=PageSource.TEXT if self.text else PageSource.NONE,
            width=round(self.width, 2),
            height=round(self.height, 2),
            words=self.words if self.text else None,
        )


def read_layer(page: Any) -> Layer:
    """Read the text layer of a page. Raises PdfiumError."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        raw = textpage.raw
        place = _mapping(page)
        text, indexes = _with_paragraphs(raw, *_characters(raw), place)
        return Layer(
            text=text,
            words=_words(raw, text, indexes, place, width, height),
            width=width,
            height=height,
            has_objects=pdfium.FPDFPage_CountObjects(page.raw) > 0,
            unexplained=_unexplained(raw, text, indexes),
        )
    finally:
        textpage.close()


def _characters(raw: Any) -> tuple[str, list[int]]:
    r"""Read the characters, each with PDFium's index of it; blanks at the end are left off.

    Line ends become one "\\n" each, line-end hyphens "-"; pairs of surrogates become the one
    character they stand for.
    """
    import pypdfium2.raw as pdfium

    codes = [pdfium.FPDFText_GetUnicode(raw, at) for at in range(pdfium.FPDFText_CountChars(raw))]
    letters: list[str] = []
    indexes: list[int] = []
    for at, code in enumerate(codes):
        if code in {13, 0}:
            continue
        if 0xDC00 <= code < 0xE000 and letters and "\ud800" <= letters[-1] < "\udc00":
            pair = 0x10000 + ((ord(letters[-1]) - 0xD800) << 10) + (code - 0xDC00)
            letters[-1] = chr(pair)
            continue
        letters.append("-" if code == LINE_HYPHEN else chr(code) if code < 0x110000 else "\ufffd")
        indexes.append(at)
    text = clean("".join(letters)).rstrip()
    return text, indexes[: len(text)]


def _with_paragraphs(
    raw: Any,
    text: str,
    indexes: list[int],
    place: Mapping,
) -> tuple[str, list[int]]:
    """Add an empty line between paragraphs. Each character keeps PDFium's index of it."""
    spans = [match.span() for match in LINE.finditer(text)]
    lines = [_line(raw, text, indexes, span, place) for span in spans]
    parts: list[str] = []
    moved: list[int] = []
    reached = 0
    for (_, end), ends_here in zip(spans, [*paragraph_breaks(lines), False], strict=False):
        parts.append(text[reached:end])
        moved += indexes[reached:end]
        if ends_here:
            parts.append("\n")
            moved.append(indexes[end - 1])
        reached = end
    return "".join(parts) + text[reached:], moved + indexes[reached:]


def _line(
    raw: Any,
    text: str,
    indexes: list[int],
    span: tuple[int, int],
    place: Mapping,
) -> Line:
    """Find where a line stands, by the font's box around its first and last characters and the
    last one of its first word.
    """
    start, end = span
    words = text[start:end].split()
    first = _font_box(raw, indexes[start], place)
    last = _font_box(raw, indexes[end - 1], place)
    word = _font_box(raw, indexes[start + len(words[0]) - 1], place)
    return Line(
        text=text[start:end],
        left=first[0],
        top=first[1],
        right=last[2],
        bottom=first[3],
        first=word[2],
    )


def _font_box(raw: Any, index: int, place: Mapping) -> Box:
    """Find the box of a character as high as its font, on the page as it is shown."""
    import pypdfium2.raw as pdfium

    rect = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, index, rect)
    corners = place(rect.left, rect.top), place(rect.right, rect.bottom)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _words(
    raw: Any,
    text: str,
    indexes: list[int],
    place: Mapping,
    width: float,
    height: float,
) -> Words:
    """Find the words and their boxes."""
    import pypdfium2.raw as pdfium

    starts, ends, boxes = [], [], []
    edges = [ctypes.c_double() for _ in range(4)]
    for match in WORD.finditer(text):
        start, end = match.span()
        first, last = indexes[start], indexes[end - 1]
        corners: list[tuple[float, float]] = []
        for rect in range(pdfium.FPDFText_CountRects(raw, first, last - first + 1)):
            pdfium.FPDFText_GetRect(raw, rect, *edges)
            left, top, right, bottom = (edge.value for edge in edges)
            corners += (place(left, top), place(right, bottom))
        starts.append(start)
        ends.append(end)
        boxes.append(_around(corners, width, height))
    return Words(starts=tuple(starts), ends=tuple(ends), boxes=tuple(boxes))


def _around(corners: list[tuple[float, float]], width: float, height: float) -> Box:
    """Make the box around corners; a word without a place lies at the page's corner."""
    if not corners:
        return 0.0, 0.0, 0.0, 0.0
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return within((min(xs), min(ys), max(xs), max(ys)), width, height)


def _mapping(page: Any) -> Mapping:
    """Make the function from a place in the PDF to one on the page as it is shown."""
    left, bottom, right, top = page.get_bbox()
    mappings: dict[int, Mapping] = {
        0: lambda x, y: (x - left, top - y),
        90: lambda x, y: (y - bottom, x - left),
        180: lambda x, y: (right - x, y - bottom),
        270: lambda x, y: (top - y, right - x),
    }
    return mappings[page.get_rotation() % 360]


def _unexplained(raw: Any, text: str, indexes: list[int]) -> float:
    """Measure the share of characters whose font does not say what they mean."""
    import pypdfium2.raw as pdfium

    visible = [at for at, letter in zip(indexes, text, strict=True) if not letter.isspace()]
    sample = visible[:: max(1, len(visible) // SAMPLE)]
    wrong = sum(pdfium.FPDFText_HasUnicodeMapError(raw, at) == 1 for at in sample)
    return float(wrong / len(sample)) if sample else 0.0


def picture_share(page: Any) -> float:
    """Measure how much of a page its pictures cover, 0 to 1."""
    width, height = page.get_size()
    covered = 0.0
    for item in page.get_objects(filter=(IMAGE_OBJECT,), max_depth=3):
        left, bottom, right, top = item.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return float(min(1.0, covered / max(1.0, width * height)))
