"""Walking the sources and fetching bytes."""

import errno
import hashlib
import itertools
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from pipeline.documents import DocumentFailure
from pipeline.errors import TemporaryError, UsageError
from pipeline.sources import Fetcher, Identified, Located, SourceChangedError
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.payloads import store_payload
from pipeline.walking import Selection, Walk


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """Make a folder with what a walk may meet."""
    monkeypatch.chdir(tmp_path)
    for path in ("in/a.txt", "in/b.pdf", "in/deep/c.txt", "in/.hidden/d.txt", "in/.e.txt"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return tmp_path


def names(walk: Walk, *sources: str) -> list[str]:
    return sorted(file.source for file in walk.files(sources))


def test_sources_are_as_given_and_uris_absolute(tree):
    assert names(Walk(Selection()), "in") == ["in/a.txt", "in/b.pdf", "in/deep/c.txt"]
    [file] = Walk(Selection()).files(["in/a.txt"])
    assert file.uri == (tree / "in/a.txt").as_uri()
    assert file.size == len("in/a.txt")


def test_hidden_files_are_counted_and_can_be_asked_for(tree):
    walk = Walk(Selection())
    names(walk, "in")
    assert walk.passed.hidden == 2
    assert "in/.hidden/d.txt" in names(Walk(Selection(hidden=True)), "in")


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        (["*.txt"], [], ["in/a.txt", "in/deep/c.txt"]),
        ([], ["*.txt"], ["in/b.pdf"]),
        (["*.txt"], ["deep"], ["in/a.txt"]),
        (["deep/*"], [], ["in/deep/c.txt"]),
        ([], ["deep/"], ["in/a.txt", "in/b.pdf"]),
    ],
)
def test_globs_choose(tree, include, exclude, taken):
    walk = Walk(Selection(tuple(include), tuple(exclude)))
    assert names(walk, "in") == taken
    assert walk.passed.excluded > 0


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ([], ["*.pdf"], ["in/a.txt", "in/deep/c.txt"]),
        (["*.pdf"], [], ["in/b.pdf"]),
        (["b.*", "deep"], [], ["in/b.pdf"]),
        ([], ["deep", "in"], ["in/a.txt", "in/b.pdf", "in/deep/c.txt"]),
    ],
)
def test_globs_choose_among_files_that_are_named_by_their_own_name(tree, include, exclude, taken):
    walk = Walk(Selection(tuple(include), tuple(exclude)))
    named = ["in/a.txt", "in/b.pdf", "in/deep/c.txt"]
    assert names(walk, *named) == taken
    assert walk.passed.excluded == len(named) - len(taken)


def test_a_hidden_file_that_is_named_is_taken(tree):
    walk = Walk(Selection())
    assert names(walk, "in/.e.txt") == ["in/.e.txt"]
    assert walk.passed.hidden == 0


def test_the_files_of_a_folder_come_before_its_folders_and_these_by_name(tree):
    paths = ["in/a.txt", "in/deep/c.txt", "in/deep/er/d.txt", "in/deeper/b.txt", "in/x/y/z.txt"]
    for path in paths:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).touch()
    walk = Walk(Selection(include=("*.txt",)))
    assert [file.source for file in walk.files(["in"])] == paths


def test_a_folder_may_be_nested_as_deep_as_the_disk_lets_it(tmp_path):
    depth = sys.getrecursionlimit() + 100
    folders = list(itertools.accumulate("d" * depth, Path.joinpath, initial=tmp_path))
    for folder in folders[1:]:
        folder.mkdir()
    file = folders[-1] / "a.txt"
    file.touch()
    try:
        assert [found.source for found in Walk(Selection()).files([str(tmp_path)])] == [str(file)]
    finally:  # what removes it otherwise is as deep
        file.unlink()
        for folder in reversed(folders[1:]):
            folder.rmdir()


class BrokenOff:
    """The listing of a folder on a share that goes away meanwhile."""

    def __init__(self, entries: Any) -> None:
        self._entries = entries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._entries.close()

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        yield from self._entries
        raise OSError(errno.ESTALE, "Stale file handle")


def test_a_folder_whose_listing_breaks_off_is_a_document_and_the_walk_goes_on(tree, monkeypatch):
    (tree / "in" / "later").mkdir()
    (tree / "in" / "later" / "d.txt").write_text("words")
    listing = os.scandir

    def listed(folder: Path) -> Any:
        entries = listing(folder)
        return BrokenOff(entries) if folder.name == "deep" else entries

    monkeypatch.setattr(os, "scandir", listed)
    broken = ["in/deep", "in/deep/c.txt"]
    assert names(Walk(Selection()), "in") == ["in/a.txt", "in/b.pdf", *broken, "in/later/d.txt"]


def test_a_link_that_leads_back_up_ends(tree):
    (tree / "in/deep/up").symlink_to(tree / "in")
    (tree / "in/again").symlink_to(tree / "in/deep")
    found = names(Walk(Selection()), "in")
    assert len(found) == 3


@pytest.mark.parametrize("link", ["in/a-link", "in/z-link", "in/a/link"])
def test_a_folder_is_found_under_its_own_path_and_not_a_links(tree, link):
    (tree / link).parent.mkdir(exist_ok=True)
    (tree / link).symlink_to(tree / "in/deep")
    assert names(Walk(Selection()), "in") == ["in/a.txt", "in/b.pdf", "in/deep/c.txt"]
    assert names(Walk(Selection()), link, "in/deep") == ["in/deep/c.txt"]
    assert names(Walk(Selection()), link) == [f"{link}/c.txt"]


def test_of_two_links_to_a_folder_the_first_by_name_is_taken(tree):
    (tree / "out/inner").mkdir(parents=True)
    (tree / "out/inner/o.txt").write_text("o")
    (tree / "out/up").symlink_to(tree / "in")
    for name in ("y", "x", "z"):  # the disk may have them in any order
        (tree / "in" / name).symlink_to(tree / "out")
    found = names(Walk(Selection()), "in")
    assert [name for name in found if "inner" in name] == ["in/x/inner/o.txt"]
    assert len(found) == 4


def test_a_dangling_link_is_a_document_and_a_pipe_is_not(tree):
    (tree / "in/gone").symlink_to("nowhere")
    os.mkfifo(tree / "in/pipe")
    walk = Walk(Selection())
    assert "in/gone" in names(walk, "in")
    assert walk.passed.special == 1


@pytest.mark.parametrize("source", ["nowhere", "in/pipe", "ftp://host/x"])
def test_what_is_no_source_is_said_at_once(tree, source):
    os.mkfifo(tree / "in/pipe")
    with pytest.raises(UsageError, match="cannot take"):
        Walk(Selection()).check([source])


def test_a_name_of_no_encoding_can_be_written_down(tree):
    path = os.fsencode(tree / "in") + b"/\xff\xfe.txt"
    Path(os.fsdecode(path)).write_text("x")
    [odd] = [file for file in Walk(Selection()).files(["in"]) if "%FF" in file.uri]
    odd.source.encode("utf-8")
    answer = fetcher(tree).identify(Located(uri=odd.uri, name="x.txt"))
    assert isinstance(answer, Identified)


def fetcher(folder: Path) -> Fetcher:
    return Fetcher(FolderBlobs(folder / "objects"), lambda *_: "text/plain")


def at(path: Path) -> Located:
    return Located(uri=path.as_uri(), name=path.name)


def test_a_source_is_fetched_as_identified(tree):
    known = fetcher(tree).identify(at(tree / "in/a.txt"))
    with fetcher(tree).fetched(at(tree / "in/a.txt"), known) as source:
        assert Path(source.path).read_text() == "in/a.txt"
        assert source.name == "a.txt"
    assert not Path(source.path).exists()


def test_a_source_that_changed_is_no_ones_fault(tree):
    known = fetcher(tree).identify(at(tree / "in/a.txt"))
    (tree / "in/a.txt").write_text("other")
    with (
        pytest.raises(SourceChangedError),
        fetcher(tree).fetched(at(tree / "in/a.txt"), known),
    ):
        pass


@pytest.mark.parametrize(
    ("path", "error"), [("in/none.txt", "source_missing"), ("in/deep", "unreadable")]
)
def test_what_cannot_be_read_is_a_failure_in_words(tree, path, error):
    failure = fetcher(tree).identify(at(tree / path))
    assert isinstance(failure, DocumentFailure)
    assert failure.error == error
    assert failure.message


def test_a_member_that_is_gone_is_a_failure(tree):
    located = Located(uri="file:///x.zip!/a", name="a", blob="00" * 32)
    failure = fetcher(tree).identify(located)
    assert isinstance(failure, DocumentFailure)
    assert failure.error == "blob_missing"
    assert "`forget` the container" in failure.message


def test_a_member_is_gone_only_from_the_right_store(tree):
    """It is looked for again, since the store may have come back between the two questions."""
    blobs = FolderBlobs(tree / "objects")
    blobs.establish()
    (tree / "objects").rename(tree / "elsewhere")
    sha256 = hashlib.sha256(b"inside").hexdigest()

    def away() -> None:
        raise TemporaryError("another store")

    def back() -> None:
        (tree / "elsewhere").rename(tree / "objects")
        store_payload(blobs, b"inside")

    located = Located(uri="file:///x.zip!/a", name="a", blob=sha256)
    with pytest.raises(TemporaryError, match="another store"):
        Fetcher(blobs, lambda *_: "text/plain", see_store=away).identify(located)
    known = Fetcher(blobs, lambda *_: "text/plain", see_store=back).identify(located)
    assert isinstance(known, Identified)
    assert known.sha256 == sha256


@contextmanager
def full_scratch(tmp_path: Path) -> Iterator[Path]:
    """Give a folder in which the copy of a source goes to a disk that is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "source").symlink_to("/dev/full")
    yield folder


def test_a_disk_that_takes_no_copy_is_not_the_documents_fault(tree, monkeypatch):
    known = fetcher(tree).identify(at(tree / "in/a.txt"))
    monkeypatch.setattr("pipeline.sources.scratch", lambda: full_scratch(tree))
    monkeypatch.setattr("tempfile.tempdir", "/the/folder")
    with (
        pytest.raises(TemporaryError, match=r"/the/folder.*No space left on device.*TMPDIR"),
        fetcher(tree).fetched(at(tree / "in/a.txt"), known),
    ):
        pass


@contextmanager
def no_file_left() -> Iterator[None]:
    """Let this process open no file more within the block."""
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_that_the_system_has_no_file_left_is_no_documents_fault(tree):
    reader, short = fetcher(tree), "Too many open files"
    with pytest.raises(TemporaryError, match=short), no_file_left():
        reader.identify(at(tree / "in/a.txt"))
    with pytest.raises(TemporaryError, match=short), no_file_left():
        names(Walk(Selection()), "in")


def test_a_source_that_cannot_be_read_into_its_copy_is_the_documents_own(tree):
    known = fetcher(tree).identify(at(tree / "in/a.txt"))
    (tree / "in/a.txt").unlink()
    (tree / "in/a.txt").symlink_to("/proc/self/mem")  # opens, and cannot be read
    with (
        pytest.raises(OSError, match="Input/output error"),
        fetcher(tree).fetched(at(tree / "in/a.txt"), known),
    ):
        pass
