"""Documents in S3: listing what there is under a prefix, and reading an object's bytes.

Nothing is asked, and boto3 is not loaded, before the first object is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from pipeline.errors import (
    CasegraphError,
    PermanentError,
    TemporaryError,
    UnavailableError,
    UsageError,
)
from pipeline.s3_names import ObjectName
from pipeline.stores.s3_client import Trouble, connect, endpoint_of, errors, trouble_of, words_of
from pipeline.walking import ListedObject

READ_BYTES = 1 << 20
CHECK = "check the AWS credentials, the region, and CASEGRAPH_S3_ENDPOINT_URL"


class S3Objects:
    """The objects that these credentials may see."""

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url

    @cached_property
    def _client(self) -> Any:
        return connect(self._endpoint_url)

    def listed(self, prefix: ObjectName, most: int | None = None) -> Iterator[ListedObject]:
        """Yield the objects whose key begins with the prefix's, in order of their keys.

        They are asked for by the thousand, as they are taken. Raises UsageError where there is no
        such bucket, UnavailableError for one that may not be listed, TemporaryError for no answer.
        """
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=prefix.bucket,
            Prefix=prefix.key,
            PaginationConfig={"MaxItems": most} if most else {},
        )
        with self._answering(prefix):
            for page in pages:
                for row in page.get("Contents", ()):
                    yield _listed(row)

    @contextmanager
    def opened(self, name: ObjectName) -> Iterator[Iterator[bytes]]:
        """Give an object's bytes, block by block.

        Raises PermanentError for an object that is gone or cannot be had, also while it is read
        TemporaryError for a store that does not answer, UnavailableError for one that refuses all.
        """
        with self._answering(name):
            body = self._client.get_object(Bucket=name.bucket, Key=name.key)["Body"]
        try:
            yield self._blocks(name, body)
        finally:
            body.close()

    def _blocks(self, name: ObjectName, body: Any) -> Iterator[bytes]:
        with self._answering(name):
            yield from body.iter_chunks(READ_BYTES)

    @contextmanager
    def _answering(self, name: ObjectName) -> Iterator[None]:
        """Turn what boto3 raises into this project's errors."""
        try:
            yield
        except errors() as error:
            raise self._translated(error, name) from error

    def _translated(self, error: Exception, name: ObjectName) -> CasegraphError:
        trouble, words = trouble_of(error), words_of(error)
        where = f"S3 at {endpoint_of(self._client)}"
        listing = getattr(error, "operation_name", "") == "ListObjectsV2"
        if trouble is Trouble.AWAY:
            return TemporaryError(
                f"{where} does not answer for the bucket {name.bucket} ({words}); see that it is "
                "up, then run again"
            )
        if trouble is Trouble.NO_BUCKET:
            return UsageError(f"cannot take {name.shown!r}: {where} has no such bucket ({words})")
        if trouble is Trouble.REFUSED or listing:
            return UnavailableError(f"{where} refuses the bucket {name.bucket} ({words}); {CHECK}")
        return _failure(trouble, words)


def _failure(trouble: Trouble, words: str) -> PermanentError:
    """Say why one object cannot be had, whatever is asked again."""
    if trouble is Trouble.GONE:
        return PermanentError("source_missing", "the object is not there any more")
    if trouble is Trouble.ARCHIVED:
        return PermanentError(
            "unreadable", "the object is archived; restore it in S3, then `casegraph retry`"
        )
    return PermanentError(
        "unreadable",
        f"S3 does not let these credentials read the object ({words}); grant s3:GetObject, then "
        "`casegraph retry`",
    )


def _listed(row: Any) -> ListedObject:
    """Take a row of a listing. What has no ETag is told by the time it was written."""
    tag = str(row.get("ETag", "")).strip('"')
    return ListedObject(
        key=row["Key"], size=int(row["Size"]), stamp=tag or row["LastModified"].isoformat()
    )
