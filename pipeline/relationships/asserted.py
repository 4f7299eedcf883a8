"""Whether a sentence states that something happened, or only denies, plans or supposes it."""

from __future__ import annotations

from pipeline.relationships.arguments import CHANCES
from pipeline.relationships.lexicon import word_set
from pipeline.relationships.sentence import Sentence

# Auxiliaries after which nothing has happened yet, or may not have.
MODALS = word_set("would could may might should must can will shall 'll 'd ’ll ’d wo ca")
HAVING = word_set("have get take use enjoy")
CONDITIONS = word_set("if whether unless lest until")
HEDGES = word_set(
    "never allegedly supposedly purportedly almost nearly hardly not n't n’t perhaps maybe "
    "possibly probably hypothetically"
)
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
# "after acquiring", "for signing": it happened; "accused of attacking", "without paying": it did
# not, or nobody says so.
CONVICTING = word_set("convict guilty confess imprison hang sentence jail")
"""Of what these say one did, one did it: "convicted of killing", "pleaded guilty to killing"."""
FACTUAL_PREPOSITIONS = word_set("after by since in while upon on when following through")


def asserted(sentence: Sentence, token: int) -> bool:
    """Say whether the clause that `token` heads is told as a fact. Climbs to the root, so that
    "he denied that Acme paid" denies the payment.
    """
    if sentence.question:
        return False
    seen: set[int] = set()
    while token not in seen:
        seen.add(token)
        if _hedged(sentence, token):
            return False
        head, dep = sentence.heads[token], sentence.deps[token]
        verdict = True if head == token else _governed(sentence, token, head, dep)
        if verdict is not None:
            return verdict
        token = head
    return True


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
    if dep == "conj":
        return None
    if dep == "ccomp" and sentence.pos[head] in ("VERB", "AUX"):
        side_by_side = ";" in sentence.words[token:head]  # "Ann met Bob; it was late"
        return True if side_by_side else (None if lemma in REPORTS else False)
    if dep == "xcomp":
        gerund = sentence.words[token].endswith("ing")
        known = IMPLICATIVES | FACTUAL_GERUNDS if gerund else IMPLICATIVES
        return None if lemma in known else False
    if dep == "pcomp":
        above = sentence.heads[head]
        if sentence.lemmas[above] in CONVICTING:
            return asserted(sentence, above)
        return sentence.words[head] in FACTUAL_PREPOSITIONS
    return True
