"""Places that documents of one project name: which are one, from the texts to the entities."""

from __future__ import annotations

from resolution_case import BOOKS, STAGE, extracted

from pipeline.documents import MentionType, Names
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing
from pipeline.registry.decisions import Constraints
from pipeline.registry.explaining import rules_in_words
from pipeline.registry.growing import Registry

T = MentionType


Document = tuple[str, ...]


def answered(documents: tuple[Document, ...]) -> list[Names]:
    """Resolve documents, each a text with the places in it, one after another."""
    made = [extracted(text, *((name, T.GPE) for name in names)) for text, *names in documents]
    answers = [answer for answer in STAGE(made) if isinstance(answer, Names)]
    assert len(answers) == len(documents)
    return answers


def registry_of(answers: list[Names]) -> tuple[Registry, dict[str, LiveName]]:
    """Put the names of documents into a registry."""
    live = {
        f"{name.type} {name.normal}": LiveName(
            f"{name.type} {name.normal}", name.type, name.normal, name.keys
        )
        for answer in answers
        for name in answer.names
    }
    return Registry(MemoryBlocks(live.values()), Constraints(), Comparing(BOOKS)), live


def entities(*documents: Document) -> list[str]:
    """Give the entity of each place of all documents by a letter, in their order."""
    answers = answered(documents)
    registry, live = registry_of(answers)
    found: dict[str, str] = {}
    for grown in registry.rebuild(live):
        found |= grown.entities
    letters: dict[str, str] = {}
    said = ""
    for answer in answers:
        for link in answer.links:
            name = answer.names[link.name]
            entity = found[f"{name.type} {name.normal}"]
            said += letters.setdefault(entity, "abcdefgh"[len(letters)])
        said += " "
    return said.split()


def test_names_of_one_city_are_one_place_across_documents() -> None:
    assert entities(("Kiev burnt.", "Kiev"), ("Kyiv was rebuilt.", "Kyiv")) == ["a", "a"]
    assert entities(
        ("Bombay", "Bombay"), ("Mumbai", "Mumbai"), ("Mumbai, India", "Mumbai, India"),
        ("Bombay, India", "Bombay, India"), ("Madras", "Madras"),
    ) == ["a", "a", "a", "a", "b"]  # fmt: skip


def test_another_name_of_a_city_is_not_of_its_namesake_elsewhere() -> None:
    moscow = ("Moscow", "Moscow"), ("Moskva", "Moskva"), ("Moscow, Idaho", "Moscow, Idaho")
    assert entities(*moscow) == ["a", "a", "b"]
    assert entities(("Moskva", "Moskva"), ("Moscow, Idaho", "Moscow, Idaho")) == ["a", "b"]


def test_it_is_said_that_a_place_has_another_name() -> None:
    answers = answered((("Kiev", "Kiev"), ("Kyiv", "Kyiv")))
    [grown] = registry_of(answers)[0].rebuild(["GPE kiev", "GPE kyiv"])
    [edge] = grown.edges
    assert rules_in_words(edge.comparison.rules) == ["another name of the place"]
