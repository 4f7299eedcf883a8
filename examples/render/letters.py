"""Make the mail folder: releases sent to press lists. Who writes to whom is our framing."""

import datetime as dt
import sys
from email.message import EmailMessage

from . import office, pdf
from .mail import (
    CENTCOM,
    CJTF,
    PENTAGON_PRESS,
    STATE,
    STATE_PRESS,
    WORKFORCE,
    Letter,
    compose,
    eml_bytes,
    mbox_bytes,
    quote,
)
from .msg import msg_bytes
from .plain import html_body
from .texts import Text, load, noon

Files = dict[str, bytes]
_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)


def _announcement() -> tuple[str, EmailMessage]:
    """Send a release as text and as HTML."""
    text = load("al-kuwaiti")
    sent = noon(text.day) + _DAY
    letter = Letter("al-kuwaiti", CJTF, PENTAGON_PRESS, text.title, sent, text.body + "\n")
    message = compose(letter)
    page = f"<html><body><h1>{text.title}</h1>\n{html_body(text)}\n</body></html>\n"
    message.add_alternative(page, subtype="html")
    return "2016-12-27-al-kuwaiti-killed", message


def _attachments() -> tuple[str, EmailMessage]:
    """Send two releases, one attached as PDF, the other as Word."""
    strikes, booker = load("strikes-jan-10"), load("booker")
    body = f"Two releases are attached.\n\n1. {strikes.title}\n2. {booker.title}\n"
    subject = "Releases: strikes of Jan. 10; death of Spc. Booker"
    sent = noon(strikes.day) + _DAY
    message = compose(Letter("jan-11", CENTCOM, PENTAGON_PRESS, subject, sent, body))
    paper = pdf.Pdf(strikes.title, strikes.issuer, strikes)
    paper.text(strikes)
    message.add_attachment(
        paper.finish(), maintype="application", subtype="pdf", filename="2017-01-10-strikes.pdf"
    )
    book = office.new_document(booker.title, booker.issuer, booker.date)
    office.add_release(book, booker)
    message.add_attachment(
        office.docx_bytes(book),
        maintype="application",
        subtype="vnd.openxmlformats-officedocument.wordprocessingml.document",
        filename="Spc Isiah L. Booker.docx",
    )
    return "2017-01-11-strikes-and-casualty", message


def _forward() -> tuple[str, EmailMessage]:
    """Forward a message as a message. The texts do not date it; the day is ours."""
    text = load("votel-civilians")
    day = dt.datetime(2016, 12, 19, 12, tzinfo=dt.UTC)
    first = compose(Letter("civilians", CENTCOM, WORKFORCE, text.title, day, text.body + "\n"))
    subject, body = f"Fwd: {text.title}", "The message below went to the workforce.\n"
    outer = compose(Letter("forward", CENTCOM, PENTAGON_PRESS, subject, day + _DAY, body))
    outer.add_attachment(first)
    return "fwd-votel-meets-civilian-employees", outer


def _invitation() -> Letter:
    text = load("coe-investigation-call")
    sent = noon(text.day) - _DAY
    return Letter("dayr-az-zawr", CENTCOM, PENTAGON_PRESS, text.title, sent, text.body + "\n")


def _thread() -> list[Letter]:
    """Make a thread of the State Department's press desk in which each message quotes the last."""
    paris = load("paris-meeting")
    attribution, question, answer = paris.paragraphs
    steps: list[tuple[Text, str, int]] = [
        (paris, f"{attribution}\n\n{answer}", 4),
        (load("manama-assistance"), load("manama-assistance").body, 0),
        (load("thames-travel"), load("thames-travel").body, -3),
        (load("blinken-iraq"), load("blinken-iraq").body, -2),
    ]
    subject, sent = "Paris meeting on Syria", noon(paris.day)
    letters = [
        Letter("syria-1", STATE_PRESS, STATE, subject, sent - 3 * _HOUR, question + "\n"),
    ]
    for number, (text, words, days) in enumerate(steps, start=2):
        before = letters[-1]
        when = sent + _HOUR if text is paris else noon(text.day) + days * _DAY
        wrote = f"On {before.sent:%d %B %Y}, {before.sender.display_name} wrote:"
        last = before.body.split("\n\nOn ", 1)[0].strip()
        body = f"{words}\n\n{wrote}\n{quote(last)}\n"
        answered = tuple(letter.message_id for letter in letters)
        letters.append(
            Letter(f"syria-{number}", STATE, STATE_PRESS, f"Re: {subject}", when, body, answered)
        )
    return letters


def mails() -> Files:
    """Render the mail folder; without the .msg where extract-msg is not installed."""
    files = {
        f"mail/{name}.eml": eml_bytes(message, name)
        for name, message in (_announcement(), _attachments(), _forward())
    }
    try:
        files["mail/2016-11-28-investigation-call.msg"] = msg_bytes(_invitation())
    except ImportError:
        print("extract-msg is not installed: the .msg file stays as it is", file=sys.stderr)
    files["mail/state-press-desk-2015.mbox"] = mbox_bytes(_thread())
    return files
