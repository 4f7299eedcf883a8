"""PDFs with pages that are too much for whoever reads them, and a child that dies at a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.engines import parser_start
from pipeline.engines.parser_folder import ParserFolder

FONT = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
FORM = f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << {FONT}"
ENDLESS_DEPTH, TIMES = 12, 10


@dataclass(frozen=True)
class PdfPage:
    """What a page draws, and the number of an object that it draws besides."""

    drawing: bytes
    drawn: int = 0


def says(text: str) -> PdfPage:
    """Make a page with a text layer."""
    return PdfPage(f"BT /F 12 Tf 72 700 Td ({text}) Tj ET".encode())


ENDLESS = PdfPage(b"/X Do", 1)
"""A page of a form that draws another ten times, which draws another ten times, and so on."""


def write_pdf(path: Path, pages: Sequence[PdfPage]) -> Path:
    """Write a PDF of pages, some of which may be `ENDLESS`."""
    first = 3 + 2 * len(pages)
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
    ]
    for number, page in enumerate(pages):
        drawn = f"/XObject << /X {first + page.drawn - 1} 0 R >>" if page.drawn else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R "
            f"/Resources << {FONT} {drawn} >> >>".encode()
        )
        objects.append(_stream("", page.drawing))
    for depth in range(1, ENDLESS_DEPTH):
        inner = f"/XObject << /X {first + depth} 0 R >>"
        objects.append(_stream(f"{FORM} {inner} >>", b"/X Do\n" * TIMES))
    objects.append(_stream(f"{FORM} >>", b"BT /F 12 Tf 72 700 Td (x) Tj ET"))
    data, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    path.write_bytes(data + f"{end}startxref\n{len(data)}\n%%EOF\n".encode())
    return path


def _stream(dictionary: str, data: bytes) -> bytes:
    return f"<< {dictionary} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


HARM = """
import ctypes, os
from pipeline.engines.formats import pdf
# Opened before the child gives up all files but its own.
really, log = pdf._page, os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def page(job, document, number):
    found = really(job, document, number)
    os.write(log, b"%d\\n" % (number + 1))
    if "killed" in found.text:
        ctypes.string_at(0)
    if "leaves" in found.text:
        os._exit(7)
    if "hangs" in found.text:
        while True:
            pass
    if "eats" in found.text:
        held = []
        while True:
            held.append(bytearray(64 << 20))
    return found
pdf._page = page
"""
"""What a child does at a page that says so. It writes down each page that it has come to."""


def harmful(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Let children that start from now on die at pages that say how; give the file in which they
    write down the pages they come to.
    """
    log = folder / "pages-read"
    (folder / "sitecustomize.py").write_text(HARM.format(log=str(log)))
    really = parser_start.environment

    def environment(own: ParserFolder) -> dict[str, str]:
        of_child = really(own)
        return of_child | {"PYTHONPATH": f"{folder}{os.pathsep}{of_child['PYTHONPATH']}"}

    monkeypatch.setattr(parser_start, "environment", environment)
    return log


def pages_read(log: Path) -> list[int]:
    """Give the pages that were come to, in order."""
    return [int(line) for line in log.read_text().split()] if log.exists() else []
