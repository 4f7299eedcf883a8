"""A document read in ranges and joined is the document read at once, whatever the ranges."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from poison_case import says, write_pdf
from reading_case import assert_sound, fails, read_file, request_for
from reportlab.pdfgen.canvas import Canvas

from pipeline import codec
from pipeline.documents import Metadata, Page, PageCount, PageRange, Pages, PageSource, Words
from pipeline.engines.formats.reading import read, with_language
from pipeline.page_ranges import NO_TEXT, WARNINGS, joined, ranges_of, together, unread

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=9)


def part_of(number: int, text: str, metadata: Metadata) -> Pages:
    """Make the part of one page, of which each character is a word."""
    count = len(text)
    words = Words(
        starts=tuple(range(count)),
        ends=tuple(range(1, count + 1)),
        boxes=tuple((float(at), 0.0, at + 1.0, 1.0) for at in range(count)),
    )
    page = Page(number=number, start=0, end=count, words=words if text else None)
    warnings = (f"page {number} is short",) if count < 3 else ()
    return Pages(text=text, pages=(page,), metadata=metadata, warnings=warnings)


@given(TEXTS, st.data())
def test_parts_that_are_joined_are_the_whole_however_they_were_cut(
    texts: list[str], data: st.DataObject
) -> None:
    metadata = data.draw(st.sampled_from([Metadata(), Metadata(title="A title")]))
    single = [part_of(number, text, metadata) for number, text in enumerate(texts, 1)]
    if lost := data.draw(st.lists(st.sampled_from(range(len(texts))), max_size=len(texts) - 1)):
        for at in lost:
            single[at] = unread(at + 1, "it crashes")
    whole = joined([together(single)], 1_000)
    cuts = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    parts: list[list[Pages]] = [[]]
    for page, cut in zip(single, cuts, strict=True):
        if cut and parts[-1]:
            parts.append([])
        parts[-1].append(page)
    again = joined([together(part) for part in parts], 1_000)
    assert codec.encode(again) == codec.encode(whole)
    assert_sound_but_for_boxes(whole)
    for page, text in zip(whole.pages, texts, strict=True):
        read = page.source is not PageSource.UNREAD
        assert whole.text[page.start : page.end] == (text if read else "")
    assert (NO_TEXT in whole.warnings) == (not whole.text.strip())


def assert_sound_but_for_boxes(pages: Pages) -> None:
    from pipeline.engines.parser_answers import is_sound

    assert is_sound(pages)
    assert [page.number for page in pages.pages] == list(range(1, len(pages.pages) + 1))


@given(st.integers(1, 200), st.integers(1, 60))
def test_ranges_cover_all_pages_once(count: int, at_once: int) -> None:
    ranges = ranges_of(count, at_once)
    assert [number for each in ranges for number in each.numbers] == list(range(1, count + 1))
    assert {len(each.numbers) for each in ranges[:-1]} <= {at_once}
    assert len(ranges[-1].numbers) <= at_once


def test_what_concerns_the_whole_is_decided_when_it_is_joined() -> None:
    parts = [part_of(number, "word", Metadata()) for number in range(1, 4)]
    assert joined(parts, 16).text == "word\n\nword\n\nword"
    with fails("text_too_long", "ocr.max_characters"):
        joined(parts, 15)
    with fails("damaged", "no page"):
        joined([unread(1, "it crashes"), unread(2, "it crashes")], 15)
    many = [
        part_of(1, "x", Metadata()).model_copy(update={"warnings": ("w",) * WARNINGS})
    ] * 2  # fmt: skip
    assert len(joined(many, 100).warnings) == WARNINGS


def mixed_pdf(folder: Path) -> Path:
    """Write a PDF of text, a picture of text, and an empty page, whose end is cut off."""
    canvas = Canvas(str(folder / "a.pdf"))
    canvas.setTitle("The title")
    for number in range(1, 6):
        canvas.drawString(72, 720, f"Page {number}: Ann Lee met Bob Ray in Zürich.")
        canvas.showPage()
    canvas.drawInlineImage(picture(), 0, 300, 600, 120)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    path = folder / "a.pdf"
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"startxref")])
    return path


def picture() -> Image.Image:
    page = Image.new("L", (1_600, 300), 255)
    ImageDraw.Draw(page).text((60, 60), "Ann Lee met Bob Ray in Paris", fill=0, font_size=48)
    return page


def scans(folder: Path) -> Path:
    """Write a TIFF of several pages, of which one is damaged."""
    pages = [picture() for _ in range(4)]
    pages[0].save(folder / "a.tif", save_all=True, append_images=pages[1:], compression="jpeg")
    return folder / "a.tif"


@pytest.mark.parametrize("made", [mixed_pdf, scans])
@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_a_file_read_in_ranges_gives_what_reading_it_at_once_gives(
    tmp_path: Path, made, at_once: int
) -> None:
    path = made(tmp_path)
    whole = read_file(path)
    request = request_for(path, tmp_path)
    counted = read(request.model_copy(update={"at_once": at_once}), lambda *_: None)
    count = len(whole.pages)
    assert counted == (PageCount(count=count) if count > at_once else whole)
    begun: list[tuple[int, ...]] = []
    parts = [
        read(request.model_copy(update={"pages": pages}), lambda *told: begun.append(told))
        for pages in ranges_of(count, at_once)
    ]
    assert [told for told in begun if told] == [(number, count) for number in range(1, count + 1)]
    assert codec.encode(with_language(joined(parts, 10_000))) == codec.encode(whole)
    assert_sound(whole)


def test_a_file_of_as_many_pages_as_are_read_at_once_is_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [says("Ann Lee")] * 3)
    request = request_for(path, tmp_path).model_copy(update={"at_once": 3})
    assert read(request, lambda *_: None) == read_file(path)


def test_a_page_that_pdfium_refuses_is_unread(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [says("Ann Lee"), says("Bob Ray"), says("Eve Moss")])
    path.write_bytes(path.read_bytes().replace(b"/Kids [3 0 R 5 0 R", b"/Kids [3 0 R 999 0 R"))
    pages = read_file(path)
    assert [page.source for page in pages.pages] == [
        PageSource.TEXT, PageSource.UNREAD, PageSource.TEXT,
    ]  # fmt: skip
    assert pages.warnings[0].startswith("page 2 could not be read: ")
    part = read(
        request_for(path, tmp_path).model_copy(update={"pages": PageRange(first=2, last=2)}),
        lambda *_: None,
    )
    assert isinstance(part, Pages)
    assert [page.source for page in part.pages] == [PageSource.UNREAD]
