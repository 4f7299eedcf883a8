"""Which of a document's names of organisations are one's, said shorter."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from itertools import chain

from pipeline.engines.name_books import NameBooks
from pipeline.engines.peoples import PEOPLES
from pipeline.engines.place_names import is_country, is_place
from pipeline.engines.short_forms import distinctive_words
from pipeline.resolution.fitting import Links, link
from pipeline.resolution.keys_of_organisations import COMMON

# What may be left out of an organisation's name beside its legal form.
GENERIC = frozenset(
    {"company", "co", "group", "holdings", "holding", "international", "industries"}
)
# What a body is: people leave it out ("Harrow" for "Harrow School").
KINDS = frozenset(
    """academy club college festival hospital hotel institute magazine museum school society
    university""".split()
)
# Said alone after the whole name ("the University"). A company, a bank or a court is meant by its
# kind alone only where the text defines that.
ALONE = KINDS | frozenset(
    """agency assembly association board bureau commission committee council department faculty
    federation foundation institution laboratory league legislature library ministry senate
    tribunal""".split()
)
# What every country has one of, and a state or town another.
NATIONAL = frozenset(
    ["air force", "army", "congress", "constitution", "government", "navy", "parliament",
     "supreme court"]
)  # fmt: skip
LEFT_OUT = KINDS | GENERIC | {"airlines", "airways", "motors", "records", "stores"}
COMPANIES = frozenset({"bank", "co", "company", "corp", "firm", "fund", "inc", "ltd", "trust"})
# Each document's own, where it is nothing more ("the Company").
NAMELESS = (ALONE | COMPANIES | {"companies", "corporation", "court", "defendant", "defendants",
            "government", "party", "parties", "plaintiff", "plaintiffs", "police"}
            ) - {"legislature", "senate"}  # fmt: skip
NO_NAMES = COMMON | NAMELESS | PEOPLES.keys()
CUT = re.compile(r"\s(?:of|for|in|at|on|against|to|de|des|di|do|da|del|der)\s")
GOVERNING = frozenset(
    """authority board city commission council county court department district government
    legislature mayor office parliament police sheriff state""".split()
)
CUT_SHORT = 3
# No place has more words; of more names that share a word, a name cut short says too little.
PLACE_WORDS, CROWD = 5, 100
Known = Callable[[str], bool]


def link_organisations(names: Mapping[str, int], places: Set[str], books: NameBooks) -> Links:
    """Map organisations' names to longer ones of the same document, both in normal form.

    `places` are the places that the document names. First come names without the legal form and
    by their first words; then by their first word where it tells; then without the place ahead or
    behind ("Senate", "Trinity College"), up to an "of" ("Legislative Council") and by the kind of
    body alone ("University"); then without the kind ("Harrow", also cut short: "Penn State") and by
    the place alone ("Oxford"); then with an "s" (of many, or a possessive).
    """

    def known(words: str) -> bool:
        return words in places or is_place(words) or books.is_city(words)

    bare = {name: books.without_legal_form(name) for name in names}
    return link(
        names,
        [
            _without_legal_form(bare),
            _by_first_word(bare, known),
            _without_place(names, known),
            chain(_without_kind(names), _place_alone(names, known)),
            ((f"{name}s", name) for name in names),
        ],
    )


def _without_legal_form(bare: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield names without their legal form, or by their first words only; those that have a legal
    form count before those that have none. `bare` gives each name without its legal form.

    The first words that tell one company from others are no name of it where another begins so.
    """
    fuller: dict[str, set[str]] = defaultdict(set)
    formal, begun = _by_first_words(bare), _by_every_beginning(bare)
    for name in bare:
        words = bare[name].split()
        while len(words) > 1 and words[-1] in GENERIC:
            words.pop()
        if " ".join(words) != name:
            fuller[" ".join(words)].add(name)
    for name in bare:
        meant = formal.get(name, set()) - {name}
        for long in meant | begun.get(name, set()) if meant else fuller.get(name, set()):
            yield name, long


def _by_first_words(bare: Mapping[str, str]) -> dict[str, set[str]]:
    """Map the first words that tell a company from others, and each longer beginning of its
    name, to the names that have a legal form. "Bank" counts as one where no other does.
    """
    formal: dict[str, set[str]] = defaultdict(set)
    for name in sorted(bare, key=lambda one: (bare[one] == one, one)):
        if bare[name] != name or (name.endswith(" bank") and name not in formal):
            words = bare[name].split()
            first = len((distinctive_words(bare[name]) or bare[name]).split())
            for end in range(first, len(words) + 1):
                formal[" ".join(words[:end])].add(name)
    return formal


def _by_every_beginning(bare: Mapping[str, str]) -> dict[str, set[str]]:
    """Map all that names with a legal form begin with to these."""
    begun: dict[str, set[str]] = defaultdict(set)
    for name, core in bare.items():
        words = core.split() if core != name else []
        for end in range(1, len(words)):
            begun[" ".join(words[:end])].add(name)
    return begun


def _by_first_word(bare: Mapping[str, str], known: Known) -> Iterator[tuple[str, str]]:
    """Yield single words that few organisations have, each with the names that begin with it, if
    one of these is a company's: "Acme" for "Acme Photo Corp", but not beside "Acme Tools".
    """
    begun: dict[str, list[str]] = defaultdict(list)
    for name in bare:
        first, blank, _ = name.partition(" ")
        if blank and first in bare and first not in NO_NAMES and not known(first):
            begun[first].append(name)
    for first, longer in begun.items():
        if any(bare[name] != name for name in longer):
            for name in longer:
                yield first, name


def _without_place(names: Mapping[str, int], known: Known) -> list[tuple[str, str]]:
    """List names without the place that they are of, or by the kind of body alone. One of a people
    ("German Embassy") is meant so by itself only of that name; but beside another it may be.
    """
    found = [
        *_behind_place(names, known),
        *_before_place(names, known),
        *_up_to_of(names),
        *_kind_alone(names),
    ]
    short = {one for one, _ in found}
    peoples = _behind_place(names, PEOPLES.__contains__)
    return found + [(one, long) for one, long in peoples if one in short]


def _behind_place(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield names without the place they begin with."""
    for name in names:
        words = name.split()
        for end in range(1, min(len(words), PLACE_WORDS + 1)):
            place, rest = " ".join(words[:end]), " ".join(words[end:])
            of_country = is_country(place) or place in PEOPLES
            if rest in COMPANIES or (rest in NATIONAL and not of_country):
                continue
            if rest in names and known(place):
                yield rest, name


def _before_place(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield names of bodies without the place that stands behind ("Trinity College, Cambridge")."""
    for name in names:
        words = name.split()
        for end in range(max(2, len(words) - PLACE_WORDS), len(words)):
            if words[end - 1] in KINDS and known(" ".join(words[end:])):
                yield " ".join(words[:end]), name


def _up_to_of(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield names up to an "of" or the like."""
    for name in names:
        for cut in CUT.finditer(name):
            head, behind = name[: cut.start()], name[cut.end() :]
            if head in COMPANIES or (head in NATIONAL and not is_country(behind)):
                continue
            yield head, name


def _without_kind(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield names that leave the kind of body out, also with words cut short."""
    bases: dict[tuple[int, int, str], list[tuple[list[str], str]]] = defaultdict(list)
    for name in names:
        *words, kind = name.split() or [""]
        if words and kind in LEFT_OUT:
            yield " ".join(words), name
            for at, word in enumerate(words[:PLACE_WORDS]):
                bases[len(words), at, word].append((words, name))
    for short in names:
        words = short.split()
        for at, word in enumerate(words[:PLACE_WORDS] if len(words) > 1 else ()):
            like = bases[len(words), at, word]
            for base, name in like if len(like) <= CROWD else ():
                if _cut_short(words, base):
                    yield short, name


def _cut_short(short: list[str], long: list[str]) -> bool:
    """Say whether words are those of a name, some cut short but not all."""
    return (
        len(short) == len(long)
        and any(one == other for one, other in zip(short, long, strict=True))
        and all(
            one == other or (len(one) >= CUT_SHORT and other.startswith(one))
            for one, other in zip(short, long, strict=True)
        )
    )


def _kind_alone(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield kinds of bodies that only one name is of."""
    for name in names:
        kind = CUT.split(name, maxsplit=1)[0].split()[-1:] or [""]
        if kind[0] in ALONE:
            yield kind[0], name


def _place_alone(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield towns by which a body is called that is called after them ("Oxford"); what governs a
    town is not meant so, and a country acts itself.
    """
    for name in names:
        words = name.split()
        if GOVERNING.isdisjoint(words):
            ends = [words[:end] for end in range(1, min(len(words), PLACE_WORDS + 1))]
            if words[:1] == ["university"]:
                ends += [words[-count:] for count in range(1, min(len(words), PLACE_WORDS + 1))]
            for town in map(" ".join, ends):
                if town in names and known(town) and not is_place(town):
                    yield town, name
