"""What a rule found in a text, whichever rule it was."""

from __future__ import annotations

import re

from pipeline.documents import MentionType, Value

BLANKS = re.compile(r"\s+")
ORDINAL = (
    r"(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Eleventh|Twelfth"
    r"|Thirteenth|Fourteenth|Fifteenth|Sixteenth|Seventeenth|Eighteenth|Nineteenth|Twentieth"
    r"|Twenty-(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh)|\d{1,2}(?:st|nd|rd|d|th))"
)


class RuleSpan(Value):
    """What a rule found: offsets in the text it was given."""

    start: int
    end: int
    type: MentionType
    subtype: str | None = None
    normal: str | None = None


def matched(
    match: re.Match[str], type_: MentionType, subtype: str | None = None, normal: str | None = None
) -> RuleSpan:
    """Make the span of a whole match."""
    return RuleSpan(
        start=match.start(), end=match.end(), type=type_, subtype=subtype, normal=normal
    )
