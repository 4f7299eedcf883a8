"""The things that made-up names name, and the ways in which each kind of thing is written."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from measuring import name_slips
from measuring.name_stock import PET_NAMES, Ranks

TRADES = """holdings capital energy systems technologies partners group industries services foods
logistics insurance media pharmaceuticals properties bank software construction consulting airlines
motors steel mining resources shipping networks solutions international financial electronics
chemicals entertainment""".split()
FORMS = ("inc", "llc", "corp", "ltd", "co", "plc", "lp")
BODIES = """police department|fire department|school district|city council|county court|university|
medical center|public library|housing authority|chamber of commerce|port authority|water district|
teachers union|hospital""".replace("\n", "").split("|")
SOCIETIES = "association council federation institute society foundation union committee".split()
ADJECTIVES = "national international american european federal royal united global".split()
FIELDS = """health nursing water trade labor housing science railway forest nuclear maritime
consumer farm dairy steel chess rugby textile energy safety veterans teachers cancer heart music
film press""".split()
REGIONS = """california|texas|florida|new york|pennsylvania|illinois|ohio|georgia|north carolina|
michigan|new jersey|virginia|washington|arizona|massachusetts|tennessee|indiana|missouri|maryland|
wisconsin|colorado|minnesota|ontario|france|germany|england|scotland|mexico""".replace(
    "\n", ""
).split("|")
PARTICLES = ("van ", "de ", "de la ", "al-", "mc", "le ")
SUFFIXES = ("jr", "sr", "ii", "iii")


@dataclass(frozen=True)
class Person:
    """A person: names in full, and the form that is mostly used."""

    given: str
    middle: str
    surname: str
    suffix: str
    main: str

    type: ClassVar[str] = "PERSON"

    def variation(self, kind: str, random: Random) -> str | None:
        """Write the person by a kind of variation; None if it does not apply."""
        second = f"{self.middle[0]} " if self.middle and random.random() < 0.4 else ""
        written: str | None
        match kind:
            case "initial":
                written = f"{self.given[0]} {second}{self.surname}"
            case "middle":
                written = self._written(random.choice(("", "initial", "full")), self.suffix)
            case "pet name":
                pets = PET_NAMES.get(self.given)
                written = f"{random.choice(pets)} {second}{self.surname}" if pets else None
            case "order":
                written = f"{self.surname} {self.given}"
            case "suffix":
                written = self._written("", "" if self.suffix else random.choice(SUFFIXES))
            case "blanks":
                written = name_slips.other_blanks(self.main)
            case _:
                name = self.main.removesuffix(f" {self.suffix}")
                slipped = name_slips.slip(kind, name, random)
                written = slipped and slipped + self.main[len(name) :]
        return written

    def _written(self, middle: str, suffix: str) -> str:
        """Write given name, middle name ("", "initial" or "full"), surname and suffix."""
        second = {"": "", "initial": self.middle[:1], "full": self.middle}[middle]
        return " ".join(filter(None, (self.given, second, self.surname, suffix)))


@dataclass(frozen=True)
class Organisation:
    """An organisation: its words, its legal form if it has one, and whether it mostly says it."""

    words: str
    form: str
    main: str

    type: ClassVar[str] = "ORG"

    def variation(self, kind: str, random: Random) -> str | None:
        """Write the organisation by a kind of variation; None if it does not apply."""
        written: str | None = None
        match kind:
            case "legal form":
                if self.form:
                    said = self.main != self.words
                    written = self.words if said else f"{self.words} {self.form}"
            case "acronym":
                letters = [word[0] for word in self.words.split() if word not in ("of", "and")]
                written = "".join(letters) if len(letters) > 2 else None
            case "and":
                written = self.main.replace(" and ", " ")
            case "singular":
                last = self.words.split()[-1]
                if last in TRADES and last.endswith("s"):
                    written = self.main.replace(last, last[:-1])
            case "order":
                head, _, place = self.main.partition(" of ")
                written = f"{place} {head}" if head == "university" else None
            case "blanks":
                written = name_slips.other_blanks(self.main, apart=True)
            case _:
                written = name_slips.slip(kind, self.main, random)
        return written


@dataclass(frozen=True)
class Place:
    """A place: its name, and the state or country in which it lies."""

    head: str
    region: str
    main: str

    type: ClassVar[str] = "GPE"

    def variation(self, kind: str, random: Random) -> str | None:
        """Write the place by a kind of variation; None if it does not apply."""
        match kind:
            case "state":
                return self.head if self.main != self.head else f"{self.head}, {self.region}"
            case "saint":
                return f"saint{self.main[2:]}" if self.main.startswith("st ") else None
            case "blanks":
                return name_slips.other_blanks(self.main)
            case _:
                return name_slips.slip(kind, self.main, random)


@dataclass(frozen=True)
class Single:
    """What is written in one way only."""

    type: str
    main: str

    def variation(self, kind: str, random: Random) -> str | None:
        """Give none."""
        return None


Thing = Person | Organisation | Place | Single


def make_thing(type_: str, ranks: Ranks, random: Random) -> Thing:
    """Make a thing of a type."""
    return MAKERS[type_](ranks, random)


def _person(ranks: Ranks, random: Random) -> Person:
    """Make a person. Four of five have a middle name, three of ten say it."""
    chance = random.random
    given, surname = ranks.given(), ranks.surname()
    if chance() < 0.03:
        surname = f"{surname}-{ranks.surname()}"
    elif chance() < 0.05:
        surname = f"{random.choice(PARTICLES)}{surname}"
    middle = ranks.given() if chance() < 0.8 else ""
    suffix = random.choice(SUFFIXES) if chance() < 0.03 else ""
    said = chance()
    second = "" if said < 0.7 else middle[:1] if said < 0.88 else middle
    main = " ".join(filter(None, (given, second, surname, suffix)))
    return Person(given, middle, surname, suffix, main)


def _organisation(ranks: Ranks, random: Random) -> Organisation:
    """Make an organisation: companies, firms of partners, public bodies, societies."""
    kind, form = random.random(), ""
    if kind < 0.35:
        words, form = f"{ranks.brand()} {random.choice(TRADES)}", random.choice(FORMS)
    elif kind < 0.45:
        second = ranks.brand() if random.random() < 0.5 else random.choice(FIELDS)
        words = f"{ranks.brand()} {second} {random.choice(TRADES)}"
        form = random.choice(FORMS)
    elif kind < 0.55:
        words, form = f"{ranks.surname()} {random.choice(TRADES)}", random.choice(FORMS)
    elif kind < 0.65:
        partners = [ranks.surname() for _ in range(random.choice((2, 2, 3)))]
        words, form = f"{' '.join(partners[:-1])} and {partners[-1]}", random.choice(("llp", "pc"))
    elif kind < 0.8:
        words = f"{ranks.place()} {random.choice(BODIES)}"
    elif kind < 0.86:
        words = f"{random.choice(('university', 'bank', 'port', 'city'))} of {ranks.place()}"
    else:
        field = f"{random.choice(FIELDS)} {random.choice(FIELDS)}"
        head = random.choice(ADJECTIVES) if random.random() < 0.4 else ranks.place()
        words = f"{head} {field} {random.choice(SOCIETIES)}"
    return Organisation(words, form, f"{words} {form}" if form and random.random() < 0.6 else words)


def _place(ranks: Ranks, random: Random) -> Place:
    """Make a place. Three of five mostly say where they lie."""
    ahead = random.random()
    head = ranks.place() if ahead < 0.9 else f"{'st' if ahead < 0.95 else 'new'} {ranks.place()}"
    region = random.choice(REGIONS)
    return Place(head, region, f"{head}, {region}" if random.random() < 0.6 else head)


def _movement(ranks: Ranks, _: Random) -> Single:
    return Single("NORP", f"{ranks.place()}ians")


def _event(ranks: Ranks, _: Random) -> Single:
    return Single("EVENT", f"battle of {ranks.place()}")


def _law(_: Ranks, random: Random) -> Single:
    of = f"{random.choice(FIELDS)} {random.choice(FIELDS)}"
    return Single("LAW", f"{of} act of {random.randint(1900, 2025)}")


def _date(_: Ranks, random: Random) -> Single:
    year, month, day = random.randint(1930, 2029), random.randint(1, 12), random.randint(1, 28)
    return Single("DATE", f"{year}-{month:02}-{day:02}")


def _sum(_: Ranks, random: Random) -> Single:
    return Single("MONEY", f"USD {random.randint(1, 10**6) * 10 ** random.randint(0, 4)}")


MAKERS: Mapping[str, Callable[[Ranks, Random], Thing]] = {
    "PERSON": _person, "ORG": _organisation, "GPE": _place, "NORP": _movement, "EVENT": _event,
    "LAW": _law, "DATE": _date, "MONEY": _sum,
}  # fmt: skip
