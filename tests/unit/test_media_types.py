"""The type is found from the content; among text types the extension decides."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines import media_types as types
from pipeline.engines.zip_directory import read_names
from pipeline.ocr import detect

MAIL = b"From: a@b.org\r\nTo: c@d.org\r\nSubject: x\r\n\r\nhello\r\n"
PROSE = b"The quick brown fox met Ann Lee in Paris.\n"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            # A name without a date: processes that share the tests have to name them alike.
            archive.writestr(zipfile.ZipInfo(name), "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", PROSE, types.TEXT),
        ("a.md", PROSE, types.MARKDOWN),
        ("a.csv", PROSE, types.CSV),
        ("a.tsv", PROSE, types.TSV),
        ("a.eml", PROSE, types.MAIL),
        ("a", PROSE, types.TEXT),
        ("a.docx", PROSE, types.TEXT),
        ("a.pdf", PROSE, types.TEXT),
        ("a.txt", b"<html><body>x</body></html>", types.TEXT),
        ("a.pdf", b"<!DOCTYPE html><html><body>x %PDF-1.4</body></html>", types.HTML),
        ("a", b"\xef\xbb\xbf <!-- c --> <!-- d -->\n<HTML>", types.HTML),
        ("a.xhtml", b'<?xml version="1.0"?><html></html>', types.HTML),
        ("a", b'<?xml version="1.0"?><html></html>', types.HTML),
        ("a.xml", b'<?xml version="1.0"?><note/>', types.XML),
        ("a", MAIL, types.MAIL),
        ("a", b"From a@b.org Mon Jan  1 00:00:00 2024\n" + MAIL, types.MBOX),
        ("a.txt", MAIL, types.TEXT),
        ("a", b"To: be or not\nthat is the question\n", types.TEXT),
        ("a.txt", b"%PDF-1.7\n", types.PDF),
        ("a.txt", b"A PDF begins with %PDF-1.7\n", types.TEXT),
        ("a.eml", b"Subject: %PDF-1.7\n\nwords", types.MAIL),
        ("a.pdf", b"rubbish\n%PDF-1.7\n", types.PDF),
        ("a.pdf", b"\x89PNG\r\n\x1a\n....", types.PNG),
        ("a.txt", b"\xff\xd8\xff\xe0", types.JPEG),
        ("a", b"II*\x00....", types.TIFF),
        ("a", b"MM\x00*....", types.TIFF),
        ("a.txt", b"{\\rtf1 x}", types.RTF),
        ("a.txt", "Ünïcödé".encode("utf-16"), types.TEXT),
        ("a.txt", "plain words in two bytes".encode("utf-16-le"), types.TEXT),
        ("a.txt", "caf\xe9 words".encode("latin-1"), types.TEXT),
        ("a.txt", b"some\x00words\x00here and more of them", types.TEXT),
        ("a.bin", bytes(range(32)) * 8, types.UNKNOWN),
        ("a.txt", b"", types.EMPTY),
        ("a", zipped("x.txt"), types.ZIP),
        ("a.docx", zipped("x.txt"), types.ZIP),
        ("a.zip", zipped("[Content_Types].xml", "word/document.xml"), types.DOCX),
        ("a", zipped("[Content_Types].xml", "xl/workbook.xml"), types.XLSX),
        ("a", zipped("[Content_Types].xml", "ppt/presentation.xml"), types.PPTX),
        ("a", zipped("word/document.xml"), types.ZIP),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml")[:60], types.DOCX),
        ("a", zipped("mimetype", "META-INF/manifest.xml"), "application/vnd.oasis.opendocument"),
        ("a", b"RIFF$\x00\x00\x00WAVEfmt \x00\x01\x02\x03\x04\x05\x06\x0e\x0f", "audio/wave"),
    ],
)
def test_detects(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    path = tmp_path / "stored-under-another-name"
    path.write_bytes(data)
    assert detect(path, name) == expected


@pytest.mark.parametrize(
    ("stream", "name", "expected"),
    [
        ("__properties_version1.0", "a.msg", types.OUTLOOK),
        ("__properties_version1.0", "a", types.OUTLOOK),
        ("WordDocument", "a.doc", types.OLD_WORD),
        ("Workbook", "a.xls", types.OLD_EXCEL),
        ("PowerPoint Document", "a.ppt", types.OLD_POWERPOINT),
        ("EncryptedPackage", "a.docx", types.ENCRYPTED_OFFICE),
        ("Something", "a.msg", types.OLE),
    ],
)
def test_tells_ole_files_apart(tmp_path: Path, stream: str, name: str, expected: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(types.OLE_SIGNATURE + bytes(5_000) + stream.encode("utf-16-le") + bytes(64))
    assert detect(path, name) == expected


@given(data=st.binary(max_size=600), name=st.sampled_from(["a", "a.txt", "a.docx", "a.eml"]))
def test_answers_for_any_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    assert "/" in detect(path, name)


@given(
    tail=st.binary(max_size=80),
    entries=st.integers(0, 0xFFFF),
    size=st.integers(0, 0xFFFFFFFF),
    offset=st.integers(0, 0xFFFFFFFF),
)
def test_a_zip_may_lie_about_its_directory(
    tail: bytes, entries: int, size: int, offset: int
) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, size, offset, len(tail))
    wide = struct.pack("<4sLQL", b"PK\x06\x07", 0, size << 32, 1)
    for data in (end + tail, b"PK\x03\x04" + wide + end, b"PK\x01\x02" + end):
        names = read_names(io.BytesIO(data))
        assert names is None or isinstance(names, frozenset)


def test_a_directory_after_other_bytes_is_found() -> None:
    assert read_names(io.BytesIO(b"MZ" * 500 + zipped("x.txt", "y/z.txt"))) == {"x.txt", "y/z.txt"}
