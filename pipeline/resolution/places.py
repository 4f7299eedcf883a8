"""Which of a document's names of places are one's, said shorter or longer."""

# ruff: noqa: SIM905 - a list of words is easier to read and to keep in order as a text

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from pipeline.engines.capitals import capital_of
from pipeline.engines.name_books import NameBooks
from pipeline.engines.place_names import (
    GEORGIA,
    REPUBLIC_OF_GEORGIA,
    STATE_OF_GEORGIA,
    is_place,
)
from pipeline.resolution.fitting import Links, link

# What says nothing more of a place whose name it is: "City of Isfahan", "Socotra Island".
KIND_AHEAD = re.compile(
    r"^(?:city|commonwealth|island|isle|kingdom|lake|state|town|village)(?: of)? (?=\w)"
)
KIND_BEHIND = re.compile(
    r"(?<=\w) (?:(?P<town>city|town|village)|desert|island|islands|isles|lake|straits?)$"
)
# What is built is called by its own name, or by that of the town: "Ali Qapu", "Pudu Prison".
NAMED = frozenset(
    """arena bazaar bridge building hotel mall mosque palace plaza shrine square stadium theater
    tomb tower""".split()
)
BUILT = NAMED | frozenset(
    """abbey airport avenue barracks basilica canal castle cathedral cemetery chapel church fort
    fortress garden gardens gate hall harbor harbour hospital house library market memorial mill
    mine monastery monument museum park prison railway road school station street temple tunnel
    university zoo""".split()
)
LAND = frozenset(
    """archipelago bay canyon capital desert falls glacier gulf island islands isle lake mountain
    mountains ocean peninsula plateau province reef region republic river sea state strait
    township valley volcano""".split()
)
# Each document's own, where it is nothing more ("the Airport"). Some are called so by everybody.
NAMELESS = (BUILT | LAND | {"city", "county", "town", "village"}) - {"gulf"}
CUT = re.compile(r"\s(?:am|an|de|del|der|do|du|in|la|of|on|sur|upon|ob|near)\s")
# No town's name has more words.
PLACE_WORDS = 5
Known = Callable[[str], bool]


def link_places(names: Mapping[str, int], books: NameBooks) -> Links:
    """Map names of places to others of the same document, both in normal form.

    First a kind of place that says no more ("Socotra Island" is Socotra); then without the state
    or country ("Evansville"); then without the town ahead ("Heathrow Airport"), without what was
    built ("Ali Qapu" of "Ali Qapu Palace"), up to a "de" or "upon", and by what it is alone ("the
    Airport").
    """

    def known(words: str) -> bool:
        return is_place(words) or books.is_city(words)

    return link(
        names,
        [
            chain(_of_a_kind(names, known), _georgia(names)),
            _without_state(names),
            chain(
                _behind_town(names, lambda words: words in names or known(words)),
                _without_built(names, known),
                _up_to_of(names),
                _kind_alone(names),
            ),
        ],
    )


def _of_a_kind(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield names with a kind of place before or behind, and the name itself.

    "Mexico City" is not Mexico, nor need "Vancouver Island" be where Vancouver is.
    """
    for name in names:
        if ahead := KIND_AHEAD.match(name):
            if name[ahead.end() :] in names and name != STATE_OF_GEORGIA:
                yield name, name[ahead.end() :]
        elif behind := KIND_BEHIND.search(name):
            rest = name[: behind.start()]
            if rest in names and not (is_place(rest) if behind["town"] else known(rest)):
                yield name, rest


def _georgia(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield Georgia, which a document has to say of: the country, by this or by its capital, or the
    American state.
    """
    abroad = any(capital_of(name.partition(",")[0]) == GEORGIA for name in names)
    told = {STATE_OF_GEORGIA: not abroad, REPUBLIC_OF_GEORGIA: True}
    fits = [whole for whole in told if whole in names]
    if len(fits) == 1 and told[fits[0]]:
        yield GEORGIA, fits[0]


def _without_state(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield places without what they lie in, shortened by one part at a time."""
    for name in names:
        parts = name.split(", ")
        for end in range(len(parts) - 1, 0, -1):
            yield ", ".join(parts[:end]), name
            if ", ".join(parts[:end]) in names:
                break


def _behind_town(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield what is built without the town that it is called by."""
    for name in names:
        words = name.split()
        if words and words[-1] in BUILT:
            for end in range(1, min(len(words) - 1, PLACE_WORDS + 1)):
                if known(" ".join(words[:end])):
                    yield " ".join(words[end:]), name


def _without_built(names: Mapping[str, int], known: Known) -> Iterator[tuple[str, str]]:
    """Yield what is built without the word for what it is."""
    for name in names:
        words = name.split()
        rest = " ".join(words[:-1])
        if len(words) > 1 and words[-1] in NAMED and not known(rest):
            yield rest, name


def _up_to_of(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield names up to a preposition."""
    for name in names:
        for cut in CUT.finditer(name):
            yield name[: cut.start()], name


def _kind_alone(names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield what only one of the names is."""
    for name in names:
        words = name.split(",")[0].split()
        if len(words) > 1 and words[-1] in BUILT | LAND:
            yield words[-1], name
