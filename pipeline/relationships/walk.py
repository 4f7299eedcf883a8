"""Steps through a dependency tree: from a trigger word to the words that may be its arguments.

A path is a tuple of steps. A step is a name, or a name and its words ("prep:with,to"); each takes
the tokens the step before gave, and gives others. `naming` then turns tokens into mentions.
"""

from __future__ import annotations

from pipeline.relationships.arguments import (
    Step,
    agents,
    datives,
    objects_of,
    patients,
    prepositions,
    subjects,
)
from pipeline.relationships.holding import holders, institutions, named_modifiers, possessors
from pipeline.relationships.naming import owners
from pipeline.relationships.sentence import Sentence

Path = tuple[str, ...]


def only(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Go on only from these lemmas, outside of names."""
    return [token] if sentence.lemmas[token] in words and _unnamed(sentence, token) else []


def _unnamed(sentence: Sentence, token: int) -> bool:
    """Say whether a token is outside all mentions."""
    return sentence.mention_of[token] is None


def bare(sentence: Sentence, token: int, _: frozenset[str]) -> list[int]:
    """Go on only from a noun that no "of" names: not "a treaty of the Grand Alliance"."""
    of = objects_of(sentence, token, frozenset({"of"}))
    return [token] if all(_unnamed(sentence, other) for other in of) else []


def governor(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Go up to the head if it is one of these lemmas (any, if none are given)."""
    head = sentence.heads[token]
    return [head] if head != token and (not words or sentence.lemmas[head] in words) else []


def anchor(sentence: Sentence, token: int, _: frozenset[str]) -> list[int]:
    """Go from a preposition or participle to the noun it is attached to."""
    head = sentence.heads[token]
    return [head] if sentence.mention_of[head] is not None else []


def sums(sentence: Sentence, noun: int, _: frozenset[str]) -> list[int]:
    """Find what a payment may name: "$5", "a $5 fee", "a payment of $5", "a check for $5"."""
    if sentence.mention_of[noun] is not None:
        return [noun]
    found = [noun, *named_modifiers(sentence, noun)]
    return found + objects_of(sentence, noun, frozenset({"of", "for", "in"}))


def clauses(sentence: Sentence, noun: int, _: frozenset[str]) -> list[int]:
    """Find the participles and relative clauses of a noun: "a suit brought by Ann"."""
    return sentence.child(noun, "acl", "relcl")


def direct(sentence: Sentence, verb: int, _: frozenset[str]) -> list[int]:
    """Find the object that is left to a passive: "was paid $5"."""
    return sentence.child(verb, "dobj")


def chained(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Find objects of prepositions through nouns without a name: "board of directors of Acme"."""
    found: list[int] = []
    for obj in objects_of(sentence, token, words):
        named = sentence.mention_of[obj] is not None
        found += [obj] if named else [obj, *chained(sentence, obj, words)]
    return found


def phrase(sentence: Sentence, noun: int, words: frozenset[str]) -> list[int]:
    """Find objects of prepositions in a noun's phrase, hung from it or from an earlier part of it:
    "the payment of $5 by Ann to Bob", "a suit filed in Rome by Ann against Bob".
    """
    found = objects_of(sentence, noun, words)
    inner = clauses(sentence, noun, words)
    parts = [noun, *inner]
    for _ in range(2):  # "the payment of [$5 by Ann] to Bob": two levels are as deep as it goes
        preps = [prep for part in parts for prep in prepositions(sentence, part)]
        parts = [obj for prep in preps for obj in sentence.child(prep, "pobj")]
        inner = [*inner, *preps, *parts]
    for part in inner:
        found += objects_of(sentence, part, words)
    return sorted(set(found))


def objectless(sentence: Sentence, verb: int, _: frozenset[str]) -> list[int]:
    """Go on only from an active verb without an object: "signed for Acme", not "signed it for"."""
    return [] if sentence.child(verb, "dobj", "auxpass", "agent") else [verb]


def unowned(sentence: Sentence, noun: int, _: frozenset[str]) -> list[int]:
    """Go on only from a noun of which no name says whose it is."""
    named = any(sentence.mention_of[t] is not None for t in owners(sentence, noun))
    return [] if named or sentence.mention_of[noun] is not None else [noun]


def governed(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Go on only from what one of these prepositions governs: "a clerk at Acme"."""
    is_object = sentence.deps[token] == "pobj"
    return [token] if is_object and sentence.words[sentence.heads[token]] in words else []


def preceding(sentence: Sentence, preposition: int, _: frozenset[str]) -> list[int]:
    """Find the name right before a preposition, whatever the parser hung it from."""
    before = preposition - 1
    if before > 0 and sentence.words[before] == ",":
        before -= 1
    named = before >= 0 and sentence.mention_of[before] is not None
    return [before] if named else anchor(sentence, preposition, frozenset())


def complements(sentence: Sentence, preposition: int, _: frozenset[str]) -> list[int]:
    """Find what a preposition governs."""
    return sentence.child(preposition, "pobj")


def particles(sentence: Sentence, verb: int, words: frozenset[str]) -> list[int]:
    """Find a verb's particle: "took over"."""
    return [t for t in sentence.child(verb, "prt") if sentence.words[t] in words]


def modifiers(sentence: Sentence, noun: int, words: frozenset[str]) -> list[int]:
    """Find words of a list in front of a noun: "district attorney"."""
    found = sentence.child(noun, "compound", "amod", "nmod")
    return [t for t in found if sentence.words[t] in words]


def first_object(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Find the object of the first of these prepositions alone: "born in Rome, in Italy"."""
    return objects_of(sentence, token, words)[:1]


def times(sentence: Sentence, verb: int, _: frozenset[str]) -> list[int]:
    """Find a time without a preposition: "born 4 May 1950"."""
    return sentence.child(verb, "npadvmod")


STEPS: dict[str, Step] = {
    "modifier": modifiers,
    "first": first_object,
    "when": times,
    "pobj": complements,
    "particle": particles,
    "agent": agents,
    "patient": patients,
    "subject": subjects,
    "prep": objects_of,
    "dative": datives,
    "poss": possessors,
    "only": only,
    "bare": bare,
    "up": governor,
    "anchor": anchor,
    "holder": holders,
    "at": institutions,
    "sum": sums,
    "clause": clauses,
    "dobj": direct,
    "before": preceding,
    "chain": chained,
    "phrase": phrase,
    "unowned": unowned,
    "objectless": objectless,
    "governed": governed,
    "named": named_modifiers,
}


def walk(sentence: Sentence, token: int, path: Path) -> list[int]:
    """Follow a path from a token; the tokens it ends at, in order of discovery."""
    tokens = [token]
    for step in path:
        name, _, words = step.partition(":")
        allowed = frozenset(words.split(",")) if words else frozenset()
        tokens = [end for start in tokens for end in STEPS[name](sentence, start, allowed)]
    return tokens
