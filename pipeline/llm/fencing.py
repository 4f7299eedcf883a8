"""Keeps what a document says apart from what is asked about it: pure.

A document is a stranger's words. It stands between two lines with a mark that is made of the hash
of all that is shown and is not in it, so that it cannot end itself; single names stand in JSON, on
one line, with nothing hidden in them. Many servers read `<|im_end|>` in a text as the end of a
message: such signs are shown with a break in them that no eye sees, and grounding looks through.

What a model makes of instructions in a text is another matter; there only grounding helps.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence

MARK_DIGITS = 16
LONGEST_SHOWN = 120
"""Letters of a name that is shown to a model."""
BREAK = "\u200b"
# Of the form of the signs between messages: <|im_end|>, </s>, <start_of_turn>, <<SYS>>, [/INST].
TEMPLATE_SIGN = re.compile(r"<(?=[^\s<>@]{1,60}>)|\[(?=/?[A-Za-z_]\w{1,39}\])")
# What shows a person another text than a model reads: controls, what turns the direction of
# writing, letters that are not seen.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
BLANK_LETTERS = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def mark_for(what: str, texts: Sequence[str]) -> str:
    """Make a mark that is in none of the texts, the same each time for the same ones."""
    whole = "\x00".join(texts)
    number = 0
    while True:
        said = f"{what}\x00{number}\x00{whole}".encode(errors="surrogatepass")
        mark = hashlib.sha256(said).hexdigest()[:MARK_DIGITS]
        if mark not in whole:
            return mark
        number += 1


def fenced(what: str, text: str, mark: str) -> str:
    """Put a text between two lines of a mark, whole but for the breaks of `disarmed`."""
    return f"<<{what} {mark}>>\n{disarmed(text)}\n<<END {what} {mark}>>"


def disarmed(text: str) -> str:
    """Break what a server may take for a sign between messages."""
    return TEMPLATE_SIGN.sub(lambda sign: sign[0] + BREAK, text)


def shown(name: str) -> str:
    """Give a name as it is shown to a model: on one line, of a bounded length, nothing hidden."""
    blanks = "".join(" " if sign.isspace() else sign for sign in name)
    seen = "".join(sign for sign in blanks if unicodedata.category(sign) not in UNSEEN)
    line = " ".join(BLANK_LETTERS.sub("", seen).split())
    return disarmed(line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…")


def quoted(name: str) -> str:
    """Write a name as a string of JSON."""
    return json.dumps(shown(name), ensure_ascii=False)
