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


def raw_mail(*parts: str, kind: str = "mixed") -> str:
    head = f"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=B\n\n"
    return head + "".join(f"--B\nContent-Type: {part}\n" for part in parts) + "--B--\n"


def test_parts_without_a_name_are_members(tmp_path: Path) -> None:
    raw = raw_mail(
        "text/plain\n\nSee attached.",
        "application/pdf\n\n%PDF-1.4",
        "text/csv\n\nName,Firm\nAnn,Acme",
        "text/calendar; method=REQUEST\n\nSUMMARY:Meeting with Carl",
        "message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.org",
        "image/png\n\ntiny",
        "application/octet-stream\n\n",
    )
    pages, members = read_members(mail(tmp_path, raw))
    assert pages.text == "Subject: x\n\nSee attached.\n"
    assert sorted(members) == [
        "attachment-00002.pdf",
        "attachment-00003.csv",
        "attachment-00004.txt",
        "report-00005.txt",
    ]
    assert members["attachment-00003.csv"] == b"Name,Firm\nAnn,Acme"
    assert b"a@b.org" in members["report-00005.txt"]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (
            raw_mail("text/plain\n\nCAUTION: external.", "text/html\n\n<p>Ann met Bob.</p>"),
            "CAUTION: external.\n\nAnn met Bob.",
        ),
        (
            raw_mail("text/html\n\n<p>Ann met Bob.</p>", "text/plain\n\nA list's footer."),
            "Ann met Bob.\n\nA list's footer.",
        ),
        (raw_mail("text/plain\n\nAnn met Bob.", "text/html\n\n<p>Ann <b>met</b> Bob.</p>"),
         "Ann met Bob."),
        (raw_mail("text/plain\n\nAnn.", "text/html\n\n<p>Not this", kind="alternative"), "Ann."),
        (raw_mail("text/plain\n\n ", "text/html\n\n<p>Ann.</p>", kind="alternative"), "Ann."),
        (
            raw_mail(
                "multipart/alternative; boundary=C\n\n--C\n\nAnn.\n--C\nContent-Type: text/html\n\n"
                "<p>Not this</p>\n--C--",
                "text/html\n\n<p>A footer.</p>",
            ),
            "Ann.\n\nA footer.",
        ),
        ("Subject: x\nContent-Type: multipart/mixed\n\nno boundary", "no boundary"),
    ],
)  # fmt: skip
def test_every_part_of_a_body_is_in_it_once(tmp_path: Path, raw: str, body: str) -> None:
    pages, members = read_members(mail(tmp_path, raw))
    assert pages.text == f"Subject: x\n\n{body}\n"
    assert members == {}


def test_all_of_very_many_attachments_are_taken(tmp_path: Path) -> None:
    parts = [f'text/plain; name="{at}.txt"\n\nwords {at}' for at in range(1_500)]
    assert len(read_members(mail(tmp_path, raw_mail(*parts)))[1]) == 1_500


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-7", "hz", "iso-2022-kr"])
def test_a_charset_written_in_ascii_is_read_as_declared(tmp_path: Path, charset: str) -> None:
    words = {"utf-7": "José met Zoë.", "hz": "习近平在北京", "iso-2022-kr": "한국어 문장"}
    said = words.get(charset, "安倍晋三は東京で会談した。")
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
    pages = read_file(mail(tmp_path, head + said.encode(charset)))
    assert pages.text == f"Subject: x\n\n{said}\n"
    assert pages.warnings == ()


@pytest.mark.parametrize(
    "separator",
    [
        "\nFrom a@b.org Fri Jan 31 12:00:00 2020",
        "From a@b.org Fri Jan 31 12:00:00 2020",
        "\nFrom a@b.org 2020-01-31T12:00:00Z",
        "\nFrom a@b.org Jan 31 2020",
        "\nFrom - Fri Jan 31 12:00:00 2020",
        "\nFrom a@b.org",
        "\nFrom MAILER-DAEMON",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_messages_stand_apart_whatever_the_separator(
    tmp_path: Path, separator: str, end: str
) -> None:
    messages = [
        f"{separator}\nFrom: a@b.org\nSubject: {at}\n\nFrom Ann to Bob, 2016.\nIn May 2016 then.\n"
        "\nFrom Paris\nAnn wrote: no.\n"
        for at in range(3)
    ]
    raw = "".join(messages).lstrip().replace("\n", end)
    pages, members = read_members(mail(tmp_path, raw.encode(), "a.mbox"))
    assert len(members) == 3
    assert b"Subject: 1" in members["message-00002.eml"]
    assert members["message-00002.eml"].strip().endswith(b"wrote: no.")
    assert pages.warnings == ()


def test_lines_before_a_mailbox_are_told(tmp_path: Path) -> None:
    raw = "words\n\n" + mbox(["From: a@b.org\nSubject: one\n\nbody\n"])
    pages, members = read_members(mail(tmp_path, raw, "a.mbox"))
    assert len(members) == 1
    assert "before the mailbox's first message" in pages.warnings[0]
