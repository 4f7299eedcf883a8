"""The form of a checkpoint and of a queue's entry in Redis, and the scripts that write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.stores import keys
from pipeline.stores.protocols import Checkpoint, Entry

VERSION = b"\x01"


@cache
def script(name: str) -> str:
    """Read one of the scripts in `lua/`."""
    return files("pipeline.stores").joinpath("lua", f"{name}.lua").read_text("utf-8")


def pack(checkpoint: Checkpoint) -> bytes:
    """Write a checkpoint's value: a version byte, a line of JSON, the payload as it is."""
    head = json.dumps({"digest": checkpoint.digest, "seconds": checkpoint.seconds})
    return VERSION + head.encode() + b"\n" + checkpoint.payload


def unpack(content: str, stage: StageName, fingerprint: str, part: str, value: bytes) -> Checkpoint:
    """Read a checkpoint's value. Raises PermanentError for bytes of another version."""
    if not value.startswith(VERSION):
        raise PermanentError(
            "unknown_codec",
            f"a checkpoint in Redis begins with byte {value[:1]!r}, which this version of "
            "casegraph cannot read; it was written by a newer one",
        )
    head, _, payload = value[1:].partition(b"\n")
    return Checkpoint(
        content=content,
        stage=stage,
        fingerprint=fingerprint,
        part=part,
        payload=payload,
        **json.loads(head),
    )


def key_of(of: Checkpoint | Entry) -> str:
    """Name the checkpoint that an entry means."""
    return keys.checkpoint(of.content, of.stage, of.fingerprint, of.part)


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
