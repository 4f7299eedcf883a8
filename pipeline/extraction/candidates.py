"""What recognisers propose, and which proposals stand when they overlap."""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from pipeline.documents import Chunk, MentionType, Role
from pipeline.engines.short_forms import SMALL_WORDS, WORD


class Rank(IntEnum):
    """Whose word counts first where proposals overlap."""

    HEADER = 0
    RULE = 1
    MODEL = 2
    REPEATED = 3


JOINING_WORDS = re.compile(r"(?:for|of|in)\s+(?:the\s+)?", re.IGNORECASE)
SCORES = {Rank.HEADER: 1.0, Rank.RULE: 1.0, Rank.MODEL: 0.85, Rank.REPEATED: 0.7}


@dataclass(frozen=True)
class Candidate:
    """A span that one recogniser proposes.

    `proper` says that it holds a proper noun, `common` that it is one word that the dictionary
    has as a verb or an adjective.
    """

    start: int
    end: int
    type: MentionType
    rank: Rank
    model: str
    subtype: str | None = None
    normal: str | None = None
    role: Role | None = None
    proper: bool = True
    common: bool = False


def is_headline(words: Sequence[str]) -> bool:
    """Say whether most words of a sentence have a capital, so that none tells anything."""
    return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


@dataclass(frozen=True)
class Cases:
    """How often a document writes each word small and with a capital, sentence heads apart."""

    small: Mapping[str, int]
    capital: Mapping[str, int]

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Cases:
        """Count the words of a document's sentences."""
        small: Counter[str] = Counter()
        capital: Counter[str] = Counter()
        for sentence in sentences:
            words = WORD.findall(sentence)
            small.update(word for word in words if word.islower())
            if not is_headline(words):
                capital.update(word.lower() for word in words[1:] if word[0].isupper())
        return cls(small, capital)

    def common(self, words: str) -> bool:
        """Say whether each word is one that the document rather writes small."""
        letters = [word.lower() for word in WORD.findall(words)]
        content = [word for word in letters if word not in SMALL_WORDS]
        return bool(content) and all(
            self.small.get(word, 0) > self.capital.get(word, 0) for word in content
        )


@dataclass(frozen=True)
class DocumentText:
    """The text of the chunks at the document's offsets; between chunks there are only blanks."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> DocumentText:
        """Put the chunks back in their places."""
        parts: list[str] = []
        length = 0
        for chunk in chunks:
            parts += ["\n" * (chunk.start - length), chunk.text]
            length = chunk.end
        return cls("".join(parts), tuple(span for chunk in chunks for span in chunk.sentences))

    @cached_property
    def cases(self) -> Cases:
        """Count how the document writes its words; once, at the first question."""
        return Cases.of(self.text[start:end] for start, end in self.sentences)

    def of_span(self, candidate: Candidate) -> str:
        """Give a candidate's words."""
        return self.text[candidate.start : candidate.end]

    def sentence_at(self, offset: int) -> int:
        """Find the index of the sentence that begins last before an offset, or at it."""
        return bisect_right(self.sentences, offset, key=lambda span: span[0]) - 1

    def in_one_sentence(self, start: int, end: int) -> bool:
        """Say whether a span lies inside one sentence."""
        index = self.sentence_at(start)
        return index >= 0 and end <= self.sentences[index][1]


def lines_of(document: DocumentText, candidate: Candidate) -> Iterator[Candidate]:
    """Yield the parts of a name that a caption sets on lines of their own, each sentence's for
    itself; each is named after the whole.
    """
    whole = " ".join(document.of_span(candidate).split())
    first = document.sentence_at(candidate.start)
    for start, end in document.sentences[
        max(first, 0) : document.sentence_at(candidate.end - 1) + 1
    ]:
        begin, stop = max(start, candidate.start), min(end, candidate.end)
        lead = JOINING_WORDS.match(document.text, begin, stop)
        begin = lead.end() if lead and begin > candidate.start else begin
        if begin < stop:
            yield replace(candidate, start=begin, end=stop, normal=candidate.normal or whole)


def with_subtypes(standing: Iterable[Candidate], by_model: Iterable[Candidate]) -> list[Candidate]:
    """Let what a rule found too keep the subtype that a model gave it."""
    known = {(one.start, one.end, one.type): one.subtype for one in by_model if one.subtype}
    return [
        one if one.subtype else replace(one, subtype=known.get((one.start, one.end, one.type)))
        for one in standing
    ]


def without_overlaps(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Keep the candidates that stand: by rank, the longer first, the earlier first."""
    kept: list[tuple[int, int]] = []
    chosen: list[Candidate] = []
    for candidate in sorted(candidates, key=_precedence):
        place = bisect_right(kept, (candidate.start, candidate.end))
        before_ends = kept[place - 1][1] if place else 0
        after_starts = kept[place][0] if place < len(kept) else candidate.end
        if before_ends <= candidate.start and candidate.end <= after_starts:
            insort(kept, (candidate.start, candidate.end))
            chosen.append(candidate)
    return sorted(chosen, key=lambda candidate: candidate.start)


def _precedence(candidate: Candidate) -> tuple[int, int, int, str, bool]:
    """Order candidates so that the one that stands comes first; a total order of what differs."""
    return (
        candidate.rank,
        candidate.start - candidate.end,
        candidate.start,
        candidate.type.value,
        candidate.normal is None,
    )
