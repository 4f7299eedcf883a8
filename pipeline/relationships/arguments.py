"""Who does what to whom around a verb, and what stands behind a preposition."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.relationships.lexicon import word_set
from pipeline.relationships.sentence import Sentence

Step = Callable[[Sentence, int, frozenset[str]], list[int]]

LOCATORS = word_set("near outside around inside across throughout")
BY = frozenset({"by"})
CHANCES = word_set("opportunity chance honor honour pleasure privilege occasion")
"""What one has to do something with: "had the opportunity to meet"."""
RELATIVE = frozenset({"who", "whom", "which", "that", "whose"})


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
    own = [token for token in own if not _is_where(sentence, token)]
    if own:
        return _antecedents(sentence, verb, own)
    return _inherited(sentence, verb, agents, participle="ing")


def _late_agents(sentence: Sentence, verb: int) -> list[int]:
    """Find a "by" that the parser hung deeper: "was represented at trial by Ann"."""
    inner = [obj for prep in sentence.child(verb, "prep") for obj in sentence.child(prep, "pobj")]
    inner += sentence.child(verb, "npadvmod", "advmod", "dobj", "oprd")
    return [obj for token in inner for obj in objects_of(sentence, token, BY)]


def _is_where(sentence: Sentence, subject: int) -> bool:
    """Say whether "Near Manbij, four strikes …" was read as a subject."""
    return any(sentence.words[child] in LOCATORS for child in sentence.children[subject])


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
    return _shared(sentence, verb)


def _shared(sentence: Sentence, verb: int) -> list[int]:
    """Find the object of two verbs side by side: "attacked and sank the ship"."""
    second = verb + 2
    if second >= len(sentence.words) or sentence.words[verb + 1] not in ("and", "or"):
        return []
    if sentence.deps[second] != "conj" or sentence.heads[second] != verb:
        return []
    return sentence.child(second, "dobj")


def _antecedents(sentence: Sentence, verb: int, own: list[int]) -> list[int]:
    """Put what a relative pronoun stands for in its place."""
    if not any(sentence.words[token] in RELATIVE for token in own):
        return own
    anchor = verb
    while sentence.deps[anchor] == "conj":
        anchor = sentence.heads[anchor]
    return [_topic(sentence, sentence.heads[anchor])] if sentence.deps[anchor] == "relcl" else []


def _topic(sentence: Sentence, token: int) -> int:
    """Go from a place where something is to that thing: "the strike near Mosul, which killed"."""
    while sentence.deps[token] == "appos" and sentence.deps[sentence.heads[token]] == "pobj":
        token = sentence.heads[token]
    preposition = sentence.heads[token]
    if sentence.deps[token] != "pobj" or sentence.words[preposition] not in LOCATORS | {"in", "at"}:
        return token
    thing = sentence.heads[preposition]
    return thing if sentence.pos[thing] in ("NOUN", "PROPN") else token


def _subject_is_named(sentence: Sentence, verb: int) -> bool:
    """Say whether a relative clause has a subject of its own: "the firm (that) Acme bought"."""
    own = sentence.child(verb, "nsubj")
    return bool(own) and not any(sentence.words[token] in RELATIVE for token in own)


def _inherited(sentence: Sentence, verb: int, of: Step, participle: str) -> list[int]:
    """Find the argument that a clause without one takes from the clause it hangs from."""
    dep, head = sentence.deps[verb], sentence.heads[verb]
    present = sentence.words[verb].endswith("ing")
    if participle == "ing" and _told_above(sentence, verb):
        above = sentence.heads[head]
        return subjects(sentence, above) if sentence.pos[above] in ("VERB", "AUX") else []
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


def _told_above(sentence: Sentence, verb: int) -> bool:
    """Say whether a verb's subject is that of the verb two steps up: "had the opportunity to
    meet", "after meeting Ann, Bob left".
    """
    dep, head = sentence.deps[verb], sentence.heads[verb]
    if dep == "acl":
        return sentence.lemmas[head] in CHANCES and bool(sentence.child(verb, "aux"))
    return dep == "pcomp" and sentence.words[verb].endswith("ing")


def _turned(sentence: Sentence, verb: int, head: int) -> list[int]:
    """Share a subject between a passive and an active verb: "was hired and led the team"."""
    return [] if passive(sentence, verb) else patients(sentence, head)


def subjects(sentence: Sentence, verb: int, _: frozenset[str] = frozenset()) -> list[int]:
    """Find the grammatical subject, active or passive."""
    return patients(sentence, verb) if passive(sentence, verb) else agents(sentence, verb)


def objects_of(sentence: Sentence, token: int, words: frozenset[str]) -> list[int]:
    """Find the objects of prepositions ("with", "to") under a token."""
    preps = sentence.child(token, "prep", "dative", "agent", "dep")
    for prep in preps:
        preps += sentence.child(prep, "conj")
    if sentence.pos[token] == "NOUN" and not any(sentence.words[p] in words for p in preps):
        preps += _next_preposition(sentence, token)
    return [
        obj
        for prep in preps
        if sentence.words[prep] in words and not _refused(sentence, prep)
        for obj in sentence.child(prep, "pobj") or _next_name(sentence, prep)
    ]


def prepositions(sentence: Sentence, noun: int) -> list[int]:
    """List the prepositions that begin the complements of a noun or participle."""
    return sentence.child(noun, "prep", "agent") or _next_preposition(sentence, noun)


def _next_preposition(sentence: Sentence, noun: int) -> list[int]:
    """Find the preposition right after a noun that the parser hung from the verb before it:
    "took command of", "sent a check for".
    """
    after = noun + 1
    if after == len(sentence.words) or sentence.deps[after] not in ("prep", "dative"):
        return []
    head = sentence.heads[noun]
    above = (head, sentence.heads[head]) if sentence.pos[head] == "ADP" else (head,)
    return [after] if sentence.heads[after] in above else []


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
