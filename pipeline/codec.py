"""The one form of a value in Redis and PostgreSQL: a version byte, then JSON, zstd above a size.

Never pickle: what a worker reads must not be able to run.
"""

from __future__ import annotations

from typing import TypeVar

import zstandard
from pydantic import BaseModel, ValidationError

from pipeline.errors import PermanentError

PLAIN, ZSTD = b"\x01", b"\x02"
COMPRESS_ABOVE = 512
MAX_DECODED = 1 << 30

Model = TypeVar("Model", bound=BaseModel)


def encode(value: BaseModel) -> bytes:
    """Write a value as bytes."""
    data = value.model_dump_json(exclude_defaults=True).encode("utf-8", "surrogatepass")
    if len(data) <= COMPRESS_ABOVE:
        return PLAIN + data
    return ZSTD + zstandard.ZstdCompressor(level=3).compress(data)


def decode(model: type[Model], data: bytes) -> Model:
    """Read a value back. Raises PermanentError for bytes of another version, or that are none."""
    try:
        return model.model_validate_json(json_of(model.__name__, data))
    except ValidationError as error:
        # Without the value: it may be the document's words.
        first = error.errors(include_input=False, include_url=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
        raise _unreadable(model.__name__, why) from error


def json_of(name: str, data: bytes) -> bytes:
    """Read the JSON of a value back. Raises PermanentError for bytes of another version, or that
    are none.
    """
    kind, body = data[:1], data[1:]
    if kind == ZSTD:
        try:
            body = zstandard.ZstdDecompressor().decompress(body, max_output_size=MAX_DECODED)
        except zstandard.ZstdError as error:
            raise _unreadable(name, str(error)) from error
    elif kind != PLAIN:
        raise PermanentError(
            "unknown_codec",
            f"a stored {name} begins with byte {kind!r}, which this version of "
            "casegraph cannot read; it was written by a newer one",
        )
    return body


def _unreadable(name: str, why: str) -> PermanentError:
    return PermanentError("unreadable_payload", f"a stored {name} cannot be read back: {why}")
