"""Relationships in the head of a mail, and the weakest kind: named in the same sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.documents import Mention, Predicate, Role
from pipeline.documents import MentionType as Type
from pipeline.relationships.pattern import Found
from pipeline.relationships.sentence import Texts

ADDRESSED = {Role.RECIPIENT: Predicate.EMAILED, Role.COPIED: Predicate.COPIED}
NAMING = frozenset({Type.PERSON, Type.ORG, Type.GPE, Type.LOC, Type.FAC, Type.NORP, Type.EVENT})
HEADER_SCORE = 1.0
CO_MENTION_SCORE = 0.2


def match_headers(mentions: Sequence[Mention], texts: Texts) -> Iterator[Found]:
    """Tie each sender to whom the mail was sent and copied; the evidence runs over the lines
    of the head that hold the names.
    """
    senders = [i for i, mention in enumerate(mentions) if mention.role == Role.SENDER]
    roles = [i for i, mention in enumerate(mentions) if mention.role is not None]
    if not senders:
        return
    start = texts.line_start(mentions[roles[0]].start)
    end = texts.line_end(mentions[roles[-1]].end)
    for sender in senders:
        for other in roles:
            predicate = ADDRESSED.get(mentions[other].role or Role.SENDER)
            if predicate is not None:
                yield Found(sender, predicate, other, HEADER_SCORE, "header", start, end)


def match_nearby(
    mentions: Sequence[Mention],
    names: Sequence[int],
    sentences: Sequence[tuple[int, int, Sequence[int]]],
    typed: frozenset[tuple[int, int, int]],
    max_names: int,
) -> Iterator[Found]:
    """Pair the distinct names of a sentence, each by its first mention there.

    `names` gives each mention's name, `sentences` (start, end, mentions), `typed` the pairs that
    a sentence already relates: (start, smaller name, larger name).
    """
    for start, end, inside in sentences:
        first: dict[int, int] = {}
        for index in inside:
            if mentions[index].type in NAMING and mentions[index].role is None:
                first.setdefault(names[index], index)
        if len(first) > max_names:
            continue
        chosen = list(first.items())
        for place, (name, subject) in enumerate(chosen):
            for other, object_ in chosen[place + 1 :]:
                if (start, min(name, other), max(name, other)) not in typed:
                    yield Found(
                        subject,
                        Predicate.CO_MENTIONED,
                        object_,
                        CO_MENTION_SCORE,
                        "sentence",
                        start,
                        end,
                    )
