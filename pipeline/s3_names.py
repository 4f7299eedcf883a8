"""The names of objects in S3: as a person gives and reads them, and as URIs.

A person writes `s3://bucket/key` with the key as it is, whatever is in it; a URI has the same with
everything percent-encoded that a URI cannot hold, so that `a#b`, `a?b` and `a%23b` stay three
objects. `.`, `..` and empty parts of a key are parts like any other: a key is no path.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from pipeline.documents import Value
from pipeline.errors import PermanentError, UsageError

SCHEME = "s3://"


class ObjectName(Value):
    """A bucket and a key; or a prefix of keys."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """Write it as a URI."""
        return f"{SCHEME}{self.bucket}/{quote(self.key)}"

    @property
    def shown(self) -> str:
        """Write it as a person does."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def below(self) -> ObjectName:
        """Name what is under this one, as under a folder."""
        if not self.key or self.key.endswith("/"):
            return self
        return ObjectName(bucket=self.bucket, key=f"{self.key}/")


def is_s3(source: str) -> bool:
    """Say whether a source or a URI is in S3."""
    return source.startswith(SCHEME)


def read_source(given: str) -> ObjectName:
    """Read what a person gave. Raises UsageError for what names no bucket, or is no text."""
    bucket, _, key = given.removeprefix(SCHEME).partition("/")
    if not is_s3(given) or not bucket:
        raise UsageError(f"cannot take {given!r}: it must be s3://BUCKET or s3://BUCKET/PREFIX")
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"cannot take {given!r}: keys in S3 are UTF-8") from error
    return ObjectName(bucket=bucket, key=key)


def read_uri(uri: str) -> ObjectName:
    """Read a URI that `ObjectName.uri` wrote. Raises PermanentError for another."""
    bucket, slash, key = uri.removeprefix(SCHEME).partition("/")
    if not is_s3(uri) or not bucket or not slash:
        raise PermanentError("unknown_source", f"{uri} names no object in S3")
    return ObjectName(bucket=bucket, key=unquote(key, errors="strict"))
