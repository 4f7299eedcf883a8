"""What a document shows of its people beside their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set

from pipeline.documents import Mention, MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.name_marks import OF_A_PERSON, ONE_OF_TWO, OR_NOT
from pipeline.resolution.name_keys import Key
from pipeline.resolution.surroundings import Surroundings

PERSON, ORG = MentionType.PERSON, MentionType.ORG


def addressed_as_people(
    own: Sequence[Key],
    mentions: Sequence[Mention],
    around: Surroundings,
    normal: Callable[[MentionType, str], str],
) -> list[Key]:
    """Take for a person who was taken for an organisation, but has a form of address and the
    surname of somebody whom the document names in full.
    """
    surnames = {key[1].split()[-1] for key in own if key[0] is PERSON and " " in key[1]}
    keys = []
    for key, mention in zip(own, mentions, strict=True):
        addressed = surnames and key[0] is ORG and around.address_before(mention)
        name = normal(PERSON, mention.text) if addressed else ""
        keys.append((PERSON, name) if name in surnames else key)
    return keys


def marked(
    meant: Sequence[tuple[Key, str | None]],
    mentions: Sequence[Mention],
    around: Surroundings,
    books: NameBooks,
    *,
    companies: Set[str],
    of_two: Set[str],
    open_: Mapping[str, str],
) -> list[tuple[Key, str | None]]:
    """Mark the names of people (`pipeline.name_marks`): those that companies have too, where one of
    the mentions shows that it is a person, those `of_two`, and those `open_`, with a generation.
    """
    marks = {(PERSON, name): OR_NOT[generation] for name, generation in open_.items()}
    marks |= {
        key: OF_A_PERSON
        for (key, _), mention in zip(meant, mentions, strict=True)
        if key[0] is PERSON and key[1] in companies and around.kind_of(mention, books) is PERSON
    }
    marks |= {(PERSON, name): ONE_OF_TWO for name in of_two}
    return [((key[0], f"{key[1]}{marks.get(key, '')}"), via) for key, via in meant]


def called_so(keys: Sequence[Key], addresses: Sequence[str | None]) -> dict[str, set[str]]:
    """Collect each person's forms of address; none for who is never addressed."""
    called: dict[str, set[str]] = {}
    for (type_, normal), address in zip(keys, addresses, strict=True):
        if type_ is MentionType.PERSON:
            called.setdefault(normal, set()).update([address] if address else [])
    return called


def shown_as_people(
    keys: Sequence[Key], addresses: Sequence[str | None], titles: Sequence[str | None]
) -> set[str]:
    """Collect the single words that a title or form of address shows to be persons."""
    return {
        normal
        for (type_, normal), address, title in zip(keys, addresses, titles, strict=True)
        if type_ is MentionType.PERSON and " " not in normal and (address or title) is not None
    }


def rulers_of(
    keys: Sequence[Key], mentions: Sequence[Mention], around: Surroundings
) -> frozenset[str]:
    """Collect the names behind a title that goes with a given name."""
    return frozenset(
        name
        for (type_, name), mention in zip(keys, mentions, strict=True)
        if type_ is MentionType.PERSON and around.is_ruler(mention)
    )


def titles_of(keys: Sequence[Key], titles: Sequence[str | None]) -> dict[str, set[str]]:
    """Collect the titles of names, each by its last word."""
    titled: dict[str, set[str]] = defaultdict(set)
    for (_, name), title in zip(keys, titles, strict=True):
        if title is not None:
            titled[name].add(title.split()[-1])
    return titled
