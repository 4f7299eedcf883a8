"""The form of a checkpoint and of a queue's entry in Redis, and the scripts that write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.identity import is_id
from pipeline.stores import keys
from pipeline.stores.payloads import is_large, payload_of, store_payload
from pipeline.stores.protocols import Blobs, Checkpoint, CheckpointKey, Entry

VERSION = b"\x01"
UNREADABLE = (ValueError, KeyError)
"""What `entry_of` raises for fields that are no entry."""


@cache
def script(name: str) -> str:
    """Read one of the scripts in `lua/`."""
    return files("pipeline.stores").joinpath("lua", f"{name}.lua").read_text("utf-8")


def pack(checkpoint: Checkpoint, blobs: Blobs | None = None) -> bytes:
    """Write a checkpoint's value: a version byte, a line of JSON, the payload as it is.

    A large payload goes into the object store, and the JSON names it.
    """
    head: dict[str, object] = {"digest": checkpoint.digest, "seconds": checkpoint.seconds}
    payload = checkpoint.payload
    if blobs is not None and is_large(payload):
        head["reference"], payload = store_payload(blobs, payload), b""
    return VERSION + json.dumps(head).encode() + b"\n" + payload


def unpack(key: CheckpointKey, value: bytes, blobs: Blobs | None = None) -> Checkpoint:
    """Read a checkpoint's value. Raises PermanentError for bytes that are none, or of another
    version, and what `payload_of` raises for one in the object store.
    """
    if not value.startswith(VERSION):
        raise PermanentError(
            "unknown_codec",
            f"a checkpoint in Redis begins with byte {value[:1]!r}, which this version of "
            "casegraph cannot read; it was written by a newer one",
        )
    line, _, payload = value[1:].partition(b"\n")
    try:
        head = json.loads(line)
        return Checkpoint(
            **key._asdict(),
            digest=head["digest"],
            seconds=head["seconds"],
            payload=payload_of(blobs, payload, head.get("reference")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PermanentError(
            "unreadable_checkpoint",
            f"a checkpoint in Redis cannot be read ({type(error).__name__}); "
            "something else wrote it, or part of it is gone",
        ) from error


def key_of(of: Checkpoint | Entry) -> str:
    """Name the checkpoint that an entry means."""
    return keys.checkpoint(of.content, of.stage, of.fingerprint, of.part)


def named(name: bytes | str) -> CheckpointKey | None:
    """Take a checkpoint's key apart; None for one that names none."""
    whole = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    _, content, stage, print_, *part = (*whole.split(":", 4), "", "", "")
    if not is_id(content) or stage not in set(StageName):
        return None
    return CheckpointKey(content, StageName(stage), print_, "".join(part))


def fields_of(of: Checkpoint | Entry) -> tuple[str, str, str, str]:
    """Give an entry's fields after `project`, in the order that the scripts take them."""
    return of.content, of.stage.value, of.fingerprint, of.part


def entry_of(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """Read an entry."""
    return Entry(
        id=entry_id.decode(),
        project=fields[b"project"].decode(),
        content=fields[b"content"].decode(),
        stage=StageName(fields[b"stage"].decode()),
        fingerprint=fields[b"fingerprint"].decode(),
        part=fields[b"part"].decode(),
    )
