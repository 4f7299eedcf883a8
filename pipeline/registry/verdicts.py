"""What a comparison of two names can say, and how it is said to people."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What two names are to each other.

    SAME: one name in two ways, nothing said more or less. SHORTER: one says less. LIKE: probably
    one name, misspelt. UNSURE: for a person to decide. APART: they say that they are different.
    """

    SAME = "same"
    SHORTER = "shorter"
    LIKE = "like"
    UNSURE = "unsure"
    APART = "apart"


class Comparison(NamedTuple):
    """What came of comparing two names. `shorter` says which says less: 1, 2, or 0 for none.

    Scores: SAME 0.9 to 1, SHORTER 0.8 to 0.9, LIKE 0.8 to 0.95, UNSURE 0.6 to 0.8, APART 0.
    """

    verdict: Verdict
    score: float
    rules: tuple[str, ...]
    shorter: int = 0

    def turned(self) -> Comparison:
        """Give the comparison of the same two names the other way round."""
        return self._replace(shorter=3 - self.shorter) if self.shorter else self


# Every rule that a comparison can name, in words for people.
EXPLANATIONS: Mapping[str, str] = {
    "equal": "the names are equal",
    "spacing": "the names differ in blanks and hyphens only",
    "order": "the same words in another order",
    "given": "the given names are equal",
    "surname": "the surnames are equal",
    "initial": "an initial fits the name spelt out",
    "middle left out": "one leaves a middle name out",
    "generation left out": "only one says which generation (Jr, Sr, II)",
    "other generation": "they name different generations (Jr, Sr, II)",
    "other given": "the given names are different",
    "other middle": "the middle names are different",
    "legal form left out": "only one says its legal form",
    "other legal form": "the legal forms are different",
    "acronym": "the letters are the initials of the long form",
    "short acronym": "two letters are the initials of the long form, which says little",
    "region left out": "only one says in which state or country it lies",
    "other region": "they lie in different states or countries",
    "other type": "the same name, taken once for another kind of thing",
}
