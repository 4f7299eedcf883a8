"""Plain text and Markdown: the decoded file, character by character.

Nothing is normalised: line ends, blanks and case stay as they are, so that an offset here is an
offset in the file. Only the byte order mark goes, and NUL becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Job, clean, one_page, told
from pipeline.engines.media_types import HEAD_BYTES, wide_encoding
from pipeline.page_ranges import check_length

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# No encoding takes more bytes for a character than UTF-32.
BYTES_PER_CHARACTER = 4
DETECTION_BYTES = 64 << 10
# Encodings whose bytes are all ASCII, so that any of their texts is right as UTF-8, and wrong.
IN_ASCII = {"hz", "utf-7"}
SHIFTS_PREFIX = "iso2022"
# What turns to other characters in a text in ISO 2022, and what reads such a text.
SHIFT = re.compile(rb"\x1b(\$[@AB]|\$[()*+][@-~]|\([IJ])")
UNREAD = re.compile(f"[\x0e\x0f]|{SHIFT.pattern.decode()}")
SHIFTED = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_3")
# Of the sequences outside ASCII, so many must be right for a text to count as damaged UTF-8.
UTF8_SHARE = 0.5


def read_text(job: Job) -> Pages:
    """Read plain text verbatim."""
    return one_page(job, read_decoded(job))


def read_markdown(job: Job) -> Pages:
    """Read Markdown verbatim; its first heading is the title."""
    text = read_decoded(job)
    heading = re.search(r"^#{1,2}[ \t]+(\S[^\n]{0,300})", text[:20_000], re.MULTILINE)
    title = told(heading.group(1).rstrip("# \r")) if heading else None
    return one_page(job, text, Metadata(title=title))


def read_decoded(job: Job, declared: str | None = None) -> str:
    """Read the file and decode it, noting what was guessed.

    A file too large for its text to be within the limit is refused before it is read.
    """
    limit = job.options.max_characters
    check_length(job.path.stat().st_size // BYTES_PER_CHARACTER, limit)
    text, doubt = decode(job.path.read_bytes(), declared)
    if doubt:
        job.warn(doubt)
    check_length(len(text), limit)
    return clean(text)


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Decode bytes: by their byte order mark, what they are said to be, UTF-8, or by detection.

    Also returns a sentence where it had to be guessed. Never fails: what fits no encoding becomes
    U+FFFD, and the rest of the text is kept.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strictly_or_replaced(data[len(mark) :], encoding)
    wide = wide_encoding(data[:HEAD_BYTES])
    first = declared if _is_in_ascii(declared) else None
    if wide is None and data.isascii() and SHIFT.search(data):
        return _shifted(data, first)
    for candidate in (wide, first, "utf-8", declared):
        text = _strictly(data, candidate)
        if text is not None:
            return text, None
    if _is_damaged_utf8(data):
        return _strictly_or_replaced(data, "utf-8")
    encoding = detect_encoding(data)
    text = data.decode(encoding, "replace")
    return text, f"the text is not valid UTF-8; it was read as {encoding}"


def _is_in_ascii(encoding: str | None) -> bool:
    """Say whether an encoding is one that writes all its characters in ASCII."""
    try:
        name = codecs.lookup(encoding).name if encoding else ""
    except (LookupError, ValueError):
        return False
    return name in IN_ASCII or name.startswith(SHIFTS_PREFIX)


def _shifted(data: bytes, declared: str | None) -> tuple[str, str | None]:
    """Decode a text in ISO 2022 by what it is said to be, or else by the form that fits."""
    text = _strictly(data, declared)
    if text is not None:
        return text, None
    for encoding in SHIFTED:
        text = _strictly(data, encoding)
        if text is not None and not UNREAD.search(text):
            # One family: programs call all its Japanese forms by the name of the first.
            known = declared is not None and encoding.startswith("iso2022_jp")
            return text, None if known else f"the text was read as {encoding}, by its shifts"
    text = data.decode(SHIFTED[0], "replace")
    if text.count("\ufffd") * 20 <= len(text):
        return text, "some bytes are not valid ISO-2022-JP; they were replaced by U+FFFD"
    return data.decode("ascii"), "the text is in a form of ISO 2022 that cannot be read"


def _strictly(data: bytes, encoding: str | None) -> str | None:
    """Decode by an encoding, or not at all; names of encodings come from strangers."""
    if not encoding:
        return None
    try:
        return codecs.lookup(encoding).decode(data, "strict")[0]
    except (LookupError, ValueError, TypeError):
        return None


def _strictly_or_replaced(data: bytes, encoding: str) -> tuple[str, str | None]:
    """Decode by the one right encoding, replacing what is damaged."""
    try:
        return data.decode(encoding), None
    except UnicodeDecodeError:
        sentence = f"some bytes are not valid {encoding.upper()}; they were replaced by U+FFFD"
        return data.decode(encoding, "replace"), sentence


def _is_damaged_utf8(data: bytes) -> bool:
    """Say whether most of what is outside ASCII is right as UTF-8, which is never by chance."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for letter in re.findall(r"[^\x00-\x7f]", text) if letter != "\ufffd")
    return right >= 2 and right >= (right + wrong) * UTF8_SHARE


def detect_encoding(data: bytes) -> str:
    """Guess an 8-bit or Asian encoding from the lines that are not ASCII.

    Short Western texts fit several encodings equally well, and Windows-1252 is by far the most
    common of them, so it is asked first.
    """
    from charset_normalizer import from_bytes

    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:DETECTION_BYTES]
    if _reads_western(sample):
        return "cp1252"
    best = from_bytes(sample).best()
    return str(best.encoding) if best is not None else "cp1252"


WESTERN = set(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜ‘’“”„–—…•€£¥§©®™°«»¡¿·½¼¾\xa0\xad"
)


def _reads_western(sample: bytes) -> bool:
    """Say whether Windows-1252 makes sense of a sample: most letters in ASCII, all others
    of Western languages.
    """
    letters = sum(byte < 0x80 and chr(byte).isalpha() for byte in sample)
    high = sum(byte > 0x7F for byte in sample)
    text = _strictly(sample, "cp1252")
    return (
        text is not None
        and high * 2 <= letters
        and WESTERN.issuperset(letter for letter in text if not letter.isascii())
    )
