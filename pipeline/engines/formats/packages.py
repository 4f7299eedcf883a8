"""Office packages: what must be so of a .docx, .xlsx or .pptx before a library may read it.

They are ZIP files of XML. Entities could fetch other files or grow without bounds, so no part may
have a document type, and no picture one that defines any; parts may not unpack to more than the
archive limits allow.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import closing

from pipeline.documents import Metadata
from pipeline.engines.formats.archives import UNREADABLE, open_zip, unpacked
from pipeline.engines.formats.draft import Job, told
from pipeline.engines.formats.members import check_budget
from pipeline.errors import PermanentError

FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
FORBIDDEN_IN_PICTURES = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
DECLARED_WITHIN = 1_000
"""Bytes, in which the encoding stands that a part declares: more are blanks, to hide it behind."""
# Encodings in which the letters of "DOCTYPE" are the bytes that are looked for (zeros dropped).
PLAIN_ENCODINGS = {b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1",
                   b"windows-1252"}  # fmt: skip
CORE_PART = "docProps/core.xml"
OVERLAP = 64
XML_PARTS = (".xml", ".rels", ".vml")
# What other programs made may have a document type, as long as that defines nothing.
PICTURES = (".svg", ".htm", ".html")
BEFORE_MARKUP = b" \t\r\n\xef\xbb\xbf\xfe\xff"


def check_package(job: Job) -> None:
    """Read every part once. Raises PermanentError: unsafe_xml, archive_bomb, encrypted, damaged."""
    total = 0
    with open_zip(job.path, job.options.archive) as archive:
        for entry in archive.infolist():
            if entry.flag_bits & 0x1:
                raise PermanentError(
                    "encrypted", "the Office file is protected by a password; save it without one"
                )
            try:
                total += _check_part(job, archive, entry, total)
            except UNREADABLE as error:
                raise PermanentError(
                    "damaged",
                    f"the Office file is damaged at {entry.filename!r} ({error}); open it in its "
                    "own program and save it again",
                ) from error


def _check_part(job: Job, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, before: int) -> int:
    """Read a part to its end; return its real size in bytes."""
    name = entry.filename.lower()
    forbidden = FORBIDDEN_IN_PICTURES if name.endswith(PICTURES) else FORBIDDEN
    is_markup: bool | None = name.endswith(XML_PARTS) or None
    size, tail = 0, b""
    with closing(unpacked(archive, entry)) as blocks:
        for block in blocks:
            if is_markup is None:
                is_markup = _is_markup(block)
            if is_markup:
                _refuse_unsafe(tail + block, entry.filename, forbidden, first=size == 0)
                tail = block[-OVERLAP:]
            size += len(block)
            check_budget(job.path.stat().st_size, 0, before + size, job.options.archive)
    return size


def _is_markup(block: bytes) -> bool | None:
    """Say by the first bytes of a part whether it may be read as XML, whatever its name: a package
    says elsewhere what its parts are. None where there are only blanks yet.
    """
    start = block.replace(b"\x00", b"").lstrip(BEFORE_MARKUP)[:1]
    return start == b"<" if start else None


def _refuse_unsafe(block: bytes, name: str, forbidden: re.Pattern[bytes], *, first: bool) -> None:
    """Refuse a document type or an encoding to hide one in. Raises PermanentError("unsafe_xml")."""
    plain = block.replace(b"\x00", b"")  # UTF-16 as well
    if forbidden.search(plain) or (first and _is_veiled(plain.lstrip(BEFORE_MARKUP))):
        raise PermanentError(
            "unsafe_xml",
            f"{name!r} in the Office file defines entities, which could read other files or grow "
            "without bounds; no Office program writes that. Open it in one and save it again",
        )


def _is_veiled(start: bytes) -> bool:
    """Say whether a part declares an encoding in which a document type may not be found, or
    declares too much to be looked into.
    """
    declared, ended, _ = start[:DECLARED_WITHIN].partition(b">")
    if not ended:
        return start.startswith(b"<?xml") and len(start) > DECLARED_WITHIN
    named = ENCODING.match(declared)
    return named is not None and named.group(1).lower() not in PLAIN_ENCODINGS


def core_metadata(job: Job) -> Metadata:
    """Read title, author and dates from a package's core properties, as they stand there.

    The libraries' own readers put the time of day where a date is missing, so that the same file
    would say something else each time it is read. To be called after `check_package`.
    """
    from lxml import etree

    with zipfile.ZipFile(job.path) as archive:
        try:
            data = archive.read(CORE_PART)
        except KeyError:
            return Metadata()
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        job.warn("the file's title, author and dates cannot be read")
        return Metadata()
    values = {etree.QName(child).localname: told(child.text) for child in root.iterchildren("*")}
    return Metadata(
        title=values.get("title"),
        author=values.get("creator"),
        created=values.get("created"),
        modified=values.get("modified"),
    )
