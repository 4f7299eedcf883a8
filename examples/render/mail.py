"""Render e-mails: .eml with attachments, .mbox threads."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

CENTCOM = Address("U.S. Central Command Public Affairs", "publicaffairs", "centcom.example")
CJTF = Address("CJTF-OIR Public Affairs", "publicaffairs", "cjtf-oir.example")
STATE = Address("U.S. Department of State Press Office", "press", "state.example")
PENTAGON_PRESS = Address("Pentagon Press", "pentagon-press", "newsroom.example")
STATE_PRESS = Address("State Department Press List", "state-press", "newsroom.example")
WORKFORCE = Address("Civilian Workforce", "civilians", "centcom.example")


@dataclass(frozen=True)
class Letter:
    """Say what stands in a message. `name` makes its Message-ID and its MIME boundaries."""

    name: str
    sender: Address
    to: Address
    subject: str
    sent: dt.datetime
    body: str
    replies_to: Sequence[str] = field(default=())

    @property
    def message_id(self) -> str:
        """Return the Message-ID, which answers name in turn."""
        return f"<{self.name}@{self.sender.domain}>"


def compose(letter: Letter) -> EmailMessage:
    """Make the message with its headers and its plain text."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = letter.sender, letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.sent)
    message["Message-ID"] = letter.message_id
    if letter.replies_to:
        message["In-Reply-To"] = letter.replies_to[-1]
        message["References"] = " ".join(letter.replies_to)
    message.set_content(letter.body)
    return message


def eml_bytes(message: EmailMessage, name: str) -> bytes:
    """Serialise a message with fixed boundaries."""
    multiparts = [p for p in message.walk() if p.get_content_maintype() == "multipart"]
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{name}_{number}")
    return message.as_bytes()


def quote(words: str) -> str:
    """Quote the words of an earlier message, line by line."""
    return "\n".join(f"> {line}".rstrip() for line in words.splitlines())


def mbox_bytes(letters: Sequence[Letter]) -> bytes:
    """Render messages one after the other in mboxrd form."""
    parts: list[bytes] = []
    for letter in letters:
        text = compose(letter).as_bytes().replace(b"\r\n", b"\n")
        lines = [
            b">" + line if line.lstrip(b">").startswith(b"From ") else line
            for line in text.split(b"\n")
        ]
        start = f"From {letter.sender.addr_spec} {letter.sent:%a %b %d %H:%M:%S %Y}\n"
        parts.append(start.encode() + b"\n".join(lines) + b"\n")
    return b"".join(parts)
