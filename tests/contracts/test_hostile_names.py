"""Names of every odd kind, and very many of one kind: published, settled, reported; never a crash.

What each costs is in `benchmarks/resolution.py`; here it is that comparisons stay bounded.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from registry_case import name
from registry_case import registry as in_memory
from store_case import StoreCase
from stored_registry import StoredRegistry

from pipeline.name_marks import MARKS
from pipeline.registry.blocks import BOUND
from pipeline.stores.registry_reader import RegistryReader

LONG = "Abcdefghij" * 1_000
ODD = [
    ("PERSON", LONG), ("ORG", LONG), ("GPE", LONG),
    ("PERSON", f"John {LONG}"), ("ORG", f"{LONG} Inc."),
    ("PERSON", " ".join(["John"] * 2_000)), ("ORG", " ".join(["Acme Bank"] * 1_000)),
    ("PERSON", "..."), ("ORG", "&&&"), ("GPE", "--- ,"), ("PERSON", "'"), ("ORG", "()/"),
    ("PERSON", "Иван Smith"), ("PERSON", "John Смит"), ("ORG", "Газпром Bank"),
    ("PERSON", "محمد بن سلمان"), ("PERSON", "בנימין נתניהו"), ("ORG", "بنك البحرين Bank"),
    ("PERSON", "习近平"), ("PERSON", "김정은"), ("GPE", "東京"),
    ("PERSON", "😀 😀"), ("ORG", "👩‍👩‍👧 Ltd"), ("PERSON", "John 🎉 Smith"),
    ("PERSON", "J\u200bohn Smith"), ("PERSON", "\u202eSmith John"), ("PERSON", "é" * 300),
    ("PERSON", "a"), ("ORG", "1"), ("PERSON", "12345"), ("ORG", "O'"), ("PERSON", "Jr."),
    ("DOCKET", LONG), ("DOCKET", f"1:19-cv-{'1' * 10_000}"),
    ("DOCKET", f"1:19-cv-05642{'-JSR' * 2_000}"),
    ("DOCKET", f"{'9' * 5_000}:19-cv-05642"), ("DOCKET", "No. "), ("DOCKET", "---"),
    ("DOCKET", "1:19-cv-05642 (S.D.N.Y.) (N.D. Cal.)"), ("DOCKET", "0:00-cv-00000"),
    ("DOCKET", "٣:١٩-cv-٠٥٦٤٢"), ("DOCKET", "S99 19 Cr. 373 (A/B/C)"), ("DOCKET", "19-0"),
    ("LAW", LONG), ("LAW", f"18 U.S.C. § {'1' * 10_000}"), ("LAW", "§ §"), ("LAW", "18 U.S.C. §"),
    ("LAW", "١٨ U.S.C. § ١٣٤٣"), ("LAW", "18 U.S.C. § 1343" + "(a)" * 3_000), ("LAW", "()"),
    *(
        ("PERSON", f"{words}{mark}")
        for mark in MARKS
        for words in ("John Smith", "John Smith Jr.", "John Smith, person", "Jr.", "...", "",
                      "Иван Smith", "习近平", LONG)
    ),
]  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _stutter(word: str, chance: random.Random) -> str:
    """Write a word as a bad scan reads it. Two letters would be too few: of twelve they make only
    some 35,000 words.
    """
    letters = list(word)
    for _ in range(3):
        letters[chance.randrange(1, len(letters))] = chance.choice(LETTERS)
    return "".join(letters)


def _many(kind: str, count: int) -> list[tuple[str, str]]:
    """Make so many names that are nearly one."""
    chance = random.Random(kind)
    made: dict[tuple[str, str], None] = {}
    while len(made) < count:
        match kind:
            case "stutter":
                one = ("PERSON", f"John {_stutter('Abernathyson', chance).title()}")
            case "company stutter":
                one = ("ORG", f"{_stutter('consolidated', chance).title()} Amalgamated Holdings")
            case "numbers":
                one = ("PERSON", f"Subscriber {len(made):07}")
            case "cases":
                one = ("DOCKET", f"1:19-cv-{len(made):05}-{chance.choice(('JSR', 'LAP'))}")
            case "judges":
                office = chance.choice(("", "1:", "2:"))
                judge = "".join(chance.choices(LETTERS, k=4)).upper()
                one = ("DOCKET", f"{office}19-cv-05642-{judge}")
            case _:
                one = ("PERSON", f"{''.join(chance.choices(LETTERS, k=6)).title()} Smith")
        made[one] = None
    return list(made)


KINDS = ("stutter", "company stutter", "numbers", "one surname", "cases", "judges")


def test_names_of_every_odd_kind_are_settled(store_case: StoreCase) -> None:
    registry = StoredRegistry(store_case, bound=BOUND)
    for number, one in enumerate(ODD):
        registry.publish(f"d{number}", [one])
    registry.publish("all", ODD)
    registry.catch_up()
    assert registry.stored() == registry.rebuilt()
    # No index takes names of over 2,000 bytes: their mentions are left out, and counted.
    entities = {one: registry.entity(*one) for one in ODD if len(one[1]) < 2_000}
    apart = [("PERSON", "..."), ("PERSON", "'"), ("GPE", "東京"), ("ORG", "&&&"), ("ORG", "1")]
    assert len({entities[one] for one in apart}) == len(apart)
    assert entities["PERSON", "J\u200bohn Smith"] == entities["PERSON", "\u202eSmith John"]


@pytest.mark.parametrize("kind", KINDS)
def test_comparisons_of_names_that_are_nearly_one_are_bounded(kind: str) -> None:
    """However many they are: a name has few keys, and meets few by each."""
    names = list({one.id: one for one in (name(*words) for words in _many(kind, 3_000))}.values())
    compared = misses = 0
    entities: dict[str, str] = {}
    for grown in in_memory(names, bound=BOUND).rebuild([one.id for one in names]):
        compared, misses = compared + grown.compared, misses + len(grown.misses)
        entities |= grown.entities
    assert compared <= len(names) * max(len(one.keys) for one in names) * BOUND / 2
    sizes = Counter(entities.values())
    assert max(sizes.values()) < 20, "a chain of small steps leads nowhere"
    if kind in {"numbers", "cases"}:
        assert len(sizes) == len(names)
        assert misses == 0


def test_a_shorter_form_in_a_crowd_joins_nothing() -> None:
    """Not even the one of the many that it does see: it may be any of the others."""
    given = "John James Joseph Jack Jane Julia Joan Janet Jacob Jason Jerome Judith Joyce Joel"
    many = [f"{one} {middle}. Smith" for one in given.split() for middle in "ABCD"]
    for count, together in ((0, True), (len(many), False)):
        pool = ["J. Smith", "J. Smith Jr.", *many[:count]]
        names = {one: name("PERSON", one) for one in pool}
        entities: dict[str, str] = {}
        whole = in_memory(names.values(), bound=BOUND)
        for grown in whole.rebuild([one.id for one in names.values()]):
            entities |= grown.entities
        own, other = (entities[names[one].id] for one in pool[:2])
        assert (own == other) is together


def test_what_a_stutter_takes_apart_is_told(store_case: StoreCase) -> None:
    """One person with two names, and then a list in which a scan has read hers in many ways."""
    registry = StoredRegistry(store_case, bound=BOUND)
    reader = RegistryReader(store_case.engine, store_case.project)
    registry.publish("a", [("PERSON", "John Abernathyson"), ("PERSON", "John Abernathysom")])
    registry.catch_up()
    assert len(set(registry.stored()[0].values())) == 1
    assert reader.caps() == reader.dissolved(9) == []
    registry.publish("list", _many("stutter", 700))
    registry.catch_up()
    assert registry.stored() == registry.rebuilt()
    assert reader.caps()
    assert ["john abernathysom", "john abernathyson"] in [row.names for row in reader.dissolved(9)]
    registry.forget("list")
    registry.catch_up()
    assert reader.caps() == reader.dissolved(9) == []
    assert len(set(registry.stored()[0].values())) == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_fifty_thousand_names_that_are_nearly_one(store_case: StoreCase, kind: str) -> None:
    registry = StoredRegistry(store_case, bound=BOUND)
    registry.publish("a", [("PERSON", "Jane Roe"), ("PERSON", "J. Roe")])
    registry.publish("list", _many(kind, 50_000))
    update = registry.catch_up()
    assert update.whole
    assert update.compared <= 50 * 50_000
    assert registry.entity("PERSON", "Jane Roe") == registry.entity("PERSON", "J. Roe")
    # Of cases each has a block of its own.
    caps = RegistryReader(store_case.engine, store_case.project).caps()
    assert bool(caps) is (kind != "cases")
    registry.publish("b", [("PERSON", "Jane Q. Roe")])
    assert registry.catch_up().compared < 100
    assert registry.stored() == registry.rebuilt()


@pytest.mark.long
@pytest.mark.parametrize(
    ("type_", "full", "shorter"),
    [("PERSON", "John Smith", "J. Smith"), ("DOCKET", "1:19-cv-05642-JSR", "1:19-cv-05642")],
)
def test_five_thousand_documents_with_one_name(
    store_case: StoreCase, type_: str, full: str, shorter: str
) -> None:
    registry = StoredRegistry(store_case, bound=BOUND)
    for number in range(5_000):
        registry.publish(f"d{number}", [(type_, full)])
        if number % 500 == 0:
            registry.catch_up()
    registry.publish("last", [(type_, shorter)])
    assert registry.catch_up().compared < 10
    assert registry.stored() == registry.rebuilt()
    assert registry.entity(type_, shorter) == registry.entity(type_, full)
