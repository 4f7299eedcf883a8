"""The object store in S3, or anything that speaks its protocol (AWS_ENDPOINT_URL).

Credentials, region and endpoint come the way they come to every AWS tool; no setting repeats
them. An object becomes visible whole, so nothing is written aside first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import CasegraphError, TemporaryError, UnavailableError, UsageError
from pipeline.stores.folder_blobs import blob_missing, checked_hash

DELETED_AT_ONCE = 1000
GONE = frozenset({"404", "NoSuchKey", "NotFound"})
REFUSED = frozenset(
    {"401", "403", "AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch"}
)


class S3Blobs:
    """Objects in a bucket under `prefix`, spread by the first two hex digits."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def from_url(cls, url: str) -> S3Blobs:
        """Open `s3://bucket/prefix`; asks for nothing yet. Raises UsageError for another URL."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise UsageError(
                f"CASEGRAPH_OBJECT_STORE_URL {url!r} must be s3://BUCKET or s3://BUCKET/PREFIX; "
                "unset it to keep objects in the home folder"
            )
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            # Stores that only speak S3's protocol often do not know its newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            client = boto3.client("s3", config=config)
        except (BotoCoreError, ValueError) as error:
            raise UnavailableError(f"S3 cannot be set up: {error}") from error
        return cls(client, parts.netloc, parts.path.strip("/"))

    def _key(self, sha256: str) -> str:
        name = f"{checked_hash(sha256)[:2]}/{sha256}"
        return f"{self._prefix}/{name}" if self._prefix else name

    def put_file(self, path: Path, sha256: str) -> None:
        """Upload a file under its hash, unless it is there. Large ones go up in parts."""
        key = self._key(sha256)
        with self._answering(sha256):
            if not self._there(key):
                self._client.upload_file(str(path), self._bucket, key)

    def _there(self, key: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return False
            raise
        return True

    def fetch(self, sha256: str, target: Path) -> None:
        """Download an object into a file."""
        with self._answering(sha256):
            self._client.download_file(self._bucket, self._key(sha256), str(target))

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
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (ClientError, BotoCoreError, Boto3Error) as error:
            raise self._translated(error, sha256) from error

    def _translated(self, error: Exception, sha256: str) -> CasegraphError:
        from botocore.exceptions import ClientError, NoCredentialsError

        # An upload's error hides the answer that caused it.
        answer = error if isinstance(error, ClientError) else error.__context__
        if isinstance(answer, ClientError):
            code = str(answer.response["Error"]["Code"])
            if code in GONE and sha256:
                return blob_missing(sha256)
            if code in REFUSED:
                return self._refused(code)
            return TemporaryError(f"S3 answers {code} for the bucket {self._bucket}")
        if isinstance(error, NoCredentialsError):
            return self._refused("no credentials")
        return TemporaryError(
            f"S3 does not answer for the bucket {self._bucket} ({type(error).__name__})"
        )

    def _refused(self, why: str) -> UnavailableError:
        return UnavailableError(
            f"S3 refuses the bucket {self._bucket} ({why}); check CASEGRAPH_OBJECT_STORE_URL, "
            "AWS_ENDPOINT_URL and the AWS credentials"
        )
