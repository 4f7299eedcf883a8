"""CPU time of each stage in one process, beside a plain script on the same models and chunks.

The two take turns in blocks of documents, so that what else the machine does falls on both.
"""

from __future__ import annotations

import importlib
import resource
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from measuring.flow import Flow, build_flow, identified
from measuring.texts import Corpus
from pipeline.documents import Source, StageName
from pipeline.process import Stages
from pipeline.settings import Settings
from pipeline.stage import STAGES, Stage, StageIdentity

BLOCK = 25
SPACY, EMBEDDINGS = "spacy", "embeddings"


def children_seconds() -> float:
    """Read the CPU time of all children so far: the parser's, in this process.

    A child's time moves from its own count to RUSAGE_CHILDREN when it ends, so the sum is steady;
    a live child's is known to a hundredth of a second.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass
class Clock:
    """CPU seconds of this process, all its threads, by what they were spent on."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Add the CPU time of the block to a name."""
        before = time.process_time()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - before


@dataclass(frozen=True)
class Timed:
    """A stage that counts its own time in this process."""

    stage: Stage[Any, Any]
    clock: Clock

    @property
    def identity(self) -> StageIdentity:
        """Say what decides the stage's output."""
        return self.stage.identity

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """Run the stage."""
        with self.clock.on(self.identity.stage):
            return self.stage(inputs)


@dataclass(frozen=True)
class Plain:
    """What a person would write: the two models, one after the other, on a list of texts."""

    nlp: Any
    embedder: Any

    @classmethod
    def load(cls, settings: Settings) -> Plain:
        """Load the same two models, each by its own library."""
        from sentence_transformers import SentenceTransformer

        from pipeline.engines.sentence_embedder import model_folder

        folder = str(model_folder(settings.embedding_model))
        return cls(
            nlp=importlib.import_module(settings.extract.model).load(),
            embedder=SentenceTransformer(folder, device="cpu", local_files_only=True),
        )

    def run(self, texts: Sequence[str], clock: Clock) -> int:
        """Find the entities of texts and embed them, in batches as the libraries choose them.

        Gives the number of entities, so that none is left unread.
        """
        with clock.on(SPACY):
            found = sum(
                len([(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents])
                for doc in self.nlp.pipe(texts)
            )
        with clock.on(EMBEDDINGS):
            self.embedder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return found


def measure_stages(settings: Settings, corpus: Corpus) -> dict[str, Any]:
    """Measure both on all documents: CPU seconds for 1,000 words, and how they compare."""
    sources = identified(corpus.paths)
    clock, plain_clock = Clock(), Clock()
    flow = build_flow(settings, corpus.warm_up)
    try:
        plain = Plain.load(settings)
        plain.run(_chunk_texts(flow, identified([corpus.warm_up])), Clock())
        timed = Flow(timed_stages(flow.stages, clock), flow.parser, flow.model)
        seen: list[str] = []
        for block in _blocks(sources, BLOCK):
            child = children_seconds()  # read seldom: a look costs more than some stages do
            texts = _chunk_texts(timed, block)
            clock.spent[StageName.OCR] += children_seconds() - child
            plain.run(texts, plain_clock)
            seen += texts
    finally:
        flow.close()
    return _compared(clock.spent, plain_clock.spent, sum(corpus.words) / 1_000, seen)


def timed_stages(stages: Stages, clock: Clock) -> Stages:
    """Put a clock on each of the five stages."""
    ocr, chunk, extract, resolve, relate = (Timed(getattr(stages, name), clock) for name in STAGES)
    return Stages(ocr=ocr, chunk=chunk, extract=extract, resolve=resolve, relate=relate)


def _chunk_texts(flow: Flow, sources: Iterable[Source]) -> list[str]:
    """Run documents through the stages; only their chunks' texts are kept."""
    return [chunk.text for source in sources for chunk in flow.run(source).chunks.chunks]


def _blocks(sources: Sequence[Source], size: int) -> Iterator[Sequence[Source]]:
    for start in range(0, len(sources), size):
        yield sources[start : start + size]


def _compared(
    stages: Mapping[str, float], plain: Mapping[str, float], thousands: float, texts: Sequence[str]
) -> dict[str, Any]:
    """Set the sums side by side."""
    return {
        "cpu_seconds_per_1000_words": {
            name: seconds / thousands for name, seconds in stages.items()
        },
        "plain_cpu_seconds_per_1000_words": {
            name: seconds / thousands for name, seconds in plain.items()
        },
        "stages_total": sum(stages.values()) / thousands,
        "plain_total": sum(plain.values()) / thousands,
        "ratio": sum(stages.values()) / sum(plain.values()),
        "chunks": len(texts),
        "repeated_chunks": len(texts) - len(set(texts)),
    }
