"""PDF and pictures: text layers, OCR where it is needed, and where each word stands."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from reading_case import fails, read_file
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.documents import Page, Pages, PageSource
from pipeline.engines.formats import pdf
from pipeline.engines.formats.pdf import iso_date, pages_at_once
from pipeline.engines.formats.pdf_paragraphs import Line, paragraph_breaks
from pipeline.engines.parse_request import ParseOptions
from pipeline.engines.straightening import flattened, skew_of, turned_back

LINES = [
    "Statement of Ann Lee, counsel for Acme Corporation.",
    "On Monday she met Bob Ray in Paris to discuss the merger,",
    "and the contract was signed before the court in Boston.",
    "Nobody else was present when the payment was agreed upon.",
]


def picture(turn: float = 0, lines: list[str] = LINES) -> Image.Image:
    """Draw a page of text at 200 dpi, turned counter-clockwise."""
    page = Image.new("L", (1_300, 700), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=36)
    for number, line in enumerate(lines):
        draw.text((120, 120 + 70 * number), line, font=font, fill=0)
    return page.rotate(turn, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def box_of(pages: Pages, word: str) -> tuple[Page, tuple[float, float, float, float]]:
    at = pages.text.index(word)
    page = next(page for page in pages.pages if page.start <= at < page.end)
    assert page.words is not None
    return page, page.words.boxes[page.words.starts.index(at)]


def rendered(path: Path, number: int = 0) -> np.ndarray:
    document = pypdfium2.PdfDocument(path)
    try:
        return np.asarray(document[number].render(scale=1, grayscale=True).to_pil().convert("L"))
    finally:
        document.close()


@pytest.fixture
def canvas_path(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


def test_a_pdf_is_read_the_same_however_often_it_is_opened_anew(
    canvas_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.setTitle("The title")
    for number in range(4):
        if number % 2:
            canvas.drawImage(ImageReader(picture(lines=LINES[number:])), 0, 300, 600, 323)
        else:
            canvas.drawString(72, 720, f"Page {number}: Ann Lee met Bob Ray.")
        canvas.showPage()
    canvas.save()
    at_once = read_file(canvas_path)
    assert [page.source for page in at_once.pages] == [PageSource.TEXT, PageSource.OCR] * 2
    opened = []
    really = pypdfium2.PdfDocument
    monkeypatch.setattr(
        pypdfium2, "PdfDocument", lambda *args, **more: opened.append(1) or really(*args, **more)
    )
    monkeypatch.setattr(pdf, "HELD_BYTES", 1)
    assert read_file(canvas_path) == at_once
    assert len(opened) == 4


@given(st.integers(1, 2 << 30), st.integers(1, 5_000))
def test_what_is_held_of_a_pdf_is_bounded_and_a_small_one_is_opened_once(
    size: int, pages: int
) -> None:
    at_once = pages_at_once(size, pages)
    assert at_once >= 1
    assert at_once == 1 or at_once * size <= pdf.HELD_BYTES * pages
    assert size > pdf.HELD_BYTES or at_once >= pages


def test_a_born_digital_pdf_has_a_text_layer(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.setTitle("The title")
    canvas.setAuthor("Ann Lee")
    for number in (1, 2):
        canvas.drawString(72, 720, f"Page {number}: Ann Lee met")
        canvas.drawString(72, 706, "Bob Ray, in Zürich.")
        canvas.showPage()
    canvas.showPage()
    canvas.save()
    pages = read_file(canvas_path)
    first, second, blank = pages.pages
    assert pages.text[first.start : first.end] == "Page 1: Ann Lee met\nBob Ray, in Zürich."
    assert pages.text[second.start - 2 : second.start] == "\n\n"
    assert (first.source, first.width, first.height) == (PageSource.TEXT, 612.0, 792.0)
    assert (blank.source, blank.start) == (PageSource.NONE, blank.end)
    assert (pages.metadata.title, pages.metadata.author) == ("The title", "Ann Lee")
    assert not pages.warnings


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (36, 50, 500, 700)])
def test_boxes_lie_on_the_ink(
    canvas_path: Path, rotation: int, crop: tuple[int, int, int, int] | None
) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    if crop:
        canvas.setCropBox(crop)
    canvas.setPageRotation(rotation)
    canvas.setFont("Helvetica", 30)
    canvas.drawString(100, 600, "Boston")
    canvas.save()
    page, (left, top, right, bottom) = box_of(read_file(canvas_path), "Boston")
    ink = rendered(canvas_path) < 128
    assert (page.width, page.height) == (ink.shape[1], ink.shape[0])
    ys, xs = np.nonzero(ink)
    assert left - 2 <= xs.min() <= xs.max() <= right + 2
    assert top - 2 <= ys.min() <= ys.max() <= bottom + 2
    assert abs(xs.max() - xs.min() - (right - left)) < 8
    assert abs(ys.max() - ys.min() - (bottom - top)) < 8


def test_a_mixed_pdf_is_read_page_by_page(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.drawString(72, 720, "A page with a text layer of its own, long enough to be one.")
    canvas.showPage()
    canvas.drawImage(ImageReader(picture()), 0, 400, 612, 612 * 700 / 1300)
    canvas.drawString(500, 20, "ACME-000123")  # a stamp over a scan is no text layer
    canvas.showPage()
    canvas.save()
    pages = read_file(canvas_path)
    first, second = pages.pages
    assert (first.source, first.confidence) == (PageSource.TEXT, None)
    assert second.source is PageSource.OCR
    assert second.confidence is not None
    assert 0.8 < second.confidence <= 1
    text = pages.text[second.start : second.end]
    assert "counsel for Acme Corporation" in text
    assert "ACME-000123" in text
    _, (left, top, right, bottom) = box_of(pages, "Boston.")
    ink = rendered(canvas_path, 1) < 128
    assert ink[int(top) : int(bottom) + 1, int(left) : int(right) + 1].any()


def test_a_title_over_a_photograph_keeps_its_layer(canvas_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 300), dtype=np.uint8)
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.drawImage(ImageReader(Image.fromarray(noise)), 0, 0, 612, 600)
    canvas.drawString(72, 720, "Annual Report of Acme Corporation")
    canvas.save()
    pages = read_file(canvas_path, ParseOptions(dpi=100))
    assert (pages.text, pages.pages[0].source) == (
        "Annual Report of Acme Corporation",
        PageSource.TEXT,
    )


def test_a_layer_of_nonsense_is_read_by_ocr(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.drawImage(ImageReader(picture()), 0, 400, 612, 612 * 700 / 1300)
    words = canvas.beginText(72, 720)
    words.setTextRenderMode(3)  # invisible, as OCR programs add it
    for _ in range(8):
        words.textLine("#$%& ()*+ ,-./ :;<= >?@[ \\]^_ {|}~ ###$ %%&& (((( ))))")
    canvas.drawText(words)
    canvas.save()
    pages = read_file(canvas_path)
    assert pages.pages[0].source is PageSource.OCR
    assert "Ann Lee" in pages.text


def test_a_good_hidden_layer_is_kept(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path), pagesize=letter)
    canvas.drawImage(ImageReader(picture()), 0, 400, 612, 612 * 700 / 1300)
    words = canvas.beginText(72, 720)
    words.setTextRenderMode(3)
    for line in LINES:
        words.textLine(line.replace("Ann", "Anne"))
    canvas.drawText(words)
    canvas.save()
    pages = read_file(canvas_path)
    assert pages.pages[0].source is PageSource.TEXT
    assert "Anne Lee" in pages.text


def test_an_encrypted_pdf_needs_its_password(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path), encrypt="sesame")
    canvas.drawString(72, 720, "the secret words")
    canvas.save()
    with fails("encrypted", "set ocr.pdf_password"):
        read_file(canvas_path)
    with fails("encrypted", "does not open"):
        read_file(canvas_path, ParseOptions(password="wrong"))
    assert read_file(canvas_path, ParseOptions(password="sesame")).text == "the secret words"


def test_a_pdf_over_the_page_limit_fails(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path))
    for _ in range(3):
        canvas.drawString(72, 720, "words")
        canvas.showPage()
    canvas.save()
    assert len(read_file(canvas_path, ParseOptions(max_pages=3)).pages) == 3
    with fails("too_many_pages", "ocr.max_pages"):
        read_file(canvas_path, ParseOptions(max_pages=2))


def test_a_truncated_pdf_says_so(canvas_path: Path) -> None:
    canvas = Canvas(str(canvas_path))
    canvas.drawString(72, 720, "the words")
    canvas.save()
    data = canvas_path.read_bytes()
    canvas_path.write_bytes(data[: data.rindex(b"startxref")])
    pages = read_file(canvas_path)
    assert pages.text == "the words"
    assert "cut short" in pages.warnings[0]
    canvas_path.write_bytes(data[: len(data) // 3])
    with fails("damaged", "damaged or cut short"):
        read_file(canvas_path)


def line(text: str, top: float, left: float = 72, right: float = 500, height: float = 12) -> Line:
    return Line(text, left, top, right, top + height, left + 40)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("One line of a", 0), line("paragraph.", 14, right=150)], [False]),
        ([line("A Title", 0, height=20), line("The body begins", 24)], [True]),
        ([line("Ends here.", 0), line("Next begins", 14), line("far below", 60)], [False, False]),
        ([line("Full line.", 0), line("Full line.", 14), line("Far below", 60)], [False, True]),
        (
            [line("Full width", 0), line("Short end.", 14, right=200), line("New start", 28)],
            [False, True],
        ),
        ([line("Double spaced", 0), line("Lines of one", 28), line("Pleading", 56)], [False] * 2),
        ([line("Left column", 700), line("Right column", 72, left=300)], [True]),
        ([line("Left column", 700), line("goes on there", 72, left=300)], [False]),
        ([], []),
    ],
)
def test_paragraphs_are_told_by_their_places(lines: list[Line], expected: list[bool]) -> None:
    assert paragraph_breaks(lines) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("D:20200131120000+01'30'", "2020-01-31T12:00:00+01:30"),
        ("D:20200131120000Z", "2020-01-31T12:00:00+00:00"),
        ("D:20200131", "2020-01-31"),
        ("D:2020", "2020"),
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_of_pdfs_become_iso(given: str | None, expected: str | None) -> None:
    assert iso_date(given) == expected


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 4, -7, 93])
def test_a_scan_is_read_whichever_way_it_lies(tmp_path: Path, turn: float) -> None:
    image = picture(turn)
    pages = read_file(saved(image, tmp_path / "a.png", dpi=(200, 200)))
    for expected in LINES:
        assert expected in pages.text
    page, (left, top, right, bottom) = box_of(pages, "Acme")
    assert page.width == pytest.approx(image.width * 72 / 200, abs=0.1)
    scale = 200 / 72
    inside = image.crop(tuple(round(edge * scale) for edge in (left, top, right, bottom)))
    assert np.asarray(inside).min() < 60, "there is ink in the word's box"


def test_a_stained_scan_is_read(tmp_path: Path) -> None:
    page = np.asarray(picture(), dtype=np.float32)
    across = np.linspace(0.25, 1.0, page.shape[1], dtype=np.float32)
    stained = Image.fromarray((page * across).astype(np.uint8))
    text = read_file(saved(stained, tmp_path / "a.jpg", quality=80)).text
    assert LINES[0] in text
    assert np.asarray(flattened(stained))[5, :].min() > 220


def test_a_tiff_has_several_pages(tmp_path: Path) -> None:
    first, second = picture(), picture(lines=["Exhibit B, filed by Jane Doe in Denver."])
    path = tmp_path / "a.tif"
    first.save(path, save_all=True, append_images=[second], dpi=(200, 200))
    pages = read_file(path)
    assert [page.source for page in pages.pages] == [PageSource.OCR] * 2
    assert "Exhibit B, filed by Jane Doe" in pages.text[pages.pages[1].start :]
    with fails("too_many_pages"):
        read_file(path, ParseOptions(max_pages=1))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(tmp_path: Path, mode: str) -> None:
    image = picture()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 200)
    elif mode == "RGBA":  # black on nothing
        clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
        clear.putalpha(Image.fromarray(255 - np.asarray(image)))
        image = clear
    else:
        image = image.convert(mode)
    pages = read_file(saved(image, tmp_path / f"a.{'tif' if mode == 'CMYK' else 'png'}"))
    assert "Acme Corporation" in pages.text


def test_the_cameras_way_up_is_followed(tmp_path: Path) -> None:
    image = picture().rotate(90, expand=True)
    exif = Image.Exif()
    exif[274] = 6  # turn clockwise to see it
    exif[306] = "2020:01:31 12:00:00"
    pages = read_file(saved(image, tmp_path / "a.jpg", exif=exif, dpi=(200, 200)))
    assert pages.pages[0].width == pytest.approx(1_300 * 72 / 200, abs=0.1)
    assert pages.metadata.created == "2020-01-31T12:00:00"
    assert LINES[0] in pages.text


def test_a_blank_picture_is_read_with_a_warning(tmp_path: Path) -> None:
    pages = read_file(saved(Image.new("L", (600, 800), 255), tmp_path / "a.png"))
    assert (pages.text, pages.pages[0].source) == ("", PageSource.NONE)
    assert "no text" in pages.warnings[0]


def test_a_picture_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", quality=90)
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) * 3 // 5])
    pages = read_file(path)
    assert "Acme Corporation" in pages.text
    assert "cut short" in pages.warnings[0]
    path.write_bytes(buffer.getvalue()[:40])
    with fails("damaged"):
        read_file(path)


@pytest.mark.parametrize("angle", [-6.0, -2.5, 0.0, 1.5, 7.0])
def test_skew_is_measured(angle: float) -> None:
    assert skew_of(picture(-angle)) == pytest.approx(angle, abs=0.15)


def test_places_lead_back_through_a_turn() -> None:
    corner = (10.0, 20.0, 30.0, 40.0)
    # A quarter turn counter-clockwise brings the right edge to the top.
    assert turned_back(corner, 90, (200, 100), (100, 200)) == pytest.approx((60, 10, 80, 30))
    assert turned_back(corner, 0.0, (100, 100), (100, 100)) == pytest.approx(corner)
