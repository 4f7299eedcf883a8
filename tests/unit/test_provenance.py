"""Every fact is its words: the real stages on the same words in every text format."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import tempfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from itertools import pairwise
from pathlib import Path

import docx
import matplotlib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pipeline import assembly
from pipeline.documents import CaseRecord, Source
from pipeline.engines.media_types import detect
from pipeline.process import Stages, process
from pipeline.settings import Settings
from pipeline.stores.memory import MemoryBlobs, MemoryVectors

BOM = "\ufeff".encode()
FONT = "DejaVuSans"
SENTENCES = (
    "Alice Moreno works for Acme Corporation in Seattle.",
    "On March 3, 2021, Peter Cook met Alice Moreno in Boston.",
    "Northwind Bank paid $5,000 to Dana Whitfield.",
)
# Beyond the basic plane, joined, combining, and right to left.
ODD = ("😀", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𠜎𠜱", "👩‍👩‍👧", "e\u0301a\u0300", "שלום", "ﷺ")

Lines = list[tuple[str, str]]


def written(lines: Lines) -> list[str]:
    return [f"{odd} {sentence} {odd}" for odd, sentence in lines]


def as_text(lines: Lines) -> bytes:
    return BOM + "\r\n\r\n".join(written(lines)).encode()


def as_markdown(lines: Lines) -> bytes:
    return BOM + "\r\n".join(["# Notes", "", *(f"- {line}" for line in written(lines))]).encode()


def as_html(lines: Lines) -> bytes:
    paragraphs = "\r\n".join(f"<p>{html.escape(line)}</p>" for line in written(lines))
    return BOM + f"<!DOCTYPE html>\r\n<html><body>\r\n{paragraphs}\r\n</body></html>".encode()


def as_mail(lines: Lines) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Alice Moreno 😀 <alice@acme.example>"
    mail["To"] = "peter.cook@northwind.example"
    mail["Subject"] = f"{lines[0][0]} about Acme"
    mail.set_content("\n\n".join(written(lines)))
    return mail.as_bytes()


def as_word(lines: Lines) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for line in written(lines):
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def as_table(lines: Lines) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([["Mark", "What was said"], *lines])
    return BOM + out.getvalue().encode()


def as_pdf(lines: Lines) -> bytes:
    pdfmetrics.registerFont(
        TTFont(FONT, Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
    )
    out = io.BytesIO()
    canvas = Canvas(out)
    for number, line in enumerate(written(lines)):
        if number % 2 == 0:
            if number:
                canvas.showPage()
            canvas.setFont(FONT, 11)
        canvas.drawString(50, 700 - 60 * (number % 2), line)
    canvas.save()
    return out.getvalue()


FORMATS: dict[str, Callable[[Lines], bytes]] = {
    "a.txt": as_text, "a.md": as_markdown, "a.html": as_html, "a.eml": as_mail, "a.docx": as_word,
    "a.csv": as_table, "a.pdf": as_pdf,
}  # fmt: skip


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    configuration = Settings(home=tmp_path_factory.mktemp("home"))
    engines = assembly.Engines(configuration)
    yield assembly.build_stages(configuration, engines, MemoryVectors(), MemoryBlobs())
    engines.parser.close()


def processed(stages: Stages, name: str, data: bytes) -> CaseRecord:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        source = Source(
            path=str(path),
            name=name,
            sha256=hashlib.sha256(data).hexdigest(),
            media_type=detect(path, name),
            size=len(data),
        )
        return process(source, stages)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=5)
@given(
    st.lists(st.tuples(st.sampled_from(ODD), st.sampled_from(SENTENCES)), min_size=1, max_size=4)
)
@example(list(zip(ODD, SENTENCES * 3, strict=False)))
def test_every_mention_is_the_words_at_its_place(stages: Stages, name: str, lines: Lines) -> None:
    record = processed(stages, name, FORMATS[name](lines))
    text, mentions = record.pages.text, record.mentions.mentions

    assert all(sentence in " ".join(text.split()) for _, sentence in lines)
    if name != "a.pdf":  # no font of its has them all
        assert all(odd in text for odd, _ in lines)
    # An odd word beside a name may be taken for a part of it, or let the model miss it.
    assert mentions
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.text
        page = record.pages.pages[mention.page - 1]
        assert page.start <= mention.start < mention.end <= page.end
    spans = sorted((mention.start, mention.end) for mention in mentions)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for chunk in record.chunks.chunks:
        assert text[chunk.start : chunk.end] == chunk.text
    for fact in record.relationships.relationships:
        said = text[fact.start : fact.end]
        assert said == said.strip() != ""
        for index in (fact.subject, fact.object):
            assert 0 <= index < len(mentions)
