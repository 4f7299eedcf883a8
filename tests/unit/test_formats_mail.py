"""Mail: heads that say who, bodies, attachments, mailboxes."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_case import fails, read_file, read_members

from pipeline.documents import Pages, Role

EXAMPLES = Path(__file__).parents[2] / "examples" / "corpus" / "mail"


def mail(folder: Path, message: EmailMessage | bytes | str, name: str = "a.eml") -> Path:
    path = folder / name
    if isinstance(message, EmailMessage):
        message = message.as_bytes(policy=SMTP)
    path.write_bytes(message.encode() if isinstance(message, str) else message)
    return path


def people(pages: Pages) -> list[tuple[str, str, str | None]]:
    return [(s.role.value, pages.text[s.start : s.end], s.address) for s in pages.header_spans]


@pytest.fixture
def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoë Müller <Zoe@Example.org>"
    message["To"] = '"Lee, Ann" <ann@example.org>, bob@example.org'
    message["Cc"] = "'Carl Day' <carl@example.org>, dan@example.org <dan@example.org>"
    message["Subject"] = "Ünïcödé and a 😀"
    message["Date"] = "Fri, 31 Jan 2020 12:00:00 +0100"
    message["Message-ID"] = "<1@example.org>"
    message["In-Reply-To"] = "<0@example.org>"
    message.set_content("Hello,\n\nAnn met Bob in Zürich 😀.\n")
    return message


def test_the_head_says_who(tmp_path: Path, letter: EmailMessage) -> None:
    pages = read_file(mail(tmp_path, letter))
    assert pages.text == (
        "From: Zoë Müller <Zoe@Example.org>\n"
        "To: Lee, Ann <ann@example.org>, bob@example.org\n"
        "Cc: Carl Day <carl@example.org>, dan@example.org\n"
        "Subject: Ünïcödé and a 😀\n"
        "Date: Fri, 31 Jan 2020 12:00:00 +0100\n"
        "\nHello,\n\nAnn met Bob in Zürich 😀.\n"
    )
    assert people(pages) == [
        (Role.SENDER, "Zoë Müller", "zoe@example.org"),
        (Role.RECIPIENT, "Lee, Ann", "ann@example.org"),
        (Role.RECIPIENT, "bob@example.org", "bob@example.org"),
        (Role.COPIED, "Carl Day", "carl@example.org"),
        (Role.COPIED, "dan@example.org", "dan@example.org"),
    ]
    said = pages.metadata
    assert said.sender == "Zoë Müller <Zoe@Example.org>"
    assert said.recipients == ("Lee, Ann <ann@example.org>", "bob@example.org")
    assert said.copied == ("Carl Day <carl@example.org>", "dan@example.org")
    assert (said.subject, said.sent) == ("Ünïcödé and a 😀", "2020-01-31T12:00:00+01:00")
    assert (said.message_id, said.in_reply_to) == ("<1@example.org>", "<0@example.org>")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("From: Lee, Ann <a@b.org>", [("Lee, Ann", "a@b.org")]),
        ("From: 'Lee, Ann' <a@b.org>", [("Lee, Ann", "a@b.org")]),
        ("From: Lee, Ann", [("Lee, Ann", None)]),
        (
            "From: Lee, Ann <a@b.org>, Day, Carl <c@b.org>, Dan Roe <d@b.org>",
            [("Lee, Ann", "a@b.org"), ("Day, Carl", "c@b.org"), ("Dan Roe", "d@b.org")],
        ),
        ("From: a@b.org, Ann <c@b.org>", [("a@b.org", "a@b.org"), ("Ann", "c@b.org")]),
        ("From: Ann Lee, Carl Day <c@b.org>", [("Ann Lee", None), ("Carl Day", "c@b.org")]),
    ],
)
def test_a_name_that_lost_its_quotes_is_one_person(
    tmp_path: Path, header: str, expected: list[tuple[str, str | None]]
) -> None:
    pages = read_file(mail(tmp_path, f"{header}\nSubject: x\n\nwords"))
    assert [(name, address) for _, name, address in people(pages)] == expected


def test_the_language_is_that_of_the_body(tmp_path: Path) -> None:
    head = (
        "From: Jean-Baptiste Lefèvre <jean-baptiste.lefevre@societe-generale.example>\n"
        "To: François Müller <francois.mueller@kreditanstalt.example>\n"
        "Subject: {}\nDate: Tue, 03 Mar 2020 10:15:00 +0000\n\n"
    )
    lunch = "Hi John,\n\nshall we meet for lunch tomorrow?\n"
    assert read_file(mail(tmp_path, head.format("") + lunch)).language == "en"
    short = head.format("Minutes of the meeting of the board") + "See below.\n"
    assert read_file(mail(tmp_path, short)).language == "en"
    german = head.format("Re: lunch") + "Wir sehen uns morgen um acht Uhr am Bahnhof.\n"
    assert read_file(mail(tmp_path, german)).language == "de"


def test_the_plain_body_is_preferred(tmp_path: Path, letter: EmailMessage) -> None:
    letter.add_alternative("<p>Not <b>this</b></p>", subtype="html")
    text = read_file(mail(tmp_path, letter)).text
    assert "Ann met Bob" in text
    assert "Not" not in text


def test_an_html_body_becomes_text(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content(
        '<p>Ann <b>met</b> Bob</p><img src="http://example.invalid/track.gif">', subtype="html"
    )
    pages = read_file(mail(tmp_path, message))
    assert pages.text == "From: a@example.org\n\nAnn met Bob\n"


def test_attachments_are_members(tmp_path: Path, letter: EmailMessage) -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "eve@example.org", "inner"
    inner.set_content("the inner words")
    letter.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="../übel.pdf")
    letter.add_attachment(b"2", maintype="application", subtype="pdf", filename="übel.pdf")
    letter.add_attachment(inner)
    letter.add_attachment(
        b"tiny", maintype="image", subtype="png", filename="logo.png", disposition="inline"
    )
    pages, members = read_members(mail(tmp_path, letter))
    assert sorted(members) == ["message-00004.eml", "übel.pdf", "übel~2.pdf"]
    assert members["übel.pdf"] == b"%PDF-"
    assert b"the inner words" in members["message-00004.eml"]
    assert "inner words" not in pages.text
    assert [m.path for m in pages.members] == sorted(members)


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"Subject: x\r\nContent-Type: text/plain; charset=no-such\r\n\r\ncaf\xe9 here", "café"),
        (b"Subject: x\r\n\r\nraw \xff\xfe bytes and words", "bytes and words"),
        (b"Subject: x\nContent-Transfer-Encoding: base64\n\n!!!not base64", ""),
        (b'From: \xff\xfe <a@b.org>\nTo: <>,,;;: "\nDate: never\nSubject: x\n\nwords', "words"),
        (
            b"From: =?utf-8?B?!!!?= <a@b>\nTo: undisclosed-recipients:;\nSubject: x\n\nwords",
            "words",
        ),
        (b"Subject: a\x00b\n\nnul \x00 here", "nul \ufffd here"),
        (b"Content-Type: multipart/mixed; boundary=x\nSubject: x\n\n--x\n\nunclosed", "unclosed"),
        (b"Subject: " + b"x" * 5_000 + b"\n\nwords", "words"),
    ],
)
def test_broken_mail_is_read_as_far_as_it_goes(tmp_path: Path, raw: bytes, body: str) -> None:
    assert body in read_file(mail(tmp_path, raw)).text


@given(
    head=st.binary(max_size=200),
    name=st.sampled_from(["From", "To", "Cc", "Date", "Subject", "Content-Type", "Message-ID"]),
)
def test_any_header_is_survived(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, name: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    read_file(mail(folder, name.encode() + b": " + head + b"\r\nSubject: x\r\n\r\nwords"))


def test_deeply_nested_parts_are_survived(tmp_path: Path) -> None:
    raw = b"Subject: x\n"
    for depth in range(300):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth)
    read_file(mail(tmp_path, raw + b"\n\nwords"))


def mbox(messages: Sequence[str]) -> str:
    return "".join(f"From a@b.org Fri Jan 31 12:00:00 2020\n{text}\n" for text in messages)


def test_a_mailbox_is_taken_apart(tmp_path: Path) -> None:
    first = "From: a@b.org\nSubject: one\n\nFrom here on, words.\n\n>From time to time.\n"
    second = "From: c@d.org\nSubject: two\n\nwords\n"
    pages, members = read_members(mail(tmp_path, mbox([first, second]), "a.mbox"))
    assert pages.text == ""
    assert pages.pages == ()
    assert sorted(members) == ["message-00001.eml", "message-00002.eml"]
    assert b"From here on, words.\n\nFrom time to time." in members["message-00001.eml"]
    assert b"Subject: two" in members["message-00002.eml"]


def test_a_mailbox_without_messages_fails(tmp_path: Path) -> None:
    with fails("damaged", "no message"):
        read_file(mail(tmp_path, "no mail at all\n", "a.mbox"))


def test_an_outlook_message_is_read() -> None:
    pages = read_file(EXAMPLES / "2016-11-28-investigation-call.msg")
    assert people(pages) == [
        (Role.SENDER, "U.S. Central Command Public Affairs", "publicaffairs@centcom.example"),
        (Role.RECIPIENT, "Pentagon Press", "pentagon-press@newsroom.example"),
    ]
    assert pages.metadata.sent == "2016-11-28T12:00:00+00:00"
    assert pages.text.count("\n\n") >= 1
    assert pages.metadata.subject is not None
    assert f"Subject: {pages.metadata.subject}\n" in pages.text
