"""What a name is to be compared by, made once for each name."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.documents import MentionType

# Names beyond these are compared by equality only.
LONGEST_NAME = 200
MOST_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Profile:
    """One name, taken apart.

    `plain` is the name without blanks and hyphens, for an organisation without its legal form.
    `tokens` are those that count, `tail` is what stands apart: a person's generation, an
    organisation's legal form, a place's region. No tokens: equality only.
    """

    type: MentionType
    normal: str
    plain: str
    tokens: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
