"""One sentence as patterns see it: tokens, tree and the mentions that stand on it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.documents import Chunk, Mention, Parse
from pipeline.relationships.opening import dateline_end, subject_after_date, without_dateline


class Texts:
    """The document's text as far as chunks hold it, by offsets."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = sorted(chunks, key=lambda chunk: chunk.start)
        self._starts = [chunk.start for chunk in self._chunks]

    def chunk_at(self, offset: int) -> Chunk | None:
        """Find the chunk that holds an offset; None between chunks."""
        place = bisect_right(self._starts, offset) - 1
        if place < 0 or offset >= self._chunks[place].end:
            return None
        return self._chunks[place]

    def between(self, start: int, end: int) -> str | None:
        """Read a span; None unless one chunk holds all of it."""
        chunk = self.chunk_at(start)
        if chunk is None or end > chunk.end:
            return None
        return chunk.text[start - chunk.start : end - chunk.start]

    def before(self, end: int, count: int) -> str:
        """Read up to `count` characters that end at `end`, in its chunk."""
        chunk = self.chunk_at(end)
        if chunk is None:
            return ""
        return chunk.text[max(0, end - chunk.start - count) : end - chunk.start]

    def after(self, start: int, count: int) -> str:
        """Read up to `count` characters from `start`, in the chunk of what stands before it."""
        chunk = self.chunk_at(start - 1)
        if chunk is None:
            return ""
        return chunk.text[start - chunk.start : start - chunk.start + count]

    def line_start(self, offset: int) -> int:
        """Find where the line of an offset begins, as far as its chunk goes."""
        chunk = self.chunk_at(offset)
        if chunk is None:
            return offset
        return chunk.start + chunk.text.rfind("\n", 0, offset - chunk.start) + 1

    def line_end(self, offset: int) -> int:
        """Find where the line ends that an offset closes, as far as its chunk goes."""
        chunk = self.chunk_at(offset - 1)
        if chunk is None:
            return offset
        end = chunk.text.find("\n", offset - chunk.start)
        return chunk.end if end < 0 else chunk.start + end

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Take blanks off both ends of a span; a span of blanks alone stays as it is."""
        text = self.between(start, end)
        if text is None or not text.strip():
            return start, end
        return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())


@dataclass(frozen=True)
class Sentence:
    """A parsed sentence. All lists run over its tokens; `mention_of` gives a mention's index."""

    start: int
    end: int
    words: tuple[str, ...]
    lemmas: tuple[str, ...]
    pos: tuple[str, ...]
    deps: tuple[str, ...]
    heads: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    mention_of: tuple[int | None, ...]
    mentions: tuple[int, ...]
    question: bool

    def child(self, token: int, *deps: str) -> list[int]:
        """List a token's children that carry one of `deps`, left to right."""
        return [child for child in self.children[token] if self.deps[child] in deps]


def build(parse: Parse, mentions: Sequence[Mention], texts: Texts) -> Sentence | None:
    """Build the view of a parse; None where it holds no two mentions, or no chunk its text."""
    inside = mentions_within(mentions, parse.start, parse.end)
    text = texts.between(parse.start, parse.end)
    if text is None or len(inside) < 2 or not parse.token_starts:
        return None
    after = dateline_end(text, parse.start, [mentions[index] for index in inside])
    count = bisect_left(parse.token_starts, after)
    heads, deps = without_dateline(parse.heads, parse.deps, count)
    mention_of = _mention_of(parse, mentions, inside)
    heads, deps = subject_after_date(heads, deps, mention_of, mentions)
    children: list[list[int]] = [[] for _ in heads]
    for token, head in enumerate(heads):
        if head != token:
            children[head].append(token)
    words = tuple(
        text[start - parse.start : end - parse.start].lower()
        for start, end in zip(parse.token_starts, parse.token_ends, strict=True)
    )
    return Sentence(
        start=parse.start,
        end=parse.end,
        words=words,
        lemmas=tuple(lemma.lower() for lemma in parse.lemmas),
        pos=parse.pos,
        deps=deps,
        heads=heads,
        children=tuple(map(tuple, children)),
        mention_of=mention_of,
        mentions=tuple(inside),
        question=text.rstrip().rstrip("\"'”’)").endswith("?"),
    )


def mentions_within(mentions: Sequence[Mention], start: int, end: int) -> list[int]:
    """List the indices of the mentions inside a span; they are in order and never overlap."""
    first = bisect_left(mentions, start, key=lambda mention: mention.start)
    found = []
    for index in range(first, len(mentions)):
        if mentions[index].start >= end:
            break
        if mentions[index].end <= end:
            found.append(index)
    return found


def clause_subjects(sentence: Sentence) -> set[int]:
    """List the mentions that begin a clause after another name and a comma, with their verb right
    behind: "after they bombed Gaza, Egypt objected". A town and its state form one phrase instead.
    """
    found = set()
    for token, index in enumerate(sentence.mention_of):
        if index is None or sentence.deps[token] not in ("nsubj", "nsubjpass"):
            continue
        if sentence.pos[min(token + 1, len(sentence.pos) - 1)] not in ("VERB", "AUX"):
            continue
        first = token
        while first and sentence.mention_of[first - 1] == index:
            first -= 1
        named = first > 1 and sentence.words[first - 1] == "," and sentence.mention_of[first - 2]
        if named is not False and named is not None and not _together(sentence, first - 2, token):
            found.add(index)
    return found


def _together(sentence: Sentence, before: int, token: int) -> bool:
    """Say whether one of two tokens hangs from the other's phrase."""
    above = {before}
    while sentence.heads[before] not in above:
        before = sentence.heads[before]
        above.add(before)
    return token in above


def _mention_of(
    parse: Parse, mentions: Sequence[Mention], inside: Sequence[int]
) -> tuple[int | None, ...]:
    """Say for each token which mention it belongs to."""
    owners: list[int | None] = [None] * len(parse.token_starts)
    for index in inside:
        mention = mentions[index]
        token = bisect_right(parse.token_ends, mention.start)
        while token < len(owners) and parse.token_starts[token] < mention.end:
            owners[token] = index
            token += 1
    return tuple(owners)
