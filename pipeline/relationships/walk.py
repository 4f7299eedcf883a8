"""Steps through a dependency tree: from a trigger word to the words that may be its arguments.

A path is a tuple of steps. A step is a name, or a name and its words ("prep:with,to"); each takes
the tokens the step before gave, and gives others. `naming` then turns tokens into mentions.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.relationships.lexicon import word_set
from pipeline.relationships.sentence import Sentence

Step = Callable[[Sentence, int, frozenset[str]], list[int]]
Path = tuple[str, ...]

BY = frozenset({"by"})
RELATIVE = frozenset({"who", "whom", "which", "that", "whose"})
POSSESSIVES = frozenset({"its", "his", "her"})
COPULAS = frozenset({"be", "become", "remain", "serve"})
LISTING = frozenset({"be", "include", "comprise", "number"})
APPOINTING = word_set(
    "name appoint elect hire install designate reelect re-elect confirm promote make swear "
    "inaugurate choose select nominate retain elevate engage recruit pick tap"
)
SERVING = word_set(
    "serve work act begin start continue retire resign return operate function withdraw appear "
    "join succeed replace rise ascend step"
)
SUCCEEDING = word_set("succeed replace")


def passive(sentence: Sentence, verb: int) -> bool:
    """Say whether a verb is in the passive: "was sued", "a company owned by", "Born in Rome, …"."""
    if sentence.child(verb, "auxpass", "nsubjpass", "agent"):
        return True
    if sentence.deps[verb] not in ("acl", "advcl") or sentence.words[verb].endswith("ing"):
        return False
    return not sentence.child(verb, "aux", "nsubj", "dobj", "mark")


def agents(sentence: Sentence, verb: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find who does it, across relative clauses, participles and coordinated verbs."""
    if passive(sentence, verb):
        return objects_of(sentence, verb, BY) or _late_agents(sentence, verb)
    own = sentence.child(verb, "nsubj")
    if own:
        return _antecedents(sentence, verb, own)
    return _inherited(sentence, verb, agents, participle="ing")


def _late_agents(sentence: Sentence, verb: int) -> list[int]:
    """Find a "by" that the parser hung deeper: "was represented at trial by Ann"."""
    inner = [obj for prep in sentence.child(verb, "prep") for obj in sentence.child(prep, "pobj")]
    inner += sentence.child(verb, "npadvmod", "advmod", "dobj", "oprd")
    return [obj for token in inner for obj in objects_of(sentence, token, BY)]


def patients(sentence: Sentence, verb: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find to whom it is done: the object, or the subject of a passive."""
    undergone = passive(sentence, verb)
    own = sentence.child(verb, "nsubjpass" if undergone else "dobj")
    if own:
        return _antecedents(sentence, verb, own)
    if undergone:
        return _inherited(sentence, verb, patients, participle="ed")
    if sentence.deps[verb] == "relcl" and _subject_is_named(sentence, verb):
        return [sentence.heads[verb]]
    return []


def _antecedents(sentence: Sentence, verb: int, own: list[int]) -> list[int]:
    """Put what a relative pronoun stands for in its place."""
    if not any(sentence.words[token] in RELATIVE for token in own):
        return own
    anchor = verb
    while sentence.deps[anchor] == "conj":
        anchor = sentence.heads[anchor]
    return [sentence.heads[anchor]] if sentence.deps[anchor] == "relcl" else []


def _subject_is_named(sentence: Sentence, verb: int) -> bool:
    """Say whether a relative clause has a subject of its own: "the firm (that) Acme bought"."""
    own = sentence.child(verb, "nsubj")
    return bool(own) and not any(sentence.words[token] in RELATIVE for token in own)


def _inherited(sentence: Sentence, verb: int, of: Step, participle: str) -> list[int]:
    """Find the argument that a clause without one takes from the clause it hangs from."""
    dep, head = sentence.deps[verb], sentence.heads[verb]
    present = sentence.words[verb].endswith("ing")
    if dep == "acl":
        return [head] if present == (participle == "ing") else []
    if head == verb or sentence.pos[head] not in ("VERB", "AUX"):
        return []
    if dep == "conj":
        same = passive(sentence, verb) == passive(sentence, head)
        return of(sentence, head, frozenset()) if same else _turned(sentence, verb, head)
    if dep == "advcl" or (dep == "xcomp" and participle == "ing"):
        return subjects(sentence, head)
    return []


def _turned(sentence: Sentence, verb: int, head: int) -> list[int]:
    """Share a subject between a passive and an active verb: "was hired and led the team"."""
    return [] if passive(sentence, verb) else patients(sentence, head)


def subjects(sentence: Sentence, verb: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find the grammatical subject, active or passive."""
    return patients(sentence, verb) if passive(sentence, verb) else agents(sentence, verb)


def objects_of(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Find the objects of prepositions ("with", "to") under a token."""
    preps = sentence.child(token, "prep", "dative", "agent")
    for prep in preps:
        preps += sentence.child(prep, "conj")
    return [
        obj
        for prep in preps
        if sentence.words[prep] in words and not _refused(sentence, prep)
        for obj in sentence.child(prep, "pobj") or _next_name(sentence, prep)
    ]


def _next_name(sentence: Sentence, preposition: int) -> list[int]:
    """Find the name right after a preposition of which the parser made no object."""
    for token in range(preposition + 1, min(preposition + 3, len(sentence.words))):
        if sentence.mention_of[token] is not None:
            return [token]
        if sentence.pos[token] != "DET":
            return []
    return []


def _refused(sentence: Sentence, preposition: int) -> bool:
    """Find the "not" in "but not by Denmark"."""
    before = sentence.words[preposition - 1] if preposition else ""
    return before == "not" or bool(sentence.child(preposition, "neg"))


def datives(sentence: Sentence, token: int, _: frozenset[str]) -> list[int]:
    """Find the receiver: "paid Beta a fee", "a fee to Beta"."""
    return [t for t in sentence.child(token, "dative") if sentence.pos[t] not in ("ADP", "PART")]


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
    """Go up to the head if it is one of these lemmas."""
    head = sentence.heads[token]
    return [head] if head != token and sentence.lemmas[head] in words else []


def anchor(sentence: Sentence, token: int, _: frozenset[str]) -> list[int]:
    """Go from a preposition or participle to the noun it is attached to."""
    head = sentence.heads[token]
    return [head] if sentence.mention_of[head] is not None else []


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
    elif dep == "conj":
        found += [h for h in holders(sentence, head) if h != noun]
    elif dep in ("compound", "nmod"):
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
    found = objects_of(sentence, noun, words)
    found += possessors(sentence, noun)
    found += _named_modifiers(sentence, noun)
    found = found or _from_outside(sentence, noun, words)
    if found:
        return found
    if sentence.deps[noun] == "conj" and sentence.lemmas[sentence.heads[noun]] != "be":
        return institutions(sentence, sentence.heads[noun], words)
    others = sentence.child(noun, "conj")
    return [obj for other in others for obj in objects_of(sentence, other, words)]


def _named_modifiers(sentence: Sentence, noun: int) -> list[int]:
    """Find names in front of a noun: "FBI director", "a $3 million grant"."""
    own = sentence.mention_of[noun]
    return [
        t
        for t in sentence.child(noun, "compound", "nmod", "amod", "nummod")
        if sentence.mention_of[t] is not None and sentence.mention_of[t] != own
    ]


def _from_outside(sentence: Sentence, noun: int, words: frozenset[str]) -> list[int]:
    """Find the place of a role beside the noun: "its subsidiary Acme", "Acme made Ann president",
    "the union of which Mali is a member".
    """
    head, dep = sentence.heads[noun], sentence.deps[noun]
    if dep in ("compound", "nmod") and sentence.mention_of[head] is not None:
        before = [t for t in _named_modifiers(sentence, head) if t < noun]
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


def sums(sentence: Sentence, noun: int, _: frozenset[str]) -> list[int]:
    """Find what a payment may name: "$5", "a $5 fee", "a payment of $5", "a check for $5"."""
    found = [noun, *_named_modifiers(sentence, noun)]
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
    "chain": chained,
    "named": lambda sentence, noun, _: _named_modifiers(sentence, noun),
}


def walk(sentence: Sentence, token: int, path: Path) -> list[int]:
    """Follow a path from a token; the tokens it ends at, in order of discovery."""
    tokens = [token]
    for step in path:
        name, _, words = step.partition(":")
        allowed = frozenset(words.split(",")) if words else frozenset()
        tokens = [end for start in tokens for end in STEPS[name](sentence, start, allowed)]
    return tokens
