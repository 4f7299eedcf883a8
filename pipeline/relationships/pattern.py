"""What a pattern is, and how patterns are matched against a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.documents import Mention, MentionType, Predicate
from pipeline.relationships.asserted import CLAIMS, EVIDENCE, asserted, proven
from pipeline.relationships.denial import denied_noun, denied_subject, indefinite
from pipeline.relationships.lexicon import (
    LOOSE_HEADS,
    NOT_YET,
    ONE_OF_SEVERAL,
    SUBORDINATE,
    UNREAL_VERBS,
    UNREAL_WORDS,
)
from pipeline.relationships.naming import resolve
from pipeline.relationships.sentence import Sentence
from pipeline.relationships.walk import Path, walk

Type = MentionType
Types = frozenset[MentionType]

PEOPLE: Types = frozenset({Type.PERSON})
ORGS: Types = frozenset({Type.ORG})
BODIES: Types = frozenset({Type.ORG, Type.GPE})
ACTORS: Types = frozenset({Type.PERSON, Type.ORG, Type.GPE})
PLACES: Types = frozenset({Type.GPE, Type.LOC, Type.FAC})
SITES: Types = frozenset({Type.ORG, Type.FAC, Type.GPE, Type.LOC})
DATES: Types = frozenset({Type.DATE})
CASES: Types = frozenset({Type.CITATION, Type.DOCKET, Type.EVENT, Type.LAW})
MONEY: Types = frozenset({Type.MONEY})
TREATIES: Types = frozenset({Type.LAW, Type.EVENT})


NAMED_IN_PASSING = frozenset({"appos", "compound", "nmod", "nsubj", "nsubjpass", "poss"})
"""Where a role is taken for granted, whatever the clause says: "its director, Ann, may go"."""

HAPPENING = frozenset({"exist", "occur", "happen", "take", "follow", "arise"})
"""What an act does that there was: "no meeting took place"."""


@dataclass(frozen=True)
class Found:
    """A match: two mention indices, what is said of them, and by which rule."""

    subject: int
    predicate: Predicate
    object: int
    score: float
    rule: str
    start: int
    end: int


@dataclass(frozen=True)
class Pattern:
    """Trigger lemmas of one part of speech, and a path from the trigger to each argument.

    `requires` is a path that must lead somewhere (a particle, an object: "filed suit").
    With `requires_types` it must lead to a mention of these types ("wired $5").
    `symmetric` also pairs the members of a coordinated subject ("Acme and Beta met").
    `alone` takes the subject without what is coordinated with it. `unless` are words that must
    not hang from the trigger. `presupposed` skips the test of assertion: "Acme's attack on Beta"
    is told as a fact wherever it stands. `also` is a further test of the pair. `loose` lets any
    common noun in the object's place stand for whose it is ("struck an Iraqi oil depot").
    """

    rule: str
    predicate: Predicate
    lemmas: frozenset[str]
    pos: frozenset[str]
    subject: Path
    object: Path
    subject_types: Types
    object_types: Types
    score: float
    requires: Path = ()
    symmetric: bool = False
    alone: bool = False
    unless: frozenset[str] = frozenset()
    requires_types: Types | None = None
    also: Callable[[Mention, Mention], bool] | None = None
    presupposed: bool = False
    loose: bool = False


def index_by_lemma(patterns: Sequence[Pattern]) -> Mapping[str, tuple[Pattern, ...]]:
    """Index patterns by trigger lemma, so that a sentence only meets those it can match."""
    index: dict[str, tuple[Pattern, ...]] = {}
    for pattern in patterns:
        for lemma in sorted(pattern.lemmas):
            index[lemma] = (*index.get(lemma, ()), pattern)
    return index


def match(
    sentence: Sentence, mentions: Sequence[Mention], index: Mapping[str, tuple[Pattern, ...]]
) -> Iterator[Found]:
    """Match all patterns against a sentence."""
    for token, lemma in enumerate(sentence.lemmas):
        for pattern in index.get(lemma, ()):
            if sentence.pos[token] in pattern.pos and sentence.mention_of[token] is None:
                yield from _match_at(sentence, mentions, pattern, token)


def _match_at(
    sentence: Sentence, mentions: Sequence[Mention], pattern: Pattern, token: int
) -> Iterator[Found]:
    """Match one pattern at its trigger."""
    if not _fits(sentence, mentions, pattern, token):
        return
    subject_tokens = walk(sentence, token, pattern.subject)
    subjects = resolve(
        sentence, subject_tokens, pattern.subject_types, mentions, pattern.alone, trigger=token
    )
    if not subjects:
        return
    object_tokens = walk(sentence, token, pattern.object)
    objects = resolve(
        sentence, object_tokens, pattern.object_types, mentions, loose=pattern.loose, trigger=token
    )
    pairs = [(subject, object_) for subject in subjects for object_ in objects]
    if pattern.symmetric and not pairs:
        pairs = [(a, b) for i, a in enumerate(subjects) for b in subjects[i + 1 :]]
    if not pairs or not _told(sentence, pattern, token):
        return
    trigger_words = [sentence.words[t] for t in (token, *sentence.children[token])]
    for subject, object_ in pairs:
        if subject != object_ and _suits(pattern, mentions[subject], mentions[object_]):
            yield Found(
                subject,
                weakened(pattern.predicate, mentions[object_], trigger_words),
                object_,
                pattern.score,
                pattern.rule,
                sentence.start,
                sentence.end,
            )


def weakened(predicate: Predicate, object_: Mention, words: Iterable[str]) -> Predicate:
    """Let `leads` say no more than the words do: ministers of a country and deputies are employed
    by it, "a senior leader of" a body is a member of it.
    """
    said = frozenset(words)
    if predicate != Predicate.LEADS:
        return predicate
    if object_.type == Type.ORG and said & LOOSE_HEADS and said & ONE_OF_SEVERAL:
        return Predicate.MEMBER_OF
    if object_.type == Type.ORG and not said & SUBORDINATE:
        return predicate
    return Predicate.EMPLOYED_BY


def _fits(sentence: Sentence, mentions: Sequence[Mention], pattern: Pattern, token: int) -> bool:
    """Test what a pattern asks for beside its arguments."""
    if any(sentence.words[child] in pattern.unless for child in sentence.children[token]):
        return False
    if not pattern.requires:
        return True
    tokens = walk(sentence, token, pattern.requires)
    if pattern.requires_types is None:
        return bool(tokens)
    return bool(resolve(sentence, tokens, pattern.requires_types, mentions))


def _suits(pattern: Pattern, subject: Mention, object_: Mention) -> bool:
    """Apply the pattern's own test of a pair, if it has one."""
    return pattern.also is None or pattern.also(subject, object_)


def _unreal(sentence: Sentence, noun: int) -> bool:
    """Say whether an act is only planned or claimed, was averted or is denied: "its proposed
    takeover of Beta", "no evidence of a payment to Beta".
    """
    if any(sentence.words[child] in UNREAL_WORDS for child in sentence.children[noun]):
        return True
    head, dep = sentence.heads[noun], sentence.deps[noun]
    if dep == "pobj":
        head = sentence.heads[head]
    if denied_noun(sentence, noun):
        return True
    if head == noun:
        return False
    if dep == "pobj" and sentence.lemmas[head] in EVIDENCE | CLAIMS:
        return not proven(sentence, head)
    if dep in ("dobj", "attr", "nsubj", "nsubjpass") and indefinite(sentence, noun):
        told = dep in ("dobj", "attr", "nsubjpass") or sentence.lemmas[head] in HAPPENING
        if told and (sentence.child(head, "neg") or denied_subject(sentence, head)):
            return True
    said = sentence.child(head, "acomp", "attr")
    return sentence.lemmas[head] in UNREAL_VERBS or any(sentence.words[t] in NOT_YET for t in said)


def _told(sentence: Sentence, pattern: Pattern, token: int) -> bool:
    """Test the clause that says it: the trigger's own, or the copula's above a noun."""
    if pattern.presupposed:
        return not _unreal(sentence, token)
    if any(sentence.words[child] in ("no", "not") for child in sentence.children[token]):
        return False
    clause = token
    while sentence.pos[clause] not in ("VERB", "AUX"):
        if sentence.deps[clause] in NAMED_IN_PASSING or sentence.heads[clause] == clause:
            return True
        clause = sentence.heads[clause]
    return asserted(sentence, clause)
