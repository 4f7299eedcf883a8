"""What a pattern of the words between two neighbouring mentions is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.documents import Mention
from pipeline.documents import Predicate as Says
from pipeline.relationships.pattern import (
    Types,
)


@dataclass(frozen=True)
class Between:
    """Two types with an expression that matches all of the text between them.

    `before` must match up to the first mention, `after` from the end of the second; `reverse`
    makes the second mention the subject. `also` is a further test of the pair.
    """

    rule: str
    predicate: Says
    first: Types
    second: Types
    words: re.Pattern[str]
    score: float = 0.85
    reverse: bool = False
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    also: Callable[[Mention, Mention], bool] | None = None
