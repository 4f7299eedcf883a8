"""What was found in gold documents, against what is labelled there.

Names: exact spans with their type, of people, organisations and places (GPE, FAC and LOC are one);
a leading article and a final possessive are of no name. Relations: between labelled things of one
document, wherever it says so, for the predicates that Wikidata has too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from measuring.gold import TYPES, trimmed
from pipeline.documents import Mention, Predicate, Relationship

PLACES = ("GPE", "FAC", "LOC")
Fact = tuple[str, str, str]
SYMMETRIC = (Predicate.MARRIED_TO, Predicate.RELATED_TO)
PROPERTIES: Mapping[str, Predicate] = {
    **dict.fromkeys(("P131", "P17", "P276", "P159", "P551", "P30"), Predicate.LOCATED_IN),
    **dict.fromkeys(("P463", "P102", "P54"), Predicate.MEMBER_OF),
    **dict.fromkeys(("P361", "P749"), Predicate.PART_OF),
    **dict.fromkeys(("P22", "P25", "P40", "P3373"), Predicate.RELATED_TO),
    "P26": Predicate.MARRIED_TO, "P108": Predicate.EMPLOYED_BY, "P1830": Predicate.OWNS,
    "P569": Predicate.BORN_ON, "P19": Predicate.BORN_IN,
}  # fmt: skip
TURNED: Mapping[str, Predicate] = {
    **dict.fromkeys(("P6", "P35", "P488", "P169"), Predicate.LEADS),
    **dict.fromkeys(("P527", "P355"), Predicate.PART_OF),
    "P127": Predicate.OWNS, "P112": Predicate.FOUNDED,
}  # fmt: skip
"""Properties that are read object → subject."""


@dataclass
class Score:
    """How many were right, of those found and of those labelled."""

    right: int = 0
    found: int = 0
    labelled: int = 0

    def add(self, found: set[Any], labelled: set[Any]) -> None:
        """Add a document."""
        self.right += len(found & labelled)
        self.found += len(found)
        self.labelled += len(labelled)

    def as_json(self) -> dict[str, float]:
        """Give counts, precision, recall and F1."""
        precision = self.right / max(self.found, 1)
        recall = self.right / max(self.labelled, 1)
        both = precision + recall
        return {
            "right": self.right,
            "found": self.found,
            "labelled": self.labelled,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / both, 4) if both else 0.0,
        }


def labelled_names(document: Mapping[str, Any]) -> set[tuple[int, int, str]]:
    """Give the names of a gold document as (start, end, type)."""
    return {
        (*trimmed(document["text"], x["start"], x["end"]), _type(TYPES[x["type"]].value))
        for x in document["mentions"]
        if x["type"] in TYPES
    }


def found_names(text: str, mentions: Iterable[Mention]) -> set[tuple[int, int, str]]:
    """Give the names that were found, in the same way."""
    return {
        (*trimmed(text, x.start, x.end), _type(x.type.value))
        for x in mentions
        if x.type.value in TYPES
    }


def labelled_facts(document: Mapping[str, Any]) -> set[Fact]:
    """Give the relations of a gold document as (thing, predicate, thing)."""
    facts: set[Fact] = set()
    for relation in document["relations"]:
        subject, object_ = str(relation["subject"]), str(relation["object"])
        if predicate := PROPERTIES.get(relation["predicate"]):
            facts.add(_fact(subject, predicate, object_))
        elif predicate := TURNED.get(relation["predicate"]):
            facts.add(_fact(object_, predicate, subject))
    return facts


def found_facts(
    document: Mapping[str, Any], mentions: tuple[Mention, ...], relations: Iterable[Relationship]
) -> set[Fact]:
    """Give the relations that were found in the same way. A thing that is not labelled has the name
    of its words: no fact about it is right.
    """
    text = document["text"]
    things = {trimmed(text, x["start"], x["end"]): str(x["entity"]) for x in document["mentions"]}

    def thing(index: int) -> str:
        mention = mentions[index]
        span = trimmed(text, mention.start, mention.end)
        return things.get(span) or f"“{mention.text}”"

    known = {*PROPERTIES.values(), *TURNED.values()}
    return {
        _fact(thing(x.subject), x.predicate, thing(x.object))
        for x in relations
        if x.predicate in known
    }


def _fact(subject: str, predicate: Predicate, object_: str) -> Fact:
    if predicate in SYMMETRIC:
        subject, object_ = sorted((subject, object_))
    return subject, predicate.value, object_


def _type(name: str) -> str:
    return "PLACE" if name in PLACES else name
