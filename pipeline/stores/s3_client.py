"""How S3 is reached, or anything that speaks its protocol, and what its answers mean.

The one place that makes clients. Credentials and region come the way they come to every AWS tool;
the endpoint too (AWS_ENDPOINT_URL), unless the setting `s3_endpoint_url` names one.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any

from pipeline.errors import UnavailableError, UsageError

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
ATTEMPTS = 3
# Parts of 8 MB that go at the same time, and blocks of 256 KB that may wait for the disk: with
# boto3's own numbers a transfer may hold 300 MB.
PARTS_AT_ONCE, BLOCKS_WAITING = 3, 64

GONE = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
NO_BUCKET = frozenset({"NoSuchBucket", "InvalidBucketName"})
DENIED = frozenset({"403", "AccessDenied", "Forbidden", "KMS.AccessDeniedException"})
ARCHIVED = frozenset({"InvalidObjectState"})
LATER_STATUS = frozenset({408, 425, 429})


class Trouble(Enum):
    """What an error of boto3 is about."""

    GONE = auto()  # there is no such object
    NO_BUCKET = auto()
    DENIED = auto()  # these credentials may not do this
    ARCHIVED = auto()  # the object has to be restored first
    REFUSED = auto()  # these credentials, or this region or endpoint, will not do
    AWAY = auto()  # no answer, or one that asks to come back later


def connect(endpoint_url: str | None) -> Any:
    """Make a client; asks for nothing yet. Raises UsageError for an endpoint that cannot be one,
    UnavailableError where boto3 cannot be set up.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    if endpoint_url is not None and not endpoint_url.startswith(("http://", "https://")):
        raise UsageError(
            f"CASEGRAPH_S3_ENDPOINT_URL {_masked(endpoint_url)!r} must begin with http:// or "
            "https://"
        )
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        # Stores that only speak S3's protocol often do not know its newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        # A session of its own: boto3's common one may not be used by two threads at once.
        return boto3.session.Session().client("s3", config=config, endpoint_url=endpoint_url)
    except (BotoCoreError, ValueError) as error:
        raise UnavailableError(f"S3 cannot be set up: {error}") from error


def transfer_bounds() -> Any:
    """Say how much of a file an upload or a download may hold: some 40 MB at most."""
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(max_concurrency=PARTS_AT_ONCE, max_io_queue=BLOCKS_WAITING)


def endpoint_of(client: Any) -> str:
    """Say where a client's questions go, as it may be shown."""
    return _masked(str(client.meta.endpoint_url))


def _masked(url: str) -> str:
    """Leave a user and a password out of a URL."""
    return re.sub(r"(^|//)[^/@]*@", r"\1***@", url)


def errors() -> tuple[type[Exception], ...]:
    """Name all that a client raises. A function, so that boto3 is loaded where it is used."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return ClientError, BotoCoreError, Boto3Error


def trouble_of(error: BaseException) -> Trouble:
    """Say what an error of boto3, an upload's too, is about."""
    from botocore.exceptions import (
        ClientError,
        CredentialRetrievalError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
    )

    answer = _answer(error)
    if isinstance(answer, ClientError):
        return _trouble_in(answer)
    if isinstance(answer, ParamValidationError):
        return Trouble.NO_BUCKET  # the name that boto3 checks before it asks
    missing = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
    return Trouble.REFUSED if isinstance(answer, missing) else Trouble.AWAY


def words_of(error: BaseException) -> str:
    """Name an error in a word or two, without what it repeats of the request."""
    from botocore.exceptions import ClientError, NoCredentialsError

    answer = _answer(error)
    if isinstance(answer, ClientError):
        return str(answer.response["Error"]["Code"])
    if isinstance(answer, NoCredentialsError):
        return "no credentials"
    return type(answer).__name__


def _answer(error: BaseException) -> BaseException:
    """Find the answer that an error is about: that of an upload hides the one that caused it."""
    from botocore.exceptions import ClientError

    hidden = error.__context__
    return hidden if isinstance(hidden, ClientError) else error


def _trouble_in(answer: Any) -> Trouble:
    """Read the code and the status of an answer."""
    code = str(answer.response["Error"]["Code"])
    for codes, trouble in (
        (GONE, Trouble.GONE),
        (NO_BUCKET, Trouble.NO_BUCKET),
        (DENIED, Trouble.DENIED),
        (ARCHIVED, Trouble.ARCHIVED),
    ):
        if code in codes:
            return trouble
    status = int(answer.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    # What a client did wrong (credentials, region, clock) stays wrong; the rest may pass.
    refused = 300 <= status < 500 and status not in LATER_STATUS and code != "RequestTimeout"
    return Trouble.REFUSED if refused else Trouble.AWAY
