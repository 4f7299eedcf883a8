"""The object store in S3, or anything that speaks its protocol.

An object becomes visible whole, so nothing is written aside first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.crash_points import crash_point
from pipeline.errors import CasegraphError, TemporaryError, UnavailableError, UsageError
from pipeline.scratch import disk_asked
from pipeline.stores.folder_blobs import blob_missing, checked_hash
from pipeline.stores.s3_client import (
    Trouble,
    connect,
    endpoint_of,
    errors,
    transfer_bounds,
    trouble_of,
    words_of,
)

DELETED_AT_ONCE = 1000


class S3Blobs:
    """Objects in a bucket under `prefix`, spread by the first two hex digits."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def from_url(cls, url: str, endpoint_url: str | None = None) -> S3Blobs:
        """Open `s3://bucket/prefix`; asks for nothing yet. Raises UsageError for another URL."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise UsageError(
                f"CASEGRAPH_OBJECT_STORE_URL {url!r} must be s3://BUCKET or s3://BUCKET/PREFIX; "
                "unset it to keep objects in the home folder"
            )
        return cls(connect(endpoint_url), parts.netloc, parts.path.strip("/"))

    @property
    def endpoint(self) -> str:
        """Say where questions go."""
        return endpoint_of(self._client)

    def _key(self, sha256: str) -> str:
        name = f"{checked_hash(sha256)[:2]}/{sha256}"
        return f"{self._prefix}/{name}" if self._prefix else name

    def establish(self) -> None:
        """Do nothing: a bucket is its owner's to make, and a prefix is no place."""

    def put_file(self, path: Path, sha256: str) -> None:
        """Upload a file under its hash, unless it is there. Large ones go up in parts."""
        key = self._key(sha256)
        with self._answering(sha256):
            if self._there(key):
                return
            crash_point("object.before")
            self._client.upload_file(str(path), self._bucket, key, Config=transfer_bounds())
            crash_point("object.after")

    def _there(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except errors() as error:
            if trouble_of(error) is Trouble.GONE:
                return False
            raise
        return True

    def fetch(self, sha256: str, target: Path) -> None:
        """Download an object into a file."""
        # boto3 says in words of its own what the network does: what is left is the disk's.
        with disk_asked(), self._answering(sha256):
            self._client.download_file(
                self._bucket, self._key(sha256), str(target), Config=transfer_bounds()
            )

    def delete(self, sha256s: Sequence[str]) -> None:
        """Remove objects, a thousand a request; those that are not there are passed over."""
        names = [{"Key": self._key(sha256)} for sha256 in sha256s]
        for first in range(0, len(names), DELETED_AT_ONCE):
            some = names[first : first + DELETED_AT_ONCE]
            with self._answering(""):
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": some, "Quiet": True}
                )
            if answer.get("Errors"):
                said = answer["Errors"][0].get("Message", "")
                raise TemporaryError(f"S3 did not delete {len(answer['Errors'])} objects: {said}")

    @contextmanager
    def _answering(self, sha256: str) -> Iterator[None]:
        """Turn what boto3 raises into this project's errors."""
        try:
            yield
        except errors() as error:
            raise self._translated(error, sha256) from error

    def _translated(self, error: Exception, sha256: str) -> CasegraphError:
        trouble = trouble_of(error)
        if trouble is Trouble.GONE and sha256:
            return blob_missing(sha256)
        if trouble is Trouble.AWAY:
            return TemporaryError(
                f"S3 at {self.endpoint} does not answer for the bucket {self._bucket} "
                f"({words_of(error)})"
            )
        return UnavailableError(
            f"S3 refuses the bucket {self._bucket} ({words_of(error)}); check "
            "CASEGRAPH_OBJECT_STORE_URL, CASEGRAPH_S3_ENDPOINT_URL (now "
            f"{self.endpoint}) and the AWS credentials"
        )
