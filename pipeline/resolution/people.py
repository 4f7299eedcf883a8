"""Which of a document's personal names are one person's."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.given_names import full_names
from pipeline.name_marks import GENERATION
from pipeline.resolution.address import HE, SHE
from pipeline.resolution.fitting import end_of

# Nobody calls them by the given name alone.
JUDGES = frozenset({"judge", "justice", "magistrate"})
# More names than this that share a word are a list, not a story.
CROWD = 100
# What stands before a surname and belongs to it.
PARTICLES = frozenset(
    """al ap ben bin da dal dalla de del della den der di dos du el ibn la las le los mac st ten ter
    van vom von zu zum zur""".split()
)
# Two people of one name: "Mary-Kate and Ashley Olsen".
COUPLING = frozenset({"and", "&"})
ARTICLE = re.compile(r"^(?:al|el|as|ash|ad|an|ar|at|az)-(?=\w{3})")
Tokens = tuple[str, ...]


def is_bare(name: str) -> bool:
    """Say whether a person's normal form is a surname only, with a form of address or without."""
    return len(name.removeprefix(f"{HE} ").removeprefix(f"{SHE} ").split()) < 2


def by_address(called: Mapping[str, Set[str]]) -> dict[tuple[str, str], str | None]:
    """Map the surnames that stand for two people, each with a form of address, to the one full
    name that it fits; to None if none or several do.

    `called` holds each name of the document with the forms of address before it. Whom nothing
    tells apart fits both forms: then a surname used in both ways stands for nobody known.
    """
    bearers: dict[str, set[str]] = defaultdict(set)
    for name in called:
        if " " in name:
            bearers[without_generation(tuple(name.split()))[-1]].add(name)
    meant: dict[tuple[str, str], str | None] = {}
    for name in called:
        people = bearers[name]
        if " " in name or len(set(called[name]).union(*(called[full] for full in people))) < 2:
            continue
        told = any(len(called[full]) == 1 for full in people)
        for address in called[name]:
            fits = [full for full in people if called[full] == {address}]
            if not fits and told:
                fits = [full for full in people if len(called[full]) != 1]
            meant[name, address] = fits[0] if len(fits) == 1 else None
    return meant


class People(NamedTuple):
    """Short forms of persons' names, each with what it stands for and the rule; and the full names
    that may be longer or shorter forms of another, each with the one its person is mostly called
    by.
    """

    links: dict[str, tuple[str, str]]
    forms: dict[str, str]

    def meant(self, name: str) -> str:
        """Give the name that a person is mostly called by."""
        name = self.links[name][0] if name in self.links else name
        return self.forms.get(name, name)


@dataclass(frozen=True)
class ShownPeople:
    """What a document shows of its people beside their names: their forms of address; who is told
    from somebody called so without Jr; names without Jr, each with that behind which it leaves open
    who is meant; names behind a ruler's title; other titles.
    """

    called: Mapping[str, Set[str]] = field(default_factory=dict)
    of_two: Set[str] = frozenset()
    open: Mapping[str, str] = field(default_factory=dict)
    rulers: Set[str] = frozenset()
    titled: Mapping[str, Set[str]] = field(default_factory=dict)


def link_people(counts: Mapping[str, int], shown: ShownPeople) -> People:
    """Link short forms of persons' names in one document.

    Initials with a surname are the one person whom they fit. A single word is the surname, else
    the given name, else another word of the name, of the one person who has it; where two have
    it, of neither. Who is called "Mr." is nobody who is called "Mrs."; nor is who is called so
    without Jr one of those `of_two`, nor "Prince Andrew" Andrew Farkas, whom no text calls a
    prince. What is a given name and no surname is nobody who has another title, and behind "Judge"
    nobody who has none: "Judge Judy" is not Judy Woodruff, but "Mayor Pete" is Pete Buttigieg.

    A given name with a surname is a name of its own, whatever else has these words: that John
    Adams is John Quincy Adams is for the registry to say and for people to take back. Until then
    both are one as to what "Adams" stands for.
    """
    full = {name: tuple(name.split()) for name in sorted(counts) if " " in name}
    full = {name: tokens for name, tokens in full.items() if not COUPLING & set(tokens)}
    forms = _variants(full, counts, shown)
    links = {name: (long, "short") for name, long in _spelt_out(full, counts, forms)}
    bearers = _, given, _ = _bearers(full, forms)
    titled = shown.titled
    titles: dict[str, set[str]] = defaultdict(set)
    for name in titled.keys() & full.keys():
        titles[forms.get(name, name)] |= titled[name]
    of_rulers = {forms.get(name, name) for name in shown.rulers & full.keys()}
    for name in counts:
        if name in full and (name in forms or full[name][0] not in PARTICLES):
            continue
        for people, rule in zip(bearers, ("surname", "short", "short"), strict=True):
            fits = people[name] - {name}
            if name in shown.rulers:
                fits &= of_rulers
            elif people is given and name in titled and _only_given(name):
                fits = {one for one in fits if _may_have(titled[name], titles.get(one))}
            if fits:
                if len(fits) == 1:
                    links[name] = next(iter(fits)), rule
                break
    ends = _followed({name: person for name, (person, _) in links.items()})
    return People({name: (end, links[name][1]) for name, end in ends.items()}, forms)


def _only_given(name: str) -> bool:
    """Say whether a word is a given name, and hardly anybody's surname."""
    return bool(full_names(name)) and name not in COMMON_SURNAMES


def _may_have(titles: Set[str], other: Set[str] | None) -> bool:
    """Say whether who has these titles may be who has others, or none in the whole text."""
    return bool(titles & other) if other else titles.isdisjoint(JUDGES)


def _bearers(
    full: Mapping[str, Tokens], forms: Mapping[str, str]
) -> tuple[dict[str, set[str]], ...]:
    """Map surnames, given names and the words between to the people who have them."""
    surnames: dict[str, set[str]] = defaultdict(set)
    given: dict[str, set[str]] = defaultdict(set)
    between: dict[str, set[str]] = defaultdict(set)
    for name, tokens in full.items():
        person = forms.get(name, name)
        core = without_generation(tokens)
        for start in _surname_starts(core):
            surname = " ".join(core[start:])
            surnames[surname].add(person)
            surnames[without_article(surname)].add(person)
        given[core[0]].add(person)
        for token in core[1:-1]:
            if len(token) > 1:
                between[token].add(person)
    return surnames, given, between


def _surname_starts(core: Tokens) -> Iterator[int]:
    """Yield where a surname may begin: at the last word, and at particles before it."""
    if len(core) > 1:
        yield len(core) - 1
    for at in range(1, len(core) - 1):
        if core[at] in PARTICLES:
            yield at


def _variants(
    full: Mapping[str, Tokens],
    counts: Mapping[str, int],
    shown: ShownPeople,
) -> dict[str, str]:
    """Map each full form to the form its person is mostly called by, where that is another.

    Forms are one person's if each is a shorter form of one same longest form.
    """
    sharing: dict[str, list[str]] = defaultdict(list)
    for name, tokens in full.items():
        for token in dict.fromkeys(without_generation(tokens)):
            sharing[token].append(name)
    groups: dict[str, list[str]] = defaultdict(list)
    for name, tokens in full.items():
        longer = [
            other
            for other in _crowd(sharing, without_generation(tokens))
            if other != name
            and (shortens(tokens, full[other]) or shown.open.get(name) == other)
            and not _apart(shown.called, name, other)
            and (other not in shown.of_two or GENERATION & set(tokens))
        ]
        # Only the longest count: what fits "j smith" through "john smith" fits "john q smith".
        top = [
            other
            for other in longer
            if not any(
                shortens(full[other], full[third]) or shown.open.get(other) == third
                for third in longer
                if third != other
            )
        ]
        groups[top[0] if len(top) == 1 else name].append(name)
    forms = {}
    for names in groups.values():
        main = max(names, key=lambda name: _standing(full[name], counts[name], name))
        forms.update({name: main for name in names if name != main})
    return _followed(forms)


def _spelt_out(
    full: Mapping[str, Tokens], counts: Mapping[str, int], forms: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield names that begin with an initial, each with the form of its person that says all of it
    and is mostly used: "J. Q. Smith" is no mention of "John Smith".
    """
    persons: dict[str, list[str]] = defaultdict(list)
    for name in full:
        persons[forms.get(name, name)].append(name)
    for name, tokens in full.items():
        if len(tokens[0]) == 1:
            own = persons[forms.get(name, name)]
            if longer := [other for other in own if shortens(tokens, full[other])]:
                yield name, max(longer, key=lambda one: _standing(full[one], counts[one], one))


def _crowd(sharing: Mapping[str, list[str]], tokens: Tokens) -> list[str]:
    """Take the names that share the word which the fewest share. In a crowd a short form says too
    little, so there none.
    """
    fewest = min((sharing[token] for token in tokens if len(token) > 1), key=len, default=[])
    return fewest if len(fewest) <= CROWD else []


def _apart(called: Mapping[str, Set[str]], name: str, other: str) -> bool:
    """Say whether two names are addressed, and never in the same way."""
    one, another = called.get(name, set()), called.get(other, set())
    return bool(one) and bool(another) and not one & another


def _followed(links: dict[str, str]) -> dict[str, str]:
    """Follow links of links to their end."""
    ends = {name: end_of(name, links) for name in links}
    return {name: end for name, end in ends.items() if end != name}


def _standing(tokens: Tokens, count: int, name: str) -> tuple[bool, int, int, str]:
    """Rank a form as the name of its person: spelt out, often used, long."""
    return len(tokens[0]) > 1, count, len(tokens), name


def without_generation(tokens: Tokens) -> Tokens:
    """Leave `jr` and its like out."""
    return tuple(token for token in tokens if token not in GENERATION) or tokens


def shortens(short: Tokens, long: Tokens) -> bool:
    """Say whether one full name is a shorter form of another: the same surname and first name
    (or its initial), no middle name that the other has not in the same order, no other generation.
    """
    own = set(short) & GENERATION
    if own and own != set(long) & GENERATION:
        return False
    short, long = without_generation(short), without_generation(long)
    if len(short) < 2 or len(short) > len(long) or short[-1] != long[-1] or short == long:
        return False
    return _token_fits(short[0], long[0]) and _middle_fits(short[1:-1], long[1:-1])


def _middle_fits(short: Tokens, long: Tokens) -> bool:
    """Say whether middle names are all among others, in order; an initial stands for the name in
    its own place: W. is not H. W.
    """
    begin = 0
    for place, token in enumerate(short):
        places = (place,) if len(token) == 1 else range(len(long))
        fits = (at for at in places if begin <= at < len(long) and _token_fits(token, long[at]))
        at = next(fits, None)
        if at is None:
            return False
        begin = at + 1
    return True


def without_article(surname: str) -> str:
    """Leave the Arabic article out of a surname: papers write "al-Abadi" and "Abadi"."""
    return ARTICLE.sub("", surname)


def _token_fits(short: str, long: str) -> bool:
    """Say whether a token is another or its initial."""
    return short == long or (len(short) == 1 and long.startswith(short))
