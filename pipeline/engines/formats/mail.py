"""Internet mail: one message (.eml), or a mailbox of them (.mbox). Nothing is fetched."""

from __future__ import annotations

import email
import email.policy
import mimetypes
import re
from collections.abc import Callable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, BinaryIO

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Draft, Job
from pipeline.engines.formats.html import text_of
from pipeline.engines.formats.mail_text import MailHead, Person, mail_pages, people_of
from pipeline.engines.formats.text import decode
from pipeline.errors import PermanentError

# A picture in a signature, not a document: shown within the text, and small.
DECORATION_BYTES = 5_000
MAX_PARTS = 1_000
BLOCK = 1 << 20
SEPARATOR = re.compile(rb"^From \S+.*\d{2}:\d{2}.*\d{4}")
QUOTED_SEPARATOR = re.compile(rb"^>+From ")
# The standard library's header parser raises these for addresses and dates that are none
# (cpython issues of many years); the header's own characters are taken then.
HEADER_ERRORS = (ValueError, IndexError, AttributeError, TypeError, LookupError)


def read_mail(job: Job) -> Pages:
    """Read one message: its head, its body as text, its attachments as members."""
    with job.path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    parts = list(_parts(message))
    for number, part in enumerate(parts, start=1):
        if _is_attachment(part):
            _attach(job, part, number)
    return mail_pages(job, _head(message), _body(job, parts))


def _parts(message: Message) -> Iterator[Message]:
    """Yield the leaves of a message in order, and attached messages whole.

    A stack and not recursion: a stranger's mail may nest as deep as it likes.
    """
    stack: list[Message] = [message]
    seen = 0
    while stack and seen < MAX_PARTS:
        part = stack.pop()
        seen += 1
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            stack.extend(reversed(part.get_payload()))  # type: ignore[arg-type]
        else:
            yield part


def _is_attachment(part: Message) -> bool:
    """Say whether a part is a document of its own."""
    if part.get_content_type() == "message/rfc822":
        return True
    disposition = _quietly(part.get_content_disposition)
    if not _filename(part) and disposition != "attachment":
        return part.get_content_maintype() not in {"text", "multipart", "message"} and bool(
            disposition
        )
    decorative = disposition != "attachment" and part.get_content_maintype() == "image"
    return not (decorative and len(_bytes_of(part)) < DECORATION_BYTES)


def _attach(job: Job, part: Message, number: int) -> None:
    """Write an attachment out as a member."""
    name = _filename(part)
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        data = _message_bytes(inner[0]) if isinstance(inner, list) and inner else _bytes_of(part)
        name = name or f"message-{number:05d}.eml"
        if not name.lower().endswith(".eml"):
            name += ".eml"
    else:
        data = _bytes_of(part)
        extension = mimetypes.guess_extension(part.get_content_type()) or ".bin"
        name = name or f"attachment-{number:05d}{extension}"
    job.members.add(name, [data])


def _message_bytes(message: object) -> bytes:
    """Write an attached message as it came, as far as the library keeps it."""
    if not isinstance(message, Message):
        return b""
    try:
        return message.as_bytes(policy=email.policy.compat32)
    except HEADER_ERRORS:
        return str(message).encode("utf-8", "surrogateescape")


def _bytes_of(part: Message) -> bytes:
    """Decode a part's bytes; damaged ones as far as they go."""
    try:
        data = part.get_payload(decode=True)
    except HEADER_ERRORS:
        data = None
    if isinstance(data, bytes):
        return data
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _filename(part: Message) -> str:
    """Read an attachment's own name."""
    return str(_quietly(part.get_filename) or "")


def _body(job: Job, parts: list[Message]) -> str:
    """Take the body: all plain text parts, or where there are none, the HTML ones as text."""
    own = [part for part in parts if not _is_attachment(part)]
    plain = [_text_of(job, part) for part in own if part.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n\n".join(text.strip("\r\n") for text in plain)
    html = [_text_of(job, part) for part in own if part.get_content_type() == "text/html"]
    return "\n\n".join(text_of(markup) for markup in html)


def _text_of(job: Job, part: Message) -> str:
    """Decode a text part by its own charset, or by detection where that is wrong."""
    charset = _quietly(part.get_content_charset)
    text, doubt = decode(_bytes_of(part), charset)
    if doubt:
        job.warn(doubt)
    return text


def _head(message: Message) -> MailHead:
    """Read the head."""
    date = _header(message, "date")
    try:
        sent = parsedate_to_datetime(date) if date else None
    except HEADER_ERRORS:
        sent = None
    return MailHead(
        sender=_people(message, "from") or _people(message, "sender"),
        recipients=_people(message, "to"),
        copied=_people(message, "cc"),
        subject=_header(message, "subject"),
        date=date,
        sent=sent,
        message_id=_header(message, "message-id"),
        in_reply_to=_header(message, "in-reply-to"),
    )


def _header(message: Message, name: str) -> str:
    """Read a header in plain characters."""
    value = _quietly(lambda: message.get(name))
    if value is None:
        raw = next((v for k, v in message.raw_items() if k.lower() == name), "")
        value = _quietly(lambda: make_header(decode_header(str(raw)))) or raw
    text = str(value).encode("utf-8", "surrogateescape")
    return decode(text)[0].strip()


def _people(message: Message, name: str) -> tuple[Person, ...]:
    """Read the people of a header, in order."""
    found: list[tuple[str, str]] = []
    for value in _quietly(lambda: message.get_all(name)) or [_header(message, name)]:
        addresses = getattr(value, "addresses", None)
        if addresses:
            found.extend((item.display_name, item.addr_spec) for item in addresses)
        else:
            found.extend(getaddresses([str(value)]))
    return people_of((who, address.replace("<>", "")) for who, address in found)


def _quietly(ask: Callable[[], Any]) -> Any:
    """Ask the library for a header's value; None where it trips over what was sent."""
    try:
        return ask()
    except HEADER_ERRORS:
        return None


def read_mbox(job: Job) -> Pages:
    """Take a mailbox apart: each message a member, in order. The mailbox itself has no text."""
    with job.path.open("rb") as file:
        messages = _Mailbox(file)
        number = 0
        while messages.more:
            number += 1
            job.members.add(f"message-{number:05d}.eml", messages.blocks())
    if not number:
        raise PermanentError("damaged", "the mailbox holds no message that begins with 'From '")
    return Draft(job.options.max_characters).pages(job, Metadata())


class _Mailbox:
    """Cuts a mailbox at its separator lines, holding one line at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.more = False
        for line in iter(self._line, b""):
            if SEPARATOR.match(line) or line.startswith(b"From "):
                self.more = True
                break

    def _line(self) -> bytes:
        return self._file.readline(BLOCK)

    def blocks(self) -> Iterator[bytes]:
        """Yield the current message's lines, and go to the next."""
        self.more = False
        blank = False
        for line in iter(self._line, b""):
            if blank and SEPARATOR.match(line):
                self.more = True
                return
            blank = not line.strip()
            yield line[1:] if QUOTED_SEPARATOR.match(line) else line
