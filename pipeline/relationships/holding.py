"""Who holds a role that a noun names, and where: "Ann, the director of Acme"."""

from __future__ import annotations

from pipeline.relationships.arguments import (
    RELATIVE,
    agents,
    objects_of,
    passive,
    patients,
    subjects,
)
from pipeline.relationships.lexicon import word_set
from pipeline.relationships.sentence import Sentence

POSSESSIVES = frozenset({"its", "his", "her"})
COPULAS = frozenset({"be", "become", "remain", "serve"})
OF = frozenset({"of"})
LISTING = frozenset({"be", "include", "comprise", "number"})
APPOINTING = word_set(
    "name appoint elect hire install designate reelect re-elect confirm promote make swear "
    "inaugurate choose select nominate retain elevate engage recruit pick tap "
    "welcome recognize admit"
)
SERVING = word_set(
    "serve work act begin start continue retire resign return operate function withdraw appear "
    "join succeed replace rise ascend step"
)
OPPOSING = word_set("non anti counter pro ex")
SUCCEEDING = word_set("succeed replace")


def possessors(sentence: Sentence, noun: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find whose it is; "its" and "his" lead to the subject, or to what stands before "and"."""
    found = []
    for owner in sentence.child(noun, "poss"):
        if sentence.words[owner] in POSSESSIVES:
            found += _owner(sentence, noun)
        elif sentence.words[owner] == "whose":
            found += _relative_head(sentence, noun)
        else:
            found.append(owner)
    return found


def _relative_head(sentence: Sentence, token: int) -> list[int]:
    """Find what a relative clause around a token hangs from: "the firm whose owner is Ann"."""
    seen: set[int] = set()
    while token not in seen:
        seen.add(token)
        if sentence.deps[token] == "relcl":
            return [sentence.heads[token]]
        token = sentence.heads[token]
    return []


def _owner(sentence: Sentence, noun: int) -> list[int]:
    """Find whom a possessive pronoun at `noun` means: "Sam and his wife", "Acme sold its unit"."""
    token, seen = noun, {noun}
    while sentence.heads[token] not in seen:
        head, dep = sentence.heads[token], sentence.deps[token]
        if dep == "conj" and sentence.mention_of[head] is not None:
            return [head]
        if sentence.pos[head] == "VERB":
            found = [] if dep in ("nsubj", "nsubjpass") else subjects(sentence, head)
            return found if len(found) == 1 and not sentence.child(found[0], "conj") else []
        seen.add(head)
        token = head
    return []


def holders(sentence: Sentence, noun: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find who holds a role: "Ash Carter, the secretary", "was named director", "is a member"."""
    head, dep = sentence.heads[noun], sentence.deps[noun]
    found = list(sentence.child(noun, "appos")) + _examples(sentence, noun)
    if dep == "appos":
        found.append(head)
    elif dep == "nsubj" and sentence.lemmas[head] in LISTING:
        found += sentence.child(head, "attr", "dobj")
    elif dep == "attr" and sentence.lemmas[head] in COPULAS:
        found += _copula_subject(sentence, head, noun)
    elif dep in ("oprd", "xcomp", "dobj") and sentence.lemmas[head] in APPOINTING:
        found += patients(sentence, head)
    elif dep == "pobj" and sentence.words[head] == "as":
        found += _as_holder(sentence, sentence.heads[head])
    elif dep == "pobj" and sentence.words[head] == "to":
        verb = sentence.heads[head]
        found += patients(sentence, verb) if sentence.lemmas[verb] in APPOINTING else []
    elif dep == "conj" and not found:
        found += [h for h in holders(sentence, head) if h != noun]
    elif dep in ("compound", "nmod") and sentence.mention_of[head] is not None:
        found.append(head)
    return found


def _examples(sentence: Sentence, noun: int) -> list[int]:
    """Find the names of a "such as" or "including" after a noun."""
    marked = [
        prep
        for prep in sentence.child(noun, "prep")
        if sentence.words[prep] in ("as", "including", "like")
        and (sentence.words[prep] != "as" or "such" in sentence.words[noun + 1 : prep])
    ]
    return [obj for prep in marked for obj in sentence.child(prep, "pobj")]


def _copula_subject(sentence: Sentence, verb: int, noun: int) -> list[int]:
    """Find what "X is the head of Y" says it of."""
    return [t for t in subjects(sentence, verb) if t != noun]


def _as_holder(sentence: Sentence, verb: int) -> list[int]:
    """Find who serves, or was appointed, as something."""
    if sentence.lemmas[verb] in APPOINTING:
        return patients(sentence, verb)
    if sentence.lemmas[verb] in SUCCEEDING:
        return agents(sentence, verb) + patients(sentence, verb)
    return agents(sentence, verb) if sentence.lemmas[verb] in SERVING else []


def institutions(sentence: Sentence, noun: int, words: frozenset[str]) -> list[int]:
    """Find where a role is held: "director of the FBI", "the FBI's director", "FBI director"."""
    found = [
        t for t in objects_of(sentence, noun, words & OF) if sentence.mention_of[t] is not None
    ]
    found = found or objects_of(sentence, noun, words)
    found += possessors(sentence, noun)
    found += named_modifiers(sentence, noun)
    found = found or _from_outside(sentence, noun, words)
    if found:
        return found
    if sentence.deps[noun] == "conj" and sentence.lemmas[sentence.heads[noun]] != "be":
        first = sentence.heads[noun]
        if sentence.child(noun, "amod", "compound"):  # "Army officer and colonial administrator"
            return objects_of(sentence, first, words)
        return institutions(sentence, first, words)
    others = sentence.child(noun, "conj")
    return [obj for other in others for obj in objects_of(sentence, other, words)]


def named_modifiers(sentence: Sentence, noun: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find names in front of a noun: "FBI director", "a $3 million grant"."""
    own = sentence.mention_of[noun]
    return [
        t
        for t in sentence.child(noun, "compound", "nmod", "amod", "nummod")
        if sentence.mention_of[t] is not None
        and sentence.mention_of[t] != own
        and not opposed(sentence, t)
    ]


def opposed(sentence: Sentence, token: int) -> bool:
    """Find the "non" in "the first non-Congress minister", the "anti" in "anti-ISIL forces"."""
    named = sentence.mention_of[token]
    while token and sentence.mention_of[token - 1] == named:
        token -= 1
    hyphen = token - 1 if token and sentence.words[token - 1] in ("-", "–") else token
    return hyphen > 0 and sentence.words[hyphen - 1].rstrip("-–") in OPPOSING


def _from_outside(sentence: Sentence, noun: int, words: frozenset[str]) -> list[int]:
    """Find the place of a role beside the noun: "its subsidiary Acme", "Acme made Ann president",
    "the union of which Mali is a member".
    """
    head, dep = sentence.heads[noun], sentence.deps[noun]
    if dep in ("compound", "nmod") and sentence.mention_of[head] is not None:
        before = [t for t in named_modifiers(sentence, head) if t < noun]
        return possessors(sentence, head) + before
    if dep == "pobj" and sentence.words[head] in ("as", "to"):
        verb = sentence.heads[head]
        appoints = sentence.lemmas[verb] in APPOINTING and not passive(sentence, verb)
        return agents(sentence, verb) if appoints else []
    if dep in ("oprd", "dobj", "xcomp") and sentence.lemmas[head] in APPOINTING:
        return [] if passive(sentence, head) else agents(sentence, head)
    if dep == "attr" and sentence.deps[head] == "relcl":
        which = objects_of(sentence, head, words) + objects_of(sentence, noun, words)
        if any(sentence.words[t] in RELATIVE for t in which):
            return [sentence.heads[head]]
    return []
