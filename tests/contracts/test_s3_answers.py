"""What answers of S3 mean for a document and for a run: each comes from a server, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from s3_case import CREDENTIALS

from pipeline.documents import DocumentFailure
from pipeline.errors import TemporaryError, UnavailableError, UsageError
from pipeline.sources import Fetcher, Identified, Located
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.s3_objects import S3Objects
from pipeline.walking import Selection, Walk

# boto3 still calls datetime.utcnow() where the standard library warns about it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

OBJECT = Located(uri="s3://cases/a.txt", name="a.txt")


@contextmanager
def answering(status: int, body: bytes, length: int | None = None) -> Iterator[str]:
    """Serve one answer to whatever is asked; `length` is what it claims to be."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.fixture
def identify(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)

    def ask(endpoint: str) -> Identified | DocumentFailure:
        blobs = FolderBlobs(tmp_path)
        return Fetcher(blobs, lambda *_: "text/plain", S3Objects(endpoint)).identify(OBJECT)

    return ask


@pytest.mark.parametrize(
    ("status", "code", "word", "said"),
    [
        (404, "NoSuchKey", "source_missing", "not there any more"),
        (403, "AccessDenied", "unreadable", "grant s3:GetObject"),
        (403, "InvalidObjectState", "unreadable", "restore it"),
    ],
)
def test_what_is_about_one_object_is_its_documents_failure(
    identify, status: int, code: str, word: str, said: str
) -> None:
    with answering(status, error(code)) as endpoint:
        failure = identify(endpoint)
    assert isinstance(failure, DocumentFailure)
    assert failure.error == word
    assert said in failure.message


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "InvalidAccessKeyId", UnavailableError, "AWS credentials"),
        (403, "SignatureDoesNotMatch", UnavailableError, "AWS credentials"),
        (400, "ExpiredToken", UnavailableError, "ExpiredToken"),
        (400, "AuthorizationHeaderMalformed", UnavailableError, "region"),
        (404, "NoSuchBucket", UsageError, "no such bucket"),
        (503, "SlowDown", TemporaryError, "SlowDown"),
        (500, "InternalError", TemporaryError, "does not answer"),
    ],
)
def test_what_is_about_the_store_blames_no_document(
    identify, status: int, code: str, kind: type[Exception], said: str
) -> None:
    with answering(status, error(code)) as endpoint, pytest.raises(kind, match=said):
        identify(endpoint)


def test_a_body_that_is_cut_is_temporary(identify) -> None:
    with (
        answering(200, b"half of it", length=1_000) as endpoint,
        pytest.raises(TemporaryError, match="does not answer"),
    ):
        identify(endpoint)


def test_a_bucket_that_may_not_be_listed_is_said(identify) -> None:
    with (
        answering(403, error("AccessDenied")) as endpoint,
        pytest.raises(UnavailableError, match="refuses the bucket cases"),
    ):
        Walk(Selection(), S3Objects(endpoint)).check(["s3://cases"])
