"""Render Word, Excel and PowerPoint files."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence

import docx
import openpyxl
import pptx
from docx.document import Document
from openpyxl.styles import Font
from pptx.presentation import Presentation
from pptx.util import Inches, Pt

from .archives import freeze_office
from .texts import Text, noon

Rows = Sequence[Sequence[str | int | None]]
_DCTERMS = "{http://purl.org/dc/terms/}"


def _describe(file: Document | Presentation, title: str, author: str, date: dt.date | None) -> None:
    core = file.core_properties
    core.title, core.author, core.last_modified_by = title, author, author
    core.comments, core.keywords, core.subject, core.revision = "", "", "", 1
    if date:
        core.created = noon(date).replace(tzinfo=None)
        return
    for element in core._element.findall(f"{_DCTERMS}created"):
        core._element.remove(element)


def new_document(title: str, author: str, date: dt.date | None) -> Document:
    """Start a Word document with its properties and a page header."""
    document = docx.Document()
    _describe(document, title, author, date)
    document.sections[0].header.paragraphs[0].text = author
    document.add_heading(title, level=0)
    return document


def add_release(document: Document, text: Text) -> None:
    """Append a release under its own heading."""
    document.add_heading(text.title, level=1)
    for paragraph in text.paragraphs:
        if paragraph.startswith("- "):
            document.add_paragraph(paragraph[2:], style="List Bullet")
        else:
            document.add_paragraph(paragraph)


def add_table(document: Document, rows: Rows) -> None:
    """Append a table whose first row is its head."""
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = "" if value is None else str(value)


def docx_bytes(document: Document) -> bytes:
    """Save a Word document so that it is the same at every run."""
    buffer = io.BytesIO()
    document.save(buffer)
    return freeze_office(buffer.getvalue())


def xlsx_bytes(sheets: dict[str, Rows], title: str, author: str, date: dt.date) -> bytes:
    """Render a workbook: bold heads, frozen first rows, columns wide enough to read."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for column in sheet.columns:
            widest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(60, widest + 2)
    book.properties.title, book.properties.creator = title, author
    book.properties.created = noon(date).replace(tzinfo=None)
    buffer = io.BytesIO()
    book.save(buffer)
    return freeze_office(buffer.getvalue())


class Deck:
    """Collect slides, then give the bytes of a presentation."""

    def __init__(self, title: str, subtitle: str, author: str) -> None:
        self._deck = pptx.Presentation()
        _describe(self._deck, title, author, None)
        slide = self._deck.slides.add_slide(self._deck.slide_layouts[0])
        slide.shapes.title.text = title
        slide.placeholders[1].text = subtitle

    def bullets(self, title: str, points: Iterable[str], notes: str) -> None:
        """Add a slide of points, with the whole passage as its speaker notes."""
        slide = self._deck.slides.add_slide(self._deck.slide_layouts[1])
        slide.shapes.title.text = title
        frame = slide.placeholders[1].text_frame
        for index, point in enumerate(points):
            paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
            paragraph.text = point
            paragraph.font.size = Pt(16)
        slide.notes_slide.notes_text_frame.text = notes

    def table(self, title: str, rows: Rows, notes: str) -> None:
        """Add a slide with a table."""
        slide = self._deck.slides.add_slide(self._deck.slide_layouts[5])
        slide.shapes.title.text = title
        shape = slide.shapes.add_table(
            len(rows), len(rows[0]), Inches(1), Inches(1.8), Inches(8), Inches(0.5 * len(rows))
        )
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                shape.table.cell(y, x).text = str(value)
        slide.notes_slide.notes_text_frame.text = notes

    def finish(self) -> bytes:
        """Return the file, the same at every run."""
        buffer = io.BytesIO()
        self._deck.save(buffer)
        return freeze_office(buffer.getvalue())
