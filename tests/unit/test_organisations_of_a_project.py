"""Organisations that documents of one project name: which are one, by their real keys and words."""

from __future__ import annotations

from pipeline.documents import MentionType
from pipeline.engines.name_books import NameBooks
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing
from pipeline.registry.decisions import Constraints
from pipeline.registry.growing import Grown, Registry
from pipeline.resolution.keys import blocking_keys
from pipeline.resolution.normal import NormalForms

ORG = MentionType.ORG
BOOKS = NameBooks()
NORMAL = NormalForms(BOOKS)


def grown(*names: str) -> Grown:
    """Settle names as texts write them; each stands for its own id."""
    normals = {name: NORMAL(ORG, name) for name in names}
    live = [
        LiveName(name, ORG, normal, blocking_keys(ORG, normal, BOOKS))
        for name, normal in normals.items()
    ]
    return Registry(MemoryBlocks(live), Constraints(), Comparing(BOOKS)).grow(names)


def entities(*names: str) -> set[frozenset[str]]:
    """Give the names of each entity."""
    found = grown(*names).entities
    return {frozenset(one for one in names if found[one] == entity) for entity in found.values()}


def test_a_chain_of_slips_does_not_swallow_a_family_of_companies() -> None:
    chain = ("Accenture", "Accentura", "Accentula", "Accentila", "Accendila")
    for one in entities(*chain):
        places = sorted(map(chain.index, one))
        assert places[-1] - places[0] <= 2


def test_the_misspellings_of_one_company_are_that_company() -> None:
    for names in (
        ("Accenture", "Accentur", "Acenture", "Accenturre", "Accemture"),
        ("Lufthansa", "Luftansa", "Lufthanza", "Lufthansaa"),
    ):
        assert entities(*names) == {frozenset(names)}


def test_a_ministry_that_does_not_say_whose_it_is_is_shown_beside_each() -> None:
    bare = ("Ministry of Defence", "Defense Ministry")
    told = ("Ministry of Defence of Ukraine", "Defense Ministry of Russia")
    assert entities(*bare, *told) == {frozenset(bare), *(frozenset([one]) for one in told)}
    misses = {frozenset((miss.one, miss.other)) for miss in grown(*bare, *told).misses}
    assert misses == {frozenset((one, other)) for one in bare for other in told}
