"""Local files that other machines do not see are read from their copies in the object store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from ledger_case import LedgerCase
from sqlalchemy import text

from actors.claims import locate
from pipeline import source_copies
from pipeline.documents import DocumentFailure
from pipeline.engines.media_types import detect
from pipeline.errors import TemporaryError
from pipeline.source_copies import record_with_copies
from pipeline.sources import Fetcher, Identified
from pipeline.stores.ledger import Ledger
from pipeline.stores.ledger_values import Found
from pipeline.stores.memory import MemoryBlobs


def sha_of(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


class Corpus:
    """A folder of files, recorded for a cluster."""

    def __init__(self, case: LedgerCase, folder: Path) -> None:
        self.case, self.folder = case, folder
        case.ledger.bind_objects()

    def write(self, name: str, words: str) -> Found:
        path = self.folder / name
        path.write_text(words)
        facts = path.stat()
        stamp = str(facts.st_mtime_ns)
        return Found(uri=path.as_uri(), source=name, size=facts.st_size, stamp=stamp)

    def record(self, *files: Found, rehash: bool = False) -> None:
        record_with_copies(
            self.case.ledger, self.case.blobs, self.case.project, files, rehash=rehash
        )

    def read(self) -> dict[str, Identified | DocumentFailure]:
        """Claim what is pending, and look at it as another machine does, which has no file."""
        for path in self.folder.iterdir():
            path.unlink()
        fetcher = Fetcher(self.case.blobs, detect)
        claimed = self.case.ledger.claim(self.case.run(), 100)
        return {one.name: fetcher.identify(locate(one)) for one in claimed}

    def copies(self) -> list[str | None]:
        return [blob for (blob,) in self.case.rows("SELECT blob FROM documents ORDER BY uri")]


@pytest.fixture
def corpus(case: LedgerCase, tmp_path: Path) -> Corpus:
    return Corpus(case, tmp_path)


def hashes(found: dict[str, Identified | DocumentFailure]) -> dict[str, str]:
    return {
        name: one.sha256 if isinstance(one, Identified) else one.error
        for name, one in found.items()
    }


def test_a_file_is_read_where_it_is_not(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_copies, "SCRATCH_BYTES", 8)  # three files, three parts
    files = [corpus.write(f"{name}.txt", f"words of {name}") for name in "abc"]
    corpus.record(*files)

    assert hashes(corpus.read()) == {f"{name}.txt": sha_of(f"words of {name}") for name in "abc"}


def test_only_what_is_new_or_changed_is_copied_again(corpus: Corpus) -> None:
    same, changed = corpus.write("a.txt", "as it was"), corpus.write("b.txt", "before")
    corpus.record(same, changed)
    (corpus.folder / "a.txt").unlink()  # who copied it again would not find it
    after = corpus.write("b.txt", "afterwards")
    corpus.record(same, after)

    assert corpus.copies() == [sha_of("as it was"), sha_of("afterwards")]
    with corpus.case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET status = 'completed'"))
    assert corpus.case.ledger.sweep_objects(0) == 1
    assert corpus.case.held([sha_of("before")]) == []


def test_what_was_recorded_without_a_copy_gets_one_and_is_not_looked_at_for_it(
    corpus: Corpus,
) -> None:
    file = corpus.write("a.txt", "words")
    corpus.case.ledger.record_documents(corpus.case.project, [file])
    with corpus.case.engine.begin() as connection:
        connection.execute(text("UPDATE documents SET status = 'completed'"))
    corpus.record(file)

    assert corpus.copies() == [sha_of("words")]
    assert corpus.case.rows("SELECT status FROM documents") == [("completed",)]


def test_a_run_on_one_machine_alone_reads_the_changed_file_and_not_the_copy(
    corpus: Corpus,
) -> None:
    corpus.record(corpus.write("a.txt", "before"))
    file = corpus.write("a.txt", "after")
    corpus.case.ledger.record_documents(corpus.case.project, [file])

    [claimed] = corpus.case.ledger.claim(corpus.case.run(), 10)
    found = Fetcher(corpus.case.blobs, detect).identify(locate(claimed))
    assert hashes({"a": found}) == {"a": sha_of("after")}


def test_a_file_that_is_gone_is_recorded_and_fails_alone(corpus: Corpus) -> None:
    gone, there = corpus.write("a.txt", "gone"), corpus.write("b.txt", "there")
    (corpus.folder / "a.txt").unlink()
    corpus.record(gone, there)

    assert hashes(corpus.read()) == {"a.txt": "source_missing", "b.txt": sha_of("there")}


def test_a_copy_that_was_removed_before_it_was_named_is_put_again(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = corpus.case.ledger.record_documents

    def late(*arguments: object, **more: object) -> object:
        corpus.case.blobs.delete([sha_of("words")])
        return record(*arguments, **more)

    monkeypatch.setattr(corpus.case.ledger, "record_documents", late)
    corpus.record(corpus.write("a.txt", "words"))

    assert hashes(corpus.read()) == {"a.txt": sha_of("words")}


def test_nothing_is_named_in_another_store_than_the_right_one(corpus: Corpus) -> None:
    file, other = corpus.write("a.txt", "words"), MemoryBlobs()
    ledger = Ledger(corpus.case.engine, blobs=other)
    with pytest.raises(TemporaryError, match="object store is not the one"):
        record_with_copies(ledger, other, corpus.case.project, [file])
    assert corpus.copies() == []
