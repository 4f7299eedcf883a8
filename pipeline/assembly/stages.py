"""The engines and the five stages that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from pipeline.assembly.llm import Answers, LanguageModel, nobody
from pipeline.assembly.stores import Stores
from pipeline.documents import Payload, StageName
from pipeline.errors import UsageError
from pipeline.llm.around import Contexts, DocumentAlone
from pipeline.llm.example_sets import Task
from pipeline.llm.showing import Shown
from pipeline.llm.sketches import VERSION as SKETCHES
from pipeline.llm.sketches import sketch_of
from pipeline.patience import Stopping, never
from pipeline.settings import SPACY_MODEL, Settings
from pipeline.stage import STAGES, Plan, ReadsPages, Stage
from pipeline.stores.protocols import Blobs, Vector, Vectors

if TYPE_CHECKING:
    from pipeline.engines.legal_recognizer import LegalRecognizer
    from pipeline.engines.llm_interview import Interview
    from pipeline.engines.llm_recognizer import LlmRecognizer
    from pipeline.engines.llm_relations import LlmRelations
    from pipeline.engines.name_books import NameBooks
    from pipeline.engines.parser import Parser
    from pipeline.engines.sentence_embedder import SentenceEmbedder
    from pipeline.engines.sentences import Sentences
    from pipeline.engines.spacy_recognizer import SpacyRecognizer
    from pipeline.engines.token_recognizer import TokenRecognizer
    from pipeline.process import Stages
    from pipeline.stores.known_contexts import KnownContexts


MORE_DOCUMENTS = 4
"""One more document is worked on for so many questions."""


class Engines:
    """The heavy libraries behind the stages, each built when a stage first asks for it.

    Building raises UnavailableError for a model that is not installed; models are loaded later.
    Language models are asked where their `answers` have a place. Their questions show what is
    `shown` and what `contexts` know around a chunk: without these what its document says. Who waits
    for an answer ends once it is `stopping`.
    """

    def __init__(
        self,
        settings: Settings,
        answers: Answers | None = None,
        *,
        stopping: Stopping = never,
        contexts: Contexts | None = None,
        shown: Shown | None = None,
    ) -> None:
        self._settings = settings
        self._contexts = contexts or DocumentAlone(self._sketches)
        self._shown = shown or Shown()
        self._model = LanguageModel(settings, answers, stopping) if answers else None

    @cached_property
    def parser(self) -> Parser:
        """Build the parent of the parser's child; the child starts with the first file."""
        from pipeline.engines.parser import Parser

        return Parser(self._settings.limits)

    @cached_property
    def sentences(self) -> Sentences:
        """Build the sentence splitter."""
        from pipeline.engines.sentences import Sentences

        return Sentences()

    @cached_property
    def embedder(self) -> SentenceEmbedder:
        """Build the embedding model."""
        from pipeline.engines.sentence_embedder import SentenceEmbedder

        return SentenceEmbedder(self._settings.embedding_model)

    @cached_property
    def recognizer(self) -> SpacyRecognizer | LlmRecognizer | TokenRecognizer:
        """Build the recogniser of names."""
        from pipeline.engines.spacy_recognizer import SpacyRecognizer

        by = self._settings.extract
        if by.extractor == "spacy":
            return SpacyRecognizer(by.model)
        local = SpacyRecognizer(by.parser)
        if by.extractor == "llm":
            from pipeline.engines.llm_recognizer import LlmRecognizer

            return LlmRecognizer(self.interview(Task.FIND), local)
        if by.model == SPACY_MODEL:
            raise UsageError(
                "no model is named that labels tokens: give --model PATH_OR_ID, or set "
                "CASEGRAPH_EXTRACT__MODEL"
            )
        from pipeline.engines.token_recognizer import TokenRecognizer

        return TokenRecognizer(by.model, local, by.device)

    @cached_property
    def relations(self) -> LlmRelations | None:
        """Build what reads relations by a language model; None where patterns find them."""
        if self._settings.relate.relations == "patterns":
            return None
        from pipeline.engines.llm_relations import LlmRelations

        return LlmRelations(self.interview(Task.RELATE))

    def interview(self, task: Task) -> Interview:
        """Build what asks a language model for a task. Raises UsageError where none is named, and
        for a schema that is wrong.
        """
        from pipeline.engines.llm_interview import Interview
        from pipeline.llm.schema_file import read_schema

        schema = read_schema(self._settings.llm.schema_file)
        return Interview(
            self._settings.llm,
            schema,
            lambda: self._model.answering if self._model else nobody(),
            self._contexts,
            self._shown.examples_of(schema.name, task),
            self._around,
        )

    @property
    def _around(self) -> Mapping[str, Any]:
        """Say what decides what is known around chunks."""
        mode = self._settings.llm.context
        of_project = {"snapshot": self._shown.snapshot} if mode == "project" else {}
        return {"mode": mode, "alike": f"{SKETCHES}, {self.embedder.name}", **of_project}

    def _sketches(self, texts: Sequence[str]) -> Sequence[bytes]:
        """Sketch texts one by one: what shares a batch changes the last bits of a vector."""
        return [sketch_of(self.embedder.embed([text])[0]) for text in texts]

    @cached_property
    def rules(self) -> LegalRecognizer:
        """Build the recogniser of what follows rules: citations, courts, money."""
        from pipeline.engines.legal_recognizer import LegalRecognizer

        return LegalRecognizer()

    @cached_property
    def books(self) -> NameBooks:
        """Build the books of titles, legal forms and places."""
        from pipeline.engines.name_books import NameBooks

        return NameBooks()

    def close(self) -> None:
        """Let go of what a language model is being asked."""
        if self._model is not None:
            self._model.close()


def build_stage(
    name: StageName, settings: Settings, engines: Engines, vectors: Vectors, blobs: Blobs
) -> Stage[Any, Any]:
    """Build one stage on the engines that it needs."""
    match name:
        case StageName.OCR:
            from pipeline.ocr import OcrStage

            return OcrStage(engines.parser, blobs, settings.ocr, settings.limits)
        case StageName.CHUNK:
            from pipeline.chunking import ChunkStage

            return ChunkStage(engines.sentences, engines.embedder, vectors, settings.chunk)
        case StageName.EXTRACT:
            from pipeline.extraction import ExtractStage

            of = engines
            return ExtractStage(of.recognizer, of.rules, of.books, settings.extract)
        case StageName.RESOLVE:
            from pipeline.resolution import ResolveStage

            return ResolveStage(engines.books, settings.resolve)
        case StageName.RELATE:
            from pipeline.relationships import RelateStage

            return RelateStage(settings.relate, engines.relations)


def build_stages(settings: Settings, engines: Engines, vectors: Vectors, blobs: Blobs) -> Stages:
    """Build the five stages on the same engines."""
    from pipeline.process import Stages

    ocr, chunk, extract, resolve, relate = (
        build_stage(name, settings, engines, vectors, blobs) for name in STAGES
    )
    return Stages(ocr=ocr, chunk=chunk, extract=extract, resolve=resolve, relate=relate)


@dataclass(frozen=True)
class Hosted:
    """One stage, its models loaded, with what its host may have to do beside calling it.

    `embed` gives the vectors of texts; only `chunk` has the model.
    `paged` reads long documents in ranges of pages; only `ocr` can.
    `close` ends what the stage started: the process of `ocr`, or the questions to a language model
    that are under way. `stop` lets a stage that waits for a model ask nothing more, so that its
    calls end soon with a StoppedWaitingError. See `waits` for which those are.
    """

    stage: Stage[Any, Payload]
    embed: Callable[[Sequence[str]], Sequence[Vector]] | None = None
    paged: ReadsPages | None = None
    close: Callable[[], None] | None = None
    stop: Callable[[], None] | None = None


def host_stage(name: StageName, settings: Settings, stores: Stores) -> Hosted:
    """Build one stage and load its models. Raises UnavailableError for a model that is missing."""
    stopped = Event()
    engines = Engines(
        settings,
        stores.answers,
        stopping=stopped.is_set,
        contexts=stores.contexts,
        shown=stores.shown,
    )
    stage = build_stage(name, settings, engines, stores.vectors, stores.blobs)
    if name is StageName.OCR:
        paged = cast(ReadsPages, stage)
        return Hosted(stage, paged=paged, close=engines.parser.close)
    if name is StageName.CHUNK:
        engines.embedder.load()
        return Hosted(stage, embed=lambda texts: list(engines.embedder.embed(texts)))
    if name is StageName.EXTRACT:
        engines.recognizer.load()
        engines.rules.load()
    return Hosted(stage, close=partial(_let_go, engines, stores.contexts), stop=stopped.set)


def _let_go(engines: Engines, contexts: KnownContexts | None) -> None:
    """Let go of what language models are being asked."""
    engines.close()
    if contexts is not None:
        contexts.close()


def waits(settings: Settings) -> dict[StageName, int]:
    """Name the stages that wait for a language model, and say how many documents one actor of each
    works on at once: some more than questions, which are bounded by the model's own places, so that
    none of these is free while a document is between two questions. Such a stage is called by as
    many threads, with one document each time, and within `charged_to`.
    """
    by: dict[StageName, str] = {
        StageName.EXTRACT: settings.extract.extractor,
        StageName.RELATE: settings.relate.relations,
    }
    questions = settings.llm.concurrency
    documents = questions + -(-questions // MORE_DOCUMENTS)
    return {stage: documents for stage, means in by.items() if means == "llm"}


def plan(settings: Settings, shown: Shown | None = None) -> Plan:
    """Collect the identities of the five stages, without loading or asking a model. `shown` is what
    questions show beside documents.
    """
    from pipeline.stores.memory import MemoryBlobs, MemoryVectors

    engines = Engines(settings, shown=shown)
    return build_stages(settings, engines, MemoryVectors(), MemoryBlobs()).plan


@dataclass(frozen=True)
class Question:
    """What a search by meaning asks for: its vector, and how near texts are to it."""

    vector: Vector
    nearness: Callable[[Sequence[str]], Sequence[float]]


def ask_by_meaning(settings: Settings, words: str) -> Question:
    """Load the embedding model and embed what a search asks for."""
    from pipeline.engines.sentence_embedder import SentenceEmbedder

    embedder = SentenceEmbedder(settings.embedding_model)
    vector: Vector = embedder.embed([words])[0]
    return Question(vector, lambda texts: (embedder.embed(texts) @ vector).tolist())
