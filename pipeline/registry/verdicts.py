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

    @property
    def keeps_apart(self) -> bool:
        """Say whether the two are different until a person says otherwise: "Acme Inc" and "Acme
        LLC" may be one company written carelessly, but "Acme" must not make them one.
        """
        return self.verdict is Verdict.APART or not TWO_THINGS.isdisjoint(self.rules)

    @property
    def tells_two(self) -> bool:
        """Say whether somebody would look for the one under the other, and should hear why they are
        two: of the many Smiths with another given name nobody asks that.
        """
        return self.verdict is Verdict.APART and not TELLING.isdisjoint(self.rules)

    def turned(self) -> Comparison:
        """Give the comparison of the same two names the other way round."""
        return self._replace(shorter=3 - self.shorter) if self.shorter else self


OTHER_FORM = "other legal form"
A_COMPANY = "a person, a company"
TWO_THINGS = frozenset({OTHER_FORM, A_COMPANY})
ANOTHER_NAME = "another name"
FATHER_AND_SON = "father and son"
OTHER_GENERATION = "other generation"
TELLING = frozenset({FATHER_AND_SON, OTHER_GENERATION})


def apart(*rules: str) -> Comparison:
    """Say that two names are those of different things."""
    return Comparison(Verdict.APART, 0.0, rules)


def unsure(*rules: str) -> Comparison:
    """Leave two names to a person."""
    return Comparison(Verdict.UNSURE, 0.7, rules)


def less_said(found: Comparison, shorter: int, rule: str) -> Comparison:
    """Say of two names that one also leaves something out."""
    rules = (*found.rules, rule)
    if found.verdict is Verdict.SAME:
        return Comparison(Verdict.SHORTER, 0.88, rules, shorter)
    if found.verdict is Verdict.SHORTER and found.shorter == shorter:
        return Comparison(Verdict.SHORTER, max(0.8, found.score - 0.02), rules, shorter)
    # Each says what the other leaves out, or there is another doubt: two are too many.
    return Comparison(Verdict.UNSURE, min(found.score, 0.7), rules)


# Every rule that a comparison can name, in words for people.
EXPLANATIONS: Mapping[str, str] = {
    "equal": "the names are equal",
    "spacing": "the names differ in blanks, hyphens and points only",
    "order": "the same words in another order",
    "spelling": "one name in two spellings or scripts",
    "slip": "the names differ by what may be a typing or OCR error",
    "heard alike": "the names sound alike",
    "near": "the names are alike, and both are names that people have",
    "given": "the given names are equal",
    "pet name": "one given name is short for the other, or another form of it",
    "pet name of several": "one given name is short for the other, and can be for others",
    "initial": "an initial fits the name spelt out",
    "surname": "the surnames are equal",
    "surname spelling": "the surnames are one in two spellings",
    "surname slip": "the surnames differ by what may be a typing or OCR error",
    "surname heard alike": "the surnames sound alike",
    "surname near": "the surnames are alike, and both are names that people have",
    "middle left out": "one leaves a middle name out",
    "first initial left out": "one leaves the first initial out",
    "first given left out": "one leaves the first given name out, or is another person",
    "initial of a pet name": "the initial may be that of the name that the other is short for",
    "longer surname": "one surname is a part of the other: of a marriage, or of two parents",
    "order of two given names": "the same words in another order, and each can be a given name",
    "particle left out": "only one has the particle before the surname (van, de, bin)",
    "other particle": "the particles before the surname are different (van, von)",
    "generation left out": "only one says which generation (Jr, Sr, II)",
    OTHER_GENERATION: "they name different generations (Jr, Sr, II)",
    "other given": "the given names are different",
    "other middle": "the middle names are different",
    "legal form left out": "only one says its legal form",
    OTHER_FORM: "the legal forms are different",
    "abbreviation": "words are abbreviated or numbers written in another way",
    "acronym": "the letters are the initials of the long form",
    "short acronym": "two letters are the initials of the long form, which says little",
    "state left out": "only one says of which state it is",
    "plural": "the words differ by a plural or by British and American spelling",
    "other order": "the same words in another order, which can be another organisation",
    "more words": "one has a word more: it may be a part, a branch or another company",
    "other part": "words tell them apart: a parent, a part, or a company of its own",
    "other number": "the numbers are different",
    "region left out": "only one says in which state or country it lies",
    "a country or state": "one is a country's or state's name, the other a town's elsewhere",
    "country or state": "a country and an American state have this name",
    "name of a country": "one may be the other's name, and is another place's or another time's",
    "a capital": "one is a capital's name, the other that of an American town",
    "other region": "they belong to different states, countries or regions",
    ANOTHER_NAME: "another name of the place",
    "city or state": "a city and a state have this name",
    "city of a state": "one says that it is a city, the other that it lies in the state so named",
    "a person": "the names are equal, and a text shows that it is a person's",
    "one of two": "the names are equal; in a text another is called so without Jr, Sr or II",
    "either of two": "its document names who is called so with Jr, Sr or II before: it is that "
    "one, or another",
    FATHER_AND_SON: "a text shows that they are two, of whom one is called Jr, Sr or II",
    A_COMPANY: "a text shows that one is a person, and the other has a company's legal form",
    "office left out": "only one says which office of the court the case is in",
    "court left out": "only one says which court the case is in",
    "judge left out": "only one has the letters of the judge, or of a second one",
    "other judge": "the letters of the judges are different; a case can be given to another judge",
    "other court": "they are numbers of two courts, or of two offices of a court",
    "type of case left out": "only one says what type of case it is",
    "other type of case": "they are numbers of two types of cases",
    "other type": "the same name, taken once for another kind of thing",
    "other type, a personal name": "the same name, taken once for a person's and once not",
}
