"""Payloads made without any model, for measuring what reads a project: real texts, their names by
their capitals. The rows are as many and as long as those of a run, or nearly; what they say is not.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

from measuring.payloads import Made
from pipeline.documents import (
    CaseRecord,
    Chunk,
    Chunks,
    Link,
    Mention,
    Mentions,
    MentionType,
    Name,
    Names,
    NameScope,
    Page,
    Pages,
    Predicate,
    Relationship,
    Relationships,
)

LONGEST_CHUNK = 900
SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|\n\s*\n|\Z)", re.DOTALL)
CAPITALISED = re.compile(r"\b[A-Z][\w'-]+(?: (?:of |the )?[A-Z][\w'-]+)*")
TYPES = (MentionType.PERSON, MentionType.ORG, MentionType.GPE, MentionType.LOC)
TYPED = (Predicate.MET, Predicate.EMPLOYED_BY, Predicate.LOCATED_IN)

Span = tuple[int, int]


def sketched(text: str) -> Made:
    """Make the payloads of a text."""
    sentences = [match.span() for match in SENTENCE.finditer(text)]
    mentions = tuple(
        Mention(
            start=match.start(),
            end=match.end(),
            text=match.group(),
            type=_type(match.group()),
            page=1,
            model="capitals",
            score=0.5,
        )
        for match in CAPITALISED.finditer(text)
    )
    data = text.encode()
    return Made(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        record=CaseRecord(
            pages=Pages(text=text, pages=(Page(number=1, start=0, end=len(text)),), language="en"),
            chunks=Chunks(chunks=_chunks(text, sentences), page_starts=(0,)),
            mentions=Mentions(mentions=mentions),
            names=_names(mentions),
            relationships=Relationships(relationships=_relationships(sentences, mentions)),
        ),
        vectors={},
    )


def _type(words: str) -> MentionType:
    """Give the same words the same type, whatever it is."""
    return TYPES[hashlib.sha256(words.lower().encode()).digest()[0] % len(TYPES)]


def _chunks(text: str, sentences: list[Span]) -> tuple[Chunk, ...]:
    """Join sentences to chunks of bounded length."""
    groups: list[list[Span]] = []
    for sentence in sentences:
        if groups and sentence[1] - groups[-1][0][0] <= LONGEST_CHUNK:
            groups[-1].append(sentence)
        else:
            groups.append([sentence])
    return tuple(
        Chunk(
            start=g[0][0], end=g[-1][1], page=1, text=text[g[0][0] : g[-1][1]], sentences=tuple(g)
        )
        for g in groups
    )


def _names(mentions: tuple[Mention, ...]) -> Names:
    """Make a name of each text in lower case; a single word of a person stays in its content."""
    keys = [(mention.type, mention.text.lower()) for mention in mentions]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return Names(
        names=tuple(
            Name(
                type=type_,
                normal=normal,
                scope=NameScope.CONTENT
                if type_ is MentionType.PERSON and " " not in normal
                else NameScope.PROJECT,
                keys=tuple(sorted({word[:6] for word in normal.split()})),
            )
            for type_, normal in order
        ),
        links=tuple(Link(name=order[key]) for key in keys),
    )


def _relationships(
    sentences: list[Span], mentions: tuple[Mention, ...]
) -> tuple[Relationship, ...]:
    """Tie neighbours within a sentence; every fifth tie says more than that."""
    made: list[Relationship] = []
    for start, end in sentences:
        inside = [n for n, m in enumerate(mentions) if start <= m.start and m.end <= end]
        for subject, object_ in pairwise(inside):
            typed = len(made) % 5 == 4
            made.append(
                Relationship(
                    subject=subject,
                    predicate=TYPED[len(made) % len(TYPED)] if typed else Predicate.CO_MENTIONED,
                    object=object_,
                    start=start,
                    end=end,
                    score=0.8 if typed else 0.3,
                    rule="neighbours",
                )
            )
    return tuple(made)
