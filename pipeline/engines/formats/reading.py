"""From a request to pages: the reader for the type, then the language of what it found."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from pipeline.documents import PageCount, Pages
from pipeline.engines import media_types as types
from pipeline.engines.formats.draft import Job, LongDocumentError, clean
from pipeline.engines.formats.members import MemberWriter
from pipeline.engines.parse_request import ParseRequest, unread
from pipeline.errors import PermanentError

# Which module of this folder reads a type, and by which function. Named, not imported, so that a
# folder of text files never waits for the library of another format.
READERS = {
    types.TEXT: ("text", "read_text"),
    types.MARKDOWN: ("text", "read_markdown"),
    types.CSV: ("spreadsheets", "read_csv"),
    types.TSV: ("spreadsheets", "read_csv"),
    types.HTML: ("html", "read_html"),
    types.MAIL: ("mail", "read_mail"),
    types.MBOX: ("mailbox", "read_mbox"),
    types.OUTLOOK: ("outlook", "read_outlook"),
    types.DOCX: ("office", "read_docx"),
    types.PPTX: ("office", "read_pptx"),
    types.XLSX: ("spreadsheets", "read_xlsx"),
    types.PDF: ("pdf", "read_pdf"),
    types.PNG: ("images", "read_image"),
    types.JPEG: ("images", "read_image"),
    types.TIFF: ("images", "read_image"),
    types.ZIP: ("archives", "read_zip"),
}

# What people have, and what casegraph reads instead.
CONVERSIONS = {
    types.OLD_WORD: "an old Word file (.doc): save it as .docx or PDF",
    types.OLD_EXCEL: "an old Excel file (.xls): save it as .xlsx or CSV",
    types.OLD_POWERPOINT: "an old PowerPoint file (.ppt): save it as .pptx or PDF",
    types.RTF: "a Rich Text file (.rtf): save it as .docx or PDF",
    types.XML: "an XML file: convert it to HTML or plain text",
    "application/vnd.oasis.opendocument": "an OpenDocument file: save it as .docx, .xlsx or PDF",
    "application/epub+zip": "an e-book: convert it to PDF or HTML",
    "application/postscript": "a PostScript file: convert it to PDF",
    "application/vnd.ms-outlook-pst": "an Outlook archive (.pst): export its mails as .eml",
    "application/gzip": "a gzip file: unpack it, or pack its content as .zip",
    "application/x-7z-compressed": "a 7-Zip archive: unpack it, or pack its content as .zip",
    "application/vnd.rar": "a RAR archive: unpack it, or pack its content as .zip",
}


def read(request: ParseRequest, progress: Callable[..., None]) -> Pages | PageCount:
    """Read a file. `progress` is told that something is done, or that a page of so many begins.

    Raises PermanentError with the word and the sentence for `failures`.
    """
    path = Path(request.path)
    size = _size_of(path)
    reader = reader_of(request.media_type, size)
    options = request.options
    job = Job(
        path=path,
        name=request.name,
        media_type=request.media_type,
        options=options,
        members=MemberWriter(Path(request.folder), size, options.archive),
        progress=progress,
        pages=request.pages,
        at_once=request.at_once,
    )
    try:
        pages = reader(job)
    except LongDocumentError as error:
        return PageCount(count=error.count)
    except PermanentError as error:
        raise PermanentError(error.code, _by_name(request, error.message)) from error
    warnings = tuple(_by_name(request, warning) for warning in pages.warnings)
    pages = pages.model_copy(update={"warnings": warnings})
    if request.pages:
        return pages
    return with_language(pages, mail=request.media_type in (types.MAIL, types.OUTLOOK))


def _by_name(request: ParseRequest, sentence: str) -> str:
    """Call the file by its name: libraries tell its path, that of a copy which nobody knows."""
    return sentence.replace(request.path, clean(request.name))


def _size_of(path: Path) -> int:
    """Look at the file. Raises PermanentError: source_missing, unreadable."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise unread(error) from error


def reader_of(media_type: str, size: int) -> Callable[[Job], Pages]:
    """Find the reader of a type. Raises PermanentError for a type that has none."""
    if size == 0:
        raise PermanentError("empty_file", "the file is empty (0 bytes)")
    if media_type == types.ENCRYPTED_OFFICE:
        raise PermanentError(
            "encrypted", "the Office file is protected by a password; save it without one"
        )
    if media_type not in READERS:
        what = CONVERSIONS.get(media_type, f"of a type that casegraph cannot read ({media_type})")
        raise PermanentError("unsupported_type", f"the file is {what}")
    module, function = READERS[media_type]
    found = getattr(importlib.import_module(f"pipeline.engines.formats.{module}"), function)
    assert callable(found)  # noqa: S101 - the table above names functions
    return found  # type: ignore[no-any-return]


def with_language(pages: Pages, *, mail: bool = False) -> Pages:
    """Add the language of the text, where there is enough of it to tell.

    A mail's is that of its body: names, addresses and dates of its head are in none. Where the
    body is too short, its subject may tell.
    """
    from pipeline.engines.formats.mail_text import body_of
    from pipeline.engines.languages import detect_language

    text = body_of(pages.text) if mail else pages.text
    language, score = detect_language(text)
    if mail and language is None and pages.metadata.subject:
        language, score = detect_language(f"{pages.metadata.subject}\n{text}")
    return pages.model_copy(update={"language": language, "language_score": score})
