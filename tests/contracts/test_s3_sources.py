"""Documents in S3: walking, naming and reading them over HTTP from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from s3_case import CREDENTIALS, S3Server, serving

from pipeline.documents import DocumentFailure
from pipeline.errors import PermanentError, TemporaryError, UnavailableError, UsageError
from pipeline.s3_names import ObjectName, read_source, read_uri
from pipeline.sources import Fetcher, Identified, Located, SourceChangedError
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.ledger import Ledger
from pipeline.stores.postgres import connect
from pipeline.stores.s3_client import connect as connect_s3
from pipeline.stores.s3_client import endpoint_of
from pipeline.stores.s3_objects import S3Objects
from pipeline.walking import Selection, Walk, uri_of

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

ODD = {
    "odd/two words.txt",
    "odd/a#b?c&d=e+f.txt",
    "odd/100%25 true.txt",
    "odd/żółć – 文書 😀.txt",
    "odd/up/../down.txt",
    "odd//empty//parts.txt",
    "odd/a\ttab.txt",
    "odd/" + "x" * 1_000 + ".txt",
    # As long as a key may be, and a URI three times as long, in which nothing repeats.
    "odd/" + "".join(chr(0x4E00 + number * 61) for number in range(338)) + ".txt",
    "odd/with data/",
}
PLAIN = {
    "reports/2020/a.txt", "reports/2020/b.pdf", "reports/c.txt", "reports/.hidden/d.txt",
    "reports/.e.txt", "reports-old/f.txt",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    objects = {key: key.encode() for key in ODD | PLAIN}
    markers = dict.fromkeys(("reports/", "reports/2020/", "reports/2021_$folder$"), b"")
    many = {f"n{number:04}": b"x" for number in range(2_100)}
    buckets = {"cases": objects | markers, "many": many, "empty": {}}
    with serving(tmp_path_factory.mktemp("s3"), buckets) as server:
        yield server


@pytest.fixture
def objects(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return S3Objects(server.url)


@pytest.fixture
def fetcher(objects: S3Objects, tmp_path: Path) -> Fetcher:
    return Fetcher(FolderBlobs(tmp_path / "objects"), lambda *_: "text/plain", objects)


def found(objects: S3Objects, *sources: str, selection: Selection | None = None) -> list[str]:
    walk = Walk(selection or Selection(), objects)
    walk.check(sources)
    return [file.source for file in walk.files(sources)]


def test_a_prefix_is_what_is_under_it_without_folder_markers(objects: S3Objects) -> None:
    taken = [f"s3://cases/reports/{name}" for name in ("2020/a.txt", "2020/b.pdf", "c.txt")]
    for source in ("s3://cases/reports", "s3://cases/reports/"):
        assert found(objects, source) == taken
    assert found(objects, "s3://cases/reports-old") == ["s3://cases/reports-old/f.txt"]
    assert found(objects, "s3://cases/reports/c.txt") == ["s3://cases/reports/c.txt"]
    assert found(objects, "s3://cases/reports/.e.txt") == ["s3://cases/reports/.e.txt"]


def test_a_bucket_is_all_that_is_in_it(objects: S3Objects) -> None:
    everything = {f"s3://cases/{key}" for key in ODD | PLAIN}
    assert set(found(objects, "s3://cases", selection=Selection(hidden=True))) == everything
    assert found(objects, "s3://empty") == []


def test_more_than_a_page_of_objects_is_walked(objects: S3Objects) -> None:
    walk = Walk(Selection(), objects)
    assert sum(1 for _ in walk.files(["s3://many"])) == 2_100


@pytest.mark.parametrize(
    ("include", "exclude", "taken", "left_out"),
    [
        (("*.txt",), (), ["2020/a.txt", "c.txt"], 1),
        ((), ("2020",), ["c.txt"], 2),
        (("2020/*",), ("*.pdf",), ["2020/a.txt"], 2),
    ],
)
def test_globs_choose_among_keys_as_among_paths(
    objects: S3Objects, include, exclude, taken, left_out
) -> None:
    walk = Walk(Selection(include, exclude), objects)
    names = [file.source for file in walk.files(["s3://cases/reports"])]
    assert names == [f"s3://cases/reports/{name}" for name in taken]
    assert (walk.passed.excluded, walk.passed.hidden) == (left_out, 2)


def test_size_and_stamp_tell_a_changed_object(objects: S3Objects, server: S3Server) -> None:
    def look() -> tuple[int, str]:
        [file] = Walk(Selection(), objects).files(["s3://cases/reports/c.txt"])
        return file.size, file.stamp

    before = look()
    assert before == look()
    client = server.client()
    client.put_object(Bucket="cases", Key="reports/c.txt", Body=b"reports/d.txt")
    assert look()[0] == before[0]
    assert look() != before
    client.put_object(Bucket="cases", Key="reports/c.txt", Body=b"reports/c.txt")
    assert look() == before


@pytest.mark.parametrize("key", sorted(ODD))
def test_an_odd_key_is_found_named_recorded_and_read(
    objects: S3Objects, fetcher: Fetcher, key: str
) -> None:
    [file] = Walk(Selection(), objects).files([f"s3://cases/{key}"])
    assert file.source == f"s3://cases/{key}"
    assert read_uri(file.uri) == ObjectName(bucket="cases", key=key)
    assert file.uri.isascii()
    assert not set(file.uri) & set(" #?\n\t")
    located = Located(uri=file.uri, name=key)
    known = fetcher.identify(located)
    assert isinstance(known, Identified)
    with fetcher.fetched(located, known) as source:
        assert Path(source.path).read_bytes() == key.encode()
    assert not Path(source.path).exists()


def test_odd_keys_are_documents_and_those_that_are_gone_are_counted(
    objects: S3Objects, settings, migrated_url: str
) -> None:
    from pipeline import assembly

    engine = connect(migrated_url)
    ledger = Ledger(engine, blobs=assembly.open_blobs(settings))
    project = ledger.open_project("p", assembly.plan(settings))
    files = list(Walk(Selection(hidden=True), objects).files(["s3://cases"]))
    assert ledger.record_documents(project.id, files).new == len(ODD | PLAIN)
    for source, gone in {
        "s3://cases": 16,
        "s3://cases/reports": 5,
        "s3://cases/reports/": 5,
        "s3://cases/reports/c.txt": 1,
        "s3://cases/odd//empty": 1,
        "s3://cases/odd//": 1,
        "s3://cases/odd/100%25 true.txt": 1,
        "s3://case": 0,
    }.items():
        with ledger.roll_call(project.id) as roll:
            assert roll.missing([uri_of(source)]) == gone, source
    with ledger.roll_call(project.id) as roll:
        roll.found(files)
        assert roll.missing([uri_of("s3://cases")]) == 0
    engine.dispose()


KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda key: len(key.encode()) <= 1_024
)


@given(KEYS, KEYS)
def test_two_keys_never_share_a_uri(one: str, other: str) -> None:
    names = [ObjectName(bucket="b", key=key) for key in (one, other)]
    assert [read_uri(name.uri) for name in names] == names
    assert [read_source(name.shown) for name in names] == names
    assert (names[0].uri == names[1].uri) == (one == other)


def test_an_object_that_changed_is_no_ones_fault(
    objects: S3Objects, fetcher: Fetcher, server: S3Server
) -> None:
    located = Located(uri="s3://cases/reports/2020/a.txt", name="a.txt")
    known = fetcher.identify(located)
    client = server.client()
    client.put_object(Bucket="cases", Key="reports/2020/a.txt", Body=b"other")
    with pytest.raises(SourceChangedError), fetcher.fetched(located, known):
        pass
    client.put_object(Bucket="cases", Key="reports/2020/a.txt", Body=b"reports/2020/a.txt")


def test_an_object_that_is_gone_is_the_documents_failure(fetcher: Fetcher) -> None:
    located = Located(uri="s3://cases/none.txt", name="none.txt")
    failure = fetcher.identify(located)
    assert isinstance(failure, DocumentFailure)
    assert (failure.error, failure.message) == (
        "source_missing",
        "the object is not there any more",
    )
    known = Identified(sha256="0" * 64, media_type="text/plain", size=1)
    with pytest.raises(PermanentError, match="not there"), fetcher.fetched(located, known):
        pass


def test_an_archived_object_says_what_to_do(fetcher: Fetcher, server: S3Server) -> None:
    server.client().put_object(Bucket="many", Key="cold.txt", Body=b"cold", StorageClass="GLACIER")
    failure = fetcher.identify(Located(uri="s3://many/cold.txt", name="cold.txt"))
    assert isinstance(failure, DocumentFailure)
    assert "restore it" in failure.message


@pytest.mark.parametrize(
    "source",
    [
        "s3://",
        "s3:///key",
        "s3://absent",
        "s3://no!such_bucket/x",
        "s3://cases/rep",
        "s3://cases/\udcff",
    ],
)
def test_what_is_no_source_is_said_at_once(objects: S3Objects, source: str) -> None:
    with pytest.raises(UsageError, match="cannot take"):
        found(objects, source)


def test_a_bucket_that_vanished_is_not_the_documents_fault(fetcher: Fetcher) -> None:
    with pytest.raises(UsageError, match="no such bucket"):
        fetcher.identify(Located(uri="s3://absent/x.txt", name="x.txt"))


def test_a_store_that_is_down_blames_no_document(fetcher: Fetcher, tmp_path: Path) -> None:
    down = Fetcher(FolderBlobs(tmp_path), fetcher.detect, S3Objects("http://127.0.0.1:9"))
    with pytest.raises(TemporaryError, match=r"127\.0\.0\.1:9 does not answer"):
        down.identify(Located(uri="s3://cases/x.txt", name="x.txt"))
    with pytest.raises(TemporaryError, match="does not answer"):
        Walk(Selection(), S3Objects("http://127.0.0.1:9")).check(["s3://cases"])


def test_no_credentials_are_said(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(UnavailableError, match=r"no credentials.*AWS credentials"):
        Walk(Selection(), S3Objects(server.url)).check(["s3://cases"])


def test_an_endpoint_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="CASEGRAPH_S3_ENDPOINT_URL"):
        Walk(Selection(), S3Objects("minio:9000")).check(["s3://cases"])


def test_an_endpoint_is_shown_without_a_password() -> None:
    walk = Walk(Selection(), S3Objects("me:geheim@minio:9000"))
    with pytest.raises(UsageError, match=r"'\*\*\*@minio:9000'"):
        walk.check(["s3://cases"])
    assert endpoint_of(connect_s3("http://me:geheim@127.0.0.1:9")) == "http://***@127.0.0.1:9"
