"""Matching the words between two neighbouring mentions: titles, captions, places.

This needs no parse, so it holds where parses fail: headings, tables, hard-wrapped text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.documents import Mention
from pipeline.documents import MentionType as Type
from pipeline.documents import Predicate as Says
from pipeline.relationships.layout import apart
from pipeline.relationships.lexicon import territories
from pipeline.relationships.pattern import Found, weakened
from pipeline.relationships.sentence import Texts
from pipeline.relationships.surface import Between
from pipeline.relationships.surface_offices import OFFICES
from pipeline.relationships.surface_parties import PARTIES
from pipeline.relationships.surface_places import PLACE_RULE, PLACED
from pipeline.relationships.wording import NUMBER, words_of

MAX_BETWEEN = 80
"""Characters; what is further apart is no title."""
MAX_SKIPPED = 3
"""Mentions that may stand inside the words between: "U.S. Secretary of [State] John Kerry"."""
CONTEXT = 60
"""Characters before the first and after the second mention that a pattern may ask for."""

CAPTION = "caption"
"""Only captions are set with blank lines around their "v."."""

_COMMA = words_of(r"(?:\s*\([^)]*\))?\s*,\s+")
_AND = words_of(r",?\s+(?:and|or)\s+(?:the\s+)?")
_CASE = words_of(rf",?\s+\(?{NUMBER}")
_CITING = re.compile(r"[(\[]*(?:of|the|and|&|et|al|for|supra|[A-Z0-9][^\s]*)?[.,)\]]*")
"""A word between a party and where its case is printed: "v. Board [of Education], 347 U.S. 483"."""
_NEXT_SENTENCE = re.compile(r"\.\s")

PATTERNS = (*OFFICES, *PARTIES, *PLACED)
_INDEX = {
    (first, second): tuple(p for p in PATTERNS if first in p.first and second in p.second)
    for first in Type
    for second in Type
}


def match_between(
    mentions: Sequence[Mention], texts: Texts, spans: Sequence[tuple[int, int]]
) -> Iterator[Found]:
    """Match neighbouring mentions. `spans` gives each mention's sentence; the evidence runs from
    the first one's to the last one's, since splitters break captions at "v.".
    """
    for first in range(len(mentions)):
        for second in range(first + 1, min(first + 2 + MAX_SKIPPED, len(mentions))):
            if mentions[second].start - mentions[first].end > MAX_BETWEEN:
                break
            for found in _match_pair(mentions, first, second, texts, spans):
                if found.rule == PLACE_RULE and _listed(mentions, first, second, texts):
                    continue
                if found.rule == CAPTION:
                    cases = _cases_of(mentions, second, texts)
                    yield from _parties(found, cases, spans)
                    if any(mentions[case].type == Type.CITATION for case in cases):
                        continue
                yield found


def _match_pair(
    mentions: Sequence[Mention],
    first: int,
    second: int,
    texts: Texts,
    spans: Sequence[tuple[int, int]],
) -> Iterator[Found]:
    """Match one pair of mentions."""
    a, b = mentions[first], mentions[second]
    words = texts.between(a.end, b.start)
    if words is None:
        return
    broken = apart(texts, a, b)
    for pattern in _INDEX.get((a.type, b.type), ()):
        if broken and pattern.rule != CAPTION:
            continue
        if not pattern.words.fullmatch(words) or not _surrounded(pattern, a, b, texts):
            continue
        subject, object_ = (second, first) if pattern.reverse else (first, second)
        predicate = weakened(pattern.predicate, mentions[object_], words.lower().split())
        start, end = spans[first][0], max(spans[first][1], spans[second][1])
        yield Found(subject, predicate, object_, pattern.score, pattern.rule, start, end)


def _surrounded(pattern: Between, a: Mention, b: Mention, texts: Texts) -> bool:
    """Test the words around a pair, and what else the pattern asks of it."""
    if pattern.before and not pattern.before.fullmatch(texts.before(a.start, CONTEXT)):
        return False
    if pattern.after and not pattern.after.match(texts.after(b.end, CONTEXT)):
        return False
    return pattern.also is None or pattern.also(a, b)


def _listed(mentions: Sequence[Mention], first: int, second: int, texts: Texts) -> bool:
    """Say whether two places stand in a list of places: "Benin, Macedonia, Malaysia, Nepal",
    "to France, England and Wales", "to Damascus, Dubai, Kuwait and Istanbul".
    """
    countries, parts = territories()
    comma_before = _joins(mentions, first - 1, texts, _COMMA)
    comma_after = _joins(mentions, second, texts, _COMMA)
    and_after = _joins(mentions, second, texts, _AND)
    if and_after and (
        _known(mentions, second + 1) or (comma_before and not _known(mentions, first))
    ):
        return True
    if comma_after and {_name(mentions, second), _name(mentions, second + 1)} <= countries:
        return True
    follows = _COMMA.match(texts.after(mentions[second].end, CONTEXT)) is not None
    is_part = _name(mentions, first) in parts
    return comma_before and follows and not is_part and _name(mentions, first - 1) in countries


def _joins(mentions: Sequence[Mention], left: int, texts: Texts, words: re.Pattern[str]) -> bool:
    """Say whether only these words stand between a mention and the next, both places."""
    if left < 0 or left + 1 >= len(mentions):
        return False
    a, b = mentions[left], mentions[left + 1]
    between = texts.between(a.end, b.start)
    return {a.type, b.type} == {Type.GPE} and bool(between and words.fullmatch(between))


def _name(mentions: Sequence[Mention], index: int) -> str:
    """Read a place's name as the lists of territories write it."""
    return " ".join(mentions[index].text.lower().split())


def _known(mentions: Sequence[Mention], index: int) -> bool:
    """Say whether a place is a country, a state or a province."""
    return any(_name(mentions, index) in names for names in territories())


def _cases_of(mentions: Sequence[Mention], party: int, texts: Texts) -> list[int]:
    """List the docket and the citation that follow the second party of a caption. With a citation
    it names a precedent, in which an appellant or a state may stand on either side.
    """
    cases: list[int] = []
    end = mentions[party].end
    for index in range(party + 1, min(party + 2 + MAX_SKIPPED, len(mentions))):
        mention = mentions[index]
        words = texts.between(end, mention.start)
        if words is None or len(words) > CONTEXT or _NEXT_SENTENCE.match(words):
            break
        if mention.type not in (Type.DOCKET, Type.CITATION):
            continue
        beside = _CASE.fullmatch(words) is not None
        cited = all(_CITING.fullmatch(word) for word in words.split())
        if not (beside or (cited and mention.type == Type.CITATION)):
            break
        cases.append(index)
        if mention.type == Type.CITATION:
            break
        end = mention.end
    return cases


def _parties(
    caption: Found,
    cases: Sequence[int],
    spans: Sequence[tuple[int, int]],
) -> Iterator[Found]:
    """Tie both parties of a caption to its docket and citation."""
    for case in cases:
        end = max(caption.end, spans[case][1])
        for party in (caption.subject, caption.object):
            yield Found(party, Says.PARTY_TO, case, 0.85, CAPTION, caption.start, end)
