"""What a name is to be compared by, made once for each name."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.documents import MentionType

# Names beyond these are compared by equality only.
LONGEST_NAME = 200
MOST_WORDS = 24
MOST_WORDS_OF_A_PERSON = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """One name, taken apart.

    `plain` is the name without blanks and hyphens: equal ones are one name. `tokens` are the
    words that count; none if the name is compared by equality only. `tail` is what may be said or
    left out: a person's generation, an organisation's legal form, a place's regions, the type,
    office and court of a case's number. `aside` is what counts little: a person's particles, an
    organisation's initials without and with its small words, letters of judges. `marks` are the
    tokens, to look them up.
    """

    type: MentionType
    normal: str
    plain: str
    tokens: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()


def latin(text: str) -> str:
    """Write a text in plain Latin letters where its script has a spelling in them."""
    if text.isascii():
        return text
    from rigour.text.translit import maybe_ascii

    return str(maybe_ascii(text)).lower()
