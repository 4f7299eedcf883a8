"""Writes a PDF as a scanner does: each page one large grey JPEG of printed text, and no text layer.

Written page by page, so that the file may be larger than memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from measuring.texts import SHIPPED, paragraphs, recombined

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
QUALITY = 95
SKEW_DEGREES = 0.7
BLUR_PIXELS = 1.1
NOISE = 6.0
INK, PAPER = 58, 226


@dataclass(frozen=True)
class Paper:
    """What pages are printed on and scanned with, in pixels: `margin` from the edges, letters of
    `size`, a line every `leading`.
    """

    dpi: int
    width: int
    height: int
    margin: int
    size: int
    leading: int


LETTER = Paper(300, 2_550, 3_300, 260, 44, 62)
CARD = Paper(150, 600, 180, 30, 27, 42)
"""A card of 4 by 1.2 inches, on which some words stand: its page is read in a moment."""
PAPERS = {"letter": LETTER, "card": CARD}


@dataclass(frozen=True)
class Scan:
    """The file that was written. `first_words` and `last_words` are printed on its first and on
    its last page.
    """

    path: Path
    pages: int
    bytes: int
    first_words: str
    last_words: str


def write_scan(path: Path, pages: int, quality: int = QUALITY, paper: Paper = LETTER) -> Scan:
    """Write a PDF of so many scanned pages, each with other words on it; the same every time.
    `quality` is that of their JPEGs.
    """
    first = last = ""
    texts = cards(pages) if paper is CARD else recombined(paragraphs(SHIPPED), pages)
    with path.open("wb") as out:
        pdf = _Pdf(out, pages, paper)
        for number, text in enumerate(texts):
            lines = _lines(text, paper)
            first, last = first or lines[0], lines[0]
            pdf.add(_jpeg(_scanned(_printed(lines, paper), seed=number), quality, paper))
        pdf.finish()
    return Scan(path, pages, path.stat().st_size, first, last)


def cards(pages: int) -> Iterator[str]:
    """Yield the text of each card: its own number is on it, in words."""
    for number in range(1, pages + 1):
        yield f"Page {number_in_words(number)} of the report.\n\nAnn Lee read this page aloud."


def number_in_words(number: int) -> str:
    """Write a number digit by digit, four of them: `zero zero four two`."""
    return " ".join(DIGITS[int(digit)] for digit in f"{number:04}")


def _font(paper: Paper) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(paper.size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise SystemExit("Pillow was built without FreeType: pages cannot be set")
    return font


def _lines(text: str, paper: Paper) -> Sequence[str]:
    """Break a text into the lines that fit on a page; the rest is left off."""
    fit = (paper.height - 2 * paper.margin) // paper.leading
    return [line for _, line in zip(range(fit), _wrapped(text, paper))]  # noqa: B905


def _wrapped(text: str, paper: Paper) -> Iterator[str]:
    font, room = _font(paper), paper.width - 2 * paper.margin
    for paragraph in text.split("\n\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > room:
                yield line
                line = word
            else:
                line = longer
        yield line


def _printed(lines: Sequence[str], paper: Paper) -> Image.Image:
    """Set lines in black on white."""
    image = Image.new("L", (paper.width, paper.height), 255)
    draw, font = ImageDraw.Draw(image), _font(paper)
    for at, line in enumerate(lines):
        draw.text((paper.margin, paper.margin + at * paper.leading), line, fill=0, font=font)
    return image


def _scanned(image: Image.Image, seed: int) -> Image.Image:
    """Skew, blur, grey and grain a page as the glass does; the grain is what makes it large."""
    random = np.random.default_rng(seed)
    angle = SKEW_DEGREES * (1 if seed % 2 else -1)
    skewed = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    soft = np.asarray(skewed.filter(ImageFilter.GaussianBlur(BLUR_PIXELS)), dtype=np.float32) / 255
    grey = INK + (PAPER - INK) * soft
    grey += NOISE * random.standard_normal(grey.shape, dtype=np.float32)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image, quality: int, paper: Paper) -> bytes:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality, dpi=(paper.dpi, paper.dpi))
    return data.getvalue()


class _Pdf:
    """A PDF of `pages` pictures. Object 1 is the catalogue, 2 the list of pages; then each page
    takes three: itself, what it draws, and its picture.
    """

    def __init__(self, out: BinaryIO, pages: int, paper: Paper) -> None:
        self._out, self._paper = out, paper
        self._offsets: list[int] = []
        out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        kids = " ".join(f"{3 + 3 * number} 0 R" for number in range(pages))
        self._object(b"<< /Type /Catalog /Pages 2 0 R >>")
        self._object(f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode())

    def add(self, jpeg: bytes) -> None:
        """Append a page that shows a picture from edge to edge."""
        paper = self._paper
        width, height = paper.width * 72 / paper.dpi, paper.height * 72 / paper.dpi
        me = len(self._offsets) + 1
        self._object(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:g} {height:g}] /Contents "
            f"{me + 1} 0 R /Resources << /XObject << /P {me + 2} 0 R >> >> >>".encode()
        )
        drawing = f"q {width:g} 0 0 {height:g} 0 0 cm /P Do Q".encode()
        self._object(f"<< /Length {len(drawing)} >>".encode(), drawing)
        self._object(
            f"<< /Type /XObject /Subtype /Image /Width {paper.width} /Height {paper.height} "
            "/BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /DCTDecode "
            f"/Length {len(jpeg)} >>".encode(),
            jpeg,
        )

    def finish(self) -> None:
        """Write where the objects are."""
        start, count = self._out.tell(), len(self._offsets) + 1
        self._out.write(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for offset in self._offsets:
            self._out.write(f"{offset:010} 00000 n \n".encode())
        trailer = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
        self._out.write(trailer.encode())

    def _object(self, dictionary: bytes, stream: bytes | None = None) -> None:
        self._offsets.append(self._out.tell())
        self._out.write(f"{len(self._offsets)} 0 obj\n".encode() + dictionary)
        if stream is not None:
            self._out.write(b"\nstream\n" + stream + b"\nendstream")
        self._out.write(b"\nendobj\n")
