"""From the words that a path leads to, to the names that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.documents import Mention, MentionType
from pipeline.relationships.arguments import objects_of, subjects
from pipeline.relationships.holding import opposed
from pipeline.relationships.lexicon import AREAS, KIN, LEADERS, METONYMS, SPOUSES, TOWNS
from pipeline.relationships.sentence import Sentence

HOLDERS = LEADERS | {"founder", "co-founder", "owner", "minister", "secretary", "ambassador"}
"""Whose name the parser may hang from where they serve: "the head of Acme, Ann, met Bob"."""
PEOPLE_OF = KIN | SPOUSES | {"friend", "neighbor", "neighbour", "girlfriend", "boyfriend", "child"}
"""Who is another than the one they belong to."""
FIRMS = frozenset({"company", "corporation", "firm", "holding", "club", "team", "business"})
"""What is a party of its own beside the person whose it is: "Ann's company was paid"."""
FIRING = frozenset({"fire", "launch"})
"""What is sent by these goes on in its sender's name: "fired a missile that hit Riyadh"."""
DRIVING = frozenset({"fire", "launch", "drop", "fly", "pilot", "drive", "lead", "head", "command"})
"""Who does this to a force, a rocket or a delegation acts through it."""


def resolve(
    sentence: Sentence,
    tokens: Iterable[int],
    types: frozenset[MentionType],
    mentions: Sequence[Mention],
    alone: bool = False,
    loose: bool = False,
    trigger: int | None = None,
) -> list[int]:
    """Turn tokens into mentions of `types`: the mention a token stands in, what is coordinated
    with it (unless `alone`), or the name that a common noun stands for (`loose`: any noun).
    What the `trigger` says in an aside is said of no name behind it.
    """
    found: list[int] = []
    for token in tokens:
        members = [token] if alone else coordinated(sentence, token)
        if trigger is not None and token < trigger and _aside(sentence, token, trigger):
            members = [member for member in members if member < trigger]
        for member in members:
            for index in _named(sentence, member, loose, mentions):
                if mentions[index].type in types and index not in found:
                    found.append(index)
    return found


def _aside(sentence: Sentence, token: int, trigger: int) -> bool:
    """Say whether a trigger hangs from a name: "Ann, a partner at Acme, and Bob met"."""
    while sentence.heads[trigger] not in (trigger, token):
        trigger = sentence.heads[trigger]
    return sentence.heads[trigger] == token and sentence.deps[trigger] in ("appos", "relcl", "acl")


def coordinated(sentence: Sentence, token: int) -> list[int]:
    """List a token and all that is coordinated with it."""
    found = [token]
    for other in found:
        found += [
            child
            for child in sentence.child(other, "conj")
            if sentence.pos[child] in ("PROPN", "NOUN", "NUM", "X", "ADJ")
            and sentence.words[child - 1] != "not"
            and not _in_own_clause(sentence, child)
        ]
    return found


def _in_own_clause(sentence: Sentence, token: int) -> bool:
    """Find the next sentence behind a semicolon that the parser took for one more member."""
    before = sentence.words[sentence.heads[token] : token]
    return ";" in before and bool(sentence.child(token, "cop", "relcl", "appos", "poss"))


def owners(sentence: Sentence, token: int) -> list[int]:
    """Find the words around a noun that may say whose it is: "U.S. and Iraqi forces"."""
    lemma = sentence.lemmas[token]
    near = sentence.child(token, "compound", "nmod", "amod", "poss")
    near = [t for t in near if not opposed(sentence, t)]
    near += [
        inner
        for outer in near
        if sentence.mention_of[outer] is None
        for inner in sentence.child(outer, "compound", "poss")
    ]
    near += [other for first in near for other in sentence.child(first, "conj")]
    for clause in sentence.child(token, "acl", "relcl"):
        if sentence.lemmas[clause] in DRIVING and not sentence.child(clause, "nsubj"):
            near += objects_of(sentence, clause, frozenset({"by"}))
    if sentence.deps[token] == "dobj" and sentence.lemmas[sentence.heads[token]] in FIRING:
        near += subjects(sentence, sentence.heads[token])
    if lemma in ("strike", "airstrike", "raid"):
        near += objects_of(sentence, token, frozenset({"by"}))
    for loyal in sentence.child(token, "amod", "acl"):
        if sentence.words[loyal] in ("loyal", "belonging"):
            near += objects_of(sentence, loyal, frozenset({"to"}))
    return near + objects_of(sentence, token, frozenset({"of", "from"}))


def _named(sentence: Sentence, token: int, loose: bool, mentions: Sequence[Mention]) -> list[int]:
    """Name the mention that a token stands for: "the insurer, Acme Ltd", "Iraqi forces",
    "a company (based in Rome)" of which the sentence says that Acme is one. A person's firm is
    another than the person.
    """
    own = sentence.mention_of[token]
    if own is not None:
        return [own]
    near = [t for first in sentence.child(token, "appos") for t in coordinated(sentence, first)]
    lemma = sentence.lemmas[token]
    another = lemma in PEOPLE_OF or bool(near)  # "Ann's brother", "Ann's brother, Bob"
    if lemma in METONYMS or (loose and sentence.pos[token] == "NOUN" and not another):
        near += [t for t in owners(sentence, token) if not _is_person(sentence, t, mentions, lemma)]
    elif lemma in TOWNS:
        within = objects_of(sentence, token, frozenset({"of"}))
        within = [other for first in within for other in coordinated(sentence, first)]
        near += within or sentence.child(token, "compound", "nmod")
    elif lemma in AREAS:
        near += sentence.child(token, "compound", "nmod")
    elif lemma in HOLDERS and not near:
        places = objects_of(sentence, token, frozenset({"of"}))
        near += [t for place in places for t in sentence.child(place, "appos")]
    head = sentence.heads[token]
    if sentence.deps[token] == "attr" and sentence.lemmas[head] == "be":
        near += sentence.child(head, "nsubj")
    elif sentence.deps[token] == "appos":
        near.append(head)
    named = (sentence.mention_of[t] for t in near if t != token)
    return [index for index in named if index is not None]


def _is_person(sentence: Sentence, token: int, mentions: Sequence[Mention], thing: str) -> bool:
    """Say whether a firm's owner is a person, for whom it does not stand."""
    owner = sentence.mention_of[token]
    return thing in FIRMS and owner is not None and mentions[owner].type == MentionType.PERSON
