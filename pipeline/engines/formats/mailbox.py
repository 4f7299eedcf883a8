"""A mailbox of messages (.mbox), in the forms that mail programs write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Draft, Job
from pipeline.engines.media_types import MAIL_HEADERS
from pipeline.errors import PermanentError

BLOCK = 1 << 20
# "From", who sent it, and when: to the minute and with the year, so it is no sentence.
SEPARATOR = re.compile(rb"^From \S+.*\d{2}:\d{2}.*\d{4}")
# In any other form it counts only where the head of a mail follows: a day of some year, or an
# address alone.
DATED = re.compile(rb"^From \S.*\b(19|20)\d{2}\b")
UNDATED = re.compile(rb"^From (\S+@\S+|-|MAILER-DAEMON)\s*$", re.IGNORECASE)
FIELD = re.compile(rb"^>?[A-Za-z][A-Za-z0-9-]*:[ \t\r\n]")
QUOTED_SEPARATOR = re.compile(rb"^>+From ")


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
    if messages.skipped:
        job.warn("the lines before the mailbox's first message are left out")
    return Draft(job.options.max_characters).pages(job, Metadata())


class _Mailbox:
    """Cuts a mailbox at its separator lines, holding two lines at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._next = file.readline(BLOCK)
        self.more = False
        self.skipped = False
        for line in iter(self._line, b""):
            if line.startswith(b"From "):
                self.more = True
                break
            self.skipped = self.skipped or bool(line.strip())

    def _line(self) -> bytes:
        line, self._next = self._next, self._file.readline(BLOCK)
        return line

    def blocks(self) -> Iterator[bytes]:
        """Yield the current message's lines, and go to the next."""
        self.more = False
        blank = False
        for line in iter(self._line, b""):
            if line.startswith(b"From ") and _separates(line, self._next, after_blank=blank):
                self.more = True
                return
            blank = not line.strip()
            yield line[1:] if QUOTED_SEPARATOR.match(line) else line


def _separates(line: bytes, following: bytes, *, after_blank: bool) -> bool:
    """Say whether a line that starts with "From " begins a message."""
    if after_blank and SEPARATOR.match(line):
        return True
    if MAIL_HEADERS.match(following):
        return bool(DATED.match(line) or (after_blank and UNDATED.match(line)))
    return after_blank and bool(DATED.match(line) and FIELD.match(following))
