"""Files that are made to harm, or are broken: each ends as an answer that a person understands."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reading_case import fails, read_file, read_members, request_for
from remote_case import WORDS, remote_files, trap
from reportlab.pdfgen.canvas import Canvas

from pipeline.documents import Pages
from pipeline.engines.formats.members import MemberWriter, over_budget, safe_path
from pipeline.engines.parse_request import ParseFailure, ParseOptions
from pipeline.engines.parser import Parser
from pipeline.engines.parser_child import parse
from pipeline.errors import PermanentError
from pipeline.settings import ArchiveLimits, Limits

pytestmark = pytest.mark.filterwarnings(
    "ignore:Duplicate name:UserWarning"  # zipfile, of what the test means to do
)

MEGABYTE = 1 << 20


def archive(folder: Path, entries: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for entry, data in entries:
            file.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return path


def limited(**limits: int) -> ParseOptions:
    return ParseOptions(archive=ArchiveLimits(**limits))


def test_members_come_in_order_with_their_bytes(tmp_path: Path) -> None:
    path = archive(tmp_path, [("z.txt", b"last"), ("folder/", b""), ("folder/a.txt", b"first")])
    pages, members = read_members(path)
    assert list(members.items()) == [("folder/a.txt", b"first"), ("z.txt", b"last")]
    assert (pages.text, pages.pages, pages.warnings) == ("", (), ())


def test_no_member_leaves_the_archive(tmp_path: Path) -> None:
    names = ["../../etc/passwd", "/abs.txt", "C:\\win\\x.txt", "a/../b.txt", "\x01odd.txt", ".."]
    path = archive(tmp_path, [(name, name.encode()) for name in names])
    pages, members = read_members(path)
    assert set(members) == {"_odd.txt", "abs.txt", "a/b.txt", "etc/passwd", "member", "win/x.txt"}
    assert len(pages.warnings) == len(names)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@given(st.text(max_size=400))
def test_a_safe_path_leads_down(name: str) -> None:
    parts = safe_path(name).split("/")
    assert parts
    assert all(part not in {"", ".", ".."} and len(part) <= 200 for part in parts)
    "/".join(parts).encode("utf-8")


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    _, members = read_members(
        archive(tmp_path, [("a.txt", b"1"), ("a.txt", b"2"), ("a.txt", b"3")])
    )
    assert members == {"a.txt": b"1", "a~2.txt": b"2", "a~3.txt": b"3"}


def test_links_and_litter_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    path = archive(tmp_path, [(link, b"/etc/passwd"), ("__MACOSX/x", b"x"), ("b/.DS_Store", b"x"),
                              ("a.txt", b"words")])  # fmt: skip
    pages, members = read_members(path)
    assert list(members) == ["a.txt"]
    assert "link.txt" in pages.warnings[0]


def encrypted_in_place(path: Path, *names: bytes) -> None:
    """Set the flag of encryption on entries, as a reader sees it."""
    data = bytearray(path.read_bytes())
    for name in names:
        for signature, header, flags in ((b"PK\x03\x04", 30, 6), (b"PK\x01\x02", 46, 8)):
            at = data.find(name)
            while at >= 0:
                if data[at - header : at - header + 4] == signature:
                    data[at - header + flags] |= 1
                at = data.find(name, at + 1)
    path.write_bytes(data)


def test_encrypted_members_are_left_out_and_told(tmp_path: Path) -> None:
    path = archive(tmp_path, [("open.txt", b"words"), ("locked.txt", b"secret")])
    encrypted_in_place(path, b"locked.txt")
    pages, members = read_members(path)
    assert list(members) == ["open.txt"]
    assert "locked.txt" in pages.warnings[0]
    encrypted_in_place(path, b"open.txt")
    with fails("encrypted", "password"):
        read_file(path)


def test_a_damaged_member_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("bad.txt", b"these words will change")
        file.writestr("good.txt", b"words")
    path.write_bytes(path.read_bytes().replace(b"will change", b"DID CHANGE!"))
    pages, members = read_members(path)
    assert list(members) == ["good.txt"]
    assert "bad.txt" in pages.warnings[0]


def packed(folder: Path, method: int, at: int, change: bytes) -> Path:
    """Make an archive of two members, of which the first has other bytes somewhere."""
    path = folder / "packed.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("bad.txt", b"Ann Lee met Bob Ray in Paris. " * 99)
        file.writestr("good.txt", b"words")
    data = bytearray(path.read_bytes())
    at += 30 + len("bad.txt")
    data[at : at + len(change)] = change
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("method", "at"),
    [
        (zipfile.ZIP_STORED, 20),
        (zipfile.ZIP_DEFLATED, 0),
        (zipfile.ZIP_BZIP2, 4),
        (zipfile.ZIP_LZMA, 4),
        (zipfile.ZIP_LZMA, 20),
    ],
)
def test_a_member_that_cannot_be_unpacked_is_left_out_whatever_packed_it(
    tmp_path: Path, method: int, at: int
) -> None:
    pages, members = read_members(packed(tmp_path, method, at, b"\xff" * 9))
    assert members == {"good.txt": b"words"}
    [warning] = pages.warnings
    assert "'bad.txt' in the archive cannot be read" in warning


def test_a_member_that_asks_for_memory_as_it_is_damaged_is_left_out(tmp_path: Path) -> None:
    """Behind the version and the length of the properties, LZMA says how large its window is."""
    path = packed(tmp_path, zipfile.ZIP_LZMA, 5, struct.pack("<I", 0xF0000000))
    with Parser(Limits()) as parser:
        pages = parser.parse(request_for(path, tmp_path))
    assert isinstance(pages, Pages)
    assert [member.path for member in pages.members] == ["good.txt"]


def test_a_bomb_is_stopped_by_its_ratio(tmp_path: Path) -> None:
    path = archive(tmp_path, [("zeros.txt", bytes(80 * MEGABYTE))])
    with fails("archive_bomb", "limits.archive.max_ratio"):
        read_file(path)


def test_a_bomb_is_stopped_by_its_size(tmp_path: Path) -> None:
    path = archive(tmp_path, [("a.txt", bytes(MEGABYTE)), ("b.txt", bytes(MEGABYTE))])
    read_file(path, limited(max_bytes=2 * MEGABYTE))
    with fails("archive_bomb", "limits.archive.max_bytes"):
        read_file(path, limited(max_bytes=2 * MEGABYTE - 1))


def test_a_bomb_is_stopped_by_its_number_of_members(tmp_path: Path) -> None:
    path = archive(tmp_path, [(f"{number}.txt", b"x") for number in range(5)])
    read_file(path, limited(max_members=5))
    with fails("archive_bomb", "limits.archive.max_members"):
        read_file(path, limited(max_members=4))


def test_real_bytes_are_counted_and_not_what_the_archive_says(tmp_path: Path) -> None:
    path = archive(tmp_path, [("a.txt", bytes(4 * MEGABYTE))])
    lie = struct.pack("<L", 10)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 4 * MEGABYTE), lie))
    # The library stops at the size that is told, and the checksum tells that it is a lie.
    with fails("damaged"):
        read_file(path)


def test_entries_that_overlap_cost_what_they_unpack_to(tmp_path: Path) -> None:
    """Many entries in the directory that share one compressed kernel (CVE-2024-0450)."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(30 * MEGABYTE)
    packed = kernel.compress(plain) + kernel.flush()
    crc, name = zlib.crc32(plain), b"a"
    local = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(packed), len(plain), 1, 0
    )
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(packed),
                        len(plain), 1, 0, 0, 0, 0, 0, 0)  # fmt: skip
    body = local + name + packed
    directory = (entry + name) * 50
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(directory), len(body), 0)
    path = tmp_path / "a.zip"
    path.write_bytes(body + directory + end)
    with fails("archive_bomb"):
        read_file(path)


def test_a_directory_that_claims_millions_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, [("a.txt", b"x")])
    data = path.read_bytes()
    at = data.rindex(b"PK\x05\x06")
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 60_000, 60_000, 46, 0, 0)
    path.write_bytes(data[:at] + end)
    with fails("archive_bomb", "max_members"):
        read_file(path)


@pytest.mark.parametrize(
    ("spent", "word"),
    [
        ((100, 9, 1, 1), "max_depth"),
        ((100, 1, 10_001, 1), "max_members"),
        ((100, 1, 1, (4 << 30) + 1), "max_bytes"),
        ((100, 1, 1, 65 * MEGABYTE), "max_ratio"),
    ],
)
def test_a_budget_is_of_the_top_level_file(spent: tuple[int, int, int, int], word: str) -> None:
    reason = over_budget(*spent, ArchiveLimits())
    assert reason is not None
    assert word in reason


@given(size=st.integers(0, 60 * MEGABYTE), members=st.integers(0, 10_000))
def test_what_is_within_the_budget_is_let_through(size: int, members: int) -> None:
    assert over_budget(1, 8, members, size, ArchiveLimits()) is None


def test_a_member_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    writer = MemberWriter(tmp_path, 10, ArchiveLimits(max_bytes=10))
    with pytest.raises(PermanentError):
        writer.add("a.txt", [b"12345", b"678901"])
    assert list(tmp_path.iterdir()) == []
    assert writer.members() == ()


def rewritten(path: Path, part: str, change: bytes, *, first: bool = True) -> Path:
    """Put bytes at the start of a part, after its declaration."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    declaration, mark, rest = parts[part].partition(b"?>")
    parts[part] = declaration + mark + change + rest if first and mark else change + parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return path


@pytest.fixture
def office_files(tmp_path: Path) -> dict[str, Path]:
    document, book, slides = docx.Document(), openpyxl.Workbook(), pptx.Presentation()
    document.add_paragraph("words")
    assert book.active is not None
    book.active.append(["words"])
    paths = {
        "word/document.xml": tmp_path / "a.docx",
        "xl/workbook.xml": tmp_path / "a.xlsx",
        "ppt/presentation.xml": tmp_path / "a.pptx",
    }
    document.save(str(paths["word/document.xml"]))
    book.save(paths["xl/workbook.xml"])
    slides.save(str(paths["ppt/presentation.xml"]))
    return paths


XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"])
@pytest.mark.parametrize(
    "attack", [XXE, b"<!--" + b"x" * 300_000 + b"-->" + XXE, b"<! DOCTYPE x>", b"<!doctype x>"]
)
def test_entities_in_office_files_are_refused(
    office_files: dict[str, Path], part: str, attack: bytes
) -> None:
    with fails("unsafe_xml", part):
        read_file(rewritten(office_files[part], part, attack))


VEILED = b'<?xml version="1.0"%bencoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>'


@pytest.mark.parametrize(
    "sheet",
    [
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "e">]><x/>'.encode(
            "utf-16"
        ),
        *(VEILED % blanks for blanks in (b" ", b" " * 300, b"\n" * 5_000, b" " * 600_000)),
    ],
    ids=len,
)
def test_entities_hidden_in_another_encoding_are_refused(
    office_files: dict[str, Path], sheet: bytes
) -> None:
    path = office_files["word/document.xml"]
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("word/extra.xml", sheet)
    with fails("unsafe_xml", "word/extra.xml"):
        read_file(path)


@pytest.mark.parametrize("name", ["word/document.dat", "word/part", "word/media/a.svg"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" " * 600_000, b"<x/>"])
def test_a_part_is_judged_by_its_bytes_and_not_by_its_name(
    office_files: dict[str, Path], name: str, before: bytes
) -> None:
    path = office_files["word/document.xml"]
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, before + XXE)
    with fails("unsafe_xml", name):
        read_file(path)


def test_a_picture_may_have_a_document_type_and_what_is_no_markup_any_bytes(
    office_files: dict[str, Path],
) -> None:
    path = office_files["word/document.xml"]
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("word/media/a.svg", b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "">')
        file.writestr("word/media/b.png", b"\x89PNG" + XXE)
        file.writestr("word/media/c.bin", b"")
    assert read_file(path).text == "words"


def test_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    """In this process, where nothing else would hold a library back."""
    with trap() as server:
        for name, (data, error) in remote_files(server.url).items():
            path = tmp_path / name
            path.write_bytes(data)
            if error is None:
                assert WORDS in read_file(path).text, name
            else:
                with fails(error):
                    read_file(path)


def test_an_office_file_that_unpacks_to_a_bomb_is_refused(office_files: dict[str, Path]) -> None:
    path = office_files["xl/workbook.xml"]
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/media/zeros.bin", bytes(80 * MEGABYTE))
    with fails("archive_bomb"):
        read_file(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_office_file_with_a_part_that_cannot_be_unpacked_says_which(
    office_files: dict[str, Path], method: int
) -> None:
    path = office_files["word/document.xml"]
    with zipfile.ZipFile(path, "a", method) as file:
        file.writestr("word/media/a.png", bytes(range(256)) * 9)
        at = file.getinfo("word/media/a.png").header_offset + 30 + len("word/media/a.png") + 4
    data = bytearray(path.read_bytes())
    data[at : at + 9] = b"\xff" * 9
    path.write_bytes(data)
    with fails("damaged", "'word/media/a.png'"):
        read_file(path)


def test_an_office_file_without_its_parts_is_damaged(tmp_path: Path) -> None:
    for folder, name in (("word", "a.docx"), ("xl", "a.xlsx"), ("ppt", "a.pptx")):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("[Content_Types].xml", "<Types/>")
            file.writestr(f"{folder}/document.xml", "<x/>")
        answer = parse(request_for(path, tmp_path), lambda: None)
        assert isinstance(answer, ParseFailure)
        assert answer.error == "damaged"
        assert "save it again" in answer.message


def test_a_picture_is_refused_by_its_size_before_it_is_decoded(tmp_path: Path) -> None:
    """40,000 × 40,000 pixels, which would be 1.6 GB, in a file of a few kilobytes."""
    header = struct.pack(">2L5B", 40_000, 40_000, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(40_001) * 3))
        + chunk(b"IEND", b"")
    )
    with fails("image_too_large", "40,000 × 40,000"):
        read_file(path)


def test_each_page_of_a_tiff_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    small, large = Image.new("1", (50, 50), 1), Image.new("1", (2_000, 2_000), 1)
    small.save(path, save_all=True, append_images=[large])
    read_file(path, ParseOptions(max_pixels=4_000_000))
    with fails("image_too_large"):
        read_file(path, ParseOptions(max_pixels=3_999_999))


def test_other_picture_formats_are_never_tried(tmp_path: Path) -> None:
    """An EPS or a FITS file under a PNG's first bytes' type is not decoded by another plug-in."""
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with fails("damaged"):
        read_file(path)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.touch()
    with fails("empty_file", "0 bytes"):
        read_file(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{\\rtf1 hello}", ".docx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"),
            ".docx",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"),
            ".xlsx",
        ),
        (b"GIF89a", "image/gif"),
        (b"Rar!\x1a\x07\x00", ".zip"),
    ],
)
def test_an_unsupported_type_says_what_to_do(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with fails("unsupported_type", words):
        read_file(path)


def test_a_protected_office_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    with fails("encrypted", "password"):
        read_file(path)


def test_a_pdf_that_is_html_is_html(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_text("<!DOCTYPE html><html><body><p>Not a PDF, said Ann Lee.</p></body></html>")
    assert read_file(path).text == "Not a PDF, said Ann Lee."


def test_a_wrong_extension_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    canvas = Canvas(str(path))
    canvas.drawString(72, 720, "a PDF after all")
    canvas.save()
    assert read_file(path).text == "a PDF after all"


def test_deep_html_is_survived(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body>" + "<div>" * 200_000 + "words")
    answer = parse(request_for(path, tmp_path), lambda: None)
    assert not isinstance(answer, ParseFailure) or answer.error == "damaged"


def test_a_page_whose_size_is_a_lie_is_rendered_small(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=(14_400, 14_400))
    canvas.rect(0, 0, 100, 100)
    canvas.save()
    pages = read_file(path, ParseOptions(max_pixels=1_000_000))
    assert (pages.text, pages.pages[0].width) == ("", 14_400.0)


def test_any_cut_of_a_real_file_is_an_answer(tmp_path: Path, office_files: dict[str, Path]) -> None:
    path = office_files["word/document.xml"]
    whole = path.read_bytes()
    for share in range(1, 10):
        path.write_bytes(whole[: len(whole) * share // 10])
        with fails("damaged"):
            read_file(path)


def test_the_bytes_of_a_member_are_kept(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("deep.txt", "words")
    _, members = read_members(archive(tmp_path, [("inner.zip", inner.getvalue())]))
    assert members["inner.zip"] == inner.getvalue()
