"""Made-up names with known truth: which of them are one thing.

The recipe. Things are made one after another from a seed, so the first names of a larger set are a
smaller one. THINGS says what they are, `measuring.name_stock` how often a name is used,
`measuring.name_things` how things are called. A thing has one name in 68 of 100 cases, else two
(21), three (7), four (3) or five (1); each further name is made of what is known of the thing by
one kind of variation, drawn by its weight in KINDS. Names are normal forms, as `resolve` makes
them: titles, capitals, "Smith, John", "The" and "Limited" for "Ltd" are gone already.

A name that two things have ("j smith" of two families) is one name of the project, and nobody's: no
pair of it counts as true, since nothing in it says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby
from random import Random
from typing import NamedTuple

from measuring.name_stock import Ranks
from measuring.name_things import Thing, make_thing

NOBODY = -1
MAIN = "main"
OTHER_TYPE = "other type"
SEED = 20_240_607
NAMES_OF_A_THING = {1: 68, 2: 21, 3: 7, 4: 3, 5: 1}
THINGS = {"PERSON": 50, "ORG": 32, "GPE": 12, "NORP": 1, "EVENT": 1, "LAW": 1, "DATE": 1,
          "MONEY": 2}  # fmt: skip
KINDS: Mapping[str, Mapping[str, int]] = {
    "PERSON": {"middle": 26, "initial": 16, "pet name": 14, "spelling": 9, "typing": 8, "order": 3,
               "misread": 5, "suffix": 5, "blanks": 4, OTHER_TYPE: 3},
    "ORG": {"legal form": 38, "acronym": 18, "typing": 8, OTHER_TYPE: 6, "misread": 5,
            "blanks": 3, "and": 5, "singular": 5, "order": 5},
    "GPE": {"state": 70, OTHER_TYPE: 15, "blanks": 10, "saint": 5},
}  # fmt: skip
# What a thing is taken for beside what it is.
TAKEN_FOR = {"PERSON": "ORG", "ORG": "PERSON", "GPE": "ORG"}
TRIES = 4


class MadeNames(NamedTuple):
    """Distinct names in columns: `things` are numbers of what is named, NOBODY for a name of two
    things; `kinds` say how each was made.
    """

    types: Sequence[str]
    normals: Sequence[str]
    things: Sequence[int]
    kinds: Sequence[str]

    def true_pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the places of each two names of one thing, the earlier first."""
        known = [at for at, thing in enumerate(self.things) if thing != NOBODY]
        known.sort(key=self.things.__getitem__)
        for _, places in groupby(known, key=self.things.__getitem__):
            members = list(places)
            for end, later in enumerate(members):
                for earlier in members[:end]:
                    yield earlier, later


def make_names(count: int, seed: int = SEED) -> MadeNames:
    """Make so many distinct names; about 10 microseconds each."""
    random, ranks = Random(seed), Ranks(seed)
    types: list[str] = []
    normals: list[str] = []
    things: list[int] = []
    kinds: list[str] = []
    seen: dict[str, dict[str, int]] = {type_: {} for type_ in THINGS}
    thing, sorts = 0, Weighed(THINGS)
    while len(normals) < count:
        for type_, normal, kind in _called(make_thing(sorts(random), ranks, random), random):
            at = seen[type_].setdefault(normal, len(normals))
            if at < len(normals):
                if things[at] != thing:
                    things[at] = NOBODY
                continue
            if at == count:
                break
            types.append(type_)
            normals.append(normal)
            things.append(thing)
            kinds.append(kind)
        thing += 1
    return MadeNames(types, normals, things, kinds)


def _called(thing: Thing, random: Random) -> Iterator[tuple[str, str, str]]:
    """Yield (type, normal form, kind of variation) of a thing's names, the main one first."""
    yield thing.type, thing.main, MAIN
    if thing.type not in WEIGHED_KINDS:
        return
    kinds = WEIGHED_KINDS[thing.type]
    for _ in range(int(WEIGHED_NUMBERS(random)) - 1):
        for _ in range(TRIES):
            kind = kinds(random)
            if kind == OTHER_TYPE:
                yield TAKEN_FOR[thing.type], thing.main.partition(",")[0], kind
                break
            if (name := thing.variation(kind, random)) and name != thing.main:
                yield thing.type, name, kind
                break


class Weighed:
    """Picks among words by their weights."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._words = list(weights)
        self._sums = list(accumulate(weights.values()))

    def __call__(self, random: Random) -> str:
        """Pick one."""
        return random.choices(self._words, cum_weights=self._sums)[0]


WEIGHED_KINDS = {type_: Weighed(kinds) for type_, kinds in KINDS.items()}
WEIGHED_NUMBERS = Weighed({str(number): weight for number, weight in NAMES_OF_A_THING.items()})
