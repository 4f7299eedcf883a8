"""Normal forms: two ways of writing one name become one. Each is idempotent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.documents import MentionType
from pipeline.engines.dockets import docket_of
from pipeline.engines.international import LETTERS
from pipeline.engines.letters import BLANKS, plain
from pipeline.engines.name_books import NameBooks
from pipeline.engines.place_names import usual_place
from pipeline.engines.statutes import section_named
from pipeline.engines.titles import is_given_too, lead_end, without_honours
from pipeline.name_marks import GENERATION, parted
from pipeline.resolution.districts import court_of_district
from pipeline.resolution.values import amount, iso_date

# Marks of the scripts of South and Southeast Asia are vowels.
NOT_OF_A_NAME = re.compile(r"[^\w\s&'\-\u0900-\u1aaf\u3099\u309a]+|_")
POSSESSIVE = re.compile(r"(?:\s*['’]s?)+\s*$", re.IGNORECASE)
HYPHEN = re.compile(r"(?<=\w)\s*-\s*(?=\w)")
INITIALS = re.compile(r"\b([^\W\d_])\.(?=\s*[^\W\d_])")
LETTERS_AND = re.compile(r"(?<!\S)([^\W\d_]{1,2}) & ([^\W\d_])(?![^\s,])")
SUFFIX = re.compile(
    r",?\s+(?:esq(?:uire)?|ph\.?\s?d|m\.?d|j\.?d|d\.?d\.?s|c\.?p\.?a|r\.?n|ret)\.?$", re.IGNORECASE
)
# What stands behind a title that is no form of address but the name of an office.
OF_OFFICE = re.compile(r"(?:of|for|to|in|and|at|the)\b")
# Words that are written in two ways, or cut short.
WORDS = {
    "assn": "association", "centre": "center", "defence": "defense", "dept": "department",
    "govt": "government", "intl": "international", "natl": "national",
    "organisation": "organization", "organisations": "organizations", "programme": "program",
    "theatre": "theater", "univ": "university",
}  # fmt: skip
OURS = re.compile(r"^(?:this|that|these|its|their) (?=\w+$)")
OF_THE_UNION = re.compile(
    r"^(army|congress|constitution|general assembly|government|house of representatives|navy"
    r"|secretariat|security council|senate|supreme court)"
    r" of the (united nations|united states)(?: of america)?$"
)
CAMPUS = re.compile(r"^(university of \w+(?: \w+)?) at (?=\w)")
# Letters that a state or union goes by at the head of an organisation's name.
UNIONS = {letters: LETTERS[letters] for letters in ("un", "eu")}
STATES = {
    "us": "united states", "usa": "united states", "united states of america": "united states",
    "uk": "united kingdom", **UNIONS,
}  # fmt: skip
UNION_AHEAD = re.compile(r"^(un|eu)(?=$|\s)")
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
QUOTED = re.compile(r"\s[\"“‘(]\s?[^\"”’)]{1,30}\s?[\"”’)]\s")


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
            MentionType.LAW: _law,
            MentionType.EMAIL: _address,
        }

    def __call__(self, type_: MentionType, name: str) -> str:
        """Make a normal form; never empty for a name that is not."""
        form = self._forms.get(type_, _other)
        if normal := _settled(form, name):
            return normal
        words = plain(name)
        return _settled(form, words) or words or name

    def _person(self, name: str) -> str:
        """Write a person's name: given names first, no titles and degrees, initials apart."""
        bare, mark = parted(name)
        if mark and " " in bare:
            return f"{self._person(bare)}{mark}"
        shown = without_honours(POSSESSIVE.sub("", name).strip())
        words = HYPHEN.sub("-", QUOTED.sub(" ", plain(shown)))
        rest = words[lead_end(words) :]
        words = words if not rest or OF_OFFICE.match(rest) else rest
        words = SUFFIX.sub("", words)
        family, comma, given = words.partition(",")
        if comma and given.strip() and given.strip(" .") not in GENERATION and "," not in given:
            # Before the surname it would be a title.
            words = f"{family} {given}" if is_given_too(given) else f"{given} {family}"
        words = INITIALS.sub(r"\1 ", words)
        return BLANKS.sub(" ", NOT_OF_A_NAME.sub(" ", words)).strip(" -'")

    def _organisation(self, name: str) -> str:
        """Write an organisation's name: no article, one word for each legal form."""
        words = LETTERS_AND.sub(r"\1&\2", HYPHEN.sub("-", plain(name)).replace(".", ""))
        words = words.replace(" & ", " and ")
        words = BLANKS.sub(" ", NOT_OF_A_NAME.sub(" ", words)).strip(" -'")
        words = STATE_AHEAD.sub(lambda match: STATES[match[1]], words.removeprefix("the "), count=1)
        words = " ".join(WORDS.get(word, word) for word in words.split())
        words = CAMPUS.sub(r"\1 ", OF_THE_UNION.sub(r"\2 \1", OURS.sub("", words)))
        words = court_of_district(_department(words))
        return self._books.legal_form(words).strip() or words

    def _place(self, name: str) -> str:
        """Write a place's name; countries by their usual one."""
        words = HYPHEN.sub("-", plain(POSSESSIVE.sub("", name))).strip(" ,-'")
        # An organisation that was taken for a place is called as organisations are.
        usual = UNION_AHEAD.sub(lambda match: UNIONS[match[1]], usual_place(words))
        return BLANKS.sub(" ", usual).strip(" ,-'") or words


def _settled(form: Callable[[str], str], name: str) -> str:
    """Take a form until nothing changes: taking one part away may bare another."""
    normal = form(name)
    for _ in range(8):
        if (again := form(normal)) == normal:
            break
        normal = again
    return normal


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
    """Write a docket number in capitals, without blanks; by its value where that is known."""
    docket = docket_of(name)
    return docket.written() if docket else plain(name).replace(" ", "").upper()


def _law(name: str) -> str:
    """Write a section of a federal code in one way."""
    return _other(section_named(name) or name)


def _address(name: str) -> str:
    """Write a mail address in small letters."""
    return plain(name).replace(" ", "")


def _other(name: str) -> str:
    """Write any other name: small letters, no article."""
    return plain(name).removeprefix("the ")
