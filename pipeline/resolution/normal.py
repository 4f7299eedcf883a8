"""Normal forms: two ways of writing one name become one. Each is idempotent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks, fold
from pipeline.resolution.values import amount, iso_date

BLANKS = re.compile(r"\s+")
NOT_OF_A_NAME = re.compile(r"[^\w\s&'-]+|_")
INITIALS = re.compile(r"\b([^\W\d_])\.(?=\s*[^\W\d_])")
SUFFIX = re.compile(
    r",?\s+(?:esq(?:uire)?|ph\.?\s?d|m\.?d|j\.?d|d\.?d\.?s|c\.?p\.?a|r\.?n|ret)\.?$", re.IGNORECASE
)
INNER_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
# Letters that a state or union goes by at the head of an organisation's name.
STATES = {
    "us": "united states", "usa": "united states", "united states of america": "united states",
    "uk": "united kingdom", "un": "united nations", "eu": "european union",
}  # fmt: skip
STATE_AHEAD = re.compile(r"^(united states of america|usa?|uk|un|eu)(?=$|\s)")
PORTFOLIO = re.compile(
    r"(?:(.+) )?(?:department of (?:the )?(?P<of>{0})|(?P<head>{0}) department)".format(
        "agriculture|commerce|defen[cs]e|education|energy|health and human services"
        "|homeland security|housing and urban development|interior|justice|labou?r|state"
        "|transportation|treasury|veterans affairs|war"
    )
)
# Departments that only one state has under this name.
AMERICAN = frozenset(
    {"defense", "health and human services", "homeland security",
     "housing and urban development", "state", "veterans affairs"}
)  # fmt: skip
GENERATION = frozenset({"jr", "sr", "ii", "iii", "iv"})
QUOTED = re.compile(r"\s[\"“‘(]\s?[^\"”’)]{1,30}\s?[\"”’)]\s")


def plain(name: str) -> str:
    """Write a name in lower case without accents and apostrophes inside words, with single blanks:
    "Da'esh" is "Daesh", "Sha’ar" is "Shaar".
    """
    name = name.replace("’", "'").replace("‘", "'").replace("–", "-").replace("\u00ad", "")
    letters = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = BLANKS.sub(" ", unicodedata.normalize("NFC", letters.casefold())).strip()
    return INNER_APOSTROPHE.sub("", words)


class NormalForms:
    """Makes the normal form of a name by its type."""

    def __init__(self, books: NameBooks) -> None:
        self._books = books
        self._forms: Mapping[MentionType, Callable[[str], str]] = {
            MentionType.PERSON: self._person,
            MentionType.ORG: self._organisation,
            MentionType.GPE: self._place,
            MentionType.LOC: self._place,
            MentionType.FAC: self._place,
            MentionType.DATE: _date,
            MentionType.MONEY: _money,
            MentionType.DOCKET: _docket,
            MentionType.EMAIL: _address,
        }

    def __call__(self, type_: MentionType, name: str) -> str:
        """Make a normal form; never empty for a name that is not."""
        form = self._forms.get(type_, _other)
        normal = form(name)
        # Taking one part away may bare another: again until nothing changes.
        for _ in range(8):
            if (again := form(normal)) == normal:
                break
            normal = again
        return normal or plain(name) or name

    def _person(self, name: str) -> str:
        """Write a person's name: given names first, no titles and degrees, initials apart."""
        words = QUOTED.sub(" ", plain(name))
        words = words[self._books.title_end(words) :] or words
        words = SUFFIX.sub("", words)
        family, comma, given = words.partition(",")
        if comma and given.strip() and given.strip(" .") not in GENERATION and "," not in given:
            words = f"{given} {family}"
        words = INITIALS.sub(r"\1 ", words)
        return BLANKS.sub(" ", NOT_OF_A_NAME.sub(" ", words)).strip(" -'")

    def _organisation(self, name: str) -> str:
        """Write an organisation's name: no article, one word for each legal form."""
        words = plain(name).replace(" & ", " and ").replace(".", "")
        words = BLANKS.sub(" ", NOT_OF_A_NAME.sub(" ", words)).strip(" -'")
        words = STATE_AHEAD.sub(lambda match: STATES[match[1]], words.removeprefix("the "), count=1)
        return self._books.legal_form(_department(words)).strip() or words

    def _place(self, name: str) -> str:
        """Write a place's name; countries by their usual one."""
        words = fold(plain(name)).strip(" ,-'")
        return self._books.territory(words) or words


def _department(name: str) -> str:
    """Write a department of state in one order ("Defense Department", "Department of Defense").

    One that only the United States have is theirs, said or not.
    """
    match = PORTFOLIO.fullmatch(name)
    if match is None:
        return name
    portfolio = match["of"] or match["head"]
    owner = match[1] or ("united states" if portfolio in AMERICAN else "")
    return f"{owner} department of {portfolio}".strip()


def _date(name: str) -> str:
    """Write a date by its value where it is absolute."""
    return iso_date(plain(name)) or _other(name)


def _money(name: str) -> str:
    """Write a sum by currency and value."""
    return amount(name) or plain(name)


def _docket(name: str) -> str:
    """Write a docket number in capitals, without blanks."""
    return plain(name).replace(" ", "").upper()


def _address(name: str) -> str:
    """Write a mail address in small letters."""
    return plain(name).replace(" ", "")


def _other(name: str) -> str:
    """Write any other name: small letters, no article."""
    return plain(name).removeprefix("the ")
