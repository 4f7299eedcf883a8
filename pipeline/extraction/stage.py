"""The stage itself: recognisers propose, forms are repaired, the document agrees, parses follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock

from pipeline.documents import (
    Chunk,
    Chunks,
    DocumentFailure,
    HeaderSpan,
    Mention,
    Mentions,
    Parse,
    StageName,
)
from pipeline.engines.name_books import NameBooks
from pipeline.errors import PermanentError
from pipeline.extraction.agreement import agree
from pipeline.extraction.candidates import (
    SCORES,
    Candidate,
    DocumentText,
    Rank,
    lines_of,
    with_subtypes,
    without_overlaps,
)
from pipeline.extraction.cases import case_parties, names_a_case, with_full_citations
from pipeline.extraction.companies import companies
from pipeline.extraction.company_shorts import company_shorts
from pipeline.extraction.definitions import defined_names
from pipeline.extraction.heads import header_candidate, shown_names
from pipeline.extraction.letters import correspondents
from pipeline.extraction.places import roads, unseen_places
from pipeline.extraction.repair import plausible, trim
from pipeline.extraction.repetition import (
    cut_short,
    dashed,
    introduced,
    joined,
    long_forms,
    numbered,
    repeated,
    with_ordinals,
    with_particles,
)
from pipeline.extraction.seams import ModelRecognizer, Reading, RuleRecognizer
from pipeline.llm.troubles import summed, troubles
from pipeline.settings import ExtractSettings
from pipeline.stage import StageIdentity

CODE = "9"
MENTIONS_OF_A_PARSE = 2


class ExtractStage:
    """Finds the mentions of a document.

    A document whose language the model does not speak gets mail heads and what follows rules
    (citations, dockets, money, dates, addresses), and no parse: a model's guesses at names in a
    language it was not trained on are noise. What knows English grammar is only asked of English.

    Several threads may call it at once, if the model bears it.
    """

    def __init__(
        self,
        model: ModelRecognizer,
        rules: RuleRecognizer,
        books: NameBooks,
        settings: ExtractSettings,
        generation: int = 0,
    ) -> None:
        self._model = model
        self._rules = rules
        self._books = books
        self._settings = settings
        # Where many wait for a model at once, one computes: tables are built once, not by each.
        self._computing = Lock()
        self.identity = StageIdentity(
            stage=StageName.EXTRACT,
            version=f"{CODE}; {model.version}; {rules.version}; {books.version}",
            # `batch` bounds memory; chunks are read alike however many go through at once.
            configuration=dict(model.configuration),
            generation=generation,
        )

    def __call__(self, inputs: Sequence[Chunks]) -> Sequence[Mentions | DocumentFailure]:
        """Find the mentions of each document, each by itself."""
        return [self._document(chunks) for chunks in inputs]

    def _document(self, chunks: Chunks) -> Mentions | DocumentFailure:
        """Find the mentions of one document."""
        readings: Sequence[Reading] = ()
        if self._model.reads(chunks.language):
            try:
                readings = self._model.read(chunks.chunks, self._settings.batch, chunks.language)
            except PermanentError as error:
                return DocumentFailure(
                    stage=StageName.EXTRACT, error=error.code, message=error.message
                )
        with self._computing:
            return self._mentions(chunks, readings)

    def _mentions(self, chunks: Chunks, readings: Sequence[Reading]) -> Mentions:
        """Choose what is a mention."""
        document = DocumentText.of(chunks.chunks)
        spoken = chunks.language in (None, self._model.language)
        by_model = list(self._by_model(document, readings))
        found = [
            *self._heads(document, chunks.header_spans),
            *shown_names(document, self._books),
            *self._by_rules(document, chunks.chunks),
            *by_model,
        ]
        if spoken:
            found += correspondents(document, self._books)
            found += case_parties(document, found, self._books)
            found += companies(document, found, self._books)
            found += defined_names(document, self._books)
            found += roads(document)
        standing = with_full_citations(self._choose(document, found, spoken=spoken))
        chosen = with_subtypes(standing, by_model)
        mentions = tuple(
            _mention(candidate, document, page)
            for candidate, page in zip(chosen, _pages(chosen, chunks.page_starts), strict=True)
        )
        return Mentions(
            mentions=mentions,
            parses=tuple(_parses(chunks.chunks, readings, mentions)),
            dropped=summed(reading.dropped for reading in readings),
            warnings=troubles([reading.trouble for reading in readings]),
        )

    def _choose(
        self, document: DocumentText, found: Sequence[Candidate], *, spoken: bool
    ) -> list[Candidate]:
        """Settle overlaps and types, then look for the same names elsewhere in the document, and
        for places that nobody saw if its language is `spoken`.
        """
        proposed = without_overlaps(found)
        proposed = without_overlaps([*proposed, *long_forms(document, proposed)])
        proposed = without_overlaps([*proposed, *joined(document, proposed, self._books)])
        torn = with_particles(document, proposed, self._books)
        proposed = without_overlaps([*proposed, *torn])
        proposed = without_overlaps([*proposed, *cut_short(document, proposed)])
        proposed = without_overlaps([*proposed, *with_ordinals(document, proposed)])
        proposed = without_overlaps([*proposed, *dashed(document, proposed)])
        proposed = without_overlaps([*proposed, *company_shorts(document, proposed, self._books)])
        standing = without_overlaps(agree(document, proposed, self._books))
        standing = without_overlaps([*standing, *introduced(document, standing)])
        standing = without_overlaps([*standing, *repeated(document, standing)])
        if spoken:
            unseen = unseen_places(document, standing, self._books)
            standing = without_overlaps([*standing, *unseen])
        standing = without_overlaps([*standing, *numbered(document, standing)])
        return without_overlaps([*standing, *joined(document, standing, self._books)])

    def _heads(self, document: DocumentText, heads: Sequence[HeaderSpan]) -> Iterator[Candidate]:
        """Yield the people and addresses in the head of a mail."""
        for head in heads:
            candidate = header_candidate(head, document.text, self._books)
            if candidate is not None:
                yield candidate

    def _by_rules(self, document: DocumentText, chunks: Sequence[Chunk]) -> Iterator[Candidate]:
        """Yield what follows rules, each within one sentence."""
        for chunk in chunks:
            for span in self._rules.find(chunk.text):
                candidate = Candidate(
                    chunk.start + span.start, chunk.start + span.end, span.type, Rank.RULE,
                    self._rules.model, subtype=span.subtype, normal=span.normal,
                )  # fmt: skip
                if document.in_one_sentence(candidate.start, candidate.end):
                    yield candidate
                elif span.subtype == "court":
                    yield from lines_of(document, candidate)

    def _by_model(self, document: DocumentText, readings: Sequence[Reading]) -> Iterator[Candidate]:
        """Yield the model's names that are of a kept type and have the form of a name."""
        for reading in readings:
            for span in reading.spans():
                type_ = self._model.kept.get(span.label)
                if type_ is None or not document.in_one_sentence(span.start, span.end):
                    continue
                candidate = trim(
                    document.text,
                    Candidate(
                        span.start, span.end, type_, Rank.MODEL, reading.model,
                        subtype=span.subtype, proper=span.proper, common=span.common,
                    ),
                    self._books,
                )  # fmt: skip
                words = document.of_span(candidate) if candidate else ""
                if (
                    candidate
                    and not names_a_case(words)
                    and plausible(words, candidate, self._books)
                ):
                    yield candidate


def _mention(candidate: Candidate, document: DocumentText, page: int) -> Mention:
    """Make the mention of a candidate that stands."""
    return Mention(
        start=candidate.start,
        end=candidate.end,
        text=document.of_span(candidate),
        type=candidate.type,
        page=page,
        model=candidate.model,
        score=SCORES[candidate.rank],
        subtype=candidate.subtype,
        role=candidate.role,
        normal=candidate.normal,
    )


def _pages(candidates: Sequence[Candidate], page_starts: Sequence[int]) -> Iterator[int]:
    """Yield each candidate's page; both are in order, so one pass is enough."""
    page = 0
    for candidate in candidates:
        while page < len(page_starts) and page_starts[page] <= candidate.start:
            page += 1
        yield max(page, 1)


def _parses(
    chunks: Sequence[Chunk], readings: Sequence[Reading], mentions: Sequence[Mention]
) -> Iterator[Parse]:
    """Yield the parse of each sentence that holds two mentions or more: only there can one stand
    in a relation to another.
    """
    place = 0
    for chunk, reading in zip(chunks, readings, strict=False):
        for start, end in chunk.sentences:
            first = place
            while place < len(mentions) and mentions[place].start < end:
                place += 1
            if place - first >= MENTIONS_OF_A_PARSE:
                parse = reading.parse(start, end)
                if parse is not None:
                    yield parse
