"""Which of a document's personal names are one person's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Set

from pipeline.resolution.normal import GENERATION

# Who is addressed by one of these is not who is addressed by one of the others.
HE, SHE = "mr", "ms"
ADDRESS = re.compile(
    r"(?<!\w)(?P<both>(?:Mr|Mrs|Ms|Miss|Messrs)\.?\s+(?:and|&|or)\s+)?"
    r"(?P<address>(?P<he>Mr|Mister|Sir|Lord|Messrs)|Mrs|Ms|Miss|Mme|Madame?|Lady|Dame)\b\.?\s+"
    r"(?:(?:Justice|Judge|Speaker|President|Chairman|Secretary|Minister|Dr|Prof)\.?\s+)?",
    re.IGNORECASE,
)
ADDRESS_REACH = 40
ARTICLE = re.compile(r"^(?:al|el|as|ash|ad|an|ar|at|az)-(?=\w{3})")
Tokens = tuple[str, ...]


def address_before(text: str, start: int, end: int) -> str | None:
    """Tell the form of address before a name at a span, or at its head: HE, SHE, else None.

    "Mr. and Mrs." is both, so neither.
    """
    begin = max(0, start - ADDRESS_REACH)
    for match in ADDRESS.finditer(text, begin, end):
        if match.end() == start or match.start("address") == start:
            return None if match["both"] else HE if match["he"] else SHE
    return None


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
            bearers[_core(tuple(name.split()))[-1]].add(name)
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


def link_people(
    counts: Mapping[str, int], called: Mapping[str, Set[str]]
) -> dict[str, tuple[str, str]]:
    """Map short forms of persons' names to (what they stand for, the rule), in one document.

    A fuller form of the same name is the same person if only one fits. A single word is the
    surname, else the given name, of the one person who has it; where two have it, of neither.
    Who is called "Mr." is nobody who is called "Mrs.", by the forms of address in `called`.
    """
    full = {name: tuple(name.split()) for name in sorted(counts) if " " in name}
    links = _variants(full, counts, called)
    people = sorted(set(full) - links.keys())
    by_surname: dict[str, set[str]] = defaultdict(set)
    by_given: dict[str, set[str]] = defaultdict(set)
    for name in people:
        tokens = [token for token in full[name] if token not in GENERATION]
        if tokens:
            by_surname[tokens[-1]].add(name)
            by_surname[without_article(tokens[-1])].add(name)
            by_given[tokens[0]].add(name)
    for variant, (person, _) in list(links.items()):
        surname = _core(full[variant])[-1]
        by_surname[surname].add(person)
        by_surname[without_article(surname)].add(person)
        by_given[_core(full[variant])[0]].add(person)
    for name in counts:
        if " " in name:
            continue
        if len(by_surname[name]) == 1:
            links[name] = (next(iter(by_surname[name])), "surname")
        elif not by_surname[name] and len(by_given[name]) == 1:
            links[name] = (next(iter(by_given[name])), "short")
    return links


def _variants(
    full: Mapping[str, Tokens], counts: Mapping[str, int], called: Mapping[str, Set[str]]
) -> dict[str, tuple[str, str]]:
    """Map each full form to the form its person is mostly called by, where that is another.

    Forms are one person's if each is a shorter form of one same longest form.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, tokens in full.items():
        longer = [
            other
            for other, others in full.items()
            if other != name and shortens(tokens, others) and not _apart(called, name, other)
        ]
        # Only the longest count: what fits "j smith" through "john smith" fits "john q smith".
        top = [
            other
            for other in longer
            if not any(shortens(full[other], full[third]) for third in longer if third != other)
        ]
        groups[top[0] if len(top) == 1 else name].append(name)
    links = {}
    for names in groups.values():
        main = max(names, key=lambda name: _standing(full[name], counts[name], name))
        links.update({name: (main, "short") for name in names if name != main})
    return _followed(links)


def _apart(called: Mapping[str, Set[str]], name: str, other: str) -> bool:
    """Say whether two names are addressed, and never in the same way."""
    one, another = called.get(name, set()), called.get(other, set())
    return bool(one) and bool(another) and not one & another


def _followed(links: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Follow links of links to their end."""
    ends = {}
    for name in links:
        end, been = name, {name}
        while end in links and links[end][0] not in been:
            end = links[end][0]
            been.add(end)
        if end != name:
            ends[name] = (end, "short")
    return ends


def _standing(tokens: Tokens, count: int, name: str) -> tuple[bool, int, int, str]:
    """Rank a form as the name of its person: spelt out, often used, long."""
    return len(tokens[0]) > 1, count, len(tokens), name


def _core(tokens: Tokens) -> Tokens:
    """Leave `jr` and its like out."""
    return tuple(token for token in tokens if token not in GENERATION) or tokens


def shortens(short: Tokens, long: Tokens) -> bool:
    """Say whether one full name is a shorter form of another: the same surname and first name
    (or its initial), and no token that the other has not in the same order.
    """
    if Counter(set(short) & GENERATION) != Counter(set(long) & GENERATION) and (
        set(short) & GENERATION
    ):
        return False
    short, long = _core(short), _core(long)
    if len(short) < 2 or len(short) > len(long) or short[-1] != long[-1] or short == long:
        return False
    rest = iter(long[:-1])
    first = next(rest)
    if not _token_fits(short[0], first):
        return False
    return all(any(_token_fits(token, other) for other in rest) for token in short[1:-1])


def without_article(surname: str) -> str:
    """Leave the Arabic article out of a surname: papers write "al-Abadi" and "Abadi"."""
    return ARTICLE.sub("", surname)


def _token_fits(short: str, long: str) -> bool:
    """Say whether a token is another or its initial."""
    return short == long or (len(short) == 1 and long.startswith(short))
