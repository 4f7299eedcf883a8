"""Text, tables, HTML and Office files, made by the libraries that people's programs use."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given
from hypothesis import strategies as st
from reading_case import fails, read_file, request_for

from pipeline.documents import PageSource
from pipeline.engines.formats.draft import clean, headers_of, sentence_of_row
from pipeline.engines.formats.reading import read
from pipeline.engines.formats.text import decode
from pipeline.engines.parse_request import ParseOptions
from pipeline.errors import PermanentError

pytestmark = pytest.mark.filterwarnings(
    # openpyxl writes workbooks with a clock of its own.
    "ignore:datetime.datetime.utcnow:DeprecationWarning"
)

WORDS = "Ann Lee met Bob Ray in Paris."


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\r\ntwo\r\n\r\nthree", "one\r\ntwo\r\n\r\nthree"),
        (b"\xef\xbb\xbfone", "one"),
        ("one 😀 two 𝒳".encode(), "one 😀 two 𝒳"),
        ("one 😀 two".encode("utf-16"), "one 😀 two"),
        ("one two three".encode("utf-16-be"), "one two three"),
        (b"one\x00two and three", "one\ufffdtwo and three"),
        (b"  \tone  \n", "  \tone  \n"),
        ("Le café de Zoë est fermé à l'été".encode("cp1252"), "Le café de Zoë est fermé à l'été"),
        ("“Smart” quotes — René".encode("cp1252"), "“Smart” quotes — René"),
        (
            "Иванов работает в Москве и живет там же".encode("cp1251"),
            "Иванов работает в Москве и живет там же",
        ),
        ("Zoë café naïve ".encode() + b"\xff and", "Zoë café naïve \ufffd and"),
    ],
)
def test_plain_text_is_the_decoded_file(tmp_path: Path, data: bytes, expected: str) -> None:
    pages = read_file(written(tmp_path, "a.txt", data))
    assert pages.text == expected
    [page] = pages.pages
    assert (page.start, page.end, page.source) == (0, len(expected), PageSource.TEXT)


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_any_utf8_text_comes_back(text: str) -> None:
    assert decode(text.encode())[0] == text.removeprefix("\ufeff")


@given(st.binary())
def test_any_bytes_decode_to_what_can_be_stored(data: bytes) -> None:
    text = clean(decode(data)[0])
    assert "\x00" not in text
    text.encode("utf-8")


def test_a_guessed_encoding_is_told(tmp_path: Path) -> None:
    [warning] = read_file(written(tmp_path, "a.txt", b"caf\xe9 and words")).warnings
    assert "cp1252" in warning


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr"])
def test_text_in_iso_2022_is_known_by_its_shifts(tmp_path: Path, encoding: str) -> None:
    said = {"iso2022_jp": "安倍晋三は東京で会談した。"}.get(encoding, "한국어 문장")
    pages = read_file(written(tmp_path, "a.txt", f"a\n{said}\n".encode(encoding)))
    assert pages.text == f"a\n{said}\n"
    assert encoding in pages.warnings[0]


def test_what_is_wrong_in_iso_2022_is_told(tmp_path: Path) -> None:
    good = "安倍晋三は東京で会談した。" * 5
    text, doubt = decode(good.encode("iso2022_jp") + b"\x1b$B~~\x1b(B end", "iso-2022-jp")
    assert text.startswith(good)
    assert doubt is not None
    pages = read_file(written(tmp_path, "a.txt", b"\x1b$)A\x0e=;;;\x0f and words"))
    assert "ISO 2022" in pages.warnings[0]
    plain = b"2 + 2- ~{ and \x1b[1mbold\x1b[0m"
    assert decode(plain) == (plain.decode(), None)


def test_html_in_iso_2022_is_decoded_as_it_says(tmp_path: Path) -> None:
    markup = '<html><head><meta charset="iso-2022-jp"></head><p>安倍は東京で会談した。</p>'
    pages = read_file(written(tmp_path, "a.html", markup.encode("iso-2022-jp")))
    assert pages.text == "安倍は東京で会談した。"
    assert pages.warnings == ()


def test_a_blank_file_is_read_with_a_warning(tmp_path: Path) -> None:
    pages = read_file(written(tmp_path, "a.txt", "  \n \n"))
    assert pages.text == "  \n \n"
    assert "no text" in pages.warnings[0]
    assert pages.language is None


def test_markdown_is_verbatim_and_has_a_title(tmp_path: Path) -> None:
    text = "intro\n\n# The *Title* \r\n\n- a\n- b\n"
    pages = read_file(written(tmp_path, "a.md", text))
    assert pages.text == text
    assert pages.metadata.title == "The *Title*"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The board approved the merger on Monday, the chairman of the company said.", "en"),
        ("Der Vorstand hat den Zusammenschluss am Montag genehmigt, sagte der Vorsitzende.", "de"),
        ("Le conseil d'administration a approuvé la fusion lundi, a déclaré le président.", "fr"),
        ("12 34 56 78", None),
        ("Ann Lee", None),
    ],
)
def test_the_language_is_told_where_it_can_be(tmp_path: Path, text: str, code: str | None) -> None:
    pages = read_file(written(tmp_path, "a.txt", text))
    assert pages.language == code
    assert (pages.language_score is None) == (code is None)


def test_text_over_the_limit_fails_before_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", b"x" * 1_000)
    assert len(read_file(path, ParseOptions(max_characters=1_000)).text) == 1_000
    for limit in (999, 100):
        with fails("text_too_long", "ocr.max_characters"):
            read_file(path, ParseOptions(max_characters=limit))


def test_rows_of_a_csv_are_sentences(tmp_path: Path) -> None:
    text = 'Name;Firm;Note\n"Lee; Ann";Acme Corp.;\n;;\nBob  Ray;Widget Inc;"line\none"\n'
    pages = read_file(written(tmp_path, "a.csv", text))
    assert pages.text.split("\n") == [
        "Name: Lee; Ann; Firm: Acme Corp.",
        "Name: Bob Ray; Firm: Widget Inc; Note: line one.",
    ]


def test_a_csv_without_names_of_columns_keeps_its_first_row(tmp_path: Path) -> None:
    pages = read_file(written(tmp_path, "a.tsv", "Ann Lee\t12\nBob Ray\t13\n"))
    assert pages.text == "Ann Lee; 12.\nBob Ray; 13."


def test_a_csv_of_one_row_keeps_it(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "a.csv", "Name,Firm\n")).text == "Name; Firm."


@given(st.lists(st.text(max_size=12), max_size=6))
def test_a_row_is_one_line(cells: list[str]) -> None:
    line = sentence_of_row(headers_of(cells), cells)
    assert "\n" not in line
    assert not line or line.endswith((".", "!", "?"))


HTML = """<html lang="en"><head><title> A  page </title><meta name="author" content="Ann Lee">
<meta property="article:published_time" content="2020-01-31"><style>p {}</style></head>
<body><script>var x = "secret";</script><!-- hidden --><p>Ann &amp; Bob met.</p>
<img src="http://example.invalid/x.png" alt="pixel"><ul><li>one</li><li>two</li></ul>
<a href="http://example.invalid/">link words</a></body></html>"""


def test_html_is_what_a_reader_sees(tmp_path: Path) -> None:
    pages = read_file(written(tmp_path, "a.html", HTML))
    assert "Ann & Bob met." in pages.text
    assert "link words" in pages.text
    for hidden in ("secret", "hidden", "example.invalid", "p {}"):
        assert hidden not in pages.text
    assert pages.metadata.title == "A page"
    assert pages.metadata.author == "Ann Lee"
    assert pages.metadata.created == "2020-01-31"


@pytest.mark.parametrize(
    "markup",
    [
        '<meta charset="windows-1251"><p>Москва слезам не верит</p>',
        '<?xml version="1.0"?><html><meta charset="windows-1251"><p>Москва слезам не верит</p>',
    ],
)
def test_html_is_decoded_as_it_says(tmp_path: Path, markup: str) -> None:
    pages = read_file(written(tmp_path, "a.html", markup.encode("cp1251")))
    assert pages.text.strip() == "Москва слезам не верит"


@pytest.mark.parametrize("markup", ["<!-- only -->", "<html></html>", " ", "<p></p>"])
def test_html_without_text_is_read_with_a_warning(tmp_path: Path, markup: str) -> None:
    pages = read_file(written(tmp_path, "a.html", markup))
    assert not pages.text.strip()
    assert pages.warnings


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "The contract"
    document.core_properties.author = "Ann Lee"
    document.core_properties.created = dt.datetime(2020, 1, 31, 12)  # noqa: DTZ001 - the format has no zones
    document.sections[0].header.paragraphs[0].text = "Acme Corporation"
    document.sections[0].footer.paragraphs[0].text = "Privileged"
    paragraph = document.add_paragraph("Ann Lee\tand ")
    paragraph.add_run("Bob Ray").bold = True
    paragraph.add_run(" signed.")
    document.add_comment(paragraph.runs, text="Who checks this?", author="Eve", initials="E")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["Party", "Role", "Jane Doe", "Judge"], strict=True):
        cell.text = text
    space = nsdecls("w")
    document.element.body.insert(
        1,
        parse_xml(
            f"<w:sdt {space}><w:sdtContent><w:p><w:r><w:t>In a form</w:t></w:r></w:p>"
            "</w:sdtContent></w:sdt>"
        ),
    )
    document.element.body.insert(
        2,
        parse_xml(
            f"<w:p {space}><w:ins w:id='1' w:author='E'><w:r><w:t>added</w:t></w:r></w:ins>"
            "<w:del w:id='2' w:author='E'><w:r><w:delText>removed</w:delText></w:r></w:del></w:p>"
        ),
    )
    path = tmp_path / "contract.docx"
    document.save(str(path))
    return path


def test_a_word_document_is_read_whole(contract: Path) -> None:
    pages = read_file(contract)
    assert pages.text.split("\n\n") == [
        "Acme Corporation",
        "Ann Lee\tand Bob Ray signed.",
        "In a form",
        "added",
        "Party | Role",
        "Jane Doe | Judge",
        "Privileged",
        "Who checks this?",
    ]
    assert pages.metadata.title == "The contract"
    assert pages.metadata.author == "Ann Lee"
    assert pages.metadata.created is not None
    assert pages.metadata.created.startswith("2020-01-31T12:00:00")


def test_a_workbook_has_a_page_for_each_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "People"
    first.append(["Name", "Born", "Paid", "Active"])
    first.append(["Ann Lee", dt.date(1970, 1, 31), 1200.0, True])
    first.cell(row=900, column=1, value="Bob Ray")
    book.create_sheet("Notes").append([WORDS])
    path = tmp_path / "book.xlsx"
    book.save(path)
    pages = read_file(path)
    texts = [pages.text[page.start : page.end] for page in pages.pages]
    assert texts == [
        "People.\n\nName: Ann Lee; Born: 1970-01-31; Paid: 1200; Active: yes.\nName: Bob Ray.",
        f"Notes.\n\n{WORDS}",
    ]


def test_a_presentation_has_a_page_for_each_slide(tmp_path: Path) -> None:
    presentation = pptx.Presentation()
    for number in (1, 2):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = "first\nsecond"
    slide.notes_slide.notes_text_frame.text = "say hello"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "in a group"
    table = slide.shapes.add_table(1, 2, 0, 0, 9, 9).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Jane Doe", "Judge"
    path = tmp_path / "slides.pptx"
    presentation.save(str(path))
    pages = read_file(path)
    texts = [pages.text[page.start : page.end] for page in pages.pages]
    assert texts == [
        "Slide 1\n\nfirst\n\nsecond",
        "Slide 2\n\nfirst\n\nsecond\n\nin a group\n\nJane Doe | Judge\n\nsay hello",
    ]


def test_a_date_that_an_office_file_does_not_give_is_not_made_up(tmp_path: Path) -> None:
    path = tmp_path / "bare.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Name", "Firm"])
    book.active.append(["Ann Lee", "Acme Corp."])
    book.save(tmp_path / "full.xlsx")
    with zipfile.ZipFile(tmp_path / "full.xlsx") as full, zipfile.ZipFile(path, "w") as bare:
        for name in full.namelist():
            if name != "docProps/core.xml":
                bare.writestr(name, full.read(name))
    pages = read_file(path)
    assert "Ann Lee" in pages.text
    assert (pages.metadata.created, pages.metadata.modified) == (None, None)


DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
PPTX_MAIN = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


def retyped(path: Path, name: str, old: str, new: str) -> Path:
    """Copy an Office file as one of another kind."""
    copy = path.with_name(name)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for part in source.namelist():
            data = source.read(part)
            if part == "[Content_Types].xml":
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            target.writestr(part, data)
    return copy


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.docm", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        ("a.dotx", DOCX_MAIN.replace(".document.main", ".template.main")),
        ("a.dotm", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"),
    ],
)
def test_word_files_with_macros_and_templates_are_read(
    tmp_path: Path, name: str, kind: str
) -> None:
    document = docx.Document()
    document.add_paragraph(WORDS)
    document.sections[0].header.paragraphs[0].text = "The header"
    document.save(str(tmp_path / "a.docx"))
    pages = read_file(retyped(tmp_path / "a.docx", name, DOCX_MAIN, kind))
    assert pages.text == f"The header\n\n{WORDS}"
    assert pages.warnings == ()


@pytest.mark.parametrize("kind", ["slideshow", "template"])
def test_slide_shows_and_templates_are_read(tmp_path: Path, kind: str) -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = WORDS
    deck.save(str(tmp_path / "a.pptx"))
    new = PPTX_MAIN.replace(".presentation.main", f".{kind}.main")
    assert read_file(retyped(tmp_path / "a.pptx", "a.ppsx", PPTX_MAIN, new)).text == WORDS


def test_what_a_tracked_move_took_away_is_no_text(tmp_path: Path) -> None:
    document = docx.Document()
    space = nsdecls("w")
    for change in ("moveFrom", "moveTo"):
        document.element.body.append(
            parse_xml(
                f"<w:p {space}><w:{change} w:id='1' w:author='E'><w:r><w:t>Moved.</w:t></w:r>"
                f"</w:{change}><w:r><w:t>{change} stays.</w:t></w:r></w:p>"
            )
        )
    document.save(str(tmp_path / "a.docx"))
    text = read_file(tmp_path / "a.docx").text
    assert text == "moveFrom stays.\n\nMoved.moveTo stays."


def test_a_failure_names_the_file_and_not_where_its_copy_lies(tmp_path: Path) -> None:
    copy = tmp_path / "hidden" / "source"
    copy.parent.mkdir()
    copy.write_bytes(b"\x89PNG\r\n\x1a\n and no picture")
    asked = request_for(copy, tmp_path).model_copy(update={"name": "scan.png"})
    with pytest.raises(PermanentError) as caught:
        read(asked, lambda *_: None)
    assert caught.value.code == "damaged"
    assert "'scan.png'" in caught.value.message
    assert str(tmp_path) not in caught.value.message
