"""What denies a clause without standing on its verb: "nobody saw", "paid nothing", "no proof"."""

from __future__ import annotations

from pipeline.relationships.lexicon import word_set
from pipeline.relationships.sentence import Sentence

NOBODY = word_set("nobody none nothing neither noone")
NO = word_set("no not neither n't n’t nor hardly scarcely barely")
MORE_THAN = word_set("only just merely simply more less fewer later")
"""What takes the denial back: "not only Ann", "no more than $5"."""
OCCASIONS = word_set(
    "time occasion point circumstance way account event instance stage moment condition means"
)
"""What is said with "no" of the whole clause: "at no time", "on no occasion"."""
SUBJECTS = ("nsubj", "nsubjpass")
DEFINITE = word_set("the this that these those its his her their")


def denied_noun(sentence: Sentence, noun: int) -> bool:
    """Say whether a noun means none of its kind: "no witness", "not one of them", "nobody"."""
    if sentence.words[noun] in NOBODY:
        return sentence.mention_of[noun] is None
    before = [child for child in sentence.children[noun] if child < noun]
    counted = [word for child in before for word in sentence.child(child, "neg")]  # "not one man"
    return any(
        sentence.words[word] in NO
        and sentence.mention_of[word] is None
        and sentence.words[word + 1] not in MORE_THAN
        for word in before + counted
    )


def denied_subject(sentence: Sentence, verb: int) -> bool:
    """Say whether nobody and nothing is what a verb has for its subject."""
    return any(denied_noun(sentence, subject) for subject in sentence.child(verb, *SUBJECTS))


def denied_object(sentence: Sentence, verb: int) -> bool:
    """Say whether a verb's object is none: "paid Ann nothing", "filed no lawsuit against Bob"."""
    objects = sentence.child(verb, "dobj", "oprd")
    return any(
        denied_noun(sentence, object_) and sentence.lemmas[object_] not in OCCASIONS
        for object_ in objects
    )


def denied_throughout(sentence: Sentence, verb: int) -> bool:
    """Say whether a clause is denied for all times and ways: "at no time did Ann meet Bob"."""
    placed = [o for prep in sentence.child(verb, "prep") for o in sentence.child(prep, "pobj")]
    placed += sentence.child(verb, "npadvmod", "advmod")
    return any(
        denied_noun(sentence, token)
        and (sentence.lemmas[token] in OCCASIONS or sentence.words[token] == "once")
        for token in placed
    )


def indefinite(sentence: Sentence, noun: int) -> bool:
    """Say whether a noun speaks of what need not exist: "a payment", "payments", "any deal"."""
    return not any(
        sentence.deps[child] == "poss" or sentence.words[child] in DEFINITE
        for child in sentence.children[noun]
        if child < noun
    )
