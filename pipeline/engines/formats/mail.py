"""Internet mail: one message (.eml). Nothing is fetched."""

from __future__ import annotations

import email
import email.policy
import mimetypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from pipeline.documents import Pages
from pipeline.engines.formats.draft import Job
from pipeline.engines.formats.html import declared_charset, text_of
from pipeline.engines.formats.mail_text import MailHead, Person, mail_pages, people_of
from pipeline.engines.formats.text import decode

# A picture in a signature, not a document: shown within the text, and small.
DECORATION_BYTES = 5_000
BODY_TYPES = ("text/plain", "text/html")
MESSAGES = ("message/rfc822", "message/global", "message/news")
# Where the system's own table of types differs from one machine to the next, or has none.
EXTENSIONS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "text/html": ".html",
    "text/rtf": ".rtf",
    "text/xml": ".xml",
    "text/rfc822-headers": ".eml",
}
# The standard library's header parser raises these for addresses and dates that are none
# (cpython issues of many years); the header's own characters are taken then.
HEADER_ERRORS = (ValueError, IndexError, AttributeError, TypeError, LookupError)


def read_mail(job: Job) -> Pages:
    """Read one message: its head, its body as text, all else in it as members."""
    with job.path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    own: list[Part] = []
    for number, part in enumerate(_parts(message), start=1):
        if _is_body(part.content):
            own.append(part)
        elif not _is_decoration(part.content):
            _attach(job, part.content, number)
    return mail_pages(job, _head(message), _body(job, own))


@dataclass(frozen=True)
class Part:
    """A leaf of a message. `choice` is the number of the alternatives that it is one of."""

    content: Message
    choice: int | None


def _parts(message: Message) -> Iterator[Part]:
    """Yield the leaves of a message in order, and attached messages whole.

    A stack and not recursion: a stranger's mail may nest as deep as it likes.
    """
    stack = [Part(message, None)]
    choices = 0
    while stack:
        part = stack.pop()
        inner = part.content.get_payload()
        if part.content.get_content_maintype() == "multipart" and isinstance(inner, list):
            choice = part.choice
            if choice is None and part.content.get_content_subtype() == "alternative":
                choices += 1
                choice = choices
            stack.extend(
                Part(item, choice) for item in reversed(inner) if isinstance(item, Message)
            )
        else:
            yield part


def _is_body(part: Message) -> bool:
    """Say whether a part is text that a mail program shows as the mail itself."""
    if part.get_content_maintype() == "multipart":  # without its boundary: its lines are kept
        return True
    shown = not _filename(part) and _quietly(part.get_content_disposition) != "attachment"
    return shown and part.get_content_type() in BODY_TYPES


def _is_decoration(part: Message) -> bool:
    """Say whether a part is no document: a small picture within the text, or nothing at all."""
    if part.get_content_maintype() == "message":
        return False
    attached = _filename(part) or _quietly(part.get_content_disposition) == "attachment"
    size = len(_bytes_of(part))
    shown = _quietly(part.get_content_disposition) != "attachment"
    if shown and part.get_content_maintype() == "image":
        return size < DECORATION_BYTES
    return not attached and not size


def _attach(job: Job, part: Message, number: int) -> None:
    """Write an attachment out as a member."""
    name = _filename(part)
    inner = part.get_payload()
    if part.get_content_type() in MESSAGES:
        data = _message_bytes(inner[0]) if isinstance(inner, list) and inner else _bytes_of(part)
        name = name or f"message-{number:05d}.eml"
        if not name.lower().endswith(".eml"):
            name += ".eml"
    elif isinstance(inner, list):  # a report of a delivery: fields in groups, as messages
        data = b"\n".join(_message_bytes(item) for item in inner)
        name = name or f"report-{number:05d}.txt"
    else:
        data = _bytes_of(part)
        name = name or f"attachment-{number:05d}{_extension(part)}"
    job.members.add(name, [data])


def _extension(part: Message) -> str:
    """Give a part without a name the extension of its type; text is at least that."""
    kind = part.get_content_type()
    as_text = part.get_content_maintype() in {"text", "message"}
    return EXTENSIONS.get(kind) or (
        ".txt" if as_text else mimetypes.guess_extension(kind) or ".bin"
    )


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


def _body(job: Job, parts: list[Part]) -> str:
    """Put the body together of its parts in order, HTML as text.

    Of alternatives, the plain text is taken where there is any. What only says again what was
    said, in the other form, is left out also where a program sent both side by side.
    """
    texts: list[str] = []
    plain = {n: _text_of(job, part.content) for n, part in enumerate(parts) if _is_plain(part)}
    chosen = {parts[n].choice for n, text in plain.items() if text.strip()} - {None}
    said: set[str] = set()
    for number, part in enumerate(parts):
        if number in plain:
            text = plain[number].strip("\r\n")
        elif part.choice in chosen:
            continue
        else:
            text = text_of(_text_of(job, part.content), job.warn)
        words = "".join(letter for letter in text if letter.isalnum())
        if text.strip() and not (words and words in said):
            texts.append(text)
        said.add(words)
    return "\n\n".join(texts)


def _is_plain(part: Part) -> bool:
    """Say whether a part of the body is plain text."""
    return part.content.get_content_type() != "text/html"


def _text_of(job: Job, part: Message) -> str:
    """Decode a text part by its own charset, or by detection where that is wrong."""
    data = _bytes_of(part)
    charset = _quietly(part.get_content_charset)
    if charset is None and part.get_content_type() == "text/html":
        charset = declared_charset(data)
    text, doubt = decode(data, charset)
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
