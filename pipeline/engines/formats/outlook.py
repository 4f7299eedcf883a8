"""Outlook's own form of a mail (.msg)."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import format_datetime, getaddresses
from typing import Any

from pipeline.documents import Pages
from pipeline.engines.formats.draft import Job
from pipeline.engines.formats.html import text_of
from pipeline.engines.formats.mail_text import MailHead, Person, mail_pages, people_of
from pipeline.engines.formats.text import decode

RECIPIENT_TYPE = 0x0C15
TO, COPY = 1, 2
HTML_BODY = 0x1013


def read_outlook(job: Job) -> Pages:
    """Read one message: its head, its body as text, its attachments as members."""
    from oxmsg import Message

    message = Message.load(str(job.path))
    recipients = list(message.recipients)
    headers = {name.lower(): value for name, value in message.message_headers.items()}
    sent = message.sent_date
    head = MailHead(
        sender=_people(getaddresses([message.sender or ""])),
        recipients=_people(_of_type(recipients, TO)),
        copied=_people(_of_type(recipients, COPY)),
        subject=message.subject or "",
        date=headers.get("date") or (format_datetime(sent) if sent else ""),
        sent=sent,
        message_id=headers.get("message-id", ""),
        in_reply_to=headers.get("in-reply-to", ""),
    )
    for number, attachment in enumerate(message.attachments, start=1):
        _attach(job, attachment, number)
    return mail_pages(job, head, _body(job, message))


def _of_type(recipients: Iterable[Any], kind: int) -> list[tuple[str, str]]:
    """Choose the recipients of one kind; one that says nothing of its kind is addressed."""
    return [
        (recipient.name, recipient.email_address)
        for recipient in recipients
        if (recipient.properties.int_prop_value(RECIPIENT_TYPE) or TO) == kind
    ]


def _people(found: Iterable[tuple[str, str]]) -> tuple[Person, ...]:
    """Make people of names and addresses; an Exchange path is no address."""
    return people_of((name, "" if address.startswith("/") else address) for name, address in found)


def _body(job: Job, message: Any) -> str:
    """Take the plain body, or the HTML one as text."""
    plain = message.body
    if plain and plain.strip():
        return str(plain)
    raw = message.properties.binary_prop_value(HTML_BODY)
    markup = decode(raw, "cp1252")[0] if raw else (message.html_body or "")
    return text_of(markup, job.warn) if markup else ""


def _attach(job: Job, attachment: Any, number: int) -> None:
    """Write an attachment out as a member, where its bytes are in the mail."""
    name = attachment.file_name or f"attachment-{number:05d}"
    data = attachment.file_bytes
    if data is None:
        job.warn(
            f"the attachment {name!r} is a mail or a link inside the mail; save it as a file of "
            "its own to have it read"
        )
        return
    job.members.add(name, [data])
