"""A folder of bad files beside good ones: each ends as the user would want, and the run goes on."""

import io
import json
import signal
import subprocess
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import psutil
from PIL import Image, ImageDraw
from pypdfium2 import PdfDocument
from remote_case import WORDS, remote_files, trap
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

PARSER = "pipeline.engines.parser_child"
GOOD = "Maria Alvarez, chief executive of Acme Corporation, met Peter Cook in Boston."


def pdf(text: str, password: str | None = None, pages: int = 1) -> bytes:
    """Make a PDF with a text layer."""
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=pdfencrypt.StandardEncryption(password) if password else None)
    for _ in range(pages):
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def slow_scan() -> bytes:
    """Make a PDF of pictures: seconds of OCR, with the file open all the while."""
    page = Image.new("L", (1_200, 1_600), 255)
    draw = ImageDraw.Draw(page)
    for row in range(20, 1_580, 24):
        draw.text((20, row), "Ann Lee met Bob Ray in Paris. " * 6, fill=0)
    out = io.BytesIO()
    page.save(out, "PDF", save_all=True, append_images=[page] * 14)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    """Make a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def huge_image() -> bytes:
    """Make a small PNG file that says it is 40,000 by 40,000 pixels."""
    out = io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(out, "PNG")
    return out.getvalue()


ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    b"<w:document>&e;</w:document>"
)
BOMB = zipped({"zeros.txt": b"0" * 300_000_000})

FILES: dict[str, tuple[bytes, str | None]] = {
    # file → its bytes and the error it ends with; None where it is processed
    "good.txt": (GOOD.encode(), None),
    "nul.txt": (GOOD.replace(" met", " \x00met").encode(), None),
    "invalid-utf8.txt": ("Café owner Maria Alvarez met Peter Cook.".encode("cp1252"), None),
    "wrong-extension.pdf": (b"<html><body><p>Acme Corporation sued Northwind Bank.</p></body>",
                            None),
    "really-a-pdf.txt": (pdf(GOOD), None),
    "traversal.zip": (zipped({"../../etc/cron.d/x.txt": GOOD.encode(), "ok.txt": b"Fine."}), None),
    "empty.txt": (b"", "empty_file"),
    "truncated.pdf": (pdf(GOOD, pages=30)[:400], "damaged"),
    "encrypted.pdf": (pdf(GOOD, password="secret"), "encrypted"),
    "long-line.txt": (b"word " * 10_000_000, "text_too_long"),
    "bomb.zip": (BOMB, "archive_bomb"),
    "nested-bomb.zip": (zipped({f"{n}.zip": BOMB for n in range(3)}), None),
    "entities.docx": (
        zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": ENTITY}), "unsafe_xml"
    ),
    "huge.png": (huge_image(), "image_too_large"),
    "program.exe": (b"MZ" + bytes(range(256)) * 20, "unsupported_type"),
    "pages.pdf": (pdf("A page.", pages=30), "too_many_pages"),
    "crash.pdf": (slow_scan(), "parser_crashed"),
}  # fmt: skip


def crash_who_reads(size: int, run: subprocess.Popen[str]) -> None:
    """As long as a run goes on, crash each of its parsers that has a file of that size open."""
    parser: dict[int, bool] = {}
    while run.poll() is None:
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(run.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if not parser.get(process.pid):  # what it is a process says when it has begun
                        parser[process.pid] = PARSER in process.cmdline()
                    if parser[process.pid] and size in sizes_of_open_files(process):
                        process.send_signal(signal.SIGSEGV)
        time.sleep(0.1)


def sizes_of_open_files(process: psutil.Process) -> set[int]:
    """Look at what a process has open."""
    sizes = set()
    for file in process.open_files():
        with suppress(FileNotFoundError):
            sizes.add(Path(file.path).stat().st_size)
    return sizes


def run_with_a_crash(casegraph, folder: Path) -> dict:
    """Run a folder, and crash whatever process parses crash.pdf."""
    run = casegraph.start("run", str(folder), "--project", "p", "--json")
    crash = threading.Thread(target=crash_who_reads, args=(len(FILES["crash.pdf"][0]), run))
    crash.start()
    try:
        out, err = run.communicate(timeout=600)
    finally:
        run.kill()
        crash.join()
    assert run.returncode == 3, err
    return json.loads(out)


def test_each_bad_file_fails_alone_and_in_words(casegraph, tmp_path):
    assert len(PdfDocument(FILES["pages.pdf"][0])) == 30
    casegraph.environment["CASEGRAPH_OCR__MAX_PAGES"] = "20"
    casegraph.environment["CASEGRAPH_RUN__ACTORS"] = '{"chunk": 1, "extract": 1}'
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    with trap() as server:
        remote = remote_files(server.url)
        for name, (data, _) in (FILES | remote).items():
            (folder / name).write_bytes(data)
        result = run_with_a_crash(casegraph, folder)
    failures = {
        row["source"].removeprefix(f"{folder}/"): row
        for row in casegraph.json_lines("failures", "--project", "p")
    }
    expected = {name: error for name, (_, error) in (FILES | remote).items() if error}
    expected["gone.txt"] = "source_missing"
    top_level = {name: row["error"] for name, row in failures.items() if "!/" not in name}
    assert top_level == expected
    # Each bomb inside is a document of its own, under the budget of the file that holds it.
    nested = {name for name in failures if name.startswith("nested-bomb.zip!/")}
    assert nested == {f"nested-bomb.zip!/{n}.zip" for n in range(3)}
    assert all(row["message"] and row["stage"] and row["attempts"] for row in failures.values())
    assert result["documents"]["failed"] == len(failures)
    assert sum(result["documents"].values()) == (
        result["documents"]["completed"] + result["documents"]["failed"]
    )
    casegraph("export", "--project", "p", "--format", "jsonl", "--output", str(tmp_path / "out"))
    texts = {
        row["source"].removeprefix(f"{folder}/"): row["text"]
        for row in map(json.loads, (tmp_path / "out/documents.jsonl").read_text().splitlines())
    }
    assert "SIGSEGV" in failures["crash.pdf"]["message"]
    assert all(WORDS in texts[name] for name, (_, error) in remote.items() if not error)
    assert texts["good.txt"] == GOOD
    assert texts["nul.txt"] == GOOD.replace(" met", " \ufffdmet")
    assert texts["invalid-utf8.txt"].startswith("Café owner")
    assert "Maria Alvarez" in texts["really-a-pdf.txt"]
    assert "sued Northwind Bank" in texts["wrong-extension.pdf"]
    inside = [name for name in texts if name.startswith("traversal.zip!/")]
    assert "traversal.zip!/ok.txt" in inside
    assert not any(".." in name.split("!/")[1] for name in inside)
    assert not (tmp_path / "etc").exists()
    again = casegraph.json("run", str(folder), "--project", "p", status=3)
    assert set(again["stage_calls"].values()) == {0}


def test_a_size_limit_leaves_a_file_out_and_says_so(here, tmp_path):
    (tmp_path / "small.txt").write_text(GOOD)
    (tmp_path / "large.txt").write_text(GOOD * 100)
    here.environment["CASEGRAPH_LIMITS__MAX_FILE_BYTES"] = "1000"
    sources = [str(tmp_path / "small.txt"), str(tmp_path / "large.txt")]
    result = here.json("run", *sources, "--project", "p")
    assert result["documents"]["completed"] == 1
    assert result["documents"]["skipped"] == 1
    assert sum(result["documents"].values()) == 2
    done = here("failures", "--project", "p")
    assert "large.txt" in done.stdout
    assert "max_file_bytes" in done.stdout
