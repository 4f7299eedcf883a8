"""Which of a document's personal names are one person's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from pipeline.resolution.normal import GENERATION

ARTICLE = re.compile(r"^(?:al|el|as|ash|ad|an|ar|at|az)-(?=\w{3})")
Tokens = tuple[str, ...]


def link_people(counts: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Map short forms of persons' names to (what they stand for, the rule), in one document.

    A fuller form of the same name is the same person if only one fits. A single word is the
    surname, else the given name, of the one person who has it; where two have it, of neither.
    """
    full = {name: tuple(name.split()) for name in sorted(counts) if " " in name}
    links = _variants(full, counts)
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


def _variants(full: Mapping[str, Tokens], counts: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """Map each full form to the form its person is mostly called by, where that is another.

    Forms are one person's if each is a shorter form of one same longest form.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, tokens in full.items():
        longer = [
            other for other, others in full.items() if other != name and shortens(tokens, others)
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
