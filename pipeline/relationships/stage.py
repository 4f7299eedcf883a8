"""The stage itself: gather what the families find, or a model, and keep one of each fact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from threading import Lock

from pipeline.documents import (
    DocumentFailure,
    Mention,
    MentionType,
    NamedText,
    Predicate,
    Relationship,
    Relationships,
    StageName,
)
from pipeline.errors import PermanentError
from pipeline.llm.evidence import KeptRelations
from pipeline.llm.troubles import troubles
from pipeline.relationships.between import match_between
from pipeline.relationships.blows import BLOWS_STRUCK
from pipeline.relationships.counsel import COUNSEL_VERBS
from pipeline.relationships.courts import COURTS
from pipeline.relationships.deals import DEALS
from pipeline.relationships.encounters import ENCOUNTERS
from pipeline.relationships.firms import FIRM_DEALS
from pipeline.relationships.layout import apart
from pipeline.relationships.lexicon import HALF_TITLES, territories
from pipeline.relationships.lives import PLACE
from pipeline.relationships.mail import match_headers, match_nearby
from pipeline.relationships.pattern import Found, index_by_lemma, match
from pipeline.relationships.payments import PAYMENT_VERBS
from pipeline.relationships.roles import ROLES
from pipeline.relationships.said import (
    RelationReader,
    dropped,
    in_gaps,
    matches,
    starts_of,
)
from pipeline.relationships.sentence import Texts, build, clause_subjects, mentions_within
from pipeline.relationships.suits import SUED
from pipeline.relationships.surface_places import PLACE_RULE
from pipeline.relationships.violence import VIOLENCE
from pipeline.relationships.work import WORK
from pipeline.settings import RelateSettings
from pipeline.stage import StageIdentity

VERSION = "patterns 6"
"""Raised with every change of what comes out."""

PATTERNS = (
    *COURTS,
    *SUED,
    *COUNSEL_VERBS,
    *DEALS,
    *PAYMENT_VERBS,
    *FIRM_DEALS,
    *WORK,
    *ENCOUNTERS,
    *VIOLENCE,
    *BLOWS_STRUCK,
    *PLACE,
    *ROLES,
)
"""In the order in which a reader looks for them; matching does not depend on it."""

SYMMETRIC = frozenset(
    {Predicate.MET, Predicate.MARRIED_TO, Predicate.RELATED_TO, Predicate.CO_MENTIONED}
)
WEAKER = {Predicate.EMPLOYED_BY: (Predicate.LEADS, Predicate.MEMBER_OF)}
"""What is not said again of a pair of which the stronger is said in the same sentence."""

HEADED = frozenset({Predicate.EMAILED, Predicate.COPIED})
HELD = frozenset({Predicate.LEADS, Predicate.EMPLOYED_BY})
PLACED = frozenset({Predicate.LOCATED_IN, Predicate.BORN_IN})

Span = tuple[int, int]


class RelateStage:
    """Find relationships by patterns, or by a `reader` where there is one; then patterns look only
    into the chunks that it has no answer for. No state between documents: several threads may call
    it at once.
    """

    def __init__(self, settings: RelateSettings, reader: RelationReader | None = None) -> None:
        self._settings = settings
        self._reader = reader
        # Where many wait for a model at once, one computes: tables are built once, not by each.
        self._computing = Lock()
        self._index = index_by_lemma(PATTERNS)

    @property
    def identity(self) -> StageIdentity:
        """Say what decides this stage's output."""
        from importlib.metadata import version

        own, by = f"{VERSION}; rigour {version('rigour')}", self._reader
        return StageIdentity(
            stage=StageName.RELATE,
            version=f"{by.version}; {own}" if by else own,
            configuration=self._settings.model_dump(mode="json")
            | dict(by.configuration if by else {}),
        )

    def __call__(self, inputs: Sequence[NamedText]) -> Sequence[Relationships | DocumentFailure]:
        """Find the relationships of each document."""
        return [self._relate(document) for document in inputs]

    def _relate(self, document: NamedText) -> Relationships | DocumentFailure:
        """Find one document's relationships, in order of (start, subject, object, predicate)."""
        mentions = tuple(_as_argument(mention) for mention in document.mentions.mentions)
        try:
            readings = self._reader.read(document.chunks.chunks, mentions) if self._reader else ()
        except PermanentError as error:
            return DocumentFailure(stage=StageName.RELATE, error=error.code, message=error.message)
        with self._computing:
            return self._relationships(document, mentions, readings)

    def _relationships(
        self,
        document: NamedText,
        mentions: Sequence[Mention],
        readings: Sequence[KeptRelations],
    ) -> Relationships:
        """Choose what is a relationship."""
        names = [link.name for link in document.names.links]
        texts = Texts(document.chunks.chunks)
        spans = _sentence_spans(document)
        said = matches(readings)
        believed = [match_ for match_ in said if _plausible(match_, mentions)]
        found = list(believed)
        if self._reader is None:
            found += self._by_patterns(document, mentions, texts, spans)
        elif any(reading.trouble for reading in readings):
            matched = self._by_patterns(document, mentions, texts, spans)
            found += in_gaps(matched, document.chunks.chunks, readings)
        found += match_headers(mentions, texts)
        typed = _distinct(found, names)
        if self._settings.co_mentions:
            by_reader = frozenset(believed)
            pairs = frozenset(
                (start, min(a, b), max(a, b))
                for f in typed
                for a, b in [(names[f.subject], names[f.object])]
                for start in (starts_of(spans, f) if f in by_reader else [f.start])
            )
            sentences = [(*span, mentions_within(mentions, *span)) for span in spans]
            typed += match_nearby(mentions, names, sentences, pairs, self._settings.max_names)
        return Relationships(
            relationships=_ordered(typed, texts),
            dropped=dropped(readings, implausible=len(said) - len(believed)),
            warnings=troubles([reading.trouble for reading in readings]),
        )

    def _by_patterns(
        self,
        document: NamedText,
        mentions: Sequence[Mention],
        texts: Texts,
        spans: Sequence[Span],
    ) -> list[Found]:
        """Find what patterns find."""
        found: list[Found] = []
        begun: set[int] = set()
        for parse in document.mentions.parses:
            sentence = build(parse, mentions, texts)
            if sentence is not None:
                begun |= clause_subjects(sentence)
                found += [
                    match_
                    for match_ in match(sentence, mentions, self._index)
                    if not apart(texts, mentions[match_.subject], mentions[match_.object])
                ]
        found += match_between(mentions, texts, [_span_at(spans, m.start, m.end) for m in mentions])
        found = [f for f in found if f.rule != PLACE_RULE or f.object not in begun]
        return [f for f in _narrowed(found) if _plausible(f, mentions)]


def _as_argument(mention: Mention) -> Mention:
    """Take a country's adjective for what it is in a sentence: "an American lawyer" works for no
    country.
    """
    if mention.subtype != "adjective":
        return mention
    return mention.model_copy(update={"type": MentionType.NORP})


def _sentence_spans(document: NamedText) -> list[Span]:
    """List the sentences: as parsed, and as chunked where no parse overlaps them."""
    parsed = sorted((parse.start, parse.end) for parse in document.mentions.parses)
    starts = [start for start, _ in parsed]
    spans = list(parsed)
    for chunk in document.chunks.chunks:
        for start, end in chunk.sentences:
            place = bisect_right(starts, end - 1) - 1
            if place < 0 or parsed[place][1] <= start:
                spans.append((start, end))
    return sorted(set(spans))


def _span_at(spans: Sequence[Span], start: int, end: int) -> Span:
    """Find the sentence that holds a mention; the mention itself where none does."""
    place = bisect_right(spans, (start, 1 << 62)) - 1
    if place < 0 or spans[place][1] < end:
        return start, end
    return spans[place]


def _narrowed(found: Sequence[Found]) -> list[Found]:
    """Let "in Saratoga Springs, New York" mean the town where a parse led to the state."""
    inner = {f.object: f.subject for f in found if f.rule == PLACE_RULE}
    narrowed = []
    for match_ in found:
        town = inner.get(match_.object, match_.subject)
        led_past = match_.predicate in PLACED and match_.rule != PLACE_RULE
        narrows = led_past and town != match_.subject
        narrowed.append(replace(match_, object=town) if narrows else match_)
    return narrowed


def _plausible(match_: Found, mentions: Sequence[Mention]) -> bool:
    """Doubt what no pattern can see by itself: that only roles count in the head of a mail, that
    half of a title was taken for a body, and that a country is in no town, nor a state.
    """
    subject, object_ = mentions[match_.subject], mentions[match_.object]
    if match_.predicate in HEADED:
        return True
    if subject.role is not None or object_.role is not None:
        return False
    if match_.predicate == Predicate.LOCATED_IN:
        countries, parts = territories()
        inner, outer = (" ".join(m.text.lower().split()) for m in (subject, object_))
        if inner in parts:
            return outer in countries or object_.type == MentionType.LOC
        return inner not in countries or object_.type == MentionType.LOC
    return match_.predicate not in HELD or object_.text.lower() not in HALF_TITLES


def _distinct(found: Iterable[Found], names: Sequence[int]) -> list[Found]:
    """Keep the best match of each fact in each sentence; drop what ties a name to itself."""
    best: dict[tuple[int, int, Predicate, int], Found] = {}
    for match_ in found:
        subject, object_ = names[match_.subject], names[match_.object]
        if subject == object_:
            continue
        if match_.predicate in SYMMETRIC:
            subject, object_ = min(subject, object_), max(subject, object_)
        key = (match_.start, subject, match_.predicate, object_)
        rival = best.get(key)
        if rival is None or _rank(match_) < _rank(rival):
            best[key] = match_
    return [
        match_
        for (start, subject, predicate, object_), match_ in best.items()
        if not any((start, subject, p, object_) in best for p in WEAKER.get(predicate, ()))
    ]


def _rank(match_: Found) -> tuple[float, int, int, int, str]:
    """Order rivals: the higher score first, then the earlier, closer pair."""
    return (
        -match_.score,
        abs(match_.subject - match_.object),
        match_.subject,
        match_.object,
        match_.rule,
    )


def _ordered(found: Iterable[Found], texts: Texts) -> tuple[Relationship, ...]:
    """Write the matches as relationships; symmetric ones read in the order of the text."""
    made = []
    for match_ in found:
        subject, object_ = match_.subject, match_.object
        if match_.predicate in SYMMETRIC:
            subject, object_ = min(subject, object_), max(subject, object_)
        start, end = texts.trimmed(match_.start, match_.end)
        made.append(
            Relationship(
                subject=subject,
                predicate=match_.predicate,
                object=object_,
                start=start,
                end=end,
                score=match_.score,
                rule=match_.rule,
            )
        )
    made.sort(key=lambda r: (r.start, r.subject, r.object, r.predicate))
    return tuple(made)
