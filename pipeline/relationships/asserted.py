"""Whether a sentence states that something happened, or only denies, plans or supposes it."""

from __future__ import annotations

from pipeline.relationships.arguments import CHANCES, RELATIVE
from pipeline.relationships.denial import (
    SUBJECTS,
    denied_noun,
    denied_object,
    denied_subject,
    denied_throughout,
    indefinite,
)
from pipeline.relationships.lexicon import UNREAL_VERBS, UNREAL_WORDS, word_set
from pipeline.relationships.sentence import Sentence

# Auxiliaries after which nothing has happened yet, or may not have.
MODALS = word_set("would could may might should must can will shall 'll 'd ’ll ’d wo ca")
HAVING = word_set("have get take use enjoy")
CONDITIONS = word_set("if whether unless lest until")
HEDGES = word_set(
    "never allegedly supposedly purportedly almost nearly hardly not n't n’t perhaps maybe "
    "possibly probably hypothetically nowhere scarcely"
)
MISTAKEN = word_set("falsely wrongly incorrectly mistakenly erroneously untruthfully")
"""How one says what is not so: "falsely stated that"."""
# "began to attack" attacked; "planned to attack" did not.
IMPLICATIVES = word_set(
    "begin start continue help go come manage proceed serve join succeed use get rush return stop"
)
# "recalled meeting" met.
FACTUAL_GERUNDS = word_set("recall remember admit regret describe acknowledge finish enjoy mention")
# What follows these is told as true: "he said that Acme sued Beta".
REPORTS = word_set(
    "say announce tell report know note confirm state add write show reveal learn see explain "
    "recall remember mean find discover record read acknowledge admit emphasize stress "
    "observe mention remind realize recognize testify hear conclude determine understand "
    "declare"
)
KNOWING = word_set("know realize realise")
"""What these govern is so, whoever knows it: "nobody knew that Ann met Bob"."""
# "after acquiring", "for signing": it happened; "accused of attacking", "without paying": it did
# not, or nobody says so.
CONVICTING = word_set("convict guilty confess imprison hang sentence jail")
"""Of what these say one did, one did it: "convicted of killing", "pleaded guilty to killing"."""
FACTUAL_PREPOSITIONS = word_set("after by since in while upon on when following through")


FACTS = word_set("fact news circumstance truth reality")
CLAIMS = word_set(
    "allegation claim accusation assertion contention rumor rumour suspicion belief theory charge "
    "possibility likelihood probability chance hope fear hypothesis assumption speculation "
    "insinuation denial complaint idea notion suggestion proposal threat risk danger argument"
)
"""What says of itself that it is not known to be so: "the allegation that"."""
DOUBTS = word_set("doubt question dispute secret mistake denying")
"""What says that something is so where there is none of it: "no doubt that"."""
EVIDENCE = word_set(
    "evidence proof record sign indication trace testimony document documentation mention shred "
    "hint suggestion showing witness report finding account confirmation"
)
LACKING = word_set("lack absence want dearth shortage paucity insufficiency")
SCANT = word_set(
    "any little scant insufficient inadequate scarce minimal few missing absent lacking wanting "
    "false untrue unfounded baseless unproven unclear doubtful fabricated disputed"
)
"""What is said of proof that is none."""
DISPUTING = UNREAL_VERBS | word_set("lack need dispute doubt question disbelieve exclude fabricate")


def asserted(sentence: Sentence, token: int) -> bool:
    """Say whether the clause that `token` heads is told as a fact. Climbs to the root, so that
    "he denied that Acme paid" denies the payment.
    """
    if sentence.question:
        return False
    seen: set[int] = set()
    below: int | None = None
    while token not in seen:
        seen.add(token)
        if _hedged(sentence, token) or _denied(sentence, token, below):
            return False
        head, dep = sentence.heads[token], sentence.deps[token]
        verdict = True if head == token else _governed(sentence, token, head, dep)
        if verdict is not None:
            return verdict
        token, below = head, token
    return True


def _denied(sentence: Sentence, token: int, below: int | None) -> bool:
    """Find a denial in what the clause speaks of. `below` is the clause climbed from: what is
    said of no one is not said there either, unless it stands beside it with its own subject.
    """
    if below is None:
        if denied_object(sentence, token):
            return True
    elif sentence.deps[below] == "conj":
        if sentence.child(below, *SUBJECTS):
            return False
    elif any(sentence.words[child] in MISTAKEN for child in sentence.children[token]):
        return True
    elif sentence.lemmas[token] in KNOWING:
        return False
    return denied_subject(sentence, token) or denied_throughout(sentence, token)


def _hedged(sentence: Sentence, token: int) -> bool:
    """Find a negation, a modal, a condition or a doubt at the token itself."""
    for child in sentence.children[token]:
        dep, word = sentence.deps[child], sentence.words[child]
        if dep == "neg" or word in HEDGES:
            return True
        if dep in ("aux", "auxpass") and word in MODALS and not _perfect(sentence, token, word):
            return True
        if dep in ("mark", "advmod") and word in CONDITIONS:
            return True
        if dep == "aux" and word == "to" and not _implied(sentence, token):
            return True
        if dep == "det" and word == "no":
            return True
    return False


def _perfect(sentence: Sentence, token: int, word: str) -> bool:
    """Say whether 'd stands for "had": "they'd met"; never before a bare infinitive."""
    return word in ("'d", "’d") and sentence.words[token] != sentence.lemmas[token]


def _implied(sentence: Sentence, token: int) -> bool:
    """Say whether an infinitive hangs from a verb that makes it true, or from a chance that was
    had: "had the opportunity to meet".
    """
    head = sentence.heads[token]
    if sentence.deps[token] == "acl" and sentence.lemmas[head] in CHANCES:
        verb = sentence.heads[head]
        return sentence.lemmas[verb] in HAVING and asserted(sentence, verb)
    return sentence.deps[token] == "xcomp" and sentence.lemmas[head] in IMPLICATIVES


def _governed(sentence: Sentence, token: int, head: int, dep: str) -> bool | None:
    """Judge by what governs the clause: True or False end the climb, None goes on with it."""
    lemma = sentence.lemmas[head]
    if sentence.pos[head] in ("NOUN", "PRON", "PROPN") and dep in ("acl", "relcl", "ccomp"):
        return _told_by_noun(sentence, token, head)
    if dep in ("csubj", "csubjpass"):
        return not _scant(sentence, head) and asserted(sentence, head)
    if dep == "ccomp" and sentence.pos[head] in ("VERB", "AUX"):
        side_by_side = ";" in sentence.words[token:head]  # "Ann met Bob; it was late"
        return True if side_by_side else (None if lemma in REPORTS else False)
    if dep == "xcomp":
        gerund = sentence.words[token].endswith("ing")
        known = IMPLICATIVES | FACTUAL_GERUNDS if gerund else IMPLICATIVES
        return None if lemma in known else False
    if dep == "pcomp":
        return _after_preposition(sentence, head)
    return None if dep == "conj" else True


def _after_preposition(sentence: Sentence, preposition: int) -> bool:
    """Judge a gerund behind a preposition: "after paying", "convicted of paying"."""
    above = sentence.heads[preposition]
    if sentence.lemmas[above] in CONVICTING:
        return asserted(sentence, above)
    return sentence.words[preposition] in FACTUAL_PREPOSITIONS


def _told_by_noun(sentence: Sentence, token: int, noun: int) -> bool:
    """Judge a clause that hangs from a noun: "no proof that", "the claim that", "no man who"."""
    lemma = sentence.lemmas[noun]
    if _content(sentence, token, noun):
        if lemma in DOUBTS:
            return denied_noun(sentence, noun) or _hedged(sentence, sentence.heads[noun])
        if lemma in FACTS and sentence.deps[noun] != "attr":
            return True
        return proven(sentence, noun)
    if denied_noun(sentence, noun):
        return False
    if sentence.lemmas[token] in REPORTS and indefinite(sentence, noun):
        return proven(sentence, noun)  # "did not produce a letter showing that Ann paid"
    above = sentence.heads[noun]
    cleft = sentence.deps[noun] == "attr" and sentence.lemmas[above] == "be"
    return asserted(sentence, above) if cleft else True  # "is not the man who", "it was not he who"


def _content(sentence: Sentence, token: int, noun: int) -> bool:
    """Say whether a clause is what a noun says, and no relative clause: "proof that Ann paid"."""
    if any(sentence.words[mark] == "that" for mark in sentence.child(token, "mark")):
        return True
    own = sentence.child(token, *SUBJECTS)
    said = sentence.lemmas[noun] in EVIDENCE | CLAIMS | FACTS | DOUBTS
    return said and bool(own) and not any(sentence.words[t] in RELATIVE for t in own)


def proven(sentence: Sentence, noun: int) -> bool:
    """Say whether there is what a noun offers for a fact: "evidence", not "no shred of evidence",
    "lack of proof", "without any sign", "sought proof"; nor is a claim one.
    """
    while True:
        children = sentence.children[noun]
        if denied_noun(sentence, noun) or sentence.lemmas[noun] in CLAIMS | LACKING:
            return False
        if any(sentence.words[child] in SCANT | UNREAL_WORDS | HEDGES for child in children):
            return False
        head, dep = sentence.heads[noun], sentence.deps[noun]
        if dep == "pobj":
            if sentence.words[head] == "without":
                return False
            head = sentence.heads[head]
        if head == noun:
            return True
        if sentence.pos[head] in ("VERB", "AUX"):
            governed = dep in ("dobj", "nsubjpass") and sentence.lemmas[head] in DISPUTING
            told = dep == "pobj" or asserted(sentence, head)
            return told and not governed and not _scant(sentence, head)
        if sentence.pos[head] != "NOUN":
            return True
        noun = head


def _scant(sentence: Sentence, verb: int) -> bool:
    """Say whether a clause says of its subject that it is none: "the proof is missing"."""
    said = (verb, *sentence.child(verb, "acomp", "attr", "oprd"))
    return any(sentence.words[token] in SCANT for token in said)
