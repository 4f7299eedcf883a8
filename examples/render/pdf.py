"""Render PDF files: text pages, scanned pages, both in one."""

import html
import io
import os
import re
from collections.abc import Sequence

from reportlab import rl_config
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, Paragraph, Spacer

from .scans import Page, jpeg
from .texts import Text, noon

rl_config.useA85 = 0
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")
INCH = 72.0

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=14.5, spaceAfter=7)
HEAD = ParagraphStyle("head", parent=BODY, fontName="Times-Bold", fontSize=15, leading=19)
BYLINE = ParagraphStyle("byline", parent=BODY, fontName="Times-Italic", spaceAfter=12)
SPEECH = ParagraphStyle("speech", parent=BODY, fontSize=12, leading=19, spaceAfter=10)
CENTRE = ParagraphStyle("centre", parent=HEAD, alignment=TA_CENTER, spaceAfter=14)


class Pdf:
    """Collect pages, then give the bytes of a PDF that is the same at every run."""

    def __init__(self, title: str, author: str, date: Text | None = None) -> None:
        self._dated = date.date if date else None
        stamp = int(noon(self._dated).timestamp()) if self._dated else 0
        os.environ["SOURCE_DATE_EPOCH"] = str(stamp)
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, LETTER, pageCompression=1, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject("")
        self._canvas.setCreator("casegraph examples")
        self._number = 0

    @property
    def pages(self) -> int:
        """Return the number of pages so far."""
        return self._number

    def flow(self, story: Sequence[Flowable], running_head: str) -> None:
        """Lay out flowables on as many pages as they take, under a running head."""
        rest = list(story)
        while rest:
            self._number += 1
            self._canvas.setFont("Times-Roman", 9)
            self._canvas.drawString(INCH, 10.45 * INCH, running_head)
            self._canvas.drawCentredString(4.25 * INCH, 0.5 * INCH, str(self._number))
            Frame(INCH, 0.8 * INCH, 6.5 * INCH, 9.5 * INCH, 0, 0, 0, 0).addFromList(
                rest, self._canvas
            )
            self._canvas.showPage()

    def text(self, text: Text) -> None:
        """Add a release: title, issuer, paragraphs; it starts on a page of its own."""
        head = [paragraph(text.title, HEAD), paragraph(text.issuer, BYLINE)]
        self.flow(head + [paragraph(p) for p in text.paragraphs], text.issuer)

    def image(self, page: Page) -> None:
        """Add a scanned page that fills the sheet, with no text layer."""
        self._number += 1
        self._canvas.drawImage(ImageReader(io.BytesIO(jpeg(page))), 0, 0, *LETTER)
        self._canvas.showPage()

    def finish(self) -> bytes:
        """Return the file. Dates that nobody knows are blanked, which keeps every offset."""
        self._canvas.save()
        data = self._buffer.getvalue()
        if self._dated:
            return data
        return _DATES.sub(lambda found: b" " * len(found[0]), data)


def paragraph(words: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Set words as they are, with nothing read as markup."""
    return Paragraph(html.escape(words, quote=False), style)


def gap(points: float) -> Spacer:
    """Leave some room."""
    return Spacer(1, points)
