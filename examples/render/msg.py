"""Render a message in Outlook's .msg format, with the writer of the extract-msg library."""

import datetime as dt
import io
import struct

from .mail import Letter, compose

UNICODE, LONG, BOOLEAN, TIME = 0x001F, 0x0003, 0x000B, 0x0040
_FLAGS = 6  # readable and writable
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
Properties = dict[tuple[int, int], str | int | dt.datetime]


def _fixed(kind: int, value: str | int | dt.datetime) -> bytes:
    """Encode the eight bytes that stand for a value in the table of properties."""
    if isinstance(value, str):
        return struct.pack("<II", len(value.encode("utf-16-le")) + 2, 0)
    if isinstance(value, dt.datetime):
        return struct.pack("<Q", (value - _EPOCH) // dt.timedelta(microseconds=1) * 10)
    return struct.pack("<q", value) if kind == LONG else struct.pack("<Q", int(bool(value)))


def _storage(prefix: str, header: bytes, properties: Properties) -> dict[str, bytes]:
    """Lay out the streams of one storage: a table of properties and a stream for each string."""
    table, streams = header, {}
    for (number, kind), value in sorted(properties.items()):
        table += struct.pack("<HHI", kind, number, _FLAGS) + _fixed(kind, value)
        if isinstance(value, str):
            streams[f"{prefix}__substg1.0_{number:04X}{kind:04X}"] = value.encode("utf-16-le")
    return {f"{prefix}__properties_version1.0": table, **streams}


def _message(letter: Letter) -> Properties:
    headers = compose(letter).as_bytes().split(b"\r\n\r\n", 1)[0].decode() + "\r\n\r\n"
    name, address = letter.sender.display_name, letter.sender.addr_spec
    return {
        (0x001A, UNICODE): "IPM.Note",
        (0x0037, UNICODE): letter.subject,
        (0x0039, TIME): letter.sent,
        (0x0042, UNICODE): name,
        (0x0064, UNICODE): "SMTP",
        (0x0065, UNICODE): address,
        (0x007D, UNICODE): headers,
        (0x0C1A, UNICODE): name,
        (0x0C1E, UNICODE): "SMTP",
        (0x0C1F, UNICODE): address,
        (0x0E04, UNICODE): letter.to.display_name,
        (0x0E06, TIME): letter.sent,
        (0x0E07, LONG): 1,  # read
        (0x0E1B, BOOLEAN): 0,  # no attachments
        (0x1000, UNICODE): letter.body.replace("\n", "\r\n"),
        (0x1035, UNICODE): letter.message_id,
        (0x3007, TIME): letter.sent,
        (0x3008, TIME): letter.sent,
        (0x340D, LONG): 0x00040000,  # strings are Unicode
    }


def _recipient(letter: Letter) -> Properties:
    return {
        (0x0C15, LONG): 1,  # To
        (0x3000, LONG): 0,
        (0x3001, UNICODE): letter.to.display_name,
        (0x3002, UNICODE): "SMTP",
        (0x3003, UNICODE): letter.to.addr_spec,
        (0x39FE, UNICODE): letter.to.addr_spec,
    }


def msg_bytes(letter: Letter) -> bytes:
    """Render a message to one recipient. Raises ImportError without extract-msg."""
    from extract_msg import OleWriter

    streams = _storage("", struct.pack("<8xIIII8x", 1, 0, 1, 0), _message(letter))
    streams |= _storage("__recip_version1.0_#00000000/", bytes(8), _recipient(letter))
    for number in ("00020102", "00030102", "00040102"):
        streams[f"__nameid_version1.0/__substg1.0_{number}"] = b""
    writer = OleWriter()
    for path, data in streams.items():
        writer.addEntry(path, data)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
