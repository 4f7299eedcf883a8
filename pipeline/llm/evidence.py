"""From what a model says of two names to the sentences that state it: pure.

A relation is kept only where its quote is the document's own words and stands beside both names.
All else is dropped, and counted under a word for why.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.documents import Chunk, Mention, Relationship, Value
from pipeline.llm.answers import SaidRelation
from pipeline.llm.folding import Span
from pipeline.llm.grounding import Grounds
from pipeline.llm.keeping import Reason, counted
from pipeline.llm.likeness import WORD, denials
from pipeline.llm.prompts import Numbered
from pipeline.llm.schema import RelationKind, Schema

LONGEST_QUOTE = 1_000
MOST_NAMES = 60
"""Names that one question is about; what stands behind them in the chunk is not asked for."""
MOST_PLACES = 20
"""Places of a quote that are looked at."""
MOST_SENTENCES = 3
"""Sentences that state a relation, at most."""
CLAUSE = re.compile(
    r"[,;:()“”\"—–]|(?<=[^\W\d_]{3})[.!?](?=\s)"
    r"|\b(?:and|but|while|whereas|although|because|who|which)\b",
    re.IGNORECASE,
)
"""What ends the clause that a denial before a name is of; "Mr." ends none."""
NOT_SO = re.compile(
    r"\b(?:false|untrue|incorrect|wrong|doubtful|unlikely|impossible)\s+(?:\w+\s+)?that\b",
    re.IGNORECASE,
)
SCORE = 0.8
"""Of each relation: a model cannot say how sure it is."""


class KeptRelations(Value):
    """Relations of a chunk by (start, subject, object, predicate); and how many were dropped.
    `trouble` says why there is no answer that can be used.
    """

    relationships: tuple[Relationship, ...] = ()
    dropped: Mapping[Reason, int] = {}
    trouble: str = ""


def numbered(chunk: Chunk, schema: Schema, mentions: Sequence[Mention]) -> tuple[Numbered, ...]:
    """Number the names of a chunk in the order of the text, for a question about them.

    `mentions` are the document's, in order. Those in the head of a mail are not asked for: there,
    only their roles count.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for index in range(bisect_left(mentions, chunk.start, key=lambda x: x.start), len(mentions)):
        mention = mentions[index]
        if mention.start >= chunk.end:
            break
        if mention.role is None and mention.end <= chunk.end:
            kind = schema.kind_of(mention.type, mention.subtype)
            groups.setdefault((" ".join(mention.text.split()), kind), []).append(index)
    return tuple(
        Numbered(number=number, name=name, type=kind, mentions=tuple(indices))
        for number, ((name, kind), indices) in enumerate(list(groups.items())[:MOST_NAMES], 1)
    )


def kept_relations(
    chunk: Chunk,
    schema: Schema,
    mentions: Sequence[Mention],
    names: Sequence[Numbered],
    said: Sequence[SaidRelation],
) -> KeptRelations:
    """Find the mentions and the sentences of the relations that a model lists.

    A relation stands in at most three sentences that hold its quote and both mentions. The quote
    has one of them, or both stand in its sentences; and it says something beside a name, unless it
    has both. A relation is dropped if a word that denies stands between the mentions, or between
    them and the quote, which then was cut out of its contrary, or before both in their clause.
    """
    dropped: Counter[Reason] = Counter()
    kept: dict[tuple[int, int, int, str], Relationship] = {}
    reader = _Relations(chunk, schema, mentions, {name.number: name for name in names})
    for relation in said:
        found = reader.read(relation)
        if isinstance(found, Reason):
            dropped[found] += 1
        else:
            key = (found.start, found.subject, found.object, found.predicate.value)
            kept.setdefault(key, found)
    return KeptRelations(
        relationships=tuple(kept[key] for key in sorted(kept)), dropped=counted(dropped)
    )


@dataclass(frozen=True)
class _Place:
    """Where a relation may stand: mentions, quote, the words from first to last, sentences."""

    subject: int
    object: int
    quote: Span
    cover: Span
    evidence: Span

    @property
    def size(self) -> int:
        return self.cover[1] - self.cover[0]


class _Relations:
    """Reads what is said of the names of one chunk."""

    def __init__(
        self,
        chunk: Chunk,
        schema: Schema,
        mentions: Sequence[Mention],
        names: Mapping[int, Numbered],
    ) -> None:
        self._chunk = chunk
        self._schema = schema
        self._mentions = mentions
        self._names = names
        self._grounds = Grounds(chunk.text, chunk.start)

    def read(self, said: SaidRelation) -> Relationship | Reason:
        """Give what is kept of a relation, or why nothing is."""
        predicate = self._schema.predicate(said.predicate)
        subject, object_ = self._names.get(said.subject), self._names.get(said.object)
        if predicate is None:
            return Reason.UNKNOWN_PREDICATE
        if subject is None or object_ is None:
            return Reason.UNKNOWN_NAME
        wrong = self._wrong(said, predicate, subject, object_)
        return wrong or self._grounded(said, predicate, subject, object_)

    def _wrong(
        self, said: SaidRelation, predicate: RelationKind, subject: Numbered, object_: Numbered
    ) -> Reason | None:
        """Say what is wrong with a relation whatever the text says."""
        if subject.name == object_.name:
            return Reason.SAME_NAME
        if not self._schema.allows(predicate, subject.type, object_.type):
            return Reason.WRONG_TYPES
        return Reason.TOO_LONG if len(said.quote) > LONGEST_QUOTE else None

    def _grounded(
        self, said: SaidRelation, predicate: RelationKind, subject: Numbered, object_: Numbered
    ) -> Relationship | Reason:
        """Find where the text states a relation."""
        quotes = self._grounds.quotes(said.quote)[:MOST_PLACES]
        if not quotes:
            return Reason.UNGROUNDED
        places = [self._place(quote, subject, object_) for quote in quotes]
        near = [place for place in places if place is not None]
        if not near:
            return Reason.TOO_FAR_APART
        near = [place for place in near if self._says(place)]
        if not near:
            return Reason.SAYS_NOTHING
        return self._relationship(min(near, key=lambda place: place.size), predicate)

    def _place(self, quote: Span, subject: Numbered, object_: Numbered) -> _Place | None:
        """Find the sentences that hold a quote and the nearest mention of each name."""
        one, other = self._nearest(quote, subject), self._nearest(quote, object_)
        spans = [self._span(one), self._span(other)]
        cover = min(quote[0], *(x[0] for x in spans)), max(quote[1], *(x[1] for x in spans))
        sentences, of_quote = self._sentences(cover), self._sentences(quote)
        if not sentences or not of_quote or len(sentences) > MOST_SENTENCES:
            return None
        begin, end = of_quote[0][0], of_quote[-1][1]
        beside = [begin <= start and stop <= end for start, stop in spans]
        has_one = any(start < quote[1] and quote[0] < stop for start, stop in spans)
        if not any(beside) or not (has_one or all(beside)):
            return None
        return _Place(one, other, quote, cover, (sentences[0][0], sentences[-1][1]))

    def _says(self, place: _Place) -> bool:
        """Say whether a quote says anything of the mentions: it has both, or a word beside them."""
        start, end = place.quote
        spans = [self._span(place.subject), self._span(place.object)]
        if all(start <= first and last <= end for first, last in spans):
            return True
        return any(
            # In scripts without blanks a word may have one letter.
            (len(match[0]) > 1 or not match[0].isascii())
            and not any(
                first < start + match.end() and start + match.start() < last
                for first, last in spans
            )
            for match in WORD.finditer(self._text(place.quote))
        )

    def _relationship(self, place: _Place, predicate: RelationKind) -> Relationship | Reason:
        if self._denied(place):
            return Reason.DENIED
        text = self._text(place.evidence)
        return Relationship(
            subject=place.subject,
            predicate=predicate.base,
            object=place.object,
            start=place.evidence[0] + len(text) - len(text.lstrip()),
            end=place.evidence[1] - len(text) + len(text.rstrip()),
            score=SCORE,
            rule=f"llm {predicate.name}",
        )

    def _denied(self, place: _Place) -> bool:
        """Say whether a denial stands in what joins the mentions and the quote, not in a name, or
        before both mentions in their clause.
        """
        spans = sorted([self._span(place.subject), self._span(place.object)])
        of_first = self._sentences(spans[0]) or [place.evidence]
        before = self._text((of_first[0][0], spans[0][0]))
        clause = CLAUSE.split(before)[-1]
        if next(denials(clause), None) is not None or NOT_SO.search(clause):
            return True
        between = spans[0][1], spans[1][0]
        for found, _ in denials(self._text(place.cover)):
            at = place.cover[0] + found
            named = any(start <= at < end for start, end in spans)
            quoted = place.quote[0] <= at < place.quote[1]
            if not named and (not quoted or between[0] <= at < between[1]):
                return True
        return False

    def _nearest(self, quote: Span, name: Numbered) -> int:
        """Find the mention of a name that is nearest to a quote."""

        def distance(index: int) -> tuple[int, int]:
            start, end = self._span(index)
            return max(quote[0] - end, start - quote[1], 0), start

        return min(name.mentions, key=distance)

    def _span(self, index: int) -> Span:
        return self._mentions[index].start, self._mentions[index].end

    def _sentences(self, span: Span) -> Sequence[Span]:
        """List the sentences that hold a span; none where they do not hold all of it."""
        sentences = self._chunk.sentences
        first = bisect_right(sentences, span[0], key=lambda x: x[0]) - 1
        last = bisect_left(sentences, span[1], key=lambda x: x[0]) - 1
        if first < 0 or sentences[first][1] <= span[0] or sentences[last][1] < span[1]:
            return ()
        return sentences[first : last + 1]

    def _text(self, span: Span) -> str:
        return self._chunk.text[span[0] - self._chunk.start : span[1] - self._chunk.start]
