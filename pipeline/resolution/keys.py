"""Blocking keys: only names that share one are ever compared.

A key says already who can be the same: a surname with a given name, the word that tells an
organisation from others with the letters of its next. So blocks stay small, however many Smiths
and Nationals there are. Most names are quiet in most of their blocks (`pipeline.blocking_keys`):
"j smith" finds each John and Jane, and "smihth" each Smith, without these being compared with one
another; where they may be one they share another key.

The first letter of a key is its kind. `keys_of_people` and `keys_of_organisations` say what theirs
are; here are

`x` all letters, sorted, for every kind of named thing: other order, other blanks, other type
`r` a place's name with its region
`b` a single word that was taken for a person and is no name that people have, with the
organisations of that name: these do not ask
`v` the value of what is compared by value; of the number of a case what all courts write of it

What is common, and so need not ask who it could be, comes from shipped tables, never from a corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from pipeline.blocking_keys import one_a_block
from pipeline.documents import MentionType
from pipeline.engines.city_names import city_named
from pipeline.engines.common_surnames import COMMON_SURNAMES
from pipeline.engines.dockets import Docket, docket_of
from pipeline.engines.given_names import full_names
from pipeline.engines.international import body_named
from pipeline.engines.known_names import names_of
from pipeline.engines.name_books import NameBooks
from pipeline.engines.territories import MAY_BE
from pipeline.name_marks import unmarked
from pipeline.resolution.key_parts import all_letters, asked_if, bounded, latin, whole
from pipeline.resolution.keys_of_organisations import SPELT_OUT, keys_of_organisation
from pipeline.resolution.keys_of_people import keys_of_person

# Longer names are compared by equality only.
LONGEST_NAME, MOST_WORDS = 200, 24
PLACES = frozenset({MentionType.GPE, MentionType.LOC, MentionType.FAC})
KEYED = PLACES | {
    MentionType.PERSON, MentionType.ORG, MentionType.NORP, MentionType.EVENT, MentionType.LAW
}  # fmt: skip
KINDS_OF_PLACE = frozenset(
    {"city", "commonwealth", "kingdom", "province", "republic", "state", "town", "village"}
)
LETTER = re.compile(r"\w")
PARTS = re.compile(r"[-'’]")


def blocking_keys(type_: MentionType, normal: str, books: NameBooks) -> tuple[str, ...]:
    """Make a name's keys, sorted: at least one, at most 25, each of another block and at most 40
    characters long.
    """
    normal = whole(normal)
    if type_ is MentionType.DOCKET and (docket := docket_of(normal)):
        return one_a_block(bounded(key) for key in _keys_of_docket(docket))
    if type_ not in KEYED:
        return (bounded(f"v{normal}"),)
    name = latin(normal)
    keys: Iterator[str]
    if len(name) > LONGEST_NAME or name.count(" ") >= MOST_WORDS or not LETTER.search(name):
        keys = iter([all_letters([name])])
    elif type_ is MentionType.PERSON:
        keys = keys_of_person(unmarked(name))
    elif type_ is MentionType.ORG:
        keys = chain(keys_of_organisation(name, books), _as_one_word(normal, books), _of_body(name))
    elif type_ in PLACES:
        keys = chain(_keys_of_place(name), _of_body(name))
    else:
        keys = iter([all_letters([name])])
    return one_a_block(bounded(key) for key in keys)


def keys_of_lone_word(normal: str) -> tuple[str, ...]:
    """Make the key of a single word that was taken for a person ("Enron"): it meets only the
    organisations that are called so. None if people have it as a name, or a part of it.
    """
    normal = whole(normal)
    parts = [normal, *PARTS.split(latin(normal))]
    if not LETTER.search(normal) or any(map(_is_name_of_people, parts)):
        return ()
    return (bounded(f"b{normal}"),)


def _is_name_of_people(word: str) -> bool:
    """Say whether people have a word as a surname or given name."""
    return bool(names_of(word) or full_names(word)) or word in COMMON_SURNAMES


def _as_one_word(normal: str, books: NameBooks) -> Iterator[str]:
    """Yield the key by which an organisation called by one word meets those who took it for a
    person: as written, so that these all have one normal form.
    """
    word = books.without_legal_form(normal)
    if " " not in word:
        yield f"b{word}{asked_if(False)}"


def _of_body(name: str) -> Iterator[str]:
    """Yield the key by which an international organisation is one as a place too, by its letters
    and by its name.
    """
    if body := body_named(name):
        yield all_letters(body.split())


def _keys_of_place(name: str) -> Iterator[str]:
    """Yield the keys of a place: "City of Chicago" is Chicago, "County of Kent" Kent County, and
    Bombay has those of Mumbai too.
    """
    head, comma, regions = name.partition(",")
    words = [SPELT_OUT.get(word, word) for word in head.replace(".", "").split()] or [name]
    if words[1:2] == ["of"] and len(words) > 2:
        words = words[2:] if words[0] in KINDS_OF_PLACE else [*words[2:], words[0]]
    yield all_letters(words)
    if len(words) > 1 and words[-1] == "city":
        yield all_letters(words[:-1]) + asked_if(False)  # "New York" asks whether it is the city
    if city := city_named("".join(words)):
        yield all_letters([city.letters])
    for country in MAY_BE.get(name, ()):
        yield all_letters([country]) + asked_if(False)  # "Macedonia" asks whether it is the country
    if comma:
        yield f"r{' '.join(words)},{regions}"


def _keys_of_docket(docket: Docket) -> Iterator[str]:
    """Yield the keys of a case's number. One without a type asks for those with one, and for the
    bare number, only if it says whose it is: any appeal may have the number of a case.
    """
    year, number = docket.year[-2:], docket.number.lstrip("0")
    if docket.type:
        yield f"v{year}-{docket.type}-{number}"
    yield f"v{year}-{number}{asked_if(not docket.type and bool(docket.judges or docket.court))}"
