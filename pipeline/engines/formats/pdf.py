"""PDF: the text layer of each page with the places of its words, or OCR where it is of no use."""

from __future__ import annotations

import re
from typing import Any

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Draft, Job, PageText, told
from pipeline.engines.formats.images import page_of, reader
from pipeline.engines.formats.pdf_layer import Layer, picture_share, read_layer
from pipeline.engines.straightening import MOST_PIXELS
from pipeline.engines.tesseract import Reading
from pipeline.errors import PermanentError

PASSWORD_ERROR = 4
SECURITY_ERROR = 5
MORE_TEXT = 1.5
TAIL_BYTES = 2_048
HELD_BYTES = 32 << 20
"""About how much of a file PDFium may hold before the file is opened anew: of each page that was
looked at it keeps the picture's bytes until then."""
OF_A_PAGE = (ValueError, ArithmeticError, LookupError)
"""What code raises that is given numbers which make no sense."""
DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")


def read_pdf(job: Job) -> Pages:
    """Read a PDF page by page; a page that cannot be read is a warning, all of them a failure."""
    from pypdfium2 import PdfiumError

    document = _open(job)
    try:
        count = len(document)
        if count == 0:
            raise PermanentError("damaged", "the PDF has no page; print it to PDF again")
        first = job.pages.first if job.pages else 1
        if first == 1 and not _ends_well(job):
            job.warn("the PDF is cut short; the pages that are there were read")
        draft = Draft(job.options.max_characters, first)
        at_once = pages_at_once(job.path.stat().st_size, count)
        for number in job.wanted(count):
            if number > first and (number - first) % at_once == 0:
                document.close()
                document = _open(job)
            try:
                draft.add(_page(job, document, number - 1))
            except (PdfiumError, *OF_A_PAGE) as error:
                draft.add_unread(job, error)
        return draft.part(job, _metadata(document))
    finally:
        document.close()


def pages_at_once(size: int, pages: int) -> int:
    """Say after how many pages to open a file of `size` bytes anew, if its pages are alike."""
    return max(1, HELD_BYTES * pages // max(size, 1))


def _open(job: Job) -> Any:
    """Open a PDF. Raises PermanentError: encrypted, damaged."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(job.path, password=job.options.password)
    except pypdfium2.PdfiumError as error:
        if error.err_code in {PASSWORD_ERROR, SECURITY_ERROR}:
            raise PermanentError(
                "encrypted",
                "the PDF is protected by a password and the one in ocr.pdf_password does not open "
                "it; set the right one, or save the PDF without"
                if job.options.password
                else "the PDF is protected by a password; set ocr.pdf_password, or save the PDF "
                "without one",
            ) from error
        raise PermanentError(
            "damaged",
            "the PDF is damaged or cut short beyond what can be read; get it again from its "
            "source, or print it to PDF again",
        ) from error


def _ends_well(job: Job) -> bool:
    """Say whether the file ends as PDFs do."""
    with job.path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        return b"%%EOF" in file.read()


def _page(job: Job, document: Any, number: int) -> PageText:
    """Read a page's text layer, or the picture it makes."""
    page = document[number]
    try:
        layer = read_layer(page)
        if not needs_ocr(layer, page):
            return layer.page()
        reading, scanned = _recognised(job, page, layer)
        # A page with a picture that says little more than the layer keeps the exact words of it.
        more = layer.is_garbage or reading.sense > MORE_TEXT * layer.visible
        return scanned if more else layer.page()
    finally:
        page.close()


def needs_ocr(layer: Layer, page: Any) -> bool:
    """Say whether a page's text layer is missing or useless.

    Garbage: characters that stand for nothing, or that the font does not explain. Too little: a
    stamp or a page number over a picture of a page. A page with nothing drawn on it is blank.
    """
    if layer.is_garbage:
        return True
    if layer.visible == 0:
        return layer.has_objects
    return layer.visible < 200 and picture_share(page) > (0.25 if layer.visible < 80 else 0.8)


def _recognised(job: Job, page: Any, layer: Layer) -> tuple[Reading, PageText]:
    """Render a page as it would be printed, and read it."""
    scale = job.options.dpi / 72
    pixels = layer.width * layer.height * scale * scale
    limit = min(MOST_PIXELS, job.options.max_pixels)
    if pixels > limit:  # a poster, or a page whose size is a lie
        scale *= (limit / pixels) ** 0.5
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        picture = bitmap.to_pil().convert("L")
    finally:
        bitmap.close()
    reading = reader(job.options.language).read(picture, scale * 72)
    size = layer.width, layer.height
    return reading, page_of(reading, picture.size, scale * 72, size)


def _metadata(document: Any) -> Metadata:
    """Read title, author and dates."""
    found = document.get_metadata_dict(skip_empty=True)
    return Metadata(
        title=told(found.get("Title")),
        author=told(found.get("Author")),
        created=iso_date(found.get("CreationDate")),
        modified=iso_date(found.get("ModDate")),
    )


def iso_date(value: str | None) -> str | None:
    """Turn a PDF's date ("D:20200131120000+01'00'") into ISO 8601; None if it is none."""
    match = DATE.match(value or "")
    if match is None:
        return None
    year, month, day, hour, minute, second, zulu, sign, over, past = match.groups()
    date = "-".join(part for part in (year, month, month and day) if part)
    if not (month and day and hour):
        return date
    zone = "+00:00" if zulu else f"{sign}{over}:{past or '00'}" if sign else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"
