"""The parser's child: real processes that are killed, starved and cut off."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw
from reading_case import assert_sound, request_for

from pipeline.documents import HeaderSpan, Page, Pages, Role, Words
from pipeline.engines import parser as parser_module
from pipeline.engines import parser_child
from pipeline.engines.formats import reading
from pipeline.engines.parse_request import ParseFailure, ParseOptions
from pipeline.engines.parser import Parser
from pipeline.engines.parser_answers import is_sound
from pipeline.engines.parser_deaths import tail_of
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.going_on import heard_by
from pipeline.settings import ArchiveLimits, Limits

GIGABYTE = 1 << 30


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser(Limits()) as started:
        yield started


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("Ann Lee met Bob Ray.")
    return path


def slow_scan(folder: Path) -> Path:
    """Make a page of many words: seconds of OCR."""
    page = Image.new("L", (3_000, 4_000), 255)
    draw = ImageDraw.Draw(page)
    for row in range(0, 4_000, 24):
        draw.text((20, row), "Ann Lee met Bob Ray in Paris. " * 15, fill=0)
    path = folder / "slow.png"
    page.save(path)
    return path


def read(parser: Parser, path: Path, options: ParseOptions | None = None) -> Pages | ParseFailure:
    folder = path.parent / "members"
    folder.mkdir(exist_ok=True)
    return parser.parse(request_for(path, folder, options))


def killed_while_parsing(parser: Parser, path: Path, kind: signal.Signals) -> ParseFailure:
    """Parse a file that takes long, and send the child a signal once it is busy with it."""
    if parser.pid is None:
        read(parser, path, ParseOptions(max_pixels=1))  # starts the child, refuses the file
    pid = parser.pid
    assert pid is not None
    before = sum(psutil.Process(pid).cpu_times()[:2])

    def strike() -> None:
        while sum(psutil.Process(pid).cpu_times()[:2]) < before + 0.3:
            pass
        os.kill(pid, kind)

    striker = threading.Thread(target=strike)
    striker.start()
    answer = parser._attempt(request_for(path, path.parent))[0]
    striker.join()
    assert isinstance(answer, ParseFailure)
    return answer


def test_one_child_reads_many_files(parser: Parser, words: Path) -> None:
    first = read(parser, words)
    assert isinstance(first, Pages)
    pid = parser.pid
    assert read(parser, words) == first
    assert parser.pid == pid


def test_a_scan_comes_back_through_the_pipe(parser: Parser, tmp_path: Path) -> None:
    page = Image.new("L", (1_600, 300), 255)
    draw = ImageDraw.Draw(page)
    draw.text((60, 60), "Ann Lee met Bob Ray in Paris", fill=0, font_size=48)
    page.save(tmp_path / "a.png")
    pages = read(parser, tmp_path / "a.png")
    assert isinstance(pages, Pages)
    assert_sound(pages)
    assert pages.text == "Ann Lee met Bob Ray in Paris"


def test_a_picture_of_hardly_anything_is_read(parser: Parser, tmp_path: Path) -> None:
    """Tesseract complains of it, and needs to have where."""
    page = Image.new("L", (400, 200), 255)
    draw = ImageDraw.Draw(page)
    for left in (40, 120, 260):
        draw.line((left, 40, left + 30, 150), fill=0, width=9)
    page.save(tmp_path / "a.png")
    assert isinstance(read(parser, tmp_path / "a.png"), Pages)


@pytest.mark.parametrize("kind", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_is_an_answer_and_the_next_file_is_read(
    tmp_path: Path, words: Path, kind: signal.Signals
) -> None:
    with Parser(Limits()) as parser:
        failure = killed_while_parsing(parser, slow_scan(tmp_path), kind)
        assert failure.error == "parser_crashed"
        assert kind.name in failure.message
        assert ("short of memory" in failure.message) == (kind == signal.SIGKILL)
        assert isinstance(read(parser, words), Pages)


def test_a_crash_of_a_used_child_is_tried_again_in_a_new_one(words: Path) -> None:
    with Parser(Limits()) as parser:
        read(parser, words)
        spoilt = parser.pid
        assert spoilt is not None
        os.kill(spoilt, signal.SIGKILL)
        assert isinstance(read(parser, words), Pages)
        assert parser.pid != spoilt


def test_a_used_child_that_hangs_is_none_of_the_next_files_fault(words: Path) -> None:
    with Parser(Limits(parse_seconds=0.5, seconds_per_page=0.5)) as parser:
        read(parser, words)
        spoilt = parser.pid
        assert spoilt is not None
        os.kill(spoilt, signal.SIGSTOP)
        assert isinstance(read(parser, words), Pages)
        assert parser.pid != spoilt


def test_what_a_used_child_says_without_end_is_none_of_the_next_files_fault(words: Path) -> None:
    with Parser(Limits()) as parser:
        read(parser, words)
        spoilt = parser.pid
        answers = max(Path(f"/proc/{spoilt}/fd").iterdir(), key=lambda file: int(file.name))
        answers.write_bytes(b"\xff" * 4)
        assert isinstance(read(parser, words), Pages)
        assert parser.pid != spoilt


def test_a_used_child_that_has_no_memory_for_a_library_is_none_of_the_next_files_fault(
    words: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    Image.new("L", (300, 300), 255).save(picture)
    with Parser(Limits()) as parser:
        read(parser, words)
        spoilt = parser.pid
        assert spoilt is not None
        most = psutil.Process(spoilt).memory_info().vms + (8 << 20)
        psutil.Process(spoilt).rlimit(psutil.RLIMIT_AS, (most, most))
        assert isinstance(read(parser, picture), Pages)
        assert parser.pid != spoilt


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, words: Path) -> None:
    with Parser(Limits(parse_seconds=0.4, seconds_per_page=0.4)) as parser:
        path = slow_scan(tmp_path)
        failure = read(parser, path)
        assert isinstance(failure, ParseFailure)
        assert failure.error == "parser_timeout"
        assert "limits.parse_seconds" in failure.message
        assert parser.pid is None, "the child that hangs is gone"
        assert isinstance(read(parser, words), Pages)


def test_each_page_brings_time_of_its_own(tmp_path: Path) -> None:
    page = Image.new("L", (1_600, 160), 255)
    draw = ImageDraw.Draw(page)
    for row in range(20, 140, 40):
        draw.text((20, row), "Ann Lee met Bob Ray in Paris. " * 4, fill=0, font_size=24)
    path = tmp_path / "a.tif"
    page.save(path, save_all=True, append_images=[page] * 5)
    with Parser(Limits()) as parser:
        whole = read(parser, path)
        assert isinstance(whole, Pages)
        assert parser.pid is not None
        used = sum(psutil.Process(parser.pid).cpu_times()[:2])
    # All six pages take longer than this; no page alone does.
    with Parser(Limits(parse_seconds=used * 0.7, seconds_per_page=used * 0.7)) as parser:
        assert read(parser, path) == whole


def test_each_page_is_told_to_whoever_watches(tmp_path: Path) -> None:
    pages = [Image.new("L", (300, 300), 255) for _ in range(3)]
    path = tmp_path / "pages.tiff"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    heard: list[None] = []
    with Parser(Limits()) as parser, heard_by(lambda: heard.append(None)):
        assert isinstance(read(parser, path), Pages)
    # As the file is begun, with each page, and as its end is reached.
    assert len(heard) == 2 + len(pages)


def test_a_limit_of_the_parents_memory_is_none_of_the_childs(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from pipeline.engines.parser import Parser
from pipeline.settings import Limits
sys.path.insert(0, "tests")
from reading_case import request_for
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, resource.RLIM_INFINITY))
path = Path(sys.argv[1])
path.write_text("Ann Lee")
with Parser(Limits()) as parser:
    parser.parse(request_for(path, path.parent, None))
    print(resource.prlimit(parser.pid, resource.RLIMIT_DATA)[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.txt")],
        capture_output=True, text=True, check=True, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert int(done.stdout) == Limits().parse_memory_bytes


def test_a_file_that_needs_too_much_memory_is_given_up(tmp_path: Path, words: Path) -> None:
    """A compressed picture of 100 million pixels, in a child that may not hold it."""
    side = 10_000

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">2L5B", side, side, 8, 6, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes((side * 4 + 1) * side)))
        + chunk(b"IEND", b"")
    )
    with Parser(Limits(parse_memory_bytes=GIGABYTE // 2)) as parser:
        failure = read(parser, path)
        assert isinstance(failure, ParseFailure)
        assert failure.error == "parser_memory", failure
        assert "limits.parse_memory_bytes" in failure.message
        assert isinstance(read(parser, words), Pages)


@pytest.mark.parametrize("python", ["/bin/false", "/nonexistent/python"])
def test_a_child_that_cannot_start_says_so(
    words: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with Parser(Limits()) as parser, pytest.raises(UnavailableError) as caught:
        read(parser, words)
    assert "does not start" in str(caught.value)


@contextlib.contextmanager
def files_left(count: int) -> Iterator[None]:
    """Let this process open so many files more, and no others."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        with contextlib.suppress(OSError):
            while True:
                held.append(os.dup(0))
        for _ in range(count):
            os.close(held.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for file in held:
            os.close(file)


@pytest.mark.parametrize("count", [2, 5, 7])
def test_a_system_that_has_no_files_left_for_a_child_blames_no_document(
    words: Path, count: int
) -> None:
    with Parser(Limits()) as parser:
        with files_left(count), pytest.raises(TemporaryError, match="Too many open files"):
            read(parser, words)
        assert isinstance(read(parser, words), Pages)


def test_what_is_raised_for_a_file_is_told_with_where_and_of_no_other(
    parser: Parser, tmp_path: Path
) -> None:
    broken, empty = tmp_path / "broken.docx", tmp_path / "empty.txt"
    with zipfile.ZipFile(broken, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", "<x/>")
    empty.write_bytes(b"")

    raised, refused = read(parser, broken), read(parser, empty)

    assert isinstance(raised, ParseFailure)
    assert raised.error == "damaged"
    assert "Traceback (most recent call last)" in raised.log_tail
    what, _, words_of_it = raised.log_tail.splitlines()[-1].partition(": ")
    assert f"({what}: {words_of_it})" in raised.message
    assert isinstance(refused, ParseFailure)
    assert (refused.error, refused.log_tail) == ("empty_file", "")


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ValueError, "damaged"),
        (RecursionError, "damaged"),
        (MemoryError, "parser_memory"),
        (ImportError, "parser_library"),
    ],
)
def test_whatever_is_raised_for_a_file_is_written_down_with_where(
    words: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: type[Exception],
    error: str,
) -> None:
    def reads_badly(*_: object) -> None:
        raise raised

    monkeypatch.setattr(reading, "read", reads_badly)
    failure = parser_child.parse(request_for(words, words.parent), lambda *_: None)
    assert isinstance(failure, ParseFailure)
    assert failure.error == error
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == raised.__name__
    assert any("in reads_badly" in line for line in told)


def test_last_words_are_the_end_and_of_a_fatal_error_its_beginning() -> None:
    assert tail_of(b"a\x00b \xff\n") == "ab \ufffd"
    assert tail_of(b"begin" + b"." * 9_000 + b"end") == "." * 4_093 + "end"
    fatal = b"Fatal Python error: Aborted\n" + b"in call\n" * 1_000
    told = tail_of(b"begin" + b"." * 9_000 + b" bad_alloc\n" + fatal)
    assert len(told) <= 4_096
    assert " bad_alloc\nFatal Python error: Aborted\nin call\n" in told
    assert tail_of(b"why\nFatal Python error: Aborted\n") == "why\nFatal Python error: Aborted"


def test_what_a_child_wrote_of_one_file_is_not_told_of_the_next(
    words: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    with Parser(Limits()) as parser:
        read(parser, words)
        Path(f"/proc/{parser.pid}/fd/2").write_text("of another file")
        refused = read(parser, tmp_path / "empty.txt")
    assert isinstance(refused, ParseFailure)
    assert refused.log_tail == ""


def test_old_children_are_replaced(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_module, "FILES_PER_CHILD", 2)
    with Parser(Limits()) as parser:
        pids = []
        for _ in range(3):
            read(parser, words)
            pids.append(parser.pid)
        assert pids[0] == pids[1] != pids[2]


def test_a_child_ends_with_its_parent(words: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from pipeline.engines.parser import Parser;"
        "from pipeline.engines.parse_request import ParseRequest; from pipeline.settings import "
        "Limits; p = Parser(Limits()); p.parse(ParseRequest(path=sys.argv[1], name='a.txt', "
        "media_type='text/plain', folder='/nonexistent')); print(p.pid, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(words)], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(timeout=30)


def test_closing_ends_the_child(words: Path) -> None:
    parser = Parser(Limits())
    read(parser, words)
    pid = parser.pid
    assert pid is not None
    parser.close()
    assert not psutil.pid_exists(pid)
    parser.close()


def test_the_child_itself_has_no_network(parser: Parser, words: Path) -> None:
    """The namespace of the real child is another than ours wherever ours may be left."""
    read(parser, words)
    allowed = subprocess.run(["unshare", "-Urn", "true"], capture_output=True, check=False)
    ours, its = (Path(f"/proc/{pid}/ns/net").readlink() for pid in ("self", parser.pid))
    assert (ours != its) == (allowed.returncode == 0)


def test_the_child_knows_no_secret_of_ours(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEGRAPH_DATABASE_URL", "postgresql://user:canary@host/db")
    with Parser(Limits()) as parser:
        read(parser, words)
        assert parser.pid is not None
        environment = psutil.Process(parser.pid).environ()
        assert "canary" not in " ".join(
            [*environment.values(), *psutil.Process(parser.pid).cmdline()]
        )


def test_a_flood_of_output_is_cut(tmp_path: Path) -> None:
    """More members than an answer may name."""
    import zipfile

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(200):
            archive.writestr(f"{number:03d}{'x' * 150}.txt", "x")
    with Parser(Limits(archive=ArchiveLimits(max_members=200))) as parser:
        assert isinstance(read(parser, path), Pages)
    with pytest.MonkeyPatch.context() as patched, Parser(Limits()) as parser:
        patched.setattr("pipeline.engines.parser_process.ANSWER_BYTES", 1_000)
        failure = read(parser, path, ParseOptions(max_characters=1))
        assert isinstance(failure, ParseFailure)
        assert failure.error == "output_too_large"


def page(start: int, end: int, words: Words | None = None) -> Page:
    return Page(number=1, start=start, end=end, words=words)


@pytest.mark.parametrize(
    "pages",
    [
        Pages(text="words", pages=(page(0, 6),)),
        Pages(text="words", pages=(page(3, 5), page(0, 2))),
        Pages(text="words", pages=(page(4, 2),)),
        Pages(text="words", pages=(page(0, 2, Words(starts=(0,), ends=(5,), boxes=((0,) * 4,))),)),
        Pages(text="words", pages=(page(0, 5, Words(starts=(0,), ends=(5,))),)),
        Pages(
            text="words",
            pages=(page(0, 5),),
            header_spans=(HeaderSpan(role=Role.SENDER, start=2, end=9),),
        ),
    ],
)
def test_an_answer_whose_spans_lie_outside_is_refused(pages: Pages) -> None:
    assert not is_sound(pages)
