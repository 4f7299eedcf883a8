"""The text of a mail, however it was stored: its head in lines that say who, then the body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.documents import HeaderSpan, Metadata, Pages, Role
from pipeline.engines.formats.draft import Job, clean, one_page, told

LABELS = ("From: ", "To: ", "Cc: ", "Subject: ", "Date: ")
NAME_WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True)
class Person:
    """Someone in the head of a mail. Either may be empty, not both."""

    name: str
    address: str

    @classmethod
    def of(cls, name: str, address: str) -> Person | None:
        """Make a person from what a header says; None when it says nothing.

        Mail programs often repeat the address where a name should be: that is no name. What has
        no "@" is no address, but a name that stands alone.
        """
        if not name and "@" not in address:
            name, address = address, ""
        name = " ".join(clean(name).split()).strip("'\" ")
        address = "".join(clean(address).split())
        if name.casefold() == address.casefold() or (not address and "@" in name):
            name, address = "", address or name
        return cls(name, address) if name or address else None

    def shown(self) -> str:
        """Write the person as mails do."""
        if not self.name:
            return self.address
        return f"{self.name} <{self.address}>" if self.address else self.name


def people_of(found: Iterable[tuple[str, str]]) -> tuple[Person, ...]:
    """Make the people of a header's (name, address) pairs, in order.

    A name that lost its quotes is put together again: `Smith, Robert <r@x.org>` comes as two
    addresses, of which the first is one bare word and so none.
    """
    pairs = list(found)
    people: list[Person | None] = []
    while pairs:
        name, address = pairs.pop(0)
        if pairs and _is_word(name, address):
            given, other = pairs[0]
            named = 0 < len(given.split()) < 4 and "@" in other
            if named or (not people and len(pairs) == 1 and _is_word(given, other)):
                pairs.pop(0)
                name = f"{_unquoted(address)}, {_unquoted(given or other)}"
                address = other if named else ""
        people.append(Person.of(name, address))
    return tuple(person for person in people if person is not None)


def _is_word(name: str, address: str) -> bool:
    """Say whether a pair is but one word with a capital, where an address should be."""
    word = _unquoted(address)
    return not name and word[:1].isupper() and NAME_WORD.fullmatch(word) is not None


def _unquoted(words: str) -> str:
    """Leave quotes out at either end."""
    return words.strip("'\"\\ ")


@dataclass(frozen=True)
class MailHead:
    """What the head of a mail says. `date` is as written; `sent` is ISO 8601."""

    sender: tuple[Person, ...] = ()
    recipients: tuple[Person, ...] = ()
    copied: tuple[Person, ...] = ()
    subject: str = ""
    date: str = ""
    sent: datetime | None = None
    message_id: str = ""
    in_reply_to: str = ""


@dataclass
class _Lines:
    """The head's text as it grows, with the spans of people in it."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[HeaderSpan] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def people(self, label: str, role: Role, people: Sequence[Person]) -> None:
        """Add a header line of people, noting where each is."""
        if not people:
            return
        self.add(f"{label}: ")
        for at, person in enumerate(people):
            self.add(", " if at else "")
            self.spans.append(
                HeaderSpan(
                    role=role,
                    start=self.length,
                    end=self.length + len(person.name or person.address),
                    address=person.address.lower() or None,
                )
            )
            self.add(person.shown())
        self.add("\n")


def mail_pages(job: Job, head: MailHead, body: str) -> Pages:
    """Make the payload of a mail: the head's lines, an empty line, the body.

    Line ends of the body are made one: what a mail is sent with says nothing.
    """
    lines = _Lines()
    lines.people("From", Role.SENDER, head.sender)
    lines.people("To", Role.RECIPIENT, head.recipients)
    lines.people("Cc", Role.COPIED, head.copied)
    subject, date = told(head.subject), told(head.date)
    if subject:
        lines.add(f"Subject: {subject}\n")
    if date:
        lines.add(f"Date: {date}\n")
    body = clean(body).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines.add(f"\n{body}\n" if lines.length and body else body)
    metadata = Metadata(
        title=subject,
        author=head.sender[0].shown() if head.sender else None,
        created=told(head.sent),
        sender=head.sender[0].shown() if head.sender else None,
        recipients=tuple(person.shown() for person in head.recipients),
        copied=tuple(person.shown() for person in head.copied),
        subject=subject,
        sent=told(head.sent),
        message_id=told(head.message_id),
        in_reply_to=told(head.in_reply_to),
    )
    return one_page(job, "".join(lines.parts), metadata, lines.spans)


def body_of(text: str) -> str:
    """Give what follows the head in the text of a mail; empty for a head alone."""
    return text.partition("\n\n")[2] if text.startswith(LABELS) else text
