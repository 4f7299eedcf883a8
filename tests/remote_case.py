"""Files that ask to fetch something from elsewhere, and a server that hears of it."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP

import docx
import openpyxl
import pptx
from docx.opc.constants import RELATIONSHIP_TYPE as WORD
from pptx.opc.constants import RELATIONSHIP_TYPE as SLIDES
from reportlab.pdfgen.canvas import Canvas

WORDS = "Acme Corporation sued Northwind Bank."
TEMPLATE = WORD.IMAGE.replace("image", "attachedTemplate")


class Trap:
    """A server on loopback. Connections wait in its queue until somebody looks."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.address: tuple[str, int] = listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"

    def was_visited(self) -> bool:
        """Say whether somebody has connected since the last look."""
        try:
            visitor, _ = self._listener.accept()
        except BlockingIOError:
            return False
        visitor.close()
        return True


@contextmanager
def trap() -> Iterator[Trap]:
    """Listen, and at the end see that nobody came, and that somebody would have been seen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        set_up = Trap(listener)
        yield set_up
        assert not set_up.was_visited()
        socket.create_connection(set_up.address).close()
        while not set_up.was_visited():
            pass


def remote_files(url: str) -> dict[str, tuple[bytes, str | None]]:
    """Make the files: name → its bytes, and the error it ends with; None where it is read."""
    return {
        "remote.html": (page(url), None),
        "remote.xhtml": (entity_page(url), None),
        "remote.md": (f"{WORDS} ![x]({url}/a.png)\n\n[y]: {url}/b.png".encode(), None),
        "remote.eml": (mail(url), None),
        "remote.docx": (word(url), None),
        "remote.xlsx": (book(url), None),
        "remote.pptx": (slides(url), None),
        "remote.pdf": (pdf(url), None),
        "entity.docx": (with_entity(word(url), "word/document.xml", url), "unsafe_xml"),
        "entity.xlsx": (with_entity(book(url), "xl/workbook.xml", url), "unsafe_xml"),
        "entity.pptx": (with_entity(slides(url), "ppt/presentation.xml", url), "unsafe_xml"),
    }


def page(url: str) -> bytes:
    return f"""<!DOCTYPE html SYSTEM "{url}/a.dtd">
<html><head><base href="{url}/"><meta http-equiv="refresh" content="0; url={url}/b">
<link rel="stylesheet" href="{url}/c.css"><script src="{url}/d.js"></script>
<style>@import "{url}/e.css"; @import url({url}/f.css); p {{ background: url({url}/g.png) }}</style>
</head><body background="{url}/h.png"><p style="background: url({url}/i.png)">{WORDS}</p>
<img src="{url}/j.png" srcset="{url}/k.png 2x"><iframe src="{url}/l"></iframe>
<object data="{url}/m"></object><embed src="{url}/n"><video poster="{url}/o" src="{url}/p"></video>
<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{url}/q.png"/></svg>
<a href="{url}/r" ping="{url}/s">a link</a></body></html>""".encode()


def entity_page(url: str) -> bytes:
    return (
        f'<?xml version="1.0"?><?xml-stylesheet href="{url}/a.xsl"?>'
        f'<!DOCTYPE html [<!ENTITY e SYSTEM "{url}/b"><!ENTITY % p SYSTEM "{url}/c"> %p;]>'
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:xi="http://www.w3.org/2001/XInclude">'
        f'<body><p>{WORDS} &e;</p><xi:include href="{url}/d"/></body></html>'
    ).encode()


def mail(url: str) -> bytes:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = "a@acme.example", "b@acme.example", "Pictures"
    letter["List-Unsubscribe"] = f"<{url}/unsubscribe>"
    letter["Disposition-Notification-To"] = f"<{url}/receipt>"
    letter.set_content(page(url).decode(), subtype="html")
    outside = EmailMessage()
    outside["Content-Type"] = f'message/external-body; access-type=URL; URL="{url}/body"'
    outside.set_payload([EmailMessage()])
    letter.make_mixed()
    letter.attach(outside)
    return letter.as_bytes()


def word(url: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(WORDS)
    for kind in (WORD.IMAGE, WORD.HYPERLINK, TEMPLATE, WORD.OLE_OBJECT):
        document.part.relate_to(f"{url}/{kind.rsplit('/', 1)[1]}", kind, is_external=True)
    document.save(out)
    return out.getvalue()


def book(url: str) -> bytes:
    workbook, out = openpyxl.Workbook(), io.BytesIO()
    sheet = workbook.active
    assert sheet is not None
    sheet.append([WORDS, f'=WEBSERVICE("{url}/a")', f'=IMAGE("{url}/b.png")'])
    sheet["A1"].hyperlink = f"{url}/c"
    workbook.save(out)
    return out.getvalue()


def slides(url: str) -> bytes:
    presentation, out = pptx.Presentation(), io.BytesIO()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    assert slide.shapes.title is not None
    slide.shapes.title.text = WORDS
    for kind in (SLIDES.IMAGE, SLIDES.HYPERLINK, SLIDES.VIDEO):
        slide.part.relate_to(f"{url}/{kind.rsplit('/', 1)[1]}", kind, is_external=True)
    presentation.save(out)
    return out.getvalue()


def pdf(url: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 700, WORDS)
    canvas.linkURL(f"{url}/a", (72, 690, 300, 720))
    canvas.save()
    return out.getvalue()


def with_entity(package: bytes, part: str, url: str) -> bytes:
    """Declare an external entity at the head of a part of an Office file."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                declaration = f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{url}/e.dtd"> %e;]>'.encode()
                head, mark, rest = data.partition(b"?>")
                data = head + mark + declaration + rest if mark else declaration + data
            new.writestr(name, data)
    return out.getvalue()
