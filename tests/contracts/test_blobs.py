"""One suite for every object store: in memory, in a folder, and over HTTP in S3's protocol."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import PermanentError, TemporaryError, UnavailableError, UsageError
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.memory import MemoryBlobs
from pipeline.stores.payloads import payload_of, store_payload
from pipeline.stores.protocols import Blobs
from pipeline.stores.s3_blobs import S3Blobs

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> S3Blobs:
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="cases")
    return S3Blobs.from_url("s3://cases/some/prefix")


@pytest.fixture(params=["memory", "folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    if request.param == "folder":
        folder = FolderBlobs(tmp_path / "not" / "there" / "yet")
        folder.establish()
        return folder
    return request.getfixturevalue("s3")


def file_of(folder: Path, data: bytes) -> tuple[Path, str]:
    path = folder / "file"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(data=st.binary(max_size=1 << 14))
def test_any_bytes_come_back(blobs: Blobs, tmp_path: Path, data: bytes) -> None:
    path, sha256 = file_of(tmp_path, data)
    blobs.put_file(path, sha256)
    blobs.put_file(path, sha256)
    blobs.fetch(sha256, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_a_large_file_comes_back(blobs: Blobs, tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, os.urandom(1 << 20) * 9)
    blobs.put_file(path, sha256)
    blobs.fetch(sha256, tmp_path / "back")
    assert hashlib.sha256((tmp_path / "back").read_bytes()).hexdigest() == sha256


def test_what_is_not_there_is_the_documents_failure(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as error:
        blobs.fetch("0" * 64, tmp_path / "back")
    assert error.value.code == "blob_missing"
    assert "not in the object store" in error.value.message


def test_deleting_passes_over_what_is_not_there(blobs: Blobs, tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"delete me")
    blobs.put_file(path, sha256)
    blobs.delete(["1" * 64, sha256])
    blobs.delete([sha256])
    blobs.delete([])
    with pytest.raises(PermanentError):
        blobs.fetch(sha256, tmp_path / "back")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_only_a_hash_names_an_object(blobs: Blobs, tmp_path: Path, name: str) -> None:
    path, _ = file_of(tmp_path, b"x")
    with pytest.raises(ValueError, match="SHA-256"):
        blobs.put_file(path, name)
    with pytest.raises(ValueError, match="SHA-256"):
        blobs.fetch(name, tmp_path / "back")
    with pytest.raises(ValueError, match="SHA-256"):
        blobs.delete([name])


def test_a_folder_is_spread_by_two_digits_and_holds_nothing_else(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "objects")
    store.establish()
    path, sha256 = file_of(tmp_path, b"x")
    threads = [threading.Thread(target=store.put_file, args=(path, sha256)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = [found for found in (tmp_path / "objects").rglob("*") if found.is_file()]
    assert files == [tmp_path / "objects" / sha256[:2] / sha256]


def test_what_a_killed_process_had_begun_to_write_is_removed(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "objects")
    store.establish()
    unfinished = tmp_path / "objects" / "unfinished"
    unfinished.mkdir()
    dead, alive, young = (unfinished / name for name in ("dead", "alive", "young"))
    for file in (dead, alive, young):
        file.write_bytes(b"half of an object")
    for file in (dead, alive):
        os.utime(file, (0, 0))
    with alive.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        store.put_file(*file_of(tmp_path, b"x"))
        assert set(unfinished.iterdir()) == {alive, young}
    store.delete([])
    assert set(unfinished.iterdir()) == {young}


def test_a_folder_that_cannot_be_written_is_temporary_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    path, sha256 = file_of(tmp_path, b"x")
    blobs = FolderBlobs(tmp_path / "objects")
    with pytest.raises(TemporaryError, match="cannot be written"):
        blobs.establish()
    with pytest.raises(TemporaryError, match="cannot be written"):
        blobs.put_file(path, sha256)


def test_a_folder_that_is_gone_is_not_made_again_by_what_is_put(tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"x")
    blobs = FolderBlobs(tmp_path / "objects")
    with pytest.raises(TemporaryError, match="is not there; mount it"):
        blobs.put_file(path, sha256)
    assert not (tmp_path / "objects").exists()
    blobs.establish()
    blobs.establish()
    blobs.put_file(path, sha256)
    blobs.fetch(sha256, tmp_path / "back")


def test_what_is_put_stays_where_the_store_is_established_again(
    blobs: Blobs, tmp_path: Path
) -> None:
    path, sha256 = file_of(tmp_path, b"x")
    blobs.put_file(path, sha256)
    blobs.establish()
    blobs.fetch(sha256, tmp_path / "back")


def test_a_copy_that_the_disk_does_not_take_is_temporary(blobs: Blobs, tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"x")
    blobs.put_file(path, sha256)
    with pytest.raises(TemporaryError):
        blobs.fetch(sha256, tmp_path / "not there" / "back")


def test_a_payload_needs_a_temporary_folder_and_says_so(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = store_payload(blobs, b"payload")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(TemporaryError, match=r"gone cannot be written.*TMPDIR"):
        store_payload(blobs, b"another")
    with pytest.raises(TemporaryError, match=r"gone cannot be written.*TMPDIR"):
        payload_of(blobs, None, sha256)


def test_a_folder_that_keeps_an_object_is_temporary(tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"x")
    blobs = FolderBlobs(tmp_path / "objects")
    place = tmp_path / "objects" / sha256[:2] / sha256
    place.mkdir(parents=True)  # also root cannot unlink a folder
    with pytest.raises(TemporaryError, match=f"{sha256[:12]}… cannot be removed"):
        blobs.delete([sha256])
    place.rmdir()
    blobs.put_file(path, sha256)
    blobs.delete([sha256])
    assert not place.exists()


def test_s3_keys_are_under_the_prefix(s3: S3Blobs, tmp_path: Path) -> None:
    import boto3

    path, sha256 = file_of(tmp_path, b"where is it")
    s3.put_file(path, sha256)
    boto3.client("s3").head_object(Bucket="cases", Key=f"some/prefix/{sha256[:2]}/{sha256}")


def test_more_than_a_thousand_objects_are_deleted(s3: S3Blobs, tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"the last one")
    s3.put_file(path, sha256)
    s3.delete([f"{number:064x}" for number in range(1000)] + [sha256])
    with pytest.raises(PermanentError):
        s3.fetch(sha256, tmp_path / "back")


def test_a_bucket_that_is_not_there_is_said(s3: S3Blobs, tmp_path: Path) -> None:
    path, sha256 = file_of(tmp_path, b"x")
    with pytest.raises(UnavailableError, match="absent"):
        S3Blobs.from_url("s3://absent").put_file(path, sha256)


def test_s3_that_does_not_answer_is_temporary(
    s3: S3Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(TemporaryError, match="does not answer"):
        S3Blobs.from_url("s3://cases").fetch("0" * 64, tmp_path / "back")


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "s3:bucket", "bucket", "s3://b/p?x=1"])
def test_another_url_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="s3://BUCKET"):
        S3Blobs.from_url(url)
