"""What a document shows of its people beside their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from pipeline.documents import Mention, MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.name_marks import EITHER_OF_TWO, OF_A_PERSON, ONE_OF_TWO
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
    either: Set[str],
) -> list[tuple[Key, str | None]]:
    """Mark the names of people (`pipeline.name_marks`): those that companies have too, where one of
    the mentions shows that it is a person, those `of_two`, and those that may be `either`.
    """
    marks = {(PERSON, name): EITHER_OF_TWO for name in either}
    marks |= {
        key: OF_A_PERSON
        for (key, _), mention in zip(meant, mentions, strict=True)
        if key[0] is PERSON and key[1] in companies and around.kind_of(mention, books) is PERSON
    }
    marks |= {(PERSON, name): ONE_OF_TWO for name in of_two}
    return [((key[0], f"{key[1]}{marks.get(key, '')}"), via) for key, via in meant]
