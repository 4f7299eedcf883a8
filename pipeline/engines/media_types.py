"""Which type a file's bytes are: found from the content, in the caller's own process.

Only the first kilobytes, and the directory of a ZIP or OLE file within bounds, are looked at, with
nothing that parses: what a stranger wrote is parsed in the child only. Among text types, which
cannot be told apart for sure, the file's extension decides.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path, PurePath
from typing import BinaryIO

from pipeline.engines.zip_directory import read_names

TEXT = "text/plain"
MARKDOWN = "text/markdown"
CSV = "text/csv"
TSV = "text/tab-separated-values"
HTML = "text/html"
MAIL = "message/rfc822"
MBOX = "application/mbox"
OUTLOOK = "application/vnd.ms-outlook"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
ZIP = "application/zip"
EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"
RTF = "application/rtf"
XML = "application/xml"
OLD_WORD = "application/msword"
OLD_EXCEL = "application/vnd.ms-excel"
OLD_POWERPOINT = "application/vnd.ms-powerpoint"
ENCRYPTED_OFFICE = "application/x-encrypted-office"
OLE = "application/x-ole-storage"
CONTAINERS = (MAIL, MBOX, OUTLOOK, ZIP)
"""What may hold members: documents of their own."""

TEXT_EXTENSIONS = {
    ".txt": TEXT,
    ".text": TEXT,
    ".log": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".csv": CSV,
    ".tsv": TSV,
    ".tab": TSV,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".eml": MAIL,
    ".mbox": MBOX,
    ".mbx": MBOX,
}
OFFICE_EXTENSIONS = {".docx": DOCX, ".xlsx": XLSX, ".pptx": PPTX}

# What begins like this is of this type, whatever its name is.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"{\\rtf", RTF),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x7fELF", "application/x-executable"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"%!PS", "application/postscript"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
)
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

HEAD_BYTES = 64 << 10
OLE_BYTES = 64 << 20
MAIL_HEADERS = re.compile(
    rb"^(from|to|cc|bcc|subject|date|sender|reply-to|received|return-path|message-id"
    rb"|mime-version|content-type|delivered-to|x-[a-z-]+|dkim-signature|in-reply-to"
    rb"|references):",
    re.IGNORECASE,
)
HTML_TAG = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
XML_DECLARATION = re.compile(rb"<\?xml[^>]*>")


def detect(path: Path, name: str) -> str:
    """Name the media type of a file. `name` is its own name; only its extension counts.

    Raises OSError when the file cannot be read.
    """
    extension = PurePath(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head:
            return EMPTY
        if head.startswith(ZIP_SIGNATURES):
            return _zip_type(file, extension)
        if head.startswith(OLE_SIGNATURE):
            return _ole_type(file, extension)
    return _from_head(head, extension)


def _from_head(head: bytes, extension: str) -> str:
    """Name the type by the first bytes alone."""
    for signature, media_type in SIGNATURES:
        if head.startswith(signature):
            return media_type
    if _is_pdf(head[:1024], extension):
        return PDF
    if looks_like_text(head):
        return TEXT_EXTENSIONS.get(extension) or _text_type(head, extension)
    if extension in TEXT_EXTENSIONS and _mostly_text(head):
        return TEXT_EXTENSIONS[extension]
    return _rare_type(head)


def _is_pdf(head: bytes, extension: str) -> bool:
    """Say whether a PDF begins here. Readers allow for rubbish before its first line; in a file
    that is named as text, words before it mean that it is spoken of.
    """
    before, mark, _ = head.partition(b"%PDF-")
    if not mark or _starts_like_html(head):
        return False
    return not before.strip(b"\xef\xbb\xbf\x00 \t\r\n") or extension not in TEXT_EXTENSIONS


def looks_like_text(head: bytes) -> bool:
    """Say whether bytes are text in some encoding: hardly a control character in them."""
    if head.startswith(BYTE_ORDER_MARKS) or wide_encoding(head) is not None:
        return True
    return _count_controls(head) * 200 <= len(head)


def _mostly_text(head: bytes) -> bool:
    """Say whether bytes that are said to be text may be so, though some are damaged."""
    return _count_controls(head) * 4 <= len(head)


_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\x0b\x0c\r\x08\x1b"))


def _count_controls(head: bytes) -> int:
    """Count the bytes that no text has."""
    return len(head) - len(head.translate(None, _CONTROLS))


def _starts_like_html(head: bytes) -> bool:
    """Say whether the first tag, after comments and an XML declaration, is one of HTML's."""
    rest = head.removeprefix(BYTE_ORDER_MARKS[0]).lstrip()
    if declaration := XML_DECLARATION.match(rest):
        rest = rest[declaration.end() :].lstrip()
    while rest.startswith(b"<!--"):
        rest = rest.partition(b"-->")[2].lstrip()
    return HTML_TAG.match(rest) is not None


def wide_encoding(head: bytes) -> str | None:
    """Name the UTF-16 form of text without a byte order mark: every other byte is zero."""
    if len(head) < 8:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    pairs = len(head) // 2
    if odd * 10 >= pairs * 7 and even * 20 <= pairs:
        return "utf-16-le"
    if even * 10 >= pairs * 7 and odd * 20 <= pairs:
        return "utf-16-be"
    return None


def _text_type(head: bytes, extension: str) -> str:
    """Tell text types apart by content, where no extension does."""
    if _starts_like_html(head):
        return HTML
    if extension in {".xml", ".svg", ".rss"} or head.lstrip(b"\xef\xbb\xbf \r\n").startswith(
        b"<?xml"
    ):
        return XML
    if head.startswith(b"From ") and _is_mail(head.partition(b"\n")[2]):
        return MBOX
    if _is_mail(head):
        return MAIL
    return TEXT


def _is_mail(head: bytes) -> bool:
    """Say whether text begins with the head of a mail: only header lines, known ones among them."""
    known = 0
    for line in head.splitlines():
        if not line.strip():
            break
        if line[:1] in b" \t" and known:
            continue
        if not re.match(rb"^[!-9;-~]+:", line):
            return False
        known += bool(MAIL_HEADERS.match(line))
    return known >= 3


def _zip_type(file: BinaryIO, extension: str) -> str:
    """Tell an Office file from an archive by the names inside."""
    names = read_names(file)
    if names is None:  # cut short: only the name is left to say what it was
        return OFFICE_EXTENSIONS.get(extension, ZIP)
    if "[Content_Types].xml" in names:
        for folder, media_type in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
            if any(name.startswith(folder) for name in names):
                return media_type
    if "mimetype" in names and "META-INF/manifest.xml" in names:
        return "application/vnd.oasis.opendocument"
    if "META-INF/container.xml" in names:
        return "application/epub+zip"
    return ZIP


_OLE_STREAMS = (
    ("__properties_version1.0", OUTLOOK, ".msg"),
    ("EncryptedPackage", ENCRYPTED_OFFICE, ""),
    ("WordDocument", OLD_WORD, ".doc"),
    ("Workbook", OLD_EXCEL, ".xls"),
    ("PowerPoint Document", OLD_POWERPOINT, ".ppt"),
)


def _ole_type(file: BinaryIO, extension: str) -> str:
    """Tell what an OLE file holds by the names of its streams, wherever its directory lies."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = [
            (media_type, own)
            for stream, media_type, own in _OLE_STREAMS
            if data.find(stream.encode("utf-16-le"), 0, OLE_BYTES) >= 0
        ]
    for media_type, own in found:
        if own == extension:
            return media_type
    return found[0][0] if found else OLE


def _rare_type(head: bytes) -> str:
    """Name a type that casegraph cannot read, so that the message can say what it is."""
    import puremagic

    try:
        matches = puremagic.magic_string(head[:4096])
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    named = [match.mime_type for match in matches if match.mime_type]
    return str(named[0]) if named else UNKNOWN
