"""Word and PowerPoint: text in reading order, with tables, notes, headers and comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.documents import Pages
from pipeline.engines.formats.draft import Draft, Job, PageText, one_page
from pipeline.engines.formats.packages import check_package, core_metadata
from pipeline.errors import PermanentError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
CELLS = " | "
# Which characters the elements of a run stand for.
MARKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
# Text that tracked changes took away: deleted, or moved to where it stands again.
GONE = {f"{W}del", f"{W}moveFrom"}
# Parts with text beside the body, by the end of their relationship's type.
SIDE_PARTS = ("header", "footer", "footnotes", "endnotes", "comments")


def read_docx(job: Job) -> Pages:
    """Read a Word document: headers, the body, footers, then notes and comments.

    The tree is walked here and not by python-docx, which passes over content controls, text boxes
    and tracked insertions, all of which are common in forms and contracts. Deleted text, and
    text where it was before a tracked move, is no text. Paragraphs stand apart by an empty line.
    """
    from docx.package import Package

    check_package(job)
    try:
        # Not through docx.Document, which refuses templates and files with macros.
        document = Package.open(str(job.path)).main_document_part
        body = _root_of(document)
    except (KeyError, ValueError) as error:
        raise PermanentError(
            "damaged", f"the Word file lacks a part ({error}); save it again in Word"
        ) from error
    if body.tag != f"{W}document":
        raise PermanentError(
            "damaged", f"the Word file's main part is none ({body.tag}); save it as .docx in Word"
        )
    sides = _side_parts(document)
    blocks = [
        *_paragraphs(sides["header"]),
        *_blocks(body),
        *_paragraphs(sides["footer"]),
        *_paragraphs(sides["footnotes"]),
        *_paragraphs(sides["endnotes"]),
        *_paragraphs(sides["comments"]),
    ]
    return one_page(job, "\n\n".join(blocks), core_metadata(job))


def _side_parts(document: Any) -> dict[str, list[Any]]:
    """Find the roots of headers, footers, notes and comments, each kind in a fixed order."""
    found: dict[str, list[Any]] = {kind: [] for kind in SIDE_PARTS}
    for relation in document.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in found and not relation.is_external:
            part = relation.target_part
            found[kind].append((str(part.partname), _root_of(part)))
    return {kind: [root for _, root in sorted(parts)] for kind, parts in found.items()}


def _root_of(part: Any) -> Any:
    """Parse a part of the package."""
    from lxml import etree

    return etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True))


def _paragraphs(roots: Iterable[Any]) -> list[str]:
    """Collect the blocks of several parts, each text once: sections repeat their headers."""
    return list(dict.fromkeys(block for root in roots for block in _blocks(root)))


def _blocks(root: Any) -> Iterator[str]:
    """Yield paragraphs and table rows in order, through whatever wraps them."""
    for element in root:
        if element.tag == f"{W}p":
            yield from _paragraph(element)
        elif element.tag == f"{W}tbl":
            yield from _rows(element)
        elif element.tag not in {FALLBACK} | GONE and isinstance(element.tag, str):
            yield from _blocks(element)


def _paragraph(paragraph: Any) -> Iterator[str]:
    """Yield a paragraph's own text, then that of the text boxes anchored in it."""
    boxes: list[Any] = []
    text = "".join(_runs(paragraph, boxes)).strip()
    if text:
        yield text
    for box in boxes:
        yield from _blocks(box)


def _runs(element: Any, boxes: list[Any]) -> Iterator[str]:
    """Yield the characters of a paragraph; text boxes are put aside."""
    for child in element:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in MARKS:
            yield MARKS[child.tag]
        elif child.tag == f"{W}txbxContent":
            boxes.append(child)
        elif child.tag not in {FALLBACK, f"{W}pPr", f"{W}rPr"} | GONE:
            yield from _runs(child, boxes)


def _rows(table: Any) -> Iterator[str]:
    """Yield a table's rows, cells side by side; a cell may hold a table itself."""
    for row in table.iter(f"{W}tr"):
        if next(row.iterancestors(f"{W}tbl")) is not table:
            continue  # of a table in a cell: it comes with its cell
        cells = [" ".join(_blocks(cell)) for cell in _own_cells(row)]
        line = CELLS.join(" ".join(cell.split()) for cell in cells if cell.strip())
        if line:
            yield line


def _own_cells(row: Any) -> Iterator[Any]:
    """Yield a row's cells, also those in content controls, but not those of inner tables."""
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent"}:
            yield from _own_cells(child)


def read_pptx(job: Job) -> Pages:
    """Read a presentation: each slide a page, its notes below it."""
    from pptx.exc import PackageNotFoundError
    from pptx.package import Package

    check_package(job)
    try:
        # Not through pptx.Presentation, which refuses templates and slide shows.
        slides = list(Package.open(str(job.path)).main_document_part.presentation.slides)
    except (AttributeError, KeyError, ValueError, PackageNotFoundError) as error:
        raise PermanentError(
            "damaged", f"the PowerPoint file lacks a part ({error}); save it again in PowerPoint"
        ) from error
    draft = Draft(job.options.max_characters)
    for slide in slides:
        blocks = list(_shapes(slide.shapes))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            blocks.extend(_frame(slide.notes_slide.notes_text_frame))
        draft.add(PageText(text="\n\n".join(blocks)))
    return draft.pages(job, core_metadata(job))


def _shapes(shapes: Any) -> Iterator[str]:
    """Yield the text of shapes, of groups of shapes, and of tables."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                cells = (" ".join(cell.text.split()) for cell in row.cells)
                line = CELLS.join(cell for cell in cells if cell)
                if line:
                    yield line
        elif shape.has_text_frame:
            yield from _frame(shape.text_frame)


def _frame(frame: Any) -> Iterator[str]:
    """Yield a text frame's paragraphs; a line break in one is a blank."""
    for paragraph in frame.paragraphs:
        text = " ".join(paragraph.text.replace("\x0b", " ").split())
        if text:
            yield text
